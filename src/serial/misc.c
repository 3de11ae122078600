/* SPDX-License-Identifier: Apache-2.0 */
/* Serializer 16 ("pekko-misc"): Identify, options, status, references, addresses, signals. The
   deployment messages are in deploy.c, exceptions in throwable.c. Any thread. */
#include "serial/codec.h"

/* ---- pieces ---- */

/* AddressData: 1 system, 2 hostname, 3 port, 4 protocol. */
void uk_put_address(uk_buf *out, uint32_t field, const ukko_address *a) {
    size_t mark = field ? uk_pb_begin(out, field) : 0;
    uk_pb_text(out, 1, a->system);
    uk_pb_text(out, 2, a->host);
    uk_pb_int(out, 3, (uint32_t)a->port);
    uk_pb_text(out, 4, a->protocol);
    if (field) uk_pb_end(out, mark);
}
static int check_read_address(uk_dec *d, ukko_address *a, bool has_port) {
    if (!a->protocol) a->protocol = "";
    if (!a->system || !a->host || !has_port)
        return uk_dec_fail(d, UKKO_EPARSE, "an address without system, host or port");
    return UKKO_OK;
}
/* order tells which fields are system, host, port, protocol: the two messages differ. */
static int read_address(uk_dec *d, ukko_msg *into, ukko_slice bytes, const uint8_t order[4],
                        ukko_address *a) {
    ukko_slice texts[4];
    uint64_t port = 0;
    if (uk_pb_last(bytes, texts, 4)) return uk_dec_fail(d, UKKO_EPARSE, "an address is malformed");
    bool has_port = uk_pb_last_varint(bytes, order[2], &port);
    a->port = (int32_t)port;
    a->system = uk_dec_field(into, texts[order[0] - 1], NULL);
    a->host = uk_dec_field(into, texts[order[1] - 1], NULL);
    a->protocol = uk_dec_field(into, texts[order[3] - 1], NULL);
    return check_read_address(d, a, has_port);
}
int uk_get_address(uk_dec *d, ukko_msg *into, ukko_slice bytes, ukko_address *a) {
    return read_address(d, into, bytes, (const uint8_t[]){1, 2, 3, 4}, a);
}

void uk_put_ref(uk_buf *out, uint32_t field, const ukko_ref *ref) {
    size_t mark = field ? uk_pb_begin(out, field) : 0;
    uk_buf scratch = {0};
    ukko_slice text = uk_ref_wire_text(ref, &scratch);
    uk_pb_bytes(out, 1, text.ptr, text.len);
    uk_buf_fini(&scratch);
    if (field) uk_pb_end(out, mark);
}
int uk_get_ref(uk_dec *d, ukko_slice bytes, ukko_ref **out) {
    ukko_slice path;
    if (uk_pb_last(bytes, &path, 1) || !path.ptr)
        return uk_dec_fail(d, UKKO_EPARSE, "a reference without a path");
    *out = uk_system_resolve_foreign(d->s->sys, path);
    return *out ? UKKO_OK : uk_dec_fail(d, UKKO_EPARSE, "a reference with a uid that is no number");
}

/* ---- writing ---- */

