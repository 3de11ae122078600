/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of ukko-peer: one table with a function and the feature that each needs, and the
   commands that neither send, find nor make. Runs on the command thread. */
#include "commands.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- What the commands share --------------------------------------------------------- */

char *call_word(call *c) {
    char *w = c->rest, *end = strchr(w, ' ');
    c->rest = end ? end + 1 + strspn(end + 1, " ") : w + strlen(w);
    if (end) *end = '\0';
    return w;
}

void local_print(ukko_system *sys, const ukko_ref *ref, char *text, size_t len) {
    const char *path = ukko_ref_path(ref), *own = ukko_remote_address(sys);
    size_t n = strlen(own);
    bool here = strncmp(path, own, n) == 0 && path[n] == '/';
    if (here) snprintf(text, len, "pekko://%s%s", ukko_system_name(sys), path + n);
    else snprintf(text, len, "%s", path);
}

/* What was found by a path once is found by it again, also when it has ended: as the resolver of a
   JVM's thread does. On the command thread only. */
enum { RESOLVED = 1024 };
static struct {
    char *path;
    ukko_ref *ref;
} resolved[RESOLVED];

static bool is_actor(const ukko_ref *ref, const char *path) {
    return strchr(ukko_ref_path(ref), '#') && !strchr(path, '#') && !strstr(path, "/temp/");
}

ukko_ref *ref_of(ukko_system *sys, const char *path) {
    size_t i = 0;
    for (; i < RESOLVED && resolved[i].path; i++)
        if (strcmp(resolved[i].path, path) == 0) return ukko_ref_retain(resolved[i].ref);
    ukko_ref *ref = ukko_system_ref(sys, path);
    if (i < RESOLVED && is_actor(ref, path)) {
        resolved[i].path = strdup(path);
        resolved[i].ref = ukko_ref_retain(ref);
    }
    return ref;
}

ukko_ref *call_ref(call *c, const char *path) { return ref_of(c->p->sys, path); }

void refs_forget(void) {
    for (size_t i = 0; i < RESOLVED && resolved[i].path; i++) {
        ukko_ref_release(resolved[i].ref);
        free(resolved[i].path);
        resolved[i].path = NULL;
    }
}

int call_message_of(call *c, ukko_ref *sender, ukko_msg **out) {
    if (message_parse(c->p->sys, c->rest, out, &c->fault)) return -1;
    if (*out) return 0;
    char from[512];
    if (!sender)
        return fault_set(&c->fault, "org.apache.pekko.actor.InvalidMessageException",
                         "Message is null.");
    local_print(c->p->sys, sender, from, sizeof from);
    return fault_set(&c->fault, "org.apache.pekko.actor.InvalidMessageException",
                     "Message sent from [Actor[%s]] is null.", from);
}

int call_message(call *c, ukko_msg **out) { return call_message_of(c, c->p->collector, out); }

void emit_ok(const char *cmd) { out_emit("ok", "cmd", out_text(cmd), NULL); }

/* ---- Commands of their own ----------------------------------------------------------- */

static int cmd_forward_to(call *c) {
    ukko_ref *to = call_ref(c, call_word(c));
    ukko_tell_from(c->p->forwarder, ukko_msg_copy(&forward_order_type, &(forward_order){to}), NULL);
    ukko_ref_release(to);
    emit_ok("forward-to");
    return 0;
}

static int cmd_quarantine(call *c) {
    const char *address = call_word(c);
    int64_t uid = 0;
    bool named = *c->rest;
    if (address_check(address, &c->fault) ||
        (named && number_parse(call_word(c), INT64_MIN, INT64_MAX, &uid, &c->fault)))
        return -1;
    int32_t low = (int32_t)uid;
    int rc = ukko_remote_quarantine(c->p->sys, address, named ? &low : NULL);
    if (rc != UKKO_OK)
        return fault_set(&c->fault, "java.lang.IllegalArgumentException", "%s", ukko_strerror(rc));
    emit_ok("quarantine");
    return 0;
}

