/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/flow_mod.h"

#include <limits.h>

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/loop.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/conn.h"
#include "vswitch/ofproto/meter.h"

COUNTER(ofproto_flow_mod);
COUNTER(ofproto_flow_expired);
COUNTER(ofproto_flow_evicted);

void
flow_txn_begin(struct flow_txn *txn, struct ofproto *ofproto,
               struct conn *requester, be32 xid)
{
    *txn = (struct flow_txn) {
        .ofproto = ofproto,
        .version = ofproto->version + 1,
        .requester = requester,
        .xid = xid,
    };
}

/* Checks. */

static enum ofperr check_actions(const struct ofproto *, uint64_t version,
                                 const struct ofpact *, size_t);

static enum ofperr
check_action(const struct ofproto *ofproto, uint64_t version,
             const struct ofpact *a)
{
    size_t size;
    const struct ofpact *nested;

    switch ((int) a->type) {
    case OFPACT_GROUP:
        return (group_find(ofproto, ofpact_get_GROUP(a)->group_id, version)
                ? 0 : OFPBAC_BAD_OUT_GROUP);
    case OFPACT_METER:
        return (meter_find(ofproto, ofpact_get_METER(a)->value) ? 0
                : OFPMMFC_INVALID_METER);
    case OFPACT_CLONE:
    case OFPACT_WRITE_ACTIONS:
        nested = ofpact_nest_actions(a, &size);
        return check_actions(ofproto, version, nested, size);
    default:
        return 0;
    }
}

static enum ofperr
check_actions(const struct ofproto *ofproto, uint64_t version,
              const struct ofpact *ofpacts, size_t size)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        enum ofperr error = check_action(ofproto, version, a);

        if (error) {
            return error;
        }
    }
    return 0;
}

enum ofperr
ofproto_check_actions(const struct ofproto *ofproto,
                      const struct ofpact *ofpacts, size_t size)
{
    return check_actions(ofproto, ofproto_version(ofproto), ofpacts, size);
}

/* Changes. */

static void
count_options(const struct rule *rule, int n)
{
    /* Of most flows there is nothing more to look at. */
    uint64_t slots = rule->uses_options ? rule_option_slots(rule) : 0;

    for (; slots; slots &= slots - 1) {
        rule->ofproto->option_users[__builtin_ctzll(slots)] += n;
    }
}

/* 'new' (or NULL) took the place of 'old' (or NULL). */
static void
count_change(struct oftable *table, const struct rule *new,
             const struct rule *old)
{
    if (rule_is_hidden(new ? new : old)) {
        return;
    }
    table->n_flows += (new != NULL) - (old != NULL);
    if (new) {
        oftable_count(table, new, 1);
        count_options(new, 1);
    }
    if (old) {
        oftable_count(table, old, -1);
        count_options(old, -1);
    }
}

static void
note_change(struct flow_txn *txn, enum rule_change_type type,
            struct rule *rule, struct rule *old)
{
    struct oftable *table = &txn->ofproto->tables[rule ? rule->table_id
                                                  : old->table_id];

    vec_push(&txn->rules, (struct rule_change) {
        .type = type, .rule = rule, .old = old,
    });
    count_change(table, rule, old);
}

static void
insert_rule(struct flow_txn *txn, struct rule *rule)
{
    struct oftable *table = &txn->ofproto->tables[rule->table_id];
    int error = classifier_insert(table->cls, &rule->cls, txn->version);

    /* Whoever had its match was hidden first. */
    assert(!error);
}

void
flow_txn_remove(struct flow_txn *txn, struct rule *rule,
                enum flow_removed_reason reason)
{
    cls_rule_hide(&rule->cls, txn->version);
    rule->removed_reason = reason;
    note_change(txn, RULE_REMOVED, NULL, rule);
}

