/* SPDX-License-Identifier: Apache-2.0 */
/* Loop, timers, listener, connects and streams over loopback: bytes of many senders arrive whole and
   in each sender's order, half-closed ends lose nothing, nothing stays open. The test thread talks
   to the loop by tasks. */
#include "net/tcp.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

enum { SENDERS = 4, MESSAGES = 20000, RECORD = 16 };

typedef struct side {
    uk_stream *stream;
    uint32_t next[SENDERS];
    size_t records, closed, drained;
    bool slow;
    bool wrong;
} side;

typedef struct rig {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uk_loop *loop;
    uk_listener *listener;
    int port;
    side server, client;
    char error[200];
    bool failed;
    uk_connect *connecting;
    uk_task task;
    void (*job)(struct rig *);
    bool job_done;
    size_t open_streams;
} rig;

static rig *the; /* one at a time */

static void changed(void) {
    pthread_mutex_lock(&the->lock);
    pthread_cond_broadcast(&the->changed);
    pthread_mutex_unlock(&the->lock);
}
#define WAIT_FOR(cond)                                                                      \
    do {                                                                                    \
        pthread_mutex_lock(&the->lock);                                                     \
        struct timespec t_;                                                                 \
        clock_gettime(CLOCK_REALTIME, &t_);                                                 \
        t_.tv_sec += 20;                                                                    \
        while (!(cond))                                                                     \
            if (pthread_cond_timedwait(&the->changed, &the->lock, &t_)) break;              \
        bool ok_ = (cond);                                                                  \
        pthread_mutex_unlock(&the->lock);                                                   \
        assert_true(ok_);                                                                   \
    } while (0)

static void run_job(uk_task *t) {
    (void)t;
    the->job(the);
    pthread_mutex_lock(&the->lock);
    the->job_done = true;
    pthread_mutex_unlock(&the->lock);
    changed();
}
static void on_loop(void (*job)(rig *)) {
    the->job = job;
    the->job_done = false;
    the->task.run = run_job;
    uk_loop_post(the->loop, &the->task);
    WAIT_FOR(the->job_done);
}

/* A record: sender, number, and the number once more. What is cut off comes again. */
static size_t data(void *owner, const uint8_t *bytes, size_t n) {
    side *s = owner;
    size_t at = 0;
    pthread_mutex_lock(&the->lock);
    for (; n - at >= RECORD; at += RECORD) {
        uint32_t r[4];
        memcpy(r, bytes + at, sizeof r);
        if (r[0] >= SENDERS || r[1] != s->next[r[0]]++ || r[2] != r[1]) s->wrong = true;
        s->records++;
    }
    pthread_mutex_unlock(&the->lock);
    if (s->slow) usleep(2000); /* that it is slow is the case */
    changed();
    return at;
}
static void closed(void *owner, const char *error) {
    side *s = owner;
    (void)error;
    pthread_mutex_lock(&the->lock);
    s->closed++;
    pthread_mutex_unlock(&the->lock);
    changed();
}
static void drained(void *owner) {
    side *s = owner;
    pthread_mutex_lock(&the->lock);
    s->drained++;
    pthread_mutex_unlock(&the->lock);
    changed();
}
static const uk_stream_events events = {data, closed, drained};
enum { LOW = 20000, HIGH = 50000, MOST = 200000 };
static const uk_stream_opts opts = {.nodelay = true, .max_unread = 1024, .send_buffer = 16384,
                                    .low_mark = LOW, .high_mark = HIGH};

