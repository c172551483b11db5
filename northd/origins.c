/* SPDX-License-Identifier: Apache-2.0 */
#include "northd/origins.h"

#include <errno.h>

#include "lib/base/vec.h"
#include "northd/program.h"

/* What is told of the flows of one search. */
struct telling {
    struct str rows[INCR_MAX_ORIGINS];      /* By source. */
    size_t n_rows[INCR_MAX_ORIGINS];
};

static void
put_row(const struct incr_origin *o, struct str *s)
{
    const struct replica_row *row = o->row;
    const struct replica_table_class *class = replica_row_class(row);
    const char *delimiter = "";

    str_printf(s, "{\"database\": \"%s\", \"table\": \"%s\", "
               "\"row\": \"" UUID_FMT "\", \"columns\": [",
               o->table < NB_N_TABLES ? "OVN_Northbound" : "OVN_Southbound",
               class->name, UUID_ARGS(&row->uuid));
    for (unsigned int i = 0; i < class->n_columns; i++) {
        if (o->columns & REPLICA_COL(i)) {
            str_printf(s, "%s\"%s\"", delimiter, class->columns[i].name);
            delimiter = ", ";
        }
    }
    str_printf(s, "], \"distance\": %u}", o->distance);
}

static void
tell_row(const struct incr_origin *o, void *telling_)
{
    struct telling *telling = telling_;

    for (size_t i = 0; i < INCR_MAX_ORIGINS; i++) {
        if (o->sources & (UINT64_C(1) << i)
            && telling->n_rows[i] < ORIGINS_MAX_ROWS) {
            str_put(&telling->rows[i], telling->n_rows[i]++ ? ", " : "");
            put_row(o, &telling->rows[i]);
        }
    }
}

/* At most INCR_MAX_ORIGINS flows. */
static void
tell_flows(const struct incr *incr, const struct flow_sync *flows,
           const struct uuid *uuids, size_t n, struct str *s)
{
    struct incr_group *groups[INCR_MAX_ORIGINS];
    size_t sources[INCR_MAX_ORIGINS];
    struct telling telling = { .n_rows = { 0 } };
    size_t n_groups = 0;

    for (size_t i = 0; i < n; i++) {
        struct incr_group *group = flow_sync_find(flows, &uuids[i]);

        sources[i] = SIZE_MAX;
        if (group) {
            sources[i] = n_groups;
            groups[n_groups++] = group;
        }
    }
    incr_origins(incr, groups, n_groups, tell_row, &telling);
    for (size_t i = 0; i < n; i++) {
        bool known = sources[i] != SIZE_MAX;

        str_printf(s, "%s{\"flow\": \"" UUID_FMT "\", \"known\": %s, "
                   "\"rows\": [%s]}", i ? ", " : "", UUID_ARGS(&uuids[i]),
                   known ? "true" : "false",
                   known ? str_cstr(&telling.rows[sources[i]]) : "");
    }
    for (size_t i = 0; i < n_groups; i++) {
        str_uninit(&telling.rows[i]);
    }
}

struct error *
origins_format(const struct incr *incr, const struct flow_sync *flows,
               const char *const uuids[], size_t n, struct str *s)
{
    VEC(struct uuid) parsed = VEC_EMPTY;

    for (size_t i = 0; i < n; i++) {
        struct uuid uuid;

        if (!uuid_from_string(&uuid, uuids[i])) {
            vec_uninit(&parsed);
            return error_create(EINVAL, "%s: not a uuid", uuids[i]);
        }
        vec_push(&parsed, uuid);
    }
    str_put_char(s, '[');
    for (size_t i = 0; i < n; i += INCR_MAX_ORIGINS) {
        str_put(s, i ? ", " : "");
        tell_flows(incr, flows, &parsed.items[i],
                   MIN(n - i, INCR_MAX_ORIGINS), s);
    }
    str_put_char(s, ']');
    vec_uninit(&parsed);
    return NULL;
}
