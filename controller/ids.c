/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind has a range and hands out numbers first fit, from a rotating start
 * so that a number is not used again at once.  Texts that find no number wait
 * for one to be released. */
#include "controller/ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/shash.h"
#include "lib/base/sset.h"
#include "lib/base/str.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/runtime/log.h"

LOG_MODULE(ct_zone);

#define ZONE_PREFIX "ct-zone-"

struct id {
    struct hmap_node node;       /* In space.by_number, by number. */
    uint32_t first;
    uint32_t n;
    bool restored;               /* A zone that was there, and that nobody has
                                  * wanted yet. */
};

struct space {
    enum id_kind kind;
    uint32_t min, max;
    struct shash by_text;        /* struct id. */
    struct hmap by_number;       /* Each of an id's numbers is found by its
                                  * first; ranges never overlap. */
    uint32_t next;
    uint64_t n_used;             /* Numbers of the range. */
};

struct ids {
    struct controller *controller;
    struct incr_sink sink;
    struct space spaces[4];
    VEC(struct incr_group *) changed;
    VEC(struct incr_group *) waiting;    /* For a number; sink_data is set. */
    bool released;               /* Some number, in this run. */
    ids_changed_fn *notify;
    void *notify_aux;
    bool zones_dirty;            /* Any zone may not be written... */
    struct sset changed_zones;   /* ...or those of these texts. */
    struct uuid bridge;          /* Which has the others. */
    bool restored;
    bool has_unwanted;           /* Restored zones are there. */
};

static struct space *
space_of(const struct ids *ids, enum id_kind kind)
{
    for (size_t i = 0; i < ARRAY_SIZE(ids->spaces); i++) {
        if (ids->spaces[i].kind == kind) {
            return (struct space *) &ids->spaces[i];
        }
    }
    return NULL;
}

/* The group is looked at between steps; 'sink_data' keeps it alive. */
static void
wanted_changed(void *ids_, struct incr_group *group)
{
    struct ids *ids = ids_;

    if (!group->sink_data) {
        group->sink_data = ids;
        vec_push(&ids->changed, group);
    }
}

struct ids *
ids_create(struct controller *c, ids_changed_fn *notify, void *aux)
{
    static const struct space ranges[] = {
        { .kind = ID_CONJUNCTION, .min = 1, .max = UINT32_MAX - 1 },
        { .kind = ID_GROUP, .min = 1, .max = 0xfffffeff },
        { .kind = ID_METER, .min = 1, .max = 0xfffeffff },
        { .kind = ID_ZONE, .min = 1, .max = UINT16_MAX },
    };
    struct ids *ids = xzalloc(sizeof *ids);

    ids->controller = c;
    ids->notify = notify;
    ids->notify_aux = aux;
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        struct space *s = &ids->spaces[i];

        *s = ranges[i];
        s->next = s->min;
        shash_init(&s->by_text);
        hmap_init(&s->by_number);
    }
    sset_init(&ids->changed_zones);
    ids->sink = (struct incr_sink) { .fact = FACT_ID_WANTED, .aux = ids,
                                     .group_changed = wanted_changed };
    incr_add_sink(c->incr, &ids->sink);
    return ids;
}

void
ids_destroy(struct ids *ids)
{
    if (!ids) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(ids->spaces); i++) {
        hmap_uninit(&ids->spaces[i].by_number);
        shash_uninit_free_values(&ids->spaces[i].by_text);
    }
    vec_uninit(&ids->changed);
    sset_uninit(&ids->changed_zones);
    vec_uninit(&ids->waiting);
    free(ids);
}

/* The id that covers 'number', or NULL.  A range's first number is its only
 * node, so single numbers (all but conjunctions) are found at once; the ranges
 * of conjunctions are short. */
static struct id *
find_number(const struct space *s, uint32_t number)
{
    for (uint32_t back = 0; back < 64 && number - back >= s->min; back++) {
        struct id *id;

        HMAP_FOR_EACH_WITH_HASH (id, node, number - back, &s->by_number) {
            if (id->first == number - back) {
                return id->n > back ? id : NULL;
            }
        }
        if (s->kind != ID_CONJUNCTION) {
            break;
        }
    }
    return NULL;
}

