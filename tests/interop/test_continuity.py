# SPDX-License-Identifier: Apache-2.0
"""Traffic goes on while the control plane comes and goes."""

import os
import re
import subprocess

import pytest

from harness.netns import ping, within
from harness.process import run, wait_until
from harness.programs import Programs, ours
from test_matrix import two_hosts

DAEMONS = ("ovsdb-server", "ovn-northd", "ovn-controller", "ovs-vswitchd")


@pytest.fixture
def network(make_sandbox):
    missing = [n for n in DAEMONS if not os.path.exists(ours(n))]
    if missing:
        pytest.skip("not built: " + " ".join(missing))
    sandbox = make_sandbox(Programs(default="debian",
                                    **{n: "ours" for n in DAEMONS}))
    sandbox.vm1, sandbox.vm2, sandbox.vm3 = two_hosts(sandbox)
    sandbox.wait_ping(sandbox.vm1, "10.0.0.12")
    sandbox.wait_ping(sandbox.vm1, "10.0.1.13")
    sandbox.nbctl("--wait=hv", "sync")
    return sandbox


class Pings:
    """300 pings, one every 10 ms, from now on."""

    COUNT = 300

    def __init__(self, ns, address):
        self.popen = subprocess.Popen(
            within(ns, ["ping", "-n", "-q", "-i", "0.01", "-c",
                        str(self.COUNT), "-W", "1", address]),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def lost(self):
        """How many were lost.  What was to be survived is over by now; it must
        have happened while pings went out."""
        assert self.popen.poll() is None
        text = self.popen.communicate(timeout=20)[0]
        sent, received = map(int, re.search(
            r"(\d+) packets transmitted, (\d+) received", text).groups())
        assert sent == self.COUNT
        return sent - received


def flows(host):
    """The flows of br-int, without what counts and cookies; None if the switch
    does not answer."""
    done = host.ofctl("dump-flows", "br-int", "--no-stats", check=False)
    if done.returncode:
        return None             # The switch does not listen yet.
    text = done.stdout
    return sorted(re.sub(r"cookie=\S+ ", "", line).strip()
                  for line in text.split("\n") if "table=" in line
                  or "actions" in line)


def test_controller_restart(network):
    """No ping is lost while ovn-controller restarts, and the flows are the same
    after it."""
    host = network.hosts["h1"]
    before = flows(host)
    assert len(before) > 100
    pings = Pings(network.vm1, "10.0.1.13")
    host.controller_appctl("exit", "--restart")
    host.controller.popen.wait(10)
    host.start_controller()
    network.nbctl("--wait=hv", "sync")
    assert pings.lost() == 0
    assert flows(host) == before


def test_controller_killed(network):
    """Likewise if it dies."""
    host = network.hosts["h1"]
    before = flows(host)
    pings = Pings(network.vm1, "10.0.0.12")
    host.controller.kill()
    host.start_controller()
    network.nbctl("--wait=hv", "sync")
    assert pings.lost() == 0
    assert flows(host) == before


def test_northd_and_database_restart(network):
    """Neither northd nor the southbound database is needed for traffic."""
    pings = Pings(network.vm1, "10.0.1.13")
    network.northd.kill()
    network.sb.process.kill()
    os.unlink(network.sb.socket)
    network.sb.start()
    network.start_northd()
    network.nbctl("--wait=hv", "sync")
    assert pings.lost() == 0


def test_switch_restart_is_repaired(network):
    """After the switch is back, so are its flows."""
    host = network.hosts["h1"]
    before = flows(host)
    host.vswitchd.kill()
    os.unlink(host.vswitchd_ctl)
    host.start_vswitchd()
    wait_until(lambda: not run(["ip", "-n", host.ns, "link", "show",
                                "br-phy"], check=False).returncode,
               what="br-phy")
    run(["ip", "-n", host.ns, "addr", "replace", host.ip + "/24", "dev",
         "br-phy"])
    run(["ip", "-n", host.ns, "link", "set", "br-phy", "up"])
    wait_until(lambda: flows(host) == before, 20, "flows are back")
    network.wait_ping(network.vm1, "10.0.0.12")


def test_facts_equal_those_from_scratch(network):
    """After ports came and went, a fresh computation finds no difference."""
    host = network.hosts["h1"]
    for i in range(4, 8):
        network.nbctl("lsp-add", "sw0", "vm%d" % i, "--",
                      "lsp-set-addresses", "vm%d" % i,
                      "02:00:00:00:00:%02x 10.0.0.%d" % (i, 10 + i))
    host.workload("vm4", "02:00:00:00:00:04", "10.0.0.14", "10.0.0.1")
    network.wait_ping(network.vm1, "10.0.0.14")
    network.nbctl("lsp-del", "vm5", "--", "lsp-del", "vm2")
    network.nbctl("--wait=hv", "sync")
    assert "no difference" in host.controller_appctl("incr/verify")
    assert ping(network.vm1, "10.0.0.12", count=2) == 0
