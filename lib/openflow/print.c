/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/print.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/openflow/ct_msg.h"
#include "lib/openflow/features_text.h"
#include "lib/openflow/group_msg.h"
#include "lib/openflow/meter_msg.h"
#include "lib/openflow/packet_io.h"
#include "lib/openflow/port_msg.h"
#include "lib/openflow/session_msg.h"
#include "lib/openflow/table_msg.h"

/* A table has a function for each message that says more than its name. */

struct printer {
    const struct ofmsg *msg;
    const struct text_names *names;
    int verbosity;
    struct str *s;
};

typedef enum ofperr print_fn(const struct printer *);

static const struct port_map *
ports(const struct printer *p)
{
    return p->names ? p->names->ports : NULL;
}

void
hex_dump(struct str *s, const void *data, size_t size, size_t offset,
         bool ascii)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < size; i += 16) {
        size_t n = MIN(16, size - i);

        str_printf(s, "%08zx ", offset + i);
        for (size_t j = 0; j < 16; j++) {
            if (j < n) {
                str_printf(s, "%c%02x", j == 8 ? '-' : ' ', p[i + j]);
            } else if (ascii) {
                str_put(s, "   ");
            }
        }
        if (ascii) {
            str_put(s, " |");
            for (size_t j = 0; j < n; j++) {
                str_put_char(s, isprint(p[i + j]) ? p[i + j] : '.');
            }
            str_put_chars(s, ' ', 16 - n);
            str_put_char(s, '|');
        }
        str_put_char(s, '\n');
    }
}

/* Words for the bits of a mask, separated by blanks; "0" for none. */
struct bit_name {
    uint32_t bit;
    const char *name;
};

static void
put_bits(struct str *s, uint32_t bits, const struct bit_name *names,
         char separator)
{
    size_t start = s->length;

    if (!bits) {
        str_put_char(s, '0');
    }
    for (; names->name; names++) {
        if (bits & names->bit) {
            if (s->length > start) {
                str_put_char(s, separator);
            }
            str_put(s, names->name);
            bits &= ~names->bit;
        }
    }
    if (bits) {
        if (s->length > start) {
            str_put_char(s, separator);
        }
        str_printf(s, "0x%"PRIx32, bits);
    }
}

/* Session. */

static enum ofperr
print_hello(const struct printer *p)
{
    struct str versions = STR_EMPTY;

    ofp_versions_format(hello_decode(p->msg) & OFP_SUPPORTED_VERSIONS,
                        &versions);
    str_printf(p->s, "\n version bitmap: %s\n", str_cstr(&versions));
    str_uninit(&versions);
    return 0;
}

static enum ofperr
print_error(const struct printer *p)
{
    struct ofperr_code code;
    struct reader payload;
    enum ofperr error = error_msg_decode(p->msg, &code, &payload);

    if (!error) {
        str_printf(p->s, " unknown error: vendor 0x%"PRIx32", type %u, "
                   "code %u\n", code.vendor, code.type, code.code);
        return 0;
    }
    str_printf(p->s, " %s\n", ofperr_name(error));
    if (error == OFPHFC_INCOMPATIBLE || error == OFPHFC_EPERM) {
        str_put_bytes(p->s, payload.p, strnlen((const char *) payload.p,
                                               payload.left));
        str_put_char(p->s, '\n');
    } else if (payload.left >= OFP_HEADER_SIZE) {
        size_t length = ofmsg_length(payload.p);

        if (length <= payload.left) {
            ofp_print(p->s, payload.p, length, p->names, 1);
        } else {
            str_put(p->s, "(***truncated to ");
            str_printf(p->s, "%zu bytes from %zu***)\n", payload.left,
                       length);
            hex_dump(p->s, payload.p, payload.left, 0, true);
        }
    }
    return 0;
}

static enum ofperr
print_echo(const struct printer *p)
{
    str_printf(p->s, " %zu bytes of payload\n", p->msg->body_size);
    return 0;
}

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
    put_bits(s, state & 7, names, ' ');
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
        put_bits(s, features, port_features, ' ');
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
    put_bits(s, port->config, port_configs, ' ');
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

