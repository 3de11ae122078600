/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_TESTKIT_H
#define UKKO_TESTKIT_H

/*
 * The test kit: probes, virtual time, filters for log records and dead letters. A library of its
 * own (libukko-testkit), for tests of programs that use ukko; it makes no promise of a stable ABI.
 * See docs/guide/testing.md.
 *
 * It works with both kinds of system. In one with threads a call waits until what it waits for has
 * come. In one that is stepped (threads 0) nothing happens but in these calls: they let actors run
 * and, where a time is given, the virtual clock go on, so no test ever waits in real time.
 *
 * All functions are [test] unless said otherwise: for the test's thread, not for inside an actor.
 * Those that give a code tell in ukko_probe_error() or ukko_filter_error() what was expected and
 * what came instead. Timeouts are in milliseconds; UKKO_DEFAULT_TIMEOUT is what is left of
 * ukko_probe_within(), or else 3000.
 */
#include <ukko/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A timeout: the default one. */
enum { UKKO_DEFAULT_TIMEOUT = -1 };

/* ---- Probes for tests: ukko_probe(3) ----------------------------------------------- */

/* Actors whose messages the test takes one by one. (TestProbe) */

typedef struct ukko_probe ukko_probe; /* an actor, and what it got and nobody took */

/* An actor under /user with this name (NULL: one is picked). *out is owned: ukko_probe_free().
   Errors as ukko_system_spawn(). */
UKKO_API UKKO_NODISCARD int ukko_probe_new(ukko_probe **out, ukko_system *sys, const char *name);
/* Stops the actor, waits for that unless the system has ended, frees what nobody took. NULL is
   fine. Before ukko_system_free(). */
UKKO_API void ukko_probe_free(ukko_probe *probe);
/* [any] The actor's reference; borrowed. */
UKKO_API ukko_ref *ukko_probe_ref(ukko_probe *probe);
/* What the last call that failed expected and got; "" before. Borrowed until the next call. */
UKKO_API const char *ukko_probe_error(ukko_probe *probe);

/* Sends in the name of the probe; body is copied. */
UKKO_API void ukko_probe_tell(ukko_probe *probe, ukko_ref *to, const ukko_type *type,
                              const void *body);
/* The same; takes msg. */
UKKO_API void ukko_probe_tell_msg(ukko_probe *probe, ukko_ref *to, ukko_msg *msg);
/* The same with a String. */
UKKO_API void ukko_probe_tell_text(ukko_probe *probe, ukko_ref *to, const char *text);
/* To the sender of the message that was taken last; to dead letters when there is none. */
UKKO_API void ukko_probe_reply(ukko_probe *probe, const ukko_type *type, const void *body);
/* The same with a String. */
UKKO_API void ukko_probe_reply_text(ukko_probe *probe, const char *text);
/* Sends on the message that was taken last, with its sender; nothing when none was. */
UKKO_API void ukko_probe_forward(ukko_probe *probe, ukko_ref *to);
/* Sender of the message that was taken last; borrowed until the next is taken. Never NULL: dead
   letters. */
UKKO_API ukko_ref *ukko_probe_sender(ukko_probe *probe);

/* Death watch by the probe; returns when it watches. */
UKKO_API void ukko_probe_watch(ukko_probe *probe, ukko_ref *ref);
/* No Terminated of ref comes any more; returns when that is so. */
UKKO_API void ukko_probe_unwatch(ukko_probe *probe, ukko_ref *ref);

/* Takes the next message, whatever it is. *out (may be NULL) is owned. UKKO_ETIMEOUT. */
UKKO_API int ukko_probe_receive(ukko_probe *probe, int64_t timeout_ms, ukko_msg **out);
/* The same; UKKO_ETYPE when it is of another type: it is taken then, and *out NULL. *out is owned:
   ukko_msg_release(). */
UKKO_API int ukko_probe_expect(ukko_probe *probe, const ukko_type *type, int64_t timeout_ms,
                               ukko_msg **out);
/* The next message has this type and prints as this body does (ukko_msg_print), which compares all
   fields; it is taken. UKKO_ETIMEOUT; UKKO_ETYPE: it is another one. */
UKKO_API int ukko_probe_expect_body(ukko_probe *probe, const ukko_type *type, const void *body,
                                    int64_t timeout_ms);
/* The next message is this String; errors as ukko_probe_expect_body(). */
UKKO_API int ukko_probe_expect_text(ukko_probe *probe, const char *text, int64_t timeout_ms);
/* The next messages are Strings, these n in any order, all within the timeout. Errors as
   ukko_probe_expect_body(). */
UKKO_API int ukko_probe_expect_texts(ukko_probe *probe, const char *const *texts, size_t n,
                                     int64_t timeout_ms);
