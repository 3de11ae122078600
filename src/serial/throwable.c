/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions on the wire (serializer 16: F, TNSEX, AIEX). Only a few classes travel as what they
   are; any other is replaced by a ThrowableNotSerializableException that names it, when written
   and when read. Nothing is ever made by a class name from a peer. Any thread. */
#include "serial/codec.h"
#include "base/mem.h"

#define TNSEX "org.apache.pekko.remote.serialization.ThrowableNotSerializableException"
#define ASK   "org.apache.pekko.pattern.AskTimeoutException"
#define AIEX  "org.apache.pekko.actor.ActorInitializationException"

static bool is_bound(ukko_slice class_name) {
    static const char *const names[] = {
        "java.util.concurrent.TimeoutException",
        ASK,
        "org.apache.pekko.actor.ActorKilledException",
        "org.apache.pekko.actor.IllegalActorStateException",
        "org.apache.pekko.actor.InvalidActorNameException",
        "org.apache.pekko.actor.InvalidMessageException",
        AIEX,
        TNSEX,
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (uk_slice_is(class_name, names[i])) return true;
    return false;
}
bool uk_throwable_travels(const ukko_throwable *t) {
    return t->class_name && is_bound(ukko_str(t->class_name));
}
static char *replaced_text(const char *class_name, const char *message) {
    return uk_format("Serialization of [%s] failed. %s", class_name, message);
}

/* ---- writing ---- */

static void put_not_serializable(uk_buf *out, const char *text, const char *message,
                                 const char *class_name) {
    char *made = text ? NULL : replaced_text(class_name, message);
    uk_pb_text(out, 1, text ? text : made);
    uk_pb_text(out, 2, message);
    uk_pb_text(out, 3, class_name);
    uk_free(made);
}
static void put_frame(uk_buf *out, const ukko_stack_frame *f) {
    size_t mark = uk_pb_begin(out, 4);
    uk_pb_text(out, 1, f->class_name ? f->class_name : "");
    uk_pb_text(out, 2, f->method ? f->method : "");
    uk_pb_text(out, 3, f->file ? f->file : "");
    uk_pb_int(out, 4, f->line);
    uk_pb_end(out, mark);
}
static int put_throwable(uk_enc *e, const ukko_throwable *t) {
    int rc = UKKO_OK;
    uk_pb_text(e->out, 1, t->class_name);
    if (t->message) uk_pb_text(e->out, 2, t->message);
    if (t->cause) rc = uk_throwable_payload_field(e, 3, t->cause);
    for (size_t i = 0; !rc && i < t->n_frames; i++) put_frame(e->out, &t->frames[i]);
    return rc;
}
static int put_actor_init(uk_enc *e, const ukko_throwable *t) {
    if (t->actor) uk_put_ref(e->out, 1, t->actor);
    uk_pb_text(e->out, 2, t->message ? t->message : "");
    return uk_throwable_payload_field(e, 3, t->cause);
}
int uk_throwable_encode(uk_enc *e, const ukko_throwable *t, ukko_slice *manifest) {
    if (!strcmp(t->class_name, AIEX)) {
        *manifest = ukko_str("AIEX");
        return put_actor_init(e, t);
    }
    if (strcmp(t->class_name, TNSEX)) {
        *manifest = ukko_str("F");
        return put_throwable(e, t);
    }
    *manifest = ukko_str("TNSEX");
    put_not_serializable(e->out, t->message, t->original_message ? t->original_message : "",
                         t->original_class ? t->original_class : "");
    return UKKO_OK;
}
static int put_replaced(uk_enc *e, const ukko_throwable *t) {
    size_t mark = uk_pb_begin(e->out, 1);
    put_not_serializable(e->out, NULL, t->message ? t->message : "",
                         t->class_name ? t->class_name : "unknown");
    uk_pb_end(e->out, mark);
    uk_pb_int(e->out, 2, UKKO_SER_MISC);
    uk_pb_str(e->out, 4, "TNSEX");
    return UKKO_OK;
}
int uk_throwable_payload(uk_enc *e, const ukko_msg *cause) {
    const ukko_throwable *t = ukko_msg_get(cause, &ukko_throwable_type);
    return t && !uk_throwable_travels(t) ? put_replaced(e, t) : uk_enc_payload(e, cause);
}
int uk_throwable_payload_field(uk_enc *e, uint32_t field, const ukko_msg *cause) {
    size_t mark = uk_pb_begin(e->out, field);
    int rc = uk_throwable_payload(e, cause);
    if (!rc) uk_pb_end(e->out, mark);
    return rc;
}

/* ---- reading ---- */

static int read_cause(uk_dec *d, ukko_slice bytes, ukko_msg **out) {
    int rc = uk_dec_payload(d, bytes, out);
    if (!rc && *out && (*out)->type != &ukko_throwable_type)
        return uk_dec_fail(d, UKKO_EPARSE, "the cause of an exception is no exception");
    return rc;
}
static int read_frame(uk_dec *d, ukko_msg *m, ukko_slice bytes, ukko_stack_frame *out) {
    ukko_slice texts[3];
    uint64_t line;
    bool whole = !uk_pb_last(bytes, texts, 3) && texts[0].ptr && texts[1].ptr && texts[2].ptr;
    if (!whole || !uk_pb_last_varint(bytes, 4, &line))
        return uk_dec_fail(d, UKKO_EPARSE, "a stack frame is malformed");
    out->line = (int32_t)line;
    out->class_name = uk_dec_text(m, texts[0]);
    out->method = uk_dec_text(m, texts[1]);
    out->file = uk_dec_text(m, texts[2]);
    return UKKO_OK;
}
static int read_frames(uk_dec *d, ukko_msg *m, ukko_slice bytes, ukko_throwable *t) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    size_t n = 0;
    while (uk_pb_next(&in, &f) > 0) n += f.number == 4 && f.wire == UK_PB_BYTES;
    if (!n) return UKKO_OK;
    if (n > UK_MAX_LIST) return uk_dec_fail(d, UKKO_ETOOBIG, "%zu stack frames", n);
    t->frames = ukko_msg_alloc(m, n * sizeof *t->frames);
    in = uk_pb_of(bytes);
    while (uk_pb_next(&in, &f) > 0) {
        if (f.number != 4 || f.wire != UK_PB_BYTES) continue;
        int rc = read_frame(d, m, f.bytes, &t->frames[t->n_frames++]);
        if (rc) return rc;
    }
    return UKKO_OK;
}
/* All but the cause, which is only looked at when the class can have one. */
static int read_throwable(uk_dec *d, ukko_msg *m, ukko_slice bytes, ukko_throwable *t,
                          ukko_slice *cause) {
    ukko_slice in[3];
    uk_payload p;
    if (uk_dec_last(m, bytes, in, 3, 4) || !in[0].ptr)
        return uk_dec_fail(d, UKKO_EPARSE, "an exception without class");
    t->class_name = uk_dec_text(m, in[0]);
    t->message = uk_dec_field(m, in[1], "");
    *cause = in[2];
    int rc = in[2].ptr ? uk_payload_split(d, in[2], &p) : UKKO_OK;
    return rc ? rc : read_frames(d, m, bytes, t);
}
/* An exception that every JVM knows but has no serializer for: then it keeps the name to itself. */
static bool is_hidden(uk_dec *d, const char *class_name) {
    static const char *const ends[] = {"Exception", "Error", "Throwable"};
    size_t len = strlen(class_name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t n = strlen(ends[i]);
        if (len > n && !strcmp(class_name + len - n, ends[i]))
            return uk_names_a_class(d->s, ukko_str(class_name));
    }
    return false;
}
/* What a JVM makes of a class that it may not instantiate. */
static int replace(uk_dec *d, ukko_msg *m, ukko_throwable *t) {
    bool hidden = !is_bound(ukko_str(t->class_name)) && is_hidden(d, t->class_name);
    const char *class_name = hidden ? "unknown" : t->class_name;
    char *text = replaced_text(class_name, t->message);
    ukko_msg_release(t->cause);
    *t = (ukko_throwable){.class_name = TNSEX,
                          .message = ukko_msg_strdup(m, text),
                          .original_class = class_name,
                          .original_message = t->message};
    uk_free(text);
    return UKKO_OK;
}
/* Has its class a constructor with a message only? Those two have not. */
static bool is_made_of_text(const char *class_name) {
    return is_bound(ukko_str(class_name)) && strcmp(class_name, AIEX) && strcmp(class_name, TNSEX);
}
static int decode_throwable(uk_dec *d, ukko_slice in, ukko_msg *m) {
    ukko_throwable *t = ukko_msg_body(m);
    ukko_slice cause;
    int rc = read_throwable(d, m, in, t, &cause);
    if (rc) return rc;
    if (!is_made_of_text(t->class_name)) return replace(d, m, t);
    if (!cause.ptr) return UKKO_OK;
    if (strcmp(t->class_name, ASK)) return replace(d, m, t); /* it alone can be made with a cause */
    rc = read_cause(d, cause, &t->cause);
    return !rc || rc == UKKO_ETOOBIG ? rc : replace(d, m, t);
}
static int decode_not_serializable(uk_dec *d, ukko_slice bytes, ukko_msg *m) {
    ukko_throwable *t = ukko_msg_body(m);
    ukko_slice in[3];
    t->class_name = TNSEX;
    if (uk_pb_last(bytes, in, 3) || !in[0].ptr || !in[1].ptr || !in[2].ptr)
        return uk_dec_fail(d, UKKO_EPARSE, "an exception's replacement is malformed");
    t->original_message = uk_dec_text(m, in[1]);
    t->original_class = uk_dec_text(m, in[2]);
    char *text =
        replaced_text(t->original_class, t->original_message); /* a JVM makes its text anew */
    t->message = ukko_msg_strdup(m, text);
    uk_free(text);
    return UKKO_OK;
}
/* A JVM makes this exception anew, and its constructor puts the actor's path before the text, unless
   it stands there. */
