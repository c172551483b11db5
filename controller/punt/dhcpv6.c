/* SPDX-License-Identifier: Apache-2.0 */
/* put_dhcpv6_opts: answers to DHCPv6 clients (RFC 8415).  Addresses are fixed
 * by configuration, so that every lease is for ever. */
#include "controller/punt/request.h"

#include <string.h>

#include "lib/packet/headers.h"
#include "lib/runtime/counter.h"

COUNTER(pinctrl_bad_dhcpv6);

enum message_type {
    DHCPV6_SOLICIT = 1,
    DHCPV6_ADVERTISE = 2,
    DHCPV6_REQUEST = 3,
    DHCPV6_CONFIRM = 4,
    DHCPV6_RENEW = 5,
    DHCPV6_REBIND = 6,
    DHCPV6_REPLY = 7,
    DHCPV6_RELEASE = 8,
    DHCPV6_DECLINE = 9,
    DHCPV6_INFORMATION_REQUEST = 11,
    N_MESSAGE_TYPES
};

enum {
    OPTION_CLIENT_ID = 1,
    OPTION_IA_NA = 3,
    OPTION_STATUS_CODE = 13,
    OPTION_USER_CLASS = 15,
};

enum {
    STATUS_SUCCESS = 0,
    STATUS_NO_ADDRESSES = 2,
    STATUS_NOT_ON_LINK = 4,
};

#define IA_NA_SIZE 12            /* IAID, T1, T2. */
#define IA_ADDR_SIZE 24          /* Address and two lifetimes. */

/* How each message is taken (RFC 8415, 16 and 18.3). */
enum presence { MUST_NOT, MAY, MUST };
static const struct {
    uint8_t answer;              /* 0: the message is not a client's. */
    uint8_t client_id;           /* enum presence. */
    uint8_t server_id;
    bool gets_addresses;
    bool gets_options;
} messages[N_MESSAGE_TYPES] = {
    [DHCPV6_SOLICIT] = { DHCPV6_ADVERTISE, MUST, MUST_NOT, true, true },
    [DHCPV6_REQUEST] = { DHCPV6_REPLY, MUST, MUST, true, true },
    [DHCPV6_CONFIRM] = { DHCPV6_REPLY, MUST, MUST_NOT, false, false },
    [DHCPV6_RENEW] = { DHCPV6_REPLY, MUST, MUST, true, true },
    [DHCPV6_REBIND] = { DHCPV6_REPLY, MUST, MUST_NOT, true, true },
    [DHCPV6_RELEASE] = { DHCPV6_REPLY, MUST, MUST, false, false },
    [DHCPV6_DECLINE] = { DHCPV6_REPLY, MUST, MUST, false, false },
    [DHCPV6_INFORMATION_REQUEST] = { DHCPV6_REPLY, MAY, MAY, false, true },
};

/* An option within a message or within another option. */
struct option {
    uint16_t code;
    const uint8_t *data;
    size_t size;
};

/* Takes the next option; false at the end, '*bad' set if that is none. */
static bool
next_option(struct reader *r, struct option *o, bool *bad)
{
    if (!r->left) {
        return false;
    }
    o->code = reader_u16(r);
    o->size = reader_u16(r);
    o->data = reader_pull(r, o->size);
    *bad |= r->is_bad;
    return !r->is_bad;
}

/* The first option of 'code'; data is NULL if there is none. */
static struct option
find_option(const uint8_t *p, size_t size, uint16_t code)
{
    struct reader r = reader_from(p, size);
    struct option o;
    bool bad = false;

    while (next_option(&r, &o, &bad)) {
        if (o.code == code) {
            return o;
        }
    }
    return (struct option) { .data = NULL };
}

static bool
are_options_good(const uint8_t *p, size_t size)
{
    struct reader r = reader_from(p, size);
    struct option o;
    bool bad = false;

    while (next_option(&r, &o, &bad)) {
        if (o.code == OPTION_IA_NA && o.size < IA_NA_SIZE) {
            return false;
        }
    }
    return !bad;
}

