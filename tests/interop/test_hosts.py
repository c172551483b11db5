# SPDX-License-Identifier: Apache-2.0
"""Three hosts on a physical network, real traffic through each kind of port.

One network serves all tests of a mix of programs.  What a test changes it
puts back."""

import os
import re
import sys

import pytest

from answers import check_dhcpv4, check_dns, check_router_solicitation
from harness.netns import can_use_namespaces, ping, wait_cut_off, within
from harness.process import Process, run, wait_until
from harness.programs import DAEMONS, Programs
from harness.sandbox import Sandbox

# Our northd and Debian's, with our controller and Debian's, on both switches.
MIXES = [
    DAEMONS,
    ("ovn-controller", "ovs-vswitchd"),
    ("ovn-controller", "ovn-northd"),
    ("ovn-northd", "ovs-vswitchd"),
    ("ovn-controller",),
    ("ovn-northd",),
    ("ovs-vswitchd",),
    (),
]

# Port: (host, MAC, IPv4 address, default gateway).
WORKLOADS = {
    "vm1": ("h1", "02:00:00:00:00:01", "10.0.0.11", "10.0.0.1"),
    "vm2": ("h2", "02:00:00:00:00:02", "10.0.0.12", "10.0.0.1"),
    "vm3": ("h3", "02:00:00:00:00:03", "10.0.0.13", "10.0.0.1"),
    "vm4": ("h1", "02:00:00:00:00:04", "10.0.1.14", "10.0.1.1"),
    "vm5": ("h2", "02:00:00:00:00:05", "10.0.1.15", "10.0.1.1"),
}
CONTAINER_MAC = "02:00:00:00:00:0c"


def router_port(switch, router, mac, *networks):
    port, peer = "%s-%s" % (router, switch), "%s-%s" % (switch, router)
    return ["--", "lrp-add", router, port, mac, *networks,
            "--", "lsp-add", switch, peer, "--", "lsp-set-type", peer,
            "router", "--", "lsp-set-addresses", peer, "router", "--",
            "lsp-set-options", peer, "router-port=" + port]


def configure(nbctl):
    """sw0 and sw1 behind lr0, whose port to the physical network is on h2, or
    on h3 if h2 is gone."""
    words = ["ls-add", "sw0", "--", "ls-add", "sw1", "--", "ls-add", "pub",
             "--", "lr-add", "lr0"]
    for port, (_, mac, ip, gateway) in WORKLOADS.items():
        switch = "sw0" if gateway == "10.0.0.1" else "sw1"
        words += ["--", "lsp-add", switch, port, "--", "lsp-set-addresses",
                  port, "%s %s" % (mac, ip)]
    words += ["--", "lsp-add", "sw0", "c0", "vm5", "7", "--",
              "lsp-set-addresses", "c0", CONTAINER_MAC + " 10.0.0.50"]
    words += router_port("sw0", "lr0", "02:00:00:00:ff:00", "10.0.0.1/24",
                         "fd00::1/64")
    words += router_port("sw1", "lr0", "02:00:00:00:ff:01", "10.0.1.1/24")
    words += router_port("pub", "lr0", "02:00:00:00:ff:02", "172.16.0.1/24")
    words += ["--", "lrp-set-gateway-chassis", "lr0-pub", "h2", "20",
              "--", "lrp-set-gateway-chassis", "lr0-pub", "h3", "10",
              "--", "lsp-add", "pub", "ln0", "", "100", "--",
              "lsp-set-type", "ln0", "localnet", "--",
              "lsp-set-addresses", "ln0", "unknown", "--",
              "lsp-set-options", "ln0", "network_name=phys",
              "--", "lr-nat-add", "lr0", "snat", "172.16.0.100",
              "10.0.0.0/23",
              "--", "lr-nat-add", "lr0", "dnat_and_snat", "172.16.0.101",
              "10.0.0.11"]
    nbctl(*words)


