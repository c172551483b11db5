# SPDX-License-Identifier: Apache-2.0
"""A running network of Debian's programs becomes ours, one program at a time,
while a ping crosses its two hosts every 10 ms.

Only a switch's restart may cost pings: its ports are its own.  How many, beside
a restart of Debian's switch by Debian's, is printed (pytest -rP)."""

import os
import re
import subprocess
import tempfile

import pytest

from harness.netns import ping, within
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


def text_of(file):
    """What was written so far, by a child whose place in the file is ours."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size,
                    0).decode()


class Upgrade:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        sandbox.underlay_mac = "00:16:3e:00:01:%02x"
        self.vm1 = two_hosts(sandbox)[0]
        self.settle()

    def settle(self):
        """Traffic passes, and all hosts have what is wanted."""
        self.sandbox.wait_ping(self.vm1, "10.0.0.12", timeout=30)
        self.sandbox.nbctl("--wait=hv", "sync")
        assert ping(self.vm1, "10.0.1.13", count=5, interval=0.01) == 5

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
            s.hosts[host].controller.popen.wait(20)
            s.hosts[host].start_controller()
        elif program == "ovs-vswitchd":
            self.choose(program, side)
            self.restart_switch(s.hosts[host])
        else:
            self.convert()

    def restart_switch(self, host):
        """The device with the underlay's address goes and comes with it."""
        host.appctl("exit")
        host.vswitchd.popen.wait(20)
        if os.path.exists(host.vswitchd_ctl):
            os.unlink(host.vswitchd_ctl)
        host.start_vswitchd()
        wait_until(lambda: not run(["ip", "-n", host.ns, "link", "show",
                                    "br-phy"], check=False).returncode,
                   what="br-phy is back")
        run(["ip", "-n", host.ns, "addr", "replace", host.ip + "/24", "dev",
             "br-phy"])
        run(["ip", "-n", host.ns, "link", "set", "br-phy", "up"])

    def convert(self):
        """The databases get our schemas while all run."""
        s = self.sandbox
        s.programs.choice["schema"] = "ours"
        for remote, schema in ((s.nb.remote, "nb"), (s.sb.remote, "sb"),
                               (s.hosts["h1"].db.remote, "vswitch"),
                               (s.hosts["h2"].db.remote, "vswitch")):
            run([s.programs.path("ovsdb-client"), "convert", remote,
                 s.programs.schema(schema)])

    def answers_more(self, out):
        """Waits until ping has told of ten more answers."""
        before = text_of(out).count(" time=")
        wait_until(lambda: text_of(out).count(" time=") >= before + 10,
                   timeout=30, what="answers to pings")

    def lost_while(self, *step, **kwargs):
        """Pings that were lost until the network has settled after a step."""
        with tempfile.TemporaryFile("w+") as out:
            popen = subprocess.Popen(
                within(self.vm1, ["ping", "-n", "-i", "0.01", "-W", "1",
                                  "10.0.0.12"]),
                stdout=out, stderr=subprocess.STDOUT)
            self.answers_more(out)
            self.replace(*step, **kwargs)
            self.settle()
            self.answers_more(out)
            popen.send_signal(2)
            popen.wait(20)
            sent, received = map(int, re.search(
                r"(\d+) packets transmitted, (\d+) received",
                text_of(out)).groups())
        # The last one may be on its way when ping is told to end.
        return max(0, sent - received - 1)


@pytest.mark.skipif(not have_peer(), reason="Debian's programs are not here")
@pytest.mark.parametrize("order", ORDERS)
def test_upgrade(make_sandbox, order):
    network = Upgrade(make_sandbox(Programs(default="debian")))
    lost = network.lost_while("ovs-vswitchd", "h1", side="debian")
    print("%-32s %d pings lost" % ("Debian's switch by Debian's", lost))
    for program, host in ORDERS[order]:
        lost = network.lost_while(program, host)
        print("%-32s %d pings lost" % (
            program + (" on " + host if host else ""), lost))
        assert program == "ovs-vswitchd" or lost == 0, program
    sides = network.sandbox.programs.choice
    assert set(sides.values()) == {"ours"}
