/* SPDX-License-Identifier: Apache-2.0 */
/* Protocols that announce other connections in their own.
 *
 * FTP (RFC 959, RFC 2428): one end says in a line of text where it listens:
 * the client in "PORT" and "EPRT", the server in its answers 227 and 229.  Be
 * A the address of the end that announces and B the other's, as each has its
 * own, and A' and B' as the one sees the other.  Then a connection from B to A'
 * and the port that is said is to be expected, which shall go on as one from B'
 * to A and the port that was meant.  These are the addresses of the keys:
 *
 *     direction 'dir', in which the line goes:    A -> B'
 *     the other:                                  B -> A'
 *
 * Where A and A' differ the line says A' instead, and a port that nobody else
 * expects connections at.  The line may change its length; so from there on
 * the numbers of what A sends, and what B acknowledges, are shifted.
 *
 * TFTP (RFC 1350): the server answers to the port that a request came from,
 * from a port of its choice. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/packet/checksum.h"
#include "lib/runtime/counter.h"
#include "vswitch/datapath/ct_private.h"

COUNTER(conntrack_alg_no_port);
COUNTER(conntrack_alg_rewritten);

/* Longer than any line that we make is than what it replaces. */
#define ROOM 64
#define MAX_PORT_TRIES 128
#define MIN_FREE_PORT 1024

static const struct {
    enum ct_alg alg;
    const char *name;
} algs[] = {
    { CT_ALG_FTP, "ftp" },
    { CT_ALG_TFTP, "tftp" },
};

enum ct_alg
ct_alg_by_name(const char *name, size_t size)
{
    size_t n = strnlen(name, size);

    for (size_t i = 0; i < ARRAY_SIZE(algs); i++) {
        if (n == strlen(algs[i].name) && !memcmp(name, algs[i].name, n)) {
            return algs[i].alg;
        }
    }
    return CT_ALG_NONE;
}

const char *
ct_alg_name(enum ct_alg alg)
{
    for (size_t i = 0; i < ARRAY_SIZE(algs); i++) {
        if (algs[i].alg == alg) {
            return algs[i].name;
        }
    }
    return NULL;
}

struct ct_alg_state *
ct_alg_create(enum ct_alg alg)
{
    struct ct_alg_state *state = xzalloc(sizeof *state);

    state->alg = alg;
    list_init(&state->expectations);
    return state;
}

/* Sequence numbers. */

static bool
seq_after(uint32_t a, uint32_t b)
{
    return (int32_t) (a - b) > 0;
}

/* Stores 'new_' in the number at 'field' of a TCP header. */
static void
set_number(struct ct_packet *cp, void *field, uint32_t new_)
{
    be32 old = get_be32(field);

    if (!(cp->packet->flags & PACKET_F_CSUM_PARTIAL)) {
        cp->tcp->csum = csum_update32(cp->tcp->csum, old, htonl(new_));
    }
    put_be32(field, htonl(new_));
}

/* What the other end sent, of what it sees as 'ack'. */
static uint32_t
unshift(const struct ct_seq_shift *s, uint32_t ack)
{
    return ack - (seq_after(ack - s->before, s->position) ? s->after
                  : s->before);
}

/* Stores 'new_' at 'edge', which need not lie at an even place of the header:
 * there a word's bytes count the other way round. */
static void
set_edge(struct ct_packet *cp, uint8_t *edge, uint32_t new_)
{
    be32 old = get_be32(edge), now = htonl(new_);

    if ((edge - cp->l4) % 2) {
        old = __builtin_bswap32(old);
        now = __builtin_bswap32(now);
    }
    if (!(cp->packet->flags & PACKET_F_CSUM_PARTIAL)) {
        cp->tcp->csum = csum_update32(cp->tcp->csum, old, now);
    }
    put_be32(edge, htonl(new_));
}

/* Edges of blocks in a SACK option (RFC 2018) are numbers like ack. */
static void
fix_sack(struct ct_packet *cp, const struct ct_seq_shift *s)
{
    uint8_t *p = (uint8_t *) (cp->tcp + 1);
    uint8_t *end = (uint8_t *) cp->tcp + tcp_header_size(cp->tcp);

    while (p < end && p[0] != 0) {
        if (p[0] == 1) {
            p++;
            continue;
        }
        if (end - p < 2 || p[1] < 2 || p[1] > end - p) {
            return;
        }
        for (uint8_t *edge = p + 2; p[0] == 5 && edge + 4 <= p + p[1];
             edge += 4) {
            set_edge(cp, edge, unshift(s, ntohl(get_be32(edge))));
        }
        p += p[1];
    }
}

