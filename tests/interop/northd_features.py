# SPDX-License-Identifier: Apache-2.0
"""What random networks have beside ports and a router: a function for each
feature, which adds commands to a Topology 't' and says so by t.note()."""

LB_BACKEND = "10.0.0.10:8080"

# ## Switches


def acl_match(t, direction):
    switch, port, _, ip = t.rng.choice(t.vifs)
    side = "inport" if direction == "from-lport" else "outport"
    parts = [t.rng.choice(("ip4", "tcp", "udp", "icmp4", "ip6", "ip", "arp",
                           "tcp.dst == 80", "ip4.dst == %s" % ip,
                           "ip4.src == %s" % ip, "eth.type == 0x88cc"))]
    if t.maybe(.6):
        parts.append('%s == "%s"' % (side, port))
    return switch, " && ".join(parts)


def acls(t):
    actions = ["allow", "drop", "reject"]
    if t.maybe(.6):
        t.note("stateful acl")
        actions.append("allow-related")
    else:
        t.note("stateless acl")
    if t.maybe(.3):
        t.note("allow-stateless")
        actions.append("allow-stateless")
    seen = set()
    for _ in range(t.rng.randint(1, 6)):
        direction = t.rng.choice(("from-lport", "to-lport"))
        switch, match = acl_match(t, direction)
        priority = t.rng.randint(1, 2000)
        if (switch, direction, priority) in seen:
            continue
        seen.add((switch, direction, priority))
        action = t.rng.choice(actions)
        words = []
        if t.maybe(.15):
            t.note("acl log")
            words += ["--log", "--severity=info", "--name=n%d" % priority]
            if t.maybe(.5):
                t.note("acl meter")
                t.do("--may-exist", "meter-add", "m1", "drop", 10, "pktps")
                words.append("--meter=m1")
        if direction == "from-lport" and t.maybe(.25):
            t.note("apply-after-lb")
            words.append("--apply-after-lb")
        if action in ("allow", "allow-related") and t.maybe(.15):
            t.note("acl label")
            words.append("--label=%d" % t.rng.randint(1, 99999))
        t.do(*words, "acl-add", switch, direction, priority, match, action)


def default_drop(t):
    t.note("default deny")
    t.set("nb_global", ".", "options:default_acl_drop=true")
    # Debian's drops after load balancing too, against its own manual.
    for s in range(t.n_switches):
        t.do("--apply-after-lb", "acl-add", "s%d" % s, "from-lport", 0, "1",
             "allow")


def port_group(t):
    t.note("port group")
    ports = [v[1] for v in t.vifs if v[0] != "pub"]
    members = t.rng.sample(ports, t.rng.randint(1, len(ports)))
    t.do("pg-add", "pg1", *members)
    t.do("create", "Address_Set", "name=as1",
         "addresses=%s,%s" % (t.vifs[0][3], t.vifs[1][3]))
    t.do("--type=port-group", "acl-add", "pg1", "to-lport", "2101",
         "outport == @pg1 && ip4.src == $as1",
         t.rng.choice(("drop", "allow-related")))
    t.do("--type=port-group", "acl-add", "pg1", "from-lport", "2102",
         "inport == @pg1 && ip4.dst == $pg1_ip4 && udp",
         t.rng.choice(("drop", "allow")))


def add_lb(t, name, vip, backends, *protocol):
    t.do("lb-add", name, vip, backends, *protocol)
    t.do("ls-lb-add", "s0", name)
    (t.addresses6 if vip.startswith("[") else t.addresses).append(
        vip.split("]")[0][1:] if vip.startswith("[") else vip.split(":")[0])


