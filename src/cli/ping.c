/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko ping`: the time of each step from the name look-up to an answered Identify. */
#include "tls_link.h"
#include <stdio.h>
#include <time.h>

typedef struct tally {
    int64_t n, least, most, sum;
} tally;

static void count(tally *t, int64_t ns) {
    t->least = t->n == 0 || ns < t->least ? ns : t->least;
    t->most = ns > t->most ? ns : t->most;
    t->sum += ns;
    t->n++;
}

static json_t *stages(const session *s) {
    json_t *j = json_object();
    json_object_set_new(j, "resolve_ms", output_ms(s->resolve_ns));
    json_object_set_new(j, "connect_ms", output_ms(s->connect_ns));
    json_object_set_new(j, "handshake_ms", output_ms(s->handshake_ns - s->first_ns));
    return j;
}

/* NULL: no TLS */
static json_t *tls_of(tls_report *r) {
    char to[16] = "";
    time_t end;
    struct tm tm;
    if (!tls_watched(r)) return NULL;
    end = (time_t)r->not_after;
    if (gmtime_r(&end, &tm)) strftime(to, sizeof to, "%Y-%m-%d", &tm);
    return json_pack("{s:s, s:s, s:o, s:s}", "version", r->version, "cipher", r->cipher,
                     "certificate", output_text(r->subject), "valid_until", to);
}

static void show_tls(const session *s) {
    tls_report r;
    json_t *j = tls_of(&r);
    if (j)
        output_note(s->cli, "tls                      %s, %s; %s, valid until %s", r.version,
                    r.cipher, r.subject, json_string_value(json_object_get(j, "valid_until")));
    json_decref(j);
}

static void show_stages(const session *s) {
    output_note(s->cli, "resolve    %8.3f ms  %s", (double)s->resolve_ns / 1e6, s->target.host);
    output_note(s->cli, "connect    %8.3f ms  port %d", (double)s->connect_ns / 1e6,
                s->target.port);
    output_note(s->cli, "handshake  %8.3f ms  uid %d",
                (double)(s->handshake_ns - s->first_ns) / 1e6, (int)s->uid);
    show_tls(s);
}

/* json has one object at the end; the others get a line for each answer */
static void show_answer(const session *s, int64_t number, int64_t ns) {
    if (s->cli->mode == JSON) return;
    json_t *j = json_object();
    json_object_set_new(j, "peer", output_text(s->target.address));
    json_object_set_new(j, "n", json_integer(number));
    json_object_set_new(j, "ms", output_ms(ns));
    output_record(s->cli, j, "answer %-4lld%8.3f ms  %s", (long long)number, (double)ns / 1e6,
                  s->target.address);
}

static void show_tally(const session *s, const tally *t, json_t *answers) {
    if (t->n)
        output_note(s->cli, "%lld answers, min/avg/max %.3f/%.3f/%.3f ms", (long long)t->n,
                    (double)t->least / 1e6, (double)t->sum / 1e6 / (double)t->n,
                    (double)t->most / 1e6);
    if (s->cli->mode != JSON) return;
    json_t *j = json_object();
    json_object_set_new(j, "peer", output_text(s->target.address));
    json_object_set_new(j, "uid", json_integer(s->uid));
    json_object_set_new(j, "stages", stages(s));
    tls_report r;
    json_t *tls = tls_of(&r);
    json_object_set_new(j, "tls", tls ? tls : json_null());
    json_object_set(j, "answers_ms", answers);
    json_object_set_new(j, "min_ms", t->n ? output_ms(t->least) : json_null());
    json_object_set_new(j, "avg_ms", t->n ? output_ms(t->sum / t->n) : json_null());
    json_object_set_new(j, "max_ms", t->n ? output_ms(t->most) : json_null());
    output_record(s->cli, j, "%s", "");
}

/* Waits at the inbox, where an interrupt or the end of the link comes too. */
static int pause_between(session *s, int64_t ms) {
    int64_t deadline = session_deadline(ms);
    arrival *a;
    int status;
    while ((status = session_next(s, deadline, &a)) == CLI_OK) arrival_free(a);
    return status == CLI_TIMEOUT ? CLI_OK : status;
}

/* The first look-up also links: what it took beyond the handshake is not known, so a second
   one is timed. */
static int link_up(session *s, const char *path) {
    ukko_ref *ref = NULL;
    int status = session_find(s, path, &ref, NULL);
    bool found = ref != NULL;
    ukko_ref_release(ref);
    if (status == CLI_OK && !found && *s->target.path) return session_not_found(s);
    if (status == CLI_OK) show_stages(s);
    return status;
}

enum { LOOK_MS = 5 };

/* Something has to be sent for a link to be made; whether it is answered does not matter. */
static int shake_hands(session *s) {
    int64_t deadline = session_deadline(s->cli->timeout_ms);
    tally none = {0};
    json_t *answers = json_array();
    int status = CLI_TIMEOUT;
    session_identify(s, "/user");
    while (!s->associated && status == CLI_TIMEOUT && clock_ns() < deadline) {
        arrival *a = NULL;
        status = session_next(s, session_deadline(LOOK_MS), &a);
        if (status == CLI_OK) status = CLI_TIMEOUT;
        arrival_free(a);
    }
    if (s->associated) {
        status = CLI_OK;
        show_stages(s);
        show_tally(s, &none, answers);
    } else if (status == CLI_TIMEOUT) {
        status = session_no_answer(s, "handshake");
    }
    json_decref(answers);
    return status;
}

static int ping_times(session *s, int64_t n, int64_t interval_ms) {
    const char *path = *s->target.path ? s->target.path : "/user";
    json_t *answers = json_array();
    tally t = {0};
    int status = link_up(s, path);
    for (int64_t i = 1; i <= n && status == CLI_OK; i++) {
        int64_t ns = 0;
        ukko_ref *ref = NULL;
        status = i > 1 ? pause_between(s, interval_ms) : CLI_OK;
        if (status == CLI_OK) status = session_find(s, path, &ref, &ns);
        ukko_ref_release(ref);
        if (status != CLI_OK) break;
        count(&t, ns);
        output_progress(s->cli, "%lld of %lld answers", (long long)t.n, (long long)n);
        json_array_append_new(answers, output_ms(ns));
        show_answer(s, i, ns);
    }
    if (status == CLI_OK || (status == CLI_INTERRUPTED && t.n)) show_tally(s, &t, answers);
    json_decref(answers);
    return status;
}

int run_ping(cli *c) {
    int64_t n = 5, interval_ms = 1000;
    session s = {0};
    int status = args_number(c, "count", 1, 1000000000, &n);
    if (status == CLI_OK) status = args_duration(c, "interval", &interval_ms);
    if (status != CLI_OK) return status;
    status = session_open(&s, c, c->args[0], NULL);
    if (status == CLI_OK)
        status = args_count(c, "handshake-only") ? shake_hands(&s) : ping_times(&s, n, interval_ms);
    session_close(&s);
    return status;
}
