/* SPDX-License-Identifier: Apache-2.0 */

/* The classifier against a linear search over random rules, versions and
 * conjunctions, and the soundness of its wildcards: every flow that agrees
 * with the looked-up one on the bits of the result must get the same rule. */

#include "lib/flow/classifier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <errno.h>
#include <cmocka.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/base/vec.h"
#include "lib/flow/trie.h"
#include "lib/runtime/rcu.h"

int classifier_tests(void);

struct test_rule {
    struct cls_rule cls;
    struct cls_conjunction conjunctions[2];
};

typedef VEC(struct test_rule *) rule_vec;

static be32
ip(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return htonl(a << 24 | b << 16 | c << 8 | d);
}

static struct flow
tcp_flow(be32 src, be32 dst, uint16_t tp_dst)
{
    return (struct flow) {
        .in_port = 1,
        .dl_type = htons(0x0800),
        .nw_proto = 6,
        .nw_src = src,
        .nw_dst = dst,
        .tp_src = htons(12345),
        .tp_dst = htons(tp_dst),
    };
}

static struct test_rule *
create_rule(const struct flow *flow, const struct flow_wildcards *wc,
            uint32_t priority)
{
    struct test_rule *rule = xzalloc(sizeof *rule);

    cls_rule_init(&rule->cls, flow, wc, priority);
    return rule;
}

static void
destroy_rule(struct test_rule *rule)
{
    cls_rule_uninit(&rule->cls);
    free(rule);
}

static void
remove_and_destroy(struct classifier *cls, struct test_rule *rule)
{
    classifier_remove(cls, &rule->cls);
    synchronize_rcu();
    destroy_rule(rule);
}

static struct test_rule *
insert_nw_dst_tp_dst(struct classifier *cls, be32 nw_dst, be32 mask,
                     uint16_t tp_dst, uint32_t priority)
{
    struct flow flow = tcp_flow(0, nw_dst, tp_dst);
    struct flow_wildcards wc = { .masks = {
        .dl_type = UINT16_MAX, .nw_proto = UINT8_MAX, .nw_dst = mask,
        .tp_dst = tp_dst ? UINT16_MAX : 0,
    } };
    struct test_rule *rule = create_rule(&flow, &wc, priority);

    assert_int_equal(classifier_insert(cls, &rule->cls, 1), 0);
    return rule;
}

/* A miss that nw_dst alone decides must leave tp_dst wild, or every new
 * connection to that host costs an upcall; and of nw_dst only the bits up to
 * the first that differs may count. */
static void
test_miss_on_nw_dst_leaves_tp_dst_wild(void **state)
{
    struct classifier *cls = classifier_create();
    const struct flow flow = tcp_flow(ip(10, 0, 0, 1), ip(11, 1, 2, 15), 80);
    struct flow_wildcards wc = { .masks = { .in_port = 0 } };
    struct test_rule *rule = insert_nw_dst_tp_dst(
        cls, ip(10, 1, 2, 15), UINT32_MAX, 80, 33);

    assert_null(classifier_lookup(cls, 1, &flow, &wc));
    assert_int_equal(wc.masks.nw_dst, ip(255, 0, 0, 0));
    assert_int_equal(wc.masks.tp_dst, 0);
    assert_int_equal(wc.masks.dl_type, UINT16_MAX);

    remove_and_destroy(cls, rule);
    classifier_destroy(cls);
}

/* A miss that only the ports decide needs no more of them than tell the
 * difference, so that a port scan does not cost an upcall a port. */
static void
test_miss_on_ports_needs_few_bits(void **state)
{
    struct classifier *cls = classifier_create();
    const struct flow flow = tcp_flow(ip(10, 0, 0, 1), ip(10, 1, 2, 15),
                                      0x8000);
    struct flow_wildcards wc = { .masks = { .in_port = 0 } };
    struct test_rule *rule = insert_nw_dst_tp_dst(
        cls, ip(10, 1, 2, 15), UINT32_MAX, 80, 33);

    assert_null(classifier_lookup(cls, 1, &flow, &wc));
    assert_int_equal(ntohs(wc.masks.tp_dst), 0x8000);
    assert_int_equal(wc.masks.tp_src, 0);

    remove_and_destroy(cls, rule);
    classifier_destroy(cls);
}

/* A subtable that cannot beat the match must not be looked at: what it would
 * match on stays wild. */
