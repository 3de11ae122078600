/* SPDX-License-Identifier: Apache-2.0 */
/* The status page's server: settings, the four documents, start and end. libmicrohttpd runs one thread
   for all connections of a socket, the sampler is another. */
#include "status.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 32, TIMEOUT_S = 10, MEMORY = 16384 };

extern const unsigned char status_page[];
extern const size_t status_page_len;

#define PROMETHEUS  "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* ---- answering ---- */

enum MHD_Result st_send(struct MHD_Connection *c, unsigned status, const char *type, char *text,
                        size_t len, enum MHD_ResponseMemoryMode mode) {
    struct MHD_Response *r = MHD_create_response_from_buffer(len, text, mode);
    if (!r) return MHD_NO;
    MHD_add_response_header(r, "Content-Type", type);
    MHD_add_response_header(r, "Cache-Control", "no-store");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(r, "Content-Security-Policy",
                            "default-src 'self'; script-src 'unsafe-inline'; style-src "
                            "'unsafe-inline'; img-src data:; frame-ancestors 'none'");
    enum MHD_Result rc = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return rc;
}

static enum MHD_Result send_plain(struct MHD_Connection *c, unsigned status, const char *text) {
    return st_send(c, status, "text/plain; charset=utf-8", (char *)(uintptr_t)text, strlen(text),
                     MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result send_books(ukko_status *s, struct MHD_Connection *c, const char *type,
                                  char *(*render)(const ukko_status *, size_t *)) {
    size_t len = 0;
    pthread_mutex_lock(&s->lock);
    char *text = render(s, &len);
    pthread_mutex_unlock(&s->lock);
    return text ? st_send(c, MHD_HTTP_OK, type, text, len, MHD_RESPMEM_MUST_FREE) : MHD_NO;
}

static bool wants_openmetrics(struct MHD_Connection *c) {
    const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept");
    return accept && strstr(accept, "application/openmetrics-text");
}

static bool runs(ukko_status *s) { return ukko_system_wait(s->sys, 0) == UKKO_ETIMEOUT; }

enum MHD_Result st_answer(void *data, struct MHD_Connection *c, const char *url, const char *method,
                          const char *version, const char *body, size_t *body_len, void **state) {
    ukko_status *s = data;
    (void)version, (void)body, (void)body_len, (void)state;
    if (strcmp(method, "GET") && strcmp(method, "HEAD"))
        return send_plain(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
    if (!strcmp(url, "/"))
        return st_send(c, MHD_HTTP_OK, "text/html; charset=utf-8", (char *)(uintptr_t)status_page,
                         status_page_len, MHD_RESPMEM_PERSISTENT);
    if (!strcmp(url, "/status.json")) return send_books(s, c, "application/json", st_render_json);
    if (!strcmp(url, "/metrics"))
        return wants_openmetrics(c) ? send_books(s, c, OPENMETRICS, st_render_openmetrics)
                                    : send_books(s, c, PROMETHEUS, st_render_prometheus);
    if (!strcmp(url, "/healthz"))
        return runs(s) ? send_plain(c, MHD_HTTP_OK, "ok\n")
                       : send_plain(c, MHD_HTTP_SERVICE_UNAVAILABLE, "the system has ended\n");
    return send_plain(c, MHD_HTTP_NOT_FOUND, "no such page\n");
}

/* ---- the sampler ---- */

static void *sample_on(void *data) {
    ukko_status *s = data;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&s->lock);
    while (!s->ending) {
        pthread_mutex_unlock(&s->lock);
        st_sample(s);
        next.tv_sec++;
        pthread_mutex_lock(&s->lock);
        while (!s->ending && pthread_cond_timedwait(&s->wake, &s->lock, &next) == 0)
            ;
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- start ---- */

static int fail(ukko_error *err, int code, const char *what, const char *host, int port,
                const char *why) {
    if (err) {
        err->code = code;
        snprintf(err->message, sizeof err->message, "%s %s:%d: %s", what, host, port, why);
    }
    return code;
}

static int listen_at(const char *host, int port, int *fd, int *bound) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list;
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    char text[8];
    int on = 1;
    snprintf(text, sizeof text, "%d", port);
    if (getaddrinfo(host, text, &hints, &list)) return EADDRNOTAVAIL;
    *fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd >= 0) setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int rc = *fd < 0 || bind(*fd, list->ai_addr, list->ai_addrlen) || listen(*fd, 32) ? errno : 0;
    freeaddrinfo(list);
    if (!rc && !getsockname(*fd, (struct sockaddr *)&a, &len))
        *bound = ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                               : ((struct sockaddr_in *)&a)->sin_port);
    if (rc && *fd >= 0) close(*fd);
    return rc;
}

static ukko_status *make(ukko_system *sys) {
    ukko_status *s = calloc(1, sizeof *s);
    pthread_condattr_t attr;
    if (!s) abort();
    s->sys = sys;
    s->started_ms = st_now_ms();
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attr);
    pthread_condattr_destroy(&attr);
    return s;
}

