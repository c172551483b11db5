/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts: OpenFlow 1.0.2 section 5.2.1 and 5.3.5, OpenFlow 1.3.5 and 1.4.1
 * sections 7.2.1 and 7.3.5. */
#include "lib/openflow/port_msg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/openflow/buf.h"
#include "lib/openflow/ofperr.h"

/* Reads a port number: 16 bits in OpenFlow 1.0, 32 later. */
static enum ofperr
read_port(struct reader *r, uint8_t version, ofp_port_t *ret)
{
    if (version == OFP10_VERSION) {
        *ret = reader_u16(r);
        return 0;
    }
    return port_from_oxm(htonl(reader_u32(r)), ret) ? 0 : OFPBRC_BAD_PORT;
}

static void
put_port(struct buf *b, uint8_t version, ofp_port_t port)
{
    if (version == OFP10_VERSION) {
        buf_put_u16(b, port);
    } else {
        be32 wide = port_to_oxm(port);

        buf_put(b, &wide, sizeof wide);
    }
}

static void
read_mac(struct reader *r, struct eth_addr *ea)
{
    const void *p = reader_pull(r, sizeof *ea);

    if (p) {
        memcpy(ea, p, sizeof *ea);
    }
}

/* Takes the next property (type, length, value) off 'r'. */
static bool
next_prop(struct reader *r, uint16_t *ret_type, struct reader *ret_value)
{
    uint16_t length;

    *ret_type = reader_u16(r);
    length = reader_u16(r);
    if (r->is_bad || length < 4 || length - 4u > r->left) {
        return false;
    }
    *ret_value = reader_sub(r, length - 4);
    reader_skip(r, MIN(r->left, ROUND_UP(length, 8) - length));
    return true;
}

/* ## Descriptions ## */

/* OpenFlow 1.0 has no bits for the fastest speeds, and the others lower. */
static const struct {
    uint32_t bit;
    uint32_t bit_10;
} features_10[] = {
    { PORT_10MB_HD, 1 << 0 }, { PORT_10MB_FD, 1 << 1 },
    { PORT_100MB_HD, 1 << 2 }, { PORT_100MB_FD, 1 << 3 },
    { PORT_1GB_HD, 1 << 4 }, { PORT_1GB_FD, 1 << 5 },
    { PORT_10GB_FD, 1 << 6 }, { PORT_COPPER, 1 << 7 },
    { PORT_FIBER, 1 << 8 }, { PORT_AUTONEG, 1 << 9 },
    { PORT_PAUSE, 1 << 10 }, { PORT_PAUSE_ASYM, 1 << 11 },
};

static uint32_t
features_to_10(uint32_t features)
{
    uint32_t x = 0;

    for (size_t i = 0; i < ARRAY_SIZE(features_10); i++) {
        x |= features & features_10[i].bit ? features_10[i].bit_10 : 0;
    }
    return x;
}

static uint32_t
features_from_10(uint32_t x)
{
    uint32_t features = 0;

    for (size_t i = 0; i < ARRAY_SIZE(features_10); i++) {
        features |= x & features_10[i].bit_10 ? features_10[i].bit : 0;
    }
    return features;
}

#define CONFIG_10 \
    (PORT_DOWN | PORT_NO_STP | PORT_NO_RECV | PORT_NO_RECV_STP \
     | PORT_NO_FLOOD | PORT_NO_FWD | PORT_NO_PACKET_IN)
#define CONFIG_11 (PORT_DOWN | PORT_NO_RECV | PORT_NO_FWD | PORT_NO_PACKET_IN)
#define STATE_10 (PORT_LINK_DOWN | PORT_STP_MASK)
#define STATE_11 (PORT_LINK_DOWN | PORT_BLOCKED | PORT_LIVE)
#define NAME_SIZE 16             /* On the wire. */

static void
read_name(struct reader *r, char *name)
{
    const char *p = reader_pull(r, NAME_SIZE);

    memset(name, 0, OFP_PORT_NAME_SIZE);
    if (p) {
        memcpy(name, p, NAME_SIZE - 1);
    }
}

