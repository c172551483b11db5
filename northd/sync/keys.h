/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_SYNC_KEYS_H
#define NORTHD_SYNC_KEYS_H

/* Gives tunnel keys: turns F_KEY_WANTED into F_KEY.
 *
 * A key that was given stays while it is wanted, also over a restart, since
 * the keys in the southbound database are reserved first.  A key that is
 * requested goes to whoever requests it; another holder gets a new one.
 * Numbers freed are used again last, as hosts may still have packets with
 * them on the way.  A look-up is by hash; cost follows what is wanted anew. */

#include "lib/incr/incr.h"
#include "northd/program.h"

struct key_sync;

struct key_sync *key_sync_create(struct incr *);
void key_sync_destroy(struct key_sync *);

/* Before the first step: (scope, name) has 'key' in the southbound database.
 * 'scope' is NULL for a datapath, whose name is its uuid's text.  'max' is as
 * in struct wanted_key. */
void key_sync_reserve(struct key_sync *, const struct uuid *scope,
                      const char *name, uint32_t key, uint32_t max);

/* After the first step: gives up reservations that nobody wanted. */
void key_sync_release(struct key_sync *);

/* The greatest key that a datapath may have, by the tunnels in use. */
uint32_t key_sync_max_datapath(const struct key_sync *);

#endif /* northd/sync/keys.h */
