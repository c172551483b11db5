/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/netlink/rtnl.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static __thread struct nl_sock *thread_sock;

static void
thread_exit(void *sock)
{
    nl_socket_free(sock);
}

static void
create_key(void)
{
    pthread_key_create(&thread_key, thread_exit);
}

/* libnl's error numbers to errno's.  What has no errno value of its own is
 * EPROTO. */
static int
from_nl_error(int error)
{
    switch (error < 0 ? -error : error) {
    case 0:
        return 0;
    case NLE_NOMEM:
        return -ENOMEM;
    case NLE_EXIST:
        return -EEXIST;
    case NLE_NODEV:
        return -ENODEV;
    case NLE_OBJ_NOTFOUND:
        return -ENOENT;
    case NLE_PERM:
        return -EPERM;
    case NLE_INVAL:
        return -EINVAL;
    case NLE_RANGE:
        return -ERANGE;
    case NLE_BUSY:
        return -EBUSY;
    case NLE_OPNOTSUPP:
        return -EOPNOTSUPP;
    case NLE_NOADDR:
        return -EADDRNOTAVAIL;
    default:
        return -EPROTO;
    }
}

/* A query's answers, one netlink message each. */
struct request {
    void (*answer)(const struct nlmsghdr *, void *aux);
    void *aux;
    int error;                   /* Negative errno value from the kernel. */
    bool done;
};

static int
on_valid(struct nl_msg *msg, void *request_)
{
    struct request *request = request_;

    if (request->answer) {
        request->answer(nlmsg_hdr(msg), request->aux);
    }
    return NL_OK;
}

static int
on_done(struct nl_msg *msg UNUSED, void *request_)
{
    struct request *request = request_;

    request->done = true;
    return NL_STOP;
}

/* Keeps the kernel's errno, which libnl would map to numbers of its own. */
static int
on_error(struct sockaddr_nl *peer UNUSED, struct nlmsgerr *e, void *request_)
{
    struct request *request = request_;

    request->error = e->error;
    request->done = true;
    return NL_STOP;
}

static struct nl_sock *
get_sock(void)
{
    if (!thread_sock) {
        struct nl_sock *sock = nl_socket_alloc();

        if (!sock || nl_connect(sock, NETLINK_ROUTE)) {
            nl_socket_free(sock);
            return NULL;
        }
        nl_socket_set_buffer_size(sock, 256 * 1024, 0);
        pthread_once(&once, create_key);
        pthread_setspecific(thread_key, sock);
        thread_sock = sock;
    }
    return thread_sock;
}

/* Forgets a socket in which answers may be left over. */
static void
drop_sock(void)
{
    pthread_setspecific(thread_key, NULL);
    nl_socket_free(thread_sock);
    thread_sock = NULL;
}

/* Sends 'msg' (taken) and reads the answers to the end. */
static int
transact(struct nl_msg *msg, void (*answer)(const struct nlmsghdr *, void *),
         void *aux)
{
    struct request request = { .answer = answer, .aux = aux };
    struct nl_sock *sock = get_sock();
    struct nl_cb *cb;
    int error = 0;

    if (!sock) {
        nlmsg_free(msg);
        return -EPROTO;
    }
    cb = nl_cb_alloc(NL_CB_DEFAULT);
    nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &request);
    nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_done, &request);
    nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_done, &request);
    nl_cb_err(cb, NL_CB_CUSTOM, on_error, &request);
    nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    error = nl_send_auto(sock, msg);
    nlmsg_free(msg);
    for (error = error < 0 ? error : 0; !error && !request.done; ) {
        error = nl_recvmsgs(sock, cb);
        error = error < 0 && !request.done ? error : 0;
    }
    nl_cb_put(cb);
    if (error) {
        drop_sock();
        return from_nl_error(error);
    }
    return request.error;
}

/* Links. */

struct link_answer {
    struct rtnl_link *link;
    bool found;
};

