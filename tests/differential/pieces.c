/* SPDX-License-Identifier: Apache-2.0 */
/* Random pieces of Pekko's own messages: references, addresses, payloads, exceptions. */
#include "diff.h"
#include <stdio.h>

uint64_t roll(uint64_t *seed) { /* splitmix64 */
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
size_t below(uint64_t *seed, size_t n) { return (size_t)(roll(seed) % n); }

const char *random_text(ukko_msg *into, uint64_t *seed) {
    ukko_msg *m = ukko_msg_random(diff_system, &ukko_string_type, seed);
    const char *text = ukko_msg_strdup(into, ukko_msg_text(m));
    ukko_msg_release(m);
    return text;
}
ukko_ref *random_ref(uint64_t *seed) {
    static const char *const names[] = {"echo",  "a",        "B-2", "$c",
                                        "x%20y", "worker_1", "a=b", "deep"};
    char text[300];
    size_t n = (size_t)snprintf(text, sizeof text, "pekko.%stcp://sys%zu@10.0.%zu.7:%zu/user",
                                below(seed, 8) ? "" : "ssl.", below(seed, 5), below(seed, 200),
                                1 + below(seed, 65535));
    for (size_t i = below(seed, 4) + 1; i; i--)
        n += (size_t)snprintf(text + n, sizeof text - n, "/%s", names[below(seed, 8)]);
    int32_t uid = (int32_t)roll(seed);
    if (below(seed, 4) && uid) snprintf(text + n, sizeof text - n, "#%d", (int)uid);
    return uk_system_resolve(diff_system, ukko_str(text));
}
ukko_address random_address(ukko_msg *into, uint64_t *seed) {
    char system[40], host[40];
    snprintf(system, sizeof system, "sys-%zu", below(seed, 1000));
    snprintf(host, sizeof host, below(seed, 2) ? "host%zu.example.com" : "10.1.2.%zu",
             below(seed, 250));
    return (ukko_address){below(seed, 4) ? "pekko.tcp" : "pekko.ssl.tcp",
                          ukko_msg_strdup(into, system), ukko_msg_strdup(into, host),
                          (int32_t)below(seed, 65536), 0};
}

/* ---- references in random messages: far ones instead of dead letters ---- */

static void put_refs(const ukko_type *type, void *body, uint64_t *seed);

static void put_ref(const ukko_field *f, void *p, uint64_t *seed) {
    ukko_ref **ref = p;
    if (f->kind == UKKO_REF && *ref) {
        uk_ref_release(*ref);
        *ref = random_ref(seed);
    } else if (f->kind == UKKO_STRUCT) {
        put_refs(f->type, p, seed);
    } else if (f->kind == UKKO_STRUCTP && *(void **)p) {
        put_refs(f->type, *(void **)p, seed);
    } else if (f->kind == UKKO_NUMBER && !strcmp(f->name, "whole") && *(char **)p) {
        char *q = *(char **)p; /* a BigInteger: no fraction, no exponent */
        q[strcspn(q, ".E")] = 0;
        if (!strcmp(q, "-0")) q[1] = 0, q[0] = '0';
    }
}
static void put_refs(const ukko_type *type, void *body, uint64_t *seed) {
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        char *p = (char *)body + f->offset;
        if (!uk_field_there(f, body)) continue;
        if (!(f->flags & UKKO_REPEATED)) put_ref(f, p, seed);
        for (size_t k = 0; f->flags & UKKO_REPEATED && k < uk_field_count(f, body); k++)
            put_ref(f, *(char **)(void *)p + k * uk_field_width(f), seed);
    }
}
ukko_msg *random_of(const ukko_type *type, uint64_t *seed) {
    ukko_msg *m = ukko_msg_random(diff_system, type, seed);
    put_refs(type, uk_msg_body(m), seed);
    return m;
}

/* ---- payloads ---- */

static ukko_msg *boxed(const ukko_type *type, ukko_msg *value) {
    ukko_boxed b = {value};
    ukko_msg *m = ukko_msg_copy(type, &b);
    ukko_msg_release(value);
    return m;
}
ukko_msg *random_payload(uint64_t *seed, int depth) {
    static const ukko_type *const plain[] = {&ukko_string_type, &ukko_long_type,
                                             &ukko_int_type,    &ukko_bool_type,
                                             &ukko_bytes_type,  &ukko_bytestring_type};
    switch (below(seed, depth > 3 ? 7 : 10)) {
    case 6: return ukko_msg_new(&ukko_not_used_type);
    case 7: return boxed(&ukko_option_type, random_payload(seed, depth + 1));
    case 8: return boxed(&ukko_status_success_type, random_payload(seed, depth + 1));
    case 9: {
        ukko_ref_body body = {random_ref(seed)};
        ukko_msg *m = ukko_msg_copy(&ukko_ref_type, &body);
        uk_ref_release(body.ref);
        return m;
    }
    default: {
        ukko_msg *m = random_of(plain[below(seed, 6)], seed);
        ukko_slice *bytes = uk_msg_body(m);
        bool has_bytes = m->type == &ukko_bytes_type || m->type == &ukko_bytestring_type;
        if (has_bytes && !bytes->ptr) *bytes = ukko_str("");
        return m;
    }
    }
}
ukko_msg *random_throwable(uint64_t *seed, bool bound) {
    static const char *const classes[] = {"java.util.concurrent.TimeoutException",
                                          "org.apache.pekko.actor.ActorKilledException",
                                          "org.apache.pekko.actor.IllegalActorStateException",
                                          "org.apache.pekko.pattern.AskTimeoutException",
                                          "org.apache.pekko.actor.InvalidActorNameException"};
    static const char *const others[] = {"java.lang.IllegalStateException", "com.example.Trouble",
                                         "java.io.IOException"};
    ukko_msg *m = ukko_msg_new(&ukko_throwable_type);
    ukko_throwable *t = uk_msg_body(m);
    t->class_name = ukko_msg_strdup(m, bound ? classes[below(seed, 5)] : others[below(seed, 3)]);
    t->message = random_text(m, seed);
    t->n_frames = below(seed, 4);
    t->frames = ukko_msg_alloc(m, (t->n_frames + 1) * sizeof *t->frames);
    for (size_t i = 0; i < t->n_frames; i++)
        t->frames[i] = (ukko_stack_frame){random_text(m, seed), random_text(m, seed),
                                          random_text(m, seed), (int32_t)below(seed, 10000) - 2};
    return m;
}