static void
read_speeds(struct reader *r, struct phy_port *port)
{
    port->curr = reader_u32(r);
    port->advertised = reader_u32(r);
    port->supported = reader_u32(r);
    port->peer = reader_u32(r);
    port->curr_speed_kbps = reader_u32(r);
    port->max_speed_kbps = reader_u32(r);
}

static void
read_port_10(struct reader *r, struct phy_port *port)
{
    port->port_no = reader_u16(r);
    read_mac(r, &port->hw_addr);
    read_name(r, port->name);
    port->config = reader_u32(r) & CONFIG_10;
    port->state = reader_u32(r) & STATE_10;
    port->curr = features_from_10(reader_u32(r));
    port->advertised = features_from_10(reader_u32(r));
    port->supported = features_from_10(reader_u32(r));
    port->peer = features_from_10(reader_u32(r));
}

#define PROP_ETHERNET 0

static enum ofperr
read_port_14(struct reader *r, struct phy_port *port)
{
    enum ofperr error = read_port(r, OFP14_VERSION, &port->port_no);
    uint16_t length = reader_u16(r);
    struct reader element;

    if (error) {
        return error;
    }
    if (r->is_bad || length < 40 || length - 6u > r->left) {
        return OFPBRC_BAD_LEN;
    }
    element = reader_sub(r, length - 6);
    reader_skip(&element, 2);
    read_mac(&element, &port->hw_addr);
    reader_skip(&element, 2);
    read_name(&element, port->name);
    port->config = reader_u32(&element) & CONFIG_11;
    port->state = reader_u32(&element) & STATE_11;
    while (element.left) {
        struct reader value;
        uint16_t type;

        if (!next_prop(&element, &type, &value)) {
            return OFPBPC_BAD_LEN;
        }
        if (type == PROP_ETHERNET) {
            reader_skip(&value, 4);
            read_speeds(&value, port);
            if (value.is_bad) {
                return OFPBPC_BAD_LEN;
            }
        }
    }
    return element.is_bad ? OFPBRC_BAD_LEN : 0;
}

int
phy_port_decode(struct phy_port *port, uint8_t version, struct reader *r)
{
    enum ofperr error;

    if (!r->left) {
        return -ENODATA;
    }
    memset(port, 0, sizeof *port);
    if (version >= OFP14_VERSION) {
        return read_port_14(r, port);
    }
    if (version == OFP10_VERSION) {
        read_port_10(r, port);
        return r->is_bad ? OFPBRC_BAD_LEN : 0;
    }
    error = read_port(r, version, &port->port_no);
    reader_skip(r, 4);
    read_mac(r, &port->hw_addr);
    reader_skip(r, 2);
    read_name(r, port->name);
    port->config = reader_u32(r) & CONFIG_11;
    port->state = reader_u32(r) & STATE_11;
    read_speeds(r, port);
    return r->is_bad ? OFPBRC_BAD_LEN : error;
}

static void
put_name(struct buf *b, const char *name)
{
    char *p = buf_put_zeros(b, NAME_SIZE);

    memcpy(p, name, strnlen(name, NAME_SIZE - 1));
}

static void
put_speeds(struct buf *b, const struct phy_port *port)
{
    buf_put_u32(b, port->curr);
    buf_put_u32(b, port->advertised);
    buf_put_u32(b, port->supported);
    buf_put_u32(b, port->peer);
    buf_put_u32(b, port->curr_speed_kbps);
    buf_put_u32(b, port->max_speed_kbps);
}

static void
put_port_10(struct buf *b, const struct phy_port *port)
{
    put_port(b, OFP10_VERSION, port->port_no);
    buf_put(b, &port->hw_addr, sizeof port->hw_addr);
    put_name(b, port->name);
    buf_put_u32(b, port->config & CONFIG_10);
    buf_put_u32(b, port->state & STATE_10);
    buf_put_u32(b, features_to_10(port->curr));
    buf_put_u32(b, features_to_10(port->advertised));
    buf_put_u32(b, features_to_10(port->supported));
    buf_put_u32(b, features_to_10(port->peer));
}

