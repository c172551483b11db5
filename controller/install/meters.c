/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/install/meters.h"

#include <inttypes.h>
#include <string.h>

#include "controller/program.h"
#include "lib/base/str.h"
#include "lib/schema/sb_tracked.h"

void
meter_unit(struct incr_ctx *ctx, const void *row)
{
    const char *name = sb_meter_get_name(ctx, row);
    struct str *s = incr_scratch(ctx, 0);
    struct sb_meter_band *const *bands;
    size_t n;

    bands = sb_meter_get_bands(ctx, row, &n);
    str_printf(s, "%s stats%s bands=", sb_meter_get_unit(ctx, row),
               n && sb_meter_band_get_burst_size(ctx, bands[0]) ? " burst"
               : "");
    for (size_t i = 0; i < n; i++) {
        int64_t burst = sb_meter_band_get_burst_size(ctx, bands[i]);

        str_printf(s, "%stype=drop rate=%"PRId64, i ? " " : "",
                   sb_meter_band_get_rate(ctx, bands[i]));
        if (burst) {
            str_printf(s, " burst_size=%"PRId64, burst);
        }
    }
    incr_emit(ctx, FACT_METER, name, strlen(name) + 1,
              str_cstr(s), s->length + 1);
}
