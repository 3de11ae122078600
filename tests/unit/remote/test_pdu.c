/* SPDX-License-Identifier: Apache-2.0 */
/* PDUs and envelopes against the bytes of real peers, both ways, and against malformed ones.
   One thread. */
#include "remote/frame.h"
#include "remote/pdu.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX = 128000 };

/* --- golden bytes --- */
static void unhex(uk_buf *out, const char *hex) {
    for (; hex[0] && hex[1]; hex += 2) {
        char two[] = {hex[0], hex[1], 0};
        uk_buf_byte(out, (uint8_t)strtoul(two, NULL, 16));
    }
}
static const char *text_of(const json_t *o, const char *key) {
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}
static void check_text(ukko_slice got, const char *want) {
    assert_int_equal(got.len, strlen(want));
    if (got.len) assert_memory_equal(got.ptr, want, got.len);
}
/* The frame of `body` as it must be written again. */
static void check_frame(const uk_buf *frame, const uk_buf *body) {
    assert_int_equal(frame->len, body->len + UK_FRAME_HEADER);
    assert_int_equal(uk_frame_length(frame->ptr), body->len);
    assert_memory_equal(frame->ptr + UK_FRAME_HEADER, body->ptr, body->len);
}
static void check_associate(const uk_pdu *pdu, const json_t *want, uk_buf *frame) {
    char origin[256];
    const uk_origin *o = &pdu->origin;
    snprintf(origin, sizeof origin, "%.*s://%.*s@%.*s:%u", (int)o->protocol.len, o->protocol.ptr,
             (int)o->system.len, o->system.ptr, (int)o->host.len, o->host.ptr, o->port);
    assert_string_equal(origin, text_of(want, "origin"));
    assert_int_equal(pdu->uid, json_integer_value(json_object_get(want, "uid")));
    uk_pdu_put_associate(frame, o, pdu->uid);
}
/* Decoded acknowledgement -> one to send, in the same order. */
static uk_ack collect_ack(const uk_envelope *e) {
    int64_t *nacks = calloc(e->nack_count + 1, sizeof *nacks);
    uk_nacks it = uk_envelope_nacks(e);
    size_t n = 0;
    while (uk_nacks_next(&it, &nacks[n])) assert_true(n++ < e->nack_count);
    assert_int_equal(n, e->nack_count);
    return (uk_ack){e->cumulative, nacks, n};
}
static void check_ack(const uk_ack *a, const json_t *want) {
    const json_t *nacks = json_object_get(want, "nacks");
    assert_int_equal(a->cumulative, json_integer_value(json_object_get(want, "cumulative")));
    assert_int_equal(a->count, json_array_size(nacks));
    for (size_t i = 0; i < a->count; i++)
        assert_int_equal(a->nacks[i], json_integer_value(json_array_get(nacks, i)));
}
static void check_message(const uk_envelope *e, const json_t *want) {
    check_text(e->recipient, text_of(want, "to"));
    check_text(e->sender, text_of(want, "from"));
    check_text(e->manifest, text_of(want, "manifest"));
    assert_int_equal(e->has_sender, json_object_get(want, "from") != NULL);
    assert_int_equal(e->has_seq, json_object_get(want, "seq") != NULL);
    if (e->has_seq) assert_int_equal(e->seq, json_integer_value(json_object_get(want, "seq")));
    assert_int_equal(e->serializer, json_integer_value(json_object_get(want, "serializer")));
    assert_int_equal(e->message.len, json_integer_value(json_object_get(want, "bytes")));
}
static uk_outgoing outgoing_of(const uk_envelope *e, const uk_ack *ack) {
    uk_outgoing m = {.recipient = e->recipient, .message = e->message, .manifest = e->manifest,
                     .serializer = e->serializer, .has_seq = e->has_seq, .seq = e->seq,
                     .ack = e->has_ack ? ack : NULL};
    if (e->has_sender) m.sender = e->sender;
    return m;
}
static void put_in_two_steps(uk_buf *out, const uk_outgoing *m, size_t expect) {
    uk_outgoing head = *m;
    head.message = (ukko_slice){NULL, 0};
    head.serializer = 0;
    head.manifest = (ukko_slice){NULL, 0};
    uk_frame_mark mark = uk_envelope_begin(out, &head, expect);
    uk_buf_put(out, m->message.ptr, m->message.len);
    head.serializer = m->serializer;
    head.manifest = m->manifest;
    assert_int_equal(uk_envelope_end(out, mark, &head, MAX), 0);
}
static void check_payload(const uk_pdu *pdu, const json_t *want, uk_buf *frame) {
    uk_envelope e;
    assert_int_equal(uk_envelope_decode(pdu->payload, &e), 0);
    const json_t *ack_json = json_object_get(want, "ack");
    assert_int_equal(e.has_ack, ack_json != NULL);
    assert_int_equal(e.has_message, json_object_get(want, "to") != NULL);
    uk_ack ack = collect_ack(&e);
    if (e.has_ack) check_ack(&ack, ack_json);
    if (e.has_message) {
        uk_outgoing m = outgoing_of(&e, &ack);
        check_message(&e, want);
        assert_int_equal(uk_envelope_put(frame, &m, MAX), 0);
        assert_int_equal(uk_envelope_frame_size(&m), frame->len);
        static const size_t guesses[] = {0, 10, 127, 128, 300, 20000};
        for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++) {
            uk_buf two = {0};
            put_in_two_steps(&two, &m, guesses[i]);
            assert_int_equal(two.len, frame->len);
            assert_memory_equal(two.ptr, frame->ptr, two.len);
            uk_buf_fini(&two);
        }
    } else {
        assert_int_equal(uk_ack_put(frame, &ack, MAX), 0);
    }
    free((void *)ack.nacks);
}
static void check_vector(const json_t *v) {
    uk_buf body = {0}, frame = {0};
    uk_pdu pdu;
    const json_t *want = json_object_get(v, "decoded");
    unhex(&body, text_of(v, "hex"));
    assert_int_equal(body.len, json_integer_value(json_object_get(v, "bytes")));
    if (!body.len) { /* ZERO_LENGTH_FRAME */
        uk_frame_put_empty(&frame);
    } else {
        assert_int_equal(uk_pdu_decode(uk_buf_slice(&body), &pdu), 0);
        assert_string_equal(uk_pdu_name(pdu.kind), text_of(want, "pdu"));
        if (pdu.kind == UK_PDU_PAYLOAD) check_payload(&pdu, want, &frame);
        else if (pdu.kind == UK_PDU_ASSOCIATE) check_associate(&pdu, want, &frame);
        else uk_pdu_put_control(&frame, pdu.kind);
    }
    check_frame(&frame, &body);
    uk_buf_fini(&body);
    uk_buf_fini(&frame);
}
static size_t check_file(const char *name) {
    char path[512];
    json_error_t err;
    snprintf(path, sizeof path, "%s/peer/vectors/%s", UKKO_TEST_DIR, name);
    json_t *root = json_load_file(path, 0, &err), *v;
    size_t i, n = 0;
    if (!root) fail_msg("%s: %s", path, err.text);
    json_array_foreach(json_object_get(root, "vectors"), i, v) {
        if (strcmp(text_of(v, "kind"), "pdu")) continue;
        check_vector(v);
        n++;
    }
    json_decref(root);
    return n;
}
static void bytes_of_the_codec(void **state) {
    (void)state;
    assert_true(check_file("messages-1.0.2.json") >= 17);
    assert_true(check_file("messages-1.7.0.json") >= 17);
}
static void bytes_of_a_conversation(void **state) {
    (void)state;
    assert_true(check_file("wire-1.0.2.json") > 200);
    assert_true(check_file("wire-1.7.0.json") > 200);
}

