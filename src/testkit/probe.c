/* SPDX-License-Identifier: Apache-2.0 */
/* Probes. The actor's turn puts messages into a queue under the lock of the probe; the test's thread
   takes them. */
#include "testkit/kit.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MS = 3000, NONE_MS = 100 };

typedef struct item {
    struct item *next;
    ukko_msg *msg;
    ukko_ref *sender;
} item;

struct ukko_probe {
    uk_kit_wait wait;
    ukko_actor kind;
    ukko_ref *ref;
    /* under the lock of wait */
    item *head, **tail;
    size_t n;
    uint64_t done; /* orders carried out */
    bool stopped;
    ukko_match_fn ignore;
    void *ignore_data;
    /* the test's thread */
    uint64_t ordered;
    item *last; /* taken */
    int64_t within_start, within_end; /* -1: none */
    char error[1024];
};

typedef enum order_kind { ORDER_WATCH, ORDER_UNWATCH } order_kind;
typedef struct order {
    int32_t kind;
    ukko_ref *ref;
} order;
static const ukko_field order_fields[] = {UKKO_FIELD(order, kind, UKKO_I32),
                                          UKKO_FIELD(order, ref, UKKO_REF)};
static const ukko_type order_type = UKKO_TYPE_LOCAL(order, order_fields);

/* ---- the actor ---- */

static void append(ukko_probe *p, const ukko_msg *msg, ukko_ref *sender) {
    item *i = calloc(1, sizeof *i);
    if (!i) abort();
    i->msg = ukko_msg_retain(msg);
    i->sender = ukko_ref_retain(sender);
    *p->tail = i;
    p->tail = &i->next;
    p->n++;
}
static int on_any(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    ukko_probe *p = ukko_ctx_actor(ctx)->data;
    const order *o = ukko_msg_get(msg, &order_type);
    (void)state;
    if (o && o->kind == ORDER_WATCH) ukko_watch(ctx, o->ref);
    if (o && o->kind == ORDER_UNWATCH) ukko_unwatch(ctx, o->ref);
    pthread_mutex_lock(&p->wait.lock);
    if (o) p->done++;
    else if (!p->ignore || !p->ignore(p->ignore_data, msg)) append(p, msg, ukko_sender(ctx));
    pthread_cond_signal(&p->wait.changed);
    pthread_mutex_unlock(&p->wait.lock);
    return UKKO_OK;
}
static void on_stop(ukko_ctx *ctx, void *state) {
    ukko_probe *p = ukko_ctx_actor(ctx)->data;
    (void)state;
    pthread_mutex_lock(&p->wait.lock);
    p->stopped = true;
    pthread_cond_signal(&p->wait.changed);
    pthread_mutex_unlock(&p->wait.lock);
}

/* ---- life ---- */

int ukko_probe_new(ukko_probe **out, ukko_system *sys, const char *name) {
    ukko_probe *p = calloc(1, sizeof *p);
    if (!p) abort();
    *out = NULL;
    uk_kit_init(&p->wait, sys);
    p->tail = &p->head;
    p->within_start = p->within_end = -1;
    p->kind = (ukko_actor){.size = sizeof(ukko_actor),
                           .name = "org.apache.pekko.testkit.TestProbe",
                           .receive = {NULL, on_any},
                           .stop = on_stop,
                           .data = p};
    int rc = ukko_system_spawn(sys, ukko_props_new(&p->kind), name, &p->ref);
    if (rc) {
        uk_kit_fini(&p->wait);
        free(p);
        return rc;
    }
    *out = p;
    return UKKO_OK;
}
static void item_free(item *i) {
    if (!i) return;
    ukko_msg_release(i->msg);
    ukko_ref_release(i->sender);
    free(i);
}
static bool has_stopped(void *data) { return ((ukko_probe *)data)->stopped; }

void ukko_probe_free(ukko_probe *p) {
    enum { END_MS = 60000 };
    if (!p) return;
    ukko_ref_signal(p->ref, UKKO_SIGNAL_TERMINATE, NULL);
    uk_kit_until(&p->wait, has_stopped, p, END_MS);
    ukko_ref_release(p->ref);
    for (item *i = p->head, *next; i; i = next) {
        next = i->next;
        item_free(i);
    }
    item_free(p->last);
    uk_kit_fini(&p->wait);
    free(p);
}
ukko_ref *ukko_probe_ref(ukko_probe *p) { return p->ref; }
const char *ukko_probe_error(ukko_probe *p) { return p->error; }

/* ---- sending ---- */

