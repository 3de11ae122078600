/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko bench`: round trips with an actor that sends byte arrays back, by size and by number in flight;
   one way: what an actor takes, in two batches, so that one is on its way while the other is confirmed.
   The driver's callbacks run on the threads of the session's system, the rest on the main thread. */
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FLIGHT = 4096, MAX_SAMPLES = 4 << 20, MAX_SIZE = 64 << 20 };

typedef struct driver {
    ukko_actor kind;      /* lives until the session is closed */
    ukko_ref *to, *inbox; /* borrowed from the session */
    uint8_t *bytes;       /* of size; the first two tell the slot */
    size_t size;
    int in_flight, flying; /* flying: slots that wait for something */
    bool one_way;          /* a slot is a batch, not a message */
    int round, rounds;    /* the measurement that runs, of how many */
    bool titled, stopped; /* stopped: the driver's own, until it has said "done" */
    int64_t end_ns, first_ns, last_ns, n, samples;
    int64_t sent_ns[MAX_FLIGHT];
    uint32_t *ns; /* one round trip each, the first MAX_SAMPLES of them */
} driver;

/* ---- The actor ----------------------------------------------------------------------- */

static void send_slot(ukko_ctx *ctx, driver *d, int slot) {
    ukko_slice body = {d->bytes, d->size};
    d->bytes[0] = (uint8_t)slot;
    d->bytes[1] = (uint8_t)(slot >> 8);
    d->sent_ns[slot] = clock_ns();
    ukko_tell(ctx, d->to, &ukko_bytes_type, &body);
}

static int slots_of(const driver *d) {
    return !d->one_way ? d->in_flight : d->in_flight > 1 ? 2 : 1;
}

static int batch_of(const driver *d, int slot) {
    int half = d->in_flight / 2;
    return !d->one_way ? 1 : slot == 0 ? d->in_flight - half : half;
}

/* The answer to an Identify behind the messages tells that they have arrived. */
static void send_batch(ukko_ctx *ctx, driver *d, int slot) {
    ukko_slice body = {d->bytes, d->size};
    int64_t number = slot;
    ukko_msg *id = ukko_msg_copy(&ukko_long_type, &number);
    d->sent_ns[slot] = clock_ns();
    for (int i = 0; i < batch_of(d, slot); i++) ukko_tell(ctx, d->to, &ukko_bytes_type, &body);
    ukko_tell(ctx, d->to, &ukko_identify_type, &(ukko_identify){id});
    ukko_msg_release(id);
}

static void send_next(ukko_ctx *ctx, driver *d, int slot) {
    if (d->one_way)
        send_batch(ctx, d, slot);
    else
        send_slot(ctx, d, slot);
}

/* "go", or "stop": what is on its way is not waited for */
static int on_word(ukko_ctx *ctx, void *state, const void *body) {
    driver *d = ukko_ctx_actor(ctx)->data;
    (void)state;
    if (((const ukko_string *)body)->text[0] == 's') {
        d->stopped = true;
        ukko_tell_text(ctx, d->inbox, "done");
        return UKKO_OK;
    }
    d->flying = slots_of(d);
    d->first_ns = clock_ns();
    for (int i = 0; i < slots_of(d); i++) send_next(ctx, d, i);
    return UKKO_OK;
}

static int slot_is_back(ukko_ctx *ctx, driver *d, int64_t slot) {
    if (slot < 0 || slot >= slots_of(d) || d->stopped) return UKKO_OK;
    int64_t now = clock_ns(), ns = now - d->sent_ns[slot];
    if (d->samples < MAX_SAMPLES)
        d->ns[d->samples++] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
    d->n += batch_of(d, (int)slot);
    d->last_ns = now;
    if (now < d->end_ns)
        send_next(ctx, d, (int)slot);
    else if (--d->flying == 0)
        ukko_tell_text(ctx, d->inbox, "done");
    return UKKO_OK;
}

static int on_back(ukko_ctx *ctx, void *state, const void *body) {
    driver *d = ukko_ctx_actor(ctx)->data;
    const ukko_slice *b = body;
    (void)state;
    if (b->len < 2 || d->one_way) return UKKO_OK; /* one way: an answer that nobody asked for */
    return slot_is_back(ctx, d, b->ptr[0] | b->ptr[1] << 8);
}

/* Without a reference the actor has ended, and nothing arrived: then no answer is the answer. */
static int on_identity(ukko_ctx *ctx, void *state, const void *body) {
    driver *d = ukko_ctx_actor(ctx)->data;
    const ukko_identity *i = body;
    const int64_t *slot = ukko_msg_get(i->id, &ukko_long_type);
    (void)state;
    return d->one_way && i->ref && slot ? slot_is_back(ctx, d, *slot) : UKKO_OK;
}

static const ukko_case driver_cases[] = {
    {&ukko_bytes_type, on_back}, {&ukko_identity_type, on_identity},
    {&ukko_string_type, on_word}, {NULL, NULL}};

/* ---- One measurement ----------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double at_share(const driver *d, double share) {
    int64_t n = d->samples, i = (int64_t)(share * (double)n);
    return (double)d->ns[i < n ? i : n - 1] / 1000;
}

static void show(cli *c, driver *d) {
    static const struct {
        const char *name;
        double share;
    } shares[] = {
        {"p50_us", 0.5}, {"p90_us", 0.9}, {"p99_us", 0.99}, {"p999_us", 0.999}, {"max_us", 1}};
    double seconds = (double)(d->last_ns - d->first_ns) / 1e9, rate = (double)d->n / seconds;
    qsort(d->ns, (size_t)d->samples, sizeof *d->ns, by_value);
    if (!d->titled) /* not before there is something below it */
        output_note(c, "%9s %9s %11s %9s %9s %9s %9s %9s   (us%s)", "bytes", "in flight",
                    "per second", "p50", "p90", "p99", "p99.9", "max", d->one_way ? ", batch" : "");
    d->titled = true;
    json_t *j = json_object();
    json_object_set_new(j, "bytes", json_integer((json_int_t)d->size));
    json_object_set_new(j, "in_flight", json_integer(d->in_flight));
    json_object_set_new(j, "seconds", json_real(seconds));
    json_object_set_new(j, "round_trips", json_integer(d->n));
    json_object_set_new(j, "per_second", json_real(rate));
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        json_object_set_new(j, shares[i].name, json_real(at_share(d, shares[i].share)));
    json_object_set_new(j, "one_way", json_boolean(d->one_way));
    output_record(c, j, "%9zu %9d %11.0f %9.1f %9.1f %9.1f %9.1f %9.1f", d->size, d->in_flight,
                  rate, at_share(d, 0.5), at_share(d, 0.9), at_share(d, 0.99), at_share(d, 0.999),
                  at_share(d, 1));
}

/* An interrupt ends a measurement early: what was measured counts. */
static void cut_short(session *s, driver *d, ukko_ref *ref) {
    arrival *a;
    ukko_tell_text(NULL, ref, "stop");
    if (session_next(s, session_deadline(s->cli->timeout_ms), &a) != CLI_OK) return;
    arrival_free(a);
    if (d->n > 0) show(s->cli, d);
}

static int measure(session *s, driver *d, int64_t ms) {
    char name[40];
    static int made;
    arrival *a;
    ukko_ref *ref = NULL;
    snprintf(name, sizeof name, "bench%d", made++);
    d->n = d->samples = 0;
    d->stopped = false;
    d->end_ns = session_deadline(ms);
    problem p = {CLI_INTERNAL, "SPAWN", "start", NULL, NULL};
    if (ukko_system_spawn(s->sys, ukko_props_new(&d->kind), name, &ref) != UKKO_OK)
        return cli_fail(s->cli, &p, "cannot start");
    output_progress(s->cli, "%d of %d: %zu bytes, %d in flight", d->round, d->rounds, d->size,
                    d->in_flight);
    ukko_tell_text(NULL, ref, "go");
    int status = session_next(s, session_deadline(ms + s->cli->timeout_ms), &a);
    if (status == CLI_OK) arrival_free(a);
    p = (problem){CLI_TIMEOUT, "TIMEOUT", "reply", s->target.text,
                  d->one_way ? "the actor may have ended, or have more to do than it can"
                             : "the target has to send byte arrays back, as /user/echo of ukko "
                               "node does"};
    if (status == CLI_TIMEOUT)
        status = cli_fail(s->cli, &p, "an answer did not come within %lld ms",
                          (long long)s->cli->timeout_ms);
    else if (status == CLI_OK)
        show(s->cli, d);
    else if (status == CLI_INTERRUPTED)
        cut_short(s, d, ref);
    ukko_ref_signal(ref, UKKO_SIGNAL_TERMINATE, NULL);
    ukko_ref_release(ref);
    return status;
}

/* ---- The command --------------------------------------------------------------------- */

/* The next of "100,1k,10k"; false: none, or no size. */
static bool next_size(const char **list, int64_t most, int64_t *n) {
    char word[40];
    size_t len = strcspn(*list, ",");
    snprintf(word, sizeof word, "%.*s", (int)len, *list);
    *list += len + ((*list)[len] == ',');
    return parse_size(word, n) && *n > 0 && *n <= most;
}

static int check_list(cli *c, const char *name, const char *list, int64_t most) {
    int64_t n;
    for (const char *p = list; *p;)
        if (!next_size(&p, most, &n))
            return cli_usage(c, "--%s: '%s' is no list such as 100,1k,10k", name, list);
    return *list ? CLI_OK : cli_usage(c, "--%s is empty", name);
}

static int list_length(const char *list) {
    int n = 1;
    for (; *list; list++) n += *list == ',' && list[1];
    return n;
}

static int measure_all(session *s, driver *d, const char *sizes, const char *flights, int64_t ms) {
    int status = CLI_OK;
    int64_t size = 0, flight = 0;
    d->rounds = list_length(sizes) * list_length(flights);
    for (const char *p = sizes; *p && status == CLI_OK;) {
        next_size(&p, MAX_SIZE, &size);
        d->size = size < 2 ? 2 : (size_t)size;
        d->bytes = calloc(1, d->size);
        for (const char *q = flights; *q && status == CLI_OK;) {
            next_size(&q, MAX_FLIGHT, &flight);
            d->in_flight = (int)flight;
            d->round++;
            status = measure(s, d, ms);
        }
        free(d->bytes);
    }
    return status;
}

int run_bench(cli *c) {
    const char *sizes = args_value(c, "size"), *flights = args_value(c, "in-flight");
    session s = {0};
    ukko_ref *to = NULL;
    int64_t ms = 2000;
    sizes = sizes ? sizes : "100,1k,10k";
    flights = flights ? flights : "1,16";
    int status = check_list(c, "size", sizes, MAX_SIZE);
    if (status == CLI_OK) status = check_list(c, "in-flight", flights, MAX_FLIGHT);
    if (status == CLI_OK) status = args_duration(c, "duration", &ms);
    if (status != CLI_OK) return status;
    driver *d = calloc(1, sizeof *d);
    d->ns = malloc(MAX_SAMPLES * sizeof *d->ns);
    status = session_reach(&s, c, &to);
    d->to = to;
    d->inbox = s.self;
    d->one_way = args_count(c, "one-way") > 0;
    d->kind = (ukko_actor){.size = sizeof d->kind,
                           .name = "ukko.cli.Bench",
                           .receive = {driver_cases, NULL},
                           .data = d};
    if (status == CLI_OK) status = measure_all(&s, d, sizes, flights, ms);
    ukko_ref_release(to);
    session_close(&s);
    free(d->ns);
    free(d);
    return status;
}
