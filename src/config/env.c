/* SPDX-License-Identifier: Apache-2.0 */
/* The environment as configuration: variables split at dots, CONFIG_FORCE_* overrides, and the
   system properties that configurations of the JVM refer to. */
#include "config/internal.h"
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

extern char **environ;

static const uk_source env_source = {"env variables", false};

static size_t env_size(void) {
    size_t n = 0;
    for (char **e = environ; e && *e; e++) n++;
    return n;
}

static ukko_slice clean(uk_arena *a, const char *text, size_t len) {
    ukko_slice s = {(const uint8_t *)text, len};
    return uk_utf8_ok(s.ptr, s.len) ? s : uk_config_repair(a, s);
}

uk_value *uk_env_object(uk_arena *a) {
    size_t count = env_size(), n = 0;
    uk_flat *pairs = uk_alloc((count + 1) * sizeof *pairs);
    /* Back to front: of two variables with one name the first counts. */
    for (size_t i = count; i-- > 0;) {
        const char *eq = strchr(environ[i], '=');
        if (!eq || eq == environ[i]) continue;
        pairs[n].name = clean(a, environ[i], (size_t)(eq - environ[i]));
        pairs[n++].value = clean(a, eq + 1, strlen(eq + 1));
    }
    uk_value *v = uk_object_from_flat(a, &env_source, pairs, n);
    uk_free(pairs);
    return v;
}

/* _ is a dot, __ a dash, ___ an underscore. */
static ukko_slice unmangle(uk_arena *a, const char *name, size_t len) {
    char *out = uk_arena_alloc(a, len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len;) {
        size_t run = 0;
        while (i + run < len && name[i + run] == '_' && run < 3) run++;
        out[n++] = run ? ".-_"[run - 1] : name[i];
        i += run ? run : 1;
    }
    return (ukko_slice){(uint8_t *)out, n};
}

uk_value *uk_env_overrides(uk_arena *a) {
    static const char mark[] = "CONFIG_FORCE_";
    size_t count = env_size(), n = 0;
    uk_flat *pairs = NULL;
    for (size_t i = count; i-- > 0;) {
        const char *name = environ[i], *eq = strchr(name, '=');
        if (!eq || strncmp(name, mark, sizeof mark - 1) || eq == name + sizeof mark - 1) continue;
        if (!pairs) pairs = uk_alloc(count * sizeof *pairs);
        name += sizeof mark - 1;
        pairs[n].name = unmangle(a, name, (size_t)(eq - name));
        pairs[n++].value = clean(a, eq + 1, strlen(eq + 1));
    }
    uk_value *v = n ? uk_object_from_flat(a, &env_source, pairs, n) : NULL;
    uk_free(pairs);
    return v;
}

/* ---- What the JVM calls system properties. ---- */

static const uk_source property_source = {"system properties", false};

static ukko_slice text_of(uk_arena *a, const char *text) { return clean(a, text, strlen(text)); }

uk_value *uk_env_properties(uk_arena *a) {
    struct utsname os;
    const char *home = getenv("HOME"), *user = getenv("USER");
    char *dir = uk_arena_alloc(a, 4096); /* values point into it */
    const struct {
        const char *name, *value;
    } all[] = {{"user.dir", getcwd(dir, 4096)},
               {"user.home", home},
               {"user.name", user ? user : getenv("LOGNAME")},
               {"java.io.tmpdir", "/tmp"},
               {"os.name", uname(&os) ? NULL : uk_arena_text(a, os.sysname, strlen(os.sysname))},
               {"file.separator", "/"},
               {"path.separator", ":"},
               {"line.separator", "\n"}};
    uk_flat pairs[sizeof all / sizeof *all];
    size_t n = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].value) pairs[n++] = (uk_flat){text_of(a, all[i].name), text_of(a, all[i].value)};
    return uk_object_from_flat(a, &property_source, pairs, n);
}
