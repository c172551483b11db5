/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/translate/sets.h"

#include <inttypes.h>
#include <string.h>

#include "controller/program.h"
#include "lib/base/str.h"
#include "lib/schema/sb_tracked.h"

void
address_set_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_address_set *row = row_;
    const char *name = sb_address_set_get_name(ctx, row);
    const char *const *texts;
    struct const_set *set;
    size_t n;

    texts = sb_address_set_get_addresses(ctx, row, &n);
    set = const_set_create(texts, n, NULL);
    incr_emit(ctx, FACT_ADDRESS_SET, name, strlen(name) + 1,
              set->items, set->n * sizeof *set->items);
    const_set_destroy(set);
}

const struct const_set *
address_set_find(struct incr_ctx *ctx, const char *name, struct arena *arena)
{
    const struct incr_group *group
        = incr_lookup(ctx, FACT_ADDRESS_SET, name, strlen(name) + 1);
    const struct incr_fact *fact;
    struct const_set *set;

    if (!group) {
        return NULL;
    }
    /* Copied, as facts are not aligned as 128-bit integers must be. */
    fact = incr_group_fact(group, 0);
    set = arena_new(arena, struct const_set);
    set->n = fact->value_size / sizeof *set->items;
    set->items = arena_memdup(arena, incr_fact_value(fact), fact->value_size);
    return set;
}

void
port_group_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_port_group *row = row_;
    const char *name = sb_port_group_get_name(ctx, row);
    struct str *ports = incr_scratch(ctx, 0);
    const char *const *names;
    size_t n;

    names = sb_port_group_get_ports(ctx, row, &n);
    for (size_t i = 0; i < n; i++) {
        str_put_bytes(ports, names[i], strlen(names[i]) + 1);
    }
    incr_emit(ctx, FACT_PORT_GROUP, name, strlen(name) + 1,
              ports->string, ports->length);
}

/* A VIF that is not resident has its packets on another host. */
static bool
may_be_here(struct incr_ctx *ctx, const char *name)
{
    const struct port_fact *port = controller_find_port(ctx, name);

    return port && (port->type != PORT_VIF
                    || incr_exists(ctx, FACT_RESIDENT, name,
                                   strlen(name) + 1));
}

void
port_group_here_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_port_group *row = row_;
    const char *name = sb_port_group_get_name(ctx, row);
    struct str *ports = incr_scratch(ctx, 0);
    const char *const *names;
    size_t n;

    names = sb_port_group_get_ports(ctx, row, &n);
    for (size_t i = 0; i < n; i++) {
        if (may_be_here(ctx, names[i])) {
            str_put_bytes(ports, names[i], strlen(names[i]) + 1);
        }
    }
    incr_emit(ctx, FACT_PORT_GROUP_HERE, name, strlen(name) + 1,
              ports->string, ports->length);
}

const char *const *
port_group_find(struct incr_ctx *ctx, uint32_t dp_key, const char *name,
                bool only_here, struct arena *arena, size_t *ret_n)
{
    unsigned int class = only_here ? FACT_PORT_GROUP_HERE : FACT_PORT_GROUP;
    struct str *qualified = incr_scratch(ctx, 3);
    const struct incr_group *group;
    const struct incr_fact *fact;
    const char *text, *end;
    const char **names;
    size_t n = 0;

    str_printf(qualified, "%"PRIu32"_%s", dp_key, name);
    group = incr_lookup(ctx, class, qualified->string, qualified->length + 1);
    if (!group) {
        group = incr_lookup(ctx, class, name, strlen(name) + 1);
    }
    if (!group) {
        return NULL;
    }
    fact = incr_group_fact(group, 0);
    text = incr_fact_value(fact);
    end = text + fact->value_size;
    for (const char *p = text; p < end; p += strlen(p) + 1) {
        n++;
    }
    names = arena_array(arena, const char *, n + 1);
    n = 0;
    for (const char *p = text; p < end; p += strlen(p) + 1) {
        names[n++] = p;
    }
    *ret_n = n;
    return names;
}
