/* SPDX-License-Identifier: Apache-2.0 */
/* States of SCTP (RFC 9260).
 *
 * An association has a state, moved by the chunks that go by, and a tag for
 * each direction, which its receiver chose and said in INIT or INIT ACK.  A
 * packet with another tag is not the association's: whoever does not see its
 * packets cannot end it.  One may be picked up in its middle; its tags are then
 * those that its packets bear. */

#include "vswitch/datapath/ct_private.h"

enum chunk {
    CHUNK_DATA = 0,
    CHUNK_INIT = 1,
    CHUNK_INIT_ACK = 2,
    CHUNK_SACK = 3,
    CHUNK_HEARTBEAT = 4,
    CHUNK_HEARTBEAT_ACK = 5,
    CHUNK_ABORT = 6,
    CHUNK_SHUTDOWN = 7,
    CHUNK_SHUTDOWN_ACK = 8,
    CHUNK_ERROR = 9,
    CHUNK_COOKIE_ECHO = 10,
    CHUNK_COOKIE_ACK = 11,
    CHUNK_SHUTDOWN_COMPLETE = 14,
    N_CHUNKS
};

#define CHUNK_F_REFLECTED 1      /* The tag is that of the other direction. */
#define INIT_SIZE 20             /* With its chunk header. */

static const uint32_t timeouts_s[] = {
    [CT_SCTP_CLOSED] = 10,
    [CT_SCTP_COOKIE_WAIT] = 30,
    [CT_SCTP_COOKIE_ECHOED] = 30,
    [CT_SCTP_ESTABLISHED] = 210, /* Heartbeats come every 30 s. */
    [CT_SCTP_SHUTDOWN_SENT] = 30,
    [CT_SCTP_SHUTDOWN_ACK_SENT] = 30,
};

/* The chunks of a packet. */
struct chunks {
    uint32_t tag;                /* Of the packet. */
    uint32_t set;                /* Bit i: there is one of type i. */
    bool is_reflected;
    uint32_t initiate_tag;       /* Of INIT or INIT ACK. */
};

static bool
has(const struct chunks *c, enum chunk chunk)
{
    return c->set & (1u << chunk);
}

/* False if there is none, or one is malformed. */
static bool
read_chunks(const struct ct_packet *cp, struct chunks *c)
{
    const uint8_t *p = cp->l4 + SCTP_HEADER_SIZE;
    size_t left = cp->l4_size - SCTP_HEADER_SIZE;

    *c = (struct chunks) { .tag = get_be32(cp->l4 + 4) };
    while (left >= 4) {
        size_t size = ntohs(get_be16(p + 2));
        size_t padded = (size + 3) & ~(size_t) 3;

        if (size < 4 || size > left) {
            return false;
        }
        if (p[0] < N_CHUNKS) {
            c->set |= 1u << p[0];
        }
        if (p[0] == CHUNK_INIT || p[0] == CHUNK_INIT_ACK) {
            if (size < INIT_SIZE) {
                return false;
            }
            c->initiate_tag = get_be32(p + 4);
        } else if (p[0] == CHUNK_ABORT || p[0] == CHUNK_SHUTDOWN_COMPLETE) {
            c->is_reflected = p[1] & CHUNK_F_REFLECTED;
        }
        p += MIN(padded, left);
        left -= MIN(padded, left);
    }
    /* INIT and its like come alone, and INIT has no tag. */
    return (p > cp->l4 + SCTP_HEADER_SIZE
            && (!has(c, CHUNK_INIT)
                || (c->set == 1u << CHUNK_INIT && !c->tag
                    && c->initiate_tag)));
}

bool
ct_sctp_may_begin(const struct ct_packet *cp)
{
    struct chunks c;

    return (read_chunks(cp, &c)
            && !(c.set & (1u << CHUNK_INIT_ACK | 1u << CHUNK_ABORT
                          | 1u << CHUNK_SHUTDOWN_ACK
                          | 1u << CHUNK_COOKIE_ACK
                          | 1u << CHUNK_SHUTDOWN_COMPLETE)));
}

uint32_t
ct_sctp_begin(struct ct_conn *conn, const struct ct_packet *cp)
{
    struct ct_sctp *s = &conn->sctp;
    struct chunks c;

    read_chunks(cp, &c);
    if (has(&c, CHUNK_INIT)) {
        s->state = CT_SCTP_COOKIE_WAIT;
        s->tag[CT_REPLY] = c.initiate_tag;
    } else {
        s->state = CT_SCTP_ESTABLISHED;
        s->tag[CT_ORIG] = c.tag;
    }
    return timeouts_s[s->state];
}

/* Whether the tag is that of the direction. */
static bool
tag_ok(const struct ct_sctp *s, const struct chunks *c, int dir)
{
    uint32_t want = s->tag[c->is_reflected ? !dir : dir];

    return !want || want == c->tag;
}

static void
advance(struct ct_sctp *s, const struct chunks *c, int dir)
{
    if (has(c, CHUNK_INIT)) {
        /* A restart is known by the answer. */
        s->tag[!dir] = (s->state == CT_SCTP_COOKIE_WAIT ? c->initiate_tag
                        : s->tag[!dir]);
    } else if (has(c, CHUNK_INIT_ACK)) {
        s->tag[!dir] = c->initiate_tag;
    } else if (has(c, CHUNK_ABORT) || has(c, CHUNK_SHUTDOWN_COMPLETE)) {
        s->state = CT_SCTP_CLOSED;
    } else if (has(c, CHUNK_COOKIE_ECHO)) {
        s->state = (s->state == CT_SCTP_COOKIE_WAIT ? CT_SCTP_COOKIE_ECHOED
                    : s->state);
    } else if (has(c, CHUNK_COOKIE_ACK)) {
        s->state = (s->state == CT_SCTP_COOKIE_ECHOED ? CT_SCTP_ESTABLISHED
                    : s->state);
    } else if (has(c, CHUNK_SHUTDOWN_ACK)) {
        s->state = CT_SCTP_SHUTDOWN_ACK_SENT;
    } else if (has(c, CHUNK_SHUTDOWN)) {
        s->state = CT_SCTP_SHUTDOWN_SENT;
    }
    if (!s->tag[dir] && !has(c, CHUNK_INIT) && !c->is_reflected) {
        s->tag[dir] = c->tag;    /* Picked up in its middle. */
    }
}

enum ct_update
ct_sctp_update(struct ct_conn *conn, const struct ct_packet *cp, int dir,
               uint32_t *timeout_s)
{
    struct ct_sctp *s = &conn->sctp;
    struct chunks c;

    if (!read_chunks(cp, &c)) {
        return CT_UPDATE_INVALID;
    }
    if (has(&c, CHUNK_INIT)) {
        if (s->state == CT_SCTP_CLOSED) {
            return CT_UPDATE_REOPEN;
        }
    } else if (!tag_ok(s, &c, dir)) {
        return CT_UPDATE_INVALID;
    }
    if (s->state == CT_SCTP_COOKIE_WAIT
        && c.set & (1u << CHUNK_DATA | 1u << CHUNK_SACK)
        && !has(&c, CHUNK_COOKIE_ECHO)) {
        return CT_UPDATE_INVALID;    /* Before there is an association. */
    }
    advance(s, &c, dir);
    *timeout_s = timeouts_s[s->state];
    return CT_UPDATE_VALID;
}
