/* SPDX-License-Identifier: Apache-2.0 */
/* The command that injects faults, as the test adapters of the JVM take them. Runs on the command
   thread. */
#include "commands.h"
#include <stdlib.h>
#include <string.h>

static int32_t way_of(const char *text) {
    return strcmp(text, "send") == 0      ? UKKO_FAULT_SEND
           : strcmp(text, "receive") == 0 ? UKKO_FAULT_RECEIVE
                                          : UKKO_FAULT_BOTH;
}

static int inject(ukko_system *sys, const char *address, const char *what, call *c) {
    const char *first = call_word(c), *second = call_word(c);
    if (strcmp(what, "throttle") == 0)
        return ukko_fault_throttle(sys, address, way_of(first), atof(second), 1000);
    if (strcmp(what, "blackhole") == 0) return ukko_fault_blackhole(sys, address, way_of(first));
    if (strcmp(what, "pass") == 0) return ukko_fault_pass(sys, address, way_of(first));
    if (strcmp(what, "loss") == 0) return ukko_fault_loss(sys, address, atof(first), atof(second));
    if (strcmp(what, "cut") == 0) return ukko_fault_disassociate(sys, address, UKKO_REASON_NONE);
    return UKKO_EINVAL;
}

int cmd_fault(call *c) {
    const char *address = call_word(c), *what = call_word(c);
    int rc = address_check(address, &c->fault);
    if (rc) return -1;
    rc = inject(c->p->sys, address, what, c);
    if (rc != UKKO_OK)
        return fault_set(&c->fault, "java.lang.IllegalArgumentException", "%s", ukko_strerror(rc));
    emit_ok("fault");
    return 0;
}
