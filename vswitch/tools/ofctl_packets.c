/* SPDX-License-Identifier: Apache-2.0 */

/* Packets: to send, to make, to take out of captures. */

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/text.h"
#include "lib/daemon/daemon.h"
#include "lib/flow/extract.h"
#include "lib/flow/port.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/print.h"
#include "lib/openflow/protocol.h"
#include "lib/packet/headers.h"
#include "lib/packet/pcap.h"
#include "vswitch/tools/ofctl.h"

/* packet-out. */

/* Cuts "packet=HEX" out of 'text', and puts the bytes. */
static struct error *
cut_packet(char *text, struct buf *packet)
{
    char *start = strstr(text, "packet=");
    char *hex, *end;
    bool ok;

    if (!start) {
        return error_create(0, "packet data is missing");
    }
    hex = start + strlen("packet=");
    end = hex + strspn(hex, "0123456789abcdefABCDEF");
    hex = xmemdup0(hex, end - hex);
    ok = ofctl_read_hex(hex, packet) && packet->size;
    free(hex);
    memmove(start, end, strlen(end) + 1);
    return (!ok ? error_create(0, "packet: not hex digits")
            : packet->size < ETH_HEADER_SIZE
            ? error_create(0, "packet: Packet data too short for Ethernet")
            : NULL);
}

struct error *
packet_out_text_parse(struct packet_out_text *t, const char *text,
                      const struct text_names *names)
{
    char *copy = xstrdup(text), *actions = strstr(copy, "actions=");
    struct error *error;

    memset(t, 0, sizeof *t);
    t->usable = OFP_PROTO_ANY;
    t->po.buffer_id = OFP_NO_BUFFER;
    if (actions) {
        *actions = '\0';
        actions += strlen("actions=");
    }
    error = cut_packet(copy, &t->packet);
    if (!error) {
        error = match_parse(&t->po.metadata, copy, names->ports, NULL);
    }
    if (!error && !t->po.metadata.wc.masks.in_port) {
        error = error_create(0, "in_port is missing");
    }
    if (!error && actions) {
        error = ofpacts_parse_actions(actions, names, &t->ofpacts,
                                      &t->usable);
    }
    free(copy);
    if (error) {
        packet_out_text_uninit(t);
        return error;
    }
    t->po.packet = t->packet.data;
    t->po.packet_size = t->packet.size;
    t->po.ofpacts = (const void *) t->ofpacts.data;
    t->po.ofpacts_size = t->ofpacts.size;
    return NULL;
}

void
packet_out_text_uninit(struct packet_out_text *t)
{
    buf_uninit(&t->packet);
    buf_uninit(&t->ofpacts);
}

static void
send_packet_out(struct session *s, const char *text)
{
    struct packet_out_text t;

    program_check(packet_out_text_parse(&t, text, session_input_names(s)));
    session_do(s, packet_out_encode(&t.po, session_set_protocol(
                                        s, t.usable, false)));
    packet_out_text_uninit(&t);
}

/* "SWITCH PACKET-OUT", or the older "SWITCH IN_PORT ACTIONS PACKET...". */
static void
cmd_packet_out(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);

    if (argc == 3) {
        send_packet_out(s, argv[2]);
    } else if (argc == 4) {
        program_fatal("'packet-out' command requires a packet");
    }
    for (int i = 4; i < argc; i++) {
        char *text = xasprintf("in_port=%s packet=%s actions=%s", argv[2],
                               argv[i], argv[3]);

        send_packet_out(s, text);
        free(text);
    }
    session_close(s);
}

/* Making and reading packets. */

static void
dump(const void *data, size_t size)
{
    struct str s = STR_EMPTY;

    hex_dump(&s, data, size, 0, false);
    fputs(str_cstr(&s), stdout);
    str_uninit(&s);
}

/* Composes the packet of a flow; further arguments are numbers of bytes of its
 * payload. */
