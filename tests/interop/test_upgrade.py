# SPDX-License-Identifier: Apache-2.0
"""A running network of Debian's programs becomes ours, one program at a time,
while a ping crosses its two hosts every 10 ms.

Only a switch's restart may cost pings: its ports are its own.  It costs no more
than restarts of Debian's switch by Debian's, just before, did.  What each step
cost is printed (pytest -rP)."""

import pytest

from harness.netns import Pings, ping
from harness.process import run, wait_until
from harness.programs import Programs, have_peer
from test_matrix import two_hosts

HOSTS = ("h1", "h2")
ORDERS = {
    # As a careful operator would: hosts first, the newest schema last.
    "hosts first": [("ovn-controller", "h1"), ("ovs-vswitchd", "h1"),
                    ("conf", "h1"), ("ovn-controller", "h2"),
                    ("ovs-vswitchd", "h2"), ("conf", "h2"),
                    ("sb", None), ("ovn-northd", None), ("nb", None),
                    ("schema", None)],
    "central first": [("nb", None), ("ovn-northd", None), ("sb", None),
                      ("conf", "h2"), ("ovs-vswitchd", "h2"),
                      ("ovn-controller", "h2"), ("conf", "h1"),
                      ("ovs-vswitchd", "h1"), ("ovn-controller", "h1"),
                      ("schema", None)],
}


# How much longer our switch's restart may interrupt traffic than the slowest of
# four of Debian's: these differ among themselves as much, since kernels ask for
# a neighbour once a second, three times, before they begin again.
ALLOWANCE, ALLOWANCE_S = 1.5, 3


class Upgrade:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        sandbox.underlay_mac = "00:16:3e:00:01:%02x"
        self.vm1 = two_hosts(sandbox)[0]
        self.settle()

    def settle(self):
        """Traffic passes, and all hosts have what is wanted."""
        self.sandbox.wait_ping(self.vm1, "10.0.0.12")
        self.sandbox.nbctl("--wait=hv", "sync")
        wait_until(lambda: ping(self.vm1, "10.0.1.13", count=5, interval=0.01,
                                patience=1) == 5, what="all pings answered")

    def choose(self, program, side):
        self.sandbox.programs.choice[program] = side

    def replace(self, program, host, side="ours"):
        """Ends one process and starts 'side's in its place."""
        s = self.sandbox
        if program in ("nb", "sb", "conf"):
            db = getattr(s, program) if host is None else s.hosts[host].db
            self.choose("ovsdb-server", side)
            db.process.stop()
            db.start()
        elif program == "ovn-northd":
            self.choose(program, side)
            s.northd.stop()
            s.start_northd()
        elif program == "ovn-controller":
            self.choose(program, side)
            s.hosts[host].controller_appctl("exit", "--restart")
            s.hosts[host].controller.popen.wait(60)
            s.hosts[host].start_controller()
        elif program == "ovs-vswitchd":
            self.choose(program, side)
            self.restart_switch(s.hosts[host])
        else:
            self.convert()

    def restart_switch(self, host):
        host.appctl("exit")
        host.vswitchd.popen.wait(60)
        host.start_vswitchd()
        self.sandbox.restore_underlay(host)

    def convert(self):
        """The databases get our schemas while all run."""
        s = self.sandbox
        s.programs.choice["schema"] = "ours"
        for remote, schema in ((s.nb.remote, "nb"), (s.sb.remote, "sb"),
                               (s.hosts["h1"].db.remote, "vswitch"),
                               (s.hosts["h2"].db.remote, "vswitch")):
            run([s.programs.path("ovsdb-client"), "convert", remote,
                 s.programs.schema(schema)])

    def disturbance(self, *step, **kwargs):
        """The pings that went out during a step, and until the network has
        settled after it."""
        pings = Pings(self.vm1, "10.0.0.12")
        self.replace(*step, **kwargs)
        self.settle()
        pings.end()
        name = " on ".join(word for word in step if word)
        print("%-24s %-8s %4d of %5d pings lost, %5.0f ms without an answer"
              % (name, kwargs.get("side", "ours"), pings.lost, pings.sent,
                 pings.outage * 1000))
        return pings


@pytest.mark.skipif(not have_peer(), reason="Debian's programs are not here")
@pytest.mark.parametrize("order", ORDERS)
def test_upgrade(make_sandbox, order):
    network = Upgrade(make_sandbox(Programs(default="debian")))
    theirs = [network.disturbance("ovs-vswitchd", host, side="debian").outage
              for host in HOSTS * 2]
    for program, host in ORDERS[order]:
        pings = network.disturbance(program, host)
        if program == "ovs-vswitchd":
            assert pings.outage <= max(theirs) * ALLOWANCE + ALLOWANCE_S
        else:
            assert pings.lost == 0, program
    sides = network.sandbox.programs.choice
    assert set(sides.values()) == {"ours"}
