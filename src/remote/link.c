/* SPDX-License-Identifier: Apache-2.0 */
/* The link state machine: a table of handlers by event and state. Pure; runs on the I/O thread of
   the system, in the tests without one. */
#include "remote/link.h"
#include <assert.h>
#include <string.h>

static const int64_t NEVER = INT64_MAX;

typedef struct step { /* one call of uk_link_step() */
    uk_link *l;
    const uk_link_event *ev;
    int64_t now;
    uk_link_actions *out;
    int32_t reason;
    bool waited; /* the connection that is adopted was parked: it may have brought something */
} step;

typedef void (*handler_fn)(step *s);

void uk_link_init(uk_link *l, const uk_link_settings *set) {
    *l = (uk_link){.set = set, .give_up_at = NEVER, .until = NEVER};
}

const char *uk_link_state_name(uk_link_state state) {
    static const char *const names[] = {"none", "connecting", "open",       "failed",
                                        "idle", "gated",      "quarantined"};
    return (unsigned)state < UK_LINK_STATES ? names[state] : "?";
}

bool uk_link_quarantined(const uk_link *l, int32_t uid) {
    if (l->refuse && l->refuse_uid == uid) return true;
    return l->state == UK_LINK_QUARANTINED && l->uid == uid;
}

bool uk_link_forgettable(const uk_link *l) {
    /* who has been silent for too long is quarantined, so its time has to go on */
    if (l->state == UK_LINK_IDLE && l->uid_known && l->until != NEVER) return false;
    return (l->state == UK_LINK_NONE || l->state == UK_LINK_IDLE) && !l->refuse && !l->reader &&
           !l->n_parked && !l->unacked;
}

int64_t uk_link_deadline(const uk_link *l) {
    int64_t at = l->state == UK_LINK_FAILED || l->state == UK_LINK_GATED ||
                         l->state == UK_LINK_IDLE || l->state == UK_LINK_QUARANTINED
                     ? l->until
                     : NEVER;
    return l->refuse && l->refuse_until < at ? l->refuse_until : at;
}

/* ---- actions ---- */

static uk_link_action *act(step *s, uk_link_do what) {
    assert(s->out->n < UK_LINK_ACTIONS);
    uk_link_action *a = &s->out->list[s->out->n++];
    *a = (uk_link_action){.what = what, .reason = s->reason};
    return a;
}

static void say_end(step *s, void *conn, uk_pdu_kind pdu, const char *text) {
    uk_link_action *a = act(s, UK_DO_END);
    a->conn = conn;
    a->pdu = pdu;
    a->text = text;
}

static void bury(step *s, const char *text) { act(s, UK_DO_BURY)->text = text; }

/* The system messages of this link are given up; for the same uid the numbers go on. */
static void give_up(step *s, uk_link_do what, const char *text) {
    act(s, what)->text = text;
    s->l->give_up_at = NEVER;
}

static void news(step *s, uk_link_news what, bool inbound) {
    uk_link_action *a = act(s, UK_DO_EVENT);
    a->news = what;
    a->inbound = inbound;
    a->has_uid = s->l->uid_known;
    a->uid = s->l->uid;
}

static void news_error(step *s, ukko_log_level level, uk_link_error error, bool inbound) {
    uk_link_action *a = act(s, UK_DO_EVENT);
    a->news = UK_NEWS_ERROR;
    a->level = level;
    a->error = error;
    a->inbound = inbound;
}

static void news_quarantined(step *s, int32_t uid, const char *text) {
    uk_link_action *a = act(s, UK_DO_EVENT);
    a->news = UK_NEWS_QUARANTINED;
    a->has_uid = true;
    a->uid = uid;
    a->text = text;
}

static void news_gated(step *s, const char *text, const char *cause) {
    uk_link_action *a = act(s, UK_DO_EVENT);
    a->news = UK_NEWS_GATED;
    a->has_uid = s->l->uid_known;
    a->uid = s->l->uid;
    a->text = text;
    a->cause = cause;
}

static uk_link_action *note(step *s, uk_link_log log, const char *text) {
    uk_link_action *a = act(s, UK_DO_LOG);
    a->log = log;
    a->text = text;
    a->has_uid = s->l->uid_known;
    a->uid = s->l->uid;
    return a;
}

