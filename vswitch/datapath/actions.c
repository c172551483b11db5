/* SPDX-License-Identifier: Apache-2.0 */
/* Running and checking lists of actions.
 *
 * Lists come from the switch and, through control commands, from people; they
 * are checked whole when they come in, and then run without checks.  One table
 * says for each action how its payload is checked and how it runs.
 *
 * An action runs for all packets of a batch before the next one does.  The
 * last action of a list owns the packets; the others leave them, and clone
 * what they pass on. */

#include <errno.h>
#include <linux/openvswitch.h>

#include "lib/netlink/attr.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/packet/gso.h"
#include "lib/runtime/counter.h"
#include "vswitch/datapath/conntrack.h"
#include "vswitch/datapath/datapath.h"

COUNTER(datapath_drop_depth);
COUNTER(datapath_drop_explicit);
COUNTER(datapath_drop_no_room);
COUNTER(datapath_drop_nsh_decap_error);

/* A list being run. */
struct run {
    struct dp_context *ctx;
    struct packet_batch *batch;
    const void *actions;         /* The outermost list, for upcalls. */
    size_t actions_size;
    bool is_last;                /* This action is the last of its list. */
    const void *rest;            /* What follows it there. */
    size_t rest_size;
};

static void run_list(struct run *, const void *actions, size_t size);

/* Copies the packets that a nested list, or an output, takes: the packets
 * themselves if nothing comes after. */
static void
take_or_clone(struct run *r, struct packet_batch *copy)
{
    if (r->is_last) {
        *copy = *r->batch;
        r->batch->n = 0;
        return;
    }
    copy->n = 0;
    for (uint32_t i = 0; i < r->batch->n; i++) {
        struct packet *p = packet_clone(r->batch->packets[i]);

        if (p) {
            copy->packets[copy->n++] = p;
        }
    }
}

static void
run_nested(struct run *r, struct packet_batch *batch, const void *actions,
           size_t size)
{
    struct run nested = *r;

    nested.batch = batch;
    if (r->ctx->depth >= DP_MAX_DEPTH) {
        counter_add(datapath_drop_depth, batch->n);
    } else {
        r->ctx->depth++;
        run_list(&nested, actions, size);
        r->ctx->depth--;
    }
    packet_batch_free(batch);
}

/* Keeps of the batch what 'keep' says. */
static void
filter(struct packet_batch *batch, bool (*keep)(struct packet *, const void *),
       const void *aux)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < batch->n; i++) {
        struct packet *p = batch->packets[i];

        if (keep(p, aux)) {
            batch->packets[n++] = p;
        } else {
            packet_free(p);
        }
    }
    batch->n = n;
}

static void
run_output(struct run *r, const struct nlattr *a)
{
    struct packet_batch out;

    take_or_clone(r, &out);
    for (uint32_t i = 0; i < out.n; i++) {
        dp_output(r->ctx, nlattr_u32(a), out.packets[i]);
    }
    /* What trunc said was for this output. */
    for (uint32_t i = 0; i < r->batch->n; i++) {
        r->batch->packets[i]->max_size = UINT32_MAX;
    }
}

static void
run_userspace(struct run *r, const struct nlattr *a)
{
    struct packet_batch whole = { .n = 0 };
    bool truncated = r->batch->n && r->batch->packets[0]->max_size
                                    < UINT32_MAX;

    if (!truncated) {
        dp_upcall_action(r->ctx, r->batch, a, r->actions, r->actions_size);
        return;
    }
    for (uint32_t i = 0; i < r->batch->n; i++) {
        struct packet *p = packet_clone(r->batch->packets[i]);

        if (p) {
            packet_csum_finish(p);
            packet_reset_offloads(p);
            packet_truncate(p, p->max_size);
            whole.packets[whole.n++] = p;
        }
        r->batch->packets[i]->max_size = UINT32_MAX;
    }
    dp_upcall_action(r->ctx, &whole, a, r->actions, r->actions_size);
    packet_batch_free(&whole);
}

static void
run_set(struct run *r, const struct nlattr *a)
{
    dp_set_run(r->batch, nlattr_payload(a), false);
}

