/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/logical_test.h"

#include <string.h>

static bool
find_port(void *aux UNUSED, const char *name, uint32_t *ret_key)
{
    if (name[0] == 'p' && name[1] >= '1' && name[1] <= '9' && !name[2]) {
        *ret_key = name[1] - '0';
        return true;
    }
    return false;
}

static const char *const *
find_port_group(void *aux UNUSED, const char *name, size_t *ret_n)
{
    static const char *const ports[] = { "p1", "p2", "p3", "gone" };

    if (strcmp(name, "pg")) {
        return NULL;
    }
    *ret_n = ARRAY_SIZE(ports);
    return ports;
}

static const struct const_set *
find_set(void *aux UNUSED, const char *name)
{
    static const struct {
        const char *name;
        const char *members[6];
    } sets[] = {
        { "v4", { "10.0.0.1", "10.0.0.2", "10.0.0.3", "192.168.0.0/16",
                  "10.0.0.1/32" } },
        { "v4b", { "10.0.0.2", "10.0.0.4" } },
        { "v6", { "fd00::1", "fd00::2", "2001:db8::/32" } },
        { "macs", { "00:00:00:00:00:01", "00:00:00:00:00:02" } },
        { "mixed", { "10.0.0.1", "fd00::1", "10.0.0.0/30" } },
        { "empty", { NULL } },
    };
    static struct const_set *made[ARRAY_SIZE(sets)];

    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        size_t n = 0;

        if (strcmp(name, sets[i].name)) {
            continue;
        }
        while (n < 6 && sets[i].members[n]) {
            n++;
        }
        if (!made[i]) {
            made[i] = const_set_create(sets[i].members, n, NULL);
        }
        return made[i];
    }
    return NULL;
}

static bool
is_chassis_resident(void *aux UNUSED, const char *port)
{
    return !strcmp(port, "p1");
}

struct expr_env
test_world(void)
{
    return (struct expr_env) {
        .find_set = find_set,
        .find_port_group = find_port_group,
        .find_port = find_port,
        .is_chassis_resident = is_chassis_resident,
    };
}

int
main(void)
{
    return (lexer_tests() + expr_tests() + expr_property_tests()
            + actions_tests() + addresses_tests() + dhcp_options_tests());
}
