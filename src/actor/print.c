/* SPDX-License-Identifier: Apache-2.0 */
/* What a log line shows of a message: its text, near to what a JVM's toString() gives, and the
   class name that a JVM would have. Any thread; bounded in output and depth. */
#include "actor/cell.h"
#include "actor/provider.h"
#include "actor/system.h"
#include "base/pb.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 12, MAX_ITEMS = 32, MAX_BYTES = 64 };

typedef struct sink {
    char *buf;
    size_t cap, len; /* len counts on past cap */
} sink;

static void put(sink *s, const char *text, size_t n) {
    if (s->len < s->cap) {
        size_t room = s->cap - s->len;
        memcpy(s->buf + s->len, text, n < room ? n : room);
    }
    s->len += n;
}
static void puts_to(sink *s, const char *text) {
    if (!text) text = "null";
    put(s, text, strlen(text));
}
__attribute__((format(printf, 2, 3))) static void putf(sink *s, const char *format, ...) {
    char tmp[64];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(tmp, sizeof tmp, format, args);
    va_end(args);
    if (n > 0) put(s, tmp, (size_t)n < sizeof tmp ? (size_t)n : sizeof tmp - 1);
}
static void put_ref(sink *s, ukko_ref *ref) {
    if (!ref) {
        puts_to(s, "null");
        return;
    }
    puts_to(s, "Actor[");
    puts_to(s, uk_ref_text(ref));
    puts_to(s, "]");
}
static void put_bytes(sink *s, ukko_slice b) {
    if (!b.ptr) {
        puts_to(s, "null");
        return;
    }
    for (size_t i = 0; i < b.len && i < MAX_BYTES; i++) putf(s, "%02x", b.ptr[i]);
    if (b.len > MAX_BYTES) putf(s, "... (%zu bytes)", b.len);
}

static void put_msg(sink *s, const ukko_msg *m, unsigned depth);
static void put_fields(sink *s, const ukko_type *type, const void *body, unsigned depth);

static void put_enum(sink *s, const ukko_field *f, int32_t v) {
    for (int32_t i = 0; i <= v && f->labels[i]; i++) {
        if (i == v) {
            puts_to(s, f->labels[i]);
            return;
        }
    }
    putf(s, "%" PRId32, v);
}
static void put_struct(sink *s, const ukko_type *type, const void *body, unsigned depth) {
    if (!body) {
        puts_to(s, "null");
        return;
    }
    puts_to(s, type->name);
    put_fields(s, type, body, depth + 1);
}
static void put_time(sink *s, uint32_t kind, const void *p) {
    char tmp[UKKO_TIME_ROOM] = "";
    if (kind == UKKO_INSTANT) ukko_instant_print(*(const ukko_instant *)p, tmp, sizeof tmp);
    else if (kind == UKKO_TIMESPAN) ukko_timespan_print(*(const ukko_timespan *)p, tmp, sizeof tmp);
    else if (kind == UKKO_UUID) ukko_uuid_print(*(const ukko_uuid *)p, tmp, sizeof tmp);
    else ukko_datetime_print(p, uk_time_parts(kind), tmp, sizeof tmp);
    puts_to(s, tmp);
}
static void put_text(sink *s, const ukko_string *t) {
    if (t->text) put(s, t->text, t->len ? t->len : strlen(t->text));
    else puts_to(s, NULL);
}
static void put_value(sink *s, const ukko_field *f, const void *p, unsigned depth) {
    switch (f->kind) {
    case UKKO_BOOL: puts_to(s, *(const bool *)p ? "true" : "false"); break;
    case UKKO_I32: putf(s, "%" PRId32, *(const int32_t *)p); break;
    case UKKO_I64: putf(s, "%" PRId64, *(const int64_t *)p); break;
    case UKKO_F32: putf(s, "%g", (double)*(const float *)p); break;
    case UKKO_F64: putf(s, "%.17g", *(const double *)p); break;
    case UKKO_U32: putf(s, "%" PRIu32, *(const uint32_t *)p); break;
    case UKKO_U64: putf(s, "%" PRIu64, *(const uint64_t *)p); break;
    case UKKO_STR:
    case UKKO_NUMBER: puts_to(s, *(const char *const *)p); break;
    case UKKO_TEXT: put_text(s, p); break;
    case UKKO_BYTES: put_bytes(s, *(const ukko_slice *)p); break;
    case UKKO_REF: put_ref(s, *(ukko_ref *const *)p); break;
    case UKKO_ENUM: put_enum(s, f, *(const int32_t *)p); break;
    case UKKO_STRUCT: put_struct(s, f->type, p, depth); break;
    case UKKO_STRUCTP: put_struct(s, f->type, *(const void *const *)p, depth); break;
    case UKKO_MSG: put_msg(s, *(const ukko_msg *const *)p, depth + 1); break;
    default: put_time(s, f->kind, p);
    }
}
static void put_list(sink *s, const ukko_field *f, const void *body, unsigned depth) {
    const char *list = *(const char *const *)((const char *)body + f->offset);
    size_t n = uk_field_count(f, body), width = uk_field_width(f);
    puts_to(s, "[");
    for (size_t i = 0; list && i < n; i++) {
        if (i) puts_to(s, ", ");
        if (i == MAX_ITEMS) {
            putf(s, "... (%zu)", n);
            break;
        }
        put_value(s, f, list + i * width, depth);
    }
    puts_to(s, "]");
}
static void put_field(sink *s, const ukko_field *f, const void *body, unsigned depth) {
    puts_to(s, f->name);
    puts_to(s, "=");
    if (f->flags & UKKO_REPEATED) put_list(s, f, body, depth);
    else if (!uk_field_there(f, body)) puts_to(s, NULL);
    else put_value(s, f, (const char *)body + f->offset, depth);
}
static void put_fields(sink *s, const ukko_type *type, const void *body, unsigned depth) {
    bool first = true;
    puts_to(s, "(");
    if (depth > MAX_DEPTH) puts_to(s, "...");
    for (uint32_t i = 0; i < type->n_fields && depth <= MAX_DEPTH; i++) {
        const ukko_field *f = &type->fields[i];
        if (f->flags & UKKO_ONEOF && !uk_field_there(f, body)) continue;
        if (!first) puts_to(s, ", ");
        first = false;
        put_field(s, f, body, depth);
    }
    puts_to(s, ")");
}

