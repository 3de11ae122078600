/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: ports on which nobody listens. Test thread. */
#ifndef TESTS_SUPPORT_PORT_H
#define TESTS_SUPPORT_PORT_H
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_FIRST = 12000, PORT_LAST = 31000 };

static inline bool port_is_free(int port) { /* of all addresses */
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY),
                            .sin_port = htons((uint16_t)port)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool is_free = !bind(fd, (struct sockaddr *)&a, sizeof a);
    close(fd);
    return is_free;
}
/* Another one each time. It is below those that the kernel gives to who asks for any: none of them
   takes it before the test does. */
static inline int free_port(void) {
    static int last;
    if (!last) last = PORT_FIRST + (int)getpid() * 7 % (PORT_LAST - PORT_FIRST);
    do last = last < PORT_LAST ? last + 1 : PORT_FIRST;
    while (!port_is_free(last));
    return last;
}
#endif
