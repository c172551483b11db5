# SPDX-License-Identifier: Apache-2.0
"""Two hosts, a router, real pings, with different mixes of programs."""

import os

import pytest

from harness.netns import ping
from harness.programs import DAEMONS, Programs

# Each row: which programs are ours; the others are Debian's.
MIXES = [
    (),
    ("ovsdb-server",),
    ("ovn-northd",),
    ("ovs-vswitchd",),
    ("ovn-controller",),
    ("ovn-northd", "ovn-controller"),
    ("ovn-controller", "ovs-vswitchd"),
    DAEMONS,
]


def two_hosts(sandbox):
    """h1: vm1 on sw0.  h2: vm2 on sw0, vm3 on sw1.  lr0 joins sw0, sw1."""
    sandbox.start_central()
    h1, h2 = sandbox.underlay(2)
    sandbox.nbctl(
        "ls-add", "sw0", "--", "lsp-add", "sw0", "vm1", "--",
        "lsp-set-addresses", "vm1", "02:00:00:00:00:01 10.0.0.11", "--",
        "lsp-add", "sw0", "vm2", "--",
        "lsp-set-addresses", "vm2", "02:00:00:00:00:02 10.0.0.12", "--",
        "ls-add", "sw1", "--", "lsp-add", "sw1", "vm3", "--",
        "lsp-set-addresses", "vm3", "02:00:00:00:00:03 10.0.1.13", "--",
        "lr-add", "lr0", "--",
        "lrp-add", "lr0", "lr0-sw0", "02:00:00:00:ff:00", "10.0.0.1/24", "--",
        "lrp-add", "lr0", "lr0-sw1", "02:00:00:00:ff:01", "10.0.1.1/24", "--",
        "lsp-add", "sw0", "sw0-lr0", "--", "lsp-set-type", "sw0-lr0",
        "router", "--", "lsp-set-addresses", "sw0-lr0", "router", "--",
        "lsp-set-options", "sw0-lr0", "router-port=lr0-sw0", "--",
        "lsp-add", "sw1", "sw1-lr0", "--", "lsp-set-type", "sw1-lr0",
        "router", "--", "lsp-set-addresses", "sw1-lr0", "router", "--",
        "lsp-set-options", "sw1-lr0", "router-port=lr0-sw1")
    vm1 = h1.workload("vm1", "02:00:00:00:00:01", "10.0.0.11", "10.0.0.1")
    vm2 = h2.workload("vm2", "02:00:00:00:00:02", "10.0.0.12", "10.0.0.1")
    vm3 = h2.workload("vm3", "02:00:00:00:00:03", "10.0.1.13", "10.0.1.1")
    return vm1, vm2, vm3


@pytest.mark.parametrize("mix", MIXES,
                         ids=lambda mix: "+".join(mix) or "debian")
def test_two_hosts_and_a_router(make_sandbox, mix):
    """A ping crosses hosts on one switch, and through the router."""
    sandbox = make_sandbox(Programs.mix(mix))
    vm1, vm2, vm3 = two_hosts(sandbox)
    sandbox.wait_ping(vm1, "10.0.0.12")
    sandbox.wait_ping(vm1, "10.0.1.13")
    sandbox.nbctl("--wait=hv", "sync")
    assert ping(vm1, "10.0.0.12", count=20, interval=0.01) == 20
    assert ping(vm1, "10.0.1.13", count=20, interval=0.01) == 20
    assert ping(vm3, "10.0.0.12", count=20, interval=0.01) == 20
    assert ping(vm1, "10.0.0.1", count=5, interval=0.01) == 5
    if "ovs-vswitchd" in mix:
        for host in sandbox.hosts.values():
            assert "table=" in host.ofctl("dump-flows", "br-int")
            assert host.appctl("coverage/read-counter",
                               "ofproto_request_error") == "0\n", \
                "the switch refused something of the controller's"
    if "ovn-controller" in mix:
        for host in sandbox.hosts.values():
            with open(os.path.join(host.folder, "controller.log")) as log:
                assert " refused: " not in log.read()
