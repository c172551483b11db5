/* SPDX-License-Identifier: Apache-2.0 */
/* ovsdb-server: serves databases to clients. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/daemon.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"
#include "lib/stream/stream.h"
#include "lib/stream/tls.h"
#include "ovsdb/server/commands.h"
#include "ovsdb/server/config.h"
#include "ovsdb/server/remotes.h"
#include "ovsdb/server/server.h"

LOG_MODULE(ovsdb_server);

/* How often "db:" names of keys and certificates are looked up again. */
#define TLS_INTERVAL_MS 2500

static VEC(const char *) remote_names;
static const char *run_command;
static const char *config_file;

/* Files of keys and certificates, which may be named by the database. */
static struct tls_file {
    const char *argument;
    char *value;
    void (*set)(const char *);
} tls_files[4];

static void
set_ca_cert(const char *name)
{
    tls_set_ca_cert_file(name, false);
}

static void
set_bootstrap_ca_cert(const char *name)
{
    tls_set_ca_cert_file(name, true);
}

static struct error *
set_tls_file(struct tls_file *file, const char *argument,
             void (*set)(const char *))
{
    file->argument = argument;
    file->set = set;
    if (!text_starts_with(argument, "db:")) {
        set(argument);
    }
    return NULL;
}

static struct error *
option_private_key(void *target, const char *argument)
{
    return set_tls_file(&tls_files[0], argument, tls_set_private_key_file);
}

static struct error *
option_certificate(void *target, const char *argument)
{
    return set_tls_file(&tls_files[1], argument, tls_set_certificate_file);
}

static struct error *
option_ca_cert(void *target, const char *argument)
{
    return set_tls_file(&tls_files[2], argument, set_ca_cert);
}

static struct error *
option_bootstrap_ca_cert(void *target, const char *argument)
{
    return set_tls_file(&tls_files[2], argument, set_bootstrap_ca_cert);
}

static struct error *
option_peer_ca_cert(void *target, const char *argument)
{
    return set_tls_file(&tls_files[3], argument, tls_set_peer_ca_cert_file);
}

static struct error *
option_tls_protocols(void *target, const char *argument)
{
    return (text_starts_with(argument, "db:") ? NULL
            : tls_set_protocols(argument));
}

static struct error *
option_tls_ciphers(void *target, const char *argument)
{
    return (text_starts_with(argument, "db:") ? NULL
            : tls_set_ciphers(argument));
}

static struct error *
option_remote(void *target, const char *argument)
{
    vec_push(&remote_names, argument);
    return NULL;
}

static const struct option_row server_rows[] = {
    { "remote", 0, OPTION_REQUIRED, "REMOTE",
      "connect or listen to REMOTE", option_remote, NULL },
    { "run", 0, OPTION_REQUIRED, "COMMAND",
      "run COMMAND as a subprocess, then exit", option_set_string,
      &run_command },
    { "config-file", 0, OPTION_REQUIRED, "FILE",
      "read remotes and databases from FILE", option_set_string,
      &config_file },
};

static const struct option_row tls_rows[] = {
    { "private-key", 'p', OPTION_REQUIRED, "FILE",
      "file with private key, or db:DB,TABLE,COLUMN", option_private_key,
      NULL },
    { "certificate", 'c', OPTION_REQUIRED, "FILE",
      "file with certificate for the private key", option_certificate, NULL },
    { "ca-cert", 'C', OPTION_REQUIRED, "FILE",
      "file with peer CA certificate", option_ca_cert, NULL },
    { "bootstrap-ca-cert", 0, OPTION_REQUIRED, "FILE",
      "file with peer CA certificate to read or create",
      option_bootstrap_ca_cert, NULL },
    { "peer-ca-cert", 0, OPTION_REQUIRED, "FILE",
      "file with CA certificate to send to peers", option_peer_ca_cert,
      NULL },
    { "ssl-protocols", 0, OPTION_REQUIRED, "PROTOCOLS",
      "list of TLS protocols to enable", option_tls_protocols, NULL },
    { "ssl-ciphers", 0, OPTION_REQUIRED, "CIPHERS",
      "list of TLS ciphers to enable", option_tls_ciphers, NULL },
};

static void usage(void);

