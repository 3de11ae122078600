/* SPDX-License-Identifier: Apache-2.0 */
/* System messages (serializer 22): death watch, supervision, stopping. Any thread. */
#include "serial/codec.h"

/* ---- writing ---- */

static void put_watch(uk_buf *out, const uk_sysmsg *m) {
    size_t mark = uk_pb_begin(out, 2);
    uk_put_ref(out, 1, m->a);
    uk_put_ref(out, 2, m->b);
    uk_pb_end(out, mark);
}
static void put_supervise(uk_buf *out, const uk_sysmsg *m) {
    size_t mark = uk_pb_begin(out, 5);
    uk_put_ref(out, 1, m->a);
    uk_pb_int(out, 2, m->flag);
    uk_pb_end(out, mark);
}
static void put_failed(uk_buf *out, const uk_sysmsg *m) {
    size_t mark = uk_pb_begin(out, 6);
    uk_put_ref(out, 1, m->a);
    uk_pb_int(out, 2, m->uid); /* sign-extended */
    uk_pb_end(out, mark);
}
static void put_notify(uk_buf *out, const uk_sysmsg *m) {
    size_t mark = uk_pb_begin(out, 7);
    uk_put_ref(out, 1, m->a);
    uk_pb_int(out, 2, m->flag);
    uk_pb_int(out, 3, m->flag2);
    uk_pb_end(out, mark);
}
static bool complete(const uk_sysmsg *m) {
    switch (m->kind) {
    case UK_SYS_WATCH:
    case UK_SYS_UNWATCH: return m->a && m->b;
    case UK_SYS_SUPERVISE:
    case UK_SYS_FAILED:
    case UK_SYS_NOTIFY: return m->a != NULL;
    default: return m->kind <= UK_SYS_NOTIFY;
    }
}
static int put_sysmsg(uk_enc *e, const uk_sysmsg *m) {
    bool cause = m->kind == UK_SYS_RECREATE || m->kind == UK_SYS_RESUME ||
                 m->kind == UK_SYS_FAILED || (m->kind == UK_SYS_CREATE && m->cause);
    uk_pb_int(e->out, 1, m->kind);
    if (m->kind == UK_SYS_WATCH || m->kind == UK_SYS_UNWATCH) put_watch(e->out, m);
    int rc = cause ? uk_throwable_payload_field(e, 3, m->cause) : UKKO_OK;
    if (rc) return rc;
    if (m->kind == UK_SYS_SUPERVISE) put_supervise(e->out, m);
    if (m->kind == UK_SYS_FAILED) put_failed(e->out, m);
    if (m->kind == UK_SYS_NOTIFY) put_notify(e->out, m);
    return UKKO_OK;
}
int uk_sysmsg_encode(uk_serial *s, const uk_sysmsg *m, uk_buf *out) {
    uk_enc e = {s, out, NULL, 0};
    size_t before = out->len;
    int rc = complete(m) ? put_sysmsg(&e, m) : UKKO_ENOTSERIAL;
    if (rc) out->len = before;
    return rc;
}

/* ---- reading ---- */

enum { WATCH = 2, CAUSE = 3, SUPERVISE = 5, FAILED = 6, NOTIFY = 7 }; /* fields */

typedef struct raw_sysmsg {
    ukko_msg *memory; /* of what came in pieces; owned */
    ukko_slice part[NOTIFY]; /* by field number - 1 */
    int64_t kind;
} raw_sysmsg;

