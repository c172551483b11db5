/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRACE_MICROFLOW_H
#define CONTROLLER_TRACE_MICROFLOW_H

/* The packet to trace, as an expression and in OpenFlow's words. */

#include "controller/trace/network.h"

/* Makes of 'text' the one packet of which it is true.  'datapath' may be NULL:
 * then it is that of the inport.  Fails for an expression that is true of no
 * packet, or that leaves open what a field is. */
struct error *microflow_parse(const struct network *, const char *datapath,
                              const char *text, struct flow *flow,
                              struct datapath **ret_dp) MUST_USE;

/* Appends the packet as ovs-ofctl writes matches. */
void microflow_format(const struct flow *, struct str *);

#endif /* controller/trace/microflow.h */
