/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of classic remoting, read and checked once at the start; constant afterwards. */
#ifndef UK_REMOTE_SETTINGS_H
#define UK_REMOTE_SETTINGS_H
#include "remote/link.h"
#include <ukko/config.h>

#define UK_PHI_CLASS "org.apache.pekko.remote.PhiAccrualFailureDetector"
#define UK_DEADLINE_CLASS "org.apache.pekko.remote.DeadlineFailureDetector"
#define UK_WATCH_DETECTOR "pekko.remote.watch-failure-detector"
#define UK_TRANSPORT_DETECTOR "pekko.remote.classic.transport-failure-detector"

enum { UK_MAX_NAMES = 2, UK_TRANSPORTS = 4 };

/* The section "security" of a transport. */
typedef struct uk_tls_settings {
    char *section; /* "pekko.remote.classic.netty.ssl.security" */
    char *key_store, *key_store_password, *key_password, *trust_store, *trust_store_password;
    char *protocol, *provider; /* ssl-engine-provider, of the section above; NULL: not said */
    char **suites;
    size_t n_suites;
    bool mutual, verify_host;
} uk_tls_settings;

/* ukko.remote.tls.peers: a certificate with one of these names may be one of these addresses. */
typedef struct uk_peer_rule {
    char *subject;    /* a pattern: "CN=node*,O=x", "DNS:*.example" */
    char **addresses; /* patterns of whole addresses; none: any address */
    size_t n_addresses;
    bool untrusted;   /* also when untrusted-mode is off */
    char **classes;   /* patterns of the messages it may send; none: any */
    size_t n_classes;
} uk_peer_rule;

/* ukko.remote.limits */
typedef struct uk_limits {
    size_t connections, per_host, handshakes, handshakes_per_host, handshake_bytes;
    int64_t frame_ms, write_ms; /* 0: none */
    int64_t in_flight;
} uk_limits;

/* One of enabled-transports. */
typedef struct uk_transport_settings {
    char *path; /* "pekko.remote.classic.netty.tcp" */
    bool tls;
    char *scheme;        /* "tcp", "ssl.tcp", "trttl.gremlin.tcp" */
    bool trttl, gremlin; /* among applied-adapters */
    char *hostname, *bind_hostname;
    int port, bind_port; /* bind_port -1: as port */
    int64_t connect_ms;  /* connection-timeout: connect and handshake */
    size_t max_frame;    /* header and body */
    int send_buffer, receive_buffer, backlog;
    bool nodelay, keepalive, reuse_addr;
    size_t high_mark, low_mark; /* of unsent bytes */
    uk_tls_settings security; /* with tls only */
} uk_transport_settings;

typedef struct uk_remote_settings {
    uk_transport_settings transports[UK_TRANSPORTS]; /* the first gives the default address */
    size_t n_transports;
    char *protocol_name;    /* "pekko" or "akka" */
    char *accept_names[UK_MAX_NAMES];
    size_t n_accept;
    /* classic */
    int64_t heartbeat_ms, heartbeat_pause_ms;
    char *transport_class, *watch_class; /* implementation-class of the failure detectors */
    uk_phi_settings transport_phi;       /* should that be phi accrual */
    int64_t startup_ms, shutdown_ms, flush_ms;
    uk_link_settings link;
    size_t sys_buffer, resend_limit;
    int64_t ack_ms, resend_ms;
    bool untrusted;
    char **trusted;
    size_t n_trusted;
    bool log_received, log_sent;
    ukko_log_level lifecycle; /* OFF: none */
    int64_t log_frame_size;   /* -1: off */
    int64_t log_buffer;       /* -1: off */
    /* ukko.remote.send-queue, for each remote address */
    size_t queue_messages, queue_bytes;
    size_t max_idle_links; /* ukko.remote.max-idle-links */
    char *flight_directory; /* ukko.remote.flight-recorder */
    size_t flight_entries;
    bool faults, gremlin_debug; /* ukko.remote.faults; adapters apart */
    int64_t faults_seed;        /* 0: by chance */
    /* shared */
    bool unsafe, warn_unsafe, warn_direct;
    uk_phi_settings watch;
    int64_t watch_heartbeat_ms, watch_reaper_ms, watch_first_ms;
    uk_limits limits;
    char **classes; /* accepted-classes */
    size_t n_classes;
    char **aliases; /* accepted-addresses: "host", "host:port" or a whole address */
    size_t n_aliases;
    bool client;    /* listens nowhere */
    char *key_log;     /* NULL: none */
    int64_t reload_ms; /* 0: never */
    uk_peer_rule *rules;
    size_t n_rules;
    bool allow_list;
    char **allowed;
    size_t n_allowed;
} uk_remote_settings;

/* UKKO_ECONFIG: err names the setting and its value. s is to be ended in any case. */
int uk_remote_settings_read(uk_remote_settings *s, const ukko_config *cfg, ukko_error *err);
void uk_remote_settings_fini(uk_remote_settings *s);
#endif
