/* SPDX-License-Identifier: Apache-2.0 */
/* What OpenSSL moves over a loopback connection with the certificates of the tests: frames of a given
   size behind a 4-byte length, gathered into records of 16 KiB, as ukko's TLS transport gathers them.
   Two processes of one thread each.

       raw_tls CERTS BYTES MESSAGES       CERTS: a folder made by tests/conformance/certs.sh          */
#include "../common/bench.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { RECORD = 16384 };

static void die(const char *what) {
    perror(what);
    ERR_print_errors_fp(stderr);
    exit(1);
}
static void tcp_pair(int fd[2]) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int one = 1, l = socket(AF_INET, SOCK_STREAM, 0);
    if (l < 0 || bind(l, (void *)&a, sizeof a) || listen(l, 1) || getsockname(l, (void *)&a, &len))
        die("listen");
    fd[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd[0], (void *)&a, sizeof a)) die("connect");
    fd[1] = accept(l, NULL, NULL);
    close(l);
    setsockopt(fd[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}
static SSL *session(const char *certs, const char *node, int fd, int server) {
    char path[1024];
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION); /* as Pekko 1.0.2 has it */
    snprintf(path, sizeof path, "%s/%s.crt", certs, node);
    if (SSL_CTX_use_certificate_file(ctx, path, SSL_FILETYPE_PEM) != 1) die(path);
    snprintf(path, sizeof path, "%s/%s.key", certs, node);
    if (SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) != 1) die(path);
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    if ((server ? SSL_accept(ssl) : SSL_connect(ssl)) != 1) die("handshake");
    return ssl;
}
static void send_all(SSL *ssl, size_t frame, uint64_t messages) {
    uint64_t total = messages * frame;
    uint8_t *block = calloc(1, RECORD + frame);
    for (uint64_t at = 0; at < total;) {
        for (size_t o = (frame - at % frame) % frame; o < RECORD; o += frame) { /* the lengths */
            uint32_t n = (uint32_t)(frame - 4);
            memcpy(block + o, &n, 4);
        }
        size_t n = total - at < RECORD ? (size_t)(total - at) : RECORD;
        if (SSL_write(ssl, block, (int)n) != (int)n) die("SSL_write");
        at += n;
    }
    free(block);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fputs("usage: raw_tls CERTS BYTES MESSAGES\n", stderr);
        return 2;
    }
    size_t frame = strtoull(argv[2], NULL, 10) + 4;
    uint64_t messages = strtoull(argv[3], NULL, 10), total = messages * frame;
    int fd[2];
    tcp_pair(fd);
    pid_t pid = fork();
    if (!pid) {
        close(fd[1]);
        SSL *ssl = session(argv[1], "node1", fd[0], 0);
        char go;
        if (SSL_read(ssl, &go, 1) != 1) die("SSL_read");
        send_all(ssl, frame, messages);
        _exit(0);
    }
    close(fd[0]);
    SSL *ssl = session(argv[1], "node2", fd[1], 1);
    static uint8_t in[1 << 16];
    uint64_t start = now_ns(), got = 0;
    if (SSL_write(ssl, "g", 1) != 1) die("SSL_write");
    while (got < total) {
        int n = SSL_read(ssl, in, sizeof in);
        if (n <= 0) die("SSL_read");
        got += (uint64_t)n;
    }
    double secs = (double)(now_ns() - start) / 1e9;
    char workload[64], extra[64];
    snprintf(workload, sizeof workload, "tls_%s", argv[2]);
    snprintf(extra, sizeof extra, ",\"GBps\":%.3f", (double)total / secs / 1e9);
    report("raw-tls", workload, (double)messages / secs, "msgs/s", extra);
    waitpid(pid, NULL, 0);
    return 0;
}
