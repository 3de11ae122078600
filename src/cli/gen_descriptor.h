/* SPDX-License-Identifier: Apache-2.0 */
/* What protoc makes of .proto files (google/protobuf/descriptor.proto), as far as `ukko gen` looks at
   it; read by ukko's own protobuf tables. Main thread. */
#ifndef GEN_DESCRIPTOR_H
#define GEN_DESCRIPTOR_H
#include "gen.h"
#include <ukko/ukko.h>

typedef struct pb_value { const char *name; int32_t number; } pb_value;
typedef struct pb_enum { const char *name; pb_value *values; size_t n_values; } pb_enum;
typedef struct pb_field_options { bool packed, has_packed; } pb_field_options;
typedef struct pb_field {
    const char *name, *type_name;
    int32_t number, label, type, oneof_index;
    bool has_oneof_index, proto3_optional;
    pb_field_options *options;
} pb_field;
typedef struct pb_oneof { const char *name; } pb_oneof;
typedef struct pb_message_options { bool map_entry; } pb_message_options;
typedef struct pb_message pb_message;
struct pb_message {
    const char *name;
    pb_field *fields;
    size_t n_fields;
    pb_message *nested;
    size_t n_nested;
    pb_enum *enums;
    size_t n_enums;
    pb_message_options *options;
    pb_oneof *oneofs;
    size_t n_oneofs;
};
typedef struct pb_service { const char *name; } pb_service;
typedef struct pb_file_options {
    const char *java_package, *outer_class; /* "": not given */
    bool multiple_files;
} pb_file_options;
typedef struct pb_file {
    const char *name, *package, *syntax;
    pb_message *messages;
    size_t n_messages;
    pb_enum *enums;
    size_t n_enums;
    pb_service *services;
    size_t n_services;
    pb_file_options *options;
} pb_file;
typedef struct pb_set { pb_file *files; size_t n_files; } pb_set;

enum { PB_OPTIONAL = 1, PB_REQUIRED, PB_REPEATED };
enum {
    PB_DOUBLE = 1, PB_FLOAT, PB_INT64, PB_UINT64, PB_INT32, PB_FIXED64, PB_FIXED32, PB_BOOL, PB_STRING,
    PB_GROUP, PB_MESSAGE, PB_BYTES, PB_UINT32, PB_ENUM, PB_SFIXED32, PB_SFIXED64, PB_SINT32, PB_SINT64
};

extern const ukko_type pb_set_type; /* pb_set */
/* main_only: of all files but the last only what that one refers to. */
int gen_add_descriptors(gen_model *m, const pb_set *set, bool main_only);
#endif
