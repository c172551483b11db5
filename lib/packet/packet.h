/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_PACKET_H
#define PACKET_PACKET_H

/* A packet: bytes with room in front, where its headers are, what is left to
 * be done about checksums and segmentation, and what the switch knows of it.
 *
 * Memory comes from pools of two sizes (PACKET_SMALL, PACKET_LARGE), kept by
 * thread with a shared depot behind them, so that the fast path never calls
 * malloc() and a packet may be freed by another thread than made it.
 *
 * A *borrowed* packet (packet_use()) has its bytes in somebody else's memory,
 * such as a receive ring: valid until its lender takes them back.  Whoever
 * keeps a packet for longer clones it.
 *
 * Offloads: 'csum_start' and 'csum_offset' say that the transport checksum is
 * still to be filled in (PACKET_F_CSUM_PARTIAL; the field then holds the sum
 * of the pseudo header), and 'gso_size' that the payload is still to be cut.
 * Offsets count from 'data', and so move when headers are pushed or popped in
 * front: packet_push() and packet_pop() take care of them.
 *
 * Threads: a packet has one owner at a time. */

#include <string.h>

#include "lib/packet/metadata.h"

#define PACKET_HEADROOM 192      /* In front of every packet from a pool. */
#define PACKET_SMALL 2048        /* Bytes after the headroom. */
#define PACKET_LARGE (65536 + 4096)
#define PACKET_NO_OFFSET UINT16_MAX
#define PACKET_MAX_SIZE 65550    /* What the fast path takes: a 64 KiB IP
                                  * packet in Ethernet. */

enum packet_flags {
    PACKET_F_CSUM_PARTIAL = 1 << 0,  /* Transport checksum to be finished. */
    PACKET_F_CSUM_VALID = 1 << 1,    /* Transport checksum was verified. */
};

enum packet_gso {
    PACKET_GSO_NONE,
    PACKET_GSO_TCP4,
    PACKET_GSO_TCP6,
    PACKET_GSO_UDP,              /* Cut into datagrams of gso_size payload. */
};

struct packet {
    uint8_t *data;               /* First byte in use. */
    uint32_t size;               /* Bytes in use. */
    uint16_t l2_5_ofs;           /* First MPLS label, or PACKET_NO_OFFSET. */
    uint16_t l3_ofs;             /* Network header, or PACKET_NO_OFFSET. */
    uint16_t l4_ofs;             /* Transport header, or PACKET_NO_OFFSET. */
    uint8_t l2_pad;              /* Bytes after the end of the IP packet. */
    uint8_t flags;               /* PACKET_F_*. */
    uint8_t gso_type;            /* PACKET_GSO_*. */
    bool gso_ecn;                /* TCP with ECN: CWR in the first only. */
    uint16_t gso_size;           /* Payload of each segment. */
    uint16_t csum_start;         /* With PACKET_F_CSUM_PARTIAL. */
    uint16_t csum_offset;        /* From 'csum_start'. */
    uint32_t max_size;           /* The next output truncates to this;
                                  * UINT32_MAX: does not. */
    uint32_t packet_type;        /* 0 for Ethernet, as flow.packet_type. */
    uint32_t hash;               /* Of the flow key, by its user. */

    uint8_t *base;               /* First byte of the buffer. */
    uint32_t allocated;          /* Bytes of the buffer. */
    uint8_t source;              /* Private: where it came from. */
    struct packet *next;         /* For its owner (lists, pools). */
    void *conn;                  /* For connection tracking. */
    uint32_t mru;                /* Size of the largest fragment it was put
                                  * together from, from the network header on;
                                  * 0 if none. */
    uint32_t fragment_id;        /* With 'mru': the fragments' own. */

    struct packet_metadata md;
};

/* Returns an empty packet with PACKET_HEADROOM in front and room for 'size'
 * bytes, for packet_free(), or NULL if 'size' exceeds PACKET_LARGE.  The
 * metadata are those of a packet from port 0. */
struct packet *packet_alloc(size_t size) MUST_USE;

/* Gives 'packet' back (NULL is fine).  Does nothing to a borrowed one. */
void packet_free(struct packet *);

