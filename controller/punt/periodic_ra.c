/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/periodic_ra.h"

#include <stdlib.h>
#include <string.h>

#include "controller/binding/names.h"
#include "controller/program.h"
#include "controller/punt/schedule.h"
#include "controller/punt/send.h"
#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/logical/addresses.h"
#include "lib/logical/dhcp_options.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/packet/compose.h"
#include "lib/packet/headers.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "lib/schema/sb_tracked.h"

LOG_MODULE(pinctrl);
COUNTER(pinctrl_periodic_ra);
COUNTER(pinctrl_periodic_ra_postponed);
COUNTER(pinctrl_periodic_ra_refused);
COUNTER(pinctrl_bad_periodic_ra);

/* RFC 4861, 6.2.1 and 10. */
#define DEFAULT_MAX_INTERVAL_S 600
#define MIN_MAX_INTERVAL_S 4
#define MAX_MAX_INTERVAL_S 1800
#define MIN_MIN_INTERVAL_S 3
#define N_INITIAL 3
#define MAX_INITIAL_INTERVAL_S 16

/* ## What to send ## */

#define MAX_OPTIONS 24
#define MAX_CONSTANTS 48

struct options {
    struct option_value values[MAX_OPTIONS];
    size_t n;
    struct expr_constant constants[MAX_CONSTANTS];
    size_t n_constants;
};

static u128
u128_from_ip(const struct in6_addr *ip)
{
    u128 x = 0;

    for (size_t i = 0; i < 16; i++) {
        x = x << 8 | ip->s6_addr[i];
    }
    return x;
}

/* Starts an option; its constants follow.  What does not fit is left out. */
static void
begin(struct options *o, uint8_t code)
{
    for (const struct option_def *def = nd_ra_option_defs; def->name; def++) {
        if (def->code == code && o->n < MAX_OPTIONS) {
            o->values[o->n++] = (struct option_value) {
                .def = def,
                .constants = &o->constants[o->n_constants],
            };
        }
    }
}

static void
add_constant(struct options *o, const struct expr_constant *constant)
{
    if (o->n_constants < MAX_CONSTANTS) {
        o->constants[o->n_constants++] = *constant;
        o->values[o->n - 1].n_constants++;
    }
}

static void
add_number(struct options *o, uint8_t code, u128 value)
{
    begin(o, code);
    add_constant(o, &(struct expr_constant) { .value = value });
}

static void
add_string(struct options *o, uint8_t code, const char *s)
{
    if (s && *s) {
        begin(o, code);
        add_constant(o, &(struct expr_constant) {
                         .type = EXPR_CONST_STRING, .string = s });
    }
}

/* Calls 'add' with each word of 'list' (NULL: none). */
static void
for_each_word(const char *list, struct options *o,
              void (*add)(struct options *, const char *word))
{
    char *copy = xstrdup(list ? list : "");
    char *save = NULL;

    for (char *word = strtok_r(copy, ", ", &save); word;
         word = strtok_r(NULL, ", ", &save)) {
        add(o, word);
    }
    free(copy);
}

static void
add_prefix(struct options *o, const char *word)
{
    struct in6_addr ip, mask;
    unsigned int plen;

    if (ip6_parse_cidr(word, &ip, &plen)) {
        mask = ip6_mask(plen);
        ip = ip6_and(&ip, &mask);
        begin(o, RA_OPT_PREFIX);
        add_constant(o, &(struct expr_constant) {
                         .value = u128_from_ip(&ip), .masked = true,
                         .mask = u128_from_ip(&mask) });
    }
}

static void
add_server(struct options *o, const char *word)
{
    struct in6_addr ip;

    if (ip6_parse(word, &ip)) {
        add_number(o, RA_OPT_RDNSS, u128_from_ip(&ip));
    }
}

/* Appends the message for a router port with those options. */
static struct error *
put_message(const struct strmap *config, struct eth_addr mac, struct buf *b)
{
    struct options o = { .n = 0 };
    unsigned int mtu = strmap_get_uint(config, "ipv6_ra_mtu", 0);
    struct error *error;

    add_string(&o, RA_OPT_ADDR_MODE,
               strmap_get_def(config, "ipv6_ra_address_mode", "slaac"));
    add_string(&o, RA_OPT_ROUTER_PREFERENCE,
               strmap_get(config, "ipv6_ra_prf"));
    add_number(&o, RA_OPT_SLLA, mac_to_u64(mac));
    if (mtu) {
        add_number(&o, RA_OPT_MTU, mtu);
    }
    for_each_word(strmap_get(config, "ipv6_ra_prefixes"), &o, add_prefix);
    for_each_word(strmap_get(config, "ipv6_ra_rdnss"), &o, add_server);
    add_string(&o, RA_OPT_DNSSL, strmap_get(config, "ipv6_ra_dnssl"));
    add_string(&o, RA_OPT_ROUTE_INFO,
               strmap_get(config, "ipv6_ra_route_info"));
    error = nd_ra_check(o.values, o.n);
    if (!error) {
        nd_ra_put(o.values, o.n, b);
    }
    return error;
}

