/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/runtime/log.h"

LOG_MODULE(log_test);

int log_tests(void);

static char dir[] = "/tmp/log_test.XXXXXX";
static char *path;

static void
set(const char *spec)
{
    struct error *error = log_set(spec);

    assert_null(error);
}

static void
assert_refused(const char *spec, const char *message)
{
    struct error *error = log_set(spec);

    assert_non_null(error);
    assert_string_equal(error_message(error), message);
    error_free(error);
}

static void
assert_formats(const char *pattern, const char *expected)
{
    struct str s = STR_EMPTY;

    log_format_line(&s, pattern, log_module_this_, LOG_LEVEL_WARN, "text");
    assert_string_equal(str_cstr(&s), expected);
    str_uninit(&s);
}

/* Whole contents of the log file, for free(). */
static char *
read_file(void)
{
    static char buffer[8192];
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, buffer, sizeof buffer - 1);

    assert_true(n >= 0);
    buffer[n] = '\0';
    close(fd);
    return buffer;
}

static void
test_patterns(void **state)
{
    char host[256];

    assert_formats("%c|%p|%m%n%%", "log_test|WARN|text\n%");
    assert_formats("[%6p][%-6p][%06p]", "[  WARN][WARN  ][00WARN]");
    assert_formats("%T%t", "main");
    assert_formats("%B", "132");
    assert_formats("%", "");
    assert_formats("%99", "");
    log_set_thread_name("monitor");
    assert_formats("%T%t", "(monitor)monitor");
    log_set_thread_name(NULL);
    gethostname(host, sizeof host);
    assert_formats("%E", host);
}

static void
test_time_has_milliseconds(void **state)
{
    struct str s = STR_EMPTY;
    unsigned int year, ms;
    int n;

    log_format_line(&s, "%D{%Y .###|}", log_module_this_, LOG_LEVEL_INFO, "");
    n = sscanf(str_cstr(&s), "%4u .%3u|", &year, &ms);
    assert_int_equal(n, 2);
    assert_true(year >= 2024);
    str_uninit(&s);
}

static void
test_specs_are_refused_with_a_reason(void **state)
{
    assert_refused("nosuch",
                   "no destination, level, or module \"nosuch\"");
    assert_refused("info:warn", "cannot specify multiple levels");
    assert_refused("file:console", "cannot specify multiple destinations");
    assert_refused("bond:dpif", "cannot specify multiple modules");
    assert_refused("PATTERN:file", "missing pattern in \"PATTERN:file\"");
    assert_refused("PATTERN:nowhere:x", "unknown destination \"nowhere\"");
    assert_refused("FACILITY:nosuch", "invalid facility \"nosuch\"");
    set("dpif_netdev:console:off");
    set("ANY:console:OFF");
}

/* What is below the level costs nothing and writes nothing; the file's level
 * counts only while there is a file. */
static void
test_levels_by_destination(void **state)
{
    set("console:off");
    set("syslog:off");
    set("log_test:file:dbg");
    assert_false(log_is_on(LOG_LEVEL_EMER));
    assert_null(log_open_file(path));
    assert_true(log_is_on(LOG_LEVEL_DBG));
    set("PATTERN:file:%c|%p|%m");
    log_dbg("one %d", 1);
    set("log_test,file,warn");
    log_info("two");
    log_warn("three");
    assert_non_null(strstr(read_file(),
                           "log_test|DBG|one 1\nlog_test|WARN|three\n"));
    assert_null(strstr(read_file(), "two"));
}

static void
test_reopen_follows_a_rotation(void **state)
{
    char *old = xasprintf("%s.1", path);

    log_warn("before");
    assert_int_equal(rename(path, old), 0);
    assert_null(log_reopen_file());
    log_warn("after");
    assert_non_null(strstr(read_file(), "after"));
    assert_null(strstr(read_file(), "before"));
    log_close_file();
    log_warn("closed");
    assert_null(log_reopen_file());
    assert_null(strstr(read_file(), "closed"));
    unlink(old);
    free(old);
}

