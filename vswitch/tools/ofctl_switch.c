/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/daemon.h"
#include "lib/flow/port.h"
#include "lib/openflow/ct_msg.h"
#include "lib/openflow/group_msg.h"
#include "lib/openflow/meter_msg.h"
#include "lib/openflow/packet_io.h"
#include "lib/openflow/port_msg.h"
#include "lib/openflow/print.h"
#include "lib/openflow/protocol.h"
#include "lib/openflow/session_msg.h"
#include "lib/openflow/table_msg.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/loop.h"
#include "vswitch/tools/ofctl.h"
#include "vswitch/tools/ofctl_lines.h"

/* Commands that ask a switch, or tell it, about all but flows. */

/* Sends a message without a body and prints the reply. */
static void
ask(const char *name, enum ofmsg_type type)
{
    struct session *s = session_open(name, "mgmt", 0);
    uint8_t version = session_version(s);

    if (!ofmsg_is_available(type, version)) {
        program_fatal("%s: %s has no such message", name,
                      ofp_version_name(version));
    }
    session_dump(s, ofmsg_create_empty(type, version, ofmsg_alloc_xid()));
    session_close(s);
}

static void
cmd_dump_desc(int argc, char *argv[])
{
    ask(argv[1], OFMSG_DESC_REQUEST);
}

static void
cmd_dump_tables(int argc, char *argv[])
{
    ask(argv[1], OFMSG_TABLE_STATS_REQUEST);
}

static void
cmd_dump_table_desc(int argc, char *argv[])
{
    ask(argv[1], OFMSG_TABLE_DESC_REQUEST);
}

static void
cmd_dump_ipfix_bridge(int argc, char *argv[])
{
    ask(argv[1], OFMSG_IPFIX_BRIDGE_REQUEST);
}

static void
cmd_dump_ipfix_flow(int argc, char *argv[])
{
    ask(argv[1], OFMSG_IPFIX_FLOW_REQUEST);
}

static void
cmd_dump_tlv_map(int argc, char *argv[])
{
    ask(argv[1], OFMSG_TLV_TABLE_REQUEST);
}

static void
cmd_dump_group_features(int argc, char *argv[])
{
    ask(argv[1], OFMSG_GROUP_FEATURES_REQUEST);
}

static void
cmd_meter_features(int argc, char *argv[])
{
    ask(argv[1], OFMSG_METER_FEATURES_REQUEST);
}

static void
cmd_show(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);
    uint8_t version = session_version(s);

    session_dump(s, ofmsg_create_empty(OFMSG_FEATURES_REQUEST, version,
                                       ofmsg_alloc_xid()));
    if (version != OFP10_VERSION) {
        session_dump(s, port_desc_request_encode(version, OFPP_NONE));
    }
    session_dump(s, ofmsg_create_empty(OFMSG_GET_CONFIG_REQUEST, version,
                                       ofmsg_alloc_xid()));
    session_close(s);
}

static ofp_port_t
get_port(struct session *s, const char *text)
{
    ofp_port_t port;

    if (!port_parse(text, session_input_names(s)->ports, &port)) {
        program_fatal("%s: unknown port `%s'", "ovs-ofctl", text);
    }
    return port;
}

static void
cmd_dump_ports(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);

    session_dump(s, port_stats_request_encode(
                     session_version(s),
                     argc > 2 ? get_port(s, argv[2]) : OFPP_NONE));
    session_close(s);
}

static void
cmd_dump_ports_desc(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);

    session_dump(s, port_desc_request_encode(
                     session_version(s),
                     argc > 2 ? get_port(s, argv[2]) : OFPP_NONE));
    session_close(s);
}

static void
cmd_queue_stats(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);
    struct queue_stats_request req = { OFPP_NONE, OFPQ_ALL };
    uint64_t queue;

    if (argc > 2 && argv[2][0] && strcasecmp(argv[2], "all")) {
        req.port_no = get_port(s, argv[2]);
    }
    if (argc > 3 && argv[3][0] && strcasecmp(argv[3], "all")) {
        if (!text_to_u64(argv[3], 0, &queue) || queue > UINT32_MAX) {
            program_fatal("%s: not a queue", argv[3]);
        }
        req.queue_id = queue;
    }
    session_dump(s, queue_stats_request_encode(&req, session_version(s)));
    session_close(s);
}

/* Every port's number, for those who ask for one after the other. */
struct port_numbers {
    VEC(ofp_port_t) ports;
};

