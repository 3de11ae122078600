/* SPDX-License-Identifier: Apache-2.0 */
/* What the command prints: results on standard output in one of four modes, errors on standard error;
   json and jsonl have the errors on standard output. Main thread. */
#include "cli.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *output_text(const char *text) {
    if (!text) return json_null();
    json_t *j = json_string(text);
    if (j) return j;
    char *copy = strdup(text); /* not UTF-8 */
    for (char *p = copy; *p; p++)
        if ((unsigned char)*p >= 0x80) *p = '?';
    j = json_string(copy);
    free(copy);
    return j;
}

json_t *output_ms(int64_t ns) { return json_real((double)(ns / 1000) / 1000.0); }

static void print_json(json_t *j, size_t flags) {
    char *text = json_dumps(j, flags | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
    if (text) puts(text);
    free(text);
    fflush(stdout);
}

static void print_cell(json_t *j) {
    if (json_is_string(j)) {
        for (const char *p = json_string_value(j); *p; p++)
            fputs(*p == '\t' ? "\\t" : *p == '\n' ? "\\n" : (char[]){*p, '\0'}, stdout);
    } else if (j && !json_is_null(j)) {
        char *text = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
        fputs(text ? text : "", stdout);
        free(text);
    }
}

static void print_row(const cli *c, json_t *record) {
    for (const field *f = c->command->fields; f && f->name; f++) {
        if (f != c->command->fields) putchar('\t');
        print_cell(json_object_get(record, f->name));
    }
    putchar('\n');
    fflush(stdout);
}

void output_record(cli *c, json_t *record, const char *format, ...) {
    va_list args;
    va_start(args, format);
    c->n_records++;
    if (c->mode != JSON) output_progress_end(c);
    if (c->mode == HUMAN) {
        vprintf(format, args);
        putchar('\n');
        fflush(stdout);
    } else if (c->mode == JSONL) {
        print_json(record, JSON_COMPACT);
    } else if (c->mode == TSV) {
        print_row(c, record);
    } else {
        if (!c->records) c->records = json_array();
        json_array_append(c->records, record);
    }
    va_end(args);
    json_decref(record);
}

void output_note(cli *c, const char *format, ...) {
    if (c->mode != HUMAN || c->quiet) return;
    output_progress_end(c);
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

static void fail_for_programs(const cli *c, const problem *p, const char *detail);

static bool prints_many(const cli *c) {
    const command *k = c->command;
    return k && (k->many || (k->many_with && args_count(c, k->many_with)));
}

void output_end(cli *c, int status) {
    bool many = prints_many(c), interrupted = status == CLI_INTERRUPTED;
    problem p = {CLI_INTERRUPTED, "INTERRUPTED", "wait", NULL, NULL};
    output_progress_end(c);
    if (!c->records && many && c->mode == JSON && (status == CLI_OK || interrupted))
        c->records = json_array();
    if (interrupted && !many && !c->n_records && c->command && !c->command->own_output &&
        (c->mode == JSON || c->mode == JSONL))
        fail_for_programs(c, &p, "interrupted");
    if (c->records) {
        print_json(many ? c->records : json_array_get(c->records, 0), JSON_INDENT(2));
    }
    json_decref(c->records);
    c->records = NULL;
}

static void fail_for_people(const problem *p, const char *detail) {
    if (p->peer) fprintf(stderr, "ukko: %s: %s\n", p->peer, detail);
    else fprintf(stderr, "ukko: %s\n", detail);
    if (p->hint) fprintf(stderr, "  hint: %s\n", p->hint);
}

static void fail_for_programs(const cli *c, const problem *p, const char *detail) {
    json_t *e = json_object(), *whole = json_object();
    json_object_set_new(e, "code", output_text(p->code));
    json_object_set_new(e, "stage", output_text(p->stage));
    json_object_set_new(e, "peer", output_text(p->peer));
    json_object_set_new(e, "detail", output_text(detail));
    json_object_set_new(e, "hint", output_text(p->hint));
    json_object_set_new(whole, "error", e);
    print_json(whole, c->mode == JSON ? JSON_INDENT(2) : JSON_COMPACT);
    json_decref(whole);
}

static void fail(cli *c, const problem *p, const char *format, va_list args) {
    char detail[2048];
    if (interrupt_came()) return; /* it failed because of that; what there is goes out at the end */
    output_progress_end(c);
    vsnprintf(detail, sizeof detail, format, args);
    json_decref(c->records); /* json: the error is the one result */
    c->records = NULL;
    if (c->mode == JSON || c->mode == JSONL) fail_for_programs(c, p, detail);
    else if (c->mode == TSV)
        fprintf(stderr, "error\t%s\t%s\t%s\t%s\t%s\n", p->code, p->stage, p->peer ? p->peer : "",
                detail, p->hint ? p->hint : "");
    else fail_for_people(p, detail);
}

int cli_fail(cli *c, const problem *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail(c, p, format, args);
    va_end(args);
    return interrupt_came() ? CLI_INTERRUPTED : (int)p->status;
}

int cli_usage(cli *c, const char *format, ...) {
    char hint[200];
    snprintf(hint, sizeof hint, "%s help%s%s", c->program, c->command ? " " : "",
             c->command ? c->command->name : "");
    problem p = {CLI_USAGE, "USAGE", "usage", NULL, hint};
    va_list args;
    va_start(args, format);
    fail(c, &p, format, args);
    va_end(args);
    return CLI_USAGE;
}
