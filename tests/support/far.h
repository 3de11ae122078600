/* SPDX-License-Identifier: Apache-2.0 */
/* A stub of remoting for tests of what refers to other nodes: makes references to anything, sends
   nothing. Its system is at the address that the golden vectors were made with. Single-threaded. */
#ifndef TESTS_SUPPORT_FAR_H
#define TESTS_SUPPORT_FAR_H
#include "actor/provider.h"
#include "base/mem.h"

#define VEC_ADDRESS "pekko.tcp://vec@127.0.0.1:25520"

static void far_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    (void)to;
    (void)sender;
    ukko_msg_release(msg);
}
static void far_system(ukko_ref *to, uk_sysmsg *m) {
    (void)to;
    uk_sysmsg_free(m);
}
static void far_print(ukko_ref *ref, uk_buf *out) {
    (void)ref;
    uk_buf_str(out, "/far");
}
static void far_free(ukko_ref *ref) {
    uk_ref_fini(ref);
    uk_free(ref);
}
static const uk_ref_vt far_vt = {.kind = UK_REF_REMOTE, .tell = far_tell, .system = far_system,
                                 .print = far_print, .free = far_free};
static ukko_ref *far_ref(void *self, ukko_slice text, const uk_path *path, const char **why) {
    (void)why;
    ukko_ref *r = uk_zalloc(sizeof *r);
    uk_ref_init(r, &far_vt, self, path->uid);
    atomic_store(&r->text, uk_strndup(text.ptr, text.len));
    return r;
}
static int stub_start(void *self, ukko_error *err) {
    (void)self;
    (void)err;
    return UKKO_OK;
}
static void stub_shutdown(void *self) { uk_system_remote_down(self); }
static void stub_free(void *self) { (void)self; }
static const char *stub_address(void *self) {
    (void)self;
    return VEC_ADDRESS;
}
static bool stub_is_own(void *self, const uk_path *p) {
    (void)self;
    return uk_slice_is(p->address, VEC_ADDRESS);
}

static inline int far_install(ukko_system *sys) {
    uk_provider p = {.self = sys,
                     .start = stub_start,
                     .shutdown = stub_shutdown,
                     .free = stub_free,
                     .address = stub_address,
                     .is_own = stub_is_own,
                     .remote_ref = far_ref};
    return uk_system_set_provider(sys, &p);
}
#endif
