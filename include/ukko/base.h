/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_BASE_H
#define UKKO_BASE_H

/*
 * Versions, errors, byte slices, memory and log hooks.
 *
 * Each function says where it may be called: [any] from any thread, [actor] only
 * inside a callback of the actor whose context is passed, [setup] before
 * ukko_system_start(). Returned pointers are borrowed unless the comment says
 * "owned"; an owned object names the function that ends it. A function that takes
 * an argument ("takes") takes it also when it fails.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#  define UKKO_API __attribute__((visibility("default")))
#  define UKKO_NODISCARD __attribute__((warn_unused_result))
#  define UKKO_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#  define UKKO_API
#  define UKKO_NODISCARD
#  define UKKO_PRINTF(f, a)
#endif

#define UKKO_VERSION_MAJOR 0
#define UKKO_VERSION_MINOR 1
#define UKKO_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

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

enum {
    UKKO_OK = 0,
#define UKKO_X(name, num, text) UKKO_E##name = -(num),
    UKKO_ERROR_MAP(UKKO_X)
#undef UKKO_X
    /* Codes at or below this one are the application's own failures. */
    UKKO_EUSER = -1000
};

/* Detail of a failure, filled where a code alone would not tell enough. */
typedef struct ukko_error {
    int code;          /* the negative UKKO_E code, 0 when there was no failure */
    char message[508]; /* one line that names the setting, file or address at fault */
} ukko_error;

/* [any] Text of an error code; never NULL, also for unknown codes. */
UKKO_API const char *ukko_strerror(int code);
/* [any] Name of an error code, as "UKKO_EPARSE"; "UKKO_E?" for an unknown one. */
UKKO_API const char *ukko_err_name(int code);
/* [any] Version of the library that runs: major<<16 | minor<<8 | patch. */
UKKO_API uint32_t ukko_version(void);
/* [any] The same as text, as "0.1.0". */
UKKO_API const char *ukko_version_text(void);

/* A view of bytes somebody else owns. Passed by value. */
typedef struct ukko_slice {
    const uint8_t *ptr;
    size_t len;
} ukko_slice;

/* [any] View of a C string, without its terminator. text may be NULL (empty view). */
UKKO_API ukko_slice ukko_str(const char *text);

/* [any] Ends memory that a function declared "owned: ukko_free()". NULL is fine. */
UKKO_API void ukko_free(void *ptr);

/* Memory. Running out of it ends the process; sizes named by a peer are checked first. */
typedef struct ukko_allocator {
    void *(*alloc)(void *data, size_t size);
    void *(*realloc)(void *data, void *ptr, size_t size);
    void (*free)(void *data, void *ptr);
    void *data;
} ukko_allocator;

/* Replaces malloc for all of ukko. Call before anything else in the process, from one
   thread. *allocator is copied. UKKO_EINVAL when a function is missing. */
UKKO_API int ukko_set_allocator(const ukko_allocator *allocator);

typedef enum ukko_log_level {
    UKKO_LOG_OFF = 0,
    UKKO_LOG_ERROR = 1,
    UKKO_LOG_WARN,
    UKKO_LOG_INFO,
    UKKO_LOG_DEBUG
} ukko_log_level;

/* One log record. All pointers are valid during the call only. */
typedef struct ukko_log_record {
    uint32_t size; /* sizeof(ukko_log_record) of the library */
    ukko_log_level level;
    int64_t time_ms;     /* wall clock, since 1970 */
    const char *system;  /* name of the actor system */
    const char *source;  /* path of the actor, or the part of the runtime that speaks */
    const char *logger;  /* the class name that Pekko would show, e.g. "...remote.EndpointWriter" */
    const char *marker;  /* "SECURITY", or NULL */
    const char *text;
    const char *cause;   /* text of the failure behind it, or NULL */
} ukko_log_record;

/* Called on any thread, also by several at once; must not call back into ukko. */
typedef void (*ukko_log_fn)(void *data, const ukko_log_record *record);

#ifdef __cplusplus
}
#endif
#endif
