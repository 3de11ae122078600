/* SPDX-License-Identifier: Apache-2.0 */
/* Links as programs see them: names of states and reasons, a snapshot of each link. Any thread. */
#include "remote/internal.h"

/* ---- names ---- */

static const struct {
    const char *name, *text, *remedy;
} reasons[] = {
#define UKKO_X(name, number, what, remedy) [number] = {#name, what, remedy},
    UKKO_LINK_REASON_MAP(UKKO_X)
#undef UKKO_X
};

static bool known(int32_t reason) {
    return reason >= 0 && (size_t)reason < sizeof reasons / sizeof *reasons;
}
const char *ukko_link_reason_name(int32_t reason) {
    return known(reason) ? reasons[reason].name : "?";
}
const char *ukko_link_reason_text(int32_t reason) {
    return known(reason) ? reasons[reason].text : "a reason this version does not know";
}
const char *ukko_link_reason_remedy(int32_t reason) {
    return known(reason) ? reasons[reason].remedy : "see the documentation of a newer version";
}
const char *ukko_link_state_name(int32_t state) {
    static const char *const names[] = {"idle", "connecting", "active", "gated", "quarantined"};
    return (uint32_t)state < sizeof names / sizeof *names ? names[state] : "?";
}