static int encode_option(uk_enc *e, const ukko_boxed *b) {
    return b->value ? uk_enc_payload_field(e, 1, b->value) : UKKO_OK;
}
static int encode_identity(uk_enc *e, const ukko_identity *i) {
    int rc = uk_enc_payload_field(e, 1, i->id);
    if (!rc && i->ref) uk_put_ref(e->out, 2, i->ref);
    return rc;
}
static int encode_ref(uk_enc *e, const ukko_msg *msg) {
    const ukko_ref_body *b = uk_msg_body(msg);
    if (!b->ref) return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "the reference is null");
    uk_put_ref(e->out, 0, b->ref);
    return UKKO_OK;
}
static int encode_address(uk_enc *e, const ukko_msg *msg) {
    const ukko_address *a = uk_msg_body(msg);
    if (!a->protocol || !a->system || !a->host)
        return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "host or port missing");
    if (msg->type == &ukko_address_type) {
        uk_put_address(e->out, 0, a);
        return UKKO_OK;
    }
    size_t mark = uk_pb_begin(e->out, 1);
    uk_pb_text(e->out, 1, a->protocol);
    uk_pb_text(e->out, 2, a->system);
    uk_pb_text(e->out, 3, a->host);
    uk_pb_int(e->out, 4, (uint32_t)a->port);
    uk_pb_end(e->out, mark);
    uk_pb_int(e->out, 2, a->uid);
    return UKKO_OK;
}
static int encode_reply(uk_enc *e, const ukko_boxed *b, ukko_slice *manifest) {
    if (b->value && b->value->type == &ukko_done_type) { /* success(Done) is the Ack */
        *manifest = ukko_str("SA");
        return UKKO_OK;
    }
    return uk_enc_payload(e, b->value);
}
static int encode_text(uk_enc *e, const ukko_string *s) {
    size_t len = s->len || !s->text ? s->len : strlen(s->text);
    uk_pb_bytes(e->out, 1, s->text, len);
    return UKKO_OK;
}
static int encode_wrapped(uk_enc *e, const ukko_msg *msg, ukko_slice *manifest) {
    const ukko_type *t = msg->type;
    const ukko_boxed *b = uk_msg_body(msg);
    if (t == &ukko_option_type || t == &ukko_optional_type) return encode_option(e, b);
    if (t == &ukko_status_success_type) return uk_enc_payload(e, b->value);
    if (t == &ukko_reply_success_type) return encode_reply(e, b, manifest);
    return uk_throwable_payload(e, b->value);
}
static bool is_wrapped(const ukko_type *t) {
    return t == &ukko_option_type || t == &ukko_optional_type || t == &ukko_status_success_type ||
           t == &ukko_reply_success_type || t == &ukko_status_failure_type ||
           t == &ukko_reply_exception_type;
}
int uk_misc_encode(uk_enc *e, const ukko_msg *msg, ukko_slice *manifest) {
    const ukko_type *t = msg->type;
    const void *body = uk_msg_body(msg);
    *manifest = ukko_str(t->manifest);
    if (!t->body_size) return UKKO_OK;
    if (t == &ukko_identify_type)
        return uk_enc_payload_field(e, 1, ((const ukko_identify *)body)->id);
    if (t == &ukko_identity_type) return encode_identity(e, body);
    if (is_wrapped(t)) return encode_wrapped(e, msg, manifest);
    if (t == &ukko_reply_error_type) return encode_text(e, body);
    if (t == &ukko_ref_type) return encode_ref(e, msg);
    if (t == &ukko_address_type || t == &ukko_unique_address_type) return encode_address(e, msg);
    if (t == &uk_heartbeat_rsp_type) {
        uk_pb_int(e->out, 1, ((const uk_heartbeat_rsp *)body)->uid);
        return UKKO_OK;
    }
    if (t == &ukko_throwable_type) {
        if (!uk_throwable_travels(body))
            return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "no serializer is bound to this class");
        return uk_throwable_encode(e, body, manifest);
    }
    if (uk_deploy_knows(t)) return uk_deploy_encode(e, msg, manifest);
    return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "serializer 16 cannot write it");
}

/* ---- reading ---- */

static int decode_identify(uk_dec *d, const ukko_type *type, ukko_slice bytes, ukko_msg *m) {
    ukko_identity *i = ukko_msg_body(m); /* ukko_identify is its beginning */
    ukko_slice in[2];
    if (uk_dec_last(m, bytes, in, 2, 3) || !in[0].ptr)
        return uk_dec_fail(d, UKKO_EPARSE, "no correlation id");
    int rc = uk_dec_payload(d, in[0], &i->id);
    bool has_ref = type == &ukko_identity_type && in[1].ptr;
    return rc || !has_ref ? rc : uk_get_ref(d, in[1], &i->ref);
}
static int decode_option(uk_dec *d, const ukko_type *type, ukko_slice bytes, ukko_msg *m) {
    ukko_boxed *b = ukko_msg_body(m);
    ukko_slice value;
    if (!bytes.len) return UKKO_OK;
    if (uk_dec_last(m, bytes, &value, 1, 1))
        return uk_dec_fail(d, UKKO_EPARSE, "a malformed option");
    int rc = value.ptr ? uk_dec_payload(d, value, &b->value) : UKKO_OK; /* absent: null, as by a JVM */
    if (rc || b->value) return rc;
    if (type == &ukko_optional_type) return uk_dec_fail(d, UKKO_EPARSE, "an Optional of null");
    b->value = ukko_msg_new(&ukko_null_type); /* Some(null) is not None */
    return UKKO_OK;
}
static int decode_boxed(uk_dec *d, const ukko_type *type, ukko_slice bytes, ukko_msg *m) {
    ukko_boxed *b = ukko_msg_body(m);
    int rc = uk_dec_payload(d, bytes, &b->value);
    bool failure = type == &ukko_status_failure_type || type == &ukko_reply_exception_type;
    if (!rc && failure && b->value && b->value->type != &ukko_throwable_type)
        return uk_dec_fail(d, UKKO_EPARSE, "the cause of a failure is no exception");
    if (!rc && !b->value && type == &ukko_reply_exception_type)
        return uk_dec_fail(d, UKKO_EPARSE, "an error reply without its exception");
    return rc;
}
static int decode_error_text(uk_dec *d, const ukko_type *type, ukko_slice bytes, ukko_msg *m) {
    ukko_string *s = ukko_msg_body(m);
    ukko_slice text;
    (void)type;
    if (uk_pb_last(bytes, &text, 1) || !text.ptr)
        return uk_dec_fail(d, UKKO_EPARSE, "no error text");
    uk_buf whole = {0};
    uk_utf8_repair(text, &whole);
    char *copy = ukko_msg_alloc(m, whole.len + 1);
    if (whole.len) memcpy(copy, whole.ptr, whole.len);
    *s = (ukko_string){copy, whole.len};
    uk_buf_fini(&whole);
    return UKKO_OK;
}
static int decode_ref(uk_dec *d, const ukko_type *type, ukko_slice bytes, ukko_msg *m) {
    ukko_ref_body *b = ukko_msg_body(m);
    (void)type;
    return uk_get_ref(d, bytes, &b->ref);
}
static int decode_address(uk_dec *d, const ukko_type *type, ukko_slice bytes, ukko_msg *m) {
    (void)type;
    return uk_get_address(d, m, bytes, ukko_msg_body(m));
}
static int decode_unique(uk_dec *d, const ukko_type *type, ukko_slice bytes, ukko_msg *m) {
    ukko_address *a = ukko_msg_body(m);
    ukko_slice address;
    uint64_t uid;
    (void)type;
    if (uk_dec_last(m, bytes, &address, 1, 1) || !address.ptr)
        return uk_dec_fail(d, UKKO_EPARSE, "a unique address is malformed");
    if (!uk_pb_last_varint(bytes, 2, &uid))
        return uk_dec_fail(d, UKKO_EPARSE, "a unique address without uid");
    a->uid = (int64_t)uid;
    return read_address(d, m, address, (const uint8_t[]){2, 3, 4, 1}, a);
}
static int decode_heartbeat_rsp(uk_dec *d, const ukko_type *type, ukko_slice bytes, ukko_msg *m) {
    uk_heartbeat_rsp *h = ukko_msg_body(m);
    uint64_t uid;
    (void)type;
    if (!uk_pb_last_varint(bytes, 1, &uid)) return uk_dec_fail(d, UKKO_EPARSE, "no uid");
    h->uid = (int32_t)uid; /* as of all uids the lower half counts */
    return UKKO_OK;
}

