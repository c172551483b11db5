/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on load balancers. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/logical/addresses.h"
#include "northd/tools/nbctl.h"

/* What "lb-add" asks for, in the words of the database. */
struct request {
    char *vip;
    char *backends;
    const char *protocol;       /* NULL if not given. */
    const char *family;         /* Of a template; likewise. */
};

static void
request_uninit(struct request *request)
{
    free(request->vip);
    free(request->backends);
}

static char *
ip_port_text(const struct ip_port *ip_port)
{
    struct str s = STR_EMPTY;

    ip_port_format(ip_port, &s);
    return str_steal(&s);
}

/* Parses "IP" or "IP:PORT"; a colon with nothing behind it is no port. */
static bool
parse_ip_port(const char *s, struct ip_port *ip_port)
{
    size_t length = strlen(s);
    char *bare;
    bool ok;

    if (ip_port_parse(s, ip_port)) {
        return true;
    } else if (!length || s[length - 1] != ':') {
        return false;
    }
    bare = xmemdup0(s, length - 1);
    ok = ip_port_parse(bare, ip_port) && !ip_port->port;
    free(bare);
    return ok;
}

/* Appends a backend, which must be like the VIP. */
static struct error *
put_backend(struct str *out, const char *s, const struct ip_port *vip)
{
    struct ip_port backend;
    bool is_valid = parse_ip_port(s, &backend);

    if (!is_valid || !backend.port != !vip->port) {
        return error_create(0, "%s: backend must be an IP address%s", s,
                            vip->port ? " and a port number with : as a "
                            "separator" : ", for the VIP has no port either");
    } else if (ip_is_v4(&backend.ip) != ip_is_v4(&vip->ip)) {
        return error_create(0, "%s: backend is of another address family than "
                            "the VIP", s);
    }
    str_put(out, out->length ? "," : "");
    ip_port_format(&backend, out);
    return NULL;
}

static struct error *
parse_addresses(struct dbctl_call *call, struct request *request)
{
    struct str backends = STR_EMPTY;
    struct error *error = NULL;
    struct ip_port vip;
    char *copy, *p, *word;

    if (!parse_ip_port(call->argv[2], &vip)) {
        return error_create(0, "%s: VIP must be an IP address, or an IP "
                            "address and a port number with : as a separator",
                            call->argv[2]);
    } else if (request->protocol && !vip.port) {
        return error_create(0, "%s: a protocol needs a VIP with a port",
                            call->argv[2]);
    }
    copy = p = xstrdup(call->argv[3]);
    while (!error && (word = text_token(&p, ",")) != NULL) {
        error = put_backend(&backends, word, &vip);
    }
    free(copy);
    if (error) {
        str_uninit(&backends);
        return error;
    }
    request->vip = ip_port_text(&vip);
    request->backends = str_steal(&backends);
    return NULL;
}

static struct error *
parse_request(struct dbctl_call *call, struct request *request)
{
    static const char *const protocols[] = { "tcp", "udp", "sctp", NULL };
    static const char *const families[] = { "ipv4", "ipv6", NULL };
    struct error *error = NULL;

    *request = (struct request) { .vip = NULL };
    if (call->argc > 4) {
        request->protocol = call->argv[4];
        error = nbctl_parse_choice("protocol", request->protocol, protocols);
    }
    if (!error && call->argc > 5) {
        request->family = call->argv[5];
        error = nbctl_parse_choice("address family", request->family,
                                   families);
    }
    if (!error && dbctl_has_option(call, "--reject")
        && dbctl_has_option(call, "--event")) {
        error = error_create(0, "--reject and --event may not be used "
                             "together");
    }
    if (error) {
        return error;
    }
    if (dbctl_has_option(call, "--template")) {
        /* Northd puts the variables' values in and looks at the outcome. */
        request->vip = xstrdup(call->argv[2]);
        request->backends = xstrdup(call->argv[3]);
        return NULL;
    }
    return parse_addresses(call, request);
}

static void
write_vip(const struct nb_load_balancer *lb, const struct request *request)
{
    nb_load_balancer_update_vips_setkey(lb, request->vip, request->backends);
    if (request->protocol) {
        nb_load_balancer_set_protocol(lb, request->protocol);
    }
}

