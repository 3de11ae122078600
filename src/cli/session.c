/* SPDX-License-Identifier: Apache-2.0 */
/* A system of the command's own that talks to one target. Its one actor puts all that comes, also
   the events of the link, into an inbox that the main thread waits at; an interrupt comes there
   too. */
#include "tls_link.h"
#include <pthread.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct inbox {
    pthread_mutex_t lock;
    pthread_cond_t more;
    arrival *first, **last;
    pthread_t waiter;    /* for an interrupt */
    atomic_bool closing; /* pairs with itself: set before the waiter is woken, read by it */
};

int64_t clock_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t session_deadline(int64_t ms) { return clock_ns() + ms * 1000000; }

/* ---- The inbox ----------------------------------------------------------------------- */

static inbox *inbox_new(void) {
    inbox *b = calloc(1, sizeof *b);
    pthread_condattr_t attr;
    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&b->more, &attr);
    pthread_condattr_destroy(&attr);
    b->last = &b->first;
    return b;
}

/* [any] Both are retained; msg NULL is an interrupt. */
static void inbox_put(inbox *b, const ukko_msg *msg, ukko_ref *sender) {
    arrival *a = calloc(1, sizeof *a);
    a->msg = ukko_msg_retain(msg);
    a->sender = ukko_ref_retain(sender);
    a->at_ns = clock_ns();
    pthread_mutex_lock(&b->lock);
    *b->last = a;
    b->last = &a->next;
    pthread_cond_signal(&b->more);
    pthread_mutex_unlock(&b->lock);
}

/* NULL when nothing came before the deadline */
static arrival *inbox_take(inbox *b, int64_t deadline) {
    struct timespec until = {deadline / 1000000000, deadline % 1000000000};
    pthread_mutex_lock(&b->lock);
    int late = 0;
    while (!b->first && !late) late = pthread_cond_timedwait(&b->more, &b->lock, &until);
    arrival *a = b->first;
    if (a) {
        b->first = a->next;
        b->last = b->first ? b->last : &b->first;
    }
    pthread_mutex_unlock(&b->lock);
    return a;
}

void arrival_free(arrival *a) {
    if (!a) return;
    ukko_msg_release(a->msg);
    ukko_ref_release(a->sender);
    free(a);
}

static void inbox_free(inbox *b) {
    while (b->first) arrival_free(inbox_take(b, 0));
    pthread_cond_destroy(&b->more);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

/* ---- The actor that fills it --------------------------------------------------------- */

typedef struct inbox_order {
    int64_t address;
} inbox_order; /* the inbox, as a number */

static int inbox_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)ctx;
    const int64_t *address = n ? ukko_msg_get(args[0], &ukko_long_type) : NULL;
    ((inbox_order *)state)->address = address ? *address : 0;
    return UKKO_OK;
}

static int inbox_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    inbox *b = (inbox *)(intptr_t)((inbox_order *)state)->address;
    inbox_put(b, msg, ukko_sender(ctx));
    return UKKO_OK;
}

/* Named in the table, so that also what nobody can read comes here. */
static int inbox_opaque(ukko_ctx *ctx, void *state, const void *body) {
    (void)body;
    return inbox_receive(ctx, state, ukko_current(ctx));
}

static const ukko_case inbox_cases[] = {{&ukko_opaque_type, inbox_opaque}, {NULL, NULL}};

static const ukko_actor inbox_actor = {
    .size = sizeof(ukko_actor),
    .state_size = sizeof(inbox_order),
    .name = "ukko.cli.Inbox",
    .receive = {inbox_cases, inbox_receive},
    .start = inbox_start,
};

static int spawn_inbox(session *s) {
    int64_t address = (intptr_t)s->box;
    ukko_props *props = ukko_props_new(&inbox_actor);
    ukko_props_arg(props, &ukko_long_type, &address);
    int rc = ukko_system_spawn(s->sys, props, s->name ? s->name : "cli", &s->self);
    if (rc == UKKO_OK) rc = ukko_subscribe(s->sys, &ukko_remoting_event_type, s->self);
    return rc == UKKO_OK ? ukko_subscribe(s->sys, &ukko_dropped_type, s->self) : rc;
}

static void *wait_interrupt(void *box) {
    inbox *b = box;
    sigset_t set;
    int sig;
    interrupt_set(&set);
    for (int n = 0; sigwait(&set, &sig) == 0; n++) {
        if (atomic_load_explicit(&b->closing, memory_order_acquire)) return NULL;
        if (n > 0) _exit(CLI_INTERRUPTED); /* the first one did not end it soon enough */
        interrupt_note();
        inbox_put(b, NULL, NULL);
    }
    return NULL;
}

/* ---- Opening and closing ------------------------------------------------------------- */

