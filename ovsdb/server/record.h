/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_RECORD_H
#define OVSDB_SERVER_RECORD_H

/* Transactions as the records of a database file (ovsdb(5), "Standalone
 * Format"), and back. */

#include "lib/base/span.h"
#include "ovsdb/server/txn.h"
#include "ovsdb/storage/dblog.h"

/* Whether records have only what differs in sets and maps (they do), or their
 * whole new values, which servers before Open vSwitch 2.15 can read. */
void record_set_diffs(bool enable);

/* Appends the record of a checked transaction.  False, and nothing appended,
 * if it changes nothing that is kept in a file. */
bool record_put_txn(struct str *, const struct txn *);

/* Appends one record that inserts all rows. */
void record_put_snapshot(struct str *, const struct db *, const char *comment);

/* Does to 'db' what the record says, without checks. */
struct error *record_replay(struct db *, struct span json) MUST_USE;

/* Opens the file 'path', reads its schema and replays the rest.  What could
 * not be read at its end is told in '*ret_warning' (NULL if all is well), for
 * error_free().  '*ret_log' may be NULL to close the file. */
struct error *db_open_file(const char *path, enum dblog_mode,
                           struct db **ret_db, struct dblog **ret_log,
                           struct error **ret_warning) MUST_USE;

/* Reads only the schema of the file. */
struct error *db_read_file_schema(const char *path,
                                  struct ovsdb_schema **ret) MUST_USE;

/* Writes schema and rows to 'log', which is empty. */
struct error *db_write_snapshot(const struct db *, struct dblog *log,
                                const char *comment) MUST_USE;

/* Puts what 'db' has of the tables and columns of 'schema' into a new database
 * of that schema, checking all constraints.  Keeps uuids. */
struct error *db_convert(const struct db *, struct ovsdb_schema *schema,
                         struct db **ret) MUST_USE;

#endif /* ovsdb/server/record.h */
