/* SPDX-License-Identifier: Apache-2.0 */
/* What the records of each command hold: the columns of tsv in their order, the members of json and
   jsonl. Part of the contract of a major version: only append. Constant data. */
#include "tables.h"

#define END {NULL, NULL, NULL}

const field node_fields[] = {
    {"address", "string", "where the node is reached"},
    {"uid", "integer", "of this incarnation"},
    END,
};

const field ping_fields[] = {
    {"peer", "string", "address of the peer"},
    {"n", "integer", "number of the answer, from 1"},
    {"ms", "number", "from the question to the answer"},
    END,
};

const field ping_whole[] = {
    {"peer", "string", "address of the peer"},
    {"uid", "integer", "of the peer's incarnation"},
    {"stages", "object", "resolve_ms, connect_ms, handshake_ms"},
    {"answers_ms", "array", "one number for each answer"},
    {"min_ms", "number", "the quickest answer"},
    {"avg_ms", "number", "the mean"},
    {"max_ms", "number", "the slowest answer"},
    END,
};

const field tell_fields[] = {
    {"to", "string", "reference of the actor"},
    {"sent", "boolean", "always true"},
    END,
};

const field ask_fields[] = {
    {"from", "string", "reference of the actor that answered"},
    {"type", "string", "Java class of the answer"},
    {"value", "any", "the answer"},
    {"ms", "number", "from the question to the answer"},
    END,
};

const field ref_fields[] = {
    {"ref", "string", "reference of an actor, with its uid"},
    END,
};

const field deploy_fields[] = {
    {"ref", "string", "reference of the new actor"},
    {"class", "string", "as the node knows it"},
    END,
};

const field stop_fields[] = {
    {"ref", "string", "reference of the actor"},
    {"stopped", "boolean", "always true"},
    END,
};

const field finding_fields[] = {
    {"path", "string", "of the setting"},
    {"nearest", "string?", "a setting that may be meant"},
    {"file", "string", "where it stands"},
    {"line", "integer", "likewise"},
    END,
};

const field diff_fields[] = {
    {"path", "string", "of the setting"},
    {"first", "any", "its value in the first file, null when it has none"},
    {"second", "any", "in the second"},
    END,
};

const field explain_fields[] = {
    {"path", "string", "of the setting"},
    {"value", "any", "the effective one"},
    {"file", "string", "where it was set"},
    {"line", "integer", "likewise"},
    {"use", "string", "own, honoured, accepted or unknown"},
    {"meaning", "string?", "what the setting is for"},
    {"overrides", "array", "value, file and line of each setting below"},
    END,
};

const field version_fields[] = {
    {"ukko", "string", "the version"},
    END,
};
