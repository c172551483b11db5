/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_MAC_LEARNING_H
#define PROTOCOLS_MAC_LEARNING_H

/* Which port leads to an Ethernet address, learned from what comes in.
 *
 * A cache: bounded (the entry unused for longest goes first), entries expire,
 * and losing one costs a flood.  So that one port's flood of addresses does
 * not push its neighbours' out, a full table takes from the port that has
 * most.
 *
 * Threads: any. */

#include "lib/base/str.h"
#include "lib/flow/flow.h"

struct mac_table;

#define MAC_DEFAULT_IDLE_S 300
#define MAC_DEFAULT_MAX 8192

struct mac_table *mac_table_create(void);
void mac_table_destroy(struct mac_table *);

/* 'idle_s' from 15 to 3600; 'max' from 10 to 1,000,000. */
void mac_table_configure(struct mac_table *, unsigned int idle_s, size_t max);

/* In the VLANs of 'vlans' (4096 bits; NULL: none) nothing is learned, so that
 * all is flooded; what was learned there is forgotten.  Returns true if
 * anything changed. */
bool mac_table_set_flood_vlans(struct mac_table *, const uint64_t *vlans);

/* Says whether 'mac' in 'vlan' is known, and where. */
bool mac_table_lookup(const struct mac_table *, uint16_t vlan,
                      struct eth_addr mac, ofp_port_t *ret_port);

/* Would mac_table_learn() change anything?  Cheap; for the packet path. */
bool mac_table_needs_learning(const struct mac_table *, uint16_t vlan,
                              struct eth_addr mac, ofp_port_t port);

/* Notes that a packet from 'mac' came in by 'port'.  Returns true if packets
 * to it go another way now.  With 'is_gratuitous_arp' a following packet from
 * another port does not move the entry for 5 seconds. */
bool mac_table_learn(struct mac_table *, uint16_t vlan, struct eth_addr mac,
                     ofp_port_t port, bool is_gratuitous_arp);

/* An entry that does not expire and is not learned over. */
void mac_table_add_static(struct mac_table *, uint16_t vlan,
                          struct eth_addr mac, ofp_port_t port);
bool mac_table_remove(struct mac_table *, uint16_t vlan, struct eth_addr mac);

/* Removes all but static entries; all of one port.  True if there were any. */
bool mac_table_flush(struct mac_table *);
bool mac_table_flush_port(struct mac_table *, ofp_port_t port);

/* Removes what has expired; true if anything has.  Call it every second or
 * so. */
bool mac_table_expire(struct mac_table *);

/* Calls 'each' for every entry, oldest use last; age in seconds, -1 if
 * static. */
void mac_table_for_each(struct mac_table *,
                        void (*each)(uint16_t vlan, struct eth_addr mac,
                                     ofp_port_t port, int age_s, void *aux),
                        void *aux);

struct mac_table_stats {
    size_t n_entries, max_entries;
    unsigned int idle_s;
    uint64_t n_learned, n_expired, n_evicted, n_moved, n_static;
};
void mac_table_get_stats(struct mac_table *, struct mac_table_stats *);
void mac_table_clear_stats(struct mac_table *);

#endif /* protocols/mac_learning.h */
