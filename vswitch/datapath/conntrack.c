/* SPDX-License-Identifier: Apache-2.0 */
/* Connection tracking.
 *
 * A connection is known by two keys, one for each direction; both lead to it.
 * The table of keys is cut into shards by hash, each with a mutex that is held
 * for a look-up, an insertion or a removal only; the state of a connection has
 * a spinlock of its own.  A connection that is found stays valid until the end
 * of the RCU read section.
 *
 * Expiry costs packets nothing: a packet stores the new time in its
 * connection, look-ups ignore what has expired, and a sweep frees it, a few
 * shards at a time.  A connection takes about 280 bytes, its share of the table
 * included.
 *
 * The semantics are those of the kernel's (ovs-actions(7), "ct"): a connection
 * is new until a packet of the reply direction was seen; related is an ICMP
 * error about a connection; what cannot be a connection's is invalid. */

#include "vswitch/datapath/conntrack.h"

#include <errno.h>
#include <linux/openvswitch.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/netlink/attr.h"
#include "lib/runtime/counter.h"
#include "vswitch/datapath/ct_private.h"

COUNTER(conntrack_full);
COUNTER(conntrack_zone_full);
COUNTER(conntrack_nat_full);
COUNTER(conntrack_invalid);

/* The arguments of an action. */
struct ct_args {
    uint16_t zone;
    bool commit, force;
    uint32_t mark, mark_mask;
    union be128 label, label_mask;
    struct ct_nat nat;
    uint16_t policy;
};

struct conntrack *
conntrack_create(void)
{
    struct conntrack *ct = xzalloc_cacheline(sizeof *ct);

    for (unsigned int i = 0; i < CT_N_SHARDS; i++) {
        pthread_mutex_init(&ct->shards[i].mutex, NULL);
        hmap_init(&ct->shards[i].nodes);
    }
    ct->ipf = ipf_create();
    ct->seed = random_u64();
    ct->max_conns = CT_DEFAULT_MAXCONNS;
    ct->tcp_seq_chk = true;
    ct->sweep_interval_ms = CT_DEFAULT_SWEEP_INTERVAL_MS;
    memset(ct->zone_limit, 0xff, sizeof ct->zone_limit);
    pthread_mutex_init(&ct->policy_mutex, NULL);
    return ct;
}

/* The table. */

static uint64_t
hash_key(const struct conntrack *ct, const struct ct_key *key)
{
    return hash_bytes(key, CT_KEY_SIZE, ct->seed);
}

static struct ct_shard *
shard_of(struct conntrack *ct, uint64_t hash)
{
    /* The upper bits: the lower ones choose the bucket in the shard. */
    return &ct->shards[hash >> 56];
}

_Static_assert(CT_N_SHARDS == 256, "eight bits choose the shard");

static struct ct_node *
find_in_shard(const struct ct_shard *shard, const struct ct_key *key,
              uint64_t hash)
{
    struct ct_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, hmap_node, hash, &shard->nodes) {
        if (!memcmp(&node->key, key, CT_KEY_SIZE)) {
            return node;
        }
    }
    return NULL;
}

/* The live connection that 'key' is a direction of, and which, or NULL. */
static struct ct_conn *
find(struct conntrack *ct, const struct ct_key *key, int64_t now_ms, int *dir)
{
    uint64_t hash = hash_key(ct, key);
    struct ct_shard *shard = shard_of(ct, hash);
    struct ct_conn *conn = NULL;
    struct ct_node *node;

    pthread_mutex_lock(&shard->mutex);
    node = find_in_shard(shard, key, hash);
    if (node) {
        conn = ct_node_conn(node, dir);
    }
    pthread_mutex_unlock(&shard->mutex);
    if (conn && ct_conn_expired(conn, now_ms)) {
        ct_conn_remove(ct, conn);
        return NULL;
    }
    return conn;
}

/* Locks the two shards, in the order that all do. */
static void
lock_both(struct ct_shard *a, struct ct_shard *b)
{
    pthread_mutex_lock(a < b ? &a->mutex : &b->mutex);
    if (a != b) {
        pthread_mutex_lock(a < b ? &b->mutex : &a->mutex);
    }
}

static void
unlock_both(struct ct_shard *a, struct ct_shard *b)
{
    pthread_mutex_unlock(&a->mutex);
    if (a != b) {
        pthread_mutex_unlock(&b->mutex);
    }
}

