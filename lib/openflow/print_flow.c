/* SPDX-License-Identifier: Apache-2.0 */

/* Flows and packets as text. */

#include "lib/openflow/printer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/openflow/flow_mod.h"
#include "lib/openflow/packet_io.h"
#include "lib/openflow/packet_text.h"
#include "lib/openflow/print.h"

static enum ofperr
print_flow_mod(const struct printer *p)
{
    static const char *const commands[] = {
        "ADD", "MOD", "MOD_STRICT", "DEL", "DEL_STRICT",
    };
    const struct ofp_decode d = printer_decode();
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
    match_format(&fm.match, printer_ports(p), fm.priority, s);
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
        port_format(fm.out_port, printer_ports(p), s);
        str_put_char(s, ' ');
    }
    flow_flags_format(fm.flags, s);
    str_put(s, "actions=");
    ofpacts_format(fm.ofpacts, fm.ofpacts_size, p->names, s);
    str_put_char(s, '\n');
    buf_uninit(&acts);
    return 0;
}

/* The match, if it says anything, after a blank. */
static void
put_match(const struct printer *p, const struct match *match)
{
    size_t start;

    str_put_char(p->s, ' ');
    start = p->s->length;
    match_format(match, printer_ports(p), FLOW_DEFAULT_PRIORITY, p->s);
    if (p->s->length == start) {
        str_truncate(p->s, start - 1);
    }
}

static enum ofperr
print_flow_stats_request(const struct printer *p)
{
    const struct ofp_decode d = printer_decode();
    struct flow_stats_request req;
    enum ofperr error = flow_stats_request_decode(&req, p->msg, &d);

    if (!error) {
        if (req.table_id != OFPTT_ALL) {
            str_printf(p->s, " table=%u", req.table_id);
        }
        if (req.out_port != OFPP_NONE) {
            str_put(p->s, " out_port=");
            port_format(req.out_port, printer_ports(p), p->s);
        }
        put_match(p, &req.match);
        str_put_char(p->s, '\n');
    }
    return error;
}