/* Ports in order of their numbers. */
static enum ofperr
put_phy_ports(const struct printer *p, struct reader *r)
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
print_features(const struct printer *p)
{
    static const struct bit_name caps_10[] = {
        { 1, "FLOW_STATS" }, { 2, "TABLE_STATS" }, { 4, "PORT_STATS" },
        { 8, "STP" }, { 32, "IP_REASM" }, { 64, "QUEUE_STATS" },
        { 128, "ARP_MATCH_IP" }, { 0, NULL }
    };
    static const struct bit_name caps_13[] = {
        { 1, "FLOW_STATS" }, { 2, "TABLE_STATS" }, { 4, "PORT_STATS" },
        { 8, "GROUP_STATS" }, { 32, "IP_REASM" }, { 64, "QUEUE_STATS" },
        { 256, "PORT_BLOCKED" }, { 512, "BUNDLES" },
        { 1024, "FLOW_MONITORING" }, { 0, NULL }
    };
    static const char *const actions_10[] = {
        "output", "set_vlan_vid", "set_vlan_pcp", "strip_vlan", "mod_dl_src",
        "mod_dl_dst", "mod_nw_src", "mod_nw_dst", "mod_nw_tos", "mod_tp_src",
        "mod_tp_dst", "enqueue",
    };
    static const uint8_t order_10[] = {
        0, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    };
    bool is_10 = p->msg->version == OFP10_VERSION;
    struct switch_features f;
    struct reader r;
    enum ofperr error = switch_features_decode(&f, p->msg, &r);

    str_printf(p->s, " dpid:%016"PRIx64"\n", f.datapath_id);
    str_printf(p->s, "n_tables:%u, n_buffers:%"PRIu32, f.n_tables,
               f.n_buffers);
    if (f.auxiliary_id) {
        str_printf(p->s, ", auxiliary_id:%u", f.auxiliary_id);
    }
    str_put(p->s, "\ncapabilities: ");
    put_bits(p->s, f.capabilities, is_10 ? caps_10 : caps_13, ' ');
    str_put_char(p->s, '\n');
    if (!is_10) {
        return error;
    }
    str_put(p->s, "actions:");
    for (size_t i = 0; i < ARRAY_SIZE(order_10); i++) {
        if (f.actions >> order_10[i] & 1) {
            str_printf(p->s, " %s", actions_10[order_10[i]]);
        }
    }
    str_put_char(p->s, '\n');
    return put_phy_ports(p, &r);
}

static enum ofperr
print_config(const struct printer *p)
{
    struct switch_config c;
    enum ofperr error = switch_config_decode(&c, p->msg);

    str_printf(p->s, " frags=%s", frag_handling_name(c.frag));
    str_put(p->s, c.invalid_ttl_to_controller > 0
            ? " invalid_ttl_to_controller" : "");
    str_printf(p->s, " miss_send_len=%u\n", c.miss_send_len);
    return error;
}

static enum ofperr
print_desc(const struct printer *p)
{
    struct switch_desc d;
    enum ofperr error = switch_desc_decode(&d, p->msg);

    str_printf(p->s, "\nManufacturer: %s\nHardware: %s\nSoftware: %s\n"
               "Serial Num: %s\nDP Description: %s\n", d.mfr_desc, d.hw_desc,
               d.sw_desc, d.serial_num, d.dp_desc);
    return error;
}

static enum ofperr
print_role(const struct printer *p)
{
    struct role_request rr;
    enum ofperr error = role_decode(&rr, p->msg);

    if (!error) {
        str_printf(p->s, " role=%s", controller_role_name(rr.role));
        if (rr.has_generation_id) {
            str_printf(p->s, " generation_id=%"PRIu64, rr.generation_id);
        }
        str_put_char(p->s, '\n');
    }
    return error;
}