/* ---- states ---- */

static int64_t after(int64_t now, int64_t ms) { return ms < NEVER - now ? now + ms : NEVER; }

static void go(step *s, uk_link_state state, int64_t until) {
    uk_link *l = s->l;
    if (l->state != state) l->since = s->now;
    l->state = state;
    l->until = until;
    if (state == UK_LINK_FAILED || state == UK_LINK_GATED || state == UK_LINK_QUARANTINED)
        l->reason = s->reason;
    else if (state == UK_LINK_OPEN) l->reason = UKKO_REASON_NONE;
}

static void go_idle(step *s) {
    uk_link *l = s->l;
    go(s, UK_LINK_IDLE, l->set->silence_ms ? after(s->now, l->set->silence_ms) : NEVER);
}

static void go_connecting(step *s) {
    uk_link *l = s->l;
    go(s, UK_LINK_CONNECTING, NEVER);
    uk_link_action *a = act(s, UK_DO_CONNECT);
    a->has_uid = l->refuse;
    a->uid = l->refuse_uid;
}

static void refuse(step *s, int32_t uid) {
    uk_link *l = s->l;
    l->refuse = true;
    l->refuse_uid = uid;
    l->refuse_until = after(s->now, l->set->quarantine_ms);
}

static void mark_quarantined(step *s, int32_t uid) {
    refuse(s, uid);
    go(s, UK_LINK_QUARANTINED, s->l->refuse_until);
    s->l->uid_known = true;
    s->l->uid = uid;
}

/* The supervisor is gone: the manager's gate, or the quarantine that was there before. */
static void gate_or_keep(step *s, uk_link_log log, const char *text) {
    uk_link *l = s->l;
    if (l->refuse) {
        mark_quarantined(s, l->refuse_uid);
        note(s, UK_LINK_LOG_KEPT, text);
        return;
    }
    note(s, log, text);
    go(s, UK_LINK_GATED, after(s->now, l->set->gate_ms));
    news_gated(s, text, NULL);
    l->uid_known = false;
}

/* Ends what the supervisor has: connection, attempt, messages. */
static void stop_supervisor(step *s, uk_link_do what, const char *text) {
    uk_link *l = s->l;
    if (l->state == UK_LINK_CONNECTING) act(s, UK_DO_ABANDON);
    bool had = l->writer || l->state == UK_LINK_CONNECTING, inbound = l->writer_inbound;
    if (l->writer) say_end(s, l->writer, UK_PDU_DISASSOCIATE, text);
    l->writer = NULL;
    bury(s, text);
    give_up(s, what, text);
    if (had) news(s, UK_NEWS_DISASSOCIATED, inbound);
}

/* Its numbers begin anew when they were over, unless some of them may still come by a connection that
   is older than this one. */
static void reset_numbers(step *s, int32_t uid, bool older) {
    const uk_link *l = s->l;
    for (size_t i = 0; i < l->n_parked; i++)
        if (l->parked[i].uid == uid) older = true;
    uk_link_action *a = act(s, UK_DO_RESET);
    a->uid = uid;
    a->has_uid = older || s->waited;
}

static void adopt_writer(step *s, void *conn, int32_t uid, bool inbound) {
    uk_link *l = s->l;
    l->uid_known = true;
    l->uid = uid;
    l->give_up_at = NEVER;
    reset_numbers(s, uid, l->reader && l->reader_uid == uid);
    l->writer = conn;
    l->writer_inbound = inbound;
    go(s, UK_LINK_OPEN, NEVER);
    news(s, UK_NEWS_ASSOCIATED, inbound);
    uk_link_action *a = act(s, UK_DO_WRITE);
    a->conn = conn;
    a->uid = uid;
    act(s, UK_DO_RESEND);
}

static void adopt_reader(step *s, void *conn, int32_t uid) {
    uk_link *l = s->l;
    if (l->reader)
        say_end(s, l->reader, UK_PDU_DISASSOCIATE, "replaced by a newer incoming association");
    l->reader = conn;
    l->reader_uid = uid;
    uk_link_action *a = act(s, UK_DO_EVENT);
    a->news = UK_NEWS_ASSOCIATED;
    a->inbound = true;
    a->has_uid = true;
    a->uid = uid;
    reset_numbers(s, uid, false);
    a = act(s, UK_DO_READ);
    a->conn = conn;
    a->uid = uid;
}

