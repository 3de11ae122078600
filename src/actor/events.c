/* SPDX-License-Identifier: Apache-2.0 */
/* The event stream, dead letters and the log of a system. Any thread. */
#include "actor/system.h"
#include "base/mem.h"
#include "base/os.h"
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* ---- the event stream ---- */

static bool covers(const ukko_type *wanted, const ukko_type *type) {
    for (; type; type = type->super)
        if (type == wanted) return true;
    return false;
}
int ukko_subscribe(ukko_system *sys, const ukko_type *event, ukko_ref *ref) {
    if (!event || !ref) return UKKO_EINVAL;
    pthread_rwlock_wrlock(&sys->events_lock);
    bool there = false;
    for (size_t i = 0; i < sys->n_subs && !there; i++)
        there = sys->subs[i].type == event && ukko_ref_equal(sys->subs[i].ref, ref);
    if (!there) {
        if (sys->n_subs == sys->cap_subs) {
            sys->cap_subs = sys->cap_subs ? sys->cap_subs * 2 : 8;
            sys->subs = uk_realloc(sys->subs, sys->cap_subs * sizeof *sys->subs);
        }
        sys->subs[sys->n_subs++] = (uk_subscription){event, uk_ref_retain(ref)};
    }
    pthread_rwlock_unlock(&sys->events_lock);
    return there ? UKKO_EEXISTS : UKKO_OK;
}
void ukko_unsubscribe(ukko_system *sys, const ukko_type *event, ukko_ref *ref) {
    pthread_rwlock_wrlock(&sys->events_lock);
    for (size_t i = sys->n_subs; i-- > 0;) {
        uk_subscription *s = &sys->subs[i];
        if ((event && s->type != event) || !ukko_ref_equal(s->ref, ref)) continue;
        uk_ref_release(s->ref);
        *s = sys->subs[--sys->n_subs];
    }
    pthread_rwlock_unlock(&sys->events_lock);
}
void ukko_publish_msg(ukko_system *sys, ukko_msg *msg) {
    ukko_ref *to[64];
    size_t n = 0, from = 0;
    do { /* told outside the lock, 64 at a time: a subscriber's tell may publish again */
        n = 0;
        pthread_rwlock_rdlock(&sys->events_lock);
        for (; from < sys->n_subs && n < 64; from++) {
            if (!covers(sys->subs[from].type, msg->type)) continue;
            bool twice = false; /* subscribed to the type and to its super type */
            for (size_t k = 0; k < n && !twice; k++) twice = to[k] == sys->subs[from].ref;
            if (!twice) to[n++] = uk_ref_retain(sys->subs[from].ref);
        }
        pthread_rwlock_unlock(&sys->events_lock);
        for (size_t i = 0; i < n; i++) {
            if (!uk_ref_stopped(to[i])) uk_ref_tell(to[i], ukko_msg_retain(msg), NULL);
            uk_ref_release(to[i]);
        }
    } while (n == 64);
    ukko_msg_release(msg);
}
void ukko_publish(ukko_system *sys, const ukko_type *event, const void *body) {
    ukko_publish_msg(sys, ukko_msg_copy(event, body));
}

/* ---- dead letters ---- */

