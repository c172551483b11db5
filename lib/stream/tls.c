/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/stream/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/str.h"
#include "lib/base/text.h"
#include "lib/runtime/dirs.h"
#include "lib/runtime/log.h"
#include "lib/stream/openssl.h"
#include "lib/stream/tls_context.h"

LOG_MODULE(stream_ssl);

/* A file, and what it was like when it was read. */
struct tls_file {
    char *name;                 /* NULL if not set. */
    struct timespec mtime;
    ino_t ino;
};

static struct tls_file private_key, certificate, ca_cert, peer_ca_cert;
static bool bootstrap;          /* Write 'ca_cert' if it does not exist. */

/* While files are overridden: what was set before. */
static struct {
    bool is_set;
    char *private_key, *certificate, *ca_cert;
    bool bootstrap;
} before;

static char *ciphers, *ciphersuites, *server_name;

/* Versions allowed, as a mask of 1 << (version - TLS1_VERSION). */
static unsigned int protocols;

static SSL_CTX *ctx;            /* NULL if it must be made anew. */

static const struct {
    const char *name;
    int version;
    uint64_t no_option;
} versions[] = {
    { "TLSv1",   TLS1_VERSION,   SSL_OP_NO_TLSv1 },
    { "TLSv1.1", TLS1_1_VERSION, SSL_OP_NO_TLSv1_1 },
    { "TLSv1.2", TLS1_2_VERSION, SSL_OP_NO_TLSv1_2 },
    { "TLSv1.3", TLS1_3_VERSION, SSL_OP_NO_TLSv1_3 },
};

/* TLSv1.2 and TLSv1.3. */
#define DEFAULT_PROTOCOLS 0xc

static void
discard_context(void)
{
    if (ctx) {
        SSL_CTX_free(ctx);
        ctx = NULL;
    }
}

static void
set_string(char **string, const char *value)
{
    free(*string);
    *string = value && *value ? xstrdup(value) : NULL;
    discard_context();
}

/* Settings are made again at each change of a database row; what has not
 * changed must not cost the files' being read. */
static bool
is_same(const char *old, const char *new)
{
    new = new && *new ? new : NULL;
    return old && new ? !strcmp(old, new) : old == new;
}

/* Files are read when a connection needs them, when the process may have left
 * the directory in which it was told of them. */
static void
set_file(struct tls_file *file, const char *name)
{
    char *path = NULL;

    if (name && *name) {
        path = strcmp(name, "none") ? dirs_absolute(name) : xstrdup(name);
    }
    if (!is_same(file->name, path)) {
        set_string(&file->name, path);
    }
    free(path);
}

void
tls_set_private_key_file(const char *name)
{
    set_file(&private_key, name);
}

void
tls_set_certificate_file(const char *name)
{
    set_file(&certificate, name);
}

void
tls_set_ca_cert_file(const char *name, bool bootstrap_)
{
    set_file(&ca_cert, name);
    bootstrap = bootstrap_;
}

void
tls_override_files(const char *private_key_, const char *certificate_,
                   const char *ca_cert_, bool bootstrap_)
{
    if (!before.is_set) {
        before.is_set = true;
        before.private_key = xstrdup_null(private_key.name);
        before.certificate = xstrdup_null(certificate.name);
        before.ca_cert = xstrdup_null(ca_cert.name);
        before.bootstrap = bootstrap;
    }
    tls_set_private_key_file(private_key_);
    tls_set_certificate_file(certificate_);
    tls_set_ca_cert_file(ca_cert_, bootstrap_);
}

static void
forget_before(void)
{
    free(before.private_key);
    free(before.certificate);
    free(before.ca_cert);
    memset(&before, 0, sizeof before);
}

void
tls_restore_files(void)
{
    if (before.is_set) {
        tls_set_private_key_file(before.private_key);
        tls_set_certificate_file(before.certificate);
        tls_set_ca_cert_file(before.ca_cert, before.bootstrap);
        forget_before();
    }
}

void
tls_set_peer_ca_cert_file(const char *name)
{
    set_file(&peer_ca_cert, name);
}

void
tls_set_server_name(const char *name)
{
    set_string(&server_name, name);
}

const char *
tls_server_name(void)
{
    return server_name;
}

static bool
has_ca_cert(void)
{
    return ca_cert.name && strcmp(ca_cert.name, "none");
}

bool
tls_is_configured(void)
{
    return private_key.name && certificate.name && ca_cert.name;
}

bool
tls_is_bootstrapping(void)
{
    return (has_ca_cert() && bootstrap && access(ca_cert.name, F_OK)
            && errno == ENOENT);
}

/* The bit of protocol 'word', and of the newer ones if it ends in '+'. */
static unsigned int
parse_protocol(const char *word)
{
    size_t length = strlen(word);
    bool newer = length && word[length - 1] == '+';

    length -= newer;
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        if (!strncasecmp(word, versions[i].name, length)
            && !versions[i].name[length]) {
            return newer ? 0xfu << i & 0xf : 1u << i;
        }
    }
    return 0;
}

