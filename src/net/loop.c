/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: a libuv loop with one async handle for posted tasks and one timer handle under a
   heap of deadlines, so that a timer costs no handle and ends at once. Runs in rounds on its own
   thread; between two rounds that thread may run a program's code (`after`), and when it is held up
   there, another thread takes the rounds over (uk_loop_assist). Locks: `round` is held during a
   round, before any other; `lock` guards the task list; nothing else is taken under it. */
#include "net/loop.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/os.h"
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

enum { SPARES = 2, SPARE_MOST = 1 << 20 };
/* What a round brings is to be handled while it is in the caches; after less, who writes is woken for
   less. */
enum { ROUND_BYTES = 512 * 1024, ASK_MS = 5 };

struct uk_loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_timer_t alarm;
    pthread_t thread;
    pthread_mutex_t lock;
    uk_task *first, **last; /* under lock */
    bool stopping;          /* under lock */
    uk_task *later, **later_last; /* under round */
    size_t brought;               /* in this round, bytes */
    bool started, stepped;
    bool ended;            /* under round */
    pthread_mutex_t round; /* who holds it is the loop's thread of the moment */
    _Atomic bool wanted;   /* the own thread wants its rounds back; seq_cst, with uv_async_send */
    void (*after)(void *data, size_t bytes);
    void *after_data;
    const char *name;
    _Atomic(uintptr_t) here; /* the thread's own mark; release when it starts, acquire elsewhere */
    uk_alarm **heap;
    size_t n_heap, cap_heap;
    uint8_t *scratch;
    size_t scratch_size;
    uk_buf spare[SPARES];
    struct uk_stream *streams;
    size_t n_streams;
};

static _Thread_local char thread_mark;

static uk_task *take_tasks(uk_loop *l, bool *stopping) {
    pthread_mutex_lock(&l->lock);
    uk_task *t = l->first;
    l->first = NULL;
    l->last = &l->first;
    *stopping = l->stopping;
    pthread_mutex_unlock(&l->lock);
    return t;
}

static void on_wake(uv_async_t *a) {
    uk_loop *l = a->data;
    bool stopping;
    for (uk_task *t = take_tasks(l, &stopping); t;) {
        uk_task *next = t->next;
        t->next = NULL;
        t->run(t);
        t = next;
    }
    if (stopping) l->ended = true;
}

/* ---- timers: a binary heap by deadline ---- */

static void heap_set(uk_loop *l, size_t i, uk_alarm *t) {
    l->heap[i] = t;
    t->slot = i + 1;
}

