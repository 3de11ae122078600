/* SPDX-License-Identifier: Apache-2.0 */
/* What a log line shows of a message: its text, near to what a JVM's toString() gives, and the
   class name that a JVM would have. Any thread; bounded in output and depth. */
#include "actor/cell.h"
#include "actor/provider.h"
#include "actor/system.h"
#include "base/pb.h"
#include <float.h>
#include <ukko/router.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
    if (t == &ukko_broadcast_type) return "Broadcast";
    return NULL;
}
static bool put_wrapped(sink *s, const ukko_type *t, const void *body, unsigned depth) {
    const char *name = wrapper(t, NULL);
    if (!name) return false;
    const ukko_msg *value = ((const ukko_boxed *)body)->value; /* the others look the same */
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

/* ---- what travels in deployments: as Scala shows its case classes ---- */

/* As Java shows a double; the fewest digits that tell it from others. */
static void put_real(sink *s, double v) {
    char tmp[64], *e;
    double size = v < 0 ? -v : v;
    bool plain = v == 0 || (size >= 1e-3 && size < 1e7);
    for (int digits = 1; digits <= 20; digits++) {
        snprintf(tmp, sizeof tmp, plain ? "%.*f" : "%.*e", digits, v);
        if (strtod(tmp, NULL) == v) break;
    }
    if (!(size <= DBL_MAX)) snprintf(tmp, sizeof tmp, "%s", v != v ? "NaN" : v < 0 ? "-Infinity" : "Infinity");
    else if (!plain && (e = strchr(tmp, 'e')) != NULL)
        snprintf(e, 8, "E%d", (int)strtol(e + 1, NULL, 10));
    puts_to(s, tmp);
}
static void put_duration(sink *s, const ukko_duration *d) {
    static const char *const units[] = {"?",       "nanosecond", "microsecond", "millisecond",
                                        "second",  "minute",     "hour",        "day"};
    putf(s, "%" PRId64 " %s%s", d->value, units[d->unit >= 1 && d->unit <= 7 ? d->unit : 0],
         d->value == 1 || d->value == -1 ? "" : "s");
}
static void put_resizer(sink *s, const ukko_default_resizer *r) {
    putf(s, "DefaultResizer(%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",", r->lower_bound, r->upper_bound,
         r->pressure_threshold);
    const double rates[] = {r->rampup_rate, r->backoff_threshold, r->backoff_rate};
    for (size_t i = 0; i < 3; i++) {
        put_real(s, rates[i]);
        puts_to(s, ",");
    }
    putf(s, "%" PRIu32 ")", r->messages_per_resize);
}
static void put_pool(sink *s, const ukko_pool *p, unsigned depth) {
    static const char *const names[] = {
        "Pool",           "BalancingPool",                   "BroadcastPool",   "RandomPool",
        "RoundRobinPool", "ScatterGatherFirstCompletedPool", "TailChoppingPool"};
    bool known = p->kind >= 1 && p->kind <= UKKO_POOL_TAIL_CHOPPING;
    puts_to(s, names[known ? p->kind : 0]);
    putf(s, "(%" PRIu32 ",", p->instances);
    if (p->kind != UKKO_POOL_BALANCING) {
        puts_to(s, p->resizer ? "Some(" : "None");
        if (p->resizer) put_msg(s, p->resizer, depth + 1);
        puts_to(s, p->resizer ? ")," : ",");
    }
    if (p->kind >= UKKO_POOL_SCATTER_GATHER) put_duration(s, &p->within);
    if (p->kind == UKKO_POOL_TAIL_CHOPPING) {
        puts_to(s, ",");
        put_duration(s, &p->interval);
    }
    puts_to(s, p->kind >= UKKO_POOL_SCATTER_GATHER ? "," : "");
    puts_to(s, "OneForOneStrategy(-1,Duration.Inf,true),");
    puts_to(s, p->dispatcher ? p->dispatcher : "pekko.actor.default-dispatcher");
    if (p->kind != UKKO_POOL_BALANCING) puts_to(s, p->use_pool_dispatcher ? ",true" : ",false");
    puts_to(s, ")");
}
static void put_router_config(sink *s, const ukko_remote_router_config *c, unsigned depth) {
    puts_to(s, "RemoteRouterConfig(");
    put_msg(s, c->local, depth + 1);
    puts_to(s, ",ArrayBuffer(");
    for (size_t i = 0; i < c->n_nodes && i < MAX_ITEMS; i++) {
        if (i) puts_to(s, ", ");
        put_address(s, &c->nodes[i]);
    }
    puts_to(s, "))");
}
static void put_selection(sink *s, const uk_selection_body *b, unsigned depth) {
    puts_to(s, "ActorSelectionMessage(");
    put_msg(s, b->message, depth + 1);
    puts_to(s, ",Vector(");
    for (size_t i = 0; i < b->n_steps; i++) {
        const uk_step *step = &b->steps[i];
        if (i) puts_to(s, ", ");
        if (step->kind == UK_STEP_PARENT) puts_to(s, "..");
        else put(s, (const char *)step->text.ptr, step->text.len);
    }
    puts_to(s, b->fan_out ? "),true)" : "),false)");
}
static bool put_deployed(sink *s, const ukko_type *t, const void *body, unsigned depth) {
    const ukko_from_config *from = body;
    if (t == &ukko_default_resizer_type) put_resizer(s, body);
    else if (t == &ukko_pool_type) put_pool(s, body, depth);
    else if (t == &ukko_remote_router_config_type) put_router_config(s, body, depth);
    else if (t == &uk_selection_type) put_selection(s, body, depth);
    else if (t == &ukko_from_config_type && !from->resizer && !from->dispatcher)
        puts_to(s, "FromConfig");
    else return false;
    return true;
}

static void put_hashed(sink *s, const ukko_hash_envelope *e, unsigned depth) {
    puts_to(s, "ConsistentHashableEnvelope(");
    put_msg(s, e->message, depth + 1);
    puts_to(s, ",");
    put_msg(s, e->key, depth + 1);
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
    } else if (t == &ukko_hash_envelope_type) {
        put_hashed(s, body, depth);
    } else if (t == &ukko_json_type) {
        puts_to(s, ((const ukko_json *)body)->text);
    } else {
        return put_number(s, t, body) || put_wrapped(s, t, body, depth) ||
               put_deployed(s, t, body, depth);
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
