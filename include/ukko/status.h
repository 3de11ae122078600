/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_STATUS_H
#define UKKO_STATUS_H

/*
 * A status page in the node: a small HTTP server, off unless a program starts it, that shows the
 * links, the actors, dead letters and events of one system. A library of its own, libukko-status
 * (pkg-config ukko-status).
 *
 *   /             a page for people, with plots of the last five minutes
 *   /status.json  the same for programs
 *   /metrics      OpenMetrics, or the older text format for who does not ask for it (Accept)
 *   /healthz      200 "ok" while the system runs, else 503
 *
 * The page only shows: nothing can be changed through it. Whoever can reach it can see addresses,
 * paths and class names, so it listens on a loopback address unless told otherwise.
 *
 * What changes something goes through the control socket, a Unix-domain socket that only the user of
 * the process can open. It is there when a path is given for it, has all of the above, and
 *
 *   POST /quarantine/clear?address=ADDRESS[&uid=NUMBER]
 *
 * which does ukko_remote_quarantine_clear(): 200, 404 when nothing of it is quarantined, 400; the
 * body is a JSON object with "cleared" or "error". (ukko quarantine clear)
 */
#include <ukko/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- A status page in the node: ukko_status(3) ------------------------------------- */

typedef struct ukko_status ukko_status; /* the server of one system; thread-safe */

/* Where it listens; begin with UKKO_STATUS_OPTS. */
typedef struct ukko_status_opts {
    uint32_t size;    /* sizeof(ukko_status_opts) */
    const char *host; /* an address of this host; NULL: ukko.status.hostname of the system's config */
    int32_t port;     /* 0: any free one; -1: ukko.status.port; UKKO_STATUS_NO_PORT */
    const char *control; /* path of the control socket; "": none; NULL: ukko.status.control */
} ukko_status_opts;

/* As a port: no page over TCP, only the control socket. */
#define UKKO_STATUS_NO_PORT (-2)

/* All as the configuration says. */
#define UKKO_STATUS_OPTS {sizeof(ukko_status_opts), NULL, -1, NULL}

/* [any] After ukko_system_start(). opts NULL: all from the configuration. Two threads of its own, one
   more with a control socket. A socket that was left over at its path is replaced, one that is in
   use is not. Owned: ukko_status_free(), before the system is freed. UKKO_ECONFIG: a setting, err
   names it; UKKO_EIO: it cannot listen there. */
UKKO_API UKKO_NODISCARD int ukko_status_start(ukko_status **out, ukko_system *sys,
                                              const ukko_status_opts *opts, ukko_error *err);
/* [any] Starts what the configuration asks for, and is as ukko_status_start() then: the page when
   ukko.status.enabled is on, the control socket when ukko.status.control is a path. Otherwise *out
   is NULL and the result 0. Owned, likewise. */
UKKO_API UKKO_NODISCARD int ukko_status_start_configured(ukko_status **out, ukko_system *sys,
                                                         ukko_error *err);
/* [any] Where the page can be reached, "http://127.0.0.1:9464/"; "" with UKKO_STATUS_NO_PORT. It
   lives as long as status. */
UKKO_API const char *ukko_status_url(const ukko_status *status);
/* [outside] Stops to listen, ends open connections, waits for its threads. NULL is fine. */
UKKO_API void ukko_status_free(ukko_status *status);

#ifdef __cplusplus
}
#endif
#endif
