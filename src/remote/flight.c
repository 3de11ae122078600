/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of the flight recorder. The file is a header and slots of whole words, as they are in
   memory. A slot begins with its number + 1, or BUSY while it is written: a reader that finds the
   same number before and after has a whole entry, and a writer that has gone round the ring and
   finds another still in the slot leaves it to that one. Any thread; the words are atomics because
   readers look while others write. */
#include "remote/flight.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char MAGIC[8] = "UKKOFLT1";
enum { ORDER = 0x01020304, TEXT = 72, STATE = 12, MAX_FILES = 16, MAX_ENTRIES = 1 << 20 };

typedef struct header {
    char magic[8];
    uint32_t order, entry_bytes;
    uint64_t entries;
    _Atomic uint64_t next; /* number of the next entry; relaxed: only uniqueness counts */
    int64_t started_ms;
    int32_t pid, uid;
    char system[64], address[128];
} header;

typedef struct entry {
    uint64_t mark; /* number + 1; 0: empty; BUSY: being written */
    int64_t time_ms, a, b;
    int32_t kind, reason, uid;
    uint8_t has_uid, inbound, unused[2];
    char from[STATE], to[STATE];
    char address[TEXT], text[TEXT];
} entry;
enum { WORDS = sizeof(entry) / 8, HEADER = 512 };
_Static_assert(sizeof(entry) % 8 == 0 && sizeof(header) <= HEADER, "slots are whole words");

typedef _Atomic uint64_t slot[WORDS];
static const uint64_t BUSY = UINT64_MAX;

struct uk_flight {
    header *head;
    slot *slots;
    size_t size;
    int fd; /* -1: in memory only */
    char *path;
};

/* ---- the file ---- */

static bool private_directory(const char *path, char *why, size_t len) {
    struct stat st;
    mkdir(path, 0700);
    if (lstat(path, &st)) {
        snprintf(why, len, "%s: %s", path, strerror(errno));
    } else if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077)) {
        snprintf(why, len, "%s is not a directory for this user alone", path);
    } else {
        return true;
    }
    return false;
}

static char *directory_of(const uk_flight_opts *o, char *why, size_t len) {
    struct stat st;
    if (*o->directory) {
        if (!stat(o->directory, &st) && S_ISDIR(st.st_mode)) return uk_strdup(o->directory);
        snprintf(why, len, "%s is no directory", o->directory);
        return NULL;
    }
    const char *base = getenv("XDG_RUNTIME_DIR");
    if (!base || *base != '/') base = getenv("TMPDIR");
    if (!base || *base != '/') base = "/tmp";
    char *path = uk_format("%s/ukko-%ld", base, (long)geteuid());
    if (private_directory(path, why, len)) return path;
    uk_free(path);
    return NULL;
}

/* Opens a file that no living process has; what a dead one left is put aside. -1: not this one. */
static int take_file(const char *path) {
    for (int again = 0; again < 2; again++) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        struct stat st, named;
        if (fd < 0) return -1;
        bool mine = !flock(fd, LOCK_EX | LOCK_NB) && !fstat(fd, &st) && !lstat(path, &named) &&
                    named.st_ino == st.st_ino && S_ISREG(st.st_mode);
        if (mine && st.st_size == 0) return fd;
        if (mine) {
            char *old = uk_format("%s.previous", path);
            rename(path, old);
            uk_free(old);
        }
        close(fd);
        if (!mine) return -1;
    }
    return -1;
}

static void open_file(uk_flight *f, const uk_flight_opts *o, char *why, size_t len) {
    char *dir = directory_of(o, why, len);
    for (int i = 0; dir && i < MAX_FILES && f->fd < 0; i++) {
        char more[16] = "";
        if (i) snprintf(more, sizeof more, "-%d", i + 1);
        char *path = uk_format("%s/%s-%d%s.flight", dir, o->system, o->port, more);
        f->fd = take_file(path);
        if (f->fd >= 0) f->path = path;
        else uk_free(path);
    }
    if (dir && f->fd < 0) snprintf(why, len, "no file can be made in %s", dir);
    uk_free(dir);
}

static void drop_file(uk_flight *f) {
    if (f->fd < 0) return;
    unlink(f->path); /* while it is still locked */
    close(f->fd);
    uk_free(f->path);
    f->fd = -1;
    f->path = NULL;
}

/* All blocks are there before the first write: a full disk is found out here and not by a
   signal. */
static void *map_file(uk_flight *f, char *why, size_t len) {
    int rc = posix_fallocate(f->fd, 0, (off_t)f->size);
    void *p = rc ? MAP_FAILED
                 : mmap(NULL, f->size, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);
    if (p != MAP_FAILED) return p;
    snprintf(why, len, "%s: %s", f->path, strerror(rc ? rc : errno));
    drop_file(f);
    return NULL;
}

static void copy_text(char *to, size_t size, const char *from) {
    if (from && !memccpy(to, from, 0, size)) to[size - 1] = 0; /* to comes zeroed */
}

