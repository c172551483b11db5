# SPDX-License-Identifier: Apache-2.0
"""Traffic on a host of Debian's that our ovn-northd programs."""

import os
import subprocess
import sys

import pytest

from harness.netns import ping, within
from harness.process import run, wait_until
from harness.programs import Programs, have_peer, ours

pytestmark = pytest.mark.skipif(
    not have_peer() or not os.path.exists(ours("ovn-northd")),
    reason="needs Debian's programs and our ovn-northd")

SERVER = """
import socket, sys
s = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
while True:
    c, peer = s.accept()
    c.sendall(peer[0].encode())
    c.close()
"""
CLIENT = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])),
                             timeout=float(sys.argv[3]))
print(s.recv(100).decode())
"""


class Server:
    """A TCP server in a namespace that tells clients their address."""

    def __init__(self, ns, address, port):
        self.process = subprocess.Popen(
            within(ns, [sys.executable, "-c", SERVER, address, str(port)]),
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def close(self):
        self.process.kill()
        self.process.wait()


def ask(ns, address, port, patience=20):
    """What a server at (address, port) says to a client in 'ns' within
    'patience' seconds, or None."""
    done = subprocess.run(
        within(ns, [sys.executable, "-c", CLIENT, address, str(port),
                    str(patience)]),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


@pytest.fixture
def network(make_sandbox):
    """vm1, vm2 on sw0; lr0 with a gateway port on pub; ext is outside."""
    sandbox = make_sandbox(Programs(default="debian", **{"ovn-northd":
                                                         "ours"}))
    sandbox.start_central()
    h1, = sandbox.underlay(1)
    h1.vsctl("--", "add-br", "br-ex", "--", "set", "bridge", "br-ex",
             "datapath_type=netdev", "fail_mode=standalone", "--", "set",
             "open_vswitch", ".",
             "external_ids:ovn-bridge-mappings=phys:br-ex")
    chassis = h1.vsctl("get", "open_vswitch", ".",
                       "external_ids:system-id").strip().strip('"')
    nb = sandbox.nbctl
    nb("ls-add", "sw0", "--", "lr-add", "lr0", "--", "ls-add", "pub")
    for i in (1, 2):
        nb("lsp-add", "sw0", "vm%d" % i, "--", "lsp-set-addresses",
           "vm%d" % i, "02:00:00:00:00:0%d 10.0.0.1%d" % (i, i))
    for switch, mac, net in (("sw0", "02:00:00:00:ff:00", "10.0.0.1/24"),
                             ("pub", "02:00:00:00:ff:01",
                              "172.16.0.1/24")):
        nb("lrp-add", "lr0", "lr0-" + switch, mac, net, "--", "lsp-add",
           switch, switch + "-lr0", "--", "lsp-set-type", switch + "-lr0",
           "router", "--", "lsp-set-addresses", switch + "-lr0", "router",
           "--", "lsp-set-options", switch + "-lr0",
           "router-port=lr0-" + switch)
    nb("lrp-set-gateway-chassis", "lr0-pub", chassis, "10")
    nb("lsp-add", "pub", "ln", "--", "lsp-set-type", "ln", "localnet", "--",
       "lsp-set-addresses", "ln", "unknown", "--", "lsp-set-options", "ln",
       "network_name=phys")
    vm1 = h1.workload("vm1", "02:00:00:00:00:01", "10.0.0.11", "10.0.0.1")
    vm2 = h1.workload("vm2", "02:00:00:00:00:02", "10.0.0.12", "10.0.0.1")
    ext = h1.workload("ext", "02:00:00:00:aa:01", "172.16.0.50",
                      bridge="br-ex")
    # Debian's userspace datapath takes packets as they are on a wire.
    for ns in vm1, vm2, ext:
        run(within(ns, ["ethtool", "-K", "eth0", "tx", "off"]))
    sandbox.wait_ping(vm1, "10.0.0.12")
    return sandbox, vm1, vm2, ext


@pytest.fixture
def serve():
    servers = []

    def start(*args):
        servers.append(Server(*args))
    yield start
    for server in servers:
        server.close()


def test_nat_at_a_gateway_port(network, serve):
    """Inside goes out by the router's address, outside comes in by another."""
    sandbox, vm1, vm2, ext = network
    sandbox.nbctl("lr-nat-add", "lr0", "snat", "172.16.0.1", "10.0.0.0/24",
                  "--", "lr-nat-add", "lr0", "dnat_and_snat", "172.16.0.12",
                  "10.0.0.12")
    sandbox.nbctl("--wait=hv", "sync")
    sandbox.wait_ping(vm1, "172.16.0.50")
    sandbox.wait_ping(ext, "172.16.0.12")
    serve(ext, "172.16.0.50", 8000)
    serve(vm2, "10.0.0.12", 8000)
    for zone in "separate", "common":
        if zone == "common":
            sandbox.nbctl("--wait=hv", "set", "NB_Global", ".",
                          "options:use_common_zone=true")
        assert ask(vm1, "172.16.0.50", 8000) == "172.16.0.1"
        assert ask(vm2, "172.16.0.50", 8000) == "172.16.0.12"
        assert ask(ext, "172.16.0.12", 8000) == "172.16.0.50"
        # Hairpin: inside to an external address.
        assert ask(vm1, "172.16.0.12", 8000) == "172.16.0.1"


