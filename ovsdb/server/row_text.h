/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_ROW_TEXT_H
#define OVSDB_SERVER_ROW_TEXT_H

/* Rows as JSON text. */

#include "lib/ovsdb/condition.h"
#include "ovsdb/server/db.h"

/* Appends "{...}" with the columns of 'columns' as 'field' has them (such as
 * db_row_field() or txn_row_field()); without those of default value if
 * 'skip_defaults'. */
void row_put_json(struct str *, const struct db_row *, uint64_t columns,
                  ovsdb_field_fn *field, bool skip_defaults);

/* Appends "NAME":VALUE, after a comma unless '*is_first', which it clears. */
void row_put_member(struct str *, const struct ovsdb_column *,
                    const struct ovsdb_datum *value, bool *is_first);

/* Appends "UUID": with the quotes. */
void row_put_uuid_key(struct str *, const struct uuid *);

/* Appends {"details":...,"error":...}. */
void put_error_json(struct str *, const struct error *);

#endif /* ovsdb/server/row_text.h */
