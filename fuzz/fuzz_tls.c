/* SPDX-License-Identifier: Apache-2.0 */
/* TLS of a capture: a key log up to the first NUL, then pieces of the two directions, each with a byte
   that picks the direction and two for its length. What cannot be followed is given up with a reason;
   what has been given up stays so. */
#include "cli/tls_decode.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static tls_secrets *secrets_of(const uint8_t *text, size_t len) {
    char path[40];
    int fd = memfd_create("keys", 0);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    tls_secrets *s = tls_secrets_open(path);
    close(fd);
    if (!s) abort();
    return s;
}
static void count(void *data, const uint8_t *bytes, size_t len) {
    size_t *n = data;
    for (size_t i = 0; i < len; i++) *n += 1 + (bytes[i] & 1u) / 2; /* reads each */
}
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *end = data + size, *p = size ? memchr(data, 0, size) : NULL;
    bool dead[2] = {false, false};
    size_t plain = 0;
    if (!p) return 0;
    tls_secrets *secrets = secrets_of(data, (size_t)(p - data));
    tls_talk *talk = tls_talk_new(secrets);
    for (p++; end - p > 3;) {
        int way = p[0] & 1;
        size_t n = (size_t)p[1] << 8 | p[2];
        p += 3;
        if (n > (size_t)(end - p)) n = (size_t)(end - p);
        size_t before = plain;
        bool alive = tls_talk_take(talk, way, p, n, count, &plain);
        if (dead[way] && (alive || plain != before)) abort();
        if (!alive && !*tls_talk_why(talk)) abort();
        dead[way] = !alive;
        p += n;
    }
    if (plain > size) abort();
    tls_talk_free(talk);
    tls_secrets_free(secrets);
    return 0;
}
