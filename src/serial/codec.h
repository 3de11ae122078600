/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this directory share: the state of one encode or decode, the failures'
   text, and each serializer's pair of functions. One thread at a time per state. */
#ifndef UK_SERIAL_CODEC_H
#define UK_SERIAL_CODEC_H
#include "base/error.h"
#include "base/map.h"
#include "base/pb.h"
#include "serial/json.h"
#include "serial/serial.h"
#include <stdatomic.h>
#include <ukko/serial.h>

enum {
    UK_MAX_NESTED = 100, /* payloads within payloads: Options, Throwables, selections */
    UK_MAX_STEPS = 1024, /* elements of a selection's path */
    UK_MAX_LIST = 4096,  /* stack frames, nodes of a router */
    UK_MAX_ARGS = 256,   /* arguments and tags of a deployment */
    UK_MAX_TREE = 1000,  /* nested objects and arrays of JSON and CBOR, as Jackson has it */
    UK_MAX_STRING = 20000000
};

/* ---- what the configuration makes of serializers: settings.c ---- */

typedef enum uk_family {
    UK_FAMILY_FOREIGN = 0, /* configured, but this program has nothing of that name */
    UK_FAMILY_JAVA,        /* never done here */
    UK_FAMILY_CORE,        /* the runtime's own, by fixed id */
    UK_FAMILY_JSON,
    UK_FAMILY_CBOR,
    UK_FAMILY_PROTOBUF,
    UK_FAMILY_USER /* a ukko_serializer */
} uk_family;

typedef struct uk_serializer { /* one serializer of pekko.actor.serializers */
    char *name, *class_name;
    int32_t id;
    uk_family family;
    const ukko_serializer *user;
    /* Jackson */
    bool gzip, lz4;
    int64_t larger; /* compressed when strictly larger */
    uk_limits limits;
    unsigned write_depth;
    bool strict_names, strict_duplicates;
    bool type_in_manifest;
    char *only_class; /* without a type in the manifest: the class that is read; NULL: none */
} uk_serializer;

typedef struct uk_binding { /* one entry of serialization-bindings, less those that are "none" */
    char *class_name;
    const uk_serializer *ser;
} uk_binding;

enum { UK_SMALL_IDS = 64 };

typedef struct uk_serial_settings {
    uk_serializer *serializers;
    size_t n_serializers;
    const uk_serializer *by_id[UK_SMALL_IDS]; /* those of Pekko and most others */
    uk_map bindings;      /* class name -> uk_binding */
    int64_t max_inflated; /* bytes that a compressed payload may become */
    char **prefixes;      /* allowed-class-prefix */
    size_t n_prefixes;
    bool check_messages, check_creators; /* serialize-messages, serialize-creators */
    char **unchecked;                    /* no-serialization-verification-needed-class-prefix */
    size_t n_unchecked;
} uk_serial_settings;

int uk_settings_read(uk_serial_settings *set, ukko_system *sys, const ukko_config *cfg,
                     ukko_error *err); /* *set zeroed; also after a failure fini it */
void uk_settings_fini(uk_serial_settings *set);
/* By id; NULL: not configured. */
const uk_serializer *uk_serializer_by_id(const uk_serial_settings *set, int32_t id);
/* That of a type's table: Jackson's two are meant also when the configuration gives them other ids. */
const uk_serializer *uk_serializer_meant(const uk_serial_settings *set, int32_t id);
const uk_serializer *uk_serializer_by_name(const uk_serial_settings *set, const char *name);
bool uk_has_prefix(char *const *prefixes, size_t n, ukko_slice name);

/* ---- types ---- */

typedef struct uk_serial_entry { /* a type with its serializer */
    const ukko_type *type;
    const uk_serializer *ser; /* NULL: the type's own codec, by its id */
    int32_t id;
    ukko_slice manifest; /* as it is written: with the version of a migration */
    char *key;           /* id and manifest without version, see key_of() in registry.c */
    size_t key_len;
    char *versioned;     /* the memory of manifest when it has a version; or NULL */
} uk_serial_entry;

