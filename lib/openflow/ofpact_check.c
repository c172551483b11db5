/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>

#include "lib/flow/port.h"
#include "lib/openflow/meter_msg.h"
#include "lib/openflow/ofpact_codec.h"

/* Whether actions make sense: by themselves (verify) and for the packets that
 * their flow matches (check).
 *
 * What the match makes sure of is followed through the list, as far as pushes
 * and pops change it. */

struct checker {
    const struct match *match;   /* NULL: nothing is known. */
    const struct ofp_decode *decode;
    uint8_t table_id;
    uint32_t usable;             /* Protocols. */
    bool is_known;               /* Is dl_type? */
    uint32_t packet_type;
    be16 dl_type;
    bool has_vlan, matches_vlan;
    unsigned int n_pushed;       /* Tags, and not popped since. */
    uint8_t nw_proto;            /* 0: unknown. */
    be16 tp_src;                 /* ICMPv6 type. */
};

static bool
prereqs_ok(const struct checker *c, const struct field *f)
{
    uint16_t dl_type = ntohs(c->dl_type);
    bool v4 = dl_type == 0x0800, v6 = dl_type == 0x86dd;
    bool icmp6 = v6 && c->nw_proto == IPPROTO_ICMPV6;

    if (!c->match) {
        return true;
    }
    switch (f->prereq) {
    case PREREQ_NONE:
    case PREREQ_CT_VALID:
        return true;
    case PREREQ_ETHERNET:
        return c->packet_type == PACKET_TYPE_ETH;
    case PREREQ_VLAN:
        return c->has_vlan;
    case PREREQ_MPLS:
        return dl_type == 0x8847 || dl_type == 0x8848;
    case PREREQ_NSH:
        return dl_type == 0x894f;
    case PREREQ_ARP:
        return dl_type == 0x0806 || dl_type == 0x8035;
    case PREREQ_IPV4:
        return v4;
    case PREREQ_IPV6:
        return v6;
    case PREREQ_IP_ANY:
        return v4 || v6;
    case PREREQ_TCP:
        return (v4 || v6) && c->nw_proto == IPPROTO_TCP;
    case PREREQ_UDP:
        return (v4 || v6) && c->nw_proto == IPPROTO_UDP;
    case PREREQ_SCTP:
        return (v4 || v6) && c->nw_proto == IPPROTO_SCTP;
    case PREREQ_ICMPV4:
        return v4 && c->nw_proto == IPPROTO_ICMP;
    case PREREQ_ICMPV6:
        return icmp6;
    case PREREQ_ND:
        return icmp6 && (c->tp_src == htons(135) || c->tp_src == htons(136));
    case PREREQ_ND_SOLICIT:
        return icmp6 && c->tp_src == htons(135);
    case PREREQ_ND_ADVERT:
        return icmp6 && c->tp_src == htons(136);
    }
    return false;
}

static enum ofperr
check_field(const struct checker *c, const struct field *f)
{
    return prereqs_ok(c, f) ? 0 : OFPBAC_MATCH_INCONSISTENT;
}

static enum ofperr
check_subfield(const struct checker *c, const struct subfield *sf)
{
    return sf->field ? check_field(c, sf->field) : 0;
}

/* An action that OpenFlow 1.0 takes whatever the match. */
static void
inconsistent(struct checker *c)
{
    c->usable &= OFP_PROTO_10_ANY;
}

static void
want_ip(struct checker *c, bool v6_too)
{
    if (c->match && c->dl_type != htons(0x0800)
        && !(v6_too && c->dl_type == htons(0x86dd))) {
        inconsistent(c);
    }
}

/* May a packet be sent to 'port'? */
static enum ofperr
check_port(const struct checker *c, ofp_port_t port)
{
    return (port < OFPP_MAX ? port < c->decode->max_port
            : port >= OFPP_IN_PORT && port != OFPP_NONE)
           ? 0 : OFPBAC_BAD_OUT_PORT;
}

/* A port that can have queues. */
static enum ofperr
check_queue_port(const struct checker *c, ofp_port_t port)
{
    return (port < OFPP_MAX || port == OFPP_IN_PORT || port == OFPP_LOCAL
            ? check_port(c, port) : OFPBAC_BAD_OUT_PORT);
}

