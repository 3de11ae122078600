/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_BASE_H
#define UKKO_BASE_H

/*
 * Versions, errors, byte slices, memory and log hooks.
 *
 * What holds for all of ukko. Each function says where it may be called:
 *
 *     [any]      from any thread, also inside an actor
 *     [outside]  from any thread, but not inside an actor: it may wait
 *     [actor]    only inside a callback of the actor whose context is passed
 *     [setup]    before ukko_system_start(), by one thread at a time
 *     [step]     on the one thread that steps the system, not inside an actor (actor.h, "Stepping")
 *     [test]     on the test's thread, not inside an actor (testkit.h)
 *     [encode]   only inside the encode function that was given the encoder
 *
 * Returned pointers are borrowed unless the comment says "owned"; an owned object names the
 * function that ends it. A function that takes an argument ("takes") takes it also when it fails.
 * Functions that can fail give UKKO_OK (0) or a negative UKKO_E code; an argument `ukko_error *err`
 * may be NULL, and is filled on failure only. Pointers may not be NULL unless the comment says so.
 * Text is UTF-8. A name in parentheses at the end of a comment is what Pekko, or Java, calls it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
/* Part of the interface: exported by the shared library. */
#  define UKKO_API __attribute__((visibility("default")))
/* The result must be looked at; compilers warn when it is not. */
#  define UKKO_NODISCARD __attribute__((warn_unused_result))
/* Argument number f is a format of printf() for those from number a on (0: a va_list). */
#  define UKKO_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#  define UKKO_API
#  define UKKO_NODISCARD
#  define UKKO_PRINTF(f, a)
#endif

/* ---- Versions: ukko_version(3) ------------------------------------------------------ */

/* Version of these headers; ukko_version() is that of the library that runs. As long as MAJOR
   stays, programs built against an older MINOR go on working. */
#define UKKO_VERSION_MAJOR 0
#define UKKO_VERSION_MINOR 1 /* grows when something is added */
#define UKKO_VERSION_PATCH 0 /* grows with each other release */