uk_flight *uk_flight_new(const uk_flight_opts *o, char *why, size_t len) {
    uk_flight *f = uk_zalloc(sizeof *f);
    size_t n = o->entries < MAX_ENTRIES ? o->entries : MAX_ENTRIES;
    f->size = HEADER + n * sizeof(slot);
    f->fd = -1;
    snprintf(why, len, "%s", "");
    if (strcmp(o->directory, "off")) open_file(f, o, why, len);
    if (f->fd >= 0) f->head = map_file(f, why, len);
    if (!f->head) f->head = uk_zalloc(f->size);
    header *h = f->head;
    f->slots = (slot *)(void *)((char *)h + HEADER);
    h->order = ORDER;
    h->entry_bytes = sizeof(entry);
    h->entries = n;
    h->started_ms = uk_wall_ms();
    h->pid = (int32_t)getpid();
    h->uid = o->uid;
    copy_text(h->system, sizeof h->system, o->system);
    memcpy(h->magic, MAGIC, sizeof MAGIC); /* last: now it is one */
    return f;
}

void uk_flight_free(uk_flight *f) {
    if (!f) return;
    if (f->fd >= 0) munmap(f->head, f->size);
    else uk_free(f->head);
    drop_file(f);
    uk_free(f);
}

const char *uk_flight_path(const uk_flight *f) { return f->path; }

void uk_flight_address(uk_flight *f, const char *address) {
    copy_text(f->head->address, sizeof f->head->address, address);
}

/* ---- recording ---- */

/* The slot is this writer's alone until its mark is set. False: another is in it, or came later. */
static bool claim(slot *s, uint64_t mark) {
    uint64_t was = atomic_load_explicit(&(*s)[0], memory_order_relaxed);
    do {
        if (was == BUSY || was > mark) return false;
        /* acquire pairs with the release of the mark: the words of the last writer come before
           ours */
    } while (!atomic_compare_exchange_weak_explicit(&(*s)[0], &was, BUSY, memory_order_acquire,
                                                    memory_order_relaxed));
    return true;
}

void uk_flight_record(uk_flight *f, const uk_flight_note *n) {
    uint64_t number = atomic_fetch_add_explicit(&f->head->next, 1, memory_order_relaxed);
    slot *s = &f->slots[number % f->head->entries];
    entry e = {.mark = number + 1,
               .time_ms = uk_wall_ms(),
               .a = n->a,
               .b = n->b,
               .kind = n->kind,
               .reason = n->reason,
               .uid = n->uid,
               .has_uid = n->has_uid,
               .inbound = n->inbound};
    copy_text(e.from, sizeof e.from, n->from);
    copy_text(e.to, sizeof e.to, n->to);
    copy_text(e.address, sizeof e.address, n->address);
    copy_text(e.text, sizeof e.text, n->text);
    uint64_t words[WORDS];
    memcpy(words, &e, sizeof e);
    if (!claim(s, words[0])) return;
    /* as a sequence lock: readers that see a word of ours see BUSY, or the new mark */
    atomic_thread_fence(memory_order_release); /* pairs with the fence in read_slot() */
    for (size_t i = 1; i < WORDS; i++)
        atomic_store_explicit(&(*s)[i], words[i], memory_order_relaxed);
    atomic_store_explicit(&(*s)[0], words[0], memory_order_release);
}

/* ---- reading ---- */

static bool read_slot(slot *s, entry *e) {
    uint64_t words[WORDS];
    words[0] = atomic_load_explicit(&(*s)[0], memory_order_acquire);
    for (size_t i = 1; i < WORDS; i++)
        words[i] = atomic_load_explicit(&(*s)[i], memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire); /* pairs with the fence in uk_flight_record() */
    if (atomic_load_explicit(&(*s)[0], memory_order_relaxed) != words[0]) return false;
    memcpy(e, words, sizeof *e);
    return true;
}

/* Ends it, and leaves nothing in it that a terminal would obey. */
static void clean(char *text, size_t size) {
    text[size - 1] = 0;
    for (; *text; text++)
        if ((unsigned char)*text < 32 || *text == 127) *text = '?';
}

static bool give(entry *e, ukko_flight_fn fn, void *data) {
    clean(e->from, sizeof e->from);
    clean(e->to, sizeof e->to);
    clean(e->address, sizeof e->address);
    clean(e->text, sizeof e->text);
    ukko_flight_entry out = {.size = sizeof out,
                             .kind = e->kind,
                             .what = ukko_flight_kind_name(e->kind),
                             .number = e->mark - 1,
                             .time_ms = e->time_ms,
                             .address = e->address,
                             .text = e->text,
                             .from = e->from,
                             .to = e->to,
                             .reason = e->reason,
                             .has_uid = e->has_uid != 0,
                             .inbound = e->inbound != 0,
                             .uid = e->uid,
                             .a = e->a,
                             .b = e->b};
    return fn(data, &out);
}

/* The slots of numbers next - n .. next - 1 that hold what they should. */
static int tour(slot *slots, uint64_t n, uint64_t next, ukko_flight_fn fn, void *data) {
    int given = 0;
    for (uint64_t number = next > n ? next - n : 0; number < next; number++) {
        entry e;
        if (!read_slot(&slots[number % n], &e) || e.mark != number + 1) continue;
        given++;
        if (!give(&e, fn, data)) break;
    }
    return given;
}

