/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_PROTOBUF_C_H
#define UKKO_PROTOBUF_C_H

/*
 * Messages that protoc-c (protobuf-c) has generated, as they are: their structs are the bodies of
 * messages with serializer 2. For a program that has such code already; `ukko gen` makes plainer
 * structs from a .proto, which need neither this header nor that library. ukko itself does not
 * use protobuf-c: a program that includes this header links it (Debian package libprotobuf-c-dev).
 *
 *     #include "order.pb-c.h"
 *     UKKO_PROTOBUF_C(order_type, Shop__Order, shop__order, "com.example.shop.Orders$Order")
 *
 *     Shop__Order order = SHOP__ORDER__INIT;
 *     order.id = "7";
 *     ukko_tell(ctx, to, &order_type, &order);      // copied: order stays yours
 *
 * In a handler the body is a const Shop__Order * and lives as long as the message.
 */
#include <protobuf-c/protobuf-c.h>
#include <stdlib.h>
#include <ukko/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Messages of protobuf-c: ukko_protobuf_c(3) ------------------------------------ */

/* Defines the type `var` for the generated struct S, whose functions begin with `prefix`.
   class_name: the Java class, which is the manifest (java_package, java_outer_classname, $). */
#define UKKO_PROTOBUF_C(var, S, prefix, class_name)                                         \
    static int prefix##__ukko_copy(ukko_msg *into, void *body, const void *from) {          \
        return ukko_protobuf_c_copy(&prefix##__descriptor, into, body, from);               \
    }                                                                                       \
    static int prefix##__ukko_decode(ukko_msg *into, void *body, ukko_slice in) {           \
        return ukko_protobuf_c_decode(&prefix##__descriptor, into, body, in);               \
    }                                                                                       \
    static const ukko_codec prefix##__ukko_codec = {                                        \
        sizeof(ukko_codec), prefix##__ukko_copy, ukko_protobuf_c_encode,                    \
        prefix##__ukko_decode};                                                             \
    static const ukko_type var = {sizeof(ukko_type), sizeof(S), #S, class_name, class_name, \
                                  UKKO_SER_PROTOBUF, 0, 0, NULL, &prefix##__ukko_codec,     \
                                  NULL, NULL};

/* ---- What the macro uses ----------------------------------------------------------- */

/* [any] Not for programs: only the macro's functions call these. */

/* Limits: messages within messages, and bytes of memory of one decoded message. */
enum {
    UKKO_PROTOBUF_C_DEPTH = 100,     /* levels */
    UKKO_PROTOBUF_C_BYTES = 64 << 20  /* bytes */
};

/* Memory of one message, which goes with it. */
typedef struct ukko_protobuf_c_room {
    ukko_msg *msg; /* borrowed */
    size_t left;   /* bytes that may still be asked for */
} ukko_protobuf_c_room;
/* An allocator's alloc over a ukko_protobuf_c_room. Lives as long as the message; NULL: the limit. */
static inline void *ukko_protobuf_c_alloc(void *data, size_t size) {
    ukko_protobuf_c_room *room = (ukko_protobuf_c_room *)data;
    if (size > room->left || room->left - size < 64) return NULL;
    room->left -= size + 64;
    return ukko_msg_alloc(room->msg, size);
}
/* An allocator's free: nothing to do, the memory goes with the message. */
static inline void ukko_protobuf_c_free(void *data, void *ptr) {
    (void)data;
    (void)ptr;
}

/* A varint; 0: malformed, else its length. */
static inline size_t ukko_protobuf_c_varint(const uint8_t *p, size_t len, uint64_t *out) {
    size_t i;
    *out = 0;
    for (i = 0; i < len && i < 10; i++) {
        *out |= i < 9 || p[i] < 2 ? (uint64_t)(p[i] & 127) << 7 * i : 0;
        if (p[i] < 128) return i + 1;
    }
    return 0;
}
/* protobuf-c goes down as deep as the bytes say: they are looked at before. UKKO_ETOOBIG: more than
   UKKO_PROTOBUF_C_DEPTH levels; UKKO_EPARSE: malformed. */
