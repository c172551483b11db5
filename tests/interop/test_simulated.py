# SPDX-License-Identifier: Apache-2.0
"""Hosts of dummy devices (tests/harness/simulated.py): what comes in at a port
and what goes out, byte for byte as OVN's users and suites know it.

    vm1, vm2, vm3: switch sw0, with a load balancer and DNS; vm1 and vm3 on h1
    vm4, vm5: switch sw1, port security on vm5; vm4 and vm2 on h2, vm5 on h1
    lr0 between"""

import logging
import os

import pytest

from harness.programs import Programs
from harness.process import wait_until
from harness.sandbox import Sandbox
from harness.simulated import SimulatedHost

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import (ARP, BOOTP, DHCP, DNS, DNSQR, ICMP, IP,  # noqa: E402
                       IPv6, TCP, UDP, Ether, ICMPv6EchoReply,
                       ICMPv6EchoRequest, ICMPv6TimeExceeded)

# The hub is of Debian always: the wires, too, are OVS's.
MIXES = [
    ("ovsdb-server", "ovn-northd", "ovn-controller", "ovs-vswitchd"),
    ("ovn-controller",),
    ("ovs-vswitchd",),
]

MAC = {"vm%d" % i: "02:00:00:00:00:%02d" % i for i in range(1, 6)}
ROUTER = "02:00:00:00:ff:00"
SERVER = "02:00:00:00:ff:aa"
ALL = "ff:ff:ff:ff:ff:ff"


def configure(nbctl):
    nbctl("ls-add", "sw0", "--", "ls-add", "sw1", "--", "lr-add", "lr0")
    for i in range(1, 6):
        net = i // 4
        nbctl("lsp-add", "sw%d" % net, "vm%d" % i, "--",
              "lsp-set-addresses", "vm%d" % i,
              "%s 10.0.%d.%d fd0%d::%d" % (MAC["vm%d" % i], net, i, net, i))
    nbctl("lsp-set-port-security", "vm5", MAC["vm5"] + " 10.0.1.5")
    for i in range(2):
        nbctl("lrp-add", "lr0", "lr0-sw%d" % i, "02:00:00:00:ff:0%d" % i,
              "10.0.%d.254/24" % i, "fd0%d::254/64" % i, "--", "lsp-add",
              "sw%d" % i, "sw%d-lr0" % i, "--", "lsp-set-type",
              "sw%d-lr0" % i, "router", "--", "lsp-set-addresses",
              "sw%d-lr0" % i, "router", "--", "lsp-set-options",
              "sw%d-lr0" % i, "router-port=lr0-sw%d" % i)
    dhcp = nbctl("create", "dhcp_options", "cidr=10.0.0.0/24",
                 'options="server_id"="10.0.0.254" "server_mac"="%s" '
                 '"lease_time"="3600" "router"="10.0.0.254"' % SERVER)
    dns = nbctl("create", "dns", 'records="vm4.example"="10.0.1.4"')
    nbctl("lsp-set-dhcpv4-options", "vm1", dhcp.strip(), "--", "set",
          "logical_switch", "sw0", "dns_records=" + dns.strip(), "--",
          "lb-add", "lb0", "10.0.0.200:80", "10.0.0.3:8080", "--",
          "ls-lb-add", "sw0", "lb0", "--", "acl-add", "sw1", "to-lport",
          "1001", 'outport == "vm4" && (tcp.dst == 81 || udp.dst == 81)',
          "reject")


class Network:
    def __init__(self, sandbox, hub_sandbox):
        self.sandbox = sandbox
        sandbox.start_central()
        hub = SimulatedHost(hub_sandbox, "hub")
        self.hosts = [SimulatedHost(sandbox, "h%d" % i, "172.31.0.%d" % i)
                      for i in (1, 2)]
        h1, h2 = self.hosts
        for host in self.hosts:
            host.join(hub)
        h1.neighbour(h2)
        h2.neighbour(h1)
        self.where = {"vm1": h1, "vm2": h2, "vm3": h1, "vm4": h2, "vm5": h1}
        for port, host in self.where.items():
            host.port(port)
        configure(sandbox.nbctl)
        sandbox.nbctl("--wait=hv", "sync")
        for host in self.hosts:      # The wires and the tunnels carry.
            wait_until(lambda: "connected" == host.appctl(
                "netdev-dummy/conn-state", "to-underlay").split()[-1],
                what="the wire of " + host.name)

    def ask(self, port, packet, at=None):
        """The first packet sent to port 'at', or 'port', after 'packet' came
        in at 'port'."""
        at = at or port
        n = len(self.where[at].sent(at))
        self.where[port].receive(port, packet)
        return self.where[at].wait_sent(at, n, packet.summary())[0]