typedef struct uk_migration { /* a ukko_migration, and what is written for its class */
    const ukko_migration *of;
    char *manifest; /* "class#3" */
} uk_migration;

enum { UK_NEAR = 64 };

struct uk_serial {
    ukko_system *sys;
    uk_map types;      /* key -> uk_serial_entry; owns them */
    uk_map by_type;    /* the address of a type -> uk_serial_entry */
    uk_map migrations; /* class name -> uk_migration */
    uk_map plans;      /* the address of a type -> uk_plan; owns them, see plan.h */
    /* What the maps gave lately, by a hash that costs nothing; relaxed, as what they point to was
       made before the threads that read it. A miss goes to the map. */
    _Atomic(const void *) near_plans[UK_NEAR], near_types[UK_NEAR], near_manifests[UK_NEAR];
    bool rebound;      /* a built-in type has another serializer than its own */
    uk_serial_settings set;
};

static inline size_t uk_near(const void *type) {
    return ((uintptr_t)type >> 4 ^ (uintptr_t)type >> 10) % UK_NEAR;
}

/* What a codec function of an application's type appends to. */
struct ukko_encoder {
    uk_buf *buf;
    size_t room; /* bytes that may still come */
};

/* One encode. Functions append to out; who fails leaves rubbish there, which the top cuts off. */
typedef struct uk_enc {
    uk_serial *s;
    uk_buf *out;
    ukko_error *err;
    unsigned depth;
} uk_enc;

/* One decode. */
typedef struct uk_dec {
    uk_serial *s;
    ukko_error *err;
    unsigned depth;
    bool keep; /* what a selection holds is not read, but kept as it came */
} uk_dec;

/* A registered type by serializer and manifest; NULL: none. */
const ukko_type *uk_serial_find(uk_serial *s, int32_t id, ukko_slice manifest);
/* A class of any Jackson serializer, first of the one with this id. */
const ukko_type *uk_serial_find_jackson(uk_serial *s, int32_t id, ukko_slice name);
/* What a registered type is written with; NULL: not registered. */
const uk_serial_entry *uk_serial_entry_of(uk_serial *s, const ukko_type *type);
const uk_migration *uk_serial_migration(const uk_serial *s, ukko_slice class_name);
bool uk_serial_is_builtin(const ukko_type *type);

/* ---- the two ends, with a depth ---- */
int uk_encode_body(uk_enc *e, const ukko_msg *msg, int32_t *id, ukko_slice *manifest);
/* UKKO_ENOTFOUND: a manifest that a JVM would not take, of a message or of what is selected for. */
int uk_check_manifest(uk_dec *d, int32_t id, ukko_slice manifest);
/* Is there probably a class of that name on a JVM? */
bool uk_names_a_class(uk_serial *s, ukko_slice name);
int uk_decode_body(uk_dec *d, int32_t id, ukko_slice manifest, ukko_slice bytes, ukko_msg **out);
/* Payload (ContainerFormats): without and with its own field around it. */
int uk_enc_payload(uk_enc *e, const ukko_msg *msg);
int uk_enc_payload_field(uk_enc *e, uint32_t field, const ukko_msg *msg);
int uk_dec_payload(uk_dec *d, ukko_slice bytes, ukko_msg **out);
typedef struct uk_payload { /* a Payload cut in pieces */
    ukko_slice bytes, manifest;
    int32_t id;
} uk_payload;
int uk_payload_split(uk_dec *d, ukko_slice bytes, uk_payload *out);

