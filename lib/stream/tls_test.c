/* SPDX-License-Identifier: Apache-2.0 */
/* TLS between two ends of this process, with keys made on the spot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/loop.h"
#include "lib/stream/stream_testing.h"
#include "lib/stream/tls.h"

int tls_tests(void);

static char dir[] = "/tmp/tls_test.XXXXXX";

/* A key and its certificate. */
struct identity {
    EVP_PKEY *key;
    X509 *cert;
};

static struct identity ca, other_ca, leaf, stray;

static char *
file(const char *name)
{
    static char paths[4][128];
    static unsigned int n;
    char *path = paths[n++ % ARRAY_SIZE(paths)];

    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static struct identity
make_identity(const char *common_name, const struct identity *issuer)
{
    static long serial = 1;
    struct identity id = { EVP_EC_gen("P-256"), X509_new() };
    X509_NAME *name = X509_get_subject_name(id.cert);
    X509V3_CTX ctx;

    X509_set_version(id.cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(id.cert), serial++);
    X509_gmtime_adj(X509_getm_notBefore(id.cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(id.cert), 3600);
    X509_set_pubkey(id.cert, id.key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               (const unsigned char *) common_name, -1, -1, 0);
    X509_set_issuer_name(id.cert, issuer ? X509_get_subject_name(issuer->cert)
                                         : name);
    X509V3_set_ctx(&ctx, issuer ? issuer->cert : id.cert, id.cert, NULL, NULL,
                   0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(
        NULL, &ctx, NID_basic_constraints,
        issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
    X509_add_ext(id.cert, ext, -1);
    X509_EXTENSION_free(ext);
    assert_true(X509_sign(id.cert, issuer ? issuer->key : id.key,
                          EVP_sha256()) > 0);
    return id;
}

static void
free_identity(struct identity *id)
{
    EVP_PKEY_free(id->key);
    X509_free(id->cert);
}

static void
write_pem(const char *name, const struct identity *id, bool key)
{
    char *tmp = file("tmp");
    FILE *stream = fopen(tmp, "w");

    assert_non_null(stream);
    if (key) {
        PEM_write_PrivateKey(stream, id->key, NULL, NULL, 0, NULL, NULL);
    } else {
        PEM_write_X509(stream, id->cert);
    }
    fclose(stream);
    assert_int_equal(rename(tmp, file(name)), 0);
}

static void
configure(const struct identity *id, const char *ca_cert, bool bootstrap)
{
    tls_uninit();
    write_pem("key", id, true);
    write_pem("cert", id, false);
    tls_set_private_key_file(file("key"));
    tls_set_certificate_file(file("cert"));
    tls_set_ca_cert_file(ca_cert && strcmp(ca_cert, "none") ? file(ca_cert)
                                                            : ca_cert,
                         bootstrap);
}

/* The connection must fail, at the client's end for 'reason'. */
static void
assert_client_fails(const char *reason)
{
    struct pair pair;

    pair_open(&pair, "pssl:0:127.0.0.1", "ssl:127.0.0.1:%u");
    WAIT_FOR(pair.client.is_closed);
    assert_non_null(pair.client.error);
    if (!strstr(pair.client.error, reason)) {
        assert_string_equal(pair.client.error, reason);
    }
    pair_close(&pair);
}

static void
test_verified_peers_talk(void **state)
{
    struct pair pair;

    configure(&leaf, "ca", false);
    assert_true(tls_is_configured());
    pair_connect(&pair, "pssl:0:[::1]", "ssl:[::1]:%u");
    assert_string_equal(stream_peer_common_name(pair.server.stream),
                        "chassis-1");
    assert_string_equal(stream_peer_common_name(pair.client.stream),
                        "chassis-1");
    stream_write(pair.client.stream, "ping", 4);
    stream_write(pair.server.stream, "pong", 4);
    WAIT_FOR(pair.server.input.length == 4 && pair.client.input.length == 4);
    stream_destroy(pair.client.stream);
    pair.client.stream = NULL;
    WAIT_FOR(pair.server.is_closed);
    assert_null(pair.server.error);
    pair_close(&pair);
}

/* Records, gathering and repeated writes must not garble what passes. */
static void
test_much_data_with_a_slow_reader(void **state)
{
    enum { SIZE = 3 * 1024 * 1024 };
    char *data = xmalloc(SIZE);
    struct pair pair;
    size_t n = 0;

    for (size_t i = 0; i < SIZE; i++) {
        data[i] = i * 7919 >> 3;
    }
    configure(&leaf, "ca", false);
    pair_connect(&pair, "pssl:0:127.0.0.1", "ssl:127.0.0.1:%u");
    stream_set_reading(pair.server.stream, false);
    for (int i = 0; n < SIZE; i++) {
        size_t piece = MIN((size_t) 1 + i * 331 % 40000, SIZE - n);

        stream_write_take(pair.client.stream, rcbuf_copy(data + n, piece));
        n += piece;
        if (i % 5 == 0) {
            loop_turn(false);
        }
    }
    assert_true(stream_backlog_bytes(pair.client.stream) > 0);
    while (pair.server.input.length < SIZE) {
        /* Turn reading off and on amid records. */
        stream_set_reading(pair.server.stream, true);
        loop_turn(true);
        stream_set_reading(pair.server.stream, false);
    }
    assert_memory_equal(pair.server.input.string, data, SIZE);
    pair_close(&pair);
    free(data);
}

static void
test_strangers_are_refused(void **state)
{
    uint64_t before = counter_read("stream_handshake_failed");
    struct pair pair;

    configure(&stray, "ca", false);
    assert_client_fails("certificate verification failed: ");
    pair_open(&pair, "pssl:0:127.0.0.1", "ssl:127.0.0.1:%u");
    WAIT_FOR(counter_read("stream_handshake_failed") > before);
    assert_null(pair.server.stream);
    pair_close(&pair);

    configure(&leaf, "other_ca", false);
    assert_client_fails("certificate verification failed: ");

    configure(&stray, "none", false);
    pair_connect(&pair, "pssl:0:127.0.0.1", "ssl:127.0.0.1:%u");
    /* A name that nobody vouches for is no name. */
    assert_null(stream_peer_common_name(pair.server.stream));
    pair_close(&pair);
}

static void
test_what_is_missing_is_named(void **state)
{
    tls_uninit();
    assert_false(tls_is_configured());
    assert_client_fails("private key must be configured to use TLS");
    tls_set_private_key_file(file("key"));
    assert_client_fails("certificate must be configured to use TLS");
    tls_set_certificate_file(file("cert"));
    assert_client_fails("CA certificate must be configured to use TLS");
    tls_set_certificate_file(file("nosuch"));
    assert_client_fails("nosuch: ");
    configure(&leaf, "ca", false);
    write_pem("key", &ca, true);
    assert_client_fails("key");
}

static void
test_changed_files_are_read_anew(void **state)
{
    struct pair pair;

    configure(&leaf, "ca", false);
    pair_connect(&pair, "pssl:0:127.0.0.1", "ssl:127.0.0.1:%u");
    pair_close(&pair);
    write_pem("key", &stray, true);
    write_pem("cert", &stray, false);
    assert_client_fails("certificate verification failed: ");
    write_pem("ca", &other_ca, false);
    pair_connect(&pair, "pssl:0:127.0.0.1", "ssl:127.0.0.1:%u");
    assert_string_equal(stream_peer_common_name(pair.server.stream),
                        "stray");
    pair_close(&pair);
    write_pem("ca", &ca, false);
}

static void
test_overridden_files_come_back(void **state)
{
    struct pair pair;

    configure(&leaf, "ca", false);
    for (int i = 0; i < 2; i++) {
        tls_override_files(file("nosuch"), file("cert"), file("ca"), false);
        assert_client_fails("nosuch: ");
    }
    tls_override_files("", NULL, "none", true);
    assert_false(tls_is_configured());
    tls_restore_files();
    pair_connect(&pair, "pssl:0:127.0.0.1", "ssl:127.0.0.1:%u");
    pair_close(&pair);
    tls_restore_files();
    assert_true(tls_is_configured());

    tls_uninit();
    tls_override_files(file("key"), file("cert"), file("ca"), false);
    pair_connect(&pair, "pssl:0:127.0.0.1", "ssl:127.0.0.1:%u");
    pair_close(&pair);
    tls_restore_files();
    assert_client_fails("private key must be configured to use TLS");
}

static void
test_bootstrap(void **state)
{
    struct pair pair;
    struct stat s;

    /* Without the issuer's certificate in the chain there is none to have. */
    configure(&leaf, "new_ca", true);
    assert_client_fails("could not bootstrap CA certificate");
    assert_int_equal(access(file("new_ca"), F_OK), -1);

    tls_set_peer_ca_cert_file(file("ca"));
    assert_client_fails("the CA certificate has been bootstrapped");
    assert_int_equal(stat(file("new_ca"), &s), 0);
    assert_int_equal(s.st_mode & 0777, 0444);
    pair_connect(&pair, "pssl:0:127.0.0.1", "ssl:127.0.0.1:%u");
    assert_string_equal(stream_peer_common_name(pair.client.stream),
                        "chassis-1");
    pair_close(&pair);

    /* From now on it binds. */
    write_pem("key", &stray, true);
    write_pem("cert", &stray, false);
    assert_client_fails("certificate verification failed: ");
    unlink(file("new_ca"));
}

static void
assert_setting_refused(struct error *error, const char *reason)
{
    assert_non_null(error);
    assert_string_equal(error_message(error), reason);
    error_free(error);
}

static void
test_protocols_and_ciphers(void **state)
{
    struct pair pair;

    configure(&leaf, "ca", false);
    assert_setting_refused(tls_set_protocols("TLSv1.2,SSLv2"),
                           "SSLv2: TLS protocol not recognized");
    assert_setting_refused(tls_set_ciphers("NOSUCH"),
                           "NOSUCH: no usable cipher");
    assert_setting_refused(tls_set_ciphersuites("NOSUCH"),
                           "NOSUCH: no usable cipher");

    assert_null(tls_set_protocols("TLSv1.2"));
    assert_null(tls_set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384"));
    pair_connect(&pair, "pssl:0:127.0.0.1", "ssl:127.0.0.1:%u");
    pair_close(&pair);

    /* A cipher of TLS 1.2 with a key of another kind cannot work. */
    assert_null(tls_set_ciphers("ECDHE-RSA-AES256-GCM-SHA384"));
    assert_client_fails("TLS handshake");

    assert_null(tls_set_protocols("TLSv1.2+"));
    assert_null(tls_set_ciphersuites("TLS_AES_128_GCM_SHA256"));
    pair_connect(&pair, "pssl:0:127.0.0.1", "ssl:127.0.0.1:%u");
    pair_close(&pair);
}

/* Plain text to a TLS port, as port scanners send. */
static void
test_plain_text_is_dropped(void **state)
{
    struct pair pair;

    configure(&leaf, "ca", false);
    pair_open(&pair, "pssl:0:127.0.0.1", "tcp:127.0.0.1:%u");
    WAIT_FOR(pair.client.is_open);
    stream_write(pair.client.stream, "GET / HTTP/1.0\r\n\r\n", 18);
    WAIT_FOR(pair.client.is_closed);
    assert_null(pair.server.stream);
    pair_close(&pair);
}

/* Who connects and says nothing must not hold a descriptor for good. */
static void
test_silent_handshake_is_dropped(void **state)
{
    struct pair pair;

    configure(&leaf, "ca", false);
    pair_open(&pair, "pssl:0:127.0.0.1", "tcp:127.0.0.1:%u");
    WAIT_FOR(pair.client.is_open);
    for (int i = 0; i < 10; i++) {
        loop_turn(false);
    }
    assert_false(pair.client.is_closed);
    clock_warp(10000);
    WAIT_FOR(pair.client.is_closed);
    assert_null(pair.server.stream);
    pair_close(&pair);
}

static int
setup(void **state)
{
    if (!mkdtemp(dir)) {
        return -1;
    }
    ca = make_identity("ca", NULL);
    other_ca = make_identity("other_ca", NULL);
    leaf = make_identity("chassis-1", &ca);
    stray = make_identity("stray", &other_ca);
    write_pem("ca", &ca, false);
    write_pem("other_ca", &other_ca, false);
    return 0;
}

static int
teardown(void **state)
{
    static const char *const names[] = { "ca", "other_ca", "key", "cert" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        unlink(file(names[i]));
    }
    free_identity(&ca);
    free_identity(&other_ca);
    free_identity(&leaf);
    free_identity(&stray);
    return rmdir(dir);
}

int
tls_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verified_peers_talk),
        cmocka_unit_test(test_much_data_with_a_slow_reader),
        cmocka_unit_test(test_strangers_are_refused),
        cmocka_unit_test(test_what_is_missing_is_named),
        cmocka_unit_test(test_changed_files_are_read_anew),
        cmocka_unit_test(test_overridden_files_come_back),
        cmocka_unit_test(test_bootstrap),
        cmocka_unit_test(test_protocols_and_ciphers),
        cmocka_unit_test(test_plain_text_is_dropped),
        cmocka_unit_test(test_silent_handshake_is_dropped),
    };

    return cmocka_run_group_tests_name("tls", tests, setup, teardown);
}
