/* SPDX-License-Identifier: Apache-2.0 */
/* The extensions of a system: made once, on whatever thread asks first, and under a lock that this
   thread may take again, so that they can ask for each other. */
#include "actor/system.h"
#include "base/error.h"
#include "base/mem.h"
#include <ukko/extension.h>

#define LOGGER "org.apache.pekko.actor.ActorSystemImpl"

typedef struct made {
    struct made *next; /* made before */
    const ukko_extension *kind;
    void *instance;
    bool ready; /* false: it is being made */
} made;
struct uk_extensions {
    pthread_mutex_t lock; /* recursive; held while one is made */
    made *made;
    const ukko_extension **known; /* filled before the start, then constant */
    size_t n_known;
};

uk_extensions *uk_extensions_new(void) {
    uk_extensions *x = uk_zalloc(sizeof *x);
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&x->lock, &attr);
    pthread_mutexattr_destroy(&attr);
    return x;
}
void uk_extensions_free(uk_extensions *x) {
    if (!x) return;
    for (made *m = x->made, *next; m; m = next) {
        next = m->next;
        if (m->kind->destroy) m->kind->destroy(m->instance);
        uk_free(m);
    }
    pthread_mutex_destroy(&x->lock);
    uk_free(x->known);
    uk_free(x);
}
static const ukko_extension *known(const uk_extensions *x, const char *name) {
    for (size_t i = 0; i < x->n_known; i++)
        if (!strcmp(x->known[i]->name, name)) return x->known[i];
    return NULL;
}
int ukko_system_add_extension(ukko_system *sys, const ukko_extension *e) {
    uk_extensions *x = sys->extensions;
    if (sys->phase != UK_PHASE_NEW) return UKKO_ESTATE;
    if (!e || !e->name || !e->create) return UKKO_EINVAL;
    if (known(x, e->name)) return UKKO_EEXISTS;
    x->known = uk_realloc(x->known, (x->n_known + 1) * sizeof *x->known);
    x->known[x->n_known++] = e;
    return UKKO_OK;
}
static made *find(const uk_extensions *x, const ukko_extension *e) {
    made *m = x->made;
    while (m && m->kind != e) m = m->next;
    return m;
}
static void forget(uk_extensions *x, made *gone) {
    made **at = &x->made;
    while (*at != gone) at = &(*at)->next;
    *at = gone->next;
    uk_free(gone);
}
static int make(ukko_system *sys, const ukko_extension *e, void **out, ukko_error *err) {
    uk_extensions *x = sys->extensions;
    made *m = uk_zalloc(sizeof *m);
    ukko_error why = {0, ""};
    *m = (made){x->made, e, NULL, false};
    x->made = m;
    int rc = e->create(sys, &m->instance, &why);
    if (rc < 0) {
        forget(x, m);
        return uk_error(err, rc, "%s", *why.message ? why.message : ukko_strerror(rc));
    }
    m->ready = true;
    *out = m->instance;
    return UKKO_OK;
}
int ukko_extension_get(ukko_system *sys, const ukko_extension *e, void **out, ukko_error *err) {
    uk_extensions *x = sys->extensions;
    *out = NULL;
    if (!e || !e->create) return uk_error(err, UKKO_EINVAL, "an extension needs a create function");
    pthread_mutex_lock(&x->lock);
    made *m = find(x, e);
    int rc = UKKO_OK;
    if (!m) rc = make(sys, e, out, err);
    else if (m->ready) *out = m->instance;
    else
        rc = uk_error(err, UKKO_EDEADLOCK, "extension \"%s\" asks for itself while it is being made",
                      e->name ? e->name : "");
    pthread_mutex_unlock(&x->lock);
    return rc;
}
bool ukko_extension_has(ukko_system *sys, const ukko_extension *e) {
    pthread_mutex_lock(&sys->extensions->lock);
    made *m = find(sys->extensions, e);
    bool ready = m && m->ready;
    pthread_mutex_unlock(&sys->extensions->lock);
    return ready;
}

/* ---- those that the configuration names ---- */

static bool built_in(const char *name) {
    return !strcmp(name, "org.apache.pekko.serialization.SerializationExtension$") ||
           !strcmp(name, "org.apache.pekko.serialization.SerializationExtension");
}
static int load_one(ukko_system *sys, const char *path, const char *name, ukko_error *err) {
    const ukko_extension *e = known(sys->extensions, name);
    ukko_error why = {0, ""};
    void *instance;
    if (built_in(name)) return UKKO_OK;
    if (!e) {
        uk_log(sys, UKKO_LOG_WARN, "extensions", LOGGER, NULL, NULL,
               "%s: this program has no extension [%s], skipping it", path, name);
        return UKKO_OK;
    }
    int rc = ukko_extension_get(sys, e, &instance, &why);
    return rc ? uk_error(err, rc, "%s: extension \"%.100s\": %.300s", path, name, why.message) : UKKO_OK;
}
static int load_list(ukko_system *sys, const char *path, ukko_error *err) {
    const char *name;
    size_t n;
    int rc = ukko_config_count(sys->config, path, &n);
    if (rc == UKKO_ENOTFOUND) return UKKO_OK;
    if (rc) return ukko_config_explain(sys->config, path, rc, "a list of names", err);
    for (size_t i = 0; i < n && !rc; i++) {
        rc = ukko_config_string_at(sys->config, path, i, &name);
        if (rc) return ukko_config_explain(sys->config, path, rc, "a list of names", err);
        rc = load_one(sys, path, name, err);
    }
    return rc;
}
int uk_extensions_load(ukko_system *sys, ukko_error *err) {
    int rc = load_list(sys, "pekko.library-extensions", err);
    return rc ? rc : load_list(sys, "pekko.extensions", err);
}