static void
parse_link(const struct nlmsghdr *h, void *answer_)
{
    struct link_answer *answer = answer_;
    struct rtnl_link *link = answer->link;
    const struct ifinfomsg *info = NLMSG_DATA(h);
    struct nlattr *a[IFLA_MAX + 1];
    struct nlattr *kind[IFLA_INFO_MAX + 1];

    if (h->nlmsg_type != RTM_NEWLINK
        || nlmsg_parse((struct nlmsghdr *) h, sizeof *info, a, IFLA_MAX,
                       NULL)) {
        return;
    }
    *link = (struct rtnl_link) {
        .ifindex = info->ifi_index,
        .flags = info->ifi_flags,
    };
    if (a[IFLA_IFNAME]) {
        nla_strlcpy(link->name, a[IFLA_IFNAME], sizeof link->name);
    }
    if (a[IFLA_ADDRESS] && nla_len(a[IFLA_ADDRESS]) == sizeof link->mac) {
        memcpy(&link->mac, nla_data(a[IFLA_ADDRESS]), sizeof link->mac);
    }
    if (a[IFLA_MTU]) {
        link->mtu = nla_get_u32(a[IFLA_MTU]);
    }
    link->carrier = a[IFLA_CARRIER] && nla_get_u8(a[IFLA_CARRIER]);
    if (a[IFLA_CARRIER_CHANGES]) {
        link->carrier_changes = nla_get_u32(a[IFLA_CARRIER_CHANGES]);
    }
    if (a[IFLA_STATS64]) {
        memcpy(&link->stats, nla_data(a[IFLA_STATS64]),
               MIN((size_t) nla_len(a[IFLA_STATS64]), sizeof link->stats));
    }
    if (a[IFLA_LINKINFO]
        && !nla_parse_nested(kind, IFLA_INFO_MAX, a[IFLA_LINKINFO], NULL)
        && kind[IFLA_INFO_KIND]) {
        nla_strlcpy(link->kind, kind[IFLA_INFO_KIND], sizeof link->kind);
    }
    answer->found = true;
}

static int
get_link(int ifindex, const char *name, struct rtnl_link *link)
{
    struct ifinfomsg info = { .ifi_index = ifindex };
    struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, 0);
    struct link_answer answer = { link, false };
    int error;

    nlmsg_append(msg, &info, sizeof info, NLMSG_ALIGNTO);
    if (name) {
        if (strlen(name) >= IFNAMSIZ) {
            nlmsg_free(msg);
            return -ENODEV;
        }
        nla_put_string(msg, IFLA_IFNAME, name);
    }
    error = transact(msg, parse_link, &answer);
    return error ? error : answer.found ? 0 : -ENODEV;
}

int
rtnl_link_by_name(const char *name, struct rtnl_link *link)
{
    return get_link(0, name, link);
}

int
rtnl_link_by_index(int ifindex, struct rtnl_link *link)
{
    return get_link(ifindex, NULL, link);
}

static int
set_link(int ifindex, unsigned int flags, unsigned int change, int type,
         const void *payload, size_t size)
{
    struct ifinfomsg info = {
        .ifi_index = ifindex,
        .ifi_flags = flags,
        .ifi_change = change,
    };
    struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);

    nlmsg_append(msg, &info, sizeof info, NLMSG_ALIGNTO);
    if (payload) {
        nla_put(msg, type, size, payload);
    }
    return transact(msg, NULL, NULL);
}

int
rtnl_link_set_up(int ifindex, bool up)
{
    return set_link(ifindex, up ? IFF_UP : 0, IFF_UP, 0, NULL, 0);
}

int
rtnl_link_set_mtu(int ifindex, unsigned int mtu)
{
    uint32_t x = mtu;

    return set_link(ifindex, 0, 0, IFLA_MTU, &x, sizeof x);
}

int
rtnl_link_set_mac(int ifindex, struct eth_addr mac)
{
    return set_link(ifindex, 0, 0, IFLA_ADDRESS, &mac, sizeof mac);
}

/* Addresses. */

static struct in6_addr
get_address(const struct nlattr *a)
{
    struct in6_addr address = { .s6_addr = { 0 } };

    if (!a) {
        return address;
    } else if (nla_len(a) == 4) {
        return in6_addr_from_ipv4(get_be32(nla_data(a)));
    } else if (nla_len(a) == 16) {
        memcpy(&address, nla_data(a), sizeof address);
    }
    return address;
}

static void
put_address(struct nl_msg *msg, int type, const struct in6_addr *address)
{
    if (in6_addr_is_ipv4(address)) {
        nla_put(msg, type, 4, &address->s6_addr[12]);
    } else {
        nla_put(msg, type, 16, address);
    }
}

static uint8_t
family_of(const struct in6_addr *address)
{
    return in6_addr_is_ipv4(address) ? AF_INET : AF_INET6;
}

struct address_dump {
    int ifindex;
    void (*each)(const struct rtnl_address *, void *aux);
    void *aux;
};

