/* SPDX-License-Identifier: Apache-2.0 */
/* How a command of ukko-peer is run: one function each, with the line and the rest of its words.
   All on the command thread. */
#ifndef PEER_COMMANDS_H
#define PEER_COMMANDS_H
#include "peer.h"

enum { ASK_MS = 10000, MAX_ARGS = 32 };

/* A command while it runs: the words are cut from the front of rest. */
typedef struct call {
    peer *p;
    const char *line; /* the whole of it */
    char *rest;       /* writable */
    fault fault;
} call;

/* commands.c: for the functions below */
char *call_word(call *c); /* cuts the next word off; "" at the end */
ukko_ref *call_ref(call *c, const char *path); /* owned */
/* as Pekko shows a reference in texts: a local one without host and port */
void local_print(ukko_system *sys, const ukko_ref *ref, char *text, size_t len);
int call_message_of(call *c, ukko_ref *sender, ukko_msg **out);
int call_message(call *c, ukko_msg **out); /* what is left as a message, which must not be null */
void emit_ok(const char *cmd);

/* Nonzero: c->fault says why. */
/* cmd_send.c */
int cmd_fault(call *c);
int cmd_select(call *c);
int cmd_select_nosender(call *c);
int cmd_select_at(call *c);
int cmd_tell(call *c);
int cmd_tell_nosender(call *c);
int cmd_tell_as(call *c);
int cmd_flood(call *c);
int cmd_numbered(call *c);
int cmd_poison(call *c);
int cmd_kill(call *c);
int cmd_poison_ref(call *c);
int cmd_kill_ref(call *c);
int cmd_stop(call *c);
int cmd_suspend(call *c);
int cmd_resume(call *c);
int cmd_restart(call *c);

/* cmd_find.c */
int cmd_resolve(call *c);
int cmd_watch(call *c);
int cmd_unwatch(call *c);
int cmd_watchref(call *c);
int cmd_unwatchref(call *c);
int cmd_watch_by(call *c);
int cmd_unwatch_by(call *c);
int cmd_ask(call *c);
int cmd_ask_ms(call *c);
int cmd_ask_ref(call *c);
int cmd_identify(call *c);
int cmd_count(call *c);

/* cmd_make.c */
int order_make(call *c, make_order *o); /* sends the order, the rest of the line as arguments */
int cmd_spawn(call *c);
int cmd_make(call *c);
int cmd_make_local(call *c);
int cmd_deploy(call *c);
int cmd_stop_child(call *c);
int cmd_strategy(call *c);

/* cmd_end.c */
int cmd_subscribe(call *c);
int cmd_unsubscribe(call *c);
int cmd_task(call *c);

/* cmd_route.c */
int cmd_make_router(call *c);
int cmd_make_group(call *c);
int cmd_pool(call *c);
int cmd_pool_at(call *c);
int cmd_group(call *c);
int cmd_broadcast(call *c);
int cmd_routees(call *c);
int cmd_hashed(call *c);
int cmd_adjust(call *c);
int cmd_add_routee(call *c);
int cmd_remove_routee(call *c);
#endif
