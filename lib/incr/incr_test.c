/* SPDX-License-Identifier: Apache-2.0 */

/* The engine on toy inputs: items with a name, a set that they belong to, a
 * weight, and a name of another item that they like.
 *
 *     rank 0  item_index    item -> BY_NAME[name] = item
 *     rank 0  item_member   item -> MEMBER[set] = item
 *     rank 1  set_sum       MEMBER key -> SUM[set] = total weight
 *     rank 2  item_liking   item -> LIKES[liked item's set] = (sum, name),
 *                           or LONELY[] = name if nobody has that name
 *     rank 3  likes_level   LIKES key -> LEVEL[number of likers] = set
 *     rank 3  likes_order   LIKES key -> ORDER[set] = the values in their order
 *     rank 4  level_flag    LEVEL key -> FLAG[] = "crowded" from 3 up, if
 *                           FACTOR[] (an input) is odd
 *
 * That covers rows by columns, look-ups that find nothing, sets, facts with
 * several emitters, presence reads and input facts.  The oracle is a second
 * engine that starts from nothing on the same items. */

#include "lib/incr/incr.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/base/sset.h"
#include "lib/base/vec.h"

enum { T_ITEM, N_TABLES };
enum {
    BY_NAME, MEMBER, FACTOR, SUM, LIKES, LONELY, LEVEL, ORDER, FLAG, N_FACTS
};
enum { COL_NAME = 1, COL_SET = 2, COL_WEIGHT = 4, COL_LIKES = 8 };

struct item {
    struct incr_row *rows[2];   /* By engine: see incr_aux(). */
    uint32_t name, set, weight, likes;
    int slot;
};

static void
read_item(struct incr_ctx *ctx, const struct item *item, uint64_t columns)
{
    incr_read(ctx, item->rows[(uintptr_t) incr_aux(ctx)], columns);
}

static void
item_index(struct incr_ctx *ctx, const void *item_)
{
    const struct item *item = item_;

    read_item(ctx, item, COL_NAME);
    incr_emit(ctx, BY_NAME, &item->name, sizeof item->name,
              &item, sizeof item);
}

static void
item_member(struct incr_ctx *ctx, const void *item_)
{
    const struct item *item = item_;

    read_item(ctx, item, COL_SET);
    incr_emit(ctx, MEMBER, &item->set, sizeof item->set, &item, sizeof item);
}

static void
set_sum(struct incr_ctx *ctx, const struct incr_group *group)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < group->n; i++) {
        const struct item *item = *(const struct item *const *)
            incr_group_value(group, i);

        read_item(ctx, item, COL_WEIGHT);
        sum += item->weight;
    }
    incr_emit(ctx, SUM, incr_group_key(group), group->key_size,
              &sum, sizeof sum);
}

static void
item_liking(struct incr_ctx *ctx, const void *item_)
{
    const struct item *item = item_;
    const struct incr_group *liked;

    read_item(ctx, item, COL_LIKES | COL_NAME);
    liked = incr_lookup(ctx, BY_NAME, &item->likes, sizeof item->likes);
    if (!liked) {
        incr_emit(ctx, LONELY, NULL, 0, &item->name, sizeof item->name);
    }
    for (size_t i = 0; liked && i < liked->n; i++) {
        const struct item *other = *(const struct item *const *)
            incr_group_value(liked, i);
        const uint32_t *sum;

        read_item(ctx, other, COL_SET);
        sum = incr_get(ctx, SUM, &other->set, sizeof other->set);

        uint32_t value[2] = { *sum, item->name };

        incr_emit(ctx, LIKES, &other->set, sizeof other->set,
                  value, sizeof value);
    }
}

static void
likes_level(struct incr_ctx *ctx, const struct incr_group *group)
{
    uint32_t level = group->n;

    incr_emit(ctx, LEVEL, &level, sizeof level,
              incr_group_key(group), group->key_size);
}

/* What depends on the order of a group's facts, which is that of their values
 * whatever happened before. */