static void
test_lower_priority_stays_wild(void **state)
{
    struct classifier *cls = classifier_create();
    const struct flow flow = tcp_flow(ip(10, 0, 0, 1), ip(10, 1, 2, 15), 80);
    struct flow_wildcards wc = { .masks = { .in_port = 0 } };
    struct test_rule *high = insert_nw_dst_tp_dst(
        cls, ip(10, 0, 0, 0), ip(255, 0, 0, 0), 0, 100);
    struct test_rule *low = insert_nw_dst_tp_dst(
        cls, ip(10, 1, 2, 15), UINT32_MAX, 80, 33);

    assert_ptr_equal(classifier_lookup(cls, 1, &flow, &wc), &high->cls);
    assert_int_equal(wc.masks.nw_dst, ip(255, 0, 0, 0));
    assert_int_equal(wc.masks.tp_dst, 0);

    remove_and_destroy(cls, high);
    remove_and_destroy(cls, low);
    classifier_destroy(cls);
}

/* A rule of the switch's own must win over the highest priority that OpenFlow
 * has, also one of the same match, and not be taken for one of a priority that
 * has the same low bits. */
static void
test_priorities_above_openflows(void **state)
{
    const be32 dst = ip(10, 1, 2, 15);
    struct classifier *cls = classifier_create();
    const struct flow flow = tcp_flow(ip(10, 0, 0, 1), dst, 80);
    struct test_rule *own = insert_nw_dst_tp_dst(cls, dst, UINT32_MAX, 80,
                                                 180000);
    struct test_rule *low_bits = insert_nw_dst_tp_dst(
        cls, dst, UINT32_MAX, 80, 180000 & UINT16_MAX);
    struct test_rule *high = insert_nw_dst_tp_dst(cls, dst, UINT32_MAX, 0,
                                                  UINT16_MAX);

    assert_ptr_equal(classifier_lookup(cls, 1, &flow, NULL), &own->cls);
    assert_int_equal(own->cls.priority, 180000);
    assert_ptr_equal(classifier_find(cls, &low_bits->cls, 1),
                     &low_bits->cls);
    remove_and_destroy(cls, own);
    assert_ptr_equal(classifier_lookup(cls, 1, &flow, NULL), &high->cls);

    remove_and_destroy(cls, high);
    remove_and_destroy(cls, low_bits);
    classifier_destroy(cls);
}

/* Of two rules of equal match and priority only one may be visible; the other
 * may wait for its version, and the change is one step for lookups. */
static void
test_versions_replace_in_one_step(void **state)
{
    struct classifier *cls = classifier_create();
    const struct flow flow = tcp_flow(1, ip(10, 1, 2, 15), 80);
    struct flow_wildcards wc = { .masks = { .nw_dst = UINT32_MAX } };
    struct test_rule *a = create_rule(&flow, &wc, 5);
    struct test_rule *b = create_rule(&flow, &wc, 5);

    assert_int_equal(classifier_insert(cls, &a->cls, 1), 0);
    assert_int_equal(classifier_insert(cls, &b->cls, 1), -EEXIST);
    assert_null(b->cls.subtable);
    cls_rule_hide(&a->cls, 2);
    assert_int_equal(classifier_insert(cls, &b->cls, 2), 0);

    assert_null(classifier_lookup(cls, 0, &flow, NULL));
    assert_ptr_equal(classifier_lookup(cls, 1, &flow, NULL), &a->cls);
    assert_ptr_equal(classifier_lookup(cls, 2, &flow, NULL), &b->cls);
    assert_ptr_equal(classifier_find(cls, &b->cls, 1), &a->cls);
    assert_ptr_equal(classifier_find(cls, &a->cls, 2), &b->cls);

    /* Undone. */
    classifier_remove(cls, &b->cls);
    cls_rule_show(&a->cls);
    assert_ptr_equal(classifier_lookup(cls, 2, &flow, NULL), &a->cls);

    synchronize_rcu();
    destroy_rule(b);
    remove_and_destroy(cls, a);
    assert_int_equal(classifier_count(cls), 0);
    assert_int_equal(classifier_n_subtables(cls), 0);
    classifier_destroy(cls);
}

/* Random rules over few values, so that they overlap, shadow and repeat. */

