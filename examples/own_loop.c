/* SPDX-License-Identifier: Apache-2.0 */
/* A program with a loop of its own that runs an actor system in it, without a thread: poll() waits for
   the program's descriptors and for ukko's, and ukko_system_step() does what there is to do. Each line
   of standard input is sent to an actor, which counts the words and answers. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <ukko/ukko.h>

static int on_line(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    char answer[64];
    int words = 0;
    (void)state;
    if (!text) return UKKO_UNHANDLED;
    for (const char *p = text; *p; p++)
        words += *p != ' ' && (p == text || p[-1] == ' ');
    snprintf(answer, sizeof answer, "%d words", words);
    ukko_reply_text(ctx, answer);
    return UKKO_OK;
}
static const ukko_actor counter = {sizeof(ukko_actor), 0, "Counter", {NULL, on_line}, NULL,
                                   NULL, NULL, NULL, NULL, NULL};

/* Answers are printed by a function, on the thread of the loop. */
static void on_answer(void *data, const ukko_msg *msg, ukko_ref *sender) {
    (void)sender;
    printf("%s\n", ukko_msg_text(msg) ? ukko_msg_text(msg) : "?");
    fflush(stdout);
    ++*(int *)data;
}
static void send_line(ukko_ref *to, ukko_ref *from, char *line) {
    line[strcspn(line, "\n")] = 0;
    ukko_tell_from(to, ukko_msg_string(line), from);
}
/* The loop: until standard input ends and all is answered. */
static void run(ukko_system *sys, ukko_ref *to, ukko_ref *from, const int *answers) {
    struct pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {ukko_system_fd(sys), POLLIN, 0}};
    int lines = 0;
    char line[512];
    while (fds[0].fd >= 0 || *answers < lines) {
        poll(fds, 2, (int)ukko_system_next_ms(sys));
        if (fds[0].fd >= 0 && fds[0].revents) {
            ssize_t n = read(STDIN_FILENO, line, sizeof line - 1);
            if (n <= 0) fds[0].fd = -1; /* poll passes over it from now on */
            line[n > 0 ? n : 0] = 0;
            for (char *p = strtok(line, "\n"); p; p = strtok(NULL, "\n"), lines++)
                send_line(to, from, p);
        }
        ukko_system_step(sys, 100); /* at most so many turns, then the program has its turn */
    }
}
int main(void) {
    ukko_error err = {0, ""};
    ukko_system *sys = NULL;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("loop", NULL);
    ukko_ref *to = NULL;
    int answers = 0;
    opts.threads = UKKO_THREADS_LOOP;
    int rc = ukko_system_new(&sys, &opts, &err);
    /* with ukko_remote_enable(sys, &err) here, its I/O would be done in the steps as well */
    if (!rc) rc = ukko_system_start(sys, &err);
    if (!rc) rc = ukko_system_spawn(sys, ukko_props_new(&counter), "counter", &to);
    if (rc) {
        fprintf(stderr, "own_loop: %s: %s\n", ukko_strerror(rc), err.message);
        ukko_system_free(sys);
        return 1;
    }
    ukko_ref *from = ukko_function_ref(sys, on_answer, &answers);
    run(sys, to, from, &answers);
    ukko_ref_release(from);
    ukko_ref_release(to);
    ukko_system_free(sys);
    return 0;
}
