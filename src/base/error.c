/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of error codes and versions; constant data. Any thread. */
#include "base/error.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *ukko_strerror(int code) {
    switch (code) {
    case UKKO_OK: return "ok";
#define X(name, num, text) case UKKO_E##name: return text;
        UKKO_ERROR_MAP(X)
#undef X
    default: return code <= UKKO_EUSER ? "failure of the application" : "unknown error";
    }
}
const char *ukko_err_name(int code) {
    switch (code) {
    case UKKO_OK: return "UKKO_OK";
#define X(name, num, text) case UKKO_E##name: return "UKKO_E" #name;
        UKKO_ERROR_MAP(X)
#undef X
    default: return "UKKO_E?";
    }
}
int uk_error(ukko_error *err, int code, const char *format, ...) {
    if (!err) return code;
    va_list ap;
    err->code = code;
    va_start(ap, format);
    vsnprintf(err->message, sizeof err->message, format, ap);
    va_end(ap);
    return code;
}
uint32_t ukko_version(void) {
    return UKKO_VERSION_MAJOR << 16 | UKKO_VERSION_MINOR << 8 | UKKO_VERSION_PATCH;
}
#define STR2(x) #x
#define STR(x) STR2(x)
const char *ukko_version_text(void) {
    return STR(UKKO_VERSION_MAJOR) "." STR(UKKO_VERSION_MINOR) "." STR(UKKO_VERSION_PATCH);
}
ukko_slice ukko_str(const char *text) {
    return (ukko_slice){(const uint8_t *)text, text ? strlen(text) : 0};
}
