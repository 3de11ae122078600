/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a system: levels, the program's sink or standard error, and log records as events on
   the event stream for whoever subscribes to them. Any thread. */
#include "actor/system.h"
#include "base/os.h"
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static const ukko_field event_fields[] = {
    UKKO_FIELD(ukko_log_event, system, UKKO_STR), UKKO_FIELD(ukko_log_event, source, UKKO_STR),
    UKKO_FIELD(ukko_log_event, logger, UKKO_STR), UKKO_FIELD(ukko_log_event, marker, UKKO_STR),
    UKKO_FIELD(ukko_log_event, text, UKKO_STR),   UKKO_FIELD(ukko_log_event, cause, UKKO_STR),
};
#define EVENT(var, text, parent)                                                            \
    const ukko_type var = {.size = sizeof(ukko_type),                                       \
                           .body_size = sizeof(ukko_log_event),                             \
                           .name = text,                                                    \
                           .class_name = "org.apache.pekko.event.Logging$" text,            \
                           .serializer = UKKO_SER_LOCAL,                                    \
                           .flags = UKKO_TYPE_QUIET,                                        \
                           .n_fields = sizeof event_fields / sizeof *event_fields,          \
                           .fields = event_fields,                                          \
                           .super = parent}
EVENT(ukko_log_event_type, "LogEvent", NULL);
EVENT(ukko_log_error_type, "Error", &ukko_log_event_type);
EVENT(ukko_log_warning_type, "Warning", &ukko_log_event_type);
EVENT(ukko_log_info_type, "Info", &ukko_log_event_type);
EVENT(ukko_log_debug_type, "Debug", &ukko_log_event_type);

bool uk_type_is_log(const ukko_type *t) {
    return t == &ukko_any_type || t == &ukko_log_event_type || t->super == &ukko_log_event_type;
}

bool uk_log_enabled(ukko_system *sys, ukko_log_level level) {
    return level != UKKO_LOG_OFF &&
           (int)level <= atomic_load_explicit(&sys->log_level, memory_order_relaxed);
}
ukko_log_level ukko_system_log_level(ukko_system *sys) {
    return (ukko_log_level)atomic_load_explicit(&sys->log_level, memory_order_relaxed);
}
void ukko_system_set_log_level(ukko_system *sys, ukko_log_level level) {
    if (level >= UKKO_LOG_OFF && level <= UKKO_LOG_DEBUG)
        atomic_store_explicit(&sys->log_level, (int)level, memory_order_relaxed);
}
static void to_stderr(void *data, const ukko_log_record *r) {
    static const char *const names[] = {"OFF", "ERROR", "WARN", "INFO", "DEBUG"};
    struct tm tm;
    time_t t = (time_t)(r->time_ms / 1000);
    char when[32];
    (void)data;
    localtime_r(&t, &tm);
    strftime(when, sizeof when, "%F %T", &tm);
    fprintf(stderr, "%s.%03d %-5s %s%s%s %s: %s%s%s\n", when, (int)(r->time_ms % 1000),
            names[r->level], r->marker ? "[" : "", r->marker ? r->marker : "", r->marker ? "]" : "",
            r->source, r->text, r->cause ? ", cause: " : "", r->cause ? r->cause : "");
}
/* What a subscriber's tell logs in turn is not published again. */
static _Thread_local bool publishing;

static void publish(ukko_system *sys, const ukko_log_record *r) {
    static const ukko_type *const types[] = {NULL, &ukko_log_error_type, &ukko_log_warning_type,
                                             &ukko_log_info_type, &ukko_log_debug_type};
    ukko_log_event e = {r->level, r->time_ms, r->system, r->source,
                        r->logger, r->marker, r->text,   r->cause};
    if (publishing) return;
    publishing = true;
    ukko_publish(sys, types[r->level], &e);
    publishing = false;
}
static void emit(ukko_system *sys, ukko_log_level level, const char *source, const char *logger,
                 const char *marker, const char *cause, const char *text) {
    char path[1024];
    const char *hash = source ? strchr(source, '#') : NULL;
    if (hash) { /* Pekko's log sources are paths without uid */
        snprintf(path, sizeof path, "%.*s", (int)(hash - source), source);
        source = path;
    }
    ukko_log_record r = {
        sizeof r, level, uk_wall_ms(), sys->name, source ? source : "", logger ? logger : "ukko",
        marker,   text,  cause};
    (sys->log ? sys->log : to_stderr)(sys->log_data, &r);
    if (atomic_load_explicit(&sys->log_subs, memory_order_relaxed)) publish(sys, &r);
}
void uk_log(ukko_system *sys, ukko_log_level level, const char *source, const char *logger,
            const char *marker, const char *cause, const char *format, ...) {
    if (!uk_log_enabled(sys, level)) return;
    va_list ap;
    va_start(ap, format);
    char *text = uk_vformat(format, ap);
    va_end(ap);
    emit(sys, level, source, logger, marker, cause, text);
    uk_free(text);
}
void uk_log_of(const ukko_ref *ref, ukko_log_level level, const char *logger, const char *cause,
               const char *format, ...) {
    if (!uk_log_enabled(ref->sys, level)) return;
    uk_buf source = {0};
    va_list ap;
    va_start(ap, format);
    char *text = uk_vformat(format, ap);
    va_end(ap);
    uk_ref_show(ref, &source);
    emit(ref->sys, level, uk_buf_text(&source), logger, NULL, cause, text);
    uk_buf_fini(&source);
    uk_free(text);
}
void ukko_system_log(ukko_system *sys, ukko_log_level level, const char *source, const char *format,
                     ...) {
    if (!uk_log_enabled(sys, level)) return;
    char text[4096];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    emit(sys, level, source, "ukko", NULL, NULL, text);
}
