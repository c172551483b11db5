/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRANSLATE_LFLOW_H
#define CONTROLLER_TRANSLATE_LFLOW_H

/* Logical flows to OpenFlow. */

#include "lib/base/compiler.h"

struct incr_ctx;

/* Stages that the OpenFlow tables have room for. */
#define LFLOW_N_INGRESS 29
#define LFLOW_N_EGRESS 24

/* Unit of Logical_Flow. */
void logical_flow_unit(struct incr_ctx *, const void *logical_flow);

#endif /* controller/translate/lflow.h */
