/* SPDX-License-Identifier: Apache-2.0 */
/* Trees for the serializers themselves: with the limits of one, from and to either form. */
#ifndef UK_SERIAL_TREE_H
#define UK_SERIAL_TREE_H
#include "serial/codec.h"
#include <ukko/tree.h>

/* All of in is one value. *out is owned. UKKO_EPARSE, UKKO_ETOOBIG. */
int uk_tree_read(ukko_tree **out, ukko_slice in, bool cbor, const uk_limits *limits);
int uk_tree_write(const ukko_tree *tree, uk_buf *out, bool cbor); /* UKKO_ETOOBIG: too deep */
#endif