static struct id *
insert(struct space *s, const char *text, uint32_t first, uint32_t n)
{
    struct id *id = xzalloc(sizeof *id);

    id->first = first;
    id->n = n;
    s->n_used += n;
    hmap_insert(&s->by_number, &id->node, first);
    shash_set(&s->by_text, text, id);
    return id;
}

static bool
is_in_range(const struct space *s, const struct id *id)
{
    return id->first >= s->min && id->first <= s->max;
}

/* Takes out what the caller took out of 'by_text', or replaces there. */
static void
forget(struct ids *ids, struct space *s, struct id *id)
{
    s->n_used -= is_in_range(s, id) ? id->n : 0;
    ids->released = true;
    hmap_remove(&s->by_number, &id->node);
    free(id);
}

/* Returns the first of 'n' free numbers in a row; 0 if there are none. */
static uint32_t
find_free(struct space *s, uint32_t n)
{
    uint32_t start = s->next, candidate = start;
    uint32_t run = 0;
    uint64_t tried = 0, size = (uint64_t) s->max - s->min + 1;

    if (s->n_used + n > size) {
        return 0;                /* Without a look at each. */
    }
    while (tried++ < size + n) {
        uint32_t number = candidate + run;

        if (number > s->max || number < candidate) {
            candidate = s->min;
            run = 0;
            continue;
        }
        if (find_number(s, number)) {
            candidate = number + 1;
            run = 0;
        } else if (++run == n) {
            s->next = number >= s->max ? s->min : number + 1;
            return candidate;
        }
    }
    return 0;
}

static void
note_zone(struct ids *ids, const struct space *s, const char *text)
{
    if (s->kind == ID_ZONE) {
        sset_add(&ids->changed_zones, text);
    }
}

static void
answer(struct ids *ids, const struct incr_group *group, uint32_t number)
{
    incr_set(ids->controller->incr, FACT_ID, incr_group_key(group),
             group->key_size, &number, sizeof number);
}

/* Returns false if there is no number. */
static bool
allocate(struct ids *ids, struct space *s, const struct incr_group *group,
         const char *text)
{
    static struct log_limit limit = LOG_LIMIT(1, 1);
    uint32_t n = get_u32(incr_group_value(group, 0));
    struct id *id = shash_get(&s->by_text, text);

    if (id && id->n >= n) {
        id->restored = false;
    } else {
        uint32_t first = find_free(s, MAX(n, 1));

        if (!first) {
            log_warn_limited(&limit, "no number is left for %s: it waits for "
                             "one of the %"PRIu64" to be released", text,
                             s->n_used);
            return false;
        }
        if (id) {
            forget(ids, s, id);
        }
        id = insert(s, text, first, MAX(n, 1));
        if (ids->notify && s->kind != ID_CONJUNCTION) {
            ids->notify(ids->notify_aux, s->kind, text, first, true);
        }
        note_zone(ids, s, text);
    }
    answer(ids, group, id->first);
    return true;
}

static void
release(struct ids *ids, struct space *s, const struct incr_group *group,
        const char *text)
{
    struct id *id = shash_steal(&s->by_text, text);

    if (!id) {
        return;
    }
    incr_unset(ids->controller->incr, FACT_ID, incr_group_key(group),
               group->key_size);
    if (ids->notify && s->kind != ID_CONJUNCTION) {
        ids->notify(ids->notify_aux, s->kind, text, id->first, false);
    }
    note_zone(ids, s, text);
    forget(ids, s, id);
}

/* Gives the group what it wants, or takes it; returns false if it has to wait
 * for that. */
static bool
settle(struct ids *ids, struct incr_group *group)
{
    const char *key = incr_group_key(group);
    struct space *s = space_of(ids, key[0]);

    if (group->n && !allocate(ids, s, group, key + 1)) {
        return false;
    }
    if (!group->n) {
        release(ids, s, group, key + 1);
    }
    group->sink_data = NULL;
    return true;
}