def load_balancer(t):
    t.note("switch lb")
    add_lb(t, "lb1", "10.0.0.200:80",
           "%s,%s:8080" % (LB_BACKEND, t.vifs[1][3]))
    if t.maybe(.4):
        t.note("switch lb ipv6")
        add_lb(t, "lb6", "[fd00:0::200]:80", "[fd00:0::10]:8080")
    if t.maybe(.4):
        t.note("lb udp and sctp")
        add_lb(t, "lbu", "10.0.0.202:53", LB_BACKEND, "udp")
        add_lb(t, "lbs", "10.0.0.203:80", LB_BACKEND, "sctp")
    if t.maybe(.4):
        t.note("lb all ports")
        add_lb(t, "lba", "10.0.0.204", "10.0.0.10")
    if t.maybe(.5):
        t.note("lb reject")
        t.do("--reject", "lb-add", "lb2", "10.0.0.201:80", "")
        t.do("ls-lb-add", "s0", "lb2")
        t.addresses.append("10.0.0.201")
    if t.maybe(.4):
        t.note("lb without backends")
        add_lb(t, "lb3", "10.0.0.205:80", "")
    if t.maybe(.4):
        t.note("lb event")
        t.set("nb_global", ".", "options:controller_event=true")
        t.do("--event", "lb-add", "lb4", "10.0.0.206:80", "")
        t.do("ls-lb-add", "s0", "lb4")
        t.addresses.append("10.0.0.206")
    if t.maybe(.3):
        t.note("lb selection fields")
        t.set("load_balancer", "lb1", "selection_fields=ip_src,ip_dst,tp_src")


def lb_group(t):
    t.note("lb group")
    t.do("create", "load_balancer", "name=lbg1", "protocol=tcp",
         'vips:"10.0.0.210:80"="%s"' % LB_BACKEND)
    t.do("--id=@l", "get", "load_balancer", "lbg1", "--", "--id=@g",
         "create", "load_balancer_group", "name=group",
         "load_balancer=@l", "--", "add", "logical_switch", "s0",
         "load_balancer_group", "@g")
    t.addresses.append("10.0.0.210")


def dhcp(t):
    t.note("dhcpv4")
    t.do("--id=@d", "create", "DHCP_Options", "cidr=10.0.0.0/24",
         'options="server_id"="10.0.0.254" '
         '"server_mac"="02:00:00:00:dd:01" "lease_time"="3600" '
         '"router"="10.0.0.254"', "--", "set", "logical_switch_port",
         "s0p0", "dhcpv4_options=@d")


def dhcp6(t):
    t.note("dhcpv6")
    t.do("--id=@d", "create", "DHCP_Options", 'cidr="fd00::/64"',
         'options="server_id"="02:00:00:00:dd:01" '
         '"dns_server"="fd00::9"', "--", "set", "logical_switch_port",
         "s0p0", "dhcpv6_options=@d")


def dns(t):
    t.note("dns")
    t.do("--id=@n", "create", "dns", "records:a.example=10.0.0.1", "--",
         "add", "logical_switch", "s0", "dns_records", "@n")


def qos(t):
    t.note("qos")
    t.do("qos-add", "s0", "from-lport", 100, 'inport == "s0p0" && ip4',
         "dscp=12")
    t.do("qos-add", "s0", "to-lport", 100, 'outport == "s0p1" && ip4',
         "dscp=20")
    if t.maybe(.5):
        t.note("qos meter")
        t.do("qos-add", "s0", "from-lport", 90, 'inport == "s0p1"',
             "rate=1000", "burst=2000")


def vlan_passthru(t):
    t.note("vlan-passthru")
    t.set("logical_switch", "s0", "other_config:vlan-passthru=true")


def localport(t):
    t.note("localport")
    t.do("lsp-add", "s0", "lp")
    t.do("lsp-set-type", "lp", "localport")
    t.do("lsp-set-addresses", "lp", "02:00:00:00:cc:01 10.0.0.2")
    t.addresses.append("10.0.0.2")


