# SPDX-License-Identifier: Apache-2.0
"""What pyukko uses of ukko's headers. The C compiler checks each declaration here against them."""
import glob, os

from cffi import FFI

prefix = os.environ.get('UKKO_PREFIX', '/usr/local')
libs = sorted({os.path.dirname(p) for p in glob.glob(os.path.join(prefix, 'lib*', '**', 'libukko.so'), recursive=True)})

ffi = FFI()
ffi.cdef('''
typedef struct ukko_system ukko_system; typedef struct ukko_props ukko_props; typedef struct ukko_ctx ukko_ctx;
typedef struct ukko_selection ukko_selection; typedef struct ukko_msg ukko_msg; typedef struct ukko_ref ukko_ref;
typedef struct ukko_config ukko_config; typedef struct ukko_type { const char *name; ...; } ukko_type;
typedef struct { int code; char message[508]; ...; } ukko_error;
typedef struct { const uint8_t *ptr; size_t len; } ukko_slice;
typedef struct { const char *text; size_t len; } ukko_string;
typedef struct { ukko_msg *value; } ukko_boxed;
typedef struct { ukko_ref *ref; } ukko_ref_body;
typedef struct { const char *class_name; const char *message; ...; } ukko_throwable;
typedef struct { const char *class_name; const char *text; size_t len; bool cbor; } ukko_json;
typedef struct { ukko_msg *id; ukko_ref *ref; } ukko_identity;
typedef struct { ukko_ref *ref; bool existence_confirmed; bool address_terminated; } ukko_terminated;
typedef struct { int32_t serializer; const char *manifest; ukko_slice bytes; } ukko_opaque;
typedef struct ukko_actor ukko_actor;

#define UKKO_OK ...
#define UKKO_ETIMEOUT ...
#define UKKO_EANSWER ...
#define UKKO_ENOTFOUND ...

extern ukko_type ukko_null_type, ukko_string_type, ukko_int_type, ukko_long_type, ukko_bool_type, ukko_bytes_type,
    ukko_double_type, ukko_bytestring_type, ukko_option_type, ukko_optional_type, ukko_status_success_type,
    ukko_status_failure_type, ukko_reply_success_type, ukko_reply_error_type, ukko_reply_ack_type, ukko_done_type,
    ukko_throwable_type, ukko_ref_type, ukko_identity_type, ukko_poison_pill_type, ukko_terminated_type,
    ukko_opaque_type, ukko_json_type;

const char *ukko_strerror(int code); const char *ukko_version_text(void);
int ukko_config_parse(ukko_config **out, ukko_slice text, const char *origin, ukko_error *err);
int ukko_config_parse_file(ukko_config **out, const char *path, ukko_error *err);
int ukko_config_load_from(ukko_config **out, const ukko_config *cfg, ukko_error *err);
ukko_config *ukko_config_with_fallback(const ukko_config *cfg, const ukko_config *fallback);
void ukko_config_release(ukko_config *cfg);

void ukko_system_terminate(ukko_system *sys);
void ukko_system_free(ukko_system *sys);
const char *ukko_remote_address(ukko_system *sys);
ukko_ref *ukko_system_ref(ukko_system *sys, const char *path);

ukko_ref *ukko_ref_retain(ukko_ref *ref); void ukko_ref_release(ukko_ref *ref);
const char *ukko_ref_path(const ukko_ref *ref); bool ukko_ref_equal(const ukko_ref *a, const ukko_ref *b);
void ukko_tell_from(ukko_ref *to, ukko_msg *msg, ukko_ref *sender);
ukko_selection *ukko_select(ukko_system *sys, const char *path);
void ukko_selection_release(ukko_selection *sel);
void ukko_selection_tell(const ukko_selection *sel, ukko_msg *msg, ukko_ref *sender);
void ukko_ask_async(ukko_ref *to, ukko_msg *msg, int64_t timeout_ms,
                    void (*fn)(void *data, int status, const ukko_msg *answer), void *data);
void ukko_selection_ask_async(const ukko_selection *sel, ukko_msg *msg, int64_t timeout_ms,
                    void (*fn)(void *data, int status, const ukko_msg *answer), void *data);
void ukko_selection_find_async(const ukko_selection *sel, int64_t timeout_ms,
                    void (*fn)(void *data, int status, ukko_ref *ref), void *data);
void ukko_watch(ukko_ctx *ctx, ukko_ref *ref); void ukko_unwatch(ukko_ctx *ctx, ukko_ref *ref);
void ukko_stop(ukko_ctx *ctx, ukko_ref *ref); ukko_ref *ukko_self(ukko_ctx *ctx);

ukko_msg *ukko_msg_new(const ukko_type *type); ukko_msg *ukko_msg_copy(const ukko_type *type, const void *body);
void ukko_msg_release(ukko_msg *msg);
const ukko_type *ukko_msg_type(const ukko_msg *msg); const void *ukko_msg_get(const ukko_msg *msg, const ukko_type *type);
size_t ukko_msg_print(const ukko_msg *msg, char *buf, size_t len);

/* of this binding */
int pyukko_system_new(ukko_system **out, const char *name, const ukko_config *config, ukko_error *err);
int pyukko_spawn(ukko_system *sys, void *handle, const char *name, ukko_ref **out, void **kind);
ukko_ref *pyukko_sender(ukko_ctx *ctx);
void pyukko_command(ukko_ref *to, int64_t id);
int64_t pyukko_command_id(const ukko_msg *msg);
void pyukko_free_kind(void *kind);
extern "Python" void pyukko_received(void *handle, ukko_ctx *ctx, const ukko_msg *msg);
extern "Python" void pyukko_ended(void *handle);
extern "Python" void pyukko_answered(void *data, int status, const ukko_msg *answer);
extern "Python" void pyukko_found(void *data, int status, ukko_ref *ref);
''')

