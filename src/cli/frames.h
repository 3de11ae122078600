/* SPDX-License-Identifier: Apache-2.0 */
/* Frames for people and programs: what decode, proxy and -vvv print, and the patterns that choose
   among them. Main thread, but for frame_text() and frame_kind(), which any may call. */
#ifndef FRAMES_H
#define FRAMES_H
#include "cli.h"
#include <ukko/wire.h>

enum { FRAME_KIND = 300, FRAME_TEXT = 4000 };

/* "control.associate", ".disassociate", ".shutdown", ".quarantined", ".heartbeat"; "ack";
   "system.Watch"; "message.String", "message.ActorSelectionMessage:Identify". */
void frame_kind(const ukko_wire_pdu *pdu, char *buf, size_t len);
/* One line without the addresses of the connection. */
void frame_text(const ukko_wire_pdu *pdu, char *buf, size_t len);
/* Members kind, text, recipient, sender, serializer, manifest, type, seq, ack and bytes of a record;
   size: of the frame. */
void frame_members(json_t *record, const ukko_wire_pdu *pdu, size_t size);
/* decode.c: is it a capture? And then the frames, each behind its length, of whoever speaks first in it, as
   --link chooses; they take the place of *bytes, which is the caller's to free in any case. */
bool capture_begins(const uint8_t *bytes, size_t len);
int capture_frames(cli *c, const char *name, uint8_t **bytes, size_t *len);
/* Words with commas or blanks between, * and ? match, ! in front excludes: "system.*", "!ack". A kind
   fits when one word does and no excluding one; words that only exclude let all others in. */
bool frame_fits(const char *patterns, const char *kind);
#endif
