/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of TLS transports: loaded at the start, and anew when asked for or when the files have changed.
   Loading runs on the thread that asks, or in the pool of look-ups; only the exchange is the I/O
   thread's. Connections that are open keep what they began with. */
#include "remote/internal.h"
#include "base/error.h"
#include "base/mem.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- loading ---- */

static void tell_notes(uk_remote *r, uk_buf *notes) {
    char *rest = uk_buf_text(notes);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (*line)
            uk_log(r->sys, UKKO_LOG_WARN, "remoting", UK_LOG_TRANSPORT, NULL, NULL, "%s", line);
}

static int load(const uk_transport *t, uk_tls **out, ukko_error *err) {
    uk_remote *r = t->remote;
    const uk_tls_settings *s = &t->set->security;
    uk_buf notes = {0};
    uk_tls_opts o = {.section = s->section,
                     .key_store = s->key_store,
                     .key_store_password = s->key_store_password,
                     .key_password = s->key_password,
                     .trust_store = s->trust_store,
                     .trust_store_password = s->trust_store_password,
                     .protocol = s->protocol,
                     .suites = s->suites,
                     .n_suites = s->n_suites,
                     .mutual = s->mutual,
                     .verify_host = s->verify_host,
                     .key_log = r->set.key_log,
                     .hook = r->tls_hook,
                     .hook_data = r->tls_hook_data};
    int rc = uk_tls_new(out, &o, &notes, err);
    if (!rc) tell_notes(r, &notes);
    uk_buf_fini(&notes);
    return rc;
}

