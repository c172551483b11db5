/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/sync/flows.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/vec.h"
#include "lib/schema/sb.h"
#include "northd/flow.h"

/* The row of a flow: the group's sink_data.  The group is one of F_FLOW, whose
 * facts are the datapaths, or of F_LB_FLOW, whose fact says under which key of
 * F_LB_PLACES they are. */
struct flow {
    struct hmap_node node;      /* In flow_sync.flows, by uuid, unless that is
                                 * zero. */
    struct uuid uuid;
    struct incr_group *group;
    struct dp_group *dps;       /* NULL if it has one datapath. */
    bool dirty;
    bool echo;
};

/* A flow of F_LB_FLOW. */
struct lb_flow {
    struct flow flow;
    struct list node;           /* In lb_set.flows. */
    struct lb_set *set;
};

/* The flows to which datapaths of a group of F_LB_PLACES come and go: the
 * group's sink_data.  There is one while there are such flows. */
struct lb_set {
    struct list flows;          /* Of struct lb_flow. */
    struct incr_group *group;
};

/* A set of datapaths that flows share. */
struct dp_group {
    struct hmap_node node;      /* In flow_sync.dp_groups, by set hash. */
    uint64_t hash;
    struct uuid uuid;
    size_t n_flows;
    struct flow *any;           /* A flow to take the members from, while
                                 * 'write'. */
    bool write;                 /* In flow_sync.dirty_dps. */
    bool present;               /* Has a row. */
    bool unused;                /* In flow_sync.unused: had no flows. */
    /* While a flush decides who moves where. */
    struct dp_group *from;      /* Where its new flows come from, if ... */
    size_t n_from;              /* ... these many all come from there. */
    bool mixed;                 /* They do not. */
};

struct flow_sync {
    struct incr *incr;
    struct replica *nb;
    struct replica *replica;
    struct row_sync *rows;
    struct incr_sink sinks[3];
    struct hmap flows;
    struct hmap dp_groups;
    VEC(struct dp_group *) unused;
    VEC(struct flow *) dirty;
    VEC(struct dp_group *) dirty_dps;
    VEC(struct uuid) strays;
    VEC(struct uuid) stray_dps;
    bool adopted;
};

static void
set_dirty(struct flow_sync *sync, struct flow *flow)
{
    if (!flow->dirty) {
        flow->dirty = true;
        vec_push(&sync->dirty, flow);
    }
}

static struct flow *
lb_flow_create(struct flow_sync *sync, struct incr_group *group)
{
    struct lb_flow *lf = xzalloc(sizeof *lf);
    struct incr_group *places
        = incr_find(sync->incr, F_LB_PLACES, incr_group_value(group, 0),
                    sizeof(struct lb_places));

    lf->set = places->sink_data;
    if (!lf->set) {
        lf->set = xmalloc(sizeof *lf->set);
        list_init(&lf->set->flows);
        lf->set->group = places;
        places->sink_data = lf->set;
    }
    list_push_back(&lf->set->flows, &lf->node);
    return &lf->flow;
}

static void
lb_flow_destroy(struct flow *flow)
{
    struct lb_flow *lf = CONTAINER_OF(flow, struct lb_flow, flow);

    list_remove(&lf->node);
    if (list_is_empty(&lf->set->flows)) {
        lf->set->group->sink_data = NULL;
        free(lf->set);
    }
    free(lf);
}

static bool
is_of_lb(const struct flow *flow)
{
    return flow->group->class_id == F_LB_FLOW;
}

/* The group whose values are the flow's datapaths: none if the flow is
 * gone. */
static const struct incr_group *
datapaths_of(const struct flow *flow)
{
    return (flow->group->n && is_of_lb(flow)
            ? CONTAINER_OF(flow, const struct lb_flow, flow)->set->group
            : flow->group);
}

static struct flow *
flow_of(struct flow_sync *sync, struct incr_group *group)
{
    struct flow *flow = group->sink_data;

    if (!flow) {
        flow = (group->class_id == F_LB_FLOW ? lb_flow_create(sync, group)
                : xzalloc(sizeof *flow));
        flow->group = group;
        group->sink_data = flow;
        set_dirty(sync, flow);
    }
    return flow;
}

static void
group_changed(void *sync_, struct incr_group *group)
{
    struct flow_sync *sync = sync_;

    /* One that came and went is none of ours. */
    if (group->n || group->sink_data) {
        set_dirty(sync, flow_of(sync, group));
    }
}

