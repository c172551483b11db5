/* SPDX-License-Identifier: Apache-2.0 */

/* Priorities, matches and actions are those that Open vSwitch documents under
 * "In-Band Control", and that people know from bridge/dump-flows.
 *
 * The flows that there ought to be are made anew in each update and compared
 * with those that there are: there are few, and an update only follows a
 * change of what they rest on. */

#include "vswitch/ofproto/in_band.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/flow/match.h"
#include "lib/runtime/loop.h"
#include "vswitch/netdev/netdev.h"
#include "vswitch/ofproto/flow_mod.h"
#include "vswitch/ofproto/next_hop.h"
#include "vswitch/ofproto/ofproto.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68

/* The priority of the first kind; the others follow.  That they differ only
 * helps people to tell them apart. */
#define FIRST_PRIORITY 180000

enum kind {
    /* One for the bridge, */
    FROM_LOCAL_DHCP,
    TO_LOCAL_ARP,
    FROM_LOCAL_ARP,

    /* for each MAC address of a next hop, */
    TO_NEXT_HOP_ARP,
    FROM_NEXT_HOP_ARP,

    /* for each remote address, */
    TO_REMOTE_ARP,
    FROM_REMOTE_ARP,

    /* and for each address and port. */
    TO_REMOTE_TCP,
    FROM_REMOTE_TCP,
    N_KINDS
};

#define NO_FIELD FIELD_N_IDS

/* Which fields take the parameters of a flow; "proto" is arp_op in ARP. */
static const struct {
    uint16_t dl_type;
    uint8_t proto;
    enum field_id mac, ip, port;
} kinds[N_KINDS] = {
#define ARP(OP, MAC, IP) { ETH_TYPE_ARP, OP, MAC, IP, NO_FIELD }
#define TCP(IP, PORT) { ETH_TYPE_IPV4, IPPROTO_TCP, NO_FIELD, IP, PORT }
    [FROM_LOCAL_DHCP] = { ETH_TYPE_IPV4, IPPROTO_UDP, FIELD_ETH_SRC,
                          NO_FIELD, NO_FIELD },
    [TO_LOCAL_ARP] = ARP(ARP_OP_REPLY, FIELD_ETH_DST, NO_FIELD),
    [FROM_LOCAL_ARP] = ARP(ARP_OP_REQUEST, FIELD_ETH_SRC, NO_FIELD),
    [TO_NEXT_HOP_ARP] = ARP(ARP_OP_REPLY, FIELD_ETH_DST, NO_FIELD),
    [FROM_NEXT_HOP_ARP] = ARP(ARP_OP_REQUEST, FIELD_ETH_SRC, NO_FIELD),
    [TO_REMOTE_ARP] = ARP(ARP_OP_REPLY, NO_FIELD, FIELD_ARP_TPA),
    [FROM_REMOTE_ARP] = ARP(ARP_OP_REQUEST, NO_FIELD, FIELD_ARP_SPA),
    [TO_REMOTE_TCP] = TCP(FIELD_IPV4_DST, FIELD_TCP_DST),
    [FROM_REMOTE_TCP] = TCP(FIELD_IPV4_SRC, FIELD_TCP_SRC),
#undef ARP
#undef TCP
};

/* What tells one flow from another; no padding, for hashing. */
struct flow_id {
    int64_t queue;
    uint32_t kind;
    be32 ip;
    be16 port;
    struct eth_addr mac;
};
_Static_assert(sizeof(struct flow_id) == 24, "no padding");

/* A hidden flow. */
struct own_flow {
    struct hmap_node node;       /* In in_band.flows. */
    struct flow_id id;
    struct rule *rule;           /* NULL: not there yet. */
    bool is_wanted;              /* While flows are compared. */
};

struct remote {
    struct in_band_remote at;
    struct next_hop_watch watch;
};

struct in_band {
    struct ofproto *ofproto;
    struct remote *remotes;
    size_t n_remotes;
    int64_t queue;
    struct hmap flows;           /* struct own_flow. */
    struct step step;            /* Compares them. */
};

/* ## Flows ## */

static void
make_match(const struct flow_id *id, struct match *match)
{
    match_init(match);
    match_set_dl_type(match, kinds[id->kind].dl_type);
    match_set_nw_proto(match, kinds[id->kind].proto);
    if (kinds[id->kind].mac != NO_FIELD) {
        match_set_eth(match, kinds[id->kind].mac, id->mac);
    }
    if (kinds[id->kind].ip != NO_FIELD) {
        match_set_u64(match, kinds[id->kind].ip, ntohl(id->ip));
    }
    if (kinds[id->kind].port != NO_FIELD) {
        match_set_u64(match, kinds[id->kind].port, ntohs(id->port));
    }
    if (id->kind == FROM_LOCAL_DHCP) {
        match_set_in_port(match, OFPP_LOCAL);
        match_set_u64(match, FIELD_UDP_SRC, DHCP_CLIENT_PORT);
        match_set_u64(match, FIELD_UDP_DST, DHCP_SERVER_PORT);
    }
}