static void
parse_address(const struct nlmsghdr *h, void *dump_)
{
    const struct address_dump *dump = dump_;
    const struct ifaddrmsg *info = NLMSG_DATA(h);
    struct nlattr *a[IFA_MAX + 1];
    struct rtnl_address address;

    if (h->nlmsg_type != RTM_NEWADDR
        || nlmsg_parse((struct nlmsghdr *) h, sizeof *info, a, IFA_MAX, NULL)
        || (dump->ifindex && dump->ifindex != (int) info->ifa_index)) {
        return;
    }
    address.ifindex = info->ifa_index;
    address.plen = info->ifa_prefixlen;
    address.address = get_address(a[IFA_LOCAL] ? a[IFA_LOCAL]
                                  : a[IFA_ADDRESS]);
    dump->each(&address, dump->aux);
}

int
rtnl_address_dump(int ifindex,
                  void (*each)(const struct rtnl_address *, void *aux),
                  void *aux)
{
    struct ifaddrmsg info = { .ifa_family = AF_UNSPEC };
    struct address_dump dump = { ifindex, each, aux };
    struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETADDR, NLM_F_DUMP);

    nlmsg_append(msg, &info, sizeof info, NLMSG_ALIGNTO);
    return transact(msg, parse_address, &dump);
}

/* Routes. */

struct route_answer {
    struct rtnl_route *route;
    bool found;
};

static void
parse_route(const struct nlmsghdr *h, void *answer_)
{
    struct route_answer *answer = answer_;
    const struct rtmsg *info = NLMSG_DATA(h);
    struct nlattr *a[RTA_MAX + 1];
    struct nlattr *metrics[RTAX_MAX + 1];

    if (h->nlmsg_type != RTM_NEWROUTE
        || nlmsg_parse((struct nlmsghdr *) h, sizeof *info, a, RTA_MAX, NULL)
        || !a[RTA_OIF]) {
        return;
    }
    *answer->route = (struct rtnl_route) {
        .ifindex = nla_get_u32(a[RTA_OIF]),
        .source = get_address(a[RTA_PREFSRC] ? a[RTA_PREFSRC] : a[RTA_SRC]),
        .gateway = get_address(a[RTA_GATEWAY]),
        .is_local = info->rtm_type == RTN_LOCAL,
    };
    if (a[RTA_METRICS]
        && !nla_parse_nested(metrics, RTAX_MAX, a[RTA_METRICS], NULL)
        && metrics[RTAX_MTU]) {
        answer->route->mtu = nla_get_u32(metrics[RTAX_MTU]);
    }
    answer->found = true;
}

int
rtnl_route_get(const struct in6_addr *dst, const struct in6_addr *src,
               uint32_t mark, struct rtnl_route *route)
{
    struct rtmsg info = {
        .rtm_family = family_of(dst),
        .rtm_dst_len = in6_addr_is_ipv4(dst) ? 32 : 128,
    };
    struct route_answer answer = { route, false };
    struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, 0);
    int error;

    if (src && !in6_addr_is_zero(src)) {
        if (in6_addr_is_ipv4(src) != in6_addr_is_ipv4(dst)) {
            nlmsg_free(msg);
            return -EINVAL;
        }
        info.rtm_src_len = info.rtm_dst_len;
    }
    nlmsg_append(msg, &info, sizeof info, NLMSG_ALIGNTO);
    put_address(msg, RTA_DST, dst);
    if (info.rtm_src_len) {
        put_address(msg, RTA_SRC, src);
    }
    if (mark) {
        nla_put_u32(msg, RTA_MARK, mark);
    }
    error = transact(msg, parse_route, &answer);
    return error ? error : answer.found ? 0 : -ENETUNREACH;
}

struct route_dump {
    void (*each)(const struct rtnl_route_entry *, void *aux);
    void *aux;
};

static void
parse_route_entry(const struct nlmsghdr *h, void *dump_)
{
    const struct route_dump *dump = dump_;
    const struct rtmsg *info = NLMSG_DATA(h);
    struct nlattr *a[RTA_MAX + 1];
    struct rtnl_route_entry entry;

    if (h->nlmsg_type != RTM_NEWROUTE
        || nlmsg_parse((struct nlmsghdr *) h, sizeof *info, a, RTA_MAX, NULL)
        || (info->rtm_type != RTN_UNICAST && info->rtm_type != RTN_LOCAL)) {
        return;
    }
    entry = (struct rtnl_route_entry) {
        .is_ipv6 = info->rtm_family == AF_INET6,
        .plen = info->rtm_dst_len,
        .dst = get_address(a[RTA_DST]),
        .gateway = get_address(a[RTA_GATEWAY]),
        .source = get_address(a[RTA_PREFSRC]),
        .ifindex = a[RTA_OIF] ? nla_get_u32(a[RTA_OIF]) : 0,
        .priority = a[RTA_PRIORITY] ? nla_get_u32(a[RTA_PRIORITY]) : 0,
        .table = a[RTA_TABLE] ? nla_get_u32(a[RTA_TABLE]) : info->rtm_table,
        .is_local = info->rtm_type == RTN_LOCAL,
    };
    if (!entry.is_ipv6 && in6_addr_is_zero(&entry.dst)) {
        entry.dst = in6_addr_from_ipv4(0);
    }
    dump->each(&entry, dump->aux);
}

