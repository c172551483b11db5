/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/chassis/config.h"

#include <string.h>

#include "controller/program.h"
#include "lib/base/str.h"
#include "lib/base/text.h"
#include "lib/schema/vs_tracked.h"

/* Appends "NAME-<chassis>" to 's', and says whether the chassis has a name. */
static bool
put_override_key(const char *chassis, const char *name, struct str *s)
{
    if (!chassis) {
        return false;
    }
    str_put(s, name);
    str_put_char(s, '-');
    str_put(s, chassis);
    return true;
}

static const char *
name_of(const struct strmap *external_ids, const char *chassis_name)
{
    return chassis_name ? chassis_name : strmap_get(external_ids,
                                                    "system-id");
}

const char *
config_get(const struct strmap *external_ids, const char *chassis_name,
           const char *name, const char *def)
{
    const char *value = NULL;
    struct str key = STR_EMPTY;

    if (put_override_key(name_of(external_ids, chassis_name), name, &key)) {
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
    const char *given = incr_aux(ctx);
    const char *chassis = name_of(ids, given);
    struct str *key = incr_scratch(ctx, 0);

    if (given) {
        emit_setting(ctx, "system-id", given);
    }
    STRMAP_FOR_EACH (i, ids) {
        const char *name = ids->keys[i];

        str_clear(key);
        put_override_key(chassis, name, key);
        if ((key->length && strmap_get(ids, str_cstr(key)))
            || (given && !strcmp(name, "system-id"))) {
            continue;           /* Overridden. */
        }
        emit_setting(ctx, name, ids->values[i]);

        /* An override counts under its plain name. */
        str_clear(key);
        str_put(key, name);
        if (chassis && str_chomp_string(key, chassis)
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
