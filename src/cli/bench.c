/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko bench`: round trips with an actor that sends byte arrays back, by size and by number in flight;
   one way: what an actor takes, in two batches, so that one is on its way while the other is confirmed.
   Each link has a system and a driver of its own, whose callbacks run on the threads of that system, the
   rest on the main thread. */
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FLIGHT = 4096, MAX_LINKS = 256, MAX_SAMPLES = 4 << 20, MAX_SIZE = 64 << 20 };

typedef struct bench bench;
typedef struct driver { /* of one link */
    const bench *all;
    session s;
    ukko_actor kind; /* lives until the session is closed */
    ukko_ref *to;    /* owned by the main thread */
    ukko_ref *actor; /* of this measurement, likewise */
    uint8_t *bytes;  /* of size; the first two tell the slot */
    int flying;      /* slots that wait for something */
    bool stopped;    /* its own, until it has said "done" */
    int64_t first_ns, last_ns, n, samples;
    int64_t sent_ns[MAX_FLIGHT];
    uint32_t *ns; /* one round trip each, the first of them */
} driver;

struct bench { /* nothing changes while drivers run */
    driver *drivers;
    int n_links;
    size_t size;
    int in_flight;     /* on each link */
    bool one_way;      /* a slot is a batch, not a message */
    int round, rounds; /* the measurement that runs, of how many */
    bool titled;
    int64_t end_ns, most_samples; /* of a driver */
    uint32_t *ns;                 /* of all drivers */
};

/* ---- The actor ----------------------------------------------------------------------- */

static void send_slot(ukko_ctx *ctx, driver *d, int slot) {
    ukko_slice body = {d->bytes, d->all->size};
    d->bytes[0] = (uint8_t)slot;
    d->bytes[1] = (uint8_t)(slot >> 8);
    d->sent_ns[slot] = clock_ns();
    ukko_tell(ctx, d->to, &ukko_bytes_type, &body);
}

static int slots_of(const driver *d) {
    return !d->all->one_way ? d->all->in_flight : d->all->in_flight > 1 ? 2 : 1;
}

static int batch_of(const driver *d, int slot) {
    int half = d->all->in_flight / 2;
    return !d->all->one_way ? 1 : slot == 0 ? d->all->in_flight - half : half;
}

/* The answer to an Identify behind the messages tells that they have arrived. */
static void send_batch(ukko_ctx *ctx, driver *d, int slot) {
    ukko_slice body = {d->bytes, d->all->size};
    int64_t number = slot;
    ukko_msg *id = ukko_msg_copy(&ukko_long_type, &number);
    d->sent_ns[slot] = clock_ns();
    for (int i = 0; i < batch_of(d, slot); i++) ukko_tell(ctx, d->to, &ukko_bytes_type, &body);
    ukko_tell(ctx, d->to, &ukko_identify_type, &(ukko_identify){id});
    ukko_msg_release(id);
}

static void send_next(ukko_ctx *ctx, driver *d, int slot) {
    if (d->all->one_way) send_batch(ctx, d, slot);
    else send_slot(ctx, d, slot);
}

/* "go", or "stop": what is on its way is not waited for */
static int on_word(ukko_ctx *ctx, void *state, const void *body) {
    driver *d = ukko_ctx_actor(ctx)->data;
    (void)state;
    if (((const ukko_string *)body)->text[0] == 's') {
        d->stopped = true;
        ukko_tell_text(ctx, d->s.self, "stopped");
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
    if (d->samples < d->all->most_samples)
        d->ns[d->samples++] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
    d->n += batch_of(d, (int)slot);
    d->last_ns = now;
    if (now < d->all->end_ns) send_next(ctx, d, (int)slot);
    else if (--d->flying == 0) ukko_tell_text(ctx, d->s.self, "done");
    return UKKO_OK;
}

static int on_back(ukko_ctx *ctx, void *state, const void *body) {
    driver *d = ukko_ctx_actor(ctx)->data;
    const ukko_slice *b = body;
    (void)state;
    if (b->len < 2 || d->all->one_way)
        return UKKO_OK; /* one way: an answer that nobody asked for */
    return slot_is_back(ctx, d, b->ptr[0] | b->ptr[1] << 8);
}

/* Without a reference the actor has ended, and nothing arrived: then no answer is the answer. */
static int on_identity(ukko_ctx *ctx, void *state, const void *body) {
    driver *d = ukko_ctx_actor(ctx)->data;
    const ukko_identity *i = body;
    const int64_t *slot = ukko_msg_get(i->id, &ukko_long_type);
    (void)state;
    return d->all->one_way && i->ref && slot ? slot_is_back(ctx, d, *slot) : UKKO_OK;
}

static const ukko_case driver_cases[] = {{&ukko_bytes_type, on_back},
                                         {&ukko_identity_type, on_identity},
                                         {&ukko_string_type, on_word},
                                         {NULL, NULL}};

/* ---- One measurement ----------------------------------------------------------------- */

typedef struct sums {
    int64_t first_ns, last_ns, n, samples;
    const uint32_t *ns; /* sorted */
} sums;

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double at_share(const sums *t, double share) {
    int64_t i = (int64_t)(share * (double)t->samples);
    return (double)t->ns[i < t->samples ? i : t->samples - 1] / 1000;
}

/* The samples of the drivers stand one behind the other; they are moved together. */
static sums sum_up(bench *b) {
    sums t = {INT64_MAX, 0, 0, 0, b->ns};
    for (int i = 0; i < b->n_links; i++) {
        const driver *d = &b->drivers[i];
        if (!d->n) continue;
        if (d->first_ns < t.first_ns) t.first_ns = d->first_ns;
        if (d->last_ns > t.last_ns) t.last_ns = d->last_ns;
        t.n += d->n;
        memmove(b->ns + t.samples, d->ns, (size_t)d->samples * sizeof *d->ns);
        t.samples += d->samples;
    }
    qsort(b->ns, (size_t)t.samples, sizeof *b->ns, by_value);
    return t;
}

static void show(cli *c, bench *b) {
    static const struct {
        const char *name;
        double share;
    } shares[] = {
        {"p50_us", 0.5}, {"p90_us", 0.9}, {"p99_us", 0.99}, {"p999_us", 0.999}, {"max_us", 1}};
    sums t = sum_up(b);
    if (!t.n) return;
    double seconds = (double)(t.last_ns - t.first_ns) / 1e9, rate = (double)t.n / seconds;
    if (!b->titled) /* not before there is something below it */
        output_note(c, "%9s %9s %11s %9s %9s %9s %9s %9s   (us%s)", "bytes", "in flight",
                    "per second", "p50", "p90", "p99", "p99.9", "max", b->one_way ? ", batch" : "");
    b->titled = true;
    json_t *j = json_object();
    json_object_set_new(j, "bytes", json_integer((json_int_t)b->size));
    json_object_set_new(j, "in_flight", json_integer(b->in_flight));
    json_object_set_new(j, "seconds", json_real(seconds));
    json_object_set_new(j, "round_trips", json_integer(t.n));
    json_object_set_new(j, "per_second", json_real(rate));
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        json_object_set_new(j, shares[i].name, json_real(at_share(&t, shares[i].share)));
    json_object_set_new(j, "one_way", json_boolean(b->one_way));
    json_object_set_new(j, "links", json_integer(b->n_links));
    output_record(c, j, "%9zu %9d %11.0f %9.1f %9.1f %9.1f %9.1f %9.1f", b->size, b->in_flight,
                  rate, at_share(&t, 0.5), at_share(&t, 0.9), at_share(&t, 0.99),
                  at_share(&t, 0.999), at_share(&t, 1));
}

/* Until all drivers have said it; it comes to the inbox of the first. */
static int all_say(bench *b, const char *word, int64_t deadline) {
    arrival *a;
    int status = CLI_OK;
    for (int left = b->n_links; left > 0 && status == CLI_OK;) {
        status = session_next(&b->drivers[0].s, deadline, &a);
        if (status != CLI_OK) break;
        const char *text = ukko_msg_text(a->msg);
        left -= text && strcmp(text, word) == 0;
        arrival_free(a);
    }
    return status;
}

/* An interrupt ends a measurement early: what was measured counts. */
static void cut_short(cli *c, bench *b) {
    for (int i = 0; i < b->n_links; i++) ukko_tell_text(NULL, b->drivers[i].actor, "stop");
    if (all_say(b, "stopped", session_deadline(c->timeout_ms)) == CLI_OK) show(c, b);
}

static int start_driver(driver *d, int64_t slots) {
    static int made;
    char name[40];
    snprintf(name, sizeof name, "bench%d", made++);
    d->n = d->samples = 0;
    d->stopped = false;
    d->ns = d->all->ns + slots;
    if (ukko_system_spawn(d->s.sys, ukko_props_new(&d->kind), name, &d->actor) == UKKO_OK)
        return CLI_OK;
    problem p = {CLI_INTERNAL, "SPAWN", "start", NULL, NULL};
    return cli_fail(d->s.cli, &p, "cannot start");
}

static void end_driver(driver *d) {
    if (!d->actor) return;
    ukko_ref_signal(d->actor, UKKO_SIGNAL_TERMINATE, NULL);
    ukko_ref_release(d->actor);
    d->actor = NULL;
}

static int wait_all(cli *c, bench *b, int64_t ms) {
    const char *peer = b->drivers[0].s.target.text;
    int status = all_say(b, "done", session_deadline(ms + c->timeout_ms));
    problem p = {CLI_TIMEOUT, "TIMEOUT", "reply", peer,
                 b->one_way ? "the actor may have ended, or have more to do than it can"
                            : "the target has to send byte arrays back, as /user/echo of ukko "
                              "node does"};
    if (status == CLI_TIMEOUT)
        return cli_fail(c, &p, "an answer did not come within %lld ms", (long long)c->timeout_ms);
    if (status == CLI_OK) show(c, b);
    else if (status == CLI_INTERRUPTED) cut_short(c, b);
    return status;
}

static int measure(cli *c, bench *b, int64_t ms) {
    int status = CLI_OK;
    b->end_ns = session_deadline(ms);
    b->most_samples = MAX_SAMPLES / b->n_links;
    for (int i = 0; i < b->n_links && status == CLI_OK; i++)
        status = start_driver(&b->drivers[i], i * b->most_samples);
    if (status == CLI_OK) {
        output_progress(c, "%d of %d: %zu bytes, %d in flight", b->round, b->rounds, b->size,
                        b->in_flight);
        for (int i = 0; i < b->n_links; i++) ukko_tell_text(NULL, b->drivers[i].actor, "go");
        status = wait_all(c, b, ms);
    }
    for (int i = 0; i < b->n_links; i++) end_driver(&b->drivers[i]);
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

static int measure_all(cli *c, bench *b, const char *sizes, const char *flights, int64_t ms) {
    int status = CLI_OK;
    int64_t size = 0, flight = 0;
    b->rounds = list_length(sizes) * list_length(flights);
    for (const char *p = sizes; *p && status == CLI_OK;) {
        next_size(&p, MAX_SIZE, &size);
        b->size = size < 2 ? 2 : (size_t)size;
        for (int i = 0; i < b->n_links; i++) b->drivers[i].bytes = calloc(1, b->size);
        for (const char *q = flights; *q && status == CLI_OK;) {
            next_size(&q, MAX_FLIGHT, &flight);
            b->in_flight = (int)flight;
            b->round++;
            status = measure(c, b, ms);
        }
        for (int i = 0; i < b->n_links; i++) free(b->drivers[i].bytes);
    }
    return status;
}

/* One of the links: a session, and the actor as it sees it. */
static int open_link(cli *c, driver *d, const bench *b) {
    const session *first = &b->drivers[0].s;
    int status;
    d->all = b;
    d->kind = (ukko_actor){.size = sizeof d->kind,
                           .name = "ukko.cli.Bench",
                           .receive = {driver_cases, NULL},
                           .data = d};
    if (d == b->drivers) return session_reach(&d->s, c, &d->to);
    status = session_beside(&d->s, first, NULL);
    if (status == CLI_OK) status = session_find(&d->s, d->s.target.path, &d->to, NULL);
    return status == CLI_OK && !d->to ? session_not_found(&d->s) : status;
}

static int open_links(cli *c, bench *b, int n) {
    int status = CLI_OK;
    b->drivers = calloc((size_t)n, sizeof *b->drivers);
    b->ns = malloc(MAX_SAMPLES * sizeof *b->ns);
    while (b->n_links < n && status == CLI_OK) {
        if (n > 1) output_progress(c, "link %d of %d", b->n_links + 1, n);
        status = open_link(c, &b->drivers[b->n_links], b);
        b->n_links++;
    }
    return status;
}

static void close_links(bench *b) {
    while (b->n_links-- > 0) {
        ukko_ref_release(b->drivers[b->n_links].to);
        session_close(&b->drivers[b->n_links].s);
    }
    free(b->drivers);
    free(b->ns);
}

int run_bench(cli *c) {
    const char *sizes = args_value(c, "size"), *flights = args_value(c, "in-flight");
    int64_t ms = 2000, links = 1;
    sizes = sizes ? sizes : "100,1k,10k";
    flights = flights ? flights : "1,16";
    int status = check_list(c, "size", sizes, MAX_SIZE);
    if (status == CLI_OK) status = check_list(c, "in-flight", flights, MAX_FLIGHT);
    if (status == CLI_OK) status = args_duration(c, "duration", &ms);
    if (status == CLI_OK) status = args_number(c, "links", 1, MAX_LINKS, &links);
    if (status != CLI_OK) return status;
    bench b = {.one_way = args_count(c, "one-way") > 0};
    status = open_links(c, &b, (int)links);
    if (status == CLI_OK) status = measure_all(c, &b, sizes, flights, ms);
    close_links(&b);
    return status;
}