static void
note_ports(const struct ofmsg *msg, void *aux)
{
    struct port_numbers *numbers = aux;
    struct reader r = ofmsg_reader(msg);
    struct phy_port port;

    while (!phy_port_decode(&port, msg->version, &r)) {
        if (port.port_no < OFPP_MAX) {
            vec_push(&numbers->ports, port.port_no);
        }
    }
}

/* Before OpenFlow 1.4 a request is for one port. */
static void
get_queues_of_all_ports(struct session *s)
{
    uint8_t version = session_version(s);
    struct port_numbers numbers = { VEC_EMPTY };

    session_for_each_part(s, port_desc_request_encode(version, OFPP_NONE),
                          note_ports, &numbers);
    for (size_t i = 0; i < numbers.ports.n; i++) {
        session_dump(s, queue_config_request_encode(
                         version, numbers.ports.items[i], OFPQ_ALL));
    }
    vec_uninit(&numbers.ports);
}

static bool
is_any(const char *word)
{
    return !strcasecmp(word, "any") || !strcasecmp(word, "all");
}

static void
cmd_queue_get_config(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);
    ofp_port_t port = OFPP_NONE;
    uint64_t queue = OFPQ_ALL;

    if (argc > 2 && !is_any(argv[2])) {
        port = get_port(s, argv[2]);
    }
    if (argc > 3 && !is_any(argv[3])
        && (!text_to_u64(argv[3], 0, &queue) || queue > UINT32_MAX)) {
        program_fatal("%s: not a queue", argv[3]);
    }
    if (port == OFPP_NONE && session_version(s) < OFP14_VERSION) {
        get_queues_of_all_ports(s);
    } else {
        session_dump(s, queue_config_request_encode(session_version(s), port,
                                                    queue));
    }
    session_close(s);
}

/* Ports and configuration. */

struct wanted_port {
    const char *name;
    ofp_port_t number;
    struct phy_port port;
    bool is_found;
};

static void
look_for_port(const struct ofmsg *msg, void *aux)
{
    struct wanted_port *want = aux;
    struct reader r = ofmsg_reader(msg);
    struct switch_features f;
    struct phy_port port;

    if (msg->type == OFMSG_FEATURES_REPLY) {
        if (switch_features_decode(&f, msg, &r)) {
            return;
        }
    }
    while (!phy_port_decode(&port, msg->version, &r)) {
        if (!strcmp(port.name, want->name)
            || port.port_no == want->number) {
            want->port = port;
            want->is_found = true;
        }
    }
}

static void
find_port(struct session *s, struct wanted_port *want)
{
    uint8_t version = session_version(s);

    session_for_each_part(
        s, version == OFP10_VERSION
        ? ofmsg_create_empty(OFMSG_FEATURES_REQUEST, version,
                             ofmsg_alloc_xid())
        : port_desc_request_encode(version, OFPP_NONE), look_for_port, want);
    if (!want->is_found) {
        program_fatal("couldn't find port `%s'", want->name);
    }
}

static void
cmd_mod_port(int argc, char *argv[])
{
    static const struct {
        const char *name;
        uint32_t bit;
        bool inverse;            /* The word without "no-" clears it. */
    } words[] = {
        { "up", PORT_DOWN, true },
        { "down", PORT_DOWN, false },
        { "stp", PORT_NO_STP, true },
        { "receive", PORT_NO_RECV, true },
        { "receive-stp", PORT_NO_RECV_STP, true },
        { "flood", PORT_NO_FLOOD, true },
        { "forward", PORT_NO_FWD, true },
        { "packet-in", PORT_NO_PACKET_IN, true },
    };
    struct session *s = session_open(argv[1], "mgmt", 0);
    bool no = text_starts_with(argv[3], "no-");
    const char *word = argv[3] + (no ? 3 : 0);
    struct wanted_port want = { .name = argv[2], .number = OFPP_NONE };

    port_parse(argv[2], NULL, &want.number);
    find_port(s, &want);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (!strcmp(word, words[i].name)) {
            struct port_mod pm = {
                .port_no = want.port.port_no, .hw_addr = want.port.hw_addr,
                .mask = words[i].bit,
                .config = words[i].inverse == no ? words[i].bit : 0,
            };

            if (!strcmp(word, "down")) {
                pm.config = no ? 0 : PORT_DOWN;
            }
            session_do(s, port_mod_encode(&pm, session_version(s)));
            session_close(s);
            return;
        }
    }
    program_fatal("unknown mod-port command '%s'", argv[3]);
}

static void
cmd_get_frags(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);
    struct switch_config config;

    session_get_config(s, &config);
    puts(frag_handling_name(config.frag));
    session_close(s);
}

