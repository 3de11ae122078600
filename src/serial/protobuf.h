/* SPDX-License-Identifier: Apache-2.0 */
/* What writing and reading of protobuf share: how a kind looks on the wire. */
#ifndef UK_SERIAL_PROTOBUF_H
#define UK_SERIAL_PROTOBUF_H
#include "serial/codec.h"

enum { UK_PROTO_DEPTH = 100 };

static inline bool uk_proto_is_scalar(uint32_t kind) {
    return (kind >= UKKO_BOOL && kind <= UKKO_F64) || kind == UKKO_ENUM || kind == UKKO_U32 ||
           kind == UKKO_U64;
}
static inline uint32_t uk_proto_wire(const ukko_field *f) {
    if (f->kind == UKKO_F64) return UK_PB_FIXED64;
    if (f->kind == UKKO_F32) return UK_PB_FIXED32;
    if (!(f->flags & UKKO_FIXED)) return UK_PB_VARINT;
    return f->kind == UKKO_I64 || f->kind == UKKO_U64 ? UK_PB_FIXED64 : UK_PB_FIXED32;
}
#endif
