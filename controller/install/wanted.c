/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/install/wanted.h"

#include <string.h>

#include "controller/program.h"

/* Bits in the sink data of a flow's group. */
#define FLOW_WANTED 1u          /* Counted. */
#define FLOW_INSTALLED 2u       /* The switch has it, as far as was sent. */
#define FLOW_DIRTY 4u           /* In wanted.dirty. */

/* What may wait on the connection before no more flows are encoded.  What is
 * on its way beyond that is in the socket. */
#define BACKLOG_BYTES (256 * 1024)

/* Room in 'dirty' that is kept. */
#define MAX_KEPT_DIRTY 1024

void
wanted_init(struct wanted *w, struct incr *incr, struct messages *messages)
{
    *w = (struct wanted) { .incr = incr, .messages = messages };
}

void
wanted_uninit(struct wanted *w)
{
    vec_uninit(&w->dirty);
}

/* ## One flow ## */

static bool
flow_has(const struct incr_group *group, uintptr_t bit)
{
    return (uintptr_t) group->sink_data & bit;
}

static void
flow_set(struct incr_group *group, uintptr_t bits)
{
    group->sink_data = (void *) ((uintptr_t) group->sink_data | bits);
}

static void
flow_unset(struct incr_group *group, uintptr_t bits)
{
    group->sink_data = (void *) ((uintptr_t) group->sink_data & ~bits);
}

/* Counts the flow if it is wanted, no more if it is not: the switch may have
 * it for a while still. */
static void
flow_count(struct wanted *w, struct incr_group *group)
{
    if (group->n && !flow_has(group, FLOW_WANTED)) {
        flow_set(group, FLOW_WANTED);
        w->n_flows++;
    } else if (!group->n && flow_has(group, FLOW_WANTED)) {
        flow_unset(group, FLOW_WANTED);
        w->n_flows--;
    }
}

static void
flow_mark_dirty(struct wanted *w, struct incr_group *group)
{
    if (!flow_has(group, FLOW_DIRTY)) {
        flow_set(group, FLOW_DIRTY);
        vec_push(&w->dirty, group);
    }
}

void
wanted_changed(struct wanted *w, struct incr_group *group, bool follows)
{
    flow_count(w, group);
    if (follows && (group->n || flow_has(group, FLOW_INSTALLED))) {
        flow_mark_dirty(w, group);
    } else if (!group->n && !flow_has(group, FLOW_DIRTY)) {
        group->sink_data = NULL;
    }
}

static bool
is_conjunction(const struct incr_fact *fact)
{
    const struct flow_fact_value *value = incr_fact_value(fact);
    const struct ofpact *a = (const void *) value->actions;

    return (fact->value_size > sizeof *value
            && a->type == OFPACT_CONJUNCTION);
}

/* Resolves the values of a group into one flow: see struct flow_fact_value. */
static void
flow_resolve(const struct incr_group *group, uint64_t *ret_cookie,
             struct buf *actions)
{
    const struct incr_fact *best = incr_group_fact(group, 0);
    const struct flow_fact_value *value;
    bool all_conjunctions = group->n > 1;

    for (size_t i = 0; i < group->n; i++) {
        const struct incr_fact *fact = incr_group_fact(group, i);

        all_conjunctions = all_conjunctions && is_conjunction(fact);
        if (fact->value_size < best->value_size
            || (fact->value_size == best->value_size
                && memcmp(incr_fact_value(fact), incr_fact_value(best),
                          best->value_size) < 0)) {
            best = fact;
        }
    }
    value = incr_fact_value(best);
    *ret_cookie = value->cookie;
    for (size_t i = 0; i < (all_conjunctions ? group->n : 1); i++) {
        const struct incr_fact *fact
            = all_conjunctions ? incr_group_fact(group, i) : best;

        value = incr_fact_value(fact);
        buf_put(actions, value->actions, fact->value_size - sizeof *value);
    }
}

/* ## Sending ## */

static void
send_flow(struct wanted *w, struct incr_group *group)
{
    const struct flow_fact_key *key = incr_group_key(group);
    uint64_t storage[128], cookie = 0;
    struct buf actions;

    buf_init_stack(&actions, storage, sizeof storage);
    if (group->n) {
        flow_resolve(group, &cookie, &actions);
    }
    messages_put_flow(w->messages, key, group->n != 0, cookie,
                      actions.data, actions.size);
    buf_uninit(&actions);
    flow_set(group, FLOW_INSTALLED);
}

