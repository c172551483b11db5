/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/translate/groups.h"

#include <stdlib.h>
#include <string.h>

#include "controller/program.h"
#include "controller/translate/sets.h"
#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/str.h"
#include "lib/schema/sb_tracked.h"

static void
put_name(struct str *names, const char *name)
{
    str_put_bytes(names, name, strlen(name) + 1);
}

static uint32_t
port_bucket(const char *port, uint32_t buckets)
{
    return hash_bytes(port, strlen(port), 0) & (buckets - 1);
}

/* Emits 'ports', which are 'n' texts each ended by a 0, in buckets of about
 * 'size', and how many buckets there are; nothing if 'n' is small. */
static void
emit_buckets(struct incr_ctx *ctx, enum controller_fact n_class,
             enum controller_fact class, size_t size, const char *name,
             const struct str *ports, size_t n)
{
    uint32_t buckets = sets_n_buckets(n, size);
    const char *end = ports->string + ports->length;
    struct str *texts, *key = incr_scratch(ctx, 1);

    if (!buckets) {
        return;
    }
    incr_emit(ctx, n_class, name, strlen(name) + 1,
              &buckets, sizeof buckets);
    texts = xcalloc(buckets, sizeof *texts);
    for (const char *p = ports->string; p < end; p += strlen(p) + 1) {
        put_name(&texts[port_bucket(p, buckets)], p);
    }
    for (uint32_t b = 0; b < buckets; b++) {
        str_clear(key);
        bucket_key_put(key, b, name);
        incr_emit(ctx, class, key->string, key->length,
                  texts[b].string, texts[b].length);
        str_uninit(&texts[b]);
    }
    free(texts);
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
        put_name(ports, names[i]);
    }
    incr_emit(ctx, FACT_PORT_GROUP, name, strlen(name) + 1,
              ports->string, ports->length);
    emit_buckets(ctx, FACT_GROUP_SHARES, FACT_GROUP_SHARE, GROUP_SHARE_SIZE,
                 name, ports, n);
}

/* ## Which ports are here ## */

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
share_here_unit(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct incr_fact *fact = incr_group_fact(group, 0);
    const char *text = incr_fact_value(fact);
    const char *end = text + fact->value_size;
    struct str *ports = incr_scratch(ctx, 0);

    for (const char *p = text; p < end; p += strlen(p) + 1) {
        if (may_be_here(ctx, p)) {
            put_name(ports, p);
        }
    }
    if (ports->length) {
        incr_emit(ctx, FACT_SHARE_HERE, incr_group_key(group),
                  group->key_size, ports->string, ports->length);
    }
}

/* Appends the ports here of share 'i' of a group; returns how many. */
static size_t
put_share(struct incr_ctx *ctx, const char *name, uint32_t i,
          struct str *ports)
{
    struct str *key = incr_scratch(ctx, 1);
    const struct incr_group *group;
    const struct incr_fact *fact;
    size_t start = ports->length, n = 0;

    bucket_key_put(key, i, name);
    group = incr_lookup(ctx, FACT_SHARE_HERE, key->string, key->length);
    if (!group) {
        return 0;
    }
    fact = incr_group_fact(group, 0);
    str_put_bytes(ports, incr_fact_value(fact), fact->value_size);
    for (size_t j = start; j < ports->length; j++) {
        n += !ports->string[j];
    }
    return n;
}

void
port_group_here_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_port_group *row = row_;
    const char *name = sb_port_group_get_name(ctx, row);
    const uint32_t *n_shares = incr_get(ctx, FACT_GROUP_SHARES,
                                        name, strlen(name) + 1);
    struct str *ports = incr_scratch(ctx, 0);
    const char *const *names = NULL;
    size_t n = 0, n_here = 0;

    if (!n_shares) {
        names = sb_port_group_get_ports(ctx, row, &n);
    }
    for (size_t i = 0; i < n; i++) {
        if (may_be_here(ctx, names[i])) {
            put_name(ports, names[i]);
            n_here++;
        }
    }
    for (uint32_t i = 0; n_shares && i < *n_shares; i++) {
        n_here += put_share(ctx, name, i, ports);
    }
    incr_emit(ctx, FACT_PORT_GROUP_HERE, name, strlen(name) + 1,
              ports->string, ports->length);
    emit_buckets(ctx, FACT_GROUP_BUCKETS, FACT_GROUP_BUCKET,
                 GROUP_BUCKET_SIZE, name, ports, n_here);
}

/* ## Look-ups ## */

/* The texts in 'group', each ended by a 0. */
static const char *const *
split_names(const struct incr_group *group, struct arena *arena,
            size_t *ret_n)
{
    const struct incr_fact *fact = incr_group_fact(group, 0);
    const char *text = incr_fact_value(fact);
    const char *end = text + fact->value_size;
    const char **names;
    size_t n = 0;

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

/* The name of a group's row for the datapath. */
static struct str *
qualify(struct incr_ctx *ctx, uint32_t dp_key, const char *name)
{
    struct str *qualified = incr_scratch(ctx, 3);

    str_put_uint(qualified, dp_key);
    str_put_char(qualified, '_');
    str_put(qualified, name);
    (void) str_cstr(qualified);
    return qualified;
}

const char *const *
port_group_find(struct incr_ctx *ctx, uint32_t dp_key, const char *name,
                bool only_here, struct arena *arena, size_t *ret_n)
{
    unsigned int class = only_here ? FACT_PORT_GROUP_HERE : FACT_PORT_GROUP;
    struct str *qualified = qualify(ctx, dp_key, name);
    const struct incr_group *group;

    group = incr_lookup(ctx, class, qualified->string, qualified->length + 1);
    if (!group) {
        group = incr_lookup(ctx, class, name, strlen(name) + 1);
    }
    return group ? split_names(group, arena, ret_n) : NULL;
}

uint32_t
port_group_n_buckets(struct incr_ctx *ctx, uint32_t dp_key, const char *name)
{
    const struct str *qualified = qualify(ctx, dp_key, name);
    const uint32_t *n = incr_get(ctx, FACT_GROUP_BUCKETS, qualified->string,
                                 qualified->length + 1);

    return n ? *n : 0;
}

const char *const *
port_group_bucket_find(struct incr_ctx *ctx, uint32_t dp_key,
                       const char *name, uint32_t bucket,
                       struct arena *arena, size_t *ret_n)
{
    struct str *key = incr_scratch(ctx, 5);
    const struct incr_group *group;

    bucket_key_put(key, bucket, str_cstr(qualify(ctx, dp_key, name)));
    group = incr_lookup(ctx, FACT_GROUP_BUCKET, key->string, key->length);
    *ret_n = 0;
    return group ? split_names(group, arena, ret_n) : NULL;
}