static void
places_changed(void *sync, struct incr_group *group)
{
    struct lb_set *set = group->sink_data;
    struct lb_flow *lf;

    if (set) {
        LIST_FOR_EACH (lf, node, &set->flows) {
            set_dirty(sync, &lf->flow);
        }
    }
}

/* Calls 'visit' for each flow's group. */
static void
for_each_flow(struct flow_sync *sync,
              void (*visit)(struct incr_group *, void *sync))
{
    incr_for_each_group(sync->incr, F_FLOW, visit, sync);
    incr_for_each_group(sync->incr, F_LB_FLOW, visit, sync);
}

struct flow_sync *
flow_sync_create(struct incr *incr, struct replica *nb,
                 struct replica *replica, struct row_sync *rows)
{
    struct flow_sync *sync = xzalloc(sizeof *sync);

    sync->incr = incr;
    sync->nb = nb;
    sync->replica = replica;
    sync->rows = rows;
    hmap_init(&sync->flows);
    hmap_init(&sync->dp_groups);
    sync->sinks[0] = (struct incr_sink) {
        .fact = F_FLOW, .aux = sync, .group_changed = group_changed,
    };
    sync->sinks[1] = (struct incr_sink) {
        .fact = F_LB_FLOW, .aux = sync, .group_changed = group_changed,
    };
    sync->sinks[2] = (struct incr_sink) {
        .fact = F_LB_PLACES, .aux = sync,
        .group_changed = places_changed,
    };
    for (size_t i = 0; i < ARRAY_SIZE(sync->sinks); i++) {
        incr_add_sink(incr, &sync->sinks[i]);
    }
    return sync;
}

static void
flow_set_uuid(struct flow_sync *sync, struct flow *flow,
              const struct uuid *uuid)
{
    if (!uuid_is_zero(&flow->uuid)) {
        hmap_remove(&sync->flows, &flow->node);
    }
    flow->uuid = *uuid;
    if (!uuid_is_zero(uuid)) {
        hmap_insert(&sync->flows, &flow->node, uuid_hash(uuid));
    }
}

static void
flow_destroy(struct flow_sync *sync, struct flow *flow)
{
    if (!uuid_is_zero(&flow->uuid)) {
        hmap_remove(&sync->flows, &flow->node);
    }
    flow->group->sink_data = NULL;
    if (is_of_lb(flow)) {
        lb_flow_destroy(flow);
    } else {
        free(flow);
    }
}

static struct flow *
flow_find(const struct flow_sync *sync, const struct uuid *uuid)
{
    struct flow *flow;

    HMAP_FOR_EACH_WITH_HASH (flow, node, uuid_hash(uuid), &sync->flows) {
        if (uuid_equals(&flow->uuid, uuid)) {
            return flow;
        }
    }
    return NULL;
}

struct incr_group *
flow_sync_find(const struct flow_sync *sync, const struct uuid *uuid)
{
    const struct flow *flow = flow_find(sync, uuid);

    return flow ? flow->group : NULL;
}

static void
forget_group(struct incr_group *group, void *sync)
{
    if (group->sink_data) {
        flow_destroy(sync, group->sink_data);
    }
}

static void
free_dp_groups(struct flow_sync *sync)
{
    struct dp_group *dps;

    HMAP_FOR_EACH_SAFE (dps, node, &sync->dp_groups) {
        free(dps);
    }
    hmap_clear(&sync->dp_groups);
    vec_clear(&sync->dirty_dps);
    vec_clear(&sync->unused);
}

static void
drop_dead_flows(struct flow_sync *sync)
{
    size_t n = 0;

    VEC_FOR_EACH (p, &sync->dirty) {
        if ((*p)->group->n) {
            sync->dirty.items[n++] = *p;
        } else {
            flow_destroy(sync, *p);
        }
    }
    sync->dirty.n = n;
}

void
flow_sync_destroy(struct flow_sync *sync)
{
    if (!sync) {
        return;
    }
    drop_dead_flows(sync);
    for_each_flow(sync, forget_group);
    free_dp_groups(sync);
    hmap_uninit(&sync->flows);
    hmap_uninit(&sync->dp_groups);
    vec_uninit(&sync->dirty);
    vec_uninit(&sync->dirty_dps);
    vec_uninit(&sync->unused);
    vec_uninit(&sync->strays);
    vec_uninit(&sync->stray_dps);
    free(sync);
}