static int cmd_publish(call *c) {
    ukko_msg *msg;
    if (call_message(c, &msg)) return -1;
    ukko_publish_msg(c->p->sys, msg);
    emit_ok("publish");
    return 0;
}

static int config_list(const ukko_config *config, const char *key, json_t **out) {
    size_t n;
    int rc = ukko_config_count(config, key, &n);
    if (rc != UKKO_OK) return rc;
    *out = json_array();
    for (size_t i = 0; i < n; i++) {
        const char *text;
        if (ukko_config_string_at(config, key, i, &text) == UKKO_OK)
            json_array_append_new(*out, out_text(text));
    }
    return UKKO_OK;
}

static int config_value(const ukko_config *config, const char *type, const char *key,
                        json_t **out) {
    int64_t n = 0;
    bool flag = false;
    double real = 0;
    const char *text = NULL;
    int rc;
    if (strcmp(type, "ms") == 0) {
        rc = ukko_config_duration_ns(config, key, &n);
        *out = json_integer(n / 1000000);
    } else if (strcmp(type, "bytes") == 0 || strcmp(type, "int") == 0) {
        rc = *type == 'b' ? ukko_config_bytes(config, key, &n) : ukko_config_int(config, key, &n);
        *out = json_integer(n);
    } else if (strcmp(type, "bool") == 0) {
        rc = ukko_config_bool(config, key, &flag);
        *out = json_boolean(flag);
    } else if (strcmp(type, "double") == 0) {
        rc = ukko_config_double(config, key, &real);
        *out = json_real(real);
    } else if (strcmp(type, "list") == 0) {
        rc = config_list(config, key, out);
    } else {
        rc = ukko_config_string(config, key, &text);
        *out = out_text(text);
    }
    return rc;
}

static int cmd_config(call *c) {
    const char *type = call_word(c), *key = call_word(c);
    json_t *value = NULL;
    const ukko_config *config = ukko_system_config(c->p->sys);
    int rc = config_value(config, type, key, &value);
    if (rc != UKKO_OK) {
        ukko_error err = {0};
        json_decref(value);
        ukko_config_explain(config, key, rc, NULL, &err);
        return fault_set(&c->fault,
                         rc == UKKO_ENOTFOUND ? "com.typesafe.config.ConfigException$Missing"
                                              : "com.typesafe.config.ConfigException$WrongType",
                         "%.390s", err.message);
    }
    out_emit("config", "key", out_text(key), "value", value, NULL);
    return 0;
}

static void emit_serialized(const ukko_msg *msg, const ukko_serialized *s) {
    char *hex = malloc(2 * s->len + 1);
    for (size_t i = 0; i < s->len; i++) snprintf(hex + 2 * i, 3, "%02x", s->bytes[i]);
    out_emit("serialize", "class", value_class(msg), "serializer_id", json_integer(s->serializer),
             "manifest", out_text(s->manifest), "bytes", json_integer((json_int_t)s->len), "hex",
             out_text_n(hex, 2 * s->len), "value", value_of(msg), NULL);
    free(hex);
}

static int cmd_serialize(call *c) {
    ukko_msg *msg;
    ukko_serialized s;
    ukko_error err = {0};
    if (message_parse(c->p->sys, c->rest, &msg, &c->fault)) return -1;
    if (ukko_serialize(c->p->sys, msg, &s, &err) == UKKO_OK) {
        emit_serialized(msg, &s);
        ukko_serialized_fini(&s);
    } else {
        out_emit("serialize", "class", value_class(msg), "error", out_text(err.message), NULL);
    }
    ukko_msg_release(msg);
    return 0;
}

