/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/runtime/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/syslogger.h"

/* More of one message is cut. */
#define MAX_MESSAGE 65536

LOG_MODULE(vlog);

static const struct {
    const char *name;
    int severity;               /* For syslog. */
} levels[LOG_N_LEVELS] = {
    [LOG_LEVEL_OFF]  = { "OFF",  LOG_EMERG },
    [LOG_LEVEL_EMER] = { "EMER", LOG_ALERT },
    [LOG_LEVEL_ERR]  = { "ERR",  LOG_ERR },
    [LOG_LEVEL_WARN] = { "WARN", LOG_WARNING },
    [LOG_LEVEL_INFO] = { "INFO", LOG_NOTICE },
    [LOG_LEVEL_DBG]  = { "DBG",  LOG_DEBUG },
};

static struct {
    const char *name;
    const char *default_pattern;
    char *pattern;              /* NULL for the default. */
} destinations[LOG_N_DESTINATIONS] = {
    [LOG_DEST_SYSLOG]  = { "SYSLOG", "ovs|%05N|%c%T|%p|%m", NULL },
    [LOG_DEST_CONSOLE] = { "CONSOLE",
                           "%D{%Y-%m-%dT%H:%M:%SZ}|%05N|%c%T|%p|%m", NULL },
    [LOG_DEST_FILE]    = { "FILE",
                           "%D{%Y-%m-%dT%H:%M:%S.###Z}|%05N|%c%T|%p|%m",
                           NULL },
};

