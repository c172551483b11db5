/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XLATE_LEARN_H
#define XLATE_LEARN_H

/* The learn action: flows made from flows. */

#include "lib/flow/tlv.h"
#include "lib/openflow/flow_mod.h"
#include "vswitch/ofproto/ofproto.h"

/* Makes the flow mod that 'learn' says for 'flow'.  Actions go to 'ofpacts',
 * which it clears. */
void learn_make(const struct ofpact_learn *, const struct flow *flow,
                const struct tlv_table *, struct flow_mod *,
                struct buf *ofpacts);

/* Makes matter what learn_make() reads of 'flow'. */
void learn_unwildcard(const struct ofpact_learn *, const struct flow *flow,
                      const struct tlv_table *, struct flow_wildcards *wc);

enum learn_result {
    LEARN_DONE,
    LEARN_LIMIT_REACHED,         /* The limit of the action forbids it. */
    LEARN_NOT_HERE,              /* The flow is new, and this thread is not the
                                  * main one. */
};

/* Has the flow that 'learn' says for 'flow' in its table: marks it as used if
 * it is there, else adds it, which only the main thread can.  Threads: any,
 * in an RCU read section. */
enum learn_result learn_execute(struct ofproto *, const struct ofpact_learn *,
                                const struct flow *);

/* Likewise, but on another thread the main thread does the rest later. */
void learn_execute_soon(struct ofproto *, const struct ofpact_learn *,
                        const struct flow *);

#endif /* xlate/learn.h */
