# SPDX-License-Identifier: Apache-2.0
"""A northbound network that uses each feature that has flows of its own: what
is to be translated if anything is.  Commands are ovn-nbctl's, one a list."""

MAC = "50:54:00:00:%02x:%02x"


def ports():
    for switch, router in (("sw0", "r0"), ("sw1", "r0"), ("pub", "r0"),
                           ("join", "r0")):
        yield ["ls-add", switch]
    yield ["lr-add", "r0"]
    yield ["lr-add", "gr0"]
    for i in (1, 2, 3):
        address = "%s 10.0.0.%d fd00::%d" % (MAC % (0, i), i, i)
        yield ["lsp-add", "sw0", "sw0-p%d" % i, "--",
               "lsp-set-addresses", "sw0-p%d" % i, address, "--",
               "lsp-set-port-security", "sw0-p%d" % i, address]
        yield ["lsp-add", "sw1", "sw1-p%d" % i, "--",
               "lsp-set-addresses", "sw1-p%d" % i,
               "%s 10.0.1.%d" % (MAC % (1, i), i), "unknown"]
    yield ["lsp-set-addresses", "sw1-p3", "unknown"]
    for n, (router, switch, *networks) in enumerate((
            ("r0", "sw0", "10.0.0.254/24", "fd00::fe/64"),
            ("r0", "sw1", "10.0.1.254/24", "fd01::fe/64"),
            ("r0", "pub", "172.16.0.254/24", "fd02::fe/64"),
            ("r0", "join", "100.64.0.1/24"),
            ("gr0", "join", "100.64.0.2/24"))):
        port, peer = "%s-%s" % (router, switch), "%s-%s" % (switch, router)
        yield (["lrp-add", router, port, "00:00:00:00:ff:%02x" % (n + 1)]
               + networks)
        yield ["lsp-add", switch, peer, "--", "lsp-set-type", peer, "router",
               "--", "lsp-set-addresses", peer, "router", "--",
               "lsp-set-options", peer, "router-port=" + port]
    yield ["lrp-add", "gr0", "gr0-ext", "00:00:00:00:ff:09", "192.168.9.1/24"]
    yield ["lsp-add", "pub", "ln", "--", "lsp-set-type", "ln", "localnet",
           "--", "lsp-set-addresses", "ln", "unknown", "--",
           "lsp-set-options", "ln", "network_name=phys"]
    yield ["set", "logical_router", "gr0", "options:chassis=hv1"]
    yield ["lrp-set-gateway-chassis", "r0-pub", "hv1", "20"]
    yield ["lrp-set-options", "r0-pub", "gateway_mtu=1400"]
    yield ["lsp-add", "sw0", "vip", "--", "lsp-set-type", "vip", "virtual",
           "--", "lsp-set-addresses", "vip", MAC % (0, 0x99) + " 10.0.0.99",
           "--", "lsp-set-options", "vip", "virtual-ip=10.0.0.99",
           "virtual-parents=sw0-p1,sw0-p2"]
    yield ["lsp-add", "sw0", "ext", "--", "lsp-set-type", "ext", "external",
           "--", "lsp-set-addresses", "ext", MAC % (0, 0x77) + " 10.0.0.77"]
    yield ["lsp-add", "sw1", "child", "sw1-p1", "5", "--",
           "lsp-set-addresses", "child", MAC % (1, 0x55) + " 10.0.1.55"]


