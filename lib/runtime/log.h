/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LOG_H
#define RUNTIME_LOG_H

/* Log messages by module, to console, syslog and file, each with its own
 * level.
 *
 *     LOG_MODULE(ofproto);             // once, at the top of a .c file
 *     log_info("bridge %s: added port %s", ...);
 *     static struct log_limit limit = LOG_LIMIT(1, 5);
 *     log_warn_limited(&limit, ...);
 *
 * WARN and above mean that an operator must look.  What a healthy system does
 * is INFO or DBG.  Several files may name the same module.
 * Threads: any. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include "lib/base/compiler.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

enum log_level {
    LOG_LEVEL_OFF,
    LOG_LEVEL_EMER,
    LOG_LEVEL_ERR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DBG,
    LOG_N_LEVELS
};

enum log_destination {
    LOG_DEST_SYSLOG,
    LOG_DEST_CONSOLE,
    LOG_DEST_FILE,
    LOG_N_DESTINATIONS
};

struct log_module {
    const char *name;
    enum log_level level[LOG_N_DESTINATIONS];
    enum log_level max_level;     /* The greatest of 'level'. */
    struct log_module *next;
    bool limit_disabled;          /* vlog/disable-rate-limit. */
};

/* Registers 'module', or joins it with the module of that name.  Returns the
 * one to use. */
struct log_module *log_module_register(struct log_module *);

#define LOG_MODULE(NAME) \
    static struct log_module log_module_storage_ = { .name = #NAME }; \
    static struct log_module *log_module_this_ = &log_module_storage_; \
    static CONSTRUCTOR void \
    log_module_init_(void) \
    { \
        log_module_this_ = log_module_register(&log_module_storage_); \
    }

/* At most 'burst' messages at once and 'per_minute' in the long run; how many
 * were dropped is told with the next one that gets through. */
struct log_limit {
    unsigned int per_minute;
    unsigned int burst;
    int64_t tokens_x60000;        /* Tokens, times 60,000. */
    int64_t last_ms;              /* 0 if never used. */
    int64_t first_dropped_ms;
    unsigned int n_dropped;
};

#define LOG_LIMIT(PER_MINUTE, BURST) { (PER_MINUTE), (BURST), 0, 0, 0, 0 }

void log_write(struct log_module *, enum log_level, const char *format, ...)
    PRINTF_FORMAT(3, 4);
void log_write_va(struct log_module *, enum log_level, const char *format,
                  va_list) PRINTF_FORMAT(3, 0);
void log_write_limited(struct log_module *, enum log_level,
                       struct log_limit *, const char *format, ...)
    PRINTF_FORMAT(4, 5);

#define log_is_on(LEVEL) (log_module_this_->max_level >= (LEVEL))
#define LOG_(LEVEL, ...) \
    (log_is_on(LEVEL) ? log_write(log_module_this_, LEVEL, __VA_ARGS__) \
                      : (void) 0)
#define LOG_LIMITED_(LEVEL, LIMIT, ...) \
    (log_is_on(LEVEL) \
     ? log_write_limited(log_module_this_, LEVEL, LIMIT, __VA_ARGS__) \
     : (void) 0)

#define log_emer(...) LOG_(LOG_LEVEL_EMER, __VA_ARGS__)
#define log_err(...) LOG_(LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warn(...) LOG_(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) LOG_(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_dbg(...) LOG_(LOG_LEVEL_DBG, __VA_ARGS__)
#define log_err_limited(LIMIT, ...) \
    LOG_LIMITED_(LOG_LEVEL_ERR, LIMIT, __VA_ARGS__)
#define log_warn_limited(LIMIT, ...) \
    LOG_LIMITED_(LOG_LEVEL_WARN, LIMIT, __VA_ARGS__)
#define log_info_limited(LIMIT, ...) \
    LOG_LIMITED_(LOG_LEVEL_INFO, LIMIT, __VA_ARGS__)
#define log_dbg_limited(LIMIT, ...) \
    LOG_LIMITED_(LOG_LEVEL_DBG, LIMIT, __VA_ARGS__)

/* Logs 'format' at EMER and exits with status 1. */
#define log_fatal(...) \
    (log_write(log_module_this_, LOG_LEVEL_EMER, __VA_ARGS__), exit(1))

/* The rest is for lib/daemon. */

/* Sets the program's name for the console and syslog.  'name' is copied. */
void log_set_program(const char *name);

/* Names this thread (or process, such as "monitor") in messages.  'name' is
 * borrowed for good.  NULL, the default, is for the main thread. */
void log_set_thread_name(const char *name);

/* Applies one SPEC as the -v option and vlog/set take it: words separated by
 * blanks, commas or colons, each a module, a level or a destination (in any
 * order; what is left out means all, or "dbg" for the level);
 * "PATTERN:DESTINATION:TEXT" sets the line format of a destination;
 * "FACILITY:X" the syslog facility. */
struct error *log_set(const char *spec) MUST_USE;

/* Sets the level of every module at 'destination'. */
void log_set_level(enum log_destination destination, enum log_level);

/* Writes the log file 'path' from now on (appending); NULL stops. */
struct error *log_open_file(const char *path) MUST_USE;

/* Opens the file anew (after a rotation); nothing if there never was one. */
struct error *log_reopen_file(void) MUST_USE;
void log_close_file(void);

/* The file's name, NULL if none; still known while it is closed. */
const char *log_file_path(void);

/* Gives the open log file to user and group (for --user). */
int log_chown_file(uid_t, gid_t) MUST_USE;

/* 'method' as in --syslog-method: "libc", "null", "unix:FILE", "udp:IP:PORT".
 * "udp" target also by --syslog-target=HOST:PORT. */
struct error *log_set_syslog_method(const char *method) MUST_USE;
struct error *log_set_syslog_target(const char *host_port) MUST_USE;

/* Turns the rate limits of 'module' (all if NULL) off or on. */
struct error *log_set_limits(const char *module, bool on) MUST_USE;

/* Tables for vlog/list and vlog/list-pattern. */
void log_list(struct str *);
void log_list_patterns(struct str *);

/* Formats 'text' as if logged, for tests. */
void log_format_line(struct str *, const char *pattern,
                     const struct log_module *, enum log_level,
                     const char *text);

#endif /* runtime/log.h */
