/* SPDX-License-Identifier: Apache-2.0 */
/* The serializers of a system, for remoting and for programs. Any thread, once they are made. */
#include "base/mem.h"
#include "serial/codec.h"
#include <ukko/serial.h>

enum { SLOT = 0 };

static void free_slot(void *value) { uk_serial_free(value); }

static int add_types(uk_serial *s, ukko_system *sys, ukko_error *err) {
    size_t n;
    const ukko_type *const *types = uk_system_types(sys, &n);
    for (size_t i = 0; i < n; i++) {
        int rc = uk_serial_add(s, types[i], err);
        if (rc) return rc;
    }
    return uk_serial_add_builtins(s, err);
}
int uk_serial_open(ukko_system *sys, uk_serial **out, ukko_error *err) {
    *out = uk_system_claim_slot(sys, SLOT, NULL, NULL);
    if (*out) return UKKO_OK;
    uk_serial *s;
    int rc = uk_serial_new(&s, sys, ukko_system_config(sys), err);
    if (rc) return rc;
    if ((rc = add_types(s, sys, err))) {
        uk_serial_free(s);
        return rc;
    }
    *out = uk_system_claim_slot(sys, SLOT, s, free_slot);
    if (*out != s) uk_serial_free(s); /* another thread was faster */
    return UKKO_OK;
}
uk_serial *uk_serial_of(ukko_system *sys) {
    uk_serial *s;
    return uk_serial_open(sys, &s, NULL) ? NULL : s;
}

int uk_serialization_open(ukko_system *sys, ukko_error *err) {
    uk_serial *s;
    return uk_serial_open(sys, &s, err);
}
/* Pekko's own classes, what says that it stays here, and the runtime's own messages. */
static bool is_exempt(uk_serial *s, const ukko_msg *msg) {
    const ukko_type *t = msg->type;
    if (t->flags & UKKO_TYPE_AUTO) return true;
    if (t->serializer == UKKO_SER_LOCAL && !t->class_name && t != &ukko_opaque_type)
        return !uk_serial_entry_of(s, t);
    return uk_has_prefix(s->set.unchecked, s->set.n_unchecked, ukko_str(ukko_msg_class(msg)));
}
int uk_serialization_check(ukko_system *sys, ukko_msg **msg, ukko_error *err) {
    uk_serial *s;
    uk_buf bytes = {0};
    int32_t id;
    ukko_slice manifest;
    ukko_msg *back = NULL;
    int rc = uk_serial_open(sys, &s, err);
    if (rc || is_exempt(s, *msg)) return rc;
    rc = uk_serial_encode(s, *msg, &bytes, &id, &manifest, err);
    if (!rc) rc = uk_serial_decode(s, id, manifest, uk_buf_slice(&bytes), &back, err);
    uk_buf_fini(&bytes);
    if (rc || !back) return rc;
    ukko_msg_release(*msg);
    *msg = back;
    return UKKO_OK;
}

int ukko_serialize(ukko_system *sys, const ukko_msg *msg, ukko_serialized *out, ukko_error *err) {
    uk_serial *s;
    uk_buf bytes = {0};
    ukko_slice manifest;
    *out = (ukko_serialized){0};
    int rc = uk_serial_open(sys, &s, err);
    if (!rc) rc = uk_serial_encode(s, msg, &bytes, &out->serializer, &manifest, err);
    if (rc) {
        uk_buf_fini(&bytes);
        return rc;
    }
    out->manifest = uk_strndup(manifest.ptr ? (const char *)manifest.ptr : "", manifest.len);
    out->len = bytes.len;
    out->bytes = (uint8_t *)uk_buf_text(&bytes); /* never NULL; the buffer is theirs now */
    return UKKO_OK;
}
void ukko_serialized_fini(ukko_serialized *s) {
    if (!s) return;
    uk_free(s->manifest);
    uk_free(s->bytes);
    *s = (ukko_serialized){0};
}
int ukko_deserialize(ukko_system *sys, int32_t serializer, const char *manifest, ukko_slice bytes,
                     ukko_msg **out, ukko_error *err) {
    uk_serial *s;
    *out = NULL;
    int rc = uk_serial_open(sys, &s, err);
    return rc ? rc : uk_serial_decode(s, serializer, ukko_str(manifest), bytes, out, err);
}