static void
free_conn_rcu(struct rcu_head *rcu)
{
    struct ct_conn *conn = caa_container_of(rcu, struct ct_conn, rcu);

    pthread_spin_destroy(&conn->lock);
    free(conn);
}

static void
count(struct conntrack *ct, uint16_t zone, int delta)
{
    __atomic_fetch_add(&ct->n_conns, delta, __ATOMIC_RELAXED);
    __atomic_fetch_add(&ct->zone_count[zone], delta, __ATOMIC_RELAXED);
}

void
ct_conn_remove(struct conntrack *ct, struct ct_conn *conn)
{
    struct ct_shard *a = shard_of(ct, conn->nodes[0].hmap_node.hash);
    struct ct_shard *b = shard_of(ct, conn->nodes[1].hmap_node.hash);

    if (__atomic_exchange_n(&conn->dead, true, __ATOMIC_ACQ_REL)) {
        return;
    }
    lock_both(a, b);
    hmap_remove(&a->nodes, &conn->nodes[0].hmap_node);
    hmap_remove(&b->nodes, &conn->nodes[1].hmap_node);
    unlock_both(a, b);
    count(ct, conn->nodes[CT_ORIG].key.zone, -1);
    call_rcu(&conn->rcu, free_conn_rcu);
}

/* Puts 'conn' into the table: 0, or -EEXIST if one of its keys is there. */
static int
insert(struct conntrack *ct, struct ct_conn *conn)
{
    uint64_t hashes[2];
    struct ct_shard *shards[2];
    int error = -EEXIST;

    for (int dir = 0; dir < 2; dir++) {
        hashes[dir] = hash_key(ct, &conn->nodes[dir].key);
        shards[dir] = shard_of(ct, hashes[dir]);
    }
    lock_both(shards[0], shards[1]);
    if (!find_in_shard(shards[0], &conn->nodes[0].key, hashes[0])
        && !find_in_shard(shards[1], &conn->nodes[1].key, hashes[1])
        && memcmp(&conn->nodes[0].key, &conn->nodes[1].key, CT_KEY_SIZE)) {
        hmap_insert(&shards[0]->nodes, &conn->nodes[0].hmap_node, hashes[0]);
        hmap_insert(&shards[1]->nodes, &conn->nodes[1].hmap_node, hashes[1]);
        error = 0;
    }
    unlock_both(shards[0], shards[1]);
    return error;
}

/* Walks go through the buckets in an order of theirs: by index with its bits
 * reversed.  A table that doubles splits a bucket into two that come next to
 * each other in it, so that a walk that lets go of the lock goes on where it
 * was, and tells nothing twice. */

#define BUCKETS_PER_LOCK 64

static size_t
reverse_bits(size_t x)
{
    size_t r = 0;

    for (unsigned int i = 0; i < 8 * sizeof x; i++) {
        r = r << 1 | (x >> i & 1);
    }
    return r;
}

/* The bucket after 'bucket' of a table of 'mask'; 0 after the last. */
static size_t
next_bucket(size_t bucket, size_t mask)
{
    return reverse_bits(reverse_bits(bucket | ~mask) + 1);
}

/* Calls 'each' for the connections of some buckets from '*bucket' on; moves
 * it.  Stops where 'each' returns false, to begin there the next time. */
static void
walk_some(struct ct_shard *shard, size_t *bucket,
          bool (*each)(struct ct_conn *, void *aux), void *aux)
{
    bool go_on = true;

    pthread_mutex_lock(&shard->mutex);
    for (unsigned int i = 0; i < BUCKETS_PER_LOCK && go_on; i++) {
        const struct hmap *nodes = &shard->nodes;
        struct hmap_node *n = nodes->buckets[*bucket & nodes->mask];

        for (; n && go_on; n = n->next) {
            int dir;
            struct ct_conn *conn = ct_node_conn(
                CONTAINER_OF(n, struct ct_node, hmap_node), &dir);

            if (dir == CT_ORIG) {
                go_on = each(conn, aux);
            }
        }
        if (go_on) {
            *bucket = next_bucket(*bucket, nodes->mask);
            go_on = *bucket != 0;
        }
    }
    pthread_mutex_unlock(&shard->mutex);
}

