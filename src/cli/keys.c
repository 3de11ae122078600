/* SPDX-License-Identifier: Apache-2.0 */
/* What the options, or the configuration, say about keys and certificates: for tools (tls_link.h) and
   as settings of a system. Main thread. */
#include "tls_link.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char made[4][300]; /* files that were put together */
static int n_made;
static char password[300];

#define SECURITY "pekko.remote.classic.netty.ssl.security."

static int file_failed(cli *c, const char *path) {
    problem p = {CLI_IO, "FILE", "config", NULL, NULL};
    return cli_fail(c, &p, "%s: %s", path, strerror(errno));
}

static int read_password(cli *c) {
    const char *path = args_value(c, "storepass-file");
    snprintf(password, sizeof password, "%s", "");
    if (!path) return CLI_OK;
    FILE *f = fopen(path, "r");
    if (!f) return file_failed(c, path);
    if (fgets(password, sizeof password, f)) password[strcspn(password, "\r\n")] = '\0';
    fclose(f);
    return CLI_OK;
}

/* Files of the command line have to be there, whatever happens to them later. */
static int find_files(cli *c) {
    static const char *const options[] = {"cert", "key", "ca", "keystore", "truststore", NULL};
    for (int i = 0; options[i]; i++) {
        const char *path = args_value(c, options[i]);
        if (path && access(path, R_OK) != 0) return file_failed(c, path);
    }
    return CLI_OK;
}

static const char *setting(const ukko_config *config, const char *name) {
    char path[200];
    const char *value = NULL;
    snprintf(path, sizeof path, SECURITY "%s", name);
    if (config) ukko_config_string(config, path, &value);
    return value;
}

static const char *prefer(const char *given, const char *configured) {
    return given ? given : configured;
}

int keys_of(cli *c, const ukko_config *config, tls_material *m) {
    int status = find_files(c);
    if (status == CLI_OK) status = read_password(c);
    const char *pass = *password ? password : NULL;
    const char *protocol = setting(config, "protocol");
    bool own = args_value(c, "cert") || args_value(c, "keystore");
    bool trust = args_value(c, "ca") || args_value(c, "truststore");
    *m = (tls_material){
        .cert = args_value(c, "cert"),
        .key = args_value(c, "key"),
        .ca = args_value(c, "ca"),
        .keystore = own ? args_value(c, "keystore") : setting(config, "key-store"),
        .truststore = trust ? args_value(c, "truststore") : setting(config, "trust-store"),
        .keystore_password = prefer(pass, setting(config, "key-store-password")),
        .key_password = prefer(pass, setting(config, "key-password")),
        .truststore_password = prefer(pass, setting(config, "trust-store-password")),
        .keylog = prefer(args_value(c, "tls-keylog"), getenv("SSLKEYLOGFILE"))};
    if (protocol && strcmp(protocol, "TLSv1.2") == 0) m->least = m->most = 12;
    if (protocol && strcmp(protocol, "TLSv1.3") == 0) m->least = m->most = 13;
    return status;
}

/* ---- Files that are put together for a system ---------------------------------------- */

void keys_end(void) {
    for (int i = 0; i < n_made; i++) unlink(made[i]);
    n_made = 0;
}

/* A file that only its owner can read; NULL: errno. */
static FILE *make_file(const char **path) {
    const char *dir = getenv("TMPDIR");
    char *name = made[n_made];
    snprintf(name, sizeof made[0], "%s/ukko-XXXXXX", dir && strlen(dir) < 250 ? dir : "/tmp");
    *path = name;
    int fd = mkstemp(name);
    if (fd < 0) return NULL;
    n_made++;
    return fdopen(fd, "w");
}

static bool append(FILE *to, const char *path) {
    char buf[8192];
    FILE *from = fopen(path, "r");
    for (size_t n; from && (n = fread(buf, 1, sizeof buf, from)) > 0;) fwrite(buf, 1, n, to);
    if (from) fclose(from);
    fputc('\n', to);
    return from != NULL;
}

