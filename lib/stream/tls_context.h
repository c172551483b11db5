/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_TLS_CONTEXT_H
#define STREAM_TLS_CONTEXT_H

/* What tls.c has for stream_ssl.c. */

#include <openssl/ssl.h>

#include "lib/base/error.h"

/* The context for new connections, with changed files read anew; borrowed.
 * An error says what is missing or wrong. */
struct error *tls_context(SSL_CTX **ret) MUST_USE;

/* Whether the CA certificate is yet to be had from the first server. */
bool tls_is_bootstrapping(void);

/* Takes the CA certificate from the connected 'ssl' and writes its file.
 * Always returns an error, which says how it went: the connection was not
 * verified and must end. */
struct error *tls_bootstrap(SSL *ssl) MUST_USE;

/* Name to ask for; NULL for the remote's own. */
const char *tls_server_name(void);

/* Describes what OpenSSL has queued for this thread, and clears it. */
struct error *tls_take_error(const char *what) MUST_USE;

#endif /* stream/tls_context.h */