/* Datapath groups. */

static struct dp_group *
dp_group_find(const struct flow_sync *sync, uint64_t hash)
{
    struct dp_group *dps;

    HMAP_FOR_EACH_WITH_HASH (dps, node, hash, &sync->dp_groups) {
        return dps;
    }
    return NULL;
}

static struct dp_group *
dp_group_create(struct flow_sync *sync, uint64_t hash)
{
    struct dp_group *dps = xzalloc(sizeof *dps);

    dps->hash = hash;
    hmap_insert(&sync->dp_groups, &dps->node, hash);
    return dps;
}

static void
dp_group_write(struct flow_sync *sync, struct dp_group *dps, struct flow *any)
{
    dps->any = any;
    if (!dps->write) {
        dps->write = true;
        vec_push(&sync->dirty_dps, dps);
    }
}

static const struct replica_row *
datapath_at(const struct flow_sync *sync, const struct incr_group *group,
            size_t i)
{
    const struct replica_row *nb = *(const void *const *)
        incr_group_value(group, i);

    return row_sync_find(sync->rows, F_SB_DATAPATH, &nb->uuid,
                         sizeof nb->uuid);
}

static void
dp_group_maybe_unused(struct flow_sync *sync, struct dp_group *dps)
{
    if (!dps->n_flows && !dps->unused) {
        dps->unused = true;
        vec_push(&sync->unused, dps);
    }
}

/* Adoption. */

/* A row's uuid is made of what the flow says, so that a row that is already
 * there is found without reading that again. */
static struct uuid
content_uuid(const struct lflow_key *key)
{
    const struct stage_info *stage = stage_info(key->stage);
    uint64_t words[2] = { 0x6c666c6f, 0x77757569 };
    struct uuid uuid;

    for (size_t i = 0; i < 2; i++) {
        uint64_t hash = hash_word((uint64_t) key->hint << 32 | key->priority,
                                  words[i]);

        hash = hash_string(stage->name, hash_word(stage->table, hash));
        words[i] = hash_string(flow_actions(key),
                               hash_string(flow_match(key), hash));
    }
    uuid = (struct uuid) { { words[0] >> 32, words[0], words[1] >> 32,
                             words[1] } };
    /* The form of a random one (RFC 9562, version 8). */
    uuid.parts[1] = (uuid.parts[1] & ~0xf000u) | 0x8000u;
    uuid.parts[2] = (uuid.parts[2] & ~0xc0000000u) | 0x80000000u;
    return uuid;
}

/* Of flows that say the same, each has a uuid of its own.  With 'fresh', one
 * that no row has either. */
static struct uuid
choose_uuid(const struct flow_sync *sync, const struct lflow_key *key,
            bool fresh)
{
    struct uuid uuid = content_uuid(key);

    while (flow_find(sync, &uuid)
           || (fresh && sb_logical_flow_get_for_uuid(sync->replica, &uuid))) {
        uuid.parts[3]++;
    }
    return uuid;
}

static void
adopt_flow(struct incr_group *group, void *sync_)
{
    struct flow_sync *sync = sync_;
    struct flow *flow = flow_of(sync, group);
    struct uuid uuid = choose_uuid(sync, incr_group_key(group), false);

    flow->dps = NULL;
    flow->echo = false;
    set_dirty(sync, flow);
    if (sb_logical_flow_get_for_uuid(sync->replica, &uuid)) {
        flow_set_uuid(sync, flow, &uuid);
    }
}

static void
forget_uuid(struct incr_group *group, void *sync)
{
    const struct uuid zero = { { 0 } };

    flow_set_uuid(sync, flow_of(sync, group), &zero);
}

/* The hash that a flow's set would have if it were the group's.  Zero if some
 * datapath has no northbound row that we know. */
static const struct replica_row *
nb_row(const struct flow_sync *sync, const struct sb_datapath_binding *dp)
{
    const char *ls = strmap_get(&dp->external_ids, "logical-switch");
    const char *lr = strmap_get(&dp->external_ids, "logical-router");
    struct uuid uuid;

    if (!uuid_from_string(&uuid, ls ? ls : lr ? lr : "")) {
        return NULL;
    }
    return replica_find(sync->nb, ls ? &nb_logical_switch_table
                        : &nb_logical_router_table, &uuid);
}

