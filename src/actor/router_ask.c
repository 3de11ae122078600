/* SPDX-License-Identifier: Apache-2.0 */
/* Routers that ask: scatter-gather asks all routees and tail-chopping one after the other; the
   first answer goes to the sender. Asking on the sender's thread; answers on any; the pauses of
   tail-chopping on the timer thread. */
#include "actor/routing.h"
#include "actor/system.h"
#include "base/mem.h"
#include "base/os.h"
#include <stdio.h>

#define TIMEOUT "java.util.concurrent.TimeoutException"

/* One question that many are asked; lives until the last of them has answered or timed out. */
typedef struct question {
    _Atomic uint32_t refs; /* relaxed up, acq_rel down */
    _Atomic int done;      /* 0 -> 1 once (acq_rel): who wins answers */
    ukko_ref *sender;      /* retained, or NULL */
    /* tail-chopping */
    ukko_system *sys;
    ukko_msg *msg;
    uk_routee *list; /* shuffled copies */
    size_t n, next;  /* next: the timer thread's, after the first */
    int64_t within_ms, interval_ms;
    uk_timer pause, end;
} question;

static question *question_new(ukko_ref *sender, ukko_system *sys, int64_t within_ms) {
    question *q = uk_zalloc(sizeof *q);
    atomic_init(&q->refs, 1);
    q->sender = uk_ref_retain(sender);
    q->sys = sys;
    q->within_ms = within_ms;
    return q;
}
static question *question_retain(question *q) {
    atomic_fetch_add_explicit(&q->refs, 1, memory_order_relaxed);
    return q;
}
static void question_release(question *q) {
    if (atomic_fetch_sub_explicit(&q->refs, 1, memory_order_acq_rel) != 1) return;
    for (size_t i = 0; i < q->n; i++) uk_routee_fini(&q->list[i]);
    uk_free(q->list);
    ukko_msg_release(q->msg);
    uk_ref_release(q->sender);
    uk_free(q);
}
static bool over(question *q) { return atomic_load_explicit(&q->done, memory_order_acquire); }

static bool win(question *q) {
    int no = 0;
    return atomic_compare_exchange_strong_explicit(&q->done, &no, 1, memory_order_acq_rel,
                                                   memory_order_relaxed);
}
static ukko_msg *failure(const char *class_name, const char *text) {
    ukko_boxed body = {ukko_msg_throwable(class_name, text)};
    ukko_msg *m = ukko_msg_copy(&ukko_status_failure_type, &body);
    ukko_msg_release(body.value);
    return m;
}
static void answer(question *q, ukko_msg *msg) { /* takes msg */
    if (q->sender) uk_ref_tell(q->sender, msg, NULL);
    else ukko_msg_release(msg);
}
/* One of those who were asked has answered, or what became of the question is said in msg. */
static void answered(void *data, int status, const ukko_msg *msg) {
    question *q = data;
    (void)status;
    if (win(q)) {
        answer(q, ukko_msg_retain(msg));
        if (q->n && uk_timer_cancel(q->sys->timers, &q->end)) question_release(q);
    }
    question_release(q);
}
static void ask(question *q, const uk_routee *r, ukko_msg *msg) {
    question_retain(q);
    if (r->ref) ukko_ask_async(r->ref, ukko_msg_retain(msg), q->within_ms, answered, q);
    else ukko_selection_ask_async(r->sel, ukko_msg_retain(msg), q->within_ms, answered, q);
}
void uk_scatter(uk_cell *router, const uk_table *t, ukko_msg *msg, ukko_ref *sender) {
    question *q = question_new(sender, router->ref.sys, router->props->routing->conf->within_ms);
    if (!t->n) answer(q, failure(TIMEOUT, "Timeout due to no routees"));
    for (size_t i = 0; i < t->n; i++) ask(q, &t->list[i], msg);
    question_release(q);
}

/* ---- tail-chopping ---- */

static void ended(void *data) {
    question *q = data;
    char text[200];
    if (win(q)) {
        snprintf(text, sizeof text, "Ask timed out on [Actor[%.120s]] after [%lld ms]",
                 q->sender ? uk_ref_text(q->sender) : "null", (long long)q->within_ms);
        answer(q, failure(TIMEOUT, text));
    }
    question_release(q);
}
static void try_next(void *data) { /* owns one count, which the armed timer keeps */
    question *q = data;
    if (!over(q) && q->next < q->n) ask(q, &q->list[q->next++], q->msg);
    if (over(q) || q->next >= q->n) question_release(q);
    else uk_timer_start(q->sys->timers, &q->pause, q->interval_ms, try_next, q);
}
static void shuffle(uk_routee *list, size_t n) {
    for (size_t i = n; i > 1; i--) {
        size_t k = uk_random64() % i;
        uk_routee swap = list[i - 1];
        list[i - 1] = list[k];
        list[k] = swap;
    }
}
void uk_chop(uk_cell *router, const uk_table *t, ukko_msg *msg, ukko_ref *sender) {
    const uk_router_conf *conf = router->props->routing->conf;
    question *q = question_new(sender, router->ref.sys, conf->within_ms);
    q->msg = ukko_msg_retain(msg);
    q->interval_ms = conf->interval_ms > 0 ? conf->interval_ms : 1;
    q->n = t->n;
    q->list = uk_alloc(t->n * sizeof *q->list);
    for (size_t i = 0; i < t->n; i++) q->list[i] = uk_routee_copy(&t->list[i]);
    shuffle(q->list, q->n);
    question_retain(q); /* try_next() takes one count, this function keeps one */
    try_next(q);
    uk_timer_start(q->sys->timers, &q->end, conf->within_ms, ended, question_retain(q));
    if (over(q) && uk_timer_cancel(q->sys->timers, &q->end)) question_release(q); /* already */
    question_release(q);
}