static struct MHD_Daemon *serve(ukko_status *s, int fd, MHD_AccessHandlerCallback answer) {
    struct MHD_Daemon *d = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, answer, s,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)MEMORY, MHD_OPTION_END);
    if (!d) close(fd);
    return d;
}

static int begin_page(ukko_status *s, const char *host, int port, ukko_error *err) {
    int fd = -1, bound = port, rc = listen_at(host, port, &fd, &bound);
    if (rc)
        return fail(err, UKKO_EIO, "the status page cannot listen at", host, port, strerror(rc));
    s->server = serve(s, fd, st_answer);
    if (!s->server)
        return fail(err, UKKO_EIO, "the status page cannot start at", host, port, "no server");
    snprintf(s->url, sizeof s->url, strchr(host, ':') ? "http://[%s]:%d/" : "http://%s:%d/", host,
             bound);
    return UKKO_OK;
}

static int begin_control(ukko_status *s, const char *path, ukko_error *err) {
    int fd = -1, rc = st_control_listen(path, &fd);
    if (!rc) {
        s->control_path = strdup(path);
        s->control = serve(s, fd, st_control_answer);
    }
    if (s->control) return UKKO_OK;
    if (err) {
        err->code = UKKO_EIO;
        snprintf(err->message, sizeof err->message, "ukko.status.control: cannot listen at %.200s: %s",
                 path, rc ? strerror(rc) : "no server");
    }
    return UKKO_EIO;
}

static int begin_books(ukko_status *s, ukko_error *err) {
    int rc = st_subscribe(s);
    if (!rc) rc = pthread_create(&s->sampler, NULL, sample_on, s) ? UKKO_EIO : UKKO_OK;
    s->sampling = !rc;
    if (rc && err) {
        err->code = rc;
        snprintf(err->message, sizeof err->message, "the status page cannot watch: %s",
                 ukko_strerror(rc));
    }
    return rc;
}

/* A program that was built before there was one has a shorter struct. */
static const char *control_of(const ukko_status_opts *opts, const ukko_config *cfg) {
    const char *path = opts && opts->size >= sizeof *opts ? opts->control : NULL;
    if (!path && ukko_config_string(cfg, "ukko.status.control", &path)) path = "";
    return path;
}

int ukko_status_start(ukko_status **out, ukko_system *sys, const ukko_status_opts *opts,
                      ukko_error *err) {
    const ukko_config *cfg = ukko_system_config(sys);
    const char *host = opts ? opts->host : NULL, *control = control_of(opts, cfg);
    int64_t port = opts ? opts->port : -1;
    *out = NULL;
    if (!host && ukko_config_string(cfg, "ukko.status.hostname", &host)) host = "127.0.0.1";
    if (port == -1 && ukko_config_int(cfg, "ukko.status.port", &port)) port = 9464;
    if ((port < 0 || port > 65535) && port != UKKO_STATUS_NO_PORT)
        return fail(err, UKKO_ECONFIG, "ukko.status.port", host, (int)port, "is no port");
    ukko_status *s = make(sys);
    int rc = port == UKKO_STATUS_NO_PORT ? UKKO_OK : begin_page(s, host, (int)port, err);
    if (!rc && *control) rc = begin_control(s, control, err);
    if (!rc) rc = begin_books(s, err);
    if (rc)
        ukko_status_free(s);
    else
        *out = s;
    return rc;
}

int ukko_status_start_configured(ukko_status **out, ukko_system *sys, ukko_error *err) {
    const ukko_config *cfg = ukko_system_config(sys);
    ukko_status_opts opts = UKKO_STATUS_OPTS;
    bool on = false;
    *out = NULL;
    if (ukko_config_bool(cfg, "ukko.status.enabled", &on) || !on) opts.port = UKKO_STATUS_NO_PORT;
    return on || *control_of(&opts, cfg) ? ukko_status_start(out, sys, &opts, err) : UKKO_OK;
}

const char *ukko_status_url(const ukko_status *s) { return s->url; }

void ukko_status_free(ukko_status *s) {
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    if (s->server) MHD_stop_daemon(s->server);
    if (s->control) MHD_stop_daemon(s->control);
    if (s->control_path) unlink(s->control_path);
    free(s->control_path);
    if (s->sampling) pthread_join(s->sampler, NULL);
    st_unsubscribe(s);
    st_books_free(s);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