/* Seconds of life that 'rule' may have left; UINT32_MAX: no end. */
static uint32_t
lifetime(const struct rule *rule)
{
    uint32_t idle = rule->idle_timeout_s ? rule->idle_timeout_s : UINT32_MAX;
    uint32_t hard = rule->hard_timeout_s ? rule->hard_timeout_s : UINT32_MAX;

    return MIN(idle, hard);
}

/* Makes room in a table that is full: the least important rule goes, of those
 * the one with the shortest life. */
static bool
evict(struct flow_txn *txn, const struct oftable *table)
{
    struct rule *victim = NULL;
    struct cls_cursor cursor;

    for (struct cls_rule *r = cls_cursor_first(&cursor, table->cls, NULL,
                                               txn->version);
         r; r = cls_cursor_next(&cursor)) {
        struct rule *rule = rule_from_cls(r);

        if (lifetime(rule) != UINT32_MAX
            && (!victim || rule->importance < victim->importance
                || (rule->importance == victim->importance
                    && lifetime(rule) < lifetime(victim)))) {
            victim = rule;
        }
    }
    if (!victim) {
        return false;
    }
    flow_txn_remove(txn, victim, FLOW_REMOVED_EVICTION);
    counter_inc(ofproto_flow_evicted);
    return true;
}

struct rule *
flow_mod_make_rule(struct ofproto *ofproto, const struct flow_mod *fm)
{
    struct rule_init init = {
        .ofproto = ofproto,
        .table_id = fm->table_id == OFPTT_ALL ? 0 : fm->table_id,
        .cookie = fm->new_cookie == UINT64_MAX ? 0 : fm->new_cookie,
        .flags = fm->flags & FLOW_F_PUBLIC,
        .idle_timeout_s = fm->idle_timeout_s,
        .hard_timeout_s = fm->hard_timeout_s,
        .importance = fm->importance,
    };
    struct cls_rule cls;

    cls_rule_init(&cls, &fm->match.flow, &fm->match.wc, fm->priority);
    return rule_create(&init, &cls, fm->ofpacts, fm->ofpacts_size);
}

static void
copy_counters(struct rule *dst, const struct rule *src)
{
    dst->n_packets = __atomic_load_n(&src->n_packets, __ATOMIC_RELAXED);
    dst->n_bytes = __atomic_load_n(&src->n_bytes, __ATOMIC_RELAXED);
    dst->used_ms = __atomic_load_n(&src->used_ms, __ATOMIC_RELAXED);
}

/* Finds the rule that 'rule' would replace, if any, and whether it may be
 * added. */
static enum ofperr
check_add(struct flow_txn *txn, const struct rule *rule, uint16_t flags,
          struct rule **old)
{
    struct oftable *table;
    enum ofperr error;

    if (rule->table_id >= OFPROTO_N_TABLES) {
        return OFPBRC_BAD_TABLE_ID;
    }
    table = &txn->ofproto->tables[rule->table_id];
    if (table->is_readonly) {
        return OFPBRC_EPERM;
    }
    error = check_actions(txn->ofproto, txn->version, rule->actions->ofpacts,
                          rule->actions->size);
    if (error) {
        return error;
    }
    *old = rule_from_cls(classifier_find(table->cls, &rule->cls,
                                         txn->version));
    if (*old) {
        return 0;
    }
    if (rule_is_hidden(rule)) {
        return 0;
    }
    if (flags & FLOW_F_CHECK_OVERLAP
        && classifier_overlaps(table->cls, &rule->cls, txn->version)) {
        return OFPFMFC_OVERLAP;
    }
    if (table->n_flows >= table->max_flows
        && !(table->evicts && evict(txn, table))) {
        return OFPFMFC_TABLE_FULL;
    }
    return 0;
}