void
ct_alg_fix_ack(struct ct_conn *conn, struct ct_packet *cp, int dir)
{
    struct ct_seq_shift s;

    if (!cp->tcp || !(tcp_flags(cp->tcp) & TCP_FLAG_ACK)) {
        return;
    }
    pthread_spin_lock(&conn->lock);
    s = conn->alg->shifts[!dir];
    pthread_spin_unlock(&conn->lock);
    if (s.before || s.after) {
        set_number(cp, &cp->tcp->ack, unshift(&s, ntohl(cp->tcp->ack)));
        fix_sack(cp, &s);
    }
}

static void
fix_seq(struct ct_conn *conn, struct ct_packet *cp, int dir)
{
    const struct ct_seq_shift *s = &conn->alg->shifts[dir];
    uint32_t seq = ntohl(cp->tcp->seq);
    int32_t shift;

    pthread_spin_lock(&conn->lock);
    shift = seq_after(seq, s->position) ? s->after : s->before;
    pthread_spin_unlock(&conn->lock);
    if (shift) {
        set_number(cp, &cp->tcp->seq, seq + shift);
    }
}

/* The text in a segment of 'seq' is 'delta' bytes longer than it was. */
static void
note_shift(struct ct_conn *conn, int dir, uint32_t seq, int32_t delta)
{
    struct ct_seq_shift *s = &conn->alg->shifts[dir];

    pthread_spin_lock(&conn->lock);
    /* A segment that is sent again is no new change. */
    if (s->before == s->after || seq_after(seq, s->position)) {
        s->position = seq;
        s->before = s->after;
        s->after += delta;
    }
    pthread_spin_unlock(&conn->lock);
}

/* Texts. */

void
ct_alg_make_room(struct ct_packet *cp)
{
    struct packet *old = cp->packet, *p;
    uint16_t zone = cp->key.zone;

    if (packet_tailroom(old) + old->l2_pad >= ROOM) {
        return;
    }
    p = packet_alloc(old->size + ROOM);
    if (p) {
        packet_put_bytes(p, old->data, old->size);
        packet_copy_state(p, old);
        packet_free(old);
        ct_packet_read(p, zone, cp);
    }
}

/* Sets sizes and checksums after the payload has changed. */
static void
finish_packet(struct ct_packet *cp)
{
    struct packet *p = cp->packet;
    uint8_t *l3 = packet_l3(p);
    size_t l4_size = packet_tail(p) - cp->l4;
    uint32_t pseudo;

    if (cp->key.is_ipv6) {
        struct ipv6_header *ip = (void *) l3;

        ip->payload_size = htons(packet_l3_size(p) - sizeof *ip);
        pseudo = csum_pseudo6(&ip->src, &ip->dst, IPPROTO_TCP, l4_size);
    } else {
        struct ipv4_header *ip = (void *) l3;
        be16 old = ip->total_size;

        ip->total_size = htons(packet_l3_size(p));
        ip->csum = csum_update16(ip->csum, old, ip->total_size);
        pseudo = csum_pseudo4(ip->src, ip->dst, IPPROTO_TCP, l4_size);
    }
    cp->tcp->csum = 0;
    cp->tcp->csum = csum_finish(csum_continue(csum_fold(pseudo), cp->l4,
                                              l4_size));
    p->flags &= ~PACKET_F_CSUM_PARTIAL;
}

/* Puts 'text' in the place of the 'size' bytes at 'at'.  False, changing
 * nothing, if that cannot be. */
static bool
replace(struct ct_packet *cp, char *at, size_t size, const char *text)
{
    struct packet *p = cp->packet;
    size_t new_size = strlen(text);
    size_t rest;

    if (p->gso_type != PACKET_GSO_NONE
        || packet_tailroom(p) + p->l2_pad + size < new_size) {
        return false;
    }
    packet_truncate(p, p->size - p->l2_pad);
    p->l2_pad = 0;
    rest = (char *) packet_tail(p) - (at + size);
    memmove(at + new_size, at + size, rest);
    memcpy(at, text, new_size);
    p->size += new_size - size;
    cp->l4_size += new_size - size;
    finish_packet(cp);
    counter_inc(conntrack_alg_rewritten);
    return true;
}

/* FTP. */

/* What a line says: "at" and "size" are of the part that has the address and
 * the port. */
struct announcement {
    char *at;
    size_t size;
    enum { FORM_COMMAS, FORM_EXTENDED, FORM_PORT_ONLY } form;
    char delimiter;              /* Not of FORM_COMMAS. */
    bool has_address;
    struct in6_addr address;     /* As in a key. */
    uint16_t port;
};

/* Reads a number up to 'max' at '*p'. */
static bool
read_number(char **p, const char *end, unsigned int max, unsigned int *ret)
{
    unsigned int x = 0;
    char *start = *p;

    while (*p < end && **p >= '0' && **p <= '9' && *p - start < 6) {
        x = x * 10 + (*(*p)++ - '0');
    }
    *ret = x;
    return *p > start && x <= max;
}

