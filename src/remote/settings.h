/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of classic remoting, read and checked once at the start; constant afterwards. */
#ifndef UK_REMOTE_SETTINGS_H
#define UK_REMOTE_SETTINGS_H
#include "remote/link.h"
#include <ukko/config.h>

enum { UK_MAX_NAMES = 2 };

typedef struct uk_remote_settings {
    /* the transport */
    bool tls;
    char *transport_path;   /* "pekko.remote.classic.netty.tcp" */
    char *hostname, *bind_hostname;
    int port, bind_port;
    int64_t connect_ms;     /* connection-timeout: connect and handshake */
    size_t max_frame;       /* header and body */
    int send_buffer, receive_buffer, backlog;
    bool nodelay, keepalive, reuse_addr;
    const char *scheme;     /* "tcp" or "ssl.tcp" */
    char *tls_section;      /* "….ssl.security"; the next ones with tls only */
    char *key_store, *key_store_password, *key_password, *trust_store, *trust_store_password;
    char *tls_protocol;
    char **suites;
    size_t n_suites;
    bool mutual;
    char *protocol_name;    /* "pekko" or "akka" */
    char *accept_names[UK_MAX_NAMES];
    size_t n_accept;
    /* classic */
    int64_t heartbeat_ms, heartbeat_pause_ms;
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
    /* shared */
    bool unsafe, warn_unsafe, warn_direct;
    uk_phi_settings watch;
    int64_t watch_heartbeat_ms, watch_reaper_ms, watch_first_ms;
    bool allow_list;
    char **allowed;
    size_t n_allowed;
} uk_remote_settings;

/* UKKO_ECONFIG: err names the setting and its value. s is to be ended in any case. */
int uk_remote_settings_read(uk_remote_settings *s, const ukko_config *cfg, ukko_error *err);
void uk_remote_settings_fini(uk_remote_settings *s);
#endif