static void heap_up(uk_loop *l, size_t i) {
    uk_alarm *t = l->heap[i];
    while (i > 0 && l->heap[(i - 1) / 2]->at_ms > t->at_ms) {
        heap_set(l, i, l->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    heap_set(l, i, t);
}

static void heap_down(uk_loop *l, size_t i) {
    uk_alarm *t = l->heap[i];
    for (;;) {
        size_t c = 2 * i + 1;
        if (c >= l->n_heap) break;
        if (c + 1 < l->n_heap && l->heap[c + 1]->at_ms < l->heap[c]->at_ms) c++;
        if (l->heap[c]->at_ms >= t->at_ms) break;
        heap_set(l, i, l->heap[c]);
        i = c;
    }
    heap_set(l, i, t);
}

static void on_alarm(uv_timer_t *h);

static void set_alarm(uk_loop *l) {
    if (!l->n_heap) {
        uv_timer_stop(&l->alarm);
        return;
    }
    int64_t wait = l->heap[0]->at_ms - (int64_t)uv_now(&l->uv);
    uv_timer_start(&l->alarm, on_alarm, wait > 0 ? (uint64_t)wait : 0, 0);
}

static void on_alarm(uv_timer_t *h) {
    uk_loop *l = h->data;
    int64_t now = (int64_t)uv_now(&l->uv);
    while (l->n_heap && l->heap[0]->at_ms <= now) {
        uk_alarm *t = l->heap[0];
        uk_alarm_stop(l, t);
        t->fire(t);
    }
    set_alarm(l);
}

void uk_alarm_stop(uk_loop *l, uk_alarm *t) {
    if (!t->slot) return;
    size_t i = t->slot - 1;
    assert(i < l->n_heap && l->heap[i] == t);
    t->slot = 0;
    uk_alarm *last = l->heap[--l->n_heap];
    if (last == t) return;
    heap_set(l, i, last);
    heap_down(l, i);
    heap_up(l, last->slot - 1);
}

void uk_alarm_start(uk_loop *l, uk_alarm *t, int64_t delay_ms) {
    uk_alarm_stop(l, t);
    t->at_ms = (int64_t)uv_now(&l->uv) + (delay_ms > 0 ? delay_ms : 0);
    if (l->n_heap == l->cap_heap) {
        l->cap_heap = l->cap_heap ? l->cap_heap * 2 : 16;
        l->heap = uk_realloc(l->heap, l->cap_heap * sizeof *l->heap);
    }
    heap_set(l, l->n_heap, t);
    heap_up(l, l->n_heap++);
    if (t->slot == 1) set_alarm(l);
}

/* ---- life ---- */

int uk_loop_new(uk_loop **out, const char *thread_name, ukko_error *err) {
    uk_loop *l = uk_zalloc(sizeof *l);
    int rc = uv_loop_init(&l->uv);
    if (rc) {
        uk_free(l);
        return uk_error(err, UKKO_EIO, "cannot make an event loop: %s", uv_strerror(rc));
    }
    l->name = thread_name;
    l->last = &l->first;
    l->later_last = &l->later;
    pthread_mutex_init(&l->lock, NULL);
    pthread_mutex_init(&l->round, NULL);
    l->wake.data = l->alarm.data = l;
    uv_async_init(&l->uv, &l->wake, on_wake);
    uv_timer_init(&l->uv, &l->alarm);
    *out = l;
    return 0;
}

static void enter(uk_loop *l) { /* pairs with the acquire in uk_loop_is_here() */
    atomic_store_explicit(&l->here, (uintptr_t)&thread_mark, memory_order_release);
}
static void leave(uk_loop *l) { atomic_store_explicit(&l->here, 0, memory_order_release); }

static void take_round(uk_loop *l) {
    if (pthread_mutex_trylock(&l->round)) {
        atomic_store_explicit(&l->wanted, true, memory_order_seq_cst);
        uv_async_send(&l->wake);
        pthread_mutex_lock(&l->round);
        atomic_store_explicit(&l->wanted, false, memory_order_seq_cst);
    }
    enter(l);
}
static void give_round(uk_loop *l) {
    leave(l);
    pthread_mutex_unlock(&l->round);
}
bool uk_loop_brought(uk_loop *l, size_t n) {
    l->brought += n;
    return l->brought >= ROUND_BYTES;
}
void uk_loop_later(uk_loop *l, uk_task *task) {
    task->next = NULL;
    *l->later_last = task;
    l->later_last = &task->next;
}
static void run_later(uk_loop *l) {
    uk_task *t = l->later;
    if (!(l->later = t->next)) l->later_last = &l->later;
    t->next = NULL;
    t->run(t);
}
/* What earlier rounds have left comes before the kernel is asked again, for a while: it would name all
   sockets again that have their turn coming. */
static void one_round(uk_loop *l, uv_run_mode mode) {
    l->brought = 0;
    if (!l->later) {
        uv_run(&l->uv, mode);
        return;
    }
    uint64_t asked_ms = uv_now(&l->uv);
    on_wake(&l->wake);
    while (l->later && l->brought < ROUND_BYTES) run_later(l);
    if (uv_hrtime() / 1000000 - asked_ms >= ASK_MS) uv_run(&l->uv, UV_RUN_NOWAIT);
}
static void *loop_main(void *arg) {
    uk_loop *l = arg;
    uk_thread_name(l->name);
    for (bool ended = false; !ended;) {
        take_round(l);
        if (!l->ended) one_round(l, UV_RUN_ONCE);
        if ((ended = l->ended)) {
            on_wake(&l->wake); /* what was posted together with the stop */
            uv_run(&l->uv, UV_RUN_NOWAIT);
        }
        size_t bytes = l->brought;
        give_round(l);
        if (l->after) l->after(l->after_data, bytes);
    }
    return NULL;
}
void uk_loop_after(uk_loop *l, void (*after)(void *data, size_t bytes), void *data) {
    l->after = after;
    l->after_data = data;
}
void uk_loop_assist(uk_loop *l) {
    if (uk_loop_is_here(l) || pthread_mutex_trylock(&l->round)) return;
    enter(l);
    while (!l->ended && !atomic_load_explicit(&l->wanted, memory_order_seq_cst))
        one_round(l, UV_RUN_ONCE);
    give_round(l);
}

int uk_loop_start(uk_loop *l, ukko_error *err) {
    int rc = pthread_create(&l->thread, NULL, loop_main, l);
    if (rc) return uk_error(err, UKKO_EIO, "cannot start the I/O thread: %s", uv_strerror(-rc));
    l->started = true;
    return 0;
}

void uk_loop_start_stepped(uk_loop *l) { l->stepped = true; }
void uk_loop_poll(uk_loop *l) {
    take_round(l);
    /* twice: what a callback began to watch is known to the kernel after the second */
    for (int i = 0; i < 2 && !l->ended; i++) one_round(l, UV_RUN_NOWAIT);
    give_round(l);
}
int uk_loop_fd(const uk_loop *l) { return uv_backend_fd(&l->uv); }
int64_t uk_loop_next_ms(const uk_loop *l) {
    uv_update_time((uv_loop_t *)(uintptr_t)&l->uv);
    return l->later ? 0 : uv_backend_timeout(&l->uv);
}
static void stop_stepped(uk_loop *l) {
    take_round(l);
    l->ended = true;
    on_wake(&l->wake); /* what was posted before */
    uv_run(&l->uv, UV_RUN_NOWAIT);
    pthread_mutex_unlock(&l->round);
    l->stepped = false; /* the caller inherits the loop */
}

void uk_loop_post(uk_loop *l, uk_task *task) {
    task->next = NULL;
    pthread_mutex_lock(&l->lock);
    bool was_empty = !l->first;
    *l->last = task;
    l->last = &task->next;
    pthread_mutex_unlock(&l->lock);
    if (was_empty) uv_async_send(&l->wake);
}

void uk_loop_stop(uk_loop *l) {
    if (l->stepped) stop_stepped(l);
    if (!l->started) return;
    assert(!uk_loop_is_here(l));
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_mutex_unlock(&l->lock);
    uv_async_send(&l->wake);
    pthread_join(l->thread, NULL);
    l->started = false;
    /* pairs with the acquire in uk_loop_is_here(): the caller inherits the loop */
    atomic_store_explicit(&l->here, (uintptr_t)&thread_mark, memory_order_release);
}

typedef struct work {
    uv_work_t req;
    void (*run)(void *data);
    void (*done)(void *data);
    void *data;
} work;

static void run_work(uv_work_t *req) {
    work *w = req->data;
    w->run(w->data);
}
static void work_done(uv_work_t *req, int status) {
    work *w = req->data;
    (void)status; /* nothing is cancelled */
    w->done(w->data);
    uk_free(w);
}
void uk_loop_work(uk_loop *l, void (*run)(void *data), void (*done)(void *data), void *data) {
    work *w = uk_alloc(sizeof *w);
    *w = (work){.run = run, .done = done, .data = data};
    w->req.data = w;
    uv_queue_work(&l->uv, &w->req, run_work, work_done);
}

static void close_any(uv_handle_t *h, void *arg) {
    (void)arg;
    if (!uv_is_closing(h)) uv_close(h, NULL);
}

void uk_loop_free(uk_loop *l) {
    if (!l) return;
    uk_loop_stop(l);
    while (l->later) run_later(l); /* of streams that have ended */
    uv_walk(&l->uv, close_any, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    uv_loop_close(&l->uv);
    pthread_mutex_destroy(&l->lock);
    pthread_mutex_destroy(&l->round);
    uk_free(l->heap);
    uk_free(l->scratch);
    for (size_t i = 0; i < SPARES; i++) uk_buf_fini(&l->spare[i]);
    uk_free(l);
}

bool uk_loop_is_here(const uk_loop *l) {
    /* pairs with the release in enter() and uk_loop_stop() */
    return atomic_load_explicit(&l->here, memory_order_acquire) == (uintptr_t)&thread_mark;
}

int64_t uk_loop_now(const uk_loop *l) { return (int64_t)uv_now(&l->uv); }
void *uk_loop_uv(uk_loop *l) { return &l->uv; }

struct uk_stream **uk_loop_streams(uk_loop *l) { return &l->streams; }
size_t *uk_loop_stream_count(uk_loop *l) { return &l->n_streams; }

uint8_t *uk_loop_scratch(uk_loop *l, size_t size) {
    if (size > l->scratch_size) {
        uk_free(l->scratch);
        l->scratch = uk_alloc(size);
        l->scratch_size = size;
    }
    return l->scratch;
}

uk_buf uk_loop_buf(uk_loop *l) {
    for (size_t i = 0; i < SPARES; i++) {
        uk_buf b = l->spare[i];
        l->spare[i] = (uk_buf){0};
        if (b.cap) return b;
    }
    return (uk_buf){0};
}
void uk_loop_buf_back(uk_loop *l, uk_buf *b) {
    uk_buf_clear(b);
    for (size_t i = 0; i < SPARES && b->cap && b->cap <= SPARE_MOST; i++) {
        if (l->spare[i].cap) continue;
        l->spare[i] = *b;
        *b = (uk_buf){0};
    }
    uk_buf_fini(b);
}
