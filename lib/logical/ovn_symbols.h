/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_OVN_SYMBOLS_H
#define LOGICAL_OVN_SYMBOLS_H

/* The symbols of OVN's logical flows, and where the logical fields are kept:
 * ovn-architecture(7) fixes the registers. */

#include "lib/logical/symbol.h"

/* Registers of the logical fields. */
enum {
    LOG_REG_FLAGS = 10,          /* LOG_FLAG_*. */
    LOG_REG_DNAT_ZONE = 11,      /* Conntrack zone for DNAT in a router. */
    LOG_REG_SNAT_ZONE = 12,      /* Conntrack zone for SNAT in a router. */
    LOG_REG_CT_ZONE = 13,        /* Conntrack zone of a switch port, in bits
                                  * 0..15; 16..31 have the encapsulation. */
    LOG_REG_INPORT = 14,
    LOG_REG_OUTPORT = 15,
};
#define LOG_N_REGS 10            /* reg0..reg9 are the pipeline's own. */

/* Bit numbers in the flags register. */
enum {
    LOG_FLAG_LOOPBACK = 0,               /* Output to the inport is fine. */
    LOG_FLAG_FROM_RAMP = 1,              /* Came from a VXLAN ramp switch. */
    LOG_FLAG_FORCE_SNAT_FOR_DNAT = 2,
    LOG_FLAG_FORCE_SNAT_FOR_LB = 3,
    LOG_FLAG_LOCAL_ONLY = 4,             /* Deliver on this chassis only. */
    LOG_FLAG_NESTED_CONTAINER = 5,
    LOG_FLAG_LOOKUP_MAC = 6,             /* Result of lookup_arp, _nd. */
    LOG_FLAG_LOOKUP_LB_HAIRPIN = 7,      /* Result of chk_lb_hairpin*. */
    LOG_FLAG_LOOKUP_FDB = 8,             /* Result of lookup_fdb. */
    LOG_FLAG_SKIP_SNAT_FOR_LB = 9,
    LOG_FLAG_LOCALPORT = 10,             /* Came from a localport. */
    LOG_FLAG_USE_SNAT_ZONE = 11,
    LOG_FLAG_CHECK_PORT_SEC = 12,        /* Result of check_*_port_sec. */
    LOG_FLAG_LOOKUP_COMMIT_ECMP_NH = 13, /* Result of chk_ecmp_nh*. */
    LOG_FLAG_USE_LB_AFF_SESSION = 14,    /* Result of chk_lb_aff. */
    LOG_FLAG_LOCALNET = 15,              /* Came from a localnet port. */
    LOG_FLAG_FROM_TUNNEL = 16,
    LOG_FLAG_ICMP_SNAT = 17,
    LOG_FLAG_OVERRIDE_LOCAL_ONLY = 18,
    LOG_FLAG_FROM_CONTROLLER = 19,
    LOG_FLAG_UNSNAT_NEW = 20,
    LOG_FLAG_UNSNAT_NOT_TRACKED = 21,
    LOG_FLAG_IGMP_INJECT = 22,
    LOG_FLAG_NETWORK_ID = 28,            /* 4 bits. */
};

/* Bits of ct_mark and ct_label that the pipelines give a meaning. */
enum {
    LOG_CT_BLOCKED = 0,
    LOG_CT_NATTED = 1,
    LOG_CT_SKIP_SNAT = 2,
    LOG_CT_FORCE_SNAT = 3,
};

/* Fills an empty table. */
void ovn_symbols_add(struct symbol_table *);

/* Returns the table, made on first use, which lives as long as the process.
 * Call it first from one thread only. */
const struct symbol_table *ovn_symbols(void);

#endif /* logical/ovn_symbols.h */
