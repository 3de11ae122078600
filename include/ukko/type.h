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

/* ---- Describing structs: ukko_type(3) ---------------------------------------------- */

typedef struct ukko_msg ukko_msg;   /* a message, shared by reference count; see ukko_msg_new() */
typedef struct ukko_type ukko_type; /* the table that describes one kind of message, below */
typedef struct ukko_ref ukko_ref;   /* an actor reference, see actor.h */

/* Text: UTF-8. text is NUL-terminated at text[len]; it may hold NULs before that. When you
   fill one, len may be left 0: then it is taken from the terminator. */
typedef struct ukko_string {
    const char *text; /* NULL: no text, which is null on the wire */
    size_t len;       /* bytes, without the terminator */
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
    UKKO_LOCAL_TIME,       /* ukko_datetime: java.time.LocalTime */
    UKKO_LOCAL_DATE_TIME,  /* ukko_datetime: java.time.LocalDateTime */
    UKKO_OFFSET_DATE_TIME, /* ukko_datetime: java.time.OffsetDateTime */
    UKKO_ZONED_DATE_TIME,  /* ukko_datetime: java.time.ZonedDateTime */
    UKKO_UUID              /* ukko_uuid: java.util.UUID */
} ukko_kind;

/* Flags of a field. Only append. */
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

/* One member of a struct; the macros below fill it. */
typedef struct ukko_field {
    const char *name; /* JSON / CBOR name */
    uint32_t kind;    /* ukko_kind */
    uint32_t flags;   /* UKKO_OPTIONAL, ... */
    uint32_t tag;     /* protobuf field number, 0 when none */
    uint32_t offset;  /* of the member in the struct, in bytes */
    uint32_t width;            /* sizeof the member: checked against kind */
    uint32_t count_offset;     /* UKKO_REPEATED: the size_t count; _PRESENT: the bool; _ONEOF: the
                                  uint32_t */
    const ukko_type *type;     /* UKKO_STRUCT, UKKO_STRUCTP: what it is, or points to */
    const char *const *labels; /* UKKO_ENUM, ends with NULL */
} ukko_field;

/* The general form; the others are short for it. name: what JSON calls the member. n: the member
   at count_offset; m itself when there is none. */
#define UKKO_FIELD_ALL(S, m, name, kind, flags, tag, n, type, labels)                       \
    {name, kind, flags, tag, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m),       \
     (uint32_t)offsetof(S, n), type, labels}
