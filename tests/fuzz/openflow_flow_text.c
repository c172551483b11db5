/* SPDX-License-Identifier: Apache-2.0 */

/* Flow text: what parses prints to text that parses to the same match and
 * prints the same. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/openflow/flow_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool
print(const char *text, struct str *printed)
{
    struct buf acts = BUF_EMPTY;
    struct flow_mod fm;
    struct error *error = flow_mod_parse(&fm, text, FLOW_MOD_ADD, NULL, &acts,
                                         NULL);

    if (!error) {
        match_format(&fm.match, NULL, fm.priority, printed);
        str_put(printed, " actions=");
        ofpacts_format(fm.ofpacts, fm.ofpacts_size, NULL, printed);
    }
    buf_uninit(&acts);
    error_free(error);
    return !error;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xmemdup0((const char *) data, size);
    struct str once = STR_EMPTY, twice = STR_EMPTY;

    if (print(text, &once) && print(str_cstr(&once), &twice)
        && strcmp(str_cstr(&once), str_cstr(&twice))) {
        abort();
    }
    str_uninit(&once);
    str_uninit(&twice);
    free(text);
    return 0;
}