/* The next message is the Terminated of ref; errors as ukko_probe_expect_body(). */
UKKO_API int ukko_probe_expect_terminated(ukko_probe *probe, ukko_ref *ref, int64_t timeout_ms);
/* Nothing comes for timeout_ms (UKKO_DEFAULT_TIMEOUT: 100; in real time in a system with threads).
   UKKO_EEXISTS: something came, and was taken. */
UKKO_API int ukko_probe_expect_none(ukko_probe *probe, int64_t timeout_ms);
/* Whether msg, which is borrowed, is one that is looked for. */
typedef bool (*ukko_match_fn)(void *data, const ukko_msg *msg);
/* Takes messages until fn, on this thread, gives true for one; that one is given in *out (may be
   NULL), owned. UKKO_ETIMEOUT. (fishForMessage) */
UKKO_API int ukko_probe_fish(ukko_probe *probe, ukko_match_fn fn, void *data, int64_t timeout_ms,
                             ukko_msg **out);
/* From now on messages for which fn gives true never show; NULL: all show. fn runs in the probe's
   turn. */
UKKO_API void ukko_probe_ignore(ukko_probe *probe, ukko_match_fn fn, void *data);
/* Messages that have come and were not taken. */
UKKO_API size_t ukko_probe_waiting(ukko_probe *probe);

/* What follows, up to ukko_probe_within_end(), has max_ms: the default timeout of the probe is what
   is left of it. (within) */
UKKO_API void ukko_probe_within(ukko_probe *probe, int64_t max_ms);
/* The end of that. UKKO_ETIMEOUT: more than max_ms have gone by; UKKO_ESTATE: fewer than min_ms, or
   no begin. */
UKKO_API int ukko_probe_within_end(ukko_probe *probe, int64_t min_ms);

/* ---- Time in tests: ukko_test(3) --------------------------------------------------- */

/* Lets actors run until nobody has anything to do. In a system with threads nothing. */
UKKO_API void ukko_test_settle(ukko_system *sys);
/* Lets ms go by: ukko_system_advance() in a stepped system, a real sleep in one with threads. */
UKKO_API void ukko_test_advance(ukko_system *sys, int64_t ms);
/* Waits until fn gives true, looking after each turn in a stepped system and every few milliseconds
   in one with threads. UKKO_ETIMEOUT; the default timeout is 3000. (awaitCond) */
UKKO_API int ukko_test_await(ukko_system *sys, bool (*fn)(void *data), void *data,
                             int64_t timeout_ms);
/* Stops ref at once, as ukko_stop() does, and waits for its end. UKKO_ETIMEOUT: it lives on; errors
   as ukko_probe_new(). */
UKKO_API int ukko_test_stop(ukko_system *sys, ukko_ref *ref, int64_t timeout_ms);

/* ---- Filters for log records and dead letters: ukko_filter(3) ---------------------- */

/* They count log records and dead letters. (EventFilter) */

typedef struct ukko_filter ukko_filter; /* a pattern, and a count */

/* Counts log records from now on. level: this one (0: any); source, text: patterns with * and ?,
   NULL: any; the source is the actor's path. The level must be let through by the system's log
   level. Owned: ukko_filter_free(). */
UKKO_API ukko_filter *ukko_filter_log(ukko_system *sys, ukko_log_level level, const char *source,
                                      const char *text);
/* Counts dead letters whose message has this type (NULL: any), for this recipient (a pattern over
   its path without address, NULL: any); suppressed and dropped ones as well. Owned, likewise. */
UKKO_API ukko_filter *ukko_filter_dead(ukko_system *sys, const ukko_type *type,
                                       const char *recipient);
/* Counts messages that nobody handled, likewise. Owned. */
UKKO_API ukko_filter *ukko_filter_unhandled(ukko_system *sys, const ukko_type *type,
                                            const char *recipient);
UKKO_API size_t ukko_filter_count(ukko_filter *filter); /* [any] how many so far */
/* Waits for the nth: exactly n is what is wanted, and more by then is a failure. n 0: none come for
   timeout_ms. UKKO_ETIMEOUT: fewer; UKKO_EEXISTS: more. The default timeout is 3000. */
UKKO_API int ukko_filter_expect(ukko_filter *filter, size_t n, int64_t timeout_ms);
/* What the last ukko_filter_expect() that failed expected and got; "" before. Borrowed until the
   next. */
UKKO_API const char *ukko_filter_error(ukko_filter *filter);
/* Stops to count. Before ukko_system_free(); NULL is fine. */
UKKO_API void ukko_filter_free(ukko_filter *filter);

#ifdef __cplusplus
}
#endif
#endif
