/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_SYNC_RESERVE_H
#define NORTHD_SYNC_RESERVE_H

/* What was given out before, as the databases show it: whoever wants it still
 * is to get it again. */

#include "northd/sync/ipam.h"
#include "northd/sync/keys.h"

/* Before the first step of an engine.  After it, key_sync_release() and
 * ipam_release() give up what nobody wanted. */
void reserve_given(const struct replica *nb, const struct replica *sb,
                   struct key_sync *, struct ipam *);

#endif /* northd/sync/reserve.h */
