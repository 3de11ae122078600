/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of serializers: pekko.actor.serializers, -bindings and -identifiers,
   and pekko.serialization.jackson. What contradicts itself is refused. Runs once, when the registry
   is made. */
#include "serial/codec.h"
#include "base/mem.h"
#include <stdio.h>

enum { PATH_ROOM = 400, OTHER_ID = INT32_MIN };
#define JACKSON "pekko.serialization.jackson."

/* ---- reading, with the setting named in every failure ---- */

typedef struct source {
    ukko_system *sys;
    const ukko_config *cfg;
    ukko_error *err;
    int rc; /* the first failure */
} source;

static void failed(source *s, const char *path, int code, const char *expected) {
    if (!s->rc) s->rc = ukko_config_explain(s->cfg, path, code, expected, s->err);
}
static void get_bool(source *s, const char *path, bool *out) {
    int rc = ukko_config_bool(s->cfg, path, out);
    if (rc && rc != UKKO_ENOTFOUND) failed(s, path, rc, "on or off");
}
static void get_int(source *s, const char *path, int64_t least, int64_t most, int64_t *out) {
    int64_t v;
    int rc = ukko_config_int(s->cfg, path, &v);
    if (rc == UKKO_ENOTFOUND) return;
    if (rc)
        failed(s, path, rc, "a number");
    else if (v < least && !s->rc)
        s->rc = uk_error(s->err, UKKO_ECONFIG, "%s = %lld: at least %lld is needed", path,
                         (long long)v, (long long)least);
    else
        *out = v > most ? most : v;
}
static void get_bytes(source *s, const char *path, int64_t *out) {
    int rc = ukko_config_bytes(s->cfg, path, out);
    if (rc && rc != UKKO_ENOTFOUND) failed(s, path, rc, "a size");
}
static void get_list(source *s, const char *path, char ***out, size_t *n_out) {
    size_t n = 0;
    const char *text;
    int rc = ukko_config_count(s->cfg, path, &n);
    if (rc && rc != UKKO_ENOTFOUND) failed(s, path, rc, "a list");
    if (rc || !n) return;
    *out = uk_zalloc(n * sizeof **out);
    for (size_t i = 0; i < n; i++) {
        if ((rc = ukko_config_string_at(s->cfg, path, i, &text)))
            failed(s, path, rc, "texts");
        else
            (*out)[(*n_out)++] = uk_strdup(text);
    }
}
/* The path of a setting of one Jackson serializer: its own section, or else the common one. */
static const char *jackson_path(const source *s, const uk_serializer *ser, const char *key,
                                char *path) {
    char *quoted = ukko_config_quote(ser->name);
    int n = snprintf(path, PATH_ROOM, JACKSON "%s.%s", quoted, key);
    ukko_free(quoted);
    if (n < 0 || n >= PATH_ROOM || !ukko_config_has(s->cfg, path))
        snprintf(path, PATH_ROOM, JACKSON "%s", key);
    return path;
}

/* ---- Jackson ---- */

