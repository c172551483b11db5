/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_CODEC_TEST_H
#define OPENFLOW_CODEC_TEST_H

/* What the tests of round trips share; include cmocka.h and what it needs
 * first. */

#include "lib/openflow/msg.h"
#include "lib/openflow/port_msg.h"
#include "lib/openflow/session_msg.h"

#define CODEC_N_ROUNDS 50

enum { CODEC_N_VERSIONS = 4 };
extern const uint8_t codec_versions[CODEC_N_VERSIONS];

int codec_tests(void);

/* Random values, from the seed that the run prints. */
uint32_t any32(void);
uint64_t any64(void);
ofp_port_t any_port(void);

/* Random bytes in all of an object without pointers or bounds. */
#define FILL(OBJECT) fill(&(OBJECT), sizeof (OBJECT))
void fill(void *object, size_t size);
void fill_name(char *name, size_t size);
void fill_port(struct phy_port *);
void fill_async(struct async_config *);

/* Decodes the header of 'b', and notes which message it is. */
void take_apart(const struct buf *b, struct ofmsg *msg);

/* Compares two encodings, but for the xids, and frees them. */
void expect_same(struct buf *a, struct buf *b);
void expect_same_lists(struct list *a, struct list *b);

/* Runs what follows for each version from 'FIRST' on, often. */
#define FOR_EACH_VERSION(VERSION, FIRST) \
    for (size_t v_ = 0; v_ < CODEC_N_VERSIONS; v_++) \
        for (uint8_t VERSION = codec_versions[v_], n_ = 0; \
             n_ < CODEC_N_ROUNDS && VERSION >= (FIRST); n_++)

/* Single messages: X random, Y decoded. */
#define EXPECT_ROUND_TRIP(TYPE, X, ENCODE, DECODE) \
    do { \
        struct buf *a_ = ENCODE(&(X), version); \
        struct ofmsg msg_; \
        TYPE y_; \
        memset(&y_, 0, sizeof y_); \
        take_apart(a_, &msg_); \
        assert_int_equal(DECODE(&y_, &msg_), 0); \
        expect_same(a_, ENCODE(&y_, version)); \
    } while (0)

/* In codec_session_test.c. */
void codec_test_hellos_and_errors(void **);
void codec_test_empty_messages(void **);
void codec_test_session_requests(void **);
void codec_test_session_replies(void **);
void codec_test_table_features(void **);
void codec_test_queue_config(void **);
void codec_test_switch_events(void **);

/* In codec_flow_test.c. */
void codec_test_flow_mods(void **);
void codec_test_flow_stats(void **);
void codec_test_flow_updates(void **);
void codec_test_packets(void **);

#endif /* openflow/codec_test.h */
