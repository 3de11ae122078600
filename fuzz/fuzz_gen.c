/* SPDX-License-Identifier: Apache-2.0 */
/* The sources of `ukko gen`: descriptor sets, Java and Scala classes, JSON samples. The first byte
   picks; what is understood is written as C. */
#include "cli/gen_descriptor.h"
#include <stdlib.h>
#include <string.h>

static ukko_system *sys;

/* In place of the one of the program: says nothing. */
int cli_fail(cli *c, const problem *p, const char *format, ...) {
    (void)c;
    (void)format;
    return p->status ? p->status : 1;
}
static int read_descriptors(gen_model *m, ukko_slice in, bool main_only) {
    ukko_msg *msg;
    if (ukko_deserialize(sys, UKKO_SER_PROTOBUF, pb_set_type.manifest, in, &msg, NULL)) return 1;
    int status = gen_add_descriptors(m, ukko_msg_get(msg, &pb_set_type), main_only);
    ukko_msg_release(msg);
    return status;
}
static int read_source(gen_model *m, uint8_t pick, ukko_slice in, const char *text) {
    switch (pick % 4) {
    case 0: return read_descriptors(m, in, true);
    case 1: return read_descriptors(m, in, false);
    case 2: return gen_read_classes(m, text);
    default: return gen_read_sample(m, text, "com.example.Thing");
    }
}
static void open_system(void) {
    static const ukko_type *const types[] = {&pb_set_type, NULL};
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("gen", NULL);
    opts.types = types;
    opts.threads = 0;
    if (ukko_system_new(&sys, &opts, NULL)) abort();
}
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static cli c;
    gen_model m = {.cli = &c,
                   .source = "source",
                   .base = "base",
                   .prefix = "",
                   .serializer = UKKO_SER_JACKSON_JSON};
    if (!sys) open_system();
    if (!size || memchr(data + 1, 0, data[0] % 4 < 2 ? 0 : size - 1)) return 0; /* no text */
    char *text = strndup((const char *)data + 1, size - 1);
    if (!read_source(&m, data[0], (ukko_slice){data + 1, size - 1}, text) && m.n_types) {
        free(gen_header(&m));
        free(gen_source(&m));
        free(gen_test(&m));
    }
    free(text);
    gen_model_fini(&m);
    return 0;
}
