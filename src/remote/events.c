/* SPDX-License-Identifier: Apache-2.0 */
/* The events of remoting: their types, their publication, and what the log says of them and of the
   link's changes. Any thread; most come from the I/O thread. */
#include "remote/internal.h"
#include "base/mem.h"
#include <stdio.h>

#define FIELDS(f) (uint32_t)(sizeof(f) / sizeof((f)[0])), f

static const ukko_field association_fields[] = {
    UKKO_FIELD(ukko_association, local, UKKO_STR), UKKO_FIELD(ukko_association, remote, UKKO_STR),
    UKKO_FIELD(ukko_association, inbound, UKKO_BOOL),
    UKKO_FIELD(ukko_association, cause, UKKO_MSG), UKKO_FIELD(ukko_association, level, UKKO_I32),
    UKKO_FIELD(ukko_association, uid, UKKO_I32), UKKO_FIELD(ukko_association, reason, UKKO_I32)};
static const ukko_field quarantined_fields[] = {
    UKKO_FIELD(ukko_quarantined, local, UKKO_STR), UKKO_FIELD(ukko_quarantined, remote, UKKO_STR),
    UKKO_FIELD(ukko_quarantined, uid, UKKO_I32), UKKO_FIELD(ukko_quarantined, reason, UKKO_STR),
    UKKO_FIELD(ukko_quarantined, code, UKKO_I32), UKKO_FIELD(ukko_quarantined, remedy, UKKO_STR)};
static const ukko_field gated_fields[] = {
    UKKO_FIELD(ukko_gated, local, UKKO_STR),  UKKO_FIELD(ukko_gated, remote, UKKO_STR),
    UKKO_FIELD(ukko_gated, uid, UKKO_I32),    UKKO_FIELD(ukko_gated, reason, UKKO_STR),
    UKKO_FIELD(ukko_gated, code, UKKO_I32),   UKKO_FIELD(ukko_gated, remedy, UKKO_STR),
    UKKO_FIELD(ukko_gated, gate_ms, UKKO_I64)};
static const ukko_field listening_fields[] = {
    UKKO_FIELD_LIST(ukko_listening, addresses, n_addresses, UKKO_STR, NULL)};
static const ukko_field error_fields[] = {UKKO_FIELD(ukko_boxed, value, UKKO_MSG)};

#define EVENT(size, name)                                                                   \
    sizeof(ukko_type), size, name, "org.apache.pekko.remote." name, NULL, UKKO_SER_LOCAL, 0
#define ASSOCIATION(name)                                                                   \
    {EVENT(sizeof(ukko_association), name), FIELDS(association_fields), NULL,            \
     &ukko_association_event_type}
#define QUARANTINE(name)                                                                    \
    {EVENT(sizeof(ukko_quarantined), name), FIELDS(quarantined_fields), NULL,            \
     &ukko_remoting_event_type}

const ukko_type ukko_remoting_event_type = {EVENT(0, "RemotingLifecycleEvent"), 0, NULL, NULL,
                                            NULL};
const ukko_type ukko_association_event_type = {EVENT(0, "AssociationEvent"), 0, NULL, NULL,
                                               &ukko_remoting_event_type};
const ukko_type ukko_associated_type = ASSOCIATION("AssociatedEvent");
const ukko_type ukko_disassociated_type = ASSOCIATION("DisassociatedEvent");
const ukko_type ukko_association_error_type = ASSOCIATION("AssociationErrorEvent");
const ukko_type ukko_quarantined_type = QUARANTINE("QuarantinedEvent");
const ukko_type ukko_this_quarantined_type = QUARANTINE("ThisActorSystemQuarantinedEvent");
const ukko_type ukko_gated_type = {sizeof(ukko_type), sizeof(ukko_gated), "GatedEvent",
                                   "ukko.remote.GatedEvent", NULL, UKKO_SER_LOCAL, 0,
                                   FIELDS(gated_fields), NULL, NULL};
const ukko_type ukko_remoting_listen_type = {EVENT(sizeof(ukko_listening), "RemotingListenEvent"),
                                             FIELDS(listening_fields), NULL,
                                             &ukko_remoting_event_type};
const ukko_type ukko_remoting_shutdown_type = {EVENT(0, "RemotingShutdownEvent"), 0, NULL, NULL,
                                               &ukko_remoting_event_type};
const ukko_type ukko_remoting_error_type = {EVENT(sizeof(ukko_boxed), "RemotingErrorEvent"),
                                            FIELDS(error_fields), NULL, &ukko_remoting_event_type};