struct live_walk {
    int64_t now_ms;
    void (*each)(struct ct_conn *, void *aux);
    void *aux;
};

static bool
tell_live(struct ct_conn *conn, void *walk_)
{
    struct live_walk *walk = walk_;

    if (!ct_conn_expired(conn, walk->now_ms)) {
        walk->each(conn, walk->aux);
    }
    return true;
}

void
ct_shard_for_each(struct conntrack *ct, unsigned int i, int64_t now_ms,
                  void (*each)(struct ct_conn *, void *aux), void *aux)
{
    struct live_walk walk = { now_ms, each, aux };
    size_t bucket = 0;

    do {
        walk_some(&ct->shards[i], &bucket, tell_live, &walk);
    } while (bucket);
}

static bool
count_one(struct ct_conn *conn UNUSED, void *n_)
{
    uint32_t *n = n_;

    ++*n;
    return true;
}

uint32_t
ct_shard_count(struct conntrack *ct, unsigned int i)
{
    size_t bucket = 0;
    uint32_t n = 0;

    do {
        walk_some(&ct->shards[i], &bucket, count_one, &n);
    } while (bucket);
    return n;
}

/* Connections of a shard that expired before 'now_ms'.  Since removal locks
 * both shards of a connection, they are collected first; RCU keeps them. */
struct expired {
    int64_t now_ms;
    unsigned int n;
    struct ct_conn *conns[64];
};

static bool
collect_expired(struct ct_conn *conn, void *expired_)
{
    struct expired *e = expired_;

    if (ct_conn_expired(conn, e->now_ms)) {
        if (e->n == ARRAY_SIZE(e->conns)) {
            return false;
        }
        e->conns[e->n++] = conn;
    }
    return true;
}

static void
sweep_shard(struct conntrack *ct, struct ct_shard *shard, int64_t now_ms)
{
    struct expired e = { .now_ms = now_ms };
    size_t bucket = 0;

    do {
        e.n = 0;
        walk_some(shard, &bucket, collect_expired, &e);
        for (unsigned int i = 0; i < e.n; i++) {
            ct_conn_remove(ct, e.conns[i]);
        }
    } while (bucket || e.n == ARRAY_SIZE(e.conns));
}

void
conntrack_sweep(struct conntrack *ct, int64_t now_ms)
{
    ipf_sweep(ct->ipf, now_ms);
    rcu_read_lock();
    for (unsigned int i = 0; i < CT_N_SHARDS / CONNTRACK_SWEEPS; i++) {
        sweep_shard(ct, &ct->shards[ct->next_sweep++ % CT_N_SHARDS], now_ms);
    }
    rcu_read_unlock();
}

void
conntrack_sweep_due(struct conntrack *ct, int64_t now_ms)
{
    uint32_t interval_ms = __atomic_load_n(&ct->sweep_interval_ms,
                                           __ATOMIC_RELAXED);
    unsigned int n = 0;

    /* What was missed for long is not made up for. */
    ct->swept_ms = MAX(ct->swept_ms, now_ms - (int64_t) interval_ms);
    while (n < CONNTRACK_SWEEPS
           && now_ms - ct->swept_ms >= interval_ms / CONNTRACK_SWEEPS) {
        conntrack_sweep(ct, now_ms);
        ct->swept_ms += MAX(interval_ms / CONNTRACK_SWEEPS, 1);
        n++;
    }
}

void
conntrack_destroy(struct conntrack *ct)
{
    rcu_read_lock();
    for (unsigned int i = 0; i < CT_N_SHARDS; i++) {
        sweep_shard(ct, &ct->shards[i], INT64_MAX);
    }
    rcu_read_unlock();
    for (unsigned int i = 0; i < CT_N_SHARDS; i++) {
        hmap_uninit(&ct->shards[i].nodes);
        pthread_mutex_destroy(&ct->shards[i].mutex);
    }
    for (size_t i = 0; i < ARRAY_SIZE(ct->policies); i++) {
        free(ct->policies[i]);
    }
    pthread_mutex_destroy(&ct->policy_mutex);
    ipf_destroy(ct->ipf);
    free(ct);
}

/* Metadata. */

