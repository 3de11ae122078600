/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the messages that every node understands. Constant data; any thread. */
#include "actor/provider.h"
#include <string.h>

#define PEKKO "org.apache.pekko."
#define COUNT(fields) ((uint32_t)(sizeof(fields) / sizeof((fields)[0])))

/* type, struct, log name, class, manifest, serializer, flags, fields */
#define TYPE(var, S, name, class_name, manifest, ser, flags, fields)                        \
    const ukko_type var = {sizeof(ukko_type), sizeof(S), name, class_name, manifest, ser,   \
                           flags, COUNT(fields), fields, NULL, NULL}
#define PLAIN(var, S, name, class_name, ser)                                                \
    const ukko_type var = {sizeof(ukko_type), sizeof(S), name, class_name, NULL, ser, 0, 0, \
                           NULL, NULL, NULL}
#define EMPTY(var, name, class_name, manifest, ser, flags)                                  \
    const ukko_type var = {sizeof(ukko_type), 0, name, class_name, manifest, ser, flags, 0, \
                           NULL, NULL, NULL}

/* ---- values ---- */

/* The text may hold NULs, so that a plain string copy would lose its tail. */
static int copy_string(ukko_msg *into, void *body, const void *from) {
    const ukko_string *src = from;
    ukko_string *dst = body;
    size_t len = src->len || !src->text ? src->len : strlen(src->text);
    if (len && !src->text) return UKKO_EINVAL;
    char *text = ukko_msg_alloc(into, len + 1);
    if (len) memcpy(text, src->text, len);
    *dst = (ukko_string){text, len};
    return UKKO_OK;
}
static const ukko_codec string_codec = {sizeof(ukko_codec), copy_string, NULL, NULL};
#define STRING(var, name, class_name, manifest, ser)                                        \
    const ukko_type var = {sizeof(ukko_type), sizeof(ukko_string), name, class_name,        \
                           manifest, ser, 0, 0, NULL, &string_codec, NULL}

/* The body is one ukko_slice. */
static const ukko_field slice_fields[] = {
    {"bytes", UKKO_BYTES, 0, 0, 0, sizeof(ukko_slice), 0, NULL, NULL}};

EMPTY(ukko_null_type, "null", "null", NULL, UKKO_SER_NULL, 0);
STRING(ukko_string_type, "String", "java.lang.String", NULL, UKKO_SER_STRING);
PLAIN(ukko_int_type, int32_t, "Integer", "java.lang.Integer", UKKO_SER_INT);
PLAIN(ukko_long_type, int64_t, "Long", "java.lang.Long", UKKO_SER_LONG);
PLAIN(ukko_bool_type, bool, "Boolean", "java.lang.Boolean", UKKO_SER_BOOL);
PLAIN(ukko_double_type, double, "Double", "java.lang.Double", UKKO_SER_LOCAL);
TYPE(ukko_bytes_type, ukko_slice, "byte[]", "[B", NULL, UKKO_SER_BYTES, 0, slice_fields);
TYPE(ukko_bytestring_type, ukko_slice, "ByteString", PEKKO "util.ByteString$ByteString1C", NULL,
     UKKO_SER_BYTESTRING, 0, slice_fields);

/* ---- general messages ---- */

static const ukko_field boxed_fields[] = {UKKO_FIELD(ukko_boxed, value, UKKO_MSG)};
#define BOXED(var, name, class_name, manifest)                                              \
    TYPE(var, ukko_boxed, name, class_name, manifest, UKKO_SER_MISC, 0, boxed_fields)

BOXED(ukko_option_type, "Option", "scala.Option", "C");
BOXED(ukko_optional_type, "Optional", "java.util.Optional", "H");
BOXED(ukko_status_success_type, "Success", PEKKO "actor.Status$Success", "D");
BOXED(ukko_status_failure_type, "Failure", PEKKO "actor.Status$Failure", "E");
BOXED(ukko_reply_success_type, "Success", PEKKO "pattern.StatusReply", "S");
BOXED(ukko_reply_exception_type, "Error", PEKKO "pattern.StatusReply", "SE");
EMPTY(ukko_reply_ack_type, "Success(Done)", PEKKO "pattern.StatusReply", "SA", UKKO_SER_MISC, 0);
STRING(ukko_reply_error_type, "Error", PEKKO "pattern.StatusReply", "SM", UKKO_SER_MISC);
EMPTY(ukko_done_type, "Done", PEKKO "Done$", "DONE", UKKO_SER_MISC, 0);
EMPTY(ukko_not_used_type, "NotUsed", PEKKO "NotUsed$", "NU", UKKO_SER_MISC, 0);

