/* SPDX-License-Identifier: Apache-2.0 */
/* Serializer 16, the part for deployment: scopes, configurations, router pools and resizers. A
   configuration from a peer is HOCON and kept as JSON: what it could include is never looked at.
   Any thread. */
#include "serial/codec.h"
#include "config/internal.h"

static const char *const pool_manifests[] = {NULL,    "ROBAP", "ROBP", "RORP",
                                             "RORRP", "ROSGP", "ROTCP"};

bool uk_deploy_knows(const ukko_type *t) {
    return t == &ukko_remote_scope_type || t == &ukko_config_type ||
           t == &ukko_default_resizer_type || t == &ukko_pool_type || t == &ukko_from_config_type ||
           t == &ukko_remote_router_config_type;
}

/* ---- writing ---- */

static void put_double(uk_buf *out, uint32_t field, double v) {
    uint64_t bits;
    memcpy(&bits, &v, 8);
    uk_pb_fixed64(out, field, bits);
}
static void put_duration(uk_buf *out, uint32_t field, const ukko_duration *v) {
    size_t mark = uk_pb_begin(out, field);
    uk_pb_int(out, 1, v->value);
    uk_pb_int(out, 2, v->unit);
    uk_pb_end(out, mark);
}
static bool timed(const ukko_pool *p) { /* has it the durations that it needs? */
    return p->within.unit >= 1 && p->within.unit <= 7 &&
           (p->kind != UKKO_POOL_TAIL_CHOPPING || (p->interval.unit >= 1 && p->interval.unit <= 7));
}
static int put_generic_pool(uk_enc *e, const ukko_pool *p) {
    uk_pb_int(e->out, 1, p->instances);
    if (p->dispatcher) uk_pb_str(e->out, 2, p->dispatcher);
    uk_pb_int(e->out, 3, p->use_pool_dispatcher);
    return p->resizer ? uk_enc_payload_field(e, 4, p->resizer) : UKKO_OK;
}
static int encode_pool(uk_enc *e, const ukko_msg *msg, ukko_slice *manifest) {
    const ukko_pool *p = uk_msg_body(msg);
    if (p->kind < UKKO_POOL_BALANCING || p->kind > UKKO_POOL_TAIL_CHOPPING)
        return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "unknown kind of pool");
    *manifest = ukko_str(pool_manifests[p->kind]);
    if (p->kind < UKKO_POOL_SCATTER_GATHER) return put_generic_pool(e, p);
    if (!timed(p)) return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "a duration without unit");
    size_t mark = uk_pb_begin(e->out, 1);
    int rc = put_generic_pool(e, p);
    if (rc) return rc;
    uk_pb_end(e->out, mark);
    put_duration(e->out, 2, &p->within);
    if (p->kind == UKKO_POOL_TAIL_CHOPPING) put_duration(e->out, 3, &p->interval);
    return UKKO_OK;
}
static int encode_resizer(uk_enc *e, const ukko_default_resizer *r) {
    uk_pb_int(e->out, 1, r->lower_bound);
    uk_pb_int(e->out, 2, r->upper_bound);
    uk_pb_int(e->out, 3, r->pressure_threshold);
    put_double(e->out, 4, r->rampup_rate);
    put_double(e->out, 5, r->backoff_threshold);
    put_double(e->out, 6, r->backoff_rate);
    uk_pb_int(e->out, 7, r->messages_per_resize);
    return UKKO_OK;
}
static int encode_from_config(uk_enc *e, const ukko_from_config *c) {
    int rc = c->resizer ? uk_enc_payload_field(e, 1, c->resizer) : UKKO_OK;
    if (!rc && c->dispatcher) uk_pb_str(e->out, 2, c->dispatcher);
    return rc;
}
static bool whole(const ukko_address *a) { return a->protocol && a->system && a->host; }
static int encode_router_config(uk_enc *e, const ukko_msg *msg) {
    const ukko_remote_router_config *c = uk_msg_body(msg);
    int rc = uk_enc_payload_field(e, 1, c->local);
    for (size_t i = 0; !rc && i < c->n_nodes; i++) {
        if (!whole(&c->nodes[i])) return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "host missing");
        uk_put_address(e->out, 2, &c->nodes[i]);
    }
    return rc;
}
static int encode_config(uk_enc *e, const ukko_string *s) {
    size_t len = s->len || !s->text ? s->len : strlen(s->text);
    uk_buf_put(e->out, len ? s->text : "{}", len ? len : 2);
    return UKKO_OK;
}
int uk_deploy_encode(uk_enc *e, const ukko_msg *msg, ukko_slice *manifest) {
    const ukko_type *t = msg->type;
    const void *body = uk_msg_body(msg);
    if (t == &ukko_config_type) return encode_config(e, body);
    if (t == &ukko_pool_type) return encode_pool(e, msg, manifest);
    if (t == &ukko_default_resizer_type) return encode_resizer(e, body);
    if (t == &ukko_from_config_type) return encode_from_config(e, body);
    if (t == &ukko_remote_router_config_type) return encode_router_config(e, msg);
    if (!whole(body)) return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "host or port missing");
    uk_put_address(e->out, 1, body);
    return UKKO_OK;
}

