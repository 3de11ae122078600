/* SPDX-License-Identifier: Apache-2.0 */
/* What failures are called: the codes of C, the Java classes that stand for them in logs and at
   supervisors elsewhere, and which class is a kind of which. Pure; any thread. */
#include "actor/cell.h"
#include "actor/system.h"
#include "base/mem.h"
#include <string.h>

#define PEKKO "org.apache.pekko."
#define THROWABLE "java.lang.Throwable"

static const struct {
    int code;
    const char *class_name;
} codes[] = {
    {UKKO_EKILLED, PEKKO "actor.ActorKilledException"},
    {UKKO_EINIT, PEKKO "actor.ActorInitializationException"},
    {UKKO_EINIT, PEKKO "actor.PostRestartException"},
    {UKKO_EINIT, PEKKO "actor.PreRestartException"},
    {UKKO_EDEATHPACT, PEKKO "actor.DeathPactException"},
    {UKKO_ETIMEOUT, PEKKO "pattern.AskTimeoutException"},
    {UKKO_ECONFIG, PEKKO "ConfigurationException"},
    {UKKO_EEXISTS, PEKKO "actor.InvalidActorNameException"},
};
/* Classes below java.lang.Exception that are not its direct kinds. The rest of Pekko's are
   PekkoExceptions; what is called an Error is one. */
static const struct {
    const char *name, *super;
} supers[] = {
    {PEKKO "actor.PostRestartException", PEKKO "actor.ActorInitializationException"},
    {PEKKO "actor.PreRestartException", PEKKO "actor.ActorInitializationException"},
    {PEKKO "PekkoException", "java.lang.RuntimeException"},
    {PEKKO "pattern.AskTimeoutException", "java.util.concurrent.TimeoutException"},
    {"java.lang.ArithmeticException", "java.lang.RuntimeException"},
    {"java.lang.ClassCastException", "java.lang.RuntimeException"},
    {"java.lang.IllegalArgumentException", "java.lang.RuntimeException"},
    {"java.lang.IllegalStateException", "java.lang.RuntimeException"},
    {"java.lang.IndexOutOfBoundsException", "java.lang.RuntimeException"},
    {"java.lang.NullPointerException", "java.lang.RuntimeException"},
    {"java.lang.NumberFormatException", "java.lang.IllegalArgumentException"},
    {"java.lang.UnsupportedOperationException", "java.lang.RuntimeException"},
    {"java.util.NoSuchElementException", "java.lang.RuntimeException"},
    {"java.io.FileNotFoundException", "java.io.IOException"},
    {"java.lang.Exception", THROWABLE},
    {"java.lang.Error", THROWABLE},
};
enum { CODES = sizeof codes / sizeof *codes, SUPERS = sizeof supers / sizeof *supers };

const char *uk_failure_class(int code) {
    for (size_t i = 0; i < CODES; i++)
        if (codes[i].code == code) return codes[i].class_name;
    return "java.lang.RuntimeException";
}
int uk_failure_code(const ukko_msg *m) {
    const ukko_throwable *t = ukko_msg_get(m, &ukko_throwable_type);
    const char *name = t ? t->original_class ? t->original_class : t->class_name : "";
    for (size_t i = 0; i < CODES; i++)
        if (!strcmp(codes[i].class_name, name)) return codes[i].code;
    return UKKO_EUSER;
}

static bool ends_with(const char *text, const char *tail) {
    size_t n = strlen(text), k = strlen(tail);
    return n >= k && !strcmp(text + n - k, tail);
}
static const char *super_of(const char *name) { /* NULL: the root, or no class at all */
    if (!strcmp(name, THROWABLE) || !strcmp(name, "null")) return NULL;
    for (size_t i = 0; i < SUPERS; i++)
        if (!strcmp(supers[i].name, name)) return supers[i].super;
    if (ends_with(name, "Error")) return "java.lang.Error";
    if (!strncmp(name, PEKKO, sizeof PEKKO - 1)) return PEKKO "PekkoException";
    return "java.lang.Exception";
}
bool uk_class_is(const char *name, const char *super) {
    for (; name; name = super_of(name))
        if (!strcmp(name, super)) return true;
    return false;
}
bool ukko_failure_is(const ukko_failure *why, const char *class_name) {
    return uk_class_is(why->class_name, class_name);
}
ukko_failure uk_failure_of(int code, const ukko_msg *cause, ukko_ref *child) {
    const ukko_throwable *t = ukko_msg_get(cause, &ukko_throwable_type);
    return (ukko_failure){code, t && t->message ? t->message : "",
                          t ? t->original_class ? t->original_class : t->class_name : "null", cause,
                          child};
}

static const ukko_throwable *throwable(const ukko_msg *m) {
    return ukko_msg_get(m, &ukko_throwable_type);
}
static const char *root_text(const ukko_msg *why) { /* of the innermost cause */
    const ukko_throwable *t = throwable(why);
    while (t && t->cause && throwable(t->cause)) t = throwable(t->cause);
    return t && t->message ? t->message : "No message available";
}
/* A path as an exception shows it: without uid. */
static int path_len(const char *path) { return (int)strcspn(path, "#"); }

ukko_msg *uk_failure_init(ukko_ref *actor, ukko_msg *why, const ukko_msg *original) {
    const char *path = uk_ref_text(actor);
    const ukko_throwable *first = throwable(original);
    char *text = original ? uk_format("%.*s: exception post restart (class %s)", path_len(path),
                                      path, first ? first->class_name : "null")
                          : uk_format("%.*s: exception during creation, root cause message: [%s]",
                                      path_len(path), path, root_text(why));
    ukko_throwable t = {.class_name = original ? PEKKO "actor.PostRestartException"
                                               : PEKKO "actor.ActorInitializationException",
                        .message = text,
                        .cause = why,
                        .actor = actor};
    ukko_msg *m = ukko_msg_copy(&ukko_throwable_type, &t);
    uk_free(text);
    return m;
}
