/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_MAILBOX_H
#define UKKO_MAILBOX_H

/*
 * Kinds of mailboxes that a program adds to those of the runtime: mailboxes in which messages
 * overtake each other by a priority. Which mailbox an actor has is said by its props, by the
 * configuration of its path, by its dispatcher, or by what its kind requires.
 */
#include <ukko/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Mailboxes: ukko_mailbox(3) ---------------------------------------------------- */

/* What a mailbox does. */
enum {
    UKKO_MAILBOX_BOUNDED = 1 << 0, /* mailbox-capacity and mailbox-push-timeout-time hold */
    UKKO_MAILBOX_CONTROL = 1 << 1  /* messages of UKKO_TYPE_CONTROL types overtake all others */
};

/* A kind of mailbox: one static const table each, which outlives the systems that use it. A section
   of the configuration names it: my-box { mailbox-type = NAME }. Messages of the same priority keep
   their order. (UnboundedStablePriorityMailbox, BoundedStablePriorityMailbox, ...) */
typedef struct ukko_mailbox {
    uint32_t size;    /* sizeof(ukko_mailbox) */
    uint32_t flags;   /* UKKO_MAILBOX_* */
    const char *name; /* as mailbox-type has it: the class name on the JVM */
    /* The priority of a message; the lowest is handled first. Runs in the receiving actor's turn,
       once when the message is taken out of the inbox. NULL: as they come. (PriorityGenerator) */
    int32_t (*priority)(const ukko_msg *msg, void *data);
    void *data; /* passed to priority */
    /* One more name that ukko_actor.requires_queue and mailbox-requirement may ask for, besides
       those of Pekko that follow from the flags. NULL: none. */
    const char *semantics;
} ukko_mailbox;

/* [setup] Makes a kind of mailbox known; it must outlive the system. UKKO_EINVAL: no name;
   UKKO_EEXISTS: the name is taken; UKKO_ESTATE: started already. */
UKKO_API int ukko_system_add_mailbox(ukko_system *sys, const ukko_mailbox *mailbox);

#ifdef __cplusplus
}
#endif
#endif
