# SPDX-License-Identifier: Apache-2.0
"""Hosts with two underlay addresses each: packets leave from the address that
the sender's interface names, for the one that the receiver's names.

    vm1, vm2 - h1 (172.31.0.1, 172.31.1.1) --- hub
    vm3, vm4 - h2 (172.31.0.2, 172.31.1.2) --- hub"""

import os
import re
import sys

import pytest

from harness.netns import ping, within
from harness.process import run, wait_until
from harness.programs import Programs

MIXES = [("ovn-northd", "ovn-controller", "ovsdb-server"),
         ("ovn-northd", "ovn-controller", "ovsdb-server", "ovs-vswitchd")]

# Port: (host, address, encap-ip of its interface).
PORTS = {"vm1": ("h1", "10.0.0.11", None),
         "vm2": ("h1", "10.0.0.12", "172.31.1.1"),
         "vm3": ("h2", "10.0.0.13", "172.31.1.2"),
         "vm4": ("h2", "10.0.1.14", None)}

# Prints "outer-source outer-destination inner-source inner-destination" of
# each IPv4 packet in Geneve, and the outer TOS, whether it may not be
# fragmented, and whether it has a checksum.
SNIFF = """
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
print("listening", flush=True)
while True:
    p = s.recv(65536)
    if p[12:14] != b"\\x08\\x00" or p[23] != 17 or p[36:38] != b"\\x17\\xc1":
        continue
    inner = p[50 + (p[42] & 0x3f) * 4:]
    if inner[12:14] == b"\\x08\\x00":
        print(*(socket.inet_ntoa(a) for a in (p[26:30], p[30:34],
                                              inner[26:30], inner[30:34])),
              p[15], p[20] >> 6 & 1, int(p[40:42] != b"\\0\\0"), flush=True)
"""


class Network:
    def __init__(self, sandbox):
        self.sandbox, self.ns, self.n_sniffers = sandbox, {}, 0
        sandbox.start_central()
        self.hosts = sandbox.underlay(2)
        for i, host in enumerate(self.hosts, 1):
            run(["ip", "-n", host.ns, "addr", "add", "172.31.1.%d/24" % i,
                 "dev", "br-phy"])
            host.vsctl("set", "open_vswitch", ".",
                       "external_ids:ovn-encap-ip=172.31.0.%d,172.31.1.%d"
                       % (i, i))
        words = ["ls-add", "sw0", "--", "ls-add", "sw1", "--", "lr-add",
                 "lr0"]
        for i, (name, (_, ip, _)) in enumerate(PORTS.items(), 1):
            words += ["--", "lsp-add", "sw" + ip[5], name, "--",
                      "lsp-set-addresses", name,
                      "02:00:00:00:00:%02x %s" % (i, ip)]
        for i in range(2):
            words += ["--", "lrp-add", "lr0", "lr0-sw%d" % i,
                      "02:00:00:00:ff:%02x" % i, "10.0.%d.1/24" % i, "--",
                      "lsp-add", "sw%d" % i, "sw%d-lr0" % i, "--",
                      "lsp-set-type", "sw%d-lr0" % i, "router", "--",
                      "lsp-set-addresses", "sw%d-lr0" % i, "router", "--",
                      "lsp-set-options", "sw%d-lr0" % i,
                      "router-port=lr0-sw%d" % i]
        sandbox.nbctl(*words)
        for i, (name, (host, ip, encap_ip)) in enumerate(PORTS.items(), 1):
            self.ns[name] = sandbox.hosts[host].workload(
                name, "02:00:00:00:00:%02x" % i, ip, ip[:7] + "1")
            self.set_encap_ip(name, encap_ip)
        for name, (_, ip, _) in PORTS.items():
            sandbox.wait_ping(self.ns["vm1"], ip)
        sandbox.nbctl("--wait=hv", "sync")

    def add_gateway(self):
        """Makes h1, or else h2, the gateway of lr0."""
        self.sandbox.nbctl(
            "lrp-add", "lr0", "lr0-out", "02:00:00:00:ff:0f",
            "172.16.0.1/24", "--", "lrp-set-gateway-chassis", "lr0-out",
            "h1", "20", "--", "lrp-set-gateway-chassis", "lr0-out", "h2",
            "10", "--", "ls-add", "out", "--", "lsp-add", "out", "out-lr0",
            "--", "lsp-set-type", "out-lr0", "router", "--",
            "lsp-set-addresses", "out-lr0", "router", "--",
            "lsp-set-options", "out-lr0", "router-port=lr0-out")

    def set_encap_ip(self, name, encap_ip):
        host = self.sandbox.hosts[PORTS[name][0]]
        if encap_ip:
            host.vsctl("set", "interface", name,
                       "external_ids:encap-ip=" + encap_ip)
        else:
            host.vsctl("remove", "interface", name, "external_ids",
                       "encap-ip")

    def outer(self, source, destination, column):
        """Some words of the outer headers of pings from port to port, and of
        the answers."""
        ips = PORTS[source][1], PORTS[destination][1]
        self.n_sniffers += 1
        hub = next(n for n in self.sandbox.namespaces.names
                   if n.endswith("-hub"))
        sniffer = self.sandbox.spawn(
            "sniffer%d" % self.n_sniffers,
            within(hub, [sys.executable, "-c", SNIFF]))
        sniffer.wait_for(lambda: "listening" in sniffer.text())

        def seen(inner):
            return {tuple(words[column]) for words in
                    map(str.split, sniffer.text().splitlines()[1:])
                    if len(words) == 7 and tuple(words[2:4]) == inner}
        try:
            self.sandbox.wait_ping(self.ns[source], ips[1])
            wait_until(lambda: seen(ips) and seen(ips[::-1]), 20,
                       "both on the wire")
            return seen(ips), seen(ips[::-1])
        finally:
            sniffer.stop()

    def wait_outer(self, source, destination, there, back,
                   column=slice(0, 2)):
        """Waits until all packets have that in their outer headers."""
        wait_until(lambda: self.outer(source, destination, column)
                   == ({there}, {back}),
                   30, "%s to %s: %s, %s" % (source, destination, there,
                                             back))

    def tunnels(self, host):
        """{(remote, local): name} of the host's tunnels."""
        rows = host.vsctl("--format=csv", "--no-headings", "--data=bare",
                          "--columns=name,options", "find", "interface",
                          "type=geneve").splitlines()
        ways = {}
        for row in rows:
            name, options = row.split(",", 1)
            words = dict(w.split("=", 1) for w in options.strip('"').split())
            ways[words["remote_ip"], words.get("local_ip")] = name
        return ways

    def encap_of(self, port):
        uuid = self.sandbox.sbctl("--bare", "--columns=encap", "find",
                                  "port_binding",
                                  "logical_port=" + port).strip()
        return uuid and self.sandbox.sbctl("--bare", "--columns=ip", "list",
                                           "encap", uuid).strip()


