/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/sync/learned.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/logical/addresses.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/loop.h"
#include "lib/schema/sb.h"

/* After a look that a limit cut short. */
#define LIMITED_PAUSE_MS 5000

/* Looks are at least this far apart. */
#define LOOK_INTERVAL_MS 1000

#define NEVER INT64_MAX

struct learned {
    struct replica *sb;
    struct timer timer;
    bool (*has_port)(void *aux, const char *logical_port);
    void *aux;
    struct replica_index *macs_by_datapath;
    struct replica_index *macs_by_port;
    struct replica_index *fdbs_by_datapath;     /* By its key. */
    struct replica_index *fdbs_by_port;         /* By both keys. */
    struct replica_index *datapaths;            /* By key. */
    struct replica_index *ports;                /* By datapath and key. */
    int64_t next_ms;            /* Wall clock: when to look again. */
    bool check_strays;
    VEC(const struct replica_row *) expired;
};

static void
set_next(struct learned *learned, int64_t at_ms)
{
    int64_t now = clock_wall_ms();

    if (at_ms < learned->next_ms) {
        learned->next_ms = MAX(at_ms, now);
        timer_set(&learned->timer, MIN(learned->next_ms - now, INT_MAX));
    }
}

struct learned *
learned_create(struct replica *sb, void (*wake)(void *aux),
               bool (*has_port)(void *aux, const char *logical_port),
               void *aux)
{
    static const struct replica_index_column both[] = {
        { SB_FDB_COL_DP_KEY, NULL }, { SB_FDB_COL_PORT_KEY, NULL },
    };
    static const struct replica_index_column place[] = {
        { SB_PORT_BINDING_COL_DATAPATH, NULL },
        { SB_PORT_BINDING_COL_TUNNEL_KEY, NULL },
    };
    struct learned *learned = xzalloc(sizeof *learned);

    learned->sb = sb;
    learned->has_port = has_port;
    learned->aux = aux;
    learned->next_ms = NEVER;
    timer_init(&learned->timer, wake, aux);
    learned->macs_by_datapath = replica_index_create_simple(
        sb, &sb_mac_binding_table, SB_MAC_BINDING_COL_DATAPATH);
    learned->macs_by_port = replica_index_create_simple(
        sb, &sb_mac_binding_table, SB_MAC_BINDING_COL_LOGICAL_PORT);
    learned->fdbs_by_datapath = replica_index_create_simple(
        sb, &sb_fdb_table, SB_FDB_COL_DP_KEY);
    learned->fdbs_by_port = replica_index_create(sb, &sb_fdb_table, both, 2);
    learned->datapaths = replica_index_create_simple(
        sb, &sb_datapath_binding_table, SB_DATAPATH_BINDING_COL_TUNNEL_KEY);
    learned->ports = replica_index_create(sb, &sb_port_binding_table, place,
                                          2);
    return learned;
}

void
learned_destroy(struct learned *learned)
{
    if (learned) {
        timer_stop(&learned->timer);
        vec_uninit(&learned->expired);
        free(learned);
    }
}

/* Thresholds. */

/* Whether 'ip' is in 'network' ("PREFIX"); its length in '*plen'. */
static bool
network_has(const char *network, const char *ip, unsigned int *plen)
{
    struct in6_addr net6, mask6, addr;
    be32 net4, mask4;

    if (!ip_parse(ip, &addr)) {
        return false;
    }
    if (ip4_parse_masked(network, &net4, &mask4)) {
        *plen = ip4_mask_plen(mask4);
        return (ip_is_v4(&addr)
                && (ip_get_v4(&addr) & mask4) == (net4 & mask4));
    }
    if (!ip_is_v4(&addr) && ip6_parse_masked(network, &net6, &mask6)) {
        struct in6_addr a = ip6_and(&addr, &mask6);
        struct in6_addr b = ip6_and(&net6, &mask6);

        *plen = ip6_mask_plen(&mask6);
        return !memcmp(&a, &b, sizeof a);
    }
    return false;
}

/* The threshold for 'ip' in "SECONDS" or "PREFIX:SECONDS;...;SECONDS": that of
 * the longest prefix, else the one without, else 0. */