static enum ofperr
check_bundle(const struct checker *c, const struct ofpact_bundle *a)
{
    for (uint32_t i = 0; i < a->n_members; i++) {
        ofp_port_t port = a->members[i];

        if (port == OFPP_CONTROLLER
            || (port != OFPP_NONE && check_port(c, port))) {
            return OFPBAC_BAD_OUT_PORT;
        }
    }
    return check_subfield(c, &a->dst);
}

static enum ofperr
check_set_field(struct checker *c, struct ofpact_set_field *a)
{
    enum ofperr error = check_field(c, a->field);

    if (error) {
        return error;
    }
    a->flow_has_vlan = c->has_vlan;
    if (a->field->id == FIELD_VLAN_VID && c->match && !c->has_vlan) {
        return OFPBAC_MATCH_INCONSISTENT;
    }
    switch (a->field->id) {
    case FIELD_VLAN_TCI:
    case FIELD_DL_VLAN:
        /* Sets the tag's presence too. */
        c->has_vlan = true;
        return 0;
    default:
        return 0;
    }
}

static enum ofperr
check_learn(const struct checker *c, const struct ofpact_learn *a)
{
    const struct learn_spec *s;
    struct match match;
    enum ofperr error = check_subfield(c, &a->result_dst);

    match_init(&match);
    LEARN_SPEC_FOR_EACH (s, a) {
        if (!error && s->src_type == LEARN_SRC_FIELD) {
            error = check_subfield(c, &s->src);
        }
        if (error) {
            return error;
        }
        if (s->dst_type == LEARN_DST_MATCH) {
            union field_value value, mask;
            const struct field *f = s->dst.field;

            if (!match_prereqs_ok(&match, f)) {
                return OFPBAC_BAD_ARGUMENT;
            }
            if (f->is_variable) {
                continue;
            }
            match_get_field(&match, f, &value, &mask);
            if (s->src_type == LEARN_SRC_IMMEDIATE) {
                bits_copy(learn_spec_immediate(s),
                          DIV_ROUND_UP(s->n_bits, 8), 0, value.bytes,
                          f->n_bytes, s->dst.start, s->n_bits);
            }
            for (unsigned int i = 0; i < s->n_bits; i++) {
                unsigned int bit = s->dst.start + i;

                mask.bytes[f->n_bytes - 1 - bit / 8] |= 1u << bit % 8;
            }
            match_set_field(&match, f, &value, &mask);
        }
    }
    return 0;
}

static enum ofperr check_list(struct checker *, struct ofpact *, size_t);

static enum ofperr
check_nest(struct checker *c, struct ofpact *a)
{
    struct checker inner = *c;
    size_t size;
    struct ofpact *nest = (struct ofpact *) ofpact_nest_actions(a, &size);
    enum ofperr error;

    error = check_list(&inner, nest, size);
    if (a->type != OFPACT_WRITE_ACTIONS) {
        /* The order in which a set is executed is not that of its text. */
        c->usable &= inner.usable;
    }
    return error;
}

/* Does the flow have addresses of the family that 'a' translates to? */
static enum ofperr
check_nat(const struct checker *c, const struct ofpact_nat *a)
{
    uint16_t dl_type = a->af == AF_INET ? 0x0800 : 0x86dd;

    return (c->match && a->af != AF_UNSPEC && c->dl_type != htons(dl_type)
            ? OFPBAC_MATCH_INCONSISTENT : 0);
}

static enum ofperr
check_ct(struct checker *c, struct ofpact *a_)
{
    const struct ofpact_ct *a = ofpact_get_CT(a_);
    enum ofperr error;

    if (c->match && c->dl_type != htons(0x0800)
        && c->dl_type != htons(0x86dd)) {
        return OFPBAC_MATCH_INCONSISTENT;
    }
    if (c->match && ((a->alg == 21 && c->nw_proto != IPPROTO_TCP)
                     || (a->alg == 69 && c->nw_proto != IPPROTO_UDP))) {
        return OFPBAC_MATCH_INCONSISTENT;
    }
    error = check_subfield(c, &a->zone_src);
    return error ? error : check_nest(c, a_);
}

static void
check_l4_port(struct checker *c, struct ofpact_l4_port *a)
{
    a->flow_ip_proto = c->nw_proto;
    if (c->match
        && !((c->dl_type == htons(0x0800) || c->dl_type == htons(0x86dd))
             && (c->nw_proto == IPPROTO_TCP || c->nw_proto == IPPROTO_UDP
                 || c->nw_proto == IPPROTO_SCTP))) {
        inconsistent(c);
    }
}

