/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko bench`: round trips with an actor that sends byte arrays back, by size and by number in flight.
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
    int in_flight, flying;
    int round, rounds;    /* the measurement that runs, of how many */
    bool titled, stopped; /* stopped: the driver's own, until it has said "done" */
    int64_t end_ns, first_ns, last_ns, n;
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

/* "go", or "stop": what is on its way is not waited for */
static int on_word(ukko_ctx *ctx, void *state, const void *body) {
    driver *d = ukko_ctx_actor(ctx)->data;
    (void)state;
    if (((const ukko_string *)body)->text[0] == 's') {
        d->stopped = true;
        ukko_tell_text(ctx, d->inbox, "done");
        return UKKO_OK;
    }
    d->flying = d->in_flight;
    d->first_ns = clock_ns();
    for (int i = 0; i < d->in_flight; i++) send_slot(ctx, d, i);
    return UKKO_OK;
}

static int on_back(ukko_ctx *ctx, void *state, const void *body) {
    driver *d = ukko_ctx_actor(ctx)->data;
    const ukko_slice *b = body;
    int slot = b->len >= 2 ? b->ptr[0] | b->ptr[1] << 8 : MAX_FLIGHT;
    (void)state;
    if (slot >= d->in_flight || d->stopped) return UKKO_OK;
    int64_t now = clock_ns(), ns = now - d->sent_ns[slot];
    if (d->n < MAX_SAMPLES) d->ns[d->n] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
    d->n++;
    d->last_ns = now;
    if (now < d->end_ns)
        send_slot(ctx, d, slot);
    else if (--d->flying == 0)
        ukko_tell_text(ctx, d->inbox, "done");
    return UKKO_OK;
}

static const ukko_case driver_cases[] = {
    {&ukko_bytes_type, on_back}, {&ukko_string_type, on_word}, {NULL, NULL}};

/* ---- One measurement ----------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double at_share(const driver *d, double share) {
    int64_t n = d->n < MAX_SAMPLES ? d->n : MAX_SAMPLES, i = (int64_t)(share * (double)n);
    return (double)d->ns[i < n ? i : n - 1] / 1000;
}

static void show(cli *c, driver *d) {
    static const struct {
        const char *name;
        double share;
    } shares[] = {
        {"p50_us", 0.5}, {"p90_us", 0.9}, {"p99_us", 0.99}, {"p999_us", 0.999}, {"max_us", 1}};
    int64_t n = d->n < MAX_SAMPLES ? d->n : MAX_SAMPLES;
    double seconds = (double)(d->last_ns - d->first_ns) / 1e9, rate = (double)d->n / seconds;
    qsort(d->ns, (size_t)n, sizeof *d->ns, by_value);
    if (!d->titled) /* not before there is something below it */
        output_note(c, "%9s %9s %11s %9s %9s %9s %9s %9s   (us)", "bytes", "in flight",
                    "per second", "p50", "p90", "p99", "p99.9", "max");
    d->titled = true;
    json_t *j = json_object();
    json_object_set_new(j, "bytes", json_integer((json_int_t)d->size));
    json_object_set_new(j, "in_flight", json_integer(d->in_flight));
    json_object_set_new(j, "seconds", json_real(seconds));
    json_object_set_new(j, "round_trips", json_integer(d->n));
    json_object_set_new(j, "per_second", json_real(rate));
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        json_object_set_new(j, shares[i].name, json_real(at_share(d, shares[i].share)));
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
    d->n = 0;
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
                  "the target has to send byte arrays back, as /user/echo of ukko node does"};
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
