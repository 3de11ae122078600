/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `run`, and the configuration that they stand for: their own text, then the files
   of --config, then the texts of --hocon; the system puts it over the built-in reference. Runs
   before the system exists. */
#include "peer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LAYERS = 64 };

typedef struct layer {
    bool file;
    const char *text;
} layer;

typedef enum key {
    NAME,
    HOSTNAME,
    PORT,
    BIND_HOSTNAME,
    BIND_PORT,
    TRANSPORT,
    LOGLEVEL,
    MAX_FRAME,
    GATE,
    UNTRUSTED,
    TRUSTED_PATHS,
    ALLOW_LIST,
    SAFE,
    CERT,
    CERT_DIR,
    TRUST,
    KEY_STORE,
    TRUST_STORE,
    STORE_PASSWORD,
    TLS,
    CIPHERS,
    TLS_NO_MUTUAL,
    CONFIG_FILE,
    HOCON,
    ALL_FOR_ONE,
    JAVA_SERIALIZATION,
    CLUSTER,
    KEYS
} key;

static const struct {
    const char *name;
    bool flag;
    feature needs;
} keys[KEYS] = {
    [NAME] = {"name", false, FEATURE_BASE},
    [HOSTNAME] = {"hostname", false, FEATURE_BASE},
    [PORT] = {"port", false, FEATURE_BASE},
    [BIND_HOSTNAME] = {"bind-hostname", false, FEATURE_BASE},
    [BIND_PORT] = {"bind-port", false, FEATURE_BASE},
    [TRANSPORT] = {"transport", false, FEATURE_BASE},
    [LOGLEVEL] = {"loglevel", false, FEATURE_BASE},
    [MAX_FRAME] = {"max-frame", false, FEATURE_BASE},
    [GATE] = {"gate", false, FEATURE_BASE},
    [UNTRUSTED] = {"untrusted", true, FEATURE_BASE},
    [TRUSTED_PATHS] = {"trusted-paths", false, FEATURE_BASE},
    [ALLOW_LIST] = {"allow-list", false, FEATURE_BASE},
    [SAFE] = {"safe", true, FEATURE_BASE},
    [CERT] = {"cert", false, FEATURE_TLS},
    [CERT_DIR] = {"cert-dir", false, FEATURE_TLS},
    [TRUST] = {"trust", false, FEATURE_TLS},
    [KEY_STORE] = {"key-store", false, FEATURE_TLS},
    [TRUST_STORE] = {"trust-store", false, FEATURE_TLS},
    [STORE_PASSWORD] = {"store-password", false, FEATURE_TLS},
    [TLS] = {"tls", false, FEATURE_TLS},
    [CIPHERS] = {"ciphers", false, FEATURE_TLS},
    [TLS_NO_MUTUAL] = {"tls-no-mutual", true, FEATURE_TLS},
    [CONFIG_FILE] = {"config", false, FEATURE_BASE},
    [HOCON] = {"hocon", false, FEATURE_BASE},
    [ALL_FOR_ONE] = {"all-for-one", true, FEATURE_BASE},
    [JAVA_SERIALIZATION] = {"java-serialization", true, FEATURE_JVM},
    [CLUSTER] = {"cluster", true, FEATURE_JVM},
};

typedef struct given {
    const char *value[KEYS]; /* NULL: not given; the last one wins */
    layer layers[MAX_LAYERS];
    size_t n_layers;
} given;

/* ---- The command line ---------------------------------------------------------------- */

static key key_named(const char *text, size_t len) {
    for (key k = 0; k < KEYS; k++)
        if (strlen(keys[k].name) == len && memcmp(keys[k].name, text, len) == 0) return k;
    return KEYS;
}

static int usage(const char *what, const char *arg) {
    fprintf(stderr, "ukko-peer: %s: %s\n", arg, what);
    return UKKO_EINVAL;
}

static int unsupported(const char *option) {
    out_unsupported("option", option);
    return UKKO_EUNSUPPORTED;
}