static bool
is_present_as(const struct option *o, enum presence presence)
{
    return presence == MAY || (o->data != NULL) == (presence == MUST);
}

struct exchange {
    uint8_t type;
    const uint8_t *question;     /* Options of the client. */
    size_t question_size;
    const uint8_t *config;       /* Options of the punt. */
    size_t config_size;
    struct option addresses;     /* Ours: 16 bytes each. */
    struct buf *out;
};

static void
put_option(struct buf *b, const struct option *o)
{
    buf_put_u16(b, o->code);
    buf_put_u16(b, o->size);
    buf_put(b, o->data, o->size);
}

static void
put_status(struct buf *b, uint16_t status)
{
    buf_put_u16(b, OPTION_STATUS_CODE);
    buf_put_u16(b, 2);
    buf_put_u16(b, status);
}

static void
put_address(struct buf *b, const uint8_t *ip, uint32_t lifetime)
{
    buf_put_u16(b, DHCPV6_OPT_IA_ADDR);
    buf_put_u16(b, IA_ADDR_SIZE);
    buf_put(b, ip, 16);
    buf_put_u32(b, lifetime);
    buf_put_u32(b, lifetime);
}

static bool
is_ours(const struct exchange *x, const uint8_t *ip)
{
    for (size_t i = 0; i + 16 <= x->addresses.size; i += 16) {
        if (!memcmp(x->addresses.data + i, ip, 16)) {
            return true;
        }
    }
    return false;
}

/* Calls for the addresses in the client's IA that are not ours: with 'out',
 * tells that they are no longer valid.  Returns whether there were any. */
static bool
refuse_others(const struct exchange *x, const struct option *ia,
              struct buf *out)
{
    struct reader r = reader_from(ia->data + IA_NA_SIZE,
                                  ia->size - IA_NA_SIZE);
    struct option o;
    bool bad = false, found = false;

    while (next_option(&r, &o, &bad)) {
        if (o.code == DHCPV6_OPT_IA_ADDR && o.size >= IA_ADDR_SIZE
            && !is_ours(x, o.data)) {
            found = true;
            if (out) {
                put_address(out, o.data, 0);
            }
        }
    }
    return found;
}

/* The answer to an IA; only the first one is given addresses. */
static void
put_ia(const struct exchange *x, const struct option *ia, bool is_first)
{
    struct buf *b = x->out;
    size_t start = b->size;

    buf_put_u16(b, OPTION_IA_NA);
    buf_put_u16(b, 0);
    buf_put(b, ia->data, 4);
    buf_put_u32(b, UINT32_MAX);          /* T1, T2. */
    buf_put_u32(b, UINT32_MAX);
    if (!is_first || x->addresses.size < 16) {
        put_status(b, STATUS_NO_ADDRESSES);
    } else {
        for (size_t i = 0; i + 16 <= x->addresses.size; i += 16) {
            put_address(b, x->addresses.data + i, UINT32_MAX);
        }
        if (x->type == DHCPV6_RENEW || x->type == DHCPV6_REBIND) {
            refuse_others(x, ia, b);
        }
    }
    buf_set_u16(b, start + 2, b->size - start - 4);
}

static void
answer_ias(const struct exchange *x)
{
    struct reader r = reader_from(x->question, x->question_size);
    struct option o;
    bool bad = false, is_first = true;

    while (next_option(&r, &o, &bad)) {
        if (o.code == OPTION_IA_NA) {
            put_ia(x, &o, is_first);
            is_first = false;
        }
    }
}

static uint16_t
confirm_status(const struct exchange *x)
{
    struct reader r = reader_from(x->question, x->question_size);
    struct option o;
    bool bad = false;

    while (next_option(&r, &o, &bad)) {
        if (o.code == OPTION_IA_NA && refuse_others(x, &o, NULL)) {
            return STATUS_NOT_ON_LINK;
        }
    }
    return STATUS_SUCCESS;
}

