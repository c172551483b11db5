/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_TLS_H
#define STREAM_TLS_H

/* The process's keys and certificates for ssl: and pssl: streams.
 *
 * Peers are verified, in both directions, against the CA certificate.  Files
 * that have changed are read anew for the next connection.
 * Threads: the main one. */

#include "lib/base/error.h"

/* Each takes effect for the next connection.  A NULL or empty name leaves the
 * setting as it is not to be used. */
void tls_set_private_key_file(const char *);
void tls_set_certificate_file(const char *);

/* CA certificate that verifies peers; "none" verifies nobody.  With
 * 'bootstrap', a file that does not exist is written with the CA certificate
 * that the first peer presents, and that connection is dropped. */
void tls_set_ca_cert_file(const char *, bool bootstrap);

/* Uses other files in the place of these three, such as a database names; once
 * more to change them.  tls_restore_files() goes back to those set before. */
void tls_override_files(const char *private_key, const char *certificate,
                        const char *ca_cert, bool bootstrap);
void tls_restore_files(void);

/* CA certificate that is sent to peers, for their bootstrap. */
void tls_set_peer_ca_cert_file(const char *);

/* Words separated by blanks or commas: TLSv1.2, TLSv1.3 (with a "+" after one
 * for "and newer"); TLSv1 and TLSv1.1 too if OpenSSL still has them. */
struct error *tls_set_protocols(const char *) MUST_USE;

/* OpenSSL cipher lists: up to TLS 1.2, and for TLS 1.3. */
struct error *tls_set_ciphers(const char *) MUST_USE;
struct error *tls_set_ciphersuites(const char *) MUST_USE;

/* Server name to ask for (SNI) in the place of the remote's host name. */
void tls_set_server_name(const char *);

/* Whether a private key, a certificate and a CA certificate are set. */
bool tls_is_configured(void);

/* Frees everything, for a clean end under leak checkers. */
void tls_uninit(void);

#endif /* stream/tls.h */