static void read_compression(source *s, uk_serializer *ser) {
    char path[PATH_ROOM];
    const char *name = "off";
    jackson_path(s, ser, "compression.algorithm", path);
    int rc = ukko_config_string(s->cfg, path, &name);
    ser->gzip = !strcmp(name, "gzip");
    ser->lz4 = !strcmp(name, "lz4");
    if ((rc && rc != UKKO_ENOTFOUND) || (!ser->gzip && !ser->lz4 && strcmp(name, "off")))
        failed(s, path, rc ? rc : UKKO_ETYPE, "off, gzip or lz4");
    get_bytes(s, jackson_path(s, ser, "compression.compress-larger-than", path), &ser->larger);
}
static void read_limits(source *s, uk_serializer *ser) {
    char path[PATH_ROOM];
    uk_limits *l = &ser->limits;
    int64_t depth = l->depth, number = (int64_t)l->number, text = (int64_t)l->string,
            name = (int64_t)l->name, write = UK_MAX_TREE;
    get_int(s, jackson_path(s, ser, "read.max-nesting-depth", path), 1, 1 << 20, &depth);
    get_int(s, jackson_path(s, ser, "read.max-number-length", path), 1, UK_MAX_NUMBER, &number);
    get_int(s, jackson_path(s, ser, "read.max-string-length", path), 0, INT32_MAX, &text);
    get_int(s, jackson_path(s, ser, "read.max-name-length", path), 1, INT32_MAX, &name);
    get_int(s, jackson_path(s, ser, "read.max-document-length", path), -1, INT64_MAX, &l->document);
    get_int(s, jackson_path(s, ser, "read.max-token-count", path), -1, INT64_MAX, &l->tokens);
    get_int(s, jackson_path(s, ser, "write.max-nesting-depth", path), 1, UK_MAX_TREE, &write);
    l->depth = (unsigned)depth;
    l->number = (size_t)number;
    l->string = (size_t)text;
    l->name = (size_t)name;
    ser->write_depth = (unsigned)write;
}
static void read_jackson(source *s, uk_serializer *ser) {
    char path[PATH_ROOM];
    const char *text = "";
    ser->limits = uk_limits_default;
    ser->type_in_manifest = true;
    read_compression(s, ser);
    read_limits(s, ser);
    get_bool(s, jackson_path(s, ser, "deserialization-features.FAIL_ON_UNKNOWN_PROPERTIES", path),
             &ser->strict_names);
    get_bool(s, jackson_path(s, ser, "json-parser-features.STRICT_DUPLICATE_DETECTION", path),
             &ser->strict_duplicates);
    get_bool(s, jackson_path(s, ser, "stream-read-features.STRICT_DUPLICATE_DETECTION", path),
             &ser->strict_duplicates);
    get_bool(s, jackson_path(s, ser, "type-in-manifest", path), &ser->type_in_manifest);
    jackson_path(s, ser, "deserialization-type", path);
    if (!ukko_config_string(s->cfg, path, &text) && *text) ser->only_class = uk_strdup(text);
}
/* Without a type in the manifest there must be one class, and only one, that it can be. */
static void check_only_class(source *s, uk_serial_settings *set, uk_serializer *ser) {
    size_t pos = 0, n = 0;
    void *value;
    const char *name = NULL;
    if (ser->type_in_manifest || ser->only_class || s->rc) return;
    while (uk_map_next(&set->bindings, &pos, &value)) {
        const uk_binding *b = value;
        if (b->ser != ser) continue;
        name = b->class_name;
        n++;
    }
    if (n == 1)
        ser->only_class = uk_strdup(name);
    else
        s->rc = uk_error(s->err, UKKO_ECONFIG,
                         "serializer [%s]: type-in-manifest is off, so it needs a "
                         "deserialization-type or exactly one binding, not %zu",
                         ser->name, n);
}

/* ---- serializers ---- */

typedef struct known_class {
    const char *name;
    uk_family family;
    int32_t id; /* OTHER_ID: the configuration says it */
} known_class;