static const char *text_with_actor(ukko_msg *m, const ukko_ref *actor, ukko_slice text) {
    uk_buf b = {0};
    uk_ref_show(actor, &b);
    b.len = strcspn(uk_buf_text(&b), "#");
    bool there = text.len >= b.len + 2 && !memcmp(text.ptr, b.ptr, b.len);
    if (there) text = (ukko_slice){text.ptr + b.len + 2, text.len - b.len - 2};
    uk_buf_str(&b, ": ");
    uk_buf_put(&b, text.ptr, text.len);
    const char *whole = uk_dec_text(m, uk_buf_slice(&b));
    uk_buf_fini(&b);
    return whole;
}
static int decode_actor_init(uk_dec *d, ukko_slice bytes, ukko_msg *m) {
    ukko_throwable *t = ukko_msg_body(m);
    ukko_slice in[3];
    t->class_name = AIEX;
    if (uk_dec_last(m, bytes, in, 3, 5) || !in[1].ptr || !in[2].ptr)
        return uk_dec_fail(d, UKKO_EPARSE, "message or cause is missing");
    int rc = in[0].ptr ? uk_get_ref(d, in[0], &t->actor) : UKKO_OK;
    if (rc) return rc;
    t->message = t->actor ? text_with_actor(m, t->actor, in[1]) : uk_dec_text(m, in[1]);
    return read_cause(d, in[2], &t->cause);
}
int uk_throwable_decode(uk_dec *d, ukko_slice manifest, ukko_slice in, ukko_msg **out) {
    ukko_msg *m = ukko_msg_new(&ukko_throwable_type);
    int rc = manifest.len == 1                ? decode_throwable(d, in, m)
             : uk_slice_is(manifest, "TNSEX") ? decode_not_serializable(d, in, m)
                                              : decode_actor_init(d, in, m);
    if (rc) {
        ukko_msg_release(m);
        return rc;
    }
    *out = m;
    return UKKO_OK;
}
