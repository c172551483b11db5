/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/translate/parts.h"

#include <string.h>

#include "controller/program.h"
#include "controller/translate/groups.h"
#include "controller/translate/sets.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/schema/sb_tracked.h"

void
lflow_for_each_datapath(struct incr_ctx *ctx,
                        const struct sb_logical_flow *row,
                        void (*fn)(void *aux,
                                   const struct sb_datapath_binding *),
                        void *aux)
{
    const struct sb_datapath_binding *datapath
        = sb_logical_flow_get_logical_datapath(ctx, row);
    const struct sb_logical_dp_group *group
        = sb_logical_flow_get_logical_dp_group(ctx, row);
    struct sb_datapath_binding *const *datapaths;
    size_t n;

    if (datapath) {
        fn(aux, datapath);
    }
    if (group) {
        datapaths = sb_logical_dp_group_get_datapaths(ctx, group, &n);
        for (size_t i = 0; i < n; i++) {
            fn(aux, datapaths[i]);
        }
    }
}

static void
put_key(struct str *key, const struct sb_logical_flow *row,
        const struct sb_datapath_binding *place, uint32_t bucket,
        const char *name)
{
    const struct part_key head = { .row = row, .place = place,
                                   .bucket = bucket };

    str_put_bytes(key, &head, sizeof head);
    str_put_bytes(key, name, strlen(name) + 1);
}

/* Does a match, with templates expanded, name a port group, as far as can be
 * told at a glance?  No more than that hangs on it: a flow that is cut by
 * datapaths needlessly comes out the same. */
static bool
names_group(const char *match)
{
    return strchr(match, '@') != NULL;
}

bool
lflow_has_places(struct incr_ctx *ctx, const struct sb_logical_flow *row)
{
    const char *text = sb_logical_flow_get_match(ctx, row);
    struct arena arena = ARENA_EMPTY;
    bool has_places;

    has_places = names_group(templates_expand(ctx, text, &arena));
    arena_uninit(&arena);
    return has_places;
}

bool
set_is_in_parts(struct incr_ctx *ctx, const struct sb_logical_flow *row,
                const struct sb_datapath_binding *place, const char *set)
{
    struct str *key = incr_scratch(ctx, 4);

    put_key(key, row, place, 0, set);
    return incr_exists(ctx, FACT_SET_USE, key->string, key->length);
}

/* ## Which sets are translated by their members ## */

/* A world in which every name is known, so that no part of an expression
 * vanishes; the ports in question are here or not, as '*aux' says. */
static const char *const *
any_port_group(void *aux UNUSED, const char *name UNUSED, size_t *ret_n)
{
    static const char *const ports[] = { "a", "b" };

    *ret_n = ARRAY_SIZE(ports);
    return ports;
}

static bool
any_port(void *aux UNUSED, const char *name, uint32_t *ret_key)
{
    *ret_key = 1 + (name[0] == 'b');
    return true;
}

static bool
any_residence(void *is_resident, const char *port UNUSED)
{
    return *(const bool *) is_resident;
}

static bool
any_large_group(void *aux UNUSED, const char *name UNUSED)
{
    return true;
}

/* Has each member of the set flows of its own in this match?  That depends on
 * the match alone, so one member is tried for all. */
static bool
is_separable(const struct expr *match, const char *set)
{
    const struct const_set_item item = { .value = 1, .mask = U128_MAX };
    struct expr_matches matches;
    bool separable = true;

    expr_matches_init(&matches);
    for (int i = 0; i < 4 && separable; i++) {
        bool is_resident = i & 1;
        const struct expr_env env = {
            .find_port_group = any_port_group,
            .is_large_group = i & 2 || *set == '@' ? any_large_group : NULL,
            .find_port = any_port,
            .is_chassis_resident = any_residence,
            .aux = &is_resident,
        };

        expr_matches_clear(&matches);
        separable = expr_compile_members(match, &env, set, &item, 1,
                                         &matches);
    }
    expr_matches_uninit(&matches);
    return separable;
}

/* ## Which ports of groups matter ## */

static bool
compares_with_group(const struct expr *expr)
{
    for (size_t i = 0; i < expr->cmp.n_constants; i++) {
        if (expr->cmp.constants[i].type == EXPR_CONST_PORT_GROUP) {
            return true;
        }
    }
    return false;
}

/* Is 'field' all that the expression compares with port groups? */
static bool
compares_groups_with(const struct expr *expr, const char *field)
{
    switch (expr->type) {
    case EXPR_COMPARE:
        return (!compares_with_group(expr)
                || !strcmp(expr->cmp.bits.symbol->name, field));
    case EXPR_AND:
    case EXPR_OR:
        for (size_t i = 0; i < expr->andor.n_subs; i++) {
            if (!compares_groups_with(expr->andor.subs[i], field)) {
                return false;
            }
        }
        return true;
    case EXPR_BOOLEAN:
    case EXPR_CHASSIS_RESIDENT:
        return true;
    }
    return false;
}