class Network:
    """The network of a mix, with what tests ask of it."""

    def __init__(self, mix):
        self.sandbox = Sandbox(Programs.mix(mix))
        self.sandboxes = [self.sandbox]
        self.ns = {}

    def start(self):
        sandbox = self.sandbox
        sandbox.start_central()
        sandbox.underlay(3)
        self.nbctl, self.sbctl = sandbox.nbctl, sandbox.sbctl
        self.hosts = sandbox.hosts
        self.connect_physical()
        configure(self.nbctl)
        for port, (host, mac, ip, gateway) in WORKLOADS.items():
            self.ns[port] = self.hosts[host].workload(
                port, mac, ip, gateway,
                bridge="br-vm5" if port == "vm5" else "br-int")
        self.connect_container()
        self.nbctl("--wait=hv", "sync")
        return self

    def connect_physical(self):
        """One kernel bridge joins br-ex of each host; 'ext' is in VLAN 100 at
        h1's."""
        hub = self.sandbox.namespaces.add("phys")
        run(["ip", "-n", hub, "link", "add", "br0", "type", "bridge"])
        run(["ip", "-n", hub, "link", "set", "br0", "up"])
        for name, host in self.hosts.items():
            self.add_bridge(host, "br-ex")
            self.sandbox.namespaces.veth(host.ns, "phys0", hub, name,
                                         offload=False)
            host.vsctl("--", "add-port", "br-ex", "phys0", "--", "set",
                       "open_vswitch", ".",
                       "external_ids:ovn-bridge-mappings=phys:br-ex")
            run(["ip", "-n", hub, "link", "set", name, "master", "br0"])
        self.add_bridge(self.hosts["h2"], "br-vm5")
        self.attach("ext", "h1", "br-ex", 100, "02:00:00:00:00:ee",
                    "172.16.0.9/24", None)

    def add_bridge(self, host, name):
        host.vsctl("--", "add-br", name, "--", "set", "bridge", name,
                   "datapath_type=netdev", "fail_mode=standalone")

    def attach(self, name, host, bridge, tag, mac, address, gateway):
        """A namespace 'name' at an access port of VLAN 'tag'."""
        ns = self.ns[name] = self.sandbox.namespaces.add(name)
        host = self.hosts[host]
        self.sandbox.namespaces.veth(ns, "eth0", host.ns, name,
                                     offload=self.is_ours("ovs-vswitchd"))
        run(["ip", "-n", ns, "link", "set", "eth0", "address", mac, "mtu",
             "1400"])
        run(["ip", "-n", ns, "addr", "add", address, "dev", "eth0"])
        if gateway:
            run(["ip", "-n", ns, "route", "add", "default", "via", gateway])
        host.vsctl("add-port", bridge, name, "tag=%d" % tag)

    def connect_container(self):
        """What a virtual machine does that has containers: a switch of its own
        (br-vm5), its interface's other end in it, and VLAN 7 for c0."""
        h2 = self.hosts["h2"]
        h2.vsctl("remove", "interface", "vm5", "external_ids", "iface-id")
        self.sandbox.namespaces.veth(h2.ns, "vm5-out", h2.ns, "vm5-in",
                                     offload=self.is_ours("ovs-vswitchd"))
        h2.vsctl("--", "add-port", "br-vm5", "vm5-in", "--", "add-port",
                 "br-int", "vm5-out", "--", "set", "interface", "vm5-out",
                 "external_ids:iface-id=vm5")
        self.attach("c0", "h2", "br-vm5", 7, CONTAINER_MAC, "10.0.0.50/24",
                    "10.0.0.1")

    def reaches(self, name, address, timeout=30):
        """Waits until five pings in a row from 'name' are answered: what was
        changed last may still be on its way to some host."""
        wait_until(lambda: ping(self.ns[name], address, count=5,
                                interval=0.02, patience=1) == 5,
                   timeout, "%s reaches %s" % (name, address))

    def script(self, name, code):
        """Runs Python with scapy in a workload."""
        prelude = ("import logging\n"
                   "logging.getLogger('scapy').setLevel(logging.ERROR)\n"
                   "from scapy.all import *\n"
                   "conf.verb = 0\n"
                   "MAC = get_if_hwaddr('eth0')\n")
        return run(within(self.ns[name], [sys.executable, "-c",
                                          prelude + code]))

    def chassis(self, host):
        return self.sbctl("--bare", "--columns=_uuid", "find", "Chassis",
                          "name=" + host).strip()

    def wait_bound(self, port, host, column="chassis"):
        wait_until(lambda: self.binding(port, column)
                   == (self.chassis(host) if host else ""), 30,
                   "%s of %s is %s" % (column, port, host))

    def binding(self, port, column):
        return self.sbctl("--bare", "--columns=" + column, "find",
                          "Port_Binding", "logical_port=" + port).strip()

    def need_bfd(self):
        """Debian's controller has no gateway before BFD runs."""
        if not self.is_ours("ovn-controller") and "bfd/show" not in \
                self.hosts["h1"].appctl("list-commands"):
            pytest.skip("the switch does not run BFD")

    def is_ours(self, program):
        return self.sandbox.programs.side(program) == "ours"


