/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers in comments are sections of RFC 5880.
 *
 * Beside the RFC: decay_min_rx (fewer packets are asked for while the
 * interface is idle) and forwarding_if_rx (data counts as a sign of life, for
 * a while) are Open vSwitch's. */

#include "vswitch/protocols/bfd.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/packet/compose.h"
#include "lib/runtime/log.h"

LOG_MODULE(bfd);

#define VERSION 1
#define DEFAULT_MIN_RX_MS 1000
#define DEFAULT_MIN_TX_MS 100
#define DEFAULT_MULT 3
#define SLOW_TX_MS 1000          /* While not up (6.8.3). */
#define MIN_DECAY_MS 2000
#define RX_BFD_FACTOR 100        /* Data stands in for BFD for so many
                                  * intervals. */
#define DATA_FACTOR 3            /* And each piece of it for so many. */
#define FIRST_SOURCE_PORT 49152

enum state { ADMIN_DOWN, DOWN, INIT, UP };

enum diag {
    DIAG_NONE = 0,
    DIAG_EXPIRED = 1,
    DIAG_SIGNALED = 3,
    DIAG_CPATH_DOWN = 6,
    DIAG_RCPATH_DOWN = 8,
};

enum {
    FLAG_POLL = 0x20,
    FLAG_FINAL = 0x10,
    FLAG_CPI = 0x08,
    FLAG_AUTH = 0x04,
    FLAG_DEMAND = 0x02,
    FLAG_MULTIPOINT = 0x01,
};

struct control {
    uint8_t version_diag;
    uint8_t state_flags;
    uint8_t mult;
    uint8_t size;
    be32 my_disc;
    be32 your_disc;
    be32 min_tx_us;
    be32 min_rx_us;
    be32 min_echo_rx_us;
} PACKED;

struct bfd {
    char *name;
    struct bfd_config config;
    enum state state;
    enum diag diag;
    uint32_t local_disc;
    uint16_t source_port;

    /* What the other end said last. */
    enum state remote_state;
    uint8_t remote_diag;
    uint8_t remote_flags;
    uint8_t remote_mult;
    uint32_t remote_disc;
    uint32_t remote_min_tx_us, remote_min_rx_us;

    /* Intervals: as told to the other end, and as used until it knows. */
    uint32_t min_tx_ms, used_tx_ms;
    uint32_t min_rx_ms, used_rx_ms;
    bool is_polling;
    bool send_final;

    int64_t last_tx_ms, next_tx_ms;
    int64_t detect_ms;           /* When the other end is lost; 0: it is. */

    /* The interface's count of packets lags behind ours of control packets:
     * the greatest difference seen is that of data. */
    uint64_t n_control_rx;
    uint64_t n_data_rx;
    int64_t look_ms;             /* When to look for data. */
    int64_t decay_ms;            /* When to look whether it is idle, */
    uint64_t decay_n_data_rx;    /* with so much data before. */
    bool is_decayed;
    int64_t data_until_ms;       /* So long data says that it is alive, */
    int64_t data_limit_ms;       /* but not longer than this. */

    int override;                /* Of forwarding; -1: none. */
    bool is_forwarding;
    uint64_t flap_count;
    uint64_t status_seq;
};

static const char *const state_names[] = { "admin_down", "down", "init",
                                           "up" };

static const char *const diag_names[] = {
    "No Diagnostic",
    "Control Detection Time Expired",
    "Echo Function Failed",
    "Neighbor Signaled Session Down",
    "Forwarding Plane Reset",
    "Path Down",
    "Concatenated Path Down",
    "Administratively Down",
    "Reverse Concatenated Path Down",
};

static const char *
diag_name(uint8_t diag)
{
    return diag < ARRAY_SIZE(diag_names) ? diag_names[diag]
           : "Invalid Diagnostic";
}

/* Settings. */

static uint32_t
get_ms(const struct smap *column, const char *key, uint32_t def)
{
    int value = smap_get_int(column, key, def);

    return value > 0 && value <= 3600000 ? value : (int) def;
}

