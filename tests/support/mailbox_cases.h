/* SPDX-License-Identifier: Apache-2.0 */
/* Which mailbox an actor gets: the cases of Pekko's ActorMailboxSpec, in own words, for a system
   that has all of mailbox_sections in its configuration. Test thread only. */
#ifndef TESTS_SUPPORT_MAILBOX_CASES_H
#define TESTS_SUPPORT_MAILBOX_CASES_H
#include "actor/cell.h"
#include "actor/mailbox.h"
#include "support/probe.h"

#define DISPATCH "org.apache.pekko.dispatch."
#define DEQUE_BASED "pekko.actor.mailbox.unbounded-deque-based"
#define BOUNDED_DEQUE_BASED "pekko.actor.mailbox.bounded-deque-based"
#define OWN_SEMANTICS "test.ManyConsumersBounded"

static const char mailbox_sections[] =
    "small { mailbox-capacity = 1000, mailbox-push-timeout-time = 10s }\n"
    "unbounded-dispatcher { mailbox-type = \"" DISPATCH "UnboundedMailbox\" }\n"
    "bounded-dispatcher = ${small} { mailbox-type = \"" DISPATCH "BoundedMailbox\" }\n"
    "requiring-bounded-dispatcher = ${bounded-dispatcher} {\n"
    "  mailbox-requirement = \"" DISPATCH "BoundedMessageQueueSemantics\" }\n"
    "balancing-dispatcher { type = \"" DISPATCH "BalancingDispatcherConfigurator\" }\n"
    "balancing-bounded-dispatcher = ${balancing-dispatcher} ${small} {\n"
    "  mailbox-type = \"" DISPATCH "BoundedMailbox\" }\n"
    "requiring-balancing-bounded-dispatcher = ${balancing-dispatcher} {\n"
    "  mailbox-requirement = \"" OWN_SEMANTICS "\" }\n"
    "unbounded-mailbox { mailbox-type = \"" DISPATCH "UnboundedMailbox\" }\n"
    "bounded-mailbox = ${small} { mailbox-type = \"" DISPATCH "BoundedMailbox\" }\n"
    "no-wait-mailbox = ${bounded-mailbox} { mailbox-push-timeout-time = 0s }\n"
    "bounded-control-mailbox = ${small} { mailbox-type = \"" DISPATCH "BoundedControlAwareMailbox\" }\n"
    "control-mailbox { mailbox-type = \"" DISPATCH "UnboundedControlAwareMailbox\" }\n"
    "own-mailbox = ${small} { mailbox-type = \"test.OwnMailbox\" }\n"
    "pekko.actor.mailbox.requirements { \"" OWN_SEMANTICS "\" = own-mailbox }\n"
    "pekko.actor.deployment {\n"
    "  /says-nothing {}, /bounded { mailbox = bounded-mailbox }\n"
    "  /deque { mailbox = " DEQUE_BASED " }\n"
    "  /bounded-control { mailbox = bounded-control-mailbox }\n"
    "  /control { mailbox = control-mailbox }, /no-wait { mailbox = no-wait-mailbox }\n"
    "  /on-unbounded { dispatcher = unbounded-dispatcher }\n"
    "  /on-unbounded-bounded { dispatcher = unbounded-dispatcher, mailbox = bounded-mailbox }\n"
    "  /on-bounded { dispatcher = bounded-dispatcher }\n"
    "  /on-bounded-unbounded { dispatcher = bounded-dispatcher, mailbox = unbounded-mailbox }\n"
    "  /on-requiring { dispatcher = requiring-bounded-dispatcher }\n"
    "  /on-requiring-bounded-deque { dispatcher = requiring-bounded-dispatcher\n"
    "    mailbox = " BOUNDED_DEQUE_BASED " }\n"
    "  /on-requiring-deque { dispatcher = requiring-bounded-dispatcher, mailbox = " DEQUE_BASED " }\n"
    "  /bounded-deque { mailbox = " BOUNDED_DEQUE_BASED " }\n"
    "}\n";

static const ukko_mailbox own_mailbox = {.size = sizeof(ukko_mailbox),
                                         .flags = UKKO_MAILBOX_BOUNDED,
                                         .name = "test.OwnMailbox",
                                         .semantics = OWN_SEMANTICS};

static int mailbox_ignores(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    (void)ctx, (void)state, (void)m;
    return UKKO_OK;
}
#define ASKS_FOR(text)                                                                      \
    {.size = sizeof(ukko_actor), .name = "asks", .receive = {NULL, mailbox_ignores},        \
     .requires_queue = text}
static const ukko_actor asks_nothing = ASKS_FOR(NULL);
static const ukko_actor asks_bounded = ASKS_FOR(DISPATCH "BoundedMessageQueueSemantics");
static const ukko_actor asks_control = ASKS_FOR(DISPATCH "UnboundedControlAwareMessageQueueSemantics");
static const ukko_actor asks_bounded_control =
    ASKS_FOR(DISPATCH "BoundedControlAwareMessageQueueSemantics");
static const ukko_actor stashes = ASKS_FOR(DISPATCH "DequeBasedMessageQueueSemantics"); /* Stash */

enum { U = UK_QUEUE_UNBOUNDED, B = UK_QUEUE_BOUNDED, D = UK_QUEUE_DEQUE, C = UK_QUEUE_CONTROL };
enum { REFUSED = 0 };