@pytest.fixture(scope="module", params=MIXES, ids=lambda mix: "+".join(mix) or "debian")
def network(request):
    if not can_use_namespaces():
        pytest.skip("network namespaces need root")
    net = Network(request.param)
    try:
        yield net.start()
    finally:
        net.sandbox.close()


def test_every_workload_reaches_every_other(network):
    """On one switch and through the router, on one host and between hosts."""
    addresses = [w[2] for w in WORKLOADS.values()]
    for name in WORKLOADS:
        for address in addresses:
            network.reaches(name, address)


def test_container(network):
    """A container behind the interface of its parent, from another host, from
    this one, and from the parent itself."""
    for name in ("vm1", "vm2", "vm5"):
        network.reaches(name, "10.0.0.50")
    network.reaches("c0", "10.0.1.15")
    network.reaches("c0", "10.0.1.14")


def test_physical_network(network):
    """Out through SNAT on the gateway, in through a floating address."""
    network.need_bfd()
    network.reaches("vm2", "172.16.0.9")
    network.reaches("vm4", "172.16.0.9")
    network.reaches("ext", "172.16.0.101")
    network.wait_bound("cr-lr0-pub", "h2")


def test_gateway_failover(network):
    """The other gateway takes over when the first one leaves, and gives back
    when it returns."""
    network.need_bfd()
    network.reaches("ext", "172.16.0.101")
    h2 = network.hosts["h2"]
    h2.controller_appctl("exit")
    h2.controller.popen.wait(60)
    try:
        network.wait_bound("cr-lr0-pub", "h3")
        network.reaches("vm1", "172.16.0.9")
        network.reaches("ext", "172.16.0.101")
    finally:
        h2.start_controller()
    network.wait_bound("cr-lr0-pub", "h2")
    network.reaches("vm1", "172.16.0.9")
    network.reaches("ext", "172.16.0.101")


def test_dhcp(network):
    check_dhcpv4(network.nbctl, network.ns["vm1"])


def test_dns(network):
    check_dns(network.nbctl, network.ns["vm2"])


def test_router_solicitation(network):
    check_router_solicitation(network.nbctl, network.ns["vm1"])
    network.nbctl("clear", "Logical_Router_Port", "lr0-sw0",
                  "ipv6_ra_configs")


SERVER = """
import socket
listener = socket.create_server(('', 8080), reuse_port=True)
print('ready')
while True:
    connection, peer = listener.accept()
    connection.sendall(peer[0].encode())
    connection.close()
"""

CLIENT = """
import socket, sys
address, port, patience = sys.argv[1:]
print(socket.create_connection((address, port),
                               timeout=float(patience)).recv(64).decode())
"""