static void
get_mac(const struct smap *column, const char *key, struct eth_addr *mac)
{
    eth_addr_parse(smap_get_def(column, key, ""), mac);
}

static void
get_ip(const struct smap *column, const char *key, be32 *ip)
{
    const char *text = smap_get(column, key);
    be32 value;

    if (text && inet_pton(AF_INET, text, &value) == 1) {
        *ip = value;
    }
}

void
bfd_config_parse(const struct smap *column, struct bfd_config *c)
{
    int mult = smap_get_int(column, "mult", DEFAULT_MULT);

    *c = (struct bfd_config) {
        .enable = smap_get_bool(column, "enable", false),
        .min_rx_ms = get_ms(column, "min_rx", DEFAULT_MIN_RX_MS),
        .min_tx_ms = get_ms(column, "min_tx", DEFAULT_MIN_TX_MS),
        .decay_min_rx_ms = get_ms(column, "decay_min_rx", 0),
        .mult = mult > 0 && mult < 256 ? mult : DEFAULT_MULT,
        .forwarding_if_rx = smap_get_bool(column, "forwarding_if_rx", false),
        .cpath_down = smap_get_bool(column, "cpath_down", false),
        .check_tnl_key = smap_get_bool(column, "check_tnl_key", false),
        .oam = smap_get_bool(column, "oam", false),
        .remote_dst_mac = { { 0x00, 0x23, 0x20, 0x00, 0x00, 0x01 } },
        .src_ip = htonl(0xa9fe0101),     /* 169.254.1.1 */
        .dst_ip = htonl(0xa9fe0100),     /* 169.254.1.0 */
    };
    if (c->decay_min_rx_ms < c->min_rx_ms) {
        c->decay_min_rx_ms = 0;
    }
    get_mac(column, "bfd_local_src_mac", &c->local_src_mac);
    get_mac(column, "bfd_local_dst_mac", &c->local_dst_mac);
    get_mac(column, "bfd_remote_dst_mac", &c->remote_dst_mac);
    get_ip(column, "bfd_src_ip", &c->src_ip);
    get_ip(column, "bfd_dst_ip", &c->dst_ip);
}

/* Intervals. */

/* Takes the intervals to be those of the settings and the state.  In a session
 * that is up, the other end is told by a poll sequence, and what would
 * otherwise make one of the two miss the other waits for its end (6.8.3). */
static void
update_intervals(struct bfd *bfd)
{
    const struct bfd_config *c = &bfd->config;
    uint32_t tx = (bfd->state == UP ? c->min_tx_ms
                   : MAX(c->min_tx_ms, SLOW_TX_MS));
    uint32_t rx = bfd->is_decayed ? c->decay_min_rx_ms : c->min_rx_ms;

    if (tx == bfd->min_tx_ms && rx == bfd->min_rx_ms) {
        return;
    }
    bfd->min_tx_ms = tx;
    bfd->min_rx_ms = rx;
    if (bfd->state != UP) {
        bfd->used_tx_ms = tx;
        bfd->used_rx_ms = rx;
        return;
    }
    bfd->is_polling = true;
    bfd->used_tx_ms = MIN(bfd->used_tx_ms, tx);
    bfd->used_rx_ms = MAX(bfd->used_rx_ms, rx);
}

static int64_t
us_to_ms(uint32_t us)
{
    return DIV_ROUND_UP((uint64_t) us, 1000);
}

static int64_t
tx_interval_ms(const struct bfd *bfd)
{
    return MAX(bfd->used_tx_ms, us_to_ms(bfd->remote_min_rx_us));
}

static int64_t
rx_interval_ms(const struct bfd *bfd)
{
    return MAX(bfd->used_rx_ms, us_to_ms(bfd->remote_min_tx_us));
}

/* Up to a quarter less, so that systems do not fall into step; at least a
 * tenth if one lost packet ends the session (6.8.7). */
