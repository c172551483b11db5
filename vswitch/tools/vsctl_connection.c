/* SPDX-License-Identifier: Apache-2.0 */

/* ovs-vsctl's commands on controllers and auto-attach. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "vswitch/tools/vsctl.h"

/* Controllers. */

static struct error *
find_bridge(const struct dbctl_call *call, const struct vs_bridge **br)
{
    struct vsctl_bridge bridge;
    struct error *error = vsctl_find_bridge(call->dbctl, call->argv[1],
                                            &bridge);

    /* A fake bridge has its parent's controllers. */
    if (!error) {
        *br = bridge.br;
    }
    return error;
}

static struct error *
run_get_controller(struct dbctl_call *call)
{
    VEC(const char *) targets = VEC_EMPTY;
    const struct vs_bridge *br;
    struct error *error = find_bridge(call, &br);

    for (size_t i = 0; !error && i < br->n_controller; i++) {
        vec_push(&targets, br->controller[i]->target);
    }
    dbctl_put_sorted(&call->output, targets.items, targets.n);
    vec_uninit(&targets);
    return error;
}

static void
delete_controllers(const struct vs_bridge *br)
{
    for (size_t i = br->n_controller; i-- > 0;) {
        vs_controller_delete(br->controller[i]);
    }
}

static struct error *
run_del_controller(struct dbctl_call *call)
{
    const struct vs_bridge *br;
    struct error *error = vsctl_find_real_bridge(call->dbctl, call->argv[1],
                                                 &br);

    if (!error && br->n_controller) {
        delete_controllers(br);
        vs_bridge_set_controller(br, NULL, 0);
    }
    return error;
}

static struct error *
run_set_controller(struct dbctl_call *call)
{
    VEC(struct vs_controller *) controllers = VEC_EMPTY;
    const struct vs_bridge *br;
    int64_t probe_ms;
    bool has_probe;
    struct error *error = vsctl_find_real_bridge(call->dbctl, call->argv[1],
                                                 &br);

    if (!error) {
        error = dbctl_probe_interval(call, &probe_ms, &has_probe);
    }
    if (error) {
        return error;
    }
    delete_controllers(br);
    for (int i = 2; i < call->argc; i++) {
        struct vs_controller *controller
            = vs_controller_insert(dbctl_txn(call->dbctl));

        dbctl_check_target(call->argv[i]);
        vs_controller_set_target(controller, call->argv[i]);
        if (has_probe) {
            vs_controller_set_inactivity_probe(controller, probe_ms);
        }
        vec_push(&controllers, controller);
    }
    vs_bridge_set_controller(br, controllers.items, controllers.n);
    vec_uninit(&controllers);
    return NULL;
}

/* Failure mode. */

static struct error *
run_get_fail_mode(struct dbctl_call *call)
{
    const struct vs_bridge *br;
    struct error *error = find_bridge(call, &br);

    if (!error && br->fail_mode && *br->fail_mode) {
        str_printf(&call->output, "%s\n", br->fail_mode);
    }
    return error;
}

static struct error *
run_del_fail_mode(struct dbctl_call *call)
{
    const struct vs_bridge *br;
    struct error *error = vsctl_find_real_bridge(call->dbctl, call->argv[1],
                                                 &br);

    if (!error) {
        vs_bridge_clear_fail_mode(br);
    }
    return error;
}

static struct error *
run_set_fail_mode(struct dbctl_call *call)
{
    const char *mode = call->argv[2];
    const struct vs_bridge *br;
    struct error *error = vsctl_find_real_bridge(call->dbctl, call->argv[1],
                                                 &br);

    if (error) {
        return error;
    }
    if (strcmp(mode, "standalone") && strcmp(mode, "secure")) {
        return error_create(0, "fail-mode must be \"standalone\" or "
                            "\"secure\"");
    }
    vs_bridge_set_fail_mode(br, mode);
    return NULL;
}

/* Auto-attach mappings. */