def test_stateful_acl(network, spawn):
    """vm1 may open connections to vm2's port 8080; nothing else gets in, and
    the answers get back."""
    vm1, vm2 = network.ns["vm1"], network.ns["vm2"]
    for name in ("vm2", "vm3"):
        server = spawn(within(network.ns[name],
                              [sys.executable, "-u", "-c", SERVER]))
        server.wait_for(lambda: "ready" in server.text())

    def ask(name, address, patience):
        return run(within(network.ns[name],
                          [sys.executable, "-c", CLIENT,
                           address, "8080", str(patience)]),
                   check=False).stdout.strip()
    network.nbctl(
        "acl-add", "sw0", "to-lport", "1000",
        'outport == "vm2" && ip4.src == 10.0.0.11 && tcp.dst == 8080',
        "allow-related", "--",
        "acl-add", "sw0", "to-lport", "900", 'outport == "vm2" && ip4',
        "drop")
    network.nbctl("--wait=hv", "sync")
    wait_cut_off(vm1, "10.0.0.12")
    assert ask("vm1", "10.0.0.12", 30) == "10.0.0.11"
    assert ask("vm3", "10.0.0.12", 1) == ""
    network.nbctl("acl-del", "sw0")
    network.reaches("vm1", "10.0.0.12")
    assert ask("vm3", "10.0.0.12", 30) == "10.0.0.13"


def test_client_is_its_own_backend(network, spawn):
    """A balanced connection that comes back to its client has the VIP as its
    source; one from another client keeps that client's."""
    vm1 = network.ns["vm1"]
    spawn(within(vm1, [sys.executable, "-c", SERVER]))
    network.nbctl("--", "lb-add", "lb0", "10.0.9.9:80", "10.0.0.11:8080",
                  "tcp", "--", "ls-lb-add", "sw0", "lb0")
    network.nbctl("--wait=hv", "sync")

    def ask(ns):
        return run(within(ns, [sys.executable, "-c", CLIENT, "10.0.9.9", "80",
                               "2"]), check=False).stdout.strip()
    wait_until(lambda: ask(vm1) == "10.0.9.9", 20, "answer to itself")
    wait_until(lambda: ask(network.ns["vm2"]) == "10.0.0.12", 20,
               "answer to another")
    network.nbctl("lb-del", "lb0")


CLAIM = """
sendp(Ether(src=MAC, dst='ff:ff:ff:ff:ff:ff')
      / ARP(op=1, hwsrc=MAC, psrc='10.0.0.77', pdst='10.0.0.77'),
      iface='eth0')
"""


def test_virtual_port(network):
    """A virtual address goes to whoever showed to have it last."""
    network.nbctl("--", "lsp-add", "sw0", "vip", "--", "lsp-set-type", "vip",
                  "virtual", "--", "lsp-set-addresses", "vip",
                  "02:00:00:00:00:77 10.0.0.77", "--", "lsp-set-options",
                  "vip", "virtual-ip=10.0.0.77", "virtual-parents=vm1,vm2")
    network.nbctl("--wait=hv", "sync")
    for name, host in (("vm1", "h1"), ("vm2", "h2")):
        run(["ip", "-n", network.ns[name], "addr", "add", "10.0.0.77/24",
             "dev", "eth0"])
        network.script(name, CLAIM)
        network.wait_bound("vip", host)
        assert network.binding("vip", "virtual_parent") == name
        network.reaches("vm4", "10.0.0.77")
        run(["ip", "-n", network.ns[name], "addr", "del", "10.0.0.77/24",
             "dev", "eth0"])
    network.nbctl("lsp-del", "vip")


# What shows that a virtual machine has arrived, by activation strategy.
ARRIVALS = {
    "rarp": """
sendp(Ether(src=MAC, dst='ff:ff:ff:ff:ff:ff', type=0x8035)
      / ARP(op=3, hwsrc=MAC, hwdst=MAC), iface='eth0')
""",
    "garp": """
sendp(Ether(src=MAC, dst='ff:ff:ff:ff:ff:ff')
      / ARP(op=1, hwsrc=MAC, psrc='10.0.0.11', pdst='10.0.0.11'),
      iface='eth0')
""",
    "na": """
sendp(Ether(src=MAC, dst='33:33:00:00:00:01')
      / IPv6(src='fd00::11', dst='ff02::1')
      / ICMPv6ND_NA(tgt='fd00::11', R=0, S=0, O=1)
      / ICMPv6NDOptDstLLAddr(lladdr=MAC), iface='eth0')
""",
}