static int keep(given *g, key k, const char *value) {
    g->value[k] = value;
    if (k != CONFIG_FILE && k != HOCON) return UKKO_OK;
    if (g->n_layers == MAX_LAYERS) return usage("too many of them", "--config, --hocon");
    g->layers[g->n_layers++] = (layer){k == CONFIG_FILE, value};
    return UKKO_OK;
}

/* Takes the option at argv[*i] and moves *i to its last word. */
static int take(given *g, int argc, char **argv, int *i) {
    const char *arg = argv[*i];
    if (strncmp(arg, "--", 2) != 0) return usage("not an option", arg);
    const char *equals = strchr(arg, '=');
    key k = key_named(arg + 2, equals ? (size_t)(equals - arg - 2) : strlen(arg + 2));
    if (k == KEYS || !feature_built(keys[k].needs)) return unsupported(arg);
    if (keys[k].flag) return keep(g, k, "true");
    if (equals) return keep(g, k, equals + 1);
    if (++*i == argc) return usage("needs a value", arg);
    return keep(g, k, argv[*i]);
}

static int check_transport(const given *g) {
    const char *t = g->value[TRANSPORT];
    if (!t || strcmp(t, "tcp") == 0 || (strcmp(t, "ssl") == 0 && feature_built(FEATURE_TLS)))
        return UKKO_OK;
    char option[100];
    snprintf(option, sizeof option, "--transport %s", t);
    return unsupported(option);
}

static int parse_args(given *g, int argc, char **argv) {
    int rc = UKKO_OK;
    for (int i = 0; i < argc && rc == UKKO_OK; i++) rc = take(g, argc, argv, &i);
    return rc == UKKO_OK ? check_transport(g) : rc;
}

/* ---- The configuration text ---------------------------------------------------------- */

static const char *value_or(const given *g, key k, const char *other) {
    return g->value[k] ? g->value[k] : other;
}

static void put_quoted(FILE *out, const char *text) {
    char *quoted = out_compact(out_text(text));
    fputs(quoted, out);
    free(quoted);
}

static void put_string(FILE *out, const char *setting, const char *text) {
    fprintf(out, "%s = ", setting);
    put_quoted(out, text);
    fputc('\n', out);
}

static void put_list(FILE *out, const char *setting, const char *commas) {
    char *copy = strdup(commas), *rest = copy;
    const char *before = "";
    fprintf(out, "%s = [", setting);
    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        if (!*item) continue;
        fputs(before, out);
        put_quoted(out, item);
        before = ",";
    }
    fputs("]\n", out);
    free(copy);
}

static void put_general(FILE *out, const given *g) {
    fprintf(out,
            "pekko.actor.provider = remote\n"
            "pekko.remote.artery.enabled = off\n"
            "pekko.loglevel = %s\n"
            "pekko.log-dead-letters = off\n"
            "pekko.log-dead-letters-during-shutdown = off\n"
            "pekko.remote.warn-about-direct-use = off\n"
            "pekko.remote.classic.enabled-transports = [\"pekko.remote.classic.netty.%s\"]\n",
            value_or(g, LOGLEVEL, "INFO"), value_or(g, TRANSPORT, "tcp"));
    if (!g->value[SAFE])
        fputs("pekko.remote.use-unsafe-remote-features-outside-cluster = on\n", out);
}

static void put_transport(FILE *out, const given *g, const char *transport) {
    fprintf(out, "pekko.remote.classic.netty.%s {\n", transport);
    put_string(out, "hostname", value_or(g, HOSTNAME, "127.0.0.1"));
    fprintf(out, "port = %s\n", value_or(g, PORT, "0"));
    if (g->value[BIND_HOSTNAME]) put_string(out, "bind-hostname", g->value[BIND_HOSTNAME]);
    if (g->value[BIND_PORT]) fprintf(out, "bind-port = %s\n", g->value[BIND_PORT]);
    if (g->value[MAX_FRAME]) fprintf(out, "maximum-frame-size = %s\n", g->value[MAX_FRAME]);
    fputs("}\n", out);
}

