/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_FIND_H
#define OVSDB_SERVER_FIND_H

/* Finding the rows of a "where": by uuid, by an index of the schema, by one
 * that is made on demand (lookup.h), or else by a look at each row. */

#include "lib/ovsdb/condition.h"
#include "ovsdb/server/db.h"

/* Adds to '*rows' the rows of 'table', as the open transaction has them, that
 * match every clause of 'cond'. */
void find_rows(struct db_table *, const struct ovsdb_condition *cond,
               db_row_vec *rows);

#endif /* ovsdb/server/find.h */