static enum ofperr
check_vlan_actions(struct checker *c, struct ofpact *a)
{
    if (a->type == OFPACT_SET_VLAN_VID) {
        struct ofpact_vlan_vid *vid = (void *) a;

        vid->flow_has_vlan = c->has_vlan;
        if (!c->has_vlan && !vid->push_if_needed && c->match) {
            inconsistent(c);
        }
        c->has_vlan = true;
    } else if (a->type == OFPACT_SET_VLAN_PCP) {
        struct ofpact_vlan_pcp *pcp = (void *) a;

        pcp->flow_has_vlan = c->has_vlan;
        if (!c->has_vlan && !pcp->push_if_needed && c->match) {
            inconsistent(c);
        }
        c->has_vlan = true;
    } else if (a->type == OFPACT_STRIP_VLAN) {
        if (!c->has_vlan && c->match) {
            inconsistent(c);
        }
        c->has_vlan = false;
        c->n_pushed -= c->n_pushed > 0;
    } else if (c->n_pushed + c->matches_vlan >= FLOW_MAX_VLAN_HEADERS) {
        return OFPBAC_BAD_TAG;
    } else {
        c->has_vlan = true;
        c->n_pushed++;
    }
    return 0;
}

static enum ofperr
check_mpls_actions(struct checker *c, struct ofpact *a)
{
    bool is_mpls = (c->dl_type == htons(0x8847)
                    || c->dl_type == htons(0x8848));

    if (a->type == OFPACT_PUSH_MPLS) {
        c->dl_type = ofpact_get_PUSH_MPLS(a)->ethertype;
        c->nw_proto = 0;
        return 0;
    }
    if (c->match && !is_mpls) {
        inconsistent(c);
    }
    if (a->type == OFPACT_POP_MPLS) {
        c->dl_type = ofpact_get_POP_MPLS(a)->ethertype;
        c->nw_proto = 0;
    }
    return 0;
}

/* What the packet is after its first header has come or gone. */
static void
set_packet_type(struct checker *c, uint32_t packet_type)
{
    c->packet_type = packet_type;
    c->has_vlan = false;
    if (packet_type == PACKET_TYPE_UNKNOWN) {
        c->dl_type = UINT16_MAX;
        c->nw_proto = 0;
    } else if (packet_type >> 16 == PACKET_TYPE_NS_ETHERTYPE) {
        c->dl_type = htons(packet_type & UINT16_MAX);
        if (c->dl_type != htons(0x0800) && c->dl_type != htons(0x86dd)) {
            c->nw_proto = 0;
        }
    }
}

