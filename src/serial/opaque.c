/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that nobody here can read: kept as they came, and what class they seem to be of, for the
   line in the log. Nothing of them is ever made into an object. Any thread; foreign bytes. */
#include "serial/codec.h"
#include <stdio.h>

ukko_msg *uk_opaque_msg(int32_t id, ukko_slice manifest, ukko_slice bytes) {
    ukko_msg *m = ukko_msg_new(&ukko_opaque_type);
    ukko_opaque *o = ukko_msg_body(m);
    uint8_t *copy = ukko_msg_alloc(m, bytes.len + 1);
    if (bytes.len) memcpy(copy, bytes.ptr, bytes.len);
    *o = (ukko_opaque){id, uk_dec_text(m, manifest), {copy, bytes.len}};
    return m;
}
void uk_serial_opaque(uk_serial *s, int32_t id, ukko_slice manifest, ukko_slice bytes,
                      ukko_msg **out) {
    ukko_error ignored;
    uk_dec d = {s, &ignored, 0, true};
    *out = NULL;
    if (id != UKKO_SER_CONTAINER)
        *out = uk_opaque_msg(id, manifest, bytes);
    else if (uk_container_decode(&d, bytes, out))
        *out = NULL;
}

/* ---- the class ---- */

static const char *keep(ukko_slice name, char *buf, size_t room) {
    if (!name.len) return "?";
    snprintf(buf, room, "%.*s", (int)(name.len < room ? name.len : room), (const char *)name.ptr);
    return buf;
}
static const char *primitive_class(int32_t id) {
    static const ukko_type *const types[] = {
        &ukko_null_type, &ukko_string_type, &ukko_long_type,      &ukko_int_type,
        &ukko_bool_type, &ukko_bytes_type,  &ukko_bytestring_type};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i]->serializer == id) return types[i]->class_name;
    return NULL;
}
static ukko_slice without_version(ukko_slice manifest) {
    const uint8_t *hash = manifest.len ? memrchr(manifest.ptr, '#', manifest.len) : NULL;
    if (hash) manifest.len = (size_t)(hash - manifest.ptr);
    return manifest;
}
static const char *by_manifest(uk_serial *s, int32_t id, ukko_slice manifest, char *buf,
                               size_t room) {
    const uk_serializer *ser = uk_serializer_by_id(&s->set, id);
    const ukko_type *t = uk_serial_find(s, id, manifest);
    switch (ser ? ser->family : UK_FAMILY_FOREIGN) {
    case UK_FAMILY_JSON:
    case UK_FAMILY_CBOR: return keep(without_version(manifest), buf, room);
    case UK_FAMILY_PROTOBUF: return keep(manifest, buf, room);
    default: return t ? (t->class_name ? t->class_name : t->name) : "?";
    }
}
const char *uk_serial_class(uk_serial *s, int32_t id, ukko_slice manifest, ukko_slice bytes,
                            char *buf, size_t room) {
    uk_payload inner;
    const char *name;
    for (unsigned depth = 0; id == UKKO_SER_CONTAINER && depth < UK_MAX_NESTED; depth++) {
        if (!uk_container_peek(bytes, &inner)) return uk_selection_type.class_name;
        id = inner.id;
        manifest = inner.manifest;
        bytes = inner.bytes;
    }
    if (id == UKKO_SER_JAVA) return keep(uk_java_class(bytes), buf, room);
    if (id == UKKO_SER_MISC) return (name = uk_misc_class(manifest)) ? name : "?";
    if (id == UKKO_SER_SYSTEM) return "org.apache.pekko.dispatch.sysmsg.SystemMessage";
    if (id == UKKO_SER_DAEMON_CREATE) return "org.apache.pekko.remote.DaemonMsgCreate";
    name = primitive_class(id);
    return name ? name : by_manifest(s, id, manifest, buf, room);
}