/* As flow_txn_take_rule(). */
static enum ofperr
add_rule(struct flow_txn *txn, struct rule *rule, uint16_t flags)
{
    struct rule *old = NULL;
    enum ofperr error = check_add(txn, rule, flags, &old);

    if (error) {
        rule_unref(rule);
        return error;
    }
    rule->created_ms = rule->modified_ms = rule->used_ms = clock_ms();
    if (old) {
        cls_rule_hide(&old->cls, txn->version);
        if (!(flags & FLOW_F_RESET_COUNTS)) {
            copy_counters(rule, old);
            rule->used_ms = rule->created_ms;
        }
    }
    insert_rule(txn, rule);
    note_change(txn, RULE_ADDED, rule, old);
    return 0;
}

enum ofperr
flow_txn_take_rule(struct flow_txn *txn, struct rule *rule, uint16_t flags)
{
    counter_inc(ofproto_flow_mod);
    return add_rule(txn, rule, flags);
}

void
flow_txn_prefetch(const struct flow_txn *txn, const struct rule *rule)
{
    if (rule->table_id < OFPROTO_N_TABLES) {
        classifier_prefetch(txn->ofproto->tables[rule->table_id].cls,
                            &rule->cls);
    }
}

static enum ofperr
add_flow(struct flow_txn *txn, const struct flow_mod *fm)
{
    return add_rule(txn, flow_mod_make_rule(txn->ofproto, fm), fm->flags);
}

/* Puts a rule with the actions of 'fm' in the place of 'old'. */
static void
modify_rule(struct flow_txn *txn, const struct flow_mod *fm,
            struct rule *old)
{
    struct rule_init init = {
        .ofproto = txn->ofproto,
        .table_id = old->table_id,
        .cookie = fm->modify_cookie ? fm->new_cookie : old->cookie,
        .flags = old->flags,
        .idle_timeout_s = old->idle_timeout_s,
        .hard_timeout_s = old->hard_timeout_s,
        .importance = old->importance,
    };
    struct cls_rule cls;
    struct rule *rule;

    cls_rule_clone(&cls, &old->cls);
    rule = rule_create(&init, &cls, fm->ofpacts, fm->ofpacts_size);
    rule->created_ms = old->created_ms;
    if (!(fm->flags & FLOW_F_RESET_COUNTS)) {
        copy_counters(rule, old);
    }
    cls_rule_hide(&old->cls, txn->version);
    insert_rule(txn, rule);
    note_change(txn, RULE_MODIFIED, rule, old);
}

/* Is 'rule' one that the cookie and output filters of 'fm' select? */
static bool
is_selected(const struct rule *rule, const struct flow_mod *fm,
            bool check_outputs)
{
    const struct rule_actions *actions = rule->actions;

    if ((rule->cookie ^ fm->cookie) & fm->cookie_mask) {
        return false;
    }
    if (!check_outputs) {
        return true;
    }
    return ((fm->out_port == OFPP_NONE
             || ofpacts_output_to_port(actions->ofpacts, actions->size,
                                       fm->out_port))
            && (fm->out_group == OFPG_ANY
                || (actions->has_groups
                    && ofpacts_output_to_group(actions->ofpacts,
                                               actions->size,
                                               fm->out_group))));
}

/* Collects the rules that 'fm' selects into 'rules', before any change. */
typedef VEC(struct rule *) rule_ptr_vec;

static enum ofperr
collect(struct flow_txn *txn, const struct flow_mod *fm, bool strict,
        bool is_delete, rule_ptr_vec *rules)
{
    uint8_t first = fm->table_id == OFPTT_ALL ? 0 : fm->table_id;
    uint8_t last = (fm->table_id == OFPTT_ALL ? OFPROTO_N_TABLES - 1
                    : fm->table_id);
    struct cls_rule target;

    if (last >= OFPROTO_N_TABLES) {
        return OFPBRC_BAD_TABLE_ID;
    }
    cls_rule_init(&target, &fm->match.flow, &fm->match.wc, fm->priority);
    for (unsigned int t = first; t <= last; t++) {
        struct oftable *table = &txn->ofproto->tables[t];
        struct cls_cursor cursor;
        struct cls_rule *r;

        if (table->is_readonly || !table->n_flows) {
            continue;
        }
        if (strict) {
            r = classifier_find(table->cls, &target, txn->version);
            if (r && is_selected(rule_from_cls(r), fm, is_delete)) {
                vec_push(rules, rule_from_cls(r));
            }
            continue;
        }
        for (r = cls_cursor_first(&cursor, table->cls, &target, txn->version);
             r; r = cls_cursor_next(&cursor)) {
            struct rule *rule = rule_from_cls(r);

            if (!rule_is_hidden(rule) && is_selected(rule, fm, is_delete)) {
                vec_push(rules, rule);
            }
        }
    }
    cls_rule_uninit(&target);
    return 0;
}

