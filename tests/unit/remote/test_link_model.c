/* SPDX-License-Identifier: Apache-2.0 */
/* A model test: two nodes of the pure link, protocol and numbers over a network that misbehaves by
   chance, LINK_MODEL_RUNS (3000) runs, each from a seed; `make model` sets 100000. Each system message
   arrives once and in order, or the link was quarantined or the peer's life has ended; when the
   network is well again nobody is stuck; nothing grows without bound. LINK_MODEL_SEED: that run only,
   told step by step with TL_TRACE=1. One thread, virtual time. */
#include "support/two_links.h"

typedef struct weather {
    unsigned loss, cuts, partitions, restarts, quarantines; /* in 1000 steps; loss: in percent */
    size_t capacity;
    int64_t give_up_ms;
    bool passive[2];
    unsigned talk;
} weather;

static tl_world world; /* large */

/* Mild: the network alone misbehaves, and within what the settings bear: nothing may be given up. */
static weather draw_weather(tl_world *w, bool mild) {
    weather f = {.loss = tl_roll(w, 3) ? tl_roll(w, 40) : 0, .cuts = tl_roll(w, 30),
                 .partitions = tl_roll(w, 2) ? tl_roll(w, 10) : 0, .talk = 30 + tl_roll(w, 150),
                 .capacity = TL_ITEMS, .give_up_ms = 3600000};
    f.passive[0] = tl_roll(w, 5) > 0;
    f.passive[1] = tl_roll(w, 5) > 0;
    if (mild) return f;
    f.restarts = tl_roll(w, 12);
    f.quarantines = tl_roll(w, 4) ? 0 : tl_roll(w, 4);
    f.capacity = tl_roll(w, 3) ? 64 : 12;
    f.give_up_ms = tl_roll(w, 2) ? 3600000 : 5000;
    return f;
}
static uk_link_settings settings_of(const weather *f, int index) {
    return (uk_link_settings){.gate_ms = TL_GATE, .quarantine_ms = TL_QUARANTINE, .silence_ms = 0,
                              .give_up_ms = f->give_up_ms, .passive = f->passive[index]};
}

/* ---- what must hold at every step ---- */

static bool in_books(const tl_node *n, const tl_end *e) {
    const uk_link *l = &n->link;
    if (l->writer == e || l->reader == e) return true;
    for (size_t i = 0; i < l->n_parked; i++)
        if (l->parked[i].conn == e) return true;
    return false;
}
static void check_node(tl_world *w, tl_node *n, size_t most) {
    size_t adopted = 0;
    for (size_t i = 0; i < w->n_live; i++) {
        tl_end *e = w->live[i];
        if (e->node != n || e->ended || e->proto.state != UK_PROTO_OPEN) continue;
        if (!in_books(n, e)) TL_FAIL(w, "an open connection belongs to nobody");
        adopted++;
    }
    if (adopted > UK_LINK_PARKED + 2) TL_FAIL(w, "%zu open connections", adopted);
    if (n->numbers.send.pending > n->numbers.send.capacity || n->numbers.send.nacked_count > TL_GAP)
        TL_FAIL(w, "the send buffer has %zu + %zu", n->numbers.send.pending,
                n->numbers.send.nacked_count);
    if (n->numbers.recv.held > TL_GAP || n->numbers.recv.ring_cap > 2 * TL_GAP)
        TL_FAIL(w, "the receive buffer has %zu", n->numbers.recv.held);
    if (w->n_live > most) TL_FAIL(w, "%zu ends of connections", w->n_live);
}
static void check(tl_world *w) {
    check_node(w, &w->nodes[0], 64);
    check_node(w, &w->nodes[1], 64);
    if (w->most_queued > TL_QUEUE) TL_FAIL(w, "%zu frames wait", w->most_queued);
}

/* ---- weather ---- */

static void restart(tl_world *w, const weather *f, int index) {
    tl_node *n = &w->nodes[index];
    int life = n->life + 1;
    if (life == TL_LIVES) return;
    TL_SAY(n, "dies");
    uk_link_settings set = settings_of(f, index);
    tl_die(n, tl_roll(w, 2), !tl_roll(w, 3));
    tl_born(w, index, life, &set, f->capacity);
}
static void quarantine(tl_node *n) {
    int32_t uid = n->link.uid_known ? n->link.uid : 0;
    bool has = n->link.uid_known && tl_roll(n->w, 4);
    n->quarantines++;
    if (!tl_roll(n->w, 3)) { /* or it is lifted, if there is one */
        tl_event(n, (uk_link_event){.kind = UK_LINK_CLEAR});
        return;
    }
    tl_event(n, (uk_link_event){.kind = UK_LINK_QUARANTINE, .has_uid = has, .uid = uid, .text = "q"});
}
static void cut_one(tl_world *w) {
    if (!w->n_live) return;
    tl_end *e = w->live[tl_roll(w, (uint32_t)w->n_live)];
    TL_SAY(e->node, "cut");
    tl_cut(e, tl_roll(w, 2), tl_roll(w, 2));
}
static void step(tl_world *w, const weather *f) {
    uint32_t r = tl_roll(w, 1000);
    if (r < f->cuts) cut_one(w);
    else if ((r -= f->cuts) < f->partitions) w->down = !w->down;
    else if ((r -= f->partitions) < f->restarts) restart(w, f, (int)tl_roll(w, 2));
    else if ((r -= f->restarts) < f->quarantines) quarantine(&w->nodes[tl_roll(w, 2)]);
    else if ((r -= f->quarantines) < f->talk) tl_push(&w->nodes[tl_roll(w, 2)]);
    else if (r % 4 || !tl_deliver(w)) tl_pass(w, 1 + tl_roll(w, 400));
    else
        for (uint32_t n = tl_roll(w, 6); n && tl_deliver(w); n--) {}
}

