/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TESTING_H
#define CONTROLLER_TESTING_H

/* The controller's program without databases and without a switch: rows are
 * set by the test, and the facts that follow from them are looked at.
 *
 * Rows have small numbers, of which their uuids are made; the first 32 bits,
 * and so the cookies of flows, are the number. */

#include "controller/controller.h"
#include "controller/program.h"

struct bench {
    struct controller controller;
    struct datapaths *datapaths;
    struct ids *ids;
    struct str ports;            /* Of br-int, as JSON. */
};

/* Numbers of rows that bench_setup() makes: the bridge br-int of host h1, with
 * hostname host1, whose Chassis row is there. */
enum { ROW_OPEN_VSWITCH = 1001, ROW_BRIDGE, ROW_CHASSIS };

/* As setup and teardown of cmocka: '*state' is the bench.  The end fails the
 * test if the facts are not those of a computation from scratch. */
int bench_setup(void **state);
int bench_teardown(void **state);

struct uuid bench_uuid(unsigned int id);

/* Adds row 'id' to the table of that name, or changes columns of it.  'columns'
 * is what is between the braces of an RFC 7047 row, with ' for ", and @ID for
 * a reference (not behind a letter or digit). */
void bench_set(struct bench *, const char *table, unsigned int id,
               const char *columns, ...) PRINTF_FORMAT(4, 5);
void bench_delete(struct bench *, const char *table, unsigned int id);

/* Adds interface 'id' to br-int, in port 'id' whose external_ids are the second
 * text. */
void bench_interface(struct bench *, unsigned int id, const char *columns,
                     const char *port_ids);

/* Sets external_ids of the Open_vSwitch row, beside system-id and hostname:
 * "['KEY','VALUE'],...", with a comma at the end unless empty. */
void bench_settings(struct bench *, const char *pairs);

/* Computes until nothing is pending. */
void bench_run(struct bench *);

/* The facts under a key, or NULL; with a string, or a number, as the key. */
const struct incr_group *bench_find(struct bench *, unsigned int fact,
                                    const void *key, size_t);
const struct incr_group *bench_find_text(struct bench *, unsigned int fact,
                                         const char *key);
const struct incr_group *bench_find_number(struct bench *, unsigned int fact,
                                           uint32_t key);
const struct incr_group *bench_find_row(struct bench *, unsigned int fact,
                                        unsigned int id);

/* The flows of a table, "priority=N,MATCH actions=ACTIONS" each on a line, in
 * order.  For free(). */
char *bench_flows(struct bench *, uint8_t table) MUST_USE;

/* Fails unless those lines, each ended by a newline, are among the flows of the
 * table, or are not. */
void bench_expect(struct bench *, uint8_t table, const char *lines);
void bench_expect_none(struct bench *, uint8_t table, const char *part);

#endif /* controller/testing.h */
