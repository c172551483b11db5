/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRANSLATE_LFLOW_H
#define CONTROLLER_TRANSLATE_LFLOW_H

/* Logical flows to OpenFlow, in the parts that parts.h cuts them into. */

#include "lib/base/compiler.h"

struct incr_ctx;

/* Stages that the OpenFlow tables have room for. */
#define LFLOW_N_INGRESS 29
#define LFLOW_N_EGRESS 24

struct incr_group;

/* Unit of Logical_Flow: all but what other units do of it. */
void logical_flow_unit(struct incr_ctx *, const void *logical_flow);

/* Unit of FACT_PLACE: the flow on one datapath, but for what is next. */
void lflow_place_unit(struct incr_ctx *, const struct incr_group *);

/* Unit of FACT_BUCKET_USE: the members of one bucket in one flow. */
void set_members_unit(struct incr_ctx *, const struct incr_group *);

#endif /* controller/translate/lflow.h */
