/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/translate/sets.h"

#include <inttypes.h>
#include <string.h>

#include "controller/program.h"
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

uint32_t
sets_n_buckets(size_t n, size_t size)
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
    uint32_t buckets = sets_n_buckets(set->n, SET_BUCKET_SIZE);
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