/* ---- reading ---- */

/* Beyond 292 years, in nanoseconds, there is no duration for a JVM. */
static bool too_long(const ukko_duration *v) {
    static const int64_t ns[] = {0,           1,           1000,          1000000,
                                 1000000000, 60000000000, 3600000000000, 86400000000000};
    int64_t most = INT64_MAX / ns[v->unit];
    return v->value > most || v->value < -most;
}
static int read_duration(uk_dec *d, ukko_slice bytes, ukko_duration *out) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    bool has_value = false;
    int rc;
    while ((rc = uk_pb_next(&in, &f)) > 0) {
        if (f.wire != UK_PB_VARINT) continue;
        if (f.number == 1) {
            out->value = (int64_t)f.value;
            has_value = true;
        } else if (f.number == 2 && f.value >= 1 && f.value <= 7) {
            out->unit = (int32_t)f.value;
        }
    }
    if (rc < 0 || out->unit < 1 || out->unit > 7 || !has_value || too_long(out))
        return uk_dec_fail(d, UKKO_EPARSE, "a duration is malformed");
    return UKKO_OK;
}
static int read_nested(uk_dec *d, ukko_slice bytes, ukko_msg **out) {
    return bytes.ptr ? uk_dec_payload(d, bytes, out) : UKKO_OK;
}
static int read_resizer(uk_dec *d, ukko_slice bytes, ukko_msg **out) {
    int rc = read_nested(d, bytes, out);
    if (!rc && *out && (*out)->type != &ukko_default_resizer_type)
        return uk_dec_fail(d, UKKO_EPARSE, "the resizer is none");
    return rc;
}
static int read_generic_pool(uk_dec *d, ukko_slice bytes, ukko_msg *m) {
    ukko_pool *p = ukko_msg_body(m);
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    ukko_slice last[4];
    unsigned seen = 0;
    if (uk_dec_last(m, bytes, last, 4, 8)) return uk_dec_fail(d, UKKO_EPARSE, "a pool is malformed");
    while (uk_pb_next(&in, &f) > 0) {
        if (f.wire != UK_PB_VARINT || f.number > 3) continue;
        seen |= 1U << f.number;
        if (f.number == 1) p->instances = (uint32_t)f.value;
        if (f.number == 3) p->use_pool_dispatcher = f.value != 0;
    }
    if (!(seen & 2) || !(seen & 8))
        return uk_dec_fail(d, UKKO_EPARSE, "a pool without its size or its dispatcher's flag");
    p->dispatcher = uk_dec_field(m, last[1], NULL);
    return read_resizer(d, last[3], &p->resizer);
}
static int decode_timed_pool(uk_dec *d, ukko_slice bytes, ukko_msg *m) {
    ukko_pool *p = ukko_msg_body(m);
    ukko_slice in[3];
    if (uk_dec_last(m, bytes, in, 3, 7)) return uk_dec_fail(d, UKKO_EPARSE, "a pool is malformed");
    if (!in[0].ptr) return uk_dec_fail(d, UKKO_EPARSE, "a pool without its general part");
    int rc = read_generic_pool(d, in[0], m);
    if (!rc && in[1].ptr) rc = read_duration(d, in[1], &p->within);
    if (!rc && in[2].ptr) rc = read_duration(d, in[2], &p->interval);
    if (rc) return rc;
    return timed(p) ? UKKO_OK : uk_dec_fail(d, UKKO_EPARSE, "a pool without its times");
}
static int decode_pool(uk_dec *d, int32_t kind, ukko_slice in, ukko_msg **out) {
    ukko_msg *m = ukko_msg_new(&ukko_pool_type);
    ((ukko_pool *)ukko_msg_body(m))->kind = kind;
    *out = m;
    if (kind >= UKKO_POOL_SCATTER_GATHER) return decode_timed_pool(d, in, m);
    return read_generic_pool(d, in, m);
}
static double as_double(uint64_t bits) {
    double v;
    memcpy(&v, &bits, 8);
    return v;
}
/* What a JVM's resizer demands of its settings; its whole numbers are signed. */
static bool sound(const ukko_default_resizer *r) {
    return (int32_t)r->lower_bound >= 0 && (int32_t)r->upper_bound >= 0 &&
           r->upper_bound >= r->lower_bound && !(r->rampup_rate < 0) &&
           !(r->backoff_threshold > 1) && !(r->backoff_rate < 0) &&
           (int32_t)r->messages_per_resize > 0;
}
static int decode_resizer(uk_dec *d, ukko_slice bytes, ukko_msg **out) {
    ukko_default_resizer *r = ukko_msg_body(*out = ukko_msg_new(&ukko_default_resizer_type));
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    unsigned seen = 0;
    int rc;
    while ((rc = uk_pb_next(&in, &f)) > 0) {
        bool fits = f.wire == (f.number >= 4 && f.number <= 6 ? UK_PB_FIXED64 : UK_PB_VARINT);
        if (f.number <= 7 && fits) seen |= 1U << f.number;
        switch (f.number << 3 | f.wire) {
        case 1 << 3 | UK_PB_VARINT: r->lower_bound = (uint32_t)f.value; break;
        case 2 << 3 | UK_PB_VARINT: r->upper_bound = (uint32_t)f.value; break;
        case 3 << 3 | UK_PB_VARINT: r->pressure_threshold = (uint32_t)f.value; break;
        case 4 << 3 | UK_PB_FIXED64: r->rampup_rate = as_double(f.value); break;
        case 5 << 3 | UK_PB_FIXED64: r->backoff_threshold = as_double(f.value); break;
        case 6 << 3 | UK_PB_FIXED64: r->backoff_rate = as_double(f.value); break;
        case 7 << 3 | UK_PB_VARINT: r->messages_per_resize = (uint32_t)f.value; break;
        default: break;
        }
    }
    if (rc < 0 || seen != 0xfe) return uk_dec_fail(d, UKKO_EPARSE, "a resizer is malformed");
    return sound(r) ? UKKO_OK : uk_dec_fail(d, UKKO_EINVAL, "a resizer that cannot be");
}
static int decode_from_config(uk_dec *d, ukko_slice bytes, ukko_msg **out) {
    ukko_msg *m = *out = ukko_msg_new(&ukko_from_config_type);
    ukko_from_config *c = ukko_msg_body(m);
    ukko_slice in[2];
    if (uk_dec_last(m, bytes, in, 2, 1)) return uk_dec_fail(d, UKKO_EPARSE, "malformed");
    c->dispatcher = uk_dec_field(m, in[1], NULL);
    return read_resizer(d, in[0], &c->resizer);
}
static int read_nodes(uk_dec *d, ukko_msg *m, ukko_slice bytes, ukko_remote_router_config *c) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    size_t n = 0;
    while (uk_pb_next(&in, &f) > 0) n += f.number == 2 && f.wire == UK_PB_BYTES;
    if (n > UK_MAX_LIST) return uk_dec_fail(d, UKKO_ETOOBIG, "%zu nodes", n);
    c->nodes = ukko_msg_alloc(m, n * sizeof *c->nodes);
    in = uk_pb_of(bytes);
    while (uk_pb_next(&in, &f) > 0) {
        if (f.number != 2 || f.wire != UK_PB_BYTES) continue;
        int rc = uk_get_address(d, m, f.bytes, &c->nodes[c->n_nodes++]);
        if (rc) return rc;
    }
    return UKKO_OK;
}
static bool is_pool(const ukko_type *t) {
    return t == &ukko_pool_type || t == &ukko_from_config_type;
}
static int decode_router_config(uk_dec *d, ukko_slice bytes, ukko_msg **out) {
    ukko_msg *m = *out = ukko_msg_new(&ukko_remote_router_config_type);
    ukko_remote_router_config *c = ukko_msg_body(m);
    ukko_slice local;
    int bad = uk_dec_last(m, bytes, &local, 1, 1);
    int rc = bad ? UKKO_OK : read_nested(d, local, &c->local);
    if (rc) return rc;
    if (!c->local || !is_pool(c->local->type))
        return uk_dec_fail(d, UKKO_EPARSE, "a router without its local pool");
    rc = read_nodes(d, m, bytes, c);
    return rc || c->n_nodes ? rc : uk_dec_fail(d, UKKO_EINVAL, "a router without nodes");
}
static int decode_scope(uk_dec *d, ukko_slice bytes, ukko_msg **out) {
    ukko_msg *m = *out = ukko_msg_new(&ukko_remote_scope_type);
    ukko_slice node;
    if (uk_dec_last(m, bytes, &node, 1, 1) || !node.ptr)
        return uk_dec_fail(d, UKKO_EPARSE, "a scope without node");
    return uk_get_address(d, m, node, ukko_msg_body(m));
}
static int decode_config(uk_dec *d, ukko_slice in, ukko_msg **out) {
    ukko_msg *m = *out = ukko_msg_new(&ukko_config_type);
    ukko_string *s = ukko_msg_body(m);
    ukko_config *cfg;
    ukko_error err = {0, ""};
    uk_buf fixed = {0};
    if (!uk_utf8_valid(in)) {
        uk_utf8_repair(in, &fixed);
        in = uk_buf_slice(&fixed);
    }
    int rc = uk_config_parse_message(&cfg, in, "message", &err);
    uk_buf_fini(&fixed);
    if (rc) return uk_dec_fail(d, rc, "%s", err.message);
    char *text = ukko_config_render(cfg, 0);
    ukko_config_release(cfg);
    if (!text) return uk_dec_fail(d, UKKO_ETOOBIG, "the configuration is too long");
    *s = (ukko_string){ukko_msg_strdup(m, text), strlen(text)};
    uk_free(text);
    return UKKO_OK;
}
const ukko_type *uk_deploy_type(ukko_slice manifest) {
    static const ukko_type *const types[] = {&ukko_config_type, &ukko_remote_scope_type,
                                             &ukko_default_resizer_type, &ukko_from_config_type,
                                             &ukko_remote_router_config_type};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (uk_slice_is(manifest, types[i]->manifest)) return types[i];
    for (int32_t i = UKKO_POOL_BALANCING; i <= UKKO_POOL_TAIL_CHOPPING; i++)
        if (uk_slice_is(manifest, pool_manifests[i])) return &ukko_pool_type;
    return NULL;
}
static int decode_deploy(uk_dec *d, ukko_slice manifest, ukko_slice in, ukko_msg **out) {
    if (uk_slice_is(manifest, "CF")) return decode_config(d, in, out);
    if (uk_slice_is(manifest, "RS")) return decode_scope(d, in, out);
    if (uk_slice_is(manifest, "DR")) return decode_resizer(d, in, out);
    if (uk_slice_is(manifest, "FC")) return decode_from_config(d, in, out);
    if (uk_slice_is(manifest, "RORRC")) return decode_router_config(d, in, out);
    for (int32_t i = UKKO_POOL_BALANCING; i <= UKKO_POOL_TAIL_CHOPPING; i++)
        if (uk_slice_is(manifest, pool_manifests[i])) return decode_pool(d, i, in, out);
    return uk_dec_fail(d, UKKO_ENOTFOUND, "unknown manifest");
}
int uk_deploy_decode(uk_dec *d, ukko_slice manifest, ukko_slice in, ukko_msg **out) {
    ukko_msg *m = NULL;
    int rc = decode_deploy(d, manifest, in, &m);
    if (rc) {
        ukko_msg_release(m);
        return rc;
    }
    *out = m;
    return UKKO_OK;
}
