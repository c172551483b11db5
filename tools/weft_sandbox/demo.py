# SPDX-License-Identifier: Apache-2.0
"""Shows what works: builds a network, sends packets, tells what came of it.

Each claim is checked with real packets as it is made; one that fails is
marked as such and makes the exit status 1."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from weft_common import programs
from weft_common.error import WeftError
from .network import bring_up, wait_until

TRAFFIC = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "traffic.py")
PICTURE = """
      h1                         h2
   +-------------+            +-------------+
   | vm1     vm4 |   Geneve   | vm2     vm3 |
   +--|-------|--+============+--|-------|--+
      |       |                  |       |
     sw0     sw1                sw0     sw1      10.0.0.0/24, 10.0.1.0/24
       \\       \\________lr0________/       /
        \\________________________________/
"""
# Workload: switch, host, address.
WORKLOADS = {
    "vm1": ("sw0", "h1", "10.0.0.11"),
    "vm2": ("sw0", "h2", "10.0.0.12"),
    "vm3": ("sw1", "h2", "10.0.1.13"),
    "vm4": ("sw1", "h1", "10.0.1.14"),
}
VIP = "172.16.0.10"
GATEWAY, OUTSIDE = "192.0.2.1", "192.0.2.100"
TRANSFER_BYTES = 1 << 20


class Account:
    """Runs claims and counts those that failed."""

    def __init__(self):
        self.start = time.monotonic()
        self.n_claims = self.n_failed = 0

    def line(self, mark, text):
        print("%6.2f s  %s %s" % (time.monotonic() - self.start, mark, text),
              flush=True)

    def say(self, text):
        self.line("   ", text)

    def claim(self, text, check, *words):
        """'check' returns what to add to the line; it raises if the claim
        is not true."""
        self.n_claims += 1
        try:
            seen = check(*words)
            self.line("ok ", text + (": " + seen if seen else ""))
        except WeftError as e:
            self.n_failed += 1
            self.line("NO ", "%s: %s" % (text, e))


class Demo:
    def __init__(self, sandbox, account):
        self.sandbox, self.account = sandbox, account
        self.nbctl = sandbox.nbctl

    def build_network(self):
        """Two switches and a router between them."""
        for sw in ("0", "1"):
            self.nbctl("ls-add", "sw" + sw, "--", "set", "logical_switch",
                       "sw" + sw, "other_config:subnet=10.0.%s.0/24" % sw)
        self.nbctl("lr-add", "lr0")
        for sw in ("0", "1"):
            port, router_port = "sw%s-lr0" % sw, "lr0-sw" + sw
            self.nbctl("lrp-add", "lr0", router_port, "02:00:00:00:ff:0" + sw,
                       "10.0.%s.1/24" % sw, "--",
                       "lsp-add", "sw" + sw, port, "--",
                       "lsp-set-type", port, "router", "--",
                       "lsp-set-addresses", port, "router", "--",
                       "lsp-set-options", port, "router-port=" + router_port)
        for name, (switch, host, address) in WORKLOADS.items():
            self.sandbox.add_workload(name, switch, host, address)
        for name in ("vm2", "vm3", "vm4"):
            self.serve(name, "80", "81")

    def serve(self, name, *ports):
        """A server in workload 'name', known to the sandbox's record."""
        ns = self.sandbox.namespace(name)
        output = os.path.join(self.sandbox.folder, name + ".serve")
        with open(output, "wb") as f:
            popen = subprocess.Popen(
                ["ip", "netns", "exec", ns, sys.executable, TRAFFIC, "serve",
                 name, *ports], stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                start_new_session=True)
        self.sandbox.state.note_process("serve/" + name, popen.pid)

        def is_ready():
            with open(output) as f:
                return "ready" in f.read()
        wait_until(is_ready, "server in " + name)

    def ping(self, source, address, count=20):
        """So many pings must be answered (ping goes on while some are not, for
        a while)."""
        output = self.sandbox.execute(
            source, ["ping", "-n", "-q", "-c", str(count), "-i", "0.01",
                     "-W", "1", "-w", "20", address], check=False)
        received = re.search(r"(\d+) received", output)
        if not received or int(received.group(1)) < count:
            raise WeftError("%s of %d answered" % (
                received.group(1) if received else "none", count))
        times = re.search(r"= [0-9.]+/([0-9.]+)/", output).group(1)
        return "%d answered, %s ms on average" % (count, times)

    def no_ping(self, source, address):
        """No ping may be answered."""
        output = self.sandbox.execute(
            source, ["ping", "-n", "-q", "-c", "3", "-i", "0.05", "-W", "1",
                     "-w", "1", address], check=False)
        if " 0 received" not in output:
            raise WeftError("answered")
        return "none answered"

    def fetch(self, source, address, port, size, patience=20):
        """Sends bytes there and back over a connection that is made within
        'patience' seconds; returns the name of who answered."""
        return self.sandbox.execute(
            source, [sys.executable, TRAFFIC, "fetch", address, str(port),
                     str(size), str(patience)], timeout=120).strip()

    def transfer(self, source, address, port):
        start = time.monotonic()
        name = self.fetch(source, address, port, TRANSFER_BYTES)
        return "%d MiB to %s and back in %.2f s" % (
            TRANSFER_BYTES >> 20, name, time.monotonic() - start)

    def connects(self, source, address, port):
        return "answered by " + self.fetch(source, address, port, 10)

    def refuses(self, source, address, port):
        try:
            name = self.fetch(source, address, port, 10, patience=1)
        except WeftError as e:
            if "timed out" in str(e):
                return "no answer"
            raise
        raise WeftError("answered by " + name)

    def spreads(self, source, address, port, backends):
        """New connections reach every backend and nobody else."""
        seen = [self.fetch(source, address, port, 10) for _ in range(16)]
        if set(seen) != set(backends):
            raise WeftError("reached only " + ", ".join(sorted(set(seen))))
        return ", ".join("%s %d times" % (b, seen.count(b)) for b in backends)

    def ready(self):
        """The first answers say that all that was configured is in place."""
        for address in ("10.0.0.12", "10.0.1.13"):
            wait_until(lambda a=address: self.answers("vm1", a),
                       "an answer from " + address)
        self.nbctl("--wait=hv", "sync")
        return "all hosts have acknowledged"

    def answers(self, source, address):
        try:
            return self.ping(source, address, 1)
        except WeftError:
            return None

    def sync(self, *words):
        """Returns after all hosts have installed the change."""
        start = time.monotonic()
        self.nbctl("--wait=hv", *words)
        return "on all hosts after %.0f ms" % (
            (time.monotonic() - start) * 1000)

    def show_connectivity(self):
        claim = self.account.claim
        claim("the network is up", self.ready)
        claim("ping vm1 to vm2: one switch, two hosts", self.ping, "vm1",
              "10.0.0.12")
        claim("ping vm1 to vm3: through the router, two hosts", self.ping,
              "vm1", "10.0.1.13")
        claim("ping vm1 to vm4: through the router, one host", self.ping,
              "vm1", "10.0.1.14")
        claim("ping vm1 to the router", self.ping, "vm1", "10.0.0.1")
        claim("TCP vm1 to vm2: one switch, two hosts", self.transfer, "vm1",
              "10.0.0.12", 80)
        claim("TCP vm1 to vm3: through the router, two hosts", self.transfer,
              "vm1", "10.0.1.13", 80)

    def show_acl(self):
        claim = self.account.claim
        claim("before the ACL, vm1 reaches vm3 port 81", self.connects,
              "vm1", "10.0.1.13", 81)
        claim("ACLs for vm3: only TCP port 80 in, anything out", self.sync,
              "acl-add", "sw1", "to-lport", "1000",
              'outport == "vm3" && ip4', "drop", "--",
              "acl-add", "sw1", "to-lport", "1001",
              'outport == "vm3" && tcp.dst == 80', "allow-related", "--",
              "acl-add", "sw1", "from-lport", "1001",
              'inport == "vm3" && ip4', "allow-related")
        claim("open: vm1 to vm3 port 80", self.connects, "vm1", "10.0.1.13",
              80)
        claim("closed: vm1 to vm3 port 81", self.refuses, "vm1", "10.0.1.13",
              81)
        claim("closed: ping vm1 to vm3", self.no_ping, "vm1", "10.0.1.13")
        claim("stateful: vm3 reaches vm2, whose answers may pass",
              self.connects, "vm3", "10.0.0.12", 81)
        claim("the ACLs are gone", self.sync, "acl-del", "sw1")
        claim("open again: vm1 to vm3 port 81", self.connects, "vm1",
              "10.0.1.13", 81)

    def show_load_balancer(self):
        claim = self.account.claim
        claim("load balancer %s:80 for vm3 and vm4" % VIP, self.sync,
              "--id=@lb", "create", "load_balancer", "name=lb0",
              "protocol=tcp",
              'vips:"%s:80"="10.0.1.13:80,10.0.1.14:80"' % VIP, "--",
              "add", "logical_switch", "sw0", "load_balancer", "@lb")
        claim("16 connections from vm1 are shared", self.spreads, "vm1", VIP,
              80, ("vm3", "vm4"))

    def add_outside(self):
        """A namespace that knows no route to the switches, on a bridge of
        h1, which becomes the router's gateway."""
        self.sandbox.add_outside("outside", "h1", "public",
                                 OUTSIDE + "/24")
        self.nbctl(
            "ls-add", "public", "--", "lsp-add", "public", "public-net", "--",
            "lsp-set-type", "public-net", "localnet", "--",
            "lsp-set-addresses", "public-net", "unknown", "--",
            "lsp-set-options", "public-net", "network_name=public")
        self.nbctl(
            "lrp-add", "lr0", "lr0-public", "02:00:00:00:ff:02",
            GATEWAY + "/24", "--", "lsp-add", "public", "public-lr0", "--",
            "lsp-set-type", "public-lr0", "router", "--",
            "lsp-set-addresses", "public-lr0", "router", "--",
            "lsp-set-options", "public-lr0", "router-port=lr0-public")
        self.nbctl(
            "--id=@gc", "create", "gateway_chassis", "name=lr0-public-h1",
            "chassis_name=h1", "priority=10", "--",
            "add", "logical_router_port", "lr0-public", "gateway_chassis",
            "@gc", "--",
            "--id=@nat", "create", "nat", "type=snat",
            "external_ip=" + GATEWAY, "logical_ip=10.0.0.0/24", "--",
            "add", "logical_router", "lr0", "nat", "@nat")
        return self.sync("sync")

    def show_gateway(self):
        claim = self.account.claim
        claim("a gateway on h1 with SNAT to " + GATEWAY, self.add_outside)
        claim("ping vm1 to outside, from the gateway's host", self.ping,
              "vm1", OUTSIDE)
        claim("ping vm2 to outside, through the gateway's host", self.ping,
              "vm2", OUTSIDE)

    def lease(self, name, host):
        start = time.monotonic()
        self.sandbox.add_workload(name, "sw0", host, "dhcp")
        return "%s, %.2f s with its namespace and port" % (
            self.sandbox.workloads[name]["address"],
            time.monotonic() - start)

    def show_dhcp(self):
        claim = self.account.claim
        claim("vm5 gets its address by DHCP", self.lease, "vm5", "h2")
        claim("ping vm5 to vm1", self.ping, "vm5", "10.0.0.11")