static enum ofperr
modify_flows(struct flow_txn *txn, const struct flow_mod *fm, bool strict)
{
    rule_ptr_vec rules = VEC_EMPTY;
    enum ofperr error = collect(txn, fm, strict, false, &rules);

    if (!error) {
        error = check_actions(txn->ofproto, txn->version, fm->ofpacts,
                              fm->ofpacts_size);
    }
    if (!error) {
        VEC_FOR_EACH (p, &rules) {
            modify_rule(txn, fm, *p);
        }
        if (!rules.n && !fm->cookie_mask && fm->new_cookie != UINT64_MAX) {
            error = add_flow(txn, fm);
        }
    }
    vec_uninit(&rules);
    return error;
}

static enum ofperr
delete_flows(struct flow_txn *txn, const struct flow_mod *fm, bool strict)
{
    rule_ptr_vec rules = VEC_EMPTY;
    enum ofperr error = collect(txn, fm, strict, true, &rules);

    VEC_FOR_EACH (p, &rules) {
        flow_txn_remove(txn, *p, fm->delete_reason);
    }
    vec_uninit(&rules);
    return error;
}

enum ofperr
flow_txn_flow_mod(struct flow_txn *txn, const struct flow_mod *fm)
{
    counter_inc(ofproto_flow_mod);
    switch ((enum flow_mod_command) fm->command) {
    case FLOW_MOD_ADD:
        return add_flow(txn, fm);
    case FLOW_MOD_MODIFY:
        return modify_flows(txn, fm, false);
    case FLOW_MOD_MODIFY_STRICT:
        return modify_flows(txn, fm, true);
    case FLOW_MOD_DELETE:
        return delete_flows(txn, fm, false);
    case FLOW_MOD_DELETE_STRICT:
        return delete_flows(txn, fm, true);
    }
    return OFPFMFC_BAD_COMMAND;
}

/* Rules that use group 'id' go with it. */
static void
remove_users_of_group(struct flow_txn *txn, uint32_t id)
{
    for (unsigned int t = 0; t < OFPROTO_N_TABLES; t++) {
        struct oftable *table = &txn->ofproto->tables[t];
        struct cls_cursor cursor;

        for (struct cls_rule *r = cls_cursor_first(&cursor, table->cls, NULL,
                                                   txn->version);
             r; r = cls_cursor_next(&cursor)) {
            struct rule *rule = rule_from_cls(r);

            if (rule->actions->has_groups
                && (id == OFPG_ALL
                    || ofpacts_output_to_group(rule->actions->ofpacts,
                                               rule->actions->size, id))) {
                flow_txn_remove(txn, rule, FLOW_REMOVED_GROUP_DELETE);
            }
        }
    }
}

enum ofperr
flow_txn_group_mod(struct flow_txn *txn, const struct group_mod *gm)
{
    enum ofperr error = group_mod_apply(txn->ofproto, gm, txn->version,
                                        &txn->groups);

    if (!error && gm->command == GROUP_MOD_DELETE
        && rule_actions_any_group(gm->group_id)) {
        remove_users_of_group(txn, gm->group_id);
    }
    return error;
}

/* Ends of transactions. */

static void
set_expirable(struct rule *rule)
{
    if (rule->idle_timeout_s || rule->hard_timeout_s) {
        rule->is_expirable = true;
        list_push_back(&rule->ofproto->expirable, &rule->expirable);
    }
}

