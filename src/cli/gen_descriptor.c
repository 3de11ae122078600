/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of gen_descriptor.h. Constant data. */
#include "gen_descriptor.h"

#define TEXT(S, m, tag)   UKKO_FIELD_TAG(S, m, UKKO_STR, tag)
#define FLAG(S, m, tag)   UKKO_FIELD_TAG(S, m, UKKO_BOOL, tag)
#define NUMBER(S, m, tag) UKKO_FIELD_TAG(S, m, UKKO_I32, tag)
#define LIST(S, m, tag, of)                                                                        \
    UKKO_FIELD_ALL(S, m, #m, UKKO_STRUCT, UKKO_REPEATED, tag, n_##m, of, NULL)
#define PART(S, m, tag, of) UKKO_FIELD_ALL(S, m, #m, UKKO_STRUCTP, 0, tag, m, of, NULL)
#define MAYBE(S, m, kind, tag)                                                                     \
    UKKO_FIELD_ALL(S, m, #m, kind, UKKO_PRESENT, tag, has_##m, NULL, NULL)

static const ukko_field value_fields[] = {TEXT(pb_value, name, 1), NUMBER(pb_value, number, 2)};
static const ukko_type value_type = UKKO_TYPE_LOCAL(pb_value, value_fields);
static const ukko_field enum_fields[] = {TEXT(pb_enum, name, 1),
                                         LIST(pb_enum, values, 2, &value_type)};
static const ukko_type enum_type = UKKO_TYPE_LOCAL(pb_enum, enum_fields);
static const ukko_field field_option_fields[] = {MAYBE(pb_field_options, packed, UKKO_BOOL, 2)};
static const ukko_type field_options_type = UKKO_TYPE_LOCAL(pb_field_options, field_option_fields);
static const ukko_field field_fields[] = {
    TEXT(pb_field, name, 1),
    NUMBER(pb_field, number, 3),
    NUMBER(pb_field, label, 4),
    NUMBER(pb_field, type, 5),
    TEXT(pb_field, type_name, 6),
    PART(pb_field, options, 8, &field_options_type),
    MAYBE(pb_field, oneof_index, UKKO_I32, 9),
    FLAG(pb_field, proto3_optional, 17),
};
static const ukko_type field_type = UKKO_TYPE_LOCAL(pb_field, field_fields);
static const ukko_field oneof_fields[] = {TEXT(pb_oneof, name, 1)};
static const ukko_type oneof_type = UKKO_TYPE_LOCAL(pb_oneof, oneof_fields);
static const ukko_field message_option_fields[] = {FLAG(pb_message_options, map_entry, 7)};
static const ukko_type message_options_type =
    UKKO_TYPE_LOCAL(pb_message_options, message_option_fields);
static const ukko_type message_type;
static const ukko_field message_fields[] = {
    TEXT(pb_message, name, 1),
    LIST(pb_message, fields, 2, &field_type),
    LIST(pb_message, nested, 3, &message_type),
    LIST(pb_message, enums, 4, &enum_type),
    PART(pb_message, options, 7, &message_options_type),
    LIST(pb_message, oneofs, 8, &oneof_type),
};
static const ukko_type message_type = UKKO_TYPE_LOCAL(pb_message, message_fields);
static const ukko_field service_fields[] = {TEXT(pb_service, name, 1)};
static const ukko_type service_type = UKKO_TYPE_LOCAL(pb_service, service_fields);
static const ukko_field file_option_fields[] = {
    TEXT(pb_file_options, java_package, 1),
    TEXT(pb_file_options, outer_class, 8),
    FLAG(pb_file_options, multiple_files, 10),
};
static const ukko_type file_options_type = UKKO_TYPE_LOCAL(pb_file_options, file_option_fields);
static const ukko_field file_fields[] = {
    TEXT(pb_file, name, 1),
    TEXT(pb_file, package, 2),
    LIST(pb_file, messages, 4, &message_type),
    LIST(pb_file, enums, 5, &enum_type),
    LIST(pb_file, services, 6, &service_type),
    PART(pb_file, options, 8, &file_options_type),
    TEXT(pb_file, syntax, 12),
};
static const ukko_type file_type = UKKO_TYPE_LOCAL(pb_file, file_fields);
static const ukko_field set_fields[] = {LIST(pb_set, files, 1, &file_type)};
const ukko_type pb_set_type =
    UKKO_TYPE(pb_set, "com.google.protobuf.DescriptorProtos$FileDescriptorSet", UKKO_SER_PROTOBUF,
              set_fields);
