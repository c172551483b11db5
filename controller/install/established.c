/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/install/established.h"

#include <stdlib.h>

#include "controller/install/install.h"
#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/schema/sb_tracked.h"

void
acl_id_unit(struct incr_ctx *ctx, const void *row)
{
    uint32_t id = sb_acl_id_get_id(ctx, row);

    incr_emit(ctx, FACT_ACL_ID, &id, sizeof id, NULL, 0);
}

struct established {
    struct incr_sink sink;
    struct install *install;
};

static void
acl_id_changed(void *e_, struct incr_fact *fact, bool added)
{
    struct established *e = e_;

    if (!added) {
        install_forget_acl(e->install,
                           get_u32(incr_group_key(fact->group)));
    }
}

struct established *
established_create(struct controller *c, struct install *install)
{
    struct established *e = xzalloc(sizeof *e);

    e->install = install;
    e->sink = (struct incr_sink) { .fact = FACT_ACL_ID, .aux = e,
                                   .fact_changed = acl_id_changed };
    incr_add_sink(c->incr, &e->sink);
    return e;
}

void
established_destroy(struct established *e)
{
    free(e);
}
