/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_OPENSSL_H
#define STREAM_OPENSSL_H

/* OpenSSL, loaded when TLS is first wanted: its two libraries have tens of
 * thousands of addresses to put right, which costs a short-lived tool more
 * than all else that it does at its start.
 *
 * What is used of it is listed here, and goes by its own name; another
 * function than these does not link.  None may be called before
 * openssl_load() has succeeded. */

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/base/error.h"

/* Loads it, unless it is loaded. */
struct error *openssl_load(void) MUST_USE;

#define OPENSSL_SYMBOLS(S) \
    S(ASN1_STRING_to_UTF8) \
    S(CRYPTO_free) \
    S(ERR_clear_error) \
    S(ERR_error_string_n) \
    S(ERR_get_error) \
    S(ERR_reason_error_string) \
    S(OPENSSL_sk_num) \
    S(OPENSSL_sk_value) \
    S(PEM_read_X509) \
    S(PEM_write_X509) \
    S(SSL_CTX_check_private_key) \
    S(SSL_CTX_ctrl) \
    S(SSL_CTX_free) \
    S(SSL_CTX_load_verify_locations) \
    S(SSL_CTX_new) \
    S(SSL_CTX_set_cipher_list) \
    S(SSL_CTX_set_ciphersuites) \
    S(SSL_CTX_set_client_CA_list) \
    S(SSL_CTX_set_num_tickets) \
    S(SSL_CTX_set_options) \
    S(SSL_CTX_set_verify) \
    S(SSL_CTX_use_PrivateKey_file) \
    S(SSL_CTX_use_certificate_chain_file) \
    S(SSL_accept) \
    S(SSL_connect) \
    S(SSL_ctrl) \
    S(SSL_free) \
    S(SSL_get1_peer_certificate) \
    S(SSL_get_error) \
    S(SSL_get_peer_cert_chain) \
    S(SSL_get_verify_mode) \
    S(SSL_get_verify_result) \
    S(SSL_load_client_CA_file) \
    S(SSL_new) \
    S(SSL_pending) \
    S(SSL_read) \
    S(SSL_set_fd) \
    S(SSL_shutdown) \
    S(SSL_write) \
    S(TLS_method) \
    S(X509_NAME_ENTRY_get_data) \
    S(X509_NAME_get_entry) \
    S(X509_NAME_get_index_by_NID) \
    S(X509_check_issued) \
    S(X509_free) \
    S(X509_get_subject_name) \
    S(X509_verify_cert_error_string)

#define OPENSSL_DECLARE(NAME) extern __typeof__(&NAME) openssl_##NAME;
OPENSSL_SYMBOLS(OPENSSL_DECLARE)
#undef OPENSSL_DECLARE

#define ASN1_STRING_to_UTF8 openssl_ASN1_STRING_to_UTF8
#define CRYPTO_free openssl_CRYPTO_free
#define ERR_clear_error openssl_ERR_clear_error
#define ERR_error_string_n openssl_ERR_error_string_n
#define ERR_get_error openssl_ERR_get_error
#define ERR_reason_error_string openssl_ERR_reason_error_string
#define OPENSSL_sk_num openssl_OPENSSL_sk_num
#define OPENSSL_sk_value openssl_OPENSSL_sk_value
#define PEM_read_X509 openssl_PEM_read_X509
#define PEM_write_X509 openssl_PEM_write_X509
#define SSL_CTX_check_private_key openssl_SSL_CTX_check_private_key
#define SSL_CTX_ctrl openssl_SSL_CTX_ctrl
#define SSL_CTX_free openssl_SSL_CTX_free
#define SSL_CTX_load_verify_locations openssl_SSL_CTX_load_verify_locations
#define SSL_CTX_new openssl_SSL_CTX_new
#define SSL_CTX_set_cipher_list openssl_SSL_CTX_set_cipher_list
#define SSL_CTX_set_ciphersuites openssl_SSL_CTX_set_ciphersuites
#define SSL_CTX_set_client_CA_list openssl_SSL_CTX_set_client_CA_list
#define SSL_CTX_set_num_tickets openssl_SSL_CTX_set_num_tickets
#define SSL_CTX_set_options openssl_SSL_CTX_set_options
#define SSL_CTX_set_verify openssl_SSL_CTX_set_verify
#define SSL_CTX_use_PrivateKey_file openssl_SSL_CTX_use_PrivateKey_file
#define SSL_CTX_use_certificate_chain_file openssl_SSL_CTX_use_certificate_chain_file
#define SSL_accept openssl_SSL_accept
#define SSL_connect openssl_SSL_connect
#define SSL_ctrl openssl_SSL_ctrl
#define SSL_free openssl_SSL_free
#define SSL_get1_peer_certificate openssl_SSL_get1_peer_certificate
#define SSL_get_error openssl_SSL_get_error
#define SSL_get_peer_cert_chain openssl_SSL_get_peer_cert_chain
#define SSL_get_verify_mode openssl_SSL_get_verify_mode
#define SSL_get_verify_result openssl_SSL_get_verify_result
#define SSL_load_client_CA_file openssl_SSL_load_client_CA_file
#define SSL_new openssl_SSL_new
#define SSL_pending openssl_SSL_pending
#define SSL_read openssl_SSL_read
#define SSL_set_fd openssl_SSL_set_fd
#define SSL_shutdown openssl_SSL_shutdown
#define SSL_write openssl_SSL_write
#define TLS_method openssl_TLS_method
#define X509_NAME_ENTRY_get_data openssl_X509_NAME_ENTRY_get_data
#define X509_NAME_get_entry openssl_X509_NAME_get_entry
#define X509_NAME_get_index_by_NID openssl_X509_NAME_get_index_by_NID
#define X509_check_issued openssl_X509_check_issued
#define X509_free openssl_X509_free
#define X509_get_subject_name openssl_X509_get_subject_name
#define X509_verify_cert_error_string openssl_X509_verify_cert_error_string

#endif /* stream/openssl.h */
