# SPDX-License-Identifier: Apache-2.0
"""Tunnels and BFD with others: Debian's ovs-vswitchd, the kernel's own tunnel
devices, and FRR's bfdd.  See harness/overlay.py."""

import os
import re

import pytest

from harness.netns import ping, within
from harness.overlay import IPS, MACS, UNDERLAY, Overlay
from harness.process import run, wait_until
from harness.programs import PEER, Programs, have_peer
from harness.sandbox import Host

KINDS = ("geneve", "vxlan", "gre")
SECONDS = 30
FRR = os.path.join(PEER, "usr/lib/frr")

needs_peer = pytest.mark.skipif(not have_peer(),
                                reason="needs Debian's programs")
needs_frr = pytest.mark.skipif(not os.path.exists(FRR + "/bfdd"),
                               reason="needs Debian's frr")


def bfd_status(host, key, interface="tun"):
    return host.vsctl("--if-exists", "get", "interface", interface,
                      "bfd_status:" + key).strip().strip('"')


def wait_bfd(host, state, interface="tun"):
    wait_until(lambda: bfd_status(host, "state", interface) == state, SECONDS,
               "BFD %s" % state, interval=0.05)


@needs_peer
def test_debian(make_sandbox):
    """Every kind of tunnel, and BFD through it."""
    o = Overlay([make_sandbox(), make_sandbox(Programs("debian"))], True)
    for kind in KINDS:
        o.tunnel(kind, "key=77")
        o.wait()
        o.transfer(0, 1)
        o.transfer(1, 0)
    o.tunnel("geneve", "key=flow", "csum=true")
    for host in o.hosts:
        host.vsctl("set", "interface", "tun", "bfd:enable=true")
    for host in o.hosts:
        wait_bfd(host, "up")
    o.hosts[1].vsctl("set", "interface", "tun", "bfd:cpath_down=true")
    wait_until(lambda: bfd_status(o.hosts[0], "forwarding") == "false",
               SECONDS, "the concatenated path")
    o.hosts[1].vsctl("set", "interface", "tun", "bfd:enable=false")
    wait_bfd(o.hosts[0], "down")
    o.hosts[1].vsctl("set", "interface", "tun", "bfd:enable=true")
    wait_bfd(o.hosts[0], "up")


def kernel_device(kind, version, local, remote):
    """Words of "ip link add tun ..." for key 77."""
    own = ["local", local, "remote", remote]
    if kind == "gre":
        return ["type", "gretap" if version == 4 else "ip6gretap",
                "key", "77"] + own
    if kind == "vxlan":
        return ["type", "vxlan", "id", "77", "dstport", "4789"] + own
    return ["type", "geneve", "id", "77", "remote", remote]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("kind", KINDS)
def test_kernel(make_sandbox, kind, version):
    """The other end is a tunnel device of the kernel's, which leaves inner
    segmentation and checksums to the link."""
    o = Overlay([make_sandbox()] * 2, True, version)
    o.tunnel(kind, "key=77", sides=[0])
    # h1 without its switch: its workload's address is on the device.
    h1, local = o.hosts[1], o.addresses[1]
    h1.vsctl("--", "del-br", "br-phy", "--", "del-br", "br-int")
    plen = ["/24"] if version == 4 else ["/64", "nodad"]
    run(["ip", "-n", h1.ns, "addr", "add", local + plen[0], "dev", "u"]
        + plen[1:])
    done = run(["ip", "-n", h1.ns, "link", "add", "tun", "address", MACS[1],
                "mtu", "1400"]
               + kernel_device(kind, version, local, o.addresses[0]),
               check=False)
    if done.returncode:
        pytest.skip("the kernel has no such device: " + done.stderr)
    run(["ip", "-n", h1.ns, "addr", "add", IPS[1] + "/24", "dev", "tun"])
    run(["ip", "-n", h1.ns, "link", "set", "tun", "up"])
    o.vms[1] = h1.ns
    o.wait()
    assert ping(h1.ns, IPS[0]) == 3
    o.transfer(0, 1)
    o.transfer(1, 0)


