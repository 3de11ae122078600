/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf wire primitives: writers into a uk_buf and a bounded reader. The reader takes any
   foreign bytes: it never reads past its end and never allocates. One thread at a time. */
#ifndef UK_BASE_PB_H
#define UK_BASE_PB_H
#include "base/buf.h"

enum { UK_PB_VARINT = 0, UK_PB_FIXED64 = 1, UK_PB_BYTES = 2, UK_PB_FIXED32 = 5 };

static inline size_t uk_pb_varint_size(uint64_t v) {
    return (size_t)((63 - __builtin_clzll(v | 1)) * 9 + 73) / 64; /* a byte for each 7 bits */
}
/* Writes a varint at p (10 bytes of room); gives the end. */
static inline uint8_t *uk_pb_write_varint(uint8_t *p, uint64_t v) {
    while (v >= 128) {
        *p++ = (uint8_t)(v | 128);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}
static inline void uk_pb_raw_varint(uk_buf *b, uint64_t v) {
    uk_buf_reserve(b, 10);
    b->len = (size_t)(uk_pb_write_varint(b->ptr + b->len, v) - b->ptr);
}
/* int32 and enum: negative ones are sign-extended to ten bytes, as protobuf demands. */
static inline void uk_pb_int(uk_buf *b, uint32_t field, int64_t v) {
    uk_pb_raw_varint(b, field << 3 | UK_PB_VARINT);
    uk_pb_raw_varint(b, (uint64_t)v);
}
static inline void uk_pb_fixed64(uk_buf *b, uint32_t field, uint64_t v) {
    uk_pb_raw_varint(b, field << 3 | UK_PB_FIXED64);
    uk_buf_put(b, &v, 8); /* little-endian hosts only, checked in pb.c */
}
static inline void uk_pb_bytes(uk_buf *b, uint32_t field, const void *ptr, size_t len) {
    uk_pb_raw_varint(b, field << 3 | UK_PB_BYTES);
    uk_pb_raw_varint(b, len);
    uk_buf_put(b, ptr, len);
}
static inline void uk_pb_str(uk_buf *b, uint32_t field, const char *text) {
    uk_pb_bytes(b, field, text, strlen(text));
}
/* What stands for U+0000 in a text that is a C string: Java's modified UTF-8 does the same. */
#define UK_C_NUL "\xc0\x80"
/* Such a text. */
void uk_pb_text(uk_buf *b, uint32_t field, const char *text);
/* A nested message: begin gives a mark, end puts the length before what came since. */
size_t uk_pb_begin(uk_buf *b, uint32_t field);
void uk_pb_end(uk_buf *b, size_t mark);

typedef struct uk_pb {
    const uint8_t *p, *end;
} uk_pb;

typedef struct uk_pb_field {
    uint32_t number;
    uint32_t wire;    /* UK_PB_* */
    uint64_t value;   /* varint, fixed64, fixed32 */
    ukko_slice bytes; /* UK_PB_BYTES; a view into the input */
} uk_pb_field;

static inline uk_pb uk_pb_of(ukko_slice in) {
    return (uk_pb){in.ptr, in.len ? in.ptr + in.len : in.ptr}; /* NULL + 0 is not defined */
}
/* 1: *out is the next field; 0: the end; UKKO_EPARSE: malformed (also field number 0, over-long
   varints, lengths past the end). Groups are passed over. */
int uk_pb_next(uk_pb *in, uk_pb_field *out);
/* The last of each length-delimited field 1 to n of a message, ptr NULL where there is none: who
   copies only these gives the same memory to a field that comes a million times as to one. */
int uk_pb_last(ukko_slice bytes, ukko_slice *last, size_t n);
/* The last varint with that number; false: there is none, or the message is malformed. */
bool uk_pb_last_varint(ukko_slice bytes, uint32_t number, uint64_t *value);
/* true when bytes are well-formed UTF-8. */
bool uk_utf8_valid(ukko_slice s);
/* Appends bytes as UTF-8, with U+FFFD where a JVM puts it. */
void uk_utf8_repair(ukko_slice bytes, uk_buf *out);
/* The same for a C string, see UK_C_NUL. */
void uk_utf8_to_c(ukko_slice bytes, uk_buf *out);
#endif