/* ---- publication ---- */

static void log_event(uk_remote *r, ukko_log_level level, const char *text) {
    if (level <= r->set.lifecycle)
        uk_log(r->sys, level, "remoting", UK_LOG_MANAGER, NULL, NULL, "%s", text);
}

/* Pekko's exception for what ended an association: its class, and its text around the address. */
static ukko_msg *exception_of(const uk_peer *p, uk_link_error error) {
    static const struct {
        const char *class_name, *before, *after;
    } kinds[] = {
        [UK_LINK_ERROR_NONE] = {"EndpointException", "Association failed", NULL},
        [UK_LINK_ERROR_FAILED] = {"EndpointAssociationException", "Association failed with [", "]"},
        [UK_LINK_ERROR_BROKEN] = {"EndpointException", "Error while decoding incoming Pekko PDU", NULL},
        [UK_LINK_ERROR_SHUT] = {"ShutDownAssociation", "Shut down address: ", ""},
        [UK_LINK_ERROR_INVALID] = {"InvalidAssociation", "Invalid address: ", ""},
    };
    char class_name[80], text[600];
    const char *after = kinds[error].after;
    snprintf(class_name, sizeof class_name, "org.apache.pekko.remote.%s", kinds[error].class_name);
    snprintf(text, sizeof text, "%s%s%s", kinds[error].before, after ? p->address : "",
             after ? after : "");
    return ukko_msg_throwable(class_name, text);
}

static void association(uk_remote *r, const uk_peer *p, const uk_link_action *a,
                        const ukko_type *type, const char *name, ukko_log_level level) {
    ukko_association ev = {.local = p->transport->address, .remote = p->address,
                           .inbound = a->inbound,
                           .level = level, .uid = a->has_uid ? a->uid : 0,
                           .reason = a->news == UK_NEWS_ASSOCIATED ? 0 : a->reason};
    char text[1300];
    int n = snprintf(text, sizeof text, "%s [%s] %s [%s]", name, p->transport->address,
                     a->inbound ? "<-" : "->", p->address);
    if (a->news == UK_NEWS_ERROR) {
        ev.cause = exception_of(p, a->error);
        const ukko_throwable *t = ukko_msg_get(ev.cause, &ukko_throwable_type);
        if (n > 0 && n < (int)sizeof text)
            snprintf(text + n, sizeof text - (size_t)n, ": Error [%s]", t->message);
    }
    log_event(r, level, text);
    ukko_publish(r->sys, type, &ev);
    ukko_msg_release(ev.cause);
}

static void quarantined(uk_remote *r, const uk_peer *p, const uk_link_action *a) {
    ukko_quarantined ev = {p->transport->address, p->address, a->uid,
                           a->text ? a->text : "quarantined",
                           a->reason, ukko_link_reason_remedy(a->reason)};
    char text[900];
    if (a->news == UK_NEWS_QUARANTINED) {
        snprintf(text, sizeof text,
                 "Association to [%s] having UID [%d] is irrecoverably failed. UID is now "
                 "quarantined and all messages to this UID will be delivered to dead letters. "
                 "Remote ActorSystem must be restarted to recover from this situation. Reason: %s "
                 "[%s]",
                 p->address, a->uid, ev.reason, ukko_link_reason_name(a->reason));
        log_event(r, UKKO_LOG_WARN, text);
    }
    ukko_publish(r->sys, a->news == UK_NEWS_QUARANTINED ? &ukko_quarantined_type
                                                         : &ukko_this_quarantined_type, &ev);
}

static void gated(uk_remote *r, const uk_peer *p, const uk_link_action *a) {
    char text[500];
    snprintf(text, sizeof text, "%s%s%s", a->text ? a->text : ukko_link_reason_text(a->reason),
             a->cause ? ": " : "", a->cause ? a->cause : "");
    ukko_gated ev = {p->transport->address, p->address, a->has_uid ? a->uid : 0, text, a->reason,
                     ukko_link_reason_remedy(a->reason), r->set.link.gate_ms};
    ukko_publish(r->sys, &ukko_gated_type, &ev);
}