static struct error *
parse_mapping(const struct dbctl_call *call, int64_t *isid, int64_t *vlan)
{
    int vlan_, isid_;

    if (!text_to_int_range(call->argv[2], 0, 0xffffff, &isid_)) {
        return error_create(0, "\"%s\" is not an I-SID from 0 to 16777215",
                            call->argv[2]);
    } else if (!text_to_int_range(call->argv[3], 0, 4095, &vlan_)) {
        return error_create(0, "\"%s\" is not a VLAN from 0 to 4095",
                            call->argv[3]);
    }
    *isid = isid_;
    *vlan = vlan_;
    return NULL;
}

static struct error *
run_add_aa_mapping(struct dbctl_call *call)
{
    const struct vs_bridge *br;
    int64_t isid, vlan;
    struct error *error = vsctl_find_real_bridge(call->dbctl, call->argv[1],
                                                 &br);

    if (!error) {
        error = parse_mapping(call, &isid, &vlan);
    }
    if (error) {
        return error;
    }
    if (!br->auto_attach) {
        vs_bridge_set_auto_attach(
            br, vs_autoattach_insert(dbctl_txn(call->dbctl)));
    }
    vs_autoattach_update_mappings_setkey(br->auto_attach, isid, vlan);
    return NULL;
}

static struct error *
run_del_aa_mapping(struct dbctl_call *call)
{
    const struct vs_bridge *br;
    int64_t isid, vlan;
    struct error *error = vsctl_find_real_bridge(call->dbctl, call->argv[1],
                                                 &br);

    if (!error) {
        error = parse_mapping(call, &isid, &vlan);
    }
    for (size_t i = 0; !error && br->auto_attach
                       && i < br->auto_attach->mappings.n; i++) {
        if (br->auto_attach->mappings.keys[i] == isid
            && br->auto_attach->mappings.values[i] == vlan) {
            vs_autoattach_update_mappings_delkey(br->auto_attach, isid);
            break;
        }
    }
    return error;
}

static struct error *
run_get_aa_mapping(struct dbctl_call *call)
{
    const struct vs_bridge *br;
    struct error *error = vsctl_find_real_bridge(call->dbctl, call->argv[1],
                                                 &br);

    for (size_t i = 0; !error && br->auto_attach
                       && i < br->auto_attach->mappings.n; i++) {
        str_printf(&call->output, "%lld %lld\n",
                   (long long) br->auto_attach->mappings.keys[i],
                   (long long) br->auto_attach->mappings.values[i]);
    }
    return error;
}

static const struct dbctl_command commands[] = {
    { .name = "get-controller", .min_args = 1, .max_args = 1,
      .arguments = "BRIDGE", .needs = vsctl_needs,
      .run = run_get_controller },
    { .name = "del-controller", .min_args = 1, .max_args = 1,
      .arguments = "BRIDGE", .needs = vsctl_needs,
      .run = run_del_controller },
    { .name = "set-controller", .min_args = 2, .max_args = INT_MAX,
      .arguments = "BRIDGE TARGET...", .options = "--inactivity-probe=",
      .needs = vsctl_needs, .run = run_set_controller },
    { .name = "get-fail-mode", .min_args = 1, .max_args = 1,
      .arguments = "BRIDGE", .needs = vsctl_needs,
      .run = run_get_fail_mode },
    { .name = "del-fail-mode", .min_args = 1, .max_args = 1,
      .arguments = "BRIDGE", .needs = vsctl_needs,
      .run = run_del_fail_mode },
    { .name = "set-fail-mode", .min_args = 2, .max_args = 2,
      .arguments = "BRIDGE standalone|secure", .needs = vsctl_needs,
      .run = run_set_fail_mode },
    { .name = "add-aa-mapping", .min_args = 3, .max_args = 3,
      .arguments = "BRIDGE I-SID VLAN", .needs = vsctl_needs,
      .run = run_add_aa_mapping },
    { .name = "del-aa-mapping", .min_args = 3, .max_args = 3,
      .arguments = "BRIDGE I-SID VLAN", .needs = vsctl_needs,
      .run = run_del_aa_mapping },
    { .name = "get-aa-mapping", .min_args = 1, .max_args = 1,
      .arguments = "BRIDGE", .needs = vsctl_needs,
      .run = run_get_aa_mapping },
};

const struct dbctl_command_group vsctl_connection_commands = {
    "Controller and auto-attach commands", commands,
    ARRAY_SIZE(commands)
};