void
phy_port_put(struct buf *b, const struct phy_port *port, uint8_t version)
{
    bool is_14 = version >= OFP14_VERSION;

    if (version == OFP10_VERSION) {
        put_port_10(b, port);
        return;
    }
    put_port(b, version, port->port_no);
    if (is_14) {
        buf_put_u16(b, 72);
        buf_put_zeros(b, 2);
    } else {
        buf_put_zeros(b, 4);
    }
    buf_put(b, &port->hw_addr, sizeof port->hw_addr);
    buf_put_zeros(b, 2);
    put_name(b, port->name);
    buf_put_u32(b, port->config & CONFIG_11);
    buf_put_u32(b, port->state & STATE_11);
    if (is_14) {
        buf_put_u16(b, PROP_ETHERNET);
        buf_put_u16(b, 32);
        buf_put_zeros(b, 4);
    }
    put_speeds(b, port);
}

void
phy_port_append(struct multipart *mp, const struct phy_port *port)
{
    phy_port_put(multipart_begin(mp), port, mp->version);
    multipart_end(mp);
}

/* Starts a request that names a port: 'type' in a buffer of its own. */
static struct buf *
port_request(enum ofmsg_type type, uint8_t version, ofp_port_t port)
{
    struct buf *b = buf_create(64);

    ofmsg_start(b, type, version, ofmsg_alloc_xid());
    put_port(b, version, port);
    buf_put_zeros(b, version == OFP10_VERSION ? 6 : 4);
    ofmsg_finish(b, 0);
    return b;
}

struct buf *
port_desc_request_encode(uint8_t version, ofp_port_t port)
{
    return (version >= OFP15_VERSION
            ? port_request(OFMSG_PORT_DESC_REQUEST, version, port)
            : ofmsg_create_empty(OFMSG_PORT_DESC_REQUEST, version,
                                 ofmsg_alloc_xid()));
}

enum ofperr
port_desc_request_decode(const struct ofmsg *msg, ofp_port_t *ret)
{
    struct reader r = ofmsg_reader(msg);
    enum ofperr error;

    *ret = OFPP_NONE;
    if (msg->version < OFP15_VERSION) {
        return 0;
    }
    error = read_port(&r, msg->version, ret);
    return r.is_bad ? OFPBRC_BAD_LEN : error;
}

/* ## Status and mods ## */

enum ofperr
port_status_decode(struct port_status *status, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    int error;

    status->reason = reader_u8(&r);
    reader_skip(&r, 7);
    if (status->reason > PORT_MODIFY) {
        return OFPBRC_BAD_TYPE;
    }
    error = phy_port_decode(&status->desc, msg->version, &r);
    return error < 0 ? OFPBRC_BAD_LEN : (enum ofperr) error;
}

struct buf *
port_status_encode(const struct port_status *status, uint8_t version)
{
    struct buf *b = buf_create(128);

    ofmsg_start(b, OFMSG_PORT_STATUS, version, 0);
    buf_put_u8(b, status->reason);
    buf_put_zeros(b, 7);
    phy_port_put(b, &status->desc, version);
    ofmsg_finish(b, 0);
    return b;
}

static enum ofperr
read_mod_props(struct reader *r, struct port_mod *mod)
{
    while (r->left) {
        struct reader value;
        uint16_t type;

        if (!next_prop(r, &type, &value)) {
            return OFPBPC_BAD_LEN;
        }
        if (type != PROP_ETHERNET) {
            return OFPBPC_BAD_TYPE;
        }
        mod->advertise = reader_u32(&value);
        if (value.is_bad) {
            return OFPBPC_BAD_LEN;
        }
    }
    return 0;
}