def bfd(host, column):
    """That column of each tunnel, which is about BFD."""
    text = host.vsctl("--format=csv", "--no-headings", "--data=bare",
                      "--columns=" + column, "find", "interface",
                      "type=geneve")
    return [dict(re.findall(r"(\w+)=(\S+?)\b", row))
            for row in text.splitlines()]


@pytest.fixture(params=MIXES, ids=lambda mix: "+".join(mix))
def network(request, make_sandbox):
    return Network(make_sandbox(Programs.mix(request.param)))


A1, B1 = "172.31.0.1", "172.31.1.1"
A2, B2 = "172.31.0.2", "172.31.1.2"


def test_ports_choose(network):
    h1 = network.hosts[0]
    ways = {(A2, A1), (A2, B1), (B2, A1), (B2, B1)}
    assert set(network.tunnels(h1)) == ways
    wait_until(lambda: [network.encap_of(p) for p in PORTS]
               == ["", B1, B2, ""], 20, "encap of each port")
    network.wait_outer("vm1", "vm3", (A1, B2), (B2, A1))
    network.wait_outer("vm2", "vm3", (B1, B2), (B2, B1))
    # Through the router: its side of the packet goes on as the sender's.
    network.wait_outer("vm2", "vm4", (B1, A2), (A2, B1))
    network.wait_outer("vm1", "vm4", (A1, A2), (A2, A1))

    # Floods find their way from either address, and arrive once.
    for name in ("vm1", "vm2"):
        run(["ip", "-n", network.ns[name], "neigh", "flush", "dev", "eth0"])
        assert ping(network.ns[name], "10.0.0.13", count=5, interval=0.01,
                    patience=5) == 5

    # What somebody takes away or changes by hand comes back.
    h1.vsctl("del-port", network.tunnels(h1)[A2, A1])
    wait_until(lambda: set(network.tunnels(h1)) == ways, 20, "all tunnels")
    h1.vsctl("set", "interface", network.tunnels(h1)[B2, A1],
             "options:remote_ip=192.0.2.9")
    wait_until(lambda: set(network.tunnels(h1)) == ways, 20,
               "all tunnels again")


