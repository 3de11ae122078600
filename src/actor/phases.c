/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the phases of the end and putting them in order: depth first from each, so that a phase
   comes after those that it depends on. The thread that makes the system. */
#include "actor/phases.h"
#include "base/error.h"
#include "base/mem.h"
#include <stdio.h>
#include <string.h>

#define SECTION "pekko.coordinated-shutdown"
enum { NEW, OPEN, DONE }; /* marks: OPEN is on the way to itself */

int uk_phases_find(const uk_phases *p, const char *name) {
    for (size_t i = 0; name && i < p->n; i++)
        if (!strcmp(p->items[i].name, name)) return (int)i;
    return -1;
}
static void phase_fini(uk_end_phase *p) {
    for (size_t i = 0; i < p->n_after; i++) uk_free(p->after[i]);
    uk_free(p->after);
    uk_free(p->name);
}
void uk_phases_fini(uk_phases *p) {
    for (size_t i = 0; i < p->n; i++) phase_fini(&p->items[i]);
    uk_free(p->items);
    *p = (uk_phases){NULL, 0};
}
static uk_end_phase *add(uk_phases *p, const char *name, int64_t timeout_ms) {
    p->items = uk_realloc(p->items, (p->n + 1) * sizeof *p->items);
    p->items[p->n] = (uk_end_phase){.name = uk_strdup(name),
                                    .timeout_ms = timeout_ms,
                                    .recover = true,
                                    .enabled = true};
    return &p->items[p->n++];
}

/* ---- reading ---- */

static int explain(const ukko_config *c, const char *path, int rc, ukko_error *err) {
    return rc == UKKO_ENOTFOUND ? UKKO_OK : ukko_config_explain(c, path, rc, NULL, err);
}
static int read_after(uk_end_phase *p, const ukko_config *c, const char *path, ukko_error *err) {
    size_t n;
    const char *name;
    int rc = ukko_config_count(c, path, &n);
    if (rc) return explain(c, path, rc, err);
    p->after = uk_alloc((n + 1) * sizeof *p->after);
    for (size_t i = 0; i < n; i++) {
        if ((rc = ukko_config_string_at(c, path, i, &name)))
            return ukko_config_explain(c, path, rc, "names of phases", err);
        p->after[p->n_after++] = uk_strdup(name);
    }
    return UKKO_OK;
}
static int read_phase(uk_end_phase *p, const ukko_config *c, const char *key, ukko_error *err) {
    enum { AFTER, TIMEOUT, RECOVER, ENABLED };
    static const char *const names[] = {"depends-on", "timeout", "recover", "enabled"};
    char *quoted = ukko_config_quote(key);
    int rc = UKKO_OK;
    for (int i = AFTER; i <= ENABLED && !rc; i++) {
        char *path = uk_format(SECTION ".phases.%s.%s", quoted, names[i]);
        if (i == AFTER) rc = read_after(p, c, path, err);
        else if (i == TIMEOUT)
            rc = explain(c, path, ukko_config_duration_ms(c, path, &p->timeout_ms), err);
        else
            rc = explain(c, path,
                         ukko_config_bool(c, path, i == RECOVER ? &p->recover : &p->enabled), err);
        if (!rc && i == TIMEOUT && p->timeout_ms < 0)
            rc = uk_error(err, UKKO_ECONFIG, "%s must not be negative", path);
        uk_free(path);
    }
    ukko_free(quoted);
    return rc;
}
static int read_all(uk_phases *p, const ukko_config *c, ukko_error *err) {
    const char *path = SECTION ".default-phase-timeout", *key;
    int64_t timeout_ms;
    size_t n = 0;
    int rc = ukko_config_duration_ms(c, path, &timeout_ms);
    if (rc) return ukko_config_explain(c, path, rc, NULL, err);
    path = SECTION ".phases";
    if ((rc = ukko_config_key_count(c, path, &n)))
        return ukko_config_explain(c, path, rc, NULL, err);
    for (size_t i = 0; i < n && !rc; i++) {
        ukko_config_key_at(c, path, i, &key);
        rc = read_phase(add(p, key, timeout_ms), c, key, err);
    }
    for (size_t i = 0, k; i < p->n && !rc; i++) /* those that are only depended on */
        for (k = 0; k < p->items[i].n_after; k++)
            if (uk_phases_find(p, p->items[i].after[k]) < 0)
                add(p, p->items[i].after[k], timeout_ms);
    return rc;
}

/* ---- sorting ---- */

static int visit(uk_phases *from, uk_phases *to, int at, ukko_error *err) {
    uk_end_phase *p = &from->items[at];
    if (p->mark == DONE) return UKKO_OK;
    if (p->mark == OPEN)
        return uk_error(err, UKKO_ECONFIG, SECTION ".phases: [%s] depends on itself, by way of others "
                        "perhaps: there is no order in which they could run", p->name);
    p->mark = OPEN;
    for (size_t i = 0; i < p->n_after; i++) {
        int rc = visit(from, to, uk_phases_find(from, p->after[i]), err);
        if (rc) return rc;
    }
    p->mark = DONE;
    to->items[to->n++] = *p;
    return UKKO_OK;
}
int uk_phases_read(uk_phases *out, const ukko_config *c, ukko_error *err) {
    uk_phases all = {NULL, 0}, sorted = {NULL, 0};
    *out = sorted;
    int rc = read_all(&all, c, err);
    sorted.items = uk_alloc((all.n + 1) * sizeof *sorted.items);
    for (size_t i = 0; i < all.n && !rc; i++) rc = visit(&all, &sorted, (int)i, err);
    if (rc) {
        uk_free(sorted.items);
        uk_phases_fini(&all);
        return rc;
    }
    uk_free(all.items); /* what they hold has moved */
    *out = sorted;
    return UKKO_OK;
}
