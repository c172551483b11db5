/* SPDX-License-Identifier: Apache-2.0 */

/* TLS over a TCP socket that OpenSSL reads and writes itself. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/runtime/log.h"
#include "lib/stream/openssl.h"
#include "lib/stream/provider.h"
#include "lib/stream/tls_context.h"

LOG_MODULE(stream_ssl);

/* What one record holds: small buffers are gathered up to it. */
#define RECORD_SIZE 16384

struct tls {
    SSL *ssl;
    bool is_server;
    bool is_bootstrapping;      /* Unverified, for the CA certificate only. */
};

static struct tls *
tls_create(SSL_CTX *ctx, bool is_server)
{
    struct tls *tls = xzalloc(sizeof *tls);

    tls->ssl = SSL_new(ctx);
    if (!tls->ssl) {
        abort_msg("SSL_new failed");
    }
    tls->is_server = is_server;
    return tls;
}

/* Takes the errno or the text of failure 'ret' of an SSL call.  Stores in
 * '*wanted' what to wait for with -EAGAIN.  0 is an end by the peer. */
static int
interpret(struct stream *stream, int ret, const char *what, int *wanted)
{
    int saved_errno = errno;

    switch (SSL_get_error(stream->tls->ssl, ret)) {
    case SSL_ERROR_WANT_READ:
        *wanted = UV_READABLE;
        return -EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        *wanted = UV_WRITABLE;
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SYSCALL:
        ERR_clear_error();
        return saved_errno ? -saved_errno : -ECONNRESET;
    default:
        error_free(stream->error);
        stream->error = tls_take_error(what);
        return -EPROTO;
    }
}

/* The server's name, unless it is an address. */
static void
set_server_name(struct stream *stream)
{
    const char *name = tls_server_name();

    if (!name) {
        name = stream->address.host;
    }
    if (name) {
        SSL_set_tlsext_host_name(stream->tls->ssl, name);
    }
}

static int
start_client(struct stream *stream)
{
    SSL_CTX *ctx;
    struct error *error = tls_context(&ctx);

    if (error) {
        error_free(stream->error);
        stream->error = error;
        return -ENOPROTOOPT;
    }
    stream->tls = tls_create(ctx, false);
    stream->tls->is_bootstrapping = tls_is_bootstrapping();
    set_server_name(stream);
    SSL_set_fd(stream->tls->ssl, stream->fd);
    return 0;
}

static char *
common_name_of(SSL *ssl)
{
    X509 *x509 = SSL_get1_peer_certificate(ssl);
    char *name = NULL;
    unsigned char *text;

    if (!x509) {
        return NULL;
    }
    X509_NAME *subject = X509_get_subject_name(x509);
    int i = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (i >= 0 && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE) {
        const ASN1_STRING *value =
            X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));
        int length = ASN1_STRING_to_UTF8(&text, value);

        /* A name with a null byte is meant to deceive. */
        if (length >= 0) {
            if (!memchr(text, '\0', length)) {
                name = xmemdup0((char *) text, length);
            }
            OPENSSL_free(text);
        }
    }
    X509_free(x509);
    return name;
}

/* The verdict of certificate verification, if that is what failed. */
static void
explain(struct stream *stream)
{
    long result = SSL_get_verify_result(stream->tls->ssl);

    if (result != X509_V_OK && stream->error) {
        error_free(stream->error);
        stream->error = error_create(
            EPROTO, "certificate verification failed: %s",
            X509_verify_cert_error_string(result));
    }
}

static int
handshake(struct stream *stream)
{
    SSL *ssl = stream->tls->ssl;

    ERR_clear_error();
    errno = 0;
    int ret = stream->tls->is_server ? SSL_accept(ssl) : SSL_connect(ssl);
    if (ret != 1) {
        int error = interpret(stream, ret, "TLS handshake",
                              &stream->open_wanted);
        if (error == -EPROTO) {
            explain(stream);
        }
        return error ? error : -ECONNRESET;
    }
    if (stream->tls->is_bootstrapping) {
        error_free(stream->error);
        stream->error = tls_bootstrap(ssl);
        SSL_shutdown(ssl);
        return -EPROTO;
    }
    stream->common_name = common_name_of(ssl);
    return 0;
}