def nat():
    yield ["lr-nat-add", "r0", "snat", "172.16.0.100", "10.0.0.0/24"]
    yield ["lr-nat-add", "r0", "dnat_and_snat", "172.16.0.101", "10.0.0.1"]
    yield ["lr-nat-add", "r0", "dnat_and_snat", "172.16.0.102", "10.0.0.2",
           "sw0-p2", "30:54:00:00:00:03"]
    yield ["lr-nat-add", "r0", "dnat", "172.16.0.103", "10.0.0.3"]
    yield ["--stateless", "lr-nat-add", "r0", "dnat_and_snat",
           "172.16.0.110", "10.0.1.1"]
    yield ["--portrange", "lr-nat-add", "r0", "dnat_and_snat",
           "172.16.0.111", "10.0.1.2", "1-3000"]
    yield ["lr-nat-add", "r0", "snat", "fd02::100", "fd00::/64"]
    yield ["lr-nat-add", "gr0", "snat", "192.168.9.10", "10.0.0.0/16"]
    yield ["lr-nat-add", "gr0", "dnat_and_snat", "192.168.9.11", "10.0.0.1"]
    yield ["set", "logical_router", "gr0",
           "options:dnat_force_snat_ip=100.64.0.2",
           "options:lb_force_snat_ip=100.64.0.2"]


def routes():
    yield ["lr-route-add", "r0", "0.0.0.0/0", "172.16.0.1"]
    yield ["lr-route-add", "r0", "::/0", "fd02::1"]
    for hop in ("172.16.0.11", "172.16.0.12"):
        yield ["--ecmp", "lr-route-add", "r0", "5.0.0.0/8", hop]
    for hop in ("192.168.9.21", "192.168.9.22"):
        yield ["--ecmp-symmetric-reply", "lr-route-add", "gr0", "6.0.0.0/8",
               hop]
    yield ["--policy=src-ip", "lr-route-add", "r0", "10.9.0.0/16",
           "172.16.0.13"]
    yield ["lr-route-add", "r0", "7.0.0.0/8", "discard"]
    for n, (src, *what) in enumerate((
            ("10.0.0.0/25", "reroute", "172.16.0.50"),
            ("10.0.0.4", "reroute", "172.16.0.50,172.16.0.51"),
            ("10.0.0.5", "drop"), ("10.0.0.6", "allow"))):
        yield ["lr-policy-add", "r0", str(10 + n), "ip4.src == " + src] + what


def acls():
    yield ["create", "address_set", "name=as1",
           'addresses="10.0.0.1","10.0.0.2","10.0.2.0/24"']
    yield ["pg-add", "pg1", "sw0-p1", "sw0-p2"]
    yield ["meter-add", "m1", "drop", "100", "pktps", "10"]
    for options, where, direction, priority, match, verdict in (
            ([], "sw0", "from-lport", 1001, 'inport == "sw0-p1" && '
             'ip4.dst == $as1 && tcp.dst == {80,443}', "allow-related"),
            ([], "sw0", "to-lport", 1002, 'outport == "sw0-p1" && ip',
             "reject"),
            (["--log", "--severity=alert", "--name=x", "--meter=m1"], "sw0",
             "to-lport", 1003, 'outport == "sw0-p2" && udp.src != 53',
             "drop"),
            ([], "pg1", "to-lport", 1004, 'outport == @pg1 && '
             'ip4.src == $pg1_ip4 && icmp4', "allow-related"),
            ([], "pg1", "from-lport", 1005, 'inport == @pg1 && '
             'ip6.src == $pg1_ip6', "allow"),
            (["--apply-after-lb"], "sw0", "from-lport", 1005,
             "ip4.dst == 10.0.0.3", "reject"),
            ([], "sw1", "from-lport", 1001, "eth.type == 0x1234",
             "allow-stateless"),
            (["--label=1234"], "sw1", "to-lport", 100, "tcp",
             "allow-related")):
        yield options + ["acl-add", where, direction, str(priority), match,
                         verdict]


