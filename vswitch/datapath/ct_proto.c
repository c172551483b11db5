/* SPDX-License-Identifier: Apache-2.0 */
/* States of protocols.
 *
 * TCP follows Guido van Rooij, "Real Stateful TCP Packet Filtering in
 * IP Filter" (2000): each end has a state of its own, moved by the flags that
 * it sends and that the other acknowledges, and a segment is valid if it lies
 * in what the other end's window lets its sender send, and acknowledges only
 * what the other end has sent.  A connection may be picked up in its middle
 * (a switch that restarts must not cut connections); the windows are then
 * learned from both directions' first segments. */

#include "vswitch/datapath/ct_private.h"

/* The least tolerance for old segments and acknowledgements: the largest
 * window without scaling, and a segment. */
#define MIN_SLACK 66000

static const struct {
    const char *name;
    uint32_t seconds;
} timeouts[CT_N_TIMEOUTS] = {
    [CT_TM_TCP_SYN_SENT] = { "tcp_syn_sent", 30 },
    [CT_TM_TCP_SYN_RECV] = { "tcp_syn_recv", 30 },
    [CT_TM_TCP_ESTABLISHED] = { "tcp_established", 24 * 60 * 60 },
    [CT_TM_TCP_FIN_WAIT] = { "tcp_fin_wait", 15 * 60 },
    [CT_TM_TCP_TIME_WAIT] = { "tcp_time_wait", 45 },
    [CT_TM_TCP_CLOSE] = { "tcp_close", 30 },
    [CT_TM_UDP_FIRST] = { "udp_first", 60 },
    [CT_TM_UDP_SINGLE] = { "udp_single", 60 },
    [CT_TM_UDP_MULTIPLE] = { "udp_multiple", 30 },
    [CT_TM_ICMP_FIRST] = { "icmp_first", 60 },
    [CT_TM_ICMP_REPLY] = { "icmp_reply", 30 },
};

int
ct_timeout_by_name(const char *name)
{
    for (int i = 0; i < CT_N_TIMEOUTS; i++) {
        if (!strcmp(timeouts[i].name, name)) {
            return i;
        }
    }
    return -1;
}

uint32_t
ct_timeout_default_s(enum ct_timeout timeout)
{
    return timeouts[timeout].seconds;
}

static void
expire_in(struct ct_conn *conn, int64_t seconds, int64_t now_ms)
{
    __atomic_store_n(&conn->expires_ms, now_ms + seconds * 1000,
                     __ATOMIC_RELAXED);
}

static void
set_timeout(const struct conntrack *ct, struct ct_conn *conn,
            enum ct_timeout timeout, int64_t now_ms)
{
    const struct ct_policy *policy
        = conn->policy ? rcu_dereference(ct->policies[conn->policy]) : NULL;
    int64_t seconds = (policy ? policy->timeouts_s[timeout]
                       : timeouts[timeout].seconds);

    expire_in(conn, seconds, now_ms);
}

/* a < b, and a <= b, of sequence numbers. */
static bool
seq_lt(uint32_t a, uint32_t b)
{
    return (int32_t) (a - b) < 0;
}

static bool
seq_le(uint32_t a, uint32_t b)
{
    return (int32_t) (a - b) <= 0;
}

static bool
flags_make_sense(uint16_t flags)
{
    if (flags & TCP_FLAG_SYN) {
        return !(flags & (TCP_FLAG_RST | TCP_FLAG_FIN));
    }
    return flags & (TCP_FLAG_ACK | TCP_FLAG_RST);
}

bool
ct_proto_may_begin(const struct ct_packet *cp)
{
    uint16_t flags;

    if (cp->key.proto == IPPROTO_SCTP) {
        return ct_sctp_may_begin(cp);
    }
    if (!cp->tcp) {
        return ct_key_may_begin(&cp->key) && !cp->is_icmp_error;
    }
    flags = tcp_flags(cp->tcp);
    /* A reply to a SYN that never passed here, or a reset, begins nothing. */
    return (flags_make_sense(flags) && !(flags & TCP_FLAG_RST)
            && (flags & (TCP_FLAG_SYN | TCP_FLAG_ACK))
               != (TCP_FLAG_SYN | TCP_FLAG_ACK));
}

/* The window scale option of a SYN; 0 if there is none. */
static uint8_t
read_wscale(const struct tcp_header *tcp)
{
    const uint8_t *p = (const uint8_t *) (tcp + 1);
    const uint8_t *end = (const uint8_t *) tcp + tcp_header_size(tcp);

    while (p < end && p[0] != 0) {
        if (p[0] == 1) {
            p++;
        } else if (end - p < 2 || p[1] < 2 || p[1] > end - p) {
            break;
        } else if (p[0] == 3 && p[1] == 3) {
            return MIN(p[2], 14);
        } else {
            p += p[1];
        }
    }
    return 0;
}

