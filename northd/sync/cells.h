/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_SYNC_CELLS_H
#define NORTHD_SYNC_CELLS_H

/* Rows as facts: a database row is a group of facts, each of which is one cell
 * of it: a column's value or, for sets and maps, one element.  So units that
 * know different things about a row need not meet, and a change of one element
 * is a change of one fact.  sync/rows.h makes the rows.
 *
 * A row that some cell is emitted for exists; columns without cells are
 * empty.  Where two units emit a value for one single-valued column, the one
 * that is less as bytes wins. */

#include "lib/base/uuid.h"
#include "northd/program.h"

/* Which row: a fact class and a key. */
struct row_id {
    unsigned int fact;
    const void *key;
    size_t size;
};

enum cell_kind {
    CELL_STRING,
    CELL_INTEGER,
    CELL_BOOLEAN,
    CELL_PAIR,          /* Key and value of a string map. */
    CELL_UUID,          /* A row of the same database, or a plain uuid. */
    CELL_REF,           /* A row that is itself a group of cells. */
    CELL_PAIR_REF,      /* Map from a string to such a row. */
    CELL_PRESENT,       /* No column: the row exists. */
};

/* Starts a cell's value; the payload follows. */
struct cell {
    uint8_t column;
    uint8_t kind;
    uint16_t ref_fact;  /* For references. */
    uint32_t key_size;  /* For pairs: of the key, in bytes. */
};

static inline const char *
cell_payload(const struct cell *cell)
{
    return (const char *) (cell + 1);
}

void cell_present(struct incr_ctx *, const struct row_id *);
void cell_string(struct incr_ctx *, const struct row_id *, unsigned int column,
                 const char *);
void cell_int(struct incr_ctx *, const struct row_id *, unsigned int column,
              int64_t);
void cell_bool(struct incr_ctx *, const struct row_id *, unsigned int column,
               bool);
void cell_pair(struct incr_ctx *, const struct row_id *, unsigned int column,
               const char *key, const char *value);
void cell_map(struct incr_ctx *, const struct row_id *, unsigned int column,
              const struct strmap *);
void cell_uuid(struct incr_ctx *, const struct row_id *, unsigned int column,
               const struct uuid *);
void cell_ref(struct incr_ctx *, const struct row_id *, unsigned int column,
              const struct row_id *);
void cell_pair_ref(struct incr_ctx *, const struct row_id *,
                   unsigned int column, const char *key,
                   const struct row_id *);

/* For incr_fact_class.format_value. */
void cell_format(const void *cell, size_t size, struct str *);

/* The Port_Binding option by which a row says that its chassis was told by
 * northd. */
#define PORT_IS_REMOTE "is-remote-nb-bound"

/* The row of a datapath, a port, a multicast group.  The last one's key is
 * built in '*s'. */
static inline struct row_id
datapath_row(const struct replica_row *row)
{
    return (struct row_id) { F_SB_DATAPATH, &row->uuid, sizeof row->uuid };
}

static inline struct row_id
port_row(const char *name)
{
    return (struct row_id) { F_SB_PORT, name, strlen(name) };
}

struct row_id multicast_row(const struct replica_row *datapath,
                            const char *name, struct str *s);

#endif /* northd/sync/cells.h */
