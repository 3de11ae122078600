/* SPDX-License-Identifier: Apache-2.0 */
/* From a message to bytes and back: picks the serializer by the type when writing, by the id when
   reading, and says what went wrong. Any thread, once the registry is filled. */
#include "serial/codec.h"
#include "base/mem.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- failures ---- */

int uk_enc_fail(uk_enc *e, int code, const ukko_msg *msg, const char *why) {
    return uk_error(e->err, code, "cannot serialize [%s]: %s", ukko_msg_class(msg), why);
}
int uk_dec_fail(uk_dec *d, int code, const char *format, ...) {
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return uk_error(d->err, code, "%s", text);
}
/* Puts the serializer, manifest and size in front of what a decoder said. */
static int frame_error(uk_dec *d, int code, int32_t id, ukko_slice manifest, size_t size) {
    char why[300];
    if (!d->err) return code;
    snprintf(why, sizeof why, "%.299s", d->err->message);
    return uk_error(d->err, code, "serializer id [%" PRId32 "], manifest [%.*s], %zu bytes: %s", id,
                    (int)(manifest.len < 120 ? manifest.len : 120), (const char *)manifest.ptr,
                    size, *why ? why : ukko_strerror(code));
}

/* ---- writing ---- */

int uk_user_encode(uk_enc *e, const ukko_msg *msg) {
    struct ukko_encoder enc = {e->out, UK_MAX_STRING};
    int rc = msg->type->codec->encode(&enc, uk_msg_body(msg));
    return rc < 0 ? uk_enc_fail(e, rc, msg, ukko_strerror(rc)) : UKKO_OK;
}
int ukko_encoder_put(ukko_encoder *out, const void *bytes, size_t len) {
    if (len > out->room) return UKKO_ETOOBIG;
    out->room -= len;
    uk_buf_put(out->buf, bytes, len);
    return UKKO_OK;
}
static int encode_opaque(uk_enc *e, const ukko_msg *msg, int32_t *id, ukko_slice *manifest) {
    const ukko_opaque *o = uk_msg_body(msg);
    *id = o->serializer;
    *manifest = ukko_str(o->manifest);
    uk_buf_put(e->out, o->bytes.ptr, o->bytes.len);
    return UKKO_OK;
}
static int encode_with_user(uk_enc *e, const ukko_msg *msg, const uk_serializer *ser,
                            ukko_slice *manifest) {
    const ukko_serializer *u = ser->user;
    struct ukko_encoder enc = {e->out, UK_MAX_STRING};
    int rc = u->encode(&enc, msg, u->data);
    if (rc < 0) return uk_enc_fail(e, rc, msg, ukko_strerror(rc));
    *manifest = ukko_str(u->manifest ? u->manifest(msg, u->data) : NULL);
    return UKKO_OK;
}
/* With the serializer that the type was registered for. */
static int encode_bound(uk_enc *e, const ukko_msg *msg, const uk_serial_entry *entry, int32_t *id,
                        ukko_slice *manifest) {
    const uk_serializer *ser = entry->ser;
    *id = entry->id;
    *manifest = entry->manifest;
    switch (ser ? ser->family : UK_FAMILY_CORE) {
    case UK_FAMILY_JSON:
    case UK_FAMILY_CBOR: return uk_jackson_encode(e, msg, ser, id, manifest);
    case UK_FAMILY_USER: return encode_with_user(e, msg, ser, manifest);
    case UK_FAMILY_PROTOBUF:
        if (msg->type->codec && msg->type->codec->encode) return uk_user_encode(e, msg);
        return uk_proto_encode(e, msg);
    default: return uk_user_encode(e, msg);
    }
}
/* A type that this system was not given. */
static int encode_unknown(uk_enc *e, const ukko_msg *msg, int32_t *id, ukko_slice *manifest) {
    const ukko_type *t = msg->type;
    switch (*id) {
    case UKKO_SER_JACKSON_JSON:
    case UKKO_SER_JACKSON_CBOR: return uk_jackson_encode(e, msg, NULL, id, manifest);
    case UKKO_SER_PROTOBUF:
        *manifest = ukko_str(t->manifest ? t->manifest : t->class_name ? t->class_name : t->name);
        if (t->codec && t->codec->encode) return uk_user_encode(e, msg);
        return uk_proto_encode(e, msg);
    case UKKO_SER_LOCAL:
        return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "no serializer is bound to this class");
    default:
        *manifest = ukko_str(t->manifest);
        if (t->codec && t->codec->encode) return uk_user_encode(e, msg);
        return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "its type has no encoder");
    }
}
static int encode_other(uk_enc *e, const ukko_msg *msg, int32_t *id, ukko_slice *manifest) {
    if (*id == UKKO_SER_MISC) return uk_misc_encode(e, msg, manifest);
    if (*id == UKKO_SER_CONTAINER) return uk_container_encode(e, msg);
    if (msg->type == &ukko_opaque_type) return encode_opaque(e, msg, id, manifest);
    const uk_serial_entry *entry = uk_serial_entry_of(e->s, msg->type);
    return entry ? encode_bound(e, msg, entry, id, manifest) : encode_unknown(e, msg, id, manifest);
}
int uk_encode_body(uk_enc *e, const ukko_msg *msg, int32_t *id, ukko_slice *manifest) {
    const uk_serial_entry *entry;
    *manifest = (ukko_slice){NULL, 0};
    *id = msg ? msg->type->serializer : UKKO_SER_NULL;
    if (e->s->rebound && msg && (entry = uk_serial_entry_of(e->s, msg->type)))
        return encode_bound(e, msg, entry, id, manifest);
    switch (*id) {
    case UKKO_SER_NULL: return UKKO_OK;
    case UKKO_SER_STRING:
    case UKKO_SER_LONG:
    case UKKO_SER_INT:
    case UKKO_SER_BOOL:
    case UKKO_SER_BYTES:
    case UKKO_SER_BYTESTRING: return uk_primitive_encode(e, msg);
    default: return encode_other(e, msg, id, manifest);
    }
}
int uk_serial_encode(uk_serial *s, const ukko_msg *msg, uk_buf *out, int32_t *id,
                     ukko_slice *manifest, ukko_error *err) {
    uk_enc e = {s, out, err, 0};
    size_t before = out->len;
    int rc = uk_encode_body(&e, msg, id, manifest);
    if (rc) out->len = before;
    return rc;
}

