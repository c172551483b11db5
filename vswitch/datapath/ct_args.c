/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of OVS_ACTION_ATTR_CT. */

#include <linux/openvswitch.h>

#include "lib/base/text.h"
#include "lib/netlink/attr.h"
#include "vswitch/datapath/ct_private.h"

static const size_t arg_sizes[] = {
    [OVS_CT_ATTR_COMMIT] = 0,
    [OVS_CT_ATTR_ZONE] = 2,
    [OVS_CT_ATTR_MARK] = 8,
    [OVS_CT_ATTR_LABELS] = 32,
    [OVS_CT_ATTR_HELPER] = SIZE_MAX,
    [OVS_CT_ATTR_NAT] = SIZE_MAX,
    [OVS_CT_ATTR_FORCE_COMMIT] = 0,
    [OVS_CT_ATTR_EVENTMASK] = 4,
    [OVS_CT_ATTR_TIMEOUT] = SIZE_MAX,
};

/* Stores an address as in a key. */
static bool
parse_nat_address(const struct nlattr *a, struct in6_addr *address)
{
    if (nlattr_size(a) != 4 && nlattr_size(a) != 16) {
        return false;
    }
    *address = (struct in6_addr) { .s6_addr = { 0 } };
    memcpy(address, nlattr_payload(a), nlattr_size(a));
    return true;
}

/* IPv4 addresses are compared as numbers, IPv6 ones as bytes. */
static bool
nat_valid(const struct ct_nat *nat, size_t min_size, size_t max_size)
{
    if (nat->has_address
        && (min_size != max_size || memcmp(&nat->min, &nat->max, 16) > 0)) {
        return false;
    }
    return (nat->min_port <= nat->max_port
            && (nat->kind || (!nat->has_address && !nat->min_port)));
}

static bool
parse_nat(const struct nlattr *nest, struct ct_nat *nat)
{
    size_t left, min_size = 0, max_size = 0;
    const struct nlattr *a;

    nat->wanted = true;
    NLATTR_FOR_EACH_NESTED (a, left, nest) {
        switch (nlattr_type(a)) {
        case OVS_NAT_ATTR_SRC:
        case OVS_NAT_ATTR_DST:
            if (nat->kind) {
                return false;
            }
            nat->kind = (nlattr_type(a) == OVS_NAT_ATTR_SRC ? CS_SRC_NAT
                         : CS_DST_NAT);
            break;
        case OVS_NAT_ATTR_IP_MIN:
            min_size = nlattr_size(a);
            if (!parse_nat_address(a, &nat->min)) {
                return false;
            }
            nat->has_address = true;
            break;
        case OVS_NAT_ATTR_IP_MAX:
            max_size = nlattr_size(a);
            if (!parse_nat_address(a, &nat->max)) {
                return false;
            }
            break;
        case OVS_NAT_ATTR_PROTO_MIN:
        case OVS_NAT_ATTR_PROTO_MAX:
            if (nlattr_size(a) != 2) {
                return false;
            }
            *(nlattr_type(a) == OVS_NAT_ATTR_PROTO_MIN ? &nat->min_port
              : &nat->max_port) = nlattr_u16(a);
            break;
        case OVS_NAT_ATTR_PROTO_RANDOM:
            nat->random = true;
            break;
        case OVS_NAT_ATTR_PERSISTENT:
            nat->persistent = true;
            break;
        case OVS_NAT_ATTR_PROTO_HASH:
            nat->hash = true;
            break;
        default:
            return false;
        }
    }
    if (nat->has_address && !max_size) {
        nat->max = nat->min;
        max_size = min_size;
    } else if (!nat->has_address && max_size) {
        return false;
    }
    nat->max_port = nat->max_port ? nat->max_port : nat->min_port;
    return !left && nat_valid(nat, min_size, max_size);
}

/* A policy's name is the decimal of its number. */
static bool
parse_policy(const struct nlattr *a, uint16_t *policy)
{
    char name[8] = { 0 };
    unsigned int id;

    if (nlattr_size(a) >= sizeof name) {
        return false;
    }
    memcpy(name, nlattr_payload(a), nlattr_size(a));
    if (!text_to_uint(name, 10, &id) || id > UINT16_MAX) {
        return false;
    }
    *policy = id;
    return true;
}

bool
ct_args_parse(const struct nlattr *action, struct ct_args *args)
{
    const struct nlattr *a;
    size_t left;

    *args = (struct ct_args) { .zone = 0 };
    NLATTR_FOR_EACH_NESTED (a, left, action) {
        uint16_t type = nlattr_type(a);
        const uint8_t *payload = nlattr_payload(a);

        if (!type || type >= ARRAY_SIZE(arg_sizes)
            || (arg_sizes[type] != SIZE_MAX
                && arg_sizes[type] != nlattr_size(a))) {
            return false;
        }
        switch (type) {
        case OVS_CT_ATTR_FORCE_COMMIT:
            args->force = true;
            args->commit = true;
            break;
        case OVS_CT_ATTR_COMMIT:
            args->commit = true;
            break;
        case OVS_CT_ATTR_ZONE:
            args->zone = nlattr_u16(a);
            break;
        case OVS_CT_ATTR_MARK:
            args->mark = get_u32(payload);
            args->mark_mask = get_u32(payload + 4);
            break;
        case OVS_CT_ATTR_LABELS:
            memcpy(&args->label, payload, 16);
            memcpy(&args->label_mask, payload + 16, 16);
            break;
        case OVS_CT_ATTR_NAT:
            if (!parse_nat(a, &args->nat)) {
                return false;
            }
            break;
        case OVS_CT_ATTR_TIMEOUT:
            if (!parse_policy(a, &args->policy)) {
                return false;
            }
            break;
        case OVS_CT_ATTR_HELPER:
            args->alg = ct_alg_by_name(nlattr_payload(a), nlattr_size(a));
            if (args->alg == CT_ALG_NONE) {
                return false;
            }
            break;
        }
    }
    return !left && (args->commit || !args->nat.kind);
}

bool
conntrack_action_valid(const struct nlattr *action)
{
    struct ct_args args;

    return ct_args_parse(action, &args);
}
