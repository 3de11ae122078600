/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters and link events as they come, kept in rings of fixed size. Called on the threads that
   publish them, which must not be held up: one short lock. */
#include "status.h"
#include <string.h>
#include <time.h>

int64_t st_now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void count_reason(ukko_status *s, const char *reason) {
    for (size_t i = 0; i < s->n_reasons; i++) {
        if (strncmp(s->reasons[i].text, reason, sizeof s->reasons[i].text - 1)) continue;
        s->reasons[i].n++;
        return;
    }
    /* the last place is for all that came later */
    bool full = s->n_reasons == ST_MAX_REASONS;
    st_reason *r = &s->reasons[full ? ST_MAX_REASONS - 1 : s->n_reasons++];
    snprintf(r->text, sizeof r->text, "%s", full ? "other reasons" : reason);
    r->n++;
}

static const char *kind_of(const ukko_type *t) {
    return t == &ukko_dropped_type                  ? "dropped"
           : t == &ukko_suppressed_dead_letter_type ? "suppressed"
           : t == &ukko_unhandled_type              ? "unhandled"
                                                    : "dead letter";
}

static void on_letter(void *data, const ukko_msg *msg, ukko_ref *sender) {
    ukko_status *s = data;
    const ukko_type *t = ukko_msg_type(msg);
    const ukko_dead_letter *d = ukko_msg_get(msg, t);
    (void)sender;
    if (!d || t == &ukko_suppressed_dead_letter_type) return;
    const char *reason = d->reason ? d->reason : "unknown";
    /* a reason may name the message; what stands before it is the kind of reason */
    char brief[100];
    snprintf(brief, sizeof brief, "%.*s", (int)strcspn(reason, ":["), reason);
    pthread_mutex_lock(&s->lock);
    st_line *l = &s->letters[s->n_letters++ % ST_MAX_LETTERS];
    l->time_ms = st_now_ms();
    snprintf(l->kind, sizeof l->kind, "%s", kind_of(t));
    snprintf(l->text, sizeof l->text, "%.80s to %.120s: %.150s", ukko_msg_class(d->message),
             ukko_ref_path(d->recipient), reason);
    if (t == &ukko_dropped_type) s->dropped++;
    if (t == &ukko_unhandled_type)
        s->unhandled++;
    else
        count_reason(s, brief);
    pthread_mutex_unlock(&s->lock);
}

static void on_event(void *data, const ukko_msg *msg, ukko_ref *sender) {
    ukko_status *s = data;
    const ukko_type *t = ukko_msg_type(msg);
    char text[ST_TEXT];
    (void)sender;
    ukko_msg_print(msg, text, sizeof text);
    pthread_mutex_lock(&s->lock);
    st_line *l = &s->events[s->n_events++ % ST_MAX_EVENTS];
    l->time_ms = st_now_ms();
    snprintf(l->kind, sizeof l->kind, "%s", t->name);
    memcpy(l->text, text, sizeof text);
    if (t == &ukko_quarantined_type) s->quarantines++;
    pthread_mutex_unlock(&s->lock);
}

int st_subscribe(ukko_status *s) {
    s->letters_ref = ukko_function_ref(s->sys, on_letter, s);
    s->events_ref = ukko_function_ref(s->sys, on_event, s);
    int rc = ukko_subscribe(s->sys, &ukko_all_dead_letters_type, s->letters_ref);
    if (!rc) rc = ukko_subscribe(s->sys, &ukko_unhandled_type, s->letters_ref);
    return rc ? rc : ukko_subscribe(s->sys, &ukko_remoting_event_type, s->events_ref);
}

void st_unsubscribe(ukko_status *s) {
    if (s->letters_ref) ukko_unsubscribe(s->sys, NULL, s->letters_ref);
    if (s->events_ref) ukko_unsubscribe(s->sys, NULL, s->events_ref);
    ukko_ref_release(s->letters_ref);
    ukko_ref_release(s->events_ref);
}