/* A segment's numbers. */
struct segment {
    uint16_t flags;
    uint32_t seq, end, ack;
    uint32_t window;             /* Scaled. */
};

static void
read_segment(const struct ct_packet *cp, const struct ct_tcp_peer *src,
             const struct ct_tcp_peer *dst, struct segment *s)
{
    const struct tcp_header *tcp = cp->tcp;

    s->flags = tcp_flags(tcp);
    s->seq = ntohl(tcp->seq);
    s->end = s->seq + cp->payload_size + !!(s->flags & TCP_FLAG_SYN)
             + !!(s->flags & TCP_FLAG_FIN);
    s->ack = s->flags & TCP_FLAG_ACK ? ntohl(tcp->ack) : 0;
    s->window = ntohs(tcp->window);
    /* Scaling holds if both ends offered it, and not in a SYN. */
    if (!(s->flags & TCP_FLAG_SYN) && src->wscale != CT_WSCALE_UNKNOWN
        && dst->wscale != CT_WSCALE_UNKNOWN) {
        s->window <<= src->wscale;
    }
}

/* Takes note of what 'src' sent. */
static void
learn(struct ct_tcp_peer *src, struct ct_tcp_peer *dst,
      const struct segment *s)
{
    if (!src->max_window || seq_lt(src->end, s->end)) {
        src->end = s->end;
    }
    src->max_window = MAX(src->max_window, MAX(s->window, 1));
    if (s->flags & TCP_FLAG_ACK) {
        uint32_t limit = s->ack + MAX(s->window, 1);

        if (!dst->max_end || seq_lt(dst->max_end, limit)) {
            dst->max_end = limit;
        }
        if (!dst->max_window) {
            /* Never seen itself: it has sent what is acknowledged. */
            dst->end = s->ack;
        }
    }
}

static bool
in_window(const struct ct_tcp_peer *src, const struct ct_tcp_peer *dst,
          const struct segment *s)
{
    uint32_t old = MAX(dst->max_window, MIN_SLACK);

    if (src->max_end && seq_lt(src->max_end + 1, s->end)
        && src->max_window) {
        return false;
    }
    if (src->max_window && seq_lt(s->seq, src->end - old)) {
        return false;
    }
    if (s->flags & TCP_FLAG_ACK && dst->max_window) {
        return (seq_le(s->ack, dst->end)
                && !seq_lt(s->ack, dst->end - MAX(src->max_window,
                                                  MIN_SLACK)));
    }
    return true;
}

static void
advance_states(struct ct_tcp_peer *src, struct ct_tcp_peer *dst,
               uint16_t flags)
{
    if (flags & TCP_FLAG_SYN && src->state < CT_TCP_SYN_SENT) {
        src->state = CT_TCP_SYN_SENT;
    }
    if (flags & TCP_FLAG_FIN && src->state < CT_TCP_CLOSING) {
        src->state = CT_TCP_CLOSING;
    }
    if (flags & TCP_FLAG_ACK) {
        if (dst->state == CT_TCP_SYN_SENT) {
            dst->state = CT_TCP_ESTABLISHED;
        } else if (dst->state == CT_TCP_CLOSING) {
            dst->state = CT_TCP_FIN_WAIT_2;
        }
    }
    if (flags & TCP_FLAG_RST) {
        src->state = dst->state = CT_TCP_TIME_WAIT;
    }
}

static enum ct_timeout
tcp_timeout(const struct ct_tcp_peer *a, const struct ct_tcp_peer *b)
{
    if (a->state >= CT_TCP_FIN_WAIT_2 && b->state >= CT_TCP_FIN_WAIT_2) {
        return (a->state == CT_TCP_TIME_WAIT ? CT_TM_TCP_CLOSE
                : CT_TM_TCP_TIME_WAIT);
    } else if (a->state >= CT_TCP_CLOSING || b->state >= CT_TCP_CLOSING) {
        return CT_TM_TCP_FIN_WAIT;
    } else if (a->state < CT_TCP_ESTABLISHED
               && b->state < CT_TCP_SYN_SENT) {
        return CT_TM_TCP_SYN_SENT;
    } else if (a->state < CT_TCP_ESTABLISHED
               || b->state < CT_TCP_ESTABLISHED) {
        return CT_TM_TCP_SYN_RECV;
    }
    return CT_TM_TCP_ESTABLISHED;
}

static void
tcp_begin(struct ct_conn *conn, const struct ct_packet *cp)
{
    struct ct_tcp_peer *src = &conn->tcp[CT_ORIG];
    struct ct_tcp_peer *dst = &conn->tcp[CT_REPLY];
    struct segment s;

    *src = *dst = (struct ct_tcp_peer) { .wscale = CT_WSCALE_UNKNOWN };
    read_segment(cp, src, dst, &s);
    if (s.flags & TCP_FLAG_SYN) {
        src->wscale = read_wscale(cp->tcp);
        src->state = CT_TCP_SYN_SENT;
        dst->state = CT_TCP_NONE;
    } else {
        /* Picked up in the middle: nobody knows the scales.  Take the
         * largest, so that nothing valid is refused. */
        src->wscale = dst->wscale = 14;
        src->state = dst->state = CT_TCP_ESTABLISHED;
        s.window <<= 14;
    }
    learn(src, dst, &s);
}