/* ---- the end ---- */

/* The network is well; whoever still believes in a dead connection finds out. */
static void settle(tl_world *w, int64_t ms) {
    w->loss = 0;
    w->down = false;
    for (int64_t end = w->now + ms; w->now < end;) {
        while (tl_deliver(w)) {}
        tl_pass(w, end - w->now);
        check(w);
    }
}
static bool excused(const tl_world *w) {
    for (int i = 0; i < 2; i++)
        if (w->nodes[i].quarantines || w->nodes[i].given_up || w->nodes[i].life) return true;
    return false;
}
static void check_items(tl_world *w, bool mild) {
    for (size_t i = 0; i < w->n_items; i++) {
        const tl_item *m = &w->items[i];
        char who = "AB"[m->node];
        if (m->life != w->nodes[m->node].life) continue; /* its sender has died */
        int life = w->nodes[1 - m->node].life;
        /* the peer had it and waited for an earlier one, when it died or the link was given up */
        bool over = w->nodes[0].quarantines || w->nodes[1].quarantines;
        bool died = m->taker >= 0 && (m->taker < life || over);
        if (!m->got && !m->dead && !m->forgotten && !died)
            TL_FAIL(w, "%c's message %d is lost", who, m->serial);
        if (m->forgotten && !life)
            TL_FAIL(w, "%c's message %d was forgotten", who, m->serial);
        if (m->dead && (mild || !excused(w))) TL_FAIL(w, "%c's message %d is dead", who, m->serial);
    }
    for (int i = 0; i < 2; i++) {
        tl_node *n = &w->nodes[i];
        if (!uk_acked_send_empty(&n->numbers.send)) TL_FAIL(w, "%c still waits", "AB"[i]);
        if (mild && (n->quarantines || n->given_up)) TL_FAIL(w, "%c has given up", "AB"[i]);
    }
}
/* A message each way: it comes through, or the link is quarantined and says so. */
static bool comes_through(tl_world *w, int index, int tries) {
    for (int i = 0; i < tries && w->n_items < TL_ITEMS; i++) {
        tl_item *m = &w->items[w->n_items];
        tl_push(&w->nodes[index]);
        settle(w, 2 * TL_GATE);
        if (m->got) return true;
    }
    return false;
}
static bool is_quarantined(const tl_world *w) {
    for (int i = 0; i < 2; i++)
        if (uk_link_quarantined(&w->nodes[i].link, w->nodes[1 - i].uid)) return true;
    return false;
}
static void check_not_stuck(tl_world *w) {
    for (int i = 0; i < 2; i++)
        if (!comes_through(w, i, 6) && !is_quarantined(w)) TL_FAIL(w, "%c is stuck", "AB"[i]);
}
/* Two new lives: whatever was, they talk. */
static void check_healed(tl_world *w, const weather *f) {
    if (!is_quarantined(w)) return;
    restart(w, f, 0);
    restart(w, f, 1);
    if (w->nodes[0].life + 1 >= TL_LIVES || w->nodes[1].life + 1 >= TL_LIVES) return;
    for (int i = 0; i < 2; i++)
        if (!comes_through(w, i, 10)) TL_FAIL(w, "%c is stuck after new lives", "AB"[i]);
}

static size_t delivered, dead, quarantined;

static void run(uint64_t seed) {
    tl_world *w = &world;
    bool mild = seed % 2;
    *w = (tl_world){.seed = seed, .dice = seed * 0x2545f4914f6cdd1du};
    weather f = draw_weather(w, mild);
    w->loss = f.loss;
    for (int i = 0; i < 2; i++) {
        uk_link_settings set = settings_of(&f, i);
        tl_born(w, i, 0, &set, f.capacity);
    }
    for (int i = 0; i < 400; i++) {
        step(w, &f);
        check(w);
    }
    settle(w, 10 * TL_GATE);
    check_items(w, mild);
    check_not_stuck(w);
    quarantined += is_quarantined(w);
    check_healed(w, &f);
    for (size_t i = 0; i < w->n_items; i++) delivered += w->items[i].got > 0, dead += w->items[i].dead;
    tl_end_of_world(w);
}

/* spec: SystemMessageDeliveryStressTest 1 x2 */
static void once_in_order_or_quarantined(void **state) {
    (void)state;
    const char *runs = getenv("LINK_MODEL_RUNS"), *one = getenv("LINK_MODEL_SEED");
    if (one) {
        run(strtoull(one, NULL, 10));
        return;
    }
    uint64_t n = runs ? strtoull(runs, NULL, 10) : 3000;
    for (uint64_t seed = 0; seed < n; seed++) run(seed);
    printf("%llu runs: %zu messages delivered, %zu dead, %zu runs ended in quarantine\n",
           (unsigned long long)n, delivered, dead, quarantined);
    assert_true(delivered > n && dead && quarantined); /* the weather was neither too fair nor too foul */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(once_in_order_or_quarantined)};
    return cmocka_run_group_tests_name("link model", tests, NULL, NULL);
}