static void
create(struct dbctl_call *call, const struct request *request)
{
    static const struct {
        const char *option;
        const char *key;
    } flags[] = {
        { "--reject", "reject" },
        { "--event", "event" },
        { "--add-route", "add_route" },
        { "--template", "template" },
    };
    const struct nb_load_balancer *lb
        = nb_load_balancer_insert(dbctl_txn(call->dbctl));

    nb_load_balancer_set_name(lb, call->argv[1]);
    nb_load_balancer_set_protocol(lb, "tcp");
    write_vip(lb, request);
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        if (dbctl_has_option(call, flags[i].option)) {
            nb_load_balancer_update_options_setkey(lb, flags[i].key, "true");
        }
    }
    if (dbctl_has_option(call, "--template")) {
        nb_load_balancer_update_options_setkey(
            lb, "address-family", request->family ? request->family : "ipv4");
    }
}

static struct error *
run_lb_add(struct dbctl_call *call)
{
    const struct nb_load_balancer *lb = NULL;
    struct request request;
    struct error *error = parse_request(call, &request);

    if (!error && !dbctl_has_option(call, "--add-duplicate")) {
        error = nbctl_find_lb(call->dbctl, call->argv[1], false, &lb);
    }
    if (!error && lb && strmap_get(&lb->vips, request.vip)
        && !dbctl_has_option(call, "--may-exist")) {
        error = error_create(0, "%s: a load balancer with this VIP (%s) "
                             "already exists", call->argv[1], request.vip);
    }
    if (!error && lb) {
        write_vip(lb, &request);
    } else if (!error) {
        create(call, &request);
    }
    request_uninit(&request);
    return error;
}

static struct error *
run_lb_del(struct dbctl_call *call)
{
    bool must_exist = !dbctl_has_option(call, "--if-exists");
    const char *vip = call->argc > 2 ? call->argv[2] : NULL;
    const struct nb_load_balancer *lb;
    struct error *error = nbctl_find_lb(call->dbctl, call->argv[1], false,
                                        &lb);

    if (error) {
        return error;
    }
    if (lb && !vip) {
        nb_load_balancer_delete(lb);
    } else if (lb && strmap_get(&lb->vips, vip)) {
        nb_load_balancer_update_vips_delkey(lb, vip);
        if (!lb->vips.n) {
            nb_load_balancer_delete(lb);
        }
    } else if (vip && must_exist) {
        return error_create(0, "VIP %s is not part of load balancer %s", vip,
                            call->argv[1]);
    }
    return NULL;
}

/* Lists. */

typedef VEC(const struct nb_load_balancer *) lb_list;

static int
compare_lbs(const void *a_, const void *b_)
{
    const struct nb_load_balancer *const *a = a_, *const *b = b_;
    int c = strcmp((*a)->name, (*b)->name);

    return c ? c : uuid_compare(&(*a)->header.uuid, &(*b)->header.uuid);
}

/* The protocol counts only with a port (and a template's is not known). */
static const char *
protocol_of(const struct nb_load_balancer *lb, const char *vip)
{
    struct ip_port parsed;

    if (!strmap_get_bool(&lb->options, "template", false)
        && ip_port_parse(vip, &parsed) && !parsed.port) {
        return "";
    }
    return lb->protocol ? lb->protocol : "tcp";
}

static void
put_lb(struct str *out, const struct nb_load_balancer *lb, int vip_width)
{
    STRMAP_FOR_EACH (i, &lb->vips) {
        const char *vip = lb->vips.keys[i];

        if (i) {
            str_printf(out, "%60s", "");
        } else {
            str_printf(out, UUID_FMT "    %-20.16s",
                       UUID_ARGS(&lb->header.uuid), lb->name);
        }
        str_printf(out, "%-11.7s%-*s%s\n", protocol_of(lb, vip), vip_width,
                   vip, lb->vips.values[i]);
    }
}