static uint64_t
row_set_hash(const struct flow_sync *sync,
             const struct sb_logical_dp_group *row)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < row->n_datapaths; i++) {
        const struct replica_row *nb = nb_row(sync, row->datapaths[i]);

        if (!nb) {
            return 0;
        }
        hash += incr_set_hash(&nb, sizeof nb);
    }
    return hash;
}

static void
adopt_dp_groups(struct flow_sync *sync)
{
    struct sb_logical_dp_group *row;

    SB_LOGICAL_DP_GROUP_FOR_EACH (row, sync->replica) {
        uint64_t hash = row_set_hash(sync, row);

        if (hash && row->n_datapaths > 1 && !dp_group_find(sync, hash)) {
            struct dp_group *dps = dp_group_create(sync, hash);

            dps->uuid = row->header.uuid;
            dps->present = true;
            dp_group_maybe_unused(sync, dps);
        } else {
            vec_push(&sync->stray_dps, row->header.uuid);
        }
    }
}

void
flow_sync_adopt(struct flow_sync *sync)
{
    struct sb_logical_flow *row;

    vec_clear(&sync->strays);
    vec_clear(&sync->stray_dps);
    drop_dead_flows(sync);
    free_dp_groups(sync);
    for_each_flow(sync, forget_uuid);
    for_each_flow(sync, adopt_flow);
    SB_LOGICAL_FLOW_FOR_EACH (row, sync->replica) {
        if (!flow_find(sync, &row->header.uuid)) {
            vec_push(&sync->strays, row->header.uuid);
        }
    }
    adopt_dp_groups(sync);
    sync->adopted = true;
}

void
flow_sync_check_changes(struct flow_sync *sync)
{
    struct sb_logical_flow *row;

    if (!sync->adopted) {
        return;
    }
    SB_LOGICAL_FLOW_FOR_EACH_CHANGED (row, sync->replica) {
        struct flow *flow = flow_find(sync, &row->header.uuid);

        if (!flow) {
            if (!replica_row_is_deleted(&row->header)) {
                vec_push(&sync->strays, row->header.uuid);
            }
        } else if (flow->echo) {
            flow->echo = false;
        } else {
            set_dirty(sync, flow);
        }
    }
}

bool
flow_sync_is_pending(const struct flow_sync *sync)
{
    return sync->dirty.n || sync->strays.n || sync->stray_dps.n;
}

/* Writing. */

static void
flow_leave(struct flow_sync *sync, struct flow *flow)
{
    if (flow->dps) {
        flow->dps->n_flows--;
        dp_group_maybe_unused(sync, flow->dps);
        flow->dps = NULL;
    }
}

/* First pass: groups for sets that are new, and where their flows come
 * from. */
static void
plan(struct flow_sync *sync)
{
    VEC_FOR_EACH (p, &sync->dirty) {
        struct flow *flow = *p;
        struct dp_group *dps;
        const struct incr_group *datapaths = datapaths_of(flow);

        if (datapaths->n < 2) {
            continue;
        }
        dps = dp_group_find(sync, datapaths->set_hash);
        if (!dps) {
            dps = dp_group_create(sync, datapaths->set_hash);
            dps->from = flow->dps;
            dps->mixed = !flow->dps;
        }
        if (dps->present || dps == flow->dps) {
            continue;
        }
        dps->mixed = dps->mixed || dps->from != flow->dps;
        dps->n_from++;
        dp_group_write(sync, dps, flow);
    }
}

/* If all flows of an old group move to one new set, the new one takes over the
 * old one's row. */
static void
take_over_rows(struct flow_sync *sync)
{
    VEC_FOR_EACH (p, &sync->dirty_dps) {
        struct dp_group *dps = *p;
        struct dp_group *from = dps->from;

        if (!dps->present && from && !dps->mixed && from->present
            && dps->n_from == from->n_flows) {
            dps->uuid = from->uuid;
            dps->present = true;
            from->present = false;
        }
        dps->from = NULL;
        dps->n_from = 0;
    }
}