static void
run_set_masked(struct run *r, const struct nlattr *a)
{
    dp_set_run(r->batch, nlattr_payload(a), true);
}

static bool
push_vlan(struct packet *p, const void *vlan_)
{
    const struct ovs_action_push_vlan *vlan = vlan_;

    return packet_push_vlan(p, vlan->vlan_tpid, vlan->vlan_tci);
}

static void
run_push_vlan(struct run *r, const struct nlattr *a)
{
    uint32_t n = r->batch->n;

    filter(r->batch, push_vlan, nlattr_payload(a));
    counter_add(datapath_drop_no_room, n - r->batch->n);
}

static void
run_pop_vlan(struct run *r, const struct nlattr *a UNUSED)
{
    for (uint32_t i = 0; i < r->batch->n; i++) {
        packet_pop_vlan(r->batch->packets[i]);
    }
}

static bool
push_mpls(struct packet *p, const void *mpls_)
{
    const struct ovs_action_push_mpls *mpls = mpls_;

    return packet_push_mpls(p, mpls->mpls_ethertype, mpls->mpls_lse);
}

static void
run_push_mpls(struct run *r, const struct nlattr *a)
{
    uint32_t n = r->batch->n;

    filter(r->batch, push_mpls, nlattr_payload(a));
    counter_add(datapath_drop_no_room, n - r->batch->n);
}

/* Headers that hide what is inside.
 *
 * Nobody cuts a packet within, nor finishes its checksum: what is left to do of
 * that is done before the header is put on.  Segments go through the rest of
 * the list apart. */

typedef bool hide_fn(struct packet *, const void *aux);

/* Segments of a packet, on their way through the rest of a list. */
struct segments {
    struct run *run;
    hide_fn *hide;
    const void *aux;
    struct packet_batch batch;
};

static void
hide_batch(struct packet_batch *batch, hide_fn *hide, const void *aux)
{
    uint32_t n = batch->n;

    filter(batch, hide, aux);
    counter_add(datapath_drop_no_room, n - batch->n);
}

static void
run_segments(struct segments *s)
{
    struct run rest = *s->run;

    rest.batch = &s->batch;
    hide_batch(&s->batch, s->hide, s->aux);
    if (s->batch.n) {
        run_list(&rest, s->run->rest, s->run->rest_size);
    }
    packet_batch_free(&s->batch);
}

static void
add_segment(struct packet *segment, void *s_)
{
    struct segments *s = s_;

    s->batch.packets[s->batch.n++] = segment;
    if (s->batch.n == PACKET_BATCH) {
        run_segments(s);
    }
}

/* Puts a header on all packets with 'hide', which says whether there was
 * room. */
static void
run_hiding(struct run *r, hide_fn *hide, const void *aux)
{
    struct segments s = { .run = r, .hide = hide, .aux = aux };
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->batch->n; i++) {
        struct packet *p = r->batch->packets[i];

        if (p->gso_type != PACKET_GSO_NONE) {
            packet_gso_cut(p, add_segment, &s);
            packet_free(p);
        } else {
            packet_csum_finish(p);
            packet_reset_offloads(p);
            r->batch->packets[n++] = p;
        }
    }
    r->batch->n = n;
    if (s.batch.n) {
        run_segments(&s);
    }
    hide_batch(r->batch, hide, aux);
}

static bool
push_nsh(struct packet *p, const void *nsh)
{
    return dp_nsh_push(p, nsh);
}

static void
run_push_nsh(struct run *r, const struct nlattr *a)
{
    run_hiding(r, push_nsh, a);
}

/* A label in front of the whole packet, whatever that begins with. */
static bool
add_mpls(struct packet *p, const void *mpls_)
{
    const struct ovs_action_add_mpls *mpls = mpls_;
    uint8_t *lse = packet_push(p, MPLS_HEADER_SIZE);

    if (!lse) {
        return false;
    }
    put_be32(lse, mpls->mpls_lse);
    p->packet_type = PACKET_TYPE(PACKET_TYPE_NS_ETHERTYPE,
                                 ntohs(mpls->mpls_ethertype));
    packet_reset_offsets(p);
    p->l2_5_ofs = 0;
    return true;
}