static int cmd_deserialize(call *c) {
    int64_t id;
    if (number_parse(call_word(c), INT32_MIN, INT32_MAX, &id, &c->fault)) return -1;
    const char *manifest = call_word(c);
    uint8_t *bytes;
    ukko_slice in;
    ukko_msg *msg = NULL;
    ukko_error err = {0};
    if (hex_parse(c->rest, &bytes, &in.len, &c->fault)) return -1;
    in.ptr = bytes;
    if (strcmp(manifest, "-") == 0) manifest = "";
    int rc = ukko_deserialize(c->p->sys, (int32_t)id, manifest, in, &msg, &err);
    free(bytes);
    if (rc != UKKO_OK)
        return fault_set(&c->fault, "java.io.NotSerializableException", "%.390s", err.message);
    out_emit("deserialized", "class", value_class(msg), "value", value_of(msg), NULL);
    ukko_msg_release(msg);
    return 0;
}

static int cmd_mark(call *c) {
    out_emit("mark", "text", out_text(c->rest), NULL);
    return 0;
}

static int cmd_sleep(call *c) {
    int64_t ms;
    if (number_parse(call_word(c), INT64_MIN, INT64_MAX, &ms, &c->fault)) return -1;
    if (ms < 0)
        return fault_set(&c->fault, "java.lang.IllegalArgumentException",
                         "timeout value is negative");
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
    return 0;
}

static int cmd_crash(call *c) {
    (void)c;
    _exit(EXIT_FAILURE);
}

static int cmd_gc(call *c) {
    (void)c;
    emit_ok("gc");
    return 0;
}

/* ---- The table ----------------------------------------------------------------------- */

typedef struct command {
    const char *name;
    int (*run)(call *c); /* NULL: its feature has no public interface yet */
    feature needs;
    const char *takes; /* the words that it cannot do without, see missing() */
} command;

static const command commands[] = {
    {"select", cmd_select, FEATURE_BASE, NULL},
    {"select-nosender", cmd_select_nosender, FEATURE_BASE, NULL},
    {"select-at", cmd_select_at, FEATURE_BASE, NULL},
    {"tell", cmd_tell, FEATURE_BASE, NULL},
    {"tell-nosender", cmd_tell_nosender, FEATURE_BASE, NULL},
    {"tell-as", cmd_tell_as, FEATURE_BASE, NULL},
    {"flood", cmd_flood, FEATURE_BASE, NULL},
    {"numbered", cmd_numbered, FEATURE_BASE, NULL},
    {"identify", cmd_identify, FEATURE_BASE, NULL},
    {"resolve", cmd_resolve, FEATURE_BASE, NULL},
    {"ask", cmd_ask, FEATURE_BASE, NULL},
    {"ask-ms", cmd_ask_ms, FEATURE_BASE, NULL},
    {"ask-ref", cmd_ask_ref, FEATURE_BASE, NULL},
    {"watch", cmd_watch, FEATURE_BASE, NULL},
    {"unwatch", cmd_unwatch, FEATURE_BASE, NULL},
    {"watchref", cmd_watchref, FEATURE_BASE, NULL},
    {"unwatchref", cmd_unwatchref, FEATURE_BASE, NULL},
    {"watch-by", cmd_watch_by, FEATURE_BASE, NULL},
    {"unwatch-by", cmd_unwatch_by, FEATURE_BASE, NULL},
    {"stop", cmd_stop, FEATURE_BASE, NULL},
    {"suspend", cmd_suspend, FEATURE_BASE, NULL},
    {"resume", cmd_resume, FEATURE_BASE, NULL},
    {"restart", cmd_restart, FEATURE_BASE, NULL},
    {"poison", cmd_poison, FEATURE_BASE, NULL},
    {"kill", cmd_kill, FEATURE_BASE, NULL},
    {"poison-ref", cmd_poison_ref, FEATURE_BASE, NULL},
    {"kill-ref", cmd_kill_ref, FEATURE_BASE, NULL},
    {"spawn", cmd_spawn, FEATURE_BASE, "0s2"},
    {"deploy", cmd_deploy, FEATURE_DEPLOY, "0s32"},
    {"make", cmd_make, FEATURE_DEPLOY, "0s2"},
    {"make-local", cmd_make_local, FEATURE_BASE, "0s2"},
    {"make-router", cmd_make_router, FEATURE_ROUTERS, "1s2"},
    {"make-group", cmd_make_group, FEATURE_ROUTERS, NULL},
    {"pool", cmd_pool, FEATURE_ROUTERS, "0234"},
    {"pool-at", cmd_pool_at, FEATURE_ROUTERS, "024s53"},
    {"group", cmd_group, FEATURE_ROUTERS, "2"},
    {"broadcast", cmd_broadcast, FEATURE_ROUTERS, NULL},
    {"routees", cmd_routees, FEATURE_ROUTERS, NULL},
    {"hashed", cmd_hashed, FEATURE_ROUTERS, NULL},
    {"adjust", cmd_adjust, FEATURE_ROUTERS, NULL},
    {"add-routee", cmd_add_routee, FEATURE_ROUTERS, NULL},
    {"remove-routee", cmd_remove_routee, FEATURE_ROUTERS, NULL},
    {"stop-child", cmd_stop_child, FEATURE_BASE, NULL},
    {"strategy", cmd_strategy, FEATURE_BASE, NULL},
    {"forward-to", cmd_forward_to, FEATURE_BASE, NULL},
    {"quarantine", cmd_quarantine, FEATURE_BASE, NULL},
    {"fault", cmd_fault, FEATURE_BASE, NULL},
    {"subscribe", cmd_subscribe, FEATURE_BASE, NULL},
    {"unsubscribe", cmd_unsubscribe, FEATURE_BASE, NULL},
    {"task", cmd_task, FEATURE_BASE, NULL},
    {"publish", cmd_publish, FEATURE_BASE, NULL},
    {"count", cmd_count, FEATURE_BASE, NULL},
    {"config", cmd_config, FEATURE_BASE, NULL},
    {"mark", cmd_mark, FEATURE_BASE, NULL},
    {"sleep", cmd_sleep, FEATURE_BASE, NULL},
    {"serialize", cmd_serialize, FEATURE_BASE, NULL},
    {"deserialize", cmd_deserialize, FEATURE_BASE, NULL},
    {"gc", cmd_gc, FEATURE_BASE, NULL},
    {"crash", cmd_crash, FEATURE_BASE, NULL},
    {"join", NULL, FEATURE_JVM, NULL},
    {"leave", NULL, FEATURE_JVM, NULL},
};