def l2gateway(t):
    t.note("l2gateway")
    t.do("lsp-add", "s0", "l2g")
    t.do("lsp-set-type", "l2g", "l2gateway")
    t.do("lsp-set-addresses", "l2g", "unknown")
    t.do("lsp-set-options", "l2g", "network_name=phys",
         "l2gateway-chassis=ch1")
    t.vifs.append(("s0", "l2g", "02:00:00:00:cc:09", "10.0.0.90"))


def virtual(t):
    t.note("virtual port")
    t.do("lsp-add", "s0", "vip")
    t.do("lsp-set-type", "vip", "virtual")
    t.do("lsp-set-addresses", "vip", "02:00:00:00:cc:02 10.0.0.30")
    t.do("lsp-set-options", "vip", "virtual-ip=10.0.0.30",
         "virtual-parents=s0p0,s0p1")
    t.addresses.append("10.0.0.30")


def external_port(t):
    t.note("external port")
    t.localnet("s0", "s0ln", "phys0")
    t.do("lsp-add", "s0", "ext")
    t.do("lsp-set-type", "ext", "external")
    t.do("lsp-set-addresses", "ext", "02:00:00:00:cc:03 10.0.0.40")
    t.do("ha-chassis-group-add", "extgrp")
    t.do("ha-chassis-group-add-chassis", "extgrp", "ch1", 10)
    t.do("--id=@g", "get", "HA_Chassis_Group", "extgrp", "--", "set",
         "logical_switch_port", "ext", "ha_chassis_group=@g")
    t.vifs.append(("s0", "s0ln", "02:00:00:00:cc:03", "10.0.0.40"))
    t.addresses.append("10.0.0.40")


def remote(t):
    """A port of another zone, which nobody binds here."""
    t.note("remote")
    t.do("lsp-add", "s0", "far", "--", "lsp-set-type", "far", "remote", "--",
         "lsp-set-addresses", "far", "02:00:00:00:fa:01 10.0.0.77")
    t.set("logical_switch_port", "far", "options:requested-tnl-key=77")
    t.addresses.append("10.0.0.77")


def nested(t):
    t.note("nested container")
    t.do("lsp-add", "s0", "c1", "s0p0", 7)
    t.do("lsp-set-addresses", "c1", "02:00:00:00:cc:04 10.0.0.60")
    t.vifs.append(("s0", "c1", "02:00:00:00:cc:04", "10.0.0.60"))
    t.addresses.append("10.0.0.60")
    if t.maybe(.5):
        t.note("chosen tag")
        t.do("lsp-add", "s0", "c2", "s0p0", 0)
        t.do("lsp-set-addresses", "c2", "02:00:00:00:cc:05 10.0.0.61")
        t.addresses.append("10.0.0.61")


def dynamic(t):
    t.note("dynamic addresses")
    t.set("logical_switch", "s0", "other_config:subnet=10.0.0.0/24",
          "other_config:exclude_ips=10.0.0.2..10.0.0.100")
    t.do("lsp-add", "s0", "dyn")
    t.do("lsp-set-addresses", "dyn", "02:00:00:00:cc:06 dynamic")
    t.vifs.append(("s0", "dyn", "02:00:00:00:cc:06", "10.0.0.101"))
    t.addresses.append("10.0.0.101")
    if t.maybe(.5):
        t.note("dynamic ipv6 address")
        t.set("logical_switch", "s0", 'other_config:ipv6_prefix="fd00::"')
        t.addresses6.append("fd00::ff:fe00:cc06")


def queue(t):
    t.note("queue")
    t.set("logical_switch_port", "s0p0", "options:qdisc_queue_id=3")


def no_ct_inv(t):
    t.note("no ct.inv")
    t.set("nb_global", ".", "options:use_ct_inv_match=false")


def answers_when_up(t):
    t.note("down ports do not answer")
    t.set("nb_global", ".", "options:ignore_lsp_down=false")


