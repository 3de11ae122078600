/* SPDX-License-Identifier: Apache-2.0 */
/* gzip and LZ4 as Pekko frames it: what unpacks within the limit packs again to something that unpacks
   to the same; any bytes survive being packed. */
#include "serial/compress.h"
#include <stdlib.h>

enum { MOST = 1 << 20 };

typedef struct method {
    int (*pack)(ukko_slice in, uk_buf *out);
    int (*unpack)(ukko_slice in, size_t max, uk_buf *out);
    bool (*is)(ukko_slice in);
} method;

static void there_and_back(const method *m, ukko_slice plain) {
    uk_buf packed = {0}, back = {0};
    if (m->pack(plain, &packed) || !m->is(uk_buf_slice(&packed)) ||
        m->unpack(uk_buf_slice(&packed), MOST, &back) || !uk_slice_eq(uk_buf_slice(&back), plain))
        abort();
    uk_buf_fini(&packed);
    uk_buf_fini(&back);
}
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const method methods[] = {{uk_gzip, uk_gunzip, uk_is_gzip},
                                     {uk_lz4, uk_unlz4, uk_is_lz4}};
    ukko_slice in = {data, size};
    for (int i = 0; i < 2; i++) {
        uk_buf out = {0};
        if (methods[i].is(in) && !methods[i].unpack(in, MOST, &out)) {
            if (out.len > MOST) abort();
            there_and_back(&methods[i], uk_buf_slice(&out));
        }
        uk_buf_fini(&out);
        there_and_back(&methods[i], in);
    }
    return 0;
}
