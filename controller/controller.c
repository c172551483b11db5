/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/controller.h"

#include <string.h>

#include "controller/chassis/config.h"
#include "controller/program.h"

const char *
controller_setting(const struct controller *c, const char *name,
                   const char *def)
{
    const struct vs_open_vswitch *row = controller_open_vswitch(c);

    return row ? config_get(&row->external_ids, c->chassis_name, name, def)
           : def;
}

const struct vs_bridge *
controller_bridge(const struct controller *c)
{
    const struct vs_open_vswitch *row = controller_open_vswitch(c);
    const char *name = controller_setting(c, "ovn-bridge",
                                          CONFIG_DEFAULT_BRIDGE);

    for (size_t i = 0; row && i < row->n_bridges; i++) {
        if (!strcmp(row->bridges[i]->name, name)) {
            return row->bridges[i];
        }
    }
    return NULL;
}

const char *
controller_system_id(const struct controller *c)
{
    return (c->chassis_name ? c->chassis_name
            : controller_setting(c, "system-id", NULL));
}

const struct sb_chassis *
controller_chassis(const struct controller *c)
{
    const char *name = controller_system_id(c);
    const struct uuid *uuid;
    struct incr_group *group;

    if (!name) {
        return NULL;
    }
    group = incr_find(c->incr, FACT_CHASSIS_HERE, NULL, 0);
    if (!group || !group->n) {
        return NULL;
    }
    uuid = incr_group_value(group, 0);
    return sb_chassis_get_for_uuid(c->sb, uuid);
}
