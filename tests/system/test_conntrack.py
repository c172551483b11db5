# SPDX-License-Identifier: Apache-2.0
"""Connection tracking with real traffic between workloads on one switch.

Workload va, on port vifa, is 10.7.0.1 and fd07::1; vb is 10.7.0.2; ..."""

import pytest

from harness.netns import ping, within
from harness.process import run, wait_until
from harness.sandbox import Host, Sandbox

# Neighbours find each other without being tracked.
NEIGHBOURS = ("priority=40000,arp,actions=NORMAL",
              "priority=40000,icmp6,icmp_type=135,actions=NORMAL",
              "priority=40000,icmp6,icmp_type=136,actions=NORMAL",
              "priority=40000,icmp6,icmp_type=133,actions=drop")


class Switch:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.host = Host(sandbox, "switch", None, controller=False)
        self.host.vsctl("add-br", "br0", "--", "set", "bridge", "br0",
                        "datapath_type=netdev", "fail_mode=secure")
        self.flows(*NEIGHBOURS)

    def vm(self, letter):
        i = ord(letter) - ord("a") + 1
        ns = self.host.workload("vif" + letter, "02:00:00:00:00:%02x" % i,
                                "10.7.0.%d" % i, bridge="br0")
        run(["ip", "-n", ns, "addr", "add", "fd07::%d/64" % i, "dev", "eth0",
             "nodad"])
        return ns

    def flows(self, *flows):
        for flow in flows:
            self.host.ofctl("add-flow", "br0", flow)

    def stateful(self, commit="ct(commit,zone=5)", untracked="ct(table=1,zone=5)"):
        """Only va may begin connections."""
        for family in ("ip", "ipv6"):
            self.flows("table=0,%s,ct_state=-trk,actions=%s" % (family,
                                                                untracked),
                       "table=1,%s,ct_state=+new+trk-rel,in_port=vifa,"
                       "actions=%s,NORMAL" % (family, commit),
                       "table=1,%s,ct_state=+est+trk,actions=NORMAL" % family,
                       "table=1,%s,ct_state=+rel-new+trk,actions=NORMAL"
                       % family)

    def ready(self, name, command):
        process = self.sandbox.spawn(name, command)
        process.wait_for(lambda: "ready" in process.text())
        return process

    def python(self, ns, code, *args, **kwargs):
        return run(within(ns, ["python3", "-c", code, *args]), **kwargs)

    def dpctl(self, command, *args):
        return self.host.appctl("dpctl/" + command, *args)

    def ipf(self, what):
        for line in self.dpctl("ipf-get-status").splitlines():
            name, _, value = line.strip().partition(": ")
            if name == what:
                return int(value)
        raise KeyError(what)


@pytest.fixture
def switch():
    with Sandbox() as sandbox:
        yield Switch(sandbox)


def big_ping(ns, address):
    done = run(within(ns, ["ping", "-n", "-q", "-c", "3", "-i", "0.05", "-s",
                           "4000", "-W", "2", address]), check=False)
    return int(done.stdout.split(" received")[0].split()[-1])


@pytest.mark.parametrize("family", ["v4", "v6"])
def test_fragments(switch, family):
    """Datagrams in fragments are tracked whole, and leave in fragments."""
    va, vb = switch.vm("a"), switch.vm("b")
    switch.stateful()
    a, b = (("10.7.0.1", "10.7.0.2") if family == "v4"
            else ("fd07::1", "fd07::2"))
    assert big_ping(va, b) == 3
    # The other way nothing begins.
    assert big_ping(vb, a) == 0
    assert switch.ipf(family + " frags accepted") >= 3 * 3 * 3
    assert switch.ipf(family + " frags completed") \
        == switch.ipf(family + " frags accepted")
    assert switch.ipf("num frag") == 0


UDP_ECHO = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.7.0.2", 7777))
print("ready", flush=True)
while True:
    data, peer = s.recvfrom(65536)
    s.sendto(data[::-1] + peer[0].encode(), peer)
"""

UDP_ASK = """
import random, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.connect((sys.argv[1], int(sys.argv[2])))
data = random.Random(1).randbytes(int(sys.argv[3]))
for i in range(3):
    s.send(data)
    try:
        answer = s.recv(65536)
        break
    except TimeoutError:
        if i == 2:
            raise
assert answer[:len(data)] == data[::-1], "data changed on the way"
print(answer[len(data):].decode())
"""


def test_fragments_have_ports_and_translations(switch):
    """After ct() all of a datagram has its ports, and is translated."""
    va, vb = switch.vm("a"), switch.vm("b")
    switch.flows("table=0,ip,ct_state=-trk,actions=ct(table=1,zone=5,nat)",
                 "table=1,udp,tp_dst=7777,ct_state=+new+trk,in_port=vifa,"
                 "actions=ct(commit,zone=5,nat(src=10.7.0.1:5000-5000)),"
                 "output:vifb",
                 "table=1,udp,tp_src=7777,ct_state=+est+rpl+trk,"
                 "actions=output:vifa",
                 "table=1,udp,tp_dst=7777,ct_state=+est-rpl+trk,"
                 "actions=output:vifb")
    switch.ready("echo", within(vb, ["python3", "-c", UDP_ECHO]))
    assert switch.python(va, UDP_ASK, "10.7.0.2", "7777",
                         "30000").strip() == "10.7.0.1"
    flow = switch.dpctl("dump-conntrack")
    assert "reply=(src=10.7.0.2,dst=10.7.0.1,sport=7777,dport=5000)" in flow