static enum ct_update
tcp_update(const struct conntrack *ct, struct ct_conn *conn,
           const struct ct_packet *cp, int dir)
{
    struct ct_tcp_peer *src = &conn->tcp[dir];
    struct ct_tcp_peer *dst = &conn->tcp[!dir];
    bool check = __atomic_load_n(&ct->tcp_seq_chk, __ATOMIC_RELAXED);
    struct segment s;

    read_segment(cp, src, dst, &s);
    if (!flags_make_sense(s.flags)) {
        return CT_UPDATE_INVALID;
    }
    if ((s.flags & (TCP_FLAG_SYN | TCP_FLAG_ACK)) == TCP_FLAG_SYN
        && src->state >= CT_TCP_FIN_WAIT_2
        && dst->state >= CT_TCP_FIN_WAIT_2) {
        return CT_UPDATE_REOPEN;
    }
    if (s.flags & TCP_FLAG_SYN) {
        if (src->wscale == CT_WSCALE_UNKNOWN) {
            src->wscale = read_wscale(cp->tcp);
        }
        if (src->state < CT_TCP_SYN_SENT && dir == CT_REPLY) {
            /* The answer's numbers are its own. */
            src->max_window = 0;
        }
    }
    if (s.flags & TCP_FLAG_RST && !(s.flags & TCP_FLAG_ACK) && !s.seq) {
        /* Some stacks reset with neither number; only the answer to a SYN may
         * be so. */
        if (dst->state >= CT_TCP_ESTABLISHED && check) {
            return CT_UPDATE_INVALID;
        }
    } else if (check && !in_window(src, dst, &s)) {
        return CT_UPDATE_INVALID;
    }
    if (!(s.flags & TCP_FLAG_RST)) {
        learn(src, dst, &s);
    }
    advance_states(src, dst, s.flags);
    return CT_UPDATE_VALID;
}

static bool
is_icmp(const struct ct_conn *conn)
{
    uint8_t proto = conn->nodes[CT_ORIG].key.proto;

    return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

void
ct_proto_begin(const struct conntrack *ct, struct ct_conn *conn,
               const struct ct_packet *cp, int64_t now_ms)
{
    enum ct_timeout timeout = (is_icmp(conn) ? CT_TM_ICMP_FIRST
                               : CT_TM_UDP_FIRST);

    if (cp->tcp) {
        tcp_begin(conn, cp);
        timeout = tcp_timeout(&conn->tcp[CT_ORIG], &conn->tcp[CT_REPLY]);
    }
    conn->n_packets[CT_ORIG] = 1;
    conn->n_bytes[CT_ORIG] = cp->packet->size;
    if (cp->key.proto == IPPROTO_SCTP) {
        expire_in(conn, ct_sctp_begin(conn, cp), now_ms);
        return;
    }
    set_timeout(ct, conn, timeout, now_ms);
}

enum ct_update
ct_proto_update(const struct conntrack *ct, struct ct_conn *conn,
                const struct ct_packet *cp, int dir, int64_t now_ms)
{
    bool is_sctp = cp->key.proto == IPPROTO_SCTP;
    enum ct_update update = CT_UPDATE_VALID;
    enum ct_timeout timeout;
    uint32_t sctp_timeout_s = 0;

    if (cp->tcp) {
        update = tcp_update(ct, conn, cp, dir);
    } else if (is_sctp) {
        update = ct_sctp_update(conn, cp, dir, &sctp_timeout_s);
    }
    if (update != CT_UPDATE_VALID) {
        return update;
    }
    if (dir == CT_REPLY) {
        __atomic_store_n(&conn->seen_reply, true, __ATOMIC_RELAXED);
    }
    conn->n_packets[dir]++;
    conn->n_bytes[dir] += cp->packet->size;
    if (is_sctp) {
        expire_in(conn, sctp_timeout_s, now_ms);
        return CT_UPDATE_VALID;
    }
    if (cp->tcp) {
        timeout = tcp_timeout(&conn->tcp[CT_ORIG], &conn->tcp[CT_REPLY]);
    } else if (is_icmp(conn)) {
        timeout = conn->seen_reply ? CT_TM_ICMP_REPLY : CT_TM_ICMP_FIRST;
    } else {
        timeout = conn->seen_reply ? CT_TM_UDP_MULTIPLE : CT_TM_UDP_SINGLE;
    }
    set_timeout(ct, conn, timeout, now_ms);
    return CT_UPDATE_VALID;
}