static size_t
make_groups(struct option_group groups[5])
{
    groups[0] = (struct option_group) {
        "Server options", server_rows, ARRAY_SIZE(server_rows) };
    groups[1] = (struct option_group) {
        "PKI configuration", tls_rows, ARRAY_SIZE(tls_rows) };
    groups[2] = daemon_options();
    groups[3] = log_options();
    groups[4] = help_options(usage);
    return 5;
}

static void
usage(void)
{
    struct option_group groups[5];
    size_t n = make_groups(groups);

    printf("%s: Open vSwitch database server\n"
           "usage: %s [OPTIONS] [DATABASE...]\n"
           "where each DATABASE is a database file in ovsdb format.\n"
           "The default DATABASE, if none is given, is\n%s/conf.db.\n",
           program_name(), program_name(), dirs_db(DIRS_OVS));
    stream_print_usage("JSON-RPC", true, true);
    options_print_help(groups, n);
}

/* Reads names of keys and certificates from the database, now and then. */
static void
update_tls(void *server)
{
    static struct timer timer;
    bool any = false;

    for (size_t i = 0; i < ARRAY_SIZE(tls_files); i++) {
        struct tls_file *file = &tls_files[i];
        struct error *error;
        char *value;

        if (!file->argument || !text_starts_with(file->argument, "db:")) {
            continue;
        }
        any = true;
        error = remotes_read_string(server, file->argument, &value);
        if (error) {
            error_free(error);
            value = NULL;
        }
        if (value ? !file->value || strcmp(value, file->value)
            : file->value != NULL) {
            file->set(value);
            free(file->value);
            file->value = xstrdup_null(value);
        }
        free(value);
    }
    if (any) {
        timer_stop(&timer);
        timer_init(&timer, update_tls, server);
        timer_set(&timer, TLS_INTERVAL_MS);
    }
}

/* Clients are many; take as many descriptors as we are allowed. */
static void
raise_fd_limit(void)
{
    struct rlimit limit;

    if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = MIN(limit.rlim_max, 1u << 20);
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* --run. */

static int run_status = -1;

static void
command_ended(uv_process_t *process, int64_t status, int signal)
{
    run_status = status || signal ? 1 : 0;
    uv_close((uv_handle_t *) process, NULL);
    loop_stop();
}

static void
start_command(void)
{
    static uv_process_t process;
    char *args[] = { (char *) "/bin/sh", (char *) "-c", (char *) run_command,
                     NULL };
    uv_stdio_container_t stdio[3];
    uv_process_options_t options = {
        .file = "/bin/sh", .args = args, .exit_cb = command_ended,
        .stdio = stdio, .stdio_count = 3,
    };
    int status;

    for (int i = 0; i < 3; i++) {
        stdio[i].flags = UV_INHERIT_FD;
        stdio[i].data.fd = i;
    }
    status = uv_spawn(loop_uv(), &process, &options);
    if (status) {
        program_fatal("could not run \"%s\": %s", run_command,
                      uv_strerror(status));
    }
}

static void
configure(struct server *server, int n_files, char *files[])
{
    const struct remote_options options = REMOTE_OPTIONS_DEFAULT;

    if (config_file) {
        if (n_files || remote_names.n) {
            program_fatal("--config-file cannot be used together with "
                          "databases or --remote on the command line");
        }
        config_file_set_name(config_file);
        program_check(config_file_load(server));
        return;
    }
    for (int i = 0; i < n_files; i++) {
        program_check(server_add_db(server, files[i]));
    }
    if (!n_files) {
        char *name = dirs_path(dirs_db(DIRS_OVS), "conf.db");

        program_check(server_add_db(server, name));
        free(name);
    }
    VEC_FOR_EACH (name, &remote_names) {
        program_check(remotes_add(server->remotes, *name, &options));
    }
    update_tls(server);
    program_check(remotes_reconfigure(server->remotes));
}

int
main(int argc, char *argv[])
{
    struct option_group groups[5];
    struct server *server;
    size_t n_groups;
    int first;

    program_init(argv[0], DIRS_OVS);
    n_groups = make_groups(groups);
    first = options_parse(argc, argv, groups, n_groups, 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);   /* Writing reports it. */
    raise_fd_limit();
    daemon_start();
    server = server_create();
    configure(server, argc - first, argv + first);
    update_tls(server);
    commands_register(server);
    server_flush(server);
    daemon_ready();
    log_info("%s", program_version());
    if (run_command) {
        start_command();
    }
    loop_run();
    server_destroy(server);
    daemon_finish();
    tls_uninit();
    return run_status > 0;
}