static int64_t
with_jitter(const struct bfd *bfd, int64_t interval_ms)
{
    uint32_t most = bfd->config.mult == 1 ? 900 : 1000;

    return MAX(1, interval_ms * (750 + random_u32() % (most - 750 + 1))
                  / 1000);
}

/* The other end takes no packets, or none unless asked (6.8.7). */
static bool
may_send(const struct bfd *bfd)
{
    return (bfd->remote_min_rx_us
            && !(bfd->remote_flags & FLAG_DEMAND && bfd->state == UP
                 && bfd->remote_state == UP && !bfd->is_polling));
}

/* State. */

static void
set_diag(struct bfd *bfd, enum diag diag)
{
    if (bfd->diag != diag) {
        bfd->diag = diag;
        bfd->status_seq++;
    }
}

static void
update_forwarding(struct bfd *bfd, int64_t now_ms)
{
    bool has_data = (bfd->config.forwarding_if_rx
                     && now_ms < bfd->data_until_ms
                     && now_ms < bfd->data_limit_ms);
    bool forwarding = ((bfd->state == UP || has_data)
                       && bfd->remote_diag != DIAG_CPATH_DOWN
                       && bfd->remote_diag != DIAG_RCPATH_DOWN);

    if (bfd->override >= 0) {
        forwarding = bfd->override;
    }
    if (forwarding != bfd->is_forwarding) {
        bfd->is_forwarding = forwarding;
        bfd->flap_count++;
        bfd->status_seq++;
    }
}

static void
set_state(struct bfd *bfd, enum state state, enum diag diag, int64_t now_ms)
{
    if (state == bfd->state) {
        return;
    }
    log_info("%s: BFD state change: %s->%s (%s)", bfd->name,
             state_names[bfd->state], state_names[state], diag_name(diag));
    bfd->state = state;
    bfd->status_seq++;
    if (!bfd->config.cpath_down) {
        set_diag(bfd, diag);
    }
    if (state != UP) {
        bfd->is_polling = false;
    }
    update_intervals(bfd);
    bfd->next_tx_ms = now_ms;
    update_forwarding(bfd, now_ms);
}

/* Nothing was heard of the other end for too long (6.8.4). */
static void
lose_remote(struct bfd *bfd, int64_t now_ms)
{
    bfd->detect_ms = 0;
    bfd->remote_disc = 0;
    bfd->remote_flags = 0;
    bfd->remote_min_rx_us = 1;
    bfd->remote_min_tx_us = 0;
    bfd->remote_mult = 0;
    if (bfd->remote_state != DOWN || bfd->remote_diag) {
        bfd->remote_state = DOWN;
        bfd->remote_diag = DIAG_NONE;
        bfd->status_seq++;
    }
    if (bfd->state == INIT || bfd->state == UP) {
        set_state(bfd, DOWN, DIAG_EXPIRED, now_ms);
    }
}

struct bfd *
bfd_create(const char *name, const struct bfd_config *config, int64_t now_ms)
{
    struct bfd *bfd = xzalloc(sizeof *bfd);

    bfd->name = xstrdup(name);
    bfd->state = bfd->remote_state = DOWN;
    bfd->remote_min_rx_us = 1;           /* 6.8.1 */
    bfd->local_disc = random_u32() | 1;
    bfd->source_port = FIRST_SOURCE_PORT
                       + random_u32() % (UINT16_MAX - FIRST_SOURCE_PORT + 1);
    bfd->override = -1;
    bfd->next_tx_ms = now_ms;
    bfd->status_seq = 1;
    bfd_set_config(bfd, config, now_ms);
    return bfd;
}

void
bfd_destroy(struct bfd *bfd)
{
    if (bfd) {
        free(bfd->name);
        free(bfd);
    }
}

const char *
bfd_name(const struct bfd *bfd)
{
    return bfd->name;
}

const struct bfd_config *
bfd_get_config(const struct bfd *bfd)
{
    return &bfd->config;
}

