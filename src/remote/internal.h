/* SPDX-License-Identifier: Apache-2.0 */
/* The live part of remoting: one uk_remote per system, one uk_peer per remote address, one uk_conn
   per connection. [io] marks what runs, or is touched, on the I/O thread only; [any] any thread. */
#ifndef UK_REMOTE_INTERNAL_H
#define UK_REMOTE_INTERNAL_H
#include "remote/wire.h"
#include "remote/alike.h"
#include "actor/provider.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "remote/numbers.h"
#include "remote/faults.h"
#include "remote/flight.h"
#include "remote/frame.h"
#include "remote/link.h"
#include "remote/settings.h"
#include "serial/serial.h"
#include <pthread.h>
#include <ukko/remote.h>

typedef struct uk_remote uk_remote;
typedef struct uk_peer uk_peer;
typedef struct uk_conn uk_conn;
typedef struct uk_watcher uk_watcher;
typedef struct uk_transport uk_transport;
typedef struct uk_guard uk_guard;
typedef struct uk_source uk_source;

#define UK_LOG_WRITER "org.apache.pekko.remote.EndpointWriter"
#define UK_LOG_READER "org.apache.pekko.remote.EndpointReader"
#define UK_LOG_SUPERVISOR "org.apache.pekko.remote.ReliableDeliverySupervisor"
#define UK_LOG_MANAGER "org.apache.pekko.remote.Remoting"
#define UK_LOG_PROTOCOL "org.apache.pekko.remote.transport.ProtocolStateActor"
#define UK_LOG_TRANSPORT "org.apache.pekko.remote.transport.netty.NettyTransport"
#define UK_LOG_WATCHER "org.apache.pekko.remote.RemoteWatcher"

/* The member's owner. */
#define UK_OWNER(type, ptr, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

enum { UK_SOURCES = 64, UK_CLASSES = 64, UK_DETECTORS = 16 };

typedef struct uk_class_size { /* the largest message of a class that was logged */
    uint32_t hash;
    size_t max;
} uk_class_size;

/* Where this node can be reached, and how it reaches others. Constant once started. */
struct uk_transport {
    uk_remote *remote;
    const uk_transport_settings *set;
    uk_listener *listener; /* [io] */
    char *protocol;        /* "pekko.tcp" */
    char *address;         /* published; NULL before the start */
    char *bound_address;
    uk_tls *tls; /* NULL: plain TCP; [io] once started: it can be exchanged */
    bool had_key;
    char *host;
    int port;
    uk_proto_settings proto; /* what every connection begins with */
    uk_stream_opts stream_opts;
};

struct uk_remote {
    ukko_system *sys;
    uk_remote_settings set;
    uk_serial *serial;
    bool own_serial;
    uk_loop *loop;
    uk_transport transports[UK_TRANSPORTS];
    size_t n_transports;
    const ukko_detector *detectors[UK_DETECTORS]; /* the program's; before the start */
    size_t n_detectors;
    uk_detector_kind watch_kind, transport_kind; /* constant once started */
    uk_flight *flight; /* from the start on */
    uk_faults *faults; /* NULL: none can be injected; constant once started */
    _Atomic bool down; /* set when the shutdown begins; relaxed: senders learn from the mode */
    pthread_mutex_t peers_lock; /* guards peers */
    uk_map peers;               /* address -> uk_peer, retained */
    pthread_mutex_t sizes_lock; /* guards sizes; leaf */
    uk_class_size sizes[UK_CLASSES];
    ukko_tls_fn tls_hook; /* set before the start */
    void *tls_hook_data;
    ukko_tap_fn tap; /* likewise; NULL: none */
    void *tap_data;
    uint64_t n_tapped; /* [io] */
    /* [io] */
    uint64_t key_marks; /* of the key stores, as they were loaded */
    uk_alarm renew;
    uk_conn *conns;
    size_t n_conns;
    uk_alarm prune;
    uint32_t sources[UK_SOURCES]; /* who has been warned about, as hashes */
    size_t n_sources;
    uk_guard *guard;
    size_t n_cached; /* paths in the caches of all connections */
    uk_watcher *watcher; /* NULL: not enabled */
    ukko_ref *daemon;
    ukko_ref *deploy_watcher; /* NULL: not enabled */
    /* shutdown */
    uk_task stop_task, start_task;
    uk_alarm stop_alarm;
    int64_t stop_until;
    bool stopping, stopped;
};