SWITCH_FEATURES = (
    (acls, .7), (default_drop, .15), (port_group, .4), (load_balancer, .45),
    (lb_group, .2), (dhcp, .4), (dhcp6, .3), (dns, .25), (qos, .3),
    (vlan_passthru, .15), (localport, .2), (l2gateway, .2), (virtual, .25),
    (external_port, .2), (nested, .25), (dynamic, .25), (queue, .15),
    (no_ct_inv, .1), (answers_when_up, .1))

# ## All routers


def policies(t):
    t.note("policy")
    for i in range(t.rng.randint(1, 3)):
        vif = t.rng.choice(t.vifs)
        action = t.rng.choice(("allow", "drop", "reroute"))
        words = ["lr-policy-add", "r0", str(100 + i),
                 "ip4.src == %s && ip4.dst == 10.0.0.0/16" % vif[3], action]
        if action == "reroute":
            words.append("10.0.0.10")
            if t.maybe(.4):
                t.note("policy ecmp")
                words[-1] += ",10.0.0.11"
        if t.maybe(.3):
            t.note("policy mark")
            words.append("pkt_mark=%d" % (100 + i))
        t.do(*words)


def more_routers(t):
    """r1 on s0 too, and r2 behind it."""
    t.note("second router")
    t.do("lr-add", "r1")
    t.connect("r1", "s0", "02:00:00:00:fd:01", "10.0.0.253/24",
              "fd00:0::fd/64")
    t.do("lrp-add", "r1", "r1-r2", "02:00:00:00:fd:02", "10.9.0.1/30",
         "peer=r2-r1")
    t.do("lr-add", "r2")
    t.do("lrp-add", "r2", "r2-r1", "02:00:00:00:fd:03", "10.9.0.2/30",
         "peer=r1-r2")
    t.do("lr-route-add", "r2", "0.0.0.0/0", "10.9.0.1")
    t.do("lr-route-add", "r0", "10.9.0.0/24", "10.0.0.253")
    t.addresses.append("10.9.0.2")
    if t.maybe(.3):
        t.note("dynamic neighbour routers")
        t.set("logical_router", "r1", "options:dynamic_neigh_routers=true")


def ra(t):
    t.note("ra")
    t.set("logical_router_port", "r0-s0",
          "ipv6_ra_configs:address_mode="
          + t.rng.choice(("slaac", "dhcpv6_stateful", "dhcpv6_stateless")),
          "ipv6_ra_configs:mtu=1400")
    if t.maybe(.5):
        t.note("ra preference")
        t.set("logical_router_port", "r0-s0",
              "ipv6_ra_configs:router_preference=HIGH")


def discard_route(t):
    t.note("discard route")
    t.do("lr-route-add", "r0", "192.168.66.0/24", "discard")
    t.addresses.append("192.168.66.1")


def source_route(t):
    t.note("source route")
    t.do("--policy=src-ip", "lr-route-add", "r0", "10.0.0.10/32",
         "10.0.0.11")


def route_table(t):
    t.note("route table")
    t.do("--route-table=blue", "lr-route-add", "r0", "192.168.77.0/24",
         "10.0.0.10")
    t.set("logical_router_port", "r0-s0", "options:route_table=blue")
    t.addresses.append("192.168.77.1")


def output_port(t):
    t.note("route with output port")
    t.do("lr-route-add", "r0", "192.168.78.0/24", "10.77.0.1", "r0-s0")
    t.do("lr-route-add", "r0", "192.168.79.0/24", "r0-s0")
    t.addresses += ["192.168.78.1", "192.168.79.1"]


def learn_little(t):
    t.note("learn from fewer requests")
    t.set("logical_router", "r0",
          "options:always_learn_from_arp_request=false")


def static_mac(t):
    t.note("static mac")
    t.do("static-mac-binding-add", "r0-s0", "10.0.0.77",
         "02:00:00:00:cc:77")
    t.addresses.append("10.0.0.77")