static void
set_metadata(struct packet *p, const struct ct_key *orig, uint8_t icmp_code)
{
    struct packet_metadata *md = &p->md;
    bool is_icmp = (orig->proto == IPPROTO_ICMP
                    || orig->proto == IPPROTO_ICMPV6);

    md->ct_is_ipv6 = orig->is_ipv6;
    md->ct_nw_proto = orig->proto;
    md->ct_src = orig->src;
    md->ct_dst = orig->dst;
    md->ct_tp_src = is_icmp ? htons(orig->icmp_type) : orig->tp_src;
    md->ct_tp_dst = is_icmp ? htons(icmp_code) : orig->tp_dst;
}

static void
set_untracked(struct packet *p)
{
    struct packet_metadata *md = &p->md;

    md->ct_state = 0;
    md->ct_nw_proto = 0;
    md->ct_zone = 0;
    md->ct_mark = 0;
    md->ct_label = (union be128) { .be64 = { 0, 0 } };
    p->conn = NULL;
}

static void
set_invalid(struct packet *p, uint16_t zone)
{
    set_untracked(p);
    p->md.ct_state = CS_TRACKED | CS_INVALID;
    p->md.ct_zone = zone;
    counter_inc(conntrack_invalid);
}

void
conntrack_clear(struct packet_batch *batch)
{
    for (uint32_t i = 0; i < batch->n; i++) {
        set_untracked(batch->packets[i]);
    }
}

/* Committing. */

/* Whether the limits let the zone have another connection. */
static bool
has_room(const struct conntrack *ct, uint16_t zone)
{
    uint32_t limit = __atomic_load_n(&ct->zone_limit[zone], __ATOMIC_RELAXED);

    if (__atomic_load_n(&ct->n_conns, __ATOMIC_RELAXED)
        >= __atomic_load_n(&ct->max_conns, __ATOMIC_RELAXED)) {
        counter_inc(conntrack_full);
        return false;
    }
    if (limit == UINT32_MAX) {
        limit = __atomic_load_n(&ct->default_limit, __ATOMIC_RELAXED);
    }
    if (limit && __atomic_load_n(&ct->zone_count[zone], __ATOMIC_RELAXED)
                 >= limit) {
        counter_inc(conntrack_zone_full);
        return false;
    }
    return true;
}

/* Finds a translation that nobody has, and inserts 'conn'. */
static int
insert_translated(struct conntrack *ct, struct ct_conn *conn,
                  const struct ct_nat *nat)
{
    const struct ct_key plain = conn->nodes[CT_REPLY].key;

    for (unsigned int attempt = 0; ; attempt++) {
        struct ct_key *reply = &conn->nodes[CT_REPLY].key;

        *reply = plain;
        if (!ct_nat_choose(nat, ct, conn, attempt)) {
            counter_inc(conntrack_nat_full);
            return -ENOSPC;
        }
        conn->nat_state = memcmp(reply, &plain, CT_KEY_SIZE) ? nat->kind : 0;
        if (!insert(ct, conn)) {
            return 0;
        }
    }
}

/* Makes a connection of the packet: NULL if it cannot be. */
static struct ct_conn *
commit(struct conntrack *ct, const struct ct_packet *cp,
       const struct ct_args *args, int64_t now_ms)
{
    struct ct_conn *conn;
    int error;

    if (!has_room(ct, args->zone)) {
        return NULL;
    }
    conn = xzalloc(sizeof *conn);
    pthread_spin_init(&conn->lock, PTHREAD_PROCESS_PRIVATE);
    conn->nodes[CT_ORIG].key = cp->key;
    conn->nodes[CT_ORIG].key.dir = CT_ORIG;
    ct_key_reverse(&cp->key, &conn->nodes[CT_REPLY].key);
    conn->nodes[CT_REPLY].key.dir = CT_REPLY;
    conn->policy = args->policy;
    ct_proto_begin(ct, conn, cp, now_ms);
    error = (args->nat.kind ? insert_translated(ct, conn, &args->nat)
             : insert(ct, conn));
    if (error) {
        pthread_spin_destroy(&conn->lock);
        free(conn);
        return NULL;
    }
    count(ct, args->zone, 1);
    return conn;
}