static const ukko_field frame_fields[] = {
    UKKO_FIELD(ukko_stack_frame, class_name, UKKO_STR),
    UKKO_FIELD(ukko_stack_frame, method, UKKO_STR),
    UKKO_FIELD(ukko_stack_frame, file, UKKO_STR),
    UKKO_FIELD(ukko_stack_frame, line, UKKO_I32),
};
static const ukko_type frame_type = UKKO_TYPE_LOCAL(ukko_stack_frame, frame_fields);
static const ukko_field throwable_fields[] = {
    UKKO_FIELD(ukko_throwable, class_name, UKKO_STR),
    UKKO_FIELD(ukko_throwable, message, UKKO_STR),
    UKKO_FIELD(ukko_throwable, cause, UKKO_MSG),
    UKKO_FIELD_LIST(ukko_throwable, frames, n_frames, UKKO_STRUCT, &frame_type),
    UKKO_FIELD(ukko_throwable, original_class, UKKO_STR),
    UKKO_FIELD(ukko_throwable, original_message, UKKO_STR),
    UKKO_FIELD(ukko_throwable, actor, UKKO_REF),
};
/* The manifest depends on the class: F, TNSEX or AIEX. */
TYPE(ukko_throwable_type, ukko_throwable, "Throwable", "java.lang.Throwable", "F", UKKO_SER_MISC,
     0, throwable_fields);

static const ukko_field ref_fields[] = {UKKO_FIELD(ukko_ref_body, ref, UKKO_REF)};
TYPE(ukko_ref_type, ukko_ref_body, "ActorRef", PEKKO "actor.ActorRef", "G", UKKO_SER_MISC, 0,
     ref_fields);

static const ukko_field identify_fields[] = {UKKO_FIELD(ukko_identify, id, UKKO_MSG)};
TYPE(ukko_identify_type, ukko_identify, "Identify", PEKKO "actor.Identify", "A", UKKO_SER_MISC,
     UKKO_TYPE_AUTO | UKKO_TYPE_NO_TIMEOUT_RESET, identify_fields);
static const ukko_field identity_fields[] = {
    UKKO_FIELD(ukko_identity, id, UKKO_MSG),
    UKKO_FIELD(ukko_identity, ref, UKKO_REF),
};
TYPE(ukko_identity_type, ukko_identity, "ActorIdentity", PEKKO "actor.ActorIdentity", "B",
     UKKO_SER_MISC, 0, identity_fields);

static const ukko_field address_fields[] = {
    UKKO_FIELD(ukko_address, protocol, UKKO_STR), UKKO_FIELD(ukko_address, system, UKKO_STR),
    UKKO_FIELD(ukko_address, host, UKKO_STR),     UKKO_FIELD(ukko_address, port, UKKO_I32),
    UKKO_FIELD(ukko_address, uid, UKKO_I64),
};
TYPE(ukko_address_type, ukko_address, "Address", PEKKO "actor.Address", "AD", UKKO_SER_MISC, 0,
     address_fields);
TYPE(ukko_unique_address_type, ukko_address, "UniqueAddress", PEKKO "remote.UniqueAddress", "UD",
     UKKO_SER_MISC, 0, address_fields);

EMPTY(ukko_poison_pill_type, "PoisonPill", PEKKO "actor.PoisonPill$", "P", UKKO_SER_MISC,
      UKKO_TYPE_HARMFUL | UKKO_TYPE_QUIET | UKKO_TYPE_AUTO);
EMPTY(ukko_kill_type, "Kill", PEKKO "actor.Kill$", "K", UKKO_SER_MISC,
      UKKO_TYPE_HARMFUL | UKKO_TYPE_AUTO);

/* ---- deployment ---- */

EMPTY(ukko_local_scope_type, "LocalScope", PEKKO "actor.LocalScope$", "LS", UKKO_SER_MISC, 0);
TYPE(ukko_remote_scope_type, ukko_address, "RemoteScope", PEKKO "remote.RemoteScope", "RS",
     UKKO_SER_MISC, 0, address_fields);
STRING(ukko_config_type, "Config", "com.typesafe.config.impl.SimpleConfig", "CF", UKKO_SER_MISC);

