/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of serializers of one system: message <-> (serializer id, manifest, bytes).
   Filled before the system starts, read-only afterwards: any thread may encode and decode. */
#ifndef UK_SERIAL_SERIAL_H
#define UK_SERIAL_SERIAL_H
#include "actor/provider.h"
#include "base/buf.h"

typedef struct uk_serial uk_serial;

/* Reads the serializers' settings; knows all built-in types. *out is owned. */
int uk_serial_new(uk_serial **out, ukko_system *sys, const ukko_config *cfg, ukko_error *err);
void uk_serial_free(uk_serial *s);
/* UKKO_EEXISTS: another type has this serializer and manifest. UKKO_EINVAL: bad table. */
int uk_serial_add(uk_serial *s, const ukko_type *type, ukko_error *err);
/* Looks which of the built-in types the configuration gives to a serializer of the application. */
int uk_serial_add_builtins(uk_serial *s, ukko_error *err);

/* The serializers of a system, with all types it was given; made at the first call and ended with
   the system. Any thread. The second form gives NULL where the first would fail. */
int uk_serial_open(ukko_system *sys, uk_serial **out, ukko_error *err);
uk_serial *uk_serial_of(ukko_system *sys);

/* Appends the payload of msg (NULL: null) to out. *manifest is a view that lives as long as msg;
   empty: no manifest field. UKKO_ENOTSERIAL, UKKO_ETOOBIG with err; out is then as before. */
int uk_serial_encode(uk_serial *s, const ukko_msg *msg, uk_buf *out, int32_t *id,
                     ukko_slice *manifest, ukko_error *err);
/* The bytes that uk_serial_encode() would append for a message of this type and body, when they lie
   there as they are; the serializer is the type's own then, and there is no manifest. false: they have
   to be made. */
bool uk_serial_lies(const uk_serial *s, const ukko_type *type, const void *body,
                    ukko_slice *bytes);
/* Foreign bytes: bounded in memory and depth. *out is owned (NULL message for null). Errors:
   UKKO_ENOTFOUND: no such serializer or manifest; UKKO_EPARSE, UKKO_ETOOBIG, UKKO_ENOTSERIAL
   (Java serialization). err names serializer id, manifest and, where it is known, the class. */
int uk_serial_decode(uk_serial *s, int32_t id, ukko_slice manifest, ukko_slice bytes,
                     ukko_msg **out, ukko_error *err);
/* What could not be read, as it came: a ukko_opaque_type message, or a selection with one inside.
   *out is owned; NULL when not even the selection can be read. */
void uk_serial_opaque(uk_serial *s, int32_t id, ukko_slice manifest, ukko_slice bytes,
                      ukko_msg **out);
/* The Java class that bytes are of, as far as it shows: by serializer and manifest, of a selection
   the one of its message, of a Java-serialized stream the one in its header; "?". buf is the text's
   memory where it needs one. */
const char *uk_serial_class(uk_serial *s, int32_t id, ukko_slice manifest, ukko_slice bytes,
                            char *buf, size_t room);
/* System messages (serializer 22) are not ukko_msg: they have codecs of their own. */
int uk_sysmsg_encode(uk_serial *s, const uk_sysmsg *m, uk_buf *out);
int uk_sysmsg_decode(uk_serial *s, ukko_slice bytes, uk_sysmsg **out, ukko_error *err);
/* A nested Payload message (ContainerFormats) with fields 1, 2, 4. */
int uk_payload_encode(uk_serial *s, const ukko_msg *msg, uk_buf *out, ukko_error *err);
int uk_payload_decode(uk_serial *s, ukko_slice bytes, unsigned depth, ukko_msg **out,
                      ukko_error *err);
#endif