typedef struct mailbox_case {
    const char *name; /* of the actor: its section */
    const ukko_actor *kind;
    const char *dispatcher, *mailbox; /* of the props */
    unsigned can;                     /* what its mailbox can do; REFUSED: it is not made */
} mailbox_case;

#define REQUIRING "requiring-bounded-dispatcher"
static const mailbox_case mailbox_cases[] = {
    {"says-nothing", &asks_nothing, NULL, NULL, U},
    {"props-deque", &asks_nothing, NULL, DEQUE_BASED, U | D},
    {"kind-bounded", &asks_bounded, NULL, NULL, B},
    {"kind-stash", &stashes, NULL, NULL, U | D},
    {"bounded", &asks_nothing, NULL, NULL, B},
    {"deque", &asks_nothing, NULL, NULL, U | D},
    {"bounded-control", &asks_nothing, NULL, NULL, B | C},
    {"control", &asks_nothing, NULL, NULL, U | C},
    {"kind-bounded-control", &asks_bounded_control, NULL, NULL, B | C},
    {"kind-control", &asks_control, NULL, NULL, U | C},
    {"deque", &asks_bounded, NULL, NULL, REFUSED},
    {"on-unbounded", &asks_nothing, NULL, NULL, U},
    {"on-unbounded", &asks_bounded, NULL, NULL, REFUSED},
    {"on-unbounded-bounded", &asks_nothing, NULL, NULL, B},
    {"on-bounded", &asks_nothing, NULL, NULL, B},
    {"no-wait", &asks_nothing, NULL, NULL, B},
    {"on-bounded-unbounded", &asks_nothing, NULL, NULL, U},
    {"on-bounded-unbounded", &asks_nothing, NULL, DEQUE_BASED, U},
    {"on-requiring-bounded-deque", &stashes, NULL, NULL, B | D},
    {"on-requiring-deque", &stashes, NULL, NULL, REFUSED},
    {"on-requiring", &stashes, NULL, NULL, REFUSED},
    {"props-both", &stashes, REQUIRING, BOUNDED_DEQUE_BASED, B | D},
    {"props-both-2", &stashes, REQUIRING, DEQUE_BASED, REFUSED},
    {"props-both-3", &stashes, REQUIRING, NULL, REFUSED},
    {"bounded-deque", &stashes, REQUIRING, NULL, B | D},
    {"deque", &stashes, REQUIRING, NULL, REFUSED},
    {"says-nothing", &stashes, REQUIRING, NULL, REFUSED},
    {"on-requiring", &stashes, NULL, BOUNDED_DEQUE_BASED, B | D},
    {"on-requiring", &stashes, NULL, DEQUE_BASED, REFUSED},
    {"on-requiring", &stashes, NULL, NULL, REFUSED},
    {"balancing", &asks_nothing, "balancing-dispatcher", NULL, U},
    {"balancing-bounded", &asks_nothing, "balancing-bounded-dispatcher", NULL, B},
    {"balancing-requiring", &asks_nothing, "requiring-balancing-bounded-dispatcher", NULL, B},
};
enum { MAILBOX_CASES = sizeof mailbox_cases / sizeof *mailbox_cases };

static inline const uk_mailbox *mailbox_kind(ukko_ref *ref) { /* NULL: the inbox alone */
    uk_cell *c = uk_cell_of(ref);
    return c->traits & UK_TRAIT_BOXED ? uk_box_of(c)->kind : NULL;
}
static inline unsigned mailbox_can(ukko_ref *ref) {
    const uk_mailbox *k = mailbox_kind(ref);
    return k ? k->semantics & (U | B | D | C) : U;
}
static inline ukko_props *mailbox_props(const mailbox_case *m) {
    ukko_props *props = ukko_props_new(m->kind);
    if (m->dispatcher) ukko_props_dispatcher(props, m->dispatcher);
    if (m->mailbox) ukko_props_mailbox(props, m->mailbox);
    return props;
}
/* Makes the actor of the case, looks at it, and lets it end. */
static inline void mailbox_check(ukko_system *sys, probe *p, size_t i) {
    const mailbox_case *m = &mailbox_cases[i];
    ukko_ref *ref = NULL;
    ukko_error why = {0};
    int rc = ukko_system_spawn(sys, mailbox_props(m), m->name, &ref);
    if (rc) ukko_spawn_error(&why);
    if ((rc == UKKO_OK) != (m->can != REFUSED)) fail_msg("case %zu: %d %s", i, rc, why.message);
    if (rc) {
        assert_int_equal(rc, UKKO_ECONFIG);
        if (!strstr(why.message, m->name) || !strstr(why.message, "does not fulfill requirement"))
            fail_msg("case %zu: %s", i, why.message);
        return;
    }
    if (mailbox_can(ref) != m->can) fail_msg("case %zu: %x, not %x", i, mailbox_can(ref), m->can);
    if (!strcmp(m->name, "no-wait")) assert_true(mailbox_kind(ref)->push_ns == 0);
    probe_watch(p, ref);
    ukko_tell(NULL, ref, &ukko_poison_pill_type, NULL);
    ukko_msg_release(probe_expect(p, &ukko_terminated_type));
    ukko_ref_release(ref);
}
#endif