static void
likes_order(struct incr_ctx *ctx, const struct incr_group *group)
{
    struct str *values = incr_scratch(ctx, 0);

    for (size_t i = 0; i < group->n; i++) {
        str_put_bytes(values, incr_group_value(group, i),
                      2 * sizeof(uint32_t));
    }
    incr_emit(ctx, ORDER, incr_group_key(group), group->key_size,
              values->string, values->length);
}

static void
level_flag(struct incr_ctx *ctx, const struct incr_group *group)
{
    const uint32_t *level = incr_group_key(group);
    const uint32_t one = 1;
    const uint32_t *factor = incr_get(ctx, FACTOR, NULL, 0);

    if (*level >= 3 && factor && *factor % 2
        && incr_exists(ctx, LEVEL, &one, sizeof one)) {
        incr_emit(ctx, FLAG, NULL, 0, "crowded", 7);
    }
}

static const struct incr_table tables[] = { [T_ITEM] = { .name = "Item" } };

static const struct incr_fact_class facts[] = {
    [BY_NAME] = { .name = "by_name", .rank = 0 },
    [MEMBER] = { .name = "member", .rank = 0 },
    [FACTOR] = { .name = "factor", .rank = 0 },
    [SUM] = { .name = "sum", .rank = 1 },
    [LIKES] = { .name = "likes", .rank = 2 },
    [LONELY] = { .name = "lonely", .rank = 2 },
    [LEVEL] = { .name = "level", .rank = 3 },
    [ORDER] = { .name = "order", .rank = 3 },
    [FLAG] = { .name = "flag", .rank = 4 },
};

static const struct incr_unit_class units[] = {
    { "item_index", 0, T_ITEM, INCR_NONE, .run_row = item_index },
    { "item_member", 0, T_ITEM, INCR_NONE, .run_row = item_member },
    { "set_sum", 1, INCR_NONE, MEMBER, .run_group = set_sum },
    { "item_liking", 2, T_ITEM, INCR_NONE, .run_row = item_liking },
    { "likes_level", 3, INCR_NONE, LIKES, .run_group = likes_level },
    { "likes_order", 3, INCR_NONE, LIKES, .run_group = likes_order },
    { "level_flag", 4, INCR_NONE, LEVEL, .run_group = level_flag },
};

static const struct incr_program program = {
    tables, ARRAY_SIZE(tables), facts, ARRAY_SIZE(facts),
    units, ARRAY_SIZE(units),
};

/* A set of facts as a sorted text, pointers as slots. */

struct dump {
    struct sset lines;
};

static void
format_fact(struct str *s, const struct incr_group *group, const void *value,
            size_t size)
{
    str_printf(s, "%s[", facts[group->class_id].name);
    str_put_hex(s, incr_group_key(group), group->key_size);
    str_put(s, "]=");
    str_put_hex(s, value, size);
}

static void
dump_group(struct incr_group *group, void *dump_)
{
    struct dump *dump = dump_;

    for (size_t i = 0; i < group->n; i++) {
        struct str s = STR_EMPTY;
        const struct incr_fact *fact = incr_group_fact(group, i);

        format_fact(&s, group, incr_fact_value(fact), fact->value_size);
        assert_true(sset_add(&dump->lines, str_cstr(&s)));
        str_uninit(&s);
    }
}

static void
dump_facts(struct incr *incr, struct dump *dump)
{
    sset_init(&dump->lines);
    for (unsigned int i = 0; i < N_FACTS; i++) {
        incr_for_each_group(incr, i, dump_group, dump);
    }
}

/* Mirrors the facts from what a sink is told.  Adding what is there or
 * removing what is not would be no net change. */
static void
mirror_fact(void *mirror_, struct incr_fact *fact, bool added)
{
    struct sset *mirror = mirror_;
    struct str s = STR_EMPTY;

    format_fact(&s, fact->group, incr_fact_value(fact), fact->value_size);
    if (added) {
        assert_true(sset_add(mirror, str_cstr(&s)));
    } else {
        assert_true(sset_remove(mirror, str_cstr(&s)));
    }
    str_uninit(&s);
}

