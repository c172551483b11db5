# SPDX-License-Identifier: Apache-2.0
"""Two hosts with real packets: how long until the first ping crosses them,
and until a new port answers."""

import statistics
import subprocess
import time

from bench.common import less, memory_mib, own_tool, programs_of
from harness.netns import pinger, within
from harness.process import run, wait_until
from harness.sandbox import Sandbox

N_NEW = 5
MAC, IP = "02:00:00:00:00:%02x", "10.0.0.%d"


def wait_ping(ns, ip):
    wait_until(lambda: run(within(ns, ["ping", "-n", "-q", "-c1", "-W0.05",
                                       ip]),
                           check=False).returncode == 0,
               30, "ping " + ip, interval=0)


def add_port(sandbox, name, n, nbctl):
    run([nbctl, "--db=" + sandbox.nb.remote, "--timeout=60", "lsp-add", "sw0",
         name, "--", "lsp-set-addresses", name,
         "%s %s" % (MAC % n, IP % n)])


def new_port(sandbox, pinger_ns, host, n, nbctl, vsctl):
    """Seconds from a new logical port and interface until 'pinger_ns' reaches
    it; all that the answer needs apart from them is there before."""
    name, ip = "new%d" % n, IP % n
    ns = sandbox.namespaces.add(name)
    sandbox.namespaces.veth(ns, "eth0", host.ns, name)
    run(["ip", "-n", ns, "link", "set", "eth0", "address", MAC % n, "mtu",
         "1400"])
    run(["ip", "-n", ns, "addr", "add", ip + "/24", "dev", "eth0"])
    run(["ip", "-n", ns, "neigh", "add", IP % 1, "lladdr", MAC % 1, "dev",
         "eth0"])
    run(["ip", "-n", pinger_ns, "neigh", "replace", ip, "lladdr", MAC % n,
         "dev", "eth0"])
    # ping(8) sends one each ten milliseconds at most until it is answered.
    pings = subprocess.Popen(pinger(pinger_ns, ip, 0, 0.0005, 0),
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True)
    try:
        pings.stdout.readline()              # It has begun.
        start = time.monotonic()
        add_port(sandbox, name, n, nbctl)
        run([vsctl, "--db=" + host.db.remote, "--timeout=60", "--",
             "add-port", "br-int", name, "--", "set", "interface", name,
             "external_ids:iface-id=" + name])
        assert pings.stdout.readline() == "answered\n"
        return time.monotonic() - start
    finally:
        pings.kill()
        pings.wait()


def new_ports(sandbox, pinger_ns, host, first, side):
    """The median for a few of them, made with the tools of 'side'."""
    nbctl, vsctl = (own_tool(side, t) for t in ("ovn-nbctl", "ovs-vsctl"))
    return statistics.median(
        new_port(sandbox, pinger_ns, host, first + i, nbctl, vsctl)
        for i in range(N_NEW))


def measure(side, *_):
    with Sandbox(programs_of(side)) as sandbox:
        nbctl = sandbox.programs.path("ovn-nbctl")
        start = time.monotonic()
        sandbox.start_central()
        h1, h2 = sandbox.underlay(2)
        ready = time.monotonic()
        sandbox.nbctl("ls-add", "sw0")
        add_port(sandbox, "vm1", 1, nbctl)
        add_port(sandbox, "vm2", 2, nbctl)
        vm1 = h1.workload("vm1", MAC % 1, IP % 1)
        h2.workload("vm2", MAC % 2, IP % 2)
        wait_ping(vm1, IP % 2)
        end = time.monotonic()
        figures = {
            "start of all to first ping": less(end - start, "s"),
            "configuration to first ping": less(end - ready, "s"),
            "new port to first ping": less(
                new_ports(sandbox, vm1, h2, 100, "debian"), "s"),
            "new port to first ping, with its own tools": less(
                new_ports(sandbox, vm1, h2, 150, side), "s"),
        }
        for name, process in (("northd", sandbox.northd),
                              ("controller", h1.controller),
                              ("vswitchd", h1.vswitchd)):
            figures[name + " memory"] = less(memory_mib(process.pid), "MiB")
        return figures
