# SPDX-License-Identifier: Apache-2.0
"""ACLs of a port group hold on each host for the group's ports there, in both
directions, also when a port comes to a host or joins the group later."""

import pytest

from harness.netns import wait_cut_off
from harness.programs import DAEMONS, Programs

MAC, IP = "02:00:00:00:00:%02x", "10.0.0.%d"


def network(make_sandbox, side):
    """vm1 on h1; vm2 on h2, both without ACLs, and vm3, not plugged."""
    sandbox = make_sandbox(Programs("debian", **{d: side for d in DAEMONS}))
    sandbox.start_central()
    h1, h2 = sandbox.underlay(2)
    sandbox.nbctl("ls-add", "sw0")
    for i in (1, 2, 3):
        sandbox.nbctl("lsp-add", "sw0", "vm%d" % i, "--",
                      "lsp-set-addresses", "vm%d" % i,
                      MAC % i + " " + IP % i)
    vm1 = h1.workload("vm1", MAC % 1, IP % 1)
    vm2 = h2.workload("vm2", MAC % 2, IP % 2)
    sandbox.wait_ping(vm1, IP % 2)
    return sandbox, h2, vm1, vm2


@pytest.mark.parametrize("side", ["debian", "ours"])
@pytest.mark.parametrize("direction, field", [("from-lport", "inport"),
                                              ("to-lport", "outport")])
def test_group_drops_where_its_ports_are(make_sandbox, side, direction,
                                         field):
    sandbox, h2, vm1, vm2 = network(make_sandbox, side)
    sandbox.nbctl("pg-add", "pg", "vm2", "vm3")
    sandbox.nbctl("--wait=hv", "acl-add", "pg", direction, "1000",
                  field + " == @pg && icmp4", "drop")
    wait_cut_off(vm1, IP % 2)
    wait_cut_off(vm2, IP % 1)

    vm3 = h2.workload("vm3", MAC % 3, IP % 3)
    sandbox.nbctl("--wait=hv", "sync")
    sandbox.nbctl("--wait=hv", "pg-set-ports", "pg", "vm3")
    sandbox.wait_ping(vm1, IP % 2)
    wait_cut_off(vm1, IP % 3)
    wait_cut_off(vm3, IP % 2)

    sandbox.nbctl("--wait=hv", "pg-set-ports", "pg", "vm1")
    sandbox.wait_ping(vm3, IP % 2)
    wait_cut_off(vm1, IP % 3)


def test_group_of_sources_drops_at_the_other_host(make_sandbox):
    """Egress compares the source: the group's ports elsewhere count.
    (Debian's looks only at the group's ports on the same host.)"""
    sandbox, _, vm1, _ = network(make_sandbox, "ours")
    sandbox.nbctl("pg-add", "src", "vm1")
    sandbox.nbctl("--wait=hv", "acl-add", "sw0", "to-lport", "1000",
                  'outport == "vm2" && inport == @src && icmp4', "drop")
    wait_cut_off(vm1, IP % 2)
    sandbox.nbctl("--wait=hv", "pg-set-ports", "src", "vm3")
    sandbox.wait_ping(vm1, IP % 2)
