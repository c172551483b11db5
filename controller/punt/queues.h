/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_QUEUES_H
#define CONTROLLER_PUNT_QUEUES_H

/* Packets that came up and wait for their handlers: a queue for each
 * operation, with a bound and a rate, so that a flood of one kind neither
 * keeps the others waiting nor costs much itself.  What is beyond either is
 * counted (pinctrl_limited_OP, pinctrl_overflow_OP) and dropped.
 *
 * Threads: one. */

#include "lib/logical/actions.h"
#include "lib/openflow/buf.h"

struct queues {
    struct {
        struct list messages;    /* struct buf, oldest first. */
        unsigned int n;
        int64_t second;          /* What is left of this second's packets. */
        unsigned int left;
    } ops[N_PUNT_OPS];
    enum punt_op next;           /* Whose turn it is. */
    size_t n;                    /* In all. */
};

void queues_init(struct queues *);
void queues_uninit(struct queues *);

/* Adds a message (copied) that asks for 'op'. */
void queues_put(struct queues *, enum punt_op, const void *message,
                size_t size);

/* Takes the oldest message of the operation whose turn it is; NULL if there
 * is none.  For buf_destroy(). */
struct buf *queues_take(struct queues *) MUST_USE;

#endif /* controller/punt/queues.h */
