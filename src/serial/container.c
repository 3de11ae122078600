/* SPDX-License-Identifier: Apache-2.0 */
/* Selections (serializer 6): a message, and the way to the actors that shall get it. Any thread. */
#include "serial/codec.h"

/* ---- writing ---- */

static void put_step(uk_buf *out, const uk_step *s) {
    size_t mark = uk_pb_begin(out, 3);
    uk_pb_int(out, 1, s->kind);
    if (s->kind != UK_STEP_PARENT) uk_pb_bytes(out, 2, s->text.ptr, s->text.len);
    uk_pb_end(out, mark);
}
static int put_selection(uk_enc *e, const uk_selection_body *s) {
    int32_t id;
    ukko_slice manifest;
    size_t mark = uk_pb_begin(e->out, 1);
    int rc = uk_encode_body(e, s->message, &id, &manifest);
    if (rc) return rc;
    uk_pb_end(e->out, mark);
    uk_pb_int(e->out, 2, id);
    for (size_t i = 0; i < s->n_steps; i++) put_step(e->out, &s->steps[i]);
    if (manifest.len) uk_pb_bytes(e->out, 4, manifest.ptr, manifest.len);
    uk_pb_int(e->out, 5, s->fan_out);
    return UKKO_OK;
}
int uk_container_encode(uk_enc *e, const ukko_msg *msg) {
    if (e->depth >= UK_MAX_NESTED)
        return uk_enc_fail(e, UKKO_ETOOBIG, msg, "messages are nested too deep");
    e->depth++;
    int rc = put_selection(e, uk_msg_body(msg));
    e->depth--;
    return rc;
}

/* ---- reading ---- */

static int read_step(uk_dec *d, ukko_msg *m, ukko_slice bytes, uk_step *out) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    int rc;
    *out = (uk_step){-1, {NULL, 0}};
    while ((rc = uk_pb_next(&in, &f)) > 0) {
        if (f.number == 1 && f.wire == UK_PB_VARINT && (uint32_t)f.value <= UK_STEP_PATTERN)
            out->kind = (int32_t)f.value;
        if (f.number == 2 && f.wire == UK_PB_BYTES) out->text = f.bytes;
    }
    if (rc < 0 || out->kind < UK_STEP_PARENT || out->kind > UK_STEP_PATTERN)
        return uk_dec_fail(d, UKKO_EPARSE, "an element of a selection is malformed");
    if (out->kind == UK_STEP_PARENT) {
        out->text = (ukko_slice){NULL, 0};
        return UKKO_OK;
    }
    const char *text = uk_dec_text(m, out->text);
    out->text = ukko_str(text);
    return UKKO_OK;
}
static int read_steps(uk_dec *d, ukko_msg *m, ukko_slice bytes, size_t n) {
    uk_selection_body *s = ukko_msg_body(m);
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    if (n > UK_MAX_STEPS) return uk_dec_fail(d, UKKO_ETOOBIG, "a selection of %zu elements", n);
    s->steps = ukko_msg_alloc(m, n * sizeof *s->steps);
    while (uk_pb_next(&in, &f) > 0) {
        if (f.number != 3 || f.wire != UK_PB_BYTES) continue;
        int rc = read_step(d, m, f.bytes, &s->steps[s->n_steps++]);
        if (rc) return rc;
    }
    return UKKO_OK;
}
typedef struct raw_selection {
    uk_payload inner;
    size_t n_steps;
    bool fan_out;
} raw_selection;

static bool split(ukko_slice bytes, raw_selection *out) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    bool has_id = false;
    int rc;
    *out = (raw_selection){{{NULL, 0}, {NULL, 0}, 0}, 0, false};
    while ((rc = uk_pb_next(&in, &f)) > 0) {
        switch (f.number << 3 | f.wire) {
        case 1 << 3 | UK_PB_BYTES: out->inner.bytes = f.bytes; break;
        case 2 << 3 | UK_PB_VARINT:
            out->inner.id = (int32_t)f.value;
            has_id = true;
            break;
        case 3 << 3 | UK_PB_BYTES: out->n_steps++; break;
        case 4 << 3 | UK_PB_BYTES: out->inner.manifest = f.bytes; break;
        case 5 << 3 | UK_PB_VARINT: out->fan_out = f.value != 0; break;
        default: break;
        }
    }
    return rc >= 0 && out->inner.bytes.ptr && has_id;
}
bool uk_container_peek(ukko_slice in, uk_payload *out) {
    raw_selection raw;
    bool ok = split(in, &raw);
    *out = raw.inner;
    return ok;
}
static int decode_selection(uk_dec *d, ukko_slice bytes, ukko_msg *m) {
    uk_selection_body *s = ukko_msg_body(m);
    raw_selection raw;
    if (!split(bytes, &raw)) return uk_dec_fail(d, UKKO_EPARSE, "a selection is malformed");
    s->fan_out = raw.fan_out;
    int rc = read_steps(d, m, bytes, raw.n_steps);
    if (rc) return rc;
    const uk_payload *p = &raw.inner;
    if (!d->keep) {
        rc = uk_check_manifest(d, p->id, p->manifest);
        if (!rc) rc = uk_decode_body(d, p->id, p->manifest, p->bytes, &s->message);
        return rc || s->message ? rc : uk_dec_fail(d, UKKO_EPARSE, "the message selected for is null");
    }
    s->message = uk_opaque_msg(p->id, p->manifest, p->bytes);
    return UKKO_OK;
}
int uk_container_decode(uk_dec *d, ukko_slice in, ukko_msg **out) {
    if (d->depth >= UK_MAX_NESTED)
        return uk_dec_fail(d, UKKO_ETOOBIG, "messages are nested deeper than %d", UK_MAX_NESTED);
    ukko_msg *m = ukko_msg_new(&uk_selection_type);
    d->depth++;
    int rc = decode_selection(d, in, m);
    d->depth--;
    if (rc) {
        ukko_msg_release(m);
        return rc;
    }
    *out = m;
    return UKKO_OK;
}
