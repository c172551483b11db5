/* SPDX-License-Identifier: Apache-2.0 */

/* VLAN tags of nested ports.  A tag_request of 0 leaves the choice to us; what
 * was chosen, or asked for, is written to the "tag" column. */

#include "northd/topology/nesting.h"

#include "lib/base/hash.h"

struct uuid
tag_scope(const char *parent)
{
    uint64_t a = hash_string(parent, 0x746167);
    uint64_t b = hash_string(parent, a);

    return (struct uuid) { { a >> 32, a, b >> 32, b } };
}

/* False if 'lsp' has no parent or asks for nothing. */
static bool
get_request(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp,
            const char **parent, int64_t *request)
{
    *parent = nb_logical_switch_port_get_parent_name(ctx, lsp);
    return (*parent && **parent
            && nb_logical_switch_port_get_tag_request(ctx, lsp, request));
}

void
lsp_want_tag(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    const char *parent;
    int64_t request;

    if (get_request(ctx, lsp, &parent, &request)) {
        const struct uuid scope = tag_scope(parent);

        want_number(ctx, &scope, nb_logical_switch_port_get_name(ctx, lsp),
                    request, MAX_TAG);
    }
}

int64_t
lsp_tag(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    const char *parent;
    int64_t tag;

    if (get_request(ctx, lsp, &parent, &tag)) {
        const struct uuid scope = tag_scope(parent);

        return get_number(ctx, &scope,
                          nb_logical_switch_port_get_name(ctx, lsp));
    }
    /* Without a parent it is the tag of a localnet or l2gateway port. */
    if (nb_logical_switch_port_get_tag_request(ctx, lsp, &tag) && tag) {
        return tag;
    }
    return nb_logical_switch_port_get_tag(ctx, lsp, &tag) ? tag : 0;
}