static void adopt(step *s, void *conn, int32_t uid) {
    if (s->l->set->passive) adopt_writer(s, conn, uid, true);
    else adopt_reader(s, conn, uid);
}

static void unpark(step *s);

/* Another incarnation is there: the one that was known is over, without an event. What waits for a
   connection stays; what a connection of the old one did not take is dead. */
static void end_incarnation(step *s) {
    uk_link *l = s->l;
    static const char why[] = "the remote system has been restarted";
    bool had = l->writer || l->state == UK_LINK_CONNECTING, inbound = l->writer_inbound;
    if (l->reader) say_end(s, l->reader, UK_PDU_DISASSOCIATE, why);
    l->reader = NULL;
    s->reason = UKKO_REASON_RESTARTED;
    if (l->writer) {
        say_end(s, l->writer, UK_PDU_DISASSOCIATE, why);
        bury(s, why);
    }
    l->writer = NULL;
    give_up(s, UK_DO_RESTART, why);
    refuse(s, l->uid);
    l->uid_known = false;
    if (had) news(s, UK_NEWS_DISASSOCIATED, inbound);
    s->reason = UKKO_REASON_NONE;
}

/* Another incarnation has come in, by conn. */
static void replace_incarnation(step *s, void *conn, int32_t uid) {
    end_incarnation(s);
    go(s, UK_LINK_NONE, NEVER);
    adopt(s, conn, uid);
    unpark(s);
}

/* ---- inbound ---- */

static void park(step *s, void *conn, int32_t uid) {
    uk_link *l = s->l;
    if (l->n_parked == UK_LINK_PARKED) {
        say_end(s, l->parked[0].conn, UK_PDU_DISASSOCIATE, "too many associations wait");
        memmove(l->parked, l->parked + 1, sizeof *l->parked * (UK_LINK_PARKED - 1));
        l->n_parked--;
    }
    l->parked[l->n_parked++] = (uk_parked){conn, uid};
}

static void inbound_none(step *s, void *conn, int32_t uid) { adopt(s, conn, uid); }

/* Is it another incarnation than the one this link was to? */
static bool is_restart(const uk_link *l, int32_t uid) {
    return l->uid_known && l->uid != uid && !(l->refuse && l->refuse_uid == l->uid);
}

/* It waits for the outcome of our attempt. A JVM reads no longer on its own connection once it has
   seen ours, so ours may not be given up for a new incarnation unless that cannot know of it yet. */
static void inbound_connecting(step *s, void *conn, int32_t uid) {
    uk_link *l = s->l;
    if (!l->set->passive || l->reached || !is_restart(l, uid)) {
        park(s, conn, uid);
        return;
    }
    act(s, UK_DO_ABANDON);
    replace_incarnation(s, conn, uid);
}

static void inbound_open(step *s, void *conn, int32_t uid) {
    if (s->l->uid == uid) adopt_reader(s, conn, uid);
    else replace_incarnation(s, conn, uid);
}

static void ungate(step *s);

static void inbound_failed(step *s, void *conn, int32_t uid) {
    uk_link *l = s->l;
    if (!l->uid_known) adopt_reader(s, conn, uid); /* the gate stays */
    else if (l->uid != uid) replace_incarnation(s, conn, uid);
    else {
        adopt_reader(s, conn, uid);
        if (l->state == UK_LINK_FAILED) ungate(s);
    }
}

static void inbound(step *s, void *conn, int32_t uid) {
    static void (*const by_state[UK_LINK_STATES])(step *, void *, int32_t) = {
        [UK_LINK_NONE] = inbound_none,           [UK_LINK_CONNECTING] = inbound_connecting,
        [UK_LINK_OPEN] = inbound_open,           [UK_LINK_FAILED] = inbound_failed,
        [UK_LINK_IDLE] = inbound_failed,         [UK_LINK_GATED] = inbound_none,
        [UK_LINK_QUARANTINED] = inbound_none};
    if (uk_link_quarantined(s->l, uid))
        say_end(s, conn, UK_PDU_DISASSOCIATE_QUARANTINED, "the remote system is quarantined");
    else by_state[s->l->state](s, conn, uid);
}

