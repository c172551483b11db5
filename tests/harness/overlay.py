# SPDX-License-Identifier: Apache-2.0
"""Two hosts, a workload on each, and a tunnel between them.

    vm0:eth0 -- p0:br-int ..tunnel.. br-int:p1 -- eth0:vm1
                   h0 --------- u ---------- h1

The underlay address of a host is on its plain interface 'u', or on its bridge
br-phy, whose port 'u' then is.  10.9.0.10 is vm0, 10.9.0.11 is vm1."""

import os
import re

from .netns import wait_ping, within
from .process import run
from .sandbox import Host

UNDERLAY = {4: ("172.31.0.1", "172.31.0.2"), 6: ("fd31::1", "fd31::2")}
MACS = ("02:00:00:00:00:10", "02:00:00:00:00:11")
IPS = ("10.9.0.10", "10.9.0.11")

RECEIVE = """
import hashlib, socket, sys
s = socket.create_server((sys.argv[1], 5001))
print("listening", flush=True)
c, who = s.accept()
h = hashlib.sha256()
while b := c.recv(1 << 20):
    h.update(b)
c.sendall(h.hexdigest().encode())
"""

SEND = """
import hashlib, random, socket, sys
data = random.Random(1).randbytes(1 << 20)
s = socket.create_connection((sys.argv[1], 5001), timeout=60)
h = hashlib.sha256()
for i in range(10):
    s.sendall(data)
    h.update(data)
s.shutdown(socket.SHUT_WR)
assert s.makefile().read() == h.hexdigest(), "data changed on the way"
"""


def ports_are_claimed():
    """Whether the kernel lets the switch keep a port's packets from the
    host's own stack."""
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (6,
                                                                           6)


class Overlay:
    """'sandboxes' are those of the hosts, which may have other programs.  With
    'router_mtu' there is a router between the hosts, from which on the MTU is
    that (IPv4)."""

    def __init__(self, sandboxes, on_bridge, version=4, router_mtu=None):
        self.sandbox, self.on_bridge = sandboxes[0], on_bridge
        self.addresses = UNDERLAY[version]
        self.has_router = router_mtu is not None
        self.hosts = [Host(sandbox, "h%d" % i, None, controller=False)
                      for i, sandbox in enumerate(sandboxes)]
        offload = all(s.takes_offloads() for s in sandboxes)
        if router_mtu:
            self.add_router(router_mtu)
        else:
            self.sandbox.namespaces.veth(
                self.hosts[0].ns, "u", self.hosts[1].ns, "u", offload=offload)
        self.device = "br-phy" if on_bridge else "u"
        self.vms = []
        self.n_listeners = 0
        for i, host in enumerate(self.hosts):
            host.vsctl("--", "add-br", "br-int", "--", "set", "bridge",
                       "br-int", "datapath_type=netdev")
            if not ports_are_claimed():
                # Let u not answer for br-phy's address.
                run(within(host.ns, ["sysctl", "-qw",
                                     "net.ipv4.conf.all.arp_ignore=1"]))
            if on_bridge:
                host.vsctl("--", "add-br", "br-phy", "--", "set", "bridge",
                           "br-phy", "datapath_type=netdev", "--", "add-port",
                           "br-phy", "u")
            if router_mtu and i == 1:
                run(["ip", "-n", host.ns, "link", "set", self.device, "mtu",
                     router_mtu])
            self.add_address(i, self.addresses[i])
            vm = host.workload("p%d" % i, MACS[i], IPS[i])
            # Nothing but what the tests send.
            run(within(vm, ["sysctl", "-qw",
                            "net.ipv6.conf.all.disable_ipv6=1"]))
            run(["ip", "-n", vm, "neigh", "add", IPS[1 - i], "lladdr",
                 MACS[1 - i], "dev", "eth0"])
            self.vms.append(vm)

    def add_router(self, mtu):
        self.addresses = ("172.31.0.1", "172.31.1.2")
        router = self.sandbox.namespaces.add("router")
        run(within(router, ["sysctl", "-qw", "net.ipv4.ip_forward=1"]))
        for i, host in enumerate(self.hosts):
            name = "r%d" % i
            self.sandbox.namespaces.veth(host.ns, "u", router, name)
            run(["ip", "-n", router, "addr", "add", "172.31.%d.254/24" % i,
                 "dev", name])
        run(["ip", "-n", router, "link", "set", "r1", "mtu", mtu])
        run(["ip", "-n", self.hosts[1].ns, "link", "set", "u", "mtu", mtu])

    def add_address(self, i, address):
        plen = ["/64", "nodad"] if ":" in address else ["/24"]
        run(["ip", "-n", self.hosts[i].ns, "addr", "add", address + plen[0],
             "dev", self.device] + plen[1:])
        run(["ip", "-n", self.hosts[i].ns, "link", "set", self.device, "up"])
        if address.startswith("172.31.%d." % i) and self.has_router:
            run(["ip", "-n", self.hosts[i].ns, "route", "replace", "default",
                 "via", "172.31.%d.254" % i])

    def tunnel(self, kind, *options, sides=(0, 1)):
        for i in sides:
            words = ["options:" + o for o in options]
            if not any(o.startswith("remote_ip=") for o in options):
                words.append("options:remote_ip=\"%s\""
                             % self.addresses[1 - i])
            self.hosts[i].vsctl("--", "--if-exists", "del-port", "tun", "--",
                                "add-port", "br-int", "tun", "--", "set",
                                "interface", "tun", "type=" + kind, *words)

    def wait(self):
        wait_ping(self.vms[0], IPS[1])

    def listener(self, ns, command):
        """Starts 'command' in 'ns' and waits until it is listening."""
        self.n_listeners += 1
        process = self.sandbox.spawn("listener%d" % self.n_listeners,
                                     within(ns, command))
        process.wait_for(lambda: "listening" in process.text())
        return process

    def transfer(self, sender, receiver):
        """Sends 10 MiB by TCP, and checks what arrives."""
        server = self.listener(self.vms[receiver],
                               ["python3", "-c", RECEIVE, IPS[receiver]])
        run(within(self.vms[sender], ["python3", "-c", SEND, IPS[receiver]]))
        server.popen.wait(60)

    def host_packets(self, i):
        """Packets that host i's own stack sent at the underlay device."""
        path = "/sys/class/net/%s/statistics/tx_packets" % self.device
        return int(run(within(self.hosts[i].ns, ["cat", path])))

    def flow_packets(self, i, match):
        text = self.hosts[i].ofctl("dump-flows", "br-int", match)
        return sum(int(line.split("n_packets=")[1].split(",")[0])
                   for line in text.splitlines() if "n_packets=" in line)

    def appctl(self, i, *words, **kwargs):
        return self.hosts[i].appctl(*words, **kwargs)