struct world {
    struct rng rng;
    struct incr *incr;
    VEC(struct item *) items;
    VEC(struct item *) gone;
    uint32_t n_names, n_sets;
    uint32_t factor;            /* 0 if not set. */
    struct sset mirror;
    struct incr_sink sinks[N_FACTS];
    size_t n_progress;          /* How often that of ORDER was told. */
};

static void
note_progress(void *mirror)
{
    CONTAINER_OF((struct sset *) mirror, struct world, mirror)->n_progress++;
}

static void
world_init(struct world *w, uint64_t seed, struct pool *pool)
{
    *w = (struct world) { .rng = { seed } };
    sset_init(&w->mirror);
    w->incr = incr_create(&program, pool);
    incr_set_aux(w->incr, (void *) 0);
    for (int i = 0; i < N_FACTS; i++) {
        w->sinks[i] = (struct incr_sink) {
            .fact = i, .aux = &w->mirror, .fact_changed = mirror_fact,
        };
        if (i == ORDER) {
            w->sinks[i].progress = note_progress;
        }
        incr_add_sink(w->incr, &w->sinks[i]);
    }
}

static void
world_uninit(struct world *w)
{
    incr_destroy(w->incr);
    VEC_FOR_EACH (item, &w->items) {
        free(*item);
    }
    VEC_FOR_EACH (item, &w->gone) {
        free(*item);
    }
    vec_uninit(&w->items);
    vec_uninit(&w->gone);
    sset_uninit(&w->mirror);
}

static void
add_item(struct world *w)
{
    struct item *item = xzalloc(sizeof *item);

    item->name = rng_range(&w->rng, w->n_names);
    item->set = rng_range(&w->rng, w->n_sets);
    item->weight = rng_range(&w->rng, 3);
    item->likes = rng_range(&w->rng, w->n_names);
    item->rows[0] = incr_row_add(w->incr, T_ITEM, item);
    vec_push(&w->items, item);
}

static void
change_item(struct world *w, struct item *item)
{
    uint64_t columns = 1 + rng_range(&w->rng, 15);

    if (columns & COL_NAME) {
        item->name = rng_range(&w->rng, w->n_names);
    }
    if (columns & COL_SET) {
        item->set = rng_range(&w->rng, w->n_sets);
    }
    if (columns & COL_WEIGHT) {
        item->weight = rng_range(&w->rng, 3);
    }
    if (columns & COL_LIKES) {
        item->likes = rng_range(&w->rng, w->n_names);
    }
    incr_row_change(w->incr, item->rows[0], columns);
}

static void
remove_item(struct world *w, size_t i)
{
    incr_row_remove(w->incr, w->items.items[i]->rows[0]);
    vec_push(&w->gone, w->items.items[i]);
    vec_remove_swap(&w->items, i);
}

static void
change_something(struct world *w, size_t n_items)
{
    uint32_t dice = rng_range(&w->rng, 16);

    if (dice == 0) {
        w->factor = rng_range(&w->rng, 4);
        if (w->factor) {
            incr_set(w->incr, FACTOR, NULL, 0, &w->factor, sizeof w->factor);
        } else {
            incr_unset(w->incr, FACTOR, NULL, 0);
        }
    } else if (!w->items.n || rng_range(&w->rng, 2 * n_items) > w->items.n) {
        add_item(w);
    } else if (dice < 5) {
        remove_item(w, rng_range(&w->rng, w->items.n));
    } else {
        change_item(w, w->items.items[rng_range(&w->rng, w->items.n)]);
    }
}

static void
step(struct world *w)
{
    incr_step(w->incr);
    VEC_FOR_EACH (item, &w->gone) {
        free(*item);
    }
    vec_clear(&w->gone);
}