static void on_inbound(step *s) { inbound(s, s->ev->conn, s->ev->uid); }

/* The attempt they waited for has ended one way or the other. */
static void unpark(step *s) {
    uk_parked list[UK_LINK_PARKED];
    size_t n = s->l->n_parked;
    memcpy(list, s->l->parked, sizeof list);
    s->l->n_parked = 0;
    s->waited = true;
    for (size_t i = 0; i < n; i++) {
        /* two incarnations at one address: the one that came first is over */
        if (list[i].uid == list[n - 1].uid) inbound(s, list[i].conn, list[i].uid);
        else say_end(s, list[i].conn, UK_PDU_DISASSOCIATE, "the remote system has been restarted");
    }
    s->waited = false;
}

static bool drop_parked(uk_link *l, const void *conn) {
    for (size_t i = 0; i < l->n_parked; i++) {
        if (l->parked[i].conn != conn) continue;
        memmove(l->parked + i, l->parked + i + 1, sizeof *l->parked * (l->n_parked - i - 1));
        l->n_parked--;
        return true;
    }
    return false;
}

/* ---- outbound ---- */

static void nothing(step *s) { (void)s; }
static void on_wanted(step *s) {
    if (s->l->state == UK_LINK_QUARANTINED) s->l->uid_known = false; /* whoever answers is another */
    go_connecting(s);
}

static void on_connected(step *s) {
    uk_link *l = s->l;
    const uk_link_event *ev = s->ev;
    if (l->refuse && l->refuse_uid == ev->uid) {
        static const char why[] = "the remote system is quarantined";
        s->reason = UKKO_REASON_REFUSED_UID;
        l->writer = ev->conn;
        l->writer_inbound = false;
        go(s, UK_LINK_OPEN, NEVER);
        stop_supervisor(s, UK_DO_PART, why);
        mark_quarantined(s, ev->uid);
        news_quarantined(s, ev->uid, why);
    } else {
        if (l->n_parked && is_restart(l, ev->uid)) end_incarnation(s);
        adopt_writer(s, ev->conn, ev->uid, false);
    }
    unpark(s);
}

static void connected_late(step *s) {
    say_end(s, s->ev->conn, UK_PDU_DISASSOCIATE, "not wanted any more");
}

static bool invalid(uk_proto_end end) {
    return end == UK_PROTO_END_PEER_SHUTDOWN || end == UK_PROTO_END_PEER_QUARANTINE ||
           end == UK_PROTO_END_REFUSED_UID;
}

/* The supervisor closes its gate; it remembers the peer. */
static void fail(step *s, const char *reason, const char *cause, bool inbound_conn) {
    uk_link *l = s->l;
    go(s, UK_LINK_FAILED, after(s->now, l->set->gate_ms));
    l->writer = NULL;
    if (l->unacked && l->give_up_at == NEVER) l->give_up_at = after(s->now, l->set->give_up_ms);
    uk_link_action *a = note(s, UK_LINK_LOG_GATED, reason);
    a->cause = cause;
    if (s->ev->kind == UK_LINK_REFUSED) a->error = UK_LINK_ERROR_FAILED;
    news_gated(s, reason, cause);
    bury(s, "the association has failed");
    news(s, UK_NEWS_DISASSOCIATED, inbound_conn);
}

/* The peer, or we, say that there is no point: the supervisor ends. */
static void fail_invalid(step *s, bool was_open, bool inbound_conn) {
    uk_link *l = s->l;
    uk_proto_end end = s->ev->end;
    bool shut = was_open && end == UK_PROTO_END_PEER_SHUTDOWN;
    l->writer = NULL;
    news_error(s, shut ? UKKO_LOG_INFO : was_open ? UKKO_LOG_ERROR : UKKO_LOG_WARN,
               shut ? UK_LINK_ERROR_SHUT : UK_LINK_ERROR_INVALID, inbound_conn);
    gate_or_keep(s, shut ? UK_LINK_LOG_SHUTDOWN : UK_LINK_LOG_INVALID, s->ev->text);
    if (end == UK_PROTO_END_PEER_QUARANTINE) news(s, UK_NEWS_THIS_QUARANTINED, inbound_conn);
    bury(s, shut ? "the remote system has shut down" : "the association is invalid");
    give_up(s, end == UK_PROTO_END_PEER_SHUTDOWN ? UK_DO_RESTART : UK_DO_PART,
            shut ? "the remote system has shut down" : "the association is invalid");
    news(s, UK_NEWS_DISASSOCIATED, inbound_conn);
}

