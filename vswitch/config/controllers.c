/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/sset.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/openflow/vconn.h"
#include "lib/runtime/log.h"
#include "vswitch/config/model.h"

LOG_MODULE(bridge);

static bool
is_listener(const char *target)
{
    return (text_starts_with(target, "p")
            && pvconn_target_is_valid(target));
}

static uint32_t
bridge_versions(const struct vs_bridge *row)
{
    uint32_t versions = 0;

    for (size_t i = 0; i < row->n_protocols; i++) {
        uint32_t one;
        struct error *error = ofp_versions_parse(row->protocols[i], &one);

        if (error) {
            log_warn("bridge %s: %s", row->name, error_message(error));
            error_free(error);
        } else {
            versions |= one;
        }
    }
    return versions;
}

static struct ofproto_controller
controller_settings(const struct vs_controller *row)
{
    return (struct ofproto_controller) {
        .target = (char *) row->target,
        .max_backoff_s = row->has_max_backoff ? row->max_backoff / 1000 : 8,
        .probe_interval_s = (row->has_inactivity_probe
                             ? row->inactivity_probe / 1000 : 5),
        .rate_limit = (row->has_controller_rate_limit
                       ? row->controller_rate_limit : 0),
        .burst_limit = (row->has_controller_burst_limit
                        ? row->controller_burst_limit : 0),
    };
}

void
controllers_apply(struct bridge *bridge, const struct vs_bridge *row)
{
    VEC(struct ofproto_controller) controllers = VEC_EMPTY;
    struct sset listeners = SSET_INITIALIZER(&listeners);
    uint32_t versions = bridge_versions(row);

    for (size_t i = 0; i < row->n_controller; i++) {
        const char *target = row->controller[i]->target;

        if (is_listener(target)) {
            sset_add(&listeners, target);
        } else if (vconn_target_is_valid(target)) {
            vec_push(&controllers, controller_settings(row->controller[i]));
        } else {
            log_warn("bridge %s: bad controller target \"%s\"", row->name,
                     target);
        }
    }
    ofproto_set_controllers(bridge->ofproto, controllers.items, controllers.n,
                            versions);
    ofproto_set_listeners(bridge->ofproto, &listeners, versions);
    in_band_apply(bridge, row);
    vec_uninit(&controllers);
    sset_uninit(&listeners);
}

static const char *const role_names[] = {
    [ROLE_NOCHANGE] = "other",
    [ROLE_EQUAL] = "other",
    [ROLE_PRIMARY] = "master",
    [ROLE_SECONDARY] = "slave",
};

void
controllers_write_status(const struct bridge *bridge,
                         const struct vs_bridge *bridge_row)
{
    for (size_t i = 0; i < bridge_row->n_controller; i++) {
        const struct vs_controller *row = bridge_row->controller[i];
        struct ofproto_controller_status status;

        if (!ofproto_get_controller_status(bridge->ofproto, row->target,
                                           &status)) {
            continue;
        }
        if (row->is_connected != status.is_connected) {
            vs_controller_set_is_connected(row, status.is_connected);
        }
        if (!row->role || strcmp(row->role, role_names[status.role])) {
            vs_controller_set_role(row, role_names[status.role]);
        }
        if (!strmap_equals_smap(&row->status, &status.pairs)) {
            vs_controller_set_status(row, &status.pairs);
        }
        smap_uninit(&status.pairs);
    }
}
