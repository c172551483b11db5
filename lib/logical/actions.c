/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/actions.h"

#include "lib/base/hash.h"
#include "lib/logical/action_table.h"
#include "lib/logical/ovn_symbols.h"

#define TABLE(MEMBER) .table = offsetof(struct action_tables, MEMBER)

const struct action_info action_infos[N_ACTIONS] = {
    /* Control. */
    [ACTION_NEXT] = {
        "next", .flags = ACTION_F_NO_PARENS, .parse = action_parse_next,
        .format = action_format_next, .encode = action_encode_next },
    [ACTION_OUTPUT] = {
        "output", .flags = ACTION_F_NO_PARENS,
        .encode = action_encode_output },
    [ACTION_CLONE] = {
        "clone", .flags = ACTION_F_NESTED, .encode = action_encode_clone },

    /* Fields. */
    [ACTION_LOAD] = { .encode = action_encode_load },
    [ACTION_MOVE] = { .encode = action_encode_move },
    [ACTION_EXCHANGE] = { .encode = action_encode_exchange },
    [ACTION_DEC_TTL] = { .prereq = "ip", .encode = action_encode_dec_ttl },
    [ACTION_PUSH] = { "push", .args = "*", .encode = action_encode_push },
    [ACTION_POP] = { "pop", .args = "*", .encode = action_encode_pop },

    /* Connection tracking. */
    [ACTION_CT_NEXT] = {
        "ct_next", .flags = ACTION_F_MOVES_ON, .prereq = "ip",
        .parse = action_parse_ct_zone, .format = action_format_ct_zone,
        .encode = action_encode_ct_next },
    [ACTION_CT_COMMIT] = {
        "ct_commit", .flags = ACTION_F_NESTED, .prereq = "ip",
        .parse = action_parse_ct_commit, .encode = action_encode_ct_commit },
    [ACTION_CT_COMMIT_TO_ZONE] = {
        "ct_commit_to_zone", .flags = ACTION_F_MOVES_ON, .prereq = "ip",
        .parse = action_parse_ct_zone, .format = action_format_ct_zone,
        .encode = action_encode_ct_next },
    [ACTION_CT_COMMIT_NAT] = {
        "ct_commit_nat", .flags = ACTION_F_MOVES_ON, .prereq = "ip",
        .parse = action_parse_ct_zone, .format = action_format_ct_zone,
        .encode = action_encode_ct_next },
    [ACTION_CT_DNAT] = {
        "ct_dnat", .flags = ACTION_F_MOVES_ON, .prereq = "ip",
        .parse = action_parse_ct_nat, .format = action_format_ct_nat,
        .encode = action_encode_ct_nat },
    [ACTION_CT_SNAT] = {
        "ct_snat", .flags = ACTION_F_MOVES_ON, .prereq = "ip",
        .parse = action_parse_ct_nat, .format = action_format_ct_nat,
        .encode = action_encode_ct_nat },
    [ACTION_CT_DNAT_IN_CZONE] = {
        "ct_dnat_in_czone", .flags = ACTION_F_MOVES_ON, .prereq = "ip",
        .parse = action_parse_ct_nat, .format = action_format_ct_nat,
        .encode = action_encode_ct_nat },
    [ACTION_CT_SNAT_IN_CZONE] = {
        "ct_snat_in_czone", .flags = ACTION_F_MOVES_ON, .prereq = "ip",
        .parse = action_parse_ct_nat, .format = action_format_ct_nat,
        .encode = action_encode_ct_nat },
    [ACTION_CT_LB] = {
        "ct_lb", .flags = ACTION_F_MOVES_ON, .prereq = "ip",
        .parse = action_parse_ct_lb, .format = action_format_ct_lb,
        .encode = action_encode_ct_lb },
    [ACTION_CT_LB_MARK] = {
        "ct_lb_mark", .flags = ACTION_F_MOVES_ON, .prereq = "ip",
        .parse = action_parse_ct_lb, .format = action_format_ct_lb,
        .encode = action_encode_ct_lb },
    [ACTION_CT_CLEAR] = {
        "ct_clear", .flags = ACTION_F_NO_PARENS,
        .encode = action_encode_ct_clear },
    [ACTION_CT_SNAT_TO_VIP] = {
        "ct_snat_to_vip", .flags = ACTION_F_NO_PARENS,
        .encode = action_encode_resubmit, TABLE(ct_snat_hairpin) },
    [ACTION_CT_NW_DST] = {
        "ct_nw_dst", .result = 32, .args = "",
        .encode = action_encode_ct_orig, TABLE(ct_nw_dst) },
    [ACTION_CT_IP6_DST] = {
        "ct_ip6_dst", .result = 128, .args = "",
        .encode = action_encode_ct_orig, TABLE(ct_ip6_dst) },
    [ACTION_CT_TP_DST] = {
        "ct_tp_dst", .result = 16, .args = "",
        .encode = action_encode_ct_orig, TABLE(ct_tp_dst) },
    [ACTION_CT_PROTO] = {
        "ct_proto", .result = 8, .args = "",
        .encode = action_encode_ct_orig, TABLE(ct_proto) },
    [ACTION_CT_STATE_SAVE] = {
        "ct_state_save", .result = 8, .args = "",
        .encode = action_encode_ct_orig, TABLE(ct_state_save) },

    /* A new packet in the place of this one. */
#define REPLACE(NAME, PREREQ, OP, FLAGS) \
    { NAME, .flags = FLAGS, .prereq = PREREQ, .encode = action_encode_punt, \
      .punt = OP }
    [ACTION_ARP] = REPLACE("arp", "ip4", PUNT_ARP, ACTION_F_NESTED),
    [ACTION_ND_NA] = REPLACE("nd_na", "nd_ns", PUNT_ND_NA, ACTION_F_NESTED),
    [ACTION_ND_NA_ROUTER] = REPLACE("nd_na_router", "nd_ns",
                                    PUNT_ND_NA_ROUTER, ACTION_F_NESTED),
    [ACTION_ND_NS] = REPLACE("nd_ns", "ip", PUNT_ND_NS, ACTION_F_NESTED),
    [ACTION_ICMP4] = REPLACE("icmp4", "ip4", PUNT_ICMP, ACTION_F_NESTED),
    [ACTION_ICMP4_ERROR] = REPLACE("icmp4_error", "ip4", PUNT_ICMP4_ERROR,
                                   ACTION_F_NESTED),
    [ACTION_ICMP6] = REPLACE("icmp6", "ip6", PUNT_ICMP, ACTION_F_NESTED),
    [ACTION_ICMP6_ERROR] = REPLACE("icmp6_error", "ip6", PUNT_ICMP6_ERROR,
                                   ACTION_F_NESTED),
    [ACTION_TCP_RESET] = REPLACE("tcp_reset", "tcp", PUNT_TCP_RESET,
                                 ACTION_F_NESTED_OPTIONAL),
    [ACTION_SCTP_ABORT] = REPLACE("sctp_abort", "sctp", PUNT_SCTP_ABORT,
                                  ACTION_F_NESTED_OPTIONAL),
    [ACTION_REJECT] = REPLACE("reject", NULL, PUNT_REJECT, ACTION_F_NESTED),

    /* MAC bindings and forwarding database. */
    [ACTION_GET_ARP] = {
        "get_arp", .args = "P4", .encode = action_encode_get_mac,
        TABLE(mac_bind) },
    [ACTION_PUT_ARP] = {
        "put_arp", .args = "P4E", .encode = action_encode_punt,
        .punt = PUNT_PUT_MAC_BINDING },
    [ACTION_LOOKUP_ARP] = {
        "lookup_arp", .result = 1, .args = "P4E",
        .encode = action_encode_lookup_mac, TABLE(mac_lookup),
        .flag = LOG_FLAG_LOOKUP_MAC },
    [ACTION_LOOKUP_ARP_IP] = {
        "lookup_arp_ip", .result = 1, .args = "P4",
        .encode = action_encode_lookup_ip, TABLE(mac_bind),
        .flag = LOG_FLAG_LOOKUP_MAC },
    [ACTION_GET_ND] = {
        "get_nd", .args = "P6", .encode = action_encode_get_mac,
        TABLE(mac_bind) },
    [ACTION_PUT_ND] = {
        "put_nd", .args = "P6E", .encode = action_encode_punt,
        .punt = PUNT_PUT_MAC_BINDING },
    [ACTION_LOOKUP_ND] = {
        "lookup_nd", .result = 1, .args = "P6E",
        .encode = action_encode_lookup_mac, TABLE(mac_lookup),
        .flag = LOG_FLAG_LOOKUP_MAC },
    [ACTION_LOOKUP_ND_IP] = {
        "lookup_nd_ip", .result = 1, .args = "P6",
        .encode = action_encode_lookup_ip, TABLE(mac_bind),
        .flag = LOG_FLAG_LOOKUP_MAC },
    [ACTION_MAC_CACHE_USE] = {
        "mac_cache_use", .flags = ACTION_F_NO_PARENS,
        .encode = action_encode_resubmit, TABLE(mac_cache_use) },
    [ACTION_GET_FDB] = {
        "get_fdb", .result = RESULT_PORT, .args = "E",
        .encode = action_encode_get_fdb, TABLE(get_fdb) },
    [ACTION_GET_REMOTE_FDB] = {
        "get_remote_fdb", .result = RESULT_PORT, .args = "E",
        .encode = action_encode_get_fdb, TABLE(get_remote_fdb) },
    [ACTION_PUT_FDB] = {
        "put_fdb", .args = "PE", .encode = action_encode_punt,
        .punt = PUNT_PUT_FDB },
    [ACTION_LOOKUP_FDB] = {
        "lookup_fdb", .result = 1, .args = "PE",
        .encode = action_encode_lookup_fdb, TABLE(lookup_fdb),
        .flag = LOG_FLAG_LOOKUP_FDB },

    /* Protocols the controller answers. */
    [ACTION_PUT_DHCP_OPTS] = {
        "put_dhcp_opts", .result = 1, .flags = ACTION_F_INGRESS_ONLY,
        .prereq = "udp", .parse = action_parse_dhcpv4_opts,
        .format = action_format_options, .encode = action_encode_punt,
        .punt = PUNT_PUT_DHCPV4 },
    [ACTION_PUT_DHCPV6_OPTS] = {
        "put_dhcpv6_opts", .result = 1, .flags = ACTION_F_INGRESS_ONLY,
        .prereq = "udp", .parse = action_parse_dhcpv6_opts,
        .format = action_format_options, .encode = action_encode_punt,
        .punt = PUNT_PUT_DHCPV6 },
    [ACTION_PUT_ND_RA_OPTS] = {
        "put_nd_ra_opts", .result = 1, .flags = ACTION_F_INGRESS_ONLY,
        .prereq = "ip6", .parse = action_parse_nd_ra_opts,
        .format = action_format_options, .encode = action_encode_punt,
        .punt = PUNT_PUT_ND_RA },
    [ACTION_DHCP_RELAY_REQ_CHK] = {
        "dhcp_relay_req_chk", .result = 1, .flags = ACTION_F_INGRESS_ONLY,
        .prereq = "udp", .parse = action_parse_relay,
        .format = action_format_relay, .encode = action_encode_punt,
        .punt = PUNT_DHCP_RELAY_REQ },
    [ACTION_DHCP_RELAY_RESP_CHK] = {
        "dhcp_relay_resp_chk", .result = 1, .flags = ACTION_F_INGRESS_ONLY,
        .prereq = "udp", .parse = action_parse_relay,
        .format = action_format_relay, .encode = action_encode_punt,
        .punt = PUNT_DHCP_RELAY_RESP },
    [ACTION_HANDLE_DHCPV6_REPLY] = {
        "handle_dhcpv6_reply", .flags = ACTION_F_NO_PARENS, .prereq = "udp",
        .encode = action_encode_punt, .punt = PUNT_DHCPV6_REPLY },
    [ACTION_DNS_LOOKUP] = {
        "dns_lookup", .result = 1, .args = "",
        .flags = ACTION_F_INGRESS_ONLY, .prereq = "udp",
        .encode = action_encode_punt, .punt = PUNT_DNS_LOOKUP },
    [ACTION_IGMP] = {
        "igmp", .flags = ACTION_F_NO_PARENS, .encode = action_encode_punt,
        .punt = PUNT_IGMP },
    [ACTION_BIND_VPORT] = {
        "bind_vport", .parse = action_parse_bind_vport,
        .format = action_format_bind_vport, .encode = action_encode_punt,
        .punt = PUNT_BIND_VPORT },
    [ACTION_HANDLE_SVC_CHECK] = {
        "handle_svc_check", .args = "P", .encode = action_encode_punt,
        .punt = PUNT_SVC_CHECK },
    [ACTION_HANDLE_BFD_MSG] = {
        "handle_bfd_msg", .args = "", .prereq = "udp",
        .encode = action_encode_punt, .punt = PUNT_BFD },
    [ACTION_TRIGGER_EVENT] = {
        "trigger_event", .parse = action_parse_event,
        .format = action_format_event, .encode = action_encode_punt,
        .punt = PUNT_EVENT },
    [ACTION_LOG] = {
        "log", .parse = action_parse_log, .format = action_format_log,
        .encode = action_encode_punt, .punt = PUNT_LOG },

    /* Load balancing. */
    [ACTION_SELECT] = {
        "select", .result = RESULT_ANY, .flags = ACTION_F_MOVES_ON,
        .parse = action_parse_select, .format = action_format_select,
        .encode = action_encode_select },
    [ACTION_FWD_GROUP] = {
        "fwd_group", .parse = action_parse_fwd_group,
        .format = action_format_fwd_group,
        .encode = action_encode_fwd_group },
    [ACTION_CHK_LB_HAIRPIN] = {
        "chk_lb_hairpin", .result = 1, .args = "",
        .encode = action_encode_check, TABLE(chk_lb_hairpin),
        .flag = LOG_FLAG_LOOKUP_LB_HAIRPIN },
    [ACTION_CHK_LB_HAIRPIN_REPLY] = {
        "chk_lb_hairpin_reply", .result = 1, .args = "",
        .encode = action_encode_check, TABLE(chk_lb_hairpin_reply),
        .flag = LOG_FLAG_LOOKUP_LB_HAIRPIN },
    [ACTION_COMMIT_LB_AFF] = {
        "commit_lb_aff", .prereq = "ip", .parse = action_parse_lb_aff,
        .format = action_format_lb_aff, .encode = action_encode_lb_aff },
    [ACTION_CHK_LB_AFF] = {
        "chk_lb_aff", .result = 1, .args = "",
        .encode = action_encode_check, TABLE(chk_lb_affinity),
        .flag = LOG_FLAG_USE_LB_AFF_SESSION },
    [ACTION_COMMIT_ECMP_NH] = {
        "commit_ecmp_nh", .prereq = "ip", .parse = action_parse_ecmp_nh,
        .format = action_format_ecmp_nh, .encode = action_encode_ecmp_nh },
    [ACTION_CHK_ECMP_NH] = {
        "chk_ecmp_nh", .result = 1, .args = "",
        .encode = action_encode_check, TABLE(ecmp_nh),
        .flag = LOG_FLAG_LOOKUP_COMMIT_ECMP_NH },
    [ACTION_CHK_ECMP_NH_MAC] = {
        "chk_ecmp_nh_mac", .result = 1, .args = "",
        .encode = action_encode_check, TABLE(ecmp_nh_mac),
        .flag = LOG_FLAG_LOOKUP_COMMIT_ECMP_NH },

    /* The rest. */
    [ACTION_CHECK_IN_PORT_SEC] = {
        "check_in_port_sec", .result = 1, .args = "",
        .encode = action_encode_check, TABLE(check_in_port_sec),
        .flag = LOG_FLAG_CHECK_PORT_SEC },
    [ACTION_CHECK_OUT_PORT_SEC] = {
        "check_out_port_sec", .result = 1, .args = "",
        .encode = action_encode_check, TABLE(check_out_port_sec),
        .flag = LOG_FLAG_CHECK_PORT_SEC },
    [ACTION_CHECK_PKT_LARGER] = {
        "check_pkt_larger", .result = 1, .parse = action_parse_number,
        .format = action_format_number,
        .encode = action_encode_check_pkt_larger },
    [ACTION_SET_QUEUE] = {
        "set_queue", .parse = action_parse_number,
        .format = action_format_number, .encode = action_encode_set_queue },
    [ACTION_SET_METER] = {
        "set_meter", .parse = action_parse_set_meter,
        .format = action_format_set_meter,
        .encode = action_encode_set_meter },
    [ACTION_SAMPLE] = {
        "sample", .parse = action_parse_sample,
        .format = action_format_sample, .encode = action_encode_sample },
    [ACTION_MIRROR] = {
        "mirror", .parse = action_parse_mirror,
        .format = action_format_mirror, .encode = action_encode_mirror },
    [ACTION_FLOOD_REMOTE] = {
        "flood_remote", .flags = ACTION_F_NO_PARENS,
        .encode = action_encode_resubmit, TABLE(flood_remote) },
};