static void
unset_expirable(struct rule *rule)
{
    rule->is_expirable = false;
    list_remove(&rule->expirable);
}

/* Rules that were hidden together, to be taken out of the classifiers when no
 * reader of an older version is left. */
struct removal_batch {
    struct list node;            /* In ofproto.removals. */
    struct rcu_head rcu;
    bool is_ready;               /* Atomic. */
    size_t n_removed;            /* Of 'rules'. */
    VEC(struct rule *) rules;
};

/* How many rules are removed before others have their turn: a few
 * milliseconds. */
#define REMOVALS_PER_TURN 2048

static void
wake_removals(void *aux UNUSED)
{
    struct ofproto *ofproto;

    HMAP_FOR_EACH (ofproto, node, ofproto_all()) {
        removals_run(ofproto, false);
    }
}

static int
compare_addresses(const void *a_, const void *b_)
{
    const struct rule *const *a = a_, *const *b = b_;

    return (*a > *b) - (*a < *b);
}

/* Called by liburcu's thread, which has the time to sort the rules by where
 * they are: that is about how they came, so that what belongs to them lies
 * close together in memory, too, and is not fetched for each rule anew. */
static void
batch_is_ready(struct rcu_head *head)
{
    struct removal_batch *batch = CONTAINER_OF(head, struct removal_batch,
                                               rcu);

    vec_sort(&batch->rules, compare_addresses);
    __atomic_store_n(&batch->is_ready, true, __ATOMIC_RELEASE);
    loop_post(wake_removals, NULL);
}

/* Removes up to 'max' rules; returns how many.  Frees the batch after the last
 * one. */
static size_t
run_batch(struct removal_batch *batch, size_t max)
{
    size_t n = MIN(max, batch->rules.n - batch->n_removed);

    for (size_t i = 0; i < n; i++) {
        struct rule *rule = batch->rules.items[batch->n_removed++];

        classifier_remove(rule->ofproto->tables[rule->table_id].cls,
                          &rule->cls);
        rule_unref(rule);
    }
    if (batch->n_removed == batch->rules.n) {
        list_remove(&batch->node);
        vec_uninit(&batch->rules);
        free(batch);
    }
    return n;
}

void
removals_run(struct ofproto *ofproto, bool wait)
{
    size_t left = wait ? SIZE_MAX : REMOVALS_PER_TURN;
    struct removal_batch *batch;

    if (wait) {
        rcu_barrier();
    }
    LIST_FOR_EACH_SAFE (batch, node, &ofproto->removals) {
        if (!__atomic_load_n(&batch->is_ready, __ATOMIC_ACQUIRE)) {
            break;
        }
        left -= run_batch(batch, left);
        if (!left && !list_is_empty(&ofproto->removals)) {
            loop_post(wake_removals, NULL);
            break;
        }
    }
}

static struct removal_batch *
create_batch(const struct flow_txn *txn)
{
    struct removal_batch *batch = xzalloc(sizeof *batch);

    VEC_FOR_EACH (c, &txn->rules) {
        if (c->old) {
            vec_push(&batch->rules, c->old);
        }
    }
    return batch;
}

static void
tell_vacancy(struct ofproto *ofproto, uint8_t table_id)
{
    uint8_t reason;

    if (oftable_vacancy_changed(&ofproto->tables[table_id], &reason)) {
        conn_set_table_changed(ofproto->conns, table_id, reason);
    }
}

