/* SPDX-License-Identifier: Apache-2.0 */
/* Serializers 31 (JSON), 33 (CBOR) and 32 (old "CBOR" that was JSON): which class, which version,
   compression, and messages of classes without a C struct. The tables are walked in
   jackson_read.c and jackson_write.c. Any thread. */
#include "serial/jackson.h"
#include "serial/compress.h"

/* ---- writing ---- */

static int compress_from(uk_enc *e, size_t start, bool cbor) {
    const uk_serial_settings *set = &e->s->set;
    bool gzip = cbor ? set->cbor_gzip : set->json_gzip, lz4 = cbor ? set->cbor_lz4 : set->json_lz4;
    size_t len = e->out->len - start;
    if ((!gzip && !lz4) || (int64_t)len <= (cbor ? set->cbor_larger : set->json_larger))
        return UKKO_OK;
    uk_buf packed = {0};
    ukko_slice plain = {e->out->ptr + start, len};
    int rc = gzip ? uk_gzip(plain, &packed) : uk_lz4(plain, &packed);
    if (!rc) {
        e->out->len = start;
        uk_buf_put(e->out, packed.ptr, packed.len);
    }
    uk_buf_fini(&packed);
    return rc;
}
static int write_json_message(uk_enc *e, const ukko_msg *msg) {
    const ukko_json *j = uk_msg_body(msg);
    ukko_slice text = {(const uint8_t *)j->text, j->len ? j->len : strlen(j->text)};
    if (uk_json_valid(text, UK_MAX_TREE, false))
        return uk_enc_fail(e, UKKO_ENOTSERIAL, msg, "its text is not JSON");
    if (!j->cbor) {
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
int uk_jackson_encode(uk_enc *e, const ukko_msg *msg, int32_t *id, ukko_slice *manifest) {
    const ukko_type *t = msg->type;
    const ukko_json *j = ukko_msg_get(msg, &ukko_json_type);
    size_t start = e->out->len;
    bool cbor = j ? j->cbor : t->serializer == UKKO_SER_JACKSON_CBOR;
    int rc;
    if (j) {
        *manifest = ukko_str(j->class_name);
        rc = write_json_message(e, msg);
    } else {
        *manifest = ukko_str(t->manifest ? t->manifest : t->class_name ? t->class_name : t->name);
        if (t->codec && t->codec->encode)
            rc = uk_user_encode(e, msg);
        else
            rc = uk_jackson_write(e, t, uk_msg_body(msg), cbor);
    }
    *id = cbor ? UKKO_SER_JACKSON_CBOR : UKKO_SER_JACKSON_JSON;
    return rc ? rc : compress_from(e, start, cbor);
}

/* ---- reading ---- */

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
static const ukko_type *find_class(const uk_serial *s, bool cbor, ukko_slice name) {
    const ukko_type *t =
        uk_serial_find(s, cbor ? UKKO_SER_JACKSON_CBOR : UKKO_SER_JACKSON_JSON, name);
    if (t) return t;
    return uk_serial_find(s, cbor ? UKKO_SER_JACKSON_JSON : UKKO_SER_JACKSON_CBOR, name);
}
static bool allowed(const uk_serial *s, ukko_slice name) {
    for (size_t i = 0; i < s->set.n_prefixes; i++) {
        size_t n = strlen(s->set.prefixes[i]);
        if (n && name.len >= n && !memcmp(name.ptr, s->set.prefixes[i], n)) return true;
    }
    return false;
}
static int to_json_text(ukko_slice in, bool cbor, uk_buf *out) {
    uk_reader r;
    uk_writer w = {out, false, false};
    if (!cbor) {
        int bad = uk_json_valid(in, UK_MAX_TREE, false);
        if (!bad) uk_buf_put(out, in.ptr, in.len);
        return bad;
    }
    uk_reader_init(&r, in, true, UK_MAX_TREE);
    int rc = uk_reader_next(&r);
    if (!rc) rc = uk_transcode(&r, &w);
    uk_reader_fini(&r);
    return rc;
}
static int decode_as_text(uk_dec *d, ukko_slice name, ukko_slice in, bool cbor, bool cbor_id,
                          ukko_msg **out) {
    uk_buf text = {0};
    int rc = to_json_text(in, cbor, &text);
    if (rc) {
        uk_buf_fini(&text);
        return uk_dec_fail(d, rc, "not %s", cbor ? "CBOR" : "JSON");
    }
    ukko_msg *m = *out = ukko_msg_new(&ukko_json_type);
    ukko_json *j = ukko_msg_body(m);
    char *copy = ukko_msg_alloc(m, text.len + 1);
    memcpy(copy, text.ptr, text.len);
    *j = (ukko_json){uk_dec_text(m, name), copy, text.len, cbor_id};
    uk_buf_fini(&text);
    return UKKO_OK;
}
static int decode_plain(uk_dec *d, int32_t id, ukko_slice manifest, ukko_slice in,
                        ukko_msg **out) {
    bool cbor_id = id != UKKO_SER_JACKSON_JSON, cbor = id == UKKO_SER_JACKSON_CBOR;
    ukko_slice name;
    int32_t version;
    int rc = split_version(d, manifest, &name, &version);
    if (rc) return rc;
    const ukko_type *t = find_class(d->s, cbor_id, name);
    if (!t && allowed(d->s, name)) return decode_as_text(d, name, in, cbor, cbor_id, out);
    if (!t)
        return uk_dec_fail(d, UKKO_ENOTFOUND,
                           "class [%.*s] is not registered, nor does an allowed-class-prefix fit",
                           (int)(name.len < 200 ? name.len : 200), (const char *)name.ptr);
    if (t->codec && t->codec->decode) return uk_user_decode(d, t, in, out);
    return uk_jackson_read(d, t, in, cbor, out);
}
static int decode_packed(uk_dec *d, int32_t id, ukko_slice manifest, ukko_slice in,
                         ukko_msg **out) {
    uk_buf plain = {0};
    bool gzip = uk_is_gzip(in);
    size_t max = (size_t)d->s->set.max_inflated;
    int rc = gzip ? uk_gunzip(in, max, &plain) : uk_unlz4(in, max, &plain);
    if (rc)
        rc = uk_dec_fail(d, rc, "%s: %s", gzip ? "gzip" : "LZ4",
                         rc == UKKO_ETOOBIG ? "too large when decompressed" : "damaged");
    else
        rc = decode_plain(d, id, manifest, uk_buf_slice(&plain), out);
    uk_buf_fini(&plain);
    return rc;
}
int uk_jackson_decode(uk_dec *d, int32_t id, ukko_slice manifest, ukko_slice in, ukko_msg **out) {
    if (uk_is_gzip(in) || uk_is_lz4(in)) return decode_packed(d, id, manifest, in, out);
    return decode_plain(d, id, manifest, in, out);
}
