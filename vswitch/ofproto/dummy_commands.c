/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands of dummy devices, for tests: netdev-dummy/... */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"
#include "lib/flow/extract.h"
#include "lib/flow/field.h"
#include "vswitch/netdev/netdev.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/commands.h"

/* Members of datapath flows that a packet has, and the fields that they are.
 * "GROUP" alone stands for "GROUP(VALUE)". */
static const struct {
    const char *member;
    const char *field;
} members[] = {
    { "eth.src", "eth_src" }, { "eth.dst", "eth_dst" },
    { "eth_type", "eth_type" },
    { "vlan.vid", "vlan_vid" }, { "vlan.pcp", "vlan_pcp" },
    { "ipv4.src", "nw_src" }, { "ipv4.dst", "nw_dst" },
    { "ipv4.proto", "nw_proto" }, { "ipv4.ttl", "nw_ttl" },
    { "ipv6.src", "ipv6_src" }, { "ipv6.dst", "ipv6_dst" },
    { "ipv6.label", "ipv6_label" }, { "ipv6.proto", "nw_proto" },
    { "ipv6.hlimit", "nw_ttl" },
    { "arp.sip", "arp_spa" }, { "arp.tip", "arp_tpa" },
    { "arp.op", "arp_op" }, { "arp.sha", "arp_sha" },
    { "arp.tha", "arp_tha" },
    { "tcp.src", "tcp_src" }, { "tcp.dst", "tcp_dst" },
    { "tcp_flags", "tcp_flags" },
    { "udp.src", "udp_src" }, { "udp.dst", "udp_dst" },
    { "sctp.src", "sctp_src" }, { "sctp.dst", "sctp_dst" },
    { "icmp.type", "icmp_type" }, { "icmp.code", "icmp_code" },
    { "icmpv6.type", "icmpv6_type" }, { "icmpv6.code", "icmpv6_code" },
    { "nd.target", "nd_target" }, { "nd.sll", "nd_sll" },
    { "nd.tll", "nd_tll" },
};

static struct error *
set_member(struct flow *flow, const char *member, const char *text)
{
    unsigned int number;

    if (!strcmp(member, "ipv4.tos") || !strcmp(member, "ipv6.tclass")) {
        if (!text_to_uint(text, 0, &number) || number > UINT8_MAX) {
            return error_create(0, "%s: \"%s\" is no byte", member, text);
        }
        flow->nw_tos = number;
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        if (!strcmp(member, members[i].member)) {
            const struct field *field = field_from_name(
                members[i].field, strlen(members[i].field));
            union field_value value;
            struct error *error = field_parse_value(field, text, NULL,
                                                    &value);

            if (!error) {
                field_set(field, flow, NULL, &value);
            }
            return error_wrap(error, "%s", member);
        }
    }
    /* Metadata (in_port, recirc_id, frag, ...) is no part of a packet. */
    return NULL;
}

/* Sets the members of one group. */
static struct error *
set_group(struct flow *flow, const char *group, char *arguments)
{
    char *rest = arguments, *item;
    struct error *error = NULL;

    if (!strcmp(group, "vlan")) {
        flow->vlans[0].tpid = htons(0x8100);
        flow->vlans[0].tci = htons(0x1000);
    }
    while (!error && (item = text_token(&rest, ",")) != NULL) {
        char *equals = strchr(item, '=');
        char *member;

        if (equals) {
            *equals = '\0';
            member = xasprintf("%s.%s", group, item);
            error = set_member(flow, member, equals + 1);
            free(member);
        } else {
            error = set_member(flow, group, item);
        }
    }
    if (!strcmp(group, "vlan")) {
        flow->vlans[0].tci |= htons(0x1000);
    }
    return error;
}

