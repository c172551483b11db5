/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_TLOG_H
#define OVSDB_SERVER_TLOG_H

/* The log of what is done to the rows of tables for which the command
 * ovsdb-server/tlog-set has asked. */

struct txn;

/* Logs a line for each such row that 'txn', which is about to be committed,
 * changes: its new values, or the last ones of a deleted row. */
void tlog_put(const struct txn *);

#endif /* ovsdb/server/tlog.h */