def arp_proxy(t):
    t.note("arp proxy")
    t.set("logical_switch_port", "s0-r0",
          'options:arp_proxy="10.0.0.97 169.254.1.1"')
    t.addresses += ["10.0.0.97", "169.254.1.1"]


def disabled_router_port(t):
    t.note("disabled router port")
    t.set("logical_router_port", "r0-s0", "enabled=false")


ROUTER_FEATURES = (
    (policies, .35), (more_routers, .35), (ra, .3), (discard_route, .2),
    (source_route, .15), (route_table, .2), (output_port, .15),
    (learn_little, .15), (static_mac, .2), (arp_proxy, .2),
    (disabled_router_port, .06))

# ## Routers without a gateway


def static_routes(t):
    for s in range(t.n_switches):
        t.note("static route")
        t.do("lr-route-add", "r0", "192.168.%d.0/24" % s, "10.0.%d.10" % s)
        t.addresses.append("192.168.%d.7" % s)
        if t.maybe(.4):
            t.note("ecmp")
            t.do("--ecmp", "lr-route-add", "r0", "192.168.%d.0/24" % s,
                 "10.0.%d.11" % s)


INSIDE_FEATURES = ((static_routes, .6),)

# ## Routers with a gateway


def snat(t):
    t.note("snat")
    words = ["lr-nat-add", "r0", "snat", "172.16.0.1", "10.0.0.0/16"]
    if t.maybe(.2):
        t.note("nat port range")
        words = ["--portrange"] + words + ["3000-4000"]
    t.do(*words)
    if t.maybe(.3):
        t.note("snat ipv6")
        t.do("lr-nat-add", "r0", "snat", "fd16::99", "fd00::/64")


def floating_ip(t):
    t.note("dnat_and_snat")
    words = ["lr-nat-add", "r0", "dnat_and_snat", "172.16.0.101",
             t.vifs[0][3]]
    if t.outside == "gateway port" and t.maybe(.5):
        t.note("distributed nat")
        words += [t.vifs[0][1], "02:00:00:00:ee:01"]
    elif t.maybe(.3):
        t.note("stateless nat")
        words.insert(0, "--stateless")
    t.do(*words)
    t.addresses.append("172.16.0.101")


def dnat(t):
    t.note("dnat")
    t.do("lr-nat-add", "r0", "dnat", "172.16.0.102", t.vifs[1][3])
    t.addresses.append("172.16.0.102")


def nat_sets(t):
    t.do("create", "Address_Set", "name=natset",
         "addresses=172.16.0.50,8.8.0.0/16")
    exempted = t.rng.choice(([], ["--is-exempted"]))
    t.note("nat exempted set" if exempted else "nat allowed set")
    t.do("lr-nat-add", "r0", "dnat_and_snat", "172.16.0.103", t.vifs[1][3])
    t.do(*exempted, "lr-nat-update-ext-ip", "r0", "dnat_and_snat",
         "172.16.0.103", "natset")
    t.addresses.append("172.16.0.103")


def force_snat(t):
    if t.outside != "gateway router":
        return
    if t.maybe(.5):
        t.note("force snat")
        t.set("logical_router", "r0",
              "options:lb_force_snat_ip=172.16.0.90",
              "options:dnat_force_snat_ip=172.16.0.91")
    else:
        t.note("force snat to router_ip")
        t.set("logical_router", "r0", "options:lb_force_snat_ip=router_ip")


def mtu(t):
    t.note("gateway mtu")
    t.set("logical_router_port", "r0-pub", "options:gateway_mtu=1400")
    if t.maybe(.3):
        t.note("gateway mtu bypass")
        t.set("logical_router_port", "r0-pub",
              "options:gateway_mtu_bypass=tcp")


