/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that cannot be read here, and those that cannot be written: the link lives. What came is
   given, as it came, to an actor that asks for such things; of everything else there is one line in
   the log and one event. Reading: I/O thread; writing: the sender's thread. */
#include "remote/internal.h"
#include "base/buf.h"
#include <stdio.h>

enum { SHOWN = 300 };

/* ---- who was meant ---- */

/* The path that a selection walks; plain: no pattern, nothing upwards. */
static void put_steps(const uk_selection_body *s, uk_buf *out, bool *plain) {
    *plain = true;
    for (size_t i = 0; i < s->n_steps && out->len < 2000; i++) {
        uk_buf_byte(out, '/');
        if (s->steps[i].kind == UK_STEP_PARENT)
            uk_buf_str(out, "..");
        else
            uk_buf_put(out, s->steps[i].text.ptr, s->steps[i].text.len);
        *plain &= s->steps[i].kind == UK_STEP_NAME;
    }
}
/* Owned. Of a selection the actor at its end when its path is plain, else the anchor. */
static ukko_ref *meant(ukko_ref *to, const ukko_msg *m, uk_buf *text) {
    const char *anchor = ukko_ref_path(to);
    size_t n = strlen(anchor);
    bool plain;
    if (!m || m->type != &uk_selection_type) {
        uk_buf_str(text, anchor);
        return uk_ref_retain(to);
    }
    uk_buf_put(text, anchor, n && anchor[n - 1] == '/' ? n - 1 : n);
    put_steps(UK_BODY(uk_selection_body, m), text, &plain);
    return plain ? ukko_system_ref(to->sys, uk_buf_text(text)) : uk_ref_retain(to);
}

/* ---- telling ---- */

/* Less what the line says anyway. */
static const char *reason_of(const ukko_error *err, int rc) {
    const char *bytes = strstr(err->message, " bytes: ");
    const char *text = bytes ? bytes + 8 : err->message;
    return *text ? text : ukko_strerror(rc);
}
static void log_unread(uk_conn *c, const ukko_serial_failure *f, int rc, const char *recipient) {
    const char *what = rc == UKKO_ENOTFOUND ? "Serializer not defined for message with"
                                            : "Could not deserialize message with";
    if (!uk_guard_may_complain(c)) return;
    uk_log(c->remote->sys, UKKO_LOG_WARN, "remoting", UK_LOG_READER,
           f->serializer == UKKO_SER_JAVA ? "SECURITY" : NULL, NULL,
           "%s serializer id [%d] and manifest [%.200s] from [%s]. Transient association error "
           "(association remains live). Class [%s], %zu bytes, to [%.300s], sender [%.300s]: %s",
           what, f->serializer, f->manifest, c->peer->address, f->class_name, f->bytes, recipient,
           f->sender ? ukko_ref_path(f->sender) : "none", f->reason);
}
/* m: what came, or NULL when not even that can be said. */
static void report(uk_conn *c, const uk_wire *e, ukko_ref *to, ukko_ref *from, ukko_msg *m, int rc,
                   const ukko_error *err) {
    char name[SHOWN];
    uk_buf recipient = {0};
    ukko_ref *target = meant(to, m, &recipient);
    if (m && m->type == &uk_selection_type) m = UK_BODY(uk_selection_body, m)->message;
    const ukko_opaque *o = ukko_msg_get(m, &ukko_opaque_type);
    const char *class_name = uk_serial_class(c->remote->serial, e->serializer, e->manifest,
                                             e->message, name, sizeof name);
    ukko_serial_failure f = {.serializer = o ? o->serializer : e->serializer,
                             .manifest = o ? o->manifest : "",
                             .class_name = class_name,
                             .bytes = o ? o->bytes.len : e->message.len,
                             .reason = reason_of(err, rc),
                             .sender = from,
                             .recipient = target,
                             .message = m};
    log_unread(c, &f, rc, uk_buf_text(&recipient));
    ukko_publish(c->remote->sys, &ukko_serial_failure_type, &f);
    uk_ref_release(target);
    uk_buf_fini(&recipient);
}
void uk_unread_report(uk_conn *c, const uk_wire *e, ukko_ref *to, ukko_ref *from, int rc,
                      const ukko_error *err) {
    ukko_msg *m;
    uk_serial_opaque(c->remote->serial, e->serializer, e->manifest, e->message, &m);
    report(c, e, to, from, m, rc, err);
    ukko_msg_release(m);
}

/* ---- offering ---- */

/* true: somebody has it, or it must not get in. */
static bool offer(uk_conn *c, ukko_ref *to, ukko_msg *m, ukko_ref *from) {
    bool selection = m->type == &uk_selection_type;
    if (!selection && !uk_ref_takes_opaque(to)) return false;
    if (!uk_recv_allowed(c, to, m)) return true;
    if (selection) return uk_selection_offer(to, m, from) > 0;
    uk_ref_tell(to, ukko_msg_retain(m), from);
    return true;
}
void uk_unread(uk_conn *c, const uk_wire *e, ukko_ref *to, ukko_ref *from, int rc,
               const ukko_error *err) {
    ukko_msg *m;
    uk_serial_opaque(c->remote->serial, e->serializer, e->manifest, e->message, &m);
    if (!m || !offer(c, to, m, from)) report(c, e, to, from, m, rc, err);
    ukko_msg_release(m);
}

/* ---- writing ---- */

void uk_unwritten_report(uk_remote *r, ukko_ref *to, ukko_msg *msg, ukko_ref *sender,
                         const ukko_error *err) {
    uk_buf path = {0};
    ukko_ref *target = meant(to, msg, &path);
    while (msg && msg->type == &uk_selection_type) msg = UK_BODY(uk_selection_body, msg)->message;
    const char *manifest = msg && msg->type->manifest ? msg->type->manifest : "";
    ukko_serial_failure f = {.outgoing = true,
                             .serializer = msg ? msg->type->serializer : UKKO_SER_NULL,
                             .manifest = manifest,
                             .class_name = ukko_msg_class(msg),
                             .reason = err->message,
                             .sender = sender,
                             .recipient = target,
                             .message = msg};
    uk_log(r->sys, UKKO_LOG_ERROR, "remoting", UK_LOG_WRITER, NULL, err->message,
           "Transient association error (association remains live). Message of class [%s] to [%s] "
           "cannot be serialized, serializer id [%d], manifest [%s], sender [%s]: %s",
           f.class_name, uk_buf_text(&path), (int)f.serializer, manifest,
           sender ? ukko_ref_path(sender) : "none", err->message);
    ukko_publish(r->sys, &ukko_serial_failure_type, &f);
    uk_ref_release(target);
    uk_buf_fini(&path);
}
