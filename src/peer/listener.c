/* SPDX-License-Identifier: Apache-2.0 */
/* The actor that prints remoting events, dead letters, dropped and unhandled messages, with the
   texts that Pekko gives its events. Runs on the threads of the system. */
#include "peer.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void emit_association(const char *kind, const char *name, const ukko_association *a) {
    const ukko_throwable *t = ukko_msg_get(a->cause, &ukko_throwable_type);
    char *text = NULL;
    int n = asprintf(&text, t ? "%s [%s] %s [%s]: Error [%s] [" : "%s [%s] %s [%s]", name, a->local,
                     a->inbound ? "<-" : "->", a->remote, t && t->message ? t->message : "null");
    out_emit("lifecycle", "kind", out_text(kind), "local", out_text(a->local), "remote",
             out_text(a->remote), "inbound", json_boolean(a->inbound), "cause",
             value_throwable(a->cause), "text", out_text(n < 0 ? name : text), NULL);
    free(text);
}

static int on_associated(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    (void)state;
    emit_association("AssociatedEvent", "Associated", body);
    return UKKO_OK;
}

static int on_disassociated(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    (void)state;
    emit_association("DisassociatedEvent", "Disassociated", body);
    return UKKO_OK;
}

static int on_association_error(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    (void)state;
    emit_association("AssociationErrorEvent", "AssociationError", body);
    return UKKO_OK;
}

static int on_quarantined(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    (void)state;
    const ukko_quarantined *q = body;
    char text[1024];
    snprintf(text, sizeof text,
             "Association to [%s] having UID [%d] is irrecoverably failed. UID is now quarantined "
             "and all messages to this UID will be delivered to dead letters. Remote ActorSystem "
             "must be restarted to recover from this situation.",
             q->remote, (int)q->uid);
    out_emit("lifecycle", "kind", out_text("QuarantinedEvent"), "remote", out_text(q->remote),
             "uid", json_integer(q->uid), "text", out_text(text), NULL);
    return UKKO_OK;
}

static int on_this_quarantined(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    (void)state;
    const ukko_quarantined *q = body;
    char text[1024];
    snprintf(text, sizeof text, "The remote system %s has quarantined this system %s.", q->remote,
             q->local);
    out_emit("lifecycle", "kind", out_text("ThisActorSystemQuarantinedEvent"), "local",
             out_text(q->local), "remote", out_text(q->remote), "text", out_text(text), NULL);
    return UKKO_OK;
}

static void emit_plain(const char *kind, const char *text) {
    out_emit("lifecycle", "kind", out_text(kind), "text", out_text(text), NULL);
}

static int on_listen(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    (void)state;
    const ukko_listening *l = body;
    char text[1024] = "Remoting now listens on addresses: [";
    size_t n = 36;
    for (size_t i = 0; i < l->n_addresses && n < sizeof text; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? ", " : "", l->addresses[i]);
    if (n < sizeof text) snprintf(text + n, sizeof text - n, "]");
    emit_plain("RemotingListenEvent", text);
    return UKKO_OK;
}

static int on_shutdown(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    (void)state;
    (void)body;
    emit_plain("RemotingShutdownEvent", "Remoting shut down");
    return UKKO_OK;
}

static int on_remoting_error(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    (void)state;
    const ukko_throwable *t = ukko_msg_get(((const ukko_boxed *)body)->value, &ukko_throwable_type);
    char text[1024];
    snprintf(text, sizeof text, "Remoting error: [%s] [", t && t->message ? t->message : "null");
    emit_plain("RemotingErrorEvent", text);
    return UKKO_OK;
}

/* Pekko names dead letters where a selection for another node was not sent, unless no transport leads
   there; its place is "to". */
