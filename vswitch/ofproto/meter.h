/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_METER_H
#define OFPROTO_METER_H

/* Meters of a bridge: each is a meter of the datapath under another number.
 *
 * Threads: the main thread changes; any finds one within an RCU read
 * section. */

#include "lib/openflow/meter_msg.h"
#include "lib/runtime/rcu.h"

struct ofproto;

struct meter {
    uint32_t id;                 /* In OpenFlow; METER_CONTROLLER and
                                  * METER_SLOWPATH may be there too. */
    uint32_t dp_id;              /* In the datapath. */
    struct meter_config config;
    int64_t created_ms;
    uint32_t n_users;            /* Rules, when last counted for a reply. */
    struct rcu_head rcu;
};

#define METER_MAX_COUNT 65535
#define METER_MAX_BANDS 8

/* Borrowed until the RCU read section ends; NULL if there is none. */
struct meter *meter_find(const struct ofproto *, uint32_t id);

enum ofperr meter_mod_apply(struct ofproto *, const struct meter_mod *)
    MUST_USE;
void meters_flush(struct ofproto *);
void meter_get_stats(const struct ofproto *, const struct meter *,
                     struct meter_stats *ret);

#endif /* ofproto/meter.h */
