# SPDX-License-Identifier: Apache-2.0
"""Two logical switches that are connected without a router are one network.

    vm1 -- a ==== b -- vm2      vm1, vm3 on h1; vm2 on h2
                   `-- vm3"""

import pytest

from harness.netns import ping, wait_cut_off
from harness.process import wait_until
from harness.programs import Programs



@pytest.fixture
def sandbox(make_sandbox):
    sandbox = make_sandbox(Programs())
    sandbox.start_central()
    h1, h2 = sandbox.underlay(2)
    for switch, other in ("ab", "ba"):
        port, peer = switch + "-" + other, other + "-" + switch
        sandbox.nbctl("ls-add", switch, "--", "lsp-add", switch, port, "--",
                      "lsp-set-type", port, "switch", "--", "set",
                      "Logical_Switch_Port", port, "peer=" + peer)
    sandbox.vms = {}
    for i, (switch, host) in enumerate((("a", h1), ("b", h2), ("b", h1)), 1):
        name, mac = "vm%d" % i, "02:00:00:00:00:%02x" % i
        ip = "10.0.0.%d" % (10 + i)
        sandbox.nbctl("lsp-add", switch, name, "--", "lsp-set-addresses",
                      name, "%s %s" % (mac, ip))
        sandbox.vms[name] = host.workload(name, mac, ip)
    sandbox.nbctl("--wait=hv", "sync")
    return sandbox


def learned(sandbox, mac):
    return sandbox.sbctl("--bare", "--columns=mac", "find", "FDB",
                         'mac="%s"' % mac).strip() == mac


def test_connected_switches(sandbox):
    """Hosts of both reach each other, learn where they are, and are subject
    to stateful ACLs of their own switch."""
    vms = sandbox.vms
    for source, address in (("vm1", "10.0.0.12"), ("vm1", "10.0.0.13"),
                            ("vm2", "10.0.0.11")):
        sandbox.wait_ping(vms[source], address)
    for mac in "02:00:00:00:00:01", "02:00:00:00:00:02":
        wait_until(lambda: learned(sandbox, mac), 20, mac)
    wait_until(lambda: sandbox.nbctl("get", "Logical_Switch_Port", "a-b",
                                     "up").strip() == "true", what="up")
    sandbox.nbctl("acl-add", "a", "to-lport", "900", 'outport == "vm1" && ip4',
                  "drop", "--", "acl-add", "a", "from-lport", "900",
                  'inport == "vm1" && ip4', "allow-related")
    sandbox.nbctl("--wait=hv", "sync")
    assert ping(vms["vm1"], "10.0.0.12", count=2) == 2
    wait_cut_off(vms["vm2"], "10.0.0.11")
    sandbox.nbctl("acl-del", "a", "--", "lsp-del", "b-a")
    sandbox.nbctl("--wait=hv", "sync")
    wait_cut_off(vms["vm1"], "10.0.0.12")