static const known_class known_classes[] = {
#define REMOTE "org.apache.pekko.remote.serialization."
#define ACTOR  "org.apache.pekko.serialization."
    {ACTOR "jackson.JacksonJsonSerializer", UK_FAMILY_JSON, OTHER_ID},
    {ACTOR "jackson.JacksonCborSerializer", UK_FAMILY_CBOR, OTHER_ID},
    {REMOTE "ProtobufSerializer", UK_FAMILY_PROTOBUF, UKKO_SER_PROTOBUF},
    {ACTOR "JavaSerializer", UK_FAMILY_JAVA, UKKO_SER_JAVA},
    {ACTOR "DisabledJavaSerializer", UK_FAMILY_JAVA, UKKO_SER_JAVA},
    {ACTOR "ByteArraySerializer", UK_FAMILY_CORE, UKKO_SER_BYTES},
    {ACTOR "LongSerializer", UK_FAMILY_CORE, UKKO_SER_LONG},
    {ACTOR "IntSerializer", UK_FAMILY_CORE, UKKO_SER_INT},
    {ACTOR "StringSerializer", UK_FAMILY_CORE, UKKO_SER_STRING},
    {ACTOR "ByteStringSerializer", UK_FAMILY_CORE, UKKO_SER_BYTESTRING},
    {ACTOR "BooleanSerializer", UK_FAMILY_CORE, UKKO_SER_BOOL},
    {REMOTE "MessageContainerSerializer", UK_FAMILY_CORE, UKKO_SER_CONTAINER},
    {REMOTE "MiscMessageSerializer", UK_FAMILY_CORE, UKKO_SER_MISC},
    {REMOTE "DaemonMsgCreateSerializer", UK_FAMILY_CORE, UKKO_SER_DAEMON_CREATE},
    {REMOTE "SystemMessageSerializer", UK_FAMILY_CORE, UKKO_SER_SYSTEM},
#undef REMOTE
#undef ACTOR
};
static const known_class *known(const char *class_name) {
    for (size_t i = 0; i < sizeof known_classes / sizeof known_classes[0]; i++)
        if (!strcmp(known_classes[i].name, class_name)) return &known_classes[i];
    return NULL;
}
static bool get_identifier(source *s, const char *key, int32_t *out) {
    char path[PATH_ROOM];
    char *quoted = ukko_config_quote(key);
    snprintf(path, sizeof path, "pekko.actor.serialization-identifiers.%s", quoted);
    ukko_free(quoted);
    int rc = ukko_config_int32(s->cfg, path, out);
    if (rc && rc != UKKO_ENOTFOUND) failed(s, path, rc, "a 32-bit number");
    return !rc;
}
static const ukko_serializer *find_user(source *s, const char *name, const char *class_name) {
    size_t n;
    const ukko_serializer *const *all = uk_system_serializers(s->sys, &n);
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(all[i]->name, name)) return all[i];
        if (class_name && all[i]->class_name && !strcmp(all[i]->class_name, class_name))
            return all[i];
    }
    return NULL;
}
static void conflict(source *s, const uk_serializer *ser, const char *what, int32_t id) {
    if (!s->rc)
        s->rc = uk_error(s->err, UKKO_ECONFIG, "serializer [%s] (%s): %s %d", ser->name,
                         ser->class_name, what, (int)id);
}
/* An application's: its own id, the configured one, or both when they agree. */
static void set_user_id(source *s, uk_serializer *ser, bool configured) {
    int32_t own = ser->user->id;
    if (!configured)
        ser->id = own;
    else if (own && own != ser->id)
        conflict(s, ser, "configured otherwise than its own identifier", own);
    if ((ser->id >= 0 && ser->id <= 40) || ser->id == UKKO_SER_LOCAL)
        conflict(s, ser, "an application's identifier is 41 or above, or below -1; it is", ser->id);
}
static void set_id(source *s, uk_serializer *ser, const known_class *k) {
    bool configured =
        get_identifier(s, ser->name, &ser->id) || get_identifier(s, ser->class_name, &ser->id);
    if (ser->user) {
        set_user_id(s, ser, configured);
    } else if (!k || k->id == OTHER_ID) {
        if (!configured) ser->id = OTHER_ID;
        if (!configured && k && !s->rc)
            s->rc =
                uk_error(s->err, UKKO_ECONFIG,
                         "serializer [%s] has no number in pekko.actor.serialization-identifiers",
                         ser->name);
    } else {
        if (configured && ser->id != k->id) conflict(s, ser, "its identifier is always", k->id);
        ser->id = k->id;
    }
}
static void add_serializer(source *s, uk_serial_settings *set, const char *name,
                           const char *class_name) {
    uk_serializer *ser = &set->serializers[set->n_serializers++];
    const known_class *k = known(class_name);
    *ser = (uk_serializer){.name = uk_strdup(name), .class_name = uk_strdup(class_name)};
    ser->user = find_user(s, name, class_name);
    ser->family = ser->user ? UK_FAMILY_USER : k ? k->family : UK_FAMILY_FOREIGN;
    set_id(s, ser, ser->user ? NULL : k);
    if (ser->family == UK_FAMILY_JSON || ser->family == UK_FAMILY_CBOR) read_jackson(s, ser);
}
/* An application's serializer that the configuration does not mention. */
static void add_users(source *s, uk_serial_settings *set) {
    size_t n;
    const ukko_serializer *const *all = uk_system_serializers(s->sys, &n);
    for (size_t i = 0; i < n; i++) {
        bool there = false;
        for (size_t k = 0; k < set->n_serializers; k++) there |= set->serializers[k].user == all[i];
        if (!there)
            add_serializer(s, set, all[i]->name, all[i]->class_name ? all[i]->class_name : "?");
    }
}
static void check_ids(source *s, const uk_serial_settings *set) {
    for (size_t i = 0; i < set->n_serializers; i++)
        for (size_t k = 0; k < i && !s->rc; k++) {
            const uk_serializer *a = &set->serializers[k], *b = &set->serializers[i];
            if (a->id != b->id || a->id == OTHER_ID) continue;
            s->rc = uk_error(s->err, UKKO_EEXISTS,
                             "serializers [%s] and [%s] have the same identifier %d", a->name,
                             b->name, (int)a->id);
        }
}
static void read_serializers(source *s, uk_serial_settings *set) {
    static const char path[] = "pekko.actor.serializers";
    size_t n = 0, users;
    (void)uk_system_serializers(s->sys, &users);
    int rc = ukko_config_key_count(s->cfg, path, &n);
    if (rc && rc != UKKO_ENOTFOUND) failed(s, path, rc, "an object");
    set->serializers = uk_zalloc((n + users + 1) * sizeof *set->serializers);
    for (size_t i = 0; i < n && !s->rc; i++) {
        char full[PATH_ROOM];
        const char *name, *class_name;
        if (ukko_config_key_at(s->cfg, path, i, &name)) break;
        char *quoted = ukko_config_quote(name);
        snprintf(full, sizeof full, "%s.%s", path, quoted);
        ukko_free(quoted);
        if ((rc = ukko_config_string(s->cfg, full, &class_name)))
            failed(s, full, rc, "a class name");
        else
            add_serializer(s, set, name, class_name);
    }
    add_users(s, set);
    check_ids(s, set);
    for (size_t i = set->n_serializers; i--;)
        if (set->serializers[i].id >= 0 && set->serializers[i].id < UK_SMALL_IDS)
            set->by_id[set->serializers[i].id] = &set->serializers[i];
}