static void
cmd_set_frags(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);
    struct switch_config config;
    enum frag_handling mode;

    if (!frag_handling_parse(argv[2], &mode)) {
        program_fatal("%s: unknown fragment handling mode", argv[2]);
    }
    session_get_config(s, &config);
    config.frag = mode;
    session_do(s, switch_config_encode_set(&config, session_version(s)));
    session_get_config(s, &config);
    if (config.frag != mode) {
        program_fatal("%s: setting fragment handling mode failed (this "
                      "switch probably doesn't support mode `%s')", argv[1],
                      argv[2]);
    }
    session_close(s);
}

/* Groups. */

static struct error *
do_group(struct session *s, const char *text, uint16_t command)
{
    uint32_t usable = OFP_PROTO_ANY;
    struct group_mod gm;
    struct error *error = group_mod_parse(
        &gm, text, command, session_input_names(s)->ports, &usable);

    if (!error) {
        session_set_protocol(s, usable, false);
        session_do(s, group_mod_encode(&gm, session_version(s)));
        group_mod_uninit(&gm);
    }
    return error;
}

static void
send_group(const char *name, const char *text, uint16_t command)
{
    struct session *s = session_open(name, "mgmt", 0);

    program_check(do_group(s, text, command));
    session_close(s);
}

static void
cmd_add_group(int argc, char *argv[])
{
    send_group(argv[1], argv[2], GROUP_MOD_ADD);
}

static void
cmd_mod_group(int argc, char *argv[])
{
    send_group(argv[1], argv[2], ofctl.may_create ? GROUP_MOD_ADD_OR_MODIFY
               : GROUP_MOD_MODIFY);
}

static void
cmd_del_groups(int argc, char *argv[])
{
    send_group(argv[1], argc > 2 ? argv[2] : "", GROUP_MOD_DELETE);
}

static void
cmd_insert_buckets(int argc, char *argv[])
{
    send_group(argv[1], argv[2], GROUP_MOD_INSERT_BUCKET);
}

static void
cmd_remove_buckets(int argc, char *argv[])
{
    send_group(argv[1], argv[2], GROUP_MOD_REMOVE_BUCKET);
}

static void
cmd_add_groups(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);
    struct ofctl_lines lines;
    char *line;

    ofctl_lines_open(&lines, argv[2]);
    while ((line = ofctl_lines_next(&lines))) {
        ofctl_lines_check(&lines, do_group(s, line, GROUP_MOD_ADD));
    }
    ofctl_lines_close(&lines);
    session_close(s);
}

static uint32_t
get_group_id(const char *text)
{
    uint64_t id;

    if (text_starts_with(text, "group_id=")) {
        text += strlen("group_id=");
    }
    if (!strcmp(text, "all")) {
        return OFPG_ALL;
    }
    if (!text_to_u64(text, 0, &id) || id > OFPG_MAX) {
        program_fatal("%s: not a group", text);
    }
    return id;
}

static void
cmd_dump_groups(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);

    session_dump(s, group_desc_request_encode(
                     argc > 2 ? get_group_id(argv[2]) : OFPG_ALL,
                     session_version(s)));
    session_close(s);
}

static void
cmd_dump_group_stats(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);

    session_dump(s, group_stats_request_encode(
                     argc > 2 ? get_group_id(argv[2]) : OFPG_ALL,
                     session_version(s)));
    session_close(s);
}

/* Meters. */

static void
send_meter(const char *name, const char *text, uint16_t command)
{
    uint32_t usable = OFP_PROTO_ANY;
    struct session *s;
    struct meter_mod mm;

    program_check(meter_mod_parse(&mm, text, command, &usable));
    s = session_open(name, "mgmt", 0);
    session_set_protocol(s, usable, false);
    session_do(s, meter_mod_encode(&mm, session_version(s)));
    meter_config_uninit(&mm.meter);
    session_close(s);
}

static void
cmd_add_meter(int argc, char *argv[])
{
    send_meter(argv[1], argv[2], METER_MOD_ADD);
}

static void
cmd_mod_meter(int argc, char *argv[])
{
    send_meter(argv[1], argv[2], METER_MOD_MODIFY);
}

static void
cmd_del_meters(int argc, char *argv[])
{
    send_meter(argv[1], argc > 2 ? argv[2] : "meter=all", METER_MOD_DELETE);
}

