/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XLATE_RECIRC_H
#define XLATE_RECIRC_H

/* What translation must remember of a packet that leaves it and comes back:
 * through OVS_ACTION_ATTR_RECIRC, or in a controller action's upcall.
 *
 * A state is immutable; equal ones are stored once and get the same id, so
 * that each translation of a flow gives the same actions.  An id stays valid
 * for some seconds after its last reference is gone, for packets on their way.
 *
 * Threads: any; finding within an RCU read section. */

#include "lib/base/uuid.h"
#include "lib/flow/flow.h"
#include "lib/openflow/ofpact.h"
#include "lib/runtime/rcu.h"

/* Actions of one level that wait, with what 'resubmit(,255)' and packet-ins
 * need of it. */
struct frozen_segment {
    uint32_t size;               /* Of the actions. */
    uint8_t table_id;
    uint8_t pad[3];
    be64 cookie;
};

#define RECIRC_NO_TABLE 255

struct recirc_state {
    /* Content: all bytes from 'bridge' to the end are hashed and compared, so
     * paddings are zero. */
    struct uuid bridge;
    uint8_t table_id;            /* To go on with; RECIRC_NO_TABLE: with the
                                  * segments only. */
    bool is_conntracked;
    bool has_dp_hash;            /* So that packets with a hash and without one
                                  * never share a megaflow. */
    uint8_t pad;
    uint32_t in_port;            /* OpenFlow. */
    be64 metadata;
    uint32_t regs[FLOW_N_REGS];
    struct flow_tunnel tunnel;   /* Slots, not raw options. */
    uint32_t n_segments;
    uint32_t stack_size;
    uint32_t ofpacts_size;       /* Of all segments. */
    uint32_t action_set_size;
    uint32_t userdata_size;      /* Of a controller action. */
    uint32_t pad2;
    /* Then: segments, actions of all, action set, stack, userdata; each
     * padded to 8 bytes. */
    uint8_t tail[];
};

static inline const struct frozen_segment *
recirc_segments(const struct recirc_state *s)
{
    return (const void *) s->tail;
}

static inline const struct ofpact *
recirc_ofpacts(const struct recirc_state *s)
{
    return (const void *) (s->tail
                           + s->n_segments * sizeof(struct frozen_segment));
}

static inline const struct ofpact *
recirc_action_set(const struct recirc_state *s)
{
    return (const void *) ((const uint8_t *) recirc_ofpacts(s)
                           + ROUND_UP(s->ofpacts_size, 8));
}

static inline const uint8_t *
recirc_stack(const struct recirc_state *s)
{
    return ((const uint8_t *) recirc_action_set(s)
            + ROUND_UP(s->action_set_size, 8));
}

static inline const uint8_t *
recirc_userdata(const struct recirc_state *s)
{
    return recirc_stack(s) + ROUND_UP(s->stack_size, 8);
}

static inline size_t
recirc_state_size(const struct recirc_state *s)
{
    return (recirc_userdata(s) + ROUND_UP(s->userdata_size, 8)
            - (const uint8_t *) s);
}

/* Returns the id of a copy of 'state', with a reference for
 * recirc_unref(). */
uint32_t recirc_get(const struct recirc_state *state);

/* Borrowed within an RCU read section; NULL if unknown. */
const struct recirc_state *recirc_find(uint32_t id);

void recirc_ref(uint32_t id);
void recirc_unref(uint32_t id);

/* Frees states that were not referenced for a while.  Call it every second
 * or so. */
void recirc_expire(void);

/* Frees all.  No reader may be left. */
void recirc_uninit(void);
size_t recirc_count(void);

#endif /* xlate/recirc.h */
