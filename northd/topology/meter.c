/* SPDX-License-Identifier: Apache-2.0 */

/* Meter rows: a copy of each northbound one and, for a fair one, another copy
 * for each ACL that logs by it, so that one ACL cannot use up the others'
 * rate. */

#include "northd/topology/meter.h"

#include <string.h>

#include "northd/sync/cells.h"

static void
put_band(struct incr_ctx *ctx, const struct row_id *meter,
         const struct nb_meter_band *band, size_t i)
{
    const char *key = text(ctx, 9, "%.*s %zu", (int) meter->size,
                           (const char *) meter->key, i);
    const struct row_id id = { F_SB_METER_BAND, key, strlen(key) };

    cell_string(ctx, &id, SB_METER_BAND_COL_ACTION,
                nb_meter_band_get_action(ctx, band));
    cell_int(ctx, &id, SB_METER_BAND_COL_RATE,
             nb_meter_band_get_rate(ctx, band));
    cell_int(ctx, &id, SB_METER_BAND_COL_BURST_SIZE,
             nb_meter_band_get_burst_size(ctx, band));
    cell_ref(ctx, meter, SB_METER_COL_BANDS, &id);
}

static void
put_meter(struct incr_ctx *ctx, const struct nb_meter *meter, const char *name)
{
    const struct row_id id = { F_SB_METER, name, strlen(name) };
    size_t n;
    struct nb_meter_band *const *bands = nb_meter_get_bands(ctx, meter, &n);

    cell_string(ctx, &id, SB_METER_COL_NAME, name);
    cell_string(ctx, &id, SB_METER_COL_UNIT, nb_meter_get_unit(ctx, meter));
    for (size_t i = 0; i < n; i++) {
        put_band(ctx, &id, bands[i], i);
    }
}

static void
meter_row(struct incr_ctx *ctx, const void *row)
{
    put_meter(ctx, row, nb_meter_get_name(ctx, row));
}

static const struct nb_meter *
fair_meter(struct incr_ctx *ctx, const char *name)
{
    const struct nb_meter *meter = get_row_by_name(ctx, F_METER, name);
    bool fair = false;

    return (meter && nb_meter_get_fair(ctx, meter, &fair) && fair
            ? meter : NULL);
}

const char *
acl_meter(struct incr_ctx *ctx, unsigned int i, const struct nb_acl *acl,
          const char *meter)
{
    return (fair_meter(ctx, meter)
            ? text(ctx, i, "%s__"UUID_FMT, meter,
                   UUID_ARGS(&acl->header.uuid)) : meter);
}

static void
acl_fair_meter(struct incr_ctx *ctx, const void *row)
{
    const char *name = nb_acl_get_meter(ctx, row);
    const struct nb_meter *meter;

    if (name && nb_acl_get_log(ctx, row)
        && (meter = fair_meter(ctx, name)) != NULL) {
        put_meter(ctx, meter, acl_meter(ctx, 0, row, name));
    }
}

UNIT_LIST(meter_units,
    UNIT_ROW(RANK_OUT, T_NB(METER), meter_row),
    UNIT_ROW(RANK_OUT, T_NB(ACL), acl_fair_meter));
