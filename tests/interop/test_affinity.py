# SPDX-License-Identifier: Apache-2.0
"""Load balancers with affinity: who has once been sent to a backend is sent
there again, until it has been silent for a while.  Debian's ovn-northd makes
the logical flows, our ovn-controller and switch do what they say.

    vm1, vm2 (backends), vm3 - sw0 -- lr0 -- sw1 - vm4"""

import re

import pytest

from harness.netns import within
from harness.process import run, wait_until
from harness.programs import Programs
from harness.sandbox import Sandbox

PORTS = {"vm1": ("sw0", "10.0.0.11", "fd00::11"),
         "vm2": ("sw0", "10.0.0.12", "fd00::12"),
         "vm3": ("sw0", "10.0.0.13", "fd00::13"),
         "vm4": ("sw1", "10.0.1.14", "fd01::14")}
# Load balancer: (of what, addresses of the VIP, who asks).
BALANCERS = {"lb0": ("ls", "sw0", ("10.8.0.100", "fd08::100"), "vm3"),
             "lb1": ("lr", "lr0", ("10.9.0.100", "fd09::100"), "vm4")}
N_QUESTIONS = 24
IDLE_S = 2

ANSWER = """
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("", 53))
print("ready", flush=True)
while True:
    data, whence = s.recvfrom(100)
    s.sendto(sys.argv[1].encode(), whence)
"""

# Each question is from a port of its own, which none had before: what belongs
# to a connection that was made earlier goes where that goes.
ASK = """
import socket, sys
target, first, n, patience = sys.argv[1], *map(int, sys.argv[2:])
kind = socket.AF_INET6 if ":" in target else socket.AF_INET
for port in range(first, first + n):
    with socket.socket(kind, socket.SOCK_DGRAM) as s:
        s.settimeout(patience)
        s.bind(("", port))
        s.sendto(b"who", (target, 53))
        print(s.recv(100).decode())
"""


class Network:
    def __init__(self, sandbox):
        self.sandbox, self.ns, self.next_port = sandbox, {}, 10000
        sandbox.start_central()
        self.host, = sandbox.underlay(1)
        self.configure()
        for i, (name, (_, ip4, ip6)) in enumerate(PORTS.items(), 1):
            gateway = ip4.rsplit(".", 1)[0] + ".1"
            ns = self.ns[name] = self.host.workload(
                name, "02:00:00:00:00:%02x" % i, ip4, gateway)
            run(["ip", "-n", ns, "addr", "add", ip6 + "/64", "dev", "eth0",
                 "nodad"])
            run(["ip", "-n", ns, "-6", "route", "add", "default", "via",
                 ip6.split("::")[0] + "::1"])
        sandbox.nbctl("--wait=hv", "sync")
        for name in ("vm1", "vm2"):
            server = sandbox.spawn("answer-" + name, within(
                self.ns[name], ["/usr/bin/python3", "-c", ANSWER, name]))
            server.wait_for(lambda: "ready" in server.text())
            for client in ("vm3", "vm4"):
                sandbox.wait_ping(self.ns[client], PORTS[name][1])

    def configure(self):
        words = ["lr-add", "lr0", "--", "set", "logical_router", "lr0",
                 "options:chassis=h1"]
        for i in range(2):
            words += ["--", "ls-add", "sw%d" % i, "--", "lrp-add", "lr0",
                      "lr0-sw%d" % i, "02:00:00:00:ff:0%d" % i,
                      "10.0.%d.1/24" % i, "fd0%d::1/64" % i, "--", "lsp-add",
                      "sw%d" % i, "sw%d-lr0" % i, "--", "lsp-set-type",
                      "sw%d-lr0" % i, "router", "--", "lsp-set-addresses",
                      "sw%d-lr0" % i, "router", "--", "lsp-set-options",
                      "sw%d-lr0" % i, "router-port=lr0-sw%d" % i]
        for i, (name, (switch, *ips)) in enumerate(PORTS.items(), 1):
            words += ["--", "lsp-add", switch, name, "--",
                      "lsp-set-addresses", name,
                      " ".join(["02:00:00:00:00:%02x" % i, *ips])]
        for name, (kind, where, (vip4, vip6), _) in BALANCERS.items():
            backends = [",".join(form % ip for ip in ips) for form, ips in (
                ("%s:53", [PORTS[p][1] for p in ("vm1", "vm2")]),
                ("[%s]:53", [PORTS[p][2] for p in ("vm1", "vm2")]))]
            words += ["--", "lb-add", name, vip4 + ":53", backends[0], "udp",
                      "--", "lb-add", name, "[%s]:53" % vip6, backends[1],
                      "udp", "--", kind + "-lb-add", where, name]
        self.sandbox.nbctl(*words)

    def ask(self, client, vip, n=N_QUESTIONS):
        """Who answers.  Of all that a client sends, the packet for which a
        backend is chosen is dropped, as this northd says: the first question
        may have to be asked again, and is by a choice of its own if the switch
        has not yet learned of the first."""
        def ask(n, patience_s, check=True):
            first, self.next_port = self.next_port, self.next_port + n
            return run(within(self.ns[client], [
                "/usr/bin/python3", "-c", ASK, vip, str(first), str(n),
                str(patience_s)]), check=check)

        wait_until(lambda: not ask(1, 1, check=False).returncode, 30,
                   "an answer")
        self.settle()
        return set(ask(n, 20).split()) if n else None

    def change(self, *words):
        self.sandbox.nbctl("--wait=hv", *words)
        self.settle()

    def settle(self):
        """All packets are credited, then packets go by what was learned, and by
        the present flows."""
        for _ in range(2):
            self.host.appctl("revalidator/wait")

    def learnt(self):
        """Flows that remember who was sent where."""
        return re.findall(r"^.*actions=", self.host.ofctl(
            "dump-flows", "br-int", "table=78"), re.M)


@pytest.fixture(scope="module")
def network():
    programs = Programs(ovn_northd="debian")
    programs.path("ovn-northd")
    with Sandbox(programs) as sandbox:
        yield Network(sandbox)


@pytest.mark.parametrize("family", [0, 1])
@pytest.mark.parametrize("balancer", sorted(BALANCERS))
def test_affinity(network, balancer, family):
    _, _, vips, client = BALANCERS[balancer]
    assert network.ask(client, vips[family]) == {"vm1", "vm2"}

    network.change("set", "load_balancer", balancer,
                   "options:affinity_timeout=60")
    favourite = network.ask(client, vips[family])
    assert len(favourite) == 1
    assert network.ask(client, vips[family]) == favourite
    assert network.learnt()

    network.change("remove", "load_balancer", balancer, "options",
                   "affinity_timeout")
    assert network.ask(client, vips[family]) == {"vm1", "vm2"}


def test_silent_ones_are_forgotten(network):
    network.host.ofctl("del-flows", "br-int", "table=78")
    network.change("set", "load_balancer", "lb0",
                   "options:affinity_timeout=%d" % IDLE_S)
    network.ask("vm3", "10.8.0.100", 0)
    wait_until(lambda: not network.learnt(), 30, "no flow that was learnt")