static json_t *recipient_as_pekko(ukko_ctx *ctx, const ukko_ref *recipient) {
    ukko_system *sys = ukko_ctx_system(ctx);
    const char *own = ukko_remote_address(sys), *path = ukko_ref_path(recipient);
    size_t n = strlen(own), end = strlen(path);
    bool here = strncmp(path, own, n) == 0 && path[n] == '/';
    bool root = end && path[end - 1] == '/';
    char address[500];
    snprintf(address, sizeof address, "%.*s", (int)(root ? end - 1 : end), path);
    bool led = ukko_remote_address_for(sys, address) != NULL;
    return value_ref(here || !root || !led ? recipient : ukko_dead_letters(sys));
}

static int on_dead_letter(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    const ukko_dead_letter *d = body;
    out_emit("deadletter", "class", value_class(d->message), "value", value_of(d->message),
             "sender", value_ref(d->sender), "recipient", recipient_as_pekko(ctx, d->recipient),
             "to", value_ref(d->recipient), "reason", out_text(d->reason), NULL);
    return UKKO_OK;
}

static int on_dropped(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    (void)state;
    const ukko_dead_letter *d = body;
    out_emit("dropped", "class", value_class(d->message), "reason", out_text(d->reason),
             "recipient", value_ref(d->recipient), NULL);
    return UKKO_OK;
}

static int on_unhandled(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    (void)state;
    const ukko_dead_letter *d = body;
    out_emit("unhandled", "class", value_class(d->message), "recipient", value_ref(d->recipient),
             NULL);
    return UKKO_OK;
}

static int on_other(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)ctx;
    (void)state;
    out_emit("event", "class", value_class(msg), "text", value_of(msg), NULL);
    return UKKO_OK;
}

static const ukko_case cases[] = {
    {&ukko_associated_type, on_associated},
    {&ukko_disassociated_type, on_disassociated},
    {&ukko_association_error_type, on_association_error},
    {&ukko_quarantined_type, on_quarantined},
    {&ukko_this_quarantined_type, on_this_quarantined},
    {&ukko_remoting_listen_type, on_listen},
    {&ukko_remoting_shutdown_type, on_shutdown},
    {&ukko_remoting_error_type, on_remoting_error},
    {&ukko_dead_letter_type, on_dead_letter},
    {&ukko_dropped_type, on_dropped},
    {&ukko_unhandled_type, on_unhandled},
    {NULL, NULL},
};

/* Set when an actor of this kind has stopped: release, with the acquire in on_remoting(). */
static atomic_bool deaf;

static void listener_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    if (strcmp(ukko_ref_name(ukko_self(ctx)), "listener") == 0)
        atomic_store_explicit(&deaf, true, memory_order_release);
}

const ukko_actor listener_actor = {
    .size = sizeof(ukko_actor),
    .name = "ukko.oracle.Actors$Listener",
    .receive = {cases, on_other},
    .stop = listener_stop,
};

/* Events of links are printed where they happen: before what arrives on the link is handled; no
   more when the listener has ended. */
static void on_remoting(void *data, const ukko_msg *msg, ukko_ref *sender) {
    (void)data;
    (void)sender;
    const ukko_type *type = ukko_msg_type(msg);
    if (atomic_load_explicit(&deaf, memory_order_acquire)) return;
    for (const ukko_case *c = cases; c->type; c++)
        if (c->type == type) c->fn(NULL, NULL, ukko_msg_get(msg, type));
}

int listener_subscribe(ukko_system *sys, ukko_ref *listener) {
    static const ukko_type *const events[] = {&ukko_dead_letter_type, &ukko_dropped_type,
                                              &ukko_unhandled_type};
    ukko_ref *here = ukko_function_ref(sys, on_remoting, NULL);
    int rc = ukko_subscribe(sys, &ukko_remoting_event_type, here);
    ukko_ref_release(here);
    for (size_t i = 0; i < sizeof events / sizeof events[0] && rc == UKKO_OK; i++)
        rc = ukko_subscribe(sys, events[i], listener);
    return rc;
}
