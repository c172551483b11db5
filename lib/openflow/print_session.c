/* SPDX-License-Identifier: Apache-2.0 */

/* Messages about the session and the switch as a whole, as text. */

#include "lib/openflow/printer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/openflow/ct_msg.h"
#include "lib/openflow/ipfix_msg.h"
#include "lib/openflow/packet_io.h"
#include "lib/openflow/print.h"
#include "lib/openflow/session_msg.h"

static enum ofperr
print_hello(const struct printer *p)
{
    uint32_t versions = hello_decode(p->msg);
    const char *separator = " ";

    str_put(p->s, "\n version bitmap:");
    for (unsigned int v = 1; v < 32; v++) {
        if (versions >> v & 1) {
            str_printf(p->s, "%s0x%02x", separator, v);
            separator = ", ";
        }
    }
    str_put_char(p->s, '\n');
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

        if (length < OFP_HEADER_SIZE) {
            str_printf(p->s, "(***only uses %zu bytes out of %zu***)\n",
                       length, payload.left);
            hex_dump(p->s, payload.p, payload.left, 0, true);
        } else if (length <= payload.left) {
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
    if (p->verbosity > 1) {
        hex_dump(p->s, p->msg->body, p->msg->body_size, 0, true);
    }
    return 0;
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
    print_bits(p->s, f.capabilities, is_10 ? caps_10 : caps_13, ' ');
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
    return print_phy_ports(p, &r);
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
        print_bits(p->s, bc.flags, flags, ' ');
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

static enum ofperr
print_ct_flush_zone(const struct printer *p)
{
    uint16_t zone = 0;
    enum ofperr error = ct_flush_zone_decode(p->msg, &zone);

    if (!error) {
        str_printf(p->s, " zone_id=%u\n", zone);
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
        str_put_char(p->s, '\n');
    }
    return error;
}

static enum ofperr
print_tlv_mod(const struct printer *p)
{
    static const char *const commands[] = { "ADD", "DEL", "CLEAR" };
    struct tlv_table_mod ttm;
    enum ofperr error = tlv_table_mod_decode(&ttm, p->msg);

    if (error) {
        return error;
    }
    str_printf(p->s, "\n %s", commands[ttm.command]);
    if (ttm.command == TLV_CMD_CLEAR) {
        str_put_char(p->s, '\n');
    } else {
        put_tlv_maps(p->s, ttm.maps, ttm.n_maps);
    }
    free(ttm.maps);
    return 0;
}

static enum ofperr
print_role_status(const struct printer *p)
{
    static const char *const reasons[] = {
        "primary_request", "configuration_changed",
        "experimenter_data_changed",
    };
    struct role_status rs;
    enum ofperr error = role_status_decode(&rs, p->msg);

    if (!error) {
        str_printf(p->s, " role=%s", controller_role_name(rs.role));
        if (rs.generation_id != UINT64_MAX) {
            str_printf(p->s, " generation_id=%"PRIu64, rs.generation_id);
        }
        str_printf(p->s, " reason=%s\n",
                   rs.reason < ARRAY_SIZE(reasons) ? reasons[rs.reason]
                   : "(unknown)");
    }
    return error;
}

static enum ofperr
print_requestforward(const struct printer *p)
{
    struct ofmsg inner;
    struct printer q = *p;
    enum ofperr error = requestforward_decode(&inner, p->msg);

    if (error) {
        return error;
    }
    q.msg = &inner;
    for (const struct print_row *row = print_table_rows; row->print; row++) {
        if (row->type == inner.type && (inner.type == OFMSG_GROUP_MOD
                                        || inner.type == OFMSG_METER_MOD)) {
            str_put(p->s, inner.type == OFMSG_GROUP_MOD
                    ? " reason=group_mod" : " reason=meter_mod");
            return row->print(&q);
        }
    }
    return OFPBFC_MSG_BAD_LEN;
}

/* Which messages a controller wants: a line for each type, the reasons. */

static const struct {
    const char *name;
    const char *reasons[7];      /* By bit; NULL has no name. */
} async_types[ASYNC_N_TYPES] = {
    [ASYNC_PACKET_IN] = { "PACKET_IN", { "no_match", "action", "invalid_ttl",
        "action_set", "group", "packet_out" } },
    [ASYNC_PORT_STATUS] = { "PORT_STATUS", { "add", "delete", "modify" } },
    [ASYNC_FLOW_REMOVED] = { "FLOW_REMOVED", { "idle", "hard", "delete",
        "group_delete", "meter_delete", "eviction" } },
    [ASYNC_ROLE_STATUS] = { "ROLE_STATUS", { "primary_request",
        "configuration_changed", "experimenter_data_changed" } },
    [ASYNC_TABLE_STATUS] = { "TABLE_STATUS", { NULL, NULL, NULL,
        "vacancy_down", "vacancy_up" } },
    [ASYNC_REQUESTFORWARD] = { "REQUESTFORWARD", { "group_mod_request",
        "meter_mod_request" } },
};

static void
put_async(struct str *s, const char *role, const uint32_t *masks)
{
    str_printf(s, "\n %s:\n", role);
    for (int type = 0; type < ASYNC_N_TYPES; type++) {
        bool any = false;

        str_printf(s, "%16s:", async_types[type].name);
        for (size_t i = 0; i < ARRAY_SIZE(async_types[type].reasons); i++) {
            const char *reason = async_types[type].reasons[i];

            if (reason && masks[type] >> i & 1) {
                str_printf(s, " %s", reason);
                any = true;
            }
        }
        str_put(s, any ? "\n" : " (off)\n");
    }
}

static enum ofperr
print_async(const struct printer *p)
{
    struct async_config config = { .primary = { 0 } };
    enum ofperr error = async_config_decode(&config, p->msg);

    if (!error) {
        put_async(p->s, "primary", config.primary);
        put_async(p->s, "secondary", config.secondary);
    }
    return error;
}

/* Settings of the extension. */

static enum ofperr
print_flow_mod_table_id(const struct printer *p)
{
    bool on;
    enum ofperr error = flow_mod_table_id_decode(p->msg, &on);

    if (!error) {
        str_put(p->s, on ? " enable\n" : " disable\n");
    }
    return error;
}

static enum ofperr
print_flow_format(const struct printer *p)
{
    bool nxm;
    enum ofperr error = set_flow_format_decode(p->msg, &nxm);

    if (!error) {
        str_printf(p->s, " format=%s\n", nxm ? "nxm" : "openflow10");
    }
    return error;
}

static enum ofperr
print_packet_in_format(const struct printer *p)
{
    unsigned int format;
    enum ofperr error = set_packet_in_format_decode(p->msg, &format);

    if (!error) {
        str_printf(p->s, " format=%s\n", packet_in_format_name(format));
    }
    return error;
}

static enum ofperr
print_controller_id(const struct printer *p)
{
    uint16_t id;
    enum ofperr error = set_controller_id_decode(p->msg, &id);

    if (!error) {
        str_printf(p->s, " id=%u\n", id);
    }
    return error;
}

/* Exported flow records. */

static void
put_ipfix(struct str *s, const struct ipfix_stats *stats, int indent)
{
    str_printf(s, "flows=%"PRIu64", current flows=%"PRIu64", sampled "
               "pkts=%"PRIu64", ipv4 ok=%"PRIu64", ipv6 ok=%"PRIu64", tx "
               "pkts=%"PRIu64"\n", stats->n_flows, stats->n_current_flows,
               stats->n_packets, stats->n_ipv4, stats->n_ipv6,
               stats->n_sent);
    str_put_chars(s, ' ', indent);
    str_printf(s, "pkts errs=%"PRIu64", ipv4 errs=%"PRIu64", ipv6 errs=%"
               PRIu64", tx errs=%"PRIu64"\n", stats->n_errors,
               stats->n_ipv4_errors, stats->n_ipv6_errors,
               stats->n_send_errors);
}

static enum ofperr
print_ipfix_bridge(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct ipfix_stats stats;
    int error = ipfix_stats_decode(&stats, &r);

    if (!error) {
        str_put(p->s, "\n  bridge ipfix: ");
        put_ipfix(p->s, &stats, 16);
    }
    return error < 0 ? OFPBRC_BAD_LEN : (enum ofperr) error;
}

static enum ofperr
print_ipfix_flow(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct ipfix_stats stats;
    int error;

    str_printf(p->s, " %zu ids\n", r.left / IPFIX_STATS_SIZE);
    while (!(error = ipfix_stats_decode(&stats, &r))) {
        str_printf(p->s, "  id %3"PRIu32": ", stats.collector_set_id);
        put_ipfix(p->s, &stats, 10);
    }
    return error > 0 ? (enum ofperr) error : 0;
}

const struct print_row print_session_rows[] = {
    { OFMSG_HELLO, print_hello },
    { OFMSG_ERROR, print_error },
    { OFMSG_ECHO_REQUEST, print_echo },
    { OFMSG_ECHO_REPLY, print_echo },
    { OFMSG_FEATURES_REPLY, print_features },
    { OFMSG_GET_CONFIG_REPLY, print_config },
    { OFMSG_SET_CONFIG, print_config },
    { OFMSG_DESC_REPLY, print_desc },
    { OFMSG_ROLE_REQUEST, print_role },
    { OFMSG_ROLE_REPLY, print_role },
    { OFMSG_ROLE_STATUS, print_role_status },
    { OFMSG_GET_ASYNC_REPLY, print_async },
    { OFMSG_SET_ASYNC, print_async },
    { OFMSG_REQUESTFORWARD, print_requestforward },
    { OFMSG_BUNDLE_CONTROL, print_bundle_control },
    { OFMSG_BUNDLE_ADD, print_bundle_add },
    { OFMSG_TLV_TABLE_MOD, print_tlv_mod },
    { OFMSG_TLV_TABLE_REPLY, print_tlv_reply },
    { OFMSG_CT_FLUSH_ZONE, print_ct_flush_zone },
    { OFMSG_CT_FLUSH, print_ct_flush },
    { OFMSG_FLOW_MOD_TABLE_ID, print_flow_mod_table_id },
    { OFMSG_SET_FLOW_FORMAT, print_flow_format },
    { OFMSG_SET_PACKET_IN_FORMAT, print_packet_in_format },
    { OFMSG_SET_CONTROLLER_ID, print_controller_id },
    { OFMSG_IPFIX_BRIDGE_REPLY, print_ipfix_bridge },
    { OFMSG_IPFIX_FLOW_REPLY, print_ipfix_flow },
    { 0, NULL }
};