static int64_t
threshold_ms(const char *option, const char *ip)
{
    struct str s = STR_EMPTY;
    int best_plen = -1;
    int64_t best = 0;
    char *p, *word;

    str_put(&s, option);
    p = s.string;
    while (p && (word = text_token(&p, ";")) != NULL) {
        char *colon = strrchr(word, ':');
        unsigned int plen = 0;
        int seconds;

        if (colon) {
            *colon = '\0';
        }
        if (text_to_int(colon ? colon + 1 : word, 10, &seconds)
            && seconds >= 0
            && (!colon || network_has(word, ip, &plen))
            && (colon ? (int) plen : 0) >= best_plen) {
            best_plen = colon ? (int) plen : 0;
            best = seconds;
        }
    }
    str_uninit(&s);
    return best * 1000;
}

static const char *
mac_option(const struct sb_datapath_binding *dp)
{
    return strmap_get(&dp->external_ids, "mac_binding_age_threshold");
}

static int64_t
mac_threshold_ms(const struct sb_mac_binding *mac)
{
    const char *option = mac->datapath ? mac_option(mac->datapath) : NULL;

    return option ? threshold_ms(option, mac->ip) : 0;
}

static int64_t
fdb_threshold_ms(const struct sb_datapath_binding *dp)
{
    return (int64_t) 1000 * strmap_get_uint(&dp->external_ids,
                                            "fdb_age_threshold", 0);
}

/* Strays: what is left of ports and datapaths that are gone, or what a host
 * that did not know yet has written since. */

static bool
mac_is_stray(const struct learned *learned, const struct sb_mac_binding *mac)
{
    return !learned->has_port(learned->aux, mac->logical_port);
}

static bool
fdb_is_stray(const struct learned *learned, const struct sb_fdb *fdb)
{
    const union replica_atom key = { .integer = fdb->dp_key };
    const struct replica_row *dp = replica_index_find(learned->datapaths,
                                                      &key);
    const union replica_atom place[] = {
        { .ref = dp }, { .integer = fdb->port_key },
    };

    return !dp || !replica_index_find(learned->ports, place);
}

static void
find_strays(struct learned *learned)
{
    const struct sb_mac_binding *mac;
    const struct sb_fdb *fdb;

    SB_MAC_BINDING_FOR_EACH (mac, learned->sb) {
        if (mac_is_stray(learned, mac)) {
            vec_push(&learned->expired, &mac->header);
        }
    }
    SB_FDB_FOR_EACH (fdb, learned->sb) {
        if (fdb_is_stray(learned, fdb)) {
            vec_push(&learned->expired, &fdb->header);
        }
    }
}

static void
note_stray(struct learned *learned)
{
    learned->check_strays = true;
    set_next(learned, clock_wall_ms());
}

/* Changes. */

void
learned_check_changes(struct learned *learned)
{
    const struct sb_datapath_binding *dp;
    const struct sb_mac_binding *mac;
    const struct sb_fdb *fdb;

    SB_MAC_BINDING_FOR_EACH_CHANGED (mac, learned->sb) {
        if (replica_row_is_deleted(&mac->header)) {
            continue;
        }
        if (mac_is_stray(learned, mac)) {
            note_stray(learned);
        } else if (mac->timestamp) {
            int64_t threshold = mac_threshold_ms(mac);

            set_next(learned, threshold ? mac->timestamp + threshold : NEVER);
        }
    }
    SB_FDB_FOR_EACH_CHANGED (fdb, learned->sb) {
        if (replica_row_is_deleted(&fdb->header)) {
            continue;
        }
        if (fdb_is_stray(learned, fdb)) {
            note_stray(learned);
        } else if (fdb->timestamp) {
            /* Which datapath that is, the look finds out. */
            set_next(learned, clock_wall_ms() + LOOK_INTERVAL_MS);
        }
    }
    SB_DATAPATH_BINDING_FOR_EACH_CHANGED (dp, learned->sb) {
        if (!replica_row_is_deleted(&dp->header)
            && (mac_option(dp) || fdb_threshold_ms(dp))) {
            set_next(learned, clock_wall_ms());
        }
    }
}

void
learned_check_all(struct learned *learned)
{
    learned->next_ms = NEVER;
    note_stray(learned);
}

/* The look. */

/* How far one look has come in one table. */
struct look {
    struct learned *learned;
    int64_t now;
    int64_t next_ms;            /* When the first that stays is due. */
    unsigned int left;          /* Of the limit. */
    bool limited;
};

