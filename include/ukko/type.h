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
#include <ukko/time.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ukko_msg ukko_msg;
typedef struct ukko_type ukko_type;
typedef struct ukko_ref ukko_ref; /* an actor reference, see actor.h */

/* Text: UTF-8. text is NUL-terminated at text[len]; it may hold NULs before that. When you
   fill one, len may be left 0: then it is taken from the terminator. */
typedef struct ukko_string {
    const char *text;
    size_t len;
} ukko_string;

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
    UKKO_ENUM,     /* int32_t, written as one of the names; -1 means null */
    UKKO_STRUCT,   /* a struct by value */
    UKKO_STRUCTP,  /* pointer to a struct, NULL means absent */
    UKKO_MSG,      /* ukko_msg *: any message; NULL means null */
    UKKO_U32,      /* uint32_t */
    UKKO_U64,      /* uint64_t */
    UKKO_TEXT,     /* ukko_string: text that may hold NULs; text NULL means null */
    UKKO_NUMBER,   /* const char *: a number of any size as JSON has it (BigInteger, BigDecimal);
                      NULL means null */
    UKKO_INSTANT,  /* ukko_instant: java.time.Instant, google.protobuf.Timestamp */
    UKKO_TIMESPAN, /* ukko_timespan: java.time.Duration, FiniteDuration, protobuf's Duration */
    UKKO_LOCAL_DATE,       /* ukko_datetime, as the five of java.time; month 0 means null, but for
                              LOCAL_TIME */
    UKKO_LOCAL_TIME,
    UKKO_LOCAL_DATE_TIME,
    UKKO_OFFSET_DATE_TIME,
    UKKO_ZONED_DATE_TIME,
    UKKO_UUID              /* ukko_uuid: java.util.UUID */
} ukko_kind;

enum {
    UKKO_OPTIONAL = 1 << 0, /* protobuf: written also when it is zero or empty, so that a pointer
                               that is NULL means absent; a list that is NULL is JSON's null */
    UKKO_REPEATED = 1 << 1, /* the member is a pointer to the first element; a size_t count elsewhere */
    UKKO_MAP = 1 << 2,      /* with REPEATED and STRUCT: elements have two fields, key and value; the
                               key is UKKO_STR, BOOL, I32, I64, U32 or U64 */
    UKKO_PRESENT = 1 << 3,  /* a bool elsewhere tells whether there is a value; without one it is
                               JSON's null (boxed and optional values of Java) */
    UKKO_ONEOF = 1 << 4,    /* a uint32_t elsewhere holds the tag of the one member of a group that
                               has a value; members of a group may share a union. JSON leaves the
                               others out. 0: none has */
    UKKO_REQUIRED = 1 << 5, /* a message without it is refused (UKKO_EPARSE) */
    UKKO_ZIGZAG = 1 << 6,   /* protobuf: sint32, sint64 */
    UKKO_FIXED = 1 << 7,    /* protobuf: fixed32, fixed64, sfixed32, sfixed64 */
    UKKO_UNPACKED = 1 << 8  /* protobuf: a list of numbers as single fields, as proto2 has it */
};

typedef struct ukko_field {
    const char *name; /* JSON / CBOR name */
    uint32_t kind;
    uint32_t flags;
    uint32_t tag; /* protobuf field number, 0 when none */
    uint32_t offset;
    uint32_t width;            /* sizeof the member: checked against kind */
    uint32_t count_offset;     /* UKKO_REPEATED: the size_t count; _PRESENT: the bool; _ONEOF: the
                                  uint32_t */
    const ukko_type *type;     /* UKKO_STRUCT, UKKO_STRUCTP */
    const char *const *labels; /* UKKO_ENUM, ends with NULL */
} ukko_field;

/* The general form; the others are short for it. name: what JSON calls the member. n: the member
   at count_offset; m itself when there is none. */
#define UKKO_FIELD_ALL(S, m, name, kind, flags, tag, n, type, labels)                       \
    {name, kind, flags, tag, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m),       \
     (uint32_t)offsetof(S, n), type, labels}
#define UKKO_FIELD(S, m, kind)                                                              \
    {#m, kind, 0, 0, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m), 0, NULL, NULL}
#define UKKO_FIELD_TAG(S, m, kind, tag)                                                     \
    {#m, kind, 0, tag, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m), 0, NULL, NULL}
#define UKKO_FIELD_OF(S, m, kind, type)                                                     \
    {#m, kind, 0, 0, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m), 0, type, NULL}
#define UKKO_FIELD_ENUM(S, m, labels)                                                       \
    {#m, UKKO_ENUM, 0, 0, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m), 0, NULL, labels}
/* has: a bool member that tells whether m has a value. */
#define UKKO_FIELD_OPT(S, m, has, kind) UKKO_FIELD_ALL(S, m, #m, kind, UKKO_PRESENT, 0, has, NULL, NULL)
#define UKKO_FIELD_LIST(S, m, n, kind, type)                                                \
    {#m, kind, UKKO_REPEATED, 0, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m),   \
     (uint32_t)offsetof(S, n), type, NULL}
#define UKKO_FIELD_MAP(S, m, n, type)                                                       \
    {#m, UKKO_STRUCT, UKKO_REPEATED | UKKO_MAP, 0, (uint32_t)offsetof(S, m),                \
     (uint32_t)sizeof(((S *)0)->m), (uint32_t)offsetof(S, n), type, NULL}
/* which: a uint32_t member that holds the tag of the member that has a value. */
#define UKKO_FIELD_ONEOF(S, m, which, kind, tag, type)                                      \
    UKKO_FIELD_ALL(S, m, #m, kind, UKKO_ONEOF, tag, which, type, NULL)

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
    UKKO_TYPE_NO_TIMEOUT_RESET = 1 << 4, /* does not restart a receive timeout (NotInfluenceReceiveTimeout) */
    UKKO_TYPE_VALUE = 1 << 5,  /* JSON and CBOR: written as its only field, without an object around
                                  it (@JsonValue; the element of a list of lists) */
    UKKO_TYPE_CHOICE = 1 << 6  /* JSON and CBOR: one of several structs, told by a property inside it
                                  (@JsonTypeInfo): all fields are UKKO_ONEOF structs whose names are
                                  its values; manifest is the property's name */
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
/* Parts of other messages; see UKKO_TYPE_VALUE and UKKO_TYPE_CHOICE. */
#define UKKO_VALUE_TYPE(S, fields)                                                          \
    {sizeof(ukko_type), sizeof(S), #S, NULL, NULL, UKKO_SER_LOCAL, UKKO_TYPE_VALUE,         \
     (uint32_t)(sizeof(fields) / sizeof((fields)[0])), fields, NULL, NULL, NULL}
#define UKKO_CHOICE_TYPE(S, property, fields)                                               \
    {sizeof(ukko_type), sizeof(S), #S, NULL, property, UKKO_SER_LOCAL, UKKO_TYPE_CHOICE,    \
     (uint32_t)(sizeof(fields) / sizeof((fields)[0])), fields, NULL, NULL, NULL}
/* A class without members. C has no empty structs: S has one that nobody looks at. */
#define UKKO_EMPTY_TYPE(S, class_name, serializer)                                          \
    {sizeof(ukko_type), sizeof(S), #S, class_name, class_name, serializer, 0, 0,            \
     NULL, NULL, NULL, NULL}

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