static struct rule *
make_rule(struct ofproto *ofproto, const struct flow_id *id)
{
    const struct rule_init init = { .ofproto = ofproto, .table_id = 0 };
    struct buf ofpacts = BUF_EMPTY;
    struct cls_rule cls;
    struct match match;
    struct rule *rule;

    make_match(id, &match);
    if (id->queue >= 0) {
        ofpact_put_SET_QUEUE(&ofpacts)->value = id->queue;
    }
    ofpact_put_OUTPUT(&ofpacts)->port = OFPP_NORMAL;
    cls_rule_init(&cls, &match.flow, &match.wc, FIRST_PRIORITY + id->kind);
    rule = rule_create(&init, &cls, (const void *) ofpacts.data,
                       ofpacts.size);
    buf_uninit(&ofpacts);
    return rule;
}

static struct own_flow *
find_flow(const struct in_band *ib, const struct flow_id *id)
{
    struct own_flow *f;

    HMAP_FOR_EACH_WITH_HASH (f, node, hash_bytes(id, sizeof *id, 0),
                             &ib->flows) {
        if (!memcmp(&f->id, id, sizeof *id)) {
            return f;
        }
    }
    return NULL;
}

/* There ought to be the flow of 'kind' with these parameters. */
static void
want(struct in_band *ib, enum kind kind, struct flow_id id)
{
    struct own_flow *f;

    id.kind = kind;
    id.queue = ib->queue;
    f = find_flow(ib, &id);
    if (!f) {
        f = xzalloc(sizeof *f);
        f->id = id;
        hmap_insert(&ib->flows, &f->node, hash_bytes(&id, sizeof id, 0));
    }
    f->is_wanted = true;
}

static void
want_all(struct in_band *ib)
{
    const struct ofport *local = ofport_find(ib->ofproto, OFPP_LOCAL);

    if (ib->n_remotes && local && !eth_addr_is_zero(local->hw_addr)) {
        const struct flow_id id = { .mac = local->hw_addr };

        want(ib, FROM_LOCAL_DHCP, id);
        want(ib, TO_LOCAL_ARP, id);
        want(ib, FROM_LOCAL_ARP, id);
    }
    for (size_t i = 0; i < ib->n_remotes; i++) {
        const struct in_band_remote *at = &ib->remotes[i].at;
        struct flow_id hop = { .queue = 0 };

        if (next_hop_mac(&ib->remotes[i].watch, &hop.mac)) {
            want(ib, TO_NEXT_HOP_ARP, hop);
            want(ib, FROM_NEXT_HOP_ARP, hop);
        }
        want(ib, TO_REMOTE_ARP, (struct flow_id) { .ip = at->ip });
        want(ib, FROM_REMOTE_ARP, (struct flow_id) { .ip = at->ip });
        want(ib, TO_REMOTE_TCP,
             (struct flow_id) { .ip = at->ip, .port = at->port });
        want(ib, FROM_REMOTE_TCP,
             (struct flow_id) { .ip = at->ip, .port = at->port });
    }
}

/* Makes the flows those that are wanted, all at once.  What goes is hidden
 * first, as a flow for another queue has the match of its successor. */
static void
carry_out(struct in_band *ib)
{
    struct own_flow *f;
    struct flow_txn txn;

    rcu_read_lock();
    flow_txn_begin(&txn, ib->ofproto, NULL, 0);
    HMAP_FOR_EACH_SAFE (f, node, &ib->flows) {
        if (!f->is_wanted) {
            flow_txn_remove(&txn, f->rule, FLOW_REMOVED_DELETE);
            rule_unref(f->rule);
            hmap_remove(&ib->flows, &f->node);
            free(f);
        }
    }
    HMAP_FOR_EACH (f, node, &ib->flows) {
        if (!f->rule) {
            enum ofperr error;

            f->rule = make_rule(ib->ofproto, &f->id);
            error = flow_txn_take_rule(&txn, rule_ref(f->rule), 0);
            assert(!error);
        }
    }
    flow_txn_commit(&txn);
    rcu_read_unlock();
}

