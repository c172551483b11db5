/* SPDX-License-Identifier: Apache-2.0 */
/* Reassembly of IP fragments.
 *
 * One mutex protects all: fragments are rare next to packets, and those of a
 * datagram may come by different pollers.  Nothing is done under it that takes
 * longer than finding a place among the datagram's fragments, but for the copy
 * when the last one is there. */

#include "vswitch/datapath/ipf.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/list.h"
#include "lib/base/random.h"
#include "lib/packet/checksum.h"
#include "lib/packet/fragment.h"
#include "lib/runtime/counter.h"

COUNTER(ipf_dropped_full);
COUNTER(ipf_dropped_overlap);

#define MIN_SIZE_V4 1200
#define MIN_SIZE_V6 1280
#define LEAST_MIN_SIZE_V4 400
#define LEAST_MIN_SIZE_V6 1280
#define MAX_FRAGMENTS 1000
#define MOST_MAX_FRAGMENTS 65535

struct key {
    struct in6_addr src, dst;    /* IPv4: the first four bytes, else 0. */
    uint32_t id;
    uint16_t zone;
    uint8_t proto;               /* IPv6: 0. */
    uint8_t is_ipv6;
};

_Static_assert(sizeof(struct key) == 40, "hashed and compared as bytes");

/* Where fragments came in. */
struct source {
    struct hmap_node node;       /* In ipf.sources. */
    uint32_t port;
    uint32_t n_fragments;
    uint32_t n_bytes;
    struct list datagrams;       /* Oldest first. */
};

struct piece {
    uint32_t start, end;
    struct packet *packet;
};

struct datagram {
    struct hmap_node node;       /* In ipf.datagrams. */
    struct list age_node;        /* In ipf.by_age. */
    struct list source_node;     /* In source.datagrams. */
    struct source *source;
    struct key key;
    int64_t expires_ms;
    struct piece *pieces;        /* By 'start'. */
    uint32_t n, allocated;
    uint32_t n_received;         /* Bytes of payload. */
    uint32_t size;               /* Of the payload; 0: not known. */
    uint32_t mru;
    bool overlaps;               /* Dropped, and so is what comes; has a place
                                  * that counts as a fragment. */
};

struct ipf {
    pthread_mutex_t mutex;       /* All that follows, but for settings, which
                                  * are atomic. */
    uint64_t seed;
    struct hmap datagrams;
    struct hmap sources;
    struct list by_age;          /* Oldest first: timeouts are the same. */
    uint32_t n_fragments;
    uint32_t n_bytes;
    uint32_t max_fragments;
    struct ipf_family_status families[2];   /* IPv4, IPv6. */
};

struct ipf *
ipf_create(void)
{
    struct ipf *ipf = xzalloc(sizeof *ipf);

    pthread_mutex_init(&ipf->mutex, NULL);
    ipf->seed = random_u64();
    hmap_init(&ipf->datagrams);
    hmap_init(&ipf->sources);
    list_init(&ipf->by_age);
    ipf->max_fragments = MAX_FRAGMENTS;
    ipf->families[0] = (struct ipf_family_status) {
        .enabled = true, .min_size = MIN_SIZE_V4,
    };
    ipf->families[1] = (struct ipf_family_status) {
        .enabled = true, .min_size = MIN_SIZE_V6,
    };
    return ipf;
}

static struct ipf_family_status *
family(struct ipf *ipf, const struct datagram *d)
{
    return &ipf->families[d->key.is_ipv6];
}

/* Datagrams. */

static void
charge(struct ipf *ipf, struct datagram *d, uint32_t n_fragments,
       uint32_t n_bytes)
{
    d->source->n_fragments += n_fragments;
    d->source->n_bytes += n_bytes;
    ipf->n_fragments += n_fragments;
    ipf->n_bytes += n_bytes;
}

static void
discharge(struct ipf *ipf, struct datagram *d, uint32_t n_fragments,
          uint32_t n_bytes)
{
    charge(ipf, d, -n_fragments, -n_bytes);
}