static void
random_flow(struct rng *rng, struct flow *flow)
{
    static const uint16_t types[] = { 0x0800, 0x0806, 0x86dd };

    memset(flow, 0, sizeof *flow);
    flow->metadata = htonll(rng_range(rng, 3));
    flow->regs[0] = rng_range(rng, 3);
    flow->in_port = rng_range(rng, 3);
    flow->dl_dst.ea[5] = rng_range(rng, 3);
    flow->dl_src.ea[0] = rng_range(rng, 2) * 2;
    flow->dl_type = htons(types[rng_range(rng, 3)]);
    flow->vlans[0].tci = htons(rng_range(rng, 3) * 0x1001);
    if (flow->dl_type == htons(0x86dd)) {
        for (unsigned int i = 0; i < 16; i += 5) {
            flow->ipv6_src.s6_addr[i] = rng_range(rng, 4) << 6;
            flow->ipv6_dst.s6_addr[i] = rng_range(rng, 4);
        }
    } else {
        flow->nw_src = ip(10, rng_range(rng, 2), rng_range(rng, 2),
                          rng_range(rng, 4));
        flow->nw_dst = ip(rng_range(rng, 4) << 6, 0, 0, rng_range(rng, 256));
    }
    if (flow->dl_type != htons(0x0806)) {
        flow->nw_proto = rng_range(rng, 2) ? 6 : 17;
        flow->tp_src = htons(rng_range(rng, 4) * 0x4001);
        flow->tp_dst = htons(rng_range(rng, 5));
    }
}

static be32
random_prefix32(struct rng *rng)
{
    unsigned int n = rng_range(rng, 33);

    return n ? htonl(UINT32_MAX << (32 - n)) : 0;
}

static void
random_prefix128(struct rng *rng, struct in6_addr *mask)
{
    unsigned int n = rng_range(rng, 129);

    for (unsigned int i = 0; i < n; i++) {
        mask->s6_addr[i / 8] |= 0x80 >> i % 8;
    }
}

static void
random_wildcards(struct rng *rng, be16 dl_type, struct flow_wildcards *wc)
{
    struct flow *m = &wc->masks;

    memset(wc, 0, sizeof *wc);
    m->metadata = rng_range(rng, 3) ? UINT64_MAX : 0;
    m->regs[0] = rng_range(rng, 4) ? 0 : UINT32_MAX;
    m->in_port = rng_range(rng, 4) ? 0 : UINT32_MAX;
    if (!rng_range(rng, 3)) {
        memset(&m->dl_dst, 0xff, sizeof m->dl_dst);
    }
    if (!rng_range(rng, 5)) {
        m->dl_src.ea[0] = 2;
    }
    m->vlans[0].tci = rng_range(rng, 5) ? 0 : htons(0x1fff);
    if (rng_range(rng, 4) == 0) {
        return;
    }
    m->dl_type = UINT16_MAX;
    if (dl_type == htons(0x86dd)) {
        random_prefix128(rng, &m->ipv6_src);
        random_prefix128(rng, &m->ipv6_dst);
    } else {
        m->nw_src = rng_range(rng, 2) ? random_prefix32(rng) : 0;
        m->nw_dst = (rng_range(rng, 3) ? random_prefix32(rng)
                     : rng_range(rng, 2) ? htonl(0xff0000f0) : 0);
    }
    if (dl_type != htons(0x0806) && rng_range(rng, 2)) {
        m->nw_proto = UINT8_MAX;
        m->tp_src = rng_range(rng, 2) ? 0 : UINT16_MAX;
        m->tp_dst = htons(rng_range(rng, 3) ? 0xffffu << rng_range(rng, 17)
                          : 0x0005);
    }
}

static struct test_rule *
random_rule(struct rng *rng)
{
    struct flow_wildcards wc;
    struct test_rule *rule;
    struct flow flow;

    random_flow(rng, &flow);
    random_wildcards(rng, flow.dl_type, &wc);
    if (!rng_range(rng, 12)) {
        flow.conj_id = 1 + rng_range(rng, 3);
        wc.masks.conj_id = UINT32_MAX;
    }
    rule = create_rule(&flow, &wc, rng_range(rng, 30) * 100);
    if (!wc.masks.conj_id && !rng_range(rng, 3)) {
        unsigned int n = 1 + rng_range(rng, 2);

        for (unsigned int i = 0; i < n; i++) {
            rule->conjunctions[i] = (struct cls_conjunction) {
                .id = 1 + rng_range(rng, 3),
                .clause = rng_range(rng, 2),
                .n_clauses = 2,
            };
        }
        cls_rule_set_conjunctions(&rule->cls, rule->conjunctions, n);
    }
    return rule;
}

