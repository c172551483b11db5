# SPDX-License-Identifier: Apache-2.0
"""Random northbound networks, and packets that have something to say in
them."""


# A backend of every load balancer, for ovn-trace to choose.
LB_BACKEND = "10.0.0.10:8080"


class Topology:
    """A list of ovn-nbctl commands and what there is to send packets from."""

    def __init__(self, rng):
        self.rng = rng
        self.commands = []
        self.vifs = []          # (switch, port, mac, ip)
        self.vifs6 = []         # Likewise with IPv6 addresses.
        self.addresses = []     # Addresses that packets may go to.
        self.addresses6 = []
        self.router_macs = {}   # Switch to MACs of its routers.
        self.notes = []
        self.build()

    def do(self, *words):
        self.commands.append(list(words))

    def maybe(self, chance):
        return self.rng.random() < chance

    def note(self, what):
        if what not in self.notes:
            self.notes.append(what)

    def build(self):
        n = self.rng.randint(1, 3)
        for s in range(n):
            self.switch(s, self.rng.randint(2, 4))
        if n > 1 or self.maybe(.8):
            self.router(n)
        for feature, chance in ((self.acls, .7), (self.port_group, .5),
                                (self.load_balancer, .5), (self.dhcp, .4),
                                (self.qos, .3)):
            if self.maybe(chance):
                feature()

    def switch(self, s, n_ports):
        name = "s%d" % s
        self.do("ls-add", name)
        for p in range(n_ports):
            port = "s%dp%d" % (s, p)
            mac = "02:00:00:00:%02x:%02x" % (s + 1, p + 1)
            ip = "10.0.%d.%d" % (s, p + 10)
            text = "%s %s" % (mac, ip)
            if self.maybe(.5):
                ip6 = "fd00:%d::%d" % (s, p + 10)
                text += " " + ip6
                self.vifs6.append((name, port, mac, ip6))
                self.addresses6.append(ip6)
            self.do("lsp-add", name, port)
            if self.maybe(.15):
                self.note("unknown")
                self.do("lsp-set-addresses", port, "unknown", text)
            else:
                self.do("lsp-set-addresses", port, text)
            if self.maybe(.4):
                self.note("port security")
                self.do("lsp-set-port-security", port, text)
            if self.maybe(.08):
                self.note("disabled port")
                self.do("lsp-set-enabled", port, "disabled")
            self.vifs.append((name, port, mac, ip))
            self.addresses.append(ip)
        self.router_macs[name] = []

    def router(self, n):
        self.do("lr-add", "r0")
        for s in range(n):
            self.connect("r0", "s%d" % s, "02:00:00:00:ff:%02x" % (s + 1),
                         "10.0.%d.254/24" % s, "fd00:%d::fe/64" % s)
        if self.maybe(.6):
            self.external()
        else:
            for s in range(n):
                if self.maybe(.5):
                    self.note("static route")
                    self.do("lr-route-add", "r0", "192.168.%d.0/24" % s,
                            "10.0.%d.10" % s)
                    self.addresses.append("192.168.%d.7" % s)
                    if self.maybe(.4):
                        self.note("ecmp")
                        self.do("--ecmp", "lr-route-add", "r0",
                                "192.168.%d.0/24" % s, "10.0.%d.11" % s)
        if self.maybe(.4):
            self.policies()
        if self.maybe(.4):
            self.note("second router")
            self.do("lr-add", "r1")
            self.connect("r1", "s0", "02:00:00:00:fd:01", "10.0.0.253/24",
                         "fd00:0::fd/64")
            self.do("lrp-add", "r1", "r1-r2", "02:00:00:00:fd:02",
                    "10.9.0.1/30", "peer=r2-r1")
            self.do("lr-add", "r2")
            self.do("lrp-add", "r2", "r2-r1", "02:00:00:00:fd:03",
                    "10.9.0.2/30", "peer=r1-r2")
            self.do("lr-route-add", "r2", "0.0.0.0/0", "10.9.0.1")
            self.do("lr-route-add", "r0", "10.9.0.0/24", "10.0.0.253")
            self.addresses.append("10.9.0.2")
        if self.maybe(.4):
            self.note("ra")
            self.do("set", "logical_router_port", "r0-s0",
                    "ipv6_ra_configs:address_mode=slaac",
                    "ipv6_ra_configs:mtu=1400")

    def connect(self, router, switch, mac, *networks):
        lrp = "%s-%s" % (router, switch)
        self.do("lrp-add", router, lrp, mac, *networks)
        lsp = "%s-%s" % (switch, router)
        self.do("lsp-add", switch, lsp)
        self.do("lsp-set-type", lsp, "router")
        self.do("lsp-set-addresses", lsp, "router")
        self.do("lsp-set-options", lsp, "router-port=" + lrp)
        self.router_macs.setdefault(switch, []).append(mac)
        self.addresses.append(networks[0].split("/")[0])
        if len(networks) > 1:
            self.addresses6.append(networks[1].split("/")[0])
        return lrp

    def external(self):
        """A public network behind a distributed gateway port or a gateway
        router."""
        self.do("ls-add", "pub")
        self.do("lsp-add", "pub", "ln")
        self.do("lsp-set-type", "ln", "localnet")
        self.do("lsp-set-addresses", "ln", "unknown")
        self.do("lsp-set-options", "ln", "network_name=phys")
        self.do("lsp-add", "pub", "pubhost")
        self.do("lsp-set-addresses", "pubhost",
                "02:00:00:00:aa:01 172.16.0.50")
        self.vifs.append(("pub", "pubhost", "02:00:00:00:aa:01",
                          "172.16.0.50"))
        if self.maybe(.5):
            self.note("gateway router")
            self.do("set", "logical_router", "r0", "options:chassis=ch1")
            self.connect("r0", "pub", "02:00:00:00:fe:01", "172.16.0.1/24")
        else:
            self.note("gateway port")
            lrp = self.connect("r0", "pub", "02:00:00:00:fe:01",
                               "172.16.0.1/24")
            self.do("lrp-set-gateway-chassis", lrp, "ch1", "10")
        self.do("lr-route-add", "r0", "0.0.0.0/0", "172.16.0.50")
        self.addresses += ["172.16.0.50", "8.8.8.8"]
        if self.maybe(.7):
            self.note("snat")
            self.do("lr-nat-add", "r0", "snat", "172.16.0.1", "10.0.0.0/16")
        if self.maybe(.6):
            self.note("dnat_and_snat")
            words = ["lr-nat-add", "r0", "dnat_and_snat", "172.16.0.101",
                     self.vifs[0][3]]
            if "gateway port" in self.notes and self.maybe(.5):
                self.note("distributed nat")
                words += [self.vifs[0][1], "02:00:00:00:ee:01"]
            elif self.maybe(.3):
                self.note("stateless nat")
                words.insert(0, "--stateless")
            self.do(*words)
            self.addresses.append("172.16.0.101")
        if self.maybe(.4):
            self.note("dnat")
            self.do("lr-nat-add", "r0", "dnat", "172.16.0.102",
                    self.vifs[1][3])
            self.addresses.append("172.16.0.102")
        if "gateway router" in self.notes and self.maybe(.4):
            self.note("force snat")
            self.do("set", "logical_router", "r0",
                    "options:lb_force_snat_ip=172.16.0.90",
                    "options:dnat_force_snat_ip=172.16.0.91")
        if self.maybe(.4):
            self.note("mtu")
            self.do("set", "logical_router_port", "r0-pub",
                    "options:gateway_mtu=1400")
        if self.maybe(.4):
            self.note("router lb")
            self.do("lb-add", "lbr", "172.16.0.200:80",
                    LB_BACKEND)
            self.do("lr-lb-add", "r0", "lbr")
            self.addresses.append("172.16.0.200")

    def policies(self):
        self.note("policy")
        for i in range(self.rng.randint(1, 3)):
            vif = self.rng.choice(self.vifs)
            action = self.rng.choice(("allow", "drop", "reroute"))
            words = ["lr-policy-add", "r0", str(100 + i),
                     "ip4.src == %s && ip4.dst == 10.0.0.0/16" % vif[3],
                     action]
            if action == "reroute":
                words.append("10.0.0.10")
            self.do(*words)

    def acl_match(self, direction):
        switch, port, mac, ip = self.rng.choice(self.vifs)
        side = "inport" if direction == "from-lport" else "outport"
        parts = [self.rng.choice(("ip4", "tcp", "udp", "icmp4", "ip6", "ip",
                                  "tcp.dst == 80",
                                  "ip4.dst == %s" % ip,
                                  "ip4.src == %s" % ip))]
        if self.maybe(.6):
            parts.append('%s == "%s"' % (side, port))
        return switch, " && ".join(parts)

    def acls(self):
        actions = ["allow", "drop", "reject"]
        if self.maybe(.6):
            self.note("stateful acl")
            actions.append("allow-related")
        else:
            self.note("stateless acl")
        if self.maybe(.3):
            self.note("allow-stateless")
            actions.append("allow-stateless")
        seen = set()
        for i in range(self.rng.randint(1, 6)):
            direction = self.rng.choice(("from-lport", "to-lport"))
            switch, match = self.acl_match(direction)
            priority = self.rng.randint(1, 2000)
            if (switch, direction, priority) in seen:
                continue
            seen.add((switch, direction, priority))
            self.do("acl-add", switch, direction, str(priority), match,
                    self.rng.choice(actions))

    def port_group(self):
        self.note("port group")
        ports = [v[1] for v in self.vifs if v[0] != "pub"]
        members = self.rng.sample(ports, self.rng.randint(1, len(ports)))
        self.do("pg-add", "pg1", *members)
        self.do("create", "Address_Set", "name=as1",
                "addresses=%s,%s" % (self.vifs[0][3], self.vifs[1][3]))
        self.do("--type=port-group", "acl-add", "pg1", "to-lport", "2101",
                "outport == @pg1 && ip4.src == $as1",
                self.rng.choice(("drop", "allow-related")))
        self.do("--type=port-group", "acl-add", "pg1", "from-lport", "2102",
                "inport == @pg1 && ip4.dst == $pg1_ip4 && udp",
                self.rng.choice(("drop", "allow")))

    def load_balancer(self):
        self.note("switch lb")
        backends = "%s,%s:8080" % (LB_BACKEND, self.vifs[1][3])
        self.do("lb-add", "lb1", "10.0.0.200:80", backends)
        self.do("ls-lb-add", "s0", "lb1")
        self.addresses.append("10.0.0.200")
        if self.maybe(.4):
            self.do("lb-add", "lb6", "[fd00:0::200]:80", "[fd00:0::10]:8080")
            self.do("ls-lb-add", "s0", "lb6")
            self.addresses6.append("fd00:0::200")
        if self.maybe(.5):
            self.do("--reject", "lb-add", "lb2", "10.0.0.201:80", "")
            self.do("ls-lb-add", "s0", "lb2")
            self.addresses.append("10.0.0.201")

    def dhcp(self):
        self.note("dhcp")
        self.do("--id=@d", "create", "DHCP_Options", "cidr=10.0.0.0/24",
                'options="server_id"="10.0.0.254" '
                '"server_mac"="02:00:00:00:dd:01" "lease_time"="3600" '
                '"router"="10.0.0.254"', "--", "set", "logical_switch_port",
                "s0p0", "dhcpv4_options=@d")

    def qos(self):
        self.note("qos")
        self.do("qos-add", "s0", "from-lport", "100",
                'inport == "s0p0" && ip4', "dscp=12")

    # Packets.

    def packet(self):
        """Returns (switch, microflow, state of its connection)."""
        switch, port, mac, ip = self.rng.choice(self.vifs)
        kind = self.rng.random()
        head = 'inport == "%s" && eth.src == %s' % (port, mac)
        if kind < .15:
            return switch, self.arp(head, mac, ip), "new"
        if kind < .2:
            return switch, (
                '%s && eth.dst == ff:ff:ff:ff:ff:ff && ip4.src == 0.0.0.0 && '
                'ip4.dst == 255.255.255.255 && ip.ttl == 64 && '
                'udp.src == 68 && udp.dst == 67' % head), "new"
        if kind < .4 and self.vifs6:
            return self.packet6()
        return switch, self.ip(head, switch, ip), self.state()

    def packet6(self):
        switch, port, mac, ip = self.rng.choice(self.vifs6)
        head = 'inport == "%s" && eth.src == %s' % (port, mac)
        to = self.rng.choice(self.addresses6)
        if self.maybe(.2):
            return switch, (
                "%s && eth.dst == 33:33:ff:00:00:01 && ip6.src == %s && "
                "ip6.dst == %s && ip.ttl == 255 && icmp6.type == 135 && "
                "icmp6.code == 0 && nd.target == %s && nd.sll == %s"
                % (head, ip, to, to, mac)), "new"
        if self.maybe(.1):
            return switch, (
                "%s && eth.dst == 33:33:00:00:00:02 && ip6.src == %s && "
                "ip6.dst == ff02::2 && ip.ttl == 255 && icmp6.type == 133 "
                "&& icmp6.code == 0" % (head, ip)), "new"
        macs = [v[2] for v in self.vifs6 if v[0] == switch and v[3] == to]
        macs += self.router_macs.get(switch, []) or ["02:00:00:00:99:99"]
        proto = self.rng.choice((
            "tcp.src == 4000 && tcp.dst == 80", "udp.src == 4000 && "
            "udp.dst == 53", "icmp6.type == 128 && icmp6.code == 0"))
        return switch, (
            "%s && eth.dst == %s && ip6.src == %s && ip6.dst == %s && "
            "ip.ttl == 64 && %s" % (head, macs[0], ip, to, proto)), \
            self.state()

    def arp(self, head, mac, ip):
        return ("%s && eth.dst == ff:ff:ff:ff:ff:ff && arp.op == 1 && "
                "arp.sha == %s && arp.spa == %s && arp.tpa == %s"
                % (head, mac, ip, self.rng.choice(self.addresses)))

    def ip(self, head, switch, ip):
        to = self.rng.choice(self.addresses)
        macs = [v[2] for v in self.vifs if v[0] == switch and v[3] == to]
        macs += self.router_macs.get(switch, [])
        if not macs or self.maybe(.05):
            macs = ["02:00:00:00:99:99"]
        proto = self.rng.choice((
            "tcp.src == 4000 && tcp.dst == 80",
            "udp.src == 4000 && udp.dst == 53",
            "tcp.src == 80 && tcp.dst == 4000",
            "icmp4.type == 8 && icmp4.code == 0"))
        if self.maybe(.1):
            ip = "10.9.9.9"
        return ("%s && eth.dst == %s && ip4.src == %s && ip4.dst == %s && "
                "ip.ttl == %d && %s" % (head, macs[0], ip, to,
                                        self.rng.choice((64, 64, 64, 1)),
                                        proto))

    def state(self):
        return "new" if self.maybe(.6) else "est"
