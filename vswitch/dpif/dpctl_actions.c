/* SPDX-License-Identifier: Apache-2.0 */

/* The commands of dpctl.h that are about actions as such. */

#include <errno.h>
#include <linux/openvswitch.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/netlink/attr.h"
#include "lib/packet/headers.h"
#include "vswitch/dpif/dpctl.h"
#include "vswitch/dpif/odp_text.h"

#define MAX_NAME_LENGTH 15       /* Of a device. */

/* Returns 0, or EINVAL having said so. */
static int
parse(struct dpctl *d, const char *text, const struct odp_numbers *numbers,
      struct nlbuf *actions)
{
    struct error *error = odp_actions_parse(text, numbers, actions);

    if (error) {
        error_free(error);
        nlbuf_uninit(actions);
        return dpctl_error(d, EINVAL, "odp_actions_from_string");
    }
    return 0;
}

int
dpctl_parse_actions(struct dpctl *d, int argc, const char *argv[])
{
    for (int i = 1; i < argc; i++) {
        struct nlbuf actions = NLBUF_EMPTY;
        int error = parse(d, argv[i], NULL, &actions);

        if (error) {
            return error;
        }
        odp_actions_format(actions.data, actions.size, NULL, &d->out);
        str_put_char(&d->out, '\n');
        nlbuf_uninit(&actions);
    }
    return 0;
}

/* Numbers of ports that the command line tells. */
struct port_number {
    char name[MAX_NAME_LENGTH + 1];
    int number;
};

struct port_numbers {
    VEC(struct port_number) ports;
};

static odp_port_t
find_number(const char *name, const void *numbers_)
{
    const struct port_numbers *numbers = numbers_;

    VEC_FOR_EACH (port, &numbers->ports) {
        if (!strcmp(port->name, name)) {
            return port->number;
        }
    }
    return ODPP_NONE;
}

/* "NAME=NUMBER". */
static bool
add_number(struct port_numbers *numbers, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t length = equals ? equals - text : 0;
    struct port_number port = { .number = 0 };

    if (!length || length > MAX_NAME_LENGTH
        || !text_to_int(equals + 1, 10, &port.number)) {
        return false;
    }
    memcpy(port.name, text, length);
    vec_push(&numbers->ports, port);
    return true;
}

/* What happens to the packet while it has certain VLAN headers. */
struct vlan_actions {
    struct flow_vlan vlans[FLOW_MAX_VLAN_HEADERS];
    struct nlbuf actions;
};

struct vlan_actions_list {
    VEC(struct vlan_actions) items;
};

static struct nlbuf *
actions_for(struct vlan_actions_list *list, const struct flow *flow)
{
    struct vlan_actions new = { .actions = NLBUF_EMPTY };

    VEC_FOR_EACH (item, &list->items) {
        if (!memcmp(item->vlans, flow->vlans, sizeof item->vlans)) {
            return &item->actions;
        }
    }
    memcpy(new.vlans, flow->vlans, sizeof new.vlans);
    vec_push(&list->items, new);
    return &list->items.items[list->items.n - 1].actions;
}

static int
compare_vlans(const void *a, const void *b)
{
    return memcmp(((const struct vlan_actions *) a)->vlans,
                  ((const struct vlan_actions *) b)->vlans,
                  sizeof ((const struct vlan_actions *) a)->vlans);
}

static void
push_vlan(struct flow *flow, const struct nlattr *a)
{
    const struct ovs_action_push_vlan *push = nlattr_payload(a);

    memmove(&flow->vlans[1], &flow->vlans[0],
            sizeof flow->vlans - sizeof flow->vlans[0]);
    flow->vlans[0] = (struct flow_vlan) {
        .tpid = push->vlan_tpid, .tci = push->vlan_tci,
    };
}

static void
pop_vlan(struct flow *flow)
{
    memmove(&flow->vlans[0], &flow->vlans[1],
            sizeof flow->vlans - sizeof flow->vlans[0]);
    memset(&flow->vlans[FLOW_MAX_VLAN_HEADERS - 1], 0,
           sizeof flow->vlans[0]);
}

static void
split(struct flow *flow, const struct nlbuf *actions,
      struct vlan_actions_list *list)
{
    const struct nlattr *a;
    size_t left;

    NLATTR_FOR_EACH (a, left, actions->data, actions->size) {
        if (nlattr_type(a) == OVS_ACTION_ATTR_POP_VLAN) {
            pop_vlan(flow);
        } else if (nlattr_type(a) == OVS_ACTION_ATTR_PUSH_VLAN) {
            push_vlan(flow, a);
        } else {
            nlbuf_put(actions_for(list, flow), nlattr_type(a),
                      nlattr_payload(a), nlattr_size(a));
        }
    }
    vec_sort(&list->items, compare_vlans);
}

