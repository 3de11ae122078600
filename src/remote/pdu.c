/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of PDUs and envelopes by hand, with bounds, as generated protobuf code would understand
   them: parts of a message may be repeated and are joined, a known number with another wire type is
   an unknown field. Pure; any thread. */
#include "remote/pdu.h"

#define CASE(number, wire) ((number) << 3 | (wire))
static inline uint32_t tag(const uk_pb_field *f) {
    return f->number < 1u << 28 ? CASE(f->number, f->wire) : 0;
}
/* An empty slice may have no address, and NULL + 0 is not C. */
static inline uk_pb reader(ukko_slice s) { return s.len ? uk_pb_of(s) : (uk_pb){NULL, NULL}; }
static int result(int rc, bool complete) {
    return rc < 0 ? rc : complete ? UKKO_OK : UKKO_EPARSE;
}

/* uk_pb_next() with the usual cases in line: a tag of one byte, a length of one or two. */
static inline int next(uk_pb *in, uk_pb_field *f) {
    const uint8_t *p = in->p;
    size_t room = (size_t)(in->end - p);
    if (room < 3 || p[0] < 8 || p[0] >= 128) return uk_pb_next(in, f);
    f->number = p[0] >> 3;
    f->wire = p[0] & 7;
    if (f->wire == UK_PB_BYTES && (p[1] < 128 || p[2] < 128)) {
        size_t wide = p[1] >= 128, head = 2 + wide;
        size_t len = wide ? (size_t)(p[1] & 127) | (size_t)p[2] << 7 : p[1];
        if (len > room - head) return UKKO_EPARSE;
        f->bytes = (ukko_slice){p + head, len};
        in->p = p + head + len;
        return 1;
    }
    if (f->wire == UK_PB_VARINT && p[1] < 128) {
        f->value = p[1];
        in->p = p + 2;
        return 1;
    }
    if (f->wire == UK_PB_FIXED64 && room >= 9) {
        memcpy(&f->value, p + 1, 8);
        in->p = p + 9;
        return 1;
    }
    return uk_pb_next(in, f);
}

const char *uk_pdu_name(uk_pdu_kind kind) {
    static const char *const names[] = {
        "PAYLOAD", "ASSOCIATE", "DISASSOCIATE", "HEARTBEAT", "DISASSOCIATE_SHUTTING_DOWN",
        "DISASSOCIATE_QUARANTINED"};
    return (unsigned)kind < sizeof names / sizeof *names ? names[kind] : "?";
}

/* --- control PDUs --- */
typedef struct control {
    uk_pdu *out;
    bool payload, instruction, command, info, origin, uid, system, host, port;
} control;

static int decode_origin(control *c, ukko_slice in) {
    uk_origin *o = &c->out->origin;
    uk_pb r = reader(in);
    uk_pb_field f;
    int rc;
    while ((rc = next(&r, &f)) > 0) {
        switch (tag(&f)) {
        case CASE(1, UK_PB_BYTES): o->system = f.bytes, c->system = true; break;
        case CASE(2, UK_PB_BYTES): o->host = f.bytes, c->host = true; break;
        case CASE(3, UK_PB_VARINT): o->port = (uint32_t)f.value, c->port = true; break;
        case CASE(4, UK_PB_BYTES): o->protocol = f.bytes; break;
        }
    }
    return rc;
}
static int decode_info(control *c, ukko_slice in) {
    uk_pb r = reader(in);
    uk_pb_field f;
    int rc;
    while ((rc = next(&r, &f)) > 0) {
        if (tag(&f) == CASE(1, UK_PB_BYTES)) {
            c->origin = true;
            if (decode_origin(c, f.bytes)) return UKKO_EPARSE;
        } else if (tag(&f) == CASE(2, UK_PB_FIXED64)) {
            c->out->uid = (int32_t)(uint32_t)f.value;
            c->uid = true;
        }
    }
    return rc;
}
static int decode_instruction(control *c, ukko_slice in) {
    uk_pb r = reader(in);
    uk_pb_field f;
    int rc;
    while ((rc = next(&r, &f)) > 0) {
        if (tag(&f) == CASE(1, UK_PB_VARINT)) {
            uint32_t command = (uint32_t)f.value;
            bool known = command >= UK_PDU_ASSOCIATE && command <= UK_PDU_DISASSOCIATE_QUARANTINED;
            if (known) c->out->kind = (uk_pdu_kind)command; /* others are unknown fields */
            c->command |= known;
        } else if (tag(&f) == CASE(2, UK_PB_BYTES)) {
            c->info = true;
            if (decode_info(c, f.bytes)) return UKKO_EPARSE;
        }
    }
    return rc;
}
/* The origin becomes part of log lines and of C strings. */
static bool readable(ukko_slice s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < 0x20 || s.ptr[i] == 0x7f) return false;
    return uk_utf8_valid(s);
}
static bool acceptable(const control *c) {
    const uk_origin *o = &c->out->origin;
    if (c->instruction && !c->command) return false;
    if (c->info && !(c->origin && c->uid && c->system && c->host && c->port)) return false;
    if (c->payload) return true;
    if (c->instruction && c->out->kind == UK_PDU_ASSOCIATE)
        return c->info && readable(o->system) && readable(o->host) && readable(o->protocol);
    return c->instruction;
}
static int decode_any(ukko_slice body, uk_pdu *out) {
    control c = {.out = out};
    uk_pb r = reader(body);
    uk_pb_field f;
    int rc;
    while ((rc = next(&r, &f)) > 0) {
        if (tag(&f) == CASE(1, UK_PB_BYTES)) {
            out->payload = f.bytes;
            c.payload = true;
        } else if (tag(&f) == CASE(2, UK_PB_BYTES)) {
            c.instruction = true;
            if (decode_instruction(&c, f.bytes)) return UKKO_EPARSE;
        }
    }
    if (c.payload) out->kind = UK_PDU_PAYLOAD;
    return result(rc, rc == 0 && acceptable(&c));
}
int uk_pdu_decode(ukko_slice body, uk_pdu *out) {
    uk_pb r = reader(body);
    uk_pb_field f;
    *out = (uk_pdu){0};
    if (next(&r, &f) == 1 && tag(&f) == CASE(1, UK_PB_BYTES) && r.p == r.end) {
        out->payload = f.bytes; /* nearly all frames: a payload and nothing else */
        return UKKO_OK;
    }
    return decode_any(body, out);
}