/* --- control PDUs --- */
static void control_frames(void **state) {
    (void)state;
    for (int kind = UK_PDU_DISASSOCIATE; kind <= UK_PDU_DISASSOCIATE_QUARANTINED; kind++) {
        uk_buf b = {0};
        uk_pdu pdu;
        const uint8_t want[] = {0, 0, 0, 4, 0x12, 2, 8, (uint8_t)kind};
        uk_pdu_put_control(&b, (uk_pdu_kind)kind);
        assert_int_equal(b.len, sizeof want);
        assert_memory_equal(b.ptr, want, sizeof want);
        assert_int_equal(uk_pdu_decode((ukko_slice){b.ptr + 4, 4}, &pdu), 0);
        assert_int_equal(pdu.kind, kind);
        uk_buf_fini(&b);
    }
    assert_string_equal(uk_pdu_name((uk_pdu_kind)77), "?");
}
enum { SYSTEM = 1, HOST = 2, PORT = 4, PROTOCOL = 8, ORIGIN = 16, UID = 32, INFO = 64, ALL = 127 };

static void put_associate_parts(uk_buf *b, unsigned parts, const char *system, const char *host) {
    size_t outer = uk_pb_begin(b, 2);
    uk_pb_int(b, 1, UK_PDU_ASSOCIATE);
    if (parts & INFO) {
        size_t info = uk_pb_begin(b, 2);
        if (parts & ORIGIN) {
            size_t origin = uk_pb_begin(b, 1);
            if (parts & SYSTEM) uk_pb_str(b, 1, system);
            if (parts & HOST) uk_pb_str(b, 2, host);
            if (parts & PORT) uk_pb_int(b, 3, 2552);
            if (parts & PROTOCOL) uk_pb_str(b, 4, "tcp");
            uk_pb_end(b, origin);
        }
        if (parts & UID) uk_pb_fixed64(b, 2, 7);
        uk_pb_end(b, info);
    }
    uk_pb_end(b, outer);
}
static void every_subset_of_associate(void **state) {
    (void)state;
    for (unsigned parts = 0; parts <= ALL; parts++) {
        uk_buf b = {0};
        uk_pdu pdu;
        put_associate_parts(&b, parts, "A", "h");
        bool whole = (parts | PROTOCOL) == ALL; /* the protocol is optional */
        assert_int_equal(uk_pdu_decode(uk_buf_slice(&b), &pdu), whole ? 0 : UKKO_EPARSE);
        uk_buf_fini(&b);
    }
}
static void origins_that_cannot_be_shown(void **state) {
    (void)state;
    static const char *const bad[] = {"a\nb", "a\x7f", "\xff\xfe", "\x1b[2J", "\xc3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (int where = 0; where < 2; where++) {
            uk_buf b = {0};
            uk_pdu pdu;
            put_associate_parts(&b, ALL, where ? "A" : bad[i], where ? bad[i] : "h");
            assert_int_equal(uk_pdu_decode(uk_buf_slice(&b), &pdu), UKKO_EPARSE);
            uk_buf_fini(&b);
        }
    }
}
static void uids_are_32_bits_signed(void **state) {
    (void)state;
    static const struct { uint64_t wire; int32_t uid; } cases[] = {
        {0xfffffffffffffffbu, -5}, {0x12345678fffffffbu, -5}, {5, 5}, {1ull << 32, 0},
        {0x80000000u, INT32_MIN}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uk_buf b = {0};
        uk_pdu pdu;
        put_associate_parts(&b, ALL, "A", "h");
        memcpy(b.ptr + b.len - 8, &cases[i].wire, 8);
        assert_int_equal(uk_pdu_decode(uk_buf_slice(&b), &pdu), 0);
        assert_int_equal(pdu.uid, cases[i].uid);
        uk_buf_fini(&b);
    }
}
static void unknown_fields_and_commands(void **state) {
    (void)state;
    static const struct { const char *hex; int rc; uk_pdu_kind kind; } cases[] = {
        {"", UKKO_EPARSE, 0},                       /* neither payload nor instruction */
        {"4a0161", UKKO_EPARSE, 0},                 /* only an unknown field */
        {"1200", UKKO_EPARSE, 0},                   /* no command */
        {"12020800", UKKO_EPARSE, 0},               /* command 0 */
        {"12020806", UKKO_EPARSE, 0},               /* command 6 */
        {"120b08ffffffffffffffffff01", UKKO_EPARSE, 0}, /* command -1 */
        {"12020801", UKKO_EPARSE, 0},               /* ASSOCIATE without handshakeInfo */
        {"127f01", UKKO_EPARSE, 0},                 /* a length past the end */
        {"0b", UKKO_EPARSE, 0},                     /* a group */
        {"ffffffffffff", UKKO_EPARSE, 0},
        {"12020803", 0, UK_PDU_HEARTBEAT},
        {"1204080308ff01", UKKO_EPARSE, 0},         /* the length is one too many */
        {"12050809080308", UKKO_EPARSE, 0},
        {"1204080908031200", 0, UK_PDU_HEARTBEAT},  /* an unknown one is absent */
        {"e8040512020803", 0, UK_PDU_HEARTBEAT},    /* unknown varint first */
        {"12040d000000000803", UKKO_EPARSE, 0},     /* length too short for its fields */
        {"12070d000000000803", 0, UK_PDU_HEARTBEAT}, /* command with wire type 5: unknown */
        {"0a00", 0, UK_PDU_PAYLOAD},
        {"0a0012020802", 0, UK_PDU_PAYLOAD},        /* payload wins */
        {"120208020a00", 0, UK_PDU_PAYLOAD},
        {"0a00120208", UKKO_EPARSE, 0},             /* but the rest must be sound */
        {"0a001200", UKKO_EPARSE, 0},
        {"0a0012020801", 0, UK_PDU_PAYLOAD},
        {"0802", UKKO_EPARSE, 0},                   /* payload as varint is an unknown field */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uk_buf b = {0};
        uk_pdu pdu;
        unhex(&b, cases[i].hex);
        int rc = uk_pdu_decode(uk_buf_slice(&b), &pdu);
        if (rc != cases[i].rc) fail_msg("%s gives %d", cases[i].hex, rc);
        if (!rc) assert_int_equal(pdu.kind, cases[i].kind);
        uk_buf_fini(&b);
    }
}

