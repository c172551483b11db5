/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRANSLATE_LFLOW_H
#define CONTROLLER_TRANSLATE_LFLOW_H

/* Logical flows to OpenFlow. */

#include "lib/base/compiler.h"

struct incr_ctx;

/* Stages that the OpenFlow tables have room for. */
#define LFLOW_N_INGRESS 29
#define LFLOW_N_EGRESS 24

struct incr_group;

/* Key of FACT_SET_USE and FACT_BUCKET_USE (where 'bucket' counts); the set's
 * name follows.  The row lives as long as facts about it. */
struct set_use_key {
    const void *row;             /* struct sb_logical_flow. */
    uint32_t bucket;
    uint32_t pad;
    char name[];
};

/* Key of FACT_DATAPATH_USE.  The rows live as long as facts about them. */
struct datapath_use_key {
    const void *row;             /* struct sb_logical_flow. */
    const void *datapath;        /* struct sb_datapath_binding. */
};

/* Unit of Logical_Flow, of lower rank: says in which parts the flow is
 * translated.  Emits FACT_SET_USE and FACT_BUCKET_USE for the large sets whose
 * members can be translated one by one, and FACT_DATAPATH_USE for the local
 * datapaths that are done one by one. */
void flow_parts_unit(struct incr_ctx *, const void *logical_flow);

/* Unit of Logical_Flow: all but these parts. */
void logical_flow_unit(struct incr_ctx *, const void *logical_flow);

/* Unit of FACT_DATAPATH_USE: the flow on one datapath. */
void flow_on_datapath_unit(struct incr_ctx *, const struct incr_group *);

/* Unit of FACT_BUCKET_USE: the members of one bucket in one flow. */
void set_members_unit(struct incr_ctx *, const struct incr_group *);

#endif /* controller/translate/lflow.h */
