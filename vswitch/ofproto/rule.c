/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/rule.h"

#include <limits.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/openflow/ofpact_options.h"
#include "lib/openflow/table_msg.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/loop.h"
#include "lib/runtime/rcu_hash.h"

/* Only the main thread's, but of the tables in the tree the one that keeps
 * hashes beside the pointers: with half a million lists, a look at an element
 * that is another is a cache miss. */
static struct rcu_hash all_actions = RCU_HASH_INITIALIZER;

/* Counts the conjunctions of a list and, if 'out', stores them. */
static uint8_t
get_conjunctions(const struct ofpact *ofpacts, size_t size,
                 struct cls_conjunction *out)
{
    const struct ofpact *a;
    uint8_t n = 0;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        if (a->type == OFPACT_CONJUNCTION && n < UINT8_MAX) {
            const struct ofpact_conjunction *c = ofpact_get_CONJUNCTION(a);

            if (out) {
                out[n] = (struct cls_conjunction) {
                    .id = c->id,
                    .clause = c->clause,
                    .n_clauses = c->n_clauses,
                };
            }
            n++;
        }
    }
    return n;
}

static bool
uses_group(const struct ofpact *ofpacts, size_t size)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        if (a->type == OFPACT_GROUP) {
            return true;
        }
        if (a->type == OFPACT_CLONE || a->type == OFPACT_WRITE_ACTIONS) {
            size_t nested_size;
            const struct ofpact *nested = ofpact_nest_actions(a, &nested_size);

            if (uses_group(nested, nested_size)) {
                return true;
            }
        }
    }
    return false;
}

static bool
uses_meter(const struct ofpact *ofpacts, size_t size)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        if (a->type == OFPACT_METER) {
            return true;
        }
    }
    return false;
}

static bool
learns_with_delete(const struct ofpact *ofpacts, size_t size)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        if (a->type == OFPACT_LEARN
            && ofpact_get_LEARN(a)->flags & LEARN_F_DELETE_LEARNED) {
            return true;
        }
    }
    return false;
}

static struct rule_actions *
create_actions(const struct ofpact *ofpacts, size_t size)
{
    uint8_t n_conj = get_conjunctions(ofpacts, size, NULL);
    size_t conj_ofs = ROUND_UP(size, 8);
    struct rule_actions *actions = xzalloc(
        sizeof *actions + conj_ofs + n_conj * sizeof *actions->conjunctions);

    actions->size = size;
    if (size) {
        memcpy(actions->ofpacts, ofpacts, size);
    }
    if (n_conj) {
        actions->n_conjunctions = n_conj;
        actions->conjunctions = (struct cls_conjunction *) (void *)
            ((uint8_t *) actions->ofpacts + conj_ofs);
        get_conjunctions(ofpacts, size, actions->conjunctions);
    }
    actions->has_groups = uses_group(ofpacts, size);
    actions->has_meter = uses_meter(ofpacts, size);
    actions->option_slots = ofpacts_option_slots(ofpacts, size);
    actions->has_learn_with_delete = learns_with_delete(ofpacts, size);
    return actions;
}

struct rule_actions *
rule_actions_get(const struct ofpact *ofpacts, size_t size)
{
    uint32_t hash = size ? hash_bytes(ofpacts, size, 0) : 0;
    struct rcu_hash_cursor cursor;
    struct rule_actions *actions;

    RCU_HASH_FOR_EACH_WITH_HASH (actions, &cursor, hash, &all_actions) {
        if (actions->size == size
            && (!size || !memcmp(actions->ofpacts, ofpacts, size))) {
            return rule_actions_ref(actions);
        }
    }
    actions = create_actions(ofpacts, size);
    actions->hash = hash;
    actions->n_refs = 1;
    rcu_hash_insert(&all_actions, actions, hash);
    return actions;
}

struct rule_actions *
rule_actions_ref(struct rule_actions *actions)
{
    actions->n_refs++;
    return actions;
}