def router_lb(t):
    t.note("router lb")
    words = []
    vips = [("lbr", "172.16.0.200:80", LB_BACKEND, [])]
    if t.maybe(.3):
        t.note("router lb ipv6")
        vips.append(("lbr6", "[fd16::200]:80", "[fd00:0::10]:8080", []))
    if t.maybe(.3):
        t.note("router lb reject")
        words.append(["--reject", "lb-add", "lbrr", "172.16.0.201:80", ""])
    if t.maybe(.3):
        t.note("router lb event")
        t.set("nb_global", ".", "options:controller_event=true")
        words.append(["--event", "lb-add", "lbre", "172.16.0.202:80", ""])
    for name, vip, backends, _ in vips:
        t.do("lb-add", name, vip, backends)
        t.do("lr-lb-add", "r0", name)
    for w in words:
        t.do(*w)
        t.do("lr-lb-add", "r0", w[2])
        t.addresses.append(w[3].split(":")[0])
    t.addresses.append("172.16.0.200")
    t.addresses6.append("fd16::200")
    if t.maybe(.3):
        t.note("lb skip_snat")
        t.set("load_balancer", "lbr", "options:skip_snat=true")
    if t.maybe(.3):
        t.note("lb answers for none or all")
        t.set("load_balancer", "lbr", "options:neighbor_responder="
              + t.rng.choice(("all", "none")))


def symmetric(t):
    if t.outside != "gateway router":
        return
    t.note("ecmp symmetric reply")
    for hop in "172.16.0.50", "172.16.0.60":
        t.do("--ecmp-symmetric-reply", "lr-route-add", "r0",
             "192.168.90.0/24", hop)
    t.addresses.append("192.168.90.1")


def second_gateway_port(t):
    """Another public network at another distributed gateway port."""
    if t.outside != "gateway port":
        return
    t.note("two gateway ports")
    t.do("ls-add", "pub2")
    t.localnet("pub2", "ln2", "phys2")
    lrp = t.connect("r0", "pub2", "02:00:00:00:fe:02", "172.17.0.1/24")
    t.do("lrp-set-gateway-chassis", lrp, "ch2", 10)
    t.do("lr-route-add", "r0", "172.18.0.0/16", "172.17.0.9")
    t.do("lr-nat-add", "r0", "dnat_and_snat", "172.17.0.101", t.vifs[1][3])
    t.vifs.append(("pub2", "ln2", "02:00:00:00:aa:0a", "172.17.0.9"))
    t.addresses += ["172.17.0.9", "172.17.0.101", "172.18.1.1"]


def bridged(t):
    if t.outside != "gateway port":
        return
    t.note("redirect-type bridged")
    t.set("logical_router_port", "r0-pub", "options:redirect-type=bridged")


def resides(t):
    if t.outside != "gateway port":
        return
    t.note("reside-on-redirect-chassis")
    t.localnet("s0", "s0lnr", "phys3")
    t.set("logical_router_port", "r0-s0",
          "options:reside-on-redirect-chassis=true")


def nat_addresses(t):
    t.note("nat-addresses")
    t.set("logical_switch_port", "pub-r0", "options:nat-addresses=router")


def router_port_acl(t):
    t.note("acl on public switch")
    t.do("acl-add", "pub", "to-lport", 300, 'outport == "pubhost" && tcp',
         t.rng.choice(("drop", "allow-related")))


def common_zone(t):
    """What Debian's does at gateway ports in any case."""
    if t.outside != "gateway port":
        return
    t.note("common zone")
    t.set("nb_global", ".", "options:use_common_zone=true")


GATEWAY_FEATURES = (
    (snat, .6), (floating_ip, .6), (dnat, .4), (nat_sets, .25),
    (force_snat, .4), (mtu, .35), (router_lb, .45), (symmetric, .35),
    (second_gateway_port, .3), (bridged, .3), (resides, .3),
    (nat_addresses, .5), (router_port_acl, .2))

# ## Later additions

# Drawn from a generator of their own, so that the topologies of before, which
# Debian's ovn-trace gets through in time, stay what they were.
LATER_FEATURES = ((common_zone, .4), (remote, .15))