static void
assert_equals_fresh(struct world *w)
{
    struct incr *fresh = incr_create(&program, NULL);
    struct dump a, b;

    incr_set_aux(fresh, (void *) 1);
    VEC_FOR_EACH (item, &w->items) {
        (*item)->rows[1] = incr_row_add(fresh, T_ITEM, *item);
    }
    if (w->factor) {
        incr_set(fresh, FACTOR, NULL, 0, &w->factor, sizeof w->factor);
    }
    incr_step(fresh);
    dump_facts(w->incr, &a);
    dump_facts(fresh, &b);
    assert_true(sset_equals(&a.lines, &b.lines));
    assert_true(sset_equals(&a.lines, &w->mirror));
    sset_uninit(&a.lines);
    sset_uninit(&b.lines);
    incr_destroy(fresh);
}

static void
assert_verified(struct world *w)
{
    struct str s = STR_EMPTY;
    size_t n = incr_verify(w->incr, 10, &s);

    if (n) {
        fail_msg("%zu differences:\n%s", n, str_cstr(&s));
    }
    str_uninit(&s);
}

/* A history and how often it is checked. */
struct history {
    size_t n_steps, n_items, max_changes, check_every;
    bool makes_progress;        /* Some steps are long enough for that. */
};

/* Steps that INCR_TEST_STEPS in the environment asks for, or 'def'. */
static size_t
steps_to_take(size_t def)
{
    const char *steps = getenv("INCR_TEST_STEPS");

    return steps ? strtoul(steps, NULL, 10) : def;
}

static void
assert_empties(struct world *w)
{
    while (w->items.n) {
        remove_item(w, 0);
    }
    incr_unset(w->incr, FACTOR, NULL, 0);
    step(w);
    assert_int_equal(incr_counts(w->incr).n_facts, 0);
    assert_int_equal(incr_counts(w->incr).n_groups, 0);
    assert_int_equal(incr_counts(w->incr).n_units, 0);
    assert_int_equal(incr_counts(w->incr).n_edges, 0);
}

/* Returns what the engine counted in the end. */
static struct incr_counts
run_history(uint64_t seed, struct pool *pool, const struct history *h)
{
    struct incr_counts counts;
    struct world w;

    print_message("seed %#" PRIx64 ", %zu steps\n", seed, h->n_steps);
    world_init(&w, seed, pool);
    w.n_names = h->n_items + h->n_items / 2;
    w.n_sets = h->n_items / 3 + 1;
    for (size_t i = 0; i < h->n_steps; i++) {
        size_t n = 1 + rng_range(&w.rng, h->max_changes);

        for (size_t j = 0; j < n; j++) {
            change_something(&w, h->n_items);
        }
        step(&w);
        if (i % h->check_every == 0) {
            assert_equals_fresh(&w);
            assert_verified(&w);
        }
    }
    assert_true(!h->makes_progress || w.n_progress);
    counts = incr_counts(w.incr);
    assert_empties(&w);
    world_uninit(&w);
    return counts;
}

/* The promise of the whole library. */
static void
test_random_history_equals_from_scratch(void **state)
{
    const struct history history = { steps_to_take(100000), 24, 4, 25 };

    run_history(random_u64(), NULL, &history);
}

/* Steps that are large enough for the pool are dear: few of them, unless one
 * asks for more.  Each checked one follows many that are not, so that what an
 * unchecked step spoils is found, too. */
static void
test_random_history_with_pool_equals_from_scratch(void **state)
{
    const struct history history = { steps_to_take(3000), 120, 100, 20 };
    struct pool *pool = pool_create(4);
    struct incr_counts counts = run_history(random_u64(), pool, &history);

    assert_true(counts.n_shared > counts.n_evaluations / 2);
    pool_destroy(pool);
}

/* As northd's and the controller's steps when they start. */
static void
test_large_steps_with_pool_equal_from_scratch(void **state)
{
    const struct history history = { 200, 3000, 2000, 20, true };
    struct pool *pool = pool_create(4);
    struct incr_counts counts = run_history(random_u64(), pool, &history);

    assert_true(counts.n_shared > counts.n_evaluations * 9 / 10);
    pool_destroy(pool);
}

/* A change in a column that nobody read costs nothing, and a change that makes
 * no difference stops at the unit that sees that. */
