/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSONRPC_FRAMER_H
#define JSONRPC_FRAMER_H

/* Cuts a stream of bytes into JSON objects and finds the members of each, in
 * one pass, however the bytes are cut on their way.
 *
 * Checked: that a message is an object of "name": value members, that brackets
 * match and nest no deeper than JSONRPC_MAX_DEPTH, and that it is no longer
 * than allowed.  Within values that are arrays or objects, and within strings
 * and numbers, syntax is left to whoever reads them.
 *
 * A message that arrives in one piece is not copied. */

#include "lib/base/error.h"
#include "lib/base/span.h"
#include "lib/base/str.h"

#define FRAMER_MAX_MEMBERS 8
#define FRAMER_MAX_DEPTH 1000

/* Offsets in the message. */
struct framer_member {
    size_t key_start, key_end;      /* Without the quotes. */
    size_t value_start, value_end;
};

struct framer {
    size_t max_bytes;           /* Of a message. */

    /* The message under way. */
    struct str buffer;          /* What came before the present bytes. */
    size_t offset;              /* Of the next byte; 0 between messages. */
    int state;                  /* What is expected outside of values. */
    unsigned int depth;         /* Brackets open; 1 among the members. */
    bool in_string, is_escaped;
    uint64_t is_object[(FRAMER_MAX_DEPTH + 64) / 64];   /* By depth. */
    size_t n_members;
    struct framer_member members[FRAMER_MAX_MEMBERS];
};

void framer_init(struct framer *, size_t max_bytes);
void framer_uninit(struct framer *);

/* Reads from the '*size' bytes at '*data', advancing both, up to the end of a
 * message, whose text '*ret' becomes, there until the next call; 'members'
 * then has its members.  Without an end, '*ret' is SPAN_NULL and '*size' 0.
 * After an error nothing more may be fed. */
struct error *framer_feed(struct framer *, const char **data, size_t *size,
                          struct span *ret) MUST_USE;

/* Bytes kept of a message that is not whole yet. */
size_t framer_buffered_bytes(const struct framer *);

#endif /* jsonrpc/framer.h */
