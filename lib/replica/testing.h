/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLICA_TESTING_H
#define REPLICA_TESTING_H

/* Rows without a server, for tests of what reads them. */

#include "lib/base/error.h"

struct replica;

/* From now on every table is there, with every column. */
void replica_testing_start(struct replica *);

/* Applies <table-updates2> (ovsdb-server(7), "Monitor2"), as if the server had
 * sent them, except that "modify" has whole values of sets and maps, too. */
struct error *replica_testing_update(struct replica *, const char *updates)
    MUST_USE;

#endif /* replica/testing.h */
