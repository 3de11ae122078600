/* SPDX-License-Identifier: Apache-2.0 */
/* Compression of Jackson payloads. What comes in is bounded before memory is asked for. */
#ifndef UK_SERIAL_COMPRESS_H
#define UK_SERIAL_COMPRESS_H
#include "base/buf.h"

bool uk_is_gzip(ukko_slice in);
int uk_gzip(ukko_slice in, uk_buf *out); /* appends */
/* Into an empty buffer. UKKO_ETOOBIG: more than max bytes; UKKO_EPARSE. */
int uk_gunzip(ukko_slice in, size_t max, uk_buf *out);

bool uk_is_lz4(ukko_slice in); /* Pekko's frame: magic, length, one block */
int uk_lz4(ukko_slice in, uk_buf *out);
int uk_unlz4(ukko_slice in, size_t max, uk_buf *out);
#endif
