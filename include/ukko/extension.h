/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_EXTENSION_H
#define UKKO_EXTENSION_H

/*
 * Extensions: things that a system has once, and that others find by their table.
 *
 * A library that works with actors keeps what it needs of a system here: its actors, its settings,
 * a connection to something else. It is made when somebody first asks for it, or at the start of the
 * system when `pekko.extensions` or `pekko.library-extensions` names it, and ends with the system.
 */
#include <ukko/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Extensions of a system: ukko_extension(3) ------------------------------------- */

/* A kind of extension: one static const table each, which outlives the systems that use it. Its
   address is what makes it the same. (ExtensionId) */
typedef struct ukko_extension {
    uint32_t size;    /* sizeof(ukko_extension) */
    const char *name; /* as the configuration names it; NULL: it is not loaded by name */
    /* Makes it, once for each system, on the thread that asked first; *out is the extension's own. It
       may ask for other extensions, spawn and tell. A negative code refuses: err says why. */
    int (*create)(ukko_system *sys, void **out, ukko_error *err);
    /* Ends it, when the system is freed and no actor runs any more: the last made first. May be
       NULL. */
    void (*destroy)(void *instance);
} ukko_extension;

/* [setup] Makes an extension known by its name. UKKO_EINVAL: no name or no create; UKKO_EEXISTS: the
   name is taken; UKKO_ESTATE: started already. */
UKKO_API int ukko_system_add_extension(ukko_system *sys, const ukko_extension *extension);
/* [any] The extension of this system, made now if nobody has asked before: *out is borrowed, and lives
   as long as the system. Who asks while another thread makes it, waits for that. What create gave
   when it could not be made, and the next one who asks tries again; UKKO_EINVAL: no create;
   UKKO_EDEADLOCK: it is being made on this thread, which asks for it in a circle. *out is NULL then.
   (registerExtension) */
UKKO_API int ukko_extension_get(ukko_system *sys, const ukko_extension *extension, void **out,
                                ukko_error *err);
/* [any] Whether it has been made. (hasExtension) */
UKKO_API bool ukko_extension_has(ukko_system *sys, const ukko_extension *extension);

#ifdef __cplusplus
}
#endif
#endif