static enum ofperr
print_flow_stats(const struct printer *p)
{
    const struct ofp_decode d = printer_decode();
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
    const struct ofp_decode d = printer_decode();
    struct flow_removed fr;
    enum ofperr error = flow_removed_decode(&fr, p->msg, &d);

    if (error) {
        return error;
    }
    str_put_char(p->s, ' ');
    match_format(&fr.match, printer_ports(p), fr.priority, p->s);
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

/* Monitors. */

static enum ofperr
print_monitor_request(const struct printer *p)
{
    static const struct bit_name flags[] = {
        { FLOW_MONITOR_INITIAL, "initial" }, { FLOW_MONITOR_ADD, "add" },
        { FLOW_MONITOR_DELETE, "delete" }, { FLOW_MONITOR_MODIFY, "modify" },
        { FLOW_MONITOR_ACTIONS, "actions" }, { FLOW_MONITOR_OWN, "own" },
        { FLOW_MONITOR_ONLY_OWN, "only own" }, { 0, NULL }
    };
    const struct ofp_decode d = printer_decode();
    struct reader r = ofmsg_reader(p->msg);
    struct flow_monitor_request fm;
    int error;

    while (!(error = flow_monitor_request_decode(&fm, p->msg, &r, &d))) {
        str_printf(p->s, "\n id=%"PRIu32" flags=", fm.id);
        print_bits(p->s, fm.flags, flags, ',');
        if (fm.out_port != OFPP_NONE) {
            str_put(p->s, " out_port=");
            port_format(fm.out_port, printer_ports(p), p->s);
        }
        if (fm.out_group && fm.out_group != OFPG_ANY) {
            str_printf(p->s, " out_group=%"PRIu32, fm.out_group);
        }
        if (fm.table_id != OFPTT_ALL) {
            str_printf(p->s, " table=%u", fm.table_id);
        }
        put_match(p, &fm.match);
    }
    str_put_char(p->s, '\n');
    return error > 0 ? (enum ofperr) error : 0;
}

static void
put_update(const struct printer *p, const struct flow_update *fu)
{
    static const char *const events[] = {
        "INITIAL", "ADDED", "DELETED", "MODIFIED", "ABBREV", "PAUSED",
        "RESUMED",
    };
    struct str *s = p->s;

    str_printf(s, "\n event=%s", events[fu->event]);
    if (fu->event == FLOW_UPDATE_ABBREV) {
        str_printf(s, " xid=0x%"PRIx32, ntohl(fu->xid));
    }
    if (fu->event >= FLOW_UPDATE_ABBREV) {
        return;
    }
    if (fu->event == FLOW_UPDATE_REMOVED) {
        str_printf(s, " reason=%s", flow_removed_reason_name(fu->reason));
    }
    str_printf(s, " table=%u", fu->table_id);
    if (fu->idle_timeout_s) {
        str_printf(s, " idle_timeout=%u", fu->idle_timeout_s);
    }
    if (fu->hard_timeout_s) {
        str_printf(s, " hard_timeout=%u", fu->hard_timeout_s);
    }
    str_printf(s, " cookie=%#"PRIx64" ", ntohll(fu->cookie));
    /* Open vSwitch does not tell the priority. */
    match_format(&fu->match, printer_ports(p), FLOW_DEFAULT_PRIORITY, s);
    if (fu->ofpacts_size) {
        if (s->string[s->length - 1] != ' ') {
            str_put_char(s, ' ');
        }
        str_put(s, "actions=");
        ofpacts_format(fu->ofpacts, fu->ofpacts_size, p->names, s);
    }
}

static enum ofperr
print_monitor_reply(const struct printer *p)
{
    const struct ofp_decode d = printer_decode();
    struct reader r = ofmsg_reader(p->msg);
    struct buf acts = BUF_EMPTY;
    struct flow_update fu;
    int error;

    while (!(error = flow_update_decode(&fu, p->msg, &r, &d, &acts))) {
        put_update(p, &fu);
    }
    str_put_char(p->s, '\n');
    buf_uninit(&acts);
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_monitor_cancel(const struct printer *p)
{
    uint32_t id;
    enum ofperr error = flow_monitor_cancel_decode(&id, p->msg);

    if (!error) {
        str_printf(p->s, " id=%"PRIu32"\n", id);
    }
    return error;
}

/* Packets. */

/* What a packet is; without 'packet' nothing. */
static void
put_packet(const struct printer *p, const void *packet, size_t size)
{
    if (packet && p->verbosity > 0) {
        packet_format(packet, size, p->s);
        str_put_char(p->s, '\n');
    }
    if (packet && p->verbosity > 2) {
        hex_dump(p->s, packet, size, 0, false);
    }
}

static enum ofperr
print_packet_in(const struct printer *p)
{
    const struct ofp_decode d = printer_decode();
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
    match_format(&pin.metadata, printer_ports(p), FLOW_DEFAULT_PRIORITY, s);
    str_printf(s, " (via %s)", packet_in_reason_name(pin.reason));
    str_printf(s, " data_len=%zu", pin.packet_size);
    if (pin.buffer_id == OFP_NO_BUFFER) {
        str_put(s, " (unbuffered)");
        if (pin.total_size != pin.packet_size) {
            str_put(s, " (***total_len != data_len***)");
        }
    } else {
        str_printf(s, " buffer=0x%08"PRIx32, pin.buffer_id);
        if (pin.total_size < pin.packet_size) {
            str_put(s, " (***total_len < data_len***)");
        }
    }
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
    put_packet(p, pin.packet, pin.packet_size);
    return 0;
}

static enum ofperr
print_packet_out(const struct printer *p)
{
    const struct ofp_decode d = printer_decode();
    struct buf acts = BUF_EMPTY;
    struct packet_out po;
    enum ofperr error = packet_out_decode(&po, p->msg, &d, &acts);

    if (!error) {
        str_put_char(p->s, ' ');
        match_format(&po.metadata, printer_ports(p), FLOW_DEFAULT_PRIORITY,
                     p->s);
        str_put(p->s, " actions=");
        ofpacts_format(po.ofpacts, po.ofpacts_size, p->names, p->s);
        if (po.buffer_id == OFP_NO_BUFFER) {
            str_printf(p->s, " data_len=%zu", po.packet_size);
        } else {
            str_printf(p->s, " buffer=0x%08"PRIx32, po.buffer_id);
        }
        str_put_char(p->s, '\n');
        put_packet(p, po.packet, po.packet_size);
    }
    buf_uninit(&acts);
    return error;
}

const struct print_row print_flow_rows[] = {
    { OFMSG_FLOW_MOD, print_flow_mod },
    { OFMSG_FLOW_REMOVED, print_flow_removed },
    { OFMSG_FLOW_STATS_REQUEST, print_flow_stats_request },
    { OFMSG_FLOW_STATS_REPLY, print_flow_stats },
    { OFMSG_AGGREGATE_REQUEST, print_flow_stats_request },
    { OFMSG_AGGREGATE_REPLY, print_aggregate },
    { OFMSG_FLOW_MONITOR_REQUEST, print_monitor_request },
    { OFMSG_FLOW_MONITOR_REPLY, print_monitor_reply },
    { OFMSG_FLOW_MONITOR_CANCEL, print_monitor_cancel },
    { OFMSG_PACKET_IN, print_packet_in },
    { OFMSG_RESUME, print_packet_in },
    { OFMSG_PACKET_OUT, print_packet_out },
    { 0, NULL }
};
