/* SPDX-License-Identifier: Apache-2.0 */

/* Ports and queues as text. */

#include "lib/openflow/printer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/vec.h"
#include "lib/openflow/port_msg.h"

static const struct bit_name port_configs[] = {
    { PORT_DOWN, "PORT_DOWN" }, { PORT_NO_STP, "NO_STP" },
    { PORT_NO_RECV, "NO_RECV" }, { PORT_NO_RECV_STP, "NO_RECV_STP" },
    { PORT_NO_FLOOD, "NO_FLOOD" }, { PORT_NO_FWD, "NO_FWD" },
    { PORT_NO_PACKET_IN, "NO_PACKET_IN" }, { 0, NULL }
};

static const struct bit_name port_features[] = {
    { PORT_10MB_HD, "10MB-HD" }, { PORT_10MB_FD, "10MB-FD" },
    { PORT_100MB_HD, "100MB-HD" }, { PORT_100MB_FD, "100MB-FD" },
    { PORT_1GB_HD, "1GB-HD" }, { PORT_1GB_FD, "1GB-FD" },
    { PORT_10GB_FD, "10GB-FD" }, { PORT_40GB_FD, "40GB-FD" },
    { PORT_100GB_FD, "100GB-FD" }, { PORT_1TB_FD, "1TB-FD" },
    { PORT_OTHER, "OTHER" }, { PORT_COPPER, "COPPER" },
    { PORT_FIBER, "FIBER" }, { PORT_AUTONEG, "AUTO_NEG" },
    { PORT_PAUSE, "AUTO_PAUSE" }, { PORT_PAUSE_ASYM, "AUTO_PAUSE_ASYM" },
    { 0, NULL }
};

static void
put_port_state(struct str *s, uint32_t state)
{
    static const struct bit_name names[] = {
        { PORT_LINK_DOWN, "LINK_DOWN" }, { PORT_BLOCKED, "BLOCKED" },
        { PORT_LIVE, "LIVE" }, { 0, NULL }
    };
    static const char *const stp[] = {
        NULL, "STP_LEARN", "STP_FORWARD", "STP_BLOCK"
    };
    const char *name = stp[(state & PORT_STP_MASK) >> 8];

    if (name) {
        str_put(s, name);
        if (!(state & 7)) {
            return;
        }
        str_put_char(s, ' ');
    }
    print_bits(s, state & 7, names, ' ');
}