/* The whole packet, or NULL with the reason logged. */
static struct packet *
compose(const struct strmap *config, const char *port_name)
{
    static struct log_limit limit = LOG_LIMIT(5, 5);
    static const struct eth_addr multicast = { { 0x33, 0x33, [5] = 1 } };
    static const struct in6_addr all_nodes
        = { .s6_addr = { 0xff, 0x02, [15] = 1 } };
    const char *mac_text = strmap_get(config, "ipv6_ra_src_eth");
    const char *ip_text = strmap_get(config, "ipv6_ra_src_addr");
    struct packet *like, *packet = NULL;
    struct buf message = BUF_EMPTY;
    struct error *error;
    struct in6_addr ip;
    struct eth_addr mac;

    if (!mac_text || !mac_parse(mac_text, &mac) || !ip_text
        || !ip6_parse(ip_text, &ip)) {
        error = error_create(0, "no source address");
    } else {
        error = put_message(config, mac, &message);
    }
    if (error) {
        counter_inc(pinctrl_bad_periodic_ra);
        log_warn_limited(&limit, "port %s: no periodic router "
                         "advertisements: %s", port_name,
                         error_message(error));
        error_free(error);
    } else {
        like = packet_alloc(PACKET_SMALL);
        packet = packet_alloc(PACKET_SMALL);
        compose_eth(like, multicast, mac, ETH_TYPE_IPV6);
        compose_ipv6(like, &ip, &all_nodes, IPPROTO_ICMPV6, 0, 0, 255, 0);
        if (!compose_like(packet, like, IPPROTO_ICMPV6, 255, message.data,
                          message.size)) {
            packet_free(packet);
            packet = NULL;
        }
        packet_free(like);
    }
    buf_uninit(&message);
    return packet;
}

static void
read_intervals(const struct strmap *config, struct ra_fact *fact)
{
    unsigned int max = strmap_get_uint(config, "ipv6_ra_max_interval",
                                       DEFAULT_MAX_INTERVAL_S);
    unsigned int min;

    max = MIN(MAX(max, MIN_MAX_INTERVAL_S), MAX_MAX_INTERVAL_S);
    min = strmap_get_uint(config, "ipv6_ra_min_interval",
                          max >= 9 ? max / 3 : max * 3 / 4);
    fact->max_interval_s = max;
    fact->min_interval_s = MIN(MAX(min, MIN_MIN_INTERVAL_S), max);
}

void
periodic_ra_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_port_binding *row = row_;
    const struct strmap *config = sb_port_binding_get_options(ctx, row);
    const char *peer_name = strmap_get(config, "peer");
    struct str *value = incr_scratch(ctx, 0);
    const struct port_fact *peer;
    struct ra_fact fact;
    struct packet *packet;

    if (!strmap_get_bool(config, "ipv6_ra_send_periodic", false)
        || !peer_name) {
        return;
    }
    peer = controller_find_port(ctx, peer_name);
    if (!peer || !controller_is_local(ctx, peer->dp_key)) {
        return;
    }
    packet = compose(config, sb_port_binding_get_logical_port(ctx, row));
    if (packet) {
        fact = (struct ra_fact) { .dp_key = peer->dp_key,
                                  .port_key = peer->port_key };
        read_intervals(config, &fact);
        str_put_bytes(value, &fact, sizeof fact);
        str_put_bytes(value, packet->data, packet->size);
        incr_emit(ctx, FACT_PERIODIC_RA, &row->header.uuid,
                  sizeof row->header.uuid, value->string, value->length);
        packet_free(packet);
    }
}

/* ## Sending ## */

struct periodic_ra {
    struct schedule *schedule;
    struct incr_sink sink;
};

/* Value of a series: the fact's, with its size before. */
struct advert {
    uint64_t size;
    struct ra_fact fact;
};

static int64_t
advertise(const void *key UNUSED, const void *value, unsigned int n,
          const struct outlet *outlet, void *aux UNUSED)
{
    const struct advert *advert = value;
    const struct ra_fact *ra = &advert->fact;
    struct packet *packet = packet_from_bytes(ra->packet,
                                              advert->size - sizeof *ra);
    int64_t pause_s = (ra->min_interval_s
                       + random_range(ra->max_interval_s - ra->min_interval_s
                                      + 1));

    if (packet) {
        send_from_port(outlet, packet, ra->dp_key, ra->port_key,
                       1u << LOG_FLAG_LOCAL_ONLY);
        packet_free(packet);
        counter_inc(pinctrl_periodic_ra);
    }
    return 1000 * (n < N_INITIAL ? MIN(pause_s, MAX_INITIAL_INTERVAL_S)
                   : pause_s);
}

/* What changed is told at once. */
static void
group_changed(void *p_, struct incr_group *group)
{
    struct periodic_ra *p = p_;

    if (group->n) {
        const struct incr_fact *fact = incr_group_fact(group, 0);
        uint64_t size = fact->value_size;
        struct buf b = BUF_EMPTY;

        buf_put(&b, &size, sizeof size);
        buf_put(&b, incr_group_value(group, 0), size);
        schedule_put(p->schedule, incr_group_key(group), group->key_size,
                     b.data, b.size);
        buf_uninit(&b);
    } else {
        schedule_remove(p->schedule, incr_group_key(group), group->key_size);
    }
}

bool
periodic_ra_release(struct periodic_ra *p, uint64_t current, uint64_t done)
{
    return schedule_release(p->schedule, current, done);
}

int64_t
periodic_ra_run(struct periodic_ra *p, const struct outlet *outlet)
{
    return schedule_run(p->schedule, outlet);
}

struct periodic_ra *
periodic_ra_create(struct controller *c)
{
    static const struct schedule_class class = {
        .send = advertise,
        .rate = PERIODIC_RA_RATE,
        .max = PERIODIC_RA_MAX,
        .postponed = &counter_pinctrl_periodic_ra_postponed,
        .refused = &counter_pinctrl_periodic_ra_refused,
    };
    struct periodic_ra *p = xzalloc(sizeof *p);

    p->schedule = schedule_create(&class, p);
    p->sink = (struct incr_sink) { .fact = FACT_PERIODIC_RA, .aux = p,
                                   .group_changed = group_changed };
    incr_add_sink(c->incr, &p->sink);
    return p;
}

void
periodic_ra_destroy(struct periodic_ra *p)
{
    if (p) {
        schedule_destroy(p->schedule);
        free(p);
    }
}