/* "10,0,0,1,4,1". */
static bool
read_commas(char *p, const char *end, struct announcement *a)
{
    unsigned int x[6];

    a->at = p;
    for (int i = 0; i < 6; i++) {
        if ((i && (p == end || *p++ != ','))
            || !read_number(&p, end, UINT8_MAX, &x[i])) {
            return false;
        }
    }
    a->size = p - a->at;
    a->form = FORM_COMMAS;
    a->has_address = true;
    for (int i = 0; i < 4; i++) {
        a->address.s6_addr[i] = x[i];
    }
    a->port = x[4] << 8 | x[5];
    return true;
}

/* "|2|fd00::1|1025|", or "|||1025|" where nobody says an address. */
static bool
read_extended(char *p, const char *end, bool is_ipv6, struct announcement *a)
{
    char text[INET6_ADDRSTRLEN];
    unsigned int family, port;
    char *address;

    a->at = p;
    if (p == end || (unsigned char) *p < 33 || (unsigned char) *p > 126) {
        return false;
    }
    a->delimiter = *p++;
    if (end - p >= 2 && p[0] == a->delimiter && p[1] == a->delimiter) {
        a->form = FORM_PORT_ONLY;
        p += 2;
    } else {
        a->form = FORM_EXTENDED;
        a->has_address = true;
        if (!read_number(&p, end, 2, &family)
            || family != (is_ipv6 ? 2 : 1)
            || p == end || *p++ != a->delimiter) {
            return false;
        }
        address = p;
        while (p < end && *p != a->delimiter) {
            p++;
        }
        if (p == end || (size_t) (p - address) >= sizeof text) {
            return false;
        }
        memcpy(text, address, p - address);
        text[p++ - address] = '\0';
        if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, text, &a->address) != 1) {
            return false;
        }
    }
    if (!read_number(&p, end, UINT16_MAX, &port) || p == end
        || *p++ != a->delimiter) {
        return false;
    }
    a->size = p - a->at;
    a->port = port;
    return true;
}

static bool
begins_with(const char *line, const char *end, const char *word)
{
    size_t n = strlen(word);

    return (size_t) (end - line) >= n && !strncasecmp(line, word, n);
}

/* Reads a line, without its end. */
static bool
read_line(char *line, char *end, int dir, bool is_ipv6,
          struct announcement *a)
{
    *a = (struct announcement) { .at = NULL };
    if (dir == CT_ORIG) {
        return ((begins_with(line, end, "PORT ") && !is_ipv6
                 && read_commas(line + 5, end, a))
                || (begins_with(line, end, "EPRT ")
                    && read_extended(line + 5, end, is_ipv6, a)
                    && a->has_address));
    }
    if (begins_with(line, end, "227 ") && !is_ipv6) {
        /* Where the numbers are differs by server: take the first six. */
        for (char *p = line + 4; p < end; p++) {
            if (*p >= '0' && *p <= '9' && (p[-1] < '0' || p[-1] > '9')
                && read_commas(p, end, a)) {
                return true;
            }
        }
    } else if (begins_with(line, end, "229 ")) {
        char *p = memchr(line, '(', end - line);

        return (p && read_extended(p + 1, end, is_ipv6, a)
                && a->form == FORM_PORT_ONLY);
    }
    return false;
}

static void
format(const struct announcement *a, const struct ct_key *at, char *text,
       size_t size)
{
    char address[INET6_ADDRSTRLEN];
    const uint8_t *b = at->dst.s6_addr;
    uint16_t port = ntohs(at->tp_dst);
    char d = a->delimiter;

    inet_ntop(at->is_ipv6 ? AF_INET6 : AF_INET, &at->dst, address,
              sizeof address);
    switch (a->form) {
    case FORM_COMMAS:
        snprintf(text, size, "%u,%u,%u,%u,%u,%u", b[0], b[1], b[2], b[3],
                 port >> 8, port & 0xff);
        break;
    case FORM_EXTENDED:
        snprintf(text, size, "%c%d%c%s%c%u%c", d, at->is_ipv6 ? 2 : 1, d,
                 address, d, port, d);
        break;
    case FORM_PORT_ONLY:
        snprintf(text, size, "%c%c%c%u%c", d, d, d, port, d);
        break;
    }
}

/* What to expect of an end that listens at 'port', having said so in direction
 * 'dir'; the port that the other end shall be told is still that. */
static void
make_expected(const struct ct_conn *conn, int dir, be16 port, be16 told_port,
              struct ct_expected *x)
{
    const struct ct_key *this_way = &conn->nodes[dir].key;
    const struct ct_key *other_way = &conn->nodes[!dir].key;