/* Sets what the action says of mark and label, and tells the packet. */
static void
exchange_marks(struct ct_conn *conn, const struct ct_args *args,
               struct packet *p)
{
    pthread_spin_lock(&conn->lock);
    if (args->commit) {
        conn->mark = ((conn->mark & ~args->mark_mask)
                      | (args->mark & args->mark_mask));
        for (int i = 0; i < 2; i++) {
            conn->label.be64[i] = ((conn->label.be64[i]
                                    & ~args->label_mask.be64[i])
                                   | (args->label.be64[i]
                                      & args->label_mask.be64[i]));
        }
    }
    p->md.ct_mark = conn->mark;
    p->md.ct_label = conn->label;
    pthread_spin_unlock(&conn->lock);
}

/* One packet. */

/* The connection that the packet's metadata name: of a packet that was here
 * before and came back by way of the switch. */
static struct ct_conn *
find_by_metadata(struct conntrack *ct, const struct packet *p, int64_t now_ms)
{
    const struct packet_metadata *md = &p->md;
    struct ct_key key = {
        .src = md->ct_src,
        .dst = md->ct_dst,
        .zone = md->ct_zone,
        .proto = md->ct_nw_proto,
        .is_ipv6 = md->ct_is_ipv6,
        .tp_src = md->ct_tp_src,
        .tp_dst = md->ct_tp_dst,
    };
    int dir;

    if (!md->ct_nw_proto || key.proto == IPPROTO_ICMP
        || key.proto == IPPROTO_ICMPV6) {
        /* The metadata of ICMP do not have the id. */
        return NULL;
    }
    if (!md->ct_is_ipv6) {
        memset(&key.src.s6_addr[4], 0, 12);
        memset(&key.dst.s6_addr[4], 0, 12);
    }
    return find(ct, &key, now_ms, &dir);
}

static bool
is_tracked_in(const struct packet *p, uint16_t zone)
{
    return p->md.ct_state & CS_TRACKED && p->md.ct_zone == zone;
}

/* The connection of a packet that passed here before in this zone; its state
 * was updated then. */
static struct ct_conn *
find_tracked(struct conntrack *ct, const struct packet *p, uint16_t zone,
             int64_t now_ms, int *dir)
{
    struct ct_conn *conn = NULL;

    if (is_tracked_in(p, zone)
        && p->md.ct_state & (CS_ESTABLISHED | CS_RELATED | CS_NEW)) {
        conn = p->conn;
        if (!conn && !(p->md.ct_state & CS_NEW)) {
            conn = find_by_metadata(ct, p, now_ms);
        }
        *dir = p->md.ct_state & CS_REPLY_DIR ? CT_REPLY : CT_ORIG;
    }
    return conn && !__atomic_load_n(&conn->dead, __ATOMIC_ACQUIRE) ? conn
           : NULL;
}

/* Tells the packet of its connection, and translates it. */
static void
tell(struct ct_conn *conn, const struct ct_args *args, struct ct_packet *cp,
     uint8_t state, int dir)
{
    struct packet *p = cp->packet;
    uint8_t nat = 0;

    set_metadata(p, &conn->nodes[CT_ORIG].key, cp->icmp_code);
    exchange_marks(conn, args, p);
    p->conn = conn;
    p->md.ct_zone = args->zone;
    if (args->nat.wanted) {
        nat = (state & CS_RELATED ? ct_nat_apply_error(conn, cp, dir)
               : ct_nat_apply(conn, cp, dir));
    } else if (is_tracked_in(p, args->zone)) {
        nat = p->md.ct_state & (CS_SRC_NAT | CS_DST_NAT);
    }
    p->md.ct_state = CS_TRACKED | state | nat;
}

static uint8_t
state_of(struct ct_conn *conn, int dir)
{
    return (dir == CT_REPLY ? CS_ESTABLISHED | CS_REPLY_DIR
            : conn->seen_reply ? CS_ESTABLISHED : CS_NEW);
}

static void
run_error(struct conntrack *ct, struct ct_packet *cp,
          const struct ct_args *args, int64_t now_ms)
{
    struct ct_conn *conn = NULL;
    struct ct_key reverse;
    int dir;

    if (cp->inner_l4) {
        ct_key_reverse(&cp->inner, &reverse);
        conn = find(ct, &reverse, now_ms, &dir);
    }
    if (!conn) {
        set_invalid(cp->packet, args->zone);
        return;
    }
    tell(conn, args, cp,
         CS_RELATED | (dir == CT_REPLY ? CS_REPLY_DIR : 0), dir);
}