/* SYS@HOST:PORT, with or without the protocol in front */
int own_parse(cli *c, own_system *own, char *buf, size_t len) {
    const char *as = args_value(c, "as");
    *own = (own_system){"ukko-cli", NULL, NULL, 0};
    if (!as) return CLI_OK;
    const char *start = strstr(as, "://");
    snprintf(buf, len, "%s", start ? start + 3 : as);
    char *host = strchr(buf, '@'), *port = strrchr(buf, ':'), *end;
    if (!host || !port || port < host) return cli_usage(c, "--as: '%s' is not SYS@HOST:PORT", as);
    *host = *port = '\0';
    *own = (own_system){buf, host + 1, NULL, strtol(port + 1, &end, 10)};
    if (end == port + 1 || *end || own->port < 0 || own->port > 65535)
        return cli_usage(c, "--as: '%s' is not SYS@HOST:PORT", as);
    return CLI_OK;
}

static int start_system(session *s, const ukko_system_opts *opts) {
    ukko_error err = {0};
    int status, rc = ukko_system_new(&s->sys, opts, &err);
    if (rc == UKKO_OK) rc = ukko_remote_enable(s->sys, &err);
    if (rc == UKKO_OK && s->target.tls) ukko_remote_tls_hook(s->sys, tls_watch, NULL);
    if (rc == UKKO_OK && (status = tap_system(s->cli, s->sys)) != CLI_OK) return status;
    if (rc == UKKO_OK) rc = ukko_system_start(s->sys, &err);
    if (rc == UKKO_OK && (rc = spawn_inbox(s)) != UKKO_OK) err.code = rc;
    return rc == UKKO_OK ? CLI_OK : settings_failed(s->cli, &err);
}

/* Answers come on the connection that was made: nobody else has to get in. */
static void choose_address(const cli *c, own_system *own, char *local) {
    if (own->hostname) return;
    own->hostname = local;
    if (!args_count(c, "listen")) own->bind_hostname = local[0] == '[' ? "::1" : "127.0.0.1";
}

/* What can be wrong with options and files is said before anything is dialled. */
static int prepare(session *s, own_system *own, char *buf, size_t len, ukko_config **config) {
    char *local = s->local;
    tls_material keys;
    int status = own_parse(s->cli, own, buf, len);
    if (status == CLI_OK && s->target.tls) status = keys_of(s->cli, NULL, &keys);
    if (status == CLI_OK) status = settings_given(s->cli, config);
    ukko_config_release(*config);
    *config = NULL;
    if (status == CLI_OK) status = target_learn(s->cli, &s->target);
    if (status == CLI_OK)
        status =
            target_dial(s->cli, &s->target, &s->resolve_ns, &s->connect_ns, local, sizeof s->local);
    if (status != CLI_OK) return status;
    if (*s->target.published && !s->beside)
        output_note(s->cli, "the peer calls itself %s", s->target.address);
    choose_address(s->cli, own, local);
    return settings_build(s->cli, own, &s->target, config);
}

static int open_inbox(session *s) {
    inbox *b = inbox_new();
    if (pthread_create(&b->waiter, NULL, wait_interrupt, b) != 0) {
        problem p = {CLI_INTERNAL, "THREAD", "start", NULL, NULL};
        inbox_free(b);
        return cli_fail(s->cli, &p, "cannot start a thread");
    }
    s->box = b;
    return CLI_OK;
}

static void close_inbox(inbox *b) {
    atomic_store_explicit(&b->closing, true, memory_order_release);
    pthread_kill(b->waiter, SIGTERM);
    pthread_join(b->waiter, NULL);
    inbox_free(b);
}

static int start_with(session *s, const char *name, ukko_config *config,
                      const ukko_type *const *types) {
    ukko_system_opts opts = UKKO_SYSTEM_OPTS(name, NULL);
    opts.config = config;
    opts.types = types;
    opts.log = settings_log;
    opts.log_data = s->cli;
    return start_system(s, &opts);
}

int session_open(session *s, cli *c, const char *text, const ukko_type *const *types) {
    own_system own;
    char buf[400];
    ukko_config *config = NULL;
    *s = (session){.cli = c};
    int status = target_parse(c, text, &s->target);
    if (status == CLI_OK) status = prepare(s, &own, buf, sizeof buf, &config);
    if (status == CLI_OK) status = open_inbox(s);
    if (status == CLI_OK) status = start_with(s, own.name, config, types);
    ukko_config_release(config);
    return status;
}

int session_beside(session *s, const session *first, const ukko_type *const *types) {
    own_system own;
    char buf[400];
    ukko_config *config = NULL;
    *s = (session){.cli = first->cli, .target = first->target, .box = first->box, .beside = true};
    int status = prepare(s, &own, buf, sizeof buf, &config);
    if (status == CLI_OK && own.port)
        status =
            cli_usage(s->cli, "--as: several systems cannot have port %d, take 0", (int)own.port);
    if (status == CLI_OK) status = start_with(s, own.name, config, types);
    ukko_config_release(config);
    return status;
}