@pytest.fixture(scope="module", params=MIXES, ids=lambda mix: "+".join(mix))
def network(request):
    programs = Programs(default="debian",
                        **{name: "ours" for name in request.param})
    programs.path("ovs-vswitchd")
    with Sandbox(Programs(default="debian")) as hub, \
            Sandbox(programs) as sandbox:
        try:
            yield Network(sandbox, hub)
        finally:
            if request.session.testsfailed:
                print(sandbox.logs())


def udp(src, dst, a, b, dport=2, dst_mac=None, **ip):
    return (Ether(src=MAC[src], dst=dst_mac or MAC[dst])
            / IP(src=a, dst=b, **ip) / UDP(sport=1, dport=dport) / b"hello")


def test_delivery(network):
    """To the same host, over the tunnel, through the router."""
    p = udp("vm1", "vm3", "10.0.0.1", "10.0.0.3")
    assert network.ask("vm1", p, "vm3") == bytes(p)
    p = udp("vm1", "vm2", "10.0.0.1", "10.0.0.2")
    assert network.ask("vm1", p, "vm2") == bytes(p)
    p = udp("vm1", "vm4", "10.0.0.1", "10.0.1.4", dst_mac=ROUTER, ttl=9)
    routed = udp("vm1", "vm4", "10.0.0.1", "10.0.1.4", ttl=8)
    routed.src = "02:00:00:00:ff:01"
    assert network.ask("vm1", p, "vm4") == bytes(routed)


def test_router_answers(network):
    me = Ether(src=MAC["vm1"], dst=ROUTER)
    back = Ether(src=ROUTER, dst=MAC["vm1"])
    ask = Ether(src=MAC["vm1"], dst=ALL) / ARP(
        hwsrc=MAC["vm1"], psrc="10.0.0.1", pdst="10.0.0.254")
    assert network.ask("vm1", ask) == bytes(back / ARP(
        op=2, hwsrc=ROUTER, psrc="10.0.0.254", hwdst=MAC["vm1"],
        pdst="10.0.0.1"))
    p = me / IP(src="10.0.0.1", dst="10.0.0.254") / ICMP(id=3, seq=4) / b"abc"
    answer = Ether(network.ask("vm1", p))
    assert (answer[ICMP].type, answer[ICMP].payload.load) == (0, b"abc")
    p = (me / IPv6(src="fd00::1", dst="fd00::254", hlim=64)
         / ICMPv6EchoRequest(id=3, seq=4, data=b"abc"))
    answer = back / IPv6(src="fd00::254", dst="fd00::1", hlim=254) \
        / ICMPv6EchoReply(id=3, seq=4, data=b"abc")
    assert network.ask("vm1", p) == bytes(answer)


def test_expired(network):
    """ICMP errors are told not to be fragmented; the type is ICMPv6's."""
    p = udp("vm1", None, "10.0.0.1", "10.0.1.4", dst_mac=ROUTER, ttl=1)
    answer = Ether(network.ask("vm1", p))
    assert (answer[ICMP].type, answer[IP].flags, answer[IP].id) == (11, 2, 0)
    p = (Ether(src=MAC["vm1"], dst=ROUTER)
         / IPv6(src="fd00::1", dst="fd01::4", hlim=1) / UDP() / b"x")
    answer = Ether(network.ask("vm1", p))
    assert answer.haslayer(ICMPv6TimeExceeded)


def test_refused_over_a_tunnel(network):
    """Who refuses is on the other host: the packet goes up there with what the
    tunnel said of it."""
    p = udp("vm5", "vm4", "10.0.1.5", "10.0.1.4", dport=81)
    assert Ether(network.ask("vm5", p))[ICMP].code == 3
    p = Ether(src=MAC["vm5"], dst=MAC["vm4"]) \
        / IP(src="10.0.1.5", dst="10.0.1.4") / TCP(sport=1, dport=81, seq=7)
    answer = Ether(src=MAC["vm4"], dst=MAC["vm5"]) \
        / IP(src="10.0.1.4", dst="10.0.1.5", ttl=63, flags="DF", id=0) \
        / TCP(sport=81, dport=1, flags="RA", ack=8, window=0)
    assert network.ask("vm5", p) == bytes(answer)