static void
run_add_mpls(struct run *r, const struct nlattr *a)
{
    run_hiding(r, add_mpls, nlattr_payload(a));
}

/* Takes the label off that a packet without Ethernet header begins with. */
static void
pop_first_label(struct packet *p, be16 type)
{
    if (p->size < MPLS_HEADER_SIZE
        || (p->packet_type != PACKET_TYPE_MPLS
            && p->packet_type != PACKET_TYPE_MPLS_MC)) {
        return;
    }
    packet_pop(p, MPLS_HEADER_SIZE);
    packet_reset_offsets(p);
    p->packet_type = (type == htons(ETH_TYPE_TEB) ? PACKET_TYPE_ETH
                      : PACKET_TYPE(PACKET_TYPE_NS_ETHERTYPE, ntohs(type)));
    if (p->packet_type == PACKET_TYPE_MPLS
        || p->packet_type == PACKET_TYPE_MPLS_MC) {
        p->l2_5_ofs = 0;
    }
}

static void
run_pop_mpls(struct run *r, const struct nlattr *a)
{
    for (uint32_t i = 0; i < r->batch->n; i++) {
        struct packet *p = r->batch->packets[i];

        if (p->packet_type == PACKET_TYPE_ETH) {
            packet_pop_mpls(p, nlattr_u16(a));
        } else {
            pop_first_label(p, nlattr_u16(a));
        }
    }
}

static bool
push_eth(struct packet *p, const void *eth_)
{
    const struct ovs_action_push_eth *push = eth_;
    struct eth_header *eth;

    if (p->packet_type == PACKET_TYPE_ETH) {
        return true;
    }
    eth = packet_push(p, sizeof *eth);
    if (!eth) {
        return false;
    }
    memcpy(&eth->dst, push->addresses.eth_dst, 6);
    memcpy(&eth->src, push->addresses.eth_src, 6);
    eth->type = htons(p->packet_type & 0xffff);
    p->packet_type = PACKET_TYPE_ETH;
    return true;
}

static void
run_push_eth(struct run *r, const struct nlattr *a)
{
    uint32_t n = r->batch->n;

    filter(r->batch, push_eth, nlattr_payload(a));
    counter_add(datapath_drop_no_room, n - r->batch->n);
}

static void
run_pop_eth(struct run *r, const struct nlattr *a UNUSED)
{
    for (uint32_t i = 0; i < r->batch->n; i++) {
        struct packet *p = r->batch->packets[i];

        if (p->packet_type == PACKET_TYPE_ETH && p->size >= ETH_HEADER_SIZE) {
            p->packet_type = PACKET_TYPE(1, ntohs(get_be16(p->data + 12)));
            packet_pop(p, ETH_HEADER_SIZE);
        }
    }
}

static bool
pop_nsh(struct packet *p, const void *unused UNUSED)
{
    return dp_nsh_pop(p);
}

static void
run_pop_nsh(struct run *r, const struct nlattr *a UNUSED)
{
    uint32_t n = r->batch->n;

    filter(r->batch, pop_nsh, NULL);
    counter_add(datapath_drop_nsh_decap_error, n - r->batch->n);
}

static void
run_recirc(struct run *r, const struct nlattr *a)
{
    struct packet_batch again;

    take_or_clone(r, &again);
    for (uint32_t i = 0; i < again.n; i++) {
        again.packets[i]->md.recirc_id = nlattr_u32(a);
        dp_again(r->ctx, again.packets[i]);
    }
}

static void
run_hash(struct run *r, const struct nlattr *a)
{
    const struct ovs_action_hash *hash = nlattr_payload(a);

    for (uint32_t i = 0; i < r->batch->n; i++) {
        struct packet *p = r->batch->packets[i];
        struct flow_key_full key;
        uint32_t x;

        flow_key_extract(p, &key);
        x = flow_key_hash_l4(&key.key, hash->hash_basis,
                             hash->hash_alg == DPIF_HASH_SYM_L4);
        /* 0 would say that there is no hash. */
        p->md.dp_hash = x ? x : 1;
    }
}

