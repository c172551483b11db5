# SPDX-License-Identifier: Apache-2.0
"""Traffic goes on while the control plane comes and goes.  What Debian's
programs do in its place is printed beside (pytest -rP)."""

import contextlib
import os
import re
import time

import pytest

from harness.netns import Pings, can_use_namespaces, wait_cut_off
from harness.process import accepts, run, wait_until
from harness.programs import Programs, have_peer
from harness.sandbox import Sandbox
from test_matrix import DAEMONS, two_hosts

# How long the southbound database is away.
AWAY_S = 65


class Network:
    """That of two_hosts, and vm4 beside vm1."""

    def __init__(self, side):
        self.is_ours = side == "ours"
        self.sandbox = sandbox = Sandbox(Programs(
            default="debian", **{name: side for name in DAEMONS}))
        self.sandboxes = [sandbox]
        self.nbctl = sandbox.nbctl

    def start(self):
        sandbox = self.sandbox
        self.vm1, self.vm2, self.vm3 = two_hosts(sandbox)
        self.host, self.other = sandbox.hosts["h1"], sandbox.hosts["h2"]
        self.nbctl("lsp-add", "sw0", "vm4", "--", "lsp-set-addresses", "vm4",
                   "02:00:00:00:00:04 10.0.0.14")
        self.host.workload("vm4", "02:00:00:00:00:04", "10.0.0.14")
        for address in ("10.0.0.12", "10.0.0.14", "10.0.1.13"):
            sandbox.wait_ping(self.vm1, address)
        self.sync()
        return self

    def sync(self):
        self.nbctl("--wait=hv", "sync")

    def flows(self):
        """The flows of br-int, without what counts and cookies; None if the
        switch does not answer."""
        done = self.host.ofctl("dump-flows", "br-int", "--no-stats",
                               check=False)
        if done.returncode:
            return None
        return sorted(re.sub(r"cookie=\S+ ", "", line).strip()
                      for line in done.stdout.split("\n")
                      if "actions" in line)

    def youngest_flow(self):
        """Since when the flow that was added last is there, in seconds."""
        text = self.host.ofctl("dump-flows", "br-int")
        return min(map(float, re.findall(r"duration=([0-9.]+)s", text)))

    def identity(self):
        """What others know the host by: its chassis, and its tunnel's port."""
        return (self.sandbox.sbctl("--bare", "--columns=_uuid,encaps", "find",
                                   "chassis", "name=h1"),
                self.other.vsctl("--bare", "--columns=_uuid,ofport", "find",
                                 "interface", "type=geneve"),
                self.host.vsctl("--bare", "--columns=_uuid,ofport", "find",
                                "interface", "type=geneve"))


@pytest.fixture(scope="module", params=["ours", "debian"])
def network(request):
    if not can_use_namespaces():
        pytest.skip("network namespaces need root")
    if request.param == "debian" and not have_peer():
        pytest.skip("Debian's programs are not here")
    net = Network(request.param)
    try:
        yield net.start()
    finally:
        net.sandbox.close()


class Watch:
    """Pings to each of 'addresses' during a with statement, after which all
    must have been answered, if the programs are ours."""

    def __init__(self, network, what, *addresses):
        self.network, self.what = network, what
        self.addresses = addresses

    def __enter__(self):
        patience_s = 10 if self.network.is_ours else 1
        self.pings = [Pings(self.network.vm1, a, patience_s)
                      for a in self.addresses]
        return self

    def __exit__(self, kind, *exc):
        for address, pings in zip(self.addresses, self.pings):
            pings.end()
            print("%s: %d of %d pings to %s lost, at most %.0f ms without an "
                  "answer" % (self.what, pings.lost, pings.sent, address,
                              pings.outage * 1000))
            assert kind or pings.lost == 0 or not self.network.is_ours


# Beside vm1, on the other host, and there behind the router.
EVERYWHERE = ("10.0.0.14", "10.0.0.12", "10.0.1.13")


def restart_controller(network, end):
    before, identity = network.flows(), network.identity()
    assert len(before) > 100
    with Watch(network, "controller", *EVERYWHERE):
        began = time.monotonic()
        end(network.host.controller)
        network.host.start_controller()
        network.sync()
    assert network.flows() == before or not network.is_ours
    if network.is_ours:
        # Neither the host nor a flow has been away.
        took = time.monotonic() - began
        assert network.youngest_flow() > took
        assert network.identity() == identity
        # It knew what is there before it wrote.
        with open(os.path.join(network.host.folder, "controller.log")) as log:
            assert "southbound database failed" not in log.read()


