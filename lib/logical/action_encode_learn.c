/* SPDX-License-Identifier: Apache-2.0 */

/* Actions that make the switch learn flows: sessions of load balancers and next
 * hops of connections. */

#include "lib/logical/action_encoder.h"

#include <netinet/in.h>

#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"

/* An ECMP or affinity session's flow lives this long without packets; the
 * former long enough for an idle connection to come back the way it went. */
#define ECMP_NH_IDLE_TIMEOUT_S 300
#define LEARN_PRIORITY 100

static void
put_learn_spec(struct buf *out, uint8_t dst_type, struct subfield dst,
               const struct subfield *src, u128 immediate)
{
    struct learn_spec *spec = buf_put_zeros(out, sizeof *spec);

    spec->dst = dst;
    spec->dst_type = dst_type;
    spec->n_bits = dst.n_bits;
    if (src) {
        spec->src_type = LEARN_SRC_FIELD;
        spec->src = *src;
    } else {
        size_t size = ROUND_UP(DIV_ROUND_UP(dst.n_bits, 8), 8);

        spec->src_type = LEARN_SRC_IMMEDIATE;
        uint8_t *p = buf_put_zeros(out, size);
        for (size_t i = size; i-- > 0;) {
            p[i] = immediate;
            immediate >>= 8;
        }
    }
}

static void
learn_match(struct buf *out, enum field_id field, u128 value)
{
    put_learn_spec(out, LEARN_DST_MATCH, whole_field(field), NULL, value);
}

static void
learn_match_field(struct buf *out, enum field_id dst, enum field_id src)
{
    struct subfield sf = whole_field(src);

    put_learn_spec(out, LEARN_DST_MATCH, whole_field(dst), &sf, 0);
}

static void
learn_load(struct buf *out, struct subfield dst, u128 value)
{
    put_learn_spec(out, LEARN_DST_LOAD, dst, NULL, value);
}

static size_t
begin_learn(struct action_encoder *e, uint8_t table, uint16_t idle_timeout_s)
{
    size_t ofs = e->out->size;
    struct ofpact_learn *learn = ofpact_put_LEARN(e->out);

    learn->idle_timeout_s = idle_timeout_s;
    learn->priority = LEARN_PRIORITY;
    learn->table_id = table;
    learn->flags = LEARN_F_DELETE_LEARNED;
    learn->cookie = htonll(e->env->cookie);
    /* In this datapath only. */
    learn_match_field(e->out, FIELD_METADATA, FIELD_METADATA);
    return ofs;
}

static enum field_id
l4_field(uint8_t proto, bool is_dst)
{
    enum field_id id = (proto == IPPROTO_TCP ? FIELD_TCP_SRC
                        : proto == IPPROTO_UDP ? FIELD_UDP_SRC
                        : FIELD_SCTP_SRC);

    if (!is_dst) {
        return id;
    }
    return (proto == IPPROTO_TCP ? FIELD_TCP_DST
            : proto == IPPROTO_UDP ? FIELD_UDP_DST : FIELD_SCTP_DST);
}

/* Where chk_lb_aff() tells the backend: northd has other registers free in
 * routers than in switches. */
static struct subfield
backend_field(const struct action_encoder *e, bool is_ip6)
{
    return (is_ip6 ? whole_field(FIELD_XXREG0 + !e->env->is_switch) : reg(4));
}

/* From this client to the VIP: the same backend. */
ENCODER(lb_aff)
{
    bool is_ip6 = !ip_is_v4(&a->lb_aff.vip.ip);
    enum field_id src = is_ip6 ? FIELD_IPV6_SRC : FIELD_IPV4_SRC;
    size_t ofs = begin_learn(e, e->env->tables->chk_lb_affinity,
                             a->lb_aff.timeout_s);

    learn_match(e->out, FIELD_ETH_TYPE, is_ip6 ? 0x86dd : 0x800);
    learn_match_field(e->out, src, src);
    learn_match(e->out, is_ip6 ? FIELD_IPV6_DST : FIELD_IPV4_DST,
                ip_to_u128(&a->lb_aff.vip.ip));
    if (a->lb_aff.proto) {
        learn_match(e->out, FIELD_IP_PROTO, a->lb_aff.proto);
        if (a->lb_aff.vip.port) {
            learn_match(e->out, l4_field(a->lb_aff.proto, true),
                        a->lb_aff.vip.port);
        }
    }
    learn_load(e->out, reg_bits(LOG_REG_FLAGS, LOG_FLAG_USE_LB_AFF_SESSION, 1),
               1);
    learn_load(e->out, backend_field(e, is_ip6),
               ip_to_u128(&a->lb_aff.backend.ip));
    if (a->lb_aff.backend.port) {
        learn_load(e->out, reg_bits(8, 0, 16), a->lb_aff.backend.port);
    }
    ofpact_finish(e->out, ofs);
}

/* The connection's packets, in this direction or the other. */
static void
learn_five_tuple(struct action_encoder *e, const struct action *a,
                 bool is_reverse)
{
    bool is_ip6 = a->ecmp_nh.is_ip6;
    enum field_id src = is_ip6 ? FIELD_IPV6_SRC : FIELD_IPV4_SRC;
    enum field_id dst = is_ip6 ? FIELD_IPV6_DST : FIELD_IPV4_DST;
    enum field_id sport = l4_field(a->ecmp_nh.proto, false);
    enum field_id dport = l4_field(a->ecmp_nh.proto, true);

    learn_match(e->out, FIELD_ETH_TYPE, is_ip6 ? 0x86dd : 0x800);
    learn_match(e->out, FIELD_IP_PROTO, a->ecmp_nh.proto);
    learn_match_field(e->out, src, is_reverse ? dst : src);
    learn_match_field(e->out, dst, is_reverse ? src : dst);
    learn_match_field(e->out, sport, is_reverse ? dport : sport);
    learn_match_field(e->out, dport, is_reverse ? sport : dport);
}

ENCODER(ecmp_nh)
{
    struct subfield flag = reg_bits(LOG_REG_FLAGS,
                                    LOG_FLAG_LOOKUP_COMMIT_ECMP_NH, 1);
    size_t ofs = begin_learn(e, e->env->tables->ecmp_nh_mac,
                             ECMP_NH_IDLE_TIMEOUT_S);

    learn_five_tuple(e, a, false);
    learn_match_field(e->out, FIELD_ETH_SRC, FIELD_ETH_SRC);
    learn_load(e->out, flag, 1);
    ofpact_finish(e->out, ofs);

    ofs = begin_learn(e, e->env->tables->ecmp_nh, ECMP_NH_IDLE_TIMEOUT_S);
    learn_five_tuple(e, a, true);
    learn_load(e->out, flag, 1);
    ofpact_finish(e->out, ofs);
}
