/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that look up, watch and ask. What is answered later is printed from the threads of
   the system. */
#include "commands.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a later answer needs to be reported. */
typedef struct pending {
    peer *p;
    int64_t timeout_ms;
    bool undo;              /* unwatch */
    const char *selected;   /* printed form of the target */
    const char *class_name; /* of the question */
    char *cmd;              /* whole line, path, printed form and class: one block */
    char path[];
} pending;

/* All texts are copied into one block. */
static pending *pending_new(call *c, const char *path, const char *selected, int64_t timeout_ms) {
    size_t np = strlen(path) + 1, ns = strlen(selected) + 1, nl = strlen(c->line) + 1;
    pending *w = calloc(1, sizeof *w + np + ns + nl);
    w->p = c->p;
    w->timeout_ms = timeout_ms;
    memcpy(w->path, path, np);
    w->selected = memcpy(w->path + np, selected, ns);
    w->cmd = memcpy(w->path + np + ns, c->line, nl);
    return w;
}

static pending *pending_select(call *c, const char *path, const ukko_selection *sel, int64_t ms) {
    char selected[1024];
    ukko_selection_print(sel, selected, sizeof selected);
    return pending_new(c, path, selected, ms);
}

static json_t *not_found(const pending *w) {
    char text[1200];
    snprintf(text, sizeof text, "Actor not found for: %s", w->selected);
    return out_failure("org.apache.pekko.actor.ActorNotFound", text);
}

static int find(call *c, const char *path, int64_t ms, bool undo, ukko_found_fn fn) {
    ukko_selection *sel = ukko_select(c->p->sys, path);
    pending *w = pending_select(c, path, sel, ms);
    w->undo = undo;
    ukko_selection_find_async(sel, ms, fn, w);
    ukko_selection_release(sel);
    return 0;
}

static void on_resolved(void *data, int status, ukko_ref *ref) {
    pending *w = data;
    if (status == UKKO_OK && ref)
        out_emit("resolved", "path", out_text(w->path), "ref", value_ref(ref), NULL);
    else
        out_emit("resolved", "path", out_text(w->path), "ref", json_null(), "cause", not_found(w),
                 NULL);
    free(w);
}

int cmd_resolve(call *c) {
    const char *path = call_word(c);
    int64_t ms = ASK_MS;
    if (*c->rest && number_parse(call_word(c), INT64_MIN, INT64_MAX, &ms, &c->fault)) return -1;
    return find(c, path, ms, false, on_resolved);
}

static void order_watch(ukko_ref *watcher, ukko_ref *ref, bool undo) {
    ukko_tell_from(watcher, ukko_msg_copy(&watch_order_type, &(watch_order){ref, undo}), NULL);
}

static void on_watch_found(void *data, int status, ukko_ref *ref) {
    pending *w = data;
    if (status == UKKO_OK && ref) order_watch(w->p->watcher, ref, w->undo);
    else out_emit("error", "cmd", out_text(w->cmd), "cause", not_found(w), NULL);
    free(w);
}

int cmd_watch(call *c) { return find(c, call_word(c), ASK_MS, false, on_watch_found); }

int cmd_unwatch(call *c) { return find(c, call_word(c), ASK_MS, true, on_watch_found); }

static int watch_ref(call *c, ukko_ref *watcher, bool undo) {
    ukko_ref *ref = call_ref(c, call_word(c));
    order_watch(watcher, ref, undo);
    ukko_ref_release(ref);
    return 0;
}

int cmd_watchref(call *c) { return watch_ref(c, c->p->watcher, false); }

int cmd_unwatchref(call *c) { return watch_ref(c, c->p->watcher, true); }

static int watch_by(call *c, bool undo) {
    char path[300];
    snprintf(path, sizeof path, "/user/%s", call_word(c));
    ukko_ref *watcher = call_ref(c, path);
    watch_ref(c, watcher, undo);
    ukko_ref_release(watcher);
    return 0;
}

int cmd_watch_by(call *c) { return watch_by(c, false); }

int cmd_unwatch_by(call *c) { return watch_by(c, true); }

static json_t *ask_failure(const pending *w, int status, const ukko_msg *answer) {
    if (answer) return value_throwable(answer);
    char text[1600];
    if (status != UKKO_ETIMEOUT)
        return out_failure("org.apache.pekko.PekkoException", ukko_strerror(status));
    snprintf(text, sizeof text,
             "Ask timed out on [%s] after [%lld ms]. Message of type [%s]. A typical reason for "
             "`AskTimeoutException` is that the recipient actor didn't send a reply.",
             w->selected, (long long)w->timeout_ms, w->class_name);
    return out_failure("org.apache.pekko.pattern.AskTimeoutException", text);
}

static void on_reply(void *data, int status, const ukko_msg *answer) {
    pending *w = data;
    if (status == UKKO_OK)
        out_emit("reply", "path", out_text(w->path), "class", value_class(answer), "value",
                 value_of(answer), NULL);
    else
        out_emit("reply", "path", out_text(w->path), "error", ask_failure(w, status, answer), NULL);
    free(w);
}

static int ask_selected(call *c, const char *path, int64_t ms) {
    ukko_msg *msg;
    if (call_message(c, &msg)) return -1;
    ukko_selection *sel = ukko_select(c->p->sys, path);
    pending *w = pending_select(c, path, sel, ms);
    w->class_name = ukko_msg_class(msg);
    ukko_selection_ask_async(sel, msg, ms, on_reply, w);
    ukko_selection_release(sel);
    return 0;
}

int cmd_ask(call *c) { return ask_selected(c, call_word(c), ASK_MS); }

int cmd_ask_ms(call *c) {
    int64_t ms;
    if (number_parse(call_word(c), INT64_MIN, INT64_MAX, &ms, &c->fault)) return -1;
    return ask_selected(c, call_word(c), ms);
}

int cmd_ask_ref(call *c) {
    const char *path = call_word(c);
    ukko_msg *msg;
    if (call_message(c, &msg)) return -1;
    ukko_ref *to = call_ref(c, path);
    char place[1080], target[1100];
    local_print(c->p->sys, to, place, sizeof place);
    snprintf(target, sizeof target, "Actor[%s]", place);
    pending *w = pending_new(c, path, target, ASK_MS);
    w->class_name = ukko_msg_class(msg);
    ukko_ask_async(to, msg, ASK_MS, on_reply, w);
    ukko_ref_release(to);
    return 0;
}

int cmd_identify(call *c) {
    ukko_selection *sel = ukko_select(c->p->sys, call_word(c));
    ukko_msg *id = NULL;
    int rc = message_parse(c->p->sys, *c->rest ? c->rest : "id", &id, &c->fault);
    if (rc == 0)
        ukko_selection_tell(sel, ukko_msg_copy(&ukko_identify_type, &(ukko_identify){id}),
                            c->p->collector);
    ukko_msg_release(id);
    ukko_selection_release(sel);
    return rc;
}

static void on_count(void *data, int status, const ukko_msg *answer) {
    (void)data;
    out_emit("count", "value", status == UKKO_OK ? value_of(answer) : json_null(), NULL);
}

int cmd_count(call *c) {
    ukko_selection *sel = ukko_select(c->p->sys, "/user/sink");
    ukko_selection_ask_async(sel, ukko_msg_string("count"), ASK_MS, on_count, NULL);
    ukko_selection_release(sel);
    return 0;
}
