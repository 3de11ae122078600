/* SPDX-License-Identifier: Apache-2.0 */
/* DaemonMsgCreate on the wire, in today's format and the old one. Any thread; foreign bytes. */
#include "serial/daemon.h"
#include "base/mem.h"
#include "serial/codec.h"

/* ---- writing ---- */

/* Fields of DeployData for a nested value: bytes, serializer id, manifest. */
static int put_value(uk_enc *e, uint32_t field, const ukko_msg *msg, int32_t *id,
                     ukko_slice *manifest) {
    size_t mark = uk_pb_begin(e->out, field);
    int rc = uk_encode_body(e, msg, id, manifest);
    if (!rc) uk_pb_end(e->out, mark);
    return rc;
}
static void put_kind(uk_buf *out, uint32_t field, int32_t id, ukko_slice manifest) {
    uk_pb_int(out, field, id);
    uk_pb_bytes(out, field + 1, manifest.ptr, manifest.len);
}
static int put_deploy(uk_enc *e, uint32_t field, const uk_daemon_deploy *p) {
    int32_t router_id = 0, scope_id = 0;
    ukko_slice router = {NULL, 0}, scope = {NULL, 0};
    size_t mark = uk_pb_begin(e->out, field);
    int rc = UKKO_OK;
    uk_pb_str(e->out, 1, p->path ? p->path : "");
    uk_pb_str(e->out, 2, p->config ? p->config : "{}");
    if (p->router) rc = put_value(e, 3, p->router, &router_id, &router);
    if (!rc && p->scope) rc = put_value(e, 4, p->scope, &scope_id, &scope);
    if (rc) return rc;
    if (p->dispatcher) uk_pb_str(e->out, 5, p->dispatcher);
    if (p->scope) put_kind(e->out, 6, scope_id, scope);
    put_kind(e->out, 8, UKKO_SER_MISC, ukko_str("CF"));
    if (p->router) put_kind(e->out, 10, router_id, router);
    for (size_t i = 0; i < p->n_tags; i++) uk_pb_str(e->out, 12, p->tags[i]);
    uk_pb_end(e->out, mark);
    return UKKO_OK;
}
typedef struct arg_kind {
    int32_t id;
    ukko_slice manifest; /* a class name when has is false */
    bool has;
} arg_kind;
static int put_arg(uk_enc *e, const ukko_msg *arg, arg_kind *kind) {
    int rc = put_value(e, 4, arg, &kind->id, &kind->manifest);
    kind->has = kind->manifest.len != 0;
    if (!kind->has) kind->manifest = ukko_str(arg ? ukko_msg_class(arg) : "null");
    return rc;
}
static int put_args(uk_enc *e, const uk_daemon_create *c, arg_kind *kinds) {
    for (size_t i = 0; i < c->n_args; i++) {
        int rc = put_arg(e, c->args[i], &kinds[i]);
        if (rc) return rc;
    }
    for (size_t i = 0; i < c->n_args; i++)
        uk_pb_bytes(e->out, 5, kinds[i].manifest.ptr, kinds[i].manifest.len);
    for (size_t i = 0; i < c->n_args; i++) uk_pb_int(e->out, 6, kinds[i].id);
    for (size_t i = 0; i < c->n_args; i++) uk_pb_int(e->out, 7, kinds[i].has);
    return UKKO_OK;
}
static int put_props(uk_enc *e, const uk_daemon_create *c) {
    arg_kind kinds[UK_MAX_ARGS];
    size_t mark = uk_pb_begin(e->out, 1);
    int rc = put_deploy(e, 2, &c->props);
    if (rc) return rc;
    uk_pb_str(e->out, 3, c->class_name);
    if ((rc = put_args(e, c, kinds))) return rc;
    uk_pb_end(e->out, mark);
    return UKKO_OK;
}
static int put_create(uk_enc *e, const uk_daemon_create *c) {
    int rc = put_props(e, c);
    if (rc || (rc = put_deploy(e, 2, &c->deploy))) return rc;
    uk_pb_str(e->out, 3, c->path);
    size_t mark = uk_pb_begin(e->out, 4);
    uk_pb_str(e->out, 1, c->supervisor);
    uk_pb_end(e->out, mark);
    return UKKO_OK;
}
int uk_daemon_encode(uk_serial *s, const uk_daemon_create *c, uk_buf *out, ukko_error *err) {
    uk_enc e = {s, out, err, 0};
    size_t before = out->len;
    if (!c->class_name || !c->path || !c->supervisor)
        return uk_error(err, UKKO_EINVAL, "a deployment without class, path or supervisor");
    if (c->n_args > UK_MAX_ARGS)
        return uk_error(err, UKKO_ETOOBIG, "%zu arguments are too many", c->n_args);
    int rc = put_create(&e, c);
    if (rc) out->len = before;
    return rc;
}

