/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_FLOW_MOD_H
#define OFPROTO_FLOW_MOD_H

/* Changes of flow tables and groups, all or nothing.
 *
 * A transaction prepares any number of changes in the version after the
 * present one, where translation does not see them; commit makes them visible
 * with one store, revert undoes them.  Cost: each change's own, whatever the
 * tables hold; a bundle of n flow mods costs as much as n flow mods.
 *
 * Threads: main; one transaction of a bridge at a time. */

#include "lib/base/vec.h"
#include "vswitch/ofproto/ofproto.h"

struct conn;

enum rule_change_type {
    RULE_ADDED,                  /* 'rule' is new; 'old', if not NULL, gave way
                                  * to it. */
    RULE_MODIFIED,               /* 'rule' is 'old' with other actions. */
    RULE_REMOVED,                /* 'old' is gone. */
};

struct rule_change {
    enum rule_change_type type;
    struct rule *rule;
    struct rule *old;
};

/* The rule that an add would add, made before its transaction, which need not
 * decode the add again.  It counts from the transaction on. */
struct rule *flow_mod_make_rule(struct ofproto *, const struct flow_mod *);

struct flow_txn {
    struct ofproto *ofproto;
    uint64_t version;            /* Of the changes. */
    struct conn *requester;      /* NULL: the switch itself. */
    be32 xid;                    /* Of its request. */
    VEC(struct rule_change) rules;
    struct group_txn groups;
};

void flow_txn_begin(struct flow_txn *, struct ofproto *,
                    struct conn *requester, be32 xid);
enum ofperr flow_txn_flow_mod(struct flow_txn *, const struct flow_mod *)
    MUST_USE;

/* Adds a rule that flow_mod_make_rule() made, with the flags (FLOW_F_*) of its
 * flow mod.  Takes the reference over, also on an error. */
enum ofperr flow_txn_take_rule(struct flow_txn *, struct rule *,
                               uint16_t flags) MUST_USE;

/* Has the processor load what flow_txn_take_rule() will touch. */
void flow_txn_prefetch(const struct flow_txn *, const struct rule *);

/* Are the groups and meters there that actions name? */
enum ofperr ofproto_check_actions(const struct ofproto *,
                                  const struct ofpact *, size_t) MUST_USE;

enum ofperr flow_txn_group_mod(struct flow_txn *, const struct group_mod *)
    MUST_USE;

/* Hides one rule. */
void flow_txn_remove(struct flow_txn *, struct rule *,
                     enum flow_removed_reason);

/* End the transaction. */
void flow_txn_commit(struct flow_txn *);
void flow_txn_revert(struct flow_txn *);

/* Takes rules out of the classifiers that no reader can see any more; with
 * 'wait', all that are hidden. */
void removals_run(struct ofproto *, bool wait);

/* Removes rules whose time has come. */
void expire_rules(struct ofproto *);

#endif /* ofproto/flow_mod.h */