static uint32_t
speed_mbps(uint32_t features)
{
    static const struct { uint32_t bits, mbps; } speeds[] = {
        { PORT_1TB_FD, 1000000 }, { PORT_100GB_FD, 100000 },
        { PORT_40GB_FD, 40000 }, { PORT_10GB_FD, 10000 },
        { PORT_1GB_HD | PORT_1GB_FD, 1000 },
        { PORT_100MB_HD | PORT_100MB_FD, 100 },
        { PORT_10MB_HD | PORT_10MB_FD, 10 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(speeds); i++) {
        if (features & speeds[i].bits) {
            return speeds[i].mbps;
        }
    }
    return 0;
}

static void
put_port_features(struct str *s, const char *title, uint32_t features)
{
    if (features) {
        str_printf(s, "     %-12s", title);
        print_bits(s, features, port_features, ' ');
        str_put_char(s, '\n');
    }
}

static void
put_phy_port(const struct printer *p, const struct phy_port *port)
{
    struct str *s = p->s;
    bool is_10 = p->msg->version == OFP10_VERSION;

    str_put_char(s, ' ');
    port_format(port->port_no, NULL, s);
    str_put_char(s, '(');
    str_put(s, port->name);
    str_printf(s, "): addr:" ETH_ADDR_FMT "\n", ETH_ADDR_ARGS(port->hw_addr));
    str_put(s, "     config:     ");
    print_bits(s, port->config, port_configs, ' ');
    str_put(s, "\n     state:      ");
    put_port_state(s, port->state);
    str_put_char(s, '\n');
    put_port_features(s, "current:", port->curr);
    put_port_features(s, "advertised:", port->advertised);
    put_port_features(s, "supported:", port->supported);
    put_port_features(s, "peer:", port->peer);
    str_printf(s, "     speed: %"PRIu32" Mbps now, %"PRIu32" Mbps max\n",
               is_10 ? speed_mbps(port->curr) : port->curr_speed_kbps / 1000,
               is_10 ? speed_mbps(port->supported)
               : port->max_speed_kbps / 1000);
}

static int
compare_ports(const void *a_, const void *b_)
{
    const struct phy_port *a = a_, *b = b_;

    return a->port_no < b->port_no ? -1 : a->port_no > b->port_no;
}

enum ofperr
print_phy_ports(const struct printer *p, struct reader *r)
{
    struct phy_port *list = NULL;
    size_t n = 0;
    int error;

    for (;;) {
        struct phy_port port;

        error = phy_port_decode(&port, p->msg->version, r);
        if (error) {
            break;
        }
        list = xreallocarray(list, n + 1, sizeof *list);
        list[n++] = port;
    }
    if (n) {
        qsort(list, n, sizeof *list, compare_ports);
    }
    for (size_t i = 0; i < n; i++) {
        put_phy_port(p, &list[i]);
    }
    free(list);
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_port_desc(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);

    str_put_char(p->s, '\n');
    return print_phy_ports(p, &r);
}

static enum ofperr
print_port_status(const struct printer *p)
{
    static const char *const reasons[] = { "ADD", "DEL", "MOD" };
    struct port_status ps;
    enum ofperr error = port_status_decode(&ps, p->msg);

    if (!error) {
        str_printf(p->s, " %s:", reasons[ps.reason]);
        put_phy_port(p, &ps.desc);
    }
    return error;
}

static enum ofperr
print_port_mod(const struct printer *p)
{
    struct port_mod pm;
    enum ofperr error = port_mod_decode(&pm, p->msg);

    if (error) {
        return error;
    }
    str_put(p->s, " port: ");
    port_format(pm.port_no, printer_ports(p), p->s);
    str_printf(p->s, ": addr:" ETH_ADDR_FMT "\n     config: ",
               ETH_ADDR_ARGS(pm.hw_addr));
    print_bits(p->s, pm.config, port_configs, ' ');
    str_put(p->s, "\n     mask:   ");
    print_bits(p->s, pm.mask, port_configs, ' ');
    str_put(p->s, "\n     advertise: ");
    if (pm.advertise) {
        print_bits(p->s, pm.advertise, port_features, ' ');
    } else {
        str_put(p->s, "UNCHANGED");
    }
    str_put_char(p->s, '\n');
    return 0;
}

static void
put_count(struct str *s, const char *name, uint64_t x, bool more)
{
    str_put(s, name);
    if (x == UINT64_MAX) {
        str_put_char(s, '?');
    } else {
        str_put_uint(s, x);
    }
    str_put(s, more ? ", " : "\n");
}

static void
put_port_stats(const struct printer *p, const struct port_stats *ps)
{
    struct str *s = p->s;

    str_put(s, "  port ");
    if (ps->port_no < 10 && !port_map_name(printer_ports(p), ps->port_no)) {
        str_put_char(s, ' ');
    }
    port_format(ps->port_no, printer_ports(p), s);
    str_put(s, ": rx ");
    put_count(s, "pkts=", ps->rx_packets, true);
    put_count(s, "bytes=", ps->rx_bytes, true);
    put_count(s, "drop=", ps->rx_dropped, true);
    put_count(s, "errs=", ps->rx_errors, true);
    put_count(s, "frame=", ps->rx_frame_errors, true);
    put_count(s, "over=", ps->rx_over_errors, true);
    put_count(s, "crc=", ps->rx_crc_errors, false);
    str_put(s, "           tx ");
    put_count(s, "pkts=", ps->tx_packets, true);
    put_count(s, "bytes=", ps->tx_bytes, true);
    put_count(s, "drop=", ps->tx_dropped, true);
    put_count(s, "errs=", ps->tx_errors, true);
    put_count(s, "coll=", ps->collisions, false);
    if (ps->duration_s != UINT32_MAX) {
        str_put(s, "           duration=");
        flow_duration_format(ps->duration_s, ps->duration_ns, s);
        str_put_char(s, '\n');
    }
}

static enum ofperr
print_port_stats(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct str body = STR_EMPTY;
    struct printer inner = *p;
    struct port_stats ps;
    size_t n = 0;
    int error;

    inner.s = &body;
    while (!(error = port_stats_decode(&ps, p->msg, &r))) {
        put_port_stats(&inner, &ps);
        n++;
    }
    str_printf(p->s, " %zu ports\n", n);
    str_put_str(p->s, &body);
    str_uninit(&body);
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_queue_stats(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct str body = STR_EMPTY;
    struct queue_stats qs;
    size_t n = 0;
    int error;

    while (!(error = queue_stats_decode(&qs, p->msg, &r))) {
        str_put(&body, "  port ");
        port_format(qs.port_no, printer_ports(p), &body);
        str_printf(&body, " queue %"PRIu32": ", qs.queue_id);
        put_count(&body, "bytes=", qs.tx_bytes, true);
        put_count(&body, "pkts=", qs.tx_packets, true);
        put_count(&body, "errors=", qs.tx_errors, true);
        str_put(&body, "duration=");
        if (qs.duration_s == UINT32_MAX) {
            str_put_char(&body, '?');
        } else {
            flow_duration_format(qs.duration_s, qs.duration_ns, &body);
        }
        str_put_char(&body, '\n');
        n++;
    }
    str_printf(p->s, " %zu queues\n", n);
    str_put_str(p->s, &body);
    str_uninit(&body);
    return error > 0 ? (enum ofperr) error : 0;
}

static void
put_port_or(const struct printer *p, const char *before, ofp_port_t port,
            const char *none)
{
    str_put(p->s, before);
    if (port == OFPP_NONE) {
        str_put(p->s, none);
    } else {
        port_format(port, printer_ports(p), p->s);
    }
}

static enum ofperr
print_port_stats_request(const struct printer *p)
{
    ofp_port_t port;
    enum ofperr error = port_stats_request_decode(p->msg, &port);

    if (!error) {
        put_port_or(p, " port_no=", port, "ANY");
        str_put_char(p->s, '\n');
    }
    return error;
}

static enum ofperr
print_port_desc_request(const struct printer *p)
{
    ofp_port_t port;
    enum ofperr error = port_desc_request_decode(p->msg, &port);

    if (!error) {
        put_port_or(p, " port=", port, "ANY");
        str_put_char(p->s, '\n');
    }
    return error;
}

static void
put_queue_request(const struct printer *p, ofp_port_t port, uint32_t queue)
{
    put_port_or(p, " port=", port, "ANY");
    str_put(p->s, " queue=");
    if (queue == OFPQ_ALL) {
        str_put(p->s, "ALL\n");
    } else {
        str_printf(p->s, "%"PRIu32"\n", queue);
    }
}

static enum ofperr
print_queue_stats_request(const struct printer *p)
{
    struct queue_stats_request q;
    enum ofperr error = queue_stats_request_decode(&q, p->msg);

    if (!error) {
        put_queue_request(p, q.port_no, q.queue_id);
    }
    return error;
}

static enum ofperr
print_queue_config_request(const struct printer *p)
{
    ofp_port_t port;
    uint32_t queue;
    enum ofperr error = queue_config_request_decode(p->msg, &port, &queue);

    if (error) {
        return error;
    }
    if (p->msg->is_multipart) {
        put_queue_request(p, port, queue);
    } else {
        put_port_or(p, " port=", port, "ANY");
        str_put_char(p->s, '\n');
    }
    return 0;
}

static void
put_rate(struct str *s, const char *name, uint16_t rate)
{
    if (rate == QUEUE_RATE_UNSET) {
        return;
    }
    str_printf(s, " %s:", name);
    if (rate <= 1000) {
        str_printf(s, "%u.%u%%", rate / 10, rate % 10);
    } else {
        str_put(s, "(disabled)");
    }
}

static int
compare_queues(const void *a_, const void *b_)
{
    const struct queue_config *a = a_, *b = b_;

    return (a->port_no != b->port_no ? (a->port_no < b->port_no ? -1 : 1)
            : a->queue_id < b->queue_id ? -1 : a->queue_id > b->queue_id);
}

/* By port, then by queue; a port's name stands before its first queue. */
static void
put_queues(const struct printer *p, const struct queue_config *queues,
           size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!i || queues[i].port_no != queues[i - 1].port_no) {
            str_put(p->s, i ? "port=" : " port=");
            port_format(queues[i].port_no, printer_ports(p), p->s);
            str_put_char(p->s, '\n');
        }
        str_printf(p->s, "queue %"PRIu32":", queues[i].queue_id);
        put_rate(p->s, "min_rate", queues[i].min_rate);
        put_rate(p->s, "max_rate", queues[i].max_rate);
        str_put_char(p->s, '\n');
    }
    if (!n) {
        str_put_char(p->s, '\n');
    }
}