def test_port_on_its_way(network):
    """While a port is on two hosts, each gets its packets at the address that
    its interface there names."""
    sandbox, (h1, h2) = network.sandbox, network.hosts
    mac, ip = "02:00:00:00:00:50", "10.0.0.15"
    sandbox.nbctl("lsp-add", "sw0", "vm5", "--", "lsp-set-addresses", "vm5",
                  mac + " " + ip, "--", "lsp-set-options", "vm5",
                  "requested-chassis=h1,h2")
    h1.workload("vm5", mac, ip)
    h2.workload("vm5b", mac, ip)
    h2.vsctl("set", "interface", "vm5b", "external_ids:iface-id=vm5",
             "external_ids:encap-ip=" + B2)

    def encaps():
        return [sandbox.sbctl("--bare", "--columns=ip", "list", "encap",
                              uuid).strip()
                for uuid in sandbox.sbctl(
                    "--bare", "--columns=additional_encap", "find",
                    "port_binding", "logical_port=vm5").split()]
    wait_until(lambda: encaps() == [B2], 20, "the other host's address")
    PORTS["vm5"] = ("h1", ip, None)
    try:
        network.wait_outer("vm1", "vm5", (A1, B2), (B2, A1))
        h2.vsctl("remove", "interface", "vm5b", "external_ids", "encap-ip")
        wait_until(lambda: not encaps(), 20, "no address")
        network.wait_outer("vm1", "vm5", (A1, A2), (A2, A1))
    finally:
        del PORTS["vm5"]


def test_changes(network):
    """Each setting as it comes and goes, with the tunnels that can stay."""
    h1, h2 = network.hosts
    network.wait_outer("vm1", "vm4", (A1, A2), (A2, A1))
    before = network.tunnels(h1)

    h2.vsctl("set", "open_vswitch", ".",
             "external_ids:ovn-encap-ip-default=" + B2)
    network.wait_outer("vm1", "vm4", (A1, B2), (B2, A1))
    assert network.tunnels(h1) == before

    network.set_encap_ip("vm1", B1)
    network.wait_outer("vm1", "vm4", (B1, B2), (B2, B1))
    network.set_encap_ip("vm2", None)
    wait_until(lambda: network.encap_of("vm2") == "", 20, "no encap")
    network.wait_outer("vm2", "vm3", (A1, B2), (B2, A1))

    # One address alone is left to the host unless told otherwise; the tunnel
    # stays.
    h2.vsctl("set", "open_vswitch", ".", "external_ids:ovn-encap-ip=" + A2,
             "external_ids:ovn-set-local-ip=true")
    wait_until(lambda: set(network.tunnels(h1)) == {(A2, A1), (A2, B1)}, 20,
               "two tunnels")
    network.wait_outer("vm1", "vm3", (B1, A2), (A2, B1))
    h1.vsctl("set", "open_vswitch", ".", "external_ids:ovn-encap-ip=" + A1)
    wait_until(lambda: set(network.tunnels(h1)) == {(A2, None)}, 20,
               "one tunnel")
    network.wait_outer("vm1", "vm3", (A1, A2), (A2, A1))
    assert network.tunnels(h1)[A2, None] in before.values()
    assert network.encap_of("vm1") == network.encap_of("vm3") == ""


def test_tunnels_by_flow(network):
    """One tunnel for all chassis, with the addresses that the ports name; and
    back."""
    h1, h2 = network.hosts
    h1.vsctl("set", "open_vswitch", ".",
             "external_ids:ovn-enable-flow-based-tunnels=true")
    wait_until(lambda: network.tunnels(h1) == {("flow", "flow"):
                                               "ovn-geneve"}, 30,
               "one tunnel")
    network.wait_outer("vm1", "vm3", (A1, B2), (B2, A1))
    network.wait_outer("vm2", "vm3", (B1, B2), (B2, B1))
    network.wait_outer("vm2", "vm4", (B1, A2), (A2, B1))
    run(["ip", "-n", network.ns["vm1"], "neigh", "flush", "dev", "eth0"])
    assert ping(network.ns["vm1"], "10.0.0.13", count=5, interval=0.01,
                patience=5) == 5
    h1.vsctl("remove", "open_vswitch", ".", "external_ids",
             "ovn-enable-flow-based-tunnels")
    wait_until(lambda: set(network.tunnels(h1)) == {
        (A2, A1), (A2, B1), (B2, A1), (B2, B1)}, 30, "a tunnel for each pair")
    network.wait_outer("vm2", "vm3", (B1, B2), (B2, B1))


