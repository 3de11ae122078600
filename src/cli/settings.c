/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of the system that the command runs: its own few settings, then --config, then
   each -D; the system puts it over the built-in reference. */
#include "cli.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *log_level(const cli *c) {
    static const char *const levels[] = {"OFF", "WARNING", "INFO", "DEBUG"};
    return levels[c->verbosity < 3 ? c->verbosity : 3];
}

/* NULL gives NULL. Owned: free(). */
static char *quoted(const char *text) {
    if (!text) return NULL;
    json_t *j = output_text(text);
    char *q = json_dumps(j, JSON_ENCODE_ANY);
    json_decref(j);
    return q;
}

/* A node is told, a target says it in its address. */
static bool wants_tls(const cli *c, const target *to) {
    return to ? to->tls : args_count(c, "tls") > 0;
}

/* The transport: where it listens and what it is called. */
static void put_transport(FILE *out, const own_system *own, const target *to, bool tls) {
    const char *kind = tls ? "ssl" : "tcp";
    char *host = quoted(own->hostname), *bound = quoted(own->bind_hostname);
    fprintf(out,
            "pekko.remote.classic.enabled-transports = [\"pekko.remote.classic.netty.%s\"]\n"
            "pekko.remote.classic.netty.%s { hostname = %s, port = %lld }\n",
            kind, kind, host, (long long)own->port);
    if (own->bind_hostname)
        fprintf(out, "pekko.remote.classic.netty.%s.bind-hostname = %s\n", kind, bound);
    if (to && strcmp(to->name, "akka") == 0)
        fputs("pekko.remote { protocol-name = akka, accept-protocol-names = [akka, pekko] }\n",
              out);
    free(host);
    free(bound);
}

/* Any Jackson class arrives as its JSON: names begin with a letter, _ or $. */
static void put_prefixes(FILE *out) {
    fputs("pekko.serialization.jackson.allowed-class-prefix = [\"_\", \"$\"", out);
    for (int i = 0; i < 26; i++) fprintf(out, ", \"%c\", \"%c\"", 'a' + i, 'A' + i);
    fputs("]\n", out);
}

static char *own_text(const cli *c, const own_system *own, const target *to) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    fprintf(out,
            "pekko.actor.provider = remote\n"
            "pekko.loglevel = %s\n"
            "pekko.log-dead-letters = off\n"
            "pekko.log-dead-letters-during-shutdown = off\n"
            "pekko.remote.artery.enabled = off\n"
            "pekko.remote.warn-about-direct-use = off\n"
            "pekko.remote.use-unsafe-remote-features-outside-cluster = on\n",
            log_level(c));
    put_prefixes(out);
    /* a command that comes and goes leaves nothing behind; a node does */
    if (to) fputs("ukko.remote.flight-recorder.directory = off\n", out);
    put_transport(out, own, to, wants_tls(c, to));
    fclose(out);
    return text;
}

/* Puts over on top of *config; takes over. */
static void stack(ukko_config **config, ukko_config *over) {
    ukko_config *both = ukko_config_with_fallback(over, *config);
    ukko_config_release(*config);
    ukko_config_release(over);
    *config = both;
}

static int add_text(ukko_config **config, const char *text, const char *origin, ukko_error *err) {
    ukko_config *over = NULL;
    int rc = ukko_config_parse(&over, ukko_str(text), origin, err);
    if (rc == UKKO_OK) stack(config, over);
    return rc;
}

static const char *config_file(const cli *c) {
    const char *given = args_value(c, "config"), *env = getenv("UKKO_CONFIG");
    bool node = c->command && strcmp(c->command->name, "node") == 0 && c->n_args > 0;
    if (node && !given) given = c->args[0];
    return given ? given : env && *env ? env : NULL;
}

static int add_file(ukko_config **config, const char *path, ukko_error *err) {
    ukko_config *over = NULL;
    int rc = path ? ukko_config_parse_file(&over, path, err) : UKKO_OK;
    if (rc == UKKO_OK && path) stack(config, over);
    return rc;
}

