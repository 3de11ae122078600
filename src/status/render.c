/* SPDX-License-Identifier: Apache-2.0 */
/* /status.json. Under the lock of the books, on the server's thread. */
#include "status.h"
#include <stdlib.h>
#include <string.h>

static json_t *text_of(const char *text) {
    json_t *j = text ? json_string(text) : json_null();
    return j ? j : json_string("?"); /* not UTF-8 */
}

/* The ring, oldest first, only what was sampled. */
static json_t *series(const ukko_status *s, const float *ring) {
    json_t *list = json_array();
    int n = s->n_samples < ST_SAMPLES ? (int)s->n_samples : ST_SAMPLES;
    for (int i = n - 1; i >= 0; i--)
        json_array_append_new(list, json_real((double)ring[(s->at - i + ST_SAMPLES) % ST_SAMPLES]));
    return list;
}

static json_t *link_json(const ukko_status *s, const st_link *l) {
    const ukko_link *k = &l->now;
    json_t *j = json_object();
    json_object_set_new(j, "address", text_of(l->address));
    json_object_set_new(j, "state", text_of(ukko_link_state_name(k->state)));
    json_object_set_new(j, "uid", k->uid_known ? json_integer(k->uid) : json_null());
    json_object_set_new(j, "inbound", json_boolean(k->inbound));
    json_object_set_new(j, "reason", text_of(ukko_link_reason_name(k->reason)));
    json_object_set_new(j, "reason_text", text_of(ukko_link_reason_text(k->reason)));
    json_object_set_new(j, "remedy", text_of(ukko_link_reason_remedy(k->reason)));
    json_object_set_new(j, "refused_uid", k->refuses ? json_integer(k->refused_uid) : json_null());
    json_object_set_new(j, "state_ms", json_integer(k->state_ms));
    json_object_set_new(j, "left_ms", json_integer(k->left_ms));
    json_object_set_new(j, "phi", k->watched ? json_real((double)l->phi[s->at]) : json_null());
    json_object_set_new(j, "kept_messages", json_integer(k->kept_messages));
    json_object_set_new(j, "unsent_bytes", json_integer(k->unsent_bytes));
    json_object_set_new(j, "unacknowledged", json_integer(k->unacknowledged));
    json_object_set_new(j, "connections", json_integer((json_int_t)l->sums.connections));
    json_object_set_new(j, "in_bytes", json_integer((json_int_t)l->sums.in_bytes));
    json_object_set_new(j, "in_frames", json_integer((json_int_t)l->sums.in_frames));
    json_object_set_new(j, "in_largest_bytes", json_integer((json_int_t)l->sums.in_largest_bytes));
    json_object_set_new(j, "out_bytes", json_integer((json_int_t)l->sums.out_bytes));
    json_object_set_new(j, "dropped_messages", json_integer((json_int_t)l->sums.dropped));
    json_object_set_new(j, "round_trip_us",
                        l->sums.round_trip_us >= 0 ? json_integer(l->sums.round_trip_us) : json_null());
    json_object_set_new(j, "in_rate", series(s, l->in_rate));
    json_object_set_new(j, "out_rate", series(s, l->out_rate));
    json_object_set_new(j, "phi_history", series(s, l->phi));
    return j;
}

static json_t *actors_json(const ukko_status *s) {
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_actors; i++) {
        const st_actor *a = &s->actors[i];
        json_t *j = json_object();
        json_object_set_new(j, "path", text_of(a->path));
        json_object_set_new(j, "kind", text_of(a->kind));
        json_object_set_new(j, "depth", json_integer(a->depth));
        json_object_set_new(j, "children", json_integer((json_int_t)a->children));
        json_object_set_new(j, "busy", json_integer(a->busy));
        json_array_append_new(list, j);
    }
    return list;
}

/* The ring, newest first. */
static json_t *lines_json(const st_line *ring, uint64_t n, uint64_t cap) {
    json_t *list = json_array();
    for (uint64_t i = 0; i < n && i < cap; i++) {
        const st_line *l = &ring[(n - 1 - i) % cap];
        json_t *j = json_object();
        json_object_set_new(j, "time_ms", json_integer(l->time_ms));
        json_object_set_new(j, "kind", text_of(l->kind));
        json_object_set_new(j, "text", text_of(l->text));
        json_array_append_new(list, j);
    }
    return list;
}

static json_t *reasons_json(const ukko_status *s) {
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_reasons; i++) {
        json_t *j = json_object();
        json_object_set_new(j, "reason", text_of(s->reasons[i].text));
        json_object_set_new(j, "count", json_integer((json_int_t)s->reasons[i].n));
        json_array_append_new(list, j);
    }
    return list;
}

char *st_render_json(const ukko_status *s, size_t *len) {
    json_t *j = json_object(), *links = json_array();
    for (size_t i = 0; i < s->n_links; i++)
        json_array_append_new(links, link_json(s, &s->links[i]));
    json_object_set_new(j, "system", text_of(ukko_system_name(s->sys)));
    json_object_set_new(j, "address", text_of(ukko_remote_address(s->sys)));
    json_object_set_new(j, "uid", json_integer(ukko_system_uid(s->sys)));
    json_object_set_new(j, "version", text_of(ukko_version_text()));
    json_object_set_new(j, "now_ms", json_integer(st_now_ms()));
    json_object_set_new(j, "started_ms", json_integer(s->started_ms));
    json_object_set_new(j, "links", links);
    json_object_set_new(j, "actors", actors_json(s));
    json_object_set_new(j, "actors_total", json_integer((json_int_t)s->actors_total));
    json_object_set_new(j, "dead_letters", json_integer((json_int_t)s->n_letters));
    json_object_set_new(j, "reasons", reasons_json(s));
    json_object_set_new(j, "letters", lines_json(s->letters, s->n_letters, ST_MAX_LETTERS));
    json_object_set_new(j, "events", lines_json(s->events, s->n_events, ST_MAX_EVENTS));
    json_object_set_new(j, "flight", lines_json(s->flight, s->n_flight, ST_MAX_EVENTS));
    char *text = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(j);
    *len = text ? strlen(text) : 0;
    return text;
}