def test_dns_after_conntrack(network):
    """The packet goes up with what conntrack said of it."""
    def dns(a, b, sport, dport, **fields):
        return (IP(src=a, dst=b) / UDP(sport=sport, dport=dport, chksum=0)
                / DNS(id=9, rd=1, qd=DNSQR(qname="vm4.example"), **fields))
    p = Ether(src=MAC["vm1"], dst=ROUTER) / dns("10.0.0.1", "8.8.8.8", 4000,
                                                53)
    answer = network.ask("vm1", p)
    head = bytes(Ether(src=ROUTER, dst=MAC["vm1"])
                 / dns("8.8.8.8", "10.0.0.1", 53, 4000, qr=1, ancount=1))
    name = b"\3vm4\7example\0"
    record = name + bytes.fromhex("0001000100000e1000040a000104")
    assert answer[14 + 28:] == head[14 + 28:] + record
    assert Ether(answer)[UDP].chksum == 0


def test_dhcp(network):
    chaddr = bytes.fromhex(MAC["vm1"].replace(":", ""))
    p = Ether(src=MAC["vm1"], dst=ALL) \
        / IP(src="0.0.0.0", dst="255.255.255.255") \
        / UDP(sport=68, dport=67) / BOOTP(xid=7, chaddr=chaddr) \
        / DHCP(options=[("message-type", "discover"), "end"])
    answer = Ether(src=SERVER, dst=MAC["vm1"]) \
        / IP(src="10.0.0.254", dst="10.0.0.1", id=1) \
        / UDP(sport=67, dport=68, chksum=0) \
        / BOOTP(op=2, xid=7, chaddr=chaddr, yiaddr="10.0.0.1") \
        / DHCP(options=[("message-type", "offer"), ("lease_time", 3600),
                        ("subnet_mask", "255.255.255.0"),
                        ("router", "10.0.0.254"),
                        ("server_id", "10.0.0.254"), "pad", "pad", "pad",
                        "pad", "end", "pad", "pad", "pad", "pad"])
    assert network.ask("vm1", p) == bytes(answer)


def test_port_security(network):
    """What vm5 may not send does not arrive before what it may."""
    bad = [udp("vm5", "vm4", "10.0.1.6", "10.0.1.4"),
           udp("vm1", "vm4", "10.0.1.5", "10.0.1.4"),
           Ether(src=MAC["vm5"], dst=ALL) / ARP(
               hwsrc=MAC["vm5"], psrc="10.0.1.6", pdst="10.0.1.4")]
    good = udp("vm5", "vm4", "10.0.1.5", "10.0.1.4")
    for p in bad:
        network.where["vm5"].receive("vm5", p)
    assert network.ask("vm5", good, "vm4") == bytes(good)


def test_local_database(network):
    """What agents on the host read there."""
    h1 = network.hosts[0]
    ids = h1.vsctl("get", "bridge", "br-int", "external_ids")
    assert "ovn-startup-ts" in ids and "ovn-nb-cfg-ts" in ids
    assert h1.vsctl("get", "open_vswitch", ".",
                    "other_config:vlan-limit").strip() == '"0"'
    assert network.sandbox.sbctl("get", "chassis", "h1",
                                 "other_config:datapath-type").strip() \
        == "system"


def meters(host):
    return [line.strip() for line in host.ofctl("dump-meters", "br-int")
            .splitlines() if "rate=" in line]


def test_meter_changes(network):
    """So does the switch's, while the flow that it is for stays."""
    nbctl, h1 = network.sandbox.nbctl, network.hosts[0]
    nbctl("meter-add", "m1", "drop", "10", "pktps", "--", "--log",
          "--meter=m1", "--name=a1", "acl-add", "sw0", "to-lport", "700",
          "ip4.src == 6.6.6.6", "drop")
    wait_until(lambda: meters(h1) == ["type=drop rate=10"], what="the meter")
    nbctl("set", "meter_band", nbctl("--bare", "--columns=_uuid", "list",
                                     "meter_band").strip(), "rate=20")
    wait_until(lambda: meters(h1) == ["type=drop rate=20"], what="its rate")
    nbctl("meter-del", "m1")
    wait_until(lambda: meters(h1) == [], what="its end")
    nbctl("acl-del", "sw0", "to-lport", "700", "ip4.src == 6.6.6.6")


def test_restart_is_quiet(network):
    """Nothing is refused when the controller finds what it left."""
    if network.sandbox.programs.side("ovn-controller") != "ours":
        pytest.skip("Debian's controller")
    h1 = network.hosts[0]
    h1.controller_appctl("exit", "--restart")
    h1.controller.popen.wait(60)
    h1.start_controller()
    network.sandbox.nbctl("--wait=hv", "sync")
    with open(os.path.join(h1.folder, "controller.log")) as log:
        text = log.read()
    assert text.count("ofctrl|INFO|connected") >= 2
    assert "refused" not in text and "failed" not in text
