/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/flow/tlv.h"

#include <errno.h>
#include <string.h>

/* Critical options (the high bit of the type) are matched like others. */

void
tlv_table_init(struct tlv_table *table)
{
    memset(table, 0, sizeof *table);
}

bool
tlv_layout_add(struct tlv_layout *layout, unsigned int index, size_t size)
{
    size_t size4 = DIV_ROUND_UP(size, 4);
    uint64_t used = 0;

    if (tlv_layout_has(layout, index)) {
        return layout->size4[index] >= size4;
    }
    for (int i = 0; i < TUN_METADATA_N_FIELDS; i++) {
        if (layout->size4[i]) {
            used |= ((UINT64_C(1) << layout->size4[i]) - 1)
                    << layout->offset4[i];
        }
    }
    for (size_t ofs = 0; ofs + size4 <= TUN_METADATA_N_BYTES / 4; ofs++) {
        uint64_t run = ((UINT64_C(1) << size4) - 1) << ofs;

        if (!(used & run)) {
            layout->offset4[index] = ofs;
            layout->size4[index] = size4;
            layout->mapped |= UINT64_C(1) << index;
            return true;
        }
    }
    return false;
}

enum tlv_status
tlv_table_add(struct tlv_table *table, const struct tlv_map *map)
{
    if (map->option_size % 4 || map->option_size > TLV_MAX_OPTION_SIZE) {
        return TLV_BAD_SIZE;
    }
    if (map->index >= TUN_METADATA_N_FIELDS) {
        return TLV_BAD_INDEX;
    }
    if (tlv_layout_has(&table->layout, map->index)) {
        return TLV_SLOT_TAKEN;
    }
    for (int i = 0; i < TUN_METADATA_N_FIELDS; i++) {
        if (tlv_layout_has(&table->layout, i)
            && table->slots[i].option_class == map->option_class
            && table->slots[i].option_type == map->option_type) {
            return TLV_OPTION_TAKEN;
        }
    }
    if (!tlv_layout_add(&table->layout, map->index, map->option_size)) {
        return TLV_FULL;
    }
    table->slots[map->index].option_class = map->option_class;
    table->slots[map->index].option_type = map->option_type;
    return TLV_OK;
}

enum tlv_status
tlv_table_remove(struct tlv_table *table, uint16_t index)
{
    if (index >= TUN_METADATA_N_FIELDS) {
        return TLV_BAD_INDEX;
    }
    table->layout.mapped &= ~(UINT64_C(1) << index);
    table->layout.size4[index] = 0;
    table->layout.offset4[index] = 0;
    return TLV_OK;
}

bool
tlv_table_get(const struct tlv_table *table, unsigned int index,
              struct tlv_map *ret)
{
    if (index >= TUN_METADATA_N_FIELDS
        || !tlv_layout_has(&table->layout, index)) {
        return false;
    }
    *ret = (struct tlv_map) {
        .option_class = table->slots[index].option_class,
        .option_type = table->slots[index].option_type,
        .option_size = tlv_layout_size(&table->layout, index),
        .index = index,
    };
    return true;
}

static int
find_slot(const struct tlv_table *table, uint16_t option_class, uint8_t type,
          size_t size)
{
    for (int i = 0; i < TUN_METADATA_N_FIELDS; i++) {
        if (tlv_layout_has(&table->layout, i)
            && table->slots[i].option_class == option_class
            && table->slots[i].option_type == type
            && tlv_layout_size(&table->layout, i) == size) {
            return i;
        }
    }
    return -1;
}

int
tlv_from_wire(const struct tlv_table *table, const struct flow_tunnel *raw,
              struct flow_tunnel *slots)
{
    struct flow_tunnel out = *raw;
    size_t ofs = 0;

    if (raw->opts_size > sizeof raw->opts) {
        return -EINVAL;
    }
    memset(out.opts, 0, sizeof out.opts);
    out.opts_present = 0;
    out.opts_size = 0;
    out.flags &= ~FLOW_TNL_F_UDPIF;
    while (ofs < raw->opts_size) {
        const uint8_t *opt = raw->opts + ofs;
        size_t left = raw->opts_size - ofs;
        size_t size;
        int slot;

        if (left < 4 || left < 4 + (size = (opt[3] & 0x1f) * 4)) {
            return -EINVAL;
        }
        slot = find_slot(table, opt[0] << 8 | opt[1], opt[2], size);
        if (slot >= 0) {
            memcpy(out.opts + tlv_layout_offset(&table->layout, slot),
                   opt + 4, size);
            out.opts_present |= UINT64_C(1) << slot;
        }
        ofs += 4 + size;
    }
    *slots = out;
    return 0;
}

size_t
tlv_to_wire(const struct tlv_table *table, const struct flow_tunnel *tunnel,
            uint64_t present, uint8_t raw[TUN_METADATA_N_BYTES])
{
    size_t ofs = 0;

    for (int i = 0; i < TUN_METADATA_N_FIELDS; i++) {
        size_t size = tlv_layout_size(&table->layout, i);

        if (!(present & table->layout.mapped & UINT64_C(1) << i)
            || ofs + 4 + size > TUN_METADATA_N_BYTES) {
            continue;
        }
        raw[ofs] = table->slots[i].option_class >> 8;
        raw[ofs + 1] = table->slots[i].option_class;
        raw[ofs + 2] = table->slots[i].option_type;
        raw[ofs + 3] = size / 4;
        memcpy(raw + ofs + 4,
               tunnel->opts + tlv_layout_offset(&table->layout, i), size);
        ofs += 4 + size;
    }
    return ofs;
}