/* ---- reading ---- */

static int decode_null(ukko_msg **out) {
    *out = NULL;
    return UKKO_OK;
}
static int decode_java(uk_dec *d, ukko_slice in) {
    ukko_slice name = uk_java_class(in);
    return uk_dec_fail(d, UKKO_ENOTSERIAL,
                       "Java serialization is not supported; class in the stream: [%.*s]",
                       (int)name.len, (const char *)name.ptr);
}
int uk_user_decode(uk_dec *d, const ukko_type *type, ukko_slice in, ukko_msg **out) {
    ukko_msg *m = ukko_msg_new(type);
    int rc = type->codec->decode(m, m->body, in);
    if (rc < 0) {
        ukko_msg_release(m);
        return uk_dec_fail(d, rc, "the type's decoder refused it: %s", ukko_strerror(rc));
    }
    *out = m;
    return UKKO_OK;
}
static int decode_by_type(uk_dec *d, int32_t id, ukko_slice manifest, ukko_slice in,
                          ukko_msg **out) {
    const ukko_type *t = uk_serial_find(d->s, id, manifest);
    if (!t) return uk_dec_fail(d, UKKO_ENOTFOUND, "no type is registered for these");
    if (t->codec && t->codec->decode) return uk_user_decode(d, t, in, out);
    return uk_proto_decode(d, t, in, out);
}
static int decode_with_user(uk_dec *d, const uk_serializer *ser, ukko_slice manifest, ukko_slice in,
                            ukko_msg **out) {
    const ukko_serializer *u = ser->user;
    char *text = uk_strndup(manifest.ptr ? (const char *)manifest.ptr : "", manifest.len);
    int rc = u->decode(d->s->sys, text, in, out, u->data);
    uk_free(text);
    if (rc >= 0) return UKKO_OK;
    ukko_msg_release(*out);
    *out = NULL;
    return uk_dec_fail(d, rc, "serializer [%s] refused it: %s", ser->name, ukko_strerror(rc));
}
static int decode_other(uk_dec *d, int32_t id, ukko_slice manifest, ukko_slice in, ukko_msg **out) {
    const uk_serializer *ser = uk_serializer_by_id(&d->s->set, id);
    switch (ser ? ser->family : UK_FAMILY_CORE) {
    case UK_FAMILY_JSON:
    case UK_FAMILY_CBOR: return uk_jackson_decode(d, ser, manifest, in, out);
    case UK_FAMILY_USER: return decode_with_user(d, ser, manifest, in, out);
    case UK_FAMILY_FOREIGN:
        return uk_dec_fail(d, UKKO_ENOTFOUND, "serializer [%s] (%s) has no counterpart here",
                           ser->name, ser->class_name);
    default: return decode_by_type(d, id, manifest, in, out);
    }
}
/* These have no use for a manifest, but on a JVM it must be the name of a class. Which ones there are
   cannot be known here: those that come with every JVM and with Pekko, and the registered ones. */