def test_controller_restart(network):
    """No ping is lost while ovn-controller restarts: flows, chassis and
    tunnels stay."""
    def end(controller):
        network.host.controller_appctl("exit", "--restart")
        controller.popen.wait(60)
    restart_controller(network, end)


def test_controller_killed(network):
    """Likewise if it dies."""
    restart_controller(network, lambda controller: controller.kill())


def test_northd_restart(network):
    """Nor is northd needed for traffic."""
    sandbox = network.sandbox
    with Watch(network, "northd", *EVERYWHERE):
        sandbox.northd.stop()
        sandbox.start_northd()
        network.sync()
    with Watch(network, "northd killed", *EVERYWHERE):
        sandbox.northd.kill()
        sandbox.start_northd()
        network.sync()


def test_southbound_away():
    """The southbound database is away for more than a minute: no ping is lost,
    not even while the controller restarts without it, and what changed in the
    meantime arrives once it is back."""
    if not can_use_namespaces():
        pytest.skip("network namespaces need root")
    sides = ["ours"] + ["debian"] * have_peer()
    networks = [Network(side) for side in sides]
    with contextlib.ExitStack() as stack:
        for network in networks:
            stack.callback(network.sandbox.close)
            network.start()
        with contextlib.ExitStack() as watches:
            for side, network in zip(sides, networks):
                watches.enter_context(Watch(network, side, *EVERYWHERE))
            away(networks)


def away(networks):
    for network in networks:
        network.sandbox.sb.process.kill()
    back = time.monotonic() + AWAY_S
    for network in networks:
        network.nbctl("lsp-add", "sw0", "vm5", "--", "lsp-set-addresses",
                      "vm5", "02:00:00:00:00:05 10.0.0.15")
        network.vm5 = network.other.workload("vm5", "02:00:00:00:00:05",
                                             "10.0.0.15")
    ours = networks[0]
    before = ours.flows()
    ours.host.controller_appctl("exit", "--restart")
    ours.host.controller.popen.wait(60)
    ours.host.start_controller()
    time.sleep(max(0, back - time.monotonic()))
    assert ours.flows() == before
    for network in networks:
        network.sandbox.sb.start()
    for network in networks:
        network.sync()
        network.sandbox.wait_ping(network.vm1, "10.0.0.15")


def test_switch_restart(network):
    """After the switch is back, so are its flows: within a second on a machine
    that has nothing else to do, which is told and not asserted."""
    host = network.host
    before = network.flows()
    pings = [Pings(network.vm1, a) for a in EVERYWHERE]
    host.appctl("exit")
    host.vswitchd.popen.wait(60)
    host.start_vswitchd()
    host.vswitchd.wait_for(
        lambda: accepts(os.path.join(host.folder, "br-int.mgmt")))
    began = time.monotonic()
    pings[0].wait_answer()
    print("between workloads of the host after %.3f s"
          % (time.monotonic() - began))
    # The underlay's device is the switch's, and a new one.
    wait_until(lambda: not run(["ip", "-n", host.ns, "link", "show",
                                "br-phy"], check=False).returncode,
               what="br-phy")
    run(["ip", "-n", host.ns, "addr", "replace", host.ip + "/24", "dev",
         "br-phy"])
    run(["ip", "-n", host.ns, "link", "set", "br-phy", "up"])
    began = time.monotonic()
    for pings_there in pings[1:]:
        pings_there.wait_answer()
    print("to the other host %.3f s after its device has its address"
          % (time.monotonic() - began))
    for address, p in zip(EVERYWHERE, pings):
        p.end()
        print("%s: %.3f s without an answer" % (address, p.outage))
    if network.is_ours:
        wait_until(lambda: network.flows() == before, what="flows are back")


def test_facts_equal_those_from_scratch(network):
    """After ports came and went, a fresh computation finds no difference."""
    if not network.is_ours:
        pytest.skip("it is about our answers")
    for i in range(6, 10):
        network.nbctl("lsp-add", "sw0", "vm%d" % i, "--",
                      "lsp-set-addresses", "vm%d" % i,
                      "02:00:00:00:00:%02x 10.0.0.%d" % (i, 10 + i))
    network.host.workload("vm6", "02:00:00:00:00:06", "10.0.0.16", "10.0.0.1")
    network.sandbox.wait_ping(network.vm1, "10.0.0.16")
    network.nbctl("lsp-del", "vm7", "--", "lsp-del", "vm2")
    network.sync()
    assert "no difference" in network.host.controller_appctl("incr/verify")
    wait_cut_off(network.vm1, "10.0.0.12")
