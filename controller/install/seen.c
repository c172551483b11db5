/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/install/seen.h"

#include <stdlib.h>

#include "controller/install/messages.h"
#include "lib/base/hash.h"
#include "lib/openflow/meter_msg.h"
#include "lib/openflow/ofpact_codec.h"

void
seen_clear(struct seen *seen)
{
    VEC_FOR_EACH (flow, &seen->flows) {
        free(flow->key);
    }
    vec_uninit(&seen->flows);
    vec_uninit(&seen->groups);
    vec_uninit(&seen->meters);
}

static void
add_flow(struct seen *seen, const struct flow_stats *stats)
{
    struct seen_flow flow;

    flow.key = flow_fact_key_create(&stats->match, stats->table_id,
                                    stats->priority, &flow.key_size);
    flow.digest = seen_digest(ntohll(stats->cookie), stats->ofpacts,
                              stats->ofpacts_size);
    vec_push(&seen->flows, flow);
}

void
seen_add_flows(struct seen *seen, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    struct buf ofpacts = BUF_EMPTY;
    struct flow_stats stats;

    while (!flow_stats_decode(&stats, msg, &r, messages_decode_env(),
                              &ofpacts)) {
        add_flow(seen, &stats);
    }
    buf_uninit(&ofpacts);
}

void
seen_add_groups(struct seen *seen, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    struct group_desc desc;

    while (!group_desc_decode(&desc, msg, &r)) {
        vec_push(&seen->groups, desc.group_id);
        group_desc_uninit(&desc);
    }
}

void
seen_add_meters(struct seen *seen, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    struct meter_config config;

    while (!meter_config_decode(&config, &r)) {
        vec_push(&seen->meters, config.meter_id);
        meter_config_uninit(&config);
    }
}

uint64_t
seen_digest(uint64_t cookie, const void *actions, size_t size)
{
    uint64_t storage[128];
    struct buf wire;
    uint64_t digest;

    buf_init_stack(&wire, storage, sizeof storage);
    ofpacts_encode(&wire, actions, size, MESSAGES_OF_VERSION);
    digest = hash_bytes(wire.data, wire.size, cookie);
    buf_uninit(&wire);
    return digest;
}