static inline int ukko_protobuf_c_check(const ProtobufCMessageDescriptor *type, const uint8_t *p,
                                        size_t len, unsigned depth) {
    if (depth > UKKO_PROTOBUF_C_DEPTH) return UKKO_ETOOBIG;
    while (len) {
        uint64_t key, n = 0;
        size_t k = ukko_protobuf_c_varint(p, len, &key);
        if (!k) return UKKO_EPARSE;
        p += k, len -= k;
        k = 0;
        if ((key & 7) == 0 || (key & 7) == 2) {
            if (!(k = ukko_protobuf_c_varint(p, len, &n))) return UKKO_EPARSE;
            p += k, len -= k;
        }
        if ((key & 7) == 0) continue;
        if ((key & 7) == 1) n = 8;
        else if ((key & 7) == 5) n = 4;
        else if ((key & 7) != 2) return UKKO_EPARSE;
        if (n > len) return UKKO_EPARSE;
        if ((key & 7) == 2 && key >> 3 <= UINT32_MAX) {
            const ProtobufCFieldDescriptor *f =
                protobuf_c_message_descriptor_get_field(type, (unsigned)(key >> 3));
            if (f && f->type == PROTOBUF_C_TYPE_MESSAGE) {
                const ProtobufCMessageDescriptor *of =
                    (const ProtobufCMessageDescriptor *)f->descriptor;
                int rc = ukko_protobuf_c_check(of, p, (size_t)n, depth + 1);
                if (rc) return rc;
            }
        }
        p += n, len -= (size_t)n;
    }
    return UKKO_OK;
}
/* Bytes from a peer into the struct at body. Errors as ukko_protobuf_c_check(); UKKO_ETOOBIG also
   past UKKO_PROTOBUF_C_BYTES. */
static inline int ukko_protobuf_c_decode(const ProtobufCMessageDescriptor *type, ukko_msg *into,
                                         void *body, ukko_slice in) {
    ukko_protobuf_c_room room = {into, UKKO_PROTOBUF_C_BYTES};
    ProtobufCAllocator allocator = {ukko_protobuf_c_alloc, ukko_protobuf_c_free, &room};
    ProtobufCMessage *msg;
    uint8_t *to = (uint8_t *)body;
    size_t i;
    int rc = ukko_protobuf_c_check(type, in.ptr, in.len, 0);
    if (rc) return rc;
    msg = protobuf_c_message_unpack(type, &allocator, in.len, in.ptr);
    if (!msg) return room.left < 64 ? UKKO_ETOOBIG : UKKO_EPARSE;
    for (i = 0; i < type->sizeof_message; i++) to[i] = ((const uint8_t *)msg)[i];
    return UKKO_OK;
}
/* A struct of the program into a message, deep. UKKO_EINVAL: it was not initialized. */
static inline int ukko_protobuf_c_copy(const ProtobufCMessageDescriptor *type, ukko_msg *into,
                                       void *body, const void *from) {
    const ProtobufCMessage *msg = (const ProtobufCMessage *)from;
    ukko_slice in = {NULL, 0};
    uint8_t *bytes;
    int rc;
    if (msg->descriptor != type) return UKKO_EINVAL; /* not initialized */
    in.len = protobuf_c_message_get_packed_size(msg);
    bytes = (uint8_t *)malloc(in.len + 1);
    if (!bytes) abort();
    in.len = protobuf_c_message_pack(msg, bytes);
    in.ptr = bytes;
    rc = ukko_protobuf_c_decode(type, into, body, in);
    free(bytes);
    return rc;
}

/* protobuf-c's buffer over an encoder. */
typedef struct ukko_protobuf_c_sink {
    ProtobufCBuffer base; /* first, so that a pointer to it is one to this */
    ukko_encoder *out;    /* borrowed */
    int rc;               /* the first error */
} ukko_protobuf_c_sink;
/* The buffer's append. */
static inline void ukko_protobuf_c_append(ProtobufCBuffer *buffer, size_t len, const uint8_t *data) {
    ukko_protobuf_c_sink *sink = (ukko_protobuf_c_sink *)buffer;
    if (!sink->rc) sink->rc = ukko_encoder_put(sink->out, data, len);
}
/* The struct at body as bytes. UKKO_EINVAL: it was never filled; errors as ukko_encoder_put(). */
static inline int ukko_protobuf_c_encode(ukko_encoder *out, const void *body) {
    ukko_protobuf_c_sink sink = {{ukko_protobuf_c_append}, out, 0};
    const ProtobufCMessage *msg = (const ProtobufCMessage *)body;
    if (!msg->descriptor) return UKKO_EINVAL; /* never filled */
    protobuf_c_message_pack_to_buffer(msg, &sink.base);
    return sink.rc;
}

#ifdef __cplusplus
}
#endif
#endif