/* --- envelopes --- */
static ukko_slice S(const char *text) { return ukko_str(text); }

static void put_extra(uk_buf *b) {
    uk_pb_int(b, 90, 5);
    uk_pb_fixed64(b, 91, 6);
    uk_pb_str(b, 92, "new");
    uk_pb_raw_varint(b, 93 << 3 | UK_PB_FIXED32);
    uk_buf_put(b, "abcd", 4);
}
static void put_ref(uk_buf *b, uint32_t field, const char *path) {
    size_t m = uk_pb_begin(b, field);
    put_extra(b);
    uk_pb_str(b, 1, path);
    uk_pb_end(b, m);
}
static void any_order_unknown_fields_last_scalar_wins(void **state) {
    (void)state;
    uk_buf b = {0};
    uk_envelope e;
    put_extra(&b);
    size_t env = uk_pb_begin(&b, 2);
    uk_pb_fixed64(&b, 5, 3);
    uk_pb_fixed64(&b, 5, 4);
    put_ref(&b, 4, "sender");
    uk_pb_int(&b, 3, 1); /* the unused number */
    size_t msg = uk_pb_begin(&b, 2);
    uk_pb_str(&b, 3, "manifest");
    uk_pb_int(&b, 2, 18);
    uk_pb_int(&b, 2, -7);
    put_extra(&b);
    uk_pb_str(&b, 1, "body");
    uk_pb_end(&b, msg);
    put_ref(&b, 1, "recipient");
    uk_pb_end(&b, env);
    size_t ack = uk_pb_begin(&b, 1);
    uk_pb_fixed64(&b, 2, 8);
    uk_pb_fixed64(&b, 1, 9);
    uk_pb_end(&b, ack);
    assert_int_equal(uk_envelope_decode(uk_buf_slice(&b), &e), 0);
    check_text(e.recipient, "recipient");
    check_text(e.sender, "sender");
    check_text(e.manifest, "manifest");
    check_text(e.message, "body");
    assert_int_equal(e.serializer, -7);
    assert_true(e.has_seq && e.seq == 4);
    assert_true(e.has_ack && e.cumulative == 9 && e.nack_count == 1);
    uk_buf_fini(&b);
}
enum {
    RECIPIENT = 1, PATH = 2, MESSAGE = 4, BYTES = 8, SERIALIZER = 16, SENDER = 32, SENDER_PATH = 64
};

