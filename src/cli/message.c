/* SPDX-License-Identifier: Apache-2.0 */
/* The message of `tell` and `ask`, from options or an argument. A Jackson class is sent as the JSON
   text that was given: its type is made here, with a codec that passes the bytes on. */
#include "cli.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- A class that only travels as JSON ----------------------------------------------- */

static int raw_copy(ukko_msg *into, void *body, const void *from) {
    const ukko_slice *in = from;
    uint8_t *bytes = ukko_msg_alloc(into, in->len + 1);
    memcpy(bytes, in->ptr, in->len);
    *(ukko_slice *)body = (ukko_slice){bytes, in->len};
    return UKKO_OK;
}

static int raw_encode(ukko_encoder *out, const void *body) {
    const ukko_slice *json = body;
    return ukko_encoder_put(out, json->ptr, json->len);
}

static int raw_decode(ukko_msg *into, void *body, ukko_slice in) {
    return raw_copy(into, body, &in);
}

static const ukko_codec raw_codec = {sizeof(ukko_codec), raw_copy, raw_encode, raw_decode};
static ukko_type raw_type = {
    .size = sizeof(ukko_type),
    .body_size = sizeof(ukko_slice),
    .serializer = UKKO_SER_JACKSON_JSON,
    .codec = &raw_codec,
};
static const ukko_type *const raw_types[] = {&raw_type, NULL};

const ukko_type *const *message_types(cli *c) {
    const char *class_name = args_value(c, "json-class");
    raw_type.name = raw_type.class_name = raw_type.manifest = class_name;
    return class_name ? raw_types : NULL;
}

static int build_json(cli *c, const char *text, ukko_msg **msg) {
    json_error_t error;
    json_t *j = json_loads(text, JSON_DECODE_ANY, &error);
    if (!j) return cli_usage(c, "not JSON: %s, at column %d", error.text, error.column);
    json_decref(j);
    message_types(c);
    *msg = ukko_msg_copy(&raw_type, &(ukko_slice){(const uint8_t *)text, strlen(text)});
    return CLI_OK;
}

/* ---- The other kinds ----------------------------------------------------------------- */

static int build_string(cli *c, const char *text, ukko_msg **msg) {
    (void)c;
    *msg = ukko_msg_string(text);
    return CLI_OK;
}

static int build_long(cli *c, const char *text, ukko_msg **msg) {
    (void)text;
    int64_t n = 0;
    int status = args_number(c, "long", INT64_MIN, INT64_MAX, &n);
    *msg = status == CLI_OK ? ukko_msg_copy(&ukko_long_type, &n) : NULL;
    return status;
}

static int build_int(cli *c, const char *text, ukko_msg **msg) {
    (void)text;
    int64_t n = 0;
    int status = args_number(c, "int", INT32_MIN, INT32_MAX, &n);
    *msg = status == CLI_OK ? ukko_msg_copy(&ukko_int_type, &(int32_t){(int32_t)n}) : NULL;
    return status;
}

static int build_bool(cli *c, const char *text, ukko_msg **msg) {
    bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return cli_usage(c, "--bool: '%s' is neither true nor false", text);
    *msg = ukko_msg_copy(&ukko_bool_type, &yes);
    return CLI_OK;
}

static int hex_digit(char c) {
    const char *digits = "0123456789abcdefABCDEF", *at = c ? strchr(digits, c) : NULL;
    return !at ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

static int build_bytes(cli *c, const char *text, ukko_msg **msg) {
    size_t n = strlen(text) / 2;
    uint8_t *bytes = malloc(n + 1);
    bool good = strlen(text) % 2 == 0;
    for (size_t i = 0; i < n && good; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        good = high >= 0 && low >= 0;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    if (good) *msg = ukko_msg_copy(&ukko_bytes_type, &(ukko_slice){bytes, n});
    free(bytes);
    return good ? CLI_OK : cli_usage(c, "--bytes-hex: '%s' is no hex", text);
}

static const struct {
    const char *option;
    int (*build)(cli *c, const char *text, ukko_msg **msg);
} kinds[] = {
    {"string", build_string}, {"long", build_long},       {"int", build_int},
    {"bool", build_bool},     {"bytes-hex", build_bytes},
};

/* ---- Bytes of any serializer --------------------------------------------------------- */

enum { MAX_FILE = 64 << 20 };

static int read_file(cli *c, const char *path, uint8_t **bytes, size_t *len) {
    problem p = {CLI_IO, "FILE", "usage", NULL, NULL};
    FILE *f = fopen(path, "rb");
    *bytes = f ? malloc(MAX_FILE + 1) : NULL;
    *len = f ? fread(*bytes, 1, MAX_FILE + 1, f) : 0;
    int error = f && !ferror(f) ? *len > MAX_FILE ? EFBIG : 0 : errno;
    if (f) fclose(f);
    return error ? cli_fail(c, &p, "%s: %s", path, strerror(error)) : CLI_OK;
}

static int build_opaque(cli *c, ukko_msg **msg) {
    const char *file = args_value(c, "file"), *manifest = args_value(c, "manifest");
    int64_t id = 0;
    ukko_opaque o = {.manifest = manifest ? manifest : ""};
    uint8_t *bytes = NULL;
    ukko_msg *hex = NULL;
    if (!file == !args_value(c, "bytes-hex"))
        return cli_usage(c, "--serializer needs the bytes in either --file or --bytes-hex");
    int status = args_number(c, "serializer", INT32_MIN, INT32_MAX, &id);
    if (status == CLI_OK && file) status = read_file(c, file, &bytes, &o.bytes.len);
    else if (status == CLI_OK) status = build_bytes(c, args_value(c, "bytes-hex"), &hex);
    if (status == CLI_OK) {
        o.serializer = (int32_t)id;
        if (hex) o.bytes = *(const ukko_slice *)ukko_msg_get(hex, &ukko_bytes_type);
        else o.bytes.ptr = bytes;
        *msg = ukko_msg_copy(&ukko_opaque_type, &o);
    }
    ukko_msg_release(hex);
    free(bytes);
    return status;
}

int message_of_line(cli *c, const char *line, ukko_msg **msg) {
    return args_count(c, "json-class") ? build_json(c, line, msg)
           : args_count(c, "proto")    ? proto_build(c, line, msg)
                                       : build_string(c, line, msg);
}

int message_build(cli *c, int index, ukko_msg **msg) {
    const char *argument = index < c->n_args ? c->args[index] : NULL;
    bool opaque = args_count(c, "serializer") > 0, proto = args_count(c, "proto") > 0;
    if (!opaque && ((args_count(c, "manifest") && !proto) || args_count(c, "file")))
        return cli_usage(c, "--manifest and --file go with --serializer");
    if (proto && (opaque || !argument || args_count(c, "json-class")))
        return cli_usage(c, "--proto takes the message as text, and nothing else");
    if (opaque && argument) return cli_usage(c, "--serializer takes bytes, not '%s'", argument);
    if (opaque) return build_opaque(c, msg);
    int given = argument != NULL, kind = -1;
    for (int i = 0; i < (int)(sizeof kinds / sizeof kinds[0]); i++) {
        int n = args_count(c, kinds[i].option);
        given += n;
        kind = n ? i : kind;
    }
    if (given != 1) return cli_usage(c, given ? "one message only" : "no message given");
    bool json = args_count(c, "json-class") > 0;
    if (json && !argument) return cli_usage(c, "--json-class needs the JSON as an argument");
    if (argument) return message_of_line(c, argument, msg);
    return kinds[kind].build(c, args_value(c, kinds[kind].option), msg);
}
