/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_TYPE_H
#define UKKO_TYPE_H

/*
 * Messages and the tables that describe them.
 *
 * A message is one block of memory: header, the C struct, and every string and
 * array it points to. It is writable until it is sent, immutable afterwards, and
 * shared by reference count.
 */
#include <ukko/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ukko_msg ukko_msg;
typedef struct ukko_type ukko_type;
typedef struct ukko_ref ukko_ref; /* an actor reference, see actor.h */

/* What a struct member holds, and so how it is copied and written. Only append. */
typedef enum ukko_kind {
    UKKO_BOOL = 1, /* bool */
    UKKO_I32,      /* int32_t */
    UKKO_I64,      /* int64_t */
    UKKO_F32,      /* float */
    UKKO_F64,      /* double */
    UKKO_STR,      /* const char *, UTF-8, NULL means JSON null */
    UKKO_BYTES,    /* ukko_slice; ptr NULL means JSON null */
    UKKO_REF,      /* ukko_ref *, written as its serialized path; NULL means null */
    UKKO_ENUM,     /* int32_t, written as one of the names */
    UKKO_STRUCT,   /* a struct by value */
    UKKO_STRUCTP,  /* pointer to a struct, NULL means absent */
    UKKO_MSG       /* ukko_msg *: any message; NULL means null */
} ukko_kind;

enum {
    UKKO_OPTIONAL = 1 << 0, /* absent is not an error when reading */
    UKKO_REPEATED = 1 << 1, /* the member is a pointer to the first element; a size_t count elsewhere */
    UKKO_MAP = 1 << 2       /* with REPEATED and STRUCT: elements have two fields, key (UKKO_STR) and value */
};

typedef struct ukko_field {
    const char *name; /* JSON / CBOR name */
    uint32_t kind;
    uint32_t flags;
    uint32_t tag; /* protobuf field number, 0 when none */
    uint32_t offset;
    uint32_t width;            /* sizeof the member: checked against kind */
    uint32_t count_offset;     /* UKKO_REPEATED: where the size_t count is */
    const ukko_type *type;     /* UKKO_STRUCT, UKKO_STRUCTP */
    const char *const *labels; /* UKKO_ENUM, ends with NULL */
} ukko_field;