static enum ofperr
print_bundle_control(const struct printer *p)
{
    static const char *const types[] = {
        "OPEN_REQUEST", "OPEN_REPLY", "CLOSE_REQUEST", "CLOSE_REPLY",
        "COMMIT_REQUEST", "COMMIT_REPLY", "DISCARD_REQUEST", "DISCARD_REPLY",
    };
    static const struct bit_name flags[] = {
        { BUNDLE_F_ATOMIC, "atomic" }, { BUNDLE_F_ORDERED, "ordered" },
        { 0, NULL }
    };
    struct bundle_control bc;
    enum ofperr error = bundle_control_decode(&bc, p->msg);

    if (!error) {
        str_printf(p->s, "\n bundle_id=%#"PRIx32" type=%s flags=",
                   bc.bundle_id, types[bc.type]);
        put_bits(p->s, bc.flags, flags, ' ');
        str_put_char(p->s, '\n');
    }
    return error;
}

static enum ofperr
print_bundle_add(const struct printer *p)
{
    struct bundle_add add;
    enum ofperr error = bundle_add_decode(&add, p->msg);

    if (!error) {
        str_printf(p->s, "\n bundle_id=%#"PRIx32" flags=%s\n",
                   add.bundle_id, add.flags & BUNDLE_F_ATOMIC
                   ? add.flags & BUNDLE_F_ORDERED ? "atomic ordered"
                   : "atomic" : add.flags ? "ordered" : "0");
        ofp_print(p->s, add.msg.data, add.msg.size, p->names, p->verbosity);
    }
    return error;
}

static void
put_tlv_maps(struct str *s, const struct tlv_map *maps, size_t n)
{
    str_put(s, " mapping table:\n"
            "  class  type  length  match field\n"
            " ------  ----  ------  --------------\n");
    for (size_t i = 0; i < n; i++) {
        str_printf(s, " %#6x  %#4x  %6u  tun_metadata%u\n",
                   maps[i].option_class, maps[i].option_type,
                   maps[i].option_size, maps[i].index);
    }
}

static enum ofperr
print_tlv_reply(const struct printer *p)
{
    struct tlv_table_reply ttr;
    enum ofperr error = tlv_table_reply_decode(&ttr, p->msg);
    size_t used = 0;

    if (!error) {
        for (size_t i = 0; i < ttr.n_maps; i++) {
            used += ttr.maps[i].option_size;
        }
        str_printf(p->s, "\n max option space=%"PRIu32" max fields=%u\n"
                   " allocated option space=%zu\n\n", ttr.max_option_space,
                   ttr.max_fields, used);
        put_tlv_maps(p->s, ttr.maps, ttr.n_maps);
        free(ttr.maps);
    }
    return error;
}

/* Flows. */

static struct ofp_decode
loose_decode(const struct printer *p)
{
    struct ofp_decode d = ofp_decode_default;

    d.loose_unknown = true;
    d.protocol = OFP_PROTO_10_TID;
    return d;
}

static enum ofperr
print_flow_mod(const struct printer *p)
{
    static const char *const commands[] = {
        "ADD", "MOD", "MOD_STRICT", "DEL", "DEL_STRICT",
    };
    const struct ofp_decode d = loose_decode(p);
    struct buf acts = BUF_EMPTY;
    struct flow_mod fm;
    enum ofperr error;
    struct str *s = p->s;
    size_t start;

    error = flow_mod_decode(&fm, p->msg, &d, &acts);
    if (error) {
        buf_uninit(&acts);
        return error;
    }
    str_printf(s, " %s ", commands[fm.command]);
    if (fm.table_id && fm.table_id != OFPTT_ALL) {
        str_printf(s, "table:%u ", fm.table_id);
    }
    start = s->length;
    match_format(&fm.match, ports(p), fm.priority, s);
    str_put(s, s->length > start ? " " : "");
    if (fm.new_cookie && fm.new_cookie != UINT64_MAX) {
        str_printf(s, "cookie:0x%"PRIx64" ", ntohll(fm.new_cookie));
    }
    if (fm.cookie_mask) {
        str_printf(s, "cookie:0x%"PRIx64"/0x%"PRIx64" ", ntohll(fm.cookie),
                   ntohll(fm.cookie_mask));
    }
    if (fm.idle_timeout_s) {
        str_printf(s, "idle:%u ", fm.idle_timeout_s);
    }
    if (fm.hard_timeout_s) {
        str_printf(s, "hard:%u ", fm.hard_timeout_s);
    }
    if (fm.importance) {
        str_printf(s, "importance:%u ", fm.importance);
    }
    if (fm.buffer_id != OFP_NO_BUFFER) {
        str_printf(s, "buf:0x%"PRIx32" ", fm.buffer_id);
    }
    if (fm.out_port != OFPP_NONE && fm.out_port) {
        str_put(s, "out_port:");
        port_format(fm.out_port, ports(p), s);
        str_put_char(s, ' ');
    }
    flow_flags_format(fm.flags, s);
    str_put(s, "actions=");
    ofpacts_format(fm.ofpacts, fm.ofpacts_size, p->names, s);
    str_put_char(s, '\n');
    buf_uninit(&acts);
    return 0;
}