FRR_CONFIG = """
bfd
 peer 10.5.0.1 interface eth0
  receive-interval 200
  transmit-interval 200
  no shutdown
"""


@pytest.fixture
def frr(make_sandbox):
    """Our switch with port p0 in br0, and a namespace behind it in which FRR's
    daemons run; starts them with frr.start() and stops them with
    frr.stop()."""
    class Frr:
        def __init__(self):
            self.sandbox = make_sandbox()
            self.host = Host(self.sandbox, "h", None, controller=False)
            self.host.vsctl("--", "add-br", "br0", "--", "set", "bridge",
                            "br0", "datapath_type=netdev",
                            "other_config:hwaddr=02:00:00:00:05:01")
            self.ns = self.host.workload("p0", "02:00:00:00:05:02",
                                         "10.5.0.2", bridge="br0")
            run(["ip", "-n", self.host.ns, "addr", "add", "10.5.0.1/24",
                 "dev", "br0"])
            run(["ip", "-n", self.host.ns, "link", "set", "br0", "up"])
            self.folder = os.path.join(self.sandbox.folder, "frr")
            os.mkdir(self.folder)
            with open(self.folder + "/bfdd.conf", "w") as f:
                f.write(FRR_CONFIG)
            # They want to find their group.
            with open("/etc/group") as f, \
                    open(self.folder + "/group", "w") as g:
                g.write(f.read() + "frrvty:x:64999:root\n")

        def daemon(self, name, *options):
            lib = PEER + "/usr/lib/x86_64-linux-gnu"
            command = [
                "unshare", "-m", "sh", "-c",
                "mount --bind \"$0\" /etc/group && exec \"$@\"",
                self.folder + "/group", FRR + "/" + name, "-u", "root", "-g",
                "root", "-z", self.folder + "/zserv", "-i",
                self.folder + "/" + name + ".pid", "--vty_socket",
                self.folder, "-P", "0", "--log", "stdout", *options]
            return self.sandbox.spawn(
                name, within(self.ns, command),
                env={"LD_LIBRARY_PATH": lib + "/frr:" + lib})

        def start(self):
            zebra = self.daemon("zebra", "-f", "/dev/null")
            zebra.wait_for(lambda: os.path.exists(self.folder + "/zserv"))
            self.daemons = [zebra, self.daemon(
                "bfdd", "-f", self.folder + "/bfdd.conf", "--bfdctl",
                self.folder + "/bfdd.sock")]

        def stop(self):
            for daemon in reversed(self.daemons):
                daemon.stop()
    return Frr()


@needs_frr
def test_frr(frr):
    """A session with FRR's bfdd on a plain port: it comes up with the
    intervals of both, and each notices when the other is gone."""
    frr.host.vsctl(
        "set", "interface", "p0", "bfd:enable=true", "bfd:min_rx=300",
        "bfd:min_tx=300", "bfd:bfd_src_ip=10.5.0.1",
        "bfd:bfd_dst_ip=10.5.0.2",
        "bfd:bfd_local_src_mac=02:00:00:00:05:01",
        "bfd:bfd_local_dst_mac=02:00:00:00:05:01",
        "bfd:bfd_remote_dst_mac=02:00:00:00:05:02")
    frr.start()
    wait_bfd(frr.host, "up", "p0")
    wait_until(lambda: re.search(r"Remote Minimum TX Interval: 200ms",
                                 frr.host.appctl("bfd/show", "p0")),
               SECONDS, "FRR's interval")
    wait_until(lambda: bfd_status(frr.host, "remote_state", "p0") == "up",
               SECONDS, "FRR is up")
    frr.stop()
    wait_bfd(frr.host, "down", "p0")
    frr.start()
    wait_bfd(frr.host, "up", "p0")
    assert int(bfd_status(frr.host, "flap_count", "p0")) >= 3