static uk_stream *wrap(int fd, side *s) {
    uk_stream *st = uk_stream_new(the->loop, fd, &opts, &events, s);
    uk_stream_resume(st, true);
    return st;
}
static void accepted(void *owner, int fd, const char *from) {
    (void)owner;
    assert_memory_equal(from, "/127.0.0.1:", 11);
    uk_stream *s = wrap(fd, &the->server);
    pthread_mutex_lock(&the->lock);
    the->server.stream = s;
    pthread_mutex_unlock(&the->lock);
    changed();
}
static void connected(void *owner, int fd, const char *error) {
    (void)owner;
    uk_stream *s = fd >= 0 ? wrap(fd, &the->client) : NULL;
    pthread_mutex_lock(&the->lock);
    the->client.stream = s;
    the->failed = fd < 0;
    snprintf(the->error, sizeof the->error, "%s", error ? error : "");
    pthread_mutex_unlock(&the->lock);
    changed();
}
static void job_listen(rig *r) { uk_listener_start(r->listener, accepted, r); }
static void job_connect(rig *r) {
    r->connecting = uk_connect_start(r->loop, "127.0.0.1", r->port, 5000, connected, r);
}

static int begin(void **state) {
    the = calloc(1, sizeof *the);
    pthread_mutex_init(&the->lock, NULL);
    pthread_cond_init(&the->changed, NULL);
    assert_int_equal(uk_loop_new(&the->loop, "test-io", NULL), 0);
    assert_int_equal(uk_listener_new(&the->listener, the->loop, "127.0.0.1", 0, 16, true,
                                     &the->port, NULL), 0);
    assert_int_equal(uk_loop_start(the->loop, NULL), 0);
    on_loop(job_listen);
    *state = the;
    return 0;
}
static void job_count(rig *r) { r->open_streams = uk_streams_open(r->loop); }
static void job_close(rig *r) {
    uk_listener_close(r->listener);
    uk_streams_close(r->loop);
}
static int finish(void **state) {
    (void)state;
    on_loop(job_close);
    on_loop(job_count);
    assert_int_equal(the->open_streams, 0);
    uk_stream_release(the->server.stream);
    uk_stream_release(the->client.stream);
    uk_loop_free(the->loop);
    pthread_mutex_destroy(&the->lock);
    pthread_cond_destroy(&the->changed);
    free(the);
    return 0;
}
static void connect_both(void) {
    on_loop(job_connect);
    WAIT_FOR(the->client.stream && the->server.stream);
}

typedef struct sender {
    uk_stream *stream;
    uint32_t id, burst;
} sender;
static void *send_all(void *arg) {
    sender *s = arg;
    uint32_t buf[4 * 64];
    for (uint32_t n = 0; n < MESSAGES;) {
        uint32_t k = 0;
        for (; k < s->burst && n < MESSAGES; k++, n++) {
            uint32_t r[4] = {s->id, n, n, 0};
            memcpy(buf + 4 * k, r, sizeof r);
        }
        assert_true(uk_stream_send(s->stream, buf, k * RECORD));
    }
    return NULL;
}
static void flood(bool slow) {
    pthread_t t[SENDERS];
    sender s[SENDERS];
    connect_both();
    the->server.slow = slow;
    for (uint32_t i = 0; i < SENDERS; i++) {
        s[i] = (sender){the->client.stream, i, 1 + i * 20};
        pthread_create(&t[i], NULL, send_all, &s[i]);
    }
    for (uint32_t i = 0; i < SENDERS; i++) pthread_join(t[i], NULL);
    WAIT_FOR(the->server.records == SENDERS * MESSAGES);
    assert_false(the->server.wrong);
    assert_int_equal(uk_stream_pending(the->client.stream), 0);
}

static void many_senders(void **state) {
    (void)state;
    flood(false);
}
static void slow_reader(void **state) {
    (void)state;
    flood(true);
}

static void job_finish_client(rig *r) { uk_stream_finish(r->client.stream, 5000); }

/* What was sent before the end arrives before the end, although the other side goes on talking. */
static void finish_loses_nothing(void **state) {
    (void)state;
    connect_both();
    sender s = {the->client.stream, 0, 64}, back = {the->server.stream, 1, 64};
    the->server.slow = true;
    send_all(&back); /* unread data would make a plain close() a reset */
    send_all(&s);
    on_loop(job_finish_client);
    WAIT_FOR(the->server.closed == 1);
    assert_int_equal(the->server.records, MESSAGES);
    assert_false(the->server.wrong);
    assert_int_equal(the->client.closed, 0);
    assert_false(uk_stream_send(the->server.stream, "x", 1));
}