struct error *
tls_set_protocols(const char *s)
{
    char *copy = xstrdup_null(s), *rest = copy;
    struct error *error = NULL;
    unsigned int mask = 0;

    for (char *word; s && (word = text_token(&rest, " ,\t")) != NULL; ) {
        unsigned int bits = parse_protocol(word);

        if (!bits) {
            error = error_create(EINVAL, "%s: TLS protocol not recognized",
                                 word);
            break;
        }
        mask |= bits;
    }
    free(copy);
    if (!error && mask != protocols) {
        protocols = mask;
        discard_context();
    }
    return error;
}

static struct error *
set_ciphers(char **setting, const char *s,
            int (**check)(SSL_CTX *, const char *))
{
    if (is_same(*setting, s)) {
        return NULL;
    }
    if (s && *s) {
        struct error *error = openssl_load();

        if (error) {
            return error;
        }

        SSL_CTX *scratch = SSL_CTX_new(TLS_method());
        bool ok = (*check)(scratch, s);

        SSL_CTX_free(scratch);
        ERR_clear_error();
        if (!ok) {
            return error_create(EINVAL, "%s: no usable cipher", s);
        }
    }
    set_string(setting, s);
    return NULL;
}

struct error *
tls_set_ciphers(const char *s)
{
    return set_ciphers(&ciphers, s, &SSL_CTX_set_cipher_list);
}

struct error *
tls_set_ciphersuites(const char *s)
{
    return set_ciphers(&ciphersuites, s, &SSL_CTX_set_ciphersuites);
}

struct error *
tls_take_error(const char *what)
{
    unsigned long code = ERR_get_error();
    char text[256];

    if (!code) {
        return error_create(EPROTO, "%s: unspecified TLS error", what);
    }
    const char *reason = ERR_reason_error_string(code);
    if (!reason) {
        ERR_error_string_n(code, text, sizeof text);
        reason = text;
    }
    struct error *error = error_create(EPROTO, "%s: %s", what, reason);
    ERR_clear_error();
    return error;
}

/* Files. */

/* Whether 'file' is another than the one that was read. */
static bool
has_changed(const struct tls_file *file)
{
    struct stat s;

    if (!file->name || !strcmp(file->name, "none")) {
        return false;
    }
    if (stat(file->name, &s)) {
        /* What has been read stays good while a file is being replaced. */
        return false;
    }
    return (s.st_mtim.tv_sec != file->mtime.tv_sec
            || s.st_mtim.tv_nsec != file->mtime.tv_nsec
            || s.st_ino != file->ino);
}

static void
note_file(struct tls_file *file)
{
    struct stat s;

    if (file->name && !stat(file->name, &s)) {
        file->mtime = s.st_mtim;
        file->ino = s.st_ino;
    }
}

static struct error *
require(const struct tls_file *file, const char *what, const char *option)
{
    return (file->name ? NULL
            : error_create(ENOPROTOOPT, "%s must be configured to use TLS "
                           "(%s)", what, option));
}

static struct error *
load_key_and_certificate(SSL_CTX *new)
{
    struct error *error;

    error = require(&private_key, "private key", "--private-key");
    if (!error) {
        error = require(&certificate, "certificate", "--certificate");
    }
    if (error) {
        return error;
    }

    note_file(&certificate);
    note_file(&private_key);
    if (SSL_CTX_use_certificate_chain_file(new, certificate.name) != 1) {
        return tls_take_error(certificate.name);
    }
    if (SSL_CTX_use_PrivateKey_file(new, private_key.name,
                                    SSL_FILETYPE_PEM) != 1) {
        return tls_take_error(private_key.name);
    }
    if (SSL_CTX_check_private_key(new) != 1) {
        return tls_take_error("private key and certificate do not match");
    }
    return NULL;
}

static struct error *
load_ca_cert(SSL_CTX *new)
{
    struct error *error = require(&ca_cert, "CA certificate", "--ca-cert");

    if (error) {
        return error;
    }
    if (!has_ca_cert() || tls_is_bootstrapping()) {
        SSL_CTX_set_verify(new, SSL_VERIFY_NONE, NULL);
        return NULL;
    }

    note_file(&ca_cert);
    if (SSL_CTX_load_verify_locations(new, ca_cert.name, NULL) != 1) {
        return tls_take_error(ca_cert.name);
    }
    SSL_CTX_set_client_CA_list(new, SSL_load_client_CA_file(ca_cert.name));
    SSL_CTX_set_verify(new, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       NULL);
    return NULL;
}

