/* SPDX-License-Identifier: Apache-2.0 */
/* Running a command of the user's for an event. Main thread. */
#include "cli.h"
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

bool shell_start(const char *line, int in, int out, pid_t *pid) {
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)line, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    if (in >= 0) posix_spawn_file_actions_adddup2(&files, in, 0);
    if (out >= 0) posix_spawn_file_actions_adddup2(&files, out, 1);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none); /* this process blocks some for itself */
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    int failed = posix_spawn(pid, "/bin/sh", &files, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return !failed;
}

void shell_wait(pid_t pid) {
    int state;
    waitpid(pid, &state, 0);
}