static const command *command_named(const char *name) {
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

static int words_in(const char *s) {
    int n = 0;
    while (*s) {
        n++;
        s += strcspn(s, " ");
        s += strspn(s, " ");
    }
    return n;
}

/* What Java says when words are missing, in the order in which the JVM peer takes them: a digit is
   the place of one, a digit behind an s that of the first of the rest. */
static int missing(const char *takes, int n, fault *f) {
    for (; takes && *takes; takes++) {
        bool rest = *takes == 's';
        takes += rest;
        int at = *takes - '0';
        if (rest && at > n)
            return fault_set(f, "java.lang.IllegalArgumentException", "fromIndex(%d) > toIndex(%d)",
                             at, n);
        if (!rest && at >= n)
            return fault_set(f, "java.lang.IndexOutOfBoundsException",
                             "Index %d out of bounds for length %d", at, n);
    }
    return 0;
}

static int run(const command *cmd, call *c) {
    return missing(cmd->takes, words_in(c->rest), &c->fault) ? -1 : cmd->run(c);
}

static void emit_error(const char *line, json_t *cause) {
    out_emit("error", "cmd", out_text(line), "cause", cause, NULL);
}

void command_run(peer *p, const char *line) {
    char *copy = strdup(line);
    call c = {.p = p, .line = line, .rest = copy};
    const command *cmd = command_named(call_word(&c));
    if (!cmd) emit_error(line, out_map("message", out_text("unknown command"), NULL));
    else if (!feature_built(cmd->needs) || !cmd->run) out_unsupported("cmd", cmd->name);
    else if (run(cmd, &c)) emit_error(line, out_failure(c.fault.class_name, c.fault.message));
    free(copy);
}