static void job_reset(rig *r) { uk_stream_close(r->client.stream); }
static void send_to_the_dead(void **state) {
    (void)state;
    connect_both();
    on_loop(job_reset);
    WAIT_FOR(the->server.closed == 1);
    assert_false(uk_stream_send(the->client.stream, "x", 1));
    assert_true(uk_stream_ended(the->client.stream));
    on_loop(job_reset); /* once more does nothing */
    assert_int_equal(the->client.closed, 0);
}

static void job_pause(rig *r) { uk_stream_resume(r->server.stream, false); }
static void job_resume(rig *r) { uk_stream_resume(r->server.stream, true); }

/* Last words, then a reset while this side still has bytes to send: the words arrive all the same. */
static int last_fd;
static void job_last_words(rig *r) { /* on the loop, so that words and reset are seen at once */
    uint32_t words[4 * 1000];
    (void)r;
    for (uint32_t i = 0; i < 1000; i++) memcpy(words + 4 * i, (uint32_t[4]){0, i, i, 0}, RECORD);
    assert_int_equal(send(last_fd, words, sizeof words, 0), sizeof words);
    close(last_fd); /* with bytes unread: a reset */
}
static void a_reset_loses_no_words(void **state) {
    (void)state;
    static uint8_t much[8 << 20];
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)the->port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    last_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(last_fd, (void *)&a, sizeof a), 0);
    WAIT_FOR(the->server.stream);
    assert_true(uk_stream_send(the->server.stream, much, sizeof much));
    assert_true(uk_stream_pending(the->server.stream) > 0);
    on_loop(job_last_words);
    WAIT_FOR(the->server.closed == 1);
    assert_int_equal(the->server.records, 1000);
    assert_false(the->server.wrong);
}

/* The same while this side has nothing to say: nobody but the reader can notice the end. */
static void a_reset_is_noticed(void **state) {
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)the->port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    last_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(last_fd, (void *)&a, sizeof a), 0);
    WAIT_FOR(the->server.stream);
    setsockopt(last_fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    on_loop(job_last_words);
    WAIT_FOR(the->server.closed == 1);
    assert_int_equal(the->server.records, 1000);
    assert_false(the->server.wrong);
}
/* And while this side does not read: the words wait for it. */
static void a_reset_waits_for_the_reader(void **state) {
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)the->port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    last_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(last_fd, (void *)&a, sizeof a), 0);
    WAIT_FOR(the->server.stream);
    on_loop(job_pause);
    setsockopt(last_fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    on_loop(job_last_words);
    on_loop(job_count); /* a round at least */
    assert_int_equal(the->server.closed, 0);
    on_loop(job_resume);
    WAIT_FOR(the->server.closed == 1);
    assert_int_equal(the->server.records, 1000);
}

static void refused_connect(void **state) {
    (void)state;
    int port = the->port, fd = socket(AF_INET, SOCK_STREAM, 0);
    the->port = 1;
    on_loop(job_connect);
    WAIT_FOR(the->failed);
    assert_string_equal(the->error, "Connection refused: /127.0.0.1:1");
    the->port = port;
    close(fd);
}
static void job_connect_cancel(rig *r) {
    r->connecting = uk_connect_start(r->loop, "127.0.0.1", r->port, 5000, connected, r);
    uk_connect_cancel(r->connecting);
}
static void job_connect_nowhere(rig *r) {
    r->connecting = uk_connect_start(r->loop, "no-such-host.invalid", 1, 20000, connected, r);
}
static void cancelled_and_unknown(void **state) {
    (void)state;
    on_loop(job_connect_cancel);
    on_loop(job_connect_nowhere);
    WAIT_FOR(the->failed);
    assert_non_null(strstr(the->error, "no-such-host.invalid"));
    assert_null(the->client.stream);
}
static void listen_errors(void **state) {
    (void)state;
    uk_listener *l;
    ukko_error err;
    int bound;
    assert_int_equal(uk_listener_new(&l, the->loop, "127.0.0.1", the->port, 16, true, &bound, &err), UKKO_EIO);
    assert_non_null(strstr(err.message, "Address already in use"));
    assert_int_equal(uk_listener_new(&l, the->loop, "no-such-host.invalid", 0, 16, true, &bound, &err), UKKO_EIO);
    assert_non_null(strstr(err.message, "no-such-host.invalid"));
}

