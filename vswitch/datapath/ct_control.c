/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/smap.h"
#include "lib/base/vec.h"
#include "lib/runtime/clock.h"
#include "vswitch/datapath/ct_private.h"

/* Dump.  Entries are copied, and told outside of the read section. */

struct collected {
    VEC(struct ct_entry) entries;
    int zone;
    int64_t now_ms;
};

static struct in6_addr
public_address(const struct in6_addr *a, bool v6)
{
    return v6 ? *a : in6_addr_from_ipv4(get_be32(a));
}

static void
copy_tuple(const struct ct_key *key, struct ct_tuple *t)
{
    bool is_icmp = (key->proto == IPPROTO_ICMP
                    || key->proto == IPPROTO_ICMPV6);

    *t = (struct ct_tuple) {
        .src = public_address(&key->src, key->is_ipv6),
        .dst = public_address(&key->dst, key->is_ipv6),
        .nw_proto = key->proto,
        .tp_src = key->tp_src,
        .tp_dst = is_icmp ? 0 : key->tp_dst,
        .icmp_type = key->icmp_type,
    };
}

static void
copy_entry(struct ct_conn *conn, int64_t now_ms, struct ct_entry *e)
{
    int64_t left_ms = conn->expires_ms - now_ms;

    *e = (struct ct_entry) { .zone = conn->nodes[CT_ORIG].key.zone };
    copy_tuple(&conn->nodes[CT_ORIG].key, &e->orig);
    copy_tuple(&conn->nodes[CT_REPLY].key, &e->reply);
    pthread_spin_lock(&conn->lock);
    e->mark = conn->mark;
    e->label = conn->label;
    for (int dir = 0; dir < 2; dir++) {
        e->n_packets[dir] = conn->n_packets[dir];
        e->n_bytes[dir] = conn->n_bytes[dir];
    }
    if (e->orig.nw_proto == IPPROTO_TCP) {
        e->tcp_state[0] = conn->tcp[0].state;
        e->tcp_state[1] = conn->tcp[1].state;
    } else if (e->orig.nw_proto == IPPROTO_SCTP) {
        e->sctp_state = conn->sctp.state;
        e->sctp_tag[0] = ntohl(conn->sctp.tag[0]);
        e->sctp_tag[1] = ntohl(conn->sctp.tag[1]);
    }
    if (conn->alg) {
        e->helper = ct_alg_name(conn->alg->alg);
    }
    pthread_spin_unlock(&conn->lock);
    e->timeout_s = left_ms > 0 ? left_ms / 1000 : 0;
}

static void
collect(struct ct_conn *conn, void *collected_)
{
    struct collected *c = collected_;

    if (c->zone < 0 || conn->nodes[CT_ORIG].key.zone == c->zone) {
        copy_entry(conn, c->now_ms, vec_push_raw(&c->entries));
    }
}

int
dpif_ct_dump(struct dpif *dpif, int zone,
             void (*each)(const struct ct_entry *, void *aux), void *aux)
{
    struct collected c = {
        .entries = VEC_EMPTY,
        .zone = zone,
        .now_ms = clock_ns() / 1000000,
    };

    for (unsigned int i = 0; i < CT_N_PARTS; i++) {
        vec_clear(&c.entries);
        rcu_read_lock();
        ct_part_for_each(dpif_conntrack(dpif), i, c.now_ms, collect, &c);
        rcu_read_unlock();
        for (size_t k = 0; k < c.entries.n; k++) {
            each(&c.entries.items[k], aux);
        }
    }
    vec_uninit(&c.entries);
    return 0;
}

struct expected_dump {
    VEC(struct ct_expected_entry) entries;
    int zone;
};

static void
collect_expected(const struct ct_expected *x, const struct ct_conn *parent,
                 void *dump_)
{
    struct expected_dump *dump = dump_;
    struct ct_expected_entry *e;

    if (dump->zone >= 0 && x->key.zone != dump->zone) {
        return;
    }
    e = vec_push_raw(&dump->entries);
    *e = (struct ct_expected_entry) {
        .zone = x->key.zone, .mark = x->mark, .label = x->label,
        .helper = ct_alg_name(parent->alg->alg),
    };
    copy_tuple(&x->key, &e->orig);
    copy_tuple(&parent->nodes[CT_ORIG].key, &e->parent);
}

void
dpif_ct_dump_expected(struct dpif *dpif, int zone,
                      void (*each)(const struct ct_expected_entry *,
                                   void *aux), void *aux)
{
    struct expected_dump dump = { .entries = VEC_EMPTY, .zone = zone };

    ct_expect_for_each(dpif_conntrack(dpif)->expectations,
                       clock_ns() / 1000000, collect_expected, &dump);
    for (size_t i = 0; i < dump.entries.n; i++) {
        each(&dump.entries.items[i], aux);
    }
    vec_uninit(&dump.entries);
}

/* Flush. */

static bool
address_matches(const struct in6_addr *want, const struct in6_addr *have)
{
    return in6_addr_is_zero(want) || in6_addr_equals(want, have);
}

