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

/* ---- JSON as a tree: ukko_tree(3) -------------------------------------------------- */

typedef struct ukko_tree ukko_tree; /* a document, which owns its nodes */
typedef struct ukko_node ukko_node; /* a value in it; borrowed from its tree */

/* What a node is. */
typedef enum ukko_node_kind {
    UKKO_NODE_NONE = 0, /* of a NULL pointer */
    UKKO_NODE_NULL,     /* null */
    UKKO_NODE_BOOL,     /* true or false */
    UKKO_NODE_NUMBER,   /* of any size, with all its digits */
    UKKO_NODE_TEXT,     /* UTF-8; may hold NULs */
    UKKO_NODE_BYTES,    /* from CBOR only; JSON shows base64 */
    UKKO_NODE_LIST,     /* [..] */
    UKKO_NODE_OBJECT    /* {..} */
} ukko_node_kind;

/* A tree whose root is null. Owned: ukko_tree_free(). */
UKKO_API ukko_tree *ukko_tree_new(void);
/* Ends a tree and all its nodes. NULL is fine. */
UKKO_API void ukko_tree_free(ukko_tree *tree);
/* Reads JSON. *out is owned: ukko_tree_free(). Of a name that comes twice in an object the last
   value counts, as for Jackson. UKKO_EPARSE: no JSON, err says where; UKKO_ETOOBIG: 1000 levels, 64
   MiB of nodes. */
UKKO_API UKKO_NODISCARD int ukko_tree_parse(ukko_tree **out, ukko_slice json, ukko_error *err);
/* The content of a ukko_json_type message, owned; NULL when msg is none or its text no JSON. */
UKKO_API ukko_tree *ukko_tree_of(const ukko_msg *msg);
/* A ukko_json_type message of that Java class, owned: ended by sending it or ukko_msg_release().
   cbor: it travels as CBOR (33). The tree stays yours. */
UKKO_API ukko_msg *ukko_tree_msg(const ukko_tree *tree, const char *class_name, bool cbor);
/* JSON on one line, as Jackson writes it. Owned: ukko_free(). */
UKKO_API char *ukko_tree_print(const ukko_tree *tree);

UKKO_API ukko_node *ukko_tree_root(ukko_tree *tree); /* what the document is; never NULL */
/* Makes root, a node of this tree that is in no place yet, what the document is. */
UKKO_API void ukko_tree_set_root(ukko_tree *tree, ukko_node *root);

/* ---- Reading trees of JSON: ukko_node(3) ------------------------------------------- */

/* What it gives is borrowed, and lives as long as the tree. Nothing here fails: of what is not
   there comes NULL, 0 or the value called otherwise. */

UKKO_API ukko_node_kind ukko_node_kind_of(const ukko_node *node); /* what it is */
/* Elements of a list, members of an object; 0 for others. */
UKKO_API size_t ukko_node_count(const ukko_node *node);
/* Element or value number i; NULL past the end. */
UKKO_API ukko_node *ukko_node_at(const ukko_node *node, size_t i);
/* Name of member number i; NULL past the end, and for lists. */
UKKO_API const char *ukko_node_name_at(const ukko_node *node, size_t i);
/* The member of that name, or NULL. */
UKKO_API ukko_node *ukko_node_get(const ukko_node *node, const char *name);
/* The member at a path: names with dots between them, "address.city". NULL: not there. */
UKKO_API ukko_node *ukko_node_find(const ukko_node *node, const char *path);
/* The value, or otherwise when it is none of true and false. */
UKKO_API bool ukko_node_bool(const ukko_node *node, bool otherwise);
/* The value, or otherwise when it is no whole number, or one that does not fit. */
UKKO_API int64_t ukko_node_int(const ukko_node *node, int64_t otherwise);
/* The value, or otherwise when it is no number. */
UKKO_API double ukko_node_real(const ukko_node *node, double otherwise);
/* Text, or the digits of a number as they were written; otherwise for all others. */
UKKO_API const char *ukko_node_text(const ukko_node *node, const char *otherwise);
/* Text or bytes with their length; an empty view with ptr NULL for all others. */
UKKO_API ukko_slice ukko_node_slice(const ukko_node *node);

/* ---- Making and changing trees of JSON: ukko_node_new(3) --------------------------- */

/* New nodes belong to the tree, and are in no place yet: ukko_node_set(), ukko_node_add() and
   ukko_tree_set_root() put them in one. */

UKKO_API ukko_node *ukko_node_new_null(ukko_tree *tree);             /* null */
UKKO_API ukko_node *ukko_node_new_bool(ukko_tree *tree, bool value); /* true or false */
UKKO_API ukko_node *ukko_node_new_int(ukko_tree *tree, int64_t value); /* a whole number */
UKKO_API ukko_node *ukko_node_new_real(ukko_tree *tree, double value); /* NaN, infinities: text */
UKKO_API ukko_node *ukko_node_new_text(ukko_tree *tree, const char *text); /* a copy; NULL: null */
/* A number of any size; NULL when text is none of JSON's. */
UKKO_API ukko_node *ukko_node_new_number(ukko_tree *tree, const char *text);
UKKO_API ukko_node *ukko_node_new_list(ukko_tree *tree);   /* an empty list */
UKKO_API ukko_node *ukko_node_new_object(ukko_tree *tree); /* an object without members */
/* A copy of node, which may be of another tree, and of all below it. NULL gives null. */
UKKO_API ukko_node *ukko_node_new_copy(ukko_tree *tree, const ukko_node *node);

/* ---- Changing ---------------------------------------------------------------------- */

/* A node is put in one place only, and not below itself. */

/* Sets a member to value; a new one comes last. name is copied. UKKO_ETYPE: object is none. */
UKKO_API int ukko_node_set(ukko_tree *tree, ukko_node *object, const char *name, ukko_node *value);
/* Appends to a list. UKKO_ETYPE: list is none. */
UKKO_API int ukko_node_add(ukko_tree *tree, ukko_node *list, ukko_node *value);
/* Takes a member out of its place and gives it, borrowed from the tree; NULL: it is not there. */
UKKO_API ukko_node *ukko_node_remove(ukko_node *object, const char *name);
/* The same with element or member number i. */
UKKO_API ukko_node *ukko_node_remove_at(ukko_node *node, size_t i);
/* Renames a member in its place; one that has the new name already goes. UKKO_ENOTFOUND. */
UKKO_API int ukko_node_rename(ukko_tree *tree, ukko_node *object, const char *from, const char *to);

/* ---- Messages of another version: ukko_migration(3) -------------------------------- */

/* What is to be done with messages of another version than this program's. The counterpart of a
   JacksonMigration. Messages of its class are written as "class#version". One that arrives with a
   lower version, or a higher one up to `forward`, goes through the two functions; one above that is
   refused. No version in the manifest is version 1. */
typedef struct ukko_migration {
    uint32_t size; /* sizeof(ukko_migration) */
    int32_t version; /* the current one, at least 1 */
    int32_t forward; /* the highest that can be brought back; 0: version */
    const char *class_name; /* as in the manifest of what arrives; never NULL */
    /* The class that it is now; NULL: the same. May be NULL. */
    const char *(*rename_class)(int32_t from_version, const char *class_name, void *data);
    /* Brings the tree to the current version. A negative code refuses the message. May be NULL. */
    int (*transform)(int32_t from_version, ukko_tree *tree, void *data);
    void *data; /* the program's own, passed to both */
} ukko_migration;

#ifdef __cplusplus
}
#endif
#endif
