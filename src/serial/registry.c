/* SPDX-License-Identifier: Apache-2.0 */
/* Which serializer writes a message and which reads it: by the type when writing, by serializer id
   and manifest when reading. Filled before the system starts, then read by any thread. */
#include "serial/codec.h"
#include "base/mem.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- settings ---- */

static void read_algorithm(const ukko_config *cfg, const char *path, bool *gzip, bool *lz4) {
    const char *name;
    if (!cfg || ukko_config_string(cfg, path, &name)) return;
    *gzip = !strcmp(name, "gzip");
    *lz4 = !strcmp(name, "lz4");
}
static void read_prefixes(uk_serial_settings *set, const ukko_config *cfg) {
    static const char path[] = "pekko.serialization.jackson.allowed-class-prefix";
    size_t n;
    if (!cfg || ukko_config_count(cfg, path, &n) || !n) return;
    set->prefixes = uk_zalloc(n * sizeof *set->prefixes);
    for (size_t i = 0; i < n; i++) {
        const char *text;
        if (!ukko_config_string_at(cfg, path, i, &text))
            set->prefixes[set->n_prefixes++] = uk_strdup(text);
    }
}
#define JACKSON "pekko.serialization.jackson."
static void read_settings(uk_serial_settings *set, const ukko_config *cfg) {
    *set = (uk_serial_settings){.json_gzip = true,
                                .json_larger = 32768,
                                .cbor_larger = 32768,
                                .max_inflated = 16 << 20};
    read_algorithm(cfg, JACKSON "jackson-json.compression.algorithm", &set->json_gzip,
                   &set->json_lz4);
    read_algorithm(cfg, JACKSON "jackson-cbor.compression.algorithm", &set->cbor_gzip,
                   &set->cbor_lz4);
    if (cfg) {
        ukko_config_bytes(cfg, JACKSON "jackson-json.compression.compress-larger-than",
                          &set->json_larger);
        ukko_config_bytes(cfg, JACKSON "jackson-cbor.compression.compress-larger-than",
                          &set->cbor_larger);
    }
    read_prefixes(set, cfg);
}

/* ---- the registry ---- */

int uk_serial_new(uk_serial **out, ukko_system *sys, const ukko_config *cfg, ukko_error *err) {
    uk_serial *s = uk_zalloc(sizeof *s);
    (void)err;
    s->sys = sys;
    read_settings(&s->set, cfg);
    *out = s;
    return UKKO_OK;
}
void uk_serial_free(uk_serial *s) {
    size_t pos = 0;
    void *value;
    if (!s) return;
    while (uk_map_next(&s->types, &pos, &value)) {
        uk_serial_entry *e = value;
        uk_free(e->key);
        uk_free(e);
    }
    uk_map_fini(&s->types);
    for (size_t i = 0; i < s->set.n_prefixes; i++) uk_free(s->set.prefixes[i]);
    uk_free(s->set.prefixes);
    uk_free(s);
}

enum { KEY_ROOM = 512 };
/* The four bytes of the id, then the manifest. NULL when that does not fit: no such type then. */
static size_t key_of(char *key, int32_t id, ukko_slice manifest) {
    if (manifest.len > KEY_ROOM - 4) return 0;
    memcpy(key, &id, 4);
    if (manifest.len) memcpy(key + 4, manifest.ptr, manifest.len);
    return manifest.len + 4;
}
const ukko_type *uk_serial_find(const uk_serial *s, int32_t id, ukko_slice manifest) {
    char key[KEY_ROOM];
    size_t n = key_of(key, id, manifest);
    const uk_serial_entry *e = n ? uk_map_get(&s->types, key, n) : NULL;
    return e ? e->type : NULL;
}

bool uk_serial_is_builtin(const ukko_type *type) {
    static const ukko_type *const all[] = {
        &ukko_null_type, &ukko_string_type, &ukko_int_type, &ukko_long_type, &ukko_bool_type,
        &ukko_double_type, &ukko_bytes_type, &ukko_bytestring_type, &ukko_option_type,
        &ukko_optional_type, &ukko_status_success_type, &ukko_status_failure_type,
        &ukko_reply_success_type, &ukko_reply_exception_type, &ukko_reply_ack_type,
        &ukko_reply_error_type, &ukko_done_type, &ukko_not_used_type, &ukko_throwable_type,
        &ukko_ref_type, &ukko_identify_type, &ukko_identity_type, &ukko_address_type,
        &ukko_unique_address_type, &ukko_poison_pill_type, &ukko_kill_type,
        &ukko_local_scope_type, &ukko_remote_scope_type, &ukko_config_type,
        &ukko_default_resizer_type, &ukko_pool_type, &ukko_from_config_type,
        &ukko_remote_router_config_type, &ukko_opaque_type, &ukko_json_type, &uk_selection_type,
        &uk_heartbeat_type, &uk_heartbeat_rsp_type};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] == type) return true;
    return false;
}