def load_balancers():
    backends4 = "10.0.0.1:80,10.0.0.2:80"
    backends6 = "[fd00::1]:80,[fd00::2]:80"
    for n, (options, vip, backends, proto, columns) in enumerate((
            ([], "172.16.0.200:80", backends4, "tcp",
             ['ip_port_mappings:10.0.0.1="sw0-p1:10.0.0.253"']),
            ([], "172.16.0.201", "10.0.0.1,10.0.0.2", None, []),
            ([], "[fd02::200]:80", backends6, "tcp", []),
            ([], "172.16.0.202:53", "10.0.0.1:53", "udp", []),
            (["--event"], "172.16.0.203:80", "", "tcp", []),
            (["--reject"], "172.16.0.204:80", "", "tcp", []),
            ([], "172.16.0.205:80", backends4, "tcp",
             ["options:affinity_timeout=60"]),
            ([], "[fd02::205]:80", backends6, "tcp",
             ["options:affinity_timeout=60"]),
            ([], "172.16.0.206:80", backends4, "tcp",
             ["selection_fields=ip_src,ip_dst", "options:skip_snat=true"]),
            ([], "172.16.0.207:80", backends4, "sctp", []))):
        name = "lb%d" % n
        yield (options + ["lb-add", name, vip, backends]
               + ([proto] if proto else []))
        if columns:
            yield ["set", "load_balancer", name] + columns
        yield ["ls-lb-add", "sw0", name]
        yield ["lr-lb-add", "r0", name]
        yield ["lr-lb-add", "gr0", name]
    yield ["--id=@hc", "create", "Load_Balancer_Health_Check",
           'vip="172.16.0.200:80"', "--", "add", "Load_Balancer", "lb0",
           "health_check", "@hc"]


def services():
    yield ["--id=@d", "create", "dhcp_options", "cidr=10.0.0.0/24",
           'options="lease_time"="3600" "router"="10.0.0.254" '
           '"server_id"="10.0.0.254" "server_mac"="c0:ff:ee:00:00:01" '
           '"dns_server"="{8.8.8.8,8.8.4.4}" "domain_name"="\\"ovn.org\\"" '
           '"classless_static_route"="{30.0.0.0/24,10.0.0.10,0.0.0.0/0,'
           '10.0.0.254}" "bootfile_name"="\\"a.efi\\"" '
           '"tftp_server"="10.0.0.9" "mtu"="1400" '
           '"domain_search_list"="\\"a.org,b.a.org\\""', "--",
           "set", "logical_switch_port", "sw0-p1", "dhcpv4_options=@d"]
    yield ["--id=@d", "create", "dhcp_options", 'cidr="fd00::/64"',
           'options="server_id"="00:00:00:10:00:01" '
           '"dns_server"="{fd00::9}" "domain_search"="\\"ovn.org\\""', "--",
           "set", "logical_switch_port", "sw0-p1", "dhcpv6_options=@d"]
    yield ["set", "logical_router_port", "r0-sw0",
           "ipv6_ra_configs:address_mode=slaac", "ipv6_ra_configs:mtu=1450",
           "ipv6_ra_configs:rdnss=fd00::9", "ipv6_ra_configs:dnssl=ovn.org",
           "ipv6_ra_configs:route_info=HIGH-fd09::/64"]
    yield ["set", "logical_router_port", "r0-sw1",
           "ipv6_ra_configs:address_mode=dhcpv6_stateful"]
    yield ["--id=@n", "create", "dns", "records:a.ovn.org=10.0.0.1", "--",
           "add", "logical_switch", "sw0", "dns_records", "@n"]
    yield ["set", "logical_switch", "sw0", "other_config:mcast_snoop=true",
           "other_config:mcast_querier=true",
           "other_config:mcast_eth_src=00:00:00:00:00:09",
           "other_config:mcast_ip4_src=10.0.0.250",
           "other_config:vlan-passthru=true"]
    yield ["set", "logical_router", "r0", "options:mcast_relay=true"]
    yield ["qos-add", "sw0", "from-lport", "100", 'inport == "sw0-p1"',
           "rate=1000", "burst=2000", "dscp=10"]
    yield ["qos-add", "sw0", "to-lport", "100",
           'outport == "sw0-p1" && ip4', "dscp=20"]
    yield ["fwd-group-add", "fg1", "sw1", "10.0.1.50", "00:00:00:00:0f:01",
           "sw1-p1", "sw1-p2"]
    yield ["create", "bfd", "logical_port=r0-pub", "dst_ip=172.16.0.13"]


def commands():
    for part in (ports, nat, routes, acls, load_balancers, services):
        yield from part()