bool
lflow_groups_are_here(struct incr_ctx *ctx, const struct sb_logical_flow *row,
                      const struct expr *match)
{
    const char *pipeline = sb_logical_flow_get_pipeline(ctx, row);

    return compares_groups_with(match, !strcmp(pipeline, "ingress")
                                ? "inport" : "outport");
}

/* ## The unit ## */

struct place {
    const struct sb_datapath_binding *datapath;
    uint32_t dp_key;
};

/* A flow that is cut into parts. */
struct cut {
    struct incr_ctx *ctx;
    const struct sb_logical_flow *row;
    const struct expr *match;
    VEC(struct place) places;    /* Only if 'has_places'. */
    bool has_places;
    bool is_local;               /* Matters on some datapath. */
    bool groups_are_here;        /* lflow_groups_are_here(). */
};

static void
emit_place(const struct cut *cut, const struct sb_datapath_binding *datapath)
{
    struct str *key = incr_scratch(cut->ctx, 4);

    put_key(key, cut->row, datapath, 0, "");
    incr_emit(cut->ctx, FACT_PLACE, key->string, key->length, NULL, 0);
}

static void
emit_buckets(const struct cut *cut, const struct sb_datapath_binding *place,
             const char *set, uint32_t n)
{
    struct str *key = incr_scratch(cut->ctx, 4);

    put_key(key, cut->row, place, 0, set);
    incr_emit(cut->ctx, FACT_SET_USE, key->string, key->length, NULL, 0);
    for (uint32_t i = 0; i < n; i++) {
        str_clear(key);
        put_key(key, cut->row, place, i, set);
        incr_emit(cut->ctx, FACT_BUCKET_USE, key->string, key->length,
                  NULL, 0);
    }
}

static void
use_set(struct cut *cut, const char *name)
{
    const uint32_t *n = incr_get(cut->ctx, FACT_SET_BUCKETS,
                                 name, strlen(name) + 1);

    if (!n || !is_separable(cut->match, name)) {
        return;
    }
    VEC_FOR_EACH (place, &cut->places) {
        emit_buckets(cut, place->datapath, name, *n);
    }
    if (!cut->has_places) {
        emit_buckets(cut, NULL, name, *n);
    }
}

static void
use_group(struct cut *cut, const char *name)
{
    struct str set = STR_EMPTY;
    bool is_tried = false, separable = false;

    str_put_char(&set, '@');
    str_put(&set, name);
    VEC_FOR_EACH (place, &cut->places) {
        uint32_t n = port_group_n_buckets(cut->ctx, place->dp_key, name);

        if (n && !is_tried) {
            separable = is_separable(cut->match, str_cstr(&set));
            is_tried = true;
        }
        if (n && separable) {
            emit_buckets(cut, place->datapath, str_cstr(&set), n);
        }
    }
    str_uninit(&set);
}

static void
use_ref(void *cut_, enum expr_ref_type type, const char *name)
{
    struct cut *cut = cut_;

    if (type == EXPR_REF_SET) {
        use_set(cut, name);
    } else if (type == EXPR_REF_PORT_GROUP && cut->groups_are_here) {
        use_group(cut, name);
    }
}

static void
note_datapath(void *cut_, const struct sb_datapath_binding *datapath)
{
    struct cut *cut = cut_;
    uint32_t dp_key;

    if (cut->is_local && !cut->has_places) {
        return;
    }
    dp_key = sb_datapath_binding_get_tunnel_key(cut->ctx, datapath);
    if (!controller_is_local(cut->ctx, dp_key)) {
        return;
    }
    cut->is_local = true;
    if (cut->has_places) {
        vec_push(&cut->places, ((struct place) { datapath, dp_key }));
        emit_place(cut, datapath);
    }
}

void
lflow_parts_unit(struct incr_ctx *ctx, const void *row_)
{
    struct cut cut = { .ctx = ctx, .row = row_ };
    struct arena arena = ARENA_EMPTY;
    const char *text = sb_logical_flow_get_match(ctx, cut.row);

    if (!strpbrk(text, "$^@")) {
        return;
    }
    text = templates_expand(ctx, text, &arena);
    cut.has_places = names_group(text);
    if (!cut.has_places && !strchr(text, '$')) {
        arena_uninit(&arena);
        return;
    }
    lflow_for_each_datapath(ctx, cut.row, note_datapath, &cut);
    if (cut.is_local) {
        /* Translation tells what is wrong with a bad one. */
        error_free(expr_parse(text, ovn_symbols(), &arena, &cut.match));
    }
    if (cut.match) {
        cut.groups_are_here = lflow_groups_are_here(ctx, cut.row, cut.match);
        expr_for_each_ref(cut.match, use_ref, &cut);
    }
    vec_uninit(&cut.places);
    arena_uninit(&arena);
}
