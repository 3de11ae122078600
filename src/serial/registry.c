/* SPDX-License-Identifier: Apache-2.0 */
/* The types of one system and what each is written with. Filled before the system starts, then
   read by any thread. */
#include "serial/plan.h"
#include "base/mem.h"
#include <stdio.h>

/* ---- making and ending ---- */

static int add_migrations(uk_serial *s, ukko_error *err) {
    size_t n;
    const ukko_migration *const *all = uk_system_migrations(s->sys, &n);
    for (size_t i = 0; i < n; i++) {
        const ukko_migration *m = all[i];
        if (m->size != sizeof *m || !m->class_name || m->version < 1 ||
            (m->forward && m->forward < m->version))
            return uk_error(err, UKKO_EINVAL, "migration of %s: its versions make no sense",
                            m->class_name ? m->class_name : "?");
        size_t len = strlen(m->class_name);
        if (uk_map_get(&s->migrations, m->class_name, len))
            return uk_error(err, UKKO_EEXISTS, "two migrations of class %s", m->class_name);
        uk_migration *e = uk_zalloc(sizeof *e);
        *e = (uk_migration){m, uk_format("%s#%d", m->class_name, (int)m->version)};
        uk_map_put(&s->migrations, m->class_name, len, e);
    }
    return UKKO_OK;
}
static void warn_of_migrations(uk_serial *s, const ukko_config *cfg) {
    static const char path[] = "pekko.serialization.jackson.migrations";
    size_t n = 0;
    const char *name;
    if (!cfg || ukko_config_key_count(cfg, path, &n)) return;
    for (size_t i = 0; i < n && !ukko_config_key_at(cfg, path, i, &name); i++)
        if (!uk_serial_migration(s, ukko_str(name)))
            uk_log(s->sys, UKKO_LOG_WARN, "serialization",
                   "org.apache.pekko.serialization.Serialization", NULL, NULL,
                   "%s has class [%s], of which this program has no ukko_migration: its messages "
                   "are read as they are and written without a version",
                   path, name);
}
int uk_serial_new(uk_serial **out, ukko_system *sys, const ukko_config *cfg, ukko_error *err) {
    uk_serial *s = uk_zalloc(sizeof *s);
    s->sys = sys;
    int rc = uk_settings_read(&s->set, sys, cfg, err);
    if (!rc) rc = add_migrations(s, err);
    if (rc) {
        uk_serial_free(s);
        return rc;
    }
    warn_of_migrations(s, cfg);
    *out = s;
    return UKKO_OK;
}
void uk_serial_free(uk_serial *s) {
    size_t pos = 0;
    void *value;
    if (!s) return;
    while (uk_map_next(&s->by_type, &pos, &value)) {
        uk_serial_entry *e = value;
        uk_free(e->key);
        uk_free(e->versioned);
        uk_free(e);
    }
    for (pos = 0; uk_map_next(&s->migrations, &pos, &value);) {
        uk_free(((uk_migration *)value)->manifest);
        uk_free(value);
    }
    uk_map_fini(&s->types);
    uk_map_fini(&s->by_type);
    uk_map_fini(&s->migrations);
    uk_plans_free(s);
    uk_settings_fini(&s->set);
    uk_free(s);
}

/* ---- looking up ---- */