static void
move_flows(struct flow_sync *sync)
{
    VEC_FOR_EACH (p, &sync->dirty) {
        struct flow *flow = *p;
        const struct incr_group *datapaths = datapaths_of(flow);
        struct dp_group *dps = (datapaths->n < 2 ? NULL
                                : dp_group_find(sync, datapaths->set_hash));

        if (flow->dps != dps) {
            flow_leave(sync, flow);
            flow->dps = dps;
            if (dps) {
                dps->n_flows++;
            }
        }
        if (dps && !dps->present) {
            dp_group_write(sync, dps, flow);
        }
    }
}

static void
write_dp_groups(struct flow_sync *sync, struct replica_txn *txn)
{
    VEC_FOR_EACH (p, &sync->dirty_dps) {
        struct dp_group *dps = *p;
        const struct incr_group *group = datapaths_of(dps->any);
        VEC(const struct sb_datapath_binding *) datapaths = VEC_EMPTY;
        struct sb_logical_dp_group *row;

        if (!dps->present) {
            dps->uuid = uuid_random();
            sb_logical_dp_group_insert_uuid(txn, &dps->uuid);
            dps->present = true;
        }
        row = sb_logical_dp_group_get_for_uuid(sync->replica, &dps->uuid);
        for (size_t i = 0; i < group->n; i++) {
            const struct replica_row *dp = datapath_at(sync, group, i);

            if (dp) {
                vec_push(&datapaths, (const void *) dp);
            }
        }
        if (row) {
            const struct replica_value v = { datapaths.n, datapaths.items,
                                             NULL };

            replica_write(&row->header, SB_LOGICAL_DP_GROUP_COL_DATAPATHS,
                          &v);
        }
        dps->write = false;
        dps->any = NULL;
        vec_uninit(&datapaths);
    }
    vec_clear(&sync->dirty_dps);
}

static void
delete_dp_group(struct flow_sync *sync, const struct uuid *uuid)
{
    struct sb_logical_dp_group *row
        = sb_logical_dp_group_get_for_uuid(sync->replica, uuid);

    if (row) {
        sb_logical_dp_group_delete(row);
    }
}

static void
drop_unused_dp_groups(struct flow_sync *sync)
{
    VEC_FOR_EACH (uuid, &sync->stray_dps) {
        delete_dp_group(sync, uuid);
    }
    vec_clear(&sync->stray_dps);
    VEC_FOR_EACH (p, &sync->unused) {
        struct dp_group *dps = *p;

        dps->unused = false;
        if (!dps->n_flows) {
            if (dps->present) {
                delete_dp_group(sync, &dps->uuid);
            }
            hmap_remove(&sync->dp_groups, &dps->node);
            free(dps);
        }
    }
    vec_clear(&sync->unused);
}

/* What a row says, as values that last as long as this. */
struct row_value {
    const char *keys[3];
    const char *values[3];
    char hint[9];
    const void *dp;             /* NULL if there is none (yet). */
    struct replica_value ids, datapath, dp_group;
};

static void
row_value_init(const struct flow_sync *sync, const struct flow *flow,
               struct row_value *v)
{
    const struct lflow_key *key = incr_group_key(flow->group);

    *v = (struct row_value) {
        .keys = { "stage-name", "source", "stage-hint" },
        .values = { stage_info(key->stage)->name,
                    strrchr(key->source, '/') + 1, v->hint },
        .ids = { key->hint ? 3 : 2, v->keys, v->values },
        .datapath = { 0, &v->dp, NULL },
        .dp_group = { 0, &v->dp, NULL },
    };
    snprintf(v->hint, sizeof v->hint, "%08x", key->hint);
    if (flow->dps) {
        v->dp = sb_logical_dp_group_get_for_uuid(sync->replica,
                                                 &flow->dps->uuid);
        v->dp_group.n = v->dp != NULL;
    } else {
        v->dp = datapath_at(sync, datapaths_of(flow), 0);
        v->datapath.n = v->dp != NULL;
    }
}

static void
update_row(struct flow_sync *sync, const struct flow *flow,
           const struct sb_logical_flow *row)
{
    const char *meter = flow_meter(incr_group_key(flow->group));
    struct row_value v;

    row_value_init(sync, flow, &v);
    replica_write(&row->header, SB_LOGICAL_FLOW_COL_EXTERNAL_IDS, &v.ids);
    replica_write(&row->header, SB_LOGICAL_FLOW_COL_LOGICAL_DATAPATH,
                  &v.datapath);
    replica_write(&row->header, SB_LOGICAL_FLOW_COL_LOGICAL_DP_GROUP,
                  &v.dp_group);
    if (meter) {
        sb_logical_flow_set_controller_meter(row, meter);
    } else {
        sb_logical_flow_clear_controller_meter(row);
    }
}

