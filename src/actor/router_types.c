/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of routers. Constant data; any thread. All stay in this process, as they do on a JVM
   without Java serialization. */
#include "actor/routing.h"

#define ROUTING "org.apache.pekko.routing."
#define TYPE(var, S, name, class_name, flags, fields)                                       \
    const ukko_type var = {sizeof(ukko_type), sizeof(S), name, ROUTING class_name, NULL,    \
                           UKKO_SER_LOCAL, flags, sizeof(fields) / sizeof(fields[0]),       \
                           fields, NULL, NULL}
#define PLAIN(var, size, name, class_name, flags)                                           \
    const ukko_type var = {sizeof(ukko_type), size, name, ROUTING class_name, NULL,         \
                           UKKO_SER_LOCAL, flags, 0, NULL, NULL, NULL}

static const ukko_field broadcast_fields[] = {UKKO_FIELD(ukko_broadcast, message, UKKO_MSG)};
TYPE(ukko_broadcast_type, ukko_broadcast, "Broadcast", "Broadcast", 0, broadcast_fields);
static const ukko_field envelope_fields[] = {UKKO_FIELD(ukko_hash_envelope, message, UKKO_MSG),
                                             UKKO_FIELD(ukko_hash_envelope, key, UKKO_MSG)};
TYPE(ukko_hash_envelope_type, ukko_hash_envelope, "ConsistentHashableEnvelope",
     "ConsistentHashingRouter$ConsistentHashableEnvelope", 0, envelope_fields);

static const ukko_field routee_fields[] = {UKKO_FIELD(ukko_routee, ref, UKKO_REF),
                                           UKKO_FIELD(ukko_routee, path, UKKO_STR)};
static TYPE(routee_type, ukko_routee, "Routee", "Routee", 0, routee_fields);
static const ukko_field routees_fields[] = {
    UKKO_FIELD_LIST(ukko_routees, list, n, UKKO_STRUCT, &routee_type)};
TYPE(ukko_routees_type, ukko_routees, "Routees", "Routees", 0, routees_fields);
TYPE(ukko_add_routee_type, ukko_routee, "AddRoutee", "AddRoutee", 0, routee_fields);
TYPE(ukko_remove_routee_type, ukko_routee, "RemoveRoutee", "RemoveRoutee", 0, routee_fields);
PLAIN(ukko_get_routees_type, 0, "GetRoutees", "GetRoutees$", 0);
PLAIN(ukko_adjust_pool_size_type, sizeof(ukko_adjust_pool_size), "AdjustPoolSize",
      "AdjustPoolSize", 0);
PLAIN(uk_resize_type, 0, "Resize", "ResizablePoolActor$Resize$", UKKO_TYPE_QUIET);

ukko_msg *ukko_msg_broadcast(ukko_msg *message) {
    ukko_broadcast body = {message};
    ukko_msg *m = ukko_msg_copy(&ukko_broadcast_type, &body);
    ukko_msg_release(message);
    return m;
}
ukko_msg *ukko_msg_hashed(ukko_msg *message, ukko_msg *key) {
    ukko_hash_envelope body = {message, key};
    ukko_msg *m = ukko_msg_copy(&ukko_hash_envelope_type, &body);
    ukko_msg_release(message);
    ukko_msg_release(key);
    return m;
}
