/* SPDX-License-Identifier: Apache-2.0 */
/* Pools of packet buffers.
 *
 * Each thread has a magazine (a list) of free buffers for each size.  A full
 * magazine gives half of itself to a depot that all threads share, an empty
 * one takes half a magazine from there: one lock for N_MAGAZINE / 2 packets.
 * What exceeds the depot's bound goes back to malloc().
 *
 * Under AddressSanitizer each packet is an allocation of its own, so that an
 * access outside of it, or after its end, is seen. */

#include "lib/packet/packet.h"

#include <pthread.h>
#include <stdlib.h>

#include "lib/base/alloc.h"

enum { SOURCE_BORROWED, SOURCE_SMALL, SOURCE_LARGE, N_SOURCES };

static const struct pool_class {
    uint32_t allocated;          /* Bytes of the buffer, headroom included. */
    unsigned int magazine;       /* Most free ones that a thread keeps. */
    unsigned int depot;          /* Most free ones in the depot. */
} classes[N_SOURCES] = {
    [SOURCE_SMALL] = { PACKET_HEADROOM + PACKET_SMALL, 256, 8192 },
    [SOURCE_LARGE] = { PACKET_HEADROOM + PACKET_LARGE, 32, 256 },
};

struct magazine {
    struct packet *free;
    unsigned int n;
};

static __thread struct magazine magazines[N_SOURCES];
static __thread bool thread_registered;
static struct magazine depots[N_SOURCES];
static pthread_mutex_t depot_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static uint64_t pool_bytes;

#ifdef __SANITIZE_ADDRESS__
#define USE_POOLS false
#else
#define USE_POOLS true
#endif

static size_t
block_size(const struct pool_class *class)
{
    return ROUND_UP(sizeof(struct packet), CACHE_LINE_SIZE) + class->allocated;
}

static void
block_free(struct packet *p)
{
    __atomic_fetch_sub(&pool_bytes, block_size(&classes[p->source]),
                       __ATOMIC_RELAXED);
    free(p);
}

static struct packet *
block_create(unsigned int source)
{
    const struct pool_class *class = &classes[source];
    struct packet *p = xmalloc_cacheline(block_size(class));

    __atomic_fetch_add(&pool_bytes, block_size(class), __ATOMIC_RELAXED);
    p->base = (uint8_t *) p + ROUND_UP(sizeof *p, CACHE_LINE_SIZE);
    p->allocated = class->allocated;
    p->source = source;
    return p;
}

static void
push_free(struct magazine *m, struct packet *p)
{
    p->next = m->free;
    m->free = p;
    m->n++;
}

static struct packet *
pop_free(struct magazine *m)
{
    struct packet *p = m->free;

    m->free = p->next;
    m->n--;
    return p;
}

static void
thread_exit(void *aux UNUSED)
{
    packet_pool_flush();
}

static void
create_key(void)
{
    pthread_key_create(&thread_key, thread_exit);
}

/* Makes sure that what this thread keeps goes to the depot when it ends. */
static void
register_thread(void)
{
    pthread_once(&key_once, create_key);
    pthread_setspecific(thread_key, &thread_registered);
    thread_registered = true;
}

static void
refill(unsigned int source)
{
    struct magazine *m = &magazines[source];

    if (!thread_registered) {
        register_thread();
    }
    pthread_mutex_lock(&depot_mutex);
    while (depots[source].n && m->n < classes[source].magazine / 2) {
        push_free(m, pop_free(&depots[source]));
    }
    pthread_mutex_unlock(&depot_mutex);
    if (!m->n) {
        push_free(m, block_create(source));
    }
}

static void
drain(unsigned int source, unsigned int keep)
{
    struct magazine *m = &magazines[source];

    pthread_mutex_lock(&depot_mutex);
    while (m->n > keep && depots[source].n < classes[source].depot) {
        push_free(&depots[source], pop_free(m));
    }
    pthread_mutex_unlock(&depot_mutex);
    while (m->n > keep) {
        block_free(pop_free(m));
    }
}

static void
init_offloads(struct packet *p)
{
    packet_reset_offsets(p);
    packet_reset_offloads(p);
    p->gso_ecn = false;
    p->csum_start = p->csum_offset = 0;
    p->max_size = UINT32_MAX;
    p->packet_type = 0;
    p->hash = 0;
    p->next = NULL;
    p->conn = NULL;
    p->mru = p->fragment_id = 0;
    packet_metadata_init(&p->md, 0);
}

struct packet *
packet_alloc(size_t size)
{
    unsigned int source = size <= PACKET_SMALL ? SOURCE_SMALL : SOURCE_LARGE;
    struct packet *p;

    if (size > PACKET_LARGE) {
        return NULL;
    }
    if (USE_POOLS) {
        if (!magazines[source].n) {
            refill(source);
        }
        p = pop_free(&magazines[source]);
    } else {
        p = block_create(source);
    }
    p->data = p->base + PACKET_HEADROOM;
    p->size = 0;
    init_offloads(p);
    return p;
}

