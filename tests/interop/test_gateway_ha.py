# SPDX-License-Identifier: Apache-2.0
"""A router's gateway moves to another host when BFD says that its host cannot
be reached: with each controller on our switch, and with ours on Debian's.

    vm1 - h1 ---underlay--- h2, h3 - br-ex - outside (172.16.0.100)"""

import signal

import pytest

from harness.netns import wait_ping
from harness.process import run, wait_until
from harness.programs import DAEMONS, Programs

SIDES = {"ovs-vswitchd": ("ovs-vswitchd",),
         "ovn-northd+ovs-vswitchd": ("ovs-vswitchd", "ovn-northd"),
         "ovn-controller": ("ovn-controller",),
         "all but the switch": ("ovsdb-server", "ovn-northd",
                                "ovn-controller"),
         "ours": DAEMONS}


@pytest.fixture(params=sorted(SIDES))
def sandbox(request, make_sandbox):
    sandbox = make_sandbox(Programs.mix(SIDES[request.param]))
    sandbox.start_central()
    sandbox.underlay(3)
    return sandbox


def connect_outside(sandbox):
    """Joins br-ex of h2 and h3 with a namespace; returns it."""
    outside = sandbox.namespaces.add("outside")
    run(["ip", "-n", outside, "link", "add", "br0", "type", "bridge"])
    run(["ip", "-n", outside, "addr", "add", "172.16.0.100/24", "dev",
         "br0"])
    run(["ip", "-n", outside, "link", "set", "br0", "up"])
    for name in ("h2", "h3"):
        host = sandbox.hosts[name]
        host.vsctl("--", "add-br", "br-ex", "--", "set", "bridge", "br-ex",
                   "datapath_type=netdev", "fail_mode=standalone", "--",
                   "set", "open_vswitch", ".",
                   "external_ids:ovn-bridge-mappings=physnet:br-ex")
        sandbox.namespaces.veth(outside, name, host.ns, "ex0")
        host.vsctl("add-port", "br-ex", "ex0")
        run(["ip", "-n", outside, "link", "set", name, "master", "br0"])
    return outside


def make_network(sandbox):
    sandbox.nbctl(
        "ls-add", "sw0", "--", "lsp-add", "sw0", "vm1", "--",
        "lsp-set-addresses", "vm1", "02:00:00:00:00:01 10.0.0.11", "--",
        "lr-add", "lr0", "--", "lrp-add", "lr0", "lr0-sw0",
        "02:00:00:00:ff:00", "10.0.0.1/24", "--", "lsp-add", "sw0",
        "sw0-lr0", "--", "lsp-set-type", "sw0-lr0", "router", "--",
        "lsp-set-addresses", "sw0-lr0", "router", "--", "lsp-set-options",
        "sw0-lr0", "router-port=lr0-sw0", "--", "ls-add", "public", "--",
        "lrp-add", "lr0", "lr0-public", "02:00:00:00:ff:01",
        "172.16.0.1/24", "--", "lrp-set-gateway-chassis", "lr0-public",
        "h2", "20", "--", "lrp-set-gateway-chassis", "lr0-public", "h3",
        "10", "--", "lsp-add", "public", "public-lr0", "--", "lsp-set-type",
        "public-lr0", "router", "--", "lsp-set-addresses", "public-lr0",
        "router", "--", "lsp-set-options", "public-lr0",
        "router-port=lr0-public", "--", "lsp-add", "public", "ln", "--",
        "lsp-set-type", "ln", "localnet", "--", "lsp-set-addresses", "ln",
        "unknown", "--", "lsp-set-options", "ln", "network_name=physnet",
        "--", "lr-nat-add", "lr0", "snat", "172.16.0.1", "10.0.0.0/24")


def bfd_states(host):
    """{remote address: BFD state} of the host's tunnels."""
    rows = host.vsctl("--format=csv", "--no-headings", "--data=bare",
                      "--columns=options,bfd_status", "find", "interface",
                      "type=geneve").splitlines()
    states = {}
    for row in rows:
        words = dict(w.split("=", 1) for w in row.replace(",", " ").split()
                     if "=" in w)
        states[words["remote_ip"].strip('"')] = words.get("state")
    return states


class Gateways:
    """vm1 on h1, whose way to the outside is h2, or h3 if h2 is gone."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.h1, self.h2, self.h3 = (sandbox.hosts[n]
                                     for n in ("h1", "h2", "h3"))
        connect_outside(sandbox)
        make_network(sandbox)
        self.vm1 = self.h1.workload("vm1", "02:00:00:00:00:01", "10.0.0.11",
                                    "10.0.0.1")
        self.wait_bfd("172.31.0.2", "up")
        self.wait_bfd("172.31.0.3", "up")
        self.wait_active("h2")
        self.wait_outside()

    def wait_outside(self):
        wait_ping(self.vm1, "172.16.0.100")

    def wait_bfd(self, address, state):
        wait_until(lambda: bfd_states(self.h1).get(address) == state,
                   what="BFD to %s is %s" % (address, state))

    def wait_active(self, name):
        wait_until(lambda: self.active() == name,
                   what="%s is active" % name)

    def active(self):
        """The chassis that the database has the gateway on."""
        chassis = self.sandbox.sbctl("--bare", "--columns=chassis", "find",
                                     "port_binding",
                                     "logical_port=cr-lr0-public").strip()
        return chassis and self.sandbox.sbctl(
            "--bare", "--columns=name", "list", "chassis", chassis).strip()


def test_link_fails(sandbox):
    g = Gateways(sandbox)
    run(["ip", "-n", g.h2.ns, "link", "set", "phy0", "down"])
    g.wait_bfd("172.31.0.2", "down")
    g.wait_outside()
    g.wait_active("h3")

    run(["ip", "-n", g.h2.ns, "link", "set", "phy0", "up"])
    g.wait_bfd("172.31.0.2", "up")
    g.wait_active("h2")
    g.wait_outside()


def test_host_dies_while_the_database_hangs(sandbox):
    """BFD alone moves the gateway: nobody can change or read the southbound
    database meanwhile."""
    g = Gateways(sandbox)
    sandbox.sb.process.popen.send_signal(signal.SIGSTOP)
    try:
        for process in (g.h2.controller, g.h2.vswitchd, g.h2.db.process):
            process.kill()
        g.wait_bfd("172.31.0.2", "down")
        g.wait_outside()
    finally:
        sandbox.sb.process.popen.send_signal(signal.SIGCONT)
    g.wait_active("h3")
    g.wait_outside()

    g.h2.db.start()
    g.h2.start_vswitchd()
    sandbox.restore_underlay(g.h2)
    g.h2.start_controller()
    g.wait_bfd("172.31.0.2", "up")
    g.wait_active("h2")
    g.wait_outside()
