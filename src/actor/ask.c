/* SPDX-License-Identifier: Apache-2.0 */
/* Asking: a promise is a reference that takes one answer, or the end of its time. It gets its name
   below /temp when its path is first wanted, that is, when the question leaves the process. tell on
   any thread; time-outs on the timer thread. */
#include "actor/system.h"
#include "base/mem.h"
#include "base/os.h"

typedef struct promise {
    ukko_ref ref;
    uk_timer timer;
    _Atomic int done; /* 0 -> 1 once, acq_rel: who wins completes */
    bool registered;  /* under sys->lock */
    char name[24];    /* "$a" */
    ukko_ref *asker;  /* actor form: retained */
    ukko_answer_fn fn;
    ukko_answered_fn async_fn;
    void *data;
} promise;

typedef struct answer {
    int32_t status;
    ukko_msg *answer;
    ukko_answer_fn fn;
    void *data;
} answer;
static const ukko_field answer_fields[] = {UKKO_FIELD(answer, answer, UKKO_MSG)};
const ukko_type uk_answer_type = {sizeof(ukko_type),
                                  sizeof(answer),
                                  "Answer",
                                  NULL,
                                  NULL,
                                  UKKO_SER_LOCAL,
                                  UKKO_TYPE_AUTO | UKKO_TYPE_QUIET,
                                  1,
                                  answer_fields,
                                  NULL,
                                  NULL};

static void unregister(promise *p) {
    ukko_system *sys = p->ref.sys;
    pthread_mutex_lock(&sys->lock);
    ukko_ref *r = p->registered ? uk_map_remove(&sys->temps, p->name, strlen(p->name)) : NULL;
    pthread_mutex_unlock(&sys->lock);
    uk_ref_release(r);
}
/* Takes msg (may be NULL). Only the winner of `done` comes here. */
static void complete(promise *p, int status, ukko_msg *msg) {
    unregister(p);
    if (msg && msg->type == &ukko_status_failure_type) status = UKKO_EANSWER;
    if (p->asker) {
        answer a = {status, msg, p->fn, p->data};
        uk_ref_tell(p->asker, ukko_msg_copy(&uk_answer_type, &a), NULL);
    } else {
        p->async_fn(p->data, status, msg);
    }
    ukko_msg_release(msg);
}
static bool win(promise *p) {
    int no = 0;
    return atomic_compare_exchange_strong_explicit(&p->done, &no, 1, memory_order_acq_rel,
                                                   memory_order_relaxed);
}
static void promise_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    promise *p = (promise *)(void *)to;
    if (!win(p)) {
        uk_dead_letter(to->sys, msg, sender, to, "the question was answered or has timed out");
        return;
    }
    bool cancelled = uk_timer_cancel(to->sys->timers, &p->timer);
    complete(p, UKKO_OK, msg);
    if (cancelled) uk_ref_release(to); /* the timer's count */
}
static void timed_out(void *data) {
    promise *p = data;
    if (win(p)) complete(p, UKKO_ETIMEOUT, NULL);
    uk_ref_release(&p->ref);
}
static void promise_system(ukko_ref *to, uk_sysmsg *m) { uk_dead_system(to->sys, m, to); }
static ukko_ref *promise_parent(ukko_ref *r) { return uk_ref_retain(r->sys->temp); }

static void promise_print(ukko_ref *r, uk_buf *out) {
    promise *p = (promise *)(void *)r;
    ukko_system *sys = r->sys;
    pthread_mutex_lock(&sys->lock);
    if (!p->registered && !atomic_load_explicit(&p->done, memory_order_acquire)) {
        p->registered = true;
        uk_map_put(&sys->temps, p->name, strlen(p->name), uk_ref_retain(r));
    }
    pthread_mutex_unlock(&sys->lock);
    uk_buf_printf(out, "/temp/%s", p->name);
}
static void promise_free(ukko_ref *r) {
    promise *p = (promise *)(void *)r;
    uk_ref_release(p->asker);
    uk_ref_fini(r);
    uk_free(p);
}
static const uk_ref_vt promise_vt = {UK_REF_PROMISE, promise_tell,  promise_system, promise_parent,
                                     NULL,           promise_print, promise_free,   NULL};