/* ---- the messages everybody knows ---- */

static void put_address(sink *s, const ukko_address *a) {
    puts_to(s, a->protocol);
    puts_to(s, "://");
    puts_to(s, a->system);
    if (a->host) {
        puts_to(s, "@");
        puts_to(s, a->host);
        putf(s, ":%" PRId32, a->port);
    }
}
static void put_throwable(sink *s, const ukko_throwable *t) {
    puts_to(s, t->class_name);
    if (t->message) {
        puts_to(s, ": ");
        puts_to(s, t->message);
    }
}
static bool put_number(sink *s, const ukko_type *t, const void *body) {
    if (t == &ukko_int_type)
        putf(s, "%" PRId32, *(const int32_t *)body);
    else if (t == &ukko_long_type)
        putf(s, "%" PRId64, *(const int64_t *)body);
    else if (t == &ukko_double_type)
        putf(s, "%.17g", *(const double *)body);
    else if (t == &ukko_bool_type)
        puts_to(s, *(const bool *)body ? "true" : "false");
    else
        return false;
    return true;
}
/* The name that goes before the value in brackets; NULL: no such message. */
static const char *wrapper(const ukko_type *t, const ukko_msg *value) {
    if (t == &ukko_option_type) return value ? "Some" : "None";
    if (t == &ukko_optional_type) return value ? "Optional" : "Optional.empty";
    if (t == &ukko_status_success_type || t == &ukko_reply_success_type) return "Success";
    if (t == &ukko_status_failure_type) return "Failure";
    if (t == &ukko_reply_exception_type) return "Error";
    if (t == &ukko_identify_type) return "Identify";
    return NULL;
}
static bool put_wrapped(sink *s, const ukko_type *t, const void *body, unsigned depth) {
    const char *name = wrapper(t, NULL);
    if (!name) return false;
    const ukko_msg *value = ((const ukko_boxed *)body)->value; /* ukko_identify looks the same */
    puts_to(s, wrapper(t, value));
    if (!value && (t == &ukko_option_type || t == &ukko_optional_type)) return true;
    puts_to(s, "(");
    put_msg(s, value, depth + 1);
    puts_to(s, ")");
    return true;
}
static void put_identity(sink *s, const ukko_identity *i, unsigned depth) {
    puts_to(s, "ActorIdentity(");
    put_msg(s, i->id, depth + 1);
    puts_to(s, i->ref ? ",Some(" : ",None");
    if (i->ref) {
        put_ref(s, i->ref);
        puts_to(s, ")");
    }
    puts_to(s, ")");
}
static bool put_known(sink *s, const ukko_type *t, const void *body, unsigned depth) {
    if (t == &ukko_string_type || t == &ukko_config_type) {
        const ukko_string *str = body;
        put(s, str->text ? str->text : "", str->len);
    } else if (t == &ukko_ref_type) {
        put_ref(s, ((const ukko_ref_body *)body)->ref);
    } else if (t == &ukko_bytes_type || t == &ukko_bytestring_type) {
        put_bytes(s, *(const ukko_slice *)body);
    } else if (t == &ukko_throwable_type) {
        put_throwable(s, body);
    } else if (t == &ukko_address_type) {
        put_address(s, body);
    } else if (t == &ukko_identity_type) {
        put_identity(s, body, depth);
    } else if (t == &ukko_json_type) {
        puts_to(s, ((const ukko_json *)body)->text);
    } else {
        return put_number(s, t, body) || put_wrapped(s, t, body, depth);
    }
    return true;
}
static void put_msg(sink *s, const ukko_msg *m, unsigned depth) {
    if (!m) {
        puts_to(s, "null");
    } else if (depth > MAX_DEPTH) {
        puts_to(s, "...");
    } else if (!put_known(s, m->type, uk_msg_body(m), depth)) {
        puts_to(s, m->type->name);
        if (m->type->n_fields) put_fields(s, m->type, uk_msg_body(m), depth);
    }
}
size_t ukko_msg_print(const ukko_msg *msg, char *buf, size_t len) {
    sink s = {buf, len ? len - 1 : 0, 0};
    put_msg(&s, msg, 0);
    if (len) buf[s.len < len ? s.len : len - 1] = 0;
    return s.len;
}