/* A flood must not fill the disk, and must not go unmentioned. */
static void
test_limit_drops_and_tells(void **state)
{
    struct log_limit limit = LOG_LIMIT(1, 3);

    for (int i = 0; i < 10; i++) {
        log_warn_limited(&limit, "flood %d", i);
    }
    assert_non_null(strstr(read_file(), "flood 2"));
    assert_null(strstr(read_file(), "flood 3"));
    assert_int_equal(limit.n_dropped, 7);

    limit.last_ms -= 60 * 1000;
    log_warn_limited(&limit, "later");
    assert_non_null(strstr(read_file(), "Dropped 7 log messages in last"));
    assert_non_null(strstr(read_file(), "later"));

    assert_null(log_set_limits("log_test", false));
    for (int i = 0; i < 10; i++) {
        log_warn_limited(&limit, "unlimited %d", i);
    }
    assert_non_null(strstr(read_file(), "unlimited 9"));
    assert_null(log_set_limits(NULL, true));
    struct error *error = log_set_limits("nosuch", true);
    assert_string_equal(error_message(error), "unknown module \"nosuch\"");
    error_free(error);
}

static void
test_syslog_over_a_unix_socket(void **state)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    char *method = xasprintf("unix:%s/syslog", dir);
    char buffer[512];

    snprintf(sun.sun_path, sizeof sun.sun_path, "%s/syslog", dir);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &sun, sizeof sun), 0);
    assert_null(log_set_syslog_method(method));
    log_set_program("prog");
    set("syslog:info");
    log_info("first\nsecond");
    set("syslog:off");

    ssize_t n = recv(fd, buffer, sizeof buffer - 1, MSG_DONTWAIT);
    assert_true(n > 0);
    buffer[n] = '\0';
    assert_true(!strncmp(buffer, "<133> ", 6));
    assert_non_null(strstr(buffer, "prog: ovs|"));
    assert_non_null(strstr(buffer, "|log_test|INFO|first"));
    n = recv(fd, buffer, sizeof buffer - 1, MSG_DONTWAIT);
    assert_true(n > 0);
    buffer[n] = '\0';
    assert_non_null(strstr(buffer, "|INFO|second"));

    assert_null(log_set_syslog_method("null"));
    struct error *error = log_set_syslog_method("nosuch");
    assert_string_equal(error_message(error),
                        "unsupported syslog method \"nosuch\"");
    error_free(error);
    error = log_set_syslog_target("here");
    assert_string_equal(error_message(error), "\"here\" is not IP:PORT");
    error_free(error);
    unlink(sun.sun_path);
    close(fd);
    free(method);
}

static void
test_lists(void **state)
{
    struct str s = STR_EMPTY;

    set("log_test:file:err");
    log_list(&s);
    assert_non_null(strstr(str_cstr(&s),
        "log_test           OFF        OFF        ERR\n"));
    assert_non_null(strstr(str_cstr(&s), "\ndpif_netdev "));
    str_clear(&s);
    log_list_patterns(&s);
    assert_non_null(strstr(str_cstr(&s), "CONSOLE  none "));
    str_uninit(&s);
}

static int
setup(void **state)
{
    if (!mkdtemp(dir)) {
        return -1;
    }
    path = xasprintf("%s/log", dir);
    return 0;
}

static int
teardown(void **state)
{
    error_free(log_open_file(NULL));
    unlink(path);
    rmdir(dir);
    free(path);
    return 0;
}

int
log_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_time_has_milliseconds),
        cmocka_unit_test(test_specs_are_refused_with_a_reason),
        cmocka_unit_test(test_levels_by_destination),
        cmocka_unit_test(test_reopen_follows_a_rotation),
        cmocka_unit_test(test_limit_drops_and_tells),
        cmocka_unit_test(test_syslog_over_a_unix_socket),
        cmocka_unit_test(test_lists),
    };

    return cmocka_run_group_tests_name("log", tests, setup, teardown);
}
