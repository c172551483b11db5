/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/inject.h"

#include <string.h>

#include "controller/install/install.h"
#include "controller/program.h"
#include "controller/punt/send.h"
#include "lib/flow/extract.h"
#include "lib/logical/expr.h"
#include "lib/logical/ovn_symbols.h"

static const struct port_fact *
find_port_fact(const struct controller *c, const char *name)
{
    const struct incr_group *group
        = incr_find(c->incr, FACT_PORT, name, strlen(name) + 1);

    return group && group->n ? incr_group_value(group, 0) : NULL;
}

static bool
find_port(void *c, const char *name, uint32_t *ret_key)
{
    const struct port_fact *port = find_port_fact(c, name);

    if (port) {
        *ret_key = port->port_key;
    }
    return port != NULL;
}

static bool
is_resident(void *c_, const char *name)
{
    const struct controller *c = c_;
    const struct incr_group *group
        = incr_find(c->incr, FACT_RESIDENT, name, strlen(name) + 1);

    return group && group->n;
}

/* Finds the port that the microflow says it comes in by. */
static void
note_inport(const struct expr *expr, const char **ret)
{
    if (expr->type == EXPR_AND) {
        for (size_t i = 0; i < expr->andor.n_subs; i++) {
            note_inport(expr->andor.subs[i], ret);
        }
    } else if (expr->type == EXPR_COMPARE && expr->cmp.relop == EXPR_EQ
               && !strcmp(expr->cmp.bits.symbol->name, "inport")
               && expr->cmp.n_constants == 1) {
        *ret = expr->cmp.constants[0].string;
    }
}

static struct error *
send_flow(const struct controller *c, struct install *install,
          const struct expr *expr)
{
    const struct expr_env env = {
        .find_port = find_port,
        .is_chassis_resident = is_resident,
        .aux = (void *) c,
    };
    const struct port_fact *port;
    const char *inport = NULL;
    struct flow flow = { .metadata = 0 };
    const struct outlet outlet = outlet_of_installer(install);
    struct packet *packet;
    struct error *error;

    note_inport(expr, &inport);
    port = inport ? find_port_fact(c, inport) : NULL;
    if (!port || !is_resident((void *) c, inport)) {
        return error_create(0, "ingress port not found on hypervisor.");
    }
    if (!install_is_connected(install)) {
        return error_create(0, "not connected to the switch");
    }
    error = expr_to_flow(expr, &env, &flow);
    if (!error) {
        packet = packet_alloc(PACKET_SMALL);
        flow_compose(packet, &flow, flow_default_payload(&flow));
        send_from_port(&outlet, packet, port->dp_key, port->port_key, 0);
        packet_free(packet);
    }
    return error;
}

struct error *
inject_packet(const struct controller *c, struct install *install,
              const char *microflow)
{
    struct arena arena = ARENA_EMPTY;
    const struct expr *expr;
    struct error *error;

    error = expr_parse(microflow, ovn_symbols(), &arena, &expr);
    if (!error) {
        error = send_flow(c, install, expr);
    }
    arena_uninit(&arena);
    return error;
}