/* The oracle: the best rule without conjunctions that matches 'flow'. */
static struct cls_rule *
linear_hard(const rule_vec *rules, uint64_t version, const struct flow *flow)
{
    struct cls_rule *best = NULL;

    VEC_FOR_EACH (p, rules) {
        struct cls_rule *r = &(*p)->cls;

        if (!r->n_conjunctions && cls_rule_is_visible(r, version)
            && cls_rule_matches(r, flow)
            && (!best || r->priority > best->priority)) {
            best = r;
        }
    }
    return best;
}

/* Do both dimensions of 'id' hold at 'priority'? */
static bool
linear_conjunction(const rule_vec *rules, uint64_t version,
                   const struct flow *flow, uint32_t id, uint16_t priority)
{
    unsigned int clauses = 0;

    VEC_FOR_EACH (p, rules) {
        const struct cls_rule *r = &(*p)->cls;

        for (unsigned int i = 0; i < r->n_conjunctions; i++) {
            if (r->priority == priority && r->conjunctions[i].id == id
                && cls_rule_is_visible(r, version)
                && cls_rule_matches(r, flow)) {
                clauses |= 1u << r->conjunctions[i].clause;
            }
        }
    }
    return clauses == 3;
}

static int
linear_priority(const rule_vec *rules, uint64_t version,
                const struct flow *flow_)
{
    struct cls_rule *hard = linear_hard(rules, version, flow_);
    struct flow flow = *flow_;

    for (int priority = 2900; priority >= 0; priority -= 100) {
        if (hard && priority <= hard->priority) {
            return hard->priority;
        }
        for (uint32_t id = 1; id <= 3; id++) {
            if (linear_conjunction(rules, version, flow_, id, priority)) {
                struct cls_rule *r;

                flow.conj_id = id;
                r = linear_hard(rules, version, &flow);
                if (r && r != hard
                    && (!hard || r->priority > hard->priority)) {
                    return r->priority;
                }
            }
        }
    }
    return hard ? hard->priority : -1;
}

static int
lookup_priority(const struct classifier *cls, uint64_t version,
                const struct flow *flow, struct flow_wildcards *wc)
{
    const struct cls_rule *rule = classifier_lookup(cls, version, flow, wc);

    return rule ? rule->priority : -1;
}

/* Flips random bits of 'flow' that 'wc' calls wild. */
static void
flip_wild_bits(struct rng *rng, const struct flow *flow,
               const struct flow_wildcards *wc, struct flow *other)
{
    uint64_t *words = (uint64_t *) (void *) other;
    struct flow random;

    *other = *flow;
    random_flow(rng, &random);
    for (unsigned int i = 0; i < FLOW_WORDS; i++) {
        uint64_t mask = flow_word(&wc->masks, i);

        words[i] = (words[i] & mask) | (flow_word(&random, i) & ~mask);
    }
}

static void
check_lookups(struct rng *rng, const struct classifier *cls,
              const rule_vec *rules, uint64_t version, uint64_t seed)
{
    for (int i = 0; i < 40; i++) {
        struct flow_wildcards wc = { .masks = { .in_port = 0 } };
        struct flow flow, other;
        int got, want;

        random_flow(rng, &flow);
        if (i % 2) {
            /* As an earlier table leaves them. */
            wc.masks.nw_src = random_prefix32(rng);
            random_prefix128(rng, &wc.masks.ipv6_dst);
        }
        got = lookup_priority(cls, version, &flow, &wc);
        want = linear_priority(rules, version, &flow);
        if (got != want) {
            fail_msg("seed %#llx: priority %d, linear search says %d",
                     (unsigned long long) seed, got, want);
        }
        assert_int_equal(wc.masks.conj_id, 0);
        for (int j = 0; j < 8; j++) {
            flip_wild_bits(rng, &flow, &wc, &other);
            if (lookup_priority(cls, version, &other, NULL) != got
                || linear_priority(rules, version, &other) != got) {
                fail_msg("seed %#llx: a wild bit changed the answer",
                         (unsigned long long) seed);
            }
        }
    }
}

