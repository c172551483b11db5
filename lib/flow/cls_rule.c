/* SPDX-License-Identifier: Apache-2.0 */
/* Rules by themselves: what they match. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/flow/cls_subtable.h"

void
cls_rule_init(struct cls_rule *rule, const struct flow *flow,
              const struct flow_wildcards *wc, uint32_t priority)
{
    struct minimask *mask = minimask_get(wc);

    assert(priority <= CLS_MAX_PRIORITY);
    *rule = (struct cls_rule) {
        .mask = mask,
        .values = mask->n_words ? xmalloc(mask->n_words * 8) : NULL,
        .priority = priority,
        .add_version = CLS_NEVER,
        .remove_version = CLS_NEVER,
    };
    for (unsigned int i = 0; i < mask->n_words; i++) {
        rule->values[i] = flow_word(flow, mask->index[i]) & mask->bits[i];
    }
    rule->hash = cls_hash_values(rule->values, mask->n_words);
}

void
cls_rule_set_conjunctions(struct cls_rule *rule,
                          const struct cls_conjunction *conjunctions,
                          uint8_t n)
{
    assert(!rule->subtable);
    rule->conjunctions = conjunctions;
    rule->n_conjunctions = n;
}

void
cls_rule_clone(struct cls_rule *dst, const struct cls_rule *src)
{
    *dst = (struct cls_rule) {
        .mask = minimask_ref(src->mask),
        .values = (src->values ? xmemdup(src->values, src->mask->n_words * 8)
                   : NULL),
        .hash = src->hash,
        .priority = src->priority,
        .add_version = CLS_NEVER,
        .remove_version = CLS_NEVER,
    };
}

void
cls_rule_uninit(struct cls_rule *rule)
{
    assert(!rule->subtable);
    minimask_unref((struct minimask *) rule->mask);
    free(rule->values);
}

void
cls_rule_get_match(const struct cls_rule *rule, struct flow *flow,
                   struct flow_wildcards *wc)
{
    uint64_t *words = (uint64_t *) (void *) flow;

    memset(flow, 0, sizeof *flow);
    memset(wc, 0, sizeof *wc);
    minimask_or(rule->mask, rule->mask->n_words, wc);
    for (unsigned int i = 0; i < rule->mask->n_words; i++) {
        words[rule->mask->index[i]] = rule->values[i];
    }
}

bool
cls_rule_equals(const struct cls_rule *a, const struct cls_rule *b)
{
    return a->priority == b->priority && cls_values_equal(a, b);
}

bool
cls_rule_is_within(const struct cls_rule *rule,
                   const struct cls_rule *criteria)
{
    const struct minimask *mask = criteria->mask;
    unsigned int position = 0;

    if (!minimask_covers(rule->mask, mask)) {
        return false;
    }
    for (unsigned int i = 0; i < mask->n_words; i++) {
        uint64_t value = cls_rule_word(rule, mask->index[i], &position);

        if ((value ^ criteria->values[i]) & mask->bits[i]) {
            return false;
        }
    }
    return true;
}

bool
cls_rule_matches(const struct cls_rule *rule, const struct flow *flow)
{
    const struct minimask *mask = rule->mask;

    for (unsigned int i = 0; i < mask->n_words; i++) {
        if ((flow_word(flow, mask->index[i]) ^ rule->values[i])
            & mask->bits[i]) {
            return false;
        }
    }
    return true;
}

void
cls_rule_hide(struct cls_rule *rule, uint64_t version)
{
    __atomic_store_n(&rule->remove_version, version, __ATOMIC_RELAXED);
}

void
cls_rule_show(struct cls_rule *rule)
{
    cls_rule_hide(rule, CLS_NEVER);
}
