/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of messages that reach nobody: events, answers in the name of the missing, and lines
   in the log that stop when there are too many (DeadLetterListener). Any thread. */
#include "actor/system.h"
#include "base/os.h"
#include <stdio.h>

/* ---- the log of dead letters ---- */

typedef struct verdict {
    bool log;
    int64_t count;
    char done[96]; /* what follows the count */
} verdict;

static void pretty(int64_t ms, char *buf, size_t len) {
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (i < 4 && ms < units[i].ms) i++;
    snprintf(buf, len, "%#.4g %s", (double)ms / (double)units[i].ms, units[i].unit);
}
/* The last one before silence; dead_lock held. */
static void suspend(ukko_system *sys, verdict *v, int64_t now) {
    char text[32];
    sys->dead_suspended = true;
    sys->dead_resume_ms = now + sys->dead_suspend_ms;
    pretty(sys->dead_suspend_ms, text, sizeof text);
    if (!sys->dead_suspend_ms)
        snprintf(v->done, sizeof v->done, ", no more dead letters will be logged");
    else
        snprintf(v->done, sizeof v->done, ", no more dead letters will be logged in next [%s]",
                 text);
}
static verdict count(ukko_system *sys) {
    verdict v = {.done = ""};
    int64_t now = uk_timers_now(sys->timers);
    pthread_mutex_lock(&sys->dead_lock);
    int64_t max = sys->dead_log_max;
    v.count = ++sys->dead_count;
    if (!sys->dead_suspended) {
        v.log = max != 0;
        if (max > 0 && v.count == max) suspend(sys, &v, now);
    } else if (max && sys->dead_suspend_ms && now >= sys->dead_resume_ms) {
        v.log = true;
        snprintf(v.done, sizeof v.done,
                 ", of which %lld were not logged. The counter will be reset now",
                 (long long)(v.count - max - 1));
        sys->dead_suspended = false;
        sys->dead_count = 0;
    }
    pthread_mutex_unlock(&sys->dead_lock);
    return v;
}
static bool real(const ukko_ref *ref) { return ref->vt->kind != UK_REF_DEAD; }

static void put_ref(uk_buf *b, const char *before, const ukko_ref *ref, bool always) {
    if (always || real(ref)) uk_buf_printf(b, "%sActor[%s]", before, uk_ref_text(ref));
}
static void describe(uk_buf *b, const ukko_type *event, const ukko_dead_letter *d,
                     const verdict *v) {
    bool dropped = event == &ukko_dropped_type, unhandled = event == &ukko_unhandled_type;
    uk_buf_printf(b, "Message [%s]", ukko_msg_class(d->message));
    put_ref(b, " from ", d->sender, false);
    put_ref(b, " to ", d->recipient, !dropped && !unhandled);
    if (dropped) uk_buf_printf(b, " was dropped. %s.", d->reason ? d->reason : "");
    else uk_buf_printf(b, " was %s.", unhandled ? "unhandled" : "not delivered");
    uk_buf_printf(b, " [%lld] dead letters encountered%s. ", (long long)v->count, v->done);
    if (!dropped && !unhandled) {
        put_ref(b, "If this is not an expected behavior then ", d->recipient, true);
        uk_buf_str(b, " may have terminated unexpectedly. ");
        if (d->reason) uk_buf_printf(b, "Reason: %s. ", d->reason);
    }
    uk_buf_str(b, "This logging can be turned off or adjusted with configuration settings "
                  "'pekko.log-dead-letters' and 'pekko.log-dead-letters-during-shutdown'.");
}
static void log_dead(ukko_system *sys, const ukko_type *event, const ukko_dead_letter *d) {
    verdict v = count(sys);
    uk_buf b = {0};
    if (!v.log || !uk_log_enabled(sys, UKKO_LOG_INFO)) return;
    describe(&b, event, d, &v);
    uk_log_of(d->recipient, UKKO_LOG_INFO, "org.apache.pekko.actor.DeadLetterListener", NULL, "%s",
              uk_buf_text(&b));
    uk_buf_fini(&b);
}
/* Debug.unhandled */
static void log_unhandled(ukko_system *sys, const ukko_dead_letter *d) {
    char text[512];
    if (!sys->debug.unhandled || !uk_log_enabled(sys, UKKO_LOG_DEBUG)) return;
    ukko_msg_print(d->message, text, sizeof text);
    uk_log_of(d->recipient, UKKO_LOG_DEBUG, "org.apache.pekko.actor.LocalActorRef", NULL,
              "unhandled message from Actor[%s]: %s", uk_ref_text(d->sender), text);
}
void uk_listen(ukko_system *sys, const ukko_msg *event) {
    const ukko_type *t = event->type;
    if (t == &ukko_unhandled_type) log_unhandled(sys, UK_BODY(ukko_dead_letter, event));
    if (t == &ukko_dead_letter_type || t == &ukko_dropped_type || t == &ukko_unhandled_type)
        log_dead(sys, t, UK_BODY(ukko_dead_letter, event));
}
void uk_listen_no_more(ukko_system *sys) {
    pthread_mutex_lock(&sys->dead_lock);
    if (!sys->dead_log_shutdown) sys->dead_log_max = 0;
    pthread_mutex_unlock(&sys->dead_lock);
}

/* ---- making them ---- */

/* Takes msg. */
static void lost(ukko_system *sys, const ukko_type *event, ukko_msg *msg, ukko_ref *sender,
                 ukko_ref *recipient, const char *reason) {
    if (msg->type == &ukko_dead_letter_type || msg->type == &ukko_dropped_type) { /* never nested */
        ukko_msg_release(msg);
        return;
    }
    ukko_dead_letter d = {msg, sender ? sender : sys->dead, recipient ? recipient : sys->dead,
                          reason};
    ukko_publish(sys, event, &d);
    ukko_msg_release(msg);
}
void uk_answer_identify(ukko_system *sys, const ukko_msg *identify, ukko_ref *asker, ukko_ref *who,
                        ukko_ref *in_name_of) {
    ukko_identity answer = {UK_BODY(ukko_identify, identify)->id, who};
    ukko_msg *m = ukko_msg_copy(&ukko_identity_type, &answer);
    if (asker) uk_ref_tell(asker, m, in_name_of);
    else uk_dead_letter(sys, m, NULL, sys->dead, "the question had no sender");
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
        /* /deadLetters answers in the name of who asks, as Pekko's does */
        uk_answer_identify(sys, msg, sender, NULL, recipient == sys->dead ? sender : NULL);
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
/* A missing path speaks of itself only, dead letters of all others: they themselves never end. */
static bool watches(const uk_sysmsg *m, const ukko_ref *recipient) {
    if (recipient->vt->kind == UK_REF_EMPTY) return ukko_ref_equal(m->a, recipient);
    return m->a != recipient->sys->dead;
}
void uk_dead_system(ukko_system *sys, uk_sysmsg *m, ukko_ref *recipient) {
    (void)sys;
    if (m->kind == UK_SYS_WATCH && m->a && m->b && watches(m, recipient)) {
        uk_sysmsg *n = uk_sysmsg_new(UK_SYS_NOTIFY, m->a, NULL); /* existence not confirmed */
        uk_ref_system(m->b, n);
    }
    uk_sysmsg_free(m);
}