void uk_news_publish(uk_remote *r, const uk_peer *p, const uk_link_action *a) {
    switch (a->news) {
    case UK_NEWS_ASSOCIATED:
        association(r, p, a, &ukko_associated_type, "Associated", UKKO_LOG_DEBUG);
        break;
    case UK_NEWS_DISASSOCIATED:
        association(r, p, a, &ukko_disassociated_type, "Disassociated", UKKO_LOG_DEBUG);
        break;
    case UK_NEWS_ERROR:
        association(r, p, a, &ukko_association_error_type, "AssociationError", a->level);
        break;
    case UK_NEWS_QUARANTINED:
    case UK_NEWS_THIS_QUARANTINED: quarantined(r, p, a); break;
    case UK_NEWS_GATED: gated(r, p, a); break;
    }
}

static void log_gated(uk_remote *r, const uk_peer *p, const uk_link_action *a, const char *why) {
    bool attempt = a->error == UK_LINK_ERROR_FAILED, cause = a->cause;
    bool refused = cause && strncmp(a->cause, "Connection refused: ", 20) == 0;
    uk_log(r->sys, UKKO_LOG_WARN, "remoting", UK_LOG_SUPERVISOR, NULL, NULL,
           "Association with remote system [%s] has failed, address is now gated for [%lld] ms. "
           "Reason: [%s%s%s%s]%s%s%s%s (%s; way out: %s)",
           p->address, (long long)r->set.link.gate_ms, why, attempt ? " with [" : "",
           attempt ? p->address : "", attempt ? "]" : "", cause ? " Caused by: [" : " ",
           refused ? "java.net.ConnectException: " : "", cause ? a->cause : "", cause ? "]" : "",
           ukko_link_reason_name(a->reason), ukko_link_reason_remedy(a->reason));
}

void uk_news_log(uk_remote *r, const uk_peer *p, const uk_link_action *a) {
    const char *code = ukko_link_reason_name(a->reason), *out = ukko_link_reason_remedy(a->reason);
    long long gate = (long long)r->set.link.gate_ms;
    const char *why = a->text ? a->text : "";
    ukko_system *sys = r->sys;
    switch (a->log) {
    case UK_LINK_LOG_GATED: log_gated(r, p, a, why); break;
    case UK_LINK_LOG_INVALID:
        uk_log(sys, UKKO_LOG_WARN, "remoting", UK_LOG_MANAGER, NULL, NULL,
               "Tried to associate with unreachable remote address [%s]. Address is now gated for "
               "%lld ms, all messages to this address will be delivered to dead letters. "
               "Reason: [%s] (%s; way out: %s)", p->address, gate, why, code, out);
        break;
    case UK_LINK_LOG_SHUTDOWN:
        uk_log(sys, UKKO_LOG_DEBUG, "remoting", UK_LOG_MANAGER, NULL, NULL,
               "Remote system with address [%s] has shut down. Address is now gated for %lld ms, "
               "all messages to this address will be delivered to dead letters.", p->address, gate);
        break;
    case UK_LINK_LOG_HOPELESS:
        uk_log(sys, UKKO_LOG_ERROR, "remoting", UK_LOG_MANAGER, NULL, why,
               "Association to [%s] with UID [%d] irrecoverably failed. Quarantining address. "
               "Reason: %s (%s; way out: %s)", p->address, a->uid, why, code, out);
        break;
    case UK_LINK_LOG_HOPELESS_GATED:
        uk_log(sys, UKKO_LOG_WARN, "remoting", UK_LOG_MANAGER, NULL, why,
               "Association to [%s] with unknown UID is irrecoverably failed. Address cannot be "
               "quarantined without knowing the UID, gating instead for %lld ms. Reason: %s "
               "(%s; way out: %s)", p->address, gate, why, code, out);
        break;
    case UK_LINK_LOG_KEPT:
        uk_log(sys, UKKO_LOG_INFO, "remoting", UK_LOG_MANAGER, NULL, NULL,
               "Quarantined address [%s] is still unreachable or has not been restarted. Keeping "
               "it quarantined.", p->address);
        break;
    case UK_LINK_LOG_NO_UID:
        uk_log(sys, UKKO_LOG_WARN, "remoting", UK_LOG_MANAGER, NULL, NULL,
               "Association to [%s] with unknown UID is reported as quarantined, but address "
               "cannot be quarantined without knowing the UID, gating instead for %lld ms. (%s)",
               p->address, gate, code);
        break;
    case UK_LINK_LOG_QUARANTINED:
        uk_log(sys, UKKO_LOG_DEBUG, "remoting", UK_LOG_MANAGER, NULL, NULL,
               "Quarantining [%s] with UID [%d]: %s", p->address, a->uid, why);
        break;
    case UK_LINK_LOG_CLEARED:
        uk_log(sys, UKKO_LOG_INFO, "remoting", UK_LOG_MANAGER, NULL, NULL,
               "The quarantine of [%s] with UID [%d] was lifted by the program. It may associate again.",
               p->address, a->uid);
        break;
    }
}

