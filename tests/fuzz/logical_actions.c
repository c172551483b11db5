/* SPDX-License-Identifier: Apache-2.0 */

/* Actions: what parses prints to text that parses to what prints the same, and
 * both encode to the same bytes. */

#include <stdlib.h>
#include <string.h>

#include "lib/logical/actions.h"
#include "lib/logical/ovn_symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool
find_number(void *aux, const char *name, uint32_t *ret)
{
    *ret = strlen(name);
    return *ret % 7 != 6;
}

/* Parses 'text', and if that can be done prints and encodes it. */
static bool
translate(const char *text, struct str *printed, struct buf *ofpacts)
{
    static struct option_table dhcpv4, dhcpv6, nd_ra;
    static const struct action_tables tables = { .ingress = 8 };
    struct action_parse_env env = {
        .symbols = ovn_symbols(), .dhcpv4 = &dhcpv4, .dhcpv6 = &dhcpv6,
        .nd_ra = &nd_ra, .table = 10, .n_tables = 30,
    };
    struct action_encode_env encode_env = {
        .tables = &tables, .punt_meter = CONTROLLER_NO_METER,
        .common_nat_zone_reg = LOG_REG_DNAT_ZONE,
        .find_port = find_number, .find_group = find_number,
        .find_meter = find_number,
    };
    struct arena arena = ARENA_EMPTY;
    const struct action *actions;
    const struct expr *prereqs;
    struct error *error;
    bool ok;

    if (!dhcpv4.by_name.map.buckets) {
        option_table_init(&dhcpv4, dhcpv4_option_defs);
        option_table_init(&dhcpv6, dhcpv6_option_defs);
        option_table_init(&nd_ra, nd_ra_option_defs);
    }
    error = actions_parse(text, &env, &arena, &actions, &prereqs);
    ok = !error;
    error_free(error);
    if (ok) {
        actions_format(actions, printed);
        error_free(actions_encode(actions, &encode_env, ofpacts));
    }
    arena_uninit(&arena);
    return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xmemdup0((const char *) data, size);
    struct str first = STR_EMPTY, second = STR_EMPTY;
    struct buf a = BUF_EMPTY, b = BUF_EMPTY;

    if (translate(text, &first, &a)
        && (!translate(str_cstr(&first), &second, &b)
            || strcmp(str_cstr(&first), str_cstr(&second))
            || a.size != b.size || (a.size && memcmp(a.data, b.data,
                                                     a.size)))) {
        abort();
    }
    str_uninit(&first);
    str_uninit(&second);
    buf_uninit(&a);
    buf_uninit(&b);
    free(text);
    return 0;
}
