/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_TOPOLOGY_METER_H
#define NORTHD_TOPOLOGY_METER_H

#include "northd/program.h"

/* The southbound meter that ACL 'acl' logs by: 'meter' itself or, if that is
 * "fair", a copy of it for this ACL alone.  In scratch builder 'i'. */
const char *acl_meter(struct incr_ctx *, unsigned int i, const struct nb_acl *,
                      const char *meter);

#endif /* northd/topology/meter.h */