int session_host(session *s, cli *c, const own_system *own, const ukko_actor *const *actors) {
    ukko_config *config = NULL;
    s->cli = c;
    s->tolerant = true;
    int status = settings_build(c, own, NULL, &config);
    if (status == CLI_OK) status = open_inbox(s);
    if (status == CLI_OK) {
        ukko_system_opts opts = UKKO_SYSTEM_OPTS(own->name, NULL);
        opts.config = config;
        opts.actors = actors;
        opts.log = settings_log;
        opts.log_data = c;
        status = start_system(s, &opts);
    }
    ukko_config_release(config);
    return status;
}

void session_close(session *s) {
    ukko_ref_release(s->self);
    ukko_system_free(s->sys);
    if (s->box && !s->beside) close_inbox(s->box);
    free(s->refusal);
    s->refusal = NULL;
    s->sys = NULL;
    s->box = NULL;
}

/* ---- Events of the link -------------------------------------------------------------- */

static const char *cause_text(const ukko_msg *cause) {
    const ukko_throwable *t = ukko_msg_get(cause, &ukko_throwable_type);
    return t && t->message ? t->message : "the link was closed";
}

static int tls_failed(session *s, const char *why) {
    problem p = {CLI_TLS, "TLS", "handshake", s->target.address, "ukko doctor says more about it"};
    return cli_fail(s->cli, &p, "%s", why);
}

static int not_pekko(session *s, const char *otherwise) {
    char first[100];
    const target *t = &s->target;
    if (t->tls) return tls_failed(s, otherwise);
    port_kind kind = classify_port(t->host, t->port, first, sizeof first);
    return target_not_classic(s->cli, t, kind, first, otherwise);
}

static int was_quarantined(session *s) {
    problem p = {CLI_QUARANTINED, "QUARANTINED", "handshake", s->target.address,
                 "the peer has quarantined this system: use another --as, or restart the peer"};
    return cli_fail(s->cli, &p, "the peer has quarantined this system");
}

enum { FOLLOWS_MS = 5000 }; /* never so long, but where no time is left for this process */

/* A peer that has quarantined this system makes its address invalid, and the event behind that one says so. */
static bool quarantine_follows(session *s, const char *why) {
    int64_t deadline = session_deadline(FOLLOWS_MS);
    bool found = false;
    if (strncmp(why, "Invalid address", 15) != 0) return false;
    for (arrival *a; !found && (a = inbox_take(s->box, deadline)) != NULL; arrival_free(a))
        found = a->msg && ukko_msg_type(a->msg) == &ukko_this_quarantined_type;
    return found;
}

static int link_failed(session *s, const char *why) {
    s->lost = true;
    if (quarantine_follows(s, why)) return was_quarantined(s);
    if (!s->associated) return not_pekko(s, why);
    problem p = {CLI_HANDSHAKE, "DISASSOCIATED", "link", s->target.address,
                 s->ended_hint ? s->ended_hint
                               : "the peer ended the link: it shuts down, or a frame was longer than "
                                 "its maximum-frame-size; ukko doctor tells"};
    return cli_fail(s->cli, &p, "%s", why);
}

static int was_dropped(session *s, const ukko_dead_letter *d) {
    problem p = {CLI_TOO_BIG, "DROPPED", "send", s->target.address,
                 "pekko.remote.classic.netty.tcp.maximum-frame-size limits a message, on both "
                 "sides"};
    return cli_fail(s->cli, &p, "the message was not sent: %s", d->reason);
}

static bool about_target(const session *s, const ukko_association *a) {
    return strcmp(a->remote, s->target.address) == 0;
}

static bool is_event(const ukko_type *type) {
    const ukko_type *super = type->super;
    return type == &ukko_remoting_listen_type || type == &ukko_remoting_shutdown_type ||
           type == &ukko_dropped_type || super == &ukko_remoting_event_type ||
           super == &ukko_association_event_type;
}

