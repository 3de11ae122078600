/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that make actors: local ones, and those that the deployer makes and supervises. */
#include "commands.h"
#include <stdio.h>
#include <string.h>

static int class_check(call *c, const char *name) {
    if (actor_by_class(name)) return 0;
    return fault_set(&c->fault, "java.lang.ClassNotFoundException",
                     strchr(name, '.') ? "%s" : "ukko.oracle.Actors$%s", name);
}

/* Which arguments the constructors take: so many of any kind, or one of one type. */
static bool args_fit(const ukko_actor *actor, ukko_msg *const *args, size_t n) {
    if (actor == &worker_actor) return n <= 3;
    if (actor == &parent_actor) return n == 1 && ukko_msg_type(args[0]) == &ukko_int_type;
    if (actor == &deployer_actor) return n == 1 && ukko_msg_type(args[0]) == &ukko_bool_type;
    return n == 0;
}

static int args_check(call *c, const char *class_name, ukko_msg *const *args, size_t n) {
    const ukko_actor *actor = actor_by_class(class_name);
    char classes[300] = "";
    size_t len = 0;
    if (args_fit(actor, args, n)) return 0;
    for (size_t i = 0; i < n && len < sizeof classes; i++)
        len += (size_t)snprintf(classes + len, sizeof classes - len, "%sclass %s", i ? ", " : "",
                                args[i] ? ukko_msg_class(args[i]) : "java.lang.Object");
    return fault_set(&c->fault, "java.lang.IllegalArgumentException",
                     "no matching constructor found on class %s for arguments [%s]", actor->name,
                     classes);
}

/* The rest as messages; *n of them are to be released also when one is wrong. */
static int args_parse(call *c, const char *class_name, ukko_msg **args, size_t *n) {
    for (*n = 0; *c->rest && *n < MAX_ARGS; ++*n)
        if (message_parse(c->p->sys, call_word(c), &args[*n], &c->fault)) return -1;
    return args_check(c, class_name, args, *n);
}

static void args_release(ukko_msg **args, size_t n) {
    for (size_t i = 0; i < n; i++) ukko_msg_release(args[i]);
}

static int spawn_fault(call *c, const char *name, int code) {
    if (code == UKKO_EEXISTS)
        return fault_set(&c->fault, "org.apache.pekko.actor.InvalidActorNameException",
                         "actor name [%s] is not unique!", name);
    ukko_error why;
    spawn_problem(&why);
    return fault_set(&c->fault,
                     code == UKKO_EINVAL     ? "org.apache.pekko.actor.InvalidActorNameException"
                     : code == UKKO_ESTOPPED ? "java.lang.IllegalStateException"
                                             : "org.apache.pekko.ConfigurationException",
                     "%.390s", why.message);
}

int cmd_spawn(call *c) {
    const char *class_name = call_word(c), *name = call_word(c);
    ukko_msg *args[MAX_ARGS];
    size_t n;
    if (class_check(c, class_name)) return -1;
    if (args_parse(c, class_name, args, &n)) {
        args_release(args, n);
        return -1;
    }
    ukko_props *props = ukko_props_new(actor_by_class(class_name));
    for (size_t i = 0; i < n; i++) ukko_props_arg_msg(props, args[i]);
    ukko_ref *ref = NULL;
    int rc = ukko_system_spawn(c->p->sys, props, name, &ref);
    if (rc != UKKO_OK) return spawn_fault(c, name, rc);
    out_emit("spawned", "name", out_text(name), "ref", value_ref(ref), NULL);
    ukko_ref_release(ref);
    return 0;
}

int order_make(call *c, make_order *o) {
    ukko_msg *args[MAX_ARGS];
    int rc = class_check(c, o->class_name);
    if (rc == 0) {
        o->args = args;
        rc = args_parse(c, o->class_name, args, &o->n_args);
    }
    if (rc == 0) ukko_tell_from(c->p->deployer, ukko_msg_copy(&make_order_type, o), NULL);
    args_release(args, o->n_args);
    return rc;
}

int cmd_make(call *c) {
    make_order o = {.class_name = call_word(c)};
    o.name = call_word(c);
    return order_make(c, &o);
}

int cmd_make_local(call *c) {
    make_order o = {.class_name = call_word(c), .local = true};
    o.name = call_word(c);
    return order_make(c, &o);
}

int cmd_deploy(call *c) {
    make_order o = {.class_name = call_word(c)};
    o.name = call_word(c);
    o.address = call_word(c);
    return address_check(o.address, &c->fault) ? -1 : order_make(c, &o);
}

static int order_text(call *c, const ukko_type *type) {
    ukko_msg *msg = ukko_msg_copy(type, &(text_order){call_word(c)});
    ukko_tell_from(c->p->deployer, msg, NULL);
    return 0;
}

int cmd_stop_child(call *c) { return order_text(c, &stop_child_type); }

int cmd_strategy(call *c) { return order_text(c, &strategy_type); }
