/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/translate/sets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/str.h"
#include "lib/logical/lexer.h"
#include "lib/schema/sb_tracked.h"

void
bucket_key_put(struct str *key, uint32_t bucket, const char *name)
{
    const struct bucket_key head = { .bucket = bucket };

    str_put_bytes(key, &head, sizeof head);
    str_put_bytes(key, name, strlen(name) + 1);
}

/* How many buckets of 'size' a set of 'n' has: a power of two that stays for a
 * while as the set grows; 0 if the set is small. */
static uint32_t
n_buckets(size_t n, size_t size)
{
    uint32_t buckets = 2;

    if (n < 2 * size) {
        return 0;
    }
    while (buckets * size < n) {
        buckets *= 2;
    }
    return buckets;
}

static uint32_t
bucket_of(const struct const_set_item *item, uint32_t buckets)
{
    uint64_t hash = hash_bytes(&item->value, sizeof item->value, 0);

    return hash_bytes(&item->mask, sizeof item->mask, hash) & (buckets - 1);
}

/* Emits the buckets of a large set, each with its members in order: a counting
 * sort. */
static void
emit_buckets(struct incr_ctx *ctx, const char *name,
             const struct const_set *set)
{
    uint32_t buckets = n_buckets(set->n, SET_BUCKET_SIZE);
    struct arena arena = ARENA_EMPTY;
    struct const_set_item *sorted;
    uint32_t *start;

    if (!buckets) {
        return;
    }
    incr_emit(ctx, FACT_SET_BUCKETS, name, strlen(name) + 1,
              &buckets, sizeof buckets);
    start = arena_zalloc(&arena, (buckets + 2) * sizeof *start);
    sorted = arena_array(&arena, struct const_set_item, set->n);
    for (size_t i = 0; i < set->n; i++) {
        start[bucket_of(&set->items[i], buckets) + 2]++;
    }
    for (uint32_t b = 1; b < buckets + 2; b++) {
        start[b] += start[b - 1];
    }
    for (size_t i = 0; i < set->n; i++) {
        sorted[start[bucket_of(&set->items[i], buckets) + 1]++]
            = set->items[i];
    }
    for (uint32_t b = 0; b < buckets; b++) {
        struct str *key = incr_scratch(ctx, 0);

        bucket_key_put(key, b, name);
        incr_emit(ctx, FACT_SET_BUCKET, key->string, key->length,
                  &sorted[start[b]],
                  (start[b + 1] - start[b]) * sizeof *sorted);
    }
    arena_uninit(&arena);
}

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
    emit_buckets(ctx, name, set);
    const_set_destroy(set);
}

/* Copies a fact's items: facts are not aligned as 128-bit integers must be. */
static struct const_set
copy_items(const struct incr_group *group, struct arena *arena)
{
    const struct incr_fact *fact = incr_group_fact(group, 0);
    struct const_set set = {
        .n = fact->value_size / sizeof *set.items };

    set.items = arena_memdup(arena, incr_fact_value(fact), fact->value_size);
    return set;
}

const struct const_set *
address_set_find(struct incr_ctx *ctx, const char *name, struct arena *arena)
{
    const struct incr_group *group
        = incr_lookup(ctx, FACT_ADDRESS_SET, name, strlen(name) + 1);
    struct const_set *set;

    if (!group) {
        return NULL;
    }
    set = arena_new(arena, struct const_set);
    *set = copy_items(group, arena);
    return set;
}

struct const_set
address_bucket_find(struct incr_ctx *ctx, const char *name, uint32_t bucket,
                    struct arena *arena)
{
    const struct const_set none = { .n = 0 };
    struct str *key = incr_scratch(ctx, 3);
    const struct incr_group *group;

    bucket_key_put(key, bucket, name);
    group = incr_lookup(ctx, FACT_SET_BUCKET, key->string, key->length);
    return group ? copy_items(group, arena) : none;
}

void
template_var_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_chassis_template_var *row = row_;
    const struct strmap *variables;

    if (strcmp(sb_chassis_template_var_get_chassis(ctx, row),
               controller_config(ctx, "system-id", ""))) {
        return;
    }
    variables = sb_chassis_template_var_get_variables(ctx, row);
    STRMAP_FOR_EACH (i, variables) {
        const char *name = variables->keys[i], *value = variables->values[i];

        incr_emit(ctx, FACT_TEMPLATE_VAR, name, strlen(name) + 1,
                  value, strlen(value) + 1);
    }
}

static const char *
find_template(void *ctx, const char *name)
{
    return incr_get(ctx, FACT_TEMPLATE_VAR, name, strlen(name) + 1);
}

const char *
templates_expand(struct incr_ctx *ctx, const char *text, struct arena *arena)
{
    struct str out = STR_EMPTY;

    if (strchr(text, '^')
        && lex_expand_templates(text, find_template, ctx, &out)) {
        text = arena_memdup(arena, str_cstr(&out), out.length + 1);
    }
    str_uninit(&out);
    return text;
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

static uint32_t
port_bucket(const char *port, uint32_t buckets)
{
    return hash_bytes(port, strlen(port), 0) & (buckets - 1);
}

/* Emits the buckets of a group with many ports here, 'ports', which are 'n'
 * texts, each ended by a 0. */
static void
emit_group_buckets(struct incr_ctx *ctx, const char *name,
                   const struct str *ports, size_t n)
{
    uint32_t buckets = n_buckets(n, GROUP_BUCKET_SIZE);
    const char *end = ports->string + ports->length;
    struct str *texts, *key = incr_scratch(ctx, 1);

    if (!buckets) {
        return;
    }
    incr_emit(ctx, FACT_GROUP_BUCKETS, name, strlen(name) + 1,
              &buckets, sizeof buckets);
    texts = xcalloc(buckets, sizeof *texts);
    for (const char *p = ports->string; p < end; p += strlen(p) + 1) {
        str_put_bytes(&texts[port_bucket(p, buckets)], p, strlen(p) + 1);
    }
    for (uint32_t b = 0; b < buckets; b++) {
        str_clear(key);
        bucket_key_put(key, b, name);
        incr_emit(ctx, FACT_GROUP_BUCKET, key->string, key->length,
                  texts[b].string, texts[b].length);
        str_uninit(&texts[b]);
    }
    free(texts);
}

void
port_group_here_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_port_group *row = row_;
    const char *name = sb_port_group_get_name(ctx, row);
    struct str *ports = incr_scratch(ctx, 0);
    const char *const *names;
    size_t n, n_here = 0;

    names = sb_port_group_get_ports(ctx, row, &n);
    for (size_t i = 0; i < n; i++) {
        if (may_be_here(ctx, names[i])) {
            str_put_bytes(ports, names[i], strlen(names[i]) + 1);
            n_here++;
        }
    }
    incr_emit(ctx, FACT_PORT_GROUP_HERE, name, strlen(name) + 1,
              ports->string, ports->length);
    emit_group_buckets(ctx, name, ports, n_here);
}

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