/* A system takes key and certificate from one file. */
static int join(cli *c, tls_material *m) {
    const char *path, *bad = NULL;
    if (!m->key || strcmp(m->key, m->cert) == 0) {
        m->keystore = m->cert;
        return CLI_OK;
    }
    FILE *out = make_file(&path);
    if (!out) return file_failed(c, path);
    if (!append(out, m->cert)) bad = m->cert;
    else if (!append(out, m->key)) bad = m->key;
    fclose(out);
    m->keystore = path;
    return bad ? file_failed(c, bad) : CLI_OK;
}

/* What the peer shows now is what is trusted. */
static int trust_shown(cli *c, const target *to, tls_material *m) {
    tls_report r = {.fault = TLS_FINE};
    channel ch;
    char why[300] = "no connection";
    const char *path = "";
    int64_t deadline = session_deadline(c->timeout_ms);
    tls_setup *setup = tls_setup_new(m, false, why, sizeof why);
    if (!setup) return cli_usage(c, "TLS: %s", why);
    channel_connect(&ch, to->host, to->port, deadline);
    if (ch.fd >= 0) channel_tls(&ch, setup, to->host, deadline, &r);
    FILE *out = r.chain_pem ? make_file(&path) : NULL;
    if (out) {
        fputs(r.chain_pem, out);
        fclose(out);
        m->truststore = path;
    }
    problem p = {CLI_TLS, tls_fault_name(r.fault ? r.fault : TLS_OTHER), "tls", to->address,
                 "ukko doctor says more about it"};
    int status = out ? CLI_OK : cli_fail(c, &p, "TLS failed: %s", *r.detail ? r.detail : why);
    channel_close(&ch);
    tls_setup_free(setup);
    tls_report_fini(&r);
    return status;
}

/* ---- As settings of a system --------------------------------------------------------- */

static void put_at(FILE *out, const char *section, const char *name, const char *value) {
    if (!value) return;
    json_t *j = output_text(value);
    char *quoted = json_dumps(j, JSON_ENCODE_ANY);
    fprintf(out, "%s%s = %s\n", section, name, quoted);
    free(quoted);
    json_decref(j);
}

static void put(FILE *out, const char *name, const char *value) {
    put_at(out, SECURITY, name, value);
}

static bool nothing_trusted(cli *c, const tls_material *m) {
    return !m->truststore && !m->ca && !args_count(c, "insecure");
}

/* Options that stand for a configuration: both TLS versions and what is safe of the suites. */
static void put_defaults(FILE *out) {
    fputs(SECURITY
          "protocol = TLS\n" SECURITY "enabled-algorithms = ["
          "TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256, "
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "
          "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, TLS_DHE_RSA_WITH_AES_128_GCM_SHA256]\n",
          out);
}

static char *settings_text(const tls_material *m, bool given) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    if (given) put_defaults(out);
    put(out, "key-store", m->keystore);
    put(out, "key-store-password", m->keystore_password ? m->keystore_password : "");
    put(out, "key-password", m->key_password ? m->key_password : "");
    put(out, "trust-store", m->truststore);
    put(out, "trust-store-password", m->truststore_password ? m->truststore_password : "");
    if (m->keylog && *m->keylog) put_at(out, "ukko.remote.tls.", "key-log-file", m->keylog);
    fclose(out);
    return text;
}

int keys_settings(cli *c, const ukko_config *config, const target *to, char **text) {
    tls_material m;
    *text = NULL;
    int status = keys_of(c, config, &m);
    if (status != CLI_OK) return status;
    if (nothing_trusted(c, &m))
        return cli_usage(c, "TLS needs --ca or --truststore, what it trusts; or --insecure");
    if (m.cert) status = join(c, &m);
    if (status == CLI_OK && m.ca) m.truststore = m.ca;
    if (status == CLI_OK && to && args_count(c, "insecure")) status = trust_shown(c, to, &m);
    if (status != CLI_OK) return status;
    if (!m.keystore) /* a store without a key: no certificate is shown */
        m.keystore = m.truststore;
    bool given = args_value(c, "cert") || args_value(c, "keystore") || args_value(c, "ca") ||
                 args_value(c, "truststore") || args_count(c, "insecure");
    *text = settings_text(&m, given);
    return CLI_OK;
}
