/* SPDX-License-Identifier: Apache-2.0 */
/* Which failure detectors this system uses: those that the program has added and those built in, by
   the names in the configuration. Setup, but for the phi of now, which any thread may ask for. */
#include "remote/internal.h"
#include "base/error.h"

int ukko_remote_add_detector(ukko_system *sys, const ukko_detector *d) {
    uk_remote *r = uk_remote_of(sys);
    if (!d || d->size < sizeof *d || !d->name || !d->heartbeat || !d->available)
        return UKKO_EINVAL;
    if (!r || r->loop || r->n_detectors == UK_DETECTORS) return UKKO_ESTATE;
    bool there = !strcmp(d->name, UK_PHI_CLASS) || !strcmp(d->name, UK_DEADLINE_CLASS);
    for (size_t i = 0; i < r->n_detectors; i++) there |= !strcmp(r->detectors[i]->name, d->name);
    if (there) return UKKO_EEXISTS;
    r->detectors[r->n_detectors++] = d;
    return UKKO_OK;
}

static int choose(uk_remote *r, uk_detector_kind *k, const char *name, ukko_error *err) {
    k->config = ukko_system_config(r->sys);
    k->deadline = !strcmp(name, UK_DEADLINE_CLASS);
    if (k->deadline || !strcmp(name, UK_PHI_CLASS)) return UKKO_OK;
    for (size_t i = 0; i < r->n_detectors && !k->own; i++)
        if (!strcmp(r->detectors[i]->name, name)) k->own = r->detectors[i];
    if (k->own) return uk_detector_try(k, err);
    return uk_error(err, UKKO_ECONFIG,
                    "%s.implementation-class = %s: no such failure detector is built in or was added "
                    "with ukko_remote_add_detector()",
                    k->section, name);
}

int uk_remote_detectors(uk_remote *r, ukko_error *err) {
    const uk_remote_settings *s = &r->set;
    r->watch_kind = (uk_detector_kind){.section = UK_WATCH_DETECTOR,
                                       .interval = s->watch_heartbeat_ms,
                                       .pause = s->watch.pause,
                                       .phi = s->watch};
    r->transport_kind = (uk_detector_kind){.section = UK_TRANSPORT_DETECTOR,
                                           .interval = s->heartbeat_ms,
                                           .pause = s->heartbeat_pause_ms,
                                           .phi = s->transport_phi};
    int rc = choose(r, &r->watch_kind, s->watch_class, err);
    return rc ? rc : choose(r, &r->transport_kind, s->transport_class, err);
}

int ukko_remote_phi(ukko_system *sys, const char *address, double *phi) {
    uk_remote *r = uk_remote_of(sys);
    if (!address || !phi) return UKKO_EINVAL;
    if (!r || !r->watcher) return UKKO_ESTATE;
    return uk_watcher_phi(r->watcher, address, phi) ? UKKO_OK : UKKO_ENOTFOUND;
}