/* Whoever has been restarted and waits takes the place of the attempt. */
static bool relieved(step *s) {
    uk_link *l = s->l;
    if (!l->set->passive || !l->n_parked || invalid(s->ev->end)) return false;
    uk_parked newest = l->parked[l->n_parked - 1];
    if (!is_restart(l, newest.uid)) return false;
    l->n_parked--;
    replace_incarnation(s, newest.conn, newest.uid);
    return true;
}

static void on_refused(step *s) {
    if (invalid(s->ev->end)) {
        fail_invalid(s, false, false);
    } else {
        news_error(s, UKKO_LOG_DEBUG, UK_LINK_ERROR_FAILED, false);
        if (relieved(s)) return;
        fail(s, "Association failed", s->ev->text, false);
    }
    unpark(s);
}

/* ---- the end of a connection ---- */

static void reader_lost(step *s) {
    uk_link *l = s->l;
    l->reader = NULL;
    if (invalid(s->ev->end)) {
        bool shut = s->ev->end == UK_PROTO_END_PEER_SHUTDOWN;
        news_error(s, shut ? UKKO_LOG_INFO : UKKO_LOG_ERROR,
                   shut ? UK_LINK_ERROR_SHUT : UK_LINK_ERROR_INVALID, true);
        if (!shut) news(s, UK_NEWS_THIS_QUARANTINED, true);
    }
    news(s, UK_NEWS_DISASSOCIATED, true);
}

static void on_lost(step *s) {
    uk_link *l = s->l;
    if (s->ev->conn == l->reader) {
        reader_lost(s);
    } else if (s->ev->conn == l->writer) {
        if (invalid(s->ev->end)) fail_invalid(s, true, l->writer_inbound);
        else fail(s, "Disassociated", s->ev->text, l->writer_inbound);
    } else {
        drop_parked(l, s->ev->conn);
    }
}

static void on_broken(step *s) {
    uk_link *l = s->l;
    bool is_writer = s->ev->conn == l->writer, is_reader = s->ev->conn == l->reader;
    bool in = is_reader || l->writer_inbound;
    if (is_writer || is_reader) news_error(s, UKKO_LOG_ERROR, UK_LINK_ERROR_BROKEN, in);
    say_end(s, s->ev->conn, UK_PDU_DISASSOCIATE, s->ev->text);
    if (is_reader) {
        l->reader = NULL;
        news(s, UK_NEWS_DISASSOCIATED, true);
    } else if (is_writer) {
        fail(s, s->ev->text, NULL, in);
    } else {
        drop_parked(l, s->ev->conn);
    }
}

/* ---- hopeless, quarantine ---- */

static void on_hopeless(step *s) {
    uk_link *l = s->l;
    bool known = l->uid_known;
    int32_t uid = l->uid;
    if (known) note(s, UK_LINK_LOG_HOPELESS, s->ev->text);
    stop_supervisor(s, known ? UK_DO_PART : UK_DO_UNACKED, s->ev->text);
    if (known) {
        mark_quarantined(s, uid);
        news_quarantined(s, uid, s->ev->text);
    } else {
        gate_or_keep(s, UK_LINK_LOG_HOPELESS_GATED, s->ev->text);
    }
    unpark(s);
}

static bool matches(const step *s, int32_t uid) { return !s->ev->has_uid || s->ev->uid == uid; }

/* The part of a quarantine that looks at connections besides the writer. */
static void quarantine_others(step *s) {
    uk_link *l = s->l;
    if (l->reader && matches(s, l->reader_uid)) {
        say_end(s, l->reader, UK_PDU_DISASSOCIATE, "the remote system is quarantined");
        l->reader = NULL;
        news(s, UK_NEWS_DISASSOCIATED, true);
    }
    for (size_t i = l->n_parked; i-- > 0;) {
        if (!matches(s, l->parked[i].uid)) continue;
        say_end(s, l->parked[i].conn, UK_PDU_DISASSOCIATE_QUARANTINED,
                "the remote system is quarantined");
        drop_parked(l, l->parked[i].conn);
    }
}