static const struct {
    const char *name;
    int value;
} facilities[] = {
    { "kern", LOG_KERN }, { "user", LOG_USER }, { "mail", LOG_MAIL },
    { "daemon", LOG_DAEMON }, { "auth", LOG_AUTH }, { "syslog", LOG_SYSLOG },
    { "lpr", LOG_LPR }, { "news", LOG_NEWS }, { "uucp", LOG_UUCP },
    { "clock", LOG_CRON }, { "ftp", LOG_FTP }, { "ntp", 12 << 3 },
    { "audit", 13 << 3 }, { "alert", 14 << 3 }, { "clock2", 15 << 3 },
    { "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 },
    { "local2", LOG_LOCAL2 }, { "local3", LOG_LOCAL3 },
    { "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 },
    { "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 },
};

/* The names that daemons of Open vSwitch and OVN have: scripts pass them to -v
 * and vlog/set, whatever the program, so that they are known even to one that
 * logs nothing under them. */
static const char *const usual_modules[] = {
    "acl_log", "backtrace", "bfd", "binding", "bond", "bridge", "bundle",
    "bundles", "cfm", "chassis", "collectors", "command_line", "connmgr",
    "conntrack", "conntrack_tp", "coverage", "ct_dpif", "ct_zone", "daemon",
    "daemon_unix", "dns_resolve", "dpdk", "dpif", "dpif_lookup_autovalidator",
    "dpif_lookup_generic", "dpif_mfex_extract_study", "dpif_netdev",
    "dpif_netdev_extract", "dpif_netdev_impl", "dpif_netdev_lookup",
    "dpif_netlink", "dpif_netlink_rtnl", "en_lflow", "en_northd",
    "en_sync_to_sb", "encaps", "entropy", "expr", "fail_open", "fatal_signal",
    "features", "flow", "hmap", "if_status", "in_band", "inc_proc_eng",
    "inc_proc_northd", "ipam", "ipf", "ipfix", "jsonrpc", "lacp", "lb",
    "lflow", "lflow_cache", "lldp", "lldpd", "lldpd_structs", "local_data",
    "lockfile", "lport", "mac_binding_aging", "mac_cache", "main", "memory",
    "memory_trim", "meta_flow", "mirror", "native_tnl", "netdev",
    "netdev_afxdp", "netdev_dummy", "netdev_linux", "netdev_offload",
    "netdev_offload_tc", "netdev_vport", "netflow", "netlink",
    "netlink_conntrack", "netlink_notifier", "netlink_socket", "northd",
    "nx_match", "odp_execute", "odp_execute_impl", "odp_util", "ofctrl",
    "ofctrl_seqno", "ofp_actions", "ofp_bundle", "ofp_connection",
    "ofp_errors", "ofp_flow", "ofp_group", "ofp_match", "ofp_meter",
    "ofp_monitor", "ofp_msgs", "ofp_packet", "ofp_port", "ofp_protocol",
    "ofp_queue", "ofp_table", "ofp_util", "ofproto", "ofproto_dpif",
    "ofproto_dpif_mirror", "ofproto_dpif_monitor", "ofproto_dpif_rid",
    "ofproto_dpif_upcall", "ofproto_dpif_xlate", "ofproto_xlate_cache",
    "ovn_northd", "ovn_parallel_hmap", "ovn_util", "ovs_lldp", "ovs_numa",
    "ovs_rcu", "ovs_replay", "ovs_router", "ovs_thread", "ovsdb", "ovsdb_cs",
    "ovsdb_error", "ovsdb_file", "ovsdb_idl", "ovsdb_jsonrpc_server",
    "ovsdb_log", "ovsdb_monitor", "ovsdb_rbac", "ovsdb_server", "ovsdb_util",
    "ox_stat", "patch", "pcap", "physical", "pinctrl", "pmd_perf", "poll_loop",
    "process", "raft", "raft_rpc", "rconn", "reconnect", "relay",
    "replication", "route_table", "rstp", "rstp_sm", "sflow", "sha1",
    "signals", "socket_util", "socket_util_unix", "statctrl", "stopwatch",
    "storage", "stp", "stream", "stream_fd", "stream_replay", "stream_ssl",
    "stream_tcp", "stream_unix", "svec", "system_stats", "tc", "timeval",
    "transaction", "transaction_forward", "trigger", "tunnel", "unixctl",
    "userspace_tso", "util", "uuid", "vconn", "vconn_stream", "vif_plug",
    "vlog", "vswitchd",
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* All of the following under 'mutex', but for reads of a module's levels. */
static struct log_module *modules;
static enum log_level default_levels[LOG_N_DESTINATIONS] = {
    LOG_LEVEL_INFO, LOG_LEVEL_INFO, LOG_LEVEL_INFO
};
static bool added_usual_modules;
static char *program;
static int facility;            /* 0 for the default of each use. */
static uint64_t n_messages;
static char *file_path;
static int file_fd = -1;
static struct syslogger *syslogger;
static struct syslogger *target;    /* Of --syslog-target. */
static bool chose_syslog;           /* Else "libc" at the first message. */

static int64_t start_ms;
static _Thread_local const char *thread_name;

static void
update_max_level(struct log_module *module)
{
    enum log_level max = LOG_LEVEL_OFF;

    for (int i = 0; i < LOG_N_DESTINATIONS; i++) {
        if (i != LOG_DEST_FILE || file_fd >= 0) {
            max = MAX(max, module->level[i]);
        }
    }
    __atomic_store_n(&module->max_level, max, __ATOMIC_RELAXED);
}

static void
update_max_levels(void)
{
    for (struct log_module *m = modules; m; m = m->next) {
        update_max_level(m);
    }
}

static struct log_module *
find_module(const char *name)
{
    for (struct log_module *m = modules; m; m = m->next) {
        if (!strcasecmp(m->name, name)) {
            return m;
        }
    }
    return NULL;
}

static struct log_module *
add_module(struct log_module *module)
{
    struct log_module *known = find_module(module->name);

    if (!known) {
        memcpy(module->level, default_levels, sizeof module->level);
        update_max_level(module);
        module->next = modules;
        modules = known = module;
    }
    return known;
}

struct log_module *
log_module_register(struct log_module *module)
{
    struct log_module *known;

    pthread_mutex_lock(&mutex);
    known = add_module(module);
    pthread_mutex_unlock(&mutex);
    return known;
}

/* Only when somebody asks for one: short-lived tools do not.  Under 'mutex'. */
static void
add_usual_modules(void)
{
    if (added_usual_modules) {
        return;
    }
    added_usual_modules = true;
    for (size_t i = 0; i < ARRAY_SIZE(usual_modules); i++) {
        static struct log_module storage[ARRAY_SIZE(usual_modules)];

        storage[i].name = usual_modules[i];
        add_module(&storage[i]);
    }
}

/* One of all modules. */
static struct log_module *
look_up_module(const char *name)
{
    struct log_module *module = find_module(name);

    if (!module) {
        add_usual_modules();
        module = find_module(name);
    }
    return module;
}

static CONSTRUCTOR void
note_start(void)
{
    start_ms = clock_ms();
}

/* Formatting. */

/* What a line is made of. */
struct line {
    const struct log_module *module;
    enum log_level level;
    uint64_t number;
    const char *text;
};

/* Appends the wall time by strftime(3) 'format', in which each '#' is a digit
 * of the second's fraction. */
static void
put_time(struct str *s, const char *format, size_t length, bool utc)
{
    int64_t now_ms = clock_wall_ms();
    time_t now = now_ms / 1000;
    char digits[4], template[128], buffer[256];
    const char *digit = digits;
    struct tm tm;

    snprintf(digits, sizeof digits, "%03u", (unsigned int) (now_ms % 1000));
    if (length >= sizeof template) {
        length = sizeof template - 1;
    }
    memcpy(template, format, length);
    template[length] = '\0';
    for (char *p = template; *p; p++) {
        if (*p == '#') {
            *p = *digit ? *digit++ : '0';
        }
    }
    if (utc) {
        gmtime_r(&now, &tm);
    } else {
        localtime_r(&now, &tm);
    }
    str_put_bytes(s, buffer, strftime(buffer, sizeof buffer, template, &tm));
}

static void
put_host_name(struct str *s)
{
    char name[256];

    if (gethostname(name, sizeof name)) {
        strcpy(name, "-");
    }
    name[sizeof name - 1] = '\0';
    str_put(s, name);
}

static const char *
program_name(void)
{
    return program ? program : program_invocation_short_name;
}

/* Appends what the escape 'c' stands for.  'arg' is what braces enclosed. */
static void
put_escape(struct str *s, char c, const char *arg, size_t arg_length,
           const struct line *line)
{
    static const char iso8601[] = "%Y-%m-%d %H:%M:%S";

    switch (c) {
    case 'A':
        str_put(s, program_name());
        break;
    case 'B':
        str_put_int(s, (facility ? facility : LOG_LOCAL0)
                       + levels[line->level].severity);
        break;
    case 'c':
        str_put(s, line->module->name);
        break;
    case 'd':
    case 'D':
        put_time(s, arg ? arg : iso8601,
                 arg ? arg_length : sizeof iso8601 - 1, c == 'D');
        break;
    case 'E':
        put_host_name(s);
        break;
    case 'm':
        str_put(s, line->text);
        break;
    case 'N':
        str_put_uint(s, line->number);
        break;
    case 'n':
        str_put_char(s, '\n');
        break;
    case 'p':
        str_put(s, levels[line->level].name);
        break;
    case 'P':
        str_put_int(s, getpid());
        break;
    case 'r':
        str_put_int(s, clock_ms() - start_ms);
        break;
    case 't':
        str_put(s, thread_name ? thread_name : "main");
        break;
    case 'T':
        if (thread_name) {
            str_printf(s, "(%s)", thread_name);
        }
        break;
    default:
        str_put_char(s, c);
        break;
    }
}

/* Pads what 's' has from 'start' on to 'width'. */
static void
pad(struct str *s, size_t start, size_t width, bool left, char fill)
{
    size_t length = s->length - start;

    if (length >= width) {
        return;
    }
    str_put_chars(s, left ? ' ' : fill, width - length);
    if (!left) {
        memmove(s->string + start + width - length, s->string + start, length);
        memset(s->string + start, fill, width - length);
    }
}

static void
format_line(struct str *s, const char *pattern, const struct line *line)
{
    for (const char *p = pattern; *p; ) {
        size_t n = strcspn(p, "%");
        str_put_bytes(s, p, n);
        p += n;
        if (!*p) {
            break;
        }
        p++;

        bool left = *p == '-';
        p += left;
        char fill = *p == '0' ? '0' : ' ';
        size_t width = 0;
        for (; *p >= '0' && *p <= '9'; p++) {
            width = MIN(width * 10 + (*p - '0'), 100);
        }
        if (!*p) {
            break;
        }

        char c = *p++;
        const char *arg = NULL;
        size_t arg_length = 0;
        if (*p == '{' && (c == 'd' || c == 'D' || c == 'c' || c == 'A'
                          || c == 't' || c == 'T')) {
            arg = p + 1;
            arg_length = strcspn(arg, "}");
            p = arg + arg_length + (arg[arg_length] == '}');
        }
        size_t start = s->length;
        put_escape(s, c, arg, arg_length, line);
        pad(s, start, width, left, fill);
    }
}

void
log_format_line(struct str *s, const char *pattern,
                const struct log_module *module, enum log_level level,
                const char *text)
{
    struct line line = { module, level, n_messages, text };

    format_line(s, pattern, &line);
}

static const char *
pattern_of(enum log_destination dest)
{
    return (destinations[dest].pattern ? destinations[dest].pattern
            : destinations[dest].default_pattern);
}

/* Writing. */

static void
write_line(int fd, struct str *s)
{
    size_t ofs = 0;

    str_put_char(s, '\n');
    while (ofs < s->length) {
        ssize_t n = write(fd, s->string + ofs, s->length - ofs);
        if (n < 0 && errno != EINTR) {
            break;
        }
        ofs += MAX(n, 0);
    }
}

static void
send_to_syslog(struct syslogger *to, const struct line *line, struct str *s)
{
    str_clear(s);
    format_line(s, syslogger_prefix(to), line);
    format_line(s, pattern_of(LOG_DEST_SYSLOG), line);
    syslogger_send(to, program_name(), facility,
                   levels[line->level].severity, str_cstr(s));
}

static void
write_to_syslog(const struct line *line, struct str *s)
{
    if (!chose_syslog) {
        chose_syslog = true;
        error_free(syslogger_create("libc", &syslogger));
    }
    if (!syslogger && !target) {
        return;
    }

    /* A record of syslog is one line. */
    char *text = xstrdup(line->text);
    char *rest = text;
    for (char *part; (part = text_token(&rest, "\n")) != NULL; ) {
        struct line part_line = *line;

        part_line.text = part;
        if (syslogger) {
            send_to_syslog(syslogger, &part_line, s);
        }
        if (target) {
            send_to_syslog(target, &part_line, s);
        }
    }
    free(text);
}

/* 'mutex' is held. */
static void
write_text(struct log_module *module, enum log_level level, const char *text)
{
    struct line line = { module, level, ++n_messages, text };
    struct str s = STR_EMPTY;

    if (module->level[LOG_DEST_CONSOLE] >= level) {
        format_line(&s, pattern_of(LOG_DEST_CONSOLE), &line);
        write_line(STDERR_FILENO, &s);
    }
    if (file_fd >= 0 && module->level[LOG_DEST_FILE] >= level) {
        str_clear(&s);
        format_line(&s, pattern_of(LOG_DEST_FILE), &line);
        write_line(file_fd, &s);
    }
    if (module->level[LOG_DEST_SYSLOG] >= level) {
        write_to_syslog(&line, &s);
    }
    str_uninit(&s);
}

void
log_write_va(struct log_module *module, enum log_level level,
             const char *format, va_list args)
{
    int saved_errno = errno;
    struct str text = STR_EMPTY;

    str_vprintf(&text, format, args);
    if (text.length > MAX_MESSAGE) {
        str_truncate(&text, MAX_MESSAGE);
        str_put(&text, "...");
    }
    pthread_mutex_lock(&mutex);
    write_text(module, level, str_cstr(&text));
    pthread_mutex_unlock(&mutex);
    str_uninit(&text);
    errno = saved_errno;
}

void
log_write(struct log_module *module, enum log_level level,
          const char *format, ...)
{
    va_list args;

    va_start(args, format);
    log_write_va(module, level, format, args);
    va_end(args);
}

/* Takes a token of 'limit'.  When it does, '*ret_dropped' becomes the number
 * of messages dropped before, of which the first was '*ret_ms' ago.  'mutex'
 * is held. */
static bool
take_token(struct log_limit *limit, unsigned int *ret_dropped, int64_t *ret_ms)
{
    int64_t now_ms = clock_ms();
    int64_t full = limit->burst * INT64_C(60000);

    if (!limit->last_ms) {
        limit->tokens_x60000 = full;
    } else {
        int64_t elapsed_ms = MIN(now_ms - limit->last_ms, 3600 * 1000);
        limit->tokens_x60000 += elapsed_ms * limit->per_minute;
        limit->tokens_x60000 = MIN(limit->tokens_x60000, full);
    }
    limit->last_ms = MAX(now_ms, 1);

    if (limit->tokens_x60000 < 60000) {
        if (!limit->n_dropped++) {
            limit->first_dropped_ms = now_ms;
        }
        return false;
    }
    limit->tokens_x60000 -= 60000;
    *ret_dropped = limit->n_dropped;
    *ret_ms = now_ms - limit->first_dropped_ms;
    limit->n_dropped = 0;
    return true;
}

void
log_write_limited(struct log_module *module, enum log_level level,
                  struct log_limit *limit, const char *format, ...)
{
    unsigned int n_dropped = 0;
    int64_t elapsed_ms = 0;
    va_list args;

    if (!module->limit_disabled) {
        pthread_mutex_lock(&mutex);
        bool ok = take_token(limit, &n_dropped, &elapsed_ms);
        pthread_mutex_unlock(&mutex);
        if (!ok) {
            return;
        }
    }
    if (n_dropped) {
        /* Scripts look for the first four words. */
        log_write(module, level, "Dropped %u log messages in last %lld "
                  "seconds due to excessive rate",
                  n_dropped, (long long) (elapsed_ms / 1000));
    }
    va_start(args, format);
    log_write_va(module, level, format, args);
    va_end(args);
}

/* Settings. */

void
log_set_program(const char *name)
{
    pthread_mutex_lock(&mutex);
    free(program);
    program = xstrdup(name);
    pthread_mutex_unlock(&mutex);
}

void
log_set_thread_name(const char *name)
{
    thread_name = name;
}

static int
find_destination(const char *name)
{
    for (int i = 0; i < LOG_N_DESTINATIONS; i++) {
        if (!strcasecmp(destinations[i].name, name)) {
            return i;
        }
    }
    return -1;
}

static int
find_level(const char *name)
{
    for (int i = 0; i < LOG_N_LEVELS; i++) {
        if (!strcasecmp(levels[i].name, name)) {
            return i;
        }
    }
    return -1;
}

static struct error *
set_pattern(char *spec)
{
    char *pattern = strchr(spec, ':');

    if (!pattern) {
        return error_create(EINVAL, "missing pattern in \"PATTERN:%s\"", spec);
    }
    *pattern++ = '\0';

    int only = find_destination(spec);
    if (only < 0 && strcasecmp(spec, "any")) {
        return error_create(EINVAL, "unknown destination \"%s\"", spec);
    }
    for (int i = 0; i < LOG_N_DESTINATIONS; i++) {
        if (only < 0 || only == i) {
            free(destinations[i].pattern);
            destinations[i].pattern = xstrdup(pattern);
        }
    }
    return NULL;
}

static struct error *
set_facility(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(facilities); i++) {
        if (!strcasecmp(facilities[i].name, name)) {
            facility = facilities[i].value;
            return NULL;
        }
    }
    return error_create(EINVAL, "invalid facility \"%s\"", name);
}

/* 'dest' and 'module' may be all: -1, NULL. */
static void
set_levels(struct log_module *only, int dest, enum log_level level)
{
    for (int i = 0; i < LOG_N_DESTINATIONS; i++) {
        if (dest >= 0 && dest != i) {
            continue;
        }
        if (!only) {
            default_levels[i] = level;
        }
        for (struct log_module *m = modules; m; m = m->next) {
            if (!only || only == m) {
                m->level[i] = level;
            }
        }
    }
    update_max_levels();
}

static struct error *
set_words(char *spec)
{
    struct log_module *module = NULL;
    int dest = -1, level = -1;

    for (char *word; (word = text_token(&spec, " ,:")) != NULL; ) {
        struct log_module *m;

        if (!strcasecmp(word, "any")) {
            continue;
        } else if (find_destination(word) >= 0) {
            if (dest >= 0) {
                return error_create(EINVAL, "cannot specify multiple "
                                    "destinations");
            }
            dest = find_destination(word);
        } else if (find_level(word) >= 0) {
            if (level >= 0) {
                return error_create(EINVAL, "cannot specify multiple levels");
            }
            level = find_level(word);
        } else if ((m = look_up_module(word)) != NULL) {
            if (module) {
                return error_create(EINVAL, "cannot specify multiple modules");
            }
            module = m;
        } else {
            return error_create(EINVAL, "no destination, level, or module "
                                "\"%s\"", word);
        }
    }
    set_levels(module, dest, level >= 0 ? level : LOG_LEVEL_DBG);
    return NULL;
}

struct error *
log_set(const char *spec_)
{
    char *spec = xstrdup(spec_);
    struct error *error;

    pthread_mutex_lock(&mutex);
    if (!strncasecmp(spec, "PATTERN:", 8)) {
        error = set_pattern(spec + 8);
    } else if (!strncasecmp(spec, "FACILITY:", 9)) {
        error = set_facility(spec + 9);
    } else {
        error = set_words(spec);
    }
    pthread_mutex_unlock(&mutex);
    free(spec);
    return error;
}

void
log_set_level(enum log_destination dest, enum log_level level)
{
    pthread_mutex_lock(&mutex);
    set_levels(NULL, dest, level);
    pthread_mutex_unlock(&mutex);
}

static struct error *
open_file(const char *path, int *ret_fd)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0660);

    if (fd < 0) {
        return error_from_errno(errno, "failed to open %s for logging", path);
    }
    *ret_fd = fd;
    return NULL;
}

/* Exchanges the file for 'path' and 'fd', which it takes. */
static void
replace_file(char *path, int fd)
{
    pthread_mutex_lock(&mutex);
    if (file_fd >= 0) {
        close(file_fd);
    }
    if (path != file_path) {
        free(file_path);
        file_path = path;
    }
    file_fd = fd;
    update_max_levels();
    pthread_mutex_unlock(&mutex);
}

struct error *
log_open_file(const char *path)
{
    int fd = -1;

    if (path) {
        struct error *error = open_file(path, &fd);
        if (error) {
            return error;
        }
    }
    replace_file(xstrdup_null(path), fd);
    if (path) {
        log_info("opened log file %s", path);
    }
    return NULL;
}

struct error *
log_reopen_file(void)
{
    int fd;

    if (!file_path) {
        return NULL;
    }
    if (file_fd >= 0) {
        struct stat a, b;

        if (!stat(file_path, &a) && !fstat(file_fd, &b)
            && a.st_dev == b.st_dev && a.st_ino == b.st_ino) {
            return NULL;
        }
        log_info("closing log file");
    }
    struct error *error = open_file(file_path, &fd);
    if (error) {
        return error;
    }
    replace_file(file_path, fd);
    log_info("opened log file %s", file_path);
    return NULL;
}

void
log_close_file(void)
{
    replace_file(file_path, -1);
}

const char *
log_file_path(void)
{
    return file_path;
}

int
log_chown_file(uid_t uid, gid_t gid)
{
    return file_fd >= 0 && fchown(file_fd, uid, gid) ? -errno : 0;
}

struct error *
log_set_syslog_method(const char *method)
{
    struct syslogger *new;
    struct error *error = syslogger_create(method, &new);

    if (error) {
        return error;
    }
    pthread_mutex_lock(&mutex);
    syslogger_destroy(syslogger);
    syslogger = new;
    chose_syslog = true;
    pthread_mutex_unlock(&mutex);
    return NULL;
}

struct error *
log_set_syslog_target(const char *host_port)
{
    char *method = xasprintf("udp:%s", host_port);
    struct syslogger *new;
    struct error *error = syslogger_create(method, &new);

    free(method);
    if (error) {
        return error;
    }
    pthread_mutex_lock(&mutex);
    syslogger_destroy(target);
    target = new;
    pthread_mutex_unlock(&mutex);
    return NULL;
}

struct error *
log_set_limits(const char *name, bool on)
{
    struct log_module *only = NULL;

    pthread_mutex_lock(&mutex);
    add_usual_modules();
    pthread_mutex_unlock(&mutex);
    if (name) {
        only = find_module(name);
        if (!only) {
            return error_create(ENOENT, "unknown module \"%s\"", name);
        }
    }
    for (struct log_module *m = modules; m; m = m->next) {
        if (!only || m == only) {
            m->limit_disabled = !on;
        }
    }
    return NULL;
}

static int
compare_modules(const void *a_, const void *b_)
{
    const struct log_module *const *a = a_, *const *b = b_;

    return strcasecmp((*a)->name, (*b)->name);
}

void
log_list(struct str *s)
{
    VEC(const struct log_module *) sorted = VEC_EMPTY;

    pthread_mutex_lock(&mutex);
    add_usual_modules();
    pthread_mutex_unlock(&mutex);
    str_put(s, "                 console    syslog    file\n");
    str_put(s, "                 -------    ------    ------\n");
    for (const struct log_module *m = modules; m; m = m->next) {
        vec_push(&sorted, m);
    }
    vec_sort(&sorted, compare_modules);
    VEC_FOR_EACH (p, &sorted) {
        const struct log_module *m = *p;

        str_printf(s, "%-16s  %4s       %4s       %4s", m->name,
                   levels[m->level[LOG_DEST_CONSOLE]].name,
                   levels[m->level[LOG_DEST_SYSLOG]].name,
                   levels[m->level[LOG_DEST_FILE]].name);
        if (m->limit_disabled) {
            str_put(s, "    (rate limiting disabled)");
        }
        str_put_char(s, '\n');
    }
    vec_uninit(&sorted);
}

void
log_list_patterns(struct str *s)
{
    static const enum log_destination order[] = {
        LOG_DEST_SYSLOG, LOG_DEST_CONSOLE, LOG_DEST_FILE
    };

    str_put(s, "         prefix                            format\n");
    str_put(s, "         ------                            ------\n");
    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        const char *prefix = "none";

        if (order[i] == LOG_DEST_SYSLOG && syslogger
            && *syslogger_prefix(syslogger)) {
            prefix = syslogger_prefix(syslogger);
        }
        str_printf(s, "%-7s  %-32s  %s\n", destinations[order[i]].name, prefix,
                   pattern_of(order[i]));
    }
}
