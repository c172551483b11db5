# SPDX-License-Identifier: Apache-2.0
"""Two hosts with real packets: how long until the first ping crosses them,
and until a new port answers."""

import statistics
import subprocess
import time

from bench.common import less, memory_mib, programs_of
from harness.netns import within
from harness.process import run, wait_until
from harness.sandbox import Sandbox

N_NEW = 5
MAC, IP = "02:00:00:00:00:%02x", "10.0.0.%d"


def wait_ping(ns, ip):
    wait_until(lambda: run(within(ns, ["ping", "-n", "-q", "-c1", "-W0.05",
                                       ip]),
                           check=False).returncode == 0,
               30, "ping " + ip, interval=0)


def add_port(sandbox, name, n):
    sandbox.nbctl("lsp-add", "sw0", name, "--", "lsp-set-addresses", name,
                  "%s %s" % (MAC % n, IP % n))


def new_port(sandbox, pinger, host, n):
    """Seconds from a new logical port and interface until 'pinger' reaches
    it; all that the answer needs apart from them is there before."""
    name, ip = "new%d" % n, IP % n
    ns = sandbox.namespaces.add(name)
    sandbox.namespaces.veth(ns, "eth0", host.ns, name)
    run(["ip", "-n", ns, "link", "set", "eth0", "address", MAC % n, "mtu",
         "1400"])
    run(["ip", "-n", ns, "addr", "add", ip + "/24", "dev", "eth0"])
    run(["ip", "-n", ns, "neigh", "add", IP % 1, "lladdr", MAC % 1, "dev",
         "eth0"])
    run(["ip", "-n", pinger, "neigh", "replace", ip, "lladdr", MAC % n,
         "dev", "eth0"])
    ping = subprocess.Popen(
        within(pinger, ["stdbuf", "-oL", "ping", "-n", "-i", "0.002", "-w",
                        "20", ip]),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        ping.stdout.readline()               # It has begun.
        start = time.monotonic()
        add_port(sandbox, name, n)
        host.vsctl("--", "add-port", "br-int", name, "--", "set",
                   "interface", name, "external_ids:iface-id=" + name)
        for line in ping.stdout:
            if "bytes from" in line:
                return time.monotonic() - start
        raise AssertionError("%s is never reached" % name)
    finally:
        ping.kill()
        ping.wait()


def measure(side, *_):
    with Sandbox(programs_of(side)) as sandbox:
        start = time.monotonic()
        sandbox.start_central()
        h1, h2 = sandbox.underlay(2)
        ready = time.monotonic()
        sandbox.nbctl("ls-add", "sw0")
        add_port(sandbox, "vm1", 1)
        add_port(sandbox, "vm2", 2)
        vm1 = h1.workload("vm1", MAC % 1, IP % 1)
        h2.workload("vm2", MAC % 2, IP % 2)
        wait_ping(vm1, IP % 2)
        end = time.monotonic()
        figures = {
            "start of all to first ping": less(end - start, "s"),
            "configuration to first ping": less(end - ready, "s"),
            "new port to first ping": less(statistics.median(
                new_port(sandbox, vm1, h2, 100 + i) for i in range(N_NEW)),
                "s"),
        }
        for name, process in (("northd", sandbox.northd),
                              ("controller", h1.controller),
                              ("vswitchd", h1.vswitchd)):
            figures[name + " memory"] = less(memory_mib(process.pid), "MiB")
        return figures
