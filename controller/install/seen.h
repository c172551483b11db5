/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_INSTALL_SEEN_H
#define CONTROLLER_INSTALL_SEEN_H

/* What the switch told that it has: flows, groups and meters, from the replies
 * to the installer's dumps.  Of a flow's actions there is just a digest. */

#include "controller/flows.h"
#include "lib/base/vec.h"
#include "lib/openflow/msg.h"

struct seen_flow {
    struct flow_fact_key *key;
    size_t key_size;
    uint64_t digest;             /* seen_digest(). */
};

/* Starts from zero. */
struct seen {
    VEC(struct seen_flow) flows;
    VEC(uint32_t) groups;        /* Their ids. */
    VEC(uint32_t) meters;
};

/* Forgets all, and frees the memory. */
void seen_clear(struct seen *);

/* Adds what is in a multipart reply, up to where it cannot be decoded. */
void seen_add_flows(struct seen *, const struct ofmsg *);
void seen_add_groups(struct seen *, const struct ofmsg *);
void seen_add_meters(struct seen *, const struct ofmsg *);

/* A hash of what a flow does, the same for flows that were written by us and
 * read back from the switch.  'actions' are 'size' bytes of ofpacts. */
uint64_t seen_digest(uint64_t cookie, const void *actions, size_t size);

#endif /* controller/install/seen.h */
