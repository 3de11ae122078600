/* SPDX-License-Identifier: Apache-2.0 */
/* The codecs beside the actor layer: there, too, is a struct called uk_envelope. Include this, first,
   instead of pdu.h where both are needed. */
#ifndef UK_REMOTE_WIRE_H
#define UK_REMOTE_WIRE_H
#define uk_envelope uk_wire_envelope
#include "remote/pdu.h"
#include "remote/protocol.h"
#undef uk_envelope
typedef uk_wire_envelope uk_wire;
#endif
