/* SPDX-License-Identifier: Apache-2.0 */

/* What ovn-nbctl's commands share: finding rows, reading arguments, writing
 * lists. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/logical/addresses.h"
#include "northd/tools/nbctl.h"

/* Look-ups. */

const struct replica_row *
nbctl_row_named(struct dbctl *dbctl, const struct replica_table_class *table,
                unsigned int column, const char *name)
{
    return replica_index_find_string(dbctl_index(dbctl, table, column), name);
}

struct error *
nbctl_find(struct dbctl *dbctl, const struct replica_table_class *table,
           unsigned int column, const char *what, const char *id,
           bool must_exist, const struct replica_row **ret)
{
    const union replica_atom key = { .string = id };
    struct replica_index_cursor cursor;
    struct uuid uuid;

    *ret = NULL;
    if (uuid_from_string(&uuid, id)) {
        *ret = replica_find(dbctl_replica(dbctl), table, &uuid);
    }
    if (!*ret) {
        *ret = replica_index_first(dbctl_index(dbctl, table, column), &key,
                                   &cursor);
        if (*ret && replica_index_next(&cursor)) {
            return error_create(0, "%s: more than one row of %s has this "
                                "name; use a UUID", id, table->name);
        }
    }
    if (!*ret && must_exist) {
        return error_create(0, "%s: %s %s not found", id, what,
                            uuid_from_string(&uuid, id) ? "UUID" : "name");
    }
    return NULL;
}

struct error *
nbctl_find_switch(struct dbctl *dbctl, const char *id, bool must_exist,
                  const struct nb_logical_switch **ret)
{
    return nbctl_find(dbctl, &nb_logical_switch_table,
                      NB_LOGICAL_SWITCH_COL_NAME, "switch", id,
                      must_exist, (const struct replica_row **) ret);
}

struct error *
nbctl_find_lsp(struct dbctl *dbctl, const char *id, bool must_exist,
               const struct nb_logical_switch_port **ret)
{
    return nbctl_find(dbctl, &nb_logical_switch_port_table,
                      NB_LOGICAL_SWITCH_PORT_COL_NAME, "port", id,
                      must_exist, (const struct replica_row **) ret);
}

struct error *
nbctl_find_router(struct dbctl *dbctl, const char *id, bool must_exist,
                  const struct nb_logical_router **ret)
{
    return nbctl_find(dbctl, &nb_logical_router_table,
                      NB_LOGICAL_ROUTER_COL_NAME, "router", id,
                      must_exist, (const struct replica_row **) ret);
}

struct error *
nbctl_find_lrp(struct dbctl *dbctl, const char *id, bool must_exist,
               const struct nb_logical_router_port **ret)
{
    return nbctl_find(dbctl, &nb_logical_router_port_table,
                      NB_LOGICAL_ROUTER_PORT_COL_NAME, "port", id,
                      must_exist, (const struct replica_row **) ret);
}

struct error *
nbctl_find_lb(struct dbctl *dbctl, const char *id, bool must_exist,
              const struct nb_load_balancer **ret)
{
    return nbctl_find(dbctl, &nb_load_balancer_table,
                      NB_LOAD_BALANCER_COL_NAME, "load balancer", id,
                      must_exist, (const struct replica_row **) ret);
}

struct error *
nbctl_find_group(struct dbctl *dbctl, const char *id, bool must_exist,
                 const struct nb_port_group **ret)
{
    return nbctl_find(dbctl, &nb_port_group_table, NB_PORT_GROUP_COL_NAME,
                      "port group", id, must_exist,
                      (const struct replica_row **) ret);
}

const struct nb_logical_switch *
nbctl_switch_of(struct dbctl *dbctl, const struct nb_logical_switch_port *lsp)
{
    return (const struct nb_logical_switch *) replica_index_find_ref(
        dbctl_index(dbctl, &nb_logical_switch_table,
                    NB_LOGICAL_SWITCH_COL_PORTS), &lsp->header);
}

const struct nb_logical_router *
nbctl_router_of(struct dbctl *dbctl, const struct nb_logical_router_port *lrp)
{
    return (const struct nb_logical_router *) replica_index_find_ref(
        dbctl_index(dbctl, &nb_logical_router_table,
                    NB_LOGICAL_ROUTER_COL_PORTS), &lrp->header);
}

bool
nbctl_lsp_follows_peer(const struct nb_logical_switch_port *lsp)
{
    return lsp->n_addresses == 1 && !strcmp(lsp->addresses[0], "router");
}

/* Output and small parsers. */

void
nbctl_add_line(nbctl_lines *lines, const struct replica_row *row,
               const char *name)
{
    vec_push(lines, xasprintf(UUID_FMT " (%s)", UUID_ARGS(&row->uuid), name));
}

static int
compare_lines(const void *a_, const void *b_)
{
    const char *const *a = a_, *const *b = b_;
    int c = strcmp(*a + UUID_LEN, *b + UUID_LEN);

    return c ? c : strcmp(*a, *b);
}

void
nbctl_put_lines(struct str *out, nbctl_lines *lines)
{
    vec_sort(lines, compare_lines);
    VEC_FOR_EACH (line, lines) {
        str_printf(out, "%s\n", *line);
        free(*line);
    }
    vec_uninit(lines);
}

struct error *
nbctl_parse_state(const char *s, bool *enabled)
{
    if (!strcmp(s, "enabled")) {
        *enabled = true;
    } else if (!strcmp(s, "disabled")) {
        *enabled = false;
    } else {
        return error_create(0, "%s: state must be \"enabled\" or "
                            "\"disabled\"", s);
    }
    return NULL;
}