static enum ofperr
check_action(struct checker *c, struct ofpact *a)
{
    enum ofperr error;

    switch (a->type) {
    case OFPACT_OUTPUT:
        return check_port(c, ofpact_get_OUTPUT(a)->port);
    case OFPACT_OUTPUT_TRUNC:
        return check_port(c, ofpact_get_OUTPUT_TRUNC(a)->port);
    case OFPACT_ENQUEUE:
        return check_queue_port(c, ofpact_get_ENQUEUE(a)->port);
    case OFPACT_OUTPUT_REG:
        return check_subfield(c, &ofpact_get_OUTPUT_REG(a)->src);
    case OFPACT_BUNDLE:
        return check_bundle(c, ofpact_get_BUNDLE(a));
    case OFPACT_SET_FIELD:
        return check_set_field(c, (void *) a);
    case OFPACT_SET_VLAN_VID:
    case OFPACT_SET_VLAN_PCP:
    case OFPACT_STRIP_VLAN:
    case OFPACT_PUSH_VLAN:
        return check_vlan_actions(c, a);
    case OFPACT_SET_IPV4_SRC:
    case OFPACT_SET_IPV4_DST:
        want_ip(c, false);
        return 0;
    case OFPACT_SET_IP_DSCP:
    case OFPACT_SET_IP_ECN:
    case OFPACT_SET_IP_TTL:
    case OFPACT_DEC_TTL:
        want_ip(c, true);
        return 0;
    case OFPACT_SET_L4_SRC_PORT:
    case OFPACT_SET_L4_DST_PORT:
        check_l4_port(c, (void *) a);
        return 0;
    case OFPACT_REG_MOVE:
        error = check_subfield(c, &ofpact_get_REG_MOVE(a)->src);
        return error ? error
               : check_subfield(c, &ofpact_get_REG_MOVE(a)->dst);
    case OFPACT_STACK_PUSH:
        return check_subfield(c, &ofpact_get_STACK_PUSH(a)->subfield);
    case OFPACT_STACK_POP:
        return check_subfield(c, &ofpact_get_STACK_POP(a)->subfield);
    case OFPACT_SET_MPLS_LABEL:
    case OFPACT_SET_MPLS_TC:
    case OFPACT_SET_MPLS_TTL:
    case OFPACT_DEC_MPLS_TTL:
    case OFPACT_PUSH_MPLS:
    case OFPACT_POP_MPLS:
        return check_mpls_actions(c, a);
    case OFPACT_ENCAP:
        set_packet_type(c, ofpact_get_ENCAP(a)->packet_type);
        return 0;
    case OFPACT_DECAP:
        /* Below other headers than Ethernet may be anything. */
        set_packet_type(c, c->packet_type != PACKET_TYPE_ETH
                        ? PACKET_TYPE_UNKNOWN
                        : PACKET_TYPE(PACKET_TYPE_NS_ETHERTYPE,
                                      ntohs(c->dl_type)));
        return 0;
    case OFPACT_DEC_NSH_TTL:
        if (c->match && c->dl_type != htons(0x894f)) {
            inconsistent(c);
        }
        return 0;
    case OFPACT_FIN_TIMEOUT:
        if (c->match && c->nw_proto != IPPROTO_TCP) {
            inconsistent(c);
        }
        return 0;
    case OFPACT_RESUBMIT:
        /* The tuple that takes the packet's place is a tracked packet's. */
        return (ofpact_get_RESUBMIT(a)->with_ct_orig && c->match
                && !(c->match->wc.masks.ct_state & c->match->flow.ct_state
                     & CS_TRACKED) ? OFPBAC_MATCH_INCONSISTENT : 0);
    case OFPACT_LEARN:
        return check_learn(c, ofpact_get_LEARN(a));
    case OFPACT_MULTIPATH:
        return check_subfield(c, &ofpact_get_MULTIPATH(a)->dst);
    case OFPACT_CHECK_PKT_LARGER:
        return check_subfield(c, &ofpact_get_CHECK_PKT_LARGER(a)->dst);
    case OFPACT_CT:
        return check_ct(c, a);
    case OFPACT_NAT:
        return check_nat(c, ofpact_get_NAT(a));
    case OFPACT_METER:
        return (ofpact_get_METER(a)->value
                && ofpact_get_METER(a)->value <= METER_MAX
                ? 0 : OFPMMFC_INVALID_METER);
    case OFPACT_CLONE:
    case OFPACT_WRITE_ACTIONS:
        return check_nest(c, a);
    case OFPACT_GOTO_TABLE:
        return ((c->table_id != OFPTT_ALL
                 && ofpact_get_GOTO_TABLE(a)->value <= c->table_id)
                || ofpact_get_GOTO_TABLE(a)->value >= c->decode->max_table
                ? OFPBIC_BAD_TABLE_ID : 0);
    default:
        return 0;
    }
}

static enum ofperr
check_list(struct checker *c, struct ofpact *ofpacts, size_t size)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        enum ofperr error = check_action(c, (struct ofpact *) a);

        if (error) {
            return error;
        }
    }
    return 0;
}

enum ofperr
ofpacts_check(struct ofpact *ofpacts, size_t size, const struct match *match,
              uint8_t table_id, const struct ofp_decode *decode,
              uint32_t *usable_protocols)
{
    struct checker c = {
        .match = match, .decode = decode, .table_id = table_id,
        .usable = usable_protocols ? *usable_protocols : OFP_PROTO_ANY,
    };
    enum ofperr error;

    if (match) {
        const struct flow *m = &match->wc.masks;

        c.dl_type = m->dl_type == UINT16_MAX ? match->flow.dl_type : 0;
        c.packet_type = m->packet_type ? match->flow.packet_type
                        : PACKET_TYPE_ETH;
        if (c.packet_type >> 16 == PACKET_TYPE_NS_ETHERTYPE) {
            c.dl_type = htons(match->flow.packet_type & 0xffff);
        }
        c.has_vlan = (m->vlans[0].tci & match->flow.vlans[0].tci
                      & htons(0x1000)) != 0;
        c.matches_vlan = c.has_vlan;
        c.nw_proto = m->nw_proto == UINT8_MAX ? match->flow.nw_proto : 0;
        c.tp_src = m->tp_src ? match->flow.tp_src : 0;
    }
    error = check_list(&c, ofpacts, size);
    if (!error && !c.usable) {
        error = OFPBAC_MATCH_INCONSISTENT;
    }
    if (usable_protocols) {
        *usable_protocols = c.usable;
    }
    return error;
}