/* Puts the load balancers out, by name, and frees the list. */
static void
put_lbs(struct str *out, lb_list *lbs)
{
    size_t width = 0;

    VEC_FOR_EACH (lb, lbs) {
        STRMAP_FOR_EACH (i, &(*lb)->vips) {
            width = MAX(width, strlen((*lb)->vips.keys[i]));
        }
    }
    if (width) {
        width += 4;
        str_printf(out, "%-40.36s%-20.16s%-11.7s%-*s%s\n", "UUID", "LB",
                   "PROTO", (int) width, "VIP", "IPs");
    }
    vec_sort(lbs, compare_lbs);
    VEC_FOR_EACH (lb, lbs) {
        put_lb(out, *lb, width);
    }
    vec_uninit(lbs);
}

static struct error *
run_lb_list(struct dbctl_call *call)
{
    const char *id = call->argc > 1 ? call->argv[1] : NULL;
    const struct nb_load_balancer *lb;
    lb_list lbs = VEC_EMPTY;
    struct uuid uuid;

    NB_LOAD_BALANCER_FOR_EACH (lb, dbctl_replica(call->dbctl)) {
        if (!id || !strcmp(lb->name, id)
            || (uuid_from_string(&uuid, id)
                && uuid_equals(&uuid, &lb->header.uuid))) {
            vec_push(&lbs, lb);
        }
    }
    put_lbs(&call->output, &lbs);
    return NULL;
}

/* Load balancers of switches and routers. */

/* One of the two. */
struct user {
    const struct nb_logical_switch *ls;
    const struct nb_logical_router *lr;
};

static struct error *
find_user(struct dbctl_call *call, struct user *user)
{
    const char *id = call->argv[1];

    *user = (struct user) { NULL, NULL };
    return (text_starts_with(call->command->name, "ls-")
            ? nbctl_find_switch(call->dbctl, id, true, &user->ls)
            : nbctl_find_router(call->dbctl, id, true, &user->lr));
}

static struct nb_load_balancer *const *
user_lbs(const struct user *user, size_t *n)
{
    *n = user->ls ? user->ls->n_load_balancer : user->lr->n_load_balancer;
    return user->ls ? user->ls->load_balancer : user->lr->load_balancer;
}

static struct nb_load_balancer_group *const *
user_groups(const struct user *user, size_t *n)
{
    *n = (user->ls ? user->ls->n_load_balancer_group
          : user->lr->n_load_balancer_group);
    return (user->ls ? user->ls->load_balancer_group
            : user->lr->load_balancer_group);
}

static bool
user_has(const struct user *user, const struct nb_load_balancer *lb)
{
    struct nb_load_balancer *const *lbs;
    size_t n;

    lbs = user_lbs(user, &n);
    for (size_t i = 0; i < n; i++) {
        if (lbs[i] == lb) {
            return true;
        }
    }
    return false;
}

static struct error *
run_user_add(struct dbctl_call *call)
{
    const struct nb_load_balancer *lb;
    struct user user;
    struct error *error = find_user(call, &user);

    if (!error) {
        error = nbctl_find_lb(call->dbctl, call->argv[2], true, &lb);
    }
    if (error) {
        return error;
    }
    if (user_has(&user, lb)) {
        return (dbctl_has_option(call, "--may-exist") ? NULL
                : error_create(0, "load balancer %s already exists in %s",
                               call->argv[2], call->argv[1]));
    }
    if (user.ls) {
        nb_logical_switch_update_load_balancer_addvalue(user.ls, lb);
    } else {
        nb_logical_router_update_load_balancer_addvalue(user.lr, lb);
    }
    return NULL;
}

static struct error *
run_user_del(struct dbctl_call *call)
{
    const struct nb_load_balancer *lb = NULL;
    struct user user;
    struct error *error = find_user(call, &user);

    if (!error && call->argc > 2) {
        error = nbctl_find_lb(call->dbctl, call->argv[2], true, &lb);
    }
    if (error) {
        return error;
    }
    if (lb && !user_has(&user, lb)) {
        return (dbctl_has_option(call, "--if-exists") ? NULL
                : error_create(0, "load balancer %s is not in %s",
                               call->argv[2], call->argv[1]));
    }
    if (user.ls && lb) {
        nb_logical_switch_update_load_balancer_delvalue(user.ls, lb);
    } else if (user.ls) {
        nb_logical_switch_set_load_balancer(user.ls, NULL, 0);
    } else if (lb) {
        nb_logical_router_update_load_balancer_delvalue(user.lr, lb);
    } else {
        nb_logical_router_set_load_balancer(user.lr, NULL, 0);
    }
    return NULL;
}

