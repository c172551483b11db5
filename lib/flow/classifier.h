/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_CLASSIFIER_H
#define FLOW_CLASSIFIER_H

/* Flow classifier: the rules of one OpenFlow table.
 *
 * Finds the highest-priority rule that matches a flow, and reports which bits
 * of the flow decided it, so that the caller can install the widest megaflow
 * that is still correct.
 *
 * Versions.  Each rule is visible from one version of the table on, until it
 * is hidden from a later one; a lookup names the version that it wants.  A
 * writer prepares any number of changes for the next version, while readers go
 * on in the present one, and makes them all visible at once by telling readers
 * the new number.  A prepared change is undone by removing what was inserted
 * and showing what was hidden.
 *
 * Invariant: flipping a bit that is 0 in '*wc' never changes the answer.  A
 *     needless 1 costs more megaflows; a wrong 0 forwards packets wrongly.
 * Threads: many readers, each in an RCU read section (lib/runtime/rcu.h: the
 *     memb flavour); one writer at a time, which needs no read section unless
 *     a comment says so.
 * Cost: a lookup hashes once per distinct mask, not per rule.  How and why:
 *     the essay in classifier.c. */

#include <stdint.h>

#include "lib/flow/minimask.h"
#include "lib/runtime/rcu_hash.h"

struct classifier;
struct cls_subtable;

/* OpenFlow knows priorities up to 65535; those above it are for rules that its
 * users can neither see nor outdo. */
#define CLS_MAX_PRIORITY UINT32_C(0xffffff)

/* A version that never comes. */
#define CLS_NEVER UINT64_MAX

/* One dimension of a conjunctive match: rule says that dimension 'clause'
 * (from 0) of the 'n_clauses' of conjunction 'id' holds. */
struct cls_conjunction {
    uint32_t id;
    uint8_t clause;
    uint8_t n_clauses;          /* 2 to 64. */
};

/* A rule, embedded in its owner's struct.  All members are the classifier's;
 * 'priority', 'mask' and 'values' are for reading. */
struct cls_rule {
    const struct minimask *mask;
    uint64_t *values;           /* mask->n_words words, masked; NULL if 0. */
    const struct cls_conjunction *conjunctions;   /* The owner's. */
    struct cls_rule *next;      /* Same mask and values, lower or equal
                                 * priority. */
    struct cls_subtable *subtable;      /* NULL if not inserted. */
    uint64_t add_version;
    uint64_t remove_version;
    uint32_t hash;
    uint32_t priority : 24;     /* 0 is lowest, CLS_MAX_PRIORITY highest. */
    uint32_t n_conjunctions : 8;        /* Not 0: not a rule to execute, but
                                         * one dimension of each of these. */
};

/* Makes 'rule' match the bits of 'flow' that are set in 'wc', with no
 * conjunctions. */
void cls_rule_init(struct cls_rule *rule, const struct flow *flow,
                   const struct flow_wildcards *wc, uint32_t priority);

/* Makes 'rule', which is not inserted, one that takes part in 'n' conjunctions,
 * an array that must live as long as 'rule'. */
void cls_rule_set_conjunctions(struct cls_rule *rule,
                               const struct cls_conjunction *, uint8_t n);

/* Makes 'dst' match what 'src' matches at the same priority. */
void cls_rule_clone(struct cls_rule *dst, const struct cls_rule *src);

/* Frees what 'rule', which is not inserted, holds. */
void cls_rule_uninit(struct cls_rule *rule);

/* Stores the match of 'rule' in '*ret_flow' and '*ret_wc'. */
void cls_rule_get_match(const struct cls_rule *rule, struct flow *ret_flow,
                        struct flow_wildcards *ret_wc);

/* Says whether the matches and priorities are equal. */
bool cls_rule_equals(const struct cls_rule *, const struct cls_rule *);

/* Says whether each packet that 'rule' matches is one that 'criteria' matches
 * too, as non-strict modify and delete select rules. */
