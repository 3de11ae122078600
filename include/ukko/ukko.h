/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_H
#define UKKO_H
/* Everything of libukko. Not here: testkit.h and status.h, which are libraries of their own, and
   protobuf_c.h, which needs protobuf-c. */
#include <ukko/actor.h>
#include <ukko/base.h>
#include <ukko/config.h>
#include <ukko/extension.h>
#include <ukko/faults.h>
#include <ukko/inspect.h>
#include <ukko/link.h>
#include <ukko/mailbox.h>
#include <ukko/messages.h>
#include <ukko/remote.h>
#include <ukko/router.h>
#include <ukko/serial.h>
#include <ukko/shutdown.h>
#include <ukko/time.h>
#include <ukko/tree.h>
#include <ukko/type.h>
#include <ukko/wire.h>
#endif
