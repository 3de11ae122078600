/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that differ in their message alone. Whatever is in the bytes that are compared, a decoder
   finds the same in them as the first time, as long as the lengths around them nest in the same way:
   these are read and checked. Pure; the I/O thread. */
#include "remote/alike.h"

enum { KEEP_MOST = 2048 };
enum { PAYLOAD = 1 << 3 | UK_PB_BYTES, ENVELOPE = 2 << 3 | UK_PB_BYTES };
enum { MESSAGE = 2 << 3 | UK_PB_BYTES, MESSAGE_BYTES = 1 << 3 | UK_PB_BYTES };

/* A field with a length of up to four bytes; gives the first byte behind it, or NULL. */
static inline const uint8_t *head(const uint8_t *p, const uint8_t *end, uint8_t tag, size_t *len) {
    if (end - p < 5 || *p != tag) return NULL;
    size_t n = p[1] & 127;
    if (p[1] < 128) return *len = n, p + 2;
    n |= (size_t)(p[2] & 127) << 7;
    if (p[2] < 128) return *len = n, p + 3;
    n |= (size_t)(p[3] & 127) << 14;
    if (p[3] < 128) return *len = n, p + 4;
    n |= (size_t)(p[4] & 127) << 21;
    return p[4] < 128 ? (*len = n, p + 5) : NULL;
}
/* What is left of a payload behind the head of the envelope that fills it. */
static const uint8_t *envelope(const uint8_t *p, const uint8_t *end) {
    size_t n;
    p = head(p, end, ENVELOPE, &n);
    return p && n == (size_t)(end - p) ? p : NULL;
}
static bool match(const uk_alike *a, const uint8_t *p, const uint8_t *end, ukko_slice *message) {
    size_t back = a->bytes.len - a->front, outer, n;
    if (!(p = envelope(p, end)) || (size_t)(end - p) < a->front + back) return false;
    if (memcmp(p, a->bytes.ptr, a->front)) return false;
    if (!(p = head(p + a->front, end, MESSAGE, &outer))) return false;
    size_t left = (size_t)(end - p);
    if (outer > left || left - outer != back - a->tail) return false;
    const uint8_t *stop = p + outer;
    if (!(p = head(p, stop, MESSAGE_BYTES, &n))) return false;
    if ((size_t)(stop - p) < a->tail || n != (size_t)(stop - p) - a->tail) return false;
    if (memcmp(p + n, a->bytes.ptr + a->front, back)) return false;
    *message = (ukko_slice){p, n};
    return true;
}
bool uk_alike_match(const uk_alike *a, ukko_slice body, ukko_slice *message) {
    const uint8_t *end = body.ptr + body.len;
    size_t n;
    if (!a->known) return false;
    const uint8_t *p = head(body.ptr, end, PAYLOAD, &n);
    return p && n == (size_t)(end - p) && match(a, p, end, message);
}

static bool inside(ukko_slice in, const uint8_t *p) { return p >= in.ptr && p <= in.ptr + in.len; }

bool uk_alike_learn(uk_alike *a, const uk_wire *e) {
    const uint8_t *end = e->payload.ptr + e->payload.len, *p, *behind;
    size_t outer, n;
    ukko_slice found;
    a->known = false;
    if (e->has_ack || e->has_seq || !e->has_message || !e->message.len) return false;
    if (!(p = envelope(e->payload.ptr, end)) || !inside(e->payload, e->recipient.ptr)) return false;
    const uint8_t *to = e->recipient.ptr + e->recipient.len, *m = head(to, end, MESSAGE, &outer);
    if (to < p || !m || outer > (size_t)(end - m) || !head(m, end, MESSAGE_BYTES, &n)) return false;
    behind = e->message.ptr + e->message.len;
    if (behind > m + outer || !inside(e->payload, behind)) return false;
    if ((size_t)(to - p) + (size_t)(end - behind) > KEEP_MOST) return false;
    uk_buf_clear(&a->bytes);
    uk_buf_put(&a->bytes, p, (size_t)(to - p));
    uk_buf_put(&a->bytes, behind, (size_t)(end - behind));
    a->front = (size_t)(to - p);
    a->tail = (size_t)(m + outer - behind);
    a->known = match(a, e->payload.ptr, end, &found) && found.ptr == e->message.ptr &&
               found.len == e->message.len;
    return a->known;
}
void uk_alike_fini(uk_alike *a) {
    uk_buf_fini(&a->bytes);
    *a = (uk_alike){0};
}
