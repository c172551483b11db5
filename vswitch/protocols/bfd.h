/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_BFD_H
#define PROTOCOLS_BFD_H

/* Bidirectional forwarding detection (RFC 5880): one session, asynchronous
 * mode, over a single hop (RFC 5881), with the settings that the column
 * Interface.bfd has.
 *
 * No I/O and no clock: whoever has the session calls bfd_run() when
 * bfd_wake_ms() says, sends what bfd_compose() makes, and hands over what
 * comes.  All times are clock_ms().
 *
 * Threads: none of its own; calls exclude each other. */

#include "lib/base/smap.h"
#include "lib/base/str.h"
#include "lib/packet/packet.h"

#define BFD_PORT 3784
#define BFD_TTL 255              /* RFC 5881 5: others come from afar. */

struct bfd;

struct bfd_config {
    bool enable;
    uint32_t min_rx_ms, min_tx_ms;
    uint32_t decay_min_rx_ms;    /* 0: no decay. */
    uint8_t mult;
    bool forwarding_if_rx;
    bool cpath_down;
    bool check_tnl_key;
    bool oam;
    struct eth_addr local_src_mac;   /* Zero: the port's. */
    struct eth_addr local_dst_mac;   /* To expect; zero: any. */
    struct eth_addr remote_dst_mac;
    be32 src_ip, dst_ip;
};

/* Reads the column; what is missing or makes no sense is the default. */
void bfd_config_parse(const struct smap *, struct bfd_config *);

struct bfd *bfd_create(const char *name, const struct bfd_config *,
                       int64_t now_ms);
void bfd_destroy(struct bfd *);
const char *bfd_name(const struct bfd *);
const struct bfd_config *bfd_get_config(const struct bfd *);
void bfd_set_config(struct bfd *, const struct bfd_config *, int64_t now_ms);

/* When to call bfd_run() next. */
int64_t bfd_wake_ms(const struct bfd *);

/* Does what time has brought; returns whether a packet is to be sent now.
 * 'n_rx' counts all packets that the interface ever received. */
bool bfd_run(struct bfd *, uint64_t n_rx, int64_t now_ms);

/* Makes the next control packet in 'packet', which is empty, and counts it as
 * sent.  'mac' is the port's. */
void bfd_compose(struct bfd *, struct eth_addr mac, struct packet *packet,
                 int64_t now_ms);

/* Takes a control packet: the payload of a UDP datagram.  Returns NULL, or why
 * it was ignored. */
const char *bfd_receive(struct bfd *, const void *payload, size_t size,
                        int64_t now_ms);

/* Whether the interface may be used, as bfd_status:forwarding says. */
bool bfd_is_forwarding(const struct bfd *);

/* Overrides that, for tests: 1 or 0; -1 for no longer. */
void bfd_override_forwarding(struct bfd *, int forwarding, int64_t now_ms);

/* Moves on whenever what bfd_get_status() says has changed. */
uint64_t bfd_status_seq(const struct bfd *);

/* Adds the keys of the column bfd_status. */
void bfd_get_status(const struct bfd *, struct smap *);

/* Appends a description for people. */
void bfd_show(const struct bfd *, int64_t now_ms, struct str *);

#endif /* protocols/bfd.h */