void ukko_probe_tell_msg(ukko_probe *p, ukko_ref *to, ukko_msg *msg) {
    ukko_tell_from(to, msg, p->ref);
}
void ukko_probe_tell(ukko_probe *p, ukko_ref *to, const ukko_type *type, const void *body) {
    ukko_probe_tell_msg(p, to, ukko_msg_copy(type, body));
}
void ukko_probe_tell_text(ukko_probe *p, ukko_ref *to, const char *text) {
    ukko_probe_tell_msg(p, to, ukko_msg_string(text));
}
ukko_ref *ukko_probe_sender(ukko_probe *p) {
    return p->last ? p->last->sender : ukko_dead_letters(p->wait.sys);
}
void ukko_probe_reply(ukko_probe *p, const ukko_type *type, const void *body) {
    ukko_probe_tell(p, ukko_probe_sender(p), type, body);
}
void ukko_probe_reply_text(ukko_probe *p, const char *text) {
    ukko_probe_tell_text(p, ukko_probe_sender(p), text);
}
void ukko_probe_forward(ukko_probe *p, ukko_ref *to) {
    if (p->last) ukko_tell_from(to, ukko_msg_retain(p->last->msg), p->last->sender);
}
static bool carried_out(void *data) {
    ukko_probe *p = data;
    return p->done == p->ordered || p->stopped;
}
static void carry_out(ukko_probe *p, order_kind kind, ukko_ref *ref) {
    order o = {kind, ref};
    p->ordered++;
    ukko_tell(NULL, p->ref, &order_type, &o);
    uk_kit_until(&p->wait, carried_out, p, DEFAULT_MS * 10);
}
void ukko_probe_watch(ukko_probe *p, ukko_ref *ref) { carry_out(p, ORDER_WATCH, ref); }
void ukko_probe_unwatch(ukko_probe *p, ukko_ref *ref) { carry_out(p, ORDER_UNWATCH, ref); }

/* ---- taking ---- */