static void
cmd_compose_packet(int argc, char *argv[])
{
    struct packet *packet = packet_alloc(2048);
    unsigned int n_payload;
    struct match match;

    program_check(match_parse(&match, argv[1], NULL, NULL));
    n_payload = flow_default_payload(&match.flow);
    if (argc > 2 && (!text_to_uint(argv[2], 10, &n_payload)
                     || n_payload > 1500)) {
        program_fatal("%s: not a number of bytes up to 1500", argv[2]);
    }
    flow_compose(packet, &match.flow, n_payload);
    dump(packet->data, packet->size);
    packet_free(packet);
}

/* The flow of a packet, as a match. */
static void
print_flow(struct packet *packet)
{
    struct str s = STR_EMPTY;
    struct flow flow;

    flow_extract(packet, &flow);
    flow_format(&flow, NULL, NULL, &s);
    puts(str_cstr(&s));
    str_uninit(&s);
}

static void
cmd_parse_packet(int argc, char *argv[])
{
    char *text = ofctl_read_file("-");
    struct packet *packet;
    struct buf b = BUF_EMPTY;

    text[strcspn(text, "\r\n")] = '\0';
    if (!ofctl_read_hex(text, &b)) {
        program_fatal("standard input: not hex digits");
    }
    packet = packet_alloc(b.size);
    packet_put_bytes(packet, b.data, b.size);
    print_flow(packet);
    packet_free(packet);
    buf_uninit(&b);
    free(text);
}

static void
for_each_packet(const char *name, void (*each)(struct packet *, void *aux),
                void *aux)
{
    struct pcap_file *file;
    struct packet *packet;
    int64_t when_ns;
    int error;

    program_check(pcap_open_read(name, &file));
    while (!(error = pcap_read(file, &packet, &when_ns))) {
        each(packet, aux);
        packet_free(packet);
    }
    if (error != -ENODATA) {
        program_fatal("%s: %s", name, strerror(-error));
    }
    pcap_close(file);
}

static void
print_packet(struct packet *packet, void *aux UNUSED)
{
    print_flow(packet);
}

static void
cmd_parse_pcap(int argc, char *argv[])
{
    for (int i = 1; i < argc; i++) {
        for_each_packet(argv[i], print_packet, NULL);
    }
}

/* OpenFlow in captures.
 *
 * Segments are taken in the order of the capture; one that does not continue
 * its stream ends what was pending of it. */

struct stream {
    struct hmap_node node;
    be32 src, dst;
    be16 sport, dport;
    uint32_t next_seq;
    struct buf pending;
};

struct streams {
    struct hmap map;
    uint16_t ports[32];
    size_t n_ports;
};

static bool
is_openflow_port(const struct streams *s, be16 port)
{
    for (size_t i = 0; i < s->n_ports; i++) {
        if (s->ports[i] == ntohs(port)) {
            return true;
        }
    }
    return false;
}

static struct stream *
get_stream(struct streams *s, const struct flow *flow)
{
    uint32_t hash = hash_word(flow->nw_src, hash_word(
        flow->nw_dst, (uint32_t) flow->tp_src << 16 | flow->tp_dst));
    struct stream *stream;

    HMAP_FOR_EACH_WITH_HASH (stream, node, hash, &s->map) {
        if (stream->src == flow->nw_src && stream->dst == flow->nw_dst
            && stream->sport == flow->tp_src
            && stream->dport == flow->tp_dst) {
            return stream;
        }
    }
    stream = xzalloc(sizeof *stream);
    stream->src = flow->nw_src;
    stream->dst = flow->nw_dst;
    stream->sport = flow->tp_src;
    stream->dport = flow->tp_dst;
    buf_init(&stream->pending);
    hmap_insert(&s->map, &stream->node, hash);
    return stream;
}

