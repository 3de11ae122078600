/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as configuration: parse in each syntax, as a peer's text too, resolve, render, read
   the rendering back, merge, check names. */
#include "config/internal.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds) {
    if (!holds) abort();
}

/* What is rendered as HOCON must read back as an equal config. */
static void round_trip(const ukko_config *c) {
    char *text = ukko_config_render_hocon(c, 2);
    ukko_config *again = NULL;
    ukko_error err;
    if (!text) return;
    int rc = ukko_config_parse(&again, ukko_str(text), "again", &err);
    /* Texts with a NUL end early as C strings; deep trees may be above the parser's limit. */
    if (!rc)
        demand(ukko_config_equal(c, again) || strstr(text, "\\u0000"));
    else
        demand(rc == UKKO_ETOOBIG);
    ukko_config_release(again);
    ukko_free(text);
}

static void use(const ukko_config *c) {
    ukko_config *resolved = NULL, *both = ukko_config_with_fallback(c, c);
    char *text = ukko_config_render(c, 0);
    ukko_free(text);
    if (!ukko_config_resolve(&resolved, both, NULL)) round_trip(resolved);
    ukko_config_check(c, NULL, NULL);
    ukko_config_release(resolved);
    ukko_config_release(both);
}

static void getters(ukko_slice text) {
    int64_t n;
    int32_t y, m, d;
    double real;
    uk_parse_duration(text, &n);
    uk_parse_size(text, &n);
    uk_parse_period(text, &y, &m, &d);
    uk_parse_double(text, &real);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 65536) return 0;
    ukko_slice text = {data + 1, size - 1};
    ukko_config *c = NULL;
    uk_config_fault f = {0};
    uk_parse_options o = {.syntax = data[0] % 4, .flags = UK_CONFIG_NO_INCLUDE};
    uk_arena *a = uk_arena_new(0);
    uk_value *root = uk_parse_text(a, text, "fuzz", &o, &f);
    if (root && uk_is_object(root)) {
        c = uk_config_new(a, root);
        use(c);
        ukko_config_release(c);
    } else {
        demand(root || f.kind);
        uk_arena_release(a);
    }
    if (!uk_config_parse_foreign(&c, text, "peer", NULL)) {
        round_trip(c);
        ukko_config_release(c);
    }
    getters(text);
    return 0;
}