static int wrong(ukko_probe *p, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int wrong(ukko_probe *p, int code, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    vsnprintf(p->error, sizeof p->error, format, ap);
    va_end(ap);
    return code;
}
static int64_t timeout_of(ukko_probe *p, int64_t timeout_ms) {
    if (timeout_ms >= 0) return timeout_ms;
    if (p->within_end < 0) return DEFAULT_MS;
    int64_t left = p->within_end - uk_kit_now(&p->wait);
    return left > 0 ? left : 0;
}
static bool something(void *data) { return ((ukko_probe *)data)->head != NULL; }

static const ukko_msg *take(ukko_probe *p, int64_t timeout_ms) { /* NULL: nothing came */
    if (!uk_kit_until(&p->wait, something, p, timeout_ms)) return NULL;
    pthread_mutex_lock(&p->wait.lock);
    item *i = p->head;
    p->head = i->next;
    if (!p->head) p->tail = &p->head;
    p->n--;
    pthread_mutex_unlock(&p->wait.lock);
    item_free(p->last);
    p->last = i;
    return i->msg;
}
static void describe(const ukko_msg *m, char *buf, size_t len) {
    size_t n = (size_t)snprintf(buf, len, "%s ", ukko_msg_type(m)->name);
    if (n < len) ukko_msg_print(m, buf + n, len - n);
}
/* The next message, of this type; the text says what was expected. */
static int take_type(ukko_probe *p, const ukko_type *type, const char *what, int64_t timeout_ms,
                     const ukko_msg **out) {
    char got[400];
    timeout_ms = timeout_of(p, timeout_ms);
    const ukko_msg *m = *out = take(p, timeout_ms);
    if (!m)
        return wrong(p, UKKO_ETIMEOUT, "expected %s within %lld ms: nothing came", what,
                     (long long)timeout_ms);
    if (!type || ukko_msg_type(m) == type) return UKKO_OK;
    describe(m, got, sizeof got);
    return wrong(p, UKKO_ETYPE, "expected %s: got %s", what, got);
}
int ukko_probe_receive(ukko_probe *p, int64_t timeout_ms, ukko_msg **out) {
    return ukko_probe_expect(p, NULL, timeout_ms, out);
}
int ukko_probe_expect(ukko_probe *p, const ukko_type *type, int64_t timeout_ms, ukko_msg **out) {
    const ukko_msg *m;
    int rc = take_type(p, type, type ? type->name : "a message", timeout_ms, &m);
    if (out) *out = rc ? NULL : ukko_msg_retain(m);
    return rc;
}
int ukko_probe_expect_body(ukko_probe *p, const ukko_type *type, const void *body,
                           int64_t timeout_ms) {
    char want[400], got[400];
    ukko_msg *like = ukko_msg_copy(type, body);
    const ukko_msg *m;
    describe(like, want, sizeof want);
    ukko_msg_release(like);
    int rc = take_type(p, type, want, timeout_ms, &m);
    if (rc) return rc;
    describe(m, got, sizeof got);
    return strcmp(want, got) ? wrong(p, UKKO_ETYPE, "expected %s: got %s", want, got) : UKKO_OK;
}
int ukko_probe_expect_text(ukko_probe *p, const char *text, int64_t timeout_ms) {
    const ukko_msg *m;
    int rc = take_type(p, &ukko_string_type, text, timeout_ms, &m);
    if (rc || !strcmp(ukko_msg_text(m), text)) return rc;
    return wrong(p, UKKO_ETYPE, "expected \"%s\": got \"%s\"", text, ukko_msg_text(m));
}
int ukko_probe_expect_texts(ukko_probe *p, const char *const *texts, size_t n,
                            int64_t timeout_ms) {
    char *seen = calloc(n + 1, 1);
    int64_t end = uk_kit_now(&p->wait) + timeout_of(p, timeout_ms);
    int rc = UKKO_OK;
    if (!seen) abort();
    for (size_t i = 0; i < n && !rc; i++) {
        int64_t left = end - uk_kit_now(&p->wait);
        const ukko_msg *m;
        size_t k = 0;
        rc = take_type(p, &ukko_string_type, "one of several texts", left > 0 ? left : 0, &m);
        if (rc) break;
        while (k < n && (seen[k] || strcmp(texts[k], ukko_msg_text(m)))) k++;
        if (k == n) rc = wrong(p, UKKO_ETYPE, "unexpected text \"%s\"", ukko_msg_text(m));
        else seen[k] = 1;
    }
    free(seen);
    return rc;
}
int ukko_probe_expect_terminated(ukko_probe *p, ukko_ref *ref, int64_t timeout_ms) {
    char want[300];
    const ukko_msg *m;
    snprintf(want, sizeof want, "Terminated of %.200s", ukko_ref_path(ref));
    int rc = take_type(p, &ukko_terminated_type, want, timeout_ms, &m);
    if (rc) return rc;
    ukko_ref *who = ((const ukko_terminated *)ukko_msg_get(m, &ukko_terminated_type))->ref;
    if (ukko_ref_equal(who, ref)) return UKKO_OK;
    return wrong(p, UKKO_ETYPE, "expected %s: it is of %.200s", want, ukko_ref_path(who));
}
int ukko_probe_expect_none(ukko_probe *p, int64_t timeout_ms) {
    char got[400];
    const ukko_msg *m = take(p, timeout_ms < 0 ? NONE_MS : timeout_ms);
    if (!m) return UKKO_OK;
    describe(m, got, sizeof got);
    return wrong(p, UKKO_EEXISTS, "expected no message: got %s", got);
}
int ukko_probe_fish(ukko_probe *p, ukko_match_fn fn, void *data, int64_t timeout_ms,
                    ukko_msg **out) {
    int64_t limit = timeout_of(p, timeout_ms), end = uk_kit_now(&p->wait) + limit;
    if (out) *out = NULL;
    for (size_t n = 0;; n++) {
        int64_t left = end - uk_kit_now(&p->wait);
        const ukko_msg *m = take(p, left > 0 ? left : 0);
        if (!m)
            return wrong(p, UKKO_ETIMEOUT, "none of %zu messages within %lld ms was the right one",
                         n, (long long)limit);
        if (!fn(data, m)) continue;
        if (out) *out = ukko_msg_retain(m);
        return UKKO_OK;
    }
}
void ukko_probe_ignore(ukko_probe *p, ukko_match_fn fn, void *data) {
    pthread_mutex_lock(&p->wait.lock);
    p->ignore = fn;
    p->ignore_data = data;
    pthread_mutex_unlock(&p->wait.lock);
}
size_t ukko_probe_waiting(ukko_probe *p) {
    pthread_mutex_lock(&p->wait.lock);
    size_t n = p->n;
    pthread_mutex_unlock(&p->wait.lock);
    return n;
}
void ukko_probe_within(ukko_probe *p, int64_t max_ms) {
    p->within_start = uk_kit_now(&p->wait);
    p->within_end = p->within_start + max_ms;
}
int ukko_probe_within_end(ukko_probe *p, int64_t min_ms) {
    int64_t start = p->within_start, end = p->within_end;
    p->within_start = p->within_end = -1;
    if (start < 0) return wrong(p, UKKO_ESTATE, "no ukko_probe_within() before");
    int64_t took = uk_kit_now(&p->wait) - start;
    if (took > end - start)
        return wrong(p, UKKO_ETIMEOUT, "took %lld ms, more than %lld", (long long)took,
                     (long long)(end - start));
    if (took < min_ms)
        return wrong(p, UKKO_ESTATE, "took %lld ms, less than %lld", (long long)took,
                     (long long)min_ms);
    return UKKO_OK;
}
