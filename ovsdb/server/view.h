/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_VIEW_H
#define OVSDB_SERVER_VIEW_H

/* What a new monitor is sent of a table: the text of some columns of all rows,
 * made once for all clients that ask for the same columns.
 *
 * The rows are cut into runs of neighbouring slots.  Each run's text is kept,
 * and shared by whoever is being sent it, until one of its rows changes or
 * nobody has asked for a while.  A cache: view_expire() gives it back. */

#include "lib/base/rcbuf.h"
#include "ovsdb/server/db.h"

enum view_form {
    VIEW_NEW,           /* "UUID":{"new":{...}}, for "monitor". */
    VIEW_INITIAL        /* "UUID":{"initial":{...}} without default values. */
};

typedef VEC(struct rcbuf *) rcbuf_vec;

/* Returns the view of 'columns', for view_unref(). */
struct view *view_get(struct db_table *, uint64_t columns, enum view_form);
void view_unref(struct view *);

/* Appends references to the texts of all rows, with commas between, to 'out'.
 * Returns how many bytes they are; nothing is appended for no rows. */
size_t view_dump(struct view *, rcbuf_vec *out);

/* Appends one row in the form of 'form'. */
void view_put_row(struct str *, const struct db_row *, uint64_t columns,
                  enum view_form form);

/* Says that the committed row in 'slot' changes. */
void view_invalidate(struct db_table *, uint32_t slot);

/* Gives back texts that were last asked for before clock_ms() 'before_ms'. */
void view_expire(struct db *, int64_t before_ms);

/* Number of views of which texts are kept, for memory/show. */
size_t view_count_cached(const struct db *);

/* Before a table goes: nobody holds a view any more. */
void view_destroy_all(struct db_table *);

#endif /* ovsdb/server/view.h */