int
rtnl_route_dump(void (*each)(const struct rtnl_route_entry *, void *aux),
                void *aux)
{
    struct rtmsg info = { .rtm_family = AF_UNSPEC };
    struct route_dump dump = { each, aux };
    struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);

    nlmsg_append(msg, &info, sizeof info, NLMSG_ALIGNTO);
    return transact(msg, parse_route_entry, &dump);
}

/* Neighbours. */

/* Reads a message about a neighbour of IP; false if it is none. */
static bool
read_neighbour(const struct nlmsghdr *h, struct rtnl_neighbour *n)
{
    const struct ndmsg *info = NLMSG_DATA(h);
    struct nlattr *a[NDA_MAX + 1];

    if ((h->nlmsg_type != RTM_NEWNEIGH && h->nlmsg_type != RTM_DELNEIGH)
        || nlmsg_parse((struct nlmsghdr *) h, sizeof *info, a, NDA_MAX, NULL)
        || (info->ndm_family != AF_INET && info->ndm_family != AF_INET6)
        || !a[NDA_DST]) {
        return false;
    }
    *n = (struct rtnl_neighbour) {
        .ifindex = info->ndm_ifindex,
        .ip = get_address(a[NDA_DST]),
    };
    if (a[NDA_LLADDR] && nla_len(a[NDA_LLADDR]) == sizeof n->mac) {
        memcpy(&n->mac, nla_data(a[NDA_LLADDR]), sizeof n->mac);
        n->is_usable = (h->nlmsg_type == RTM_NEWNEIGH
                        && info->ndm_state & (NUD_REACHABLE | NUD_STALE
                                              | NUD_DELAY | NUD_PROBE
                                              | NUD_PERMANENT));
    }
    return true;
}

struct neighbour_answer {
    struct eth_addr *mac;
    bool found;
};

static void
parse_neighbour(const struct nlmsghdr *h, void *answer_)
{
    struct neighbour_answer *answer = answer_;
    struct rtnl_neighbour n;

    if (read_neighbour(h, &n) && n.is_usable) {
        *answer->mac = n.mac;
        answer->found = true;
    }
}

static struct nl_msg *
neighbour_message(int type, int flags, int ifindex, const struct in6_addr *ip,
                  uint8_t ndm_flags)
{
    struct ndmsg info = {
        .ndm_family = family_of(ip),
        .ndm_ifindex = ifindex,
        .ndm_flags = ndm_flags,
        .ndm_state = ndm_flags ? NUD_NONE : 0,
    };
    struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

    nlmsg_append(msg, &info, sizeof info, NLMSG_ALIGNTO);
    put_address(msg, NDA_DST, ip);
    return msg;
}

int
rtnl_neighbour_get(int ifindex, const struct in6_addr *ip,
                   struct eth_addr *mac)
{
    struct neighbour_answer answer = { mac, false };
    int error = transact(neighbour_message(RTM_GETNEIGH, 0, ifindex, ip, 0),
                         parse_neighbour, &answer);

    return error ? error : answer.found ? 0 : -ENOENT;
}

int
rtnl_neighbour_resolve(int ifindex, const struct in6_addr *ip)
{
    return transact(neighbour_message(RTM_NEWNEIGH, NLM_F_CREATE, ifindex, ip,
                                      NTF_USE), NULL, NULL);
}

/* IPsec. */

static int
count_policies(struct nl_msg *msg, void *n_)
{
    struct nlmsghdr *h = nlmsg_hdr(msg);
    struct nlattr *a[XFRMA_SPD_MAX + 1];
    unsigned int *n = n_;

    if (h->nlmsg_type == XFRM_MSG_NEWSPDINFO
        && !nlmsg_parse(h, sizeof(uint32_t), a, XFRMA_SPD_MAX, NULL)
        && a[XFRMA_SPD_INFO]
        && nla_len(a[XFRMA_SPD_INFO]) >= (int) sizeof(struct xfrmu_spdinfo)) {
        const struct xfrmu_spdinfo *info = nla_data(a[XFRMA_SPD_INFO]);

        *n = info->incnt + info->outcnt;
    }
    return NL_OK;
}

