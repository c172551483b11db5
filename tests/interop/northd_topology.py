# SPDX-License-Identifier: Apache-2.0
"""Random northbound networks, and packets that have something to say in
them.  Features are in northd_features.py, a function each."""

import random

import northd_features

# A backend of every load balancer, for ovn-trace to choose.
LB_BACKEND = "10.0.0.10:8080"

MISSING_MAC = "02:00:00:00:99:99"
BROADCAST = "ff:ff:ff:ff:ff:ff"
STATES = ("new", "est", "est,rpl", "rel", "inv")


class Topology:
    """A list of ovn-nbctl commands and what there is to send packets from."""

    def __init__(self, rng):
        self.rng = rng
        self.later = random.Random(str(rng.getstate()))
        self.commands = []
        self.vifs = []          # (switch, port, mac, ip)
        self.vifs6 = []         # Likewise with IPv6 addresses.
        self.addresses = []     # Addresses that packets may go to.
        self.addresses6 = []
        self.router_macs = {}   # Switch to MACs of its routers.
        self.routers = []
        self.outside = None     # "gateway router" or "gateway port".
        self.notes = []
        self.build()

    def do(self, *words):
        self.commands.append([str(w) for w in words])

    def set(self, table, record, *pairs):
        self.do("set", table, record, *pairs)

    def maybe(self, chance):
        return self.rng.random() < chance

    def note(self, what):
        if what not in self.notes:
            self.notes.append(what)

    def build(self):
        self.n_switches = self.rng.randint(1, 3)
        for s in range(self.n_switches):
            self.switch(s, self.rng.randint(2, 4))
        if self.n_switches > 1 or self.maybe(.8):
            self.router()
        for feature, chance in northd_features.SWITCH_FEATURES:
            if self.maybe(chance):
                feature(self)
        for feature, chance in northd_features.LATER_FEATURES:
            if self.later.random() < chance:
                feature(self)

    def switch(self, s, n_ports):
        name = "s%d" % s
        self.do("ls-add", name)
        for p in range(n_ports):
            port = "s%dp%d" % (s, p)
            mac = "02:00:00:00:%02x:%02x" % (s + 1, p + 1)
            ip = "10.0.%d.%d" % (s, p + 10)
            self.port(name, port, mac, ip,
                      "fd00:%d::%d" % (s, p + 10) if self.maybe(.5) else None)
        self.router_macs[name] = []

    def port(self, switch, port, mac, ip, ip6):
        text = "%s %s" % (mac, ip)
        if ip6:
            text += " " + ip6
            self.vifs6.append((switch, port, mac, ip6))
            self.addresses6.append(ip6)
        self.do("lsp-add", switch, port)
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
        self.vifs.append((switch, port, mac, ip))
        self.addresses.append(ip)

    def router(self):
        self.do("lr-add", "r0")
        self.routers.append("r0")
        for s in range(self.n_switches):
            self.connect("r0", "s%d" % s, "02:00:00:00:ff:%02x" % (s + 1),
                         "10.0.%d.254/24" % s, "fd00:%d::fe/64" % s)
        if self.maybe(.65):
            self.external()
            features = northd_features.GATEWAY_FEATURES
        else:
            features = northd_features.INSIDE_FEATURES
        for feature, chance in features + northd_features.ROUTER_FEATURES:
            if self.maybe(chance):
                feature(self)

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

    def localnet(self, switch, name, network="phys"):
        self.do("lsp-add", switch, name)
        self.do("lsp-set-type", name, "localnet")
        self.do("lsp-set-addresses", name, "unknown")
        self.do("lsp-set-options", name, "network_name=" + network)

    def external(self):
        """A public network behind a distributed gateway port or a gateway
        router."""
        self.do("ls-add", "pub")
        self.localnet("pub", "ln")
        self.do("lsp-add", "pub", "pubhost")
        self.do("lsp-set-addresses", "pubhost",
                "02:00:00:00:aa:01 172.16.0.50 fd16::50")
        self.vifs.append(("pub", "pubhost", "02:00:00:00:aa:01",
                          "172.16.0.50"))
        self.vifs6.append(("pub", "pubhost", "02:00:00:00:aa:01", "fd16::50"))
        # Hosts on the physical network, which nobody knows.
        self.vifs.append(("pub", "ln", "02:00:00:00:aa:02", "172.16.0.60"))
        lrp = self.connect("r0", "pub", "02:00:00:00:fe:01",
                           "172.16.0.1/24", "fd16::1/64")
        if self.maybe(.5):
            self.outside = "gateway router"
            self.set("logical_router", "r0", "options:chassis=ch1")
        else:
            self.outside = "gateway port"
            if self.maybe(.4):
                self.note("ha group")
                self.do("ha-chassis-group-add", "hagrp")
                self.do("ha-chassis-group-add-chassis", "hagrp", "ch1", 10)
                self.do("ha-chassis-group-add-chassis", "hagrp", "ch2", 20)
                self.do("--id=@g", "get", "HA_Chassis_Group", "hagrp", "--",
                        "set", "logical_router_port", lrp,
                        "ha_chassis_group=@g")
            else:
                self.do("lrp-set-gateway-chassis", lrp, "ch1", 10)
                self.do("lrp-set-gateway-chassis", lrp, "ch2", 5)
        self.note(self.outside)
        self.do("lr-route-add", "r0", "0.0.0.0/0", "172.16.0.50")
        self.do("lr-route-add", "r0", "::/0", "fd16::50")
        self.addresses += ["172.16.0.50", "8.8.8.8", "172.16.0.60"]
        self.addresses6 += ["fd16::50", "fd99::1"]

    # Packets.

    def packet(self):
        """Returns (switch, microflow, state of its connection)."""
        kind = self.rng.random()
        if kind < .3 and self.vifs6:
            return self.packet6()
        switch, port, mac, ip = self.rng.choice(self.vifs)
        head = 'inport == "%s" && eth.src == %s' % (port, mac)
        if kind < .42:
            return switch, self.arp(head, mac, ip), "new"
        if kind < .5:
            return switch, self.special(head, ip), "new"
        return switch, self.ip(head, switch, ip), self.state()

    def packet6(self):
        switch, port, mac, ip = self.rng.choice(self.vifs6)
        head = 'inport == "%s" && eth.src == %s' % (port, mac)
        to = self.rng.choice(self.addresses6)
        kind = self.rng.random()
        if kind < .2:
            return switch, (
                "%s && eth.dst == 33:33:ff:00:00:01 && ip6.src == %s && "
                "ip6.dst == %s && ip.ttl == 255 && icmp6.type == 135 && "
                "icmp6.code == 0 && nd.target == %s && nd.sll == %s"
                % (head, ip, to, to, mac)), "new"
        if kind < .25:
            return switch, (
                "%s && eth.dst == %s && ip6.src == %s && ip6.dst == %s && "
                "ip.ttl == 255 && icmp6.type == 136 && icmp6.code == 0 && "
                "nd.target == %s && nd.tll == %s"
                % (head, self.mac_to(self.vifs6, switch, to), ip, to, ip,
                   mac)), "new"
        if kind < .32:
            return switch, (
                "%s && eth.dst == 33:33:00:00:00:02 && ip6.src == %s && "
                "ip6.dst == ff02::2 && ip.ttl == 255 && icmp6.type == 133 "
                "&& icmp6.code == 0" % (head, ip)), "new"
        if kind < .38:
            return switch, (
                "%s && eth.dst == 33:33:00:01:00:02 && ip6.src == fe80::%s "
                "&& ip6.dst == ff02::1:2 && ip.ttl == 1 && udp.src == 546 "
                "&& udp.dst == 547" % (head, eui64(mac))), "new"
        proto = self.rng.choice((
            "tcp.src == 4000 && tcp.dst == 80", "udp.src == 4000 && "
            "udp.dst == 53", "sctp.src == 4000 && sctp.dst == 80",
            "icmp6.type == 128 && icmp6.code == 0"))
        return switch, (
            "%s && eth.dst == %s && ip6.src == %s && ip6.dst == %s && "
            "ip.ttl == %d && %s" % (
                head, self.mac_to(self.vifs6, switch, to), ip, to,
                self.rng.choice((64, 64, 64, 1)), proto)), self.state()

    def arp(self, head, mac, ip):
        to = self.rng.choice(self.addresses)
        if self.maybe(.1):
            to = ip             # Gratuitous.
        if self.maybe(.15):
            return ("%s && eth.dst == %s && arp.op == 2 && arp.sha == %s && "
                    "arp.spa == %s && arp.tpa == %s"
                    % (head, BROADCAST, mac, ip, to))
        return ("%s && eth.dst == %s && arp.op == 1 && arp.sha == %s && "
                "arp.spa == %s && arp.tpa == %s"
                % (head, BROADCAST, mac, ip, to))

    def special(self, head, ip):
        """What is not plain unicast."""
        return head + " && " + self.rng.choice((
            "eth.dst == %s && ip4.src == 0.0.0.0 && ip4.dst == "
            "255.255.255.255 && ip.ttl == 64 && udp.src == 68 && "
            "udp.dst == 67" % BROADCAST,
            "eth.dst == %s && ip4.src == %s && ip4.dst == 10.0.0.255 && "
            "ip.ttl == 64 && udp.src == 9 && udp.dst == 9" % (BROADCAST, ip),
            "eth.dst == 01:00:5e:01:01:01 && ip4.src == %s && ip4.dst == "
            "239.1.1.1 && ip.ttl == 8 && udp.src == 9 && udp.dst == 9" % ip,
            "vlan.tci == 0x1005 && eth.dst == %s && ip4.src == %s && "
            "ip4.dst == 10.0.0.11 && ip.ttl == 64"
            % (self.vifs[1][2], ip),
            "eth.dst == %s && eth.type == 0x88cc" % self.vifs[0][2],
            "eth.dst == %s && eth.type == 0x8035" % BROADCAST))

    def mac_to(self, vifs, switch, to):
        """Where a host on 'switch' would send packets to 'to'."""
        macs = [v[2] for v in vifs if v[0] == switch and v[3] == to]
        macs += self.router_macs.get(switch, [])
        if not macs or self.maybe(.05):
            return MISSING_MAC
        return self.rng.choice(macs) if self.maybe(.1) else macs[0]

    def ip(self, head, switch, ip):
        to = self.rng.choice(self.addresses)
        proto = self.rng.choice((
            "tcp.src == 4000 && tcp.dst == 80",
            "tcp.src == 4000 && tcp.dst == 80",
            "udp.src == 4000 && udp.dst == 53",
            "tcp.src == 80 && tcp.dst == 4000",
            "sctp.src == 4000 && sctp.dst == 80",
            "tcp.src == 8080 && tcp.dst == 4000",
            "icmp4.type == 8 && icmp4.code == 0"))
        if self.maybe(.1):
            ip = "10.9.9.9"
        return ("%s && eth.dst == %s && ip4.src == %s && ip4.dst == %s && "
                "ip.ttl == %d && %s" % (
                    head, self.mac_to(self.vifs, switch, to), ip, to,
                    self.rng.choice((64, 64, 64, 64, 1)), proto))

    def state(self):
        return self.rng.choices(STATES, (12, 6, 3, 1, 1))[0]


def eui64(mac):
    """The low half of the IPv6 link-local address of 'mac'."""
    b = [int(x, 16) for x in mac.split(":")]
    b[0] ^= 2
    b = b[:3] + [0xff, 0xfe] + b[3:]
    return ":".join("%02x%02x" % (b[i], b[i + 1]) for i in range(0, 8, 2))
