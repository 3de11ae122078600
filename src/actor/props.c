/* SPDX-License-Identifier: Apache-2.0 */
/* Props: the recipe of an actor. Filled by one thread, then shared by count. */
#include "actor/cell.h"
#include "actor/provider.h"
#include "actor/routing.h"
#include "base/mem.h"

ukko_props *ukko_props_new(const ukko_actor *actor) {
    ukko_props *p = uk_zalloc(sizeof *p);
    atomic_init(&p->refs, 1);
    p->actor = actor;
    return p;
}
ukko_props *ukko_props_retain(const ukko_props *props) {
    ukko_props *p = (ukko_props *)(uintptr_t)props;
    if (uk_props_take(p)) return p;
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}
void ukko_props_release(ukko_props *p) { uk_props_release_n(p, 1); }
void uk_props_release_n(ukko_props *p, uint32_t n) {
    if (!p || !n || atomic_fetch_sub_explicit(&p->refs, n, memory_order_acq_rel) != n) return;
    for (size_t i = 0; i < p->n_args; i++) ukko_msg_release(p->args[i]);
    uk_free(p->args);
    uk_free(p->dispatcher);
    uk_free(p->mailbox);
    uk_free(p->deploy);
    uk_router_conf_release((uk_router_conf *)(uintptr_t)p->router);
    uk_routing_free(p->routing);
    uk_shared_release(p->shared);
    uk_free(p->load);
    uk_free(p);
}
int ukko_props_arg_msg(ukko_props *p, ukko_msg *arg) {
    p->args = uk_realloc(p->args, (p->n_args + 1) * sizeof *p->args);
    p->args[p->n_args++] = arg ? arg : ukko_msg_new(&ukko_null_type);
    return UKKO_OK;
}
int ukko_props_arg(ukko_props *p, const ukko_type *type, const void *body) {
    return type ? ukko_props_arg_msg(p, ukko_msg_copy(type, body)) : UKKO_EINVAL;
}
uk_props_view uk_props_look(const ukko_props *p) {
    return (uk_props_view){p->actor,   p->args,   p->n_args, p->dispatcher,
                           p->mailbox, p->deploy, p->local};
}
static int set(char **slot, const char *text) {
    if (!text || !*text) return UKKO_EINVAL;
    uk_free(*slot);
    *slot = uk_strdup(text);
    return UKKO_OK;
}
int ukko_props_dispatcher(ukko_props *p, const char *id) { return set(&p->dispatcher, id); }
int ukko_props_mailbox(ukko_props *p, const char *id) { return set(&p->mailbox, id); }
int ukko_props_deploy(ukko_props *p, const char *address) {
    uk_path a;
    if (uk_address_parse(ukko_str(address), &a) || !a.host.len) return UKKO_EINVAL;
    return set(&p->deploy, address);
}
int ukko_props_local(ukko_props *p) {
    p->local = true;
    return UKKO_OK;
}
ukko_props *uk_props_copy(const ukko_props *from) {
    ukko_props *p = ukko_props_new(from->actor);
    for (size_t i = 0; i < from->n_args; i++) ukko_props_arg_msg(p, ukko_msg_retain(from->args[i]));
    p->dispatcher = uk_strdup(from->dispatcher);
    p->mailbox = uk_strdup(from->mailbox);
    p->deploy = uk_strdup(from->deploy);
    p->local = from->local;
    p->router = uk_router_conf_retain(from->router);
    return p;
}
void uk_props_set_router(ukko_props *p, uk_router_conf *conf) {
    uk_router_conf_release((uk_router_conf *)(uintptr_t)p->router);
    p->router = conf;
}
const uk_router_conf *uk_props_router(const ukko_props *p) { return p->router; }
void uk_props_shed(ukko_props *p) {
    /* acquire: pairs with the release of whoever gave his count up */
    if (atomic_load_explicit(&p->refs, memory_order_acquire) != 1) return;
    for (size_t i = 0; i < p->n_args; i++) ukko_msg_release(p->args[i]);
    p->n_args = 0;
}