/* ---- reading ---- */

/* A nested value; without a serializer id it is the old format, which was Java's except for a
   configuration. */
static int read_value(uk_dec *d, const uk_daemon_value *v, ukko_msg **out) {
    if (!v->bytes.ptr) return UKKO_OK;
    if (!v->has_serializer) return uk_dec_fail(d, UKKO_ENOTSERIAL, "a deployment in the old format");
    return uk_decode_body(d, v->serializer, v->manifest, v->bytes, out);
}
static int read_config(uk_dec *d, const uk_daemon_value *v, ukko_msg *m, const char **out) {
    ukko_msg *cfg = NULL;
    bool old = !v->has_serializer;
    if (!v->bytes.ptr) return UKKO_OK;
    int rc = uk_decode_body(d, old ? UKKO_SER_MISC : v->serializer,
                            old ? ukko_str("CF") : v->manifest, v->bytes, &cfg);
    if (rc) return rc;
    const ukko_string *s = ukko_msg_get(cfg, &ukko_config_type);
    if (s)
        *out = uk_dec_text(m, (ukko_slice){(const uint8_t *)s->text, s->len});
    else
        rc = uk_dec_fail(d, UKKO_EPARSE, "the configuration of a deployment is none");
    ukko_msg_release(cfg);
    return rc;
}
static int open_deploy(uk_dec *d, ukko_msg *m, uk_daemon_deploy *p) {
    int rc = read_config(d, &p->raw_config, m, &p->config);
    if (!rc) rc = read_value(d, &p->raw_router, &p->router);
    return rc ? rc : read_value(d, &p->raw_scope, &p->scope);
}
static void set_serializer(uk_daemon_value *v, const uk_pb_field *f) {
    v->serializer = (int32_t)f->value;
    v->has_serializer = true;
}
static void split_deploy_field(const uk_pb_field *f, uk_daemon_deploy *p) {
    switch (f->number << 3 | f->wire) {
    case 2 << 3 | UK_PB_BYTES: p->raw_config.bytes = f->bytes; break;
    case 3 << 3 | UK_PB_BYTES: p->raw_router.bytes = f->bytes; break;
    case 4 << 3 | UK_PB_BYTES: p->raw_scope.bytes = f->bytes; break;
    case 6 << 3 | UK_PB_VARINT: set_serializer(&p->raw_scope, f); break;
    case 7 << 3 | UK_PB_BYTES: p->raw_scope.manifest = f->bytes; break;
    case 8 << 3 | UK_PB_VARINT: set_serializer(&p->raw_config, f); break;
    case 9 << 3 | UK_PB_BYTES: p->raw_config.manifest = f->bytes; break;
    case 10 << 3 | UK_PB_VARINT: set_serializer(&p->raw_router, f); break;
    case 11 << 3 | UK_PB_BYTES: p->raw_router.manifest = f->bytes; break;
    default: break;
    }
}
static int read_tags(uk_dec *d, ukko_msg *m, ukko_slice bytes, uk_daemon_deploy *p) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    size_t n = 0;
    while (uk_pb_next(&in, &f) > 0) n += f.number == 12 && f.wire == UK_PB_BYTES;
    if (n > UK_MAX_ARGS) return uk_dec_fail(d, UKKO_ETOOBIG, "%zu tags", n);
    p->tags = ukko_msg_alloc(m, n * sizeof *p->tags);
    p->n_tags = 0;
    in = uk_pb_of(bytes);
    while (uk_pb_next(&in, &f) > 0)
        if (f.number == 12 && f.wire == UK_PB_BYTES) p->tags[p->n_tags++] = uk_dec_text(m, f.bytes);
    return UKKO_OK;
}
static int read_deploy(uk_dec *d, ukko_msg *m, ukko_slice bytes, uk_daemon_deploy *p) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    ukko_slice last[5];
    if (uk_pb_last(bytes, last, 5) || !last[0].ptr)
        return uk_dec_fail(d, UKKO_EPARSE, "a deployment is malformed");
    p->path = uk_dec_text(m, last[0]);
    p->dispatcher = uk_dec_field(m, last[4], NULL);
    while (uk_pb_next(&in, &f) > 0) split_deploy_field(&f, p);
    return read_tags(d, m, bytes, p);
}