static void
test_wakes_only_readers(void **state)
{
    struct world w;
    struct item *item;
    uint64_t before;

    world_init(&w, 1, NULL);
    w.n_names = w.n_sets = 100;
    for (int i = 0; i < 50; i++) {
        add_item(&w);
    }
    step(&w);

    item = w.items.items[0];
    before = incr_counts(w.incr).n_evaluations;
    incr_row_change(w.incr, item->rows[0], 64);
    assert_int_equal(incr_step(w.incr), 0);
    assert_int_equal(incr_counts(w.incr).n_evaluations, before);

    incr_row_change(w.incr, item->rows[0], COL_WEIGHT);
    assert_int_equal(incr_step(w.incr), 0);
    assert_int_equal(incr_counts(w.incr).n_evaluations, before + 1);
    world_uninit(&w);
}

/* Twice the items must not make a change of one item cost more. */
static void
test_cost_follows_the_change(void **state)
{
    uint64_t cost[3];

    for (int k = 0; k < 3; k++) {
        struct world w;
        uint64_t before;

        world_init(&w, 1, NULL);
        for (uint32_t i = 0; i < 1000u << k; i++) {
            w.n_names = w.n_sets = 1;
            add_item(&w);
            w.items.items[i]->name = w.items.items[i]->set = i;
            w.items.items[i]->likes = i ? i - 1 : 0;
        }
        step(&w);
        before = incr_counts(w.incr).n_reads;
        w.items.items[500]->weight += 5;
        incr_row_change(w.incr, w.items.items[500]->rows[0], COL_WEIGHT);
        assert_int_equal(incr_step(w.incr), 6);
        cost[k] = incr_counts(w.incr).n_reads - before;
        world_uninit(&w);
    }
    assert_int_equal(cost[0], cost[1]);
    assert_int_equal(cost[0], cost[2]);
}

/* Groups are told apart by their sets: the same set by another way has the
 * same hash. */
static void
test_set_hash_depends_on_the_set_only(void **state)
{
    struct world w;
    uint32_t set = 0;
    uint64_t hash;

    world_init(&w, 1, NULL);
    w.n_names = w.n_sets = 1;
    for (int i = 0; i < 40; i++) {
        add_item(&w);
    }
    step(&w);
    hash = incr_find(w.incr, MEMBER, &set, sizeof set)->set_hash;

    struct item *item = w.items.items[7];

    item->set = 5;
    incr_row_change(w.incr, item->rows[0], COL_SET);
    step(&w);
    assert_true(hash
                != incr_find(w.incr, MEMBER, &set, sizeof set)->set_hash);
    item->set = 0;
    incr_row_change(w.incr, item->rows[0], COL_SET);
    step(&w);
    assert_true(hash
                == incr_find(w.incr, MEMBER, &set, sizeof set)->set_hash);
    world_uninit(&w);
}

/* A unit that reads what it does not track must be found by incr_verify(). */
static void
test_verify_finds_an_untracked_read(void **state)
{
    struct world w;
    struct str s = STR_EMPTY;

    world_init(&w, 1, NULL);
    w.n_names = w.n_sets = 10;
    for (int i = 0; i < 10; i++) {
        add_item(&w);
    }
    step(&w);
    w.items.items[3]->weight += 1;      /* Without incr_row_change(). */
    assert_int_not_equal(incr_verify(w.incr, 10, &s), 0);
    assert_non_null(strstr(str_cstr(&s), "set_sum"));
    str_uninit(&s);
    world_uninit(&w);
}

/* What incr_origins() told, by slot: "SLOT:COLUMNS:SOURCES:DISTANCE ". */
static void
note_origin(const struct incr_origin *o, void *told_)
{
    const struct item *item = o->row;
    struct str *told = told_;

    assert_int_equal(o->table, T_ITEM);
    str_printf(&told[item->slot], "%d:%"PRIu64":%"PRIu64":%u ", item->slot,
               o->columns, o->sources, o->distance);
}