enum ofperr
port_mod_decode(struct port_mod *mod, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    bool is_10 = msg->version == OFP10_VERSION;
    uint32_t known = is_10 ? CONFIG_10 : CONFIG_11;
    enum ofperr error;

    memset(mod, 0, sizeof *mod);
    error = read_port(&r, msg->version, &mod->port_no);
    reader_skip(&r, is_10 ? 0 : 4);
    read_mac(&r, &mod->hw_addr);
    reader_skip(&r, is_10 ? 0 : 2);
    mod->config = reader_u32(&r) & known;
    mod->mask = reader_u32(&r) & known;
    if (msg->version >= OFP14_VERSION) {
        if (!error && !r.is_bad) {
            error = read_mod_props(&r, mod);
        }
    } else {
        mod->advertise = reader_u32(&r);
        if (is_10) {
            mod->advertise = features_from_10(mod->advertise);
        }
    }
    mod->config &= mod->mask;
    return r.is_bad ? OFPBRC_BAD_LEN : error;
}

struct buf *
port_mod_encode(const struct port_mod *mod, uint8_t version)
{
    bool is_10 = version == OFP10_VERSION;
    struct buf *b = buf_create(64);

    ofmsg_start(b, OFMSG_PORT_MOD, version, ofmsg_alloc_xid());
    put_port(b, version, mod->port_no);
    buf_put_zeros(b, is_10 ? 0 : 4);
    buf_put(b, &mod->hw_addr, sizeof mod->hw_addr);
    buf_put_zeros(b, is_10 ? 0 : 2);
    buf_put_u32(b, mod->config);
    buf_put_u32(b, mod->mask);
    if (version >= OFP14_VERSION) {
        if (mod->advertise) {
            buf_put_u16(b, PROP_ETHERNET);
            buf_put_u16(b, 8);
            buf_put_u32(b, mod->advertise);
        }
    } else {
        buf_put_u32(b, is_10 ? features_to_10(mod->advertise)
                    : mod->advertise);
        buf_put_zeros(b, 4);
    }
    ofmsg_finish(b, 0);
    return b;
}

/* ## Statistics ## */

struct buf *
port_stats_request_encode(uint8_t version, ofp_port_t port)
{
    return port_request(OFMSG_PORT_STATS_REQUEST, version, port);
}

enum ofperr
port_stats_request_decode(const struct ofmsg *msg, ofp_port_t *ret)
{
    struct reader r = ofmsg_reader(msg);
    enum ofperr error = read_port(&r, msg->version, ret);

    return r.is_bad ? OFPBRC_BAD_LEN : error;
}

/* Members in the order of the wire: the first MAIN_COUNTERS in the body of
 * every version, the others in it or (1.4) in the Ethernet property. */
#define COUNTER_OFS(MEMBER) offsetof(struct port_stats, MEMBER)
static const size_t counters[] = {
    COUNTER_OFS(rx_packets), COUNTER_OFS(tx_packets),
    COUNTER_OFS(rx_bytes), COUNTER_OFS(tx_bytes),
    COUNTER_OFS(rx_dropped), COUNTER_OFS(tx_dropped),
    COUNTER_OFS(rx_errors), COUNTER_OFS(tx_errors),
    COUNTER_OFS(rx_frame_errors), COUNTER_OFS(rx_over_errors),
    COUNTER_OFS(rx_crc_errors), COUNTER_OFS(collisions),
};
#define MAIN_COUNTERS 8

static uint64_t *
counter_at(const struct port_stats *s, size_t i)
{
    return (uint64_t *) ((char *) s + counters[i]);
}

static void
put_counters(struct buf *b, const struct port_stats *s, size_t from,
             size_t to)
{
    for (size_t i = from; i < to; i++) {
        buf_put_u64(b, *counter_at(s, i));
    }
}

static void
read_counters(struct reader *r, struct port_stats *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        *counter_at(s, i) = reader_u64(r);
    }
}

#define STATS_14_SIZE 80
#define STATS_14_ETHERNET_SIZE 40

