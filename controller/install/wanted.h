/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_INSTALL_WANTED_H
#define CONTROLLER_INSTALL_WANTED_H

/* The wanted flows, which of them the switch has, and those to be sent.
 *
 * Each wanted flow is a group of FACT_FLOW, whose sink data is a few bits: what
 * this file knows of the flow.  What a flow is made of stays in the facts.
 *
 * Flows to be sent are encoded no faster than the switch takes them, so that
 * the first ten thousands do not wait in memory as messages, and the switch
 * decodes some while others are encoded. */

#include "controller/install/messages.h"
#include "controller/install/seen.h"
#include "lib/base/vec.h"
#include "lib/incr/incr.h"

struct wanted {
    struct incr *incr;
    struct messages *messages;   /* Where flows are put. */
    VEC(struct incr_group *) dirty;
    size_t n_sent;               /* The first ones of 'dirty', which were
                                  * sent. */
    size_t n_flows;              /* That are wanted. */
};

/* Both are borrowed. */
void wanted_init(struct wanted *, struct incr *, struct messages *);
void wanted_uninit(struct wanted *);

/* A flow came, changed or went: to be sent if the switch 'follows'. */
void wanted_changed(struct wanted *, struct incr_group *, bool follows);

/* Is there something that wanted_flush() would send? */
bool wanted_are_dirty(const struct wanted *);

/* Sends flows until the connection has enough to do. */
void wanted_flush(struct wanted *);

/* All wanted flows are to be sent: for a switch that has next to none. */
void wanted_send_all(struct wanted *);

/* What differs between the switch's flows and the wanted ones is to be
 * sent; those that nobody wants are removed. */
void wanted_compare(struct wanted *, const struct seen *);

/* Has those of the switch's flows removed that nobody wants. */
void wanted_remove_others(struct wanted *, const struct seen *);

#endif /* controller/install/wanted.h */
