/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/sync/cells.h"

#include <inttypes.h>
#include <string.h>

static void
put(struct incr_ctx *ctx, const struct row_id *id, const struct cell *cell,
    const void *a, size_t a_size, const void *b, size_t b_size)
{
    struct str *s = incr_scratch(ctx, SCRATCH_KEY);

    str_put_bytes(s, cell, sizeof *cell);
    if (a_size) {
        str_put_bytes(s, a, a_size);
    }
    if (b_size) {
        str_put_bytes(s, b, b_size);
    }
    incr_emit(ctx, id->fact, id->key, id->size, s->string, s->length);
}

void
cell_present(struct incr_ctx *ctx, const struct row_id *id)
{
    const struct cell cell = { .column = UINT8_MAX, .kind = CELL_PRESENT };

    put(ctx, id, &cell, NULL, 0, NULL, 0);
}

/* Texts are stored with their null terminators. */
void
cell_string(struct incr_ctx *ctx, const struct row_id *id, unsigned int column,
            const char *string)
{
    const struct cell cell = { .column = column, .kind = CELL_STRING };

    put(ctx, id, &cell, string, strlen(string) + 1, NULL, 0);
}

void
cell_int(struct incr_ctx *ctx, const struct row_id *id, unsigned int column,
         int64_t value)
{
    const struct cell cell = { .column = column, .kind = CELL_INTEGER };

    put(ctx, id, &cell, &value, sizeof value, NULL, 0);
}

void
cell_bool(struct incr_ctx *ctx, const struct row_id *id, unsigned int column,
          bool value)
{
    const struct cell cell = { .column = column, .kind = CELL_BOOLEAN };

    put(ctx, id, &cell, &value, sizeof value, NULL, 0);
}

void
cell_pair(struct incr_ctx *ctx, const struct row_id *id, unsigned int column,
          const char *key, const char *value)
{
    const struct cell cell = {
        .column = column, .kind = CELL_PAIR, .key_size = strlen(key) + 1,
    };

    put(ctx, id, &cell, key, cell.key_size, value, strlen(value) + 1);
}

void
cell_map(struct incr_ctx *ctx, const struct row_id *id, unsigned int column,
         const struct strmap *map)
{
    STRMAP_FOR_EACH (i, map) {
        cell_pair(ctx, id, column, map->keys[i], map->values[i]);
    }
}

void
cell_uuid(struct incr_ctx *ctx, const struct row_id *id, unsigned int column,
          const struct uuid *uuid)
{
    const struct cell cell = { .column = column, .kind = CELL_UUID };

    put(ctx, id, &cell, uuid, sizeof *uuid, NULL, 0);
}

void
cell_ref(struct incr_ctx *ctx, const struct row_id *id, unsigned int column,
         const struct row_id *ref)
{
    const struct cell cell = {
        .column = column, .kind = CELL_REF, .ref_fact = ref->fact,
    };

    put(ctx, id, &cell, ref->key, ref->size, NULL, 0);
}

void
cell_pair_ref(struct incr_ctx *ctx, const struct row_id *id,
              unsigned int column, const char *key, const struct row_id *ref)
{
    const struct cell cell = {
        .column = column, .kind = CELL_PAIR_REF, .ref_fact = ref->fact,
        .key_size = strlen(key) + 1,
    };

    put(ctx, id, &cell, key, cell.key_size, ref->key, ref->size);
}

void
cell_format(const void *cell_, size_t size, struct str *s)
{
    const struct cell *cell = cell_;
    const char *p = cell_payload(cell);

    str_printf(s, "column %u: ", cell->column);
    if (cell->kind == CELL_STRING) {
        str_put(s, p);
    } else if (cell->kind == CELL_INTEGER) {
        str_printf(s, "%"PRId64, *(const int64_t *) p);
    } else if (cell->kind == CELL_BOOLEAN) {
        str_put(s, *(const bool *) p ? "true" : "false");
    } else if (cell->kind == CELL_PAIR) {
        str_printf(s, "%s=%s", p, p + cell->key_size);
    } else if (cell->kind == CELL_UUID) {
        str_printf(s, UUID_FMT, UUID_ARGS((const struct uuid *) p));
    } else {
        str_put(s, "reference");
    }
}

struct row_id
multicast_row(const struct replica_row *datapath, const char *name,
              struct str *s)
{
    str_clear(s);
    str_put_bytes(s, &datapath->uuid, sizeof datapath->uuid);
    str_put(s, name);
    return (struct row_id) { F_SB_MULTICAST, s->string, s->length };
}
