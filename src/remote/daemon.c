/* SPDX-License-Identifier: Apache-2.0 */
/* The reference /remote: where other nodes ask to create actors. Remote deployment is not built yet:
   what asks for it is refused with a log. Any thread. */
#include "remote/internal.h"
#include "base/mem.h"

typedef struct daemon_ref {
    ukko_ref ref;
    uk_remote *remote;
} daemon_ref;

static void tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    const ukko_identify *id = ukko_msg_get(msg, &ukko_identify_type);
    if (id && sender) {
        ukko_identity me = {id->id, to};
        uk_ref_tell(sender, ukko_msg_copy(&ukko_identity_type, &me), to);
    } else {
        uk_log(to->sys, UKKO_LOG_WARN, "/remote", "org.apache.pekko.remote.RemoteSystemDaemon",
               "SECURITY", NULL, "Unknown message to the remote system daemon: [%s]",
               ukko_msg_class(msg));
    }
    ukko_msg_release(msg);
}

static void system_message(ukko_ref *to, uk_sysmsg *m) {
    (void)to;
    uk_sysmsg_free(m);
}

static ukko_ref *child(ukko_ref *ref, ukko_slice name, int32_t uid) {
    (void)ref, (void)name, (void)uid;
    return NULL;
}

static void print(ukko_ref *ref, uk_buf *out) {
    (void)ref;
    uk_buf_str(out, "/remote");
}

static void free_ref(ukko_ref *ref) {
    uk_ref_fini(ref);
    uk_free(ref);
}

static const uk_ref_vt daemon_vt = {.kind = UK_REF_DAEMON, .tell = tell, .system = system_message,
                                    .child = child, .print = print, .free = free_ref};

ukko_ref *uk_daemon_new(uk_remote *r) {
    daemon_ref *d = uk_zalloc(sizeof *d);
    uk_ref_init(&d->ref, &daemon_vt, r->sys, 0);
    d->remote = r;
    return &d->ref;
}
