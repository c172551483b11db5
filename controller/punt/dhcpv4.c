/* SPDX-License-Identifier: Apache-2.0 */
/* put_dhcp_opts: answers to DHCPv4 clients (RFC 2131).  The paused packet goes
 * on with the answer in the place of the question; the flow that follows sets
 * the addresses and ports of the server. */
#include "controller/punt/request.h"

#include <arpa/inet.h>

#include "lib/logical/addresses.h"
#include "lib/packet/compose.h"
#include "lib/packet/headers.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"

LOG_MODULE(pinctrl);
COUNTER(pinctrl_bad_dhcpv4);

#define BOOTP_REQUEST 1
#define BOOTP_REPLY 2
#define N_PADS 4                 /* Before the end and behind it. */
#define DHCP_COOKIE 0x63825363
#define DHCP_FLAG_BROADCAST 0x8000

enum {
    OPTION_PAD = 0,
    OPTION_REQUESTED_IP = 50,
    OPTION_MESSAGE_TYPE = 53,
    OPTION_ETHERBOOT = 175,
    OPTION_END = 255,
};

enum message_type {
    DHCP_DISCOVER = 1,
    DHCP_OFFER,
    DHCP_REQUEST,
    DHCP_DECLINE,
    DHCP_ACK,
    DHCP_NAK,
    DHCP_RELEASE,
    DHCP_INFORM,
};

struct dhcp_header {
    uint8_t op;
    uint8_t htype;
    uint8_t hlen;
    uint8_t hops;
    be32 xid;
    be16 secs;
    be16 flags;
    be32 ciaddr;
    be32 yiaddr;
    be32 siaddr;
    be32 giaddr;
    uint8_t chaddr[16];
    char sname[64];
    char file[128];
    be32 cookie;
} PACKED;

/* A question, checked. */
struct question {
    const struct dhcp_header *header;
    const uint8_t *options;
    size_t options_size;
    enum message_type type;
    be32 requested_ip;           /* 0: none. */
    be32 server_id;              /* 0: none. */
    bool is_ipxe;
};

/* Looks for an option of at least 'min' bytes; NULL if there is none. */
static const uint8_t *
find_option(const uint8_t *p, size_t size, uint8_t code, size_t min)
{
    size_t ofs = 0;

    while (ofs < size && p[ofs] != OPTION_END) {
        if (p[ofs] == OPTION_PAD) {
            ofs++;
            continue;
        }
        if (size - ofs < 2 || p[ofs + 1] > size - ofs - 2) {
            return NULL;
        }
        if (p[ofs] == code) {
            return p[ofs + 1] >= min ? &p[ofs + 2] : NULL;
        }
        ofs += 2 + p[ofs + 1];
    }
    return NULL;
}

static be32
find_ip(const uint8_t *p, size_t size, uint8_t code)
{
    const uint8_t *ip = find_option(p, size, code, 4);

    return ip ? get_be32(ip) : 0;
}

static bool
read_question(const struct packet *packet, struct question *q)
{
    size_t size;
    const struct dhcp_header *h = request_udp_payload(packet, &size);
    const uint8_t *type;

    if (!h || size < sizeof *h || h->op != BOOTP_REQUEST || h->htype != 1
        || h->hlen != sizeof(struct eth_addr)
        || h->cookie != htonl(DHCP_COOKIE)) {
        return false;
    }
    q->header = h;
    q->options = (const uint8_t *) (h + 1);
    q->options_size = size - sizeof *h;
    type = find_option(q->options, q->options_size, OPTION_MESSAGE_TYPE, 1);
    if (!type) {
        return false;
    }
    q->type = *type;
    q->requested_ip = find_ip(q->options, q->options_size,
                              OPTION_REQUESTED_IP);
    q->server_id = find_ip(q->options, q->options_size, DHCP_OPT_SERVER_ID);
    q->is_ipxe = find_option(q->options, q->options_size, OPTION_ETHERBOOT, 0);
    return true;
}

/* What answers the question, or 0 for silence. */
static enum message_type
answer_type(const struct question *q, be32 offer, be32 server_id)
{
    be32 wanted;

    switch (q->type) {
    case DHCP_DISCOVER:
        return DHCP_OFFER;
    case DHCP_REQUEST:
        if (q->server_id && server_id && q->server_id != server_id) {
            return 0;            /* Another server's offer was chosen. */
        }
        wanted = q->header->ciaddr ? q->header->ciaddr : q->requested_ip;
        return wanted == offer ? DHCP_ACK : DHCP_NAK;
    case DHCP_INFORM:
        return DHCP_ACK;
    default:
        return 0;
    }
}

/* Does the answer have this configured option? */
static bool
is_sent(const struct question *q, enum message_type type, uint8_t code,
        bool has_alternative)
{
    if (type == DHCP_NAK) {
        return code == DHCP_OPT_SERVER_ID;
    }
    switch (code) {
    case DHCP_OPT_NETMASK:
    case DHCP_OPT_LEASE_TIME:
    case DHCP_OPT_T1:
    case DHCP_OPT_T2:
        return q->type != DHCP_INFORM;
    case DHCP_OPT_BOOTFILE:
        return !(q->is_ipxe && has_alternative);
    case DHCP_OPT_BOOTFILE_ALT:
        return q->is_ipxe;
    case DHCP_OPT_NEXT_SERVER:
        return false;            /* Has its place in the header. */
    default:
        return true;
    }
}

