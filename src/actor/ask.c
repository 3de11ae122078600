/* SPDX-License-Identifier: Apache-2.0 */
/* Asking: a promise is a reference that takes one answer, or the end of its time. It gets its name
   below /temp when its path is first wanted, that is, when the question leaves the process. tell on
   any thread; time-outs on the timer thread. */
#include "actor/system.h"
#include "base/mem.h"
#include "base/note.h"
#include "base/os.h"
#include <stdio.h>

typedef struct promise {
    ukko_ref ref;
    uk_timer timer;
    _Atomic int done;    /* 0 -> 1 once: who wins completes; seq_cst with `known` */
    _Atomic bool known;  /* it has a name or a watcher, perhaps; seq_cst with `done` */
    bool stops;          /* constant: it watches `to` */
    char *name;          /* made when the path is first wanted, under sys->lock; owned */
    uk_ref_set watchers; /* under sys->lock */
    ukko_ref *to;        /* retained; NULL: a selection */
    char *selection;     /* its printed form and its path; owned */
    const char *class_name; /* of the question; constant */
    int64_t timeout_ms;
    ukko_ref *asker; /* retained; NULL: nobody */
    ukko_ref *pipe;  /* gets the answer; retained */
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
const ukko_type uk_answer_type = {.size = sizeof(ukko_type),
                                  .body_size = sizeof(answer),
                                  .name = "Answer",
                                  .serializer = UKKO_SER_LOCAL,
                                  .flags = UKKO_TYPE_AUTO | UKKO_TYPE_QUIET,
                                  .n_fields = 1,
                                  .fields = answer_fields};

/* ---- what went wrong ---- */

void ukko_ask_error(ukko_error *err) { *err = *uk_note_of(UK_NOTE_ASK); }

static ukko_msg *failure(const char *class_name, char *text) { /* takes text */
    ukko_boxed body = {ukko_msg_throwable(class_name, text)};
    ukko_msg *m = ukko_msg_copy(&ukko_status_failure_type, &body);
    ukko_msg_release(body.value);
    uk_free(text);
    return m;
}
/* One that outlives the message: where the message itself holds its class name, that of the type. */
static const char *class_of(const ukko_msg *m) {
    const ukko_type *t = m->type;
    if (t == &ukko_option_type || t == &ukko_ref_type) return ukko_msg_class(m);
    return t->class_name ? t->class_name : t->name;
}

static void put_asker(uk_buf *b, const char *before, const ukko_ref *asker, const char *after) {
    if (!asker) return;
    uk_buf_printf(b, "%sActor[", before);
    uk_ref_show(asker, b);
    uk_buf_printf(b, "]%s", after);
}
static void put_target(uk_buf *b, const ukko_ref *to, const char *selection) {
    if (!to) {
        uk_buf_str(b, selection ? selection : "null");
        return;
    }
    uk_buf_str(b, "Actor[");
    uk_ref_show(to, b);
    uk_buf_byte(b, ']');
}
static ukko_msg *late(const promise *p) { /* AskTimeoutException */
    uk_buf b = {0};
    uk_buf_str(&b, "Ask timed out on [");
    put_target(&b, p->to, p->selection);
    uk_buf_printf(&b, "] after [%lld ms]. Message of type [%s]", (long long)p->timeout_ms,
                  p->class_name);
    put_asker(&b, " was sent by [", p->asker, "]");
    uk_buf_str(&b, ". A typical reason for `AskTimeoutException` is that the recipient actor didn't "
                   "send a reply.");
    return failure(uk_failure_class(UKKO_ETIMEOUT), uk_buf_text(&b));
}
/* The question was not sent at all, or to somebody who has ended. */
static ukko_msg *refusal(int status, const ukko_ref *to, const char *selection, const ukko_msg *msg,
                         const ukko_ref *asker) {
    uk_buf b = {0};
    bool ended = status == UKKO_ETIMEOUT;
    uk_buf_str(&b, ended ? "Recipient ["
                   : to || selection
                       ? "Timeout length must be positive, question not sent to ["
                       : "Unsupported recipient type, question not sent to [");
    put_target(&b, to, selection);
    uk_buf_str(&b, ended ? "] had already been terminated." : "].");
    put_asker(&b, " Sender [", asker, "] sent the message of type");
    uk_buf_printf(&b, "%s [%s].", asker ? "" : " Message of type", ukko_msg_class(msg));
    return failure(ended ? uk_failure_class(UKKO_ETIMEOUT) : "java.lang.IllegalArgumentException",
                   uk_buf_text(&b));
}

/* ---- the promise ---- */

/* Of `known` and `done` one side sees what the other has written: whoever makes it known after it
   was done does not register it. */
static void unregister(promise *p) {
    ukko_system *sys = p->ref.sys;
    if (!atomic_load_explicit(&p->known, memory_order_seq_cst)) return;
    pthread_mutex_lock(&sys->lock);
    ukko_ref *r = p->name ? uk_map_remove(&sys->temps, p->name, strlen(p->name)) : NULL;
    uk_ref_set watchers = p->watchers;
    p->watchers = (uk_ref_set){.n = 0};
    pthread_mutex_unlock(&sys->lock);
    for (uint32_t i = 0; i < watchers.n; i++) {
        uk_sysmsg *m = uk_sysmsg_new(UK_SYS_NOTIFY, &p->ref, NULL);
        m->flag = true;
        uk_ref_system(watchers.items[i], m);
    }
    uk_set_fini(&watchers);
    uk_ref_release(r);
}
static ukko_msg *unboxed(ukko_msg *msg) { /* takes msg: what a Status.Success carries */
    if (msg->type != &ukko_status_success_type) return msg;
    ukko_msg *value = ukko_msg_retain(UK_BODY(ukko_boxed, msg)->value);
    ukko_msg_release(msg);
    return value ? value : ukko_msg_new(&ukko_null_type);
}
/* Takes msg. Only the winner of `done` comes here. */
static void complete(promise *p, int status, ukko_msg *msg) {
    unregister(p);
    msg = unboxed(msg);
    if (status == UKKO_OK && msg->type == &ukko_status_failure_type) status = UKKO_EANSWER;
    if (p->stops && msg->type != &ukko_terminated_type) uk_watch_send(p->to, &p->ref, false);
    if (p->pipe) {
        uk_ref_tell(p->pipe, ukko_msg_retain(msg), p->asker);
    } else if (p->fn) {
        answer a = {status, msg, p->fn, p->data};
        uk_ref_tell(p->asker, ukko_msg_copy(&uk_answer_type, &a), NULL);
    } else {
        p->async_fn(p->data, status, msg);
    }
    ukko_msg_release(msg);
}
static bool is_done(const promise *p) {
    return atomic_load_explicit(&p->done, memory_order_seq_cst);
}
static bool win(promise *p) {
    int no = 0;
    return atomic_compare_exchange_strong_explicit(&p->done, &no, 1, memory_order_seq_cst,
                                                   memory_order_relaxed);
}
static void make_known(promise *p) {
    atomic_store_explicit(&p->known, true, memory_order_seq_cst);
}
/* Takes msg. false: it was answered before, and msg is the caller's still. */
static bool answer_with(promise *p, int status, ukko_msg *msg) {
    if (!win(p)) return false;
    bool cancelled = uk_timer_cancel(p->ref.sys->timers, &p->timer);
    complete(p, status, msg);
    if (cancelled) uk_ref_release(&p->ref); /* the timer's count */
    return true;
}
static void promise_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    promise *p = (promise *)(void *)to;
    if (msg->type == &uk_selection_type) { /* nobody lives below it */
        uk_dead_letter(to->sys, msg, sender, to, "no such actor");
        return;
    }
    if (!answer_with(p, UKKO_OK, msg))
        uk_dead_letter(to->sys, msg, sender, to->sys->dead,
                       "the question was answered or has timed out");
}
static void timed_out(void *data) {
    promise *p = data;
    if (win(p)) complete(p, UKKO_ETIMEOUT, late(p));
    uk_ref_release(&p->ref);
}
static void add_watcher(promise *p, ukko_ref *watcher) {
    ukko_system *sys = p->ref.sys;
    make_known(p);
    pthread_mutex_lock(&sys->lock);
    bool done = is_done(p); /* whoever wins later takes the watchers under the lock */
    if (!done) uk_set_add(&p->watchers, watcher);
    pthread_mutex_unlock(&sys->lock);
    if (!done) return;
    uk_sysmsg *m = uk_sysmsg_new(UK_SYS_NOTIFY, &p->ref, NULL);
    m->flag = true;
    uk_ref_system(watcher, m);
}
static void promise_system(ukko_ref *to, uk_sysmsg *m) {
    promise *p = (promise *)(void *)to;
    ukko_terminated t = {m->a, m->flag, m->flag2};
    ukko_msg *msg = NULL;
    switch (m->kind) {
    case UK_SYS_WATCH: add_watcher(p, m->b); break;
    case UK_SYS_UNWATCH:
        pthread_mutex_lock(&to->sys->lock);
        uk_set_remove(&p->watchers, m->b);
        pthread_mutex_unlock(&to->sys->lock);
        break;
    case UK_SYS_NOTIFY: msg = ukko_msg_copy(&ukko_terminated_type, &t); break;
    case UK_SYS_TERMINATE: msg = failure(uk_failure_class(UKKO_EKILLED), uk_strdup("Stopped")); break;
    default: break;
    }
    if (msg && !answer_with(p, m->kind == UK_SYS_TERMINATE ? UKKO_EKILLED : UKKO_OK, msg))
        ukko_msg_release(msg);
    uk_sysmsg_free(m);
}
static ukko_ref *promise_parent(ukko_ref *r) { return uk_ref_retain(r->sys->temp); }