@pytest.mark.parametrize("strategy", ARRIVALS)
def test_live_migration(network, strategy):
    """vm1 moves from h1 to h2: its port there is shut until it sends what it
    is waited for, then it has two places, and then the new one."""
    if strategy != "rarp" and not network.is_ours("ovn-controller"):
        pytest.skip("Debian's knows RARP only")
    h2 = network.hosts["h2"]
    network.reaches("vm3", "10.0.0.11")
    network.nbctl("lsp-set-options", "vm1", "requested-chassis=h1,h2",
                  "activation-strategy=" + strategy)
    moved = h2.workload("moved", "02:00:00:00:00:01", "10.0.0.11",
                        "10.0.0.1")
    network.ns["moved"] = moved
    h2.vsctl("set", "interface", "moved", "external_ids:iface-id=vm1")
    # It needs not ask for the address, so that it sends no ARP by itself.
    run(["ip", "-n", moved, "neigh", "add", "10.0.0.13", "lladdr",
         WORKLOADS["vm3"][1], "dev", "eth0", "nud", "permanent"])
    network.wait_bound("vm1", "h2", "additional_chassis")
    network.nbctl("--wait=hv", "sync")
    network.reaches("vm3", "10.0.0.11")
    assert ping(moved, "10.0.0.13", count=2, patience=1) == 0
    assert "activated" not in network.binding("vm1", "options")

    network.script("moved", ARRIVALS[strategy])
    wait_until(lambda: "additional-chassis-activated=h2"
               in network.binding("vm1", "options"), 20, "activation")
    network.nbctl("--wait=hv", "sync")
    run(["ip", "-n", network.ns["vm1"], "link", "set", "eth0", "down"])
    network.reaches("moved", "10.0.0.13")
    network.reaches("vm3", "10.0.0.11")

    network.nbctl("lsp-set-options", "vm1", "requested-chassis=h2")
    network.wait_bound("vm1", "h2")
    network.wait_bound("vm1", None, "additional_chassis")
    network.reaches("vm5", "10.0.0.11")
    wait_until(lambda: not network.hosts["h1"].vsctl(
        "--if-exists", "get", "interface", "vm1",
        "external_ids:ovn-installed").strip(), 20, "h1 takes its mark back")

    network.nbctl("lsp-set-options", "vm1")
    h2.vsctl("del-port", "moved")
    network.sandbox.namespaces.delete(moved)
    network.wait_bound("vm1", "h1")
    run(["ip", "-n", network.ns["vm1"], "link", "set", "eth0", "up"])
    run(["ip", "-n", network.ns["vm1"], "route", "replace", "default", "via",
         "10.0.0.1"])
    network.reaches("vm3", "10.0.0.11")


def test_localport_answers_on_each_host(network):
    """A localport is on every host, and each workload talks to the one on its
    own."""
    network.nbctl("--", "lsp-add", "sw0", "meta", "--", "lsp-set-type",
                  "meta", "localport", "--", "lsp-set-addresses", "meta",
                  "02:00:00:00:00:88 10.0.0.2")
    h1, h2 = network.hosts["h1"], network.hosts["h2"]
    h1.workload("meta1", "02:00:00:00:00:88", "10.0.0.2")
    h2.workload("meta2", "02:00:00:00:00:88", "10.0.0.2")
    for host, port in ((h1, "meta1"), (h2, "meta2")):
        host.vsctl("set", "interface", port, "external_ids:iface-id=meta")
    for name in ("vm1", "vm2"):
        network.reaches(name, "10.0.0.2")
    h1.vsctl("del-port", "meta1")
    network.nbctl("--wait=hv", "sync")
    wait_cut_off(network.ns["vm1"], "10.0.0.2")
    network.reaches("vm2", "10.0.0.2")
    h2.vsctl("del-port", "meta2")
    network.nbctl("lsp-del", "meta")