static void
update(void *ib_)
{
    struct in_band *ib = ib_;
    struct own_flow *f;

    HMAP_FOR_EACH (f, node, &ib->flows) {
        f->is_wanted = false;
    }
    want_all(ib);
    carry_out(ib);
}

static void
wake(void *ib_)
{
    struct in_band *ib = ib_;

    step_wake(&ib->step);
}

/* ## Settings ## */

static void
set_remotes(struct in_band *ib, const struct in_band_remote *remotes,
            size_t n)
{
    const struct ofport *local = ofport_find(ib->ofproto, OFPP_LOCAL);

    for (size_t i = 0; i < ib->n_remotes; i++) {
        next_hop_unwatch(&ib->remotes[i].watch);
    }
    free(ib->remotes);
    ib->remotes = n ? xcalloc(n, sizeof *ib->remotes) : NULL;
    ib->n_remotes = n;
    for (size_t i = 0; i < n; i++) {
        ib->remotes[i].at = remotes[i];

        /* A dummy device has nothing to do with the host's routes. */
        if (local && local->netdev && !netdev_is_dummy(local->netdev)) {
            next_hop_watch(&ib->remotes[i].watch, remotes[i].ip, wake, ib);
        }
    }
}

static bool
has_remotes(const struct in_band *ib, const struct in_band_remote *remotes,
            size_t n)
{
    bool equal = ib->n_remotes == n;

    for (size_t i = 0; equal && i < n; i++) {
        equal = (ib->remotes[i].at.ip == remotes[i].ip
                 && ib->remotes[i].at.port == remotes[i].port);
    }
    return equal;
}

static struct in_band *
create(struct ofproto *ofproto)
{
    struct in_band *ib = xzalloc(sizeof *ib);

    ib->ofproto = ofproto;
    ib->queue = -1;
    hmap_init(&ib->flows);
    step_init(&ib->step, "in-band control", update, ib);
    return ib;
}

void
in_band_configure(struct ofproto *ofproto,
                  const struct in_band_settings *settings)
{
    struct in_band *ib = ofproto->in_band;

    if (!settings->n_remotes) {
        in_band_destroy(ofproto);
        return;
    }
    if (ib && ib->queue == settings->queue
        && has_remotes(ib, settings->remotes, settings->n_remotes)) {
        return;
    }
    if (!ib) {
        ib = ofproto->in_band = create(ofproto);
        __atomic_store_n(&ofproto->has_in_band, true, __ATOMIC_RELAXED);
    }
    ib->queue = settings->queue;
    set_remotes(ib, settings->remotes, settings->n_remotes);
    update(ib);
}

void
in_band_local_changed(struct ofproto *ofproto)
{
    if (ofproto->in_band) {
        wake(ofproto->in_band);
    }
}

void
in_band_destroy(struct ofproto *ofproto)
{
    struct in_band *ib = ofproto->in_band;

    if (!ib) {
        return;
    }
    ofproto->in_band = NULL;
    __atomic_store_n(&ofproto->has_in_band, false, __ATOMIC_RELAXED);
    set_remotes(ib, NULL, 0);
    update(ib);
    step_uninit(&ib->step);
    hmap_uninit(&ib->flows);
    free(ib);
}

/* ## DHCP replies ## */

/* Is 'value' the one that is looked for?  If not, one bit that differs is
 * enough to know, unless what is known already tells. */
static bool
is_value(uint16_t value, uint16_t wanted, uint16_t *mask)
{
    uint16_t differing = value ^ wanted;

    if (!differing) {
        *mask = UINT16_MAX;
        return true;
    }
    if (!(differing & *mask)) {
        *mask |= 1 << (31 - __builtin_clz(differing));
    }
    return false;
}

/* The same of a member in network byte order. */
static bool
is_port(be16 value, uint16_t wanted, be16 *mask)
{
    uint16_t host_mask = ntohs(*mask);
    bool equal = is_value(ntohs(value), wanted, &host_mask);

    *mask = htons(host_mask);
    return equal;
}

bool
in_band_is_dhcp_reply(const struct flow *flow, struct flow_wildcards *wc)
{
    uint16_t proto_mask = wc->masks.nw_proto;
    bool is_udp;

    /* The type always counts. */
    if (flow->dl_type != htons(ETH_TYPE_IPV4)) {
        return false;
    }
    is_udp = is_value(flow->nw_proto, IPPROTO_UDP, &proto_mask);
    wc->masks.nw_proto = proto_mask;
    return (is_udp
            && is_port(flow->tp_src, DHCP_SERVER_PORT, &wc->masks.tp_src)
            && is_port(flow->tp_dst, DHCP_CLIENT_PORT, &wc->masks.tp_dst));
}