static void put_envelope_parts(uk_buf *b, unsigned parts) {
    size_t env = uk_pb_begin(b, 2), m;
    if (parts & RECIPIENT) {
        m = uk_pb_begin(b, 1);
        if (parts & PATH) uk_pb_str(b, 1, "to");
        uk_pb_end(b, m);
    }
    if (parts & MESSAGE) {
        m = uk_pb_begin(b, 2);
        if (parts & BYTES) uk_pb_str(b, 1, "");
        if (parts & SERIALIZER) uk_pb_int(b, 2, 20);
        uk_pb_end(b, m);
    }
    if (parts & SENDER) {
        m = uk_pb_begin(b, 4);
        if (parts & SENDER_PATH) uk_pb_str(b, 1, "from");
        uk_pb_end(b, m);
    }
    uk_pb_end(b, env);
}
static void every_subset_of_an_envelope(void **state) {
    (void)state;
    for (unsigned parts = 0; parts < 128; parts++) {
        uk_buf b = {0};
        uk_envelope e;
        put_envelope_parts(&b, parts);
        unsigned need = RECIPIENT | PATH | MESSAGE | BYTES | SERIALIZER;
        bool whole = (parts & need) == need && (!(parts & SENDER) || (parts & SENDER_PATH));
        assert_int_equal(uk_envelope_decode(uk_buf_slice(&b), &e), whole ? 0 : UKKO_EPARSE);
        uk_buf_fini(&b);
    }
}
static void repeated_messages_are_joined(void **state) {
    (void)state;
    uk_buf b = {0};
    uk_envelope e;
    put_envelope_parts(&b, RECIPIENT | PATH | MESSAGE | SERIALIZER);
    put_envelope_parts(&b, MESSAGE | BYTES);
    assert_int_equal(uk_envelope_decode(uk_buf_slice(&b), &e), 0);
    check_text(e.recipient, "to");
    assert_int_equal(e.serializer, 20);
    uk_buf_fini(&b);
}
static void nacks_wherever_they_are(void **state) {
    (void)state;
    static const int64_t packed[] = {-1, 1ll << 62};
    uk_buf b = {0};
    uk_envelope e;
    size_t a = uk_pb_begin(&b, 1);
    uk_pb_fixed64(&b, 2, 5);
    uk_pb_fixed64(&b, 1, 1);
    uk_pb_int(&b, 2, 99); /* another wire type: an unknown field */
    uk_pb_end(&b, a);
    put_envelope_parts(&b, 31);
    a = uk_pb_begin(&b, 1);
    uk_pb_bytes(&b, 2, packed, sizeof packed);
    uk_pb_bytes(&b, 2, packed, 0);
    uk_pb_fixed64(&b, 2, 5);
    uk_pb_fixed64(&b, 1, (uint64_t)-1);
    uk_pb_end(&b, a);
    assert_int_equal(uk_envelope_decode(uk_buf_slice(&b), &e), 0);
    assert_true(e.has_ack && e.has_message);
    assert_int_equal(e.cumulative, -1);
    uk_ack ack = collect_ack(&e);
    assert_int_equal(ack.count, 4);
    static const int64_t want[] = {5, -1, 1ll << 62, 5};
    assert_memory_equal(ack.nacks, want, sizeof want);
    free((void *)ack.nacks);
    uk_buf_fini(&b);
}
static void malformed_payloads(void **state) {
    (void)state;
    static const struct { const char *hex; int rc; } cases[] = {
        {"", 0},                          /* neither ack nor message: harmless */
        {"4a0161", 0},
        {"0a00", UKKO_EPARSE},            /* ack without number */
        {"0a0909ffffffffffffffff", 0},    /* ack -1 */
        {"0a0809ffffffffffffff", UKKO_EPARSE},
        {"0a0d0900000000000000001202ffff", UKKO_EPARSE}, /* packed nacks, not a multiple of 8 */
        {"ffffff", UKKO_EPARSE},
        {"1200", UKKO_EPARSE},
        {"120112", UKKO_EPARSE},
        {"12057fffffffff", UKKO_EPARSE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uk_buf b = {0};
        uk_envelope e;
        unhex(&b, cases[i].hex);
        int rc = uk_envelope_decode(uk_buf_slice(&b), &e);
        if (rc != cases[i].rc) fail_msg("%s gives %d", cases[i].hex, rc);
        uk_buf_fini(&b);
    }
}
static void truncated_anywhere_is_an_error(void **state) {
    (void)state;
    static const int64_t nacks[] = {1, 2};
    const uk_ack ack = {3, nacks, 2};
    uk_outgoing m = {.recipient = S("pekko.tcp://A@h:1/user/a#5"),
                     .sender = S("pekko.tcp://B@h:2/"),
                     .message = S("hello"), .manifest = S("M"), .serializer = 31, .has_seq = true,
                     .ack = &ack};
    uk_buf b = {0};
    uk_pdu pdu;
    assert_int_equal(uk_envelope_put(&b, &m, MAX), 0);
    for (size_t n = 0; n < b.len - 4; n++) {
        uint8_t *copy = malloc(n ? n : 1); /* for the sanitizer */
        memcpy(copy, b.ptr + 4, n);
        assert_int_equal(uk_pdu_decode((ukko_slice){copy, n}, &pdu), UKKO_EPARSE);
        free(copy);
    }
    assert_int_equal(uk_pdu_decode((ukko_slice){b.ptr + 4, b.len - 4}, &pdu), 0);
    for (size_t n = 1; n < pdu.payload.len; n++) {
        uk_envelope e;
        int rc = uk_envelope_decode((ukko_slice){pdu.payload.ptr, n}, &e);
        assert_true(rc == UKKO_EPARSE || (e.has_ack && !e.has_message)); /* cut behind the ack */
    }
    uk_buf_fini(&b);
}
static void lengths_of_every_width(void **state) {
    (void)state;
    static const size_t sizes[] = {0,   1,   60,    100,   126,   127,   128,
                                   129, 16200, 16300, 16383, 16384, 120000};
    static uint8_t bytes[120000];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int shape = 0; shape < 16; shape++) {
            const uk_ack ack = {7, NULL, 0};
            uk_outgoing m = {.recipient = S("pekko.tcp://B@127.0.0.1:2552/user/a"),
                             .message = {bytes, sizes[i]},
                             .serializer = shape & 1 ? INT32_MIN : 4,
                             .has_seq = shape & 2, .seq = -3, .ack = shape & 4 ? &ack : NULL};
            if (shape & 8) m.sender = S(""), m.manifest = S("a.b.C");
            uk_buf one = {0}, two = {0};
            uk_buf_str(&one, "in front");
            uk_buf_str(&two, "in front");
            assert_int_equal(uk_envelope_put(&one, &m, MAX), 0);
            put_in_two_steps(&two, &m, sizes[(i + 5) % 13]);
            assert_int_equal(one.len, two.len);
            assert_memory_equal(one.ptr, two.ptr, one.len);
            uk_pdu pdu;
            uk_envelope e;
            assert_int_equal(uk_pdu_decode((ukko_slice){one.ptr + 12, one.len - 12}, &pdu), 0);
            assert_int_equal(uk_envelope_decode(pdu.payload, &e), 0);
            assert_int_equal(e.message.len, sizes[i]);
            assert_int_equal(e.serializer, m.serializer);
            assert_true(e.has_sender == !!(shape & 8) && e.has_seq == !!(shape & 2));
            uk_buf_fini(&one);
            uk_buf_fini(&two);
        }
    }
}
/* The largest frame that a peer takes is written, one byte more is refused and leaves no trace. */
static void the_send_limit_is_what_the_peer_takes(void **state) {
    (void)state;
    static uint8_t bytes[MAX];
    uk_outgoing m = {.recipient = S("pekko.tcp://B@127.0.0.1:2552/user/a"), .serializer = 4,
                     .message = {bytes, 0}};
    while (uk_envelope_frame_size(&m) < MAX) m.message.len++;
    assert_int_equal(uk_envelope_frame_size(&m), MAX);
    uk_buf b = {0};
    assert_int_equal(uk_envelope_put(&b, &m, MAX), 0);
    ukko_slice in = uk_buf_slice(&b), body;
    assert_int_equal(uk_frame_cut(&in, MAX, &body), 1);
    assert_int_equal(body.len, 127996);
    uk_pdu pdu;
    assert_int_equal(uk_pdu_decode(body, &pdu), 0);
    assert_int_equal(pdu.payload.len, 127992);
    uk_buf_clear(&b);
    m.message.len++;
    assert_int_equal(uk_envelope_put(&b, &m, MAX), UKKO_ETOOBIG);
    uk_frame_mark mark = uk_envelope_begin(&b, &m, 10);
    uk_buf_put(&b, bytes, m.message.len);
    assert_int_equal(uk_envelope_end(&b, mark, &m, MAX), UKKO_ETOOBIG);
    assert_int_equal(b.len, 0);
    uk_buf_fini(&b);
}
static void an_ack_has_a_limit_of_nacks(void **state) {
    (void)state;
    static int64_t nacks[20000];
    for (size_t max = 32000; max <= MAX; max += 96000) {
        size_t limit = uk_ack_nack_limit(max);
        uk_buf b = {0};
        uk_ack ack = {1, nacks, limit};
        assert_int_equal(uk_ack_put(&b, &ack, max), 0);
        assert_true(b.len <= max && b.len > max - 64);
        size_t len = b.len;
        ack.count = limit + 7;
        assert_int_equal(uk_ack_put(&b, &ack, max), UKKO_ETOOBIG);
        assert_int_equal(b.len, len);
        uk_buf_fini(&b);
    }
    assert_int_equal(uk_ack_nack_limit(10), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_the_codec),
        cmocka_unit_test(bytes_of_a_conversation),
        cmocka_unit_test(control_frames),
        cmocka_unit_test(every_subset_of_associate),
        cmocka_unit_test(origins_that_cannot_be_shown),
        cmocka_unit_test(uids_are_32_bits_signed),
        cmocka_unit_test(unknown_fields_and_commands),
        cmocka_unit_test(any_order_unknown_fields_last_scalar_wins),
        cmocka_unit_test(every_subset_of_an_envelope),
        cmocka_unit_test(repeated_messages_are_joined),
        cmocka_unit_test(nacks_wherever_they_are),
        cmocka_unit_test(malformed_payloads),
        cmocka_unit_test(truncated_anywhere_is_an_error),
        cmocka_unit_test(lengths_of_every_width),
        cmocka_unit_test(the_send_limit_is_what_the_peer_takes),
        cmocka_unit_test(an_ack_has_a_limit_of_nacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
