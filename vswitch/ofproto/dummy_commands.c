/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands of dummy devices and datapaths, for tests:
 * netdev-dummy/..., dpif-dummy/... */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"
#include "lib/flow/extract.h"
#include "lib/packet/headers.h"
#include "vswitch/dpif/odp_text.h"
#include "vswitch/netdev/netdev.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/commands.h"

/* A packet has no port, whatever its name. */
static odp_port_t
no_number(const char *name UNUSED, const void *aux UNUSED)
{
    return 0;
}

/* Makes the packet that 'text' says, in hex or as a datapath flow, at least
 * 'size' bytes long. */
static struct error *
make_packet(const char *text, unsigned int size, struct packet **ret)
{
    static const struct odp_numbers numbers = { no_number, NULL };
    struct packet *packet;
    struct flow flow;
    struct error *error;

    if (text[strspn(text, "0123456789abcdefABCDEF")] == '\0') {
        bool is_whole = strlen(text) % 2 == 0;

        *ret = packet_from_hex(text);
        if (is_whole && *ret && (*ret)->size >= ETH_HEADER_SIZE) {
            return NULL;
        }
        packet_free(*ret);
        return error_create(0, "syntax error at %s", text);
    }
    error = odp_flow_parse(text, &numbers, &flow, NULL);
    if (error) {
        return error;
    }
    packet = packet_alloc(PACKET_SMALL);
    flow_compose(packet, &flow, flow_default_payload(&flow));
    if (size > packet->size) {
        size_t extra = size - packet->size + flow_default_payload(&flow);

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
    unsigned int qid = 0;
    int i = 2;

    if (!netdev_dummy_exists(argv[1])) {
        control_reply_error(conn, "no such dummy netdev");
        return;
    }
    if (!strcmp(argv[i], "--qid") && i + 2 < argc) {
        if (!text_to_uint(argv[i + 1], 10, &qid)
            || qid >= netdev_n_rxqs(netdev_find(argv[1]))) {
            control_reply_error(conn, "bad rx queue id.");
            return;
        }
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
        result = netdev_dummy_receive(argv[1], qid, packet);
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

/* "ADDRESS/PREFIXLENGTH". */
static bool
parse_address(const char *text, bool is_v6, struct in6_addr *address,
              unsigned int *plen)
{
    char *copy = xstrdup(text), *slash = strchr(copy, '/');
    unsigned int max = is_v6 ? 128 : 32;
    be32 v4;
    bool ok;

    *plen = max;
    if (slash) {
        *slash = '\0';
    }
    ok = !slash || (text_to_uint(slash + 1, 10, plen) && *plen <= max);
    if (is_v6) {
        ok = ok && inet_pton(AF_INET6, copy, address) == 1;
    } else if (ok && (ok = inet_pton(AF_INET, copy, &v4) == 1)) {
        *address = in6_addr_from_ipv4(v4);
    }
    free(copy);
    return ok;
}

static void
add_address(struct control_conn *conn, int argc, const char *argv[],
            void *aux)
{
    bool is_v6 = !strcmp(argv[0], "netdev-dummy/ip6addr");
    struct in6_addr address;
    unsigned int plen;

    if (!parse_address(argv[2], is_v6, &address, &plen)) {
        control_reply_error(conn, "Invalid parameters");
    } else if (netdev_dummy_add_address(argv[1], &address, plen)) {
        control_reply_error(conn, "Unknown Dummy Interface");
    } else {
        control_reply(conn, "OK");
    }
}

static bool
find_port(const struct dpif *dpif, const char *name, odp_port_t *number)
{
    struct dpif_port port;

    if (dpif_port_by_name(dpif, name, &port)) {
        return false;
    }
    *number = port.port_no;
    dpif_port_uninit(&port);
    return true;
}

/* A port gets another number while it is in use, as it happens to a switch
 * that finds its datapath changed. */
static void
change_port_number(struct control_conn *conn, int argc UNUSED,
                   const char *argv[], void *aux UNUSED)
{
    struct backer *b, *found = NULL;
    struct dpif_port taken;
    odp_port_t old;
    int new;

    HMAP_FOR_EACH (b, node, backers_all()) {
        if (!strcmp(dpif_name(b->dpif), argv[1]) && dpif_is_dummy(b->dpif)) {
            found = b;
        }
    }
    if (!found) {
        control_reply_error(conn, "unknown datapath or not a dummy");
    } else if (!find_port(found->dpif, argv[2], &old)) {
        control_reply_error(conn, "unknown port");
    } else if (!text_to_int_range(argv[3], 1, UINT16_MAX, &new)) {
        control_reply_error(conn, "bad port number");
    } else if (!dpif_port_by_number(found->dpif, new, &taken)) {
        dpif_port_uninit(&taken);
        control_reply_error(conn, "port number already in use");
    } else if (backer_port_renumber(found, old, new)) {
        control_reply_error(conn, "bad port number");
    } else {
        control_reply(conn, NULL);
    }
}

void
dummy_register_commands(void)
{
    control_register("dpif-dummy/change-port-number", "dp port new-number",
                     3, 3, change_port_number, NULL);
    control_register("netdev-dummy/ip4addr", "[netdev] ipaddr/mask-prefix-len",
                     2, 2, add_address, NULL);
    control_register("netdev-dummy/ip6addr", "[netdev] ip6addr", 2, 2,
                     add_address, NULL);
    control_register("netdev-dummy/receive",
                     "name [--qid queue_id] packet|flow [--len packet_len]",
                     2, INT32_MAX, receive, NULL);
    control_register("netdev-dummy/set-admin-state", "[netdev] up|down", 1,
                     2, set_admin_state, NULL);
    control_register("netdev-dummy/conn-state", "[netdev]", 0, 1, conn_state,
                     NULL);
}
