/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of all kinds and lengths, mixed, from one turn: what is made from the frame before, known
   from the frame before, pushed as a chain, cut by a full socket or by the end of a read, or goes through
   TLS, arrives as it was told. Two systems over loopback. */
#include "support/certificate.h"
#include "support/nodes.h"
#include <stdatomic.h>

/* A turn's messages of all kinds and lengths, mixed, to three actors: each gets its own, in order, as
   they were told, from whom they were told. The n-th message follows from n. */
enum { MIXED = 30000, SINKS = 3 };
static const ukko_type *const mixed_types[] = {&ukko_bytes_type, &ukko_string_type, &ukko_long_type,
                                               &ukko_int_type,   &ukko_bool_type,   &ukko_bytestring_type};
static uint32_t scramble(uint32_t n) {
    n = (n ^ 61) ^ (n >> 16);
    n *= 9;
    n = (n ^ n >> 4) * 0x27d4eb2d;
    return n ^ n >> 15;
}
static int sink_of(int n) { return (int)(scramble((uint32_t)n / 3) % SINKS); } /* runs of three */
static ukko_msg *mixed(int n) {
    static _Thread_local char text[100001];
    uint32_t r = scramble((uint32_t)n / 5 + 77); /* and of five */
    const ukko_type *t = mixed_types[r % 6];
    size_t len = r % 97 == 0 ? 10000 + r % 90000 : r % 400;
    int64_t number = n;
    bool odd = n % 2;
    memset(text, 'a' + n % 26, len);
    text[len] = 0;
    if (t == &ukko_string_type) return ukko_msg_string(text);
    if (t == &ukko_bytes_type || t == &ukko_bytestring_type)
        return ukko_msg_copy(t, &(ukko_slice){(const uint8_t *)text, len});
    return ukko_msg_copy(t, t == &ukko_bool_type ? (void *)&odd : &number);
}
static ukko_ref *mixed_to[SINKS];
static _Atomic int mixed_right, mixed_wrong; /* relaxed: counters */

static bool is_same(const ukko_msg *a, const ukko_msg *b) {
    const ukko_type *t = ukko_msg_type(a);
    if (t != ukko_msg_type(b)) return false;
    const void *x = ukko_msg_get(a, t), *y = ukko_msg_get(b, t);
    const ukko_slice *s = x, *u = y;
    if (t == &ukko_string_type) return !strcmp(ukko_msg_text(a), ukko_msg_text(b));
    if (t == &ukko_bytes_type || t == &ukko_bytestring_type)
        return s->len == u->len && (!s->len || !memcmp(s->ptr, u->ptr, s->len));
    return !memcmp(x, y, t == &ukko_bool_type ? 1 : t == &ukko_int_type ? 4 : 8);
}
typedef struct sink {
    int next;
} sink;
static int sink_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    sink *s = state;
    const char *name = ukko_ref_name(ukko_self(ctx)), *from = ukko_ref_name(ukko_sender(ctx));
    while (s->next < MIXED && sink_of(s->next) != name[4] - '0') s->next++;
    ukko_msg *want = mixed(s->next);
    bool right = is_same(msg, want) && !strcmp(from, s->next % 7 ? "mixer" : "deadLetters");
    atomic_fetch_add(right ? &mixed_right : &mixed_wrong, 1);
    ukko_msg_release(want);
    s->next++;
    return UKKO_OK;
}
static int mixer_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    for (int n = 0; n < MIXED; n++) {
        ukko_msg *m = mixed(n);
        const ukko_type *t = ukko_msg_type(m);
        ukko_ref *to = mixed_to[sink_of(n)];
        if (n % 7 == 0) ukko_tell_from(to, ukko_msg_retain(m), NULL);
        else if (n % 2) ukko_tell_msg(ctx, to, ukko_msg_retain(m));
        else ukko_tell(ctx, to, t, ukko_msg_get(m, t));
        ukko_msg_release(m);
    }
    return UKKO_OK;
}
static const ukko_actor sink_kind = {.size = sizeof(ukko_actor), .state_size = sizeof(sink),
                                     .name = "sink", .receive = {NULL, sink_receive}};
static const ukko_actor mixer = {
    .size = sizeof(ukko_actor), .name = "mixer", .receive = {NULL, mixer_receive}};
static void arrive_as_they_were(const char *config) {
    ukko_system *a = node_new("A", config), *b = node_new("B", config);
    for (int i = 0; i < SINKS; i++) {
        char name[8], path[20];
        snprintf(name, sizeof name, "sink%d", i);
        snprintf(path, sizeof path, "/user/%s", name);
        assert_int_equal(ukko_system_spawn(b, ukko_props_new(&sink_kind), name, NULL), UKKO_OK);
        mixed_to[i] = ref_at(a, ukko_remote_address(b), path);
    }
    spawn_echo(b, "echo");
    ukko_ref *there = ref_at(a, ukko_remote_address(b), "/user/echo"), *from;
    assert_true(does_answer(there, 60000)); /* the link is open: messages are written, not kept */
    atomic_store(&mixed_right, 0);
    atomic_store(&mixed_wrong, 0);
    assert_int_equal(ukko_system_spawn(a, ukko_props_new(&mixer), "mixer", &from), UKKO_OK);
    ukko_tell_text(NULL, from, "go");
    for (int i = 0; i < 4000 && atomic_load(&mixed_right) + atomic_load(&mixed_wrong) < MIXED; i++)
        usleep(10000);
    assert_int_equal(atomic_load(&mixed_right), MIXED);
    assert_int_equal(atomic_load(&mixed_wrong), 0);
    for (int i = 0; i < SINKS; i++) ukko_ref_release(mixed_to[i]);
    ukko_ref_release(there);
    ukko_ref_release(from);
    ukko_system_free(a);
    ukko_system_free(b);
}

static void over_tcp(void **state) {
    (void)state;
    arrive_as_they_were("pekko.remote.classic.netty.tcp.maximum-frame-size = 200000b");
}
static void through_small_buffers(void **state) {
    (void)state;
    arrive_as_they_were("pekko.remote.classic.netty.tcp { maximum-frame-size = 200000b\n"
                        " send-buffer-size = 40000b, receive-buffer-size = 40000b }");
}
static void over_tls(const char *protocol, const char *suite) {
    char text[1000];
    snprintf(text, sizeof text,
             "pekko.remote.classic { enabled-transports = [\"pekko.remote.classic.netty.ssl\"]\n"
             " netty.ssl { hostname = 127.0.0.1, port = 0, maximum-frame-size = 200000b, security {\n"
             " key-store = \"%s\", trust-store = \"%s\", protocol = %s, enabled-algorithms = [%s]\n"
             " } } }", pem, pem, protocol, suite);
    arrive_as_they_were(text);
}
static void over_tls_1_2(void **state) {
    (void)state;
    over_tls("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
}
static void over_tls_1_3(void **state) {
    (void)state;
    over_tls("TLSv1.3", "TLS_AES_128_GCM_SHA256");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_tcp),
        cmocka_unit_test(through_small_buffers),
        cmocka_unit_test(over_tls_1_2),
        cmocka_unit_test(over_tls_1_3),
    };
    return cmocka_run_group_tests(tests, make_certificate, remove_certificate);
}