/* ---- limits and marks ---- */

static uint32_t send_until_full(uint32_t n) {
    size_t pending = 0;
    for (;; n++) {
        uint32_t r[4] = {0, n, n, 0};
        uk_buf b = {(uint8_t *)r, RECORD, 0};
        uk_sent sent = uk_stream_send_within(the->client.stream, &b, MOST, &pending);
        assert_true(pending <= MOST);
        if (sent == UK_SENT_FULL) return n;
        assert_int_equal(sent, UK_SENT);
    }
}
static size_t drained_so_far(void) {
    pthread_mutex_lock(&the->lock);
    size_t n = the->client.drained;
    pthread_mutex_unlock(&the->lock);
    return n;
}
/* A reader that does not read: no more waits than may, and once it reads again all that was taken
   arrives, and a call says that little waits now. */
static void a_limit_of_what_waits(void **state) {
    (void)state;
    uint32_t n = 0;
    connect_both();
    for (int round = 0; round < 3; round++) {
        on_loop(job_pause);
        n = send_until_full(n);
        assert_true(uk_stream_pending(the->client.stream) > MOST - RECORD);
        size_t before = drained_so_far(); /* a slow sender may have been drained on its way here, too */
        on_loop(job_resume);
        WAIT_FOR(the->client.drained > before && the->server.records == n);
        assert_int_equal(uk_stream_pending(the->client.stream), 0);
    }
    assert_false(the->server.wrong);
    size_t pending;
    on_loop(job_reset);
    WAIT_FOR(the->server.closed == 1);
    uk_buf late = {(uint8_t *)"x", 1, 0};
    assert_int_equal(uk_stream_send_within(the->client.stream, &late, MOST, &pending), UK_SENT_ENDED);
    assert_int_equal(late.len, 1);
}

/* A sender that is ahead of the socket: its large buffers are passed on, what is small is gathered, and all of
   it arrives in order. */
enum { LARGE = 6000 };
static uint32_t send_buffer(uint32_t from, uint32_t n, bool *passed_on) {
    size_t pending;
    uk_buf b = {0};
    for (uint32_t i = from; i < from + n; i++) uk_buf_put(&b, (uint32_t[4]){0, i, i, 0}, RECORD);
    assert_int_equal(uk_stream_send_within(the->client.stream, &b, SIZE_MAX, &pending), UK_SENT);
    assert_int_equal(b.len, 0);
    *passed_on = !b.cap;
    uk_buf_fini(&b);
    return from + n;
}
static void large_buffers_are_passed_on(void **state) {
    (void)state;
    uint32_t n = 0;
    bool passed_on;
    connect_both();
    for (int round = 0; round < 3; round++) {
        on_loop(job_pause);
        do n = send_buffer(n, LARGE, &passed_on);
        while (uk_stream_pending(the->client.stream) < 4 * LARGE * RECORD);
        for (int i = 0; i < 10; i++) {
            n = send_buffer(n, LARGE, &passed_on);
            assert_true(passed_on);
            n = send_buffer(n, 3, &passed_on);
            assert_false(passed_on);
        }
        on_loop(job_resume);
        WAIT_FOR(the->server.records == n);
        assert_false(the->server.wrong);
        assert_int_equal(uk_stream_pending(the->client.stream), 0);
    }
}