/* Counts one and says whether and how it is to be logged. (DeadLetterListener) */
static bool may_log(ukko_system *sys, int64_t *count, bool *last) {
    bool yes = false;
    *last = false;
    pthread_mutex_lock(&sys->dead_lock);
    *count = ++sys->dead_count;
    int64_t now = uk_now_ms();
    if (sys->dead_resume_ms && sys->dead_suspend_ms && now >= sys->dead_resume_ms)
        sys->dead_resume_ms = sys->dead_logged = 0;
    if (sys->dead_log_max < 0) {
        yes = true;
    } else if (!sys->dead_resume_ms && sys->dead_logged < sys->dead_log_max) {
        yes = true;
        *last = ++sys->dead_logged == sys->dead_log_max;
        if (*last) sys->dead_resume_ms = now + (sys->dead_suspend_ms ? sys->dead_suspend_ms : 1);
    }
    pthread_mutex_unlock(&sys->dead_lock);
    return yes;
}
static void log_dead(ukko_system *sys, const ukko_dead_letter *d, const char *what) {
    int64_t count;
    bool last;
    if (!sys->dead_log_max || !may_log(sys, &count, &last)) return;
    if (!uk_log_enabled(sys, UKKO_LOG_INFO)) return;
    uk_log(
        sys, UKKO_LOG_INFO, uk_ref_text(d->recipient), "org.apache.pekko.actor.DeadLetterListener",
        NULL, NULL,
        "Message [%s] from %s to %s was %s. [%lld] dead letters encountered%s. If this is not an expected "
        "behavior then %s may have terminated unexpectedly. Reason: %s. This logging can be turned off or adjusted "
        "with configuration settings 'pekko.log-dead-letters' and 'pekko.log-dead-letters-during-shutdown'.",
        ukko_msg_class(d->message), uk_ref_text(d->sender), uk_ref_text(d->recipient), what,
        (long long)count,
        last ? sys->dead_suspend_ms ? ", no more dead letters will be logged in the next while"
                                    : ", no more dead letters will be logged"
             : "",
        uk_ref_text(d->recipient), d->reason ? d->reason : "none given");
}
/* Takes msg. */
static void lost(ukko_system *sys, const ukko_type *event, ukko_msg *msg, ukko_ref *sender,
                 ukko_ref *recipient, const char *reason) {
    if (msg->type == &ukko_dead_letter_type || msg->type == &ukko_dropped_type) { /* never nested */
        ukko_msg_release(msg);
        return;
    }
    ukko_dead_letter d = {msg, sender ? sender : sys->dead, recipient ? recipient : sys->dead,
                          reason};
    if (event != &ukko_suppressed_dead_letter_type)
        log_dead(sys, &d, event == &ukko_dropped_type ? "dropped" : "not delivered");
    ukko_publish(sys, event, &d);
    ukko_msg_release(msg);
}
static void answer_nobody(const ukko_msg *msg, ukko_ref *sender) {
    ukko_identity none = {UK_BODY(ukko_identify, msg)->id, NULL};
    if (sender) uk_ref_tell(sender, ukko_msg_copy(&ukko_identity_type, &none), NULL);
}
void uk_dead_letter(ukko_system *sys, ukko_msg *msg, ukko_ref *sender, ukko_ref *recipient,
                    const char *reason) {
    if (msg->type == &uk_selection_type) { /* what was meant, not its wrapping */
        const uk_selection_body *sel = UK_BODY(uk_selection_body, msg);
        ukko_msg *inner =
            sel->message ? ukko_msg_retain(sel->message) : ukko_msg_new(&ukko_null_type);
        bool silent = sel->fan_out;
        ukko_msg_release(msg);
        if (silent) ukko_msg_release(inner);
        else uk_dead_letter(sys, inner, sender, recipient, reason);
        return;
    }
    if (msg->type == &ukko_identify_type) {
        answer_nobody(msg, sender);
        ukko_msg_release(msg);
        return;
    }
    bool quiet = msg->type->flags & UKKO_TYPE_QUIET;
    lost(sys, quiet ? &ukko_suppressed_dead_letter_type : &ukko_dead_letter_type, msg, sender,
         recipient, reason);
}
void uk_dropped(ukko_system *sys, ukko_msg *msg, ukko_ref *sender, ukko_ref *recipient,
                const char *reason) {
    lost(sys, &ukko_dropped_type, msg, sender, recipient, reason);
}
void uk_dead_system(ukko_system *sys, uk_sysmsg *m, ukko_ref *recipient) {
    (void)sys, (void)recipient;
    if (m->kind == UK_SYS_WATCH && m->a && m->b) {
        uk_sysmsg *n = uk_sysmsg_new(UK_SYS_NOTIFY, m->a, NULL); /* existence not confirmed */
        uk_ref_system(m->b, n);
    }
    uk_sysmsg_free(m);
}

/* ---- the log ---- */

bool uk_log_enabled(ukko_system *sys, ukko_log_level level) {
    return level != UKKO_LOG_OFF &&
           (int)level <= atomic_load_explicit(&sys->log_level, memory_order_relaxed);
}
static void to_stderr(void *data, const ukko_log_record *r) {
    static const char *const names[] = {"OFF", "ERROR", "WARN", "INFO", "DEBUG"};
    struct tm tm;
    time_t t = (time_t)(r->time_ms / 1000);
    char when[32];
    (void)data;
    localtime_r(&t, &tm);
    strftime(when, sizeof when, "%F %T", &tm);
    fprintf(stderr, "%s.%03d %-5s %s%s%s %s: %s%s%s\n", when, (int)(r->time_ms % 1000),
            names[r->level], r->marker ? "[" : "", r->marker ? r->marker : "", r->marker ? "]" : "",
            r->source, r->text, r->cause ? ", cause: " : "", r->cause ? r->cause : "");
}
static void emit(ukko_system *sys, ukko_log_level level, const char *source, const char *logger,
                 const char *marker, const char *cause, const char *text) {
    char path[1024];
    const char *hash = source ? strchr(source, '#') : NULL;
    if (hash) { /* Pekko's log sources are paths without uid */
        snprintf(path, sizeof path, "%.*s", (int)(hash - source), source);
        source = path;
    }
    ukko_log_record r = {
        sizeof r, level, uk_wall_ms(), sys->name, source ? source : "", logger ? logger : "ukko",
        marker,   text,  cause};
    (sys->log ? sys->log : to_stderr)(sys->log_data, &r);
}
void uk_log(ukko_system *sys, ukko_log_level level, const char *source, const char *logger,
            const char *marker, const char *cause, const char *format, ...) {
    if (!uk_log_enabled(sys, level)) return;
    uk_buf b = {0};
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    uk_buf_reserve(&b, (size_t)n + 1);
    vsnprintf((char *)b.ptr, (size_t)n + 1, format, again);
    va_end(again);
    emit(sys, level, source, logger, marker, cause, (char *)b.ptr);
    uk_buf_fini(&b);
}
void ukko_system_log(ukko_system *sys, ukko_log_level level, const char *source, const char *format,
                     ...) {
    if (!uk_log_enabled(sys, level)) return;
    char text[4096];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    emit(sys, level, source, "ukko", NULL, NULL, text);
}
void uk_events_init(ukko_system *sys) {
    pthread_rwlock_init(&sys->events_lock, NULL);
    pthread_mutex_init(&sys->dead_lock, NULL);
}
void uk_events_fini(ukko_system *sys) {
    for (size_t i = 0; i < sys->n_subs; i++) uk_ref_release(sys->subs[i].ref);
    uk_free(sys->subs);
    pthread_rwlock_destroy(&sys->events_lock);
    pthread_mutex_destroy(&sys->dead_lock);
}
