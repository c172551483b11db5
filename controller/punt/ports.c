/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/ports.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

struct ports {
    struct replica_index *port_by_key;       /* datapath, tunnel_key. */
    struct replica_index *datapath_by_key;
};

struct ports *
ports_create(struct controller *c)
{
    static const struct replica_index_column by_key[] = {
        { .column = SB_PORT_BINDING_COL_DATAPATH },
        { .column = SB_PORT_BINDING_COL_TUNNEL_KEY },
    };
    struct ports *p = xzalloc(sizeof *p);

    p->port_by_key = replica_index_create(c->sb, &sb_port_binding_table,
                                          by_key, ARRAY_SIZE(by_key));
    p->datapath_by_key
        = replica_index_create_simple(c->sb, &sb_datapath_binding_table,
                                      SB_DATAPATH_BINDING_COL_TUNNEL_KEY);
    return p;
}

void
ports_destroy(struct ports *p)
{
    free(p);
}

const struct sb_datapath_binding *
ports_datapath(const struct ports *p, uint32_t dp_key)
{
    return (const struct sb_datapath_binding *)
        replica_index_find_int(p->datapath_by_key, dp_key);
}

const struct sb_port_binding *
ports_find(const struct ports *p, uint32_t dp_key, uint32_t port_key)
{
    const struct sb_datapath_binding *dp = ports_datapath(p, dp_key);

    if (!dp) {
        return NULL;
    }
    const union replica_atom key[] = { { .ref = &dp->header },
                                       { .integer = port_key } };

    return (const struct sb_port_binding *)
        replica_index_find(p->port_by_key, key);
}