/* ---- class names ---- */

static const char *pool_class(const ukko_pool *p) {
    static const char *const names[] = {
        NULL,
        "org.apache.pekko.routing.BalancingPool",
        "org.apache.pekko.routing.BroadcastPool",
        "org.apache.pekko.routing.RandomPool",
        "org.apache.pekko.routing.RoundRobinPool",
        "org.apache.pekko.routing.ScatterGatherFirstCompletedPool",
        "org.apache.pekko.routing.TailChoppingPool",
    };
    return p->kind >= 1 && p->kind <= UKKO_POOL_TAIL_CHOPPING ? names[p->kind]
                                                              : "org.apache.pekko.routing.Pool";
}
static const char *ref_class(const ukko_ref *ref) {
    switch (ref ? ref->vt->kind : UK_REF_EMPTY) {
    case UK_REF_CELL:
        return ((const uk_cell *)(const void *)ref)->parent == &ref->sys->user->ref
                   ? "org.apache.pekko.actor.RepointableActorRef"
                   : "org.apache.pekko.actor.LocalActorRef";
    case UK_REF_PROMISE: return "org.apache.pekko.pattern.PromiseActorRef";
    case UK_REF_REMOTE: return "org.apache.pekko.remote.RemoteActorRef";
    case UK_REF_IGNORE: return "org.apache.pekko.actor.IgnoreActorRef";
    case UK_REF_DEAD: return "org.apache.pekko.remote.RemoteActorRefProvider$RemoteDeadLetterActorRef";
    default: return "org.apache.pekko.actor.EmptyLocalActorRef";
    }
}
/* Classes that depend on the body; NULL: the type says it. */
static const char *class_by_body(const ukko_type *t, const void *body) {
    const char *name = NULL;
    if (t == &ukko_throwable_type) {
        name = ((const ukko_throwable *)body)->class_name;
    } else if (t == &ukko_option_type) {
        name = ((const ukko_boxed *)body)->value ? "scala.Some" : "scala.None$";
    } else if (t == &ukko_ref_type) {
        name = ref_class(((const ukko_ref_body *)body)->ref);
    } else if (t == &ukko_pool_type) {
        name = pool_class(body);
    } else if (t == &ukko_json_type) {
        name = ((const ukko_json *)body)->class_name;
    } else if (t == &ukko_opaque_type) {
        name = ((const ukko_opaque *)body)->manifest;
        if (name && !*name) name = NULL;
    }
    return name;
}
const char *ukko_msg_class(const ukko_msg *msg) {
    if (!msg) return "null";
    const char *name = class_by_body(msg->type, uk_msg_body(msg));
    if (name) return name;
    return msg->type->class_name ? msg->type->class_name : msg->type->name;
}