static void
put_string(struct replica_insertion *insertion, unsigned int column,
           const char *string)
{
    const struct replica_value value = { 1, &string, NULL };

    replica_insertion_put(insertion, column, &value);
}

static void
put_integer(struct replica_insertion *insertion, unsigned int column,
            int64_t integer)
{
    const struct replica_value value = { 1, &integer, NULL };

    replica_insertion_put(insertion, column, &value);
}

static void
insert_row(struct flow_sync *sync, struct replica_txn *txn,
           const struct flow *flow)
{
    const struct lflow_key *key = incr_group_key(flow->group);
    const struct stage_info *stage = stage_info(key->stage);
    struct replica_insertion insertion;
    struct row_value v;

    row_value_init(sync, flow, &v);
    replica_insertion_begin(&insertion, txn, &sb_logical_flow_table,
                            &flow->uuid);
    put_string(&insertion, SB_LOGICAL_FLOW_COL_PIPELINE,
               stage->is_egress ? "egress" : "ingress");
    put_integer(&insertion, SB_LOGICAL_FLOW_COL_TABLE_ID, stage->table);
    put_integer(&insertion, SB_LOGICAL_FLOW_COL_PRIORITY, key->priority);
    put_string(&insertion, SB_LOGICAL_FLOW_COL_MATCH, flow_match(key));
    put_string(&insertion, SB_LOGICAL_FLOW_COL_ACTIONS, flow_actions(key));
    replica_insertion_put(&insertion, SB_LOGICAL_FLOW_COL_EXTERNAL_IDS,
                          &v.ids);
    replica_insertion_put(&insertion, SB_LOGICAL_FLOW_COL_LOGICAL_DATAPATH,
                          &v.datapath);
    replica_insertion_put(&insertion, SB_LOGICAL_FLOW_COL_LOGICAL_DP_GROUP,
                          &v.dp_group);
    if (flow_meter(key)) {
        put_string(&insertion, SB_LOGICAL_FLOW_COL_CONTROLLER_METER,
                   flow_meter(key));
    }
    replica_insertion_end(&insertion);
}

static void
write_flow(struct flow_sync *sync, struct replica_txn *txn, struct flow *flow)
{
    const struct sb_logical_flow *row
        = sb_logical_flow_get_for_uuid(sync->replica, &flow->uuid);

    if (row) {
        update_row(sync, flow, row);
    } else {
        struct uuid uuid = choose_uuid(sync, incr_group_key(flow->group),
                                       true);

        flow_set_uuid(sync, flow, &uuid);
        flow->echo = true;
        insert_row(sync, txn, flow);
    }
}

static void
delete_flow(struct flow_sync *sync, struct flow *flow)
{
    struct sb_logical_flow *row
        = sb_logical_flow_get_for_uuid(sync->replica, &flow->uuid);

    if (row) {
        sb_logical_flow_delete(row);
    }
    flow_destroy(sync, flow);
}

static void
delete_strays(struct flow_sync *sync)
{
    VEC_FOR_EACH (uuid, &sync->strays) {
        struct sb_logical_flow *row
            = sb_logical_flow_get_for_uuid(sync->replica, uuid);

        if (row && !flow_find(sync, uuid)) {
            sb_logical_flow_delete(row);
        }
    }
    vec_clear(&sync->strays);
}

void
flow_sync_flush(struct flow_sync *sync, struct replica_txn *txn)
{
    plan(sync);
    take_over_rows(sync);
    move_flows(sync);
    write_dp_groups(sync, txn);
    VEC_FOR_EACH (p, &sync->dirty) {
        (*p)->dirty = false;
        if ((*p)->group->n) {
            write_flow(sync, txn, *p);
        }
    }
    /* Last, so that no new row has chosen the uuid of one that goes. */
    VEC_FOR_EACH (p, &sync->dirty) {
        if (!(*p)->group->n) {
            flow_leave(sync, *p);
            delete_flow(sync, *p);
        }
    }
    delete_strays(sync);
    drop_unused_dp_groups(sync);
    vec_clear(&sync->dirty);
}
