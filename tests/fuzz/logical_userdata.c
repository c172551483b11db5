/* SPDX-License-Identifier: Apache-2.0 */

/* Userdata of packet-ins: what decodes encodes to the same bytes, its spans
 * lie within it, and it prints. */

#include <stdlib.h>
#include <string.h>

#include "lib/logical/actions.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf again = BUF_EMPTY;
    struct str text = STR_EMPTY;
    struct punt punt;

    if (!punt_decode(data, size, &punt)) {
        struct flow flow = { .dl_type = 0 };

        punt_encode(&punt, &again);
        punt_format(&punt, &text);
        for (size_t i = 0; i < 3; i++) {
            if (punt.args[i].n_bits) {
                punt_bits_write(&punt.args[i], 1, &flow);
                punt_bits_read(&punt.args[i], &flow);
            }
        }
        if (again.size != size) {
            abort();
        }
    }
    buf_uninit(&again);
    str_uninit(&text);
    return 0;
}
