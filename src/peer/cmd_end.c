/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the event stream and of the coordinated shutdown. On the command thread; a task runs
   on a thread of the system. */
#include "commands.h"
#include <stdlib.h>
#include <string.h>

/* ---- subscriptions ------------------------------------------------------------------- */

static const ukko_type *channel(call *c, const char *name) {
    static const struct {
        const char *name;
        const ukko_type *type;
    } known[] = {
        {"String", &ukko_string_type},
        {"Greeting", &greeting_type},
        {"DeadLetter", &ukko_dead_letter_type},
        {"SuppressedDeadLetter", &ukko_suppressed_dead_letter_type},
        {"UnhandledMessage", &ukko_unhandled_type},
        {"Dropped", &ukko_dropped_type},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].name, name) == 0) return known[i].type;
    fault_set(&c->fault, "java.lang.ClassNotFoundException", "org.apache.pekko.actor.%s", name);
    return NULL;
}

static int subscription(call *c, bool begin) {
    ukko_ref *ref = call_ref(c, call_word(c));
    const ukko_type *type = channel(c, call_word(c));
    int rc = !type   ? UKKO_OK
             : begin ? ukko_subscribe(c->p->sys, type, ref)
                     : ukko_unsubscribe(c->p->sys, type, ref);
    ukko_ref_release(ref);
    if (!type) return -1;
    out_emit("ok", "cmd", out_text(begin ? "subscribe" : "unsubscribe"), "value",
             json_boolean(rc == UKKO_OK), NULL);
    return 0;
}

int cmd_subscribe(call *c) { return subscription(c, true); }

int cmd_unsubscribe(call *c) { return subscription(c, false); }

/* ---- tasks --------------------------------------------------------------------------- */

typedef struct task {
    bool fails;
    const char *name; /* in text, as phase is */
    char phase[];
} task;

static int task_run(ukko_ctx *ctx, void *data, ukko_shutdown_task *self) {
    (void)self;
    task *t = data;
    bool fails = t->fails;
    out_emit("task", "phase", out_text(t->phase), "task", out_text(t->name), NULL);
    free(t);
    return fails ? actor_throw(ctx, "throw told to") : UKKO_OK;
}

/* task PHASE NAME [fail] */
int cmd_task(call *c) {
    const char *phase = call_word(c), *name = call_word(c);
    size_t n = strlen(phase) + 1, n_name = strlen(name) + 1;
    task *t = malloc(sizeof *t + n + n_name);
    memcpy(t->phase, phase, n);
    t->name = memcpy(t->phase + n, name, n_name);
    t->fails = *c->rest;
    int rc = ukko_shutdown_task_add(c->p->sys, phase, name, task_run, t, NULL);
    if (rc != UKKO_OK) {
        int given = fault_set(&c->fault, "java.lang.IllegalArgumentException",
                              "Unknown phase [%s], known phases [...]. All phases (along with their "
                              "optional dependencies) must be defined in configuration",
                              phase);
        free(t);
        return given;
    }
    emit_ok("task");
    return 0;
}