void
bfd_set_config(struct bfd *bfd, const struct bfd_config *config,
               int64_t now_ms)
{
    bool cpath_changed = config->cpath_down != bfd->config.cpath_down;

    bfd->config = *config;
    bfd->is_decayed = false;
    bfd->decay_ms = (config->decay_min_rx_ms
                     ? now_ms + MAX(config->decay_min_rx_ms, MIN_DECAY_MS)
                     : INT64_MAX);
    if (cpath_changed) {
        set_diag(bfd, config->cpath_down ? DIAG_CPATH_DOWN : DIAG_NONE);
        bfd->next_tx_ms = now_ms;
    }
    update_intervals(bfd);
    update_forwarding(bfd, now_ms);
    if (bfd->is_polling) {
        bfd->next_tx_ms = now_ms;
    }
}

/* Time. */

int64_t
bfd_wake_ms(const struct bfd *bfd)
{
    int64_t wake = bfd->send_final || may_send(bfd) ? bfd->next_tx_ms
                   : INT64_MAX;

    wake = MIN(wake, bfd->decay_ms);
    if (bfd->detect_ms) {
        wake = MIN(wake, bfd->detect_ms);
    }
    if (bfd->config.forwarding_if_rx) {
        wake = MIN(wake, bfd->look_ms);
    }
    return wake;
}

/* Notes data that the interface received since the last time. */
static void
notice_data(struct bfd *bfd, uint64_t n_rx, int64_t now_ms)
{
    uint64_t n_data = n_rx - MIN(n_rx, bfd->n_control_rx);

    if (n_data > bfd->n_data_rx) {
        bfd->n_data_rx = n_data;
        bfd->data_until_ms = now_ms + DATA_FACTOR * rx_interval_ms(bfd);
    }
    bfd->look_ms = now_ms + rx_interval_ms(bfd);
}

/* Asks for fewer packets while there is little else. */
static void
run_decay(struct bfd *bfd, int64_t now_ms)
{
    if (now_ms < bfd->decay_ms) {
        return;
    }
    bfd->is_decayed = (bfd->state == UP
                       && bfd->n_data_rx == bfd->decay_n_data_rx);
    bfd->decay_n_data_rx = bfd->n_data_rx;
    bfd->decay_ms = now_ms + MAX(bfd->config.decay_min_rx_ms, MIN_DECAY_MS);
    update_intervals(bfd);
    if (bfd->is_polling) {
        bfd->next_tx_ms = now_ms;
    }
}

bool
bfd_run(struct bfd *bfd, uint64_t n_rx, int64_t now_ms)
{
    notice_data(bfd, n_rx, now_ms);
    if (bfd->detect_ms && now_ms >= bfd->detect_ms) {
        lose_remote(bfd, now_ms);
    }
    run_decay(bfd, now_ms);
    update_forwarding(bfd, now_ms);
    return ((bfd->send_final || may_send(bfd)) && now_ms >= bfd->next_tx_ms);
}

/* Packets. */

void
bfd_compose(struct bfd *bfd, struct eth_addr mac, struct packet *packet,
            int64_t now_ms)
{
    const struct bfd_config *c = &bfd->config;
    /* A packet has one of the two flags (6.8.7). */
    uint8_t flags = (bfd->send_final ? FLAG_FINAL
                     : bfd->is_polling ? FLAG_POLL : 0);
    const struct control control = {
        .version_diag = VERSION << 5 | bfd->diag,
        .state_flags = bfd->state << 6 | flags,
        .mult = c->mult,
        .size = sizeof control,
        .my_disc = htonl(bfd->local_disc),
        .your_disc = htonl(bfd->remote_disc),
        .min_tx_us = htonl(bfd->min_tx_ms * 1000),
        .min_rx_us = htonl(bfd->min_rx_ms * 1000),
    };

    compose_udp4(packet, c->remote_dst_mac,
                 eth_addr_is_zero(c->local_src_mac) ? mac : c->local_src_mac,
                 c->src_ip, c->dst_ip, BFD_TTL, bfd->source_port, BFD_PORT,
                 &control, sizeof control);
    packet_set_ipv4_tos(packet, 0xc0);   /* Network control. */
    bfd->send_final = false;
    bfd->last_tx_ms = now_ms;
    bfd->next_tx_ms = now_ms + with_jitter(bfd, tx_interval_ms(bfd));
}

