/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/known.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/strmap.h"
#include "lib/schema/sb_tracked.h"

/* A copy of a DNS row, which datapaths share. */
struct dns_set {
    struct hmap_node node;       /* In known.sets. */
    struct dns_fact fact;
    size_t n_zones;              /* That have it. */
    bool is_owned;
    struct strmap records;       /* Of strings in 'room'. */
    const char *room[];
};

/* All that answers for a datapath. */
struct zone {
    struct hmap_node node;       /* In known.zones, by 'dp_key'. */
    uint32_t dp_key;
    uint32_t n;
    struct dns_set *sets[];
};

/* A port that stands for another one of its datapath. */
struct stand_in {
    struct hmap_node node;       /* In known.stand_ins, by 'key'. */
    uint64_t key;                /* Datapath's key and its own. */
    uint32_t real_key;
};

struct known {
    struct controller *controller;
    struct incr_sink dns_sink;
    struct incr_sink stand_in_sink;
    struct hmap sets;            /* struct dns_set, by row and digest; the main
                                  * thread's. */
    pthread_mutex_t mutex;       /* For what follows. */
    struct hmap zones;
    struct hmap stand_ins;
};

/* ## DNS ## */

static uint64_t
digest_strmap(const struct strmap *map, uint64_t digest)
{
    STRMAP_FOR_EACH (i, map) {
        digest = hash_bytes(map->keys[i], strlen(map->keys[i]) + 1, digest);
        digest = hash_bytes(map->values[i], strlen(map->values[i]) + 1,
                            digest);
    }
    return digest;
}

void
dns_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_dns *row = row_;
    struct sb_datapath_binding *const *datapaths;
    struct dns_fact fact = { .row = row->header.uuid };
    size_t n;

    fact.digest = digest_strmap(sb_dns_get_records(ctx, row), 0);
    fact.digest = digest_strmap(sb_dns_get_options(ctx, row), fact.digest);
    datapaths = sb_dns_get_datapaths(ctx, row, &n);
    for (size_t i = 0; i < n; i++) {
        uint32_t key = sb_datapath_binding_get_tunnel_key(ctx, datapaths[i]);

        incr_emit(ctx, FACT_DNS, &key, sizeof key, &fact, sizeof fact);
    }
}

static uint64_t
fact_hash(const struct dns_fact *fact)
{
    return hash_word(fact->digest, uuid_hash(&fact->row));
}

static struct dns_set *
create_set(const struct sb_dns *row, const struct dns_fact *fact)
{
    const struct strmap *records = &row->records;
    struct dns_set *set;
    size_t size = 0;
    char *p;

    STRMAP_FOR_EACH (i, records) {
        size += strlen(records->keys[i]) + strlen(records->values[i]) + 2;
    }
    set = xzalloc(sizeof *set + 2 * records->n * sizeof *set->room + size);
    set->fact = *fact;
    set->is_owned = strmap_get_bool(&row->options, "ovn-owned", false);
    set->records = (struct strmap) { records->n, set->room,
                                     set->room + records->n };
    p = (char *) (set->room + 2 * records->n);
    STRMAP_FOR_EACH (i, records) {
        set->room[i] = p;
        p = stpcpy(p, records->keys[i]) + 1;
        set->room[records->n + i] = p;
        p = stpcpy(p, records->values[i]) + 1;
    }
    return set;
}

/* The copy of what the fact says; NULL if the row is not there. */
static struct dns_set *
get_set(struct known *known, const struct dns_fact *fact)
{
    uint64_t hash = fact_hash(fact);
    const struct sb_dns *row;
    struct dns_set *set;

    HMAP_FOR_EACH_WITH_HASH (set, node, hash, &known->sets) {
        if (!memcmp(&set->fact, fact, sizeof *fact)) {
            return set;
        }
    }
    row = sb_dns_get_for_uuid(known->controller->sb, &fact->row);
    if (!row) {
        return NULL;
    }
    set = create_set(row, fact);
    hmap_insert(&known->sets, &set->node, hash);
    return set;
}

/* Frees a zone that is in no table any more, and what only it had. */
static void
free_zone(struct known *known, struct zone *zone)
{
    for (size_t i = 0; i < zone->n; i++) {
        struct dns_set *set = zone->sets[i];

        if (!--set->n_zones) {
            hmap_remove(&known->sets, &set->node);
            free(set);
        }
    }
    free(zone);
}

static struct zone *
find_zone(const struct known *known, uint32_t dp_key)
{
    struct zone *zone;

    HMAP_FOR_EACH_WITH_HASH (zone, node, hash_word(dp_key, 0),
                             &known->zones) {
        if (zone->dp_key == dp_key) {
            return zone;
        }
    }
    return NULL;
}