#ifdef __cplusplus
extern "C" {
#endif

/* [any] Version of the library that runs: major<<16 | minor<<8 | patch. */
UKKO_API uint32_t ukko_version(void);
/* [any] The same as text, as "0.1.0", static. */
UKKO_API const char *ukko_version_text(void);

/* ---- Errors: ukko_error(3) ---------------------------------------------------------- */

/* One line per error: name, number, text. Numbers are ABI; only append. */
#define UKKO_ERROR_MAP(X)                                  \
    X(INVAL, 1, "invalid argument")                        \
    X(STATE, 2, "not allowed in this state")               \
    X(NOTFOUND, 3, "no such name")                         \
    X(EXISTS, 4, "name already in use")                    \
    X(TIMEOUT, 5, "timed out")                             \
    X(STOPPED, 6, "actor or system has stopped")           \
    X(PARSE, 7, "malformed input")                         \
    X(TYPE, 8, "value has another type")                   \
    X(TOOBIG, 9, "larger than the configured limit")       \
    X(NOTSERIAL, 10, "no serializer for this value")       \
    X(IO, 11, "operating system I/O error")                \
    X(TLS, 12, "TLS failure")                              \
    X(PROTO, 13, "peer broke the protocol")                \
    X(QUARANTINED, 14, "peer is quarantined")              \
    X(DEADLOCK, 15, "blocking call from an actor thread")  \
    X(INTERNAL, 16, "bug in ukko")                         \
    X(CONFIG, 17, "configuration error")                   \
    X(CONNECT, 18, "cannot connect")                       \
    X(HANDSHAKE, 19, "handshake refused")                  \
    X(GATED, 20, "address is gated")                       \
    X(UNSUPPORTED, 21, "not supported")                    \
    X(INIT, 22, "actor could not be started")              \
    X(KILLED, 23, "actor was killed")                      \
    X(DEATHPACT, 24, "a watched actor ended")              \
    X(ANSWER, 25, "the other side answered with a failure") \
    X(BUSY, 26, "too much waits to be sent already")

/* Error codes. Functions give UKKO_OK, or one of the others, which are negative: UKKO_EINVAL is -1. */
enum {
    UKKO_OK = 0, /* done */
#define UKKO_X(name, num, text) UKKO_E##name = -(num),
    UKKO_ERROR_MAP(UKKO_X)
#undef UKKO_X
    /* Codes at or below this one are the application's own: ukko passes them on and gives none. */
    UKKO_EUSER = -1000
};

/* Detail of a failure, where a code alone would not tell enough. The caller's; written on failure
   only. Begin with {0, ""}. */
typedef struct ukko_error {
    int code;          /* the negative UKKO_E code, 0 when there was no failure */
    char message[508]; /* one line that names the setting, file or address at fault */
} ukko_error;

/* [any] Text of an error code, static; never NULL, also for unknown codes. */
UKKO_API const char *ukko_strerror(int code);
/* [any] Name of an error code, as "UKKO_EPARSE", static; "UKKO_E?" for an unknown one. */
UKKO_API const char *ukko_err_name(int code);

/* ---- Bytes and memory: ukko_slice(3) ------------------------------------------------- */

/* A view of bytes somebody else owns. Passed by value. */
typedef struct ukko_slice {
    const uint8_t *ptr; /* not terminated; NULL only when len is 0 */
    size_t len;         /* bytes */
} ukko_slice;

/* [any] View of a C string, without its terminator: valid as long as the string. text may be NULL
   (empty view). */
UKKO_API ukko_slice ukko_str(const char *text);

/* [any] Ends memory that a function declared "owned: ukko_free()". NULL is fine. Not free(): a
   program may have replaced the allocator. */
UKKO_API void ukko_free(void *ptr);

/* Memory. Running out of it ends the process (abort()); sizes named by a peer are checked against a
   limit first. The functions are called on any thread, also by several at once. */
typedef struct ukko_allocator {
    void *(*alloc)(void *data, size_t size); /* as malloc(); NULL: none left */
    void *(*realloc)(void *data, void *ptr, size_t size); /* as realloc(); ptr may be NULL */
    void (*free)(void *data, void *ptr);                  /* ptr is never NULL */
    void *data;                                           /* the program's own, passed to them */
} ukko_allocator;

/* [setup] Replaces malloc() for all of ukko in this process. Call it before any other function of
   ukko, from one thread. *allocator is copied; what data points to must outlive all of ukko.
   UKKO_EINVAL: a function is missing, all stays as it was. */
UKKO_API int ukko_set_allocator(const ukko_allocator *allocator);

/* ---- The log: ukko_log_record(3) ------------------------------------------------------ */

/* Levels of the log, as pekko.loglevel has them; a system lets through its own and those before it. */
typedef enum ukko_log_level {
    UKKO_LOG_OFF = 0,   /* of a system: nothing is let through */
    UKKO_LOG_ERROR = 1, /* something was lost or could not be done */
    UKKO_LOG_WARN,      /* it goes on, but somebody should look */
    UKKO_LOG_INFO,      /* dead letters, starts and ends */
    UKKO_LOG_DEBUG      /* what the debug settings ask for */
} ukko_log_level;

/* One log record; its level is never UKKO_LOG_OFF. All pointers are valid during the call only.
   (Logging.LogEvent) */
typedef struct ukko_log_record {
    uint32_t size;       /* sizeof(ukko_log_record) of the library */
    ukko_log_level level;
    int64_t time_ms;     /* wall clock, since 1970 */
    const char *system;  /* name of the actor system */
    const char *source;  /* path of the actor, or the part of the runtime that speaks */
    const char *logger;  /* the class name that Pekko would show, e.g. "...remote.EndpointWriter" */
    const char *marker;  /* "SECURITY", or NULL */
    const char *text;    /* one line or several, without an end of line */
    const char *cause;   /* text of the failure behind it, or NULL */
} ukko_log_record;

/* Takes the records of a system's log (ukko_system_opts.log; data is its log_data). Called on any
   thread, also by several at once; must be quick, and must not call back into ukko. */
typedef void (*ukko_log_fn)(void *data, const ukko_log_record *record);

#ifdef __cplusplus
}
#endif
#endif