/* As java.net.URLEncoder does. */
static void put_encoded(uk_buf *b, char c) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 strchr(".-*_", c);
    if (plain) uk_buf_byte(b, (uint8_t)c);
    else uk_buf_printf(b, "%%%02X", (uint8_t)c);
}
/* The name tells whom was asked: "echo$a", "_user_echo$b". */
static char *make_name(promise *p) {
    char number[16];
    uint64_t n = atomic_fetch_add_explicit(&p->ref.sys->temp_names, 1, memory_order_relaxed);
    uk_base64_name(n, "$", number, sizeof number);
    const char *path = p->selection ? strstr(p->selection, "Path(") : NULL;
    if (!path) return uk_format("%s%s", p->to ? ukko_ref_name(p->to) : "", number);
    const char *end = path + strlen(path) - 2; /* of "Path(/a/b)]" */
    uk_buf b = {0};
    for (path += 5; path < end; path++) put_encoded(&b, *path == '/' ? '_' : *path);
    uk_buf_str(&b, number);
    return uk_buf_text(&b);
}
static void promise_print(ukko_ref *r, uk_buf *out) {
    promise *p = (promise *)(void *)r;
    ukko_system *sys = r->sys;
    char *name = make_name(p);
    pthread_mutex_lock(&sys->lock);
    if (!p->name) {
        make_known(p);
        p->name = name;
        name = NULL;
        if (!is_done(p)) uk_map_put(&sys->temps, p->name, strlen(p->name), uk_ref_retain(r));
    }
    pthread_mutex_unlock(&sys->lock);
    uk_free(name);
    uk_buf_printf(out, "/temp/%s", p->name);
}
static void promise_free(ukko_ref *r) {
    promise *p = (promise *)(void *)r;
    uk_ref_release(p->asker);
    uk_ref_release(p->to);
    uk_ref_release(p->pipe);
    uk_set_fini(&p->watchers);
    uk_free(p->name);
    uk_free(p->selection);
    uk_ref_fini(r);
    uk_free(p);
}
static const uk_ref_vt promise_vt = {UK_REF_PROMISE, promise_tell,  promise_system, promise_parent,
                                     NULL,           promise_print, promise_free,   NULL};

