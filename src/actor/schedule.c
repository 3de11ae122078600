/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and calls that come later, once or again and again. Armed and cancelled on any thread,
   carried out on the timer thread. */
#include "actor/system.h"
#include "base/mem.h"

struct ukko_scheduled {
    uk_timer timer;
    _Atomic int refs;  /* the wheel's and the caller's; acq_rel down */
    _Atomic bool over; /* relaxed: seen late it does no harm */
    ukko_system *sys;
    int64_t due_ms, period_ms;
    void (*fn)(void *data);
    void *data;
    ukko_ref *to, *sender; /* retained */
    ukko_msg *msg;         /* owned */
};

void ukko_scheduled_release(ukko_scheduled *s) {
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
    uk_ref_release(s->to);
    uk_ref_release(s->sender);
    ukko_msg_release(s->msg);
    uk_free(s);
}
static void fire(void *data);

static void arm(ukko_scheduled *s, int64_t now) {
    uk_timer_start(s->sys->timers, &s->timer, s->due_ms - now, fire, s);
}
static void fire(void *data) { /* the wheel's count goes on with a period, else it ends here */
    ukko_scheduled *s = data;
    bool again = s->period_ms > 0 && !(s->to && uk_ref_stopped(s->to));
    bool ended = uk_timers_ended(s->sys->timers);
    if (!ended && !atomic_load_explicit(&s->over, memory_order_relaxed)) {
        if (s->to) uk_ref_tell(s->to, ukko_msg_retain(s->msg), s->sender);
        else s->fn(s->data);
    }
    if (again && !ended && !atomic_load_explicit(&s->over, memory_order_relaxed)) {
        int64_t now = uk_timers_now(s->sys->timers);
        s->due_ms += s->period_ms;
        if (s->due_ms < now) s->due_ms = now; /* what was missed is not made up for */
        arm(s, now);
        return;
    }
    atomic_store_explicit(&s->over, true, memory_order_relaxed);
    ukko_scheduled_release(s);
}
static void begin(ukko_scheduled *s, int64_t delay_ms, int64_t period_ms, ukko_scheduled **out) {
    int64_t now = uk_timers_now(s->sys->timers);
    atomic_init(&s->refs, out ? 2 : 1);
    atomic_init(&s->over, false);
    s->due_ms = now + (delay_ms > 0 ? delay_ms : 0);
    s->period_ms = period_ms > 0 ? period_ms : 0;
    if (out) *out = s;
    arm(s, now);
}
void ukko_tell_later(ukko_ref *to, ukko_msg *msg, ukko_ref *sender, int64_t delay_ms,
                     int64_t period_ms, ukko_scheduled **out) {
    ukko_scheduled *s = uk_zalloc(sizeof *s);
    s->sys = to->sys;
    s->to = uk_ref_retain(to);
    s->sender = uk_ref_retain(sender);
    s->msg = msg;
    begin(s, delay_ms, period_ms, out);
}
void ukko_call_later(ukko_system *sys, int64_t delay_ms, int64_t period_ms, void (*fn)(void *data),
                     void *data, ukko_scheduled **out) {
    ukko_scheduled *s = uk_zalloc(sizeof *s);
    s->sys = sys;
    s->fn = fn;
    s->data = data;
    begin(s, delay_ms, period_ms, out);
}
bool ukko_scheduled_cancel(ukko_scheduled *s) {
    bool was = atomic_exchange_explicit(&s->over, true, memory_order_relaxed);
    if (uk_timer_cancel(s->sys->timers, &s->timer)) ukko_scheduled_release(s); /* the wheel's count */
    return !was;
}