static enum ofperr
print_queue_config_reply(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    VEC(struct queue_config) queues = VEC_EMPTY;
    struct queue_config q = { .port_no = 0 };
    int error;

    while (!(error = queue_config_decode(&q, p->msg, &r))) {
        vec_push(&queues, q);
    }
    if (error == -ENODATA) {
        if (queues.n) {
            qsort(queues.items, queues.n, sizeof q, compare_queues);
        }
        put_queues(p, queues.items, queues.n);
    }
    vec_uninit(&queues);
    return error > 0 ? (enum ofperr) error : 0;
}

const struct print_row print_port_rows[] = {
    { OFMSG_PORT_STATUS, print_port_status },
    { OFMSG_PORT_MOD, print_port_mod },
    { OFMSG_PORT_DESC_REQUEST, print_port_desc_request },
    { OFMSG_PORT_DESC_REPLY, print_port_desc },
    { OFMSG_PORT_STATS_REQUEST, print_port_stats_request },
    { OFMSG_PORT_STATS_REPLY, print_port_stats },
    { OFMSG_QUEUE_STATS_REQUEST, print_queue_stats_request },
    { OFMSG_QUEUE_STATS_REPLY, print_queue_stats },
    { OFMSG_QUEUE_GET_CONFIG_REQUEST, print_queue_config_request },
    { OFMSG_QUEUE_GET_CONFIG_REPLY, print_queue_config_reply },
    { OFMSG_QUEUE_DESC_REQUEST, print_queue_config_request },
    { OFMSG_QUEUE_DESC_REPLY, print_queue_config_reply },
    { 0, NULL }
};
