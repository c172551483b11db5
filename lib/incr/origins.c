/* SPDX-License-Identifier: Apache-2.0 */

/* Which input rows do facts rest on?
 *
 * A breadth-first search against the direction of the data: from a group of
 * facts to the units that emit into it, to the rows and groups that these
 * read, and on from the groups.  The engine keeps no edge from a fact to its
 * emitters, since evaluation never needs one, so each level of the search is
 * one pass over all units: as many passes as the program has ranks at most,
 * shared by all groups that are asked for, each of which is a bit. */

#include "lib/incr/internal.h"

#include "lib/base/alloc.h"

/* A row or group that the search has met.  Bit i of each mask is group i of
 * those asked for. */
struct origin {
    struct hmap_node node;      /* By address of 'target'. */
    const struct target *target;
    uint64_t seen;              /* At any level so far. */
    uint64_t now;               /* Of 'seen': at the level before. */
    uint64_t next;              /* New at this level. */
    uint64_t columns;           /* Of a row, read at this level. */
};

struct search {
    const struct incr *incr;
    struct hmap origins;        /* struct origin. */
    VEC(struct origin *) found; /* With 'next', in the order met. */
};

static uint64_t
target_hash(const struct target *target)
{
    return hash_bytes(&target, sizeof target, 0);
}

static struct origin *
find_origin(const struct search *search, const struct target *target)
{
    struct origin *o;

    HMAP_FOR_EACH_WITH_HASH (o, node, target_hash(target),
                             &search->origins) {
        if (o->target == target) {
            return o;
        }
    }
    return NULL;
}

static void
meet(struct search *search, const struct target *target, uint64_t columns,
     uint64_t sources)
{
    struct origin *o = find_origin(search, target);

    if (!o) {
        o = xzalloc(sizeof *o);
        o->target = target;
        hmap_insert(&search->origins, &o->node, target_hash(target));
    }
    sources &= ~o->seen;
    if (sources) {
        if (!o->next) {
            o->columns = 0;
            vec_push(&search->found, o);
        }
        o->next |= sources;
        o->columns |= columns;
    }
}

static void
search_unit(struct unit *unit, void *search_)
{
    struct search *search = search_;
    uint64_t sources = 0;

    for (uint32_t i = 0; i < unit->n_facts; i++) {
        const struct origin *o = find_origin(
            search, &group_cast(unit_facts(unit)[i]->group)->target);

        sources |= o ? o->now : 0;
    }
    if (!sources) {
        return;
    }
    meet(search, unit_subject(unit), unit->own_columns, sources);
    for (uint32_t i = 0; i < unit->n_edges; i++) {
        meet(search, unit->edges[i].target, unit->edges[i].columns, sources);
    }
}

/* Makes what was met at this level the start of the next one, and tells of
 * the rows among it.  Returns whether there is a next one. */
static bool
end_level(struct search *search, unsigned int distance,
          void (*visit)(const struct incr_origin *, void *aux), void *aux)
{
    struct origin *o;
    bool more = false;

    HMAP_FOR_EACH (o, node, &search->origins) {
        o->now = 0;
    }
    VEC_FOR_EACH (found, &search->found) {
        o = *found;
        o->seen |= o->next;
        o->now = o->next;
        o->next = 0;
        if (o->target->is_group) {
            more = true;
            continue;
        }

        const struct incr_row *row = CONTAINER_OF(o->target, struct incr_row,
                                                  target);

        visit(&(struct incr_origin) {
            .table = row->table,
            .row = row->row,
            .columns = o->columns,
            .sources = o->now,
            .distance = distance,
        }, aux);
    }
    vec_clear(&search->found);
    return more;
}

void
incr_origins(const struct incr *incr, struct incr_group *const *groups,
             size_t n, void (*visit)(const struct incr_origin *, void *aux),
             void *aux)
{
    struct search search = { .incr = incr };
    struct origin *o;
    bool more;

    assert(n <= INCR_MAX_ORIGINS);
    hmap_init(&search.origins);
    vec_init(&search.found);
    for (size_t i = 0; i < n; i++) {
        meet(&search, &group_cast(groups[i])->target, 0, UINT64_C(1) << i);
    }
    more = end_level(&search, 0, visit, aux);
    for (unsigned int distance = 1; more; distance++) {
        for_each_unit(incr, search_unit, &search);
        more = end_level(&search, distance, visit, aux);
    }
    HMAP_FOR_EACH_SAFE (o, node, &search.origins) {
        hmap_remove(&search.origins, &o->node);
        free(o);
    }
    hmap_uninit(&search.origins);
    vec_uninit(&search.found);
}