static const ukko_field resizer_fields[] = {
    UKKO_FIELD(ukko_default_resizer, lower_bound, UKKO_U32),
    UKKO_FIELD(ukko_default_resizer, upper_bound, UKKO_U32),
    UKKO_FIELD(ukko_default_resizer, pressure_threshold, UKKO_U32),
    UKKO_FIELD(ukko_default_resizer, rampup_rate, UKKO_F64),
    UKKO_FIELD(ukko_default_resizer, backoff_threshold, UKKO_F64),
    UKKO_FIELD(ukko_default_resizer, backoff_rate, UKKO_F64),
    UKKO_FIELD(ukko_default_resizer, messages_per_resize, UKKO_U32),
};
TYPE(ukko_default_resizer_type, ukko_default_resizer, "DefaultResizer",
     PEKKO "routing.DefaultResizer", "DR", UKKO_SER_MISC, 0, resizer_fields);

static const ukko_field duration_fields[] = {
    UKKO_FIELD(ukko_duration, value, UKKO_I64),
    UKKO_FIELD(ukko_duration, unit, UKKO_I32),
};
static const ukko_type duration_type = UKKO_TYPE_LOCAL(ukko_duration, duration_fields);
static const ukko_field pool_fields[] = {
    UKKO_FIELD(ukko_pool, kind, UKKO_I32),
    UKKO_FIELD(ukko_pool, instances, UKKO_U32),
    UKKO_FIELD(ukko_pool, dispatcher, UKKO_STR),
    UKKO_FIELD(ukko_pool, use_pool_dispatcher, UKKO_BOOL),
    UKKO_FIELD(ukko_pool, resizer, UKKO_MSG),
    UKKO_FIELD_OF(ukko_pool, within, UKKO_STRUCT, &duration_type),
    UKKO_FIELD_OF(ukko_pool, interval, UKKO_STRUCT, &duration_type),
};
/* The manifest depends on the kind. */
TYPE(ukko_pool_type, ukko_pool, "Pool", PEKKO "routing.Pool", "RORRP", UKKO_SER_MISC, 0,
     pool_fields);

static const ukko_field from_config_fields[] = {
    UKKO_FIELD(ukko_from_config, resizer, UKKO_MSG),
    UKKO_FIELD(ukko_from_config, dispatcher, UKKO_STR),
};
TYPE(ukko_from_config_type, ukko_from_config, "FromConfig", PEKKO "routing.FromConfig$", "FC",
     UKKO_SER_MISC, 0, from_config_fields);

static const ukko_field router_config_fields[] = {
    UKKO_FIELD(ukko_remote_router_config, local, UKKO_MSG),
    UKKO_FIELD_LIST(ukko_remote_router_config, nodes, n_nodes, UKKO_STRUCT, &ukko_address_type),
};
TYPE(ukko_remote_router_config_type, ukko_remote_router_config, "RemoteRouterConfig",
     PEKKO "remote.routing.RemoteRouterConfig", "RORRC", UKKO_SER_MISC, 0, router_config_fields);

/* ---- what the runtime sends ---- */

static const ukko_field terminated_fields[] = {
    UKKO_FIELD(ukko_terminated, ref, UKKO_REF),
    UKKO_FIELD(ukko_terminated, existence_confirmed, UKKO_BOOL),
    UKKO_FIELD(ukko_terminated, address_terminated, UKKO_BOOL),
};
TYPE(ukko_terminated_type, ukko_terminated, "Terminated", PEKKO "actor.Terminated", NULL,
     UKKO_SER_LOCAL, UKKO_TYPE_HARMFUL | UKKO_TYPE_QUIET | UKKO_TYPE_AUTO, terminated_fields);
EMPTY(ukko_receive_timeout_type, "ReceiveTimeout", PEKKO "actor.ReceiveTimeout$", NULL,
      UKKO_SER_LOCAL, UKKO_TYPE_HARMFUL);

static const ukko_field opaque_fields[] = {
    UKKO_FIELD(ukko_opaque, serializer, UKKO_I32),
    UKKO_FIELD(ukko_opaque, manifest, UKKO_STR),
    UKKO_FIELD(ukko_opaque, bytes, UKKO_BYTES),
};
/* Written with the serializer and the manifest it came with. */
TYPE(ukko_opaque_type, ukko_opaque, "Opaque", NULL, NULL, UKKO_SER_LOCAL, 0, opaque_fields);

