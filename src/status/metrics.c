/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics, as OpenMetrics or, for who does not ask for that, in the older text format of Prometheus;
   they differ in what names a counter and in the kinds that there are. Under the lock of the books,
   on the server's thread. */
#include "status.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A label's value: backslash, quote and line end are escaped, nothing else. */
static void put_label(FILE *out, const char *name, const char *value) {
    fprintf(out, "%s=\"", name);
    for (const char *p = value; *p; p++) {
        if (*p == '\\' || *p == '"')
            fprintf(out, "\\%c", *p);
        else if (*p == '\n')
            fputs("\\n", out);
        else
            putc(*p, out);
    }
    putc('"', out);
}

static void family(FILE *out, bool open, const char *name, const char *type, const char *unit,
                   const char *help) {
    bool counter = !strcmp(type, "counter"), info = !strcmp(type, "info");
    const char *tail = open ? "" : counter ? "_total" : info ? "_info" : "";
    const char *kind = open || counter ? type : "gauge";
    fprintf(out, "# HELP ukko_%s%s %s\n# TYPE ukko_%s%s %s\n", name, tail, help, name, tail, kind);
    if (open && unit) fprintf(out, "# UNIT ukko_%s %s\n", name, unit);
}

typedef double (*value_fn)(const st_link *l);
static double in_bytes(const st_link *l) { return (double)l->sums.in_bytes; }
static double out_bytes(const st_link *l) { return (double)l->sums.out_bytes; }
static double in_frames(const st_link *l) { return (double)l->sums.in_frames; }
static double connections(const st_link *l) { return (double)l->sums.connections; }
static double largest(const st_link *l) { return (double)l->sums.in_largest_bytes; }
static double kept(const st_link *l) { return (double)l->now.kept_messages; }
static double unsent(const st_link *l) { return (double)l->now.unsent_bytes; }
static double unacked(const st_link *l) { return (double)l->now.unacknowledged; }
static double dropped(const st_link *l) { return (double)l->sums.dropped; }
static double round_trip(const st_link *l) {
    return l->sums.round_trip_us < 0 ? 0 : (double)l->sums.round_trip_us / 1e6;
}
static double phi(const st_link *l) {
    return !l->now.watched ? 0 : l->now.phi < 1000 ? l->now.phi : 1000;
}

static const struct {
    const char *name, *type, *unit, *help, *suffix;
    value_fn value;
} families[] = {
    {"link_received_bytes", "counter", "bytes", "Bytes that came from a peer.", "_total", in_bytes},
    {"link_sent_bytes", "counter", "bytes", "Bytes given to the connections to a peer.", "_total",
     out_bytes},
    {"link_received_frames", "counter", NULL, "Frames that came from a peer.", "_total", in_frames},
    {"link_connections", "counter", NULL, "Connections made, in either direction.", "_total",
     connections},
    {"link_largest_frame_bytes", "gauge", "bytes", "The largest frame that came from a peer.", "",
     largest},
    {"link_kept_messages", "gauge", NULL, "Messages that wait for a connection.", "", kept},
    {"link_unsent_bytes", "gauge", "bytes", "Bytes that wait for the peer to read.", "", unsent},
    {"link_unacknowledged", "gauge", NULL, "System messages without acknowledgement.", "", unacked},
    {"link_dropped_messages", "counter", NULL,
     "Messages for a peer that became dead letters here.", "_total", dropped},
    {"link_round_trip_seconds", "gauge", "seconds",
     "Round trip of the connection as the kernel measures it; 0 without one.", "", round_trip},
    {"link_phi", "gauge", NULL, "Suspicion of remote death watch; 0 when nothing is watched.", "",
     phi},
};

static void put_links(FILE *out, bool open, const ukko_status *s) {
    for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
        family(out, open, families[f].name, families[f].type, families[f].unit, families[f].help);
        for (size_t i = 0; i < s->n_links; i++) {
            fprintf(out, "ukko_%s%s{", families[f].name, families[f].suffix);
            put_label(out, "peer", s->links[i].address);
            fprintf(out, "} %.17g\n", families[f].value(&s->links[i]));
        }
    }
}

static void put_states(FILE *out, bool open, const ukko_status *s) {
    family(out, open, "link_state", "stateset", NULL, "State of the link to a peer.");
    for (size_t i = 0; i < s->n_links; i++) {
        for (int32_t state = UKKO_LINK_IDLE; state <= UKKO_LINK_QUARANTINED; state++) {
            fputs("ukko_link_state{", out);
            put_label(out, "peer", s->links[i].address);
            putc(',', out);
            put_label(out, "ukko_link_state", ukko_link_state_name(state));
            fprintf(out, "} %d\n", s->links[i].now.state == state);
        }
    }
}

static void put_letters(FILE *out, bool open, const ukko_status *s) {
    family(out, open, "dead_letters", "counter", NULL, "Messages that could not be delivered.");
    for (size_t i = 0; i < s->n_reasons; i++) {
        fputs("ukko_dead_letters_total{", out);
        put_label(out, "reason", s->reasons[i].text);
        fprintf(out, "} %" PRIu64 "\n", s->reasons[i].n);
    }
    family(out, open, "dropped", "counter", NULL,
           "Messages that were dropped before they were sent.");
    fprintf(out, "ukko_dropped_total %" PRIu64 "\n", s->dropped);
    family(out, open, "unhandled", "counter", NULL, "Messages that their actor did not handle.");
    fprintf(out, "ukko_unhandled_total %" PRIu64 "\n", s->unhandled);
    family(out, open, "quarantines", "counter", NULL,
           "Incarnations of peers that were quarantined.");
    fprintf(out, "ukko_quarantines_total %" PRIu64 "\n", s->quarantines);
}

static void put_system(FILE *out, bool open, const ukko_status *s) {
    family(out, open, "build", "info", NULL, "The version of ukko and the name of the system.");
    fputs("ukko_build_info{", out);
    put_label(out, "version", ukko_version_text());
    putc(',', out);
    put_label(out, "system", ukko_system_name(s->sys));
    fputs("} 1\n", out);
    family(out, open, "start_time_seconds", "gauge", "seconds",
           "When the status page was started.");
    fprintf(out, "ukko_start_time_seconds %.3f\n", (double)s->started_ms / 1000);
    family(out, open, "actors", "gauge", NULL, "Actors below /user and /system (looked at: 2000).");
    fprintf(out, "ukko_actors %zu\n", s->actors_total);
    size_t busy = 0;
    for (size_t i = 0; i < s->n_actors; i++) busy += s->actors[i].looks[0] & 1;
    family(out, open, "busy_actors", "gauge", NULL, "Actors with messages at the last look.");
    fprintf(out, "ukko_busy_actors %zu\n", busy);
}

static char *render(const ukko_status *s, size_t *len, bool open) {
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    if (!out) return NULL;
    put_system(out, open, s);
    put_links(out, open, s);
    put_states(out, open, s);
    put_letters(out, open, s);
    if (open) fputs("# EOF\n", out);
    fclose(out);
    return text;
}

char *st_render_openmetrics(const ukko_status *s, size_t *len) { return render(s, len, true); }
char *st_render_prometheus(const ukko_status *s, size_t *len) { return render(s, len, false); }