/* ---- peers ---- */

/* What a sender does with a message. */
typedef enum uk_out_mode {
    UK_OUT_WAKE, /* keep it, and tell the I/O thread: the first one connects */
    UK_OUT_KEEP, /* keep it until the handshake is done */
    UK_OUT_OPEN, /* write it */
    UK_OUT_GATE, /* keep system messages, bury others */
    UK_OUT_DEAD  /* bury all */
} uk_out_mode;

typedef struct uk_kept uk_kept; /* a message that waits for a connection */
struct uk_kept {
    uk_kept *next;
    ukko_msg *msg;
    ukko_ref *to, *sender;
    size_t bytes; /* that it will take on the wire */
};
typedef struct uk_kept_list {
    uk_kept *first, **last;
} uk_kept_list;

typedef struct uk_sys_item { /* a system message until it is acked */
    uk_sysmsg *msg;
    ukko_ref *to;
    uk_buf bytes;
} uk_sys_item;

/* What has passed, in and out; relaxed: sums for people. The I/O thread alone adds to those of `in`. */
typedef struct uk_traffic {
    _Atomic uint64_t in_bytes, in_frames, in_largest, out_bytes, connections, dropped;
} uk_traffic;

struct uk_peer {
    uk_traffic traffic;
    uk_remote *remote;
    uk_transport *transport; /* that reaches it */
    _Atomic uint32_t refs; /* relaxed up, acq_rel down */
    char *address;
    uk_path path; /* views of address */
    /* lock guards all down to [io]; under it only the lock of a stream is taken */
    pthread_mutex_t lock;
    _Atomic uint8_t mode; /* uk_out_mode; written under the lock; a relaxed read is a hint */
    const char *dead_reason;
    uk_kept_list urgent, kept;
    size_t n_kept, kept_bytes;
    int64_t kept_warned_ms;
    bool above, told_above; /* more waits than the high mark; what was published last */
    size_t crossed_bytes, crossed_messages; /* what waited when `above` changed last */
    uk_stream *out;   /* retained; UK_OUT_OPEN: write here */
    uk_conn *out_conn;
    uk_numbers numbers; /* numbers.recv: [io] */
    uint8_t send_warned; /* how many of the warnings about a full buffer were given */
    uint8_t todo;     /* UK_TODO_*; not 0: `wanted` is on its way */
    uk_task wanted;
    /* [io] */
    uk_link link;
    uk_alarm alarm, resend;
    uk_conn *dialing;
    int32_t own_uid;      /* of a client: what it called itself when it dialed last; 0: never did */
    bool dear;            /* of a client: was open, so it is made anew when it is lost */
};

/* The parts of what a peer calls itself; that may be no address, and leads nowhere then. */
void uk_peer_parse(ukko_slice address, uk_path *out);
uk_peer *uk_peer_get(uk_remote *r, ukko_slice address);  /* [any] owned; NULL: not an address */
uk_peer *uk_peer_find(uk_remote *r, ukko_slice address); /* [any] owned; NULL: not there */
uk_peer *uk_peer_retain(uk_peer *p);
void uk_peer_release(uk_peer *p);
void uk_peer_event(uk_peer *p, const uk_link_event *ev); /* [io] */
/* What the I/O thread is asked to do for a peer. */
enum { UK_TODO_CONNECT = 1, UK_TODO_HOPELESS = 2, UK_TODO_MARKS = 4 };
void uk_peer_wake(uk_peer *p, int todo); /* [any] under its lock: posts `wanted` */
void uk_peers_prune(uk_remote *r);                       /* [io] */
void uk_peers_each(uk_remote *r, void (*fn)(uk_peer *p, void *data), void *data); /* [any] */