/* Makes '*packet', in the caller's storage, a borrowed packet of the 'size'
 * bytes at 'data' in the buffer of 'allocated' bytes at 'base'.  Metadata as
 * from packet_alloc(). */
void packet_use(struct packet *, void *base, size_t allocated, void *data,
                size_t size);

/* A deep copy of bytes, offsets, offloads and metadata, from the pools.
 * NULL if too large. */
struct packet *packet_clone(const struct packet *) MUST_USE;

/* Gives 'packet' all that 'src' has but for its bytes: offsets, offloads,
 * metadata. */
void packet_copy_state(struct packet *, const struct packet *src);

/* A packet of a copy of 'size' bytes at 'data'; NULL if too large. */
struct packet *packet_from_bytes(const void *data, size_t size) MUST_USE;

/* Hands what this thread's pool holds to the depot.  Before a thread ends. */
void packet_pool_flush(void);

/* Bytes of memory that pools and packets hold, process-wide. */
uint64_t packet_pool_bytes(void);

static inline size_t
packet_headroom(const struct packet *p)
{
    return p->data - p->base;
}

static inline size_t
packet_tailroom(const struct packet *p)
{
    return p->base + p->allocated - (p->data + p->size);
}

static inline uint8_t *
packet_tail(const struct packet *p)
{
    return p->data + p->size;
}

/* Appends 'n' uninitialized bytes and returns where, or NULL, changing
 * nothing, if there is no room. */
void *packet_put(struct packet *, size_t n);
bool packet_put_bytes(struct packet *, const void *, size_t n);

/* Adds 'n' uninitialized bytes in front and returns where, or NULL, changing
 * nothing, if there is no room.  Offsets keep meaning the same bytes. */
void *packet_push(struct packet *, size_t n);

/* Removes 'n' (at most 'size') bytes from the front.  Offsets that meant
 * bytes that are gone become PACKET_NO_OFFSET. */
void packet_pop(struct packet *, size_t n);

/* Inserts 'n' uninitialized bytes at offset 'at' by moving what is in front of
 * it; false, changing nothing, if there is no room.  Offsets at or after 'at'
 * keep meaning the same bytes. */
bool packet_insert(struct packet *, size_t at, size_t n);

/* Removes 'n' bytes at offset 'at' by moving what is in front. */
void packet_remove(struct packet *, size_t at, size_t n);

/* Cuts the packet to 'size' bytes, if it is longer. */
static inline void
packet_truncate(struct packet *p, size_t size)
{
    p->size = MIN(p->size, size);
}

static inline void
packet_reset_offsets(struct packet *p)
{
    p->l2_pad = 0;
    p->l2_5_ofs = p->l3_ofs = p->l4_ofs = PACKET_NO_OFFSET;
}

static inline void
packet_reset_offloads(struct packet *p)
{
    p->flags = 0;
    p->gso_type = PACKET_GSO_NONE;
    p->gso_size = 0;
}

static inline void *
packet_l3(const struct packet *p)
{
    return p->l3_ofs != PACKET_NO_OFFSET ? p->data + p->l3_ofs : NULL;
}

static inline void *
packet_l4(const struct packet *p)
{
    return p->l4_ofs != PACKET_NO_OFFSET ? p->data + p->l4_ofs : NULL;
}

/* Bytes of the network packet: from the network header to the end, padding of
 * the frame not counted.  0 if there is none. */
static inline size_t
packet_l3_size(const struct packet *p)
{
    return (p->l3_ofs != PACKET_NO_OFFSET
            ? p->size - p->l3_ofs - p->l2_pad : 0);
}

static inline size_t
packet_l4_size(const struct packet *p)
{
    return (p->l4_ofs != PACKET_NO_OFFSET
            ? p->size - p->l4_ofs - p->l2_pad : 0);
}

/* Packets that go through the switch together. */
#define PACKET_BATCH 32

struct packet_batch {
    uint32_t n;
    struct packet *packets[PACKET_BATCH];
};

static inline void
packet_batch_free(struct packet_batch *batch)
{
    for (uint32_t i = 0; i < batch->n; i++) {
        packet_free(batch->packets[i]);
    }
    batch->n = 0;
}

#endif /* packet/packet.h */
