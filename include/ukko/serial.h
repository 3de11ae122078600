/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_SERIAL_H
#define UKKO_SERIAL_H

/*
 * Messages as bytes, the way remoting writes and reads them: for journals, tests and tools.
 * Which types may be read is what the system was given (ukko_system_opts.types).
 */
#include <ukko/actor.h>
#include <ukko/tree.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Messages as bytes: ukko_serialize(3) ------------------------------------------ */

/* A message as it travels. */
typedef struct ukko_serialized {
    int32_t serializer; /* its identifier */
    char *manifest;     /* "" when there is none */
    uint8_t *bytes;     /* as they would be in a frame, compressed when they would be */
    size_t len;         /* how many */
} ukko_serialized;

/* [any] msg NULL stands for null. *out is owned: ukko_serialized_fini(). UKKO_ENOTSERIAL:
   nothing can write its class; UKKO_ETOOBIG: nested too deep. err may be NULL. */
UKKO_API UKKO_NODISCARD int ukko_serialize(ukko_system *sys, const ukko_msg *msg,
                                           ukko_serialized *out, ukko_error *err);
/* [any] Ends what *s holds, not *s itself. NULL is fine, and so is one that is all zero. */
UKKO_API void ukko_serialized_fini(ukko_serialized *s);

/* [any] The message that these bytes are. *out is owned: ukko_msg_release(); NULL for null.
   manifest may be NULL. UKKO_ENOTFOUND: unknown serializer or class; UKKO_EPARSE, UKKO_ETOOBIG: the
   bytes; UKKO_ENOTSERIAL: Java serialization. err names serializer, manifest, class and size; it
   may be NULL. */
UKKO_API UKKO_NODISCARD int ukko_deserialize(ukko_system *sys, int32_t serializer,
                                             const char *manifest, ukko_slice bytes,
                                             ukko_msg **out, ukko_error *err);

/* ---- Serializers of an application: ukko_serializer(3) ----------------------------- */

/* One serializer with an identifier of its own, for any number of types: three functions, called
   on any thread, also by several at once. Types are bound to it by their ukko_type.serializer, or
   by their class in pekko.actor.serialization-bindings (also Pekko's own classes); it is known
   there by the name that it has in pekko.actor.serializers, or by its own. */
typedef struct ukko_serializer {
    uint32_t size; /* sizeof(ukko_serializer) */
    int32_t id;    /* 41 and above, or below -1. 0: as pekko.actor.serialization-identifiers says */
    const char *name;       /* "my-serializer"; never NULL */
    const char *class_name; /* the Java class whose counterpart it is, or NULL */
    /* What is written beside the bytes; lives as long as msg. NULL or "": nothing. May be NULL. */
    const char *(*manifest)(const ukko_msg *msg, void *data);
    /* Appends the bytes with ukko_encoder_put(). A negative code: it cannot be written. Must not
       send or wait: the link may be held meanwhile. */
    int (*encode)(ukko_encoder *out, const ukko_msg *msg, void *data);
    /* Foreign bytes: anything may be in them. *out is owned by the caller, NULL stands for null.
       A negative code: refused; what is in *out then is released. */
    int (*decode)(ukko_system *sys, const char *manifest, ukko_slice bytes, ukko_msg **out,
                  void *data);
    void *data; /* the program's own, passed to them */
} ukko_serializer;

/* ---- Messages for tests: ukko_msg_random(3) ---------------------------------------- */

/* [any] A message of the type with random values in the members of its table, owned: numbers at
   their ends, texts of all planes, lists, absent values; nesting is bounded. *seed is changed;
   the same seed gives the same message. References are to dead letters of sys. */
UKKO_API ukko_msg *ukko_msg_random(ukko_system *sys, const ukko_type *type, uint64_t *seed);
/* [any] Same type and same values. NaN is equal to NaN, references are equal by path and uid. Both
   NULL is true. */
UKKO_API bool ukko_msg_equal(const ukko_msg *a, const ukko_msg *b);

#ifdef __cplusplus
}
#endif
#endif