void
flow_txn_commit(struct flow_txn *txn)
{
    struct ofproto *ofproto = txn->ofproto;
    struct removal_batch *batch;

    if (!txn->rules.n && !txn->groups.n) {
        return;
    }
    __atomic_store_n(&ofproto->version, txn->version, __ATOMIC_RELEASE);
    backer_changed(ofproto->backer);
    VEC_FOR_EACH (c, &txn->rules) {
        if (c->old) {
            unset_expirable(c->old);
        }
        /* A rule that came and went within the transaction is both. */
        if (c->rule && cls_rule_is_visible(&c->rule->cls, txn->version)) {
            set_expirable(c->rule);
        }
        conn_set_rule_changed(ofproto->conns, c, txn->requester, txn->xid);
        tell_vacancy(ofproto, (c->rule ? c->rule : c->old)->table_id);
    }
    conn_set_flush_monitors(ofproto->conns);
    batch = create_batch(txn);
    if (batch->rules.n) {
        list_push_back(&ofproto->removals, &batch->node);
        call_rcu(&batch->rcu, batch_is_ready);
    } else {
        free(batch);
    }
    vec_uninit(&txn->rules);
    group_txn_commit(ofproto, &txn->groups);
}

void
flow_txn_revert(struct flow_txn *txn)
{
    /* In reverse: what was hidden twice is shown by its first hiding. */
    while (txn->rules.n) {
        struct rule_change c = vec_pop(&txn->rules);
        struct rule *any = c.rule ? c.rule : c.old;
        struct oftable *table = &txn->ofproto->tables[any->table_id];

        count_change(table, c.old, c.rule);
        if (c.rule) {
            classifier_remove(table->cls, &c.rule->cls);
            rule_unref(c.rule);
        }
        if (c.old) {
            cls_rule_show(&c.old->cls);
        }
    }
    vec_uninit(&txn->rules);
    group_txn_revert(txn->ofproto, &txn->groups);
}

/* The whole of a single request. */

enum ofperr
ofproto_flow_mod(struct ofproto *ofproto, const struct flow_mod *fm,
                 struct conn *requester, be32 xid)
{
    struct flow_txn txn;
    enum ofperr error;

    rcu_read_lock();
    flow_txn_begin(&txn, ofproto, requester, xid);
    error = flow_txn_flow_mod(&txn, fm);
    if (error) {
        flow_txn_revert(&txn);
    } else {
        flow_txn_commit(&txn);
    }
    rcu_read_unlock();
    return error;
}

void
ofproto_flush_flows(struct ofproto *ofproto)
{
    struct flow_mod fm;

    flow_mod_init(&fm);
    fm.command = FLOW_MOD_DELETE;
    fm.table_id = OFPTT_ALL;
    fm.out_port = OFPP_NONE;
    fm.out_group = OFPG_ANY;
    fm.delete_reason = FLOW_REMOVED_DELETE;
    if (ofproto_flow_mod(ofproto, &fm, NULL, 0)) {
        abort_msg("flushing flows failed");
    }
}

/* Expiry. */

static bool
has_expired(const struct rule *rule, int64_t now,
            enum flow_removed_reason *reason)
{
    uint16_t idle = __atomic_load_n(&rule->idle_timeout_s, __ATOMIC_RELAXED);
    uint16_t hard = __atomic_load_n(&rule->hard_timeout_s, __ATOMIC_RELAXED);
    int64_t used = __atomic_load_n(&rule->used_ms, __ATOMIC_RELAXED);

    if (hard && now >= __atomic_load_n(&rule->modified_ms,
                                       __ATOMIC_RELAXED) + hard * 1000) {
        *reason = FLOW_REMOVED_HARD_TIMEOUT;
        return true;
    }
    if (idle && now >= used + idle * 1000) {
        *reason = FLOW_REMOVED_IDLE_TIMEOUT;
        return true;
    }
    return false;
}

void
expire_rules(struct ofproto *ofproto)
{
    int64_t now = clock_ms();
    struct flow_txn txn;
    struct rule *rule;

    flow_txn_begin(&txn, ofproto, NULL, 0);
    LIST_FOR_EACH (rule, expirable, &ofproto->expirable) {
        enum flow_removed_reason reason;

        if (has_expired(rule, now, &reason)) {
            flow_txn_remove(&txn, rule, reason);
            counter_inc(ofproto_flow_expired);
        }
    }
    flow_txn_commit(&txn);
}