bool uk_names_a_class(uk_serial *s, ukko_slice name) {
    static const char *const roots[] = {"java.", "javax.", "scala.", "org.apache.pekko.",
                                        "com.google.protobuf.", "com.typesafe.", "["};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        size_t n = strlen(roots[i]);
        bool odd = name.len > n && (memchr(name.ptr, '#', name.len) || memchr(name.ptr, ' ', name.len));
        if (name.len > n && !memcmp(name.ptr, roots[i], n)) return !odd;
    }
    return uk_serial_find_jackson(s, UKKO_SER_JACKSON_JSON, name) ||
           uk_serial_find(s, UKKO_SER_PROTOBUF, name);
}
int uk_check_manifest(uk_dec *d, int32_t id, ukko_slice manifest) {
    switch (id) {
    case UKKO_SER_NULL:
    case UKKO_SER_STRING:
    case UKKO_SER_LONG:
    case UKKO_SER_INT:
    case UKKO_SER_BOOL:
    case UKKO_SER_BYTES:
    case UKKO_SER_BYTESTRING:
    case UKKO_SER_CONTAINER: break;
    default: return UKKO_OK;
    }
    if (!manifest.len || uk_names_a_class(d->s, manifest)) return UKKO_OK;
    return uk_dec_fail(d, UKKO_ENOTFOUND, "its manifest is no known class");
}
int uk_decode_body(uk_dec *d, int32_t id, ukko_slice manifest, ukko_slice in, ukko_msg **out) {
    switch (id) {
    case UKKO_SER_NULL: return decode_null(out);
    case UKKO_SER_STRING:
    case UKKO_SER_LONG:
    case UKKO_SER_INT:
    case UKKO_SER_BOOL:
    case UKKO_SER_BYTES:
    case UKKO_SER_BYTESTRING: return uk_primitive_decode(d, id, in, out);
    case UKKO_SER_MISC: return uk_misc_decode(d, manifest, in, out);
    case UKKO_SER_CONTAINER: return uk_container_decode(d, in, out);
    case UKKO_SER_JAVA: return decode_java(d, in);
    case UKKO_SER_DAEMON_CREATE:
    case UKKO_SER_SYSTEM:
        return uk_dec_fail(d, UKKO_ENOTFOUND, "this is not a message to an actor");
    default: return decode_other(d, id, manifest, in, out);
    }
}
int uk_serial_decode(uk_serial *s, int32_t id, ukko_slice manifest, ukko_slice bytes,
                     ukko_msg **out, ukko_error *err) {
    ukko_error local; /* large, so not cleared */
    uk_dec d = {s, err ? err : &local, 0, false};
    *out = NULL;
    d.err->message[0] = 0;
    int rc = manifest.len ? uk_check_manifest(&d, id, manifest) : UKKO_OK;
    if (!rc) rc = uk_decode_body(&d, id, manifest, bytes, out);
    return rc ? frame_error(&d, rc, id, manifest, bytes.len) : UKKO_OK;
}

