/* SPDX-License-Identifier: Apache-2.0 */
/* DaemonMsgCreate (serializer 3): the order to create an actor for another node. Decoded in two
   steps, so that the class can be checked before any value in it is looked at. */
#ifndef UK_SERIAL_DAEMON_H
#define UK_SERIAL_DAEMON_H
#include "serial/serial.h"

/* A serialized value that was not decoded yet. */
typedef struct uk_daemon_value {
    ukko_slice bytes;
    ukko_slice manifest; /* the class name when has_manifest is false */
    int32_t serializer;
    bool has_serializer; /* false: old format, the class name tells */
    bool has_manifest;
} uk_daemon_value;

typedef struct uk_daemon_deploy {
    const char *path;       /* "" mostly */
    const char *config;     /* JSON text; NULL: absent */
    ukko_msg *router;       /* NULL: none */
    ukko_msg *scope;        /* NULL: none; ukko_local_scope_type or ukko_remote_scope_type */
    const char *dispatcher; /* NULL: default */
    const char **tags;
    size_t n_tags;
    /* decoding: as they came; bytes.ptr NULL: absent */
    uk_daemon_value raw_config, raw_router, raw_scope;
} uk_daemon_deploy;

struct uk_daemon_create {
    const char *class_name;
    uk_daemon_deploy props; /* the deploy of the props */
    uk_daemon_deploy deploy; /* what was decided */
    const char *path;        /* full path with uid of the actor to create */
    const char *supervisor;  /* full path with uid of the parent */
    uk_daemon_value *raw;    /* decoding: the arguments as they came */
    ukko_msg **args;         /* encoding, or after uk_daemon_open(): NULL entries are null */
    size_t n_args;
    ukko_msg *memory;        /* holds all texts of a decoded one */
};

/* Bounded; arguments, router, scope and configuration stay undecoded and are views into bytes. *out
   is owned. */
int uk_daemon_decode(uk_serial *s, ukko_slice bytes, uk_daemon_create **out, ukko_error *err);
/* Decodes those. bytes of the decode call must still be there. */
int uk_daemon_open(uk_serial *s, uk_daemon_create *c, ukko_error *err);
void uk_daemon_free(uk_daemon_create *c);
/* Appends; uses class_name, both deploys, path, supervisor and args. */
int uk_daemon_encode(uk_serial *s, const uk_daemon_create *c, uk_buf *out, ukko_error *err);
#endif