ASK = """
sendp(Ether(src=MAC, dst='ff:ff:ff:ff:ff:ff')
      / ARP(op=1, hwsrc=MAC, psrc='172.16.0.9', pdst='172.16.0.1'),
      iface='eth0')
"""
SEND = """
sendp(Ether(src=MAC, dst='02:00:00:00:ff:02')
      / IP(src='172.16.0.9', dst='10.0.0.12') / UDP(dport=4242),
      iface='eth0')
"""


def test_learned_addresses_age(network):
    """A MAC binding stays while its address is heard of, and then goes.  Our
    northd has routers look at all that they route, Debian's only at ARP."""
    if not network.is_ours("ovn-controller"):
        pytest.skip("Debian's counts in another way")
    limit_s = 6

    def timestamp():
        return network.sbctl("--bare", "--columns=timestamp", "find",
                             "MAC_Binding", "ip=172.16.0.9").strip()
    network.nbctl("set", "Logical_Router", "lr0",
                  "options:mac_binding_age_threshold=%d" % limit_s)
    network.reaches("vm2", "172.16.0.9")
    first = int(wait_until(timestamp, 10, "MAC binding"))

    def heard():
        network.script("ext", SEND if network.is_ours("ovn-northd") else ASK)
        now = timestamp()
        return now and int(now) > first + limit_s * 1000
    wait_until(heard, 60, "a newer timestamp", interval=0.5)
    wait_until(lambda: not timestamp(), 60, "the binding's end", interval=0.2)
    network.nbctl("remove", "Logical_Router", "lr0", "options",
                  "mac_binding_age_threshold")


def flows(host):
    text = host.ofctl("dump-flows", "br-int", "--no-stats")
    return sorted(re.sub(r"cookie=\S+ ", "", line).strip()
                  for line in text.split("\n") if "actions" in line)


def test_switch_has_what_is_wanted(network):
    """After all that came before, a computation from scratch changes neither
    facts nor flows."""
    if not network.is_ours("ovn-controller"):
        pytest.skip("it is about our answers")
    network.nbctl("--wait=hv", "sync")
    for host in network.hosts.values():
        before = flows(host)
        assert host.controller_appctl("recompute") == ""
        network.nbctl("--wait=hv", "sync")
        assert flows(host) == before


def test_commands(network):
    """What operators ask a controller."""
    if not network.is_ours("ovn-controller"):
        pytest.skip("it is about our answers")
    ask = network.hosts["h1"].controller_appctl
    assert ask("connection-status").strip() == "connected"
    assert "primary lport : [vm1]" in ask(
        "debug/dump-local-bindings")
    assert "\nvm1\n" in ask("debug/dump-related-ports")
    assert "Datapath: sw0, type: switch" in ask("debug/dump-local-datapaths")
    assert "leads to" in ask("debug/dump-peer-ports")
    assert ask("debug/dump-local-template-vars") == "Local template vars:\n"
    assert ask("debug/dump-mac-bindings").startswith("Local MAC bindings:\n")
    assert re.search(r"^vm1 \d+$", ask("ct-zone-list"), re.M)
    assert "IDs used" in ask("debug/dump-lflow-conj-ids")
    for words in (["ct-flush"], ["ct-flush", "vm1"], ["lflow-cache/flush"],
                  ["inc-engine/clear-stats"], ["meter-table-list"],
                  ["sb-cluster-state-reset"]):
        ask(*words)
    assert "no such zone" in ask("ct-flush", "nobody", check=False).stderr
    assert "Enabled: false" in ask("lflow-cache/show-stats")
    assert ask("inc-engine/recompute") == ""
    assert "no difference" in ask("incr/verify")


