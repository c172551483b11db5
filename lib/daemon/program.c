/* SPDX-License-Identifier: Apache-2.0 */

/* What daemons and tools have in common: their name, and the options for log,
 * TLS, help and time limit. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/daemon.h"
#include "lib/daemon/version.h"
#include "lib/runtime/log.h"
#include "lib/stream/tls.h"

LOG_MODULE(daemon);

static char *name;
static char *version;
static enum dirs_family family;
static unsigned int timeout_s;

void
program_init(const char *argv0, enum dirs_family family_)
{
    const char *method = getenv("OVS_SYSLOG_METHOD");
    const char *base = dirs_base_name(argv0);

    /* libtool's wrapped programs. */
    name = xstrdup(text_starts_with(base, "lt-") ? base + 3 : base);
    family = family_;
    version = (family == DIRS_OVN
               ? xasprintf("%s %s\nOpen vSwitch Library %s", name,
                           OVN_COMPATIBLE_VERSION, OVS_COMPATIBLE_VERSION)
               : xasprintf("%s (Open vSwitch) %s", name,
                           OVS_COMPATIBLE_VERSION));
    log_set_program(name);
    signal(SIGPIPE, SIG_IGN);
    if (method && *method) {
        program_check(log_set_syslog_method(method));
    }
}

const char *
program_name(void)
{
    return name;
}

enum dirs_family
program_family(void)
{
    return family;
}

const char *
program_version(void)
{
    return version;
}

void
program_fatal(const char *format, ...)
{
    va_list args;
    char *message;

    va_start(args, format);
    message = xvasprintf(format, args);
    va_end(args);

    /* Once on the terminal is enough. */
    log_set_level(LOG_DEST_CONSOLE, LOG_LEVEL_OFF);
    log_err("%s", message);
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", name, message);
    free(message);
    exit(EXIT_FAILURE);
}

void
program_check(struct error *error)
{
    static char *message;       /* A leak checker is to find it in use. */

    if (error) {
        message = error_steal_message(error);
        program_fatal("%s", message);
    }
}

/* Log options. */

static struct error *
set_verbose(void *target UNUSED, const char *argument)
{
    return log_set(argument ? argument : "dbg");
}

static struct error *
set_log_file(void *target UNUSED, const char *argument)
{
    char *path = (argument ? dirs_absolute(argument)
                  : xasprintf("%s/%s.log", dirs_log(family), name));
    struct error *error = log_open_file(path);

    if (error) {
        /* A daemon that cannot log is better than none. */
        log_warn("%s", error_message(error));
        error_free(error);
    }
    free(path);
    return NULL;
}

static struct error *
set_syslog_method(void *target UNUSED, const char *argument)
{
    return log_set_syslog_method(argument);
}

static struct error *
set_syslog_target(void *target UNUSED, const char *argument)
{
    return log_set_syslog_target(argument);
}

struct option_group
log_options(void)
{
    static const struct option_row rows[] = {
        { "verbose", 'v', OPTION_OPTIONAL, "SPEC",
          "set logging levels (without SPEC: everything)", set_verbose, NULL },
        { "log-file", 0, OPTION_OPTIONAL, "FILE",
          "log to FILE (default: NAME.log in the log directory)",
          set_log_file, NULL },
        { "syslog-method", 0, OPTION_REQUIRED,
          "(libc|unix:FILE|udp:IP:PORT|null)",
          "how to send messages to syslog", set_syslog_method, NULL },
        { "syslog-target", 0, OPTION_REQUIRED, "HOST:PORT",
          "also send syslog messages to HOST:PORT over UDP",
          set_syslog_target, NULL },
    };

    return (struct option_group) {
        "Logging options", rows, ARRAY_SIZE(rows)
    };
}

/* TLS options. */

static struct error *
set_private_key(void *target UNUSED, const char *argument)
{
    tls_set_private_key_file(argument);
    return NULL;
}

static struct error *
set_certificate(void *target UNUSED, const char *argument)
{
    tls_set_certificate_file(argument);
    return NULL;
}

static struct error *
set_ca_cert(void *target UNUSED, const char *argument)
{
    tls_set_ca_cert_file(argument, false);
    return NULL;
}

static struct error *
set_bootstrap_ca_cert(void *target UNUSED, const char *argument)
{
    tls_set_ca_cert_file(argument, true);
    return NULL;
}

static struct error *
set_peer_ca_cert(void *target UNUSED, const char *argument)
{
    tls_set_peer_ca_cert_file(argument);
    return NULL;
}