    memset(x, 0, sizeof *x);
    x->key = *other_way;
    x->key.tp_src = 0;
    x->key.tp_dst = told_port;
    x->key.dir = 0;
    ct_key_reverse(this_way, &x->to);
    x->to.tp_src = 0;
    x->to.tp_dst = port;
    x->to.dir = 0;
    if (memcmp(&x->key.src, &x->to.src, 16)) {
        x->nat_state |= CS_SRC_NAT;
    }
    if (memcmp(&x->key.dst, &x->to.dst, 16) || told_port != port) {
        x->nat_state |= CS_DST_NAT;
    }
}

/* Expects a connection at a port that is free, the one that was announced if
 * it is; 'may_change' if another one can be told. */
static bool
expect_at_some_port(struct conntrack *ct, struct ct_conn *conn, int dir,
                    be16 port, bool may_change, int64_t now_ms,
                    struct ct_expected *x)
{
    be16 before;

    make_expected(conn, dir, port, port, x);
    before = ct_expect_find_port(ct->expectations, conn, &x->to);
    if (before) {
        /* The line is sent again: it says what it said. */
        make_expected(conn, dir, port, before, x);
    }
    for (unsigned int i = 0; i < MAX_PORT_TRIES; i++) {
        uint16_t next;

        if (ct_expect(ct->expectations, conn, x, now_ms)) {
            return true;
        }
        if (!may_change) {
            break;
        }
        next = ntohs(x->key.tp_dst) + 1;
        make_expected(conn, dir, port,
                      htons(next < MIN_FREE_PORT ? MIN_FREE_PORT : next), x);
    }
    counter_inc(conntrack_alg_no_port);
    return false;
}

/* Obeys an announcement; returns by how much the text grew. */
static int32_t
announce(struct conntrack *ct, struct ct_conn *conn, struct ct_packet *cp,
         int dir, const struct announcement *a, int64_t now_ms)
{
    const struct ct_key *this_way = &conn->nodes[dir].key;
    struct ct_expected x;
    char text[INET6_ADDRSTRLEN + 16];
    bool is_translated = memcmp(&conn->nodes[!dir].key.dst, &this_way->src,
                                16) != 0;

    /* Somebody else's address is none of this connection's business. */
    if (!a->port || (a->has_address
                     && memcmp(&a->address, &this_way->src, 16))
        || !expect_at_some_port(ct, conn, dir, htons(a->port), is_translated,
                                now_ms, &x)
        || !(x.nat_state & CS_DST_NAT)) {
        return 0;
    }
    format(a, &x.key, text, sizeof text);
    return (replace(cp, a->at, a->size, text)
            ? (int32_t) (strlen(text) - a->size) : 0);
}

static void
run_ftp(struct conntrack *ct, struct ct_conn *conn, struct ct_packet *cp,
        int dir, int64_t now_ms)
{
    size_t header = tcp_header_size(cp->tcp);
    char *line = (char *) cp->l4 + header;
    char *end = (char *) cp->l4 + cp->l4_size;
    uint32_t seq = ntohl(cp->tcp->seq);

    while (line < end) {
        char *next = memchr(line, '\n', end - line);
        struct announcement a;

        if (!next) {
            break;               /* Not a whole line. */
        }
        if (read_line(line, next, dir, cp->key.is_ipv6, &a)) {
            int32_t delta = announce(ct, conn, cp, dir, &a, now_ms);

            fix_seq(conn, cp, dir);
            if (delta) {
                note_shift(conn, dir, seq, delta);
            }
            return;
        }
        line = next + 1;
    }
    fix_seq(conn, cp, dir);
}

/* TFTP. */

static void
run_tftp(struct conntrack *ct, struct ct_conn *conn,
         const struct ct_packet *cp, int dir, int64_t now_ms)
{
    struct ct_expected x;
    be16 opcode;

    if (dir != CT_ORIG || cp->key.proto != IPPROTO_UDP
        || cp->l4_size < UDP_HEADER_SIZE + 4) {
        return;
    }
    opcode = get_be16(cp->l4 + UDP_HEADER_SIZE);
    if (opcode == htons(1) || opcode == htons(2)) {
        make_expected(conn, dir, conn->nodes[CT_ORIG].key.tp_src,
                      conn->nodes[CT_REPLY].key.tp_dst, &x);
        if (!ct_expect(ct->expectations, conn, &x, now_ms)) {
            counter_inc(conntrack_alg_no_port);
        }
    }
}

void
ct_alg_run(struct conntrack *ct, struct ct_conn *conn, struct ct_packet *cp,
           int dir, int64_t now_ms)
{
    if (conn->alg->alg == CT_ALG_TFTP) {
        run_tftp(ct, conn, cp, dir, now_ms);
    } else if (cp->tcp) {
        run_ftp(ct, conn, cp, dir, now_ms);
    }
}