/* Prints the messages that are whole, and keeps the rest. */
static void
print_messages(struct stream *stream)
{
    struct buf *b = &stream->pending;
    size_t done = 0;

    while (b->size - done >= OFP_HEADER_SIZE) {
        size_t length = ofmsg_length(b->data + done);
        char src[INET_ADDRSTRLEN], dst[INET_ADDRSTRLEN];
        struct str s = STR_EMPTY;

        if (length < OFP_HEADER_SIZE) {
            done = b->size;          /* This is no OpenFlow. */
            break;
        }
        if (length > b->size - done) {
            break;
        }
        inet_ntop(AF_INET, &stream->src, src, sizeof src);
        inet_ntop(AF_INET, &stream->dst, dst, sizeof dst);
        printf("\n%s.%u > %s.%u:\n", src, ntohs(stream->sport), dst,
               ntohs(stream->dport));
        ofp_print(&s, b->data + done, length, NULL, ofctl.verbosity + 1);
        fputs(str_cstr(&s), stdout);
        str_uninit(&s);
        done += length;
    }
    memmove(b->data, b->data + done, b->size - done);
    b->size -= done;
}

static void
take_segment(struct packet *packet, void *streams_)
{
    struct streams *streams = streams_;
    const struct tcp_header *tcp;
    const struct ipv4_header *ip;
    struct stream *stream;
    struct flow flow;
    size_t size, header;
    uint32_t seq;

    flow_extract(packet, &flow);
    if (flow.dl_type != htons(ETH_TYPE_IPV4) || flow.nw_proto != IPPROTO_TCP
        || flow.nw_frag || packet->l4_ofs == PACKET_NO_OFFSET
        || !(is_openflow_port(streams, flow.tp_src)
             || is_openflow_port(streams, flow.tp_dst))) {
        return;
    }
    ip = packet_l3(packet);
    tcp = packet_l4(packet);
    header = packet->l4_ofs - packet->l3_ofs + tcp_header_size(tcp);
    size = ntohs(ip->total_size);
    if (size < header || packet->l3_ofs + size > packet->size) {
        return;
    }
    size -= header;
    seq = ntohl(get_be32(&tcp->seq));
    stream = get_stream(streams, &flow);
    if (ntohs(flow.tcp_flags) & TCP_FLAG_SYN) {
        stream->next_seq = seq + 1;
        buf_clear(&stream->pending);
        return;
    }
    if (!size) {
        return;
    }
    if (seq != stream->next_seq) {
        if ((int32_t) (seq + size - stream->next_seq) <= 0
            && stream->next_seq) {
            return;              /* Sent again. */
        }
        buf_clear(&stream->pending);
    }
    stream->next_seq = seq + size;
    buf_put(&stream->pending, packet->data + packet->l3_ofs + header, size);
    print_messages(stream);
}

static void
cmd_ofp_parse_pcap(int argc, char *argv[])
{
    struct streams streams = {
        .map = HMAP_INITIALIZER(&streams.map), .ports = { 6633, 6653 },
        .n_ports = 2,
    };
    struct stream *stream;
    unsigned int port;

    if (argc > 2) {
        streams.n_ports = 0;
    }
    for (int i = 2; i < argc; i++) {
        if (!text_to_uint(argv[i], 10, &port) || port > UINT16_MAX
            || streams.n_ports >= ARRAY_SIZE(streams.ports)) {
            program_fatal("%s: not a port, or too many", argv[i]);
        }
        streams.ports[streams.n_ports++] = port;
    }
    for_each_packet(argv[1], take_segment, &streams);
    HMAP_FOR_EACH_SAFE (stream, node, &streams.map) {
        buf_uninit(&stream->pending);
        hmap_remove(&streams.map, &stream->node);
        free(stream);
    }
    hmap_uninit(&streams.map);
}

const struct command ofctl_packet_commands[] = {
    { "packet-out", "SWITCH IN_PORT ACTIONS PACKET...", 2, 99,
      cmd_packet_out },
    { "compose-packet", "FLOW [BYTES]", 1, 2, cmd_compose_packet },
    { "parse-packet", "", 0, 0, cmd_parse_packet },
    { "parse-pcap", "PCAP...", 1, 99, cmd_parse_pcap },
    { "ofp-parse-pcap", "PCAP [PORT...]", 1, 33, cmd_ofp_parse_pcap },
    { NULL, NULL, 0, 0, NULL }
};