/* Why a control packet is to be discarded (6.8.6), or NULL. */
static const char *
check(const struct bfd *bfd, const struct control *c, size_t size)
{
    enum state state = c->state_flags >> 6;

    if (c->version_diag >> 5 != VERSION) {
        return "wrong version";
    } else if (c->size < sizeof *c || c->size > size) {
        return "wrong length";
    } else if (!c->mult) {
        return "detection multiplier is zero";
    } else if (c->state_flags & FLAG_MULTIPOINT) {
        return "multipoint";
    } else if (c->state_flags & FLAG_AUTH) {
        return "authentication is not in use";
    } else if (!c->my_disc) {
        return "its discriminator is zero";
    } else if (c->your_disc && ntohl(c->your_disc) != bfd->local_disc) {
        return "the session is another";
    } else if (!c->your_disc && state != DOWN && state != ADMIN_DOWN) {
        return "our discriminator is missing";
    }
    return NULL;
}

static void
run_machine(struct bfd *bfd, int64_t now_ms)
{
    switch (bfd->remote_state) {
    case ADMIN_DOWN:
        set_state(bfd, DOWN, DIAG_SIGNALED, now_ms);
        break;
    case DOWN:
        if (bfd->state == DOWN) {
            set_state(bfd, INIT, bfd->diag, now_ms);
        } else if (bfd->state == UP) {
            set_state(bfd, DOWN, DIAG_SIGNALED, now_ms);
        }
        break;
    case INIT:
        set_state(bfd, UP, bfd->diag, now_ms);
        break;
    case UP:
        if (bfd->state == INIT) {
            set_state(bfd, UP, bfd->diag, now_ms);
        }
        break;
    }
}

const char *
bfd_receive(struct bfd *bfd, const void *payload, size_t size, int64_t now_ms)
{
    const struct control *c = payload;
    const char *why = size < sizeof *c ? "too short" : check(bfd, c, size);
    enum state state;
    uint8_t diag;

    if (why) {
        return why;
    }
    state = c->state_flags >> 6;
    diag = c->version_diag & 0x1f;
    if (state != bfd->remote_state || diag != bfd->remote_diag) {
        bfd->remote_state = state;
        bfd->remote_diag = diag;
        bfd->status_seq++;
    }
    bfd->n_control_rx++;
    bfd->remote_flags = c->state_flags & 0x3f;
    bfd->remote_mult = c->mult;
    bfd->remote_disc = ntohl(c->my_disc);
    bfd->remote_min_tx_us = ntohl(c->min_tx_us);
    bfd->remote_min_rx_us = ntohl(c->min_rx_us);
    if (c->state_flags & FLAG_FINAL && bfd->is_polling) {
        bfd->is_polling = false;
        bfd->used_tx_ms = bfd->min_tx_ms;
        bfd->used_rx_ms = bfd->min_rx_ms;
    }
    run_machine(bfd, now_ms);
    bfd->detect_ms = now_ms + c->mult * rx_interval_ms(bfd);
    bfd->data_limit_ms = now_ms + RX_BFD_FACTOR * rx_interval_ms(bfd);
    if (c->state_flags & FLAG_POLL) {
        bfd->send_final = true;
        bfd->next_tx_ms = now_ms;
    } else {
        /* It may want them more often than before. */
        bfd->next_tx_ms = MIN(bfd->next_tx_ms,
                              bfd->last_tx_ms + tx_interval_ms(bfd));
    }
    update_forwarding(bfd, now_ms);
    return NULL;
}

/* Answers. */

bool
bfd_is_forwarding(const struct bfd *bfd)
{
    return bfd->is_forwarding;
}