static void
put_options(const struct question *q, enum message_type type,
            const uint8_t *options, size_t size, struct buf *b)
{
    bool has_alternative = find_option(options, size, DHCP_OPT_BOOTFILE_ALT,
                                       0);

    buf_put_u8(b, OPTION_MESSAGE_TYPE);
    buf_put_u8(b, 1);
    buf_put_u8(b, type);
    for (size_t ofs = 0; size - ofs >= 2;) {
        size_t n = options[ofs + 1];
        uint8_t code = options[ofs];

        if (n > size - ofs - 2) {
            break;
        }
        if (is_sent(q, type, code, has_alternative)) {
            buf_put_u8(b, code == DHCP_OPT_BOOTFILE_ALT ? DHCP_OPT_BOOTFILE
                       : code);
            buf_put(b, &options[ofs + 1], 1 + n);
        }
        ofs += 2 + n;
    }
    buf_put_zeros(b, N_PADS);
    buf_put_u8(b, OPTION_END);
    buf_put_zeros(b, N_PADS);
}

/* Where the answer goes (RFC 2131, 4.1). */
static be32
answer_destination(const struct question *q, enum message_type type,
                   be32 offer)
{
    if (q->header->giaddr) {
        return q->header->giaddr;
    } else if (type == DHCP_NAK) {
        return htonl(INADDR_BROADCAST);
    } else if (q->header->ciaddr) {
        return q->header->ciaddr;
    }
    return (q->header->flags & htons(DHCP_FLAG_BROADCAST)
            ? htonl(INADDR_BROADCAST) : offer);
}

static void
log_answer(const char *what, const struct question *q, be32 ip)
{
    static struct log_limit limit = LOG_LIMIT(20, 20);
    struct eth_addr mac;
    struct str s = STR_EMPTY;

    memcpy(&mac, q->header->chaddr, sizeof mac);
    mac_format(mac, &s);
    str_put_char(&s, ' ');
    ip4_format(ip, &s);
    log_info_limited(&limit, "%s %s", what, str_cstr(&s));
    str_uninit(&s);
}

struct packet *
dhcpv4_reply(const struct packet *packet, const struct punt *punt)
{
    static const char *const names[] = {
        [DHCP_OFFER] = "DHCPOFFER", [DHCP_ACK] = "DHCPACK",
        [DHCP_NAK] = "DHCPNAK", [DHCP_DECLINE] = "DHCPDECLINE",
        [DHCP_RELEASE] = "DHCPRELEASE",
    };
    struct dhcp_header header;
    struct buf b = BUF_EMPTY;
    struct packet *reply;
    enum message_type type;
    const uint8_t *options;
    size_t options_size;
    struct question q;
    be32 offer;

    if (punt->options_size < 4 || !read_question(packet, &q)) {
        counter_inc(pinctrl_bad_dhcpv4);
        return NULL;
    }
    offer = get_be32(punt->options);
    options = punt->options + 4;
    options_size = punt->options_size - 4;
    type = answer_type(&q, offer,
                       find_ip(options, options_size, DHCP_OPT_SERVER_ID));
    if (!type) {
        if (q.type == DHCP_DECLINE || q.type == DHCP_RELEASE) {
            log_answer(names[q.type], &q, offer);
        }
        return NULL;
    }
    header = *q.header;
    header.op = BOOTP_REPLY;
    header.hops = 0;
    header.secs = 0;
    memset(header.sname, 0, sizeof header.sname);
    memset(header.file, 0, sizeof header.file);
    header.yiaddr = (type == DHCP_NAK || q.type == DHCP_INFORM ? 0 : offer);
    header.siaddr = (type == DHCP_NAK ? 0 : find_ip(options, options_size,
                                                    DHCP_OPT_NEXT_SERVER));
    if (type == DHCP_NAK) {
        header.ciaddr = 0;
    }
    buf_put(&b, &header, sizeof header);
    put_options(&q, type, options, options_size, &b);
    reply = reply_udp(packet, b.data, b.size);
    buf_uninit(&b);
    if (reply && packet_l3(reply)) {
        struct ipv4_header *ip = packet_l3(reply);

        packet_set_ipv4_addr(reply, &ip->dst,
                             answer_destination(&q, type, offer));
        log_answer(names[type], &q, offer);
    }
    return reply;
}

void
handle_put_dhcp_opts(struct request *r)
{
    struct packet *reply = (r->flow.dl_type == htons(ETH_TYPE_IPV4)
                            && r->flow.nw_proto == IPPROTO_UDP
                            ? dhcpv4_reply(r->packet, &r->punt) : NULL);

    request_resume(r, reply, reply);
}
