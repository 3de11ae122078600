/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_TREE_H
#define UKKO_TREE_H

/*
 * A JSON document as a tree: for messages of classes without a C struct (ukko_json_type), and for
 * migrations. Members keep their order; numbers keep all their digits.
 *
 * A tree and its nodes belong to one thread at a time. Nodes live as long as their tree; removing
 * one from its place does not free it. Functions that read take NULL for a node: there is nothing
 * in it. [any]
 */
#include <ukko/type.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ukko_tree ukko_tree;
typedef struct ukko_node ukko_node;

typedef enum ukko_node_kind {
    UKKO_NODE_NONE = 0, /* of a NULL pointer */
    UKKO_NODE_NULL,
    UKKO_NODE_BOOL,
    UKKO_NODE_NUMBER,
    UKKO_NODE_TEXT,
    UKKO_NODE_BYTES, /* from CBOR only; JSON shows base64 */
    UKKO_NODE_LIST,
    UKKO_NODE_OBJECT
} ukko_node_kind;

/* A tree whose root is null. Owned: ukko_tree_free(). */
UKKO_API ukko_tree *ukko_tree_new(void);
UKKO_API void ukko_tree_free(ukko_tree *tree); /* NULL is fine */
/* *out is owned. Of a name that comes twice in an object the last value counts, as for Jackson.
   UKKO_EPARSE: no JSON, err says where; UKKO_ETOOBIG: 1000 levels, 64 MiB of nodes. */
UKKO_API UKKO_NODISCARD int ukko_tree_parse(ukko_tree **out, ukko_slice json, ukko_error *err);
/* The content of a ukko_json_type message, owned; NULL when msg is none or its text no JSON. */
UKKO_API ukko_tree *ukko_tree_of(const ukko_msg *msg);
/* A message of that Java class, owned; cbor: it travels as CBOR (33). */
UKKO_API ukko_msg *ukko_tree_msg(const ukko_tree *tree, const char *class_name, bool cbor);
/* JSON on one line, as Jackson writes it. Owned: ukko_free(). */
UKKO_API char *ukko_tree_print(const ukko_tree *tree);

UKKO_API ukko_node *ukko_tree_root(ukko_tree *tree); /* never NULL */
/* root is a node of this tree. */
UKKO_API void ukko_tree_set_root(ukko_tree *tree, ukko_node *root);

/* ---- Reading ---- */

UKKO_API ukko_node_kind ukko_node_kind_of(const ukko_node *node);
/* Elements of a list, members of an object; 0 for others. */
UKKO_API size_t ukko_node_count(const ukko_node *node);
/* Element or value number i; NULL past the end. */
UKKO_API ukko_node *ukko_node_at(const ukko_node *node, size_t i);
/* Name of member number i; NULL past the end, and for lists. */
UKKO_API const char *ukko_node_name_at(const ukko_node *node, size_t i);
/* The member of that name, or NULL. path: names with dots between them, "address.city". */
UKKO_API ukko_node *ukko_node_get(const ukko_node *node, const char *name);
UKKO_API ukko_node *ukko_node_find(const ukko_node *node, const char *path);
/* The value, or otherwise when it is no such value or does not fit. */
UKKO_API bool ukko_node_bool(const ukko_node *node, bool otherwise);
UKKO_API int64_t ukko_node_int(const ukko_node *node, int64_t otherwise);
UKKO_API double ukko_node_real(const ukko_node *node, double otherwise);
/* Text, or the digits of a number as they were written; otherwise for all others. */
UKKO_API const char *ukko_node_text(const ukko_node *node, const char *otherwise);
/* Text or bytes with their length; an empty view with ptr NULL for all others. */
UKKO_API ukko_slice ukko_node_slice(const ukko_node *node);

/* ---- Making nodes: owned by the tree, and in no place yet ---- */

UKKO_API ukko_node *ukko_node_new_null(ukko_tree *tree);
UKKO_API ukko_node *ukko_node_new_bool(ukko_tree *tree, bool value);
UKKO_API ukko_node *ukko_node_new_int(ukko_tree *tree, int64_t value);
UKKO_API ukko_node *ukko_node_new_real(ukko_tree *tree, double value); /* NaN and infinities: text */
UKKO_API ukko_node *ukko_node_new_text(ukko_tree *tree, const char *text); /* NULL: null */
/* A number of any size; NULL when text is none of JSON's. */
UKKO_API ukko_node *ukko_node_new_number(ukko_tree *tree, const char *text);
UKKO_API ukko_node *ukko_node_new_list(ukko_tree *tree);
UKKO_API ukko_node *ukko_node_new_object(ukko_tree *tree);
/* A copy of node, which may be of another tree, and of all below it. NULL gives null. */
UKKO_API ukko_node *ukko_node_new_copy(ukko_tree *tree, const ukko_node *node);

/* ---- Changing. A node is put in one place only, and not below itself. ---- */

/* Sets a member; a new one comes last. UKKO_ETYPE: object is none. */
UKKO_API int ukko_node_set(ukko_tree *tree, ukko_node *object, const char *name, ukko_node *value);
/* Appends to a list. UKKO_ETYPE. */
UKKO_API int ukko_node_add(ukko_tree *tree, ukko_node *list, ukko_node *value);
/* Takes a member or an element out of its place and gives it; NULL: it is not there. */
UKKO_API ukko_node *ukko_node_remove(ukko_node *object, const char *name);
UKKO_API ukko_node *ukko_node_remove_at(ukko_node *node, size_t i);
/* Renames a member in its place; one that has the new name already goes. UKKO_ENOTFOUND. */
UKKO_API int ukko_node_rename(ukko_tree *tree, ukko_node *object, const char *from, const char *to);

/* ---- Migrations: messages of another version than this program's ---- */

/* The counterpart of a JacksonMigration. Messages of its class are written as "class#version".
   One that arrives with a lower version, or a higher one up to `forward`, goes through the two
   functions; one above that is refused. No version in the manifest is version 1. */
typedef struct ukko_migration {
    uint32_t size; /* sizeof(ukko_migration) */
    int32_t version; /* the current one, at least 1 */
    int32_t forward; /* the highest that can be brought back; 0: version */
    const char *class_name; /* as in the manifest of what arrives; never NULL */
    /* The class that it is now; NULL: the same. May be NULL. */
    const char *(*rename_class)(int32_t from_version, const char *class_name, void *data);
    /* Brings the tree to the current version. A negative code refuses the message. May be NULL. */
    int (*transform)(int32_t from_version, ukko_tree *tree, void *data);
    void *data;
} ukko_migration;

#ifdef __cplusplus
}
#endif
#endif