/* What an arrival means for the link: CLI_OK goes on, *event tells whether it was one. */
static int handle_event(session *s, const arrival *a, bool *event) {
    const ukko_type *type = a->msg ? ukko_msg_type(a->msg) : NULL;
    const void *body = type ? ukko_msg_get(a->msg, type) : NULL;
    *event = true;
    if (!type) return CLI_INTERRUPTED;
    if (s->tolerant) {
        *event = is_event(type);
        return CLI_OK;
    }
    if (type == &ukko_associated_type && about_target(s, body)) {
        s->associated = true;
        s->handshake_ns = a->at_ns;
        s->uid = ((const ukko_association *)body)->uid;
    } else if (type == &ukko_association_error_type && about_target(s, body)) {
        return link_failed(s, cause_text(((const ukko_association *)body)->cause));
    } else if (type == &ukko_disassociated_type && about_target(s, body)) {
        return link_failed(s, "the link was closed");
    } else if (type == &ukko_this_quarantined_type) {
        return was_quarantined(s);
    } else if (type == &ukko_dropped_type) {
        return was_dropped(s, body);
    } else if (type ==
               &ukko_deploy_refused_type) { /* whatever is waited for: it overtakes answers */
        free(s->refusal);
        s->refusal = strdup(((const ukko_deploy_refused *)body)->reason);
        *event = false;
    } else {
        *event = is_event(type);
    }
    return CLI_OK;
}

int session_next(session *s, int64_t deadline, arrival **out) {
    arrival *a;
    while ((a = inbox_take(s->box, deadline)) != NULL) {
        bool event;
        int status = handle_event(s, a, &event);
        if (status == CLI_OK && !event) {
            *out = a;
            return CLI_OK;
        }
        arrival_free(a);
        if (status != CLI_OK) return status;
    }
    return CLI_TIMEOUT;
}

static int wrong_address(session *s, const target *real) {
    char hint[1200];
    snprintf(hint, sizeof hint,
             "take %s%s; if others are to use your address, ukko doctor says "
             "what to change at the peer",
             real->address, s->target.path);
    problem p = {CLI_HANDSHAKE, "WRONG_ADDRESS", "lookup", s->target.address, hint};
    return cli_fail(s->cli, &p, "no answer: what listens there is %s", real->address);
}

int session_no_answer(session *s, const char *stage) {
    char first[100];
    const target *t = &s->target;
    target real;
    if (s->associated && !s->answered && target_is_elsewhere(s->cli, t, &real))
        return wrong_address(s, &real);
    port_kind kind = s->associated || t->tls ? PORT_SILENT
                                             : classify_port(t->host, t->port, first, sizeof first);
    if (kind != PORT_SILENT && kind != PORT_CLOSED)
        return target_not_classic(s->cli, t, kind, first, "");
    problem p = {CLI_TIMEOUT, "TIMEOUT", s->associated ? stage : "handshake", s->target.address,
                 s->associated
                     ? "the handshake was fine. Peers drop silently what is not addressed to the "
                       "system name and host that they publish: compare both with the peer's own "
                       "log; a peer in untrusted mode drops look-ups, and the actor may be busy: "
                       "ukko doctor tells which"
                     : "the port takes connections but does not answer the handshake: is it "
                       "classic remoting (not Artery), is the process stopped?"};
    return cli_fail(s->cli, &p, "no answer within %lld ms", (long long)s->cli->timeout_ms);
}

/* ---- Looking up ---------------------------------------------------------------------- */

/* From the root, not by a whole path: there a '?' would begin the query of a URI. */
void session_identify(session *s, const char *path) {
    char address[sizeof s->target.address + 1];
    snprintf(address, sizeof address, "%s/", s->target.address);
    ukko_msg *id = ukko_msg_string("ukko");
    ukko_ref *root = ukko_system_ref(s->sys, address);
    ukko_selection *sel = ukko_select_at(root, path + strspn(path, "/"));
    s->first_ns = s->first_ns ? s->first_ns : clock_ns();
    ukko_selection_tell(sel, ukko_msg_copy(&ukko_identify_type, &(ukko_identify){id}), s->self);
    ukko_selection_release(sel);
    ukko_ref_release(root);
    ukko_msg_release(id);
}

/* Before the handshake only the own system can have answered: the link failed, its event
   follows. */
static bool from_peer(const session *s, const ukko_identity *i) {
    return i && (i->ref || s->associated);
}

int session_find(session *s, const char *path, ukko_ref **ref, int64_t *rtt_ns) {
    int64_t start = clock_ns(), deadline = session_deadline(s->cli->timeout_ms);
    session_identify(s, path);
    arrival *a;
    int status;
    while ((status = session_next(s, deadline, &a)) == CLI_OK) {
        const ukko_identity *i = ukko_msg_get(a->msg, &ukko_identity_type);
        bool answer = from_peer(s, i);
        s->answered |= answer;
        if (answer) {
            *ref = ukko_ref_retain(i->ref);
            if (rtt_ns) *rtt_ns = a->at_ns - start;
        }
        arrival_free(a);
        if (answer) return CLI_OK;
    }
    return status == CLI_TIMEOUT ? session_no_answer(s, "lookup") : status;
}

int session_not_found(session *s) {
    problem p = {CLI_NEGATIVE, "NO_SUCH_ACTOR", "lookup", s->target.address, NULL};
    return cli_fail(s->cli, &p, "no actor at %s", s->target.path);
}