/* DIR/NAME.p12, or the file that was given */
static void put_store(FILE *out, const given *g, const char *setting, key file, const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.p12", value_or(g, CERT_DIR, "certs"), name);
    put_string(out, setting, value_or(g, file, path));
}

static void put_tls(FILE *out, const given *g) {
    const char *cert = value_or(g, CERT, "node1"), *pass = value_or(g, STORE_PASSWORD, "changeit");
    bool v13 = strcmp(value_or(g, TLS, "1.2"), "1.3") == 0;
    char trust[256];
    snprintf(trust, sizeof trust, "trust-%s", value_or(g, TRUST, "ca"));
    fputs("pekko.remote.classic.netty.ssl.security {\n", out);
    put_store(out, g, "key-store", KEY_STORE, strcmp(cert, "none") == 0 ? "trust-ca" : cert);
    put_store(out, g, "trust-store", TRUST_STORE, trust);
    put_string(out, "key-store-password", pass);
    put_string(out, "key-password", pass);
    put_string(out, "trust-store-password", pass);
    put_string(out, "protocol", v13 ? "TLSv1.3" : "TLSv1.2");
    put_list(out, "enabled-algorithms",
             value_or(g, CIPHERS,
                      v13 ? "TLS_AES_128_GCM_SHA256,TLS_AES_256_GCM_SHA384"
                          : "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,"
                            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    fprintf(out, "require-mutual-authentication = %s\n}\n", g->value[TLS_NO_MUTUAL] ? "off" : "on");
}

static void put_security(FILE *out, const given *g) {
    if (g->value[GATE])
        fprintf(out, "pekko.remote.classic.retry-gate-closed-for = %s\n", g->value[GATE]);
    if (g->value[UNTRUSTED]) fputs("pekko.remote.classic.untrusted-mode = on\n", out);
    if (g->value[TRUSTED_PATHS])
        put_list(out, "pekko.remote.classic.trusted-selection-paths", g->value[TRUSTED_PATHS]);
    if (g->value[ALLOW_LIST]) {
        fputs("pekko.remote.deployment.enable-allow-list = on\n", out);
        put_list(out, "pekko.remote.deployment.allowed-actor-classes", g->value[ALLOW_LIST]);
    }
}

/* What the options mean, as HOCON; ended by free(). */
static char *config_text(const given *g) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    put_general(out, g);
    put_transport(out, g, "tcp");
    put_transport(out, g, "ssl");
    if (strcmp(value_or(g, TRANSPORT, "tcp"), "ssl") == 0) put_tls(out, g);
    put_security(out, g);
    fclose(out);
    return text;
}

/* ---- The configuration --------------------------------------------------------------- */

/* Puts over on top of *config; takes both. */
static void stack(ukko_config **config, ukko_config *over) {
    ukko_config *both = ukko_config_with_fallback(over, *config);
    ukko_config_release(*config);
    ukko_config_release(over);
    *config = both;
}

static int add_layer(ukko_config **config, const layer *l, ukko_error *err) {
    ukko_config *over = NULL;
    int rc = l->file ? ukko_config_parse_file(&over, l->text, err)
                     : ukko_config_parse(&over, ukko_str(l->text), "--hocon", err);
    if (rc == UKKO_OK) stack(config, over);
    return rc;
}

static int build_config(ukko_config **config, const given *g, ukko_error *err) {
    char *text = config_text(g);
    int rc = add_layer(config, &(layer){false, text}, err);
    free(text);
    for (size_t i = 0; i < g->n_layers && rc == UKKO_OK; i++)
        rc = add_layer(config, &g->layers[i], err);
    return rc;
}

int options_parse(options *o, int argc, char **argv, ukko_error *err) {
    given g = {0};
    int rc = parse_args(&g, argc, argv);
    *o = (options){.name = value_or(&g, NAME, "peer"), .all_for_one = g.value[ALL_FOR_ONE] != NULL};
    return rc == UKKO_OK ? build_config(&o->config, &g, err) : rc;
}

void options_fini(options *o) { ukko_config_release(o->config); }
