/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko schema`: JSON Schema of what a command prints, from the table of commands. Main thread. */
#include "tables.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "string?" is string or null, "any" says nothing */
static json_t *type_of(const char *type) {
    json_t *j = json_object();
    size_t len = strlen(type);
    if (strcmp(type, "any") == 0) return j;
    if (type[len - 1] == '?')
        json_object_set_new(j, "type", json_pack("[s%, s]", type, len - 1, "null"));
    else json_object_set_new(j, "type", json_string(type));
    return j;
}

static json_t *object_of(const field *fields) {
    json_t *properties = json_object(), *required = json_array();
    for (; fields->name; fields++) {
        json_t *one = type_of(fields->type);
        json_object_set_new(one, "description", json_string(fields->help));
        json_object_set_new(properties, fields->name, one);
        json_array_append_new(required, json_string(fields->name));
    }
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties, "required",
                     required, "additionalProperties", 0);
}

static json_t *error_schema(void) {
    static const field members[] = {
        {"code", "string", "for programs, as CONNECT_REFUSED"},
        {"stage", "string", "usage, config, resolve, connect, tls, handshake, lookup, reply, ..."},
        {"peer", "string?", "whom it is about"},
        {"detail", "string", "for people"},
        {"hint", "string?", "what may help"},
        {NULL, NULL, NULL},
    };
    static const field outer[] = {{"error", "object", "why the command failed"},
                                  {NULL, NULL, NULL}};
    json_t *j = object_of(outer);
    json_object_set_new(json_object_get(j, "properties"), "error", object_of(members));
    return j;
}

static json_t *array_of_records(void) {
    return json_pack("{s:s, s:{s:s}}", "type", "array", "items", "$ref", "#/$defs/record");
}

/* json: one document; jsonl: each line */
static json_t *schema_of(const command *outer, const command *k) {
    char title[100];
    snprintf(title, sizeof title, "ukko %s%s%s", outer ? outer->name : "", outer ? " " : "",
             k->name);
    json_t *defs = json_object(), *whole = json_object();
    json_object_set_new(defs, "error", error_schema());
    json_object_set_new(defs, "record", object_of(k->fields));
    if (k->whole) whole = object_of(k->whole);
    else if (k->many) json_object_update_new(whole, array_of_records());
    else if (k->many_with)
        json_object_set_new(whole, "oneOf",
                            json_pack("[{s:s}, o]", "$ref", "#/$defs/record", array_of_records()));
    else json_object_set_new(whole, "$ref", json_string("#/$defs/record"));
    return json_pack("{s:s, s:s, s:s, s:[o, {s:s}], s:o}", "$schema",
                     "https://json-schema.org/draft/2020-12/schema", "title", title, "description",
                     k->help, "oneOf", whole, "$ref", "#/$defs/error", "$defs", defs);
}

static void add_all(json_t *all, const command *outer, const command *k) {
    for (; k->name; k++) {
        char name[100];
        snprintf(name, sizeof name, "%s%s%s", outer ? outer->name : "", outer ? " " : "", k->name);
        if (k->fields) json_object_set_new(all, name, schema_of(outer, k));
        if (k->sub) add_all(all, k, k->sub);
    }
}

int run_schema(cli *c) {
    const command *outer = NULL, *k = NULL;
    for (int i = 0; i < c->n_args; i++) {
        const command *table = i == 0 ? commands : k->sub;
        outer = k;
        k = table ? command_named(table, c->args[i]) : NULL;
        if (!k) return args_unknown(c, outer, c->args[i]);
    }
    if (k && !k->fields) return cli_usage(c, "%s prints no records", k->name);
    json_t *j = k ? schema_of(outer, k) : json_object();
    if (!k) add_all(j, NULL, commands);
    char *text = json_dumps(j, JSON_INDENT(2));
    puts(text ? text : "{}");
    free(text);
    json_decref(j);
    return CLI_OK;
}
