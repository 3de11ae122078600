/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the status page share: the books that a sampler keeps under a lock, and what is
   made of them. */
#ifndef UK_STATUS_STATUS_H
#define UK_STATUS_STATUS_H
#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <ukko/inspect.h>
#include <ukko/link.h>
#include <ukko/status.h>
#include <ukko/ukko.h>

enum {
    ST_SAMPLES = 300,     /* seconds that are kept */
    ST_MAX_LINKS = 1000,
    ST_MAX_ACTORS = 2000, /* that are looked at */
    ST_MAX_LETTERS = 50,
    ST_MAX_EVENTS = 200,
    ST_TEXT = 400
};

typedef struct st_link {
    char *address;
    ukko_link now;      /* its texts are NULL */
    ukko_traffic sums;  /* likewise */
    uint64_t last_in, last_out;
    float in_rate[ST_SAMPLES], out_rate[ST_SAMPLES], phi[ST_SAMPLES]; /* rings, with `at` */
    bool seen; /* in this sample */
} st_link;

typedef struct st_actor {
    char *path, *kind;
    int32_t depth;
    size_t children;
    uint16_t busy; /* how many of the last looks found it so, of 60 */
    uint8_t looks[8]; /* a bit each */
    bool seen;
} st_actor;

typedef struct st_line { /* a dead letter, or an event */
    int64_t time_ms; /* since 1970 */
    char text[ST_TEXT];
    char kind[64];
} st_line;

typedef struct st_reason { /* dead letters are counted by reason */
    char text[120];
    uint64_t n;
} st_reason;
enum { ST_MAX_REASONS = 32 };

struct ukko_status {
    ukko_system *sys;
    struct MHD_Daemon *server, *control; /* NULL: none */
    char url[300];
    char *control_path; /* NULL: none */
    bool sampling; /* there is a thread to join */
    ukko_ref *letters_ref, *events_ref;
    pthread_t sampler;
    pthread_mutex_t lock; /* all below; nothing of ukko is called under it */
    pthread_cond_t wake;
    bool ending;
    int64_t started_ms;
    int at; /* the newest sample */
    int64_t n_samples;
    st_link *links;
    size_t n_links;
    st_actor *actors;
    size_t n_actors, actors_total;
    st_line letters[ST_MAX_LETTERS], events[ST_MAX_EVENTS];
    st_line *flight; /* of the flight recorder: a ring of ST_MAX_EVENTS, as at the last sample */
    uint64_t n_flight;
    uint64_t n_letters, n_events;
    st_reason reasons[ST_MAX_REASONS];
    size_t n_reasons;
    uint64_t dropped, unhandled, quarantines;
};

/* server.c */
enum MHD_Result st_send(struct MHD_Connection *c, unsigned status, const char *type, char *text,
                        size_t len, enum MHD_ResponseMemoryMode mode);
enum MHD_Result st_answer(void *status, struct MHD_Connection *c, const char *url,
                          const char *method, const char *version, const char *body,
                          size_t *body_len, void **state);
/* control.c: 0, or an errno; another process that listens there keeps it. st_control_answer as
   st_answer. */
int st_control_listen(const char *path, int *fd);
enum MHD_Result st_control_answer(void *status, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_len, void **state);
/* sample.c */
void st_sample(ukko_status *s); /* one look, by the sampler's thread */
void st_books_free(ukko_status *s);
/* events.c: called on any thread */
int st_subscribe(ukko_status *s);
void st_unsubscribe(ukko_status *s);
/* render.c, metrics.c: under the lock. Owned: free(). */
char *st_render_json(const ukko_status *s, size_t *len);
char *st_render_openmetrics(const ukko_status *s, size_t *len);
char *st_render_prometheus(const ukko_status *s, size_t *len);
int64_t st_now_ms(void); /* since 1970 */
#endif