/* Tries those that wait again, in the order in which they came. */
static void
retry(struct ids *ids)
{
    size_t n = 0;

    ids->released = false;
    for (size_t i = 0; i < ids->waiting.n; i++) {
        if (!settle(ids, ids->waiting.items[i])) {
            ids->waiting.items[n++] = ids->waiting.items[i];
        }
    }
    ids->waiting.n = n;
}

void
ids_run(struct ids *ids)
{
    VEC_FOR_EACH (groupp, &ids->changed) {
        if (!settle(ids, *groupp)) {
            vec_push(&ids->waiting, *groupp);
        }
    }
    vec_clear(&ids->changed);
    while (ids->released && ids->waiting.n) {
        retry(ids);
    }
    ids->released = false;
}

/* Zones of another range are given anew; FACT_ID tells those who use them. */
static void
move_zones(struct ids *ids, struct space *s)
{
    struct shash_node *node;
    struct str key = STR_EMPTY;

    SHASH_FOR_EACH (node, &s->by_text) {
        struct id *id = node->value;
        uint32_t number;

        if (is_in_range(s, id)) {
            continue;
        }
        number = find_free(s, 1);
        if (!number) {
            continue;            /* Better one outside than none. */
        }
        s->n_used++;
        if (ids->notify) {
            ids->notify(ids->notify_aux, s->kind, node->key, id->first,
                        false);
        }
        hmap_remove(&s->by_number, &id->node);
        id->first = number;
        hmap_insert(&s->by_number, &id->node, number);
        if (ids->notify) {
            ids->notify(ids->notify_aux, s->kind, node->key, number, true);
        }
        str_clear(&key);
        controller_put_id_key(&key, s->kind, node->key);
        incr_set(ids->controller->incr, FACT_ID, key.string, key.length,
                 &number, sizeof number);
    }
    str_uninit(&key);
}

void
ids_set_zone_range(struct ids *ids, const char *text)
{
    static struct log_limit limit = LOG_LIMIT(1, 1);
    struct space *s = space_of(ids, ID_ZONE);
    const struct id *id;
    unsigned int min = 1, max = UINT16_MAX;
    int n = 0;

    if (text && (sscanf(text, "%5u-%5u%n", &min, &max, &n) != 2 || text[n]
                 || !min || min > max || max > UINT16_MAX)) {
        log_warn_limited(&limit, "external_ids:ct-zone-range: \"%s\" is not "
                         "MIN-MAX of 1 to 65535", text);
        return;
    }
    if (s->min == min && s->max == max) {
        return;
    }
    s->min = min;
    s->max = max;
    s->next = min;
    s->n_used = 0;
    HMAP_FOR_EACH (id, node, &s->by_number) {
        s->n_used += is_in_range(s, id) ? id->n : 0;
    }
    move_zones(ids, s);
    ids->released = true;        /* There may be more room. */
    ids->zones_dirty = true;
}

void
ids_restore_zones(struct ids *ids)
{
    const struct vs_bridge *bridge = controller_bridge(ids->controller);
    struct space *s = space_of(ids, ID_ZONE);

    if (ids->restored || !bridge) {
        return;
    }
    ids->restored = true;
    STRMAP_FOR_EACH (i, &bridge->external_ids) {
        const char *key = bridge->external_ids.keys[i];
        const char *text = key + strlen(ZONE_PREFIX);
        int zone;

        if (text_starts_with(key, ZONE_PREFIX)
            && text_to_int_range(bridge->external_ids.values[i], s->min,
                                 s->max, &zone)
            && !find_number(s, zone) && !shash_get(&s->by_text, text)) {
            insert(s, text, zone, 1)->restored = true;
            ids->has_unwanted = true;
        }
    }
}

void
ids_forget_unwanted(struct ids *ids)
{
    struct space *s = space_of(ids, ID_ZONE);
    struct shash_node *node;

    if (!ids->has_unwanted) {
        return;
    }
    ids->has_unwanted = false;
    SHASH_FOR_EACH_SAFE (node, &s->by_text) {
        struct id *id = node->value;

        if (id->restored) {
            shash_remove_node(&s->by_text, node);
            forget(ids, s, id);
            ids->zones_dirty = true;
        }
    }
}

