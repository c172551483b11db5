/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_TLV_H
#define FLOW_TLV_H

/* Tunnel options (Geneve) as match fields.
 *
 * A controller maps an option (class, type, length) to a slot tun_metadata<N>.
 * The switch keeps the map ('struct tlv_table', one for each bridge); a slot's
 * bytes have a place in flow_tunnel.opts, which the map's 'struct tlv_layout'
 * says.  A match that was read without a table (by ovs-ofctl, from text) makes
 * a layout of its own as it goes.
 *
 * Threads: a table is the owner's; readers of a copy need no lock. */

#include "lib/base/error.h"
#include "lib/flow/flow.h"

/* Where each slot is, in units of 4 bytes.  An option without a body takes no
 * bytes. */
struct tlv_layout {
    uint64_t mapped;             /* Bit i: slot i has a place. */
    uint8_t offset4[TUN_METADATA_N_FIELDS];
    uint8_t size4[TUN_METADATA_N_FIELDS];
};

/* Longest option body, bytes. */
#define TLV_MAX_OPTION_SIZE 124

/* One mapping, as on the wire. */
struct tlv_map {
    uint16_t option_class;
    uint8_t option_type;
    uint8_t option_size;         /* Bytes: 0 to 124, a multiple of 4. */
    uint16_t index;              /* Slot, below TUN_METADATA_N_FIELDS. */
};

struct tlv_table {
    struct tlv_layout layout;
    struct {
        uint16_t option_class;
        uint8_t option_type;
    } slots[TUN_METADATA_N_FIELDS];
};

/* Why a change to a table was refused. */
enum tlv_status {
    TLV_OK,
    TLV_BAD_SIZE,                /* Not 0 to 124 in fours. */
    TLV_BAD_INDEX,               /* No such slot. */
    TLV_SLOT_TAKEN,              /* Already mapped. */
    TLV_OPTION_TAKEN,            /* Option mapped to another slot. */
    TLV_FULL                     /* No bytes left. */
};

void tlv_table_init(struct tlv_table *);
enum tlv_status tlv_table_add(struct tlv_table *, const struct tlv_map *);

/* Unmaps slot 'index', if it is mapped. */
enum tlv_status tlv_table_remove(struct tlv_table *, uint16_t index);

/* Gives the mapping of slot 'index'; false if it has none. */
bool tlv_table_get(const struct tlv_table *, unsigned int index,
                   struct tlv_map *ret);

/* Gives slot 'index' a place of 'size' bytes (0 to 124, rounded up to fours),
 * unless it has one that is as large.  False if there is no room, or the place
 * that it has is smaller. */
bool tlv_layout_add(struct tlv_layout *, unsigned int index, size_t size);

static inline bool
tlv_layout_has(const struct tlv_layout *layout, unsigned int index)
{
    return layout->mapped >> index & 1;
}

static inline size_t
tlv_layout_size(const struct tlv_layout *layout, unsigned int index)
{
    return layout->size4[index] * 4;
}

static inline size_t
tlv_layout_offset(const struct tlv_layout *layout, unsigned int index)
{
    return layout->offset4[index] * 4;
}

/* Turns the options of a received packet, raw in tunnel->opts
 * (FLOW_TNL_F_UDPIF), into slots.  Options that are not mapped, or not of the
 * mapped length, are left out.  -EINVAL if the options are malformed. */
int tlv_from_wire(const struct tlv_table *, const struct flow_tunnel *raw,
                  struct flow_tunnel *slots);

/* Writes the options for the slots that are present in 'tunnel' to 'raw'
 * (with their 4-byte headers, in order of the slots) and returns their bytes.
 * With 'present' the slots to write instead of tunnel->opts_present. */
size_t tlv_to_wire(const struct tlv_table *, const struct flow_tunnel *tunnel,
                   uint64_t present, uint8_t raw[TUN_METADATA_N_BYTES]);

#endif /* flow/tlv.h */
