/* SPDX-License-Identifier: Apache-2.0 */

/* Text of the datapath's flows and actions: what parses can be printed and read
 * again; a flow prints the same then.  (Actions have forms that mean the same,
 * as "ct(zone=0)" and "ct".) */

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/flow/flow.h"
#include "lib/netlink/attr.h"
#include "vswitch/dpif/odp_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool
print_flow(const char *text, struct str *printed)
{
    struct flow_wildcards mask;
    struct flow key;
    struct error *error = odp_flow_parse(text, NULL, &key, &mask);

    if (!error) {
        odp_flow_format(&key, &mask, NULL, printed);
    }
    error_free(error);
    return !error;
}

static bool
print_actions(const char *text, struct str *printed)
{
    struct nlbuf actions = NLBUF_EMPTY;
    struct error *error = odp_actions_parse(text, NULL, &actions);

    if (!error) {
        odp_actions_format(actions.data, actions.size, NULL, printed);
    }
    nlbuf_uninit(&actions);
    error_free(error);
    return !error;
}

static void
twice(const char *text, bool (*print)(const char *, struct str *),
      bool is_same)
{
    struct str once = STR_EMPTY, again = STR_EMPTY;

    if (print(text, &once) && print(str_cstr(&once), &again)
        && is_same && strcmp(str_cstr(&once), str_cstr(&again))) {
        abort();
    }
    str_uninit(&once);
    str_uninit(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xmemdup0((const char *) data, size);

    twice(text, print_flow, true);
    twice(text, print_actions, false);
    free(text);
    return 0;
}