static int
ssl_open(struct stream *stream)
{
    if (!stream->is_connected) {
        int error = stream_tcp_open(stream);
        if (error) {
            return error;
        }
    }
    if (!stream->tls) {
        int error = start_client(stream);
        if (error) {
            return error;
        }
    }
    return handshake(stream);
}

static ssize_t
ssl_recv(struct stream *stream, void *buffer, size_t size)
{
    ERR_clear_error();
    errno = 0;
    int n = SSL_read(stream->tls->ssl, buffer, MIN(size, INT32_MAX));
    return (n > 0 ? n
            : interpret(stream, n, "TLS read", &stream->recv_wanted));
}

/* The first buffers together, up to a record. */
static struct iovec
gather(const struct iovec *iov, int n)
{
    static char record[RECORD_SIZE];
    size_t size = 0;

    if (n == 1 || iov[0].iov_len >= RECORD_SIZE) {
        return iov[0];
    }
    for (int i = 0; i < n && size < RECORD_SIZE; i++) {
        size_t part = MIN(iov[i].iov_len, RECORD_SIZE - size);

        memcpy(record + size, iov[i].iov_base, part);
        size += part;
    }
    return (struct iovec) { record, size };
}

static ssize_t
ssl_send(struct stream *stream, const struct iovec *iov, int n_iov)
{
    struct iovec data = gather(iov, n_iov);

    /* The length must not shrink when a write is repeated, and does not: the
     * queue changes at its end only.  Hence no bound of a record here. */
    ERR_clear_error();
    errno = 0;
    int n = SSL_write(stream->tls->ssl, data.iov_base,
                      MIN(data.iov_len, INT32_MAX));
    if (n > 0) {
        return n;
    }
    int error = interpret(stream, n, "TLS write", &stream->send_wanted);
    return error ? error : -EPIPE;
}

static bool
ssl_has_more(const struct stream *stream)
{
    return stream->tls && SSL_pending(stream->tls->ssl) > 0;
}

static void
ssl_close(struct stream *stream)
{
    if (stream->tls) {
        /* Tells the peer if the socket takes it; nobody waits for more. */
        ERR_clear_error();
        if (stream->state == STREAM_OPEN) {
            SSL_shutdown(stream->tls->ssl);
        }
        SSL_free(stream->tls->ssl);
        free(stream->tls);
        stream->tls = NULL;
        ERR_clear_error();
    }
    stream_tcp_close(stream);
}

static struct error *
ssl_listen(struct listener *listener, const char *suffix,
           uint16_t default_port)
{
    /* Keys may come later, from a database; a connection before is
     * refused. */
    return stream_tcp_listen(listener, suffix, default_port);
}

static struct stream *
ssl_accept(struct listener *listener, int fd,
           const struct sockaddr_storage *peer)
{
    static struct log_limit limit = LOG_LIMIT(1, 1);
    struct str name = STR_EMPTY;
    SSL_CTX *ctx;

    str_put(&name, "ssl:");
    sockaddr_put(&name, peer);

    struct stream *stream = stream_create_(&stream_ssl_class,
                                           str_steal(&name), fd);
    stream_tcp_connected(stream);
    stream->error = tls_context(&ctx);
    if (stream->error) {
        /* Ours to put right, not the peer's. */
        log_warn_limited(&limit, "%s: cannot accept TLS connections (%s)",
                         listener->name, error_message(stream->error));
    } else {
        stream->tls = tls_create(ctx, true);
        SSL_set_fd(stream->tls->ssl, fd);
    }
    stream->open_wanted = UV_READABLE;
    return stream;
}

/* open of an accepted stream fails with the error of ssl_accept() if it could
 * not get a context. */
static int
ssl_open_any(struct stream *stream)
{
    if (stream->error && !stream->tls && stream->is_connected) {
        return -stream->error->code;
    }
    return ssl_open(stream);
}

const struct stream_class stream_ssl_class = {
    .prefix = "ssl:",
    .passive_prefix = "pssl:",
    .parse = stream_tcp_parse,
    .open = ssl_open_any,
    .recv = ssl_recv,
    .send = ssl_send,
    .has_more = ssl_has_more,
    .close = ssl_close,
    .listen = ssl_listen,
    .accept = ssl_accept,
};