static void
check_walks(struct rng *rng, const struct classifier *cls,
            const rule_vec *rules, uint64_t version)
{
    struct test_rule *target = random_rule(rng);
    size_t n_within = 0, n_walked = 0;
    struct cls_cursor cursor;

    VEC_FOR_EACH (p, rules) {
        n_within += (cls_rule_is_visible(&(*p)->cls, version)
                     && cls_rule_is_within(&(*p)->cls, &target->cls));
    }
    for (struct cls_rule *r = cls_cursor_first(&cursor, cls, &target->cls,
                                               version);
         r; r = cls_cursor_next(&cursor)) {
        assert_true(cls_rule_is_within(r, &target->cls));
        n_walked++;
    }
    assert_int_equal(n_walked, n_within);
    destroy_rule(target);
}

static void
test_equals_linear_search(void **state)
{
    uint64_t seed = random_u64();
    struct rng rng = { .state = seed };

    for (int round = 0; round < 30; round++) {
        struct classifier *cls = classifier_create();
        rule_vec rules = VEC_EMPTY;
        uint64_t version = 1;

        for (int step = 0; step < 60; step++) {
            struct test_rule *rule = random_rule(&rng);

            if (classifier_insert(cls, &rule->cls, version)) {
                assert_non_null(classifier_find(cls, &rule->cls, version));
                destroy_rule(rule);
            } else {
                vec_push(&rules, rule);
            }
            if (rules.n && !rng_range(&rng, 3)) {
                size_t i = rng_range(&rng, rules.n);

                if (rng_range(&rng, 2)) {
                    cls_rule_hide(&rules.items[i]->cls, ++version);
                } else {
                    remove_and_destroy(cls, rules.items[i]);
                    vec_remove_swap(&rules, i);
                }
            }
            if (step % 5 == 4) {
                check_lookups(&rng, cls, &rules, version, seed);
                check_lookups(&rng, cls, &rules, version - 1, seed);
                check_walks(&rng, cls, &rules, version);
            }
        }
        VEC_FOR_EACH (p, &rules) {
            remove_and_destroy(cls, *p);
        }
        vec_uninit(&rules);
        classifier_destroy(cls);
    }
    rcu_barrier();
}

/* The answer of a trie, and how many bits it rests on, against counting. */
static void
test_trie_lengths_and_bits(void **state)
{
    uint64_t seed = random_u64();
    struct rng rng = { .state = seed };
    struct { be32 value; unsigned int n; } prefixes[24];
    struct trie trie;

    trie_init(&trie);
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        prefixes[i].n = rng_range(&rng, 33);
        prefixes[i].value = htonl(rng_range(&rng, 8) << 29
                                  | rng_range(&rng, 16));
        trie_insert(&trie, &prefixes[i].value, prefixes[i].n);
    }
    for (size_t left = ARRAY_SIZE(prefixes); left > 0; left--) {
        for (int i = 0; i < 100; i++) {
            be32 value = htonl(rng_range(&rng, 8) << 29
                               | rng_range(&rng, 16));
            struct trie_lengths want = { { 0 } }, got, again;
            unsigned int n_bits;
            be32 other;

            for (size_t j = 0; j < left; j++) {
                unsigned int n = prefixes[j].n;

                if (!n || (ntohl(value ^ prefixes[j].value) >> (32 - n))
                    == 0) {
                    want.bits[n / 64] |= UINT64_C(1) << n;
                }
            }
            n_bits = trie_lookup(&trie, &value, 32, &got);
            if (memcmp(&want, &got, sizeof got)) {
                fail_msg("seed %#llx", (unsigned long long) seed);
            }
            other = n_bits >= 32 ? value
                : value ^ htonl((uint32_t) rng_u64(&rng) >> n_bits);
            trie_lookup(&trie, &other, 32, &again);
            assert_memory_equal(&got, &again, sizeof got);
        }
        trie_remove(&trie, &prefixes[left - 1].value, prefixes[left - 1].n);
    }
    assert_true(trie_is_empty(&trie));
    rcu_barrier();
}

int
classifier_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_miss_on_nw_dst_leaves_tp_dst_wild),
        cmocka_unit_test(test_miss_on_ports_needs_few_bits),
        cmocka_unit_test(test_lower_priority_stays_wild),
        cmocka_unit_test(test_priorities_above_openflows),
        cmocka_unit_test(test_versions_replace_in_one_step),
        cmocka_unit_test(test_equals_linear_search),
        cmocka_unit_test(test_trie_lengths_and_bits),
    };
    int n_failed;

    rcu_register_thread();
    n_failed = cmocka_run_group_tests_name("classifier", tests, NULL, NULL);
    rcu_unregister_thread();
    return n_failed;
}
