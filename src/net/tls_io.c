/* SPDX-License-Identifier: Apache-2.0 */
/* The way of bytes into OpenSSL and out of it: it reads a connection's bytes where the socket put them,
   and appends records to the buffer that they are sent from, so that they are copied no further. On the
   loop's thread, but for the self-test. */
#include "net/tls_internal.h"

static int fail_for_now(BIO *b) {
    BIO_set_retry_read(b);
    return 0;
}
static size_t take(uk_tls_io *io, char *to, size_t most) {
    bool old = io->rest_at < io->rest.len;
    size_t have = old ? io->rest.len - io->rest_at : io->in.len, n = most < have ? most : have;
    if (!n) return 0;
    memcpy(to, old ? io->rest.ptr + io->rest_at : io->in.ptr, n);
    if (old) {
        io->rest_at += n;
    } else {
        io->in.ptr += n;
        io->in.len -= n;
    }
    return n;
}
static int on_read(BIO *b, char *to, size_t most, size_t *done) {
    BIO_clear_retry_flags(b);
    *done = take(BIO_get_data(b), to, most);
    return *done || !most ? 1 : fail_for_now(b);
}
static int on_write(BIO *b, const char *bytes, size_t n, size_t *done) {
    uk_tls_io *io = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    uk_buf_put(io->out ? io->out : &io->late, bytes, n);
    *done = n;
    return 1;
}
static long on_ctrl(BIO *b, int what, long number, void *data) {
    (void)b, (void)number, (void)data;
    return what == BIO_CTRL_FLUSH; /* all is where it goes */
}

BIO_METHOD *uk_tls_io_method(void) {
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "bytes of a connection");
    BIO_meth_set_read_ex(m, on_read);
    BIO_meth_set_write_ex(m, on_write);
    BIO_meth_set_ctrl(m, on_ctrl);
    return m;
}
BIO *uk_tls_io_new(BIO_METHOD *method, uk_tls_io *io) {
    BIO *b = BIO_new(method);
    BIO_set_data(b, io);
    BIO_set_init(b, 1);
    return b;
}
void uk_tls_io_begin(uk_tls_io *io, const void *bytes, size_t n, uk_buf *out) {
    io->in = (ukko_slice){bytes, n};
    io->out = out;
    uk_buf_put(out, io->late.ptr, io->late.len);
    uk_buf_clear(&io->late);
}
void uk_tls_io_end(uk_tls_io *io) {
    if (io->rest_at == io->rest.len) {
        uk_buf_fini(&io->rest);
        io->rest_at = 0;
    }
    uk_buf_put(&io->rest, io->in.ptr, io->in.len);
    io->in = (ukko_slice){NULL, 0};
    io->out = NULL;
}
void uk_tls_io_fini(uk_tls_io *io) {
    uk_buf_fini(&io->rest);
    uk_buf_fini(&io->late);
}