static void quarantine_uid(step *s) { /* no supervisor: the uid is taken as it is */
    uk_link *l = s->l;
    if (!s->ev->has_uid) return;
    if (l->state == UK_LINK_QUARANTINED && l->uid == s->ev->uid) return;
    mark_quarantined(s, s->ev->uid);
    news_quarantined(s, s->ev->uid, s->ev->text);
    note(s, UK_LINK_LOG_QUARANTINED, s->ev->text);
}

static void quarantine_supervised(step *s) {
    uk_link *l = s->l;
    if (!s->ev->has_uid) {
        stop_supervisor(s, UK_DO_UNACKED, s->ev->text);
        note(s, UK_LINK_LOG_NO_UID, s->ev->text);
        go(s, UK_LINK_GATED, after(s->now, l->set->gate_ms));
        news_gated(s, s->ev->text, NULL);
        l->uid_known = false;
    } else if (!l->uid_known) { /* for when the uid becomes known */
        l->refuse = true;
        l->refuse_uid = s->ev->uid;
        l->refuse_until = after(s->now, l->set->quarantine_ms);
    } else if (l->uid == s->ev->uid) {
        note(s, UK_LINK_LOG_QUARANTINED, s->ev->text);
        stop_supervisor(s, UK_DO_PART, s->ev->text);
        mark_quarantined(s, s->ev->uid);
        news_quarantined(s, s->ev->uid, s->ev->text);
    }
}

static void on_quarantine(step *s) {
    uk_link_state st = s->l->state;
    if (st == UK_LINK_NONE || st == UK_LINK_GATED || st == UK_LINK_QUARANTINED) quarantine_uid(s);
    else quarantine_supervised(s);
    quarantine_others(s);
    if (s->l->state != UK_LINK_CONNECTING) unpark(s);
}

/* As when its marker runs out, at once. An attempt that is under way refuses it, so a new one is made. */
static void on_clear(step *s) {
    uk_link *l = s->l;
    if (!l->refuse || !matches(s, l->refuse_uid)) return;
    l->refuse = false;
    note(s, UK_LINK_LOG_CLEARED, NULL)->uid = l->refuse_uid;
    if (l->state == UK_LINK_CONNECTING) {
        act(s, UK_DO_ABANDON);
        go_connecting(s);
    } else if (l->state == UK_LINK_QUARANTINED) {
        go(s, UK_LINK_NONE, NEVER);
        l->uid_known = false;
    }
}

/* ---- time ---- */

static void ungate(step *s) {
    uk_link *l = s->l;
    if (!l->unacked) {
        go_idle(s);
    } else if (l->give_up_at <= s->now) {
        uk_link_event ev = {.kind = UK_LINK_HOPELESS,
                            .reason = UKKO_REASON_UNDELIVERED,
                            .text = "system messages could not be delivered within the time of "
                                    "initial-system-message-delivery-timeout"};
        on_hopeless(&(step){l, &ev, s->now, s->out, ev.reason, s->waited});
    } else {
        go_connecting(s);
    }
}

static void time_failed(step *s) {
    if (s->now >= s->l->until) ungate(s);
}

static void time_idle(step *s) {
    uk_link_event ev = {.kind = UK_LINK_HOPELESS,
                        .reason = UKKO_REASON_SILENT_TOO_LONG,
                        .text = "the remote system has been silent for too long "
                                "(quarantine-after-silence)"};
    if (s->now >= s->l->until) on_hopeless(&(step){s->l, &ev, s->now, s->out, ev.reason, s->waited});
}

static void time_gated(step *s) {
    if (s->now < s->l->until) return;
    go(s, UK_LINK_NONE, NEVER);
    s->l->uid_known = false;
}

static void time_any(step *s) {
    static const handler_fn by_state[UK_LINK_STATES] = {
        [UK_LINK_FAILED] = time_failed, [UK_LINK_IDLE] = time_idle, [UK_LINK_GATED] = time_gated,
        [UK_LINK_QUARANTINED] = time_gated};
    if (s->l->refuse && s->now >= s->l->refuse_until) s->l->refuse = false;
    if (by_state[s->l->state]) by_state[s->l->state](s);
}

