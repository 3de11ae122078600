/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that make actors: local ones, and those that the deployer makes and supervises. */
#include "commands.h"
#include <string.h>

static int class_check(call *c, const char *name) {
    if (actor_by_class(name))
        return 0;
    return fault_set(&c->fault, "java.lang.ClassNotFoundException",
                     strchr(name, '.') ? "%s" : "ukko.oracle.Actors$%s", name);
}

/* The rest as messages; *n of them are to be released also when one is wrong. */
static int args_parse(call *c, ukko_msg **args, size_t *n) {
    for (*n = 0; *c->rest && *n < MAX_ARGS; ++*n)
        if (message_parse(c->p->sys, call_word(c), &args[*n], &c->fault))
            return -1;
    return 0;
}

static void args_release(ukko_msg **args, size_t n) {
    for (size_t i = 0; i < n; i++)
        ukko_msg_release(args[i]);
}

static int spawn_fault(call *c, const char *name, int code) {
    if (code == UKKO_EEXISTS)
        return fault_set(&c->fault, "org.apache.pekko.actor.InvalidActorNameException",
                         "actor name [%s] is not unique!", name);
    return fault_set(&c->fault,
                     code == UKKO_EINVAL ? "org.apache.pekko.actor.InvalidActorNameException"
                                         : "org.apache.pekko.ConfigurationException",
                     "%s: %s", name, ukko_strerror(code));
}

int cmd_spawn(call *c) {
    const char *class_name = call_word(c), *name = call_word(c);
    ukko_msg *args[MAX_ARGS];
    size_t n;
    if (class_check(c, class_name))
        return -1;
    if (args_parse(c, args, &n)) {
        args_release(args, n);
        return -1;
    }
    ukko_props *props = ukko_props_new(actor_by_class(class_name));
    for (size_t i = 0; i < n; i++)
        ukko_props_arg_msg(props, args[i]);
    ukko_ref *ref = NULL;
    int rc = ukko_system_spawn(c->p->sys, props, name, &ref);
    if (rc != UKKO_OK)
        return spawn_fault(c, name, rc);
    out_emit("spawned", "name", out_text(name), "ref", value_ref(ref), NULL);
    ukko_ref_release(ref);
    return 0;
}

int order_make(call *c, make_order *o) {
    ukko_msg *args[MAX_ARGS];
    int rc = class_check(c, o->class_name);
    if (rc == 0) {
        o->args = args;
        rc = args_parse(c, args, &o->n_args);
    }
    if (rc == 0)
        ukko_tell_from(c->p->deployer, ukko_msg_copy(&make_order_type, o), NULL);
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

int cmd_stop_child(call *c) {
    return order_text(c, &stop_child_type);
}

int cmd_strategy(call *c) {
    return order_text(c, &strategy_type);
}
