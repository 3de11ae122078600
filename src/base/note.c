/* SPDX-License-Identifier: Apache-2.0 */
/* Notes of a thread are on the heap, and only a pointer is thread-local: a library that is loaded late, as
   a plug-in of Python or of a JVM, gets very little room for what is thread-local. Any thread. */
#include "base/note.h"
#include "base/mem.h"
#include <pthread.h>

static _Thread_local ukko_error *notes;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_notes(void *mine) {
    notes = NULL;
    uk_free(mine);
}
static void make_key(void) { pthread_key_create(&key, free_notes); }

ukko_error *uk_note_of(uk_note which) {
    if (!notes) {
        notes = uk_zalloc(UK_NOTES * sizeof *notes);
        pthread_once(&once, make_key);
        pthread_setspecific(key, notes);
    }
    return &notes[which];
}