/* ---- payloads within payloads ---- */

static int payload_inner(uk_enc *e, const ukko_msg *msg) {
    int32_t id;
    ukko_slice manifest;
    size_t mark = uk_pb_begin(e->out, 1);
    int rc = uk_encode_body(e, msg, &id, &manifest);
    if (rc) return rc;
    uk_pb_end(e->out, mark);
    uk_pb_int(e->out, 2, id);
    if (manifest.len) uk_pb_bytes(e->out, 4, manifest.ptr, manifest.len);
    return UKKO_OK;
}
int uk_enc_payload(uk_enc *e, const ukko_msg *msg) {
    if (e->depth >= UK_MAX_NESTED)
        return uk_enc_fail(e, UKKO_ETOOBIG, msg, "messages are nested too deep");
    e->depth++;
    int rc = payload_inner(e, msg);
    e->depth--;
    return rc;
}
int uk_enc_payload_field(uk_enc *e, uint32_t field, const ukko_msg *msg) {
    size_t mark = uk_pb_begin(e->out, field);
    int rc = uk_enc_payload(e, msg);
    if (!rc) uk_pb_end(e->out, mark);
    return rc;
}
int uk_payload_split(uk_dec *d, ukko_slice bytes, uk_payload *out) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    bool has_bytes = false, has_id = false;
    int rc;
    *out = (uk_payload){0};
    while ((rc = uk_pb_next(&in, &f)) > 0) {
        if (f.number == 1 && f.wire == UK_PB_BYTES) {
            out->bytes = f.bytes;
            has_bytes = true;
        } else if (f.number == 2 && f.wire == UK_PB_VARINT) {
            out->id = (int32_t)f.value;
            has_id = true;
        } else if (f.number == 4 && f.wire == UK_PB_BYTES) {
            out->manifest = f.bytes;
        }
    }
    if (rc < 0 || !has_bytes || !has_id)
        return uk_dec_fail(d, UKKO_EPARSE, "a nested payload is malformed");
    return UKKO_OK;
}
int uk_dec_payload(uk_dec *d, ukko_slice bytes, ukko_msg **out) {
    uk_payload p;
    *out = NULL;
    if (d->depth >= UK_MAX_NESTED)
        return uk_dec_fail(d, UKKO_ETOOBIG, "messages are nested deeper than %d", UK_MAX_NESTED);
    int rc = uk_payload_split(d, bytes, &p);
    if (rc) return rc;
    if (p.id == UKKO_SER_NULL) rc = uk_check_manifest(d, p.id, p.manifest); /* as a JVM: only here */
    d->depth++;
    if (!rc) rc = uk_decode_body(d, p.id, p.manifest, p.bytes, out);
    d->depth--;
    return rc && d->depth < 4 ? frame_error(d, rc, p.id, p.manifest, p.bytes.len) : rc;
}
int uk_payload_encode(uk_serial *s, const ukko_msg *msg, uk_buf *out, ukko_error *err) {
    uk_enc e = {s, out, err, 0};
    size_t before = out->len;
    int rc = uk_enc_payload(&e, msg);
    if (rc) out->len = before;
    return rc;
}
int uk_payload_decode(uk_serial *s, ukko_slice bytes, unsigned depth, ukko_msg **out,
                      ukko_error *err) {
    uk_dec d = {s, err, depth, false};
    return uk_dec_payload(&d, bytes, out);
}