bool uk_promise_done(const ukko_ref *ref) {
    return is_done((const promise *)(const void *)ref);
}

/* ---- asking ---- */

typedef struct question { /* what the forms of asking have in common; all borrowed but msg */
    ukko_system *sys;
    ukko_ref *to;
    const ukko_selection *sel; /* in place of to */
    ukko_msg *msg;
    int64_t timeout_ms;
    ukko_ref *asker, *pipe;
    ukko_answer_fn fn;
    ukko_answered_fn async_fn;
    void *data;
    bool stops;
} question;

static char *selection_text(const ukko_selection *sel) {
    char none[1];
    size_t len = ukko_selection_print(sel, none, sizeof none);
    char *text = uk_alloc(len + 1);
    ukko_selection_print(sel, text, len + 1);
    return text;
}
/* Armed; the caller owns one count and the timer another. */
static promise *promise_new(const question *q) {
    promise *p = uk_zalloc(sizeof *p);
    uk_ref_init(&p->ref, &promise_vt, q->sys, 0);
    atomic_init(&p->ref.refs, 2);
    p->to = uk_ref_retain(q->to);
    p->selection = q->sel ? selection_text(q->sel) : NULL;
    p->class_name = class_of(q->msg);
    p->timeout_ms = q->timeout_ms;
    p->asker = uk_ref_retain(q->asker);
    p->pipe = uk_ref_retain(q->pipe);
    p->fn = q->fn;
    p->async_fn = q->async_fn;
    p->data = q->data;
    p->stops = q->stops;
    uk_timer_start(q->sys->timers, &p->timer, q->timeout_ms, timed_out, p);
    return p;
}
static void refuse(const question *q, int status) {
    char *selection = q->sel ? selection_text(q->sel) : NULL;
    ukko_msg *why = refusal(status, q->to, selection, q->msg, q->asker);
    uk_free(selection);
    if (status == UKKO_ETIMEOUT) uk_ref_tell(q->to, q->msg, q->asker); /* a dead letter */
    else ukko_msg_release(q->msg);
    if (q->pipe) {
        uk_ref_tell(q->pipe, ukko_msg_retain(why), q->asker);
    } else if (q->fn) {
        answer a = {status, why, q->fn, q->data};
        uk_ref_tell(q->asker, ukko_msg_copy(&uk_answer_type, &a), NULL);
    } else {
        q->async_fn(q->data, status, why);
    }
    ukko_msg_release(why);
}
static void ask(const question *q) {
    if ((!q->to && !q->sel) || q->timeout_ms <= 0) {
        refuse(q, UKKO_EINVAL);
    } else if (q->to && uk_ref_stopped(q->to)) {
        refuse(q, UKKO_ETIMEOUT);
    } else {
        promise *p = promise_new(q);
        if (q->sel) ukko_selection_tell(q->sel, q->msg, &p->ref);
        else uk_ref_tell(q->to, q->msg, &p->ref);
        uk_ref_release(&p->ref);
    }
}
int uk_cell_answered(ukko_ctx *ctx, const ukko_msg *m) {
    const answer *a = UK_BODY(answer, m);
    return a->fn(ctx, ctx->cell->state, a->status, a->answer, a->data);
}
void ukko_ask(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body,
              int64_t timeout_ms, ukko_answer_fn fn, void *data) {
    ask(&(question){.sys = ctx->cell->ref.sys,
                    .to = to,
                    .msg = ukko_msg_copy(type, body),
                    .timeout_ms = timeout_ms,
                    .asker = &ctx->cell->ref,
                    .fn = fn,
                    .data = data});
}
void ukko_ask_pipe(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body,
                   int64_t timeout_ms, ukko_ref *recipient) {
    ask(&(question){.sys = ctx->cell->ref.sys,
                    .to = to,
                    .msg = ukko_msg_copy(type, body),
                    .timeout_ms = timeout_ms,
                    .asker = &ctx->cell->ref,
                    .pipe = recipient});
}
static ukko_msg *identify_none(void) {
    ukko_boxed none = {NULL};
    ukko_identify body = {ukko_msg_copy(&ukko_option_type, &none)};
    ukko_msg *m = ukko_msg_copy(&ukko_identify_type, &body);
    ukko_msg_release(body.id);
    return m;
}
void ukko_find(ukko_ctx *ctx, const char *path, int64_t timeout_ms, ukko_answer_fn fn, void *data) {
    ukko_selection *s = ukko_ctx_select(ctx, path);
    ask(&(question){.sys = ctx->cell->ref.sys,
                    .sel = s,
                    .msg = identify_none(),
                    .timeout_ms = timeout_ms,
                    .asker = &ctx->cell->ref,
                    .fn = fn,
                    .data = data});
    ukko_selection_release(s);
}
void ukko_ask_async(ukko_ref *to, ukko_msg *msg, int64_t timeout_ms, ukko_answered_fn fn,
                    void *data) {
    ask(&(question){.sys = to ? to->sys : NULL,
                    .to = to,
                    .msg = msg,
                    .timeout_ms = timeout_ms,
                    .async_fn = fn,
                    .data = data});
}
void ukko_selection_ask_async(const ukko_selection *sel, ukko_msg *msg, int64_t timeout_ms,
                              ukko_answered_fn fn, void *data) {
    ask(&(question){.sys = uk_selection_system(sel),
                    .sel = sel,
                    .msg = msg,
                    .timeout_ms = timeout_ms,
                    .async_fn = fn,
                    .data = data});
}