static size_t count(ukko_slice bytes, uint32_t number) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    size_t n = 0;
    while (uk_pb_next(&in, &f) > 0) n += f.number == number;
    return n;
}
/* There are as many arguments as serializer ids, in the old format as values; what lists hold beyond
   that means nothing. */
static int read_raw_args(uk_dec *d, ukko_msg *m, ukko_slice bytes, uk_daemon_create *c) {
    size_t values = count(bytes, 4), ids = count(bytes, 6), names = count(bytes, 5);
    size_t n = ids ? ids : values, has = count(bytes, 7);
    size_t at[4] = {0};
    if (n > UK_MAX_ARGS) return uk_dec_fail(d, UKKO_ETOOBIG, "%zu arguments", n);
    if (ids ? values < n || names < n || has < n : names != n || has > 0)
        return uk_dec_fail(d, UKKO_EPARSE, "the arguments of a deployment do not match");
    c->raw = ukko_msg_alloc(m, n * sizeof *c->raw);
    c->n_args = n;
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    while (uk_pb_next(&in, &f) > 0) {
        bool text = f.wire == UK_PB_BYTES, number = f.wire == UK_PB_VARINT;
        if (f.number < 4 || f.number > 7 || !(f.number < 6 ? text : number)) continue;
        if (at[f.number - 4] >= n) continue;
        uk_daemon_value *v = &c->raw[at[f.number - 4]++];
        if (f.number == 4) v->bytes = f.bytes;
        if (f.number == 5) v->manifest = f.bytes;
        if (f.number == 6) set_serializer(v, &f);
        if (f.number == 7) v->has_manifest = f.value != 0;
    }
    return UKKO_OK;
}
static int read_props(uk_dec *d, ukko_msg *m, ukko_slice bytes, uk_daemon_create *c) {
    ukko_slice in[3];
    if (uk_dec_last(m, bytes, in, 3, 2) || !in[1].ptr || !in[2].ptr)
        return uk_dec_fail(d, UKKO_EPARSE, "the props of a deployment are malformed");
    c->class_name = uk_dec_text(m, in[2]);
    int rc = read_deploy(d, m, in[1], &c->props);
    return rc ? rc : read_raw_args(d, m, bytes, c);
}
/* With a NUL inside there is no path, for a JVM as well. */
static const char *path_text(ukko_msg *m, ukko_slice bytes) {
    return bytes.len && memchr(bytes.ptr, 0, bytes.len) ? "" : uk_dec_text(m, bytes);
}
static int read_supervisor(uk_dec *d, ukko_msg *m, ukko_slice bytes, const char **out) {
    ukko_slice path;
    if (uk_pb_last(bytes, &path, 1) || !path.ptr)
        return uk_dec_fail(d, UKKO_EPARSE, "no supervisor");
    *out = path_text(m, path);
    return UKKO_OK;
}
static int read_create(uk_dec *d, ukko_slice bytes, uk_daemon_create *c) {
    enum { PROPS, DEPLOY, PATH, SUPERVISOR, N };
    ukko_slice in[N];
    unsigned embedded = 1U << PROPS | 1U << DEPLOY | 1U << SUPERVISOR;
    bool bad = uk_dec_last(c->memory, bytes, in, N, embedded) != UKKO_OK;
    for (int i = 0; i < N; i++) bad |= !in[i].ptr;
    if (bad) return uk_dec_fail(d, UKKO_EPARSE, "a deployment is malformed");
    c->path = path_text(c->memory, in[PATH]);
    int rc = read_props(d, c->memory, in[PROPS], c);
    if (!rc) rc = read_deploy(d, c->memory, in[DEPLOY], &c->deploy);
    return rc ? rc : read_supervisor(d, c->memory, in[SUPERVISOR], &c->supervisor);
}
int uk_daemon_decode(uk_serial *s, ukko_slice bytes, uk_daemon_create **out, ukko_error *err) {
    uk_dec d = {s, err, 0, false};
    uk_daemon_create *c = uk_zalloc(sizeof *c);
    c->memory = ukko_msg_new(&ukko_null_type);
    *out = NULL;
    int rc = read_create(&d, bytes, c);
    if (rc) {
        uk_daemon_free(c);
        return rc;
    }
    *out = c;
    return UKKO_OK;
}

