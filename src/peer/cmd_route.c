/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of routers: the deployer makes them as its children; messages to all routees, and
   the list of them. On the command thread; the answer of a router on any. */
#include "commands.h"
#include <stdlib.h>
#include <string.h>

/* "a,b,c" in its own place as a list, as Java splits it: without empty ones at the end; at most
   MAX_ARGS. */
static size_t split(char *text, const char **list) {
    size_t n = 0;
    for (char *at = text; *at && n < MAX_ARGS;) {
        char *comma = strchr(at, ',');
        list[n++] = at;
        if (!comma) break;
        *comma = '\0';
        at = comma + 1;
    }
    while (n > 0 && !*list[n - 1]) n--;
    return n;
}

static int instances(call *c, make_order *o) {
    int64_t n;
    if (number_parse(call_word(c), INT32_MIN, INT32_MAX, &n, &c->fault)) return -1;
    o->instances = n > 0 ? (int32_t)n : 0;
    return 0;
}

int cmd_make_router(call *c) {
    make_order o = {.name = call_word(c), .router = "config"};
    o.class_name = call_word(c);
    return order_make(c, &o);
}

static int order_group(call *c, make_order *o) {
    o->group = strcmp(o->router, "config") != 0;
    ukko_tell_from(c->p->deployer, ukko_msg_copy(&make_order_type, o), NULL);
    return 0;
}

int cmd_make_group(call *c) {
    make_order o = {.name = call_word(c), .router = "config"};
    return order_group(c, &o);
}

int cmd_group(call *c) {
    const char *paths[MAX_ARGS];
    make_order o = {.router = call_word(c)};
    o.name = call_word(c);
    o.n_places = split(call_word(c), paths);
    o.places = paths;
    return order_group(c, &o);
}

/* pool KIND NAME N ADDR[,ADDR] CLASS ARGS...; "-" stands for no address: an ordinary pool. */
int cmd_pool(call *c) {
    const char *nodes[MAX_ARGS];
    make_order o = {.router = call_word(c)};
    o.name = call_word(c);
    if (instances(c, &o)) return -1;
    char *list = call_word(c);
    o.n_places = strcmp(list, "-") == 0 ? 0 : split(list, nodes);
    o.places = nodes;
    for (size_t i = 0; i < o.n_places; i++)
        if (address_check(nodes[i], &c->fault)) return -1;
    o.class_name = call_word(c);
    return order_make(c, &o);
}

int cmd_pool_at(call *c) {
    make_order o = {.router = call_word(c)};
    o.name = call_word(c);
    if (instances(c, &o)) return -1;
    o.address = call_word(c);
    if (address_check(o.address, &c->fault)) return -1;
    o.class_name = call_word(c);
    return order_make(c, &o);
}

int cmd_broadcast(call *c) {
    ukko_ref *to = call_ref(c, call_word(c));
    ukko_msg *msg;
    int rc = call_message(c, &msg);
    if (!rc) ukko_tell_from(to, ukko_msg_broadcast(msg), c->p->collector);
    ukko_ref_release(to);
    return rc;
}

/* hashed PATH KEY MSG: what decides is the key. */
int cmd_hashed(call *c) {
    ukko_ref *to = call_ref(c, call_word(c));
    ukko_msg *key = NULL, *msg = NULL;
    int rc = message_parse(c->p->sys, call_word(c), &key, &c->fault);
    if (!rc) rc = call_message(c, &msg);
    if (!rc) ukko_tell_from(to, ukko_msg_hashed(msg, key), c->p->collector);
    else ukko_msg_release(key);
    ukko_ref_release(to);
    return rc;
}

int cmd_adjust(call *c) {
    ukko_ref *to = call_ref(c, call_word(c));
    int64_t n;
    int rc = number_parse(call_word(c), INT32_MIN, INT32_MAX, &n, &c->fault);
    if (!rc) {
        ukko_adjust_pool_size body = {(int32_t)n};
        ukko_tell_from(to, ukko_msg_copy(&ukko_adjust_pool_size_type, &body), c->p->collector);
    }
    ukko_ref_release(to);
    return rc;
}

static int tell_routee(call *c, const ukko_type *type) {
    ukko_ref *to = call_ref(c, call_word(c)), *routee = call_ref(c, call_word(c));
    ukko_tell_from(to, ukko_msg_copy(type, &(ukko_routee){routee, NULL}), c->p->collector);
    ukko_ref_release(routee);
    ukko_ref_release(to);
    return 0;
}

int cmd_add_routee(call *c) { return tell_routee(c, &ukko_add_routee_type); }

int cmd_remove_routee(call *c) { return tell_routee(c, &ukko_remove_routee_type); }

static json_t *routee_text(const ukko_routee *r) {
    return r->ref ? value_ref(r->ref) : out_text(r->path);
}

static void show_routees(void *data, int status, const ukko_msg *answer) {
    char *path = data;
    const ukko_routees *r = ukko_msg_get(answer, &ukko_routees_type);
    if (r) {
        json_t *list = json_array();
        for (size_t i = 0; i < r->n; i++) json_array_append_new(list, routee_text(&r->list[i]));
        out_emit("routees", "path", out_text(path), "count", json_integer((json_int_t)r->n), "list",
                 list, NULL);
    } else {
        out_emit("routees", "path", out_text(path), "error",
                 answer ? value_throwable(answer)
                        : out_failure("org.apache.pekko.pattern.AskTimeoutException",
                                      ukko_strerror(status)),
                 NULL);
    }
    free(path);
}

int cmd_routees(call *c) {
    const char *path = call_word(c);
    ukko_ref *to = call_ref(c, path);
    ukko_ask_async(to, ukko_msg_new(&ukko_get_routees_type), ASK_MS, show_routees, strdup(path));
    ukko_ref_release(to);
    return 0;
}
