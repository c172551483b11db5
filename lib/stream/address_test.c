/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "lib/stream/address.h"

int address_tests(void);

/* Parses 's' and formats the result, or the error, for free(). */
static char *
round_trip(const char *s, bool passive, int default_port)
{
    struct address address;
    struct error *error = (passive
                           ? address_parse_passive(s, default_port, &address)
                           : address_parse_active(s, default_port, &address));
    struct str out = STR_EMPTY;

    if (error) {
        return error_steal_message(error);
    }
    if (address.host) {
        str_printf(&out, "name %s:%u", address.host, address.port);
    } else {
        sockaddr_put(&out, &address.ss);
    }
    address_uninit(&address);
    return str_steal(&out);
}

static const struct {
    const char *input;
    bool passive;
    int default_port;
    const char *expected;
} rows[] = {
    { "192.0.2.1:6640", false, 0, "192.0.2.1:6640" },
    { "192.0.2.1", false, 6653, "192.0.2.1:6653" },
    { "192.0.2.1", false, 0, "port is missing" },
    { "192.0.2.1:", false, 6640, "bad port number \"\"" },
    { "192.0.2.1:0", false, 6640, "bad port number \"0\"" },
    { "192.0.2.1:65536", false, 6640, "bad port number \"65536\"" },
    { "192.0.2.1:1x", false, 6640, "bad port number \"1x\"" },
    { "[2001:db8::1]:6640", false, 0, "[2001:db8::1]:6640" },
    { "[2001:db8::1]", false, 6640, "[2001:db8::1]:6640" },
    { "[fe80::1%lo]:1", false, 0, "[fe80::1%lo]:1" },
    { "[fe80::1%1]:1", false, 0, "[fe80::1%lo]:1" },
    { "[fe80::1%nosuch]:1", false, 0,
      "bad IPv6 address \"[fe80::1%nosuch]\"" },
    { "[192.0.2.1]:1", false, 0, "bad IPv6 address \"[192.0.2.1]\"" },
    { "[::1", false, 6640, "bad port number \":1\"" },
    { "", false, 6640, "bad host name \"\"" },
    { "db.example.com:6641", false, 0, "name db.example.com:6641" },
    { "a b:1", false, 0, "bad host name \"a b\"" },
    { "", true, 6640, "0.0.0.0:6640" },
    { "", true, -1, "port is missing" },
    { "0", true, -1, "0.0.0.0:0" },
    { "6641:127.0.0.1", true, -1, "127.0.0.1:6641" },
    { ":127.0.0.1", true, 6640, "127.0.0.1:6640" },
    { "6641:[::]", true, -1, "[::]:6641" },
    { "6641:name", true, -1, "\"name\" is not an IP address" },
    { "-1", true, -1, "bad port number \"-1\"" },
};

static void
test_addresses_are_read_whole_or_refused(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char *result = round_trip(rows[i].input, rows[i].passive,
                                  rows[i].default_port);

        assert_string_equal(result, rows[i].expected);
        free(result);
    }
}

int
address_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_are_read_whole_or_refused),
    };

    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