static void
ask_meters(int argc, char *argv[], enum ofmsg_type type)
{
    struct session *s = session_open(argv[1], "mgmt", 0);
    struct meter_mod mm = { .meter = { .meter_id = METER_ALL } };

    if (session_version(s) == OFP10_VERSION) {
        program_fatal("meters need OpenFlow13 or later: use -O");
    }
    if (argc > 2) {
        program_check(meter_mod_parse(&mm, argv[2], METER_MOD_DELETE, NULL));
    }
    session_dump(s, meter_request_encode(type, mm.meter.meter_id,
                                         session_version(s)));
    session_close(s);
}

static void
cmd_dump_meters(int argc, char *argv[])
{
    ask_meters(argc, argv, OFMSG_METER_CONFIG_REQUEST);
}

static void
cmd_meter_stats(int argc, char *argv[])
{
    ask_meters(argc, argv, OFMSG_METER_STATS_REQUEST);
}

/* Extensions. */

static void
send_tlv_map(const char *name, const char *text, uint16_t command)
{
    struct session *s = session_open(name, "mgmt", 0);
    struct tlv_table_mod ttm;

    program_check(tlv_table_mod_parse(&ttm, text, command));
    session_do(s, tlv_table_mod_encode(&ttm, session_version(s)));
    free(ttm.maps);
    session_close(s);
}

static void
cmd_add_tlv_map(int argc, char *argv[])
{
    send_tlv_map(argv[1], argv[2], TLV_CMD_ADD);
}

static void
cmd_del_tlv_map(int argc, char *argv[])
{
    send_tlv_map(argv[1], argc > 2 ? argv[2] : "",
                 argc > 2 ? TLV_CMD_DELETE : TLV_CMD_CLEAR);
}

static void
cmd_ct_flush_zone(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);
    uint64_t zone;

    if (!text_to_u64(argv[2], 0, &zone) || zone > UINT16_MAX) {
        program_fatal("%s: not a zone", argv[2]);
    }
    session_do(s, ct_flush_zone_encode(zone, session_version(s)));
    session_close(s);
}

static void
cmd_ct_flush(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);
    struct ct_flush flush = CT_FLUSH_ALL;

    for (int i = 2; i < argc; i++) {
        struct error *error = ct_flush_parse(argv[i], &flush);

        if (error) {
            program_fatal("%s", error_message(error));
        }
    }
    session_do(s, ct_flush_encode(&flush, session_version(s)));
    session_close(s);
}

/* Reachability. */

static void
cmd_probe(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);
    struct buf *b = session_transact(
        s, echo_request_create(session_version(s)));

    if (b->size != OFP_HEADER_SIZE) {
        program_fatal("reply does not match request");
    }
    buf_destroy(b);
    session_close(s);
}

static unsigned int
get_payload(int argc, char *argv[])
{
    int size = 64;

    if (argc > 2 && !text_to_int_range(argv[2], 0, UINT16_MAX
                                       - OFP_HEADER_SIZE, &size)) {
        program_fatal("payload must be between 0 and %d bytes",
                      UINT16_MAX - OFP_HEADER_SIZE);
    }
    return size;
}

/* Sends an echo of 'size' random bytes and waits for it; returns how long it
 * took, in nanoseconds. */
static int64_t
echo(struct session *s, unsigned int size, be32 *xid)
{
    struct buf *b = echo_request_create(session_version(s)), *reply;
    struct buf *copy;
    int64_t start;

    random_bytes(buf_put_raw(b, size), size);
    ofmsg_finish(b, 0);
    *xid = get_be32(b->data + 4);
    copy = buf_clone_bytes(b->data, b->size);
    start = clock_ns();
    reply = session_transact(s, b);
    start = clock_ns() - start;
    if (reply->size != copy->size
        || memcmp(reply->data + OFP_HEADER_SIZE,
                  copy->data + OFP_HEADER_SIZE, size)) {
        printf("Reply does not match request.\n");
    }
    buf_destroy(copy);
    buf_destroy(reply);
    return start;
}

static void
cmd_ping(int argc, char *argv[])
{
    unsigned int size = get_payload(argc, argv);
    struct session *s = session_open(argv[1], "mgmt", 0);

    for (int i = 0; i < 10; i++) {
        be32 xid;
        int64_t ns = echo(s, size, &xid);

        printf("%u bytes from %s: xid=%08"PRIx32" time=%.1f ms\n", size,
               argv[1], ntohl(xid), ns / 1e6);
    }
    session_close(s);
}

