/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko stat` and `ukko quarantine`: the links of a node, from its status page or control socket. Main thread. */
#include "cli.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *text_in(const json_t *j, const char *name) {
    const char *s = json_string_value(json_object_get(j, name));
    return s ? s : "";
}

static json_int_t number_in(const json_t *j, const char *name) {
    return json_integer_value(json_object_get(j, name));
}

static double newest(const json_t *link, const char *series) {
    json_t *list = json_object_get(link, series);
    size_t n = json_array_size(list);
    return n ? json_number_value(json_array_get(list, n - 1)) : 0;
}

static void copy(json_t *to, const json_t *from, const char *const *names) {
    for (; *names; names++) {
        json_t *v = json_object_get(from, *names);
        json_object_set_new(to, *names, v ? json_incref(v) : json_null());
    }
}

/* ---- stat ---------------------------------------------------------------------------- */

static void show_link(cli *c, const json_t *l) {
    static const char *const names[] = {"address",       "state",
                                        "uid",           "phi",
                                        "in_bytes",      "out_bytes",
                                        "in_frames",     "in_largest_bytes",
                                        "connections",   "kept_messages",
                                        "unsent_bytes",  "unacknowledged",
                                        "reason",        "dropped_messages",
                                        "round_trip_us", NULL};
    json_t *j = json_object(), *phi = json_object_get(l, "phi");
    json_t *trip = json_object_get(l, "round_trip_us");
    char text[16] = "-", rtt[16] = "-";
    if (json_is_integer(trip))
        snprintf(rtt, sizeof rtt, "%.2f", (double)json_integer_value(trip) / 1000);
    copy(j, l, names);
    json_object_set_new(j, "in_rate", json_real(newest(l, "in_rate")));
    json_object_set_new(j, "out_rate", json_real(newest(l, "out_rate")));
    if (json_is_number(phi)) snprintf(text, sizeof text, "%.2f", json_number_value(phi));
    output_record(
        c, j, "%-44s %-11s %6s %7s %12lld %12lld %10.0f %10.0f %6lld %6lld %6lld",
        text_in(l, "address"), text_in(l, "state"), text, rtt, (long long)number_in(l, "in_bytes"),
        (long long)number_in(l, "out_bytes"), newest(l, "in_rate"), newest(l, "out_rate"),
        (long long)number_in(l, "kept_messages"), (long long)number_in(l, "unacknowledged"),
        (long long)number_in(l, "dropped_messages"));
}

static int stat_once(cli *c, const char *place) {
    json_t *s, *l;
    size_t i;
    int status = node_status(c, place, &s);
    if (status != CLI_OK) return status;
    output_note(c, "%-44s %-11s %6s %7s %12s %12s %10s %10s %6s %6s %6s", "peer", "state", "phi",
                "rtt ms", "in", "out", "in/s", "out/s", "kept", "unack", "drops");
    json_array_foreach(json_object_get(s, "links"), i, l) show_link(c, l);
    json_decref(s);
    return CLI_OK;
}

int run_stat(cli *c) {
    int64_t every_ms = 0;
    int status = args_duration(c, "watch", &every_ms);
    const char *place = c->n_args ? c->args[0] : "9464";
    do {
        if (status == CLI_OK) status = stat_once(c, place);
    } while (every_ms && status == CLI_OK && interrupt_pause(every_ms));
    return every_ms && status == CLI_OK ? CLI_INTERRUPTED : status;
}

/* ---- quarantine ---------------------------------------------------------------------- */

static bool is_shut(const json_t *l) {
    return strcmp(text_in(l, "state"), "quarantined") == 0 ||
           strcmp(text_in(l, "state"), "gated") == 0 ||
           !json_is_null(json_object_get(l, "refused_uid"));
}

static void show_shut(cli *c, const json_t *l, bool explain) {
    static const char *const names[] = {"address",     "state",  "uid",     "refused_uid", "reason",
                                        "reason_text", "remedy", "left_ms", NULL};
    json_t *j = json_object();
    json_int_t left = number_in(l, "left_ms");
    char until[64] = "";
    copy(j, l, names);
    if (left > 0) snprintf(until, sizeof until, ", %.1f s to go", (double)left / 1000);
    if (explain)
        output_record(c, j, "%s is %s%s\n  why:  %s\n  what helps: %s", text_in(l, "address"),
                      text_in(l, "state"), until, text_in(l, "reason_text"), text_in(l, "remedy"));
    else
        output_record(c, j, "%-44s %-11s %s%s", text_in(l, "address"), text_in(l, "state"),
                      text_in(l, "reason"), until);
}

static int show_all_shut(cli *c, bool explain) {
    json_t *s, *l;
    size_t i;
    int n = 0, status = node_status(c, c->n_args ? c->args[0] : "9464", &s);
    if (status != CLI_OK) return status;
    json_array_foreach(json_object_get(s, "links"), i, l) {
        if (!is_shut(l)) continue;
        show_shut(c, l, explain);
        n++;
    }
    if (!n) output_note(c, "no peer is gated or quarantined");
    json_decref(s);
    return CLI_OK;
}

int run_quarantine_ls(cli *c) { return show_all_shut(c, false); }

int run_quarantine_explain(cli *c) { return show_all_shut(c, true); }

/* Everything but what needs no escape. */
static void escape(const char *text, char *to, size_t len) {
    size_t n = 0;
    for (; *text && n + 4 < len; text++)
        n += (size_t)snprintf(to + n, len - n, isalnum((unsigned char)*text) ? "%c" : "%%%02X",
                              (unsigned char)*text);
    to[n] = 0;
}

static int not_cleared(cli *c, int http, const char *address, const char *why) {
    problem p = {CLI_NEGATIVE, "NOT_QUARANTINED", "quarantine", address,
                 "ukko quarantine ls shows who is"};
    problem other = {CLI_HANDSHAKE, "NOT_A_CONTROL_SOCKET", "handshake", c->args[0],
                     "a status page only shows: this goes through ukko node --control PATH, or "
                     "ukko.status.control"};
    return http == 404 && *why ? cli_fail(c, &p, "%s", why)
                               : cli_fail(c, &other, "%s is no control socket", c->args[0]);
}

int run_quarantine_clear(cli *c) {
    char address[1500], what[1800];
    int64_t uid = 0;
    int http, status = args_number(c, "uid", INT32_MIN, INT32_MAX, &uid);
    json_t *answer;
    if (status != CLI_OK) return status;
    escape(c->args[1], address, sizeof address);
    int n = snprintf(what, sizeof what, "/quarantine/clear?address=%s", address);
    if (args_count(c, "uid"))
        snprintf(what + n, sizeof what - (size_t)n, "&uid=%lld", (long long)uid);
    status = node_request(c, c->args[0], "POST", what, &http, &answer);
    if (status != CLI_OK) return status;
    if (http == 200) {
        json_int_t which = atoll(text_in(answer, "cleared"));
        json_t *j = json_pack("{s:s, s:I, s:b}", "address", c->args[1], "uid", which, "cleared", 1);
        output_record(c, j, "%s: incarnation %lld may associate again", c->args[1],
                      (long long)which);
    } else {
        status = not_cleared(c, http, c->args[1], text_in(answer, "error"));
    }
    json_decref(answer);
    return status;
}