static int copy_json(ukko_msg *into, void *body, const void *from) {
    const ukko_json *src = from;
    ukko_json *dst = body;
    ukko_string text = {src->text, src->len}, copied;
    int rc = copy_string(into, &copied, &text);
    if (rc || !src->class_name) return rc ? rc : UKKO_EINVAL;
    *dst = (ukko_json){ukko_msg_strdup(into, src->class_name), copied.text, copied.len, src->cbor};
    return UKKO_OK;
}
static const ukko_codec json_codec = {sizeof(ukko_codec), copy_json, NULL, NULL};
const ukko_type ukko_json_type = {sizeof(ukko_type), sizeof(ukko_json), "Json", NULL, NULL,
                                  UKKO_SER_JACKSON_JSON, 0, 0, NULL, &json_codec, NULL};

static const ukko_field step_fields[] = {
    UKKO_FIELD(uk_step, kind, UKKO_I32),
    UKKO_FIELD(uk_step, text, UKKO_BYTES),
};
static const ukko_type step_type = UKKO_TYPE_LOCAL(uk_step, step_fields);
static const ukko_field selection_fields[] = {
    UKKO_FIELD(uk_selection_body, message, UKKO_MSG),
    UKKO_FIELD_LIST(uk_selection_body, steps, n_steps, UKKO_STRUCT, &step_type),
    UKKO_FIELD(uk_selection_body, fan_out, UKKO_BOOL),
};
TYPE(uk_selection_type, uk_selection_body, "ActorSelectionMessage",
     PEKKO "actor.ActorSelectionMessage", NULL, UKKO_SER_CONTAINER,
     UKKO_TYPE_AUTO | UKKO_TYPE_HARMFUL, selection_fields);

EMPTY(uk_heartbeat_type, "Heartbeat", PEKKO "remote.RemoteWatcher$Heartbeat$", "RWHB",
      UKKO_SER_MISC, UKKO_TYPE_PRIORITY);
static const ukko_field heartbeat_rsp_fields[] = {UKKO_FIELD(uk_heartbeat_rsp, uid, UKKO_I64)};
TYPE(uk_heartbeat_rsp_type, uk_heartbeat_rsp, "HeartbeatRsp",
     PEKKO "remote.RemoteWatcher$HeartbeatRsp", "RWHR", UKKO_SER_MISC, UKKO_TYPE_PRIORITY,
     heartbeat_rsp_fields);

/* ---- events ---- */

static const ukko_field dead_letter_fields[] = {
    UKKO_FIELD(ukko_dead_letter, message, UKKO_MSG),
    UKKO_FIELD(ukko_dead_letter, sender, UKKO_REF),
    UKKO_FIELD(ukko_dead_letter, recipient, UKKO_REF),
    UKKO_FIELD(ukko_dead_letter, reason, UKKO_STR),
};
#define DEAD_LETTER(var, name, parent)                                                      \
    const ukko_type var = {sizeof(ukko_type), sizeof(ukko_dead_letter), name,               \
                           PEKKO "actor." name, NULL, UKKO_SER_LOCAL, 0,                    \
                           COUNT(dead_letter_fields), dead_letter_fields, NULL, parent}
DEAD_LETTER(ukko_all_dead_letters_type, "AllDeadLetters", NULL);
DEAD_LETTER(ukko_dead_letter_type, "DeadLetter", &ukko_all_dead_letters_type);
DEAD_LETTER(ukko_suppressed_dead_letter_type, "SuppressedDeadLetter", &ukko_all_dead_letters_type);
DEAD_LETTER(ukko_dropped_type, "Dropped", &ukko_all_dead_letters_type);
DEAD_LETTER(ukko_unhandled_type, "UnhandledMessage", NULL);

/* The length, a size_t, is a plain number that a copy of the bytes copies. */
static const ukko_field serial_failure_fields[] = {
    UKKO_FIELD(ukko_serial_failure, outgoing, UKKO_BOOL),
    UKKO_FIELD(ukko_serial_failure, serializer, UKKO_I32),
    UKKO_FIELD(ukko_serial_failure, manifest, UKKO_STR),
    UKKO_FIELD(ukko_serial_failure, class_name, UKKO_STR),
    UKKO_FIELD(ukko_serial_failure, reason, UKKO_STR),
    UKKO_FIELD(ukko_serial_failure, sender, UKKO_REF),
    UKKO_FIELD(ukko_serial_failure, recipient, UKKO_REF),
    UKKO_FIELD(ukko_serial_failure, message, UKKO_MSG),
};
TYPE(ukko_serial_failure_type, ukko_serial_failure, "SerialFailure", NULL, NULL, UKKO_SER_LOCAL, 0,
     serial_failure_fields);