enum { KEY_ROOM = 512 };
/* The four bytes of the id, then the manifest. 0 when that does not fit: no such type then. */
static size_t key_of(char *key, int32_t id, ukko_slice manifest) {
    if (manifest.len > KEY_ROOM - 4) return 0;
    memcpy(key, &id, 4);
    if (manifest.len) memcpy(key + 4, manifest.ptr, manifest.len);
    return manifest.len + 4;
}
static bool is_key(const uk_serial_entry *e, int32_t id, ukko_slice manifest) {
    return e && e->key_len == manifest.len + 4 && !memcmp(e->key, &id, 4) &&
           (!manifest.len || !memcmp(e->key + 4, manifest.ptr, manifest.len));
}
/* Its last letters tell manifests of one program apart. */
static size_t near_manifest(ukko_slice m) {
    uint32_t last = 0;
    if (m.len >= sizeof last) memcpy(&last, m.ptr + m.len - sizeof last, sizeof last);
    return ((last ^ (uint32_t)m.len) * 2654435761u) >> 26;
}
const ukko_type *uk_serial_find(uk_serial *s, int32_t id, ukko_slice manifest) {
    char key[KEY_ROOM];
    _Atomic(const void *) *slot = &s->near_manifests[near_manifest(manifest)];
    /* relaxed, as the store below: see near_plans */
    const uk_serial_entry *e = atomic_load_explicit(slot, memory_order_relaxed);
    if (is_key(e, id, manifest)) return e->type;
    size_t n = key_of(key, id, manifest);
    e = n ? uk_map_get(&s->types, key, n) : NULL;
    if (!e) return NULL;
    atomic_store_explicit(slot, e, memory_order_relaxed); /* read above */
    return e->type;
}
const ukko_type *uk_serial_find_jackson(uk_serial *s, int32_t id, ukko_slice name) {
    const ukko_type *t = uk_serial_find(s, id, name);
    for (size_t i = 0; !t && i < s->set.n_serializers; i++) {
        const uk_serializer *ser = &s->set.serializers[i];
        if (ser->family == UK_FAMILY_JSON || ser->family == UK_FAMILY_CBOR)
            t = uk_serial_find(s, ser->id, name);
    }
    return t;
}
const uk_serial_entry *uk_serial_entry_of(uk_serial *s, const ukko_type *type) {
    _Atomic(const void *) *slot = &s->near_types[uk_near(type)];
    /* relaxed, as the store below: see near_plans */
    const uk_serial_entry *e = atomic_load_explicit(slot, memory_order_relaxed);
    if (e && e->type == type) return e;
    e = uk_map_get(&s->by_type, &type, sizeof type);
    if (e) atomic_store_explicit(slot, e, memory_order_relaxed); /* read above */
    return e;
}
const uk_migration *uk_serial_migration(const uk_serial *s, ukko_slice class_name) {
    if (!s->migrations.live) return NULL;
    return uk_map_get(&s->migrations, class_name.ptr, class_name.len);
}
static const ukko_type *const builtins[] = {&ukko_null_type,
                                            &ukko_string_type,
                                            &ukko_int_type,
                                            &ukko_long_type,
                                            &ukko_bool_type,
                                            &ukko_double_type,
                                            &ukko_bytes_type,
                                            &ukko_bytestring_type,
                                            &ukko_option_type,
                                            &ukko_optional_type,
                                            &ukko_status_success_type,
                                            &ukko_status_failure_type,
                                            &ukko_reply_success_type,
                                            &ukko_reply_exception_type,
                                            &ukko_reply_ack_type,
                                            &ukko_reply_error_type,
                                            &ukko_done_type,
                                            &ukko_not_used_type,
                                            &ukko_throwable_type,
                                            &ukko_ref_type,
                                            &ukko_identify_type,
                                            &ukko_identity_type,
                                            &ukko_address_type,
                                            &ukko_unique_address_type,
                                            &ukko_poison_pill_type,
                                            &ukko_kill_type,
                                            &ukko_local_scope_type,
                                            &ukko_remote_scope_type,
                                            &ukko_config_type,
                                            &ukko_default_resizer_type,
                                            &ukko_pool_type,
                                            &ukko_from_config_type,
                                            &ukko_remote_router_config_type,
                                            &ukko_opaque_type,
                                            &ukko_json_type,
                                            &uk_selection_type,
                                            &uk_heartbeat_type,
                                            &uk_heartbeat_rsp_type};
enum { N_BUILTINS = sizeof builtins / sizeof builtins[0] };

bool uk_serial_is_builtin(const ukko_type *type) {
    for (size_t i = 0; i < N_BUILTINS; i++)
        if (builtins[i] == type) return true;
    return false;
}

/* ---- what a type is written with ---- */

enum { MAX_SUPERS = 16 };

static bool has_msg_field(const ukko_type *type, unsigned depth) {
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        if (f->kind == UKKO_MSG) return true;
        if (f->type && depth && has_msg_field(f->type, depth - 1)) return true;
    }
    return false;
}
static bool has_codec(const ukko_type *t) {
    return t->codec && t->codec->encode && t->codec->decode;
}
/* The most special of its classes that is bound: its own, those it is derived from, marker
   interfaces. NULL: none is. */