/* Member m of struct S, a scalar of this kind. */
#define UKKO_FIELD(S, m, kind)                                                              \
    {#m, kind, 0, 0, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m), 0, NULL, NULL}
/* The same with a protobuf field number. */
#define UKKO_FIELD_TAG(S, m, kind, tag)                                                     \
    {#m, kind, 0, tag, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m), 0, NULL, NULL}
/* A struct by value (UKKO_STRUCT) or behind a pointer (UKKO_STRUCTP), described by *type. */
#define UKKO_FIELD_OF(S, m, kind, type)                                                     \
    {#m, kind, 0, 0, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m), 0, type, NULL}
/* An int32_t that is written as labels[value]; labels ends with NULL. */
#define UKKO_FIELD_ENUM(S, m, labels)                                                       \
    {#m, UKKO_ENUM, 0, 0, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m), 0, NULL, labels}
/* A member without which JSON has null. has: a bool member that tells whether m has a value. */
#define UKKO_FIELD_OPT(S, m, has, kind) UKKO_FIELD_ALL(S, m, #m, kind, UKKO_PRESENT, 0, has, NULL, NULL)
/* A list: m points to the first element, of this kind (and *type, or NULL); n is a size_t member. */
#define UKKO_FIELD_LIST(S, m, n, kind, type)                                                \
    {#m, kind, UKKO_REPEATED, 0, (uint32_t)offsetof(S, m), (uint32_t)sizeof(((S *)0)->m),   \
     (uint32_t)offsetof(S, n), type, NULL}
/* A map: m points to the first of n elements, structs of a key and a value, described by *type. */
#define UKKO_FIELD_MAP(S, m, n, type)                                                       \
    {#m, UKKO_STRUCT, UKKO_REPEATED | UKKO_MAP, 0, (uint32_t)offsetof(S, m),                \
     (uint32_t)sizeof(((S *)0)->m), (uint32_t)offsetof(S, n), type, NULL}
/* One of several members of which one has a value. which: a uint32_t member that holds its tag. */
#define UKKO_FIELD_ONEOF(S, m, which, kind, tag, type)                                      \
    UKKO_FIELD_ALL(S, m, #m, kind, UKKO_ONEOF, tag, which, type, NULL)

typedef struct ukko_encoder ukko_encoder; /* append-only output, bounded; lives during encode */

/* [encode] Appends a copy of bytes. Fails with UKKO_ETOOBIG past the limit of the message. */
UKKO_API int ukko_encoder_put(ukko_encoder *out, const void *bytes, size_t len);

/* For payloads the field table cannot describe. A NULL slot falls back to the fields. The functions
   run on any thread, also on several at once; a negative code means that it cannot be done. */
typedef struct ukko_codec {
    uint32_t size; /* sizeof(ukko_codec) */
    /* Deep copy of *from into *body, with memory of ukko_msg_alloc(into). */
    int (*copy)(ukko_msg *into, void *body, const void *from);
    /* Appends the bytes with ukko_encoder_put(). Must not send or wait. */
    int (*encode)(ukko_encoder *out, const void *body);
    /* Fills *body, which is zeroed, from foreign bytes: anything may be in them. Memory as for
       copy. */
    int (*decode)(ukko_msg *into, void *body, ukko_slice in);
} ukko_codec;

/* Pekko serializer identifiers (pekko.actor.serialization-identifiers); an application's own start
   at 41. */
enum {
    UKKO_SER_LOCAL = -1,        /* none: never leaves the process */
    UKKO_SER_NULL = 0,          /* null */
    UKKO_SER_JAVA = 1,          /* Java serialization: is refused, its class is named */
    UKKO_SER_PROTOBUF = 2,      /* protobuf messages of the application */
    UKKO_SER_DAEMON_CREATE = 3, /* remote deployment */
    UKKO_SER_BYTES = 4,         /* byte[] */
    UKKO_SER_CONTAINER = 6,     /* a message for a selection */
    UKKO_SER_MISC = 16,         /* Pekko's general messages */
    UKKO_SER_LONG = 18,         /* java.lang.Long */
    UKKO_SER_INT = 19,          /* java.lang.Integer */
    UKKO_SER_STRING = 20,       /* java.lang.String */
    UKKO_SER_BYTESTRING = 21,   /* org.apache.pekko.util.ByteString */
    UKKO_SER_SYSTEM = 22,       /* system messages */
    UKKO_SER_JACKSON_JSON = 31, /* Jackson, JSON */
    UKKO_SER_JACKSON_CBOR = 33, /* Jackson, CBOR */
    UKKO_SER_BOOL = 35          /* java.lang.Boolean */
};

/* Flags of a type: the marker interfaces of Pekko, and forms of JSON. Only append. */
enum {
    UKKO_TYPE_HARMFUL = 1 << 0,  /* PossiblyHarmful: dropped by an untrusted node */
    UKKO_TYPE_PRIORITY = 1 << 1, /* overtakes others while a link is buffering */
    UKKO_TYPE_QUIET = 1 << 2,    /* no DeadLetter event when undeliverable (DeadLetterSuppression) */
    UKKO_TYPE_AUTO = 1 << 3,     /* the runtime handles it itself (AutoReceivedMessage); ukko's own types */
    UKKO_TYPE_NO_TIMEOUT_RESET = 1 << 4, /* does not restart a receive timeout (NotInfluenceReceiveTimeout) */
    UKKO_TYPE_VALUE = 1 << 5,  /* JSON and CBOR: written as its only field, without an object around
                                  it (@JsonValue; the element of a list of lists) */
    UKKO_TYPE_CHOICE = 1 << 6, /* JSON and CBOR: one of several structs, told by a property inside it
                                  (@JsonTypeInfo): all fields are UKKO_ONEOF structs whose names are
                                  its values; manifest is the property's name */
    UKKO_TYPE_CONTROL = 1 << 7 /* overtakes others in a control-aware mailbox (ControlMessage) */
};

/* One kind of message: its struct, and how it travels. One static const table each, which outlives
   all systems; the macros below fill it. Its address is what makes it the same type. */
struct ukko_type {
    uint32_t size;      /* sizeof(ukko_type) */
    uint32_t body_size; /* sizeof the struct; at most 1 MiB */
    const char *name;       /* for logs */
    const char *class_name; /* Java class that it stands for; NULL: name */
    const char *manifest;   /* on the wire; NULL: none. Jackson and protobuf: the class name */
    int32_t serializer;     /* UKKO_SER_*, or an identifier of the program's own */
    uint32_t flags;         /* UKKO_TYPE_* */
    uint32_t n_fields;      /* at most 4096 */
    const ukko_field *fields; /* may be NULL when n_fields is 0 */
    const ukko_codec *codec; /* NULL: use the fields */
    const ukko_type *super;  /* subscribing to it on the event stream covers this type; may be NULL */
    const ukko_type *const *also; /* further super types, ends with NULL; may be NULL */
};

/* A ukko_type of struct S, with its Java class (also the manifest), serializer and array of fields. */
#define UKKO_TYPE(S, class_name, serializer, fields)                                        \
    {sizeof(ukko_type), sizeof(S), #S, class_name, class_name, serializer, 0,               \
     (uint32_t)(sizeof(fields) / sizeof((fields)[0])), fields, NULL, NULL, NULL}
/* The same that travels as Jackson JSON. */
#define UKKO_JACKSON(S, class_name, fields)                                                 \
    UKKO_TYPE(S, class_name, UKKO_SER_JACKSON_JSON, fields)
/* The same that travels as Jackson CBOR. */
#define UKKO_JACKSON_CBOR_TYPE(S, class_name, fields)                                       \
    UKKO_TYPE(S, class_name, UKKO_SER_JACKSON_CBOR, fields)
/* One that never leaves the process, or is a part of others. */
#define UKKO_TYPE_LOCAL(S, fields) UKKO_TYPE(S, NULL, UKKO_SER_LOCAL, fields)
/* A part of other messages that JSON writes as its only field; see UKKO_TYPE_VALUE. */
#define UKKO_VALUE_TYPE(S, fields)                                                          \
    {sizeof(ukko_type), sizeof(S), #S, NULL, NULL, UKKO_SER_LOCAL, UKKO_TYPE_VALUE,         \
     (uint32_t)(sizeof(fields) / sizeof((fields)[0])), fields, NULL, NULL, NULL}
/* A part of other messages that is one of several structs; see UKKO_TYPE_CHOICE. */
#define UKKO_CHOICE_TYPE(S, property, fields)                                               \
    {sizeof(ukko_type), sizeof(S), #S, NULL, property, UKKO_SER_LOCAL, UKKO_TYPE_CHOICE,    \
     (uint32_t)(sizeof(fields) / sizeof((fields)[0])), fields, NULL, NULL, NULL}
/* A class without members. C has no empty structs: S has one that nobody looks at. */
#define UKKO_EMPTY_TYPE(S, class_name, serializer)                                          \
    {sizeof(ukko_type), sizeof(S), #S, class_name, class_name, serializer, 0, 0,            \
     NULL, NULL, NULL, NULL}

/* ---- Messages: ukko_msg(3) --------------------------------------------------------- */

/* [any] A message whose body is zeroed, to be filled by its maker. Owned: ended by sending it or
   ukko_msg_release(). */
UKKO_API ukko_msg *ukko_msg_new(const ukko_type *type);
/* [any] A message with a deep copy of *body: strings, bytes, lists are copied; refs and nested
   messages retained; what is in body stays yours. Owned, likewise. body NULL: zeroed. */
UKKO_API ukko_msg *ukko_msg_copy(const ukko_type *type, const void *body);

/* [any] The struct of a message that you have made; writable until it is sent. Lives as long as
   msg. */
UKKO_API void *ukko_msg_body(ukko_msg *msg);
/* [any] Memory that lives as long as the message; before sending only. 16-aligned, zeroed. */
UKKO_API void *ukko_msg_alloc(ukko_msg *msg, size_t len);
/* [any] A copy of text that lives as long as the message; before sending only. NULL gives NULL. */
UKKO_API char *ukko_msg_strdup(ukko_msg *msg, const char *text);

/* [any] What kind of message it is: the static table. Never NULL. */
UKKO_API const ukko_type *ukko_msg_type(const ukko_msg *msg);
/* [any] The body when msg has exactly this type, else NULL; borrowed, lives as long as msg, which
   may be NULL. */
UKKO_API const void *ukko_msg_get(const ukko_msg *msg, const ukko_type *type);
/* [any] One more owner of the same message: owned, to keep it beyond a handler. NULL gives NULL. */
UKKO_API ukko_msg *ukko_msg_retain(const ukko_msg *msg);
/* [any] Gives an owned message up; with its last owner it ends. NULL is fine. */
UKKO_API void ukko_msg_release(ukko_msg *msg);
/* [any] Log form, as Pekko's toString(), cut to fit and terminated; gives the length that the whole
   would take, as snprintf(). msg NULL: "null". */
UKKO_API size_t ukko_msg_print(const ukko_msg *msg, char *buf, size_t len);
/* [any] Java class name of the message, as Pekko's logs would show it; lives as long as msg. Never
   NULL; "null" for NULL. */
UKKO_API const char *ukko_msg_class(const ukko_msg *msg);

#ifdef __cplusplus
}
#endif
#endif
