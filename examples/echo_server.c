/* SPDX-License-Identifier: Apache-2.0 */
/* An actor that a JVM can talk to, look up, watch and deploy. The README shows this file. */
#include <stdio.h>
#include <ukko/ukko.h>

typedef struct { const char *name; } hello;
typedef struct { const char *text; int32_t seen; } greeting;
static const ukko_field hello_fields[] = {UKKO_FIELD(hello, name, UKKO_STR)};
static const ukko_field greeting_fields[] = {UKKO_FIELD(greeting, text, UKKO_STR),
                                             UKKO_FIELD(greeting, seen, UKKO_I32)};
static const ukko_type hello_type = UKKO_JACKSON(hello, "com.example.Hello", hello_fields);
static const ukko_type greeting_type =
    UKKO_JACKSON(greeting, "com.example.Greeting", greeting_fields);

typedef struct { int32_t seen; } echo;

static int on_hello(ukko_ctx *ctx, void *state, const void *body) {
    echo *self = state;
    const hello *msg = body;
    char text[128];
    snprintf(text, sizeof text, "Hello, %s", msg->name);
    ukko_reply(ctx, &greeting_type, &(greeting){text, ++self->seen});
    return UKKO_OK;
}
static const ukko_case echo_cases[] = {{&hello_type, on_hello}, {NULL, NULL}};
static const ukko_actor echo_actor = UKKO_ACTOR(echo, "com.example.Echo", echo_cases);

int main(void) {
    ukko_error err = {0, ""};
    ukko_system *sys = NULL;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("hello", "echo.conf");
    opts.types = (const ukko_type *const[]){&hello_type, &greeting_type, NULL};
    opts.actors = (const ukko_actor *const[]){&echo_actor, NULL}; /* a JVM may deploy it here */
    int rc = ukko_system_new(&sys, &opts, &err);
    if (!rc) rc = ukko_remote_enable(sys, &err);
    if (!rc) rc = ukko_system_start(sys, &err);
    if (!rc) rc = ukko_system_spawn(sys, ukko_props_new(&echo_actor), "echo", NULL);
    if (!rc) rc = ukko_system_wait(sys, -1); /* pekko.tcp://hello@HOST:PORT/user/echo */
    if (rc) fprintf(stderr, "echo: %s: %s\n", ukko_strerror(rc), err.message);
    ukko_system_free(sys);
    return rc != 0;
}
