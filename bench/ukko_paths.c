/* SPDX-License-Identifier: Apache-2.0 */
/* One hot path at a time, a given number of rounds, for counting instructions
   (tests/checks/instructions.py): `ukko_paths PATH ROUNDS [THREADS]`. Actors run on one worker of each
   system unless THREADS says otherwise; encoding and decoding on the main thread. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ukko/ukko.h>

typedef struct number {
    int64_t n;
} number;
static const ukko_field number_fields[] = {UKKO_FIELD(number, n, UKKO_I64)};
static const ukko_type value = UKKO_TYPE_LOCAL(number, number_fields);
static const ukko_type begin = UKKO_TYPE_LOCAL(number, number_fields);

static int64_t rounds;
static ukko_ref *other;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool ended;

static int finish(void) {
    pthread_mutex_lock(&lock);
    ended = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return UKKO_OK;
}

/* tell-to-handler: batches of 64 to another actor, which answers the last of each */
static int sink_value(ukko_ctx *ctx, void *state, const void *body) {
    int64_t n = ((const number *)body)->n;
    *(int64_t *)state += n;
    if (n == 63) ukko_reply(ctx, &value, &(number){0});
    return UKKO_OK;
}
static int flood(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    if ((rounds -= 64) < 0) return finish();
    for (int64_t i = 0; i < 64; i++) ukko_tell(ctx, other, &value, &(number){i});
    return UKKO_OK;
}
/* ping-pong */
static int pong_value(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    ukko_reply(ctx, &value, body);
    return UKKO_OK;
}
static int ping_value(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    if ((rounds -= 2) < 0) return finish();
    ukko_tell(ctx, other, &value, body);
    return UKKO_OK;
}
/* spawn-and-stop */
static int mayfly_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    ukko_stop(ctx, ukko_self(ctx));
    return UKKO_OK;
}
static void mayfly_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    ukko_tell(ctx, ukko_parent(ctx), &value, &(number){0});
}
static const ukko_actor mayfly = {.size = sizeof(ukko_actor),
                                  .name = "Mayfly",
                                  .start = mayfly_start,
                                  .stop = mayfly_stop};
static ukko_props *recipe;
static int breed(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    if (--rounds < 0) return finish();
    return ukko_spawn(ctx, ukko_props_retain(recipe), NULL, NULL);
}

static const ukko_case sink_cases[] = {{&value, sink_value}, {NULL, NULL}};
static const ukko_case flood_cases[] = {{&value, flood}, {&begin, flood}, {NULL, NULL}};
static const ukko_case pong_cases[] = {{&value, pong_value}, {NULL, NULL}};
static const ukko_case ping_cases[] = {{&value, ping_value}, {&begin, ping_value}, {NULL, NULL}};
static const ukko_case breed_cases[] = {{&value, breed}, {&begin, breed}, {NULL, NULL}};
static const ukko_actor sink_actor = UKKO_ACTOR(number, "Sink", sink_cases);
static const ukko_actor flood_actor = UKKO_ACTOR(number, "Flood", flood_cases);
static const ukko_actor pong_actor = UKKO_ACTOR(number, "Pong", pong_cases);
static const ukko_actor ping_actor = UKKO_ACTOR(number, "Ping", ping_cases);
static const ukko_actor breed_actor = UKKO_ACTOR(number, "Breeder", breed_cases);

static void run_actors(ukko_system *sys, const ukko_actor *a, const ukko_actor *b) {
    ukko_ref *first;
    if (b && ukko_system_spawn(sys, ukko_props_new(b), NULL, &other)) abort();
    if (ukko_system_spawn(sys, ukko_props_new(a), NULL, &first)) abort();
    ukko_tell(NULL, first, &begin, &(number){0});
    pthread_mutex_lock(&lock);
    while (!ended) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    ukko_ref_release(first);
    ukko_ref_release(other);
}

/* ---- encode, decode: a Jackson message in a frame ---- */

typedef struct order {
    const char *item;
    int32_t count;
    double price;
} order;
static const ukko_field order_fields[] = {UKKO_FIELD(order, item, UKKO_STR),
                                          UKKO_FIELD(order, count, UKKO_I32),
                                          UKKO_FIELD(order, price, UKKO_F64)};
static const ukko_type order_type = UKKO_JACKSON(order, "com.example.Order", order_fields);