ffi.set_source('pyukko._ukko', r'''
#include <stdlib.h>
#include <ukko/ukko.h>

static void pyukko_received(void *handle, ukko_ctx *ctx, const ukko_msg *msg);
static void pyukko_ended(void *handle);

static int pyukko_system_new(ukko_system **out, const char *name, const ukko_config *config, ukko_error *err) {
    ukko_system_opts opts = UKKO_SYSTEM_OPTS(name, NULL);
    opts.config = config;
    int rc = ukko_system_new(out, &opts, err);
    if (!rc) rc = ukko_remote_enable(*out, err);
    if (!rc) rc = ukko_system_start(*out, err);
    if (rc) {
        ukko_system_free(*out);
        *out = NULL;
    }
    return rc;
}

/* A request of Python's to one of its own actors, which is carried out in that actor's turn. */
typedef struct { int64_t id; } pyukko_command_body;
static const ukko_field command_fields[] = {UKKO_FIELD(pyukko_command_body, id, UKKO_I64)};
static const ukko_type command_type = {sizeof(ukko_type), sizeof(pyukko_command_body), "pyukko.Command", "pyukko.Command",
                                       NULL, UKKO_SER_LOCAL, 0, 1, command_fields, NULL, NULL};
static void pyukko_command(ukko_ref *to, int64_t id) {
    pyukko_command_body body = {id};
    ukko_tell_from(to, ukko_msg_copy(&command_type, &body), NULL);
}
static int64_t pyukko_command_id(const ukko_msg *msg) {
    const pyukko_command_body *body = ukko_msg_get(msg, &command_type);
    return body ? body->id : 0;
}

static int on_message(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    pyukko_received(ukko_ctx_actor(ctx)->data, ctx, msg);
    return UKKO_OK;
}
static void on_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    pyukko_ended(ukko_ctx_actor(ctx)->data);
}
static ukko_ref *pyukko_sender(ukko_ctx *ctx) {
    return ukko_current(ctx) ? ukko_sender(ctx) : NULL;
}
/* Each actor has a table of its own, as its handle lies there; Python frees it after the system. */
static int pyukko_spawn(ukko_system *sys, void *handle, const char *name, ukko_ref **out, void **kind) {
    ukko_actor *a = calloc(1, sizeof *a);
    if (!a) abort();
    a->size = sizeof *a;
    a->name = "pyukko.Actor";
    a->receive.otherwise = on_message;
    a->stop = on_stop;
    a->data = handle;
    *kind = a;
    return ukko_system_spawn(sys, ukko_props_new(a), name, out);
}
static void pyukko_free_kind(void *kind) { free(kind); }
''', include_dirs=[os.path.join(prefix, 'include')], libraries=['ukko'], library_dirs=libs, extra_link_args=['-Wl,-rpath,$ORIGIN'])

if __name__ == '__main__':
    ffi.compile(verbose=True)