#define UKKO_FIELD(S, m, kind)                                                              \
    {#m, kind, 0, 0, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m), 0, NULL, NULL}
#define UKKO_FIELD_TAG(S, m, kind, tag)                                                     \
    {#m, kind, 0, tag, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m), 0, NULL, NULL}
#define UKKO_FIELD_OF(S, m, kind, type)                                                     \
    {#m, kind, 0, 0, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m), 0, type, NULL}
#define UKKO_FIELD_LIST(S, m, n, kind, type)                                                \
    {#m, kind, UKKO_REPEATED, 0, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m),   \
     (uint32_t)offsetof(S, n), type, NULL}
#define UKKO_FIELD_MAP(S, m, n, type)                                                       \
    {#m, UKKO_STRUCT, UKKO_REPEATED | UKKO_MAP, 0, (uint32_t)offsetof(S, m),                \
     (uint32_t)sizeof(((S *)0)->m), (uint32_t)offsetof(S, n), type, NULL}

typedef struct ukko_encoder ukko_encoder; /* append-only output, bounded */

/* [in encode] Appends bytes. Fails with UKKO_ETOOBIG past the limit of the message. */
UKKO_API int ukko_encoder_put(ukko_encoder *out, const void *bytes, size_t len);

/* For payloads the field table cannot describe. A NULL slot falls back to the fields. */
typedef struct ukko_codec {
    uint32_t size; /* sizeof(ukko_codec) */
    int (*copy)(ukko_msg *into, void *body, const void *from);
    int (*encode)(ukko_encoder *out, const void *body);
    int (*decode)(ukko_msg *into, void *body, ukko_slice in);
} ukko_codec;

/* Pekko serializer identifiers; an application's own start at 41. */
enum {
    UKKO_SER_LOCAL = -1, /* never leaves the process */
    UKKO_SER_NULL = 0,
    UKKO_SER_JAVA = 1,
    UKKO_SER_PROTOBUF = 2,
    UKKO_SER_DAEMON_CREATE = 3,
    UKKO_SER_BYTES = 4,
    UKKO_SER_CONTAINER = 6,
    UKKO_SER_MISC = 16,
    UKKO_SER_LONG = 18,
    UKKO_SER_INT = 19,
    UKKO_SER_STRING = 20,
    UKKO_SER_BYTESTRING = 21,
    UKKO_SER_SYSTEM = 22,
    UKKO_SER_JACKSON_JSON = 31,
    UKKO_SER_JACKSON_CBOR = 33,
    UKKO_SER_BOOL = 35
};

enum {
    UKKO_TYPE_HARMFUL = 1 << 0,  /* PossiblyHarmful: dropped by an untrusted node */
    UKKO_TYPE_PRIORITY = 1 << 1, /* overtakes others while a link is buffering */
    UKKO_TYPE_QUIET = 1 << 2,    /* no DeadLetter event when undeliverable (DeadLetterSuppression) */
    UKKO_TYPE_AUTO = 1 << 3,     /* the runtime handles it itself (AutoReceivedMessage); ukko's own types */
    UKKO_TYPE_NO_TIMEOUT_RESET = 1 << 4 /* does not restart a receive timeout (NotInfluenceReceiveTimeout) */
};

struct ukko_type {
    uint32_t size; /* sizeof(ukko_type) */
    uint32_t body_size;
    const char *name;       /* for logs */
    const char *class_name; /* Java class that it stands for; NULL: name */
    const char *manifest;   /* on the wire; NULL: none. Jackson and protobuf: the class name */
    int32_t serializer;
    uint32_t flags;
    uint32_t n_fields;
    const ukko_field *fields;
    const ukko_codec *codec; /* NULL: use the fields */
    const ukko_type *super;  /* subscribing to it on the event stream covers this type; may be NULL */
    const ukko_type *const *also; /* further super types, ends with NULL; may be NULL */
};

#define UKKO_TYPE(S, class_name, serializer, fields)                                        \
    {sizeof(ukko_type), sizeof(S), #S, class_name, class_name, serializer, 0,               \
     (uint32_t)(sizeof(fields) / sizeof((fields)[0])), fields, NULL, NULL, NULL}
#define UKKO_JACKSON(S, class_name, fields)                                                 \
    UKKO_TYPE(S, class_name, UKKO_SER_JACKSON_JSON, fields)
#define UKKO_JACKSON_CBOR_TYPE(S, class_name, fields)                                       \
    UKKO_TYPE(S, class_name, UKKO_SER_JACKSON_CBOR, fields)
#define UKKO_TYPE_LOCAL(S, fields) UKKO_TYPE(S, NULL, UKKO_SER_LOCAL, fields)

/* [any] Both give an owned message, ended by sending it or ukko_msg_release(). */
UKKO_API ukko_msg *ukko_msg_new(const ukko_type *type);                    /* zeroed */
/* Deep copy: strings, bytes, lists are copied; refs and nested messages retained. */
UKKO_API ukko_msg *ukko_msg_copy(const ukko_type *type, const void *body);

UKKO_API void *ukko_msg_body(ukko_msg *msg); /* [any] writable, before sending only */
/* [any] Memory that lives as long as the message; before sending only. 16-aligned, zeroed. */
UKKO_API void *ukko_msg_alloc(ukko_msg *msg, size_t len);
UKKO_API char *ukko_msg_strdup(ukko_msg *msg, const char *text); /* [any] NULL gives NULL */

UKKO_API const ukko_type *ukko_msg_type(const ukko_msg *msg); /* [any] never NULL */
/* [any] The body when msg has exactly this type, else NULL. msg may be NULL. */
UKKO_API const void *ukko_msg_get(const ukko_msg *msg, const ukko_type *type);
UKKO_API ukko_msg *ukko_msg_retain(const ukko_msg *msg); /* [any] owned; NULL gives NULL */
UKKO_API void ukko_msg_release(ukko_msg *msg);           /* [any] NULL is fine */
/* [any] Log form, cut to fit; gives the length that the whole would take. */
UKKO_API size_t ukko_msg_print(const ukko_msg *msg, char *buf, size_t len);
/* [any] Java class name of the message, as Pekko's logs would show it. Never NULL. */
UKKO_API const char *ukko_msg_class(const ukko_msg *msg);

#ifdef __cplusplus
}
#endif
#endif
