/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that send: to selections, to bare references, and system messages. */
#include "commands.h"
#include <stdio.h>

/* The rest is a message for the selection, which is taken. */
static int send_selected(call *c, ukko_selection *sel, ukko_ref *sender) {
    ukko_msg *msg;
    int rc = call_message(c, &msg);
    if (rc == 0) ukko_selection_tell(sel, msg, sender);
    ukko_selection_release(sel);
    return rc;
}

int cmd_select(call *c) {
    return send_selected(c, ukko_select(c->p->sys, call_word(c)), c->p->collector);
}

int cmd_select_nosender(call *c) {
    return send_selected(c, ukko_select(c->p->sys, call_word(c)), NULL);
}

int cmd_select_at(call *c) {
    ukko_ref *anchor = call_ref(c, call_word(c));
    ukko_selection *sel = ukko_select_at(anchor, call_word(c));
    ukko_ref_release(anchor);
    return send_selected(c, sel, c->p->collector);
}

static int send_to(call *c, const char *path, ukko_ref *sender) {
    ukko_msg *msg;
    if (call_message_of(c, sender, &msg)) return -1;
    ukko_ref *to = call_ref(c, path);
    ukko_tell_from(to, msg, sender);
    ukko_ref_release(to);
    return 0;
}

int cmd_tell(call *c) { return send_to(c, call_word(c), c->p->collector); }

int cmd_tell_nosender(call *c) { return send_to(c, call_word(c), NULL); }

int cmd_tell_as(call *c) {
    ukko_ref *sender = call_ref(c, call_word(c));
    int rc = send_to(c, call_word(c), sender);
    ukko_ref_release(sender);
    return rc;
}

static void count_ok(const char *cmd, int64_t n) {
    char count[24];
    snprintf(count, sizeof count, "%lld", (long long)n);
    out_emit("ok", "cmd", out_text(cmd), "count", out_text(count), NULL);
}

int cmd_flood(call *c) {
    const char *path = call_word(c);
    int64_t n;
    ukko_msg *msg;
    if (number_parse(call_word(c), INT32_MIN, INT32_MAX, &n, &c->fault) || call_message(c, &msg))
        return -1;
    ukko_ref *to = call_ref(c, path);
    for (int64_t i = 0; i < n; i++) ukko_tell_from(to, ukko_msg_retain(msg), c->p->collector);
    ukko_ref_release(to);
    ukko_msg_release(msg);
    count_ok("flood", n);
    return 0;
}

int cmd_numbered(call *c) {
    const char *path = call_word(c);
    int64_t n;
    if (number_parse(call_word(c), INT64_MIN, INT64_MAX, &n, &c->fault)) return -1;
    ukko_ref *to = call_ref(c, path);
    for (int64_t i = 0; i < n; i++)
        ukko_tell_from(to, ukko_msg_copy(&ukko_long_type, &i), c->p->collector);
    ukko_ref_release(to);
    count_ok("numbered", n);
    return 0;
}

static int select_type(call *c, const ukko_type *type) {
    ukko_selection *sel = ukko_select(c->p->sys, call_word(c));
    ukko_selection_tell(sel, ukko_msg_new(type), c->p->collector);
    ukko_selection_release(sel);
    return 0;
}

static int tell_type(call *c, const ukko_type *type) {
    ukko_ref *to = call_ref(c, call_word(c));
    ukko_tell_from(to, ukko_msg_new(type), c->p->collector);
    ukko_ref_release(to);
    return 0;
}

int cmd_poison(call *c) { return select_type(c, &ukko_poison_pill_type); }

int cmd_kill(call *c) { return select_type(c, &ukko_kill_type); }

int cmd_poison_ref(call *c) { return tell_type(c, &ukko_poison_pill_type); }

int cmd_kill_ref(call *c) { return tell_type(c, &ukko_kill_type); }

static int signal_ref(call *c, ukko_signal signal, ukko_msg *cause) {
    ukko_ref *to = call_ref(c, call_word(c));
    ukko_ref_signal(to, signal, cause);
    ukko_ref_release(to);
    return 0;
}

int cmd_stop(call *c) { return signal_ref(c, UKKO_SIGNAL_TERMINATE, NULL); }

int cmd_suspend(call *c) { return signal_ref(c, UKKO_SIGNAL_SUSPEND, NULL); }

int cmd_resume(call *c) { return signal_ref(c, UKKO_SIGNAL_RESUME, NULL); }

int cmd_restart(call *c) {
    ukko_msg *cause = ukko_msg_throwable("java.lang.IllegalStateException", "restarted by command");
    return signal_ref(c, UKKO_SIGNAL_RECREATE, cause);
}