void
packet_free(struct packet *p)
{
    if (!p || p->source == SOURCE_BORROWED) {
        return;
    }
    if (!USE_POOLS) {
        block_free(p);
        return;
    }
    if (UNLIKELY(!thread_registered)) {
        register_thread();
    }
    push_free(&magazines[p->source], p);
    if (magazines[p->source].n > classes[p->source].magazine) {
        drain(p->source, classes[p->source].magazine / 2);
    }
}

void
packet_use(struct packet *p, void *base, size_t allocated, void *data,
           size_t size)
{
    p->base = base;
    p->allocated = allocated;
    p->data = data;
    p->size = size;
    p->source = SOURCE_BORROWED;
    init_offloads(p);
}

/* Copies what is valid of the tunnel: most packets have none. */
static void
copy_metadata(struct packet_metadata *dst, const struct packet_metadata *src)
{
    if (flow_tunnel_is_set(&src->tunnel)) {
        *dst = *src;
    } else {
        memcpy(dst, src, offsetof(struct packet_metadata, tunnel));
        dst->tunnel.dst = src->tunnel.dst;
    }
}

void
packet_copy_state(struct packet *p, const struct packet *src)
{
    p->l2_5_ofs = src->l2_5_ofs;
    p->l3_ofs = src->l3_ofs;
    p->l4_ofs = src->l4_ofs;
    p->l2_pad = src->l2_pad;
    p->flags = src->flags;
    p->gso_type = src->gso_type;
    p->gso_ecn = src->gso_ecn;
    p->gso_size = src->gso_size;
    p->csum_start = src->csum_start;
    p->csum_offset = src->csum_offset;
    p->max_size = src->max_size;
    p->packet_type = src->packet_type;
    p->hash = src->hash;
    p->conn = src->conn;
    p->mru = src->mru;
    p->fragment_id = src->fragment_id;
    copy_metadata(&p->md, &src->md);
}

struct packet *
packet_clone(const struct packet *src)
{
    struct packet *p = packet_alloc(src->size);

    if (!p) {
        return NULL;
    }
    memcpy(p->data, src->data, src->size);
    p->size = src->size;
    packet_copy_state(p, src);
    return p;
}

struct packet *
packet_from_bytes(const void *data, size_t size)
{
    struct packet *p = packet_alloc(size);

    if (p) {
        memcpy(p->data, data, size);
        p->size = size;
    }
    return p;
}

void
packet_pool_flush(void)
{
    for (unsigned int source = SOURCE_SMALL; source < N_SOURCES; source++) {
        drain(source, 0);
    }
}

uint64_t
packet_pool_bytes(void)
{
    return __atomic_load_n(&pool_bytes, __ATOMIC_RELAXED);
}

void *
packet_put(struct packet *p, size_t n)
{
    void *tail = packet_tail(p);

    if (n > packet_tailroom(p)) {
        return NULL;
    }
    p->size += n;
    return tail;
}

bool
packet_put_bytes(struct packet *p, const void *bytes, size_t n)
{
    void *tail = packet_put(p, n);

    if (tail) {
        memcpy(tail, bytes, n);
    }
    return tail != NULL;
}

/* What to add to an offset that means the byte 'ofs' when 'n' bytes come in
 * at 'at'. */
static void
shift_up(uint16_t *ofs, size_t at, size_t n)
{
    if (*ofs != PACKET_NO_OFFSET && *ofs >= at) {
        *ofs = *ofs + n < PACKET_NO_OFFSET ? *ofs + n : PACKET_NO_OFFSET;
    }
}

static void
shift_down(uint16_t *ofs, size_t at, size_t n)
{
    if (*ofs != PACKET_NO_OFFSET && *ofs >= at) {
        *ofs = *ofs >= at + n ? *ofs - n : PACKET_NO_OFFSET;
    }
}

static void
inserted(struct packet *p, size_t at, size_t n)
{
    shift_up(&p->l2_5_ofs, at, n);
    shift_up(&p->l3_ofs, at, n);
    shift_up(&p->l4_ofs, at, n);
    p->csum_start += p->csum_start >= at ? n : 0;
}

static void
removed(struct packet *p, size_t at, size_t n)
{
    shift_down(&p->l2_5_ofs, at, n);
    shift_down(&p->l3_ofs, at, n);
    shift_down(&p->l4_ofs, at, n);
    if (p->csum_start >= at + n) {
        p->csum_start -= n;
    } else if (p->csum_start >= at) {
        packet_reset_offloads(p);
    }
}

void *
packet_push(struct packet *p, size_t n)
{
    if (n > packet_headroom(p)) {
        return NULL;
    }
    p->data -= n;
    p->size += n;
    inserted(p, 0, n);
    return p->data;
}

void
packet_pop(struct packet *p, size_t n)
{
    p->data += n;
    p->size -= n;
    removed(p, 0, n);
}

bool
packet_insert(struct packet *p, size_t at, size_t n)
{
    if (n > packet_headroom(p)) {
        return false;
    }
    memmove(p->data - n, p->data, at);
    p->data -= n;
    p->size += n;
    inserted(p, at, n);
    return true;
}

void
packet_remove(struct packet *p, size_t at, size_t n)
{
    memmove(p->data + n, p->data, at);
    p->data += n;
    p->size -= n;
    removed(p, at, n);
}