/* Outputs that follow one another may come in any order. */
static int
compare_outputs(const void *a, const void *b)
{
    uint32_t port_a = nlattr_u32(a), port_b = nlattr_u32(b);

    return port_a < port_b ? -1 : port_a > port_b;
}

static void
sort_outputs(struct nlbuf *actions)
{
    const size_t size = NLA_HDRLEN + sizeof(uint32_t);
    const uint8_t *first = NULL;
    const struct nlattr *a;
    size_t left;

    NLATTR_FOR_EACH (a, left, actions->data, actions->size) {
        const uint8_t *p = (const uint8_t *) a;

        if (nlattr_type(a) == OVS_ACTION_ATTR_OUTPUT) {
            first = first ? first : p;
        } else if (first) {
            qsort(actions->data + (first - actions->data),
                  (p - first) / size, size, compare_outputs);
            first = NULL;
        }
    }
    if (first) {
        qsort(actions->data + (first - actions->data),
              (actions->data + actions->size - first) / size, size,
              compare_outputs);
    }
}

static void
put_vlans(const struct flow_vlan *vlans, struct str *s)
{
    for (int i = 0; i < FLOW_MAX_VLAN_HEADERS && vlans[i].tci; i++) {
        uint16_t tci = ntohs(vlans[i].tci);

        str_put(s, "vlan(");
        if (vlans[i].tpid != htons(ETH_TYPE_VLAN_8021Q)) {
            str_printf(s, "tpid=0x%04x,", ntohs(vlans[i].tpid));
        }
        str_printf(s, "vid=%u,pcp=%u): ", tci & VLAN_VID_MASK, tci >> 13);
    }
    if (!vlans[0].tci) {
        str_put(s, "no vlan: ");
    }
}

static void
put_mpls(const struct flow *flow, struct str *s)
{
    uint32_t lse = ntohl(flow->mpls_lse[0]);

    if (flow->dl_type == htons(ETH_TYPE_MPLS)
        || flow->dl_type == htons(ETH_TYPE_MPLS_MCAST)) {
        str_printf(s, "mpls(label=%u,tc=%u,ttl=%u): ", lse >> 12,
                   lse >> 9 & 7, lse & 0xff);
    } else {
        str_put(s, "no mpls: ");
    }
}

/* Prints the flow with what the text said of it. */
static void
put_input_flow(const char *text, const struct flow *flow,
               struct flow_wildcards *mask, struct str *s)
{
    struct str formatted = STR_EMPTY;
    const char *f;

    odp_flow_format(flow, mask, NULL, &formatted);
    f = str_cstr(&formatted);
    if (!strstr(text, "recirc_id(") && text_starts_with(f, "recirc_id(0),")) {
        f += strlen("recirc_id(0),");
    }
    str_printf(s, "input flow: %s\n", f);
    str_uninit(&formatted);
}

static int
normalize(struct dpctl *d, const char *flow_text, const char *actions_text,
          const struct odp_numbers *numbers)
{
    struct vlan_actions_list list = { .items = VEC_EMPTY };
    struct nlbuf actions = NLBUF_EMPTY;
    struct flow_wildcards mask;
    struct flow flow;
    struct error *error = odp_flow_parse(flow_text, numbers, &flow, &mask);
    int status;

    if (error) {
        error_free(error);
        return dpctl_error(d, EINVAL, "odp_flow_key_from_string (syntax "
                           "error at %s)", flow_text);
    }
    put_input_flow(flow_text, &flow, &mask, &d->out);
    status = parse(d, actions_text, numbers, &actions);
    if (status) {
        return status;
    }
    if (d->verbosity) {
        str_put(&d->out, "input actions: ");
        odp_actions_format(actions.data, actions.size, NULL, &d->out);
        str_put_char(&d->out, '\n');
    }
    split(&flow, &actions, &list);
    VEC_FOR_EACH (item, &list.items) {
        sort_outputs(&item->actions);
        put_vlans(item->vlans, &d->out);
        put_mpls(&flow, &d->out);
        odp_actions_format(item->actions.data, item->actions.size, NULL,
                           &d->out);
        nlbuf_uninit(&item->actions);
    }
    vec_uninit(&list.items);
    nlbuf_uninit(&actions);
    return 0;
}

int
dpctl_normalize_actions(struct dpctl *d, int argc, const char *argv[])
{
    struct port_numbers ports = { .ports = VEC_EMPTY };
    const struct odp_numbers numbers = { find_number, &ports };
    int error = 0;

    for (int i = 3; !error && i < argc; i++) {
        if (!add_number(&ports, argv[i])) {
            dpctl_error(d, 0, "%s: expected NAME=NUMBER", argv[i]);
            error = EINVAL;
        }
    }
    if (!error) {
        error = normalize(d, argv[1], argv[2], &numbers);
    }
    vec_uninit(&ports.ports);
    return error;
}