/* What the socket has not taken is given back after the end, and begins where a send began. */
static uk_buf unsent;
static size_t unsent_at;
static void job_close_and_take(rig *r) {
    uk_stream_close(r->client.stream);
    unsent_at = uk_stream_unsent(r->client.stream, &unsent);
}
static void close_and_look(uint32_t large) {
    connect_both();
    on_loop(job_pause);
    bool passed_on;
    uint32_t n = 0, first;
    for (uint32_t i = 0; i < large; i++) n = send_buffer(n, LARGE, &passed_on);
    if (!large) n = send_until_full(n);
    on_loop(job_close_and_take);
    assert_true(unsent.len % RECORD == 0 && unsent_at <= unsent.len);
    memcpy(&first, unsent.ptr + 4, 4);
    assert_int_equal(first + unsent.len / RECORD, n); /* up to the last one */
    on_loop(job_resume);
    WAIT_FOR(the->server.closed == 1);
    assert_true(the->server.records >= first && the->server.records <= first + 1 + unsent_at / RECORD);
    uk_buf_fini(&unsent);
}
static void what_was_not_sent_is_given_back(void **state) {
    (void)state;
    close_and_look(0);
}
static void what_was_not_sent_of_large_buffers_is_given_back(void **state) {
    (void)state;
    close_and_look(100);
}

/* ---- timers ---- */

enum { ALARMS = 200 };
typedef struct alarm_case {
    uk_alarm alarm;
    int64_t due;
} alarm_case;
static alarm_case alarms[ALARMS];
static int64_t last_due;
static size_t fired;
static bool early, out_of_order;

static void fire(uk_alarm *a) {
    alarm_case *c = (alarm_case *)(void *)a;
    int64_t now = uk_loop_now(the->loop);
    early |= now < c->due;
    out_of_order |= c->due < last_due;
    last_due = c->due;
    pthread_mutex_lock(&the->lock);
    fired++;
    pthread_mutex_unlock(&the->lock);
    changed();
}
static void job_alarms(rig *r) {
    for (int i = 0; i < ALARMS; i++) {
        int64_t delay = (i * 7919) % 150;
        alarms[i].alarm.fire = fire;
        uk_alarm_start(r->loop, &alarms[i].alarm, delay + 500);
        uk_alarm_start(r->loop, &alarms[i].alarm, delay); /* anew */
        alarms[i].due = uk_loop_now(r->loop) + delay;
    }
    for (int i = 0; i < ALARMS; i += 2) uk_alarm_stop(r->loop, &alarms[i].alarm);
    uk_alarm_stop(r->loop, &alarms[0].alarm);
}
/* Behind all the times that were given at first. */
static bool over;
static void fire_last(uk_alarm *a) {
    (void)a;
    pthread_mutex_lock(&the->lock);
    over = true;
    pthread_mutex_unlock(&the->lock);
    changed();
}
static uk_alarm last_alarm = {.fire = fire_last};
static void job_last(rig *r) { uk_alarm_start(r->loop, &last_alarm, 700); }
static void alarms_in_order(void **state) {
    (void)state;
    on_loop(job_alarms);
    on_loop(job_last);
    WAIT_FOR(over);
    assert_int_equal(fired, ALARMS / 2);
    assert_false(early);
    assert_false(out_of_order);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(many_senders),     TEST(slow_reader),           TEST(finish_loses_nothing),
        TEST(send_to_the_dead), TEST(refused_connect),       TEST(cancelled_and_unknown),
        TEST(listen_errors),    TEST(alarms_in_order),       TEST(a_limit_of_what_waits),
        TEST(what_was_not_sent_is_given_back), TEST(a_reset_loses_no_words),
        TEST(large_buffers_are_passed_on), TEST(what_was_not_sent_of_large_buffers_is_given_back),
        TEST(a_reset_is_noticed), TEST(a_reset_waits_for_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