/* Armed; the caller owns one count and the timer another. */
static promise *promise_new(ukko_system *sys, int64_t timeout_ms, ukko_ref *asker,
                            ukko_answer_fn fn, ukko_answered_fn async_fn, void *data) {
    promise *p = uk_zalloc(sizeof *p);
    uk_ref_init(&p->ref, &promise_vt, sys, 0);
    atomic_init(&p->ref.refs, 2);
    uk_base64_name(atomic_fetch_add_explicit(&sys->temp_names, 1, memory_order_relaxed), "$",
                   p->name, sizeof p->name);
    p->asker = uk_ref_retain(asker);
    p->fn = fn;
    p->async_fn = async_fn;
    p->data = data;
    uk_timer_start(sys->timers, &p->timer, timeout_ms, timed_out, p);
    return p;
}
int uk_cell_answered(ukko_ctx *ctx, const ukko_msg *m) {
    const answer *a = UK_BODY(answer, m);
    return a->fn(ctx, ctx->cell->state, a->status, a->answer, a->data);
}
void ukko_ask(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body,
              int64_t timeout_ms, ukko_answer_fn fn, void *data) {
    promise *p = promise_new(ctx->cell->ref.sys, timeout_ms, &ctx->cell->ref, fn, NULL, data);
    uk_ref_tell(to, ukko_msg_copy(type, body), &p->ref);
    uk_ref_release(&p->ref);
}
static ukko_msg *identify_none(void) {
    ukko_boxed none = {NULL};
    ukko_identify body = {ukko_msg_copy(&ukko_option_type, &none)};
    ukko_msg *m = ukko_msg_copy(&ukko_identify_type, &body);
    ukko_msg_release(body.id);
    return m;
}
void ukko_find(ukko_ctx *ctx, const char *path, int64_t timeout_ms, ukko_answer_fn fn, void *data) {
    promise *p = promise_new(ctx->cell->ref.sys, timeout_ms, &ctx->cell->ref, fn, NULL, data);
    ukko_selection *s = ukko_ctx_select(ctx, path);
    ukko_selection_tell(s, identify_none(), &p->ref);
    ukko_selection_release(s);
    uk_ref_release(&p->ref);
}
void ukko_ask_async(ukko_ref *to, ukko_msg *msg, int64_t timeout_ms, ukko_answered_fn fn,
                    void *data) {
    promise *p = promise_new(to->sys, timeout_ms, NULL, NULL, fn, data);
    uk_ref_tell(to, msg, &p->ref);
    uk_ref_release(&p->ref);
}
void ukko_selection_ask_async(const ukko_selection *sel, ukko_msg *msg, int64_t timeout_ms,
                              ukko_answered_fn fn, void *data) {
    promise *p = promise_new(uk_selection_system(sel), timeout_ms, NULL, NULL, fn, data);
    ukko_selection_tell(sel, msg, &p->ref);
    uk_ref_release(&p->ref);
}

typedef struct finding {
    ukko_found_fn fn;
    void *data;
} finding;
static void found(void *data, int status, const ukko_msg *msg) {
    finding *f = data;
    const ukko_identity *id = ukko_msg_get(msg, &ukko_identity_type);
    ukko_ref *ref = id ? id->ref : NULL;
    (void)status;
    f->fn(f->data, ref ? UKKO_OK : UKKO_ENOTFOUND, ref);
    uk_free(f);
}
void ukko_selection_find_async(const ukko_selection *sel, int64_t timeout_ms, ukko_found_fn fn,
                               void *data) {
    finding *f = uk_alloc(sizeof *f);
    *f = (finding){fn, data};
    ukko_selection_ask_async(sel, identify_none(), timeout_ms, found, f);
}

/* ---- waiting ---- */

typedef struct waiter {
    pthread_mutex_t lock; /* leaf */
    pthread_cond_t cond;
    bool done;
    int status;
    ukko_msg *answer;
    ukko_ref *ref;
} waiter;
static void waiter_init(waiter *w) {
    *w = (waiter){.done = false};
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->cond, NULL);
}
static int waiter_wait(waiter *w) {
    pthread_mutex_lock(&w->lock);
    while (!w->done) pthread_cond_wait(&w->cond, &w->lock); /* the promise always ends */
    pthread_mutex_unlock(&w->lock);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->cond);
    return w->status;
}
static void wake(waiter *w, int status, const ukko_msg *msg, ukko_ref *ref) {
    pthread_mutex_lock(&w->lock);
    w->status = status;
    w->answer = ukko_msg_retain(msg);
    w->ref = uk_ref_retain(ref);
    w->done = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}
static void wake_answer(void *data, int status, const ukko_msg *msg) {
    wake(data, status, msg, NULL);
}
static void wake_found(void *data, int status, ukko_ref *ref) { wake(data, status, NULL, ref); }

int ukko_ask_wait_msg(ukko_ref *to, ukko_msg *msg, int64_t timeout_ms, ukko_msg **answer_out) {
    waiter w;
    if (answer_out) *answer_out = NULL;
    if (uk_sched_on_worker()) {
        ukko_msg_release(msg);
        return UKKO_EDEADLOCK;
    }
    waiter_init(&w);
    ukko_ask_async(to, msg, timeout_ms, wake_answer, &w);
    int rc = waiter_wait(&w);
    if (answer_out) *answer_out = w.answer;
    else ukko_msg_release(w.answer);
    return rc;
}
int ukko_ask_wait(ukko_ref *to, const ukko_type *type, const void *body, int64_t timeout_ms,
                  ukko_msg **out) {
    return ukko_ask_wait_msg(to, ukko_msg_copy(type, body), timeout_ms, out);
}
int ukko_find_wait(ukko_system *sys, const char *path, int64_t timeout_ms, ukko_ref **out) {
    waiter w;
    *out = NULL;
    if (uk_sched_on_worker()) return UKKO_EDEADLOCK;
    waiter_init(&w);
    ukko_selection *sel = ukko_select(sys, path);
    ukko_selection_find_async(sel, timeout_ms, wake_found, &w);
    ukko_selection_release(sel);
    int rc = waiter_wait(&w);
    *out = w.ref;
    return rc;
}
