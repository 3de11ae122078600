/* SPDX-License-Identifier: Apache-2.0 */
/* Jackson's serializers, JSON (31, and 32: old "CBOR" that was JSON) and CBOR (33), and those that a
   configuration makes of the same classes: which class, which version, compression, and messages of
   classes without a C struct. The tables are walked in jackson_read.c and jackson_write.c. Any
   thread. */
#include "serial/jackson.h"
#include "base/mem.h"
#include "serial/compress.h"
#include "serial/tree.h"

enum { OLD_CBOR = 32 }; /* "jackson-cbor-264" */

/* ---- writing ---- */

static int compress_from(uk_enc *e, const uk_serializer *ser, size_t start) {
    size_t len = e->out->len - start;
    if ((!ser->gzip && !ser->lz4) || (int64_t)len <= ser->larger) return UKKO_OK;
    uk_buf packed = {0};
    ukko_slice plain = {e->out->ptr + start, len};
    int rc = ser->gzip ? uk_gzip(plain, &packed) : uk_lz4(plain, &packed);
    if (!rc) {
        e->out->len = start;
        uk_buf_put(e->out, packed.ptr, packed.len);
    }
    uk_buf_fini(&packed);
    return rc;
}
static int write_json_text(uk_enc *e, const ukko_msg *msg, bool cbor) {
    const ukko_json *j = uk_msg_body(msg);
    ukko_slice text = {(const uint8_t *)j->text, j->len ? j->len : strlen(j->text)};
    if (uk_json_valid(text, UK_MAX_TREE, false))
        return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "its text is not JSON");
    if (!cbor) {
        uk_buf_put(e->out, text.ptr, text.len);
        return UKKO_OK;
    }
    uk_reader r;
    uk_writer w = {e->out, true, false};
    uk_reader_init(&r, text, false, UK_MAX_TREE);
    int rc = uk_reader_next(&r);
    if (!rc) rc = uk_transcode(&r, &w);
    uk_reader_fini(&r);
    return rc;
}
/* The serializer that a message goes with when its type was not registered. */
static const uk_serializer *default_of(uk_enc *e, const ukko_msg *msg) {
    const ukko_json *j = ukko_msg_get(msg, &ukko_json_type);
    int32_t id = msg->type->serializer;
    if (j) id = j->cbor ? UKKO_SER_JACKSON_CBOR : UKKO_SER_JACKSON_JSON;
    return uk_serializer_meant(&e->s->set, id);
}
/* With the version of a migration; a view that lives as long as the registry or the message. */
static ukko_slice written_class(const uk_serial *s, const char *name) {
    const uk_migration *m = uk_serial_migration(s, ukko_str(name));
    return ukko_str(m ? m->manifest : name);
}
int uk_jackson_encode(uk_enc *e, const ukko_msg *msg, const uk_serializer *ser, int32_t *id,
                      ukko_slice *manifest) {
    const ukko_type *t = msg->type;
    const ukko_json *j = ukko_msg_get(msg, &ukko_json_type);
    size_t start = e->out->len;
    bool registered = ser != NULL;
    int rc;
    if (!ser && !(ser = default_of(e, msg)))
        return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "Jackson's serializer is not configured");
    bool cbor = ser->family == UK_FAMILY_CBOR;
    *id = ser->id;
    if (j)
        *manifest = written_class(e->s, j->class_name);
    else if (!registered)
        *manifest = written_class(e->s, t->manifest     ? t->manifest
                                        : t->class_name ? t->class_name
                                                        : t->name);
    if (j)
        rc = write_json_text(e, msg, cbor);
    else if (t->codec && t->codec->encode)
        rc = uk_user_encode(e, msg);
    else
        rc = uk_jackson_write(e, t, ser, uk_msg_body(msg), cbor);
    return rc ? rc : compress_from(e, ser, start);
}

/* ---- reading ---- */

typedef struct incoming { /* one message on its way */
    uk_dec *d;
    const uk_serializer *ser;
    ukko_slice name; /* of the class */
    int32_t version;
    const ukko_migration *migration; /* to go through; NULL: none */
} incoming;