static void
run_trunc(struct run *r, const struct nlattr *a)
{
    for (uint32_t i = 0; i < r->batch->n; i++) {
        r->batch->packets[i]->max_size = nlattr_u32(a);
    }
}

static void
run_sample(struct run *r, const struct nlattr *a)
{
    const struct nlattr *probability
        = nlattr_find_nested(a, OVS_SAMPLE_ATTR_PROBABILITY);
    const struct nlattr *actions
        = nlattr_find_nested(a, OVS_SAMPLE_ATTR_ACTIONS);
    struct packet_batch sampled = { .n = 0 };

    for (uint32_t i = 0; i < r->batch->n; i++) {
        r->ctx->random = r->ctx->random * 1664525 + 1013904223;
        if (nlattr_u32(probability) == UINT32_MAX
            || r->ctx->random < nlattr_u32(probability)) {
            struct packet *p = packet_clone(r->batch->packets[i]);

            if (p) {
                sampled.packets[sampled.n++] = p;
            }
        }
    }
    if (sampled.n) {
        run_nested(r, &sampled, nlattr_payload(actions),
                   nlattr_size(actions));
    }
}

static void
run_clone(struct run *r, const struct nlattr *a)
{
    struct packet_batch copy;

    take_or_clone(r, &copy);
    run_nested(r, &copy, nlattr_payload(a), nlattr_size(a));
}

static void
run_meter(struct run *r, const struct nlattr *a)
{
    dp_meter_run(r->ctx, r->batch, nlattr_u32(a));
}

static void
run_check_pkt_len(struct run *r, const struct nlattr *a)
{
    uint16_t limit = nlattr_u16(
        nlattr_find_nested(a, OVS_CHECK_PKT_LEN_ATTR_PKT_LEN));
    const struct nlattr *greater = nlattr_find_nested(
        a, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER);
    const struct nlattr *less = nlattr_find_nested(
        a, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL);
    struct packet_batch all, large = { .n = 0 }, small = { .n = 0 };

    take_or_clone(r, &all);
    for (uint32_t i = 0; i < all.n; i++) {
        struct packet_batch *b = (packet_gso_segment_size(all.packets[i])
                                  > limit ? &large : &small);

        b->packets[b->n++] = all.packets[i];
    }
    if (small.n) {
        run_nested(r, &small, nlattr_payload(less), nlattr_size(less));
    }
    if (large.n) {
        run_nested(r, &large, nlattr_payload(greater), nlattr_size(greater));
    }
}

static void
run_ct(struct run *r, const struct nlattr *a)
{
    conntrack_run(r->ctx->dp->conntrack, r->batch, a, r->ctx->now_ms);
}

static void
run_ct_clear(struct run *r, const struct nlattr *a UNUSED)
{
    conntrack_clear(r->batch);
}

static void
run_drop(struct run *r, const struct nlattr *a UNUSED)
{
    counter_add(datapath_drop_explicit, r->batch->n);
    packet_batch_free(r->batch);
}

/* Checks. */

static int validate(const void *actions, size_t size, unsigned int depth);

static bool
check_userspace(const struct nlattr *a, unsigned int depth UNUSED)
{
    const struct nlattr *n;
    size_t left;

    NLATTR_FOR_EACH_NESTED (n, left, a) {
        switch (nlattr_type(n)) {
        case OVS_USERSPACE_ATTR_PID:
        case OVS_USERSPACE_ATTR_EGRESS_TUN_PORT:
            if (nlattr_size(n) != 4) {
                return false;
            }
            break;
        }
    }
    return !left;
}

/* The payload is one attribute. */
static bool
check_set_common(const struct nlattr *a, bool masked)
{
    const struct nlattr *key = nlattr_payload(a);

    return (nlattr_ok(key, nlattr_size(a))
            && NLA_ALIGN(key->nla_len) >= nlattr_size(a)
            && dp_set_valid(key, masked));
}

static bool
check_set(const struct nlattr *a, unsigned int depth UNUSED)
{
    return check_set_common(a, false);
}

