/* SPDX-License-Identifier: Apache-2.0 */

/* Groups, and what else chooses among several by a hash. */

#include <netinet/in.h>

#include "lib/base/hash.h"
#include "lib/packet/headers.h"
#include "vswitch/ofproto/group.h"
#include "vswitch/xlate/ctx.h"

/* Groups that watch groups are followed this far. */
#define MAX_WATCH_DEPTH 8

static bool bucket_is_live(const struct xlate_ctx *, const struct bucket *,
                           int depth);

static bool
group_is_live(const struct xlate_ctx *ctx, uint32_t id, int depth)
{
    const struct group *group = group_find(ctx->ofproto, id, ctx->version);

    for (size_t i = 0; group && i < group->n_buckets; i++) {
        if (bucket_is_live(ctx, group->by_index[i].bucket, depth + 1)) {
            return true;
        }
    }
    return false;
}

static bool
bucket_is_live(const struct xlate_ctx *ctx, const struct bucket *bucket,
               int depth)
{
    if (depth >= MAX_WATCH_DEPTH) {
        return false;
    }
    if (bucket->watch_port == OFPP_NONE && bucket->watch_group == OFPG_ANY) {
        return true;
    }
    return ((bucket->watch_port != OFPP_NONE
             && xlate_port_is_live(ctx, bucket->watch_port))
            || (bucket->watch_group != OFPG_ANY
                && group_is_live(ctx, bucket->watch_group, depth)));
}

static void
do_bucket(struct xlate_ctx *ctx, struct group *group, size_t index,
          bool is_last)
{
    const struct bucket *bucket = group->by_index[index].bucket;
    struct trace_node *saved_trace = ctx->trace;
    bool saved_in_group = ctx->in_group;
    struct xlate_saved saved;
    struct buf list = BUF_EMPTY;

    xlate_credit(ctx, &(struct credit) {
        .type = CREDIT_GROUP, .group = group, .bucket = index,
    });
    ctx->trace = trace_add(ctx->trace, TRACE_BUCKET, "bucket %u", bucket->id);
    xlate_save(ctx, &saved);
    ctx->in_group = true;
    ctx->depth++;
    if (ctx->depth >= XLATE_MAX_DEPTH) {
        xlate_fail(ctx, XLATE_TOO_DEEP);
    } else if (++ctx->n_resubmits >= XLATE_MAX_RESUBMITS) {
        xlate_fail(ctx, XLATE_TOO_MANY_RESUBMITS);
    } else {
        /* A bucket is an action set, but for what no set can hold. */
        ofpacts_execute_action_set(&list, bucket->ofpacts,
                                   bucket->ofpacts_size);
        xlate_actions(ctx, (const void *) list.data, list.size, is_last);
        xlate_finish_freezing(ctx);
    }
    ctx->depth--;
    ctx->in_group = saved_in_group;
    if (!is_last) {
        xlate_contain(ctx, &saved);
    }
    xlate_restore(ctx, &saved);
    buf_uninit(&list);
    ctx->trace = saved_trace;
}

/* The first live bucket, or SIZE_MAX. */
static size_t
first_live(struct xlate_ctx *ctx, const struct group *group)
{
    for (size_t i = 0; i < group->n_buckets; i++) {
        const struct bucket *bucket = group->by_index[i].bucket;

        if (bucket_is_live(ctx, bucket, 0)) {
            return i;
        }
        if (bucket->watch_port != OFPP_NONE) {
            xlate_note(ctx, TRACE_DETAIL, "bucket %u: not live due to port %u",
                       bucket->id, bucket->watch_port);
        } else {
            xlate_note(ctx, TRACE_DETAIL, "bucket %u: not live due to group "
                       "%u", bucket->id, bucket->watch_group);
        }
    }
    return SIZE_MAX;
}

/* Weighted choice by highest random weight: each live bucket draws a number
 * from the hash, times its weight; a bucket that comes or goes moves only the
 * flows of its own share. */