/* ---- failures: text names what was being written or read ---- */
int uk_enc_fail(uk_enc *e, int code, const ukko_msg *msg, const char *why);
int uk_dec_fail(uk_dec *d, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The class name in the header of a Java-serialized stream, which is all that is ever read. */
ukko_slice uk_java_class(ukko_slice stream);

/* ---- text ---- */
/* A NUL-terminated copy in the memory of m; invalid UTF-8 is repaired, a NUL inside is UK_C_NUL. */
const char *uk_dec_text(ukko_msg *m, ukko_slice bytes);
/* As uk_pb_last(); but of the embedded messages (bit number - 1) that come in several fields a JVM
   makes one, whose later fields count: so they are given whole, joined in the memory of m if need
   be. UKKO_ETOOBIG: pieces of more than 64 KB. */
int uk_dec_last(ukko_msg *m, ukko_slice bytes, ukko_slice *last, size_t n, unsigned embedded);
/* The same of a field, see uk_pb_last(); absent when it is not there. */
static inline const char *uk_dec_field(ukko_msg *m, ukko_slice field, const char *absent) {
    return field.ptr ? uk_dec_text(m, field) : absent;
}

/* ---- serializers ---- */
int uk_primitive_encode(uk_enc *e, const ukko_msg *msg);
int uk_primitive_decode(uk_dec *d, int32_t id, ukko_slice in, ukko_msg **out);
int uk_misc_encode(uk_enc *e, const ukko_msg *msg, ukko_slice *manifest);
int uk_misc_decode(uk_dec *d, ukko_slice manifest, ukko_slice in, ukko_msg **out);
int uk_deploy_encode(uk_enc *e, const ukko_msg *msg, ukko_slice *manifest);
int uk_deploy_decode(uk_dec *d, ukko_slice manifest, ukko_slice in, ukko_msg **out);
bool uk_deploy_knows(const ukko_type *type);
const ukko_type *uk_deploy_type(ukko_slice manifest); /* NULL: none of its manifests */
bool uk_throwable_travels(const ukko_throwable *t); /* as what it is, by its class */
int uk_throwable_encode(uk_enc *e, const ukko_throwable *t, ukko_slice *manifest);
int uk_throwable_decode(uk_dec *d, ukko_slice manifest, ukko_slice in, ukko_msg **out);
/* A nested throwable, which is replaced when its class cannot travel (NULL: null). */
int uk_throwable_payload(uk_enc *e, const ukko_msg *cause);
int uk_throwable_payload_field(uk_enc *e, uint32_t field, const ukko_msg *cause);
int uk_container_encode(uk_enc *e, const ukko_msg *msg);
int uk_container_decode(uk_dec *d, ukko_slice in, ukko_msg **out);
/* What a selection holds, without looking at it. false: malformed. */
bool uk_container_peek(ukko_slice in, uk_payload *out);
ukko_msg *uk_opaque_msg(int32_t id, ukko_slice manifest, ukko_slice bytes); /* owned */
const char *uk_misc_class(ukko_slice manifest); /* of serializer 16; NULL: no such manifest */
int uk_proto_encode(uk_enc *e, const ukko_msg *msg);
int uk_proto_decode(uk_dec *d, const ukko_type *type, ukko_slice in, ukko_msg **out);
/* ser NULL: as the type says. */
int uk_jackson_encode(uk_enc *e, const ukko_msg *msg, const uk_serializer *ser, int32_t *id,
                      ukko_slice *manifest);
int uk_jackson_decode(uk_dec *d, const uk_serializer *ser, ukko_slice manifest, ukko_slice in,
                      ukko_msg **out);
/* Codec functions of an application's type. */
int uk_user_encode(uk_enc *e, const ukko_msg *msg);
int uk_user_decode(uk_dec *d, const ukko_type *type, ukko_slice in, ukko_msg **out);

/* ---- pieces that several messages use ---- */
void uk_put_address(uk_buf *out, uint32_t field, const ukko_address *a);
int uk_get_address(uk_dec *d, ukko_msg *into, ukko_slice in, ukko_address *out);
void uk_put_ref(uk_buf *out, uint32_t field, const ukko_ref *ref);
int uk_get_ref(uk_dec *d, ukko_slice in, ukko_ref **out);
#endif