/* "class#3": what is after the last '#' is the version of the class. */
static int split_version(uk_dec *d, ukko_slice manifest, ukko_slice *name, int32_t *version) {
    *name = manifest;
    *version = 1;
    const uint8_t *hash = manifest.len ? memrchr(manifest.ptr, '#', manifest.len) : NULL;
    if (!hash) return UKKO_OK;
    size_t digits = manifest.len - (size_t)(hash - manifest.ptr) - 1;
    int32_t v = 0;
    for (size_t i = 1; i <= digits; i++) {
        if (hash[i] < '0' || hash[i] > '9' || v > 99999999)
            return uk_dec_fail(d, UKKO_EPARSE, "the version in the manifest is no number");
        v = v * 10 + (hash[i] - '0');
    }
    name->len = (size_t)(hash - manifest.ptr);
    *version = digits ? v : 1;
    return UKKO_OK;
}
/* Which functions the message goes through, and what class it is then. */
static int find_migration(incoming *in) {
    const uk_migration *found = uk_serial_migration(in->d->s, in->name);
    if (!found) return UKKO_OK;
    const ukko_migration *m = found->of;
    int32_t forward = m->forward ? m->forward : m->version;
    if (in->version > forward)
        return uk_dec_fail(in->d, UKKO_EPARSE,
                           "migration version %d is behind version %d of deserialized type [%s]",
                           (int)forward, (int)in->version, m->class_name);
    if (in->version == m->version) return UKKO_OK;
    in->migration = m;
    const char *now = m->rename_class ? m->rename_class(in->version, m->class_name, m->data) : NULL;
    if (now) in->name = ukko_str(now);
    return UKKO_OK;
}
static int unknown_class(const incoming *in) {
    return uk_dec_fail(in->d, UKKO_ENOTFOUND,
                       "class [%.*s] is not registered, nor does an allowed-class-prefix fit",
                       (int)(in->name.len < 200 ? in->name.len : 200), (const char *)in->name.ptr);
}
static int to_json_text(const incoming *in, ukko_slice bytes, bool cbor, uk_buf *out) {
    uk_reader r;
    uk_writer w = {out, false, false};
    if (!cbor) {
        int bad = uk_json_fits(bytes, &in->ser->limits);
        if (!bad) uk_buf_put(out, bytes.ptr, bytes.len);
        return bad;
    }
    int rc = uk_reader_open(&r, bytes, true, &in->ser->limits);
    if (!rc) rc = uk_reader_next(&r);
    if (!rc) rc = uk_transcode(&r, &w);
    if (!rc && r.p != r.end) rc = UKKO_EPARSE;
    uk_reader_fini(&r);
    return rc;
}
static int read_as_text(const incoming *in, ukko_slice bytes, bool cbor, ukko_msg **out) {
    uk_buf text = {0};
    int rc = to_json_text(in, bytes, cbor, &text);
    if (rc) {
        uk_buf_fini(&text);
        return uk_dec_fail(in->d, rc, "not %s, or past a limit", cbor ? "CBOR" : "JSON");
    }
    ukko_msg *m = *out = ukko_msg_new(&ukko_json_type);
    ukko_json *j = ukko_msg_body(m);
    char *copy = ukko_msg_alloc(m, text.len + 1);
    memcpy(copy, text.ptr, text.len);
    bool as_cbor = in->ser->family != UK_FAMILY_JSON || in->ser->id == OLD_CBOR;
    *j = (ukko_json){uk_dec_text(m, in->name), copy, text.len, as_cbor};
    uk_buf_fini(&text);
    return UKKO_OK;
}
static int read_class(const incoming *in, ukko_slice bytes, bool cbor, ukko_msg **out) {
    uk_dec *d = in->d;
    const ukko_type *t = uk_serial_find_jackson(d->s, in->ser->id, in->name);
    if (!t && uk_has_prefix(d->s->set.prefixes, d->s->set.n_prefixes, in->name))
        return read_as_text(in, bytes, cbor, out);
    if (!t) return unknown_class(in);
    if (t->codec && t->codec->decode) return uk_user_decode(d, t, bytes, out);
    return uk_jackson_read(d, t, in->ser, bytes, cbor, out);
}
static int transform(const incoming *in, ukko_tree *tree) {
    const ukko_migration *m = in->migration;
    int rc = m->transform ? m->transform(in->version, tree, m->data) : UKKO_OK;
    return rc < 0 ? uk_dec_fail(in->d, rc, "the migration from version %d refused it: %s",
                                (int)in->version, ukko_strerror(rc))
                  : UKKO_OK;
}
/* Through a tree, and from there as JSON. */
static int read_migrated(const incoming *in, ukko_slice bytes, bool cbor, ukko_msg **out) {
    ukko_tree *tree;
    uk_buf text = {0};
    int rc = uk_tree_read(&tree, bytes, cbor, &in->ser->limits);
    if (rc) return uk_dec_fail(in->d, rc, "not %s, or past a limit", cbor ? "CBOR" : "JSON");
    rc = transform(in, tree);
    if (!rc && uk_tree_write(tree, &text, false))
        rc = uk_dec_fail(in->d, UKKO_ETOOBIG, "the migration made it too deep");
    if (!rc) rc = read_class(in, uk_buf_slice(&text), false, out);
    uk_buf_fini(&text);
    ukko_tree_free(tree);
    return rc;
}
static int read_plain(uk_dec *d, const uk_serializer *ser, ukko_slice manifest, ukko_slice bytes,
                      ukko_msg **out) {
    incoming in = {.d = d, .ser = ser};
    int rc = split_version(d, manifest, &in.name, &in.version);
    if (!rc && !in.name.len && !ser->type_in_manifest) in.name = ukko_str(ser->only_class);
    if (!rc) rc = find_migration(&in);
    if (rc) return rc;
    bool cbor = ser->family == UK_FAMILY_CBOR;
    return in.migration ? read_migrated(&in, bytes, cbor, out) : read_class(&in, bytes, cbor, out);
}
static int read_packed(uk_dec *d, const uk_serializer *ser, ukko_slice manifest, ukko_slice in,
                       ukko_msg **out) {
    uk_buf plain = {0};
    bool gzip = uk_is_gzip(in);
    size_t max = (size_t)d->s->set.max_inflated;
    if (ser->limits.document > 0 && (uint64_t)ser->limits.document < max)
        max = (size_t)ser->limits.document;
    int rc = gzip ? uk_gunzip(in, max, &plain) : uk_unlz4(in, max, &plain);
    if (rc)
        rc = uk_dec_fail(d, rc, "%s: %s", gzip ? "gzip" : "LZ4",
                         rc == UKKO_ETOOBIG ? "too large when decompressed" : "damaged");
    else
        rc = read_plain(d, ser, manifest, uk_buf_slice(&plain), out);
    uk_buf_fini(&plain);
    return rc;
}
int uk_jackson_decode(uk_dec *d, const uk_serializer *ser, ukko_slice manifest, ukko_slice in,
                      ukko_msg **out) {
    if (uk_is_gzip(in) || uk_is_lz4(in)) return read_packed(d, ser, manifest, in, out);
    return read_plain(d, ser, manifest, in, out);
}