/* ---- bindings ---- */

/* Jackson would make anything of them. */
static bool is_open(const char *class_name) {
    return !strcmp(class_name, "java.lang.Object") || !strcmp(class_name, "java.io.Serializable") ||
           !strcmp(class_name, "java.lang.Comparable");
}
static void add_binding(source *s, uk_serial_settings *set, const char *class_name,
                        const char *name) {
    if (!strcmp(name, "none")) return;
    const uk_serializer *ser = uk_serializer_by_name(set, name);
    if (!ser) {
        s->rc = uk_error(
            s->err, UKKO_ECONFIG,
            "pekko.actor.serialization-bindings: class %s is bound to [%s], but there is no "
            "such name in pekko.actor.serializers",
            class_name, name);
        return;
    }
    if ((ser->family == UK_FAMILY_JSON || ser->family == UK_FAMILY_CBOR) && is_open(class_name)) {
        s->rc = uk_error(
            s->err, UKKO_ECONFIG,
            "pekko.actor.serialization-bindings: [%s] must not be bound to Jackson's [%s], "
            "for any class would be made of what a peer sends",
            class_name, name);
        return;
    }
    uk_binding *b = uk_alloc(sizeof *b);
    *b = (uk_binding){uk_strdup(class_name), ser};
    uk_map_put(&set->bindings, b->class_name, strlen(b->class_name), b);
}
static void read_bindings(source *s, uk_serial_settings *set) {
    static const char path[] = "pekko.actor.serialization-bindings";
    size_t n = 0;
    int rc = ukko_config_key_count(s->cfg, path, &n);
    if (rc && rc != UKKO_ENOTFOUND) failed(s, path, rc, "an object");
    for (size_t i = 0; i < n && !s->rc; i++) {
        const char *class_name, *name;
        if (ukko_config_key_at(s->cfg, path, i, &class_name)) break;
        char *quoted = ukko_config_quote(class_name), *full = uk_format("%s.%s", path, quoted);
        if ((rc = ukko_config_string(s->cfg, full, &name)))
            failed(s, full, rc, "a name of pekko.actor.serializers, or none");
        else
            add_binding(s, set, class_name, name);
        ukko_free(quoted);
        uk_free(full);
    }
    for (size_t i = 0; i < set->n_serializers; i++)
        if (set->serializers[i].family == UK_FAMILY_JSON ||
            set->serializers[i].family == UK_FAMILY_CBOR)
            check_only_class(s, set, &set->serializers[i]);
}