def programs_line():
    names = ("ovsdb-server", "ovsdb-tool", "ovn-northd", "ovn-controller",
             "ovs-vswitchd", "ovn-nbctl", "ovs-vsctl")
    others = [n for n in names if not programs.is_own(n)]
    if others:
        return "programs: Weft's, but Debian's " + ", ".join(others)
    return "programs: Weft's own, all of them"


def demo():
    """Runs the demo; returns the exit status."""
    folder = tempfile.mkdtemp(prefix="weft-demo-")
    account = Account()
    print(PICTURE)
    account.say(programs_line())
    sandbox = None
    try:
        sandbox = bring_up(folder, 2, account.say)
        show = Demo(sandbox, account)
        show.build_network()
        show.show_connectivity()
        show.show_acl()
        show.show_load_balancer()
        show.show_dhcp()
        show.show_gateway()
    finally:
        if sandbox:
            sandbox.state.clean()
        shutil.rmtree(folder, ignore_errors=True)
    account.claim("the sandbox is gone", check_clean, sandbox)
    print("\n%d claims checked, %d failed, %.1f s" % (
        account.n_claims, account.n_failed,
        time.monotonic() - account.start))
    return 1 if account.n_failed else 0


def check_clean(sandbox):
    """Nothing of the sandbox may be left."""
    state = sandbox.state
    left = [p["name"] for p in state.data["processes"] if state.is_running(p)]
    left += [n for n in state.data["namespaces"]
             if os.path.exists("/run/netns/" + n)]
    left += [folder for folder in (state.folder,) if os.path.exists(folder)]
    if left:
        raise WeftError("still there: " + ", ".join(left))
    return "no process, no namespace, no file"