/* Reads "GROUP(NAME=VALUE,...),..." as ovs-dpctl(8) prints flows. */
static struct error *
parse_flow(const char *text, struct flow *flow)
{
    char *copy = xstrdup(text), *p = copy;
    struct error *error = NULL;

    memset(flow, 0, sizeof *flow);
    while (!error && *p) {
        char *open, *close;

        p += strspn(p, ", )");
        if (!*p) {
            break;
        }
        if (text_starts_with(p, "encap(")) {
            p += strlen("encap(");
            continue;
        }
        open = strchr(p, '(');
        close = open ? strchr(open, ')') : NULL;
        if (!close) {
            error = error_create(0, "syntax error at \"%s\"", p);
            break;
        }
        *open = *close = '\0';
        error = set_group(flow, p, open + 1);
        p = close + 1;
    }
    free(copy);
    return error;
}

/* Makes the packet that 'text' says, in hex or as a datapath flow.  'size' 0
 * is as long as it needs. */
static struct error *
make_packet(const char *text, unsigned int size, struct packet **ret)
{
    struct packet *packet;
    struct flow flow;
    struct error *error;

    if (text[strspn(text, "0123456789abcdefABCDEF")] == '\0') {
        *ret = packet_from_hex(text);
        return *ret ? NULL : error_create(0, "the packet is too long");
    }
    error = parse_flow(text, &flow);
    if (error) {
        return error;
    }
    packet = packet_alloc(PACKET_SMALL);
    flow_compose(packet, &flow, 0);
    if (size > packet->size) {
        size_t extra = size - packet->size;

        packet_free(packet);
        packet = packet_alloc(MAX(size, PACKET_SMALL));
        if (!packet) {
            return error_create(0, "the packet is too long");
        }
        flow_compose(packet, &flow, extra);
    }
    *ret = packet;
    return NULL;
}

static void
run_datapaths(void)
{
    struct backer *b;

    HMAP_FOR_EACH (b, node, backers_all()) {
        dpif_run(b->dpif);
    }
}

static void
receive(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    int i = 2;

    if (!strcmp(argv[i], "--qid") && i + 2 < argc) {
        i += 2;
    }
    for (; i < argc; i++) {
        unsigned int size = 0;
        struct packet *packet;
        struct error *error;
        int result;

        if (i + 2 < argc && !strcmp(argv[i + 1], "--len")
            && !text_to_uint(argv[i + 2], 10, &size)) {
            control_reply_error(conn, "bad --len");
            return;
        }
        error = make_packet(argv[i], size, &packet);
        if (error) {
            control_reply_take_error(conn, error);
            return;
        }
        result = netdev_dummy_receive(argv[1], packet);
        if (result) {
            control_reply_take_error(conn, error_from_errno(
                result, "%s", argv[1]));
            return;
        }
        i += size ? 2 : 0;
        run_datapaths();
    }
    control_reply(conn, NULL);
}

static void
set_admin_state(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    const char *state = argv[argc - 1];
    int error;

    if (strcasecmp(state, "up") && strcasecmp(state, "down")) {
        control_reply_error(conn, "Invalid Admin State");
        return;
    }
    error = netdev_dummy_set_admin_state(argc > 2 ? argv[1] : NULL,
                                         !strcasecmp(state, "up"));
    if (error) {
        control_reply_error(conn, "Unknown Dummy Interface");
    } else {
        control_reply(conn, "OK");
    }
}

static void
conn_state(struct control_conn *conn, int argc, const char *argv[],
           void *aux)
{
    struct str s = STR_EMPTY;

    if (netdev_dummy_conn_state(argc > 1 ? argv[1] : NULL, &s)) {
        str_uninit(&s);
        control_reply_error(conn, "Unknown Dummy Interface");
    } else {
        control_reply_str(conn, &s);
    }
}

void
dummy_register_commands(void)
{
    control_register("netdev-dummy/receive",
                     "name [--qid queue_id] packet|flow [--len packet_len]",
                     2, INT32_MAX, receive, NULL);
    control_register("netdev-dummy/set-admin-state", "[netdev] up|down", 1,
                     2, set_admin_state, NULL);
    control_register("netdev-dummy/conn-state", "[netdev]", 0, 1, conn_state,
                     NULL);
}