def test_outer_header(network):
    """TOS, DF and checksum of the outer header are as the settings say."""
    h1, h2 = network.hosts
    fields = slice(4, 7)
    network.wait_outer("vm1", "vm3", ("0", "1", "1"), ("0", "1", "1"), fields)
    h1.vsctl("set", "open_vswitch", ".", "external_ids:ovn-encap-tos=72",
             "external_ids:ovn-encap-df_default=false")
    h2.vsctl("set", "open_vswitch", ".", "external_ids:ovn-encap-csum=false")
    network.wait_outer("vm1", "vm3", ("72", "0", "0"), ("0", "1", "1"),
                       fields)
    h1.vsctl("set", "open_vswitch", ".", "external_ids:ovn-encap-tos=none")
    network.wait_outer("vm1", "vm3", ("0", "0", "0"), ("0", "1", "1"), fields)


def test_gateway_without_bfd(network):
    """With one tunnel for all chassis nobody knows who lives: the priority
    decides, and the log warns of that."""
    sandbox = network.sandbox

    def place():
        uuid = sandbox.sbctl("--bare", "--columns=chassis", "find",
                             "Port_Binding", "logical_port=cr-lr0-out"
                             ).strip()
        return uuid and sandbox.sbctl("get", "Chassis", uuid,
                                      "name").strip().strip('"')

    def n_warnings(host):
        with open(os.path.join(host.folder, "controller.log")) as log:
            return log.read().count("no BFD runs on these tunnels")

    for host in network.hosts:
        host.vsctl("set", "open_vswitch", ".",
                   "external_ids:ovn-enable-flow-based-tunnels=true")
        wait_until(lambda: set(network.tunnels(host)) == {("flow", "flow")},
                   30, "one tunnel")
        assert not n_warnings(host)
    network.add_gateway()
    for host in network.hosts:
        wait_until(lambda: n_warnings(host) == 1, 30, "a warning")
        assert not any(bfd(host, "bfd"))
    wait_until(lambda: place() == "h1", 30, "the gateway is h1")
    sandbox.nbctl("lrp-set-gateway-chassis", "lr0-out", "h2", "30")
    wait_until(lambda: place() == "h2", 30, "the gateway is h2")
    sandbox.nbctl("--wait=hv", "sync")
    assert [n_warnings(host) for host in network.hosts] == [1, 1]


def test_dead_address(network):
    """Where BFD watches the tunnels, packets leave by one that works, whatever
    the interfaces prefer."""
    h1, h2 = network.hosts
    network.wait_outer("vm1", "vm3", (A1, B2), (B2, A1))
    network.add_gateway()
    network.sandbox.nbctl(
        "set", "NB_Global", ".", "options:bfd-min-rx=300",
        "options:bfd-min-tx=250", "options:bfd-mult=4")

    def states(host):
        return sorted(words.get("state", "")
                      for words in bfd(host, "bfd_status"))

    for host in (h1, h2):
        wait_until(lambda: states(host) == ["up"] * 4, 30, "BFD")
        assert bfd(host, "bfd") == [{"enable": "true", "min_rx": "300",
                                     "min_tx": "250", "mult": "4",
                                     "check_tnl_key": "true"}] * 4
    run(["ip", "-n", h2.ns, "addr", "del", B2 + "/24", "dev", "br-phy"])
    wait_until(lambda: states(h1) == ["down"] * 3 + ["up"], 30,
               "one tunnel left")
    for name in ("vm1", "vm2"):
        network.wait_outer(name, "vm3", (A1, A2), (A2, A1))

    run(["ip", "-n", h2.ns, "addr", "add", B2 + "/24", "dev", "br-phy"])
    network.wait_outer("vm2", "vm3", (B1, B2), (B2, B1))
    network.sandbox.nbctl("lrp-del-gateway-chassis", "lr0-out", "h2")
    wait_until(lambda: not any(bfd(h1, "bfd")), 30, "no BFD")