static void
assert_origins(struct world *w, unsigned int fact, uint32_t key1,
               uint32_t key2, const char *want)
{
    struct incr_group *groups[] = {
        incr_find(w->incr, fact, &key1, sizeof key1),
        incr_find(w->incr, fact, &key2, sizeof key2),
    };
    struct str told[3] = { STR_EMPTY, STR_EMPTY, STR_EMPTY };

    incr_origins(w->incr, groups, key1 == key2 ? 1 : 2, note_origin, told);
    str_put(&told[0], str_cstr(&told[1]));
    str_put(&told[0], str_cstr(&told[2]));
    assert_string_equal(str_cstr(&told[0]), want);
    for (int i = 0; i < 3; i++) {
        str_uninit(&told[i]);
    }
}

/* Item 0 and item 1 like each other and are sets of their own; item 2 has
 * nothing to do with them. */
static void
test_origins(void **state)
{
    struct world w;

    world_init(&w, 1, NULL);
    w.n_names = w.n_sets = 1;
    for (uint32_t i = 0; i < 3; i++) {
        add_item(&w);
        w.items.items[i]->slot = w.items.items[i]->name = i;
        w.items.items[i]->set = i;
        w.items.items[i]->likes = i ^ 1;
    }
    step(&w);
    assert_origins(&w, SUM, 0, 1, "0:4:1:1 1:4:2:1 ");
    assert_origins(&w, LIKES, 1, 1, "0:9:1:1 1:2:1:1 ");
    /* Both are liked by one, so both are under LEVEL[1], read by that. */
    assert_origins(&w, LEVEL, 1, 1, "0:11:1:2 1:11:1:2 ");
    world_uninit(&w);
}

static void
test_why(void **state)
{
    struct world w;
    struct str s = STR_EMPTY;

    world_init(&w, 1, NULL);
    w.n_names = w.n_sets = 1;
    for (int i = 0; i < 5; i++) {
        add_item(&w);
    }
    step(&w);

    incr_why(w.incr, "sum", "", 5, &s);
    assert_non_null(strstr(str_cstr(&s), "by set_sum of member"));
    assert_non_null(strstr(str_cstr(&s), "read Item (columns 0x4)"));
    str_clear(&s);
    incr_why(w.incr, "sum", "nothing", 5, &s);
    assert_non_null(strstr(str_cstr(&s), "no fact"));
    str_clear(&s);
    incr_stats(w.incr, &s);
    assert_non_null(strstr(str_cstr(&s), "item_liking"));
    assert_non_null(strstr(str_cstr(&s), "new Item"));
    str_uninit(&s);
    world_uninit(&w);
}

/* A sink that keeps something with a group keeps the group. */
static void
test_group_lives_while_a_sink_needs_it(void **state)
{
    struct world w;
    uint32_t set = 0;
    struct incr_group *group;
    size_t n_groups;

    world_init(&w, 1, NULL);
    w.n_names = w.n_sets = 1;
    add_item(&w);
    step(&w);
    group = incr_find(w.incr, MEMBER, &set, sizeof set);
    group->sink_data = &w;
    remove_item(&w, 0);
    step(&w);
    assert_null(incr_find(w.incr, MEMBER, &set, sizeof set));
    assert_int_equal(group->n, 0);
    n_groups = incr_counts(w.incr).n_groups;
    group->sink_data = NULL;
    add_item(&w);
    w.items.items[0]->set = 9;
    step(&w);
    remove_item(&w, 0);
    step(&w);
    assert_int_equal(n_groups, 1);
    assert_int_equal(incr_counts(w.incr).n_groups, 0);
    world_uninit(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wakes_only_readers),
        cmocka_unit_test(test_cost_follows_the_change),
        cmocka_unit_test(test_set_hash_depends_on_the_set_only),
        cmocka_unit_test(test_verify_finds_an_untracked_read),
        cmocka_unit_test(test_why),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_group_lives_while_a_sink_needs_it),
        cmocka_unit_test(test_random_history_with_pool_equals_from_scratch),
        cmocka_unit_test(test_large_steps_with_pool_equal_from_scratch),
        cmocka_unit_test(test_random_history_equals_from_scratch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
