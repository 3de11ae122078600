/* SPDX-License-Identifier: Apache-2.0 */
/* What a thread keeps of why something failed last, until it is asked. */
#ifndef UK_BASE_NOTE_H
#define UK_BASE_NOTE_H
#include <ukko/base.h>

typedef enum uk_note {
    UK_NOTE_SPAWN,   /* ukko_spawn_error() */
    UK_NOTE_SPAWN_CAUSE, /* code: ukko_spawn_cause() */
    UK_NOTE_ASK,     /* ukko_ask_error() */
    UK_NOTE_ADDRESS, /* why an address has no transport */
    UK_NOTES
} uk_note;

/* [any] The calling thread's; never NULL, code 0 as long as nothing failed. Lives as long as the
   thread. */
ukko_error *uk_note_of(uk_note which);
#endif