/* The old format names the class of the argument; only plain values can be told by it. */
static int decode_old(uk_dec *d, const uk_daemon_value *v, ukko_msg **out) {
    static const ukko_type *const known[] = {&ukko_string_type, &ukko_long_type,
                                             &ukko_int_type,    &ukko_bool_type,
                                             &ukko_bytes_type,  &ukko_bytestring_type};
    if (uk_slice_is(v->manifest, "null") && !v->bytes.len) return UKKO_OK;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (uk_slice_is(v->manifest, known[i]->class_name))
            return uk_decode_body(d, known[i]->serializer, (ukko_slice){NULL, 0}, v->bytes, out);
    const ukko_type *t = uk_serial_find_jackson(d->s, UKKO_SER_JACKSON_JSON, v->manifest);
    if (!t) t = uk_serial_find(d->s, UKKO_SER_PROTOBUF, v->manifest);
    if (t) return uk_decode_body(d, uk_serial_entry_of(d->s, t)->id, v->manifest, v->bytes, out);
    return uk_dec_fail(d, UKKO_ENOTFOUND, "an argument of class [%.*s] cannot be read",
                       (int)(v->manifest.len < 200 ? v->manifest.len : 200),
                       (const char *)v->manifest.ptr);
}
int uk_daemon_open(uk_serial *s, uk_daemon_create *c, ukko_error *err) {
    uk_dec d = {s, err, 0, false};
    if (c->args) return UKKO_OK;
    int bad = open_deploy(&d, c->memory, &c->props);
    if (!bad) bad = open_deploy(&d, c->memory, &c->deploy);
    if (bad) return bad;
    c->args = uk_zalloc((c->n_args + 1) * sizeof *c->args);
    for (size_t i = 0; i < c->n_args; i++) {
        const uk_daemon_value *v = &c->raw[i];
        ukko_slice manifest = v->has_manifest ? v->manifest : (ukko_slice){NULL, 0};
        int rc = !v->has_serializer ? decode_old(&d, v, &c->args[i])
                                    : uk_check_manifest(&d, v->serializer, manifest);
        if (!rc && v->has_serializer)
            rc = uk_decode_body(&d, v->serializer, manifest, v->bytes, &c->args[i]);
        if (rc) return rc;
    }
    return UKKO_OK;
}
void uk_daemon_free(uk_daemon_create *c) {
    if (!c) return;
    uk_daemon_deploy *deploys[] = {&c->props, &c->deploy};
    for (int i = 0; i < 2; i++) {
        ukko_msg_release(deploys[i]->router);
        ukko_msg_release(deploys[i]->scope);
    }
    for (size_t i = 0; c->args && i < c->n_args; i++) ukko_msg_release(c->args[i]);
    uk_free(c->args);
    ukko_msg_release(c->memory);
    uk_free(c);
}
