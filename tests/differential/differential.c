/* SPDX-License-Identifier: Apache-2.0 */
/* Sends random messages through the serializers of a JVM, `peer batch`, and looks at what comes back:
   the same message, where the JVM has no choice the same bytes, and the same meaning.
       differential COUNT [KIND...] -- COMMAND...        lines `ok KIND`, `FAIL KIND: why`
   The command's standard input and output are a pipe each; one thread, a window of messages. */
#include "diff.h"
#include "every.h"
#include "every_cbor.h"
#include "every_json.h"
#include "support/far.h"
#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WINDOW = 200,
    IN_FLIGHT = 48 << 10, /* bytes: a pipe holds 64 KiB */
    OVERHEAD = 200,       /* of a message: its head and manifest */
    PROTO_PARSER = -2
};

ukko_system *diff_system;
uk_serial *diff_serial;
static FILE *to_peer, *from_peer;

static void quiet(void *data, const ukko_log_record *record) {
    (void)data;
    (void)record;
}
static int open_system(void) {
    static const ukko_type *types[64];
    ukko_error err = {0, ""};
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("vec", NULL);
    size_t n = 0;
    for (size_t i = 0; j_every_json_types[i]; i++) types[n++] = j_every_json_types[i];
    for (size_t i = 0; c_every_cbor_types[i]; i++) types[n++] = c_every_cbor_types[i];
    for (size_t i = 0; p_every_types[i]; i++) types[n++] = p_every_types[i];
    opts.types = types;
    opts.threads = 0;
    opts.log = quiet;
    if (ukko_system_new(&diff_system, &opts, &err) || far_install(diff_system) ||
        ukko_system_start(diff_system, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    diff_serial = uk_serial_of(diff_system);
    return diff_serial == NULL;
}
static int start_peer(char **argv) {
    int in[2], out[2];
    if (pipe(in) || pipe(out)) return 1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        for (int fd = 3; fd < 20; fd++) close(fd);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to_peer = fdopen(in[1], "w");
    from_peer = fdopen(out[0], "r");
    return pid < 0 || !to_peer || !from_peer;
}

/* ---- the three forms of a sample ---- */

typedef struct coded {
    int32_t id;
    char *manifest;
    uk_buf bytes;
} coded;
static void coded_free(coded *c) {
    uk_free(c->manifest);
    uk_buf_fini(&c->bytes);
    *c = (coded){0};
}
static int encode(const sample *s, coded *out, ukko_error *err) {
    ukko_slice manifest = {NULL, 0};
    int rc;
    *out = (coded){0};
    if (s->sys) {
        out->id = UKKO_SER_SYSTEM;
        rc = uk_sysmsg_encode(diff_serial, s->sys, &out->bytes);
    } else if (s->daemon) {
        out->id = UKKO_SER_DAEMON_CREATE;
        rc = uk_daemon_encode(diff_serial, s->daemon, &out->bytes, err);
    } else {
        rc = uk_serial_encode(diff_serial, s->msg, &out->bytes, &out->id, &manifest, err);
    }
    out->manifest = uk_strndup(manifest.ptr ? (const char *)manifest.ptr : "", manifest.len);
    return rc;
}
static int decode(int32_t id, const char *manifest, ukko_slice bytes, sample *out,
                  ukko_error *err) {
    *out = (sample){0};
    if (id == UKKO_SER_SYSTEM) return uk_sysmsg_decode(diff_serial, bytes, &out->sys, err);
    if (id == UKKO_SER_DAEMON_CREATE) {
        int rc = uk_daemon_decode(diff_serial, bytes, &out->daemon, err);
        return rc ? rc : uk_daemon_open(diff_serial, out->daemon, err);
    }
    return uk_serial_decode(diff_serial, id, ukko_str(manifest), bytes, &out->msg, err);
}

/* ---- one kind ---- */

typedef struct sent { /* and not yet answered */
    sample s;
    coded c;
    size_t number;
} sent;
static char why[4000];

static bool refuse(const sent *x, const char *what, const char *more) {
    char text[600] = "";
    if (x->s.msg) ukko_msg_print(x->s.msg, text, sizeof text);
    snprintf(why, sizeof why, "message %zu: %s %.1500s\n    message %s", x->number, what, more,
             text);
    return false;
}
static void send_one(const kind *k, const sent *x) {
    bool parser = k->proto != NULL;
    const char *manifest = parser ? k->proto : x->c.manifest;
    uint16_t m = (uint16_t)strlen(manifest), be_m = htons(m);
    uint32_t n = htonl((uint32_t)(6 + m + x->c.bytes.len));
    uint32_t id = htonl((uint32_t)(parser ? PROTO_PARSER : x->c.id));
    fwrite(&n, 4, 1, to_peer);
    fwrite(&id, 4, 1, to_peer);
    fwrite(&be_m, 2, 1, to_peer);
    fwrite(manifest, 1, m, to_peer);
    fwrite(x->c.bytes.ptr, 1, x->c.bytes.len, to_peer);
}
typedef struct answer {
    uint8_t status;
    int32_t id;
    char *manifest, *text; /* in raw */
    ukko_slice bytes;
    char *raw;
} answer;
static bool read_answer(answer *a) {
    uint32_t n, id, len;
    uint16_t m;
    if (fread(&n, 4, 1, from_peer) != 1) return false;
    n = ntohl(n);
    a->raw = uk_zalloc(n + 2);
    if (fread(a->raw, 1, n, from_peer) != n) return false;
    const char *p = a->raw;
    a->status = (uint8_t)*p++;
    memcpy(&id, p, 4), p += 4;
    a->id = (int32_t)ntohl(id);
    memcpy(&m, p, 2), p += 2;
    a->manifest = uk_strndup(p, ntohs(m));
    p += ntohs(m);
    memcpy(&len, p, 4), p += 4;
    a->bytes = (ukko_slice){(const uint8_t *)p, ntohl(len)};
    p += a->bytes.len;
    a->text = uk_strndup(p, n - (size_t)(p - a->raw));
    return true;
}
static bool same_meaning(const kind *k, const sent *x, const answer *a) {
    uk_buf mine = {0};
    bool proto = k->proto || x->c.id == UKKO_SER_PROTOBUF;
    canon_put(&mine, k->type, uk_msg_body(x->s.msg), proto);
    bool same = !strcmp(uk_buf_text(&mine), a->text);
    if (!same) {
        size_t at = 0;
        while (mine.ptr[at] && mine.ptr[at] == (uint8_t)a->text[at]) at++;
        char text[600];
        snprintf(text, sizeof text, "at %zu: ...%.200s\n    the JVM ...%.200s", at,
                 (char *)mine.ptr + (at > 40 ? at - 40 : 0), a->text + (at > 40 ? at - 40 : 0));
        refuse(x, "means something else", text);
    }
    uk_buf_fini(&mine);
    return same;
}
static bool same_bytes(const sent *x, const answer *a) {
    if (a->id == x->c.id && !strcmp(a->manifest, x->c.manifest) &&
        uk_slice_eq(uk_buf_slice(&x->c.bytes), a->bytes))
        return true;
    uk_buf text = {0};
    uk_buf_printf(&text, "%d [%s] ", a->id, a->manifest);
    for (size_t i = 0; i < a->bytes.len && i < 300; i++)
        uk_buf_printf(&text, "%02x", a->bytes.ptr[i]);
    uk_buf_printf(&text, "\n    ours %d [%s] ", x->c.id, x->c.manifest);
    for (size_t i = 0; i < x->c.bytes.len && i < 300; i++)
        uk_buf_printf(&text, "%02x", x->c.bytes.ptr[i]);
    refuse(x, "comes back as other bytes:", uk_buf_text(&text));
    uk_buf_fini(&text);
    return false;
}
/* What the JVM wrote, read here, is what was sent; of what is replaced on the way: what we read from
   our own bytes. */
static bool same_message(const kind *k, const sent *x, const answer *a) {
    ukko_error err = {0, ""};
    sample back;
    bool parser = a->id == PROTO_PARSER;
    if (decode(parser ? x->c.id : a->id, parser ? x->c.manifest : a->manifest, a->bytes, &back,
               &err)) {
        sample_free(&back);
        return refuse(x, "what comes back is not read:", err.message);
    }
    bool same = true;
    if (x->s.msg && !k->lossy) {
        if (k->type) canon_to_utc(k->type, uk_msg_body(back.msg));
        if (k->type) canon_to_utc(k->type, uk_msg_body(x->s.msg));
        same = ukko_msg_equal(x->s.msg, back.msg);
    } else {
        coded again;
        same = !encode(&back, &again, &err) &&
               uk_slice_eq(uk_buf_slice(&again.bytes), uk_buf_slice(&x->c.bytes));
        coded_free(&again);
    }
    char text[1200] = "";
    if (!same && back.msg) ukko_msg_print(back.msg, text, sizeof text);
    sample_free(&back);
    return same || refuse(x, "comes back as another message:", text);
}
static bool check_one(const kind *k, const sent *x) {
    answer a = {0};
    bool ok;
    if (!read_answer(&a))
        ok = refuse(x, "the JVM has ended", "");
    else if (a.status)
        ok = refuse(x, "is refused by the JVM:", a.text);
    else
        ok = (!k->type || same_meaning(k, x, &a)) && (!k->exact || same_bytes(x, &a)) &&
             same_message(k, x, &a);
    uk_free(a.raw);
    uk_free(a.manifest);
    uk_free(a.text);
    return ok;
}
typedef struct window { /* messages that are made together, and how far they have come */
    sent *all;
    size_t sent, answered;
    size_t bytes; /* on their way: no more than a pipe holds, or both sides would wait for ever */
    bool failed;
} window;

/* All that was sent is answered, also after a failure. */
static void drain(const kind *k, window *w) {
    fflush(to_peer);
    for (; w->answered < w->sent; w->answered++) {
        char first[sizeof why];
        memcpy(first, why, sizeof first);
        bool ok = check_one(k, &w->all[w->answered]);
        if (w->failed) memcpy(why, first, sizeof why); /* the first one counts */
        w->failed |= !ok;
        coded_free(&w->all[w->answered].c);
        sample_free(&w->all[w->answered].s);
    }
    w->bytes = 0;
}
static void send_next(const kind *k, window *w, size_t number, uint64_t *seed) {
    ukko_error err = {0, ""};
    sent *x = &w->all[w->sent];
    x->number = number;
    x->s = k->make(seed);
    if (encode(&x->s, &x->c, &err)) {
        refuse(x, "is not written:", err.message);
        w->failed = true;
        coded_free(&x->c);
        sample_free(&x->s);
        return;
    }
    if (w->bytes + x->c.bytes.len > IN_FLIGHT) drain(k, w);
    w->bytes += x->c.bytes.len + OVERHEAD;
    send_one(k, x);
    w->sent++;
}
static bool run_window(const kind *k, size_t from, size_t n, uint64_t *seed) {
    window w = {.all = uk_zalloc(n * sizeof *w.all)};
    for (size_t i = 0; i < n && !w.failed; i++) send_next(k, &w, from + i, seed);
    drain(k, &w);
    uk_free(w.all);
    return !w.failed;
}
static bool run_kind(const kind *k, size_t count) {
    uint64_t seed = 1;
    for (const char *p = k->name; *p; p++) seed = seed * 31 + (uint8_t)*p;
    for (size_t done = 0; done < count; done += WINDOW) {
        size_t n = count - done < WINDOW ? count - done : WINDOW;
        if (run_window(k, done, n, &seed)) continue;
        printf("FAIL %s: %s\n", k->name, why);
        fflush(stdout);
        return false;
    }
    printf("ok %s %zu\n", k->name, count);
    fflush(stdout);
    return true;
}
static bool chosen(const kind *k, char **names, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!strcmp(names[i], k->name)) return true;
    return n == 0;
}
int main(int argc, char **argv) {
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, n = 0;
    int at = 2;
    while (at < argc && strcmp(argv[at], "--")) at++, n++;
    if (!count || at + 1 >= argc) {
        fprintf(stderr, "differential COUNT [KIND...] -- COMMAND...\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    if (open_system() || start_peer(argv + at + 1)) return 2;
    bool ok = true;
    for (size_t i = 0; kind_lists[i]; i++)
        for (const kind *k = kind_lists[i]; k->name; k++)
            if (chosen(k, argv + 2, n)) ok &= run_kind(k, count);
    fclose(to_peer);
    ukko_system_free(diff_system);
    wait(NULL);
    return !ok;
}