void uk_news_listening(uk_remote *r) {
    const char *list[UK_TRANSPORTS];
    ukko_listening ev = {list, r->n_transports};
    uk_buf text = {0};
    for (size_t i = 0; i < r->n_transports; i++) {
        list[i] = r->transports[i].address;
        uk_buf_printf(&text, "%s%s", i ? ", " : "", list[i]);
    }
    uk_log(r->sys, UKKO_LOG_INFO, "remoting", UK_LOG_MANAGER, NULL, NULL,
           "Remoting started; listening on addresses :[%s]", uk_buf_text(&text));
    uk_buf_fini(&text);
    ukko_publish(r->sys, &ukko_remoting_listen_type, &ev);
}

void uk_news_terminator(uk_remote *r, const char *text) {
    char source[600];
    snprintf(source, sizeof source, "%s/system/remoting-terminator",
             r->n_transports ? r->transports[0].address : "");
    uk_log(r->sys, UKKO_LOG_INFO, source,
           "org.apache.pekko.remote.RemoteActorRefProvider$RemotingTerminator", NULL, NULL, "%s",
           text);
}

void uk_news_down(uk_remote *r) {
    log_event(r, UKKO_LOG_INFO, "Remoting shut down");
    uk_news_terminator(r, "Remoting shut down.");
    ukko_publish_msg(r->sys, ukko_msg_new(&ukko_remoting_shutdown_type));
}

void uk_news_failed(uk_remote *r, const char *text) {
    ukko_boxed ev = {ukko_msg_throwable("org.apache.pekko.remote.RemoteTransportException", text)};
    log_event(r, UKKO_LOG_ERROR, text);
    ukko_publish(r->sys, &ukko_remoting_error_type, &ev);
    ukko_msg_release(ev.value);
}

/* ---- messages in the log ---- */

/* An own actor by its local form. */
static void put_ref(uk_remote *r, uk_buf *out, ukko_ref *ref, bool uid) {
    const char *path = ref ? ukko_ref_path(ref) : "/deadLetters", *rest = strstr(path, "://");
    bool own = !ref || ref->vt->kind != UK_REF_REMOTE;
    if (own && rest) path = strchr(rest + 3, '/') ? strchr(rest + 3, '/') : "/";
    if (own) uk_buf_printf(out, "pekko://%s", ukko_system_name(r->sys));
    uk_buf_printf(out, "%.*s", (int)(uid ? strlen(path) : strcspn(path, "#")), path);
}

const char *uk_news_message(uk_remote *r, uk_buf *out, const ukko_msg *msg, ukko_ref *to, ukko_ref *from) {
    char text[300];
    ukko_msg_print(msg, text, sizeof text);
    uk_buf_printf(out, "RemoteMessage: [%s] to [Actor[", text);
    put_ref(r, out, to, true);
    uk_buf_str(out, "]]<+[");
    put_ref(r, out, to, false);
    uk_buf_str(out, "] from [Actor[");
    put_ref(r, out, from, true);
    uk_buf_str(out, "]]");
    return uk_buf_text(out);
}

/* A selection counts as what it carries. */
static const char *class_of(const ukko_msg *msg) {
    if (msg->type != &uk_selection_type) return ukko_msg_class(msg);
    const uk_selection_body *s = uk_msg_body(msg);
    return ukko_msg_class(s->message ? s->message : msg);
}

void uk_log_frame_size(uk_remote *r, const ukko_msg *msg, size_t size) {
    const char *class_name = class_of(msg);
    uint32_t h = uk_hash(class_name, strlen(class_name));
    if (r->set.log_frame_size < 0 || size < (size_t)r->set.log_frame_size) return;
    pthread_mutex_lock(&r->sizes_lock);
    uk_class_size *s = &r->sizes[h % UK_CLASSES];
    bool same = s->max && s->hash == h;
    bool log = !same || (double)size > (double)s->max * 1.1;
    if (log) *s = (uk_class_size){h, size};
    pthread_mutex_unlock(&r->sizes_lock);
    if (log)
        uk_log(r->sys, UKKO_LOG_INFO, "remoting", "org.apache.pekko.remote.RemoteMetrics", NULL, NULL,
               same ? "New maximum payload size for [%s] is [%zu] bytes"
                    : "Payload size for [%s] is [%zu] bytes", class_name, size);
}
