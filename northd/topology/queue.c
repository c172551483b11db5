/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/topology/queue.h"

const struct uuid queue_scope = { { 0x71646973, 0x63, 0x7175, 0x657565 } };

/* Whether the port names a queue: 'ret_queue' is 0 if there is none of that
 * name. */
static bool
names_queue(const struct strmap *options, unsigned int *ret_queue)
{
    unsigned int queue = strmap_get_uint(options, "qdisc_queue_id", 0);

    *ret_queue = queue <= MAX_QUEUE ? queue : 0;
    return strmap_get(options, "qdisc_queue_id") != NULL;
}

static bool
has_rate(const struct strmap *options)
{
    return (strmap_get(options, "qos_min_rate")
            || strmap_get(options, "qos_max_rate")
            || strmap_get(options, "qos_burst"));
}

void
lsp_want_queue(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    const struct strmap *options
        = nb_logical_switch_port_get_options(ctx, lsp);
    unsigned int named;

    if (names_queue(options, &named)) {
        /* Ports may share what they name; nobody else gets it. */
        if (named) {
            want_number(ctx, &queue_scope, text(ctx, 0, "queue %u", named),
                        named, MAX_QUEUE);
        } else {
            warn_row(&lsp->header, "bad qdisc_queue_id");
        }
    } else if (has_rate(options)) {
        want_number(ctx, &queue_scope,
                    nb_logical_switch_port_get_name(ctx, lsp), 0, MAX_QUEUE);
    }
}

uint32_t
lsp_queue(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    const struct strmap *options
        = nb_logical_switch_port_get_options(ctx, lsp);
    unsigned int named;

    return (names_queue(options, &named) ? named : !has_rate(options) ? 0
            : get_number(ctx, &queue_scope,
                         nb_logical_switch_port_get_name(ctx, lsp)));
}