/* Verifying. */

static bool
is_ct_exec(const struct ofpact *a)
{
    return (a->type == OFPACT_NAT
            || (a->type == OFPACT_SET_FIELD
                && (ofpact_get_SET_FIELD(a)->field->id == FIELD_CT_MARK
                    || ofpact_get_SET_FIELD(a)->field->id
                       == FIELD_CT_LABEL))
            || (a->type == OFPACT_REG_MOVE
                && (ofpact_get_REG_MOVE(a)->dst.field->id == FIELD_CT_MARK
                    || ofpact_get_REG_MOVE(a)->dst.field->id
                       == FIELD_CT_LABEL)));
}

static bool
writes_ct_field(const struct ofpact *a)
{
    return a->type != OFPACT_NAT && is_ct_exec(a);
}

static enum ofperr
verify_ct(const struct ofpact *ct)
{
    const struct ofpact *nest, *a;
    size_t size;

    nest = ofpact_nest_actions(ct, &size);
    OFPACT_FOR_EACH (a, nest, size) {
        if (!is_ct_exec(a)) {
            return OFPBAC_BAD_ARGUMENT;
        }
        if (a->type != OFPACT_NAT
            && !(ofpact_get_CT(ct)->flags & CT_F_COMMIT)) {
            return OFPBAC_BAD_ARGUMENT;
        }
        if (a->type == OFPACT_NAT
            && ofpact_get_NAT(a)->flags & (NAT_F_SRC | NAT_F_DST)
            && !(ofpact_get_CT(ct)->flags & CT_F_COMMIT)) {
            return OFPBAC_BAD_ARGUMENT;
        }
    }
    return 0;
}

static enum ofperr
verify_one(const struct ofpact *a, enum ofpacts_place place)
{
    const struct ofpact *nest;
    size_t size;

    if (a->type == OFPACT_NAT || writes_ct_field(a)) {
        return OFPBAC_BAD_SET_ARGUMENT;
    }
    if (place == OFPACTS_IN_ACTION_SET
        && !ofpact_may_be_in_set(a->type)) {
        return OFPBAC_BAD_TYPE;
    }
    if (place == OFPACTS_IN_ACTION_LIST && ofpact_is_instruction(a)
        && a->type != OFPACT_METER) {
        return OFPBIC_UNSUP_INST;
    }
    switch (a->type) {
    case OFPACT_CT:
        return verify_ct(a);
    case OFPACT_CLONE:
        nest = ofpact_nest_actions(a, &size);
        return ofpacts_verify(nest, size, OFPACTS_IN_ACTION_LIST);
    case OFPACT_WRITE_ACTIONS:
        nest = ofpact_nest_actions(a, &size);
        return ofpacts_verify(nest, size, OFPACTS_IN_ACTION_SET);
    default:
        return 0;
    }
}

/* The place of an instruction in their order; actions stand between meter and
 * clear_actions. */
static int
instruction_rank(const struct ofpact *a)
{
    return (!ofpact_is_instruction(a) ? 1
            : a->type == OFPACT_METER ? 0
            : 2 + a->type - OFPACT_CLEAR_ACTIONS);
}

enum ofperr
ofpacts_verify(const struct ofpact *ofpacts, size_t size,
               enum ofpacts_place place)
{
    bool conjunction = false, other = false;
    const struct ofpact *a;
    int rank = -1;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        enum ofperr error = verify_one(a, place);

        if (error) {
            return error;
        }
        if (a->type == OFPACT_CONJUNCTION) {
            conjunction = true;
        } else if (a->type != OFPACT_NOTE) {
            other = true;
        }
        if (place == OFPACTS_IN_FLOW
            && (a->type != OFPACT_METER || rank < 1)) {
            int r = instruction_rank(a);

            if (r == rank && r != 1) {
                return OFPBIC_DUP_INST;
            }
            if (r < rank) {
                return OFPBAC_UNSUPPORTED_ORDER;
            }
            rank = r;
        }
    }
    return conjunction && other ? NXBAC_BAD_CONJUNCTION : 0;
}
