/* SPDX-License-Identifier: Apache-2.0 */
/* Times parsing and resolving: bench_hocon N FILE parses one file, bench_hocon N F1 F2 … a
   fallback stack (F1 wins), bench_hocon N alone what every node does at its start. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <ukko/config.h>

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int order(const void *x, const void *y) {
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

static ukko_config *stack(char **files, int n) {
    ukko_error err;
    ukko_config *all = NULL, *out = NULL;
    for (int i = 0; i < n; i++) {
        ukko_config *file = NULL;
        if (ukko_config_parse_file(&file, files[i], &err)) goto failed;
        ukko_config *both = ukko_config_with_fallback(all, file);
        ukko_config_release(all);
        ukko_config_release(file);
        all = both;
    }
    if (n ? ukko_config_resolve(&out, all, &err) : ukko_config_load(&out, NULL, &err)) goto failed;
    ukko_config_release(all);
    return out;
failed:
    fprintf(stderr, "%s\n", err.message);
    exit(2);
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 0;
    if (n < 2) {
        fprintf(stderr, "usage: bench_hocon ROUNDS [FILE...]\n");
        return 1;
    }
    double *t = malloc((size_t)n * sizeof *t);
    for (int i = 0; i < n; i++) {
        double from = now_ms();
        ukko_config *c = stack(argv + 2, argc - 2);
        ukko_config_release(c);
        t[i] = now_ms() - from;
    }
    printf("first %.3f ms, second %.3f ms\n", t[0], t[1]);
    int half = n / 2, m = n - half;
    qsort(t + half, (size_t)m, sizeof *t, order);
    printf("warm (last %d of %d): min %.3f ms, median %.3f ms, p90 %.3f ms\n", m, n, t[half],
           t[half + m / 2], t[half + m * 9 / 10]);
    free(t);
    return 0;
}