/* ---- the table ---- */

static const handler_fn table[UK_LINK_EVENTS][UK_LINK_STATES] = {
    /* columns: none, connecting, open, failed, idle, gated, quarantined */
    [UK_LINK_WANTED] = {on_wanted, nothing, nothing, nothing, on_wanted, nothing, on_wanted},
    [UK_LINK_CONNECTED] = {connected_late, on_connected, connected_late, connected_late,
                           connected_late, connected_late, connected_late},
    [UK_LINK_REFUSED] = {nothing, on_refused, nothing, nothing, nothing, nothing, nothing},
    [UK_LINK_INBOUND] = {on_inbound, on_inbound, on_inbound, on_inbound, on_inbound, on_inbound,
                         on_inbound},
    [UK_LINK_LOST] = {on_lost, on_lost, on_lost, on_lost, on_lost, on_lost, on_lost},
    [UK_LINK_BROKEN] = {on_broken, on_broken, on_broken, on_broken, on_broken, on_broken,
                        on_broken},
    [UK_LINK_HOPELESS] = {nothing, on_hopeless, on_hopeless, on_hopeless, on_hopeless, nothing,
                          nothing},
    [UK_LINK_QUARANTINE] = {on_quarantine, on_quarantine, on_quarantine, on_quarantine,
                            on_quarantine, on_quarantine, on_quarantine},
    [UK_LINK_CLEAR] = {on_clear, on_clear, on_clear, on_clear, on_clear, on_clear, on_clear},
    [UK_LINK_TIME] = {time_any, time_any, time_any, time_any, time_any, time_any, time_any},
};

/* Why a connection, or the attempt at one, has ended. */
static int32_t reason_of_end(uk_proto_end end, bool was_open) {
    switch (end) {
    case UK_PROTO_END_NONE: return UKKO_REASON_NONE;
    case UK_PROTO_END_LOCAL: return UKKO_REASON_STOPPED;
    case UK_PROTO_END_LOST: return was_open ? UKKO_REASON_LOST : UKKO_REASON_CONNECT_FAILED;
    case UK_PROTO_END_DISASSOCIATED:
        return was_open ? UKKO_REASON_DISASSOCIATED : UKKO_REASON_HANDSHAKE_REFUSED;
    case UK_PROTO_END_PEER_SHUTDOWN: return UKKO_REASON_PEER_SHUTDOWN;
    case UK_PROTO_END_PEER_QUARANTINE: return UKKO_REASON_PEER_QUARANTINED_US;
    case UK_PROTO_END_REFUSED_UID: return UKKO_REASON_REFUSED_UID;
    case UK_PROTO_END_TIMEOUT: return UKKO_REASON_HANDSHAKE_TIMEOUT;
    case UK_PROTO_END_SILENCE: return UKKO_REASON_SILENCE;
    case UK_PROTO_END_TOO_LONG: return UKKO_REASON_TOO_LONG;
    case UK_PROTO_END_HANDSHAKE:
    case UK_PROTO_END_UNDECODABLE: break;
    }
    return UKKO_REASON_BAD_BYTES;
}
static int32_t reason_of(const uk_link_event *ev) {
    if (ev->reason) return ev->reason;
    switch (ev->kind) {
    case UK_LINK_REFUSED: return reason_of_end(ev->end, false);
    case UK_LINK_LOST: return reason_of_end(ev->end, true);
    case UK_LINK_BROKEN: return UKKO_REASON_BAD_BYTES;
    case UK_LINK_QUARANTINE: return UKKO_REASON_REQUESTED;
    case UK_LINK_HOPELESS: return UKKO_REASON_UNDELIVERED;
    default: return UKKO_REASON_NONE;
    }
}

void uk_link_step(uk_link *l, const uk_link_event *ev, int64_t now, uk_link_actions *out) {
    out->n = 0;
    assert((unsigned)ev->kind < UK_LINK_EVENTS);
    table[ev->kind][l->state](&(step){l, ev, now, out, reason_of(ev), false});
}