static void
free_pieces(struct ipf *ipf, struct datagram *d)
{
    uint32_t n_bytes = 0;

    for (uint32_t i = 0; i < d->n; i++) {
        n_bytes += d->pieces[i].packet->allocated;
        packet_free(d->pieces[i].packet);
    }
    discharge(ipf, d, d->n, n_bytes);
    free(d->pieces);
    d->pieces = NULL;
    d->n = d->allocated = 0;
}

static struct source *
get_source(struct ipf *ipf, uint32_t port)
{
    uint32_t hash = hash_word(port, 0);
    struct source *s;

    HMAP_FOR_EACH_WITH_HASH (s, node, hash, &ipf->sources) {
        if (s->port == port) {
            return s;
        }
    }
    s = xzalloc(sizeof *s);
    s->port = port;
    list_init(&s->datagrams);
    hmap_insert(&ipf->sources, &s->node, hash);
    return s;
}

static void
remove_datagram(struct ipf *ipf, struct datagram *d)
{
    struct source *s = d->source;

    free_pieces(ipf, d);
    discharge(ipf, d, d->overlaps, 0);
    hmap_remove(&ipf->datagrams, &d->node);
    list_remove(&d->age_node);
    list_remove(&d->source_node);
    free(d);
    if (list_is_empty(&s->datagrams)) {
        hmap_remove(&ipf->sources, &s->node);
        free(s);
    }
}

static struct datagram *
find_datagram(struct ipf *ipf, const struct key *key, uint64_t hash)
{
    struct datagram *d;

    HMAP_FOR_EACH_WITH_HASH (d, node, hash, &ipf->datagrams) {
        if (!memcmp(&d->key, key, sizeof *key)) {
            return d;
        }
    }
    return NULL;
}

static struct datagram *
add_datagram(struct ipf *ipf, const struct key *key, uint64_t hash,
             uint32_t port, int64_t now_ms)
{
    struct datagram *d = xzalloc(sizeof *d);

    d->key = *key;
    d->expires_ms = now_ms + IPF_TIMEOUT_MS;
    d->source = get_source(ipf, port);
    hmap_insert(&ipf->datagrams, &d->node, hash);
    list_push_back(&ipf->by_age, &d->age_node);
    list_push_back(&d->source->datagrams, &d->source_node);
    return d;
}

static void
expire(struct ipf *ipf, int64_t now_ms)
{
    while (!list_is_empty(&ipf->by_age)) {
        struct datagram *d = CONTAINER_OF(ipf->by_age.next,
                                          struct datagram, age_node);

        if (now_ms < d->expires_ms) {
            return;
        }
        family(ipf, d)->n_expired += d->n;
        remove_datagram(ipf, d);
    }
}

/* Whether 'max' fragments, or a share of them, are full for one more of
 * 'n_bytes'. */
static bool
is_full(uint32_t n_fragments, uint32_t max_fragments, uint32_t n_bytes,
        uint32_t max_bytes)
{
    return n_fragments >= max_fragments || n_bytes > max_bytes;
}

static struct source *
largest_source(const struct ipf *ipf)
{
    struct source *s, *largest = NULL;

    HMAP_FOR_EACH (s, node, &ipf->sources) {
        if (!largest || s->n_fragments > largest->n_fragments) {
            largest = s;
        }
    }
    return largest;
}

/* Drops the oldest datagram of 's'; false if that is 'd'. */
static bool
purge_oldest(struct ipf *ipf, const struct source *s, const struct datagram *d)
{
    struct datagram *old = CONTAINER_OF(s->datagrams.next,
                                        struct datagram, source_node);

    if (old == d) {
        return false;
    }
    family(ipf, old)->n_purged += old->n;
    remove_datagram(ipf, old);
    return true;
}

/* Makes room for a fragment of 'n_bytes' of 'd': by dropping older datagrams
 * of the same port if it is the port's share that is used up, and those of the
 * port that has most if all is.  False if there is none. */
static bool
make_room(struct ipf *ipf, struct datagram *d, uint32_t n_bytes)
{
    struct source *s = d->source;
    uint32_t max = ipf->max_fragments;

    while (is_full(s->n_fragments, MAX(max / IPF_PORT_SHARE, 1),
                   s->n_bytes + n_bytes, IPF_MAX_BYTES / IPF_PORT_SHARE)) {
        if (!purge_oldest(ipf, s, d)) {
            return false;
        }
    }
    while (is_full(ipf->n_fragments, max, ipf->n_bytes + n_bytes,
                   IPF_MAX_BYTES)) {
        if (!purge_oldest(ipf, largest_source(ipf), d)) {
            return false;
        }
    }
    return true;
}