bool cls_rule_is_within(const struct cls_rule *rule,
                        const struct cls_rule *criteria);

/* Says whether 'rule' matches 'flow'. */
bool cls_rule_matches(const struct cls_rule *rule, const struct flow *flow);

/* Says whether 'rule' is there in 'version'. */
static inline bool
cls_rule_is_visible(const struct cls_rule *rule, uint64_t version)
{
    return (version < __atomic_load_n(&rule->remove_version, __ATOMIC_RELAXED)
            && version >= __atomic_load_n(&rule->add_version,
                                          __ATOMIC_RELAXED));
}

/* Writer: hides 'rule' from 'version' on; shows it again. */
void cls_rule_hide(struct cls_rule *rule, uint64_t version);
void cls_rule_show(struct cls_rule *rule);

/* Returns a new, empty classifier, for classifier_destroy(). */
struct classifier *classifier_create(void);

/* Frees 'cls' (NULL is fine) but not its rules, which must have been removed.
 * Readers may finish their read sections. */
void classifier_destroy(struct classifier *cls);

/* Number of rules, of whatever version, and of distinct masks. */
size_t classifier_count(const struct classifier *cls);
size_t classifier_n_subtables(const struct classifier *cls);

/* Writer: adds 'rule', which 'cls' borrows until classifier_remove(), visible
 * from 'version' on.  Returns 0, or -EEXIST, changing nothing, if one of equal
 * match and priority is visible in 'version'. */
int classifier_insert(struct classifier *cls, struct cls_rule *rule,
                      uint64_t version);

/* Writer: has the processor load the places in the tables that
 * classifier_insert() of 'rule' will look at, which takes it longer than all
 * the rest when there are many rules. */
void classifier_prefetch(const struct classifier *cls,
                         const struct cls_rule *rule);

/* Writer: removes 'rule'.  Readers of versions in which it was visible lose
 * it; so hide it first, and remove it when a grace period has passed since
 * the last reader could see it.  Readers may still hold it: its owner frees it
 * only after another grace period. */
void classifier_remove(struct classifier *cls, struct cls_rule *rule);

/* Returns the best match for 'flow' in 'version', borrowed until the RCU read
 * section ends, or NULL if none matches.  ORs the deciding bits into '*wc', if
 * 'wc' is not NULL, in either case.  Conjunctions are resolved: the result is
 * never a rule with conjunctions, but the one that matches their id.  The
 * conj_id of 'flow' is 0, and never among the deciding bits. */
struct cls_rule *classifier_lookup(const struct classifier *cls,
                                   uint64_t version, const struct flow *flow,
                                   struct flow_wildcards *wc);

/* Returns the rule of the same match and priority as 'target' that is visible
 * in 'version', or NULL. */
struct cls_rule *classifier_find(const struct classifier *cls,
                                 const struct cls_rule *target,
                                 uint64_t version);

/* Says whether a rule of the same priority as 'target', visible in 'version',
 * matches some packet that 'target' matches.  Looks at each rule of that
 * priority whose mask could allow it. */
bool classifier_overlaps(const struct classifier *cls,
                         const struct cls_rule *target, uint64_t version);

/* A walk over the rules that are visible in 'version' and lie within 'target'
 * (all of them if NULL), in no order.  'target' must outlive the walk.  The
 * writer may hide, remove and insert rules during the walk if it does it in an
 * RCU read section; what it inserts may be missed. */
struct cls_cursor {
    const struct classifier *cls;
    const struct cls_rule *target;
    uint64_t version;
    size_t subtable;
    struct rcu_hash_cursor heads;
    const struct cls_rule *next;
    const void *order;
};

struct cls_rule *cls_cursor_first(struct cls_cursor *,
                                  const struct classifier *,
                                  const struct cls_rule *target,
                                  uint64_t version);
struct cls_rule *cls_cursor_next(struct cls_cursor *);

#endif /* flow/classifier.h */
