/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_STREAM_TESTING_H
#define STREAM_STREAM_TESTING_H

/* Two ends of a stream, for the tests. */

#include "lib/base/str.h"
#include "lib/stream/stream.h"

/* What callbacks have told of one end. */
struct end {
    struct stream *stream;
    struct str input;
    bool is_open, is_closed, is_drained;
    char *error;            /* Of the end; NULL if the peer closed it. */
};

/* A listener, the end that connects and the end that it accepts. */
struct pair {
    struct listener *listener;
    struct end client, server;
};

extern const struct stream_callbacks end_callbacks;

/* Turns the loop until CONDITION, which must come to pass. */
#define WAIT_FOR(CONDITION) \
    do { \
        for (int i_ = 0; !(CONDITION); i_++) { \
            assert_true(i_ < 100000); \
            loop_turn(true); \
        } \
    } while (0)

/* Listens at 'passive' and connects to 'active', in which %u stands for the
 * port that was chosen, without waiting for the outcome. */
void pair_open(struct pair *, const char *passive, const char *active);

/* The same, until both ends are open. */
void pair_connect(struct pair *, const char *passive, const char *active);
void pair_close(struct pair *);

#endif /* stream/stream_testing.h */