/* Where a piece goes that begins at 'start'. */
static uint32_t
find_place(const struct datagram *d, uint32_t start)
{
    uint32_t lo = 0, hi = d->n;

    /* Most come in order. */
    if (!d->n || d->pieces[d->n - 1].start < start) {
        return d->n;
    }
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;

        if (d->pieces[mid].start < start) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

enum fit { FIT_NEW, FIT_SAME, FIT_OVERLAPS };

static enum fit
fit(const struct datagram *d, uint32_t place, const struct packet_fragment *f)
{
    const struct piece *next = &d->pieces[place];

    if (place < d->n && next->start == f->start && next->end == f->end) {
        return FIT_SAME;
    }
    if ((place < d->n && next->start < f->end)
        || (place && d->pieces[place - 1].end > f->start)
        || (d->size && (f->end > d->size
                        || (!f->has_more && f->end != d->size)))
        || (!f->has_more && d->n && d->pieces[d->n - 1].end > f->end)) {
        return FIT_OVERLAPS;
    }
    return FIT_NEW;
}

static void
insert_piece(struct datagram *d, uint32_t place,
             const struct packet_fragment *f, struct packet *p)
{
    if (d->n == d->allocated) {
        d->allocated = MAX(4, 2 * d->allocated);
        d->pieces = xreallocarray(d->pieces, d->allocated,
                                  sizeof *d->pieces);
    }
    memmove(&d->pieces[place + 1], &d->pieces[place],
            (d->n - place) * sizeof *d->pieces);
    d->pieces[place] = (struct piece) { f->start, f->end, p };
    d->n++;
    d->n_received += f->end - f->start;
    d->mru = MAX(d->mru, packet_l3_size(p));
    if (!f->has_more) {
        d->size = f->end;
    }
}

/* Putting together. */

/* RFC 3168, section 5.3, as the codepoints that were seen: congestion is
 * congestion, but not beside a fragment that cannot have it.  Negative: drop. */
static int
combine_ecn(const struct datagram *d)
{
    bool seen[4] = { false };
    int ecn = IP_ECN_NOT_ECT;

    for (uint32_t i = 0; i < d->n; i++) {
        const uint8_t *l3 = packet_l3(d->pieces[i].packet);

        ecn = (d->key.is_ipv6 ? l3[1] >> 4 : l3[1]) & IP_ECN_MASK;
        seen[ecn] = true;
    }
    if (seen[IP_ECN_CE]) {
        return seen[IP_ECN_NOT_ECT] ? -1 : IP_ECN_CE;
    }
    return ecn;
}

static void
finish4(struct packet *p, int ecn)
{
    struct ipv4_header *ip = packet_l3(p);

    ip->tos = (ip->tos & ~IP_ECN_MASK) | ecn;
    ip->total_size = htons(packet_l3_size(p));
    ip->frag_off &= htons(IPV4_DF);
    ip->csum = 0;
    ip->csum = csum(ip, ipv4_header_size(ip));
}

static void
finish6(struct packet *p, const struct packet_fragment *first, int ecn)
{
    uint8_t *l3 = packet_l3(p);
    struct ipv6_header *ip = (void *) l3;

    l3[1] = (l3[1] & ~(IP_ECN_MASK << 4)) | ecn << 4;
    l3[first->next_ofs] = first->proto;
    ip->payload_size = htons(packet_l3_size(p) - sizeof *ip);
}

/* The datagram that the pieces make, with the metadata of 'last', which
 * completed it; NULL if they contradict one another. */
static struct packet *
put_together(const struct datagram *d, const struct packet *last)
{
    const struct packet *first = d->pieces[0].packet;
    struct packet_fragment f;
    struct packet *p;
    int ecn = combine_ecn(d);

    packet_fragment_read(first, &f);
    if (ecn < 0 || f.header_size + d->size > UINT16_MAX) {
        return NULL;
    }
    p = packet_alloc(first->l3_ofs + f.header_size + d->size);
    if (!p) {
        return NULL;
    }
    packet_put_bytes(p, first->data, first->l3_ofs + f.header_size);
    for (uint32_t i = 0; i < d->n; i++) {
        struct packet *piece = d->pieces[i].packet;
        struct packet_fragment own;

        packet_fragment_read(piece, &own);
        packet_put_bytes(p, (uint8_t *) packet_l3(piece) + own.payload_ofs,
                         own.end - own.start);
    }
    p->l2_5_ofs = first->l2_5_ofs;
    p->l3_ofs = first->l3_ofs;
    p->l4_ofs = first->l3_ofs + f.header_size;
    p->packet_type = first->packet_type;
    p->mru = d->mru;
    p->fragment_id = d->key.id;
    p->md = last->md;
    if (f.is_ipv6) {
        finish6(p, &f, ecn);
    } else {
        finish4(p, ecn);
    }
    return p;
}

/* Fragments. */

static void
make_key(const struct packet *p, const struct packet_fragment *f,
         uint16_t zone, struct key *key)
{
    const uint8_t *l3 = packet_l3(p);

    memset(key, 0, sizeof *key);
    memcpy(&key->src, l3 + (f->is_ipv6 ? 8 : 12), f->is_ipv6 ? 16 : 4);
    memcpy(&key->dst, l3 + (f->is_ipv6 ? 24 : 16), f->is_ipv6 ? 16 : 4);
    key->id = f->id;
    key->zone = zone;
    key->proto = f->is_ipv6 ? 0 : f->proto;
    key->is_ipv6 = f->is_ipv6;
}

/* A copy to keep: the packet itself may be borrowed. */
static struct packet *
keep(struct packet *p)
{
    struct packet *copy = packet_clone(p);

    copy->conn = NULL;
    packet_reset_offloads(copy);
    return copy;
}

static void
drop_overlapping(struct ipf *ipf, struct datagram *d)
{
    family(ipf, d)->n_overlap += d->n + 1;
    counter_add(ipf_dropped_overlap, d->n + 1);
    free_pieces(ipf, d);
    d->overlaps = true;
    charge(ipf, d, 1, 0);
}

/* Stores a fragment; returns the whole datagram if it was the last one that
 * was missing.  'p' remains the caller's. */
static struct packet *
add(struct ipf *ipf, struct packet *p, const struct packet_fragment *f,
    const struct key *key, int64_t now_ms)
{
    uint64_t hash = hash_bytes(key, sizeof *key, ipf->seed);
    struct datagram *d;
    struct packet *whole = NULL;
    uint32_t place, n_pieces;

    expire(ipf, now_ms);
    d = find_datagram(ipf, key, hash);
    if (!d) {
        d = add_datagram(ipf, key, hash, p->md.in_port, now_ms);
    }
    if (d->overlaps) {
        family(ipf, d)->n_overlap++;
        counter_inc(ipf_dropped_overlap);
        return NULL;
    }
    place = find_place(d, f->start);
    switch (fit(d, place, f)) {
    case FIT_SAME:
        return NULL;
    case FIT_OVERLAPS:
        drop_overlapping(ipf, d);
        return NULL;
    case FIT_NEW:
        break;
    }
    if (!make_room(ipf, d, p->size <= PACKET_SMALL ? PACKET_SMALL
                   : PACKET_LARGE)) {
        counter_inc(ipf_dropped_full);
        if (!d->n) {
            remove_datagram(ipf, d);
        }
        return NULL;
    }
    p = keep(p);
    insert_piece(d, place, f, p);
    charge(ipf, d, 1, p->allocated);
    family(ipf, d)->n_accepted++;
    if (d->size && d->n_received == d->size) {
        n_pieces = d->n;
        whole = put_together(d, p);
        family(ipf, d)->n_completed += whole ? n_pieces : 0;
        remove_datagram(ipf, d);
    }
    return whole;
}

struct packet *
ipf_take(struct ipf *ipf, struct packet *p, uint16_t zone, int64_t now_ms)
{
    struct packet_fragment f;
    struct packet *whole;
    struct key key;
    const struct ipf_family_status *settings;

    switch (packet_fragment_read(p, &f)) {
    case PACKET_NO_FRAGMENT:
    case PACKET_BAD_FRAGMENT:
        return p;
    case PACKET_FRAGMENT:
        break;
    }
    settings = &ipf->families[f.is_ipv6];
    if (!__atomic_load_n(&settings->enabled, __ATOMIC_RELAXED)
        || (!f.is_ipv6 && csum(packet_l3(p), f.header_size))) {
        return p;
    }
    make_key(p, &f, zone, &key);
    pthread_mutex_lock(&ipf->mutex);
    if (f.has_more && packet_l3_size(p) < settings->min_size) {
        ipf->families[f.is_ipv6].n_too_small++;
        pthread_mutex_unlock(&ipf->mutex);
        return p;
    }
    whole = add(ipf, p, &f, &key, now_ms);
    pthread_mutex_unlock(&ipf->mutex);
    packet_free(p);
    return whole;
}

void
ipf_sweep(struct ipf *ipf, int64_t now_ms)
{
    pthread_mutex_lock(&ipf->mutex);
    expire(ipf, now_ms);
    pthread_mutex_unlock(&ipf->mutex);
}

void
ipf_destroy(struct ipf *ipf)
{
    expire(ipf, INT64_MAX);
    hmap_uninit(&ipf->datagrams);
    hmap_uninit(&ipf->sources);
    pthread_mutex_destroy(&ipf->mutex);
    free(ipf);
}

/* Control. */

/* Drops what waits of a family that is not put together any more. */
static void
purge(struct ipf *ipf, bool v6)
{
    struct datagram *d;

    LIST_FOR_EACH_SAFE (d, age_node, &ipf->by_age) {
        if (d->key.is_ipv6 == v6) {
            family(ipf, d)->n_purged += d->n;
            remove_datagram(ipf, d);
        }
    }
}

void
ipf_set_enabled(struct ipf *ipf, bool v6, bool enabled)
{
    pthread_mutex_lock(&ipf->mutex);
    __atomic_store_n(&ipf->families[v6].enabled, enabled, __ATOMIC_RELAXED);
    if (!enabled) {
        purge(ipf, v6);
    }
    pthread_mutex_unlock(&ipf->mutex);
}

int
ipf_set_min_size(struct ipf *ipf, bool v6, uint32_t bytes)
{
    if (bytes < (v6 ? LEAST_MIN_SIZE_V6 : LEAST_MIN_SIZE_V4)
        || bytes > UINT16_MAX) {
        return -EINVAL;
    }
    pthread_mutex_lock(&ipf->mutex);
    ipf->families[v6].min_size = bytes;
    pthread_mutex_unlock(&ipf->mutex);
    return 0;
}

int
ipf_set_max_fragments(struct ipf *ipf, uint32_t max)
{
    if (max > MOST_MAX_FRAGMENTS) {
        return -EINVAL;
    }
    pthread_mutex_lock(&ipf->mutex);
    ipf->max_fragments = max;
    pthread_mutex_unlock(&ipf->mutex);
    return 0;
}

void
ipf_get_status(const struct ipf *ipf, struct ipf_status *status)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *) &ipf->mutex;

    pthread_mutex_lock(mutex);
    *status = (struct ipf_status) {
        .max_fragments = ipf->max_fragments,
        .n_fragments = ipf->n_fragments,
        .v4 = ipf->families[0],
        .v6 = ipf->families[1],
    };
    pthread_mutex_unlock(mutex);
}

void
ipf_dump(struct ipf *ipf,
         void (*each)(const struct ipf_datagram *, void *aux), void *aux)
{
    struct datagram *d;

    pthread_mutex_lock(&ipf->mutex);
    LIST_FOR_EACH (d, age_node, &ipf->by_age) {
        const struct ipf_datagram datagram = {
            .src = d->key.src, .dst = d->key.dst, .zone = d->key.zone,
            .id = d->key.id,
            .proto = d->key.proto, .is_ipv6 = d->key.is_ipv6,
            .has_first = d->n && !d->pieces[0].start,
            .has_last = d->size != 0, .overlaps = d->overlaps,
            .n_fragments = d->n,
        };

        each(&datagram, aux);
    }
    pthread_mutex_unlock(&ipf->mutex);
}