static void
look_at(struct look *look, const struct replica_row *row, int64_t timestamp,
        int64_t threshold)
{
    if (!timestamp || !threshold) {
        return;
    }
    if (timestamp + threshold > look->now) {
        look->next_ms = MIN(look->next_ms, timestamp + threshold);
    } else if (look->left) {
        look->left--;
        vec_push(&look->learned->expired, row);
    } else {
        look->limited = true;
    }
}

static void
look_at_datapath(struct look *macs, struct look *fdbs,
                 const struct sb_datapath_binding *dp)
{
    const union replica_atom by_ref = { .ref = &dp->header };
    const union replica_atom by_key = { .integer = dp->tunnel_key };
    struct replica_index_cursor cursor;
    int64_t fdb_threshold = fdb_threshold_ms(dp);
    const void *row;

    if (mac_option(dp)) {
        REPLICA_INDEX_FOR_EACH (row, &cursor, macs->learned->macs_by_datapath,
                                &by_ref) {
            const struct sb_mac_binding *mac = row;

            look_at(macs, row, mac->timestamp, mac_threshold_ms(mac));
        }
    }
    if (fdb_threshold) {
        REPLICA_INDEX_FOR_EACH (row, &cursor, fdbs->learned->fdbs_by_datapath,
                                &by_key) {
            const struct sb_fdb *fdb = row;

            look_at(fdbs, row, fdb->timestamp, fdb_threshold);
        }
    }
}

static void
finish(struct learned *learned, const struct look *look)
{
    if (look->limited) {
        set_next(learned, look->now + LIMITED_PAUSE_MS);
    } else if (look->next_ms != NEVER) {
        set_next(learned, MAX(look->next_ms, look->now + LOOK_INTERVAL_MS));
    }
}

bool
learned_run(struct learned *learned, unsigned int mac_limit,
            unsigned int fdb_limit)
{
    int64_t now = clock_wall_ms();
    struct look macs = {
        .learned = learned, .now = now, .next_ms = NEVER,
        .left = mac_limit ? mac_limit : UINT_MAX,
    };
    struct look fdbs = macs;
    const struct sb_datapath_binding *dp;

    fdbs.left = fdb_limit ? fdb_limit : UINT_MAX;
    if (now < learned->next_ms) {
        return false;
    }
    vec_clear(&learned->expired);
    learned->next_ms = NEVER;
    if (learned->check_strays) {
        learned->check_strays = false;
        find_strays(learned);
    }
    SB_DATAPATH_BINDING_FOR_EACH (dp, learned->sb) {
        look_at_datapath(&macs, &fdbs, dp);
    }
    finish(learned, &macs);
    finish(learned, &fdbs);
    return learned->expired.n > 0;
}

/* Deletion. */

void
learned_flush(struct learned *learned)
{
    VEC_FOR_EACH (row, &learned->expired) {
        if (!replica_row_is_deleted(*row)) {
            replica_delete(*row);
        }
    }
    vec_clear(&learned->expired);
}

static void
delete_all(const struct replica_index *index, const union replica_atom *key)
{
    VEC(const struct replica_row *) rows = VEC_EMPTY;
    struct replica_index_cursor cursor;
    const struct replica_row *row;

    REPLICA_INDEX_FOR_EACH (row, &cursor, index, key) {
        vec_push(&rows, row);
    }
    VEC_FOR_EACH (p, &rows) {
        if (!replica_row_is_deleted(*p)) {
            replica_delete(*p);
        }
    }
    vec_uninit(&rows);
}

void
learned_forget_datapath(struct learned *learned, const struct replica_row *row)
{
    const struct sb_datapath_binding *dp = (const void *) row;

    delete_all(learned->macs_by_datapath,
               &(const union replica_atom) { .ref = row });
    delete_all(learned->fdbs_by_datapath,
               &(const union replica_atom) { .integer = dp->tunnel_key });
}

void
learned_forget_port(struct learned *learned, const struct replica_row *row)
{
    const struct sb_port_binding *pb = (const void *) row;

    delete_all(learned->macs_by_port,
               &(const union replica_atom) { .string = pb->logical_port });
    if (pb->datapath) {
        const union replica_atom keys[] = {
            { .integer = pb->datapath->tunnel_key },
            { .integer = pb->tunnel_key },
        };

        delete_all(learned->fdbs_by_port, keys);
    }
}