bool
rtnl_has_ipsec_policies(void)
{
    struct nl_sock *sock = nl_socket_alloc();
    uint32_t flags = UINT32_MAX;
    unsigned int n = 0;

    nl_socket_disable_auto_ack(sock);
    nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, count_policies, &n);
    if (!nl_connect(sock, NETLINK_XFRM)
        && nl_send_simple(sock, XFRM_MSG_GETSPDINFO, NLM_F_REQUEST, &flags,
                          sizeof flags) >= 0) {
        nl_recvmsgs_default(sock);
    }
    nl_socket_free(sock);
    return n > 0;
}

/* The monitor. */

static struct nl_sock *monitor;
static unsigned int n_monitor_users;
static struct rtnl_listener *listeners;
static uint64_t seq = 1;

int
rtnl_monitor_start(void)
{
    struct nl_sock *sock;
    int error;

    if (n_monitor_users++) {
        return 0;
    }
    sock = nl_socket_alloc();
    nl_socket_disable_seq_check(sock);
    error = nl_connect(sock, NETLINK_ROUTE);
    if (!error) {
        error = nl_socket_add_memberships(
            sock, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
            RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,
            RTNLGRP_IPV6_RULE, RTNLGRP_NEIGH, 0);
    }
    if (error) {
        nl_socket_free(sock);
        n_monitor_users--;
        return from_nl_error(error);
    }
    nl_socket_set_nonblocking(sock);
    nl_socket_set_buffer_size(sock, 1024 * 1024, 0);
    monitor = sock;
    return 0;
}

void
rtnl_monitor_stop(void)
{
    if (!--n_monitor_users) {
        nl_socket_free(monitor);
        monitor = NULL;
    }
}

int
rtnl_monitor_fd(void)
{
    return nl_socket_get_fd(monitor);
}

static void
notify(enum rtnl_change change, int ifindex)
{
    struct rtnl_listener *next;

    __atomic_fetch_add(&seq, 1, __ATOMIC_RELEASE);
    for (struct rtnl_listener *l = listeners; l; l = next) {
        next = l->next;
        l->changed(change, ifindex, l->aux);
    }
}

static void
notify_neighbour(const struct nlmsghdr *h)
{
    struct rtnl_neighbour n;

    if (read_neighbour(h, &n)) {
        for (struct rtnl_listener *l = listeners; l; l = l->next) {
            if (l->neighbour) {
                l->neighbour(&n, l->aux);
            }
        }
    }
}

static void
handle_message(const struct nlmsghdr *h)
{
    switch (h->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK: {
        const struct ifinfomsg *info = NLMSG_DATA(h);

        notify(RTNL_CHANGE_LINK, info->ifi_index);
        break;
    }
    case RTM_NEWADDR:
    case RTM_DELADDR: {
        const struct ifaddrmsg *info = NLMSG_DATA(h);

        notify(RTNL_CHANGE_ADDRESS, info->ifa_index);
        break;
    }
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
    case RTM_NEWRULE:
    case RTM_DELRULE:
        notify(RTNL_CHANGE_ROUTE, 0);
        break;
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH: {
        const struct ndmsg *info = NLMSG_DATA(h);

        notify(RTNL_CHANGE_NEIGHBOUR, info->ndm_ifindex);
        notify_neighbour(h);
        break;
    }
    }
}

void
rtnl_monitor_run(void)
{
    static uint8_t buffer[65536] __attribute__((__aligned__(NLMSG_ALIGNTO)));

    /* At most so many at once, so that a storm leaves room for others. */
    for (int i = 0; i < 64; i++) {
        ssize_t n = recv(rtnl_monitor_fd(), buffer, sizeof buffer,
                         MSG_DONTWAIT);
        const struct nlmsghdr *h = (void *) buffer;
        size_t left = n;

        if (n < 0) {
            if (errno == ENOBUFS) {
                notify(RTNL_CHANGE_LINK, 0);
                continue;
            }
            return;
        }
        for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
            handle_message(h);
        }
    }
}

void
rtnl_monitor_listen(struct rtnl_listener *listener)
{
    listener->next = listeners;
    listeners = listener;
}

void
rtnl_monitor_unlisten(struct rtnl_listener *listener)
{
    struct rtnl_listener **p = &listeners;

    while (*p != listener) {
        p = &(*p)->next;
    }
    *p = listener->next;
}

uint64_t
rtnl_seq(void)
{
    return __atomic_load_n(&seq, __ATOMIC_ACQUIRE);
}