/* ---- connections, [io] ---- */

enum { UK_CACHE_MAX = 4096, UK_CACHE_ALL = 65536 };

typedef struct uk_again { /* the message that came last, and those like it that were not pushed yet */
    uk_alike alike;
    ukko_ref *to, *from; /* retained; to NULL: nothing is known */
    int32_t serializer;
    ukko_slice manifest; /* a view of alike */
    const ukko_ref *last_to, *last_from; /* only to be compared */
    uk_envelope *first, *last; /* one chain; the counts of their sender are still to be taken */
    uint32_t n;
    uint64_t size; /* of them all, for the guard */
} uk_again;

struct uk_conn {
    uk_conn *next, **prev;
    uk_remote *remote;
    uk_transport *transport;
    uk_peer *peer; /* retained; NULL before the handshake of an inbound one */
    uk_proto proto;
    uk_stream *stream;
    uk_filter *tls; /* the stream's, maybe inside others; NULL: none */
    uk_connect *dial;
    uk_alarm alarm, ack_alarm;
    int64_t armed_for;
    bool active;
    bool detached; /* the link does not want to hear of it any more */
    bool ended, is_reader, got_bytes;
    bool unwelcome; /* its handshake was fine, but it may not be who it says */
    bool untrusted; /* it may do what untrusted mode lets through */
    const uk_peer_rule *rule; /* what its certificate says of it; NULL: nothing */
    int32_t uid;
    uk_task gone;
    char from[64];
    /* guard.c */
    uk_source *source;            /* NULL: not counted */
    uk_conn *older, *newer;       /* of those of the source whose handshake is not done */
    bool waiting, paused;
    uint8_t slot;                 /* of what has arrived here, see actor/arrival.h */
    int64_t frame_since;          /* when the frame began that is not whole; 0: none */
    int64_t taken_since;          /* when the peer took bytes last, or none waited */
    uint64_t taken;
    size_t before;                /* bytes before the handshake */
    unsigned complaints;          /* in this while */
    int64_t complaints_since;
    uk_map recipients, senders; /* path text -> retained reference, in uk_cached */
    size_t n_recipients, n_senders;
    uk_again again;
    struct uk_arrival *early; /* numbered messages that came before the link took it into use */
    size_t n_early;
    int64_t seq_seen; /* highest number that came in here */
    bool seq_any;
    /* under the lock of the peer, once there is one */
    uk_ack_timer ack;
    uk_buf ack_bytes; /* the ack field of the payload to come; empty: none waits */
};