void
port_stats_append(struct multipart *mp, const struct port_stats *s)
{
    struct buf *b = multipart_begin(mp);

    if (mp->version >= OFP14_VERSION) {
        buf_put_u16(b, STATS_14_SIZE + STATS_14_ETHERNET_SIZE);
        buf_put_zeros(b, 2);
        put_port(b, mp->version, s->port_no);
        buf_put_u32(b, s->duration_s);
        buf_put_u32(b, s->duration_ns);
        put_counters(b, s, 0, MAIN_COUNTERS);
        buf_put_u16(b, PROP_ETHERNET);
        buf_put_u16(b, STATS_14_ETHERNET_SIZE);
        buf_put_zeros(b, 4);
        put_counters(b, s, MAIN_COUNTERS, ARRAY_SIZE(counters));
    } else {
        put_port(b, mp->version, s->port_no);
        buf_put_zeros(b, mp->version == OFP10_VERSION ? 6 : 4);
        put_counters(b, s, 0, ARRAY_SIZE(counters));
        if (mp->version >= OFP13_VERSION) {
            buf_put_u32(b, s->duration_s);
            buf_put_u32(b, s->duration_ns);
        }
    }
    multipart_end(mp);
}

static enum ofperr
read_stats_14(struct reader *r, struct port_stats *s)
{
    uint16_t length = reader_u16(r);
    struct reader element;
    enum ofperr error;

    if (r->is_bad || length < STATS_14_SIZE || length - 2u > r->left) {
        return OFPBRC_BAD_LEN;
    }
    element = reader_sub(r, length - 2);
    reader_skip(&element, 2);
    error = read_port(&element, OFP14_VERSION, &s->port_no);
    s->duration_s = reader_u32(&element);
    s->duration_ns = reader_u32(&element);
    read_counters(&element, s, 0, MAIN_COUNTERS);
    while (!error && element.left) {
        struct reader value;
        uint16_t type;

        if (!next_prop(&element, &type, &value)) {
            return OFPBPC_BAD_LEN;
        }
        if (type == PROP_ETHERNET) {
            reader_skip(&value, 4);
            read_counters(&value, s, MAIN_COUNTERS, ARRAY_SIZE(counters));
            error = value.is_bad ? OFPBPC_BAD_LEN : 0;
        }
    }
    return element.is_bad ? OFPBRC_BAD_LEN : error;
}

int
port_stats_decode(struct port_stats *s, const struct ofmsg *msg,
                  struct reader *r)
{
    enum ofperr error;

    if (!r->left) {
        return -ENODATA;
    }
    memset(s, 0xff, sizeof *s);
    s->custom = NULL;
    s->n_custom = 0;
    if (msg->version >= OFP14_VERSION) {
        return read_stats_14(r, s);
    }
    error = read_port(r, msg->version, &s->port_no);
    reader_skip(r, msg->version == OFP10_VERSION ? 6 : 4);
    read_counters(r, s, 0, ARRAY_SIZE(counters));
    if (msg->version >= OFP13_VERSION) {
        s->duration_s = reader_u32(r);
        s->duration_ns = reader_u32(r);
    }
    return r->is_bad ? OFPBRC_BAD_LEN : error;
}

void
port_stats_uninit(struct port_stats *s)
{
    free(s->custom);
    s->custom = NULL;
    s->n_custom = 0;
}

/* ## Queues ## */

/* OpenFlow 1.0 says "all ports" with ALL, later versions with ANY. */
static ofp_port_t
any_port_from_wire(ofp_port_t port)
{
    return port == OFPP_ALL ? OFPP_NONE : port;
}

static ofp_port_t
any_port_to_wire(ofp_port_t port, uint8_t version)
{
    return port == OFPP_NONE && version == OFP10_VERSION ? OFPP_ALL : port;
}

enum ofperr
queue_stats_request_decode(struct queue_stats_request *q,
                           const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    enum ofperr error = read_port(&r, msg->version, &q->port_no);

    reader_skip(&r, msg->version == OFP10_VERSION ? 2 : 0);
    q->queue_id = reader_u32(&r);
    q->port_no = any_port_from_wire(q->port_no);
    return r.is_bad ? OFPBRC_BAD_LEN : error;
}

struct buf *
queue_stats_request_encode(const struct queue_stats_request *q,
                           uint8_t version)
{
    struct buf *b = buf_create(64);

    ofmsg_start(b, OFMSG_QUEUE_STATS_REQUEST, version, ofmsg_alloc_xid());
    put_port(b, version, any_port_to_wire(q->port_no, version));
    buf_put_zeros(b, version == OFP10_VERSION ? 2 : 0);
    buf_put_u32(b, q->queue_id);
    ofmsg_finish(b, 0);
    return b;
}