void
rule_actions_unref(struct rule_actions *actions)
{
    if (actions && !--actions->n_refs) {
        rcu_hash_remove(&all_actions, actions, actions->hash);
        free(actions);
    }
}

size_t
rule_actions_count(void)
{
    return rcu_hash_count(&all_actions);
}

bool
rule_actions_any_group(uint32_t id)
{
    const struct rule_actions *actions;
    struct rcu_hash_cursor cursor;

    RCU_HASH_FOR_EACH (actions, &cursor, &all_actions) {
        if (actions->has_groups
            && (id == OFPG_ALL
                || ofpacts_output_to_group(actions->ofpacts, actions->size,
                                           id))) {
            return true;
        }
    }
    return false;
}

struct rule *
rule_create(const struct rule_init *init, struct cls_rule *cls,
            const struct ofpact *ofpacts, size_t ofpacts_size)
{
    struct rule *rule = xzalloc(sizeof *rule);

    rule->cls = *cls;
    rule->actions = rule_actions_get(ofpacts, ofpacts_size);
    cls_rule_set_conjunctions(&rule->cls, rule->actions->conjunctions,
                              rule->actions->n_conjunctions);
    rule->ofproto = init->ofproto;
    rule->n_refs = 1;
    rule->table_id = init->table_id;
    rule->flags = init->flags;
    rule->cookie = init->cookie;
    rule->idle_timeout_s = init->idle_timeout_s;
    rule->hard_timeout_s = init->hard_timeout_s;
    rule->importance = init->importance;
    rule->created_ms = rule->modified_ms = rule->used_ms = clock_ms();
    rule->uses_options = rule_option_slots(rule) != 0;
    list_init(&rule->expirable);
    return rule;
}

uint64_t
rule_option_slots(const struct rule *rule)
{
    enum { WORD = offsetof(struct flow, tunnel.opts_present) / 8 };
    const struct minimask *mask = rule->cls.mask;
    uint64_t matched = 0;

    for (unsigned int i = 0; i < mask->n_words && mask->index[i] <= WORD;
         i++) {
        if (mask->index[i] == WORD) {
            matched = mask->bits[i];
        }
    }
    return matched | rule->actions->option_slots;
}

/* The set of actions is the main thread's, so what a grace period ends is
 * collected and freed there. */
static struct rule *dead_rules;

static void
free_dead_rules(void *aux UNUSED)
{
    struct rule *rule = __atomic_exchange_n(&dead_rules, NULL,
                                            __ATOMIC_ACQUIRE);

    while (rule) {
        struct rule *next = (struct rule *) (void *) rule->expirable.next;

        rule_actions_unref(rule->actions);
        cls_rule_uninit(&rule->cls);
        free(rule);
        rule = next;
    }
}

