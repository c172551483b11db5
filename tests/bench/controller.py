# SPDX-License-Identifier: Apache-2.0
"""ovn-controller on one host of a network of 'size' ports, 20 of them here:
from its start until all are ovn-installed, and one more after that."""

import time

from bench.common import (PORTS_PER_SWITCH, cpu_s, elapsed, less, memory_mib,
                          port_name, programs_of, repeated)
from bench.northd import start_cold
from harness.process import run, wait_until
from harness.sandbox import Host, Sandbox

N_LOCAL = 20
N_MORE = 10


def local_port(i, n_switches):
    return port_name(i % n_switches, i // n_switches)


def plug(host, i, n_switches):
    return ["--", "add-port", "br-int", "v%d" % i, "--", "set", "interface",
            "v%d" % i, "type=internal",
            "external_ids:iface-id=" + local_port(i, n_switches)]


def n_installed(host):
    done = host.vsctl("--bare", "--columns=name", "find", "interface",
                      "external_ids:ovn-installed=true")
    return len(done.split())


def plug_and_wait(host, i, n_switches):
    host.vsctl(*plug(host, i, n_switches))
    run([host.sandbox.programs.path("ovs-vsctl"), "--db=" + host.db.remote,
         "--timeout=60", "wait-until", "interface", "v%d" % i,
         "external_ids:ovn-installed=true"], timeout=70)


def wait_installed(host, count):
    wait_until(lambda: n_installed(host) >= count, 300, "ports installed",
               interval=0.05)


def make_host(sandbox, n_switches):
    """A host with its ports, and no controller yet."""
    host = Host(sandbox, "h1", "172.31.0.1", controller=False)
    host.vsctl("--", "add-br", "br-int", "--", "set", "bridge", "br-int",
               "datapath_type=netdev", "fail_mode=secure")
    words = []
    for i in range(N_LOCAL):
        words += plug(host, i, n_switches)
    host.vsctl(*words)
    host.configure()
    return host


def measure(side, _, n_ports):
    n_switches = max(1, n_ports // PORTS_PER_SWITCH)
    with Sandbox(programs_of(side)) as sandbox:
        start_cold(sandbox, n_ports)
        host = make_host(sandbox, n_switches)
        vswitchd, server = host.vswitchd.pid, sandbox.sb.process.pid
        before = cpu_s(vswitchd), cpu_s(server)
        start = time.monotonic()
        host.start_controller()
        wait_installed(host, N_LOCAL)
        seconds = time.monotonic() - start
        controller = host.controller.pid
        # Ports may be installed before the rest of the network is: its work
        # belongs to the cold start, not to the port that comes next.
        sandbox.nbctl("--wait=hv", "sync")
        figures = {
            "cold to all ports installed": less(seconds, "s"),
            "cold: controller CPU": less(cpu_s(controller), "s"),
            "cold: vswitchd CPU": less(cpu_s(vswitchd) - before[0], "s"),
            "cold: southbound server CPU": less(cpu_s(server) - before[1],
                                                "s"),
            "controller peak memory": less(
                memory_mib(controller, "VmHWM"), "MiB"),
        }
        seconds, cpu = repeated(
            N_MORE, lambda i: plug_and_wait(host, N_LOCAL + i, n_switches),
            controller)
        figures["one more port installed"] = less(seconds, "s")
        figures["one more port: controller CPU"] = less(cpu, "s")
        figures["--wait=hv, nothing changed"] = less(elapsed(
            lambda: sandbox.nbctl("--wait=hv", "sync")), "s")
        return figures
