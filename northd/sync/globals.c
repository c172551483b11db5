/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/sync/globals.h"

#include <string.h>

#include "config.h"
#include "lib/base/random.h"
#include "lib/runtime/clock.h"
#include "lib/schema/nb.h"
#include "lib/schema/sb.h"

/* How far things have come. */

void
progress_see_nb(struct progress *progress, const struct replica *nb)
{
    const struct nb_nb_global *row = nb_nb_global_first(nb);

    if (row && row->nb_cfg != progress->seen_cfg) {
        progress->seen_cfg = row->nb_cfg;
        progress->seen_cfg_ms = clock_wall_ms();
    }
}

void
progress_set_sb(struct progress *progress, int64_t sb_cfg)
{
    progress->sb_cfg = sb_cfg;
    progress->sb_cfg_ms = clock_wall_ms();
}

static bool
is_remote(const struct sb_chassis *chassis)
{
    return strmap_get_bool(&chassis->other_config, "is-remote", false);
}

void
progress_see_hosts(struct progress *progress, const struct replica *sb)
{
    const struct sb_chassis_private *private;
    int64_t cfg = INT64_MAX, ms = 0;

    SB_CHASSIS_PRIVATE_FOR_EACH (private, sb) {
        if (!private->chassis || is_remote(private->chassis)) {
            continue;
        }
        if (private->nb_cfg < cfg) {
            cfg = private->nb_cfg;
            ms = private->nb_cfg_timestamp;
        } else if (private->nb_cfg == cfg) {
            ms = MAX(ms, private->nb_cfg_timestamp);
        }
    }
    if (cfg > progress->sb_cfg) {
        /* There is no chassis, or all are ahead of what we know. */
        cfg = progress->sb_cfg;
        ms = progress->sb_cfg_ms;
    }
    progress->hv_cfg = cfg;
    progress->hv_cfg_ms = ms;
}

/* SB_Global. */

/* Its options: those of NB_Global, and the version of this program. */
static void
put_sb_options(const struct nb_nb_global *nb, struct smap *options)
{
    strmap_to_smap(&nb->options, options);
    smap_set(options, "northd_internal_version",
             PACKAGE_NAME "-" PACKAGE_VERSION);
}

bool
sb_global_is_pending(const struct replica *nb_, const struct replica *sb_)
{
    const struct nb_nb_global *nb = nb_nb_global_first(nb_);
    const struct sb_sb_global *sb = sb_sb_global_first(sb_);
    struct smap options;
    bool pending;

    if (!sb || sb->nb_cfg != nb->nb_cfg || sb->ipsec != nb->ipsec) {
        return true;
    }
    put_sb_options(nb, &options);
    pending = !strmap_equals_smap(&sb->options, &options);
    smap_uninit(&options);
    return pending;
}

void
sb_global_write(const struct replica *nb_, const struct replica *sb_,
                struct replica_txn *txn)
{
    const struct nb_nb_global *nb = nb_nb_global_first(nb_);
    struct sb_sb_global *sb = sb_sb_global_first(sb_);
    struct smap options;

    if (!sb) {
        /* A uuid of our own, so that there is nothing to learn of a large
         * transaction's result. */
        const struct uuid uuid = uuid_random();

        sb = sb_sb_global_insert_uuid(txn, &uuid);
    }
    put_sb_options(nb, &options);
    if (sb->nb_cfg != nb->nb_cfg) {
        sb_sb_global_set_nb_cfg(sb, nb->nb_cfg);
        sb_sb_global_set_nb_cfg_timestamp(sb, clock_wall_ms());
    }
    sb_sb_global_set_ipsec(sb, nb->ipsec);
    sb_sb_global_set_options(sb, &options);
    smap_uninit(&options);
}

/* NB_Global. */

/* Options that every deployment has. */
static void
add_nb_options(struct smap *options, unsigned int max_tunid)
{
    uint8_t r[5];

    if (!smap_get(options, "mac_prefix")) {
        random_bytes(r, sizeof r);
        smap_setf(options, "mac_prefix", "%02x:%02x:%02x",
                  (r[0] & 0xfc) | 2, r[1], r[2]);
    }
    if (!smap_get(options, "svc_monitor_mac")) {
        random_bytes(r, sizeof r);
        smap_setf(options, "svc_monitor_mac", "%02x:%02x:%02x:%02x:%02x:%02x",
                  (r[0] & 0xfc) | 2, r[1], r[2], r[3], r[4], 1);
    }
    smap_setf(options, "max_tunid", "%u", max_tunid);
    smap_set(options, "northd_internal_version",
             PACKAGE_NAME "-" PACKAGE_VERSION);
}

bool
nb_global_is_pending(const struct replica *nb,
                     const struct progress *progress, unsigned int max_tunid)
{
    const struct nb_nb_global *row = nb_nb_global_first(nb);

    return (!row || !strmap_get(&row->options, "mac_prefix")
            || !strmap_get(&row->options, "svc_monitor_mac")
            || strmap_get_uint(&row->options, "max_tunid", 0) != max_tunid
            || strcmp(strmap_get_def(&row->options, "northd_internal_version",
                                     ""),
                      PACKAGE_NAME "-" PACKAGE_VERSION)
            || (progress->sb_cfg >= 0
                && (row->sb_cfg != progress->sb_cfg
                    || row->hv_cfg != progress->hv_cfg)));
}

void
nb_global_write(const struct replica *nb, struct replica_txn *txn,
                const struct progress *progress, unsigned int max_tunid)
{
    struct nb_nb_global *row = nb_nb_global_first(nb);
    struct smap options;

    if (!row) {
        const struct uuid uuid = uuid_random();

        row = nb_nb_global_insert_uuid(txn, &uuid);
    }
    strmap_to_smap(&row->options, &options);
    add_nb_options(&options, max_tunid);
    nb_nb_global_set_options(row, &options);
    smap_uninit(&options);
    if (progress->sb_cfg < 0) {
        return;
    }
    if (row->sb_cfg != progress->sb_cfg) {
        nb_nb_global_set_sb_cfg(row, progress->sb_cfg);
        nb_nb_global_set_sb_cfg_timestamp(row, progress->sb_cfg_ms);
        nb_nb_global_set_nb_cfg_timestamp(row, progress->seen_cfg_ms);
    }
    if (row->hv_cfg != progress->hv_cfg) {
        nb_nb_global_set_hv_cfg(row, progress->hv_cfg);
        nb_nb_global_set_hv_cfg_timestamp(row, progress->hv_cfg_ms);
    }
}