static void
collect_dead_rule(struct rcu_head *head)
{
    struct rule *rule = CONTAINER_OF(head, struct rule, rcu);
    struct rule *first = __atomic_load_n(&dead_rules, __ATOMIC_RELAXED);

    do {
        rule->expirable.next = (struct list *) (void *) first;
    } while (!__atomic_compare_exchange_n(&dead_rules, &first, rule, false,
                                          __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
    if (!first) {
        loop_post(free_dead_rules, NULL);
    }
}

struct rule *
rule_try_ref(struct rule *rule)
{
    uint32_t n = __atomic_load_n(&rule->n_refs, __ATOMIC_RELAXED);

    while (n) {
        if (__atomic_compare_exchange_n(&rule->n_refs, &n, n + 1, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            return rule;
        }
    }
    return NULL;
}

struct rule *
rule_ref(struct rule *rule)
{
    __atomic_fetch_add(&rule->n_refs, 1, __ATOMIC_RELAXED);
    return rule;
}

void
rule_unref(struct rule *rule)
{
    if (rule && __atomic_fetch_sub(&rule->n_refs, 1, __ATOMIC_ACQ_REL) == 1) {
        call_rcu(&rule->rcu, collect_dead_rule);
    }
}

void
rule_credit(struct rule *rule, uint64_t n_packets, uint64_t n_bytes,
            int64_t used_ms)
{
    int64_t old = __atomic_load_n(&rule->used_ms, __ATOMIC_RELAXED);

    __atomic_fetch_add(&rule->n_packets, n_packets, __ATOMIC_RELAXED);
    __atomic_fetch_add(&rule->n_bytes, n_bytes, __ATOMIC_RELAXED);
    while (used_ms > old
           && !__atomic_compare_exchange_n(&rule->used_ms, &old, used_ms,
                                           true, __ATOMIC_RELAXED,
                                           __ATOMIC_RELAXED)) {
        continue;
    }
}

static void
reduce(uint16_t *timeout_s, uint16_t max_s)
{
    uint16_t old = __atomic_load_n(timeout_s, __ATOMIC_RELAXED);

    if (max_s && (!old || old > max_s)) {
        __atomic_store_n(timeout_s, max_s, __ATOMIC_RELAXED);
    }
}

void
rule_reduce_timeouts(struct rule *rule, uint16_t idle_s, uint16_t hard_s)
{
    /* A rule without timeouts is not looked at for expiry; see
     * ovs-actions(7), fin_timeout: it "reduces" timeouts of flows that have
     * one. */
    if (rule->is_expirable) {
        reduce(&rule->idle_timeout_s, idle_s);
        reduce(&rule->hard_timeout_s, hard_s);
    }
}

void
rule_get_stats(const struct rule *rule, const struct tlv_table *tlv,
               struct flow_stats *fs)
{
    int64_t now = clock_ms();
    int64_t age = now - rule->created_ms;
    int64_t used = __atomic_load_n(&rule->used_ms, __ATOMIC_RELAXED);

    match_init_with_table(&fs->match, tlv);
    cls_rule_get_match(&rule->cls, &fs->match.flow, &fs->match.wc);
    fs->cookie = rule->cookie;
    fs->priority = rule->cls.priority;
    fs->table_id = rule->table_id;
    fs->idle_timeout_s = __atomic_load_n(&rule->idle_timeout_s,
                                         __ATOMIC_RELAXED);
    fs->hard_timeout_s = __atomic_load_n(&rule->hard_timeout_s,
                                         __ATOMIC_RELAXED);
    fs->importance = rule->importance;
    fs->flags = rule->flags;
    fs->duration_s = age / 1000;
    fs->duration_ns = age % 1000 * 1000000;
    fs->idle_age_s = MAX(now - used, 0) / 1000;
    fs->hard_age_s = (now - __atomic_load_n(&rule->modified_ms,
                                          __ATOMIC_RELAXED)) / 1000;
    fs->n_packets = __atomic_load_n(&rule->n_packets, __ATOMIC_RELAXED);
    fs->n_bytes = __atomic_load_n(&rule->n_bytes, __ATOMIC_RELAXED);
    fs->ofpacts = rule->actions->ofpacts;
    fs->ofpacts_size = rule->actions->size;
}

void
oftable_init(struct oftable *table)
{
    *table = (struct oftable) {
        .cls = classifier_create(),
        .max_flows = UINT_MAX,
    };
    hmap_init(&table->watched_cookies);
}

/* Counts that are kept, in each table. */
#define MAX_WATCHED_COOKIES 1024

struct cookie_count {
    struct hmap_node node;       /* In the table's 'watched_cookies'. */
    be64 cookie;
    size_t n;
};

static struct cookie_count *
find_cookie(const struct oftable *table, be64 cookie)
{
    struct cookie_count *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, hash_word(cookie, 0),
                             &table->watched_cookies) {
        if (c->cookie == cookie) {
            return c;
        }
    }
    return NULL;
}

static void
forget_cookies(struct oftable *table)
{
    struct cookie_count *c;

    HMAP_FOR_EACH_SAFE (c, node, &table->watched_cookies) {
        free(c);
    }
    hmap_clear(&table->watched_cookies);
}

size_t
oftable_cookie_count(struct oftable *table, be64 cookie, uint64_t version)
{
    struct cookie_count *c = find_cookie(table, cookie);
    struct cls_cursor cursor;

    if (c) {
        return c->n;
    }
    if (hmap_count(&table->watched_cookies) >= MAX_WATCHED_COOKIES) {
        forget_cookies(table);
    }
    c = xmalloc(sizeof *c);
    *c = (struct cookie_count) { .cookie = cookie };
    for (struct cls_rule *r = cls_cursor_first(&cursor, table->cls, NULL,
                                               version);
         r; r = cls_cursor_next(&cursor)) {
        const struct rule *rule = rule_from_cls(r);

        c->n += rule->cookie == cookie && !rule_is_hidden(rule);
    }
    hmap_insert(&table->watched_cookies, &c->node, hash_word(cookie, 0));
    return c->n;
}

void
oftable_count(struct oftable *table, const struct rule *rule, int n)
{
    struct cookie_count *c = (hmap_is_empty(&table->watched_cookies) ? NULL
                              : find_cookie(table, rule->cookie));

    if (c) {
        c->n += n;
    }
}

void
oftable_uninit(struct oftable *table)
{
    classifier_destroy(table->cls);
    forget_cookies(table);
    hmap_uninit(&table->watched_cookies);
    free(table->name);
}

void
oftable_set_name(struct oftable *table, const char *name, bool by_config)
{
    free(table->name);
    table->name = xstrdup_null(name);
    table->is_named_by_config = name && by_config;
}

/* Vacancy. */

/* Percent that are free, rounded down, also of a table without limit. */
static unsigned int
vacancy(const struct oftable *table)
{
    return (table->n_flows >= table->max_flows ? 0
            : (uint64_t) (table->max_flows - table->n_flows) * 100
              / table->max_flows);
}

void
oftable_describe(const struct oftable *table, uint8_t table_id,
                 struct table_mod *tm)
{
    *tm = (struct table_mod) {
        .table_id = table_id,
        .eviction = table->evicts ? TABLE_SWITCH_ON : TABLE_SWITCH_OFF,
        .eviction_flags = (TABLE_EVICT_OTHER | TABLE_EVICT_IMPORTANCE
                           | TABLE_EVICT_LIFETIME),
        .vacancy = table->tells_vacancy ? TABLE_SWITCH_ON : TABLE_SWITCH_OFF,
        .vacancy_down = table->vacancy_down,
        .vacancy_up = table->vacancy_up,
        .vacancy_now = vacancy(table),
    };
}

void
oftable_set_vacancy(struct oftable *table, const struct table_mod *tm)
{
    table->tells_vacancy = tm->vacancy == TABLE_SWITCH_ON;
    if (table->tells_vacancy) {
        table->vacancy_down = tm->vacancy_down;
        table->vacancy_up = tm->vacancy_up;
        table->vacancy_event = (vacancy(table) < table->vacancy_up
                                ? TABLE_VACANCY_UP : TABLE_VACANCY_DOWN);
    }
}

bool
oftable_vacancy_changed(struct oftable *table, uint8_t *ret_reason)
{
    bool waits_for_down = table->vacancy_event == TABLE_VACANCY_DOWN;
    unsigned int now;

    if (!table->tells_vacancy) {
        return false;
    }
    now = vacancy(table);
    if (waits_for_down ? now >= table->vacancy_down
        : now <= table->vacancy_up) {
        return false;
    }
    *ret_reason = table->vacancy_event;
    table->vacancy_event = (waits_for_down ? TABLE_VACANCY_UP
                            : TABLE_VACANCY_DOWN);
    return true;
}