#define QUEUE_STATS_14_SIZE 48

void
queue_stats_append(struct multipart *mp, const struct queue_stats *s)
{
    struct buf *b = multipart_begin(mp);

    if (mp->version >= OFP14_VERSION) {
        buf_put_u16(b, QUEUE_STATS_14_SIZE);
        buf_put_zeros(b, 6);
    }
    put_port(b, mp->version, s->port_no);
    buf_put_zeros(b, mp->version == OFP10_VERSION ? 2 : 0);
    buf_put_u32(b, s->queue_id);
    buf_put_u64(b, s->tx_bytes);
    buf_put_u64(b, s->tx_packets);
    buf_put_u64(b, s->tx_errors);
    if (mp->version >= OFP13_VERSION) {
        buf_put_u32(b, s->duration_s);
        buf_put_u32(b, s->duration_ns);
    }
    multipart_end(mp);
}

int
queue_stats_decode(struct queue_stats *s, const struct ofmsg *msg,
                   struct reader *r)
{
    size_t extra = 0;
    enum ofperr error;

    if (!r->left) {
        return -ENODATA;
    }
    s->duration_s = s->duration_ns = UINT32_MAX;
    if (msg->version >= OFP14_VERSION) {
        uint16_t length = reader_u16(r);

        if (r->is_bad || length < QUEUE_STATS_14_SIZE) {
            return OFPBRC_BAD_LEN;
        }
        reader_skip(r, 6);
        extra = length - QUEUE_STATS_14_SIZE;
    }
    error = read_port(r, msg->version, &s->port_no);
    reader_skip(r, msg->version == OFP10_VERSION ? 2 : 0);
    s->queue_id = reader_u32(r);
    s->tx_bytes = reader_u64(r);
    s->tx_packets = reader_u64(r);
    s->tx_errors = reader_u64(r);
    if (msg->version >= OFP13_VERSION) {
        s->duration_s = reader_u32(r);
        s->duration_ns = reader_u32(r);
    }
    reader_skip(r, extra);
    return r->is_bad ? OFPBRC_BAD_LEN : error;
}

struct buf *
queue_config_request_encode(uint8_t version, ofp_port_t port,
                            uint32_t queue_id)
{
    bool is_14 = version >= OFP14_VERSION;
    struct buf *b = buf_create(64);

    ofmsg_start(b, is_14 ? OFMSG_QUEUE_DESC_REQUEST
                : OFMSG_QUEUE_GET_CONFIG_REQUEST, version,
                ofmsg_alloc_xid());
    put_port(b, version, port);
    if (is_14) {
        buf_put_u32(b, queue_id);
    } else {
        buf_put_zeros(b, version == OFP10_VERSION ? 2 : 4);
    }
    ofmsg_finish(b, 0);
    return b;
}

enum ofperr
queue_config_request_decode(const struct ofmsg *msg, ofp_port_t *port,
                            uint32_t *queue_id)
{
    struct reader r = ofmsg_reader(msg);
    enum ofperr error = read_port(&r, msg->version, port);

    *queue_id = (msg->version >= OFP14_VERSION ? reader_u32(&r) : OFPQ_ALL);
    return r.is_bad ? OFPBRC_BAD_LEN : error;
}

enum { QUEUE_PROP_MIN_RATE = 1, QUEUE_PROP_MAX_RATE = 2 };

static void
put_queue_prop(struct buf *b, uint16_t type, uint16_t rate, bool is_14)
{
    if (rate == QUEUE_RATE_UNSET) {
        return;
    }
    buf_put_u16(b, type);
    buf_put_u16(b, is_14 ? 8 : 16);
    buf_put_zeros(b, is_14 ? 0 : 4);
    buf_put_u16(b, rate);
    buf_put_zeros(b, is_14 ? 2 : 6);
}

