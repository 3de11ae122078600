/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: a Unix-domain socket for the owner of the process, with the pages and with what
   changes something. libmicrohttpd runs one thread for its connections. */
#include "status.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <ukko/remote.h>

/* ---- the socket ---- */

static bool is_left_over(const struct sockaddr_un *a) { /* a socket that nobody listens on */
    struct stat st;
    if (lstat(a->sun_path, &st) || !S_ISSOCK(st.st_mode)) return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)a, sizeof *a) &&
                   errno == ECONNREFUSED;
    if (fd >= 0) close(fd);
    return refused;
}

int st_control_listen(const char *path, int *fd) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path) return ENAMETOOLONG;
    strcpy(a.sun_path, path);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = *fd < 0 ? errno : 0;
    if (!rc && bind(*fd, (struct sockaddr *)&a, sizeof a)) rc = errno;
    if (rc == EADDRINUSE && is_left_over(&a)) {
        unlink(path);
        rc = bind(*fd, (struct sockaddr *)&a, sizeof a) ? errno : 0;
    }
    if (!rc) { /* until it listens nobody can connect */
        rc = chmod(path, S_IRUSR | S_IWUSR) || listen(*fd, 32) ? errno : 0;
        if (rc) unlink(path);
    }
    if (rc && *fd >= 0) close(*fd);
    return rc;
}

/* ---- what changes something ---- */

static enum MHD_Result say(struct MHD_Connection *c, unsigned status, const char *word,
                           const char *value) {
    json_t *j = json_pack("{s:s}", word, value);
    char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
    json_decref(j);
    return text ? st_send(c, status, "application/json", text, strlen(text), MHD_RESPMEM_MUST_FREE)
                : MHD_NO;
}

static bool read_uid(const char *text, int32_t *uid) {
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    *uid = (int32_t)n;
    return *text && !*end && !errno && n >= INT32_MIN && n <= INT32_MAX;
}

/* ?address=A, &uid=N */
static enum MHD_Result clear_quarantine(ukko_status *s, struct MHD_Connection *c) {
    const char *address = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "address");
    const char *text = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "uid");
    int32_t uid = 0;
    ukko_link link = {0};
    if (!address || (text && !read_uid(text, &uid)))
        return say(c, MHD_HTTP_BAD_REQUEST, "error", "?address=ADDRESS, and &uid=NUMBER if wanted");
    int rc = ukko_remote_link(s->sys, address, &link);
    if (!rc && !text) uid = link.refused_uid;
    if (!rc) rc = ukko_remote_quarantine_clear(s->sys, address, &uid);
    if (rc == UKKO_ENOTFOUND)
        return say(c, MHD_HTTP_NOT_FOUND, "error",
                   text                  ? "that incarnation is not quarantined here"
                   : link.state == UKKO_LINK_GATED ? "it is gated, not quarantined: that ends by itself"
                                                  : "it is not quarantined here");
    if (rc) return say(c, MHD_HTTP_SERVICE_UNAVAILABLE, "error", ukko_strerror(rc));
    char number[16];
    snprintf(number, sizeof number, "%" PRId32, uid);
    return say(c, MHD_HTTP_OK, "cleared", number);
}

enum MHD_Result st_control_answer(void *data, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_len, void **state) {
    static char seen;
    if (strcmp(method, "POST") || strcmp(url, "/quarantine/clear"))
        return st_answer(data, c, url, method, version, body, body_len, state);
    if (!*state || *body_len) { /* the answer follows the whole request; it has no body of use */
        *state = &seen;
        *body_len = 0;
        return MHD_YES;
    }
    return clear_quarantine(data, c);
}
