/* SPDX-License-Identifier: Apache-2.0 */
/* The flight recorder: the last events of the links in a ring of fixed size, in a file that is mapped
   into memory, so that it is there after a crash without anybody having written it. Recording takes
   no lock and no system call but for the clock. Any thread. */
#ifndef UK_REMOTE_FLIGHT_H
#define UK_REMOTE_FLIGHT_H
#include <ukko/link.h>

typedef struct uk_flight uk_flight;

typedef struct uk_flight_opts {
    const char *directory; /* "": a private one of this user; "off": no file */
    size_t entries;        /* at least 1 */
    const char *system;
    int port; /* part of the file's name; 0: any */
    int32_t uid;
} uk_flight_opts;

/* Never fails: without a file the ring is in memory alone, and *why (len bytes) says why. Owned. */
uk_flight *uk_flight_new(const uk_flight_opts *opts, char *why, size_t len);
/* The file is removed: what ends here has ended in order. NULL is fine. */
void uk_flight_free(uk_flight *f);
const char *uk_flight_path(const uk_flight *f); /* NULL: no file */
void uk_flight_address(uk_flight *f, const char *address); /* before others record */

typedef struct uk_flight_note {
    int32_t kind;                      /* ukko_flight_kind */
    const char *address, *text;        /* cut to what fits; may be NULL */
    const char *from, *to;             /* names of states; static; may be NULL */
    int32_t reason;
    bool has_uid, inbound;
    int32_t uid;
    int64_t a, b;
} uk_flight_note;
void uk_flight_record(uk_flight *f, const uk_flight_note *n);
int uk_flight_each(uk_flight *f, ukko_flight_fn fn, void *data); /* oldest first; gives how many */
/* The bytes of a file. UKKO_EPARSE: not one of ours, or damaged. */
int uk_flight_parse(ukko_slice bytes, ukko_flight_info *info, ukko_flight_fn fn, void *data,
                    ukko_error *err);
#endif
