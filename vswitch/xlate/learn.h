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

/* Has the flow that 'learn' says for 'flow' in its table: adds it, or marks it
 * as used if it is there.  On the main thread at once, else soon.  Returns
 * false if the limit of 'learn' forbids it (main thread only; others, true). */
bool learn_execute(struct ofproto *, const struct ofpact_learn *,
                   const struct flow *);

#endif /* xlate/learn.h */