/* ---- all of it ---- */

int uk_settings_read(uk_serial_settings *set, ukko_system *sys, const ukko_config *cfg,
                     ukko_error *err) {
    source s = {sys, cfg, err, UKKO_OK};
    set->max_inflated = 16 << 20;
    get_bytes(&s, "ukko.serialization.max-decompressed-size", &set->max_inflated);
    get_list(&s, JACKSON "allowed-class-prefix", &set->prefixes, &set->n_prefixes);
    get_bool(&s, "pekko.actor.serialize-messages", &set->check_messages);
    get_bool(&s, "pekko.actor.serialize-creators", &set->check_creators);
    get_list(&s, "pekko.actor.no-serialization-verification-needed-class-prefix", &set->unchecked,
             &set->n_unchecked);
    if (!s.rc) read_serializers(&s, set);
    if (!s.rc) read_bindings(&s, set);
    return s.rc;
}
static void free_texts(char **texts, size_t n) {
    for (size_t i = 0; i < n; i++) uk_free(texts[i]);
    uk_free(texts);
}
void uk_settings_fini(uk_serial_settings *set) {
    size_t pos = 0;
    void *value;
    while (uk_map_next(&set->bindings, &pos, &value)) {
        uk_free(((uk_binding *)value)->class_name);
        uk_free(value);
    }
    uk_map_fini(&set->bindings);
    for (size_t i = 0; i < set->n_serializers; i++) {
        uk_free(set->serializers[i].name);
        uk_free(set->serializers[i].class_name);
        uk_free(set->serializers[i].only_class);
    }
    uk_free(set->serializers);
    free_texts(set->prefixes, set->n_prefixes);
    free_texts(set->unchecked, set->n_unchecked);
}
const uk_serializer *uk_serializer_by_id(const uk_serial_settings *set, int32_t id) {
    if (id == OTHER_ID) return NULL;
    if (id >= 0 && id < UK_SMALL_IDS) return set->by_id[id];
    for (size_t i = 0; i < set->n_serializers; i++)
        if (set->serializers[i].id == id) return &set->serializers[i];
    return NULL;
}
const uk_serializer *uk_serializer_by_name(const uk_serial_settings *set, const char *name) {
    for (size_t i = 0; i < set->n_serializers; i++)
        if (!strcmp(set->serializers[i].name, name)) return &set->serializers[i];
    return NULL;
}
const uk_serializer *uk_serializer_meant(const uk_serial_settings *set, int32_t id) {
    const uk_serializer *ser = uk_serializer_by_id(set, id);
    bool cbor = id == UKKO_SER_JACKSON_CBOR;
    uk_family family = cbor ? UK_FAMILY_CBOR : UK_FAMILY_JSON;
    if ((!cbor && id != UKKO_SER_JACKSON_JSON) || (ser && ser->family == family)) return ser;
    ser = uk_serializer_by_name(set, cbor ? "jackson-cbor" : "jackson-json");
    return ser && ser->family == family ? ser : NULL;
}
bool uk_has_prefix(char *const *prefixes, size_t n, ukko_slice name) {
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(prefixes[i]);
        if (len && name.len >= len && !memcmp(name.ptr, prefixes[i], len)) return true;
    }
    return false;
}