/* User classes are strings with a 16-bit length in front. */
static bool
is_ipxe(const struct exchange *x)
{
    struct option o = find_option(x->question, x->question_size,
                                  OPTION_USER_CLASS);

    return o.data && o.size >= 6 && !memcmp(o.data + 2, "iPXE", 4);
}

/* The options in the order of the configuration, the client's address and our
 * identifier among them. */
static void
put_configured(const struct exchange *x)
{
    struct reader r = reader_from(x->config, x->config_size);
    bool ipxe = is_ipxe(x);
    bool has_alternative = find_option(x->config, x->config_size,
                                       DHCPV6_OPT_BOOTFILE_ALT).data;
    struct option o;
    bool bad = false;

    while (next_option(&r, &o, &bad)) {
        if (o.code == DHCPV6_OPT_IA_ADDR) {
            if (messages[x->type].gets_addresses) {
                answer_ias(x);
            }
            continue;
        }
        if ((o.code == DHCPV6_OPT_BOOTFILE && ipxe && has_alternative)
            || (o.code == DHCPV6_OPT_BOOTFILE_ALT && !ipxe)) {
            continue;
        }
        if (o.code == DHCPV6_OPT_BOOTFILE_ALT) {
            o.code = DHCPV6_OPT_BOOTFILE;
        }
        put_option(x->out, &o);
    }
}

/* Appends the options of the answer; false: the message is discarded. */
static bool
answer(const struct exchange *x)
{
    struct option client = find_option(x->question, x->question_size,
                                       OPTION_CLIENT_ID);
    struct option server = find_option(x->question, x->question_size,
                                       DHCPV6_OPT_SERVER_ID);
    struct option us = find_option(x->config, x->config_size,
                                   DHCPV6_OPT_SERVER_ID);

    if (!is_present_as(&client, messages[x->type].client_id)
        || !is_present_as(&server, messages[x->type].server_id)
        || (server.data && us.data
            && (server.size != us.size
                || memcmp(server.data, us.data, us.size)))) {
        return false;
    }
    if (client.data) {
        put_option(x->out, &client);
    }
    if (messages[x->type].gets_addresses && !x->addresses.data) {
        answer_ias(x);           /* That there are none. */
    }
    if (messages[x->type].gets_options) {
        put_configured(x);
    } else if (us.data) {
        put_option(x->out, &us);
    }
    if (!messages[x->type].gets_addresses
        && x->type != DHCPV6_INFORMATION_REQUEST) {
        put_status(x->out, x->type == DHCPV6_CONFIRM ? confirm_status(x)
                   : STATUS_SUCCESS);
    }
    return true;
}

struct packet *
dhcpv6_reply(const struct packet *packet, const struct punt *punt)
{
    size_t size;
    const uint8_t *p = request_udp_payload(packet, &size);
    struct buf b = BUF_EMPTY;
    struct exchange x = {
        .config = punt->options,
        .config_size = punt->options_size,
        .out = &b,
    };
    struct packet *reply = NULL;

    if (!p || size < 4 || p[0] >= N_MESSAGE_TYPES || !messages[p[0]].answer
        || !are_options_good(p + 4, size - 4)) {
        counter_inc(pinctrl_bad_dhcpv6);
        return NULL;
    }
    x.type = p[0];
    x.question = p + 4;
    x.question_size = size - 4;
    x.addresses = find_option(x.config, x.config_size, DHCPV6_OPT_IA_ADDR);
    buf_put_u8(&b, messages[x.type].answer);
    buf_put(&b, p + 1, 3);               /* Transaction. */
    if (answer(&x)) {
        reply = reply_udp(packet, b.data, b.size);
    } else {
        counter_inc(pinctrl_bad_dhcpv6);
    }
    buf_uninit(&b);
    return reply;
}

void
handle_put_dhcpv6_opts(struct request *r)
{
    struct packet *reply = (r->flow.dl_type == htons(ETH_TYPE_IPV6)
                            && r->flow.nw_proto == IPPROTO_UDP
                            ? dhcpv6_reply(r->packet, &r->punt) : NULL);

    request_resume(r, reply, reply);
}