/* Changes whenever a file is replaced or written to. */
static uint64_t mark_of(const char *path, uint64_t h) {
    struct stat st;
    if (stat(path, &st)) return h * 31;
    h = h * 31 + (uint64_t)st.st_ino;
    h = h * 31 + (uint64_t)st.st_size;
    return h * 31 + (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
}

static uint64_t marks(const uk_remote *r) {
    static const char *const parts[] = {"%s", "%s/tls.crt", "%s/tls.key", "%s/ca.crt"};
    uint64_t h = 1;
    for (size_t i = 0; i < r->set.n_transports; i++) {
        const uk_tls_settings *s = &r->set.transports[i].security;
        for (size_t k = 0; r->set.transports[i].tls && k < 4; k++) {
            char path[1024];
            snprintf(path, sizeof path, parts[k], s->key_store);
            h = mark_of(path, h);
            snprintf(path, sizeof path, parts[k], s->trust_store);
            h = mark_of(path, h);
        }
    }
    return h;
}

/* Another class of the JVM may get its keys from elsewhere, or refuse what the stores let in. */
static int check_provider(const uk_transport *t, ukko_error *err) {
    const char *name = t->set->security.provider;
    if (!name || t->remote->tls_hook ||
        !strcmp(name, "org.apache.pekko.remote.transport.netty.ConfigSSLEngineProvider"))
        return UKKO_OK;
    return uk_error(err, UKKO_ECONFIG,
                    "%s.ssl-engine-provider = \"%.200s\": is not known here; keys come from the stores "
                    "of %s, or from the program's TLS hook", t->set->path, name,
                    t->set->security.section);
}

int uk_keys_load(uk_transport *t, ukko_error *err) {
    t->remote->key_marks = marks(t->remote);
    if (!t->set->tls) return UKKO_OK;
    int rc = check_provider(t, err);
    if (!rc) rc = load(t, &t->tls, err);
    t->had_key = !rc && uk_tls_has_key(t->tls);
    return rc;
}

/* ---- loading anew ---- */

typedef struct renewal {
    uk_task task;
    uk_remote *remote;
    uk_tls *tls[UK_TRANSPORTS];
    uint64_t before, marks;
    bool changed;
    int rc;
    ukko_error err;
} renewal;

static void renewal_free(renewal *n) {
    for (size_t i = 0; i < UK_TRANSPORTS; i++) uk_tls_free(n->tls[i]);
    uk_free(n);
}

/* A file that has lost its key is taken for one that is being written. */
static int load_one(renewal *n, size_t i) {
    const uk_transport *t = &n->remote->transports[i];
    int rc = load(t, &n->tls[i], &n->err);
    if (!rc && t->had_key && !uk_tls_has_key(n->tls[i]))
        rc = uk_error(&n->err, UKKO_ETLS, "%s.key-store: \"%s\" has no private key any more",
                      t->set->security.section, t->set->security.key_store);
    return rc;
}

static int load_all(renewal *n) {
    for (size_t i = 0; i < n->remote->n_transports && !n->rc; i++)
        if (n->remote->set.transports[i].tls) n->rc = load_one(n, i);
    return n->rc;
}

/* I/O thread, or nobody's when all is over. */
static void exchange(renewal *n) {
    uk_remote *r = n->remote;
    bool any = false;
    for (size_t i = 0; i < r->n_transports && !r->stopping; i++) {
        if (!n->tls[i]) continue;
        uk_tls *old = r->transports[i].tls;
        r->transports[i].tls = n->tls[i];
        n->tls[i] = old;
        any = true;
    }
    if (any)
        uk_log(r->sys, UKKO_LOG_INFO, "remoting", UK_LOG_TRANSPORT, NULL, NULL,
               "TLS keys were loaded anew; connections from now on use them");
    renewal_free(n);
}

static void run_exchange(uk_task *t) { exchange(UK_OWNER(renewal, t, task)); }

int ukko_remote_tls_reload(ukko_system *sys, ukko_error *err) {
    uk_remote *r = uk_remote_of(sys);
    if (!r || !uk_remote_address(r)) return uk_error(err, UKKO_ESTATE, "remoting is not running");
    renewal *n = uk_zalloc(sizeof *n);
    n->remote = r;
    n->task.run = run_exchange;
    int rc = load_all(n);
    if (rc) {
        if (err) *err = n->err;
        renewal_free(n);
        return rc;
    }
    if (uk_loop_is_here(r->loop)) exchange(n);
    else uk_loop_post(r->loop, &n->task);
    return UKKO_OK;
}

int ukko_remote_tls_hook(ukko_system *sys, ukko_tls_fn fn, void *data) {
    uk_remote *r = uk_remote_of(sys);
    if (!r || uk_remote_address(r)) return UKKO_ESTATE;
    r->tls_hook = fn;
    r->tls_hook_data = data;
    return UKKO_OK;
}

/* ---- looking at the files ---- */

/* In the pool. */
static void look(void *data) {
    renewal *n = data;
    n->marks = marks(n->remote);
    n->changed = n->marks != n->before;
    if (n->changed) load_all(n);
}

static void looked(void *data) {
    renewal *n = data;
    uk_remote *r = n->remote;
    if (r->stopping) {
        renewal_free(n);
        return;
    }
    if (n->changed) r->key_marks = n->marks;
    uk_alarm_start(r->loop, &r->renew, r->set.reload_ms);
    if (n->rc) {
        uk_log(r->sys, UKKO_LOG_ERROR, "remoting", UK_LOG_TRANSPORT, NULL, NULL,
               "TLS keys have changed but cannot be loaded, the old ones stay: %s", n->err.message);
        renewal_free(n);
    } else {
        exchange(n);
    }
}

static void on_renew(uk_alarm *a) {
    uk_remote *r = UK_OWNER(uk_remote, a, renew);
    renewal *n = uk_zalloc(sizeof *n);
    n->remote = r;
    n->before = r->key_marks;
    uk_loop_work(r->loop, look, looked, n);
}

void uk_keys_watch(uk_remote *r) {
    bool any = false;
    for (size_t i = 0; i < r->n_transports; i++) any |= r->transports[i].tls != NULL;
    if (!any || !r->set.reload_ms) return;
    r->renew.fire = on_renew;
    uk_alarm_start(r->loop, &r->renew, r->set.reload_ms);
}
