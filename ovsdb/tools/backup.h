/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_TOOLS_BACKUP_H
#define OVSDB_TOOLS_BACKUP_H

/* The contents of a database as a database file on stdout, and back from one
 * on stdin.  What cannot be done ends the program with a message. */

#include "lib/ovsdb/schema.h"
#include "ovsdb/tools/rpc.h"

/* Writes what the database of 'schema', its present one, has. */
void backup_write(struct rpc *, const struct ovsdb_schema *schema);

/* Replaces what it has in one transaction.  Rows get new uuids.  Refuses a file
 * with another schema, unless 'force'. */
void backup_restore(struct rpc *, const struct ovsdb_schema *schema,
                    bool force);

#endif /* ovsdb/tools/backup.h */