static bool has_msg_field(const ukko_type *type, unsigned depth) {
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        if (f->kind == UKKO_MSG) return true;
        if (f->type && depth && has_msg_field(f->type, depth - 1)) return true;
    }
    return false;
}
static int check_serializer(const ukko_type *t, ukko_error *err) {
    switch (t->serializer) {
    case UKKO_SER_JACKSON_JSON:
    case UKKO_SER_JACKSON_CBOR:
        if (has_msg_field(t, 8))
            return uk_error(err, UKKO_EINVAL, "type %s: Jackson cannot hold a message", t->name);
        return UKKO_OK;
    case UKKO_SER_PROTOBUF: return UKKO_OK;
    default:
        if (t->serializer < 0 || t->serializer > 40) break;
        return uk_error(err, UKKO_EINVAL, "type %s: serializer %d is Pekko's own", t->name,
                        t->serializer);
    }
    if (!t->codec || !t->codec->encode || !t->codec->decode)
        return uk_error(err, UKKO_EINVAL, "type %s: serializer %d needs encode and decode",
                        t->name, t->serializer);
    return UKKO_OK;
}
static ukko_slice manifest_of(const ukko_type *t) {
    bool by_class = t->serializer == UKKO_SER_JACKSON_JSON ||
                    t->serializer == UKKO_SER_JACKSON_CBOR || t->serializer == UKKO_SER_PROTOBUF;
    if (t->manifest || !by_class) return ukko_str(t->manifest);
    return ukko_str(t->class_name ? t->class_name : t->name);
}
int uk_serial_add(uk_serial *s, const ukko_type *type, ukko_error *err) {
    char key[KEY_ROOM];
    int rc = uk_type_check(type, err);
    if (rc || type->serializer == UKKO_SER_LOCAL || uk_serial_is_builtin(type)) return rc;
    if ((rc = check_serializer(type, err))) return rc;
    ukko_slice manifest = manifest_of(type);
    size_t n = key_of(key, type->serializer, manifest);
    if (!n) return uk_error(err, UKKO_EINVAL, "type %s: manifest too long", type->name);
    const uk_serial_entry *old = uk_map_get(&s->types, key, n);
    if (old && old->type == type) return UKKO_OK;
    if (old)
        return uk_error(err, UKKO_EEXISTS,
                        "types %s and %s have the same serializer %d and manifest [%s]",
                        old->type->name, type->name, type->serializer, (const char *)manifest.ptr);
    uk_serial_entry *e = uk_zalloc(sizeof *e);
    *e = (uk_serial_entry){type, uk_alloc(n)};
    memcpy(e->key, key, n);
    uk_map_put(&s->types, e->key, n, e);
    return UKKO_OK;
}

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
    return uk_error(d->err, code, "serializer id [%" PRId32 "], manifest [%.*s], %zu bytes: %s",
                    id, (int)(manifest.len < 120 ? manifest.len : 120), (const char *)manifest.ptr,
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
static int encode_local(uk_enc *e, const ukko_msg *msg, int32_t *id, ukko_slice *manifest) {
    if (msg->type == &ukko_opaque_type) return encode_opaque(e, msg, id, manifest);
    return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "no serializer is bound to this class");
}
static int encode_other(uk_enc *e, const ukko_msg *msg, int32_t *id, ukko_slice *manifest) {
    const ukko_type *t = msg->type;
    switch (t->serializer) {
    case UKKO_SER_LOCAL: return encode_local(e, msg, id, manifest);
    case UKKO_SER_NULL: return UKKO_OK;
    case UKKO_SER_MISC: return uk_misc_encode(e, msg, manifest);
    case UKKO_SER_CONTAINER: return uk_container_encode(e, msg);
    case UKKO_SER_JACKSON_JSON:
    case UKKO_SER_JACKSON_CBOR: return uk_jackson_encode(e, msg, id, manifest);
    case UKKO_SER_PROTOBUF:
        *manifest = manifest_of(t);
        if (t->codec && t->codec->encode) return uk_user_encode(e, msg);
        return uk_proto_encode(e, t, uk_msg_body(msg));
    default:
        *manifest = ukko_str(t->manifest);
        if (t->codec && t->codec->encode) return uk_user_encode(e, msg);
        return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "its type has no encoder");
    }
}
int uk_encode_body(uk_enc *e, const ukko_msg *msg, int32_t *id, ukko_slice *manifest) {
    *manifest = (ukko_slice){NULL, 0};
    *id = msg ? msg->type->serializer : UKKO_SER_NULL;
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
    case UKKO_SER_JACKSON_JSON:
    case UK_SER_JACKSON_CBOR_264:
    case UKKO_SER_JACKSON_CBOR: return uk_jackson_decode(d, id, manifest, in, out);
    case UKKO_SER_JAVA: return decode_java(d, in);
    case UKKO_SER_DAEMON_CREATE:
    case UKKO_SER_SYSTEM:
        return uk_dec_fail(d, UKKO_ENOTFOUND, "this is not a message to an actor");
    default: return decode_by_type(d, id, manifest, in, out);
    }
}
int uk_serial_decode(uk_serial *s, int32_t id, ukko_slice manifest, ukko_slice bytes,
                     ukko_msg **out, ukko_error *err) {
    ukko_error local; /* large, so not cleared */
    uk_dec d = {s, err ? err : &local, 0};
    *out = NULL;
    d.err->message[0] = 0;
    int rc = uk_decode_body(&d, id, manifest, bytes, out);
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
    d->depth++;
    rc = uk_decode_body(d, p.id, p.manifest, p.bytes, out);
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
    uk_dec d = {s, err, depth};
    return uk_dec_payload(&d, bytes, out);
}
