/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_ORIGINS_H
#define NORTHD_ORIGINS_H

/* From logical flows back to the rows that they were made of. */

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "northd/sync/flows.h"

/* Rows told of for one flow: the nearest ones. */
#define ORIGINS_MAX_ROWS 32

/* Appends a JSON array with an object for each of 'n' flows, in order:
 *
 *     {"flow": UUID,                of the Logical_Flow row, as given
 *      "known": BOOL,               whether this northd wrote such a flow
 *      "rows": [{"database": NAME, "table": NAME, "row": UUID,
 *                "columns": [NAME...], "distance": INTEGER}...]}
 *
 * with the rows that the flow rests on, nearest first, at most
 * ORIGINS_MAX_ROWS.  Returns an error, having appended nothing, if an element
 * of 'uuids' is not a uuid.  Cost: struct incr_origin's. */
struct error *origins_format(const struct incr *, const struct flow_sync *,
                             const char *const uuids[], size_t n,
                             struct str *) MUST_USE;

#endif /* northd/origins.h */