static bool
check_set_masked(const struct nlattr *a, unsigned int depth UNUSED)
{
    return check_set_common(a, true);
}

static bool
check_push_vlan(const struct nlattr *a, unsigned int depth UNUSED)
{
    const struct ovs_action_push_vlan *vlan = nlattr_payload(a);

    return (vlan->vlan_tpid == htons(ETH_TYPE_VLAN_8021Q)
            || vlan->vlan_tpid == htons(ETH_TYPE_VLAN_8021AD));
}

static bool
check_push_mpls(const struct nlattr *a, unsigned int depth UNUSED)
{
    const struct ovs_action_push_mpls *mpls = nlattr_payload(a);

    return (mpls->mpls_ethertype == htons(ETH_TYPE_MPLS)
            || mpls->mpls_ethertype == htons(ETH_TYPE_MPLS_MCAST));
}

static bool
check_add_mpls(const struct nlattr *a, unsigned int depth UNUSED)
{
    const struct ovs_action_add_mpls *mpls = nlattr_payload(a);

    return (!mpls->tun_flags
            && (mpls->mpls_ethertype == htons(ETH_TYPE_MPLS)
                || mpls->mpls_ethertype == htons(ETH_TYPE_MPLS_MCAST)));
}

static bool
check_push_nsh(const struct nlattr *a, unsigned int depth UNUSED)
{
    return dp_nsh_push_valid(a);
}

static bool
check_hash(const struct nlattr *a, unsigned int depth UNUSED)
{
    const struct ovs_action_hash *hash = nlattr_payload(a);

    return hash->hash_alg <= DPIF_HASH_SYM_L4;
}

static bool
check_trunc(const struct nlattr *a, unsigned int depth UNUSED)
{
    return nlattr_u32(a) >= ETH_HEADER_SIZE;
}

static bool
check_sample(const struct nlattr *a, unsigned int depth)
{
    const struct nlattr *probability
        = nlattr_find_nested(a, OVS_SAMPLE_ATTR_PROBABILITY);
    const struct nlattr *actions
        = nlattr_find_nested(a, OVS_SAMPLE_ATTR_ACTIONS);

    return (probability && nlattr_size(probability) == 4 && actions
            && !validate(nlattr_payload(actions), nlattr_size(actions),
                         depth + 1));
}

static bool
check_clone(const struct nlattr *a, unsigned int depth)
{
    return !validate(nlattr_payload(a), nlattr_size(a), depth + 1);
}

static bool
check_meter(const struct nlattr *a, unsigned int depth UNUSED)
{
    return nlattr_u32(a) < DPIF_MAX_METERS;
}

static bool
check_check_pkt_len(const struct nlattr *a, unsigned int depth)
{
    const struct nlattr *limit = nlattr_find_nested(
        a, OVS_CHECK_PKT_LEN_ATTR_PKT_LEN);
    const struct nlattr *greater = nlattr_find_nested(
        a, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER);
    const struct nlattr *less = nlattr_find_nested(
        a, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL);

    return (limit && nlattr_size(limit) == 2 && greater && less
            && !validate(nlattr_payload(greater), nlattr_size(greater),
                         depth + 1)
            && !validate(nlattr_payload(less), nlattr_size(less), depth + 1));
}

static bool
check_ct(const struct nlattr *a, unsigned int depth UNUSED)
{
    return conntrack_action_valid(a);
}

#define ANY_SIZE SIZE_MAX

