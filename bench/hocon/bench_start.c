/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time that a node takes from the start of its process until it accepts connections:
   bench_start [FILE]. One line: what was used before main, after its configuration, when up. */
#include <stdio.h>
#include <sys/resource.h>
#include <ukko/ukko.h>

static double cpu_ms(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

int main(int argc, char **argv) {
    ukko_error err = {0, ""};
    ukko_system *sys = NULL;
    double before = cpu_ms();
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("start", argc > 1 ? argv[1] : NULL);
    int rc = ukko_system_new(&sys, &opts, &err);
    double made = cpu_ms();
    if (!rc) rc = ukko_remote_enable(sys, &err);
    if (!rc) rc = ukko_system_start(sys, &err);
    double up = cpu_ms();
    if (rc)
        fprintf(stderr, "bench_start: %s\n", err.message);
    else
        printf("%.2f %.2f %.2f\n", before, made, up);
    ukko_system_free(sys);
    return rc != 0;
}
