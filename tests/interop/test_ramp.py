# SPDX-License-Identifier: Apache-2.0
"""Hosts that speak VXLAN only, a VTEP beside them, and physical networks on
which each host has a MAC of its own.  The second host's ovn-controller is ours
or Debian's.

    vm1, vm3, vm4 - h1 (172.31.0.1) --- hub --- (172.31.0.9) vtep: 10.0.0.9
    vm2, vm5      - h2 (172.31.0.2) --- hub"""

import sys

import pytest

from harness.netns import ping, wait_ping, within
from harness.process import run, wait_until
from harness.programs import Programs
from harness.sandbox import Sandbox

# Port: (host, switch, address); those of sw0 are known to nobody.
PORTS = {"vm1": ("h1", "sw0", "10.0.0.11"), "vm2": ("h2", "sw0", "10.0.0.12"),
         "vm3": ("h1", "sw1", "10.0.1.13"), "vm4": ("h1", "vlan2", "10.0.2.14"),
         "vm5": ("h2", "vlan3", "10.0.3.15")}
SWITCHES = ("sw0", "sw1", "vlan2", "vlan3")
ROUTER_MAC = "02:00:00:00:ff:%02x"
CHASSIS_MAC = "aa:bb:cc:dd:ee:%02x"

# Prints "VLAN SOURCE" of each tagged IPv4 packet.  The tag is in the packet or,
# if the kernel took it out, beside it (struct tpacket_auxdata).
SNIFF = """
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.setsockopt(263, 8, 1)
print("listening", flush=True)
while True:
    p, ancillary, _, _ = s.recvmsg(2048, 64)
    vlan = 0
    for _, _, data in ancillary:
        status, _, _, _, _, tci = struct.unpack_from("IIIHHH", data)
        vlan = tci & 0xfff if status & 0x10 else 0
    if p[12:14] == b"\\x81\\x00":
        vlan, p = int.from_bytes(p[14:16], "big") & 0xfff, p[:12] + p[16:]
    if vlan and p[12:14] == b"\\x08\\x00":
        print(vlan, p[6:12].hex(":"), flush=True)
"""


class Network:
    def __init__(self, sandbox, side):
        self.sandbox, self.ns = sandbox, {}
        sandbox.start_central()
        self.hosts = sandbox.underlay(2)
        for i, host in enumerate(self.hosts, 1):
            host.vsctl("set", "open_vswitch", ".",
                       "external_ids:ovn-encap-type=vxlan",
                       "external_ids:ovn-bridge-mappings=phys:br-phy",
                       "external_ids:ovn-chassis-mac-mappings=phys:"
                       + CHASSIS_MAC % i)
        if side != "ours":
            h2 = self.hosts[1]
            h2.controller.stop()
            sandbox.programs.choice["ovn-controller"] = side
            h2.start_controller()
            del sandbox.programs.choice["ovn-controller"]
        self.configure()
        for i, (name, (host, _, ip)) in enumerate(PORTS.items(), 1):
            self.ns[name] = sandbox.hosts[host].workload(
                name, "02:00:00:00:00:%02x" % i, ip,
                ip.rsplit(".", 1)[0] + ".1")
        self.add_vtep()
        sandbox.nbctl("--wait=hv", "sync")

    def configure(self):
        words = ["lr-add", "r0"]
        for i, switch in enumerate(SWITCHES):
            words += ["--", "ls-add", switch, "--", "lrp-add", "r0",
                      "r0-" + switch, ROUTER_MAC % i, "10.0.%d.1/24" % i,
                      "--", "lsp-add", switch, switch + "-r0", "--",
                      "lsp-set-type", switch + "-r0", "router", "--",
                      "lsp-set-addresses", switch + "-r0", "router", "--",
                      "lsp-set-options", switch + "-r0",
                      "router-port=r0-" + switch]
        for i in (2, 3):
            words += ["--", "lsp-add", "vlan%d" % i, "ln%d" % i, "", str(i),
                      "--", "lsp-set-type", "ln%d" % i, "localnet", "--",
                      "lsp-set-addresses", "ln%d" % i, "unknown", "--",
                      "lsp-set-options", "ln%d" % i, "network_name=phys"]
        for i, (name, (_, switch, ip)) in enumerate(PORTS.items(), 1):
            words += ["--", "lsp-add", switch, name, "--",
                      "lsp-set-addresses", name, "unknown" if switch == "sw0"
                      else "02:00:00:00:00:%02x %s" % (i, ip)]
        words += ["--", "lsp-add", "sw0", "vt", "--", "lsp-set-type", "vt",
                  "vtep", "--", "lsp-set-addresses", "vt", "unknown", "--",
                  "lsp-set-options", "vt", "vtep-physical-switch=ps",
                  "vtep-logical-switch=ls"]
        self.sandbox.nbctl(*words)
        self.sandbox.nbctl("--wait=sb", "sync")

    def add_vtep(self):
        """What a gateway's ovn-controller-vtep and switch would do."""
        sandbox = self.sandbox
        sandbox.sbctl("chassis-add", "vtep", "vxlan", "172.31.0.9", "--",
                      "set", "chassis", "vtep", "other_config:is-vtep=true")
        sandbox.sbctl("lsp-bind", "vt", "vtep")
        key = sandbox.sbctl("get", "datapath_binding",
                            sandbox.sbctl("get", "port_binding", "vt",
                                          "datapath").strip(),
                            "tunnel_key").strip()
        ns = self.ns["vtep"] = sandbox.namespaces.add("vtep")
        hub = next(n for n in sandbox.namespaces.names if n.endswith("-hub"))
        sandbox.namespaces.veth(ns, "u", hub, "vtep")
        run(["ip", "-n", hub, "link", "set", "vtep", "master", "br0"])
        for words in (["addr", "add", "172.31.0.9/24", "dev", "u"],
                      ["link", "add", "vx", "type", "vxlan", "id", key,
                       "dstport", "4789", "local", "172.31.0.9"],
                      ["link", "set", "vx", "address", "02:00:00:00:00:99",
                       "mtu", "1400", "up"],
                      ["addr", "add", "10.0.0.9/24", "dev", "vx"],
                      ["route", "add", "default", "via", "10.0.0.1"]):
            run(["ip", "-n", ns, *words])
        for host in self.hosts:
            run(within(ns, ["bridge", "fdb", "append", "00:00:00:00:00:00",
                            "dev", "vx", "dst", host.ip]))