void
ids_wake(struct ids *ids)
{
    ids->zones_dirty = true;
}

/* Makes the bridge say which zone 'text' has, if any. */
static void
write_zone(const struct space *s, const struct vs_bridge *bridge,
           const char *text)
{
    const struct id *id = shash_get(&s->by_text, text);
    char *key = xasprintf(ZONE_PREFIX"%s", text);
    const char *now = strmap_get(&bridge->external_ids, key);
    char number[12];

    if (id) {
        snprintf(number, sizeof number, "%"PRIu32, id->first);
        if (!now || strcmp(now, number)) {
            vs_bridge_update_external_ids_setkey(bridge, key, number);
        }
    } else if (now) {
        vs_bridge_update_external_ids_delkey(bridge, key);
    }
    free(key);
}

static void
write_all_zones(const struct space *s, const struct vs_bridge *bridge)
{
    struct shash_node *node;

    STRMAP_FOR_EACH (i, &bridge->external_ids) {
        const char *name = bridge->external_ids.keys[i];

        if (text_starts_with(name, ZONE_PREFIX)
            && !shash_get(&s->by_text, name + strlen(ZONE_PREFIX))) {
            vs_bridge_update_external_ids_delkey(bridge, name);
        }
    }
    SHASH_FOR_EACH (node, &s->by_text) {
        write_zone(s, bridge, node->key);
    }
}

void
ids_write_zones(struct ids *ids, struct replica_txn *txn UNUSED)
{
    const struct vs_bridge *bridge = controller_bridge(ids->controller);
    const struct space *s = space_of(ids, ID_ZONE);
    const struct sset_node *node;

    if (!bridge) {
        return;
    }
    if (ids->zones_dirty
        || !uuid_equals(&bridge->header.uuid, &ids->bridge)) {
        write_all_zones(s, bridge);
        ids->bridge = bridge->header.uuid;
    } else {
        SSET_FOR_EACH (node, &ids->changed_zones) {
            write_zone(s, bridge, node->name);
        }
    }
    ids->zones_dirty = false;
    sset_clear(&ids->changed_zones);
}

size_t
ids_for_each_zone(const struct ids *ids, const char *which,
                  void (*visit)(void *aux, uint16_t zone), void *aux)
{
    const struct space *s = space_of(ids, ID_ZONE);
    struct shash_node *node;
    size_t n = 0;

    SHASH_FOR_EACH (node, &s->by_text) {
        const struct id *id = node->value;
        char number[12];

        snprintf(number, sizeof number, "%"PRIu32, id->first);
        if (!which || !strcmp(which, node->key) || !strcmp(which, number)) {
            visit(aux, id->first);
            n++;
        }
    }
    return n;
}

void
ids_list(const struct ids *ids, enum id_kind kind, struct str *s)
{
    const struct space *space = space_of(ids, kind);
    struct shash_node **nodes = shash_sort(&space->by_text);

    for (size_t i = 0; i < shash_count(&space->by_text); i++) {
        const struct id *id = nodes[i]->value;

        str_printf(s, "%s%s %"PRIu32"\n", nodes[i]->key,
                   kind == ID_ZONE ? "" : ":", id->first);
    }
    free(nodes);
}

void
ids_list_conjunctions(const struct ids *ids, struct str *s)
{
    const struct space *space = space_of(ids, ID_CONJUNCTION);
    struct shash_node **nodes = shash_sort(&space->by_text);

    str_put(s, "Conjunction IDs allocations:\n");
    for (size_t i = 0; i < shash_count(&space->by_text); i++) {
        const struct id *id = nodes[i]->value;
        const char *text = nodes[i]->key;
        size_t length = strcspn(text, "/");

        /* Of a logical flow, what is behind the slash is 0 or a datapath. */
        str_printf(s, "lflow: %.*s, dp: %s, start: %"PRIu32", n: %"PRIu32"\n",
                   (int) length, text,
                   text[length] ? text + length + 1 : "0", id->first, id->n);
    }
    str_printf(s, "---\nTotal %"PRIu64" IDs used.\n", space->n_used);
    free(nodes);
}