static void
cmd_benchmark(int argc, char *argv[])
{
    unsigned int size = get_payload(argc, argv);
    struct session *s = session_open(argv[1], "mgmt", 0);
    int64_t start = clock_ns();
    double seconds;
    int count;
    be32 xid;

    if (!text_to_int_range(argv[3], 1, INT32_MAX, &count)) {
        program_fatal("%s: not a count", argv[3]);
    }
    printf("Sending %d packets * %zu bytes (with header) = %zu bytes total\n",
           count, size + (size_t) OFP_HEADER_SIZE,
           count * (size + (size_t) OFP_HEADER_SIZE));
    for (int i = 0; i < count; i++) {
        echo(s, size, &xid);
    }
    seconds = (clock_ns() - start) / 1e9;
    printf("Finished in %.1f ms (%.0f packets/s) (%.0f bytes/s)\n",
           seconds * 1e3, count / seconds,
           count * (size + (double) OFP_HEADER_SIZE) / seconds);
    session_close(s);
}

const struct command ofctl_switch_commands[] = {
    { "show", "SWITCH", 1, 1, cmd_show },
    { "dump-desc", "SWITCH", 1, 1, cmd_dump_desc },
    { "dump-tables", "SWITCH", 1, 1, cmd_dump_tables },
    { "dump-table-desc", "SWITCH", 1, 1, cmd_dump_table_desc },
    { "mod-port", "SWITCH IFACE ACT", 3, 3, cmd_mod_port },
    { "get-frags", "SWITCH", 1, 1, cmd_get_frags },
    { "set-frags", "SWITCH FRAG_MODE", 2, 2, cmd_set_frags },
    { "dump-ports", "SWITCH [PORT]", 1, 2, cmd_dump_ports },
    { "dump-ports-desc", "SWITCH [PORT]", 1, 2, cmd_dump_ports_desc },
    { "queue-stats", "SWITCH [PORT [QUEUE]]", 1, 3, cmd_queue_stats },
    { "queue-get-config", "SWITCH [PORT [QUEUE]]", 1, 3,
      cmd_queue_get_config },
    { "dump-ipfix-bridge", "SWITCH", 1, 1, cmd_dump_ipfix_bridge },
    { "dump-ipfix-flow", "SWITCH", 1, 1, cmd_dump_ipfix_flow },
    { "add-group", "SWITCH GROUP", 2, 2, cmd_add_group },
    { "add-groups", "SWITCH FILE", 2, 2, cmd_add_groups },
    { "mod-group", "SWITCH GROUP", 2, 2, cmd_mod_group },
    { "del-groups", "SWITCH [GROUP]", 1, 2, cmd_del_groups },
    { "insert-buckets", "SWITCH GROUP", 2, 2, cmd_insert_buckets },
    { "insert-bucket", "SWITCH GROUP", 2, 2, cmd_insert_buckets },
    { "remove-buckets", "SWITCH GROUP", 2, 2, cmd_remove_buckets },
    { "remove-bucket", "SWITCH GROUP", 2, 2, cmd_remove_buckets },
    { "dump-group-features", "SWITCH", 1, 1, cmd_dump_group_features },
    { "dump-groups", "SWITCH [GROUP]", 1, 2, cmd_dump_groups },
    { "dump-group-stats", "SWITCH [GROUP]", 1, 2, cmd_dump_group_stats },
    { "add-meter", "SWITCH METER", 2, 2, cmd_add_meter },
    { "mod-meter", "SWITCH METER", 2, 2, cmd_mod_meter },
    { "del-meter", "SWITCH METER", 2, 2, cmd_del_meters },
    { "del-meters", "SWITCH [METER]", 1, 2, cmd_del_meters },
    { "dump-meter", "SWITCH METER", 2, 2, cmd_dump_meters },
    { "dump-meters", "SWITCH [METER]", 1, 2, cmd_dump_meters },
    { "meter-stats", "SWITCH [METER]", 1, 2, cmd_meter_stats },
    { "meter-features", "SWITCH", 1, 1, cmd_meter_features },
    { "add-tlv-map", "SWITCH MAP", 2, 2, cmd_add_tlv_map },
    { "del-tlv-map", "SWITCH [MAP]", 1, 2, cmd_del_tlv_map },
    { "dump-tlv-map", "SWITCH", 1, 1, cmd_dump_tlv_map },
    { "ct-flush-zone", "SWITCH ZONE", 2, 2, cmd_ct_flush_zone },
    { "ct-flush", "SWITCH [zone=N] [mark=X[/M]] [labels=X[/M]] "
      "[CT_ORIG_TUPLE [CT_REPLY_TUPLE]]", 1, 6, cmd_ct_flush },
    { "probe", "TARGET", 1, 1, cmd_probe },
    { "ping", "TARGET [N]", 1, 2, cmd_ping },
    { "benchmark", "TARGET N COUNT", 3, 3, cmd_benchmark },
    { NULL, NULL, 0, 0, NULL }
};
