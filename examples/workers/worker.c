/* SPDX-License-Identifier: Apache-2.0 */
/* A node whose workers are made by a JVM: `worker NAME`, with WORKER_PORT in the environment. The JVM deploys
   actors of the class shop.Worker here; what does their work is the table below. Each answers a job, a text,
   with the job and the name of its node. Actors run on the system's workers; main waits. */
#include <stdio.h>
#include <ukko/ukko.h>

typedef struct { int32_t done; } worker;

static int on_job(ukko_ctx *ctx, void *state, const void *body) {
    worker *self = state;
    const ukko_string *job = body;
    char text[128];
    self->done++;
    snprintf(text, sizeof text, "%.80s %s", job->text, ukko_system_name(ukko_ctx_system(ctx)));
    ukko_reply_text(ctx, text);
    return UKKO_OK;
}
static const ukko_case worker_cases[] = {{&ukko_string_type, on_job}, {NULL, NULL}};
static const ukko_actor worker_actor = UKKO_ACTOR(worker, "shop.Worker", worker_cases);

int main(int argc, char **argv) {
    ukko_error err = {0, ""};
    ukko_system *sys = NULL;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS(argc > 1 ? argv[1] : "a", "worker.conf");
    opts.actors = (const ukko_actor *const[]){&worker_actor, NULL}; /* may be deployed here */
    int rc = ukko_system_new(&sys, &opts, &err);
    if (!rc) rc = ukko_remote_enable(sys, &err);
    if (!rc) rc = ukko_system_start(sys, &err);
    if (!rc) rc = ukko_system_spawn(sys, ukko_props_new(&worker_actor), "here", NULL); /* answers: we are up */
    if (!rc) {
        printf("listening as %s\n", ukko_remote_address(sys));
        fflush(stdout);
        while (getchar() != EOF) {} /* until stdin ends */
    }
    if (rc) fprintf(stderr, "worker: %s: %s\n", ukko_strerror(rc), err.message);
    ukko_system_free(sys);
    return rc != 0;
}
