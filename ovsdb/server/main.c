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
#include "ovsdb/server/replication.h"
#include "ovsdb/server/server.h"

LOG_MODULE(ovsdb_server);

static VEC(const char *) remote_names;
static const char *run_command;
static const char *config_file;
static bool no_diffs;
static bool no_dbs;
static const char *sync_from;
static const char *sync_exclude_tables;
static bool is_active;

/* A setting of TLS, whose value the database may have. */
struct tls_setting {
    const char *argument;           /* Of the option, NULL without. */
    char *value;                    /* In use, of one in the database. */
    struct error *(*set)(const char *value);    /* NULL for the default. */
};

static struct error *
set_private_key(const char *value)
{
    tls_set_private_key_file(value);
    return NULL;
}

static struct error *
set_certificate(const char *value)
{
    tls_set_certificate_file(value);
    return NULL;
}

static struct error *
set_ca_cert(const char *value)
{
    tls_set_ca_cert_file(value, false);
    return NULL;
}

static struct error *
set_bootstrap_ca_cert(const char *value)
{
    tls_set_ca_cert_file(value, true);
    return NULL;
}

static struct error *
set_peer_ca_cert(const char *value)
{
    tls_set_peer_ca_cert_file(value);
    return NULL;
}

static struct tls_setting private_key = { .set = set_private_key };
static struct tls_setting certificate = { .set = set_certificate };
static struct tls_setting ca_cert = { .set = set_ca_cert };
static struct tls_setting bootstrap = { .set = set_bootstrap_ca_cert };
static struct tls_setting peer_ca_cert = { .set = set_peer_ca_cert };
static struct tls_setting protocols = { .set = tls_set_protocols };
static struct tls_setting ciphers = { .set = tls_set_ciphers };
static struct tls_setting ciphersuites = { .set = tls_set_ciphersuites };

static struct error *
option_tls(void *setting_, const char *argument)
{
    struct tls_setting *setting = setting_;

    setting->argument = argument;
    return text_starts_with(argument, "db:") ? NULL : setting->set(argument);
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
    { "no-dbs", 0, OPTION_NONE, NULL,
      "start without a database if none is named", option_set_true, &no_dbs },
    { "disable-file-column-diff", 0, OPTION_NONE, NULL,
      "don't use column diff in database file", option_set_true, &no_diffs },
};

static const struct option_row sync_rows[] = {
    { "sync-from", 0, OPTION_REQUIRED, "SERVER",
      "follow the active SERVER, as its backup (except with --active)",
      option_set_string, &sync_from },
    { "sync-exclude-tables", 0, OPTION_REQUIRED, "DB:TABLE,...",
      "exclude the TABLE in DB from following", option_set_string,
      &sync_exclude_tables },
    { "active", 0, OPTION_NONE, NULL,
      "with --sync-from, start in the active role", option_set_true,
      &is_active },
};

static const struct option_row tls_rows[] = {
    { "private-key", 'p', OPTION_REQUIRED, "FILE",
      "file with private key, or db:DB,TABLE,COLUMN", option_tls,
      &private_key },
    { "certificate", 'c', OPTION_REQUIRED, "FILE",
      "file with certificate for the private key", option_tls, &certificate },
    { "ca-cert", 'C', OPTION_REQUIRED, "FILE",
      "file with peer CA certificate", option_tls, &ca_cert },
    { "bootstrap-ca-cert", 0, OPTION_REQUIRED, "FILE",
      "file with peer CA certificate to read or create", option_tls,
      &bootstrap },
    { "peer-ca-cert", 0, OPTION_REQUIRED, "FILE",
      "file with CA certificate to send to peers", option_tls,
      &peer_ca_cert },
    { "ssl-protocols", 0, OPTION_REQUIRED, "PROTOCOLS",
      "list of TLS protocols to enable", option_tls, &protocols },
    { "ssl-ciphers", 0, OPTION_REQUIRED, "CIPHERS",
      "list of TLS ciphers to enable", option_tls, &ciphers },
    { "ssl-ciphersuites", 0, OPTION_REQUIRED, "SUITES",
      "list of TLS 1.3 ciphersuites to enable", option_tls, &ciphersuites },
};

static void usage(void);

static size_t
make_groups(struct option_group groups[6])
{
    groups[0] = (struct option_group) {
        "Server options", server_rows, ARRAY_SIZE(server_rows) };
    groups[1] = (struct option_group) {
        "PKI configuration", tls_rows, ARRAY_SIZE(tls_rows) };
    groups[2] = (struct option_group) {
        "Syncing options", sync_rows, ARRAY_SIZE(sync_rows) };
    groups[3] = daemon_options();
    groups[4] = log_options();
    groups[5] = help_options(usage);
    return 6;
}

static void
usage(void)
{
    struct option_group groups[6];
    size_t n = make_groups(groups);

    printf("%s: Open vSwitch database server\n"
           "usage: %s [OPTIONS] [DATABASE...]\n"
           "where each DATABASE is a database file in ovsdb format.\n"
           "The default DATABASE, if none is given, is\n%s/conf.db.\n",
           program_name(), program_name(), dirs_db(DIRS_OVS));
    stream_print_usage("JSON-RPC", true, true);
    options_print_help(groups, n);
}

/* Takes the value of a setting from the database. */
static void
update_tls(struct server *server, struct tls_setting *setting)
{
    struct error *error;
    char *value;

    error = remotes_read_string(server, setting->argument, &value);
    if (error) {
        /* As long as there is no such database. */
        error_free(error);
    }
    if (!value == !setting->value
        && (!value || !strcmp(value, setting->value))) {
        free(value);
        return;
    }
    error = setting->set(value);
    if (error) {
        log_err("%s: %s", setting->argument, error_message(error));
        error_free(error);
    }
    free(setting->value);
    setting->value = value;
}

static void
update_all_tls(void *server)
{
    for (size_t i = 0; i < ARRAY_SIZE(tls_rows); i++) {
        struct tls_setting *setting = tls_rows[i].target;

        if (setting->argument && text_starts_with(setting->argument, "db:")) {
            update_tls(server, setting);
        }
    }
}

/* Follows the settings that the database has. */
static void
watch_tls(struct server *server)
{
    for (size_t i = 0; i < ARRAY_SIZE(tls_rows); i++) {
        struct tls_setting *setting = tls_rows[i].target;

        if (setting->argument && text_starts_with(setting->argument, "db:")) {
            remotes_watch(server->remotes, setting->argument, update_all_tls,
                          server);
        }
    }
    update_all_tls(server);
}

static void
configure_replication(struct replication *replication)
{
    if (sync_exclude_tables) {
        program_check(replication_set_excluded(replication,
                                               sync_exclude_tables));
    }
    if (sync_from) {
        program_check(replication_set_source(replication, sync_from));
        if (!is_active) {
            program_check(replication_start(replication));
        }
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
        watch_tls(server);
        program_check(config_file_load(server));
        return;
    }
    for (int i = 0; i < n_files; i++) {
        program_check(server_add_db(server, files[i]));
    }
    if (!n_files && !no_dbs) {
        char *name = dirs_path(dirs_db(DIRS_OVS), "conf.db");

        program_check(server_add_db(server, name));
        free(name);
    }
    VEC_FOR_EACH (name, &remote_names) {
        program_check(remotes_add(server->remotes, *name, &options));
    }
    watch_tls(server);
    program_check(remotes_reconfigure(server->remotes));
}

int
main(int argc, char *argv[])
{
    struct option_group groups[6];
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
    configure_replication(server->replication);
    commands_register(server);
    if (no_diffs) {
        commands_disable_diffs();
    }
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