static int add_defines(const cli *c, ukko_config **config, ukko_error *err) {
    int rc = UKKO_OK;
    for (int i = 0; i < c->n_given && rc == UKKO_OK; i++)
        if (strcmp(c->given[i].option->name, "define") == 0)
            rc = add_text(config, c->given[i].value, "-D", err);
    return rc;
}

static int add_given(const cli *c, ukko_config **config, ukko_error *err) {
    int rc = add_file(config, config_file(c), err);
    return rc == UKKO_OK ? add_defines(c, config, err) : rc;
}

int settings_unreadable(const char *path) {
    FILE *f = fopen(path, "rb");
    errno = f ? 0 : errno;
    int error = !f || (fgetc(f) == EOF && ferror(f)) ? errno : 0; /* a folder can be opened */
    if (f) fclose(f);
    return error;
}

static int check_file(cli *c) {
    const char *path = config_file(c);
    int error = path ? settings_unreadable(path) : 0;
    if (!error) return CLI_OK;
    problem p = {CLI_IO, "FILE", "config", NULL, NULL};
    return cli_fail(c, &p, "%s: %s", path, strerror(error));
}

int settings_given(cli *c, ukko_config **out) {
    ukko_error err = {0};
    *out = NULL;
    int status = check_file(c);
    if (status != CLI_OK || add_given(c, out, &err) == UKKO_OK) return status;
    ukko_config_release(*out);
    *out = NULL;
    return settings_failed(c, &err);
}

/* The keys of options stand above the configuration, but below -D. */
static int add_keys(cli *c, const target *to, ukko_config **config, ukko_error *err, int *rc) {
    char *text;
    int status = keys_settings(c, *config, to, &text);
    if (text) *rc = add_text(config, text, "ukko", err);
    if (text && *rc == UKKO_OK) *rc = add_defines(c, config, err);
    free(text);
    return status;
}

int settings_build(cli *c, const own_system *own, const target *to, ukko_config **out) {
    ukko_error err = {0};
    int status = check_file(c);
    if (status != CLI_OK) return status;
    *out = NULL;
    char *text = own_text(c, own, to);
    int rc = add_text(out, text, "ukko", &err);
    free(text);
    if (rc == UKKO_OK) rc = add_given(c, out, &err);
    if (rc == UKKO_OK && wants_tls(c, to)) status = add_keys(c, to, out, &err, &rc);
    if (status == CLI_OK && rc == UKKO_OK) return CLI_OK;
    ukko_config_release(*out);
    *out = NULL;
    return status != CLI_OK ? status : settings_failed(c, &err);
}

int settings_failed(cli *c, const ukko_error *err) {
    problem p = {CLI_INTERNAL, ukko_err_name(err->code), "start", NULL, NULL};
    if (err->code == UKKO_ECONFIG || err->code == UKKO_EPARSE || err->code == UKKO_EINVAL ||
        err->code == UKKO_ETYPE || err->code == UKKO_ENOTFOUND || err->code == UKKO_EUNSUPPORTED) {
        p.status = CLI_USAGE;
        p.code = "CONFIG";
        p.stage = "config";
    } else if (err->code == UKKO_EIO || err->code == UKKO_ECONNECT) {
        p.status = CLI_IO;
        p.code = "LISTEN";
        p.stage = "listen";
        p.hint = "another process may have this port: choose one with --port, or 0 for any";
    } else if (err->code == UKKO_ETLS) {
        p.status = CLI_TLS;
        p.code = "TLS";
    }
    return cli_fail(c, &p, "%s", *err->message ? err->message : ukko_strerror(err->code));
}

void settings_log(void *data, const ukko_log_record *r) {
    static const char *const levels[] = {"OFF", "ERROR", "WARN", "INFO", "DEBUG"};
    const cli *c = data;
    if (c->verbosity > 0)
        fprintf(stderr, "%-5s %s: %s%s%s\n", levels[r->level], r->source, r->text,
                r->cause ? ": " : "", r->cause ? r->cause : "");
}
