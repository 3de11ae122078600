/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, byte arrays, numbers and booleans (serializers 0, 4, 18 to 21, 35), and the texts and
   embedded messages of others. The hot path of most programs. Any thread. */
#include "serial/codec.h"

/* ---- embedded messages in pieces, and text ---- */

/* No writer cuts an embedded message in pieces; who does it a million times gets no memory for it. */
enum { MAX_JOINED = 64 * 1024 };

/* All fields of that number one behind the other, when there are several. */
static int join(ukko_msg *m, ukko_slice bytes, uint32_t number, ukko_slice *io) {
    uk_pb_field f;
    size_t n = 0, len = 0;
    for (uk_pb in = uk_pb_of(bytes); uk_pb_next(&in, &f) > 0;) {
        if (f.number != number || f.wire != UK_PB_BYTES) continue;
        n++;
        len += f.bytes.len;
    }
    if (n < 2) return UKKO_OK;
    if (len > MAX_JOINED) return UKKO_ETOOBIG;
    uint8_t *to = ukko_msg_alloc(m, len + 1);
    *io = (ukko_slice){to, 0};
    for (uk_pb in = uk_pb_of(bytes); uk_pb_next(&in, &f) > 0;) {
        if (f.number != number || f.wire != UK_PB_BYTES || !f.bytes.len) continue;
        memcpy(to + io->len, f.bytes.ptr, f.bytes.len);
        io->len += f.bytes.len;
    }
    return UKKO_OK;
}
int uk_dec_last(ukko_msg *m, ukko_slice bytes, ukko_slice *last, size_t n, unsigned embedded) {
    int rc = uk_pb_last(bytes, last, n);
    for (size_t i = 0; !rc && i < n; i++)
        if (embedded >> i & 1 && last[i].ptr) rc = join(m, bytes, (uint32_t)i + 1, &last[i]);
    return rc;
}
static char *copy_of(ukko_msg *m, ukko_slice bytes) {
    char *text = ukko_msg_alloc(m, bytes.len + 1);
    if (bytes.len) memcpy(text, bytes.ptr, bytes.len);
    return text;
}
const char *uk_dec_text(ukko_msg *m, ukko_slice bytes) {
    if (uk_utf8_valid(bytes) && !(bytes.len && memchr(bytes.ptr, 0, bytes.len)))
        return copy_of(m, bytes);
    uk_buf fit = {0};
    uk_utf8_to_c(bytes, &fit);
    char *text = copy_of(m, uk_buf_slice(&fit));
    uk_buf_fini(&fit);
    return text;
}

/* ---- writing ---- */

static ukko_slice string_bytes(const ukko_string *s) {
    return (ukko_slice){(const uint8_t *)s->text, s->len || !s->text ? s->len : strlen(s->text)};
}
static bool lies(const ukko_type *type, const void *body, ukko_slice *bytes) {
    switch (type->serializer) {
    case UKKO_SER_STRING: *bytes = string_bytes(body); return true;
    case UKKO_SER_BYTES:
    case UKKO_SER_BYTESTRING: *bytes = *(const ukko_slice *)body; return true;
    case UKKO_SER_LONG: *bytes = (ukko_slice){body, 8}; return true; /* little endian, see pb.c */
    case UKKO_SER_INT: *bytes = (ukko_slice){body, 4}; return true;
    case UKKO_SER_BOOL: *bytes = (ukko_slice){body, 1}; return true;
    default: return false;
    }
}
bool uk_serial_lies(const uk_serial *s, const ukko_type *type, const void *body,
                    ukko_slice *bytes) {
    return !s->rebound && lies(type, body, bytes);
}
int uk_primitive_encode(uk_enc *e, const ukko_msg *msg) {
    ukko_slice bytes;
    if (lies(msg->type, uk_msg_body(msg), &bytes)) uk_buf_put(e->out, bytes.ptr, bytes.len);
    return UKKO_OK;
}

/* ---- reading ---- */

static int decode_string(ukko_slice in, ukko_msg **out) {
    if (uk_utf8_valid(in)) {
        *out = uk_msg_string((const char *)in.ptr, in.len);
        return UKKO_OK;
    }
    uk_buf repaired = {0};
    uk_utf8_repair(in, &repaired);
    *out = uk_msg_string((const char *)repaired.ptr, repaired.len);
    uk_buf_fini(&repaired);
    return UKKO_OK;
}
/* Bytes after the number are ignored, as Pekko does. */
static int decode_number(uk_dec *d, const ukko_type *type, ukko_slice in, ukko_msg **out) {
    size_t n = type->body_size;
    if (in.len < n)
        return uk_dec_fail(d, UKKO_EPARSE, "%s needs %zu bytes", type->class_name, n);
    *out = uk_msg_new_raw(type, n);
    memcpy((*out)->body, in.ptr, n);
    return UKKO_OK;
}
static int decode_bool(uk_dec *d, ukko_slice in, ukko_msg **out) {
    if (!in.len || in.ptr[0] > 1)
        return uk_dec_fail(d, UKKO_EPARSE, "a Boolean is one byte, 0 or 1");
    return decode_number(d, &ukko_bool_type, in, out);
}
int uk_primitive_decode(uk_dec *d, int32_t id, ukko_slice in, ukko_msg **out) {
    switch (id) {
    case UKKO_SER_STRING: return decode_string(in, out);
    case UKKO_SER_BYTES: *out = uk_msg_bytes(&ukko_bytes_type, in.ptr, in.len); return UKKO_OK;
    case UKKO_SER_BYTESTRING:
        *out = uk_msg_bytes(&ukko_bytestring_type, in.ptr, in.len);
        return UKKO_OK;
    case UKKO_SER_LONG: return decode_number(d, &ukko_long_type, in, out);
    case UKKO_SER_INT: return decode_number(d, &ukko_int_type, in, out);
    default: return decode_bool(d, in, out);
    }
}

/* ---- the class name in a Java stream ---- */

ukko_slice uk_java_class(ukko_slice in) {
    static const uint8_t magic[] = {0xac, 0xed, 0x00, 0x05};
    const uint8_t *p = in.ptr;
    ukko_slice none = {(const uint8_t *)"?", 1};
    if (in.len < 8 || memcmp(p, magic, 4)) return none;
    if (p[4] == 0x74) return (ukko_slice){(const uint8_t *)"java.lang.String", 16};
    size_t at = p[4] == 0x73 || p[4] == 0x75 || p[4] == 0x7e ? 5 : 4;
    if (in.len < at + 3 || p[at] != 0x72) return none;
    size_t len = (size_t)p[at + 1] << 8 | p[at + 2];
    if (len > in.len - at - 3 || len > 250) return none;
    ukko_slice name = {p + at + 3, len};
    for (size_t i = 0; i < len; i++)
        if (name.ptr[i] <= 0x20 || name.ptr[i] > 0x7e) return none;
    return name;
}