static void
run_new(struct conntrack *ct, struct ct_packet *cp,
        const struct ct_args *args, int64_t now_ms)
{
    struct packet *p = cp->packet;
    struct ct_conn *conn;

    if (!ct_proto_may_begin(cp)) {
        set_invalid(p, args->zone);
    } else if (!args->commit) {
        set_untracked(p);
        set_metadata(p, &cp->key, cp->icmp_code);
        p->md.ct_zone = args->zone;
        p->md.ct_state = CS_TRACKED | CS_NEW;
    } else {
        conn = commit(ct, cp, args, now_ms);
        if (conn) {
            tell(conn, args, cp, CS_NEW, CT_ORIG);
        } else {
            set_invalid(p, args->zone);
        }
    }
}

/* Takes note of a packet of 'conn'; returns what is to be done about it. */
static enum ct_update
update(const struct conntrack *ct, struct ct_conn *conn,
       const struct ct_packet *cp, int dir, int64_t now_ms)
{
    enum ct_update result;

    pthread_spin_lock(&conn->lock);
    result = ct_proto_update(ct, conn, cp, dir, now_ms);
    pthread_spin_unlock(&conn->lock);
    return result;
}

static void
run_one(struct conntrack *ct, struct packet *p, const struct ct_args *args,
        int64_t now_ms)
{
    enum ct_update result = CT_UPDATE_VALID;
    struct ct_packet cp;
    struct ct_conn *conn;
    int dir;

    if (!ct_packet_read(p, args->zone, &cp)) {
        set_invalid(p, args->zone);
        return;
    }
    if (cp.is_icmp_error) {
        run_error(ct, &cp, args, now_ms);
        return;
    }
    conn = find_tracked(ct, p, args->zone, now_ms, &dir);
    if (!conn) {
        conn = find(ct, &cp.key, now_ms, &dir);
        if (conn) {
            result = update(ct, conn, &cp, dir, now_ms);
        }
    }
    if (conn && (result == CT_UPDATE_REOPEN
                 || (args->force && dir == CT_REPLY))) {
        ct_conn_remove(ct, conn);
        conn = NULL;
    }
    if (!conn) {
        run_new(ct, &cp, args, now_ms);
    } else if (result == CT_UPDATE_INVALID) {
        set_invalid(p, args->zone);
    } else {
        tell(conn, args, &cp, state_of(conn, dir), dir);
    }
}

/* Arguments. */

static const size_t arg_sizes[] = {
    [OVS_CT_ATTR_COMMIT] = 0,
    [OVS_CT_ATTR_ZONE] = 2,
    [OVS_CT_ATTR_MARK] = 8,
    [OVS_CT_ATTR_LABELS] = 32,
    [OVS_CT_ATTR_HELPER] = SIZE_MAX,
    [OVS_CT_ATTR_NAT] = SIZE_MAX,
    [OVS_CT_ATTR_FORCE_COMMIT] = 0,
    [OVS_CT_ATTR_EVENTMASK] = 4,
    [OVS_CT_ATTR_TIMEOUT] = SIZE_MAX,
};

/* Stores an address as in a key. */
static bool
parse_nat_address(const struct nlattr *a, struct in6_addr *address)
{
    if (nlattr_size(a) != 4 && nlattr_size(a) != 16) {
        return false;
    }
    *address = (struct in6_addr) { .s6_addr = { 0 } };
    memcpy(address, nlattr_payload(a), nlattr_size(a));
    return true;
}

/* IPv4 addresses are compared as numbers, IPv6 ones as bytes. */
static bool
nat_valid(const struct ct_nat *nat, size_t min_size, size_t max_size)
{
    if (nat->has_address
        && (min_size != max_size || memcmp(&nat->min, &nat->max, 16) > 0)) {
        return false;
    }
    return (nat->min_port <= nat->max_port
            && (nat->kind || (!nat->has_address && !nat->min_port)));
}

