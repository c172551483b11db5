/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_RULE_H
#define OFPROTO_RULE_H

/* Flow entries, and the tables that hold them.
 *
 * A rule never changes its match, priority, cookie, timeouts or actions: a
 * modify puts a new rule in its place in the next version of the tables.  Its
 * counters change all the time.
 *
 * Actions are stored once each however many rules have the same: controllers
 * install the same few hundred lists a hundred thousand times.
 *
 * Priorities that OpenFlow cannot express are of rules that the switch keeps
 * for itself, see rule_is_hidden().
 *
 * Life: referenced by its table while it is in the classifier, and by whoever
 * took rule_ref(); freed after a grace period when the last reference is gone.
 *
 * Threads: the main thread changes tables; any reads them within an RCU read
 * section, and adds to counters. */

#include "lib/base/list.h"
#include "lib/flow/classifier.h"
#include "lib/openflow/flow_mod.h"
#include "lib/openflow/ofpact.h"
#include "lib/runtime/rcu.h"

struct ofproto;

/* Tables 0 to 253: the last number is kept free, and 255 means "all". */
#define OFPROTO_N_TABLES 254

/* A list of actions and what is often asked about it. */
struct rule_actions {
    uint32_t hash;               /* Of the list. */
    uint32_t n_refs;
    uint32_t size;
    bool has_groups;
    bool has_meter;
    bool has_learn_with_delete;
    uint64_t option_slots;       /* Tunnel options that they name. */
    uint8_t n_conjunctions;
    struct cls_conjunction *conjunctions;   /* After the actions. */
    struct ofpact ofpacts[];
};

/* Returns a reference to the stored form of a list, for
 * rule_actions_unref().  Main thread. */
struct rule_actions *rule_actions_get(const struct ofpact *, size_t size);
struct rule_actions *rule_actions_ref(struct rule_actions *);
void rule_actions_unref(struct rule_actions *);
size_t rule_actions_count(void);

/* Does any list name group 'id' (OFPG_ALL: any group)? */
bool rule_actions_any_group(uint32_t id);

struct rule {
    struct cls_rule cls;         /* In its table. */
    struct rule_actions *actions;
    struct ofproto *ofproto;     /* Borrowed; outlives its rules. */
    uint32_t n_refs;             /* Atomic. */
    uint8_t table_id;
    uint8_t removed_reason;      /* enum flow_removed_reason, once hidden. */
    uint16_t flags;              /* FLOW_F_*. */
    be64 cookie;

    /* Counters, atomic. */
    uint64_t n_packets;
    uint64_t n_bytes;
    int64_t used_ms;             /* clock_ms() of the last packet, or of the
                                  * rule's creation. */

    /* The main thread's, but for what fin_timeout may shorten. */
    int64_t created_ms;
    int64_t modified_ms;
    uint16_t idle_timeout_s;     /* Atomic. */
    uint16_t hard_timeout_s;     /* Atomic. */
    uint16_t importance;
    bool is_expirable;           /* In 'expirable'. */
    bool uses_options;           /* rule_option_slots() is not 0. */
    struct list expirable;       /* In ofproto.expirable. */
    struct rcu_head rcu;
};

/* Fields for rule_create(). */
struct rule_init {
    struct ofproto *ofproto;
    uint8_t table_id;
    be64 cookie;
    uint16_t flags;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint16_t importance;
};

/* Returns a rule of one reference, in no table, that takes 'cls' over. */
struct rule *rule_create(const struct rule_init *, struct cls_rule *cls,
                         const struct ofpact *, size_t ofpacts_size);

/* 'rule' is borrowed within an RCU read section: takes a reference, or returns
 * NULL if it is dying. */
struct rule *rule_try_ref(struct rule *);
struct rule *rule_ref(struct rule *);
void rule_unref(struct rule *);

/* Is 'rule' one of the switch's own?  Controllers neither see it nor change
 * it, and it counts for no limit of theirs. */
static inline bool
rule_is_hidden(const struct rule *rule)
{
    return rule->cls.priority > UINT16_MAX;
}

static inline struct rule *
rule_from_cls(const struct cls_rule *cls)
{
    return cls ? CONTAINER_OF(cls, struct rule, cls) : NULL;
}

/* Adds packets to the counters.  Threads: any. */
void rule_credit(struct rule *, uint64_t n_packets, uint64_t n_bytes,
                 int64_t used_ms);

/* Lowers the timeouts that are larger or zero.  Threads: any. */
void rule_reduce_timeouts(struct rule *, uint16_t idle_s, uint16_t hard_s);

/* Fills what a statistics reply says of 'rule'. */
void rule_get_stats(const struct rule *, const struct tlv_table *,
                    struct flow_stats *ret);

enum {
    OFTABLE_EVICTS_CONFIG = 1 << 0,
    OFTABLE_EVICTS_REQUEST = 1 << 1     /* A controller. */
};

/* One flow table. */
struct oftable {
    struct classifier *cls;
    char *name;                  /* NULL: none given. */
    bool is_named_by_config;     /* Else by a controller. */
    bool is_readonly;
    uint8_t miss;                /* enum table_miss. */
    unsigned int max_flows;      /* UINT_MAX: no limit. */
    uint8_t evicts;              /* At the limit: make room, not refuse.
                                  * OFTABLE_EVICTS_*, who wants it. */
    size_t n_flows;              /* Visible in the newest version. */
    bool tells_vacancy;          /* Controllers are told when less than... */
    uint8_t vacancy_down;        /* ...this many percent are free, */
    uint8_t vacancy_up;          /* and then when more than this are. */
    uint8_t vacancy_event;       /* enum table_status_reason: the next. */
    struct hmap watched_cookies; /* Counts by cookie, of those that somebody
                                  * asked for; a cache. */

    /* Atomic. */
    uint64_t n_matched;
    uint64_t n_missed;
};

void oftable_init(struct oftable *);
void oftable_uninit(struct oftable *);

/* The tunnel options that 'rule' matches or its actions name, bit i for slot
 * i of the bridge's map. */
uint64_t rule_option_slots(const struct rule *);

/* Names the table, or takes its name away (NULL). */
void oftable_set_name(struct oftable *, const char *name, bool by_config);

/* What the table is set to, as descriptions of tables tell it. */
struct table_mod;
void oftable_describe(const struct oftable *, uint8_t table_id,
                      struct table_mod *);

/* Sets what 'tm' has of vacancy. */
void oftable_set_vacancy(struct oftable *, const struct table_mod *tm);

/* Has what is free crossed what 'vacancy_event' waits for?  The other event is
 * the next then; the one that happened is in '*ret_reason'. */
bool oftable_vacancy_changed(struct oftable *, uint8_t *ret_reason);

/* How many of the table's flows that are visible in 'version', the newest,
 * have 'cookie'.  The first time it counts them all; from then on the count
 * follows changes, by oftable_count().  Main thread. */
size_t oftable_cookie_count(struct oftable *, be64 cookie, uint64_t version);

/* 'n' (1 or -1) flows with the cookie of 'rule' came. */
void oftable_count(struct oftable *, const struct rule *, int n);

#endif /* ofproto/rule.h */
