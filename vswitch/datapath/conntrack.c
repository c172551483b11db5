/* SPDX-License-Identifier: Apache-2.0 */
/* Connection tracking.
 *
 * A connection is known by two keys, one for each direction; both lead to it.
 * The table of keys (ct_table.c) is cut into shards by hash, each with a mutex
 * that is held for a look-up, an insertion or a removal only; the state of a
 * connection has a spinlock of its own.  A connection that is found stays valid
 * until the end of the RCU read section.
 *
 * Expiry costs packets nothing: a packet stores the new time in its
 * connection, look-ups ignore what has expired, and a sweep frees it, a part of
 * the table at a time, without a lock.  A connection takes about 260 bytes, its
 * share of the table included.
 *
 * The semantics are those of the kernel's (ovs-actions(7), "ct"): a connection
 * is new until a packet of the reply direction was seen; related is an ICMP
 * error about a connection, and a connection that another one announced; what
 * cannot be a connection's is invalid. */

#include "vswitch/datapath/conntrack.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/runtime/counter.h"
#include "vswitch/datapath/ct_private.h"

COUNTER(conntrack_full);
COUNTER(conntrack_zone_full);
COUNTER(conntrack_nat_full);
COUNTER(conntrack_invalid);

struct conntrack *
conntrack_create(void)
{
    struct conntrack *ct = xzalloc_cacheline(sizeof *ct);

    ct_table_init(ct);
    ct->ipf = ipf_create();
    ct->expectations = ct_expectations_create();
    ct->seed = random_u64();
    ct->max_conns = CT_DEFAULT_MAXCONNS;
    ct->tcp_seq_chk = true;
    ct->sweep_interval_ms = CT_DEFAULT_SWEEP_INTERVAL_MS;
    memset(ct->zone_limit, 0xff, sizeof ct->zone_limit);
    pthread_mutex_init(&ct->policy_mutex, NULL);
    return ct;
}

void
conntrack_destroy(struct conntrack *ct)
{
    ct_table_uninit(ct);
    for (size_t i = 0; i < ARRAY_SIZE(ct->policies); i++) {
        free(ct->policies[i]);
    }
    pthread_mutex_destroy(&ct->policy_mutex);
    ct_expectations_destroy(ct->expectations);
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
    uint32_t start = ct_nat_start(nat, ct, conn);

    for (unsigned int attempt = 0; ; attempt++) {
        struct ct_key *reply = &conn->nodes[CT_REPLY].key;

        *reply = plain;
        if (!ct_nat_choose(nat, ct, conn, start, attempt)) {
            counter_inc(conntrack_nat_full);
            return -ENOSPC;
        }
        conn->nat_state = memcmp(reply, &plain, CT_KEY_SIZE) ? nat->kind : 0;
        if (!ct_insert(ct, conn)) {
            return 0;
        }
    }
}

/* Source ports tried for a connection that was announced, if it comes from an
 * address that others share. */
#define MAX_EXPECTED_ATTEMPTS 128

/* Inserts a connection that was announced, translated as its parent is. */
static int
insert_expected(struct conntrack *ct, struct ct_conn *conn,
                const struct ct_expected *x)
{
    struct ct_key *reply = &conn->nodes[CT_REPLY].key;
    uint16_t port = ntohs(conn->nodes[CT_ORIG].key.tp_src);
    unsigned int n = x->nat_state & CS_SRC_NAT ? MAX_EXPECTED_ATTEMPTS : 1;

    ct_key_reverse(&x->to, reply);
    reply->dir = CT_REPLY;
    conn->nat_state = x->nat_state;
    for (unsigned int i = 0; i < n; i++) {
        reply->tp_dst = htons(port);
        if (!ct_insert(ct, conn)) {
            return 0;
        }
        port = port == UINT16_MAX ? 1024 : port + 1;
    }
    counter_inc(conntrack_nat_full);
    return -ENOSPC;
}

static int
insert(struct conntrack *ct, struct ct_conn *conn,
       const struct ct_args *args, const struct ct_expected *x)
{
    return (x && x->nat_state && args->nat.wanted
            ? insert_expected(ct, conn, x)
            : args->nat.kind ? insert_translated(ct, conn, &args->nat)
            : ct_insert(ct, conn));
}

/* Makes a connection of the packet, which is 'x' if that is not NULL; NULL if
 * it cannot be. */
static struct ct_conn *
commit(struct conntrack *ct, const struct ct_packet *cp,
       const struct ct_args *args, const struct ct_expected *x,
       int64_t now_ms)
{
    struct ct_conn *conn;

    if (!has_room(ct, args->zone)) {
        return NULL;
    }
    conn = ct_conn_alloc(ct, &cp->key);
    if (!conn) {
        counter_inc(conntrack_full);
        return NULL;
    }
    conn->nodes[CT_ORIG].key = cp->key;
    conn->nodes[CT_ORIG].key.dir = CT_ORIG;
    ct_key_reverse(&cp->key, &conn->nodes[CT_REPLY].key);
    conn->nodes[CT_REPLY].key.dir = CT_REPLY;
    conn->policy = args->policy;
    if (args->alg != CT_ALG_NONE) {
        conn->alg = ct_alg_create(args->alg);
    }
    if (x) {
        conn->is_related = true;
        conn->mark = x->mark;
        conn->label = x->label;
    }
    ct_proto_begin(ct, conn, cp, now_ms);
    if (insert(ct, conn, args, x)) {
        ct_conn_free(conn);
        return NULL;
    }
    if (x) {
        ct_expect_fulfill(ct->expectations, &cp->key);
    }
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
    return ct_find(ct, &key, now_ms, &dir);
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
    return conn && ct_conn_is_live(conn) ? conn : NULL;
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
        nat = (cp->is_icmp_error ? ct_nat_apply_error(conn, cp, dir)
               : ct_nat_apply(conn, cp, dir));
    } else if (is_tracked_in(p, args->zone)) {
        nat = p->md.ct_state & (CS_SRC_NAT | CS_DST_NAT);
    }
    p->md.ct_state = CS_TRACKED | state | nat;
}