static bool
parse_nat(const struct nlattr *nest, struct ct_nat *nat)
{
    size_t left, min_size = 0, max_size = 0;
    const struct nlattr *a;

    nat->wanted = true;
    NLATTR_FOR_EACH_NESTED (a, left, nest) {
        switch (nlattr_type(a)) {
        case OVS_NAT_ATTR_SRC:
        case OVS_NAT_ATTR_DST:
            if (nat->kind) {
                return false;
            }
            nat->kind = (nlattr_type(a) == OVS_NAT_ATTR_SRC ? CS_SRC_NAT
                         : CS_DST_NAT);
            break;
        case OVS_NAT_ATTR_IP_MIN:
            min_size = nlattr_size(a);
            if (!parse_nat_address(a, &nat->min)) {
                return false;
            }
            nat->has_address = true;
            break;
        case OVS_NAT_ATTR_IP_MAX:
            max_size = nlattr_size(a);
            if (!parse_nat_address(a, &nat->max)) {
                return false;
            }
            break;
        case OVS_NAT_ATTR_PROTO_MIN:
        case OVS_NAT_ATTR_PROTO_MAX:
            if (nlattr_size(a) != 2) {
                return false;
            }
            *(nlattr_type(a) == OVS_NAT_ATTR_PROTO_MIN ? &nat->min_port
              : &nat->max_port) = nlattr_u16(a);
            break;
        case OVS_NAT_ATTR_PROTO_RANDOM:
            nat->random = true;
            break;
        case OVS_NAT_ATTR_PERSISTENT:
        case OVS_NAT_ATTR_PROTO_HASH:
            break;
        default:
            return false;
        }
    }
    if (nat->has_address && !max_size) {
        nat->max = nat->min;
        max_size = min_size;
    } else if (!nat->has_address && max_size) {
        return false;
    }
    nat->max_port = nat->max_port ? nat->max_port : nat->min_port;
    return !left && nat_valid(nat, min_size, max_size);
}

/* A policy's name is the decimal of its number. */
static bool
parse_policy(const struct nlattr *a, uint16_t *policy)
{
    char name[8] = { 0 };
    unsigned int id;

    if (nlattr_size(a) >= sizeof name) {
        return false;
    }
    memcpy(name, nlattr_payload(a), nlattr_size(a));
    if (!text_to_uint(name, 10, &id) || id > UINT16_MAX) {
        return false;
    }
    *policy = id;
    return true;
}

static bool
parse_args(const struct nlattr *action, struct ct_args *args)
{
    const struct nlattr *a;
    size_t left;

    *args = (struct ct_args) { .zone = 0 };
    NLATTR_FOR_EACH_NESTED (a, left, action) {
        uint16_t type = nlattr_type(a);
        const uint8_t *payload = nlattr_payload(a);

        if (!type || type >= ARRAY_SIZE(arg_sizes)
            || (arg_sizes[type] != SIZE_MAX
                && arg_sizes[type] != nlattr_size(a))) {
            return false;
        }
        switch (type) {
        case OVS_CT_ATTR_FORCE_COMMIT:
            args->force = true;
            args->commit = true;
            break;
        case OVS_CT_ATTR_COMMIT:
            args->commit = true;
            break;
        case OVS_CT_ATTR_ZONE:
            args->zone = nlattr_u16(a);
            break;
        case OVS_CT_ATTR_MARK:
            args->mark = get_u32(payload);
            args->mark_mask = get_u32(payload + 4);
            break;
        case OVS_CT_ATTR_LABELS:
            memcpy(&args->label, payload, 16);
            memcpy(&args->label_mask, payload + 16, 16);
            break;
        case OVS_CT_ATTR_NAT:
            if (!parse_nat(a, &args->nat)) {
                return false;
            }
            break;
        case OVS_CT_ATTR_TIMEOUT:
            if (!parse_policy(a, &args->policy)) {
                return false;
            }
            break;
        case OVS_CT_ATTR_HELPER:
            return false;        /* There is no helper. */
        }
    }
    return !left && (args->commit || !args->nat.kind);
}

bool
conntrack_action_valid(const struct nlattr *action)
{
    struct ct_args args;

    return parse_args(action, &args);
}

void
conntrack_run(struct conntrack *ct, struct packet_batch *batch,
              const struct nlattr *action, int64_t now_ms)
{
    struct ct_args args;
    uint32_t n = 0;

    parse_args(action, &args);
    for (uint32_t i = 0; i < batch->n; i++) {
        struct packet *p = batch->packets[i];

        if (UNLIKELY(ipf_is_candidate(p))) {
            p = ipf_take(ct->ipf, p, args.zone, now_ms);
            if (!p) {
                continue;
            }
        }
        run_one(ct, p, &args, now_ms);
        batch->packets[n++] = p;
    }
    batch->n = n;
}