static size_t encode(ukko_system *sys, const ukko_msg *msg, uint8_t *buf, size_t len) {
    ukko_serialized s;
    if (ukko_serialize(sys, msg, &s, NULL)) abort();
    ukko_wire_message m = {.recipient = ukko_str("pekko.tcp://shop@127.0.0.1:7355/user/orders#17"),
                           .sender = ukko_str("pekko.tcp://desk@127.0.0.1:7356/user/desk#18"),
                           .serializer = s.serializer,
                           .manifest = ukko_str(s.manifest),
                           .bytes = {s.bytes, s.len}};
    size_t n = ukko_wire_put_message(buf, len, &m);
    ukko_serialized_fini(&s);
    return n;
}
static void decode(ukko_system *sys, ukko_slice in) {
    ukko_slice body;
    ukko_wire_pdu pdu;
    ukko_msg *m;
    char manifest[64];
    if (ukko_wire_cut(&in, 4096, &body) <= 0 || ukko_wire_decode(body, &pdu)) abort();
    snprintf(manifest, sizeof manifest, "%.*s", (int)pdu.manifest.len,
             (const char *)pdu.manifest.ptr);
    if (ukko_deserialize(sys, pdu.serializer, manifest, pdu.message, &m, NULL)) abort();
    ukko_msg_release(m);
}
static void run_codec(ukko_system *sys, bool decoding) {
    uint8_t buf[1024];
    ukko_msg *msg = ukko_msg_copy(&order_type, &(order){"a dozen eggs", 12, 3.25});
    size_t n = encode(sys, msg, buf, sizeof buf);
    for (; rounds > 0; rounds--) {
        if (decoding) decode(sys, (ukko_slice){buf, n});
        else encode(sys, msg, buf, sizeof buf);
    }
    ukko_msg_release(msg);
}

/* ---- remote-one-way: 100 bytes to an actor of another system, over a socket ---- */

enum { WINDOW = 1024 };

static int window(ukko_ctx *ctx, void *state, const void *body) {
    static const uint8_t bytes[100];
    (void)state, (void)body;
    if ((rounds -= WINDOW) < 0) return finish();
    for (int i = 0; i < WINDOW; i++)
        ukko_tell(ctx, other, &ukko_bytes_type, &(ukko_slice){bytes, sizeof bytes});
    ukko_tell(ctx, other, &ukko_int_type, &(int32_t){0});
    return UKKO_OK;
}
static int take_bytes(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    *(int64_t *)state += (int64_t)((const ukko_slice *)body)->len;
    return UKKO_OK;
}
static int take_marker(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    ukko_reply(ctx, &ukko_int_type, body);
    return UKKO_OK;
}
static const ukko_case far_cases[] = {
    {&ukko_bytes_type, take_bytes}, {&ukko_int_type, take_marker}, {NULL, NULL}};
static const ukko_case near_cases[] = {{&ukko_int_type, window}, {&begin, window}, {NULL, NULL}};
static const ukko_actor far_actor = UKKO_ACTOR(number, "Far", far_cases);
static const ukko_actor near_actor = UKKO_ACTOR(number, "Near", near_cases);

static ukko_system *node(const char *name) {
    ukko_error err = {0, ""};
    ukko_config *parsed = NULL, *config = NULL;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS(name, NULL);
    ukko_system *sys = NULL;
    if (ukko_config_parse(&parsed, ukko_str("pekko.actor.provider = remote\npekko.loglevel = ERROR\n"
                                            "pekko.remote.artery.enabled = off\n"
                                            "pekko.remote.classic.netty.tcp { hostname = 127.0.0.1, port = 0 }"),
                          "paths", &err) ||
        ukko_config_load_from(&config, parsed, &err))
        abort();
    opts.config = config;
    opts.threads = 1;
    if (ukko_system_new(&sys, &opts, &err) || ukko_remote_enable(sys, &err) ||
        ukko_system_start(sys, &err))
        abort();
    ukko_config_release(parsed);
    ukko_config_release(config);
    return sys;
}
static void run_remote(void) {
    char path[200];
    ukko_system *far = node("far"), *near = node("near");
    if (ukko_system_spawn(far, ukko_props_new(&far_actor), "far", NULL)) abort();
    snprintf(path, sizeof path, "%s/user/far", ukko_remote_address(far));
    if (ukko_find_wait(near, path, 60000, &other)) abort();
    run_actors(near, &near_actor, NULL);
    ukko_system_free(near);
    ukko_system_free(far);
}

int main(int argc, char **argv) {
    const char *path = argc > 2 ? argv[1] : "";
    ukko_error err = {0, ""};
    ukko_system *sys = NULL;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("paths", NULL);
    opts.threads = argc > 3 ? atoi(argv[3]) : 1;
    opts.types = (const ukko_type *const[]){&order_type, NULL};
    if (argc > 2) rounds = atoll(argv[2]);
    if (ukko_system_new(&sys, &opts, &err) || ukko_system_start(sys, &err)) {
        fprintf(stderr, "ukko_paths: %s\n", err.message);
        return 1;
    }
    recipe = ukko_props_new(&mayfly);
    int rc = 0;
    if (!strcmp(path, "tell-to-handler")) run_actors(sys, &flood_actor, &sink_actor);
    else if (!strcmp(path, "ping-pong")) run_actors(sys, &ping_actor, &pong_actor);
    else if (!strcmp(path, "spawn-and-stop")) run_actors(sys, &breed_actor, NULL);
    else if (!strcmp(path, "encode")) run_codec(sys, false);
    else if (!strcmp(path, "decode")) run_codec(sys, true);
    else if (!strcmp(path, "remote-one-way")) run_remote();
    else rc = 2;
    ukko_props_release(recipe);
    ukko_system_free(sys);
    if (rc)
        fputs("usage: ukko_paths tell-to-handler|ping-pong|spawn-and-stop|encode|decode|remote-one-way "
              "ROUNDS [THREADS]\n", stderr);
    return rc;
}