void
nbctl_parse_pairs(char *argv[], int n, struct smap *pairs)
{
    for (int i = 0; i < n; i++) {
        const char *equals = strchr(argv[i], '=');

        if (equals) {
            smap_set_take(pairs, xmemdup0(argv[i], equals - argv[i]),
                          xstrdup(equals + 1));
        }
    }
}

void
nbctl_put_pairs(struct str *out, const struct strmap *pairs)
{
    STRMAP_FOR_EACH (i, pairs) {
        str_printf(out, "%s=%s\n", pairs->keys[i], pairs->values[i]);
    }
}

/* Arguments. */

struct error *
nbctl_parse_choice(const char *what, const char *s,
                   const char *const choices[])
{
    struct str list = STR_EMPTY;
    struct error *error;

    for (size_t i = 0; choices[i]; i++) {
        if (!strcmp(choices[i], s)) {
            str_uninit(&list);
            return NULL;
        }
        str_printf(&list, "%s\"%s\"", i ? ", " : "", choices[i]);
    }
    error = error_create(0, "%s: %s must be one of %s", s, what,
                         str_cstr(&list));
    str_uninit(&list);
    return error;
}

struct error *
nbctl_parse_number(const char *what, const char *s, int64_t min, int64_t max,
                   int64_t *ret)
{
    int64_t value;

    if (!text_to_i64(s, 10, &value) || value < min || value > max) {
        return error_create(0, "%s: %s must be a number in the range "
                            "%lld...%lld", s, what, (long long) min,
                            (long long) max);
    }
    *ret = value;
    return NULL;
}

struct error *
nbctl_parse_priority(const char *s, int64_t *ret)
{
    return nbctl_parse_number("priority", s, 0, NBCTL_PRIORITY_MAX, ret);
}

struct error *
nbctl_parse_direction(const char *s, const char **ret)
{
    if (*s && text_starts_with("to-lport", s)) {
        *ret = "to-lport";
    } else if (*s && text_starts_with("from-lport", s)) {
        *ret = "from-lport";
    } else {
        return error_create(0, "%s: direction must be \"to-lport\" or "
                            "\"from-lport\"", s);
    }
    return NULL;
}

char *
nbctl_normalize_ip(const char *s, bool *is_v4)
{
    struct str out = STR_EMPTY;
    struct in6_addr ip;

    if (!ip_parse(s, &ip)) {
        return NULL;
    }
    *is_v4 = ip_is_v4(&ip);
    ip_format(&ip, &out);
    return str_steal(&out);
}

char *
nbctl_normalize_network(const char *s, bool *is_v4, unsigned int *plen)
{
    struct str out = STR_EMPTY;
    struct in6_addr ip6, mask6;
    be32 ip4;

    if (ip4_parse_cidr(s, &ip4, plen)) {
        *is_v4 = true;
        ip4_format_masked(ip4 & ip4_mask(*plen), ip4_mask(*plen), &out);
    } else if (ip6_parse_cidr(s, &ip6, plen)) {
        *is_v4 = false;
        mask6 = ip6_mask(*plen);
        ip6 = ip6_and(&ip6, &mask6);
        ip6_format_masked(&ip6, &mask6, &out);
    } else {
        return NULL;
    }
    return str_steal(&out);
}

/* Router ports. */

bool
nbctl_lrp_is_gateway(const struct nb_logical_router_port *lrp)
{
    return lrp->n_gateway_chassis || lrp->ha_chassis_group;
}

bool
nbctl_lrp_reaches(const struct nb_logical_router_port *lrp, const char *s)
{
    struct port_addresses networks = PORT_ADDRESSES_EMPTY;
    bool reaches = false;
    struct in6_addr ip;

    if (!ip_parse(s, &ip)) {
        return false;
    }
    for (size_t i = 0; i < lrp->n_networks; i++) {
        port_addresses_add(&networks, lrp->networks[i]);
    }
    if (ip_is_v4(&ip)) {
        VEC_FOR_EACH (network, &networks.ip4) {
            reaches |= !((ip_get_v4(&ip) ^ network->addr) & network->mask);
        }
    } else {
        VEC_FOR_EACH (network, &networks.ip6) {
            struct in6_addr masked = ip6_and(&ip, &network->mask);

            reaches |= !memcmp(&masked, &network->network, sizeof masked);
        }
    }
    port_addresses_uninit(&networks);
    return reaches;
}

/* BFD sessions. */

const struct nb_bfd *
nbctl_find_bfd(const struct dbctl *dbctl, const char *dst_ip,
               const char *logical_port)
{
    const struct nb_bfd *bfd;

    NB_BFD_FOR_EACH (bfd, dbctl_replica(dbctl)) {
        if (!strcmp(bfd->dst_ip, dst_ip)
            && (!logical_port || !strcmp(bfd->logical_port, logical_port))) {
            return bfd;
        }
    }
    return NULL;
}

const struct nb_bfd *
nbctl_add_bfd(struct dbctl *dbctl, const char *dst_ip,
              const char *logical_port)
{
    const struct nb_bfd *bfd = nb_bfd_insert(dbctl_txn(dbctl));

    nb_bfd_set_dst_ip(bfd, dst_ip);
    nb_bfd_set_logical_port(bfd, logical_port);
    return bfd;
}
