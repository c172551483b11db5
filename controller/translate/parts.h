/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRANSLATE_PARTS_H
#define CONTROLLER_TRANSLATE_PARTS_H

/* How translation of a logical flow is cut into parts, so that a part that
 * changes costs no more than itself.
 *
 * A flow whose match names port groups has a part for each datapath, a *place*:
 * a port that comes to one of them changes nothing on the others.  A flow that
 * uses a large set has a part for each bucket of it (sets.h), on each place if
 * there are places.  What is said of sets here is true of address sets and, on
 * a place, of port groups with many ports here, whose names are behind an @. */

#include "lib/base/compiler.h"

struct expr;
struct incr_ctx;
struct sb_datapath_binding;
struct sb_logical_flow;

/* Key of FACT_PLACE, FACT_SET_USE and FACT_BUCKET_USE.  Rows live as long as
 * facts about them. */
struct part_key {
    const struct sb_logical_flow *row;
    const struct sb_datapath_binding *place;  /* NULL: all datapaths. */
    uint32_t bucket;             /* Of the set, in FACT_BUCKET_USE. */
    uint32_t pad;
    char name[];                 /* Of the set; "" in FACT_PLACE. */
};

/* Unit of Logical_Flow, of lower rank than translation: emits FACT_PLACE,
 * FACT_SET_USE, and FACT_BUCKET_USE for the large sets whose members can be
 * translated one by one. */
void lflow_parts_unit(struct incr_ctx *, const void *logical_flow);

/* Is the flow translated by its places? */
bool lflow_has_places(struct incr_ctx *, const struct sb_logical_flow *);

/* Are the members of the set translated by its buckets, in this flow? */
bool set_is_in_parts(struct incr_ctx *, const struct sb_logical_flow *,
                     const struct sb_datapath_binding *place,
                     const char *set);

/* Do of the groups in 'match', the flow's, only the ports here matter?  They do
 * if it compares groups with 'inport' in the ingress pipeline, which runs where
 * that port is, or with 'outport' in the egress pipeline. */
bool lflow_groups_are_here(struct incr_ctx *, const struct sb_logical_flow *,
                           const struct expr *match);

/* Calls 'fn' for each datapath of the flow, whether it matters here or not. */
void lflow_for_each_datapath(struct incr_ctx *,
                             const struct sb_logical_flow *,
                             void (*fn)(void *aux,
                                        const struct sb_datapath_binding *),
                             void *aux);

#endif /* controller/translate/parts.h */
