/* SPDX-License-Identifier: Apache-2.0 */
/* A message body as JSON or CBOR by its field table. */
#ifndef UK_SERIAL_JACKSON_H
#define UK_SERIAL_JACKSON_H
#include "serial/codec.h"
#include "serial/json.h"
int uk_jackson_write(uk_enc *e, const ukko_type *type, const uk_serializer *ser, const void *body,
                     bool cbor);
int uk_jackson_read(uk_dec *d, const ukko_type *type, const uk_serializer *ser, ukko_slice in,
                    bool cbor, ukko_msg **out);
#endif