int uk_flight_each(uk_flight *f, ukko_flight_fn fn, void *data) {
    uint64_t next = atomic_load_explicit(&f->head->next, memory_order_relaxed);
    return tour(f->slots, f->head->entries, next, fn, data);
}

int uk_flight_parse(ukko_slice bytes, ukko_flight_info *info, ukko_flight_fn fn, void *data,
                    ukko_error *err) {
    header h;
    if (bytes.len < HEADER || memcmp(bytes.ptr, MAGIC, sizeof MAGIC))
        return uk_error(err, UKKO_EPARSE, "it is no file of a flight recorder");
    memcpy(&h, bytes.ptr, sizeof h);
    if (h.order != ORDER || h.entry_bytes != sizeof(entry))
        return uk_error(err, UKKO_EPARSE, "it was written by another kind of machine or version");
    uint64_t room = (bytes.len - HEADER) / sizeof(entry), next = h.next;
    if (!h.entries || h.entries > room)
        return uk_error(err, UKKO_EPARSE, "it should hold %llu entries but is too short for them",
                        (unsigned long long)h.entries);
    if (info) {
        *info = (ukko_flight_info){.size = sizeof *info, .pid = h.pid, .uid = h.uid,
                                   .started_ms = h.started_ms, .entries = h.entries,
                                   .recorded = next};
        clean(h.system, sizeof h.system);
        clean(h.address, sizeof h.address);
        memcpy(info->system, h.system, sizeof info->system);
        memcpy(info->address, h.address, sizeof info->address);
    }
    slot *slots = uk_alloc(h.entries * sizeof *slots); /* aligned as words want to be */
    memcpy((void *)slots, bytes.ptr + HEADER, h.entries * sizeof *slots);
    int n = tour(slots, h.entries, next, fn, data);
    uk_free((void *)slots);
    return n;
}

/* ---- for programs ---- */

const char *ukko_flight_kind_name(int32_t kind) {
    switch (kind) {
#define UKKO_X(name, number, text) case number: return text;
        UKKO_FLIGHT_MAP(UKKO_X)
#undef UKKO_X
    default: return "?";
    }
}

static int read_whole(const char *path, uk_buf *out, ukko_error *err) {
    enum { MOST = HEADER + MAX_ENTRIES * sizeof(entry) };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;
    while (fd >= 0 && out->len <= MOST) {
        uk_buf_reserve(out, 1 << 16);
        n = read(fd, out->ptr + out->len, 1 << 16);
        if (n <= 0) break;
        out->len += (size_t)n;
    }
    int rc = n < 0 ? uk_error(err, UKKO_EIO, "%s: %s", path, strerror(errno)) : UKKO_OK;
    if (fd >= 0) close(fd);
    return rc;
}

int ukko_flight_read_file(const char *path, ukko_flight_info *info, ukko_flight_fn fn, void *data,
                          ukko_error *err) {
    uk_buf bytes = {0};
    ukko_error why;
    if (!path || !fn) return UKKO_EINVAL;
    int rc = read_whole(path, &bytes, err);
    if (!rc) rc = uk_flight_parse(uk_buf_slice(&bytes), info, fn, data, &why);
    if (rc == UKKO_EPARSE) uk_error(err, rc, "%s: %s", path, why.message);
    uk_buf_fini(&bytes);
    return rc;
}

static void print_time(int64_t ms, char *buf, size_t len) {
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char day[40] = "?";
    if (localtime_r(&seconds, &tm)) strftime(day, sizeof day, "%Y-%m-%d %H:%M:%S", &tm);
    snprintf(buf, len, "%s.%03d", day, abs((int)(ms % 1000)));
}

size_t ukko_flight_print(const ukko_flight_entry *e, char *buf, size_t len) {
    uk_buf b = {0};
    char when[60];
    print_time(e->time_ms, when, sizeof when);
    uk_buf_printf(&b, "%llu %s %s", (unsigned long long)e->number, when, e->what);
    if (*e->address) uk_buf_printf(&b, " %s", e->address);
    if (e->has_uid) uk_buf_printf(&b, " uid %d", e->uid);
    if (e->inbound) uk_buf_str(&b, " (inbound)");
    if (*e->to && strcmp(e->from, e->to)) uk_buf_printf(&b, " %s -> %s", e->from, e->to);
    if (e->reason) uk_buf_printf(&b, " %s", ukko_link_reason_name(e->reason));
    if (e->kind >= UKKO_FLIGHT_ACK_IN && e->kind <= UKKO_FLIGHT_MARK)
        uk_buf_printf(&b, " %lld %lld", (long long)e->a, (long long)e->b);
    if (*e->text) uk_buf_printf(&b, ": %s", e->text);
    size_t n = b.len;
    snprintf(buf, len, "%s", uk_buf_text(&b));
    uk_buf_fini(&b);
    return n;
}