/* Offset, in one queue's description, of its length. */
static size_t
put_queue_header(struct buf *b, const struct queue_config *q,
                 uint8_t version)
{
    size_t at;

    if (version >= OFP14_VERSION) {
        put_port(b, version, q->port_no);
        buf_put_u32(b, q->queue_id);
    } else {
        buf_put_u32(b, q->queue_id);
        if (version != OFP10_VERSION) {
            put_port(b, version, q->port_no);
        }
    }
    at = b->size;
    buf_put_zeros(b, version == OFP10_VERSION ? 4 : 8);
    return at;
}

static void
put_queue(struct buf *b, const struct queue_config *q, uint8_t version)
{
    bool is_14 = version >= OFP14_VERSION;
    size_t start = b->size;
    size_t length_at = put_queue_header(b, q, version);

    put_queue_prop(b, QUEUE_PROP_MIN_RATE, q->min_rate, is_14);
    put_queue_prop(b, QUEUE_PROP_MAX_RATE, q->max_rate, is_14);
    buf_set_u16(b, length_at, b->size - start);
}

void
queue_config_reply(const struct ofmsg *request, const struct queue_config *q,
                   size_t n, struct list *list)
{
    struct multipart mp;
    struct reader r = ofmsg_reader(request);
    ofp_port_t port;
    struct buf *b;

    if (request->is_multipart) {
        multipart_init(&mp, request, list);
        for (size_t i = 0; i < n; i++) {
            put_queue(multipart_begin(&mp), &q[i], request->version);
            multipart_end(&mp);
        }
        multipart_finish(&mp);
        return;
    }
    b = buf_create(64);
    ofmsg_start(b, OFMSG_QUEUE_GET_CONFIG_REPLY, request->version,
                request->xid);
    if (read_port(&r, request->version, &port)) {
        port = OFPP_NONE;
    }
    put_port(b, request->version, port);
    buf_put_zeros(b, request->version == OFP10_VERSION ? 6 : 4);
    for (size_t i = 0; i < n; i++) {
        put_queue(b, &q[i], request->version);
    }
    ofmsg_finish(b, 0);
    list_push_back(list, &b->node);
}

static enum ofperr
read_queue_props(struct queue_config *q, struct reader *r, bool is_14)
{
    while (r->left) {
        struct reader value;
        uint16_t type, rate;

        if (!next_prop(r, &type, &value)) {
            return OFPBRC_BAD_LEN;
        }
        reader_skip(&value, is_14 ? 0 : 4);
        rate = reader_u16(&value);
        if (value.is_bad) {
            return OFPBRC_BAD_LEN;
        }
        if (type == QUEUE_PROP_MIN_RATE) {
            q->min_rate = rate;
        } else if (type == QUEUE_PROP_MAX_RATE) {
            q->max_rate = rate;
        }
    }
    return 0;
}

int
queue_config_decode(struct queue_config *q, const struct ofmsg *msg,
                    struct reader *r)
{
    bool is_14 = msg->version >= OFP14_VERSION;
    size_t header = msg->version == OFP10_VERSION ? 8 : 16;
    enum ofperr error = 0;
    struct reader props;
    uint16_t length;

    /* The plain reply starts with its port, once. */
    if (!msg->is_multipart && r->p == msg->body) {
        error = read_port(r, msg->version, &q->port_no);
        reader_skip(r, msg->version == OFP10_VERSION ? 6 : 4);
    }
    if (!r->left) {
        return -ENODATA;
    }
    q->min_rate = q->max_rate = QUEUE_RATE_UNSET;
    if (is_14) {
        error = read_port(r, msg->version, &q->port_no);
    }
    q->queue_id = reader_u32(r);
    if (!is_14 && msg->version != OFP10_VERSION) {
        error = read_port(r, msg->version, &q->port_no);
    }
    length = reader_u16(r);
    reader_skip(r, msg->version == OFP10_VERSION ? 2 : 6);
    if (r->is_bad || length < header || length - header > r->left) {
        return OFPBRC_BAD_LEN;
    }
    props = reader_sub(r, length - header);
    return error ? error : read_queue_props(q, &props, is_14);
}