static enum ofperr
print_flow_stats_request(const struct printer *p)
{
    const struct ofp_decode d = loose_decode(p);
    struct flow_stats_request req;
    enum ofperr error = flow_stats_request_decode(&req, p->msg, &d);

    if (!error) {
        if (req.table_id != OFPTT_ALL) {
            str_printf(p->s, " table=%u", req.table_id);
        }
        if (req.out_port != OFPP_NONE) {
            str_put(p->s, " out_port=");
            port_format(req.out_port, ports(p), p->s);
        }
        str_put_char(p->s, ' ');
        match_format(&req.match, ports(p), FLOW_DEFAULT_PRIORITY, p->s);
        str_put_char(p->s, '\n');
    }
    return error;
}

static enum ofperr
print_flow_stats(const struct printer *p)
{
    const struct ofp_decode d = loose_decode(p);
    struct reader r = ofmsg_reader(p->msg);
    struct buf acts = BUF_EMPTY;
    struct flow_stats fs;
    int error;

    str_put_char(p->s, '\n');
    while (!(error = flow_stats_decode(&fs, p->msg, &r, &d, &acts))) {
        flow_stats_format(&fs, p->names, true, p->s);
        str_put_char(p->s, '\n');
    }
    buf_uninit(&acts);
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_aggregate(const struct printer *p)
{
    struct aggregate_stats as;
    enum ofperr error = aggregate_stats_decode(&as, p->msg);

    str_printf(p->s, " packet_count=%"PRIu64" byte_count=%"PRIu64
               " flow_count=%"PRIu32"\n", as.n_packets, as.n_bytes,
               as.n_flows);
    return error;
}

static enum ofperr
print_flow_removed(const struct printer *p)
{
    const struct ofp_decode d = loose_decode(p);
    struct flow_removed fr;
    enum ofperr error = flow_removed_decode(&fr, p->msg, &d);

    if (error) {
        return error;
    }
    str_put_char(p->s, ' ');
    match_format(&fr.match, ports(p), fr.priority, p->s);
    str_printf(p->s, " reason=%s", flow_removed_reason_name(fr.reason));
    if (fr.table_id != 255) {
        str_printf(p->s, " table_id=%u", fr.table_id);
    }
    if (fr.cookie) {
        str_printf(p->s, " cookie:0x%"PRIx64, ntohll(fr.cookie));
    }
    str_put(p->s, " duration");
    flow_duration_format(fr.duration_s, fr.duration_ns, p->s);
    str_printf(p->s, " idle%u", fr.idle_timeout_s);
    if (fr.hard_timeout_s) {
        str_printf(p->s, " hard%u", fr.hard_timeout_s);
    }
    str_printf(p->s, " pkts%"PRIu64" bytes%"PRIu64"\n", fr.n_packets,
               fr.n_bytes);
    return 0;
}

/* Packets. */

static enum ofperr
print_packet_in(const struct printer *p)
{
    const struct ofp_decode d = loose_decode(p);
    struct packet_in pin;
    const void *cont;
    size_t cont_size;
    enum ofperr error = packet_in_decode(&pin, p->msg, &d, &cont,
                                         &cont_size);
    struct str *s = p->s;

    if (error) {
        return error;
    }
    if (pin.table_id) {
        str_printf(s, " table_id=%u", pin.table_id);
    }
    if (pin.cookie != UINT64_MAX) {
        str_printf(s, " cookie=0x%"PRIx64, ntohll(pin.cookie));
    }
    str_printf(s, " total_len=%zu ", pin.total_size);
    match_format(&pin.metadata, ports(p), FLOW_DEFAULT_PRIORITY, s);
    str_printf(s, " (via %s)", packet_in_reason_name(pin.reason));
    str_printf(s, " data_len=%zu", pin.packet_size);
    str_put(s, pin.buffer_id == OFP_NO_BUFFER ? " (unbuffered)" : "");
    str_put_char(s, '\n');
    if (pin.userdata_size) {
        str_put(s, " userdata=");
        for (size_t i = 0; i < pin.userdata_size; i++) {
            str_printf(s, "%s%02x", i ? "." : "", pin.userdata[i]);
        }
        str_put_char(s, '\n');
    }
    if (cont_size && p->verbosity > 0) {
        str_put(s, " continuation:\n");
        hex_dump(s, cont, cont_size, 0, false);
    }
    if (p->verbosity > 2) {
        hex_dump(s, pin.packet, pin.packet_size, 0, false);
    }
    return 0;
}

static enum ofperr
print_packet_out(const struct printer *p)
{
    const struct ofp_decode d = loose_decode(p);
    struct buf acts = BUF_EMPTY;
    struct packet_out po;
    enum ofperr error = packet_out_decode(&po, p->msg, &d, &acts);

    if (!error) {
        str_put_char(p->s, ' ');
        match_format(&po.metadata, ports(p), FLOW_DEFAULT_PRIORITY, p->s);
        str_put(p->s, " actions=");
        ofpacts_format(po.ofpacts, po.ofpacts_size, p->names, p->s);
        if (po.buffer_id == OFP_NO_BUFFER) {
            str_printf(p->s, " data_len=%zu", po.packet_size);
        } else {
            str_printf(p->s, " buffer=0x%08"PRIx32, po.buffer_id);
        }
        str_put_char(p->s, '\n');
        if (p->verbosity > 2) {
            hex_dump(p->s, po.packet, po.packet_size, 0, false);
        }
    }
    buf_uninit(&acts);
    return error;
}

/* Ports. */

static enum ofperr
print_port_desc(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);

    str_put_char(p->s, '\n');
    return put_phy_ports(p, &r);
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
    port_format(pm.port_no, ports(p), p->s);
    str_printf(p->s, ": addr:" ETH_ADDR_FMT "\n     config: ",
               ETH_ADDR_ARGS(pm.hw_addr));
    put_bits(p->s, pm.config, port_configs, ' ');
    str_put(p->s, "\n     mask:   ");
    put_bits(p->s, pm.mask, port_configs, ' ');
    str_put(p->s, "\n     advertise: ");
    if (pm.advertise) {
        put_bits(p->s, pm.advertise, port_features, ' ');
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
    if (ps->port_no < 10 && !port_map_name(ports(p), ps->port_no)) {
        str_put_char(s, ' ');
    }
    port_format(ps->port_no, ports(p), s);
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
        port_format(qs.port_no, ports(p), &body);
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

/* Groups and meters. */

static enum ofperr
print_group_desc(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct group_desc gd;
    int error;

    str_put_char(p->s, '\n');
    while (!(error = group_desc_decode(&gd, p->msg, &r))) {
        str_printf(p->s, " group_id=%"PRIu32",", gd.group_id);
        group_format(gd.type, &gd.buckets, &gd.props, p->msg->version,
                     ports(p), p->s);
        str_put_char(p->s, '\n');
        group_desc_uninit(&gd);
    }
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_group_mod(const struct printer *p)
{
    const struct ofp_decode d = loose_decode(p);
    struct group_mod gm;
    enum ofperr error = group_mod_decode(&gm, p->msg, &d);

    if (!error) {
        const char *name = (gm.command == GROUP_MOD_ADD ? "ADD"
                            : gm.command == GROUP_MOD_MODIFY ? "MOD"
                            : gm.command == GROUP_MOD_DELETE ? "DEL"
                            : gm.command == GROUP_MOD_INSERT_BUCKET
                            ? "INSERT_BUCKET"
                            : gm.command == GROUP_MOD_REMOVE_BUCKET
                            ? "REMOVE_BUCKET" : "ADD_OR_MOD");

        str_printf(p->s, "\n %s group_id=%"PRIu32",", name, gm.group_id);
        group_format(gm.type, &gm.buckets, &gm.props, p->msg->version,
                     ports(p), p->s);
        str_put_char(p->s, '\n');
        group_mod_uninit(&gm);
    }
    return error;
}

static enum ofperr
print_group_stats(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct group_stats gs;
    int error;

    str_put_char(p->s, '\n');
    while (!(error = group_stats_decode(&gs, p->msg, &r))) {
        str_printf(p->s, " group_id=%"PRIu32",duration=", gs.group_id);
        flow_duration_format(gs.duration_s, gs.duration_ns, p->s);
        str_printf(p->s, ",ref_count=%"PRIu32",packet_count=%"PRIu64
                   ",byte_count=%"PRIu64, gs.ref_count, gs.n_packets,
                   gs.n_bytes);
        for (uint32_t i = 0; i < gs.n_buckets; i++) {
            str_printf(p->s, ",bucket%"PRIu32":packet_count=%"PRIu64
                       ",byte_count=%"PRIu64, i, gs.buckets[i].n_packets,
                       gs.buckets[i].n_bytes);
        }
        str_put_char(p->s, '\n');
        free(gs.buckets);
    }
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_meter_mod(const struct printer *p)
{
    static const char *const commands[] = { "ADD", "MOD", "DEL" };
    struct meter_mod mm;
    enum ofperr error = meter_mod_decode(&mm, p->msg);

    if (!error) {
        str_printf(p->s, " %s ", commands[mm.command]);
        meter_config_format(&mm.meter, p->s);
        meter_config_uninit(&mm.meter);
    }
    return error;
}

static enum ofperr
print_meter_config(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct meter_config mc;
    int error;

    str_put_char(p->s, '\n');
    while (!(error = meter_config_decode(&mc, &r))) {
        meter_config_format(&mc, p->s);
        meter_config_uninit(&mc);
    }
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_meter_stats(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct meter_stats ms;
    int error;

    str_put_char(p->s, '\n');
    while (!(error = meter_stats_decode(&ms, &r))) {
        meter_id_format(ms.meter_id, ':', p->s);
        str_printf(p->s, " flow_count:%"PRIu32" packet_in_count:%"PRIu64
                   " byte_in_count:%"PRIu64" duration:", ms.flow_count,
                   ms.n_packets_in, ms.n_bytes_in);
        flow_duration_format(ms.duration_s, ms.duration_ns, p->s);
        str_put(p->s, " bands:\n");
        for (int i = 0; i < ms.n_bands; i++) {
            str_printf(p->s, "%d: packet_count:%"PRIu64" byte_count:%"PRIu64
                       "\n", i, ms.bands[i].n_packets, ms.bands[i].n_bytes);
        }
        free(ms.bands);
    }
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_meter_features(const struct printer *p)
{
    static const struct bit_name bands[] = {
        { 1 << METER_BAND_DROP, "drop" },
        { 1 << METER_BAND_DSCP_REMARK, "dscp_remark" }, { 0, NULL }
    };
    static const struct bit_name caps[] = {
        { METER_F_KBPS, "kbps" }, { METER_F_PKTPS, "pktps" },
        { METER_F_BURST, "burst" }, { METER_F_STATS, "stats" }, { 0, NULL }
    };
    struct meter_features mf;
    enum ofperr error = meter_features_decode(&mf, p->msg);

    str_printf(p->s, "\nmax_meter:%"PRIu32" max_bands:%u max_color:%u\n"
               "band_types: ", mf.max_meters, mf.max_bands, mf.max_color);
    put_bits(p->s, mf.band_types, bands, ' ');
    str_put(p->s, "\ncapabilities: ");
    put_bits(p->s, mf.capabilities, caps, ' ');
    str_put_char(p->s, '\n');
    return error;
}

/* Tables. */

static void
put_dittos(struct str *s, int first, int last)
{
    if (first == last) {
        str_printf(s, "  table %d: ditto\n", first);
    } else if (first < last) {
        str_printf(s, "  tables %d...%d: ditto\n", first, last);
    }
}

static enum ofperr
print_table_stats(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct table_stats ts, prev;
    int first_ditto = -1;
    bool has_prev = false;
    int error;

    str_put_char(p->s, '\n');
    while (!(error = table_stats_decode(&ts, p->msg->version, &r))) {
        if (has_prev && ts.active_count == prev.active_count
            && ts.lookup_count == prev.lookup_count
            && ts.matched_count == prev.matched_count
            && ts.max_entries == prev.max_entries
            && ts.table_id == prev.table_id + 1) {
            first_ditto = first_ditto < 0 ? ts.table_id : first_ditto;
            prev = ts;
            continue;
        }
        if (first_ditto >= 0) {
            put_dittos(p->s, first_ditto, prev.table_id);
            str_put_char(p->s, '\n');
            first_ditto = -1;
        }
        str_printf(p->s, "  table %u:\n    active=%"PRIu32", lookup=%"PRIu64
                   ", matched=%"PRIu64"\n", ts.table_id, ts.active_count,
                   ts.lookup_count, ts.matched_count);
        if (p->msg->version == OFP10_VERSION) {
            str_printf(p->s, "    max_entries=%"PRIu32"\n", ts.max_entries);
        }
        str_put_char(p->s, '\n');
        prev = ts;
        has_prev = true;
    }
    if (first_ditto >= 0) {
        put_dittos(p->s, first_ditto, prev.table_id);
    }
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_table_desc(const struct printer *p)
{
    static const struct bit_name flags[] = {
        { TABLE_EVICT_OTHER, "OTHER" },
        { TABLE_EVICT_IMPORTANCE, "IMPORTANCE" },
        { TABLE_EVICT_LIFETIME, "LIFETIME" }, { 0, NULL }
    };
    struct reader r = ofmsg_reader(p->msg);
    struct table_mod td;
    int error;

    str_put_char(p->s, '\n');
    while (!(error = table_desc_decode(&td, &r))) {
        str_printf(p->s, "  table %u:\n   eviction=%s eviction_flags=",
                   td.table_id, td.eviction == TABLE_SWITCH_ON ? "on"
                   : "off");
        put_bits(p->s, td.eviction_flags == UINT32_MAX ? 0
                 : td.eviction_flags, flags, '|');
        str_printf(p->s, "\n   vacancy=%s", td.vacancy == TABLE_SWITCH_ON
                   ? "on" : "off");
        if (td.vacancy == TABLE_SWITCH_ON) {
            str_printf(p->s, " vacancy_down=%u%% vacancy_up=%u%% "
                       "vacancy=%u%%", td.vacancy_down, td.vacancy_up,
                       td.vacancy_now);
        }
        str_put_char(p->s, '\n');
    }
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_ct_flush_zone(const struct printer *p)
{
    uint16_t zone = 0;
    enum ofperr error = ct_flush_zone_decode(p->msg, &zone);

    if (!error) {
        str_printf(p->s, " zone_id=%u", zone);
    }
    return error;
}

static enum ofperr
print_ct_flush(const struct printer *p)
{
    struct ct_flush flush;
    enum ofperr error = ct_flush_decode(p->msg, &flush);

    if (!error) {
        ct_flush_format(&flush, p->s);
    }
    return error;
}

static enum ofperr
print_group_features(const struct printer *p)
{
    return group_features_format(p->msg, p->s);
}

static enum ofperr
print_table_features(const struct printer *p)
{
    return table_features_format(p->msg, p->s);
}

static print_fn *const printers[OFMSG_N_TYPES] = {
    [OFMSG_CT_FLUSH_ZONE] = print_ct_flush_zone,
    [OFMSG_CT_FLUSH] = print_ct_flush,
    [OFMSG_HELLO] = print_hello,
    [OFMSG_ERROR] = print_error,
    [OFMSG_ECHO_REQUEST] = print_echo,
    [OFMSG_ECHO_REPLY] = print_echo,
    [OFMSG_FEATURES_REPLY] = print_features,
    [OFMSG_GET_CONFIG_REPLY] = print_config,
    [OFMSG_SET_CONFIG] = print_config,
    [OFMSG_PACKET_IN] = print_packet_in,
    [OFMSG_PACKET_OUT] = print_packet_out,
    [OFMSG_FLOW_MOD] = print_flow_mod,
    [OFMSG_FLOW_REMOVED] = print_flow_removed,
    [OFMSG_GROUP_MOD] = print_group_mod,
    [OFMSG_PORT_MOD] = print_port_mod,
    [OFMSG_PORT_STATUS] = print_port_status,
    [OFMSG_METER_MOD] = print_meter_mod,
    [OFMSG_ROLE_REQUEST] = print_role,
    [OFMSG_ROLE_REPLY] = print_role,
    [OFMSG_BUNDLE_CONTROL] = print_bundle_control,
    [OFMSG_BUNDLE_ADD] = print_bundle_add,
    [OFMSG_TLV_TABLE_REPLY] = print_tlv_reply,
    [OFMSG_DESC_REPLY] = print_desc,
    [OFMSG_FLOW_STATS_REQUEST] = print_flow_stats_request,
    [OFMSG_FLOW_STATS_REPLY] = print_flow_stats,
    [OFMSG_AGGREGATE_REQUEST] = print_flow_stats_request,
    [OFMSG_AGGREGATE_REPLY] = print_aggregate,
    [OFMSG_TABLE_STATS_REPLY] = print_table_stats,
    [OFMSG_PORT_STATS_REPLY] = print_port_stats,
    [OFMSG_QUEUE_STATS_REPLY] = print_queue_stats,
    [OFMSG_GROUP_STATS_REPLY] = print_group_stats,
    [OFMSG_GROUP_DESC_REPLY] = print_group_desc,
    [OFMSG_GROUP_FEATURES_REPLY] = print_group_features,
    [OFMSG_TABLE_FEATURES_REPLY] = print_table_features,
    [OFMSG_METER_STATS_REPLY] = print_meter_stats,
    [OFMSG_METER_CONFIG_REPLY] = print_meter_config,
    [OFMSG_METER_FEATURES_REPLY] = print_meter_features,
    [OFMSG_TABLE_DESC_REPLY] = print_table_desc,
    [OFMSG_PORT_DESC_REPLY] = print_port_desc,
};

static void
put_name(const struct ofmsg *msg, struct str *s)
{
    str_put(s, ofmsg_name(msg));
    if (msg->is_multipart) {
        str_put(s, ofmsg_is_reply(msg) ? " reply" : " request");
    }
    if (msg->version > OFP10_VERSION) {
        str_printf(s, " (OF1.%d)", msg->version - 1);
    }
    str_printf(s, " (xid=0x%"PRIx32"):", ntohl(msg->xid));
}

void
ofp_print(struct str *s, const void *data, size_t size,
          const struct text_names *names, int verbosity)
{
    struct ofmsg msg;
    struct printer p = { &msg, names, verbosity, s };
    enum ofperr error;
    size_t start;

    if (size < OFP_HEADER_SIZE) {
        str_printf(s, "OpenFlow packet too short (only %zu bytes):\n", size);
        hex_dump(s, data, size, 0, true);
        return;
    }
    error = ofmsg_decode(data, size, &msg);
    if (error) {
        str_printf(s, "***decode error: %s***\n", ofperr_name(error));
        hex_dump(s, data, size, 0, true);
        return;
    }
    put_name(&msg, s);
    start = s->length;
    if (printers[msg.type]) {
        error = printers[msg.type](&p);
    } else {
        str_put_char(s, '\n');
    }
    if (error) {
        str_truncate(s, start);
        str_printf(s, " ***decode error: %s***\n", ofperr_name(error));
        hex_dump(s, data, size, 0, true);
    } else if (verbosity > 3) {
        hex_dump(s, data, size, 0, true);
    }
}
