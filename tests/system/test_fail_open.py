# SPDX-License-Identifier: Apache-2.0
"""Bridges whose controller is out of reach: with fail_mode=standalone they work
as learning switches until it is back, with fail_mode=secure they do not."""

import pytest

from harness.in_band import CONTROLLER
from harness.netns import ping, within
from harness.process import wait_until
from harness.sandbox import Host

HIDDEN = "priority=15790320,actions=NORMAL"


class Net:
    """a (10.8.0.1) -- br0 -- b (10.8.0.2)"""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.host = host = Host(sandbox, "switch", None, controller=False)
        host.vsctl("add-br", "br0", "--", "set", "bridge", "br0",
                   "datapath_type=netdev")
        self.a = host.workload("a", "02:00:00:00:00:01", "10.8.0.1",
                               bridge="br0")
        host.workload("b", "02:00:00:00:00:02", "10.8.0.2", bridge="br0")

    def start_controller(self):
        server = self.sandbox.spawn("openflow", within(
            self.host.ns, ["/usr/bin/python3", "-c", CONTROLLER]))
        server.wait_for(lambda: "ready" in server.text())
        return server

    def control(self, fail_mode, probe_ms):
        self.host.vsctl(
            "set", "bridge", "br0", "fail_mode=" + fail_mode, "--",
            "set-controller", "br0", "tcp:127.0.0.1", "--", "set",
            "controller", "br0", "max_backoff=1000",
            "inactivity_probe=%d" % probe_ms)

    def wait_connected(self, connected):
        wait_until(lambda: self.host.vsctl(
            "get", "controller", "br0", "is_connected").strip() == connected,
            what="is_connected=" + connected)

    def is_open(self):
        return HIDDEN in self.host.appctl("bridge/dump-flows", "br0")


@pytest.fixture
def net(make_sandbox):
    return Net(make_sandbox())


def test_standalone(net):
    controller = net.start_controller()
    net.control("standalone", 1000)
    net.wait_connected("true")
    assert not net.is_open() and ping(net.a, "10.8.0.2", patience=1) == 0

    controller.kill()
    net.wait_connected("false")
    wait_until(net.is_open, what="a switch that fails open")
    net.sandbox.wait_ping(net.a, "10.8.0.2")
    assert net.host.ofctl("dump-flows", "br0").splitlines()[1:] == []
    net.host.ofctl("add-flow", "br0", "priority=65535,actions=drop")
    net.host.ofctl("del-flows", "br0")
    assert net.is_open() and ping(net.a, "10.8.0.2", patience=5)

    net.start_controller()
    net.wait_connected("true")
    assert not net.is_open()
    net.host.appctl("revalidator/wait")
    assert ping(net.a, "10.8.0.2", patience=1) == 0


def test_modes(net):
    """Without probes it does not wait; only if it is to fail open."""
    net.control("standalone", 0)
    assert net.is_open()
    net.host.vsctl("set", "bridge", "br0", "fail_mode=secure")
    assert not net.is_open()
    assert ping(net.a, "10.8.0.2", patience=1) == 0
    net.host.vsctl("set", "bridge", "br0", "fail_mode=standalone")
    assert net.is_open()
    net.host.vsctl("del-controller", "br0")
    assert not net.is_open()
    net.sandbox.wait_ping(net.a, "10.8.0.2")