static const uk_binding *find_binding(const uk_serial *s, const ukko_type *type, unsigned depth) {
    if (!type || depth > MAX_SUPERS) return NULL;
    const char *name = type->class_name;
    const uk_binding *b = name ? uk_map_get(&s->set.bindings, name, strlen(name)) : NULL;
    if (!b) b = find_binding(s, type->super, depth + 1);
    bool has_also = type->size >= offsetof(ukko_type, also) + sizeof type->also; /* a later member */
    for (size_t i = 0; !b && has_also && type->also && type->also[i]; i++)
        b = find_binding(s, type->also[i], depth + 1);
    return b;
}
static const uk_binding *binding_of(const uk_serial *s, const ukko_type *type) {
    return find_binding(s, type, 0);
}
static int check_serializer(const ukko_type *t, const uk_serializer *ser, ukko_error *err) {
    switch (ser->family) {
    case UK_FAMILY_JSON:
    case UK_FAMILY_CBOR:
        if (has_msg_field(t, 8))
            return uk_error(err, UKKO_EINVAL, "type %s: Jackson cannot hold a message", t->name);
        return UKKO_OK;
    case UK_FAMILY_PROTOBUF:
    case UK_FAMILY_USER: return UKKO_OK;
    case UK_FAMILY_JAVA:
        return uk_error(err, UKKO_ECONFIG,
                        "type %s: its class %s is bound to [%s], which is Java serialization",
                        t->name, t->class_name, ser->name);
    case UK_FAMILY_CORE:
        return uk_error(err, UKKO_EINVAL, "type %s: serializer %d [%s] is Pekko's own", t->name,
                        ser->id, ser->name);
    default:
        return uk_error(
            err, UKKO_ECONFIG,
            "type %s: its class %s is bound to serializer [%s] (%s), which this program "
            "does not have",
            t->name, t->class_name, ser->name, ser->class_name);
    }
}
/* *ser NULL: the type's own codec. */
static int choose_serializer(const uk_serial *s, const ukko_type *t, const uk_serializer **ser,
                             ukko_error *err) {
    const uk_binding *b = binding_of(s, t);
    *ser = b ? b->ser : uk_serializer_meant(&s->set, t->serializer);
    if (*ser) return check_serializer(t, *ser, err);
    if (t->serializer >= 0 && t->serializer <= 40)
        return uk_error(err, UKKO_EINVAL, "type %s: serializer %d is Pekko's own", t->name,
                        t->serializer);
    if (!has_codec(t))
        return uk_error(err, UKKO_EINVAL, "type %s: serializer %d needs encode and decode", t->name,
                        t->serializer);
    return UKKO_OK;
}
static bool names_class(const uk_serializer *ser) {
    return ser && (ser->family == UK_FAMILY_JSON || ser->family == UK_FAMILY_CBOR ||
                   ser->family == UK_FAMILY_PROTOBUF);
}
static ukko_slice manifest_of(const ukko_type *t, const uk_serializer *ser) {
    if (t->manifest || !names_class(ser)) return ukko_str(t->manifest);
    return ukko_str(t->class_name ? t->class_name : t->name);
}
/* What Jackson writes: the class, its version, or neither. */
static void set_written(const uk_serial *s, uk_serial_entry *e, ukko_slice manifest) {
    const uk_serializer *ser = e->ser;
    e->manifest = manifest;
    if (!ser || (ser->family != UK_FAMILY_JSON && ser->family != UK_FAMILY_CBOR)) return;
    const uk_migration *m = uk_serial_migration(s, manifest);
    const char *text = m ? m->manifest : NULL;
    if (!ser->type_in_manifest) text = m ? strrchr(m->manifest, '#') : "";
    if (!text) return;
    e->versioned = uk_strdup(text);
    e->manifest = ukko_str(e->versioned);
}
static int put_entry(uk_serial *s, const ukko_type *type, const uk_serializer *ser,
                     ukko_error *err) {
    char key[KEY_ROOM];
    int32_t id = ser ? ser->id : type->serializer;
    ukko_slice manifest = manifest_of(type, ser);
    size_t n = key_of(key, id, manifest);
    if (!n) return uk_error(err, UKKO_EINVAL, "type %s: manifest too long", type->name);
    const uk_serial_entry *old = uk_map_get(&s->types, key, n);
    bool shared = ser && ser->family == UK_FAMILY_USER; /* it tells them apart itself */
    if (old && !shared)
        return uk_error(err, UKKO_EEXISTS,
                        "types %s and %s have the same serializer %d and manifest [%s]",
                        old->type->name, type->name, id, (const char *)manifest.ptr);
    uk_serial_entry *e = uk_zalloc(sizeof *e);
    *e = (uk_serial_entry){.type = type, .ser = ser, .id = id, .key = uk_alloc(n), .key_len = n};
    memcpy(e->key, key, n);
    set_written(s, e, manifest);
    if (!old) uk_map_put(&s->types, e->key, n, e);
    uk_map_put(&s->by_type, &e->type, sizeof e->type, e);
    if (names_class(ser) && !type->codec) uk_plan_add(s, type);
    return UKKO_OK;
}
/* A built-in type is only looked at when the configuration gives it an application's serializer. */
static int add_builtin(uk_serial *s, const ukko_type *type, ukko_error *err) {
    const uk_binding *b = binding_of(s, type);
    if (!b || b->ser->family != UK_FAMILY_USER) return UKKO_OK;
    s->rebound = true;
    return put_entry(s, type, b->ser, err);
}
int uk_serial_add(uk_serial *s, const ukko_type *type, ukko_error *err) {
    const uk_serializer *ser;
    int rc = uk_type_check(type, err);
    if (rc || uk_serial_entry_of(s, type)) return rc;
    if (uk_serial_is_builtin(type)) return add_builtin(s, type, err);
    if (type->serializer == UKKO_SER_LOCAL && !binding_of(s, type)) return UKKO_OK;
    if ((rc = choose_serializer(s, type, &ser, err))) return rc;
    return put_entry(s, type, ser, err);
}
int uk_serial_add_builtins(uk_serial *s, ukko_error *err) {
    int rc = UKKO_OK;
    for (size_t i = 0; !rc && i < N_BUILTINS; i++) rc = uk_serial_add(s, builtins[i], err);
    return rc;
}