@pytest.fixture(scope="module", params=["ours", "debian"])
def network(request):
    with Sandbox(Programs()) as sandbox:
        Programs(ovn_controller=request.param).path("ovn-controller")
        try:
            yield Network(sandbox, request.param)
        finally:
            if request.session.testsfailed:
                print(sandbox.logs())


def test_hosts_over_vxlan(network):
    """Unknown addresses are asked for, and found, by groups whose keys share
    the VNI with the datapath's."""
    wait_ping(network.ns["vm1"], "10.0.0.12")
    assert ping(network.ns["vm2"], "10.0.0.11", count=3) == 3


def test_vtep(network):
    """What is behind a VTEP is on the switch, and on the other side of the
    router; it reaches them, too."""
    wait_ping(network.ns["vm1"], "10.0.0.9")
    wait_ping(network.ns["vm2"], "10.0.0.9")
    wait_ping(network.ns["vm3"], "10.0.0.9")
    assert ping(network.ns["vtep"], "10.0.0.12", count=3) == 3
    wait_ping(network.ns["vtep"], "10.0.1.13")
    # A host sends on nothing that a VTEP sends to both: one answer each.
    assert ping(network.ns["vtep"], "10.0.0.11", count=3) == 3


def test_macs_of_chassis(network):
    """A distributed router's MAC is never seen on the wire, but always by
    workloads."""
    hub = next(n for n in network.sandbox.namespaces.names
               if n.endswith("-hub"))
    sniffer = network.sandbox.spawn(
        "sniffer", within(hub, [sys.executable, "-c", SNIFF]))
    sniffer.wait_for(lambda: "listening" in sniffer.text())
    wait_ping(network.ns["vm4"], "10.0.3.15")
    assert ping(network.ns["vm5"], "10.0.2.14", count=3) == 3

    def seen():
        return {tuple(line.split()) for line in sniffer.text().splitlines()
                if " " in line}
    expected = {("3", CHASSIS_MAC % 1), ("2", CHASSIS_MAC % 2)}
    wait_until(lambda: expected <= seen(), 20, "both directions on the wire")
    assert seen() == expected
    neighbours = run(["ip", "-n", network.ns["vm5"], "neigh", "show",
                      "10.0.3.1"])
    assert ROUTER_MAC % 3 in neighbours
