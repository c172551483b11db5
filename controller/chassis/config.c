/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/chassis/config.h"

#include <string.h>

#include "controller/program.h"
#include "lib/base/str.h"
#include "lib/base/text.h"
#include "lib/schema/vs_tracked.h"

/* Appends "NAME-<system-id>" to 's', and says whether there is a system-id. */
static bool
put_override_key(const struct strmap *external_ids, const char *name,
                 struct str *s)
{
    const char *system_id = strmap_get(external_ids, "system-id");

    if (!system_id) {
        return false;
    }
    str_printf(s, "%s-%s", name, system_id);
    return true;
}

const char *
config_get(const struct strmap *external_ids, const char *name,
           const char *def)
{
    const char *value = NULL;
    struct str key = STR_EMPTY;

    if (put_override_key(external_ids, name, &key)) {
        value = strmap_get(external_ids, str_cstr(&key));
    }
    str_uninit(&key);
    return value ? value : strmap_get_def(external_ids, name, def);
}

static void
emit_setting(struct incr_ctx *ctx, const char *name, const char *value)
{
    incr_emit(ctx, FACT_CONFIG, name, strlen(name) + 1,
              value, strlen(value) + 1);
}

void
config_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct vs_open_vswitch *row = row_;
    const struct strmap *ids = vs_open_vswitch_get_external_ids(ctx, row);
    const char *system_id = strmap_get(ids, "system-id");
    struct str *key = incr_scratch(ctx, 0);

    STRMAP_FOR_EACH (i, ids) {
        const char *name = ids->keys[i];

        str_clear(key);
        put_override_key(ids, name, key);
        if (key->length && strmap_get(ids, str_cstr(key))) {
            continue;           /* Overridden. */
        }
        emit_setting(ctx, name, ids->values[i]);

        /* An override counts under its plain name. */
        str_clear(key);
        str_put(key, name);
        if (system_id && str_chomp_string(key, system_id)
            && key->length > 1 && key->string[key->length - 1] == '-') {
            str_chomp(key, '-');
            emit_setting(ctx, str_cstr(key), ids->values[i]);
        }
    }
}

void
bridge_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct vs_bridge *row = row_;
    struct vs_port *const *ports;
    size_t n_ports;

    if (strcmp(vs_bridge_get_name(ctx, row),
               controller_config(ctx, "ovn-bridge", CONFIG_DEFAULT_BRIDGE))) {
        return;
    }
    ports = vs_bridge_get_ports(ctx, row, &n_ports);
    for (size_t i = 0; i < n_ports; i++) {
        const struct strmap *ids
            = vs_port_get_external_ids(ctx, ports[i]);
        const char *chassis = strmap_get_def(ids, "ovn-chassis-id", "");
        struct vs_interface *const *interfaces;
        size_t n;

        interfaces = vs_port_get_interfaces(ctx, ports[i], &n);
        for (size_t j = 0; j < n; j++) {
            const struct uuid *uuid = &interfaces[j]->header.uuid;

            incr_emit(ctx, FACT_INTEGRATION_PORT, uuid, sizeof *uuid,
                      chassis, strlen(chassis) + 1);
        }
    }
}