def test_pause(network):
    """Nothing changes while a controller is paused."""
    if not network.is_ours("ovn-controller"):
        pytest.skip("it is about our answers")
    ask = network.hosts["h1"].controller_appctl
    ask("debug/pause")
    assert ask("debug/status").strip() == "paused"
    network.nbctl("lsp-set-enabled", "vm1", "disabled")
    network.nbctl("--wait=sb", "sync")
    # vm4 is on the same host: the others go on.
    assert ping(network.ns["vm1"], "10.0.1.14", count=2) == 2
    ask("debug/resume")
    assert ask("debug/status").strip() == "running"
    network.nbctl("--wait=hv", "sync")
    wait_cut_off(network.ns["vm1"], "10.0.1.14")
    network.nbctl("lsp-set-enabled", "vm1", "enabled")
    network.reaches("vm1", "10.0.0.12")


def test_queues_of_uplinks(network):
    """Ports with rates have queues on the uplink while they are here."""
    if not network.is_ours("ovn-controller"):
        pytest.skip("it is about our answers")
    h1 = network.hosts["h1"]
    network.nbctl("lsp-set-options", "vm1", "qos_max_rate=80000000",
                  "qos_burst=100000")
    wait_until(lambda: "qdisc_queue_id" in network.binding("vm1", "options"),
               20, "a queue's number")

    def rates():
        return h1.vsctl("--bare", "--columns=other_config", "list",
                        "Queue").split()
    h1.vsctl("set", "interface", "br-phy",
             "external_ids:ovn-egress-iface=true")
    wait_until(lambda: rates() == ["burst=100000", "max-rate=80000000"], 20,
               "a queue")
    assert h1.vsctl("get", "port", "br-phy", "qos").strip() != "[]"
    network.nbctl("lsp-set-options", "vm1", "qos_max_rate=90000000")
    wait_until(lambda: rates() == ["max-rate=90000000"], 20, "a new rate")
    network.nbctl("lsp-set-options", "vm1")
    wait_until(lambda: h1.vsctl("list", "Queue") == ""
               and h1.vsctl("list", "QoS") == "", 20, "no queue")
    h1.vsctl("remove", "interface", "br-phy", "external_ids",
             "ovn-egress-iface")


def test_interface_version(network):
    """A port that names a version goes only to an interface of that version;
    the host's database says how far it is."""
    h1 = network.hosts["h1"]
    network.nbctl("lsp-set-options", "vm4", "iface-id-ver=b")
    network.wait_bound("vm4", None)
    h1.vsctl("set", "interface", "vm4", "external_ids:iface-id-ver=b")
    network.wait_bound("vm4", "h1")
    network.nbctl("lsp-set-options", "vm4")
    network.reaches("vm4", "10.0.0.12")
    network.nbctl("--wait=hv", "sync")
    told = network.nbctl("get", "NB_Global", ".", "nb_cfg").strip()
    wait_until(lambda: h1.vsctl("get", "bridge", "br-int",
                                "external_ids:ovn-nb-cfg").strip('"\n')
               == told, 20, "ovn-nb-cfg")


LISTEN = """
heard = sniff(iface='eth0', filter='udp port 4242', count=1, timeout=80)
print(heard[0][IP].src, heard[0][UDP].dport)
"""


def test_inject(network):
    """A packet that an operator makes up arrives where it should."""
    if not network.is_ours("ovn-controller"):
        pytest.skip("it is about our answers")
    packet = ('inport == "vm1" && eth.src == 02:00:00:00:00:01 && '
              'eth.dst == 02:00:00:00:00:02 && ip4 && ip.ttl == 64 && '
              'ip4.src == 10.0.0.11 && ip4.dst == 10.0.0.12 && '
              'udp.src == 4241 && udp.dst == 4242')
    listener = Process(
        within(network.ns["vm2"], [sys.executable, "-c",
                                   "from scapy.all import *\n" + LISTEN]),
        os.path.join(network.sandbox.folder, "heard"))

    def heard():
        network.hosts["h1"].controller_appctl("inject-pkt", packet)
        return not listener.is_running()
    wait_until(heard, 30, "injected packet", interval=0.2)
    assert "10.0.0.11 4242" in listener.text()
    answer = network.hosts["h2"].controller_appctl("inject-pkt", packet,
                                                   check=False)
    assert "ingress port not found on hypervisor." in answer.stderr
