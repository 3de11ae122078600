/* SPDX-License-Identifier: Apache-2.0 */
/* What a stream of Java's object serialization says, told without any class: names and fields are in
   the stream. Nothing is made of it but text. Main thread. */
#ifndef JAVA_STREAM_H
#define JAVA_STREAM_H
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Strings, numbers, booleans and null as such; an object as {"class", "fields", "written"}, where
   "written" is what its class writes by itself, blocks of bytes in hex among it; an enum as {"class",
   "name"}; an array as a list, of bytes as hex; an object that was shown as {"again": its class}. What
   is cut off, or no stream, gives "incomplete". NULL: it does not begin as such a stream. */
json_t *java_describe(const uint8_t *bytes, size_t len);
#endif
