/* SPDX-License-Identifier: Apache-2.0 */

/* JSON-RPC framing: the first byte says how to cut the rest into pieces.
 * Whatever comes in, the members that are reported lie within the message, and
 * cutting makes no difference. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/jsonrpc/framer.h"

#define MAX_BYTES 100000

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint64_t
check_message(const struct framer *f, struct span text, uint64_t hash)
{
    assert(text.size && text.size <= MAX_BYTES);
    assert(text.data[0] == '{' && text.data[text.size - 1] == '}');
    for (size_t i = 0; i < f->n_members; i++) {
        const struct framer_member *m = &f->members[i];

        assert(m->key_start <= m->key_end);
        assert(m->key_end < m->value_start);
        assert(m->value_start < m->value_end);
        assert(m->value_end < text.size);
    }
    return hash_bytes(text.data, text.size, hash);
}

/* Feeds 'data' in pieces.  Returns a hash of what comes out. */
static uint64_t
feed(const char *data, size_t size, size_t piece)
{
    struct error *error = NULL;
    uint64_t hash = 0;
    struct framer f;

    framer_init(&f, MAX_BYTES);
    while (size && !error) {
        size_t n = MIN(piece, size);
        char *copy = xmemdup(data, n);
        const char *p = copy;
        size_t left = n;

        while (left && !error) {
            struct span text;

            error = framer_feed(&f, &p, &left, &text);
            if (!error && text.data) {
                hash = check_message(&f, text, hash);
            }
        }
        free(copy);
        data += n;
        size -= n;
    }
    hash += error != NULL;
    error_free(error);
    framer_uninit(&f);
    return hash;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1) {
        const char *text = (const char *) data + 1;

        if (feed(text, size - 1, 1 + data[0] % 32)
            != feed(text, size - 1, SIZE_MAX)) {
            abort_msg("cutting makes a difference");
        }
    }
    return 0;
}