static int split(ukko_slice bytes, raw_sysmsg *out) {
    enum { EMBEDDED = 1 << (WATCH - 1) | 1 << (CAUSE - 1) | 1 << (SUPERVISE - 1) |
                      1 << (FAILED - 1) | 1 << (NOTIFY - 1) };
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    out->kind = -1;
    int rc = uk_dec_last(out->memory, bytes, out->part, NOTIFY, EMBEDDED);
    while (!rc && uk_pb_next(&in, &f) > 0) {
        bool known = f.value <= UK_SYS_NOTIFY; /* another one counts as an unknown field */
        if (f.number == 1 && f.wire == UK_PB_VARINT && known) out->kind = (int64_t)f.value;
    }
    return rc;
}
/* The nested messages are alike: a reference (1), and a second one (2) or numbers (2, 3). */
static int read_part(uk_dec *d, const raw_sysmsg *raw, int field, bool two_refs, uk_sysmsg *m) {
    ukko_slice bytes = raw->part[field - 1];
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    ukko_slice refs[2];
    if (!bytes.ptr) return uk_dec_fail(d, UKKO_EPARSE, "a system message lacks its data");
    unsigned seen = 0;
    int bad = uk_dec_last(raw->memory, bytes, refs, 2, 3);
    while (!bad && uk_pb_next(&in, &f) > 0) {
        if (f.wire == UK_PB_VARINT && f.number <= 3) seen |= 1U << f.number;
        if (f.number == 2 && f.wire == UK_PB_VARINT) {
            m->flag = f.value != 0;
            m->uid = (int32_t)f.value;
        }
        if (f.number == 3 && f.wire == UK_PB_VARINT) m->flag2 = f.value != 0;
    }
    bool whole = two_refs ? refs[1].ptr != NULL : (seen & 4) && (m->kind != UK_SYS_NOTIFY || seen & 8);
    if (bad || !refs[0].ptr || !whole)
        return uk_dec_fail(d, UKKO_EPARSE, "the data of a system message is malformed");
    int rc = uk_get_ref(d, refs[0], &m->a);
    return rc || !two_refs ? rc : uk_get_ref(d, refs[1], &m->b);
}
static int read_cause(uk_dec *d, const raw_sysmsg *raw, bool required, uk_sysmsg *m) {
    ukko_slice bytes = raw->part[CAUSE - 1];
    if (!bytes.ptr)
        return required ? uk_dec_fail(d, UKKO_EPARSE, "a system message lacks its cause") : UKKO_OK;
    int rc = uk_dec_payload(d, bytes, &m->cause);
    if (!rc && m->cause && m->cause->type != &ukko_throwable_type)
        return uk_dec_fail(d, UKKO_EPARSE, "the cause in a system message is no exception");
    return rc;
}
static int read_sysmsg(uk_dec *d, const raw_sysmsg *raw, uk_sysmsg *m) {
    int rc;
    switch (m->kind) {
    case UK_SYS_CREATE: return read_cause(d, raw, false, m);
    case UK_SYS_RECREATE:
    case UK_SYS_RESUME: return read_cause(d, raw, true, m);
    case UK_SYS_SUPERVISE: return read_part(d, raw, SUPERVISE, false, m);
    case UK_SYS_WATCH:
    case UK_SYS_UNWATCH: return read_part(d, raw, WATCH, true, m);
    case UK_SYS_FAILED:
        rc = read_cause(d, raw, true, m);
        if (rc) return rc;
        rc = read_part(d, raw, FAILED, false, m);
        m->flag = false;
        return rc;
    case UK_SYS_NOTIFY:
        rc = read_part(d, raw, NOTIFY, false, m);
        m->uid = 0;
        return rc;
    default: return UKKO_OK;
    }
}
static int decode(uk_dec *d, ukko_slice bytes, raw_sysmsg *raw, uk_sysmsg **out) {
    int rc = split(bytes, raw);
    if (rc < 0 || raw->kind < 0 || raw->kind > UK_SYS_NOTIFY)
        return uk_dec_fail(d, UKKO_EPARSE, "a system message of %zu bytes is malformed", bytes.len);
    uk_sysmsg *m = uk_sysmsg_new((uk_sys_kind)raw->kind, NULL, NULL);
    if ((rc = read_sysmsg(d, raw, m))) {
        uk_sysmsg_free(m);
        return rc;
    }
    if (m->kind == UK_SYS_SUPERVISE) m->uid = 0;
    *out = m;
    return UKKO_OK;
}
int uk_sysmsg_decode(uk_serial *s, ukko_slice bytes, uk_sysmsg **out, ukko_error *err) {
    uk_dec d = {s, err, 0, false};
    raw_sysmsg raw = {.memory = ukko_msg_new(&ukko_null_type)};
    *out = NULL;
    int rc = decode(&d, bytes, &raw, out);
    ukko_msg_release(raw.memory);
    return rc;
}