static bool
tuple_matches(const struct ct_tuple *want, const struct ct_tuple *have)
{
    bool is_icmp = (want->nw_proto == IPPROTO_ICMP
                    || want->nw_proto == IPPROTO_ICMPV6);

    return (address_matches(&want->src, &have->src)
            && address_matches(&want->dst, &have->dst)
            && (!want->nw_proto || want->nw_proto == have->nw_proto)
            && (!want->tp_src || want->tp_src == have->tp_src)
            && (is_icmp || !want->tp_dst || want->tp_dst == have->tp_dst)
            && (!is_icmp || !want->icmp_type
                || want->icmp_type == have->icmp_type));
}

struct flushed {
    const struct ct_flush *flush;
    int64_t now_ms;
    VEC(struct ct_conn *) conns;
};

static void
collect_match(struct ct_conn *conn, void *flushed_)
{
    struct flushed *f = flushed_;
    const struct ct_flush *want = f->flush;
    struct ct_entry e;

    if (want->zone >= 0 && conn->nodes[CT_ORIG].key.zone != want->zone) {
        return;
    }
    copy_entry(conn, f->now_ms, &e);
    if ((!want->has_orig || tuple_matches(&want->orig, &e.orig))
        && (!want->has_reply || tuple_matches(&want->reply, &e.reply))
        && !((want->mark ^ e.mark) & want->mark_mask)
        && !((want->label.be64[0] ^ e.label.be64[0])
             & want->label_mask.be64[0])
        && !((want->label.be64[1] ^ e.label.be64[1])
             & want->label_mask.be64[1])) {
        vec_push(&f->conns, conn);
    }
}

int
dpif_ct_flush(struct dpif *dpif, const struct ct_flush *flush,
              uint64_t *n_flushed)
{
    struct conntrack *ct = dpif_conntrack(dpif);
    struct flushed f = {
        .flush = flush,
        .now_ms = clock_ns() / 1000000,
        .conns = VEC_EMPTY,
    };
    uint64_t n = 0;
    /* Zones are flushed when they come and go, and most are empty then. */
    bool is_empty = (flush->zone >= 0
                     && !__atomic_load_n(&ct->zone_count[flush->zone],
                                         __ATOMIC_RELAXED));

    rcu_read_lock();
    for (unsigned int i = 0; i < CT_N_PARTS && !is_empty; i++) {
        vec_clear(&f.conns);
        ct_part_for_each(ct, i, f.now_ms, collect_match, &f);
        for (size_t k = 0; k < f.conns.n; k++) {
            ct_conn_remove(ct, f.conns.items[k]);
        }
        n += f.conns.n;
    }
    rcu_read_unlock();
    vec_uninit(&f.conns);
    if (n_flushed) {
        *n_flushed = n;
    }
    return 0;
}

/* Limits. */

int
dpif_ct_set_maxconns(struct dpif *dpif, uint32_t max)
{
    __atomic_store_n(&dpif_conntrack(dpif)->max_conns, max, __ATOMIC_RELAXED);
    return 0;
}

int
dpif_ct_get_maxconns(struct dpif *dpif, uint32_t *max)
{
    *max = __atomic_load_n(&dpif_conntrack(dpif)->max_conns,
                           __ATOMIC_RELAXED);
    return 0;
}

int
dpif_ct_get_nconns(struct dpif *dpif, uint32_t *n)
{
    *n = __atomic_load_n(&dpif_conntrack(dpif)->n_conns, __ATOMIC_RELAXED);
    return 0;
}

_Static_assert(CT_N_BUCKETS == CT_N_SHARDS, "a shard is a bucket");

void
dpif_ct_get_buckets(struct dpif *dpif, uint32_t counts[CT_N_BUCKETS])
{
    struct conntrack *ct = dpif_conntrack(dpif);

    for (unsigned int i = 0; i < CT_N_SHARDS; i++) {
        struct ct_shard *shard = &ct->shards[i];

        pthread_mutex_lock(&shard->mutex);
        counts[i] = shard->n_orig;
        pthread_mutex_unlock(&shard->mutex);
    }
}

#define MIN_SWEEP_MS 100
#define MAX_SWEEP_MS (60 * 60 * 1000)

int
dpif_ct_set_sweep_interval(struct dpif *dpif, uint32_t ms)
{
    if (ms < MIN_SWEEP_MS || ms > MAX_SWEEP_MS) {
        return -EINVAL;
    }
    __atomic_store_n(&dpif_conntrack(dpif)->sweep_interval_ms, ms,
                     __ATOMIC_RELAXED);
    return 0;
}

uint32_t
dpif_ct_get_sweep_interval(struct dpif *dpif)
{
    return __atomic_load_n(&dpif_conntrack(dpif)->sweep_interval_ms,
                           __ATOMIC_RELAXED);
}

static bool
zone_is_valid(int zone)
{
    return zone >= -1 && zone <= UINT16_MAX;
}