def test_load_balancer_on_a_switch(network, serve):
    """A VIP answers from a backend, also to a client that is the backend."""
    sandbox, vm1, vm2, _ = network
    sandbox.nbctl("lb-add", "lb0", "10.0.0.100:80", "10.0.0.12:8000", "--",
                  "ls-lb-add", "sw0", "lb0", "--", "lsp-set-addresses",
                  "sw0-lr0", "router")
    sandbox.nbctl("--wait=hv", "sync")
    serve(vm2, "10.0.0.12", 8000)
    # The VIP is on the client's own network: its MAC is the router's.
    for vm in vm1, vm2:
        run(within(vm, ["ip", "neigh", "replace", "10.0.0.100", "lladdr",
                        "02:00:00:00:ff:00", "dev", "eth0"]))
    wait_until(lambda: ask(vm1, "10.0.0.100", 80, 2) == "10.0.0.11",
               what="an answer from the VIP")
    assert ask(vm2, "10.0.0.100", 80) == "10.0.0.100"
    # Likewise beside stateless ACLs, if they are told not to be in the way.
    for direction in "from-lport", "to-lport":
        sandbox.nbctl("acl-add", "sw0", direction, "100", "tcp",
                      "allow-stateless")
    sandbox.nbctl("--wait=hv", "set", "Logical_Switch", "sw0",
                  "other_config:enable-stateless-acl-with-lb=true")
    assert ask(vm1, "10.0.0.100", 80) == "10.0.0.11"
    assert ask(vm2, "10.0.0.100", 80) == "10.0.0.100"
    assert ask(vm1, "10.0.0.12", 8000) == "10.0.0.11"
    sandbox.nbctl("lb-del", "lb0")
    sandbox.nbctl("--wait=hv", "sync")
    wait_until(lambda: ask(vm1, "10.0.0.100", 80, 1) is None,
               what="no answer from the VIP")


def test_stateful_acl(network, serve):
    """A connection that an ACL lets out comes back; the other way is shut."""
    sandbox, vm1, vm2, _ = network
    serve(vm1, "10.0.0.11", 8000)
    serve(vm2, "10.0.0.12", 8000)
    sandbox.nbctl(
        "acl-add", "sw0", "from-lport", "1001", 'inport == "vm1" && ip4',
        "allow-related", "--", "acl-add", "sw0", "to-lport", "1000",
        'outport == "vm1" && ip4', "drop", "--", "acl-add", "sw0",
        "to-lport", "1000", 'outport == "vm2" && ip4', "allow-related")
    sandbox.nbctl("--wait=hv", "sync")
    assert ask(vm1, "10.0.0.12", 8000) == "10.0.0.11"
    wait_until(lambda: ask(vm2, "10.0.0.11", 8000, 1) is None,
               what="the other way is shut")
    assert ping(vm1, "10.0.0.12", count=2, interval=0.05) == 2
    sandbox.nbctl("acl-del", "sw0")
    sandbox.nbctl("--wait=hv", "sync")
    assert ask(vm2, "10.0.0.11", 8000) == "10.0.0.12"


def test_port_goes_up_and_comes_back(network):
    """up follows the binding; a stopped northd leaves forwarding alone."""
    sandbox, vm1, _, _ = network
    sandbox.nbctl("--timeout=60", "wait-until", "Logical_Switch_Port", "vm1",
                  "up=true")
    sandbox.northd.kill()
    assert ping(vm1, "10.0.0.12", count=5, interval=0.01) == 5
    sandbox.start_northd()
    sandbox.nbctl("--wait=hv", "sync")
    assert ping(vm1, "10.0.0.12", count=5, interval=0.01) == 5