bool
wanted_are_dirty(const struct wanted *w)
{
    return w->n_sent < w->dirty.n;
}

void
wanted_flush(struct wanted *w)
{
    while (wanted_are_dirty(w)
           && rconn_backlog(w->messages->rconn) < BACKLOG_BYTES) {
        struct incr_group *group = w->dirty.items[w->n_sent++];

        flow_unset(group, FLOW_DIRTY);
        if (group->n || flow_has(group, FLOW_INSTALLED)) {
            send_flow(w, group);
        }
        if (!group->n) {
            group->sink_data = NULL;
        }
    }
    if (!wanted_are_dirty(w)) {
        vec_clear_to(&w->dirty, MAX_KEPT_DIRTY);
        w->n_sent = 0;
    }
}

/* Forgets which flows were to be sent. */
static void
clear_dirty(struct wanted *w)
{
    for (size_t i = w->n_sent; i < w->dirty.n; i++) {
        struct incr_group *group = w->dirty.items[i];

        flow_unset(group, FLOW_DIRTY);
        if (!group->n) {
            group->sink_data = NULL;
        }
    }
    vec_clear_to(&w->dirty, MAX_KEPT_DIRTY);
    w->n_sent = 0;
}

/* ## From what the switch has to what it should have ## */

static void
mark_missing(struct incr_group *group, void *w_)
{
    struct wanted *w = w_;

    if (!flow_has(group, FLOW_INSTALLED)) {
        flow_mark_dirty(w, group);
    }
}

static void
mark_not_installed(struct incr_group *group, void *w_)
{
    struct wanted *w = w_;

    flow_count(w, group);
    flow_unset(group, FLOW_INSTALLED);
}

/* Tables that learn() actions of wanted flows fill.  What is in there goes with
 * its flow, or when it is idle. */
static bool
is_learned_table(uint8_t table)
{
    return (table == OF_TABLE_CHK_LB_HAIRPIN_REPLY
            || table == OF_TABLE_ECMP_NH_MAC || table == OF_TABLE_ECMP_NH
            || table == OF_TABLE_CHK_LB_AFFINITY);
}

/* Returns the wanted flow under the key of one that the switch has.  If there
 * is none, has it removed and returns NULL. */
static struct incr_group *
find_or_remove(struct wanted *w, const struct seen_flow *seen)
{
    struct incr_group *group = incr_find(w->incr, FACT_FLOW,
                                         seen->key, seen->key_size);

    if (group && group->n) {
        return group;
    }
    if (!is_learned_table(seen->key->table)) {
        messages_put_flow(w->messages, seen->key, false, 0, NULL, 0);
    }
    return NULL;
}

/* Compares a flow of the switch with the wanted one. */
static void
compare_flow(struct wanted *w, const struct seen_flow *seen)
{
    struct incr_group *group = find_or_remove(w, seen);
    uint64_t storage[128], cookie;
    struct buf actions;

    if (!group) {
        return;
    }
    buf_init_stack(&actions, storage, sizeof storage);
    flow_resolve(group, &cookie, &actions);
    if (seen_digest(cookie, actions.data, actions.size) == seen->digest) {
        flow_set(group, FLOW_INSTALLED);
    }
    buf_uninit(&actions);
}

void
wanted_send_all(struct wanted *w)
{
    clear_dirty(w);
    incr_for_each_group(w->incr, FACT_FLOW, mark_not_installed, w);
    incr_for_each_group(w->incr, FACT_FLOW, mark_missing, w);
}

void
wanted_compare(struct wanted *w, const struct seen *seen)
{
    clear_dirty(w);
    incr_for_each_group(w->incr, FACT_FLOW, mark_not_installed, w);
    VEC_FOR_EACH (flow, &seen->flows) {
        compare_flow(w, flow);
    }
    incr_for_each_group(w->incr, FACT_FLOW, mark_missing, w);
}

void
wanted_remove_others(struct wanted *w, const struct seen *seen)
{
    VEC_FOR_EACH (flow, &seen->flows) {
        (void) find_or_remove(w, flow);
    }
}
