/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf messages as text, for --proto and --reply-as: protoc turns the text into bytes and back; the
   manifest is the name of the class that protobuf's Java generator makes. Main thread. */
#include "gen.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

enum { MAX_BYTES = 64 << 20 };

typedef struct proto { /* FILE:TYPE in its parts */
    char file[600], folder[600], type[300];
} proto;

static bool split(const char *what, proto *p) {
    const char *colon = strrchr(what, ':');
    if (!colon || colon == what || !colon[1] || strlen(what) >= sizeof p->type) return false;
    snprintf(p->file, sizeof p->file, "%.*s", (int)(colon - what), what);
    snprintf(p->type, sizeof p->type, "%s", colon + 1);
    const char *slash = strrchr(p->file, '/');
    snprintf(p->folder, sizeof p->folder, "%.*s", slash ? (int)(slash - p->file + 1) : 1,
             slash ? p->file : ".");
    return true;
}

static int no_protoc(cli *c) {
    problem p = {CLI_USAGE, "NO_PROTOC", "message", NULL,
                 "install protoc (Debian package protobuf-compiler)"};
    return cli_fail(c, &p, "protoc is not installed");
}

/* Its status; -1: it could not be started. */
static int run(const proto *p, const char *mode, FILE *in, FILE *out, FILE *err) {
    char how[320], folder[620];
    char *argv[] = {"protoc", folder, how, (char *)(uintptr_t)p->file, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none;
    pid_t pid;
    int state = -1;
    snprintf(how, sizeof how, "--%s=%s", mode, p->type);
    snprintf(folder, sizeof folder, "-I%s", p->folder);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, fileno(in), 0);
    posix_spawn_file_actions_adddup2(&files, fileno(out), 1);
    posix_spawn_file_actions_adddup2(&files, fileno(err), 2);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none); /* this process blocks some for itself */
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    bool started = posix_spawnp(&pid, argv[0], &files, &attr, argv, environ) == 0;
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    if (started && waitpid(pid, &state, 0) < 0) state = 1;
    return started ? state : -1;
}

static int refused(cli *c, const proto *p, const char *mode, FILE *err) {
    char why[400] = "";
    rewind(err);
    if (fgets(why, sizeof why, err)) why[strcspn(why, "\n")] = '\0';
    return cli_usage(c, "protoc could not %s it as %s of %s: %s", mode, p->type, p->file, why);
}

/* *out is owned: free(); it has a NUL behind its end. */
static int convert(cli *c, const proto *p, const char *mode, ukko_slice given, uint8_t **out,
                   size_t *len) {
    FILE *in = tmpfile(), *to = tmpfile(), *err = tmpfile();
    problem bad = {CLI_IO, "FILE", "message", NULL, NULL};
    int status =
        in && to && err ? CLI_OK : cli_fail(c, &bad, "no temporary file: %s", strerror(errno));
    *out = NULL;
    if (status == CLI_OK) {
        fwrite(given.ptr, 1, given.len, in);
        fflush(in);
        rewind(in);
        int state = run(p, mode, in, to, err);
        status = state < 0 ? no_protoc(c) : state ? refused(c, p, mode, err) : CLI_OK;
    }
    if (status == CLI_OK) {
        rewind(to);
        *out = malloc(MAX_BYTES + 1);
        *len = fread(*out, 1, MAX_BYTES, to);
        (*out)[*len] = 0;
    }
    if (in) fclose(in);
    if (to) fclose(to);
    if (err) fclose(err);
    return status;
}

static int not_split(cli *c, const char *name, const char *what) {
    return cli_usage(c, "--%s: '%s' is not FILE.proto:TYPE", name, what);
}

int proto_build(cli *c, const char *text, ukko_msg **msg) {
    const char *what = args_value(c, "proto");
    char class_name[600];
    uint8_t *bytes;
    size_t len;
    proto p;
    if (!split(what, &p)) return not_split(c, "proto", what);
    int status = convert(c, &p, "encode", ukko_str(text), &bytes, &len);
    const char *given = args_value(c, "manifest");
    if (status == CLI_OK && !given)
        status = gen_proto_class(c, p.file, p.type, class_name, sizeof class_name);
    if (status == CLI_OK) {
        ukko_opaque o = {.serializer = UKKO_SER_PROTOBUF,
                         .manifest = given ? given : class_name,
                         .bytes = {bytes, len}};
        *msg = ukko_msg_copy(&ukko_opaque_type, &o);
    }
    free(bytes);
    return status;
}

int proto_check(cli *c) {
    const char *what = args_value(c, "reply-as");
    proto p;
    return !what || split(what, &p) ? CLI_OK : not_split(c, "reply-as", what);
}

int proto_text(cli *c, const ukko_msg *msg, char **text) {
    const char *what = args_value(c, "reply-as");
    const ukko_opaque *o = msg ? ukko_msg_get(msg, &ukko_opaque_type) : NULL;
    const ukko_slice *bytes = msg ? ukko_msg_get(msg, &ukko_bytes_type) : NULL;
    uint8_t *out;
    size_t len;
    proto p;
    *text = NULL;
    if (!what || !split(what, &p) || (!o && !bytes)) return CLI_OK;
    int status = convert(c, &p, "decode", o ? o->bytes : *bytes, &out, &len);
    if (status == CLI_OK) *text = (char *)out;
    return status;
}