static struct error *
run_user_list(struct dbctl_call *call)
{
    struct nb_load_balancer_group *const *groups;
    struct nb_load_balancer *const *of_user;
    lb_list lbs = VEC_EMPTY;
    struct user user;
    struct error *error = find_user(call, &user);
    size_t n;

    if (error) {
        return error;
    }
    of_user = user_lbs(&user, &n);
    for (size_t i = 0; i < n; i++) {
        vec_push(&lbs, of_user[i]);
    }
    groups = user_groups(&user, &n);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < groups[i]->n_load_balancer; j++) {
            vec_push(&lbs, groups[i]->load_balancer[j]);
        }
    }
    put_lbs(&call->output, &lbs);
    return NULL;
}

#define LB_COMMAND(NAME, MIN, MAX, ARGUMENTS, OPTIONS, RUN, ...) \
    { .name = NAME, .min_args = MIN, .max_args = MAX, \
      .arguments = ARGUMENTS, .options = OPTIONS, .run = RUN, \
      .needs = NEEDS(__VA_ARGS__) }

#define LISTED (LB(NAME) | LB(VIPS) | LB(PROTOCOL) | LB(OPTIONS))
#define NEED_LBS \
    NEED_REFERENCED(nb_load_balancer, LISTED), \
    NEED_REFERENCED(nb_load_balancer_group, \
                    REPLICA_COL(NB_LOAD_BALANCER_GROUP_COL_LOAD_BALANCER))

static const struct dbctl_command commands[] = {
    LB_COMMAND("lb-add", 3, 5,
               "LB VIP[:PORT] [IP[:PORT]],... [PROTOCOL [ADDRESS_FAMILY]]",
               "--may-exist,--add-duplicate,--reject,--event,--add-route,"
               "--template", run_lb_add, NEED_LB(1, LB(VIPS))),
    LB_COMMAND("lb-del", 1, 2, "LB [VIP]", "--if-exists", run_lb_del,
               NEED_LB(1, LB(VIPS))),
    LB_COMMAND("lb-list", 0, 1, "[LB]", NULL, run_lb_list,
               NEED_NAMED_OR_ALL(nb_load_balancer, 1, LISTED,
                                 NB_LOAD_BALANCER_COL_NAME)),
    LB_COMMAND("lr-lb-add", 2, 2, "ROUTER LB", "--may-exist", run_user_add,
               NEED_LR(1, LR(LOAD_BALANCER)), NEED_LB(2, 0)),
    LB_COMMAND("lr-lb-del", 1, 2, "ROUTER [LB]", "--if-exists", run_user_del,
               NEED_LR(1, LR(LOAD_BALANCER)), NEED_LB(2, 0)),
    LB_COMMAND("lr-lb-list", 1, 1, "ROUTER", NULL, run_user_list,
               NEED_LR(1, LR(LOAD_BALANCER) | LR(LOAD_BALANCER_GROUP)),
               NEED_LBS),
    LB_COMMAND("ls-lb-add", 2, 2, "SWITCH LB", "--may-exist", run_user_add,
               NEED_LS(1, LS(LOAD_BALANCER)), NEED_LB(2, 0)),
    LB_COMMAND("ls-lb-del", 1, 2, "SWITCH [LB]", "--if-exists", run_user_del,
               NEED_LS(1, LS(LOAD_BALANCER)), NEED_LB(2, 0)),
    LB_COMMAND("ls-lb-list", 1, 1, "SWITCH", NULL, run_user_list,
               NEED_LS(1, LS(LOAD_BALANCER) | LS(LOAD_BALANCER_GROUP)),
               NEED_LBS),
};

const struct dbctl_command_group nbctl_lb_commands = {
    "Load balancer commands", commands, ARRAY_SIZE(commands)
};