int
dpif_ct_set_limit(struct dpif *dpif, int zone, uint32_t limit)
{
    struct conntrack *ct = dpif_conntrack(dpif);

    if (!zone_is_valid(zone) || limit == UINT32_MAX) {
        return -EINVAL;
    }
    __atomic_store_n(zone < 0 ? &ct->default_limit : &ct->zone_limit[zone],
                     limit, __ATOMIC_RELAXED);
    return 0;
}

int
dpif_ct_get_limit(struct dpif *dpif, int zone, struct ct_zone_limit *out)
{
    struct conntrack *ct = dpif_conntrack(dpif);

    if (!zone_is_valid(zone)) {
        return -EINVAL;
    }
    *out = (struct ct_zone_limit) { .zone = zone, .limit = ct->default_limit };
    if (zone >= 0) {
        if (ct->zone_limit[zone] != UINT32_MAX) {
            out->limit = ct->zone_limit[zone];
        }
        out->count = __atomic_load_n(&ct->zone_count[zone], __ATOMIC_RELAXED);
    }
    return 0;
}

int
dpif_ct_del_limit(struct dpif *dpif, int zone)
{
    struct conntrack *ct = dpif_conntrack(dpif);

    if (!zone_is_valid(zone) || zone < 0) {
        return -EINVAL;
    }
    if (__atomic_exchange_n(&ct->zone_limit[zone], UINT32_MAX,
                            __ATOMIC_RELAXED) == UINT32_MAX) {
        return -ENOENT;
    }
    return 0;
}

void
dpif_ct_dump_limits(struct dpif *dpif,
                    void (*each)(const struct ct_zone_limit *, void *aux),
                    void *aux)
{
    const struct conntrack *ct = dpif_conntrack(dpif);

    for (int zone = -1; zone <= UINT16_MAX; zone++) {
        struct ct_zone_limit limit;

        if (zone < 0 || ct->zone_limit[zone] != UINT32_MAX) {
            dpif_ct_get_limit(dpif, zone, &limit);
            each(&limit, aux);
        }
    }
}

int
dpif_ct_set_tcp_seq_chk(struct dpif *dpif, bool on)
{
    __atomic_store_n(&dpif_conntrack(dpif)->tcp_seq_chk, on,
                     __ATOMIC_RELAXED);
    return 0;
}

bool
dpif_ct_get_tcp_seq_chk(struct dpif *dpif)
{
    return __atomic_load_n(&dpif_conntrack(dpif)->tcp_seq_chk,
                           __ATOMIC_RELAXED);
}

/* Timeout policies. */

static void
free_policy_rcu(struct rcu_head *rcu)
{
    free(caa_container_of(rcu, struct ct_policy, rcu));
}

static int
replace_policy(struct conntrack *ct, uint32_t id, struct ct_policy *policy)
{
    struct ct_policy *old;

    pthread_mutex_lock(&ct->policy_mutex);
    old = ct->policies[id];
    rcu_assign_pointer(ct->policies[id], policy);
    pthread_mutex_unlock(&ct->policy_mutex);
    if (old) {
        call_rcu(&old->rcu, free_policy_rcu);
    }
    return old ? 0 : -ENOENT;
}

int
dpif_ct_set_timeout_policy(struct dpif *dpif, uint32_t id,
                           const struct smap *timeouts)
{
    const struct smap_node *node;
    struct ct_policy *policy;

    if (!id || id > UINT16_MAX) {
        return -ERANGE;
    }
    policy = xzalloc(sizeof *policy);
    for (int i = 0; i < CT_N_TIMEOUTS; i++) {
        policy->timeouts_s[i] = ct_timeout_default_s(i);
    }
    SMAP_FOR_EACH (node, timeouts) {
        int timeout = ct_timeout_by_name(node->key);

        if (timeout >= 0) {
            policy->timeouts_s[timeout] = smap_get_uint(timeouts, node->key,
                                                        0);
        }
    }
    replace_policy(dpif_conntrack(dpif), id, policy);
    return 0;
}

int
dpif_ct_del_timeout_policy(struct dpif *dpif, uint32_t id)
{
    return (id && id <= UINT16_MAX
            ? replace_policy(dpif_conntrack(dpif), id, NULL) : -ERANGE);
}

/* Fragments. */

int
dpif_ipf_set_enabled(struct dpif *dpif, bool v6, bool enabled)
{
    ipf_set_enabled(dpif_conntrack(dpif)->ipf, v6, enabled);
    return 0;
}

int
dpif_ipf_set_min_frag(struct dpif *dpif, bool v6, uint32_t bytes)
{
    return ipf_set_min_size(dpif_conntrack(dpif)->ipf, v6, bytes);
}

int
dpif_ipf_set_max_nfrags(struct dpif *dpif, uint32_t max)
{
    return ipf_set_max_fragments(dpif_conntrack(dpif)->ipf, max);
}

void
dpif_ipf_get_status(struct dpif *dpif, struct ipf_status *status)
{
    ipf_get_status(dpif_conntrack(dpif)->ipf, status);
}

void
dpif_ipf_dump(struct dpif *dpif,
              void (*each)(const struct ipf_datagram *, void *aux), void *aux)
{
    ipf_dump(dpif_conntrack(dpif)->ipf, each, aux);
}