typedef struct misc_row {
    char manifest[6];
    const ukko_type *type;
    int (*decode)(uk_dec *d, const ukko_type *type, ukko_slice in, ukko_msg *m); /* NULL: no body */
} misc_row;

static const misc_row rows[] = {
    {"RWHB", &uk_heartbeat_type, NULL},
    {"RWHR", &uk_heartbeat_rsp_type, decode_heartbeat_rsp},
    {"A", &ukko_identify_type, decode_identify},
    {"B", &ukko_identity_type, decode_identify},
    {"C", &ukko_option_type, decode_option},
    {"D", &ukko_status_success_type, decode_boxed},
    {"E", &ukko_status_failure_type, decode_boxed},
    {"G", &ukko_ref_type, decode_ref},
    {"H", &ukko_optional_type, decode_option},
    {"P", &ukko_poison_pill_type, NULL},
    {"K", &ukko_kill_type, NULL},
    {"DONE", &ukko_done_type, NULL},
    {"NU", &ukko_not_used_type, NULL},
    {"AD", &ukko_address_type, decode_address},
    {"UD", &ukko_unique_address_type, decode_unique},
    {"LS", &ukko_local_scope_type, NULL},
    {"S", &ukko_reply_success_type, decode_boxed},
    {"SM", &ukko_reply_error_type, decode_error_text},
    {"SE", &ukko_reply_exception_type, decode_boxed},
    {"SA", &ukko_reply_ack_type, NULL},
};

const char *uk_misc_class(ukko_slice manifest) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (uk_slice_is(manifest, rows[i].manifest)) return rows[i].type->class_name;
    if (uk_slice_is(manifest, "F")) return "java.lang.Throwable";
    if (uk_slice_is(manifest, "TNSEX"))
        return "org.apache.pekko.remote.serialization.ThrowableNotSerializableException";
    if (uk_slice_is(manifest, "AIEX")) return "org.apache.pekko.actor.ActorInitializationException";
    const ukko_type *t = uk_deploy_type(manifest);
    return t ? t->class_name : NULL;
}
static int decode_row(uk_dec *d, const misc_row *row, ukko_slice in, ukko_msg **out) {
    ukko_msg *m = ukko_msg_new(row->type);
    int rc = row->decode ? row->decode(d, row->type, in, m) : UKKO_OK;
    if (rc) {
        ukko_msg_release(m);
        return rc;
    }
    *out = m;
    return UKKO_OK;
}
int uk_misc_decode(uk_dec *d, ukko_slice manifest, ukko_slice in, ukko_msg **out) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (uk_slice_is(manifest, rows[i].manifest)) return decode_row(d, &rows[i], in, out);
    if (uk_slice_is(manifest, "F") || uk_slice_is(manifest, "TNSEX") ||
        uk_slice_is(manifest, "AIEX"))
        return uk_throwable_decode(d, manifest, in, out);
    return uk_deploy_decode(d, manifest, in, out);
}