static struct zone *
create_zone(struct known *known, const struct incr_group *group)
{
    struct zone *zone = xzalloc(sizeof *zone
                                + group->n * sizeof *zone->sets);

    zone->dp_key = get_u32(incr_group_key(group));
    for (size_t i = 0; i < group->n; i++) {
        struct dns_set *set = get_set(known, incr_group_value(group, i));

        if (set) {
            set->n_zones++;
            zone->sets[zone->n++] = set;
        }
    }
    return zone;
}

/* Copies are made, and freed, while the other thread may read. */
static void
zone_changed(void *known_, struct incr_group *group)
{
    struct known *known = known_;
    uint32_t dp_key = get_u32(incr_group_key(group));
    struct zone *new_ = group->n ? create_zone(known, group) : NULL;
    struct zone *old;

    pthread_mutex_lock(&known->mutex);
    old = find_zone(known, dp_key);
    if (old) {
        hmap_remove(&known->zones, &old->node);
    }
    if (new_) {
        hmap_insert(&known->zones, &new_->node, hash_word(dp_key, 0));
    }
    pthread_mutex_unlock(&known->mutex);
    if (old) {
        free_zone(known, old);
    }
}

void
known_lock(struct known *known)
{
    pthread_mutex_lock(&known->mutex);
}

void
known_unlock(struct known *known)
{
    pthread_mutex_unlock(&known->mutex);
}

const char *
known_dns(const struct known *known, uint32_t dp_key, const char *name,
          bool *ret_owned)
{
    const struct zone *zone = find_zone(known, dp_key);

    for (size_t i = 0; zone && i < zone->n; i++) {
        const char *value = strmap_get(&zone->sets[i]->records, name);

        if (value) {
            *ret_owned = zone->sets[i]->is_owned;
            return value;
        }
    }
    return NULL;
}

/* ## Ports that stand for others ## */

static uint64_t
port_key(uint32_t dp_key, uint32_t key)
{
    return (uint64_t) dp_key << 32 | key;
}

static struct stand_in *
find_stand_in(const struct known *known, uint64_t key)
{
    struct stand_in *s;

    HMAP_FOR_EACH_WITH_HASH (s, node, hash_word(key, 0), &known->stand_ins) {
        if (s->key == key) {
            return s;
        }
    }
    return NULL;
}

static void
remove_stand_in(struct known *known, struct stand_in *s)
{
    hmap_remove(&known->stand_ins, &s->node);
    free(s);
}

static void
stand_in_changed(void *known_, struct incr_group *group)
{
    const uint32_t *keys = incr_group_key(group);
    uint64_t key = port_key(keys[0], keys[1]);
    struct known *known = known_;
    struct stand_in *s;

    pthread_mutex_lock(&known->mutex);
    s = find_stand_in(known, key);
    if (s && !group->n) {
        remove_stand_in(known, s);
    } else if (group->n) {
        if (!s) {
            s = xzalloc(sizeof *s);
            s->key = key;
            hmap_insert(&known->stand_ins, &s->node, hash_word(key, 0));
        }
        s->real_key = get_u32(incr_group_value(group, 0));
    }
    pthread_mutex_unlock(&known->mutex);
}

uint32_t
known_real_port(struct known *known, uint32_t dp_key, uint32_t key)
{
    const struct stand_in *s;
    uint32_t real_key;

    pthread_mutex_lock(&known->mutex);
    s = find_stand_in(known, port_key(dp_key, key));
    real_key = s ? s->real_key : key;
    pthread_mutex_unlock(&known->mutex);
    return real_key;
}

/* ## Begin and end ## */

struct known *
known_create(struct controller *c)
{
    struct known *known = xzalloc(sizeof *known);

    known->controller = c;
    hmap_init(&known->sets);
    pthread_mutex_init(&known->mutex, NULL);
    hmap_init(&known->zones);
    hmap_init(&known->stand_ins);
    known->dns_sink = (struct incr_sink) {
        .fact = FACT_DNS, .aux = known, .group_changed = zone_changed };
    known->stand_in_sink = (struct incr_sink) {
        .fact = FACT_STAND_IN, .aux = known,
        .group_changed = stand_in_changed };
    incr_add_sink(c->incr, &known->dns_sink);
    incr_add_sink(c->incr, &known->stand_in_sink);
    return known;
}

void
known_destroy(struct known *known)
{
    struct stand_in *s;
    struct zone *zone;

    if (known) {
        HMAP_FOR_EACH_SAFE (zone, node, &known->zones) {
            hmap_remove(&known->zones, &zone->node);
            free_zone(known, zone);
        }
        HMAP_FOR_EACH_SAFE (s, node, &known->stand_ins) {
            remove_stand_in(known, s);
        }
        hmap_uninit(&known->zones);
        hmap_uninit(&known->stand_ins);
        hmap_uninit(&known->sets);
        pthread_mutex_destroy(&known->mutex);
        free(known);
    }
}