const char *const event_option_names[N_EVENT_OPTIONS] = {
    [EVENT_OPTION_VIP] = "vip",
    [EVENT_OPTION_PROTOCOL] = "protocol",
    [EVENT_OPTION_LOAD_BALANCER] = "load_balancer",
};

static const char *const severity_names[N_LOG_SEVERITIES] = {
    [LOG_SEVERITY_ALERT] = "alert",
    [LOG_SEVERITY_WARNING] = "warning",
    [LOG_SEVERITY_NOTICE] = "notice",
    [LOG_SEVERITY_INFO] = "info",
    [LOG_SEVERITY_DEBUG] = "debug",
};

static const char *const verdict_names[N_LOG_VERDICTS] = {
    [LOG_VERDICT_UNKNOWN] = "<unknown>",
    [LOG_VERDICT_ALLOW] = "allow",
    [LOG_VERDICT_DROP] = "drop",
    [LOG_VERDICT_REJECT] = "reject",
};

const char *
log_severity_to_string(enum log_severity severity)
{
    return severity_names[severity];
}

const char *
log_verdict_to_string(enum log_verdict verdict)
{
    return verdict_names[verdict];
}

const char *
action_name(enum action_kind kind)
{
    static const char *const signs[N_ACTIONS] = {
        [ACTION_LOAD] = "=",
        [ACTION_MOVE] = "=",
        [ACTION_EXCHANGE] = "<->",
        [ACTION_DEC_TTL] = "--",
    };

    return action_infos[kind].name ? action_infos[kind].name : signs[kind];
}

/* Action kinds plus 1 by the hash of their names; open addressing. */
#define NAME_SLOTS 256
static uint8_t names[NAME_SLOTS];

static CONSTRUCTOR void
hash_names(void)
{
    for (size_t kind = 0; kind < N_ACTIONS; kind++) {
        const char *name = action_infos[kind].name;

        if (name) {
            size_t i = hash_string(name, 0) % NAME_SLOTS;

            while (names[i]) {
                i = (i + 1) % NAME_SLOTS;
            }
            names[i] = kind + 1;
        }
    }
}

enum action_kind
action_kind_from_name(const char *name, size_t length)
{
    for (size_t i = hash_bytes(name, length, 0) % NAME_SLOTS; names[i];
         i = (i + 1) % NAME_SLOTS) {
        const char *found = action_infos[names[i] - 1].name;

        if (!strncmp(found, name, length) && !found[length]) {
            return names[i] - 1;
        }
    }
    return N_ACTIONS;
}
