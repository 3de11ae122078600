/* SPDX-License-Identifier: Apache-2.0 */
/* The sampler's look: once a second the links, what passed on them, and who of the actors is busy. It
   asks the system without the lock and writes the books under it. The sampler's thread. */
#include "status.h"
#include <stdlib.h>
#include <string.h>

typedef struct look { /* what one round found */
    st_link *links;
    size_t n_links;
    ukko_traffic *sums;
    char **sum_addresses;
    size_t n_sums;
    st_actor *actors;
    size_t n_actors, total;
    st_line *flight;
    uint64_t n_flight;
} look;

static void *grow(void *list, size_t n, size_t size) {
    if (n & (n - 1)) return list; /* only at powers of two */
    list = realloc(list, (n ? 2 * n : 1) * size);
    if (!list) abort();
    return list;
}

/* ---- asking ---- */

static void on_link(void *data, const ukko_link *l) {
    look *k = data;
    if (k->n_links == ST_MAX_LINKS) return;
    k->links = grow(k->links, k->n_links, sizeof *k->links);
    st_link *to = &k->links[k->n_links++];
    memset(to, 0, sizeof *to);
    to->address = strdup(l->address);
    to->now = *l;
    to->now.address = to->now.local = NULL;
}

static void on_traffic(void *data, const ukko_traffic *t) {
    look *k = data;
    if (k->n_sums == ST_MAX_LINKS) return;
    k->sums = grow(k->sums, k->n_sums, sizeof *k->sums);
    k->sum_addresses = grow(k->sum_addresses, k->n_sums, sizeof *k->sum_addresses);
    k->sums[k->n_sums] = *t;
    k->sums[k->n_sums].address = NULL;
    k->sum_addresses[k->n_sums++] = strdup(t->address);
}

static void on_actor(void *data, const ukko_actor_info *i) {
    look *k = data;
    k->total++;
    if (k->n_actors == ST_MAX_ACTORS) return;
    k->actors = grow(k->actors, k->n_actors, sizeof *k->actors);
    k->actors[k->n_actors++] = (st_actor){.path = strdup(i->path),
                                          .kind = i->kind ? strdup(i->kind) : NULL,
                                          .depth = i->depth,
                                          .children = i->children,
                                          .looks = {i->busy}};
}

static bool on_flight(void *data, const ukko_flight_entry *e) {
    look *k = data;
    st_line *l = &k->flight[k->n_flight++ % ST_MAX_EVENTS];
    l->time_ms = e->time_ms;
    snprintf(l->kind, sizeof l->kind, "%s", e->what);
    ukko_flight_print(e, l->text, sizeof l->text);
    return true;
}

/* ---- the books ---- */

static st_link *link_of(ukko_status *s, const char *address) {
    for (size_t i = 0; i < s->n_links; i++)
        if (!strcmp(s->links[i].address, address)) return &s->links[i];
    s->links = grow(s->links, s->n_links, sizeof *s->links);
    st_link *l = &s->links[s->n_links++];
    memset(l, 0, sizeof *l);
    l->address = strdup(address);
    return l;
}

static const ukko_traffic *sums_of(const look *k, const char *address) {
    for (size_t i = 0; i < k->n_sums; i++)
        if (!strcmp(k->sum_addresses[i], address)) return &k->sums[i];
    return NULL;
}

static void note_link(ukko_status *s, const look *k, const st_link *found) {
    st_link *l = link_of(s, found->address);
    const ukko_traffic *t = sums_of(k, found->address);
    bool fresh = l->sums.size == 0;
    l->now = found->now;
    l->seen = true;
    if (t) l->sums = *t;
    l->in_rate[s->at] = fresh ? 0 : (float)(l->sums.in_bytes - l->last_in);
    l->out_rate[s->at] = fresh ? 0 : (float)(l->sums.out_bytes - l->last_out);
    double phi = found->now.watched ? found->now.phi : 0;
    l->phi[s->at] = (float)(phi < 1000 ? phi : 1000); /* no JSON has an infinite number */
    l->last_in = l->sums.in_bytes;
    l->last_out = l->sums.out_bytes;
}

static void forget_links(ukko_status *s) {
    size_t n = 0;
    for (size_t i = 0; i < s->n_links; i++) {
        if (s->links[i].seen) {
            s->links[n++] = s->links[i];
            s->links[n - 1].seen = false;
        } else {
            free(s->links[i].address);
        }
    }
    s->n_links = n;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const st_actor *)a)->path, ((const st_actor *)b)->path);
}

/* The looks of an actor are taken over from the last round; both lists are sorted. */
static void carry_looks(st_actor *fresh, size_t n, const st_actor *old, size_t n_old) {
    for (size_t i = 0, j = 0; i < n; i++) {
        bool busy = fresh[i].looks[0];
        while (j < n_old && strcmp(old[j].path, fresh[i].path) < 0) j++;
        if (j < n_old && !strcmp(old[j].path, fresh[i].path))
            memcpy(fresh[i].looks, old[j].looks, sizeof fresh[i].looks);
        else
            memset(fresh[i].looks, 0, sizeof fresh[i].looks);
        uint64_t bits;
        memcpy(&bits, fresh[i].looks, sizeof bits);
        bits = bits << 1 | busy;
        memcpy(fresh[i].looks, &bits, sizeof bits);
        fresh[i].busy = (uint16_t)__builtin_popcountll(bits & ((1ull << 60) - 1));
    }
}

static void actors_free(st_actor *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        free(list[i].path);
        free(list[i].kind);
    }
    free(list);
}

void st_sample(ukko_status *s) {
    look k = {0};
    ukko_remote_links(s->sys, on_link, &k);
    ukko_inspect_traffic(s->sys, on_traffic, &k);
    ukko_inspect_actors(s->sys, "/user", 64, ST_MAX_ACTORS, on_actor, &k);
    ukko_inspect_actors(s->sys, "/system", 64, ST_MAX_ACTORS, on_actor, &k);
    k.flight = calloc(ST_MAX_EVENTS, sizeof *k.flight);
    if (!k.flight) abort();
    ukko_flight_read(s->sys, on_flight, &k);
    if (k.n_actors) qsort(k.actors, k.n_actors, sizeof *k.actors, by_path);
    pthread_mutex_lock(&s->lock);
    s->at = (s->at + 1) % ST_SAMPLES;
    s->n_samples++;
    for (size_t i = 0; i < k.n_links; i++) note_link(s, &k, &k.links[i]);
    forget_links(s);
    carry_looks(k.actors, k.n_actors, s->actors, s->n_actors);
    st_actor *old = s->actors;
    size_t n_old = s->n_actors;
    s->actors = k.actors;
    s->n_actors = k.n_actors;
    s->actors_total = k.total;
    st_line *old_flight = s->flight;
    s->flight = k.flight;
    s->n_flight = k.n_flight;
    pthread_mutex_unlock(&s->lock);
    free(old_flight);
    actors_free(old, n_old);
    for (size_t i = 0; i < k.n_links; i++) free(k.links[i].address);
    for (size_t i = 0; i < k.n_sums; i++) free(k.sum_addresses[i]);
    free(k.links);
    free(k.sums);
    free(k.sum_addresses);
}

void st_books_free(ukko_status *s) {
    for (size_t i = 0; i < s->n_links; i++) free(s->links[i].address);
    free(s->links);
    actors_free(s->actors, s->n_actors);
    free(s->flight);
}