static uint8_t
state_of(struct ct_conn *conn, int dir)
{
    return ((dir == CT_REPLY ? CS_ESTABLISHED | CS_REPLY_DIR
             : __atomic_load_n(&conn->seen_reply, __ATOMIC_RELAXED)
                ? CS_ESTABLISHED : CS_NEW)
            | (conn->is_related ? CS_RELATED : 0));
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
        conn = ct_find(ct, &reverse, now_ms, &dir);
    }
    if (!conn) {
        set_invalid(cp->packet, args->zone);
        return;
    }
    tell(conn, args, cp,
         CS_RELATED | (dir == CT_REPLY ? CS_REPLY_DIR : 0), dir);
}

/* A packet of no connection, and none is to be made. */
static void
tell_new(struct ct_packet *cp, const struct ct_args *args,
         const struct ct_expected *x)
{
    struct packet *p = cp->packet;

    set_untracked(p);
    set_metadata(p, &cp->key, cp->icmp_code);
    p->md.ct_zone = args->zone;
    p->md.ct_state = CS_TRACKED | CS_NEW | (x ? CS_RELATED : 0);
    if (x) {
        p->md.ct_mark = x->mark;
        p->md.ct_label = x->label;
    }
}

static void
run_new(struct conntrack *ct, struct ct_packet *cp,
        const struct ct_args *args, int64_t now_ms)
{
    struct ct_expected expected, *x = NULL;
    struct ct_conn *conn;
    int dir = CT_ORIG;

    if (!ct_proto_may_begin(cp)) {
        set_invalid(cp->packet, args->zone);
        return;
    }
    if (ct_expect_find(ct->expectations, &cp->key, now_ms, &expected)) {
        x = &expected;
    }
    if (!args->commit) {
        tell_new(cp, args, x);
        return;
    }
    conn = commit(ct, cp, args, x, now_ms);
    if (!conn) {
        /* Another thread's packet may have begun it. */
        conn = ct_find(ct, &cp->key, now_ms, &dir);
    }
    if (!conn) {
        set_invalid(cp->packet, args->zone);
        return;
    }
    if (UNLIKELY(conn->alg && conn->alg->alg == CT_ALG_TFTP)) {
        /* The first packet is the request. */
        ct_alg_run(ct, conn, cp, dir, now_ms);
    }
    tell(conn, args, cp, state_of(conn, dir), dir);
}

/* Takes note of a packet of 'conn'; returns what is to be done about it. */
static enum ct_update
update(struct conntrack *ct, struct ct_conn *conn, struct ct_packet *cp,
       int dir, int64_t now_ms)
{
    enum ct_update result;

    if (UNLIKELY(conn->alg != NULL)) {
        ct_alg_make_room(cp);
        ct_alg_fix_ack(conn, cp, dir);
    }
    pthread_spin_lock(&conn->lock);
    result = ct_proto_update(ct, conn, cp, dir, now_ms);
    pthread_spin_unlock(&conn->lock);
    if (UNLIKELY(conn->alg != NULL) && result == CT_UPDATE_VALID) {
        ct_alg_run(ct, conn, cp, dir, now_ms);
    }
    return result;
}

/* Does the action for one packet; returns what goes on in its place. */
static struct packet *
run_one(struct conntrack *ct, struct packet *p, const struct ct_args *args,
        int64_t now_ms)
{
    enum ct_update result = CT_UPDATE_VALID;
    struct ct_packet cp;
    struct ct_conn *conn;
    int dir;

    if (!ct_packet_read(p, args->zone, &cp)) {
        set_invalid(p, args->zone);
        return p;
    }
    if (cp.is_icmp_error) {
        run_error(ct, &cp, args, now_ms);
        return p;
    }
    conn = find_tracked(ct, p, args->zone, now_ms, &dir);
    if (!conn) {
        conn = ct_find(ct, &cp.key, now_ms, &dir);
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
        set_invalid(cp.packet, args->zone);
    } else {
        tell(conn, args, &cp, state_of(conn, dir), dir);
    }
    return cp.packet;
}

void
conntrack_run(struct conntrack *ct, struct packet_batch *batch,
              const struct nlattr *action, int64_t now_ms)
{
    struct ct_args args;
    uint32_t n = 0;

    ct_args_parse(action, &args);
    for (uint32_t i = 0; i < batch->n; i++) {
        struct packet *p = batch->packets[i];

        if (UNLIKELY(ipf_is_candidate(p))) {
            p = ipf_take(ct->ipf, p, args.zone, now_ms);
            if (!p) {
                continue;
            }
        }
        batch->packets[n++] = run_one(ct, p, &args, now_ms);
    }
    batch->n = n;
}