static size_t
best_live(const struct xlate_ctx *ctx, const struct group *group,
          uint32_t basis)
{
    size_t best = SIZE_MAX;
    uint64_t best_score = 0;

    for (size_t i = 0; i < group->n_buckets; i++) {
        const struct bucket *bucket = group->by_index[i].bucket;
        uint64_t score;

        if (!bucket_is_live(ctx, bucket, 0)) {
            continue;
        }
        score = (hash_word(bucket->id, basis) & 0xffff) * bucket->weight;
        if (score >= best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

/* Hash of the fields that the group names. */
static uint32_t
hash_group_fields(struct xlate_ctx *ctx, const struct group *group)
{
    const struct tlv_layout *layout = &ctx->tlv->layout;
    uint64_t hash = hash_word(group->props.selection_method_param, 0);

    for (unsigned int i = 0; i < group->props.n_fields; i++) {
        const struct field *field = group->props.fields[i].field;
        const union field_value *mask = &group->props.fields[i].mask;
        size_t n = field_n_bytes(field, layout);
        union field_value value;

        if (!field_prereqs_ok(field, &ctx->flow, ctx->wc)) {
            continue;
        }
        field_get(field, &ctx->flow, layout, &value);
        for (size_t b = 0; b < n; b++) {
            value.bytes[b] &= mask->bytes[b];
        }
        field_unwildcard(field, &ctx->flow, layout, mask, ctx->wc);
        hash = hash_bytes(value.bytes, n, hash);
    }
    return hash;
}

/* The default of select: addresses and ports, as the datapath hashes them. */
static uint32_t
hash_default(struct xlate_ctx *ctx)
{
    return xlate_hash_fields(ctx, HASH_FIELDS_SYMMETRIC_L4, 0);
}

static size_t
choose_by_dp_hash(struct xlate_ctx *ctx, const struct group *group)
{
    uint32_t mask = group->n_slots - 1;
    size_t index;

    ctx->wc->masks.dp_hash |= mask;
    index = group->slots[ctx->flow.dp_hash & mask];
    xlate_note(ctx, TRACE_DETAIL, "dp_hash %#x & %#x chooses bucket %u",
               ctx->flow.dp_hash, mask, group->by_index[index].bucket->id);
    return (bucket_is_live(ctx, group->by_index[index].bucket, 0) ? index
            : best_live(ctx, group, ctx->flow.dp_hash & mask));
}

static void
note_choice(struct xlate_ctx *ctx, const struct group *group, size_t index)
{
    xlate_note(ctx, TRACE_DETAIL, "using bucket %u",
               group->by_index[index].bucket->id);
}

/* The algorithm is the upper half of the method's parameter; without a method,
 * both directions of a connection get the same bucket. */
static uint32_t
hash_algorithm(const struct xlate_ctx *ctx, const struct group *group)
{
    uint32_t most = ctx->ofproto->backer->features.max_hash_alg;
    uint32_t wanted = group->props.selection_method_param >> 32;

    if (!group->props.selection_method[0]) {
        return MIN(most, DPIF_HASH_SYM_L4);
    }
    return wanted <= most ? wanted : OVS_HASH_ALG_L4;
}

static void
do_select(struct xlate_ctx *ctx, struct group *group, bool is_last)
{
    size_t index;

    if (group->n_slots) {
        if (!ctx->flow.dp_hash) {
            if (ctx->freezing) {
                xlate_fail(ctx, XLATE_RECIRC_CONFLICT);
                return;
            }
            ctx->freezing = ctx->exit = ctx->freeze_for_hash = true;
            ctx->frozen_table = RECIRC_NO_TABLE;
            ctx->hash_algorithm = hash_algorithm(ctx, group);
            ctx->hash_basis = group->props.selection_method_param;
            xlate_note(ctx, TRACE_DETAIL, "needs dp_hash: recirculates");
            return;
        }
        index = choose_by_dp_hash(ctx, group);
    } else if (group->props.n_fields) {
        index = best_live(ctx, group, hash_group_fields(ctx, group));
    } else {
        index = best_live(ctx, group, hash_default(ctx));
    }
    if (index != SIZE_MAX) {
        note_choice(ctx, group, index);
        do_bucket(ctx, group, index, is_last);
    } else {
        xlate_note(ctx, TRACE_DETAIL, "no live bucket");
    }
}

void
xlate_group(struct xlate_ctx *ctx, const struct ofpact_group *action,
            bool is_last)
{
    struct group *group = group_find(ctx->ofproto, action->group_id,
                                     ctx->version);
    size_t index;

    if (!group) {
        xlate_note(ctx, TRACE_WARNING, "output to nonexistent group %u",
                   action->group_id);
        return;
    }
    switch ((enum group_type) group->type) {
    case GROUP_ALL:
    case GROUP_INDIRECT:
        for (size_t i = 0; i < group->n_buckets && !ctx->error; i++) {
            do_bucket(ctx, group, i, is_last && i + 1 == group->n_buckets);
        }
        break;
    case GROUP_FF:
        index = first_live(ctx, group);
        if (index != SIZE_MAX) {
            note_choice(ctx, group, index);
            do_bucket(ctx, group, index, is_last);
        } else {
            xlate_note(ctx, TRACE_DETAIL, "no live bucket");
        }
        break;
    case GROUP_SELECT:
        do_select(ctx, group, is_last);
        break;
    }
}

/* Hashes of flows. */

static uint64_t
fold_address(const struct flow *f, bool is_source)
{
    uint64_t words[2];

    if (f->dl_type == htons(ETH_TYPE_IPV6)) {
        memcpy(words, is_source ? &f->ipv6_src : &f->ipv6_dst, sizeof words);
        return hash_word(words[0], words[1]);
    }
    return hash_word(is_source ? f->nw_src : f->nw_dst, 0);
}

static void
unwildcard_addresses(struct flow *m, const struct flow *f)
{
    if (f->dl_type == htons(ETH_TYPE_IPV4)) {
        memset(&m->nw_src, 0xff, sizeof m->nw_src);
        memset(&m->nw_dst, 0xff, sizeof m->nw_dst);
    } else if (f->dl_type == htons(ETH_TYPE_IPV6)) {
        memset(&m->ipv6_src, 0xff, sizeof m->ipv6_src);
        memset(&m->ipv6_dst, 0xff, sizeof m->ipv6_dst);
    }
}

static bool
ports_count(const struct flow *f, enum hash_fields fields)
{
    if (f->nw_frag & FLOW_NW_FRAG_LATER) {
        return false;
    }
    switch (fields) {
    case HASH_FIELDS_SYMMETRIC_L4:
        return f->nw_proto == IPPROTO_TCP || f->nw_proto == IPPROTO_SCTP
            || f->nw_proto == IPPROTO_UDP;
    case HASH_FIELDS_SYMMETRIC_L3L4:
        return f->nw_proto == IPPROTO_TCP || f->nw_proto == IPPROTO_SCTP;
    case HASH_FIELDS_SYMMETRIC_L3L4_UDP:
        return f->nw_proto == IPPROTO_TCP || f->nw_proto == IPPROTO_SCTP
            || f->nw_proto == IPPROTO_UDP;
    default:
        return false;
    }
}

/* Sums are the same in both directions. */
static uint32_t
hash_symmetric(struct xlate_ctx *ctx, enum hash_fields fields,
               uint16_t basis)
{
    const struct flow *f = &ctx->flow;
    struct flow *m = &ctx->wc->masks;
    uint64_t hash = basis;
    bool is_ip = (f->dl_type == htons(ETH_TYPE_IPV4)
                  || f->dl_type == htons(ETH_TYPE_IPV6));

    if (fields == HASH_FIELDS_SYMMETRIC_L4) {
        uint64_t src = 0, dst = 0;

        memcpy(&src, &f->dl_src, sizeof f->dl_src);
        memcpy(&dst, &f->dl_dst, sizeof f->dl_dst);
        memset(&m->dl_src, 0xff, sizeof m->dl_src);
        memset(&m->dl_dst, 0xff, sizeof m->dl_dst);
        m->vlans[0].tci |= htons(VLAN_VID_MASK | VLAN_CFI);
        hash = hash_combine(hash, src + dst);
        hash = hash_combine(hash, f->vlans[0].tci & htons(VLAN_VID_MASK));
        hash = hash_combine(hash, f->dl_type);
    }
    if (is_ip) {
        unwildcard_addresses(m, f);
        m->nw_proto = UINT8_MAX;
        hash = hash_combine(hash, fold_address(f, true)
                            + fold_address(f, false));
        hash = hash_combine(hash, f->nw_proto);
        if (ports_count(f, fields)) {
            m->tp_src = m->tp_dst = UINT16_MAX;
            hash = hash_combine(hash, ntohs(f->tp_src) + ntohs(f->tp_dst));
        }
    }
    return hash;
}

uint32_t
xlate_hash_fields(struct xlate_ctx *ctx, enum hash_fields fields,
                  uint16_t basis)
{
    const struct flow *f = &ctx->flow;
    struct flow *m = &ctx->wc->masks;

    switch (fields) {
    case HASH_FIELDS_ETH_SRC:
        memset(&m->dl_src, 0xff, sizeof m->dl_src);
        return hash_bytes(&f->dl_src, sizeof f->dl_src, basis);
    case HASH_FIELDS_NW_SRC:
    case HASH_FIELDS_NW_DST:
        if (f->dl_type == htons(ETH_TYPE_IPV4)
            || f->dl_type == htons(ETH_TYPE_IPV6)) {
            unwildcard_addresses(m, f);
            return hash_word(fold_address(f, fields == HASH_FIELDS_NW_SRC),
                             basis);
        }
        return basis;
    default:
        return hash_symmetric(ctx, fields, basis);
    }
}

/* Highest random weight among the members that are up. */
static ofp_port_t
choose_hrw(struct xlate_ctx *ctx, const struct ofpact_bundle *b)
{
    uint32_t hash = xlate_hash_fields(ctx, b->fields, b->basis);
    ofp_port_t best = OFPP_NONE;
    uint32_t best_score = 0;

    for (uint32_t i = 0; i < b->n_members; i++) {
        uint32_t score = hash_word(i, hash);

        if (xlate_port_is_live(ctx, b->members[i])
            && (best == OFPP_NONE || score > best_score)) {
            best = b->members[i];
            best_score = score;
        }
    }
    return best;
}

ofp_port_t
xlate_choose_member(struct xlate_ctx *ctx, const struct ofpact_bundle *b)
{
    if (b->algorithm == BUNDLE_HRW) {
        return choose_hrw(ctx, b);
    }
    for (uint32_t i = 0; i < b->n_members; i++) {
        if (xlate_port_is_live(ctx, b->members[i])) {
            return b->members[i];
        }
    }
    return OFPP_NONE;
}

static uint32_t
multipath_link(const struct ofpact_multipath *mp, uint32_t hash)
{
    uint32_t n_links = (uint32_t) mp->max_link + 1;
    uint32_t best = 0, best_score = 0;

    switch ((enum multipath_algorithm) mp->algorithm) {
    case MULTIPATH_MODULO_N:
        return hash % n_links;
    case MULTIPATH_HASH_THRESHOLD:
        return (uint64_t) hash * n_links >> 32;
    case MULTIPATH_HRW:
        for (uint32_t i = 0; i < n_links; i++) {
            uint32_t score = hash_word(i, hash);

            if (!i || score > best_score) {
                best = i;
                best_score = score;
            }
        }
        return best;
    case MULTIPATH_ITER_HASH:
        /* Rehashes within the next power of two until a link comes up; a
         * bound keeps a bad hash from turning this into a loop. */
        for (uint32_t i = 0; i < 16; i++) {
            uint32_t mask = UINT32_MAX >> __builtin_clz(MAX(n_links, mp->arg)
                                                        | 1);

            best = hash_word(i, hash) & mask;
            if (best < n_links) {
                return best;
            }
        }
        return hash % n_links;
    }
    return 0;
}

void
xlate_multipath(struct xlate_ctx *ctx, const struct ofpact_multipath *mp)
{
    uint32_t hash = xlate_hash_fields(ctx, mp->fields, mp->basis);
    uint32_t link = multipath_link(mp, hash);

    subfield_unwildcard(&mp->dst, &ctx->flow, &ctx->tlv->layout, ctx->wc);
    subfield_set(&mp->dst, &ctx->flow, &ctx->tlv->layout, link);
}