/* Adds what peers need for their bootstrap to the chain that is sent. */
static struct error *
load_peer_ca_cert(SSL_CTX *new)
{
    if (!peer_ca_cert.name) {
        return NULL;
    }
    note_file(&peer_ca_cert);

    FILE *stream = fopen(peer_ca_cert.name, "re");
    if (!stream) {
        return error_from_errno(errno, "%s", peer_ca_cert.name);
    }
    X509 *x509;
    while ((x509 = PEM_read_X509(stream, NULL, NULL, NULL)) != NULL) {
        SSL_CTX_add_extra_chain_cert(new, x509);
    }
    fclose(stream);
    ERR_clear_error();
    return NULL;
}

static void
apply_protocols(SSL_CTX *new)
{
    unsigned int mask = protocols ? protocols : DEFAULT_PROTOCOLS;
    uint64_t options = SSL_OP_NO_SSLv3;

    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        if (!(mask & 1u << i)) {
            options |= versions[i].no_option;
        }
    }
    SSL_CTX_set_min_proto_version(new, 0);
    SSL_CTX_set_options(new, options);
}

static struct error *
fill_context(SSL_CTX *new)
{
    struct error *error;

    SSL_CTX_set_mode(new, SSL_MODE_ENABLE_PARTIAL_WRITE
                          | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                          | SSL_MODE_RELEASE_BUFFERS);

    /* A peer that closes without a TLS alert is no attacker here: messages
     * tell their own ends. */
    SSL_CTX_set_options(new, SSL_OP_IGNORE_UNEXPECTED_EOF
                             | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(new, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(new, 0);
    apply_protocols(new);
    if (ciphers && SSL_CTX_set_cipher_list(new, ciphers) != 1) {
        return tls_take_error(ciphers);
    }
    if (ciphersuites && SSL_CTX_set_ciphersuites(new, ciphersuites) != 1) {
        return tls_take_error(ciphersuites);
    }

    error = load_key_and_certificate(new);
    if (!error) {
        error = load_ca_cert(new);
    }
    if (!error) {
        error = load_peer_ca_cert(new);
    }
    return error;
}

struct error *
tls_context(SSL_CTX **ret)
{
    static bool was_bootstrapping;

    if (ctx && (has_changed(&private_key) || has_changed(&certificate)
                || has_changed(&ca_cert) || has_changed(&peer_ca_cert)
                || was_bootstrapping)) {
        discard_context();
    }
    if (!ctx) {
        struct error *error = openssl_load();

        if (error) {
            return error;
        }

        SSL_CTX *new = SSL_CTX_new(TLS_method());
        if (!new) {
            return tls_take_error("SSL_CTX_new");
        }
        was_bootstrapping = tls_is_bootstrapping();
        error = fill_context(new);
        if (error) {
            SSL_CTX_free(new);
            return error;
        }
        ctx = new;
    }
    *ret = ctx;
    return NULL;
}

/* Bootstrap. */

static bool
is_self_signed(X509 *x509)
{
    return X509_check_issued(x509, x509) == X509_V_OK;
}

/* Writes 'x509' to a new file of name 'ca_cert'. */
static struct error *
write_ca_cert(X509 *x509)
{
    int fd = open(ca_cert.name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);

    if (fd < 0) {
        return error_from_errno(errno, "could not bootstrap CA certificate: "
                                "creating %s failed", ca_cert.name);
    }
    FILE *stream = fdopen(fd, "w");
    bool ok = PEM_write_X509(stream, x509) == 1;
    ok = !fclose(stream) && ok;
    if (!ok) {
        unlink(ca_cert.name);
        return error_create(EIO, "could not bootstrap CA certificate: "
                            "writing %s failed", ca_cert.name);
    }
    return NULL;
}

struct error *
tls_bootstrap(SSL *ssl)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    struct error *error;

    discard_context();
    if (!chain || !sk_X509_num(chain)) {
        return error_create(EPROTO, "no certificate presented by peer");
    }
    X509 *last = sk_X509_value(chain, sk_X509_num(chain) - 1);
    if (!is_self_signed(last)) {
        return error_create(EPROTO, "could not bootstrap CA certificate: the "
                            "certificate of its issuer was not sent; the "
                            "server may need --peer-ca-cert");
    }
    error = write_ca_cert(last);
    if (error) {
        return error;
    }
    log_info("successfully bootstrapped CA cert to %s", ca_cert.name);
    return error_create(EPROTO, "the CA certificate has been bootstrapped; "
                        "connecting anew to verify the server");
}

void
tls_uninit(void)
{
    struct tls_file *const files[] = {
        &private_key, &certificate, &ca_cert, &peer_ca_cert
    };
    char **const strings[] = { &ciphers, &ciphersuites, &server_name };

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        free(files[i]->name);
        *files[i] = (struct tls_file) { .name = NULL };
    }
    for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
        free(*strings[i]);
        *strings[i] = NULL;
    }
    forget_before();
    bootstrap = false;
    protocols = 0;
    discard_context();
}