/* What travels goes to the program's tap. Takes inner, NULL: none; fd is the connected socket. */
uk_filter *uk_tap_filter(uk_conn *c, uk_filter *inner, int fd);
void uk_conn_accept(void *transport, int fd, const char *from);
uk_conn *uk_conn_dial(uk_peer *p, bool refuse, int32_t uid);
void uk_conn_abandon(uk_conn *c);
void uk_conn_end(uk_conn *c, uk_pdu_kind pdu, const char *text);
/* What comes in cannot be handled: the association ends. */
void uk_conn_broken(uk_conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void uk_conn_write(uk_conn *c, const uk_buf *frames);
void uk_sniff(uk_conn *c, const uint8_t *bytes, size_t n, const char *otherwise);
/* The first time of a source ("/127.0.0.1:5555", whose port does not count) and a cause? [io] */
bool uk_sniff_first(uk_remote *r, const char *from, const char *what);
/* Ends a connection whose peer has gone too far; the log tells once for each source. [io] */
void uk_conn_refuse(uk_conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

void uk_traffic_begin(uk_conn *c); /* [io] its peer is known; nothing was sent to it yet */
void uk_traffic_dropped(uk_peer *p); /* [any] a message for it has become a dead letter */
void uk_traffic_in(uk_traffic *t, uint64_t bytes, uint64_t frames, uint64_t largest); /* [io] */

/* ---- sending, [any] ---- */

void uk_send_message(ukko_ref *to, uk_peer *p, ukko_msg *msg, ukko_ref *sender); /* takes msg */
/* The same from a body that stays the caller's. false: nothing was done, a message has to be made. */
bool uk_send_body(ukko_ref *to, uk_peer *p, const ukko_type *type, const void *body,
                  ukko_ref *sender);
void uk_send_system(ukko_ref *to, uk_peer *p, uk_sysmsg *m);                     /* takes m */
void uk_send_flush(void); /* what this thread has staged */
/* What other threads have staged for ms or longer, because their turn goes on; 0: anything. */
void uk_send_late(int64_t ms);
void uk_send_opened(uk_peer *p, uk_conn *c);                /* [io] writes what was kept */
void uk_send_bury_kept(uk_peer *p, const char *reason);     /* [io] */
/* Gives how many messages became dead letters. */
size_t uk_send_bury_bytes(uk_peer *p, const uk_buf *frames, size_t from, const char *reason);
/* Under the lock: puts a waiting ack into the first frame of *frames, when it fits. */
void uk_send_carry_ack(uk_peer *p, uk_conn *c, uk_buf *frames);

/* ---- how much waits ---- */

/* Under the lock: pending bytes wait on the connection. Has a mark been crossed? */
void uk_marks_look(uk_peer *p, size_t pending);
void uk_marks_tell(uk_peer *p);    /* [io] publishes what has changed */
void uk_marks_drained(uk_conn *c); /* [io] the stream says so */
/* [any] So much waits on this connection that what can be left out, or sent later, is. */
bool uk_marks_stuck(uk_conn *c);
/* [any] Would a message of so many bytes be one too many? pending: bytes on the connection. The text
   of the reason goes to why. */
bool uk_marks_full(const uk_peer *p, size_t pending, size_t bytes, bool kept, char *why, size_t len);
/* [any] Sends, or says why not; nothing is published then. Takes msg. */
int uk_send_try(ukko_ref *to, uk_peer *p, ukko_msg *msg, ukko_ref *sender, ukko_error *err);
/* [any] The length of the frame of a message; else as uk_serial_encode(). */
int uk_send_size(uk_peer *p, ukko_ref *to, const ukko_msg *msg, ukko_ref *sender, size_t *size,
                 ukko_error *err);

/* ---- system messages ---- */

void uk_sys_item_free(void *data, void *item);
void uk_sys_resend(uk_peer *p, size_t limit);                    /* [io] */
/* [io] What was not acked is dead, or forgotten when reason is NULL. The numbers go on. */
void uk_sys_bury(uk_peer *p, const char *reason);
void uk_sys_part(uk_peer *p, const char *reason);    /* [io] the same; the peer gives up, too */
void uk_sys_restart(uk_peer *p, const char *reason); /* [io] the same; numbers start at 0 again */
void uk_sys_renumber(uk_peer *p); /* [io] both directions start at 0 again; nothing is given up */
/* [io] Whom the numbers are for from now on; older: it has older connections. */
void uk_sys_incarnation(uk_peer *p, int32_t uid, bool older);
void uk_sys_ack_in(uk_conn *c, const uk_wire *e);                /* [io] */
void uk_sys_arrived(uk_conn *c, const uk_wire *e);               /* [io] */
void uk_sys_early(uk_conn *c);     /* [io] the link takes it into use: takes what came before */
void uk_sys_forget_early(uk_conn *c);                            /* [io] */
void uk_sys_ack_tick(uk_alarm *a);                               /* [io] */
void uk_sys_last_ack(uk_conn *c);                                /* [io] */

/* ---- receiving, [io] ---- */

void uk_recv_payload(uk_conn *c, ukko_slice payload);
/* again.c. Is it the body of a frame like those before? Then its message has been dealt with, though
   it may not be in the mailbox before uk_again_push(). */
bool uk_again_came(uk_conn *c, ukko_slice body);
void uk_again_push(uk_conn *c);
/* A message was delivered in the ordinary way: what comes next may be like it. */
void uk_again_learn(uk_conn *c, const uk_wire *e, ukko_ref *to, ukko_ref *from);
void uk_again_forget(uk_conn *c);
void uk_again_fini(uk_conn *c);
/* The message of an envelope goes to its actor. Paths were checked. */
void uk_recv_deliver(uk_conn *c, const uk_wire *e);
/* false: the association was ended. */
bool uk_recv_allowed(uk_conn *c, ukko_ref *to, const ukko_msg *m); /* by an untrusted node; logs */
/* unread.c: what could not be read goes to an actor that takes such things, or is reported. The
   second form only reports: a line in the log and an event. from may be NULL. I/O thread */
void uk_unread(uk_conn *c, const uk_wire *e, ukko_ref *to, ukko_ref *from, int rc,
               const ukko_error *err);
void uk_unread_report(uk_conn *c, const uk_wire *e, ukko_ref *to, ukko_ref *from, int rc,
                      const ukko_error *err);
/* What could not be written. Any thread. msg stays the caller's. */
void uk_unwritten_report(uk_remote *r, ukko_ref *to, ukko_msg *msg, ukko_ref *sender,
                         const ukko_error *err);
bool uk_recv_check_paths(uk_conn *c, const uk_wire *e);
void uk_recv_forget(uk_conn *c); /* empties the caches */

/* ---- references, [any] ---- */

/* Takes a reference to p. */
ukko_ref *uk_remote_ref_new(uk_peer *p, ukko_slice text, const uk_path *path);
uk_peer *uk_remote_ref_peer(ukko_ref *ref);
ukko_slice uk_remote_ref_text(ukko_ref *ref);
/* The same, but its node knows this one by an alias: ends of actors here are told it by that. */
ukko_ref *uk_remote_ref_knowing(ukko_ref *ref, ukko_slice alias);
/* A reference of this node, in the spelling of the node of to; retained. */
ukko_ref *uk_remote_ref_spelled(ukko_ref *to, ukko_ref *own);

/* ---- events and logs ---- */

void uk_news_publish(uk_remote *r, const uk_peer *p, const uk_link_action *a);
void uk_news_log(uk_remote *r, const uk_peer *p, const uk_link_action *a);
/* The first size of a class at or over log-frame-size-exceeding, and each that is a tenth more. */
/* [any] size: of the envelope. */
void uk_log_frame_size(uk_remote *r, const ukko_msg *msg, size_t size);
/* [any] How a log tells of a message that goes to an actor, or comes to it; from: or NULL. */
const char *uk_news_message(uk_remote *r, uk_buf *out, const ukko_msg *msg, ukko_ref *to, ukko_ref *from);
void uk_news_listening(uk_remote *r);
void uk_news_down(uk_remote *r);
void uk_news_terminator(uk_remote *r, const char *text); /* [any] the log of the end */
void uk_news_failed(uk_remote *r, const char *text);

/* In the flight recorder: of a link, or (p NULL) of the node. [any] */
void uk_flight_of(uk_remote *r, const uk_peer *p, int32_t kind, int64_t a, int64_t b,
                  const char *text);
/* [io] What has happened to a link, and what came of it. */
void uk_flight_step(const uk_peer *p, const uk_link_event *ev, uk_link_state from);

/* ---- death watch ---- */

uk_watcher *uk_watcher_new(uk_remote *r);
void uk_watcher_free(uk_watcher *w);   /* after the loop */
void uk_watcher_stop(uk_watcher *w);   /* [io] no more ticks */
void uk_watcher_watch(uk_watcher *w, ukko_ref *watchee, ukko_ref *watcher);   /* [any] */
void uk_watcher_unwatch(uk_watcher *w, ukko_ref *watchee, ukko_ref *watcher); /* [any] */
void uk_watcher_again(uk_watcher *w, const char *address); /* [io] the watches are told once more */
ukko_ref *uk_watcher_ref(uk_watcher *w);
bool uk_watcher_phi(uk_watcher *w, const char *address, double *phi); /* [any] false: not watched */

/* ---- failure detectors ---- */

int uk_remote_detectors(uk_remote *r, ukko_error *err); /* finds those that the settings name */

/* ---- limits, [io] ---- */

uk_guard *uk_guard_new(uk_remote *r); /* before the loop runs */
void uk_guard_begin(uk_guard *g);     /* begins to look at connections from time to time */
void uk_guard_stop(uk_guard *g);
void uk_guard_free(uk_guard *g);
/* May there be one more connection from a host? Makes room where it can. */
bool uk_guard_admits(uk_guard *g, const char *from);
void uk_guard_accepted(uk_conn *c); /* counts it */
void uk_guard_opened(uk_conn *c);   /* its handshake is done */
void uk_guard_gone(uk_conn *c);
/* Bytes have been looked at, `left` of them not used up; `want` as for uk_stream_want(). false: it has
   been ended for a limit. */
bool uk_guard_data(uk_conn *c, size_t used, size_t left, size_t want);
/* A message of so many bytes goes to its actor; after a read: is it time to pause? */
void uk_guard_arrives(uk_conn *c, ukko_msg *m, size_t bytes);
/* The same in two steps: marks a message, which is no selection, and gives what it counts; adds up. */
uint64_t uk_guard_mark(uk_conn *c, ukko_msg *m, size_t bytes);
void uk_guard_sent(uk_conn *c, uint64_t size);
void uk_guard_read(uk_conn *c);
/* May this connection give cause for one more line in the log? */
bool uk_guard_may_complain(uk_conn *c);

/* ---- transports ---- */

void uk_transport_init(uk_transport *t, uk_remote *r, const uk_transport_settings *set);
/* Keys, address, socket: all but accepting. err names the setting. */
int uk_transport_open(uk_transport *t, ukko_error *err);
void uk_transport_fini(uk_transport *t); /* after the loop has stopped */
int uk_keys_load(uk_transport *t, ukko_error *err); /* at the start */
void uk_keys_watch(uk_remote *r);                   /* [io] begins to look at the files */
/* [io] Who may be who. Both say in the log why not. */
bool uk_access_credible(uk_conn *c, const char *address); /* address may be NULL */
bool uk_access_allowed(uk_conn *c, const char *address);
bool uk_access_takes(uk_conn *c, const uk_wire *e); /* is its class let in? */
/* The one for addresses of a protocol ("pekko.ssl.tcp"); NULL: none. [any] */
uk_transport *uk_transport_for(uk_remote *r, ukko_slice protocol);
/* Is it one of the addresses under which this node answers? [any] */
bool uk_remote_is_own(uk_remote *r, const uk_path *path);
bool uk_remote_is_published(uk_remote *r, const uk_path *path); /* no alias */
/* Between the two, this thread writes local references with the address of t. [any] */
static inline void uk_transport_speak(const uk_transport *t);
static inline void uk_transport_hush(const uk_transport *t);
/* "proto://sys@host:port" of a peer that calls itself so, whether or not it is an address; the parts
   are fit for a log (pdu.c sees to that). NULL: too long. */
char *uk_remote_origin_address(uk_remote *r, const uk_origin *o);

/* ---- the whole ---- */

uk_remote *uk_remote_of(ukko_system *sys); /* [any] NULL: not enabled */
/* Of the first transport. */
static inline const char *uk_remote_address(const uk_remote *r) {
    return r->transports[0].address;
}
/* The default transport has the system's own address: there is nothing to do. */
static inline void uk_transport_speak(const uk_transport *t) {
    if (t != t->remote->transports) uk_ref_speak_as(t->address);
}
static inline void uk_transport_hush(const uk_transport *t) {
    if (t != t->remote->transports) uk_ref_speak_as(NULL);
}
uk_remote *uk_remote_of(ukko_system *sys); /* NULL: no remoting */
void uk_remote_quarantine(uk_remote *r, const char *address, bool has_uid, int32_t uid,
                          int32_t reason, const char *why); /* [any] */
void uk_remote_stop(uk_remote *r); /* [io] begins the shutdown */
#endif