static struct error *
set_protocols(void *target UNUSED, const char *argument)
{
    return tls_set_protocols(argument);
}

static struct error *
set_ciphers(void *target UNUSED, const char *argument)
{
    return tls_set_ciphers(argument);
}

static struct error *
set_ciphersuites(void *target UNUSED, const char *argument)
{
    return tls_set_ciphersuites(argument);
}

static struct error *
set_server_name(void *target UNUSED, const char *argument)
{
    tls_set_server_name(argument);
    return NULL;
}

struct option_group
tls_options(void)
{
    static const struct option_row rows[] = {
        { "private-key", 'p', OPTION_REQUIRED, "FILE",
          "file with the private key", set_private_key, NULL },
        { "certificate", 'c', OPTION_REQUIRED, "FILE",
          "file with the certificate of the private key", set_certificate,
          NULL },
        { "ca-cert", 'C', OPTION_REQUIRED, "FILE",
          "file with the CA certificate of peers, or \"none\"", set_ca_cert,
          NULL },
        { "bootstrap-ca-cert", 0, OPTION_REQUIRED, "FILE",
          "likewise, made from the first connection if it is missing",
          set_bootstrap_ca_cert, NULL },
        { "peer-ca-cert", 0, OPTION_REQUIRED, "FILE",
          "CA certificate to send to peers for their bootstrap",
          set_peer_ca_cert, NULL },
        { "ssl-protocols", 0, OPTION_REQUIRED, "PROTOCOLS",
          "TLS protocols to enable (default: TLSv1.2,TLSv1.3)", set_protocols,
          NULL },
        { "ssl-ciphers", 0, OPTION_REQUIRED, "CIPHERS",
          "ciphers to enable up to TLSv1.2", set_ciphers, NULL },
        { "ssl-ciphersuites", 0, OPTION_REQUIRED, "SUITES",
          "cipher suites to enable in TLSv1.3", set_ciphersuites, NULL },
        { "ssl-server-name", 0, OPTION_REQUIRED, "NAME",
          "server name to ask for (SNI)", set_server_name, NULL },
    };

    return (struct option_group) {
        "TLS options (the first three are needed for ssl: connections)",
        rows, ARRAY_SIZE(rows)
    };
}

/* Help and version. */

static void (*usage)(void);

static struct error *
show_help(void *target UNUSED, const char *argument UNUSED)
{
    usage();
    exit(EXIT_SUCCESS);
}

static struct error *
show_options(void *target UNUSED, const char *argument UNUSED)
{
    options_list();
    exit(EXIT_SUCCESS);
}

static struct error *
show_version(void *target UNUSED, const char *argument UNUSED)
{
    printf("%s\nWeft %s\n", version, VERSION);
    exit(EXIT_SUCCESS);
}

struct option_group
help_options(void (*usage_)(void))
{
    static const struct option_row rows[] = {
        { "help", 'h', OPTION_NONE, NULL, "display this help message",
          show_help, NULL },
        { "options", 'o', OPTION_NONE, NULL, "list available options",
          show_options, NULL },
        { "version", 'V', OPTION_NONE, NULL, "display version information",
          show_version, NULL },
    };

    usage = usage_;
    return (struct option_group) { "Other options", rows, ARRAY_SIZE(rows) };
}

/* Tools. */

static struct error *
set_timeout(void *target UNUSED, const char *argument)
{
    unsigned int value;

    if (!text_to_uint(argument, 10, &value) || !value) {
        return error_create(0, "value %s is invalid", argument);
    }
    timeout_s = value;
    return NULL;
}

struct option_group
tool_options(void)
{
    static const struct option_row rows[] = {
        { "timeout", 't', OPTION_REQUIRED, "SECS",
          "wait at most SECS seconds", set_timeout, NULL },
    };

    return (struct option_group) { NULL, rows, ARRAY_SIZE(rows) };
}

void
tool_init(const char *argv0, enum dirs_family family_)
{
    program_init(argv0, family_);
    /* That a tool connects is no news to a system's log. */
    program_check(log_set("reconnect:warn"));
    log_set_level(LOG_DEST_CONSOLE, LOG_LEVEL_WARN);
}

void
tool_set_timeout(unsigned int seconds)
{
    timeout_s = seconds;
}

void
tool_start(void)
{
    const char *variable = getenv("OVS_CTL_TIMEOUT");
    unsigned int seconds;

    if (!timeout_s && variable && text_to_uint(variable, 10, &seconds)) {
        timeout_s = seconds;
    }
    if (timeout_s) {
        signal(SIGALRM, SIG_DFL);
        alarm(timeout_s);
    }
}
