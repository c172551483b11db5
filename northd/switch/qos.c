/* SPDX-License-Identifier: Apache-2.0 */

/* QoS rules: marking and metering. */

#include "northd/flow.h"

#include <inttypes.h>
#include <string.h>

static int64_t
get(const struct nb_qos_bandwidth_map *map, const char *key)
{
    for (size_t i = 0; i < map->n; i++) {
        if (!strcmp(map->keys[i], key)) {
            return map->values[i];
        }
    }
    return 0;
}

static void
put_rule(struct incr_ctx *ctx, const struct nb_logical_switch *ls,
         const struct nb_qos *qos)
{
    const struct nb_qos_action_map *action = nb_qos_get_action(ctx, qos);
    const struct nb_qos_bandwidth_map *band = nb_qos_get_bandwidth(ctx, qos);
    int64_t rate = get(band, "rate"), burst = get(band, "burst");
    bool in = !strcmp(nb_qos_get_direction(ctx, qos), "from-lport");
    struct str *s = incr_scratch(ctx, 0);

    for (size_t i = 0; i < action->n; i++) {
        if (!strcmp(action->keys[i], "dscp")) {
            str_printf(s, "ip.dscp = %"PRId64"; ", action->values[i]);
        } else if (!strcmp(action->keys[i], "mark")) {
            str_printf(s, "pkt.mark = %"PRId64"; ", action->values[i]);
        }
    }
    if (rate && burst) {
        str_printf(s, "set_meter(%"PRId64", %"PRId64"); ", rate, burst);
    } else if (rate) {
        str_printf(s, "set_meter(%"PRId64"); ", rate);
    }
    if (s->length) {
        str_put(s, "next;");
        FLOW(ctx, ls, in ? LS_IN_QOS : LS_OUT_QOS,
             nb_qos_get_priority(ctx, qos), &qos->header,
             nb_qos_get_match(ctx, qos), s->string);
    }
}

static void
switch_qos(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);
    size_t n;
    struct nb_qos *const *rules = nb_logical_switch_get_qos_rules(ctx, ls, &n);

    for (size_t i = 0; i < n; i++) {
        put_rule(ctx, ls, rules[i]);
    }
}

UNIT_LIST(switch_qos_units,
    UNIT_GROUP(RANK_OUT, F_SWITCH, switch_qos));