static const struct action_class {
    size_t size;                 /* Of the payload; ANY_SIZE: not fixed. */
    bool (*check)(const struct nlattr *, unsigned int depth);
    void (*run)(struct run *, const struct nlattr *);
} classes[] = {
    [OVS_ACTION_ATTR_OUTPUT] = { 4, NULL, run_output },
    [OVS_ACTION_ATTR_USERSPACE] = { ANY_SIZE, check_userspace,
                                    run_userspace },
    [OVS_ACTION_ATTR_SET] = { ANY_SIZE, check_set, run_set },
    [OVS_ACTION_ATTR_SET_MASKED] = { ANY_SIZE, check_set_masked,
                                     run_set_masked },
    [OVS_ACTION_ATTR_PUSH_VLAN] = { sizeof(struct ovs_action_push_vlan),
                                    check_push_vlan, run_push_vlan },
    [OVS_ACTION_ATTR_POP_VLAN] = { 0, NULL, run_pop_vlan },
    [OVS_ACTION_ATTR_PUSH_MPLS] = { sizeof(struct ovs_action_push_mpls),
                                    check_push_mpls, run_push_mpls },
    [OVS_ACTION_ATTR_POP_MPLS] = { 2, NULL, run_pop_mpls },
    [OVS_ACTION_ATTR_PUSH_ETH] = { sizeof(struct ovs_action_push_eth), NULL,
                                   run_push_eth },
    [OVS_ACTION_ATTR_POP_ETH] = { 0, NULL, run_pop_eth },
    [OVS_ACTION_ATTR_ADD_MPLS] = { sizeof(struct ovs_action_add_mpls),
                                   check_add_mpls, run_add_mpls },
    [OVS_ACTION_ATTR_PUSH_NSH] = { ANY_SIZE, check_push_nsh, run_push_nsh },
    [OVS_ACTION_ATTR_POP_NSH] = { 0, NULL, run_pop_nsh },
    [OVS_ACTION_ATTR_RECIRC] = { 4, NULL, run_recirc },
    [OVS_ACTION_ATTR_HASH] = { sizeof(struct ovs_action_hash), check_hash,
                               run_hash },
    [OVS_ACTION_ATTR_TRUNC] = { sizeof(struct ovs_action_trunc), check_trunc,
                                run_trunc },
    [OVS_ACTION_ATTR_SAMPLE] = { ANY_SIZE, check_sample, run_sample },
    [OVS_ACTION_ATTR_CLONE] = { ANY_SIZE, check_clone, run_clone },
    [OVS_ACTION_ATTR_METER] = { 4, check_meter, run_meter },
    [OVS_ACTION_ATTR_CHECK_PKT_LEN] = { ANY_SIZE, check_check_pkt_len,
                                        run_check_pkt_len },
    [OVS_ACTION_ATTR_CT] = { ANY_SIZE, check_ct, run_ct },
    [OVS_ACTION_ATTR_CT_CLEAR] = { 0, NULL, run_ct_clear },
    [DPIF_ACTION_ATTR_DROP] = { 4, NULL, run_drop },
};

static int
validate(const void *actions, size_t size, unsigned int depth)
{
    const struct nlattr *a;
    size_t left;

    if (size > DP_MAX_ACTIONS_SIZE || depth >= DP_MAX_DEPTH) {
        return -EINVAL;
    }
    NLATTR_FOR_EACH (a, left, actions, size) {
        uint16_t type = nlattr_type(a);
        const struct action_class *class;

        if (type >= ARRAY_SIZE(classes) || !classes[type].run) {
            return -EINVAL;
        }
        class = &classes[type];
        if ((class->size != ANY_SIZE && class->size != nlattr_size(a))
            || (class->check && !class->check(a, depth))) {
            return -EINVAL;
        }
    }
    return left ? -EINVAL : 0;
}

int
dp_actions_validate(const void *actions, size_t size)
{
    return validate(actions, size, 0);
}

static void
run_list(struct run *r, const void *actions, size_t size)
{
    const struct nlattr *a;
    size_t left;

    NLATTR_FOR_EACH (a, left, actions, size) {
        r->is_last = NLA_ALIGN(a->nla_len) >= left;
        r->rest_size = r->is_last ? 0 : left - NLA_ALIGN(a->nla_len);
        r->rest = (const uint8_t *) actions + size - r->rest_size;
        classes[nlattr_type(a)].run(r, a);
        if (!r->batch->n) {
            return;
        }
    }
}

void
dp_actions_run(struct dp_context *ctx, struct packet_batch *batch,
               const void *actions, size_t size)
{
    struct run run = {
        .ctx = ctx,
        .batch = batch,
        .actions = actions,
        .actions_size = size,
    };

    run_list(&run, actions, size);
    packet_batch_free(batch);
}
