/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_SERIAL_H
#define UKKO_SERIAL_H

/*
 * Messages as bytes, the way remoting writes and reads them: for journals, tests and tools.
 * Which types may be read is what the system was given (ukko_system_opts.types).
 */
#include <ukko/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A message as it travels. */
typedef struct ukko_serialized {
    int32_t serializer;
    char *manifest; /* "" when there is none */
    uint8_t *bytes;
    size_t len;
} ukko_serialized;

/* [any] msg NULL stands for null. *out is owned: ukko_serialized_fini(). UKKO_ENOTSERIAL:
   nothing can write its class; UKKO_ETOOBIG: nested too deep. err may be NULL. */
UKKO_API UKKO_NODISCARD int ukko_serialize(ukko_system *sys, const ukko_msg *msg,
                                           ukko_serialized *out, ukko_error *err);
UKKO_API void ukko_serialized_fini(ukko_serialized *s); /* [any] NULL is fine */

/* [any] *out is owned: ukko_msg_release(); NULL for null. manifest may be NULL. UKKO_ENOTFOUND:
   unknown serializer or class; UKKO_EPARSE, UKKO_ETOOBIG: the bytes; UKKO_ENOTSERIAL: Java
   serialization. err names serializer, manifest, class and size; it may be NULL. */
UKKO_API UKKO_NODISCARD int ukko_deserialize(ukko_system *sys, int32_t serializer,
                                             const char *manifest, ukko_slice bytes,
                                             ukko_msg **out, ukko_error *err);

#ifdef __cplusplus
}
#endif
#endif