/* --- payloads --- */
typedef struct parts {
    bool cumulative, recipient, path, sender_path, message, bytes, serializer;
} parts;

static int decode_ack(uk_envelope *e, parts *has, ukko_slice in) {
    uk_pb r = reader(in);
    uk_pb_field f;
    int rc;
    e->has_ack = true;
    while ((rc = next(&r, &f)) > 0) {
        switch (tag(&f)) {
        case CASE(1, UK_PB_FIXED64):
            e->cumulative = (int64_t)f.value;
            has->cumulative = true;
            break;
        case CASE(2, UK_PB_FIXED64): e->nack_count++; break;
        case CASE(2, UK_PB_BYTES): /* packed: not written by Pekko, but understood by it */
            if (f.bytes.len % 8) return UKKO_EPARSE;
            e->nack_count += f.bytes.len / 8;
            break;
        }
    }
    return rc;
}
static int decode_ref(ukko_slice in, ukko_slice *path, bool *has) {
    uk_pb r = reader(in);
    uk_pb_field f;
    int rc;
    while ((rc = next(&r, &f)) > 0)
        if (tag(&f) == CASE(1, UK_PB_BYTES)) *path = f.bytes, *has = true;
    return rc;
}
static int decode_message(uk_envelope *e, parts *has, ukko_slice in) {
    uk_pb r = reader(in);
    uk_pb_field f;
    int rc;
    has->message = true;
    while ((rc = next(&r, &f)) > 0) {
        switch (tag(&f)) {
        case CASE(1, UK_PB_BYTES): e->message = f.bytes, has->bytes = true; break;
        case CASE(2, UK_PB_VARINT):
            e->serializer = (int32_t)(uint32_t)f.value;
            has->serializer = true;
            break;
        case CASE(3, UK_PB_BYTES): e->manifest = f.bytes; break;
        }
    }
    return rc;
}
static int decode_envelope(uk_envelope *e, parts *has, ukko_slice in) {
    uk_pb r = reader(in);
    uk_pb_field f;
    int rc, part = 0;
    e->has_message = true;
    while (!part && (rc = next(&r, &f)) > 0) {
        switch (tag(&f)) {
        case CASE(1, UK_PB_BYTES):
            has->recipient = true;
            part = decode_ref(f.bytes, &e->recipient, &has->path);
            break;
        case CASE(2, UK_PB_BYTES): part = decode_message(e, has, f.bytes); break;
        case CASE(4, UK_PB_BYTES):
            e->has_sender = true;
            part = decode_ref(f.bytes, &e->sender, &has->sender_path);
            break;
        case CASE(5, UK_PB_FIXED64): e->seq = (int64_t)f.value, e->has_seq = true; break;
        }
    }
    return part ? part : rc;
}
static bool whole(const uk_envelope *e, const parts *has) {
    if (e->has_ack && !has->cumulative) return false;
    if (!e->has_message) return true;
    if (!has->recipient || !has->path || (e->has_sender && !has->sender_path)) return false;
    return has->message && has->bytes && has->serializer;
}
int uk_envelope_decode(ukko_slice payload, uk_envelope *out) {
    uk_pb r = reader(payload);
    uk_pb_field f;
    parts has = {0};
    int rc, part = 0;
    *out = (uk_envelope){.payload = payload};
    while (!part && (rc = next(&r, &f)) > 0) {
        if (tag(&f) == CASE(1, UK_PB_BYTES)) part = decode_ack(out, &has, f.bytes);
        else if (tag(&f) == CASE(2, UK_PB_BYTES)) part = decode_envelope(out, &has, f.bytes);
    }
    return part ? part : result(rc, whole(out, &has));
}

uk_nacks uk_envelope_nacks(const uk_envelope *e) {
    return e->nack_count ? (uk_nacks){.outer = reader(e->payload)} : (uk_nacks){0};
}
/* Walks what decode_ack() has found sound: acks in the payload, nacks in the acks. */
bool uk_nacks_next(uk_nacks *it, int64_t *seq) {
    uk_pb_field f;
    for (;;) {
        if (it->packed.len) {
            memcpy(seq, it->packed.ptr, 8);
            it->packed.ptr += 8;
            it->packed.len -= 8;
            return true;
        }
        if (it->inner.p != it->inner.end && next(&it->inner, &f) > 0) {
            if (tag(&f) == CASE(2, UK_PB_BYTES)) it->packed = f.bytes;
            if (tag(&f) != CASE(2, UK_PB_FIXED64)) continue;
            *seq = (int64_t)f.value;
            return true;
        }
        if (it->outer.p == it->outer.end || next(&it->outer, &f) <= 0) return false;
        if (tag(&f) == CASE(1, UK_PB_BYTES)) it->inner = reader(f.bytes);
    }
}