/* ---- an orderly stop ---- */

typedef struct stopping {
    ukko_ref *target; /* retained */
    ukko_stopped_fn fn;
    void *data;
} stopping;
static void stop_answered(void *data, int status, const ukko_msg *msg) {
    stopping *s = data;
    const ukko_terminated *t = ukko_msg_get(msg, &ukko_terminated_type);
    bool ended = t && ukko_ref_equal(t->ref, s->target);
    s->fn(s->data, ended ? UKKO_OK : status == UKKO_OK ? UKKO_ETIMEOUT : status);
    uk_ref_release(s->target);
    uk_free(s);
}
void ukko_stop_async(ukko_ref *target, ukko_msg *stop_msg, int64_t timeout_ms, ukko_stopped_fn fn,
                     void *data) {
    if (!stop_msg) stop_msg = ukko_msg_new(&ukko_poison_pill_type);
    stopping *s = uk_alloc(sizeof *s);
    *s = (stopping){uk_ref_retain(target), fn, data};
    question q = {.sys = target->sys,
                  .to = target,
                  .msg = stop_msg,
                  .timeout_ms = timeout_ms > 0 ? timeout_ms : 1,
                  .async_fn = stop_answered,
                  .data = s,
                  .stops = true};
    promise *p = promise_new(&q);
    uk_watch_send(target, &p->ref, true);
    uk_ref_tell(target, stop_msg, NULL);
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
static void wake_stopped(void *data, int status) { wake(data, status, NULL, NULL); }

static int in_actor(void) { return uk_sched_on_worker() ? UKKO_EDEADLOCK : UKKO_OK; }

static void note_error(int status, const ukko_msg *msg) {
    const ukko_boxed *b = ukko_msg_get(msg, &ukko_status_failure_type);
    const ukko_throwable *t = b ? ukko_msg_get(b->value, &ukko_throwable_type) : NULL;
    ukko_error *note = uk_note_of(UK_NOTE_ASK);
    note->code = status;
    snprintf(note->message, sizeof note->message, "%s",
             t && t->message ? t->message : ukko_strerror(status));
}
int ukko_ask_wait_msg(ukko_ref *to, ukko_msg *msg, int64_t timeout_ms, ukko_msg **answer_out) {
    waiter w;
    if (answer_out) *answer_out = NULL;
    if (in_actor()) {
        note_error(UKKO_EDEADLOCK, NULL);
        ukko_msg_release(msg);
        return UKKO_EDEADLOCK;
    }
    waiter_init(&w);
    ukko_ask_async(to, msg, timeout_ms, wake_answer, &w);
    int rc = waiter_wait(&w);
    if (rc) note_error(rc, w.answer);
    if (answer_out && (!rc || rc == UKKO_EANSWER)) *answer_out = w.answer;
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
    if (in_actor()) return UKKO_EDEADLOCK;
    waiter_init(&w);
    ukko_selection *sel = ukko_select(sys, path);
    ukko_selection_find_async(sel, timeout_ms, wake_found, &w);
    ukko_selection_release(sel);
    int rc = waiter_wait(&w);
    *out = w.ref;
    return rc;
}
int ukko_stop_wait(ukko_ref *target, ukko_msg *stop_msg, int64_t timeout_ms) {
    waiter w;
    if (in_actor()) {
        ukko_msg_release(stop_msg);
        return UKKO_EDEADLOCK;
    }
    waiter_init(&w);
    ukko_stop_async(target, stop_msg, timeout_ms, wake_stopped, &w);
    return waiter_wait(&w);
}