void
bfd_override_forwarding(struct bfd *bfd, int forwarding, int64_t now_ms)
{
    bfd->override = forwarding;
    update_forwarding(bfd, now_ms);
}

uint64_t
bfd_status_seq(const struct bfd *bfd)
{
    return bfd->status_seq;
}

void
bfd_get_status(const struct bfd *bfd, struct smap *s)
{
    smap_set(s, "forwarding", bfd->is_forwarding ? "true" : "false");
    smap_set(s, "state", state_names[bfd->state]);
    smap_set(s, "diagnostic", diag_name(bfd->diag));
    smap_set(s, "remote_state", state_names[bfd->remote_state]);
    smap_set(s, "remote_diagnostic", diag_name(bfd->remote_diag));
    smap_setf(s, "flap_count", "%llu",
                    (unsigned long long) bfd->flap_count);
}

static void
show_flags(struct str *s, uint8_t flags)
{
    static const struct { uint8_t flag; const char *name; } names[] = {
        { FLAG_MULTIPOINT, "multipoint" }, { FLAG_DEMAND, "demand" },
        { FLAG_AUTH, "auth" }, { FLAG_CPI, "cpi" }, { FLAG_FINAL, "final" },
        { FLAG_POLL, "poll" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (flags & names[i].flag) {
            str_printf(s, " %s", names[i].name);
        }
    }
    str_put(s, flags ? "\n" : " none\n");
}

static void
show_time(struct str *s, const char *what, int64_t ms, int64_t now_ms)
{
    if (ms) {
        str_printf(s, "  %s: now %+lldms\n", what,
                   (long long) (ms - now_ms));
    } else {
        str_printf(s, "  %s: never\n", what);
    }
}

void
bfd_show(const struct bfd *bfd, int64_t now_ms, struct str *s)
{
    str_printf(s, "  Forwarding: %s\n", bfd->is_forwarding ? "true" : "false");
    str_printf(s, "  Detect Multiplier: %u\n", bfd->config.mult);
    str_printf(s, "  Concatenated Path Down: %s\n",
               bfd->config.cpath_down ? "true" : "false");
    str_printf(s, "  TX Interval: Approx %lldms\n",
               (long long) tx_interval_ms(bfd));
    str_printf(s, "  RX Interval: Approx %lldms\n",
               (long long) rx_interval_ms(bfd));
    show_time(s, "Detect Time", bfd->detect_ms, now_ms);
    show_time(s, "Next TX Time", bfd->next_tx_ms, now_ms);
    show_time(s, "Last TX Time", bfd->last_tx_ms, now_ms);
    str_put(s, "\n  Local Flags:");
    show_flags(s, bfd->is_polling ? FLAG_POLL : 0);
    str_printf(s, "  Local Session State: %s\n", state_names[bfd->state]);
    str_printf(s, "  Local Diagnostic: %s\n", diag_name(bfd->diag));
    str_printf(s, "  Local Discriminator: 0x%x\n", bfd->local_disc);
    str_printf(s, "  Local Minimum TX Interval: %ums\n", bfd->min_tx_ms);
    str_printf(s, "  Local Minimum RX Interval: %ums\n", bfd->min_rx_ms);
    str_put(s, "\n  Remote Flags:");
    show_flags(s, bfd->remote_flags);
    str_printf(s, "  Remote Session State: %s\n",
               state_names[bfd->remote_state]);
    str_printf(s, "  Remote Diagnostic: %s\n", diag_name(bfd->remote_diag));
    str_printf(s, "  Remote Discriminator: 0x%x\n", bfd->remote_disc);
    str_printf(s, "  Remote Minimum TX Interval: %lldms\n",
               (long long) us_to_ms(bfd->remote_min_tx_us));
    str_printf(s, "  Remote Minimum RX Interval: %lldms\n",
               (long long) us_to_ms(bfd->remote_min_rx_us));
    str_printf(s, "  Remote Detect Multiplier: %u\n", bfd->remote_mult);
}
