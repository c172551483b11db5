# SPDX-License-Identifier: Apache-2.0
"""OpenFlow tables of ovs-vswitchd: half a million flows in one bundle, and
flow set-ups: packets of five-tuples that are all new, through a table of one
rule and through one with 10,000 rules that look like a firewall's.

A set-up is an upcall whose megaflow went in.  What the packets wait for beside
is receiving them; the classifier is the difference between the two tables."""

import os
import random
import re
import time

from bench.common import (cpu_s, elapsed, less, memory_mib, more, own_tool,
                          programs_of)
from bench.datapath import IPS, MACS, SINK, bridge, build_sender
from harness.netns import within
from harness.process import run, wait_until
from harness.sandbox import Host, Sandbox

N_FLOWS = 500000
N_RULES = 10000
SECONDS = 2
N_TUPLES = 6000000
# Reads both ports, so that each pair of them needs its own megaflow.
BOTH_PORTS = ("move:NXM_OF_UDP_SRC[]->NXM_NX_REG0[0..15],"
              "move:NXM_OF_UDP_DST[]->NXM_NX_REG0[16..31],output:2")


def write_bundle(path):
    """Flows of a few shapes, as a controller has them."""
    rng = random.Random(1)
    with open(path, "w") as f:
        for i in range(N_FLOWS):
            table = rng.randrange(10, 40)
            register = rng.randrange(1000)
            f.write("table=%d,priority=%d,ip,metadata=%d,reg15=%d,"
                    "nw_dst=10.%d.%d.%d,actions=load:%d->NXM_NX_REG0[],"
                    "resubmit(,%d)\n" % (
                        table, rng.randrange(1, 200), i % 500, register,
                        i >> 16, i >> 8 & 255, i & 255, i & 0xffff,
                        table + 1))


def settled_cpu_s(pid):
    """CPU seconds of a process once it is idle."""
    before, now = None, cpu_s(pid)
    while now != before:
        time.sleep(0.3)
        before, now = now, cpu_s(pid)
    return now


def install(side, path, tool):
    """{figure} of installing the bundle with 'tool', and of removing its
    flows."""
    with Sandbox(programs_of(side)) as sandbox:
        host = Host(sandbox, "h-bundle", None, controller=False)
        host.vsctl("add-br", "br0", "--", "set", "bridge", "br0",
                   "datapath_type=netdev", "fail_mode=secure")
        pid = host.vswitchd.pid
        cpu, memory = cpu_s(pid), memory_mib(pid)
        seconds = elapsed(lambda: run(
            [tool, "-OOpenFlow15", "--bundle", "add-flows",
             "unix:" + os.path.join(host.folder, "br0.mgmt"), path],
            timeout=120))
        figures = {
            ": switch CPU": less(settled_cpu_s(pid) - cpu, "s"),
            "": less(seconds, "s"),
            ": switch memory": less(memory_mib(pid) - memory, "MiB"),
        }
        cpu = cpu_s(pid)
        host.ofctl("del-flows", "br0", timeout=120)
        figures[", removed: switch CPU"] = less(settled_cpu_s(pid) - cpu, "s")
    return figures


def bundle(side, folder):
    """{figure} of installing the bundle and of removing its flows."""
    path = os.path.join(folder, "flows")
    write_bundle(path)
    figures = {}
    for name, tool_of in (("Debian's tool", "debian"), ("its own tool", side)):
        tool = own_tool(tool_of, "ovs-ofctl")
        for what, figure in install(side, path, tool).items():
            if not what or tool_of == "debian":
                figures["500,000 flows in a bundle" + (
                    what or ", with " + name)] = figure
    return figures


def firewall(path):
    """Rules like ClassBench's: prefixes of both addresses, protocols, and
    exact, prefix and wild ports; some of each contain our packets."""
    rng = random.Random(2)

    def prefix(address):
        length = rng.choice((0, 8, 16, 20, 24, 24, 28, 32, 32))
        bits = int.from_bytes(bytes(map(int, address.split("."))), "big")
        if rng.random() < 0.5:
            bits = rng.getrandbits(32)
        bits &= ~((1 << 32 - length) - 1)
        return "%d.%d.%d.%d/%d" % (*bits.to_bytes(4, "big"), length)

    def port(name):
        kind = rng.random()
        if kind < 0.3:
            return ""
        if kind < 0.8:
            return ",%s=%d" % (name, rng.randrange(1, 65536))
        length = rng.randrange(6, 16)
        mask = 0xffff & ~((1 << 16 - length) - 1)
        return ",%s=%#x/%#x" % (name, rng.getrandbits(16) & mask, mask)

    with open(path, "w") as f:
        f.write("priority=0,udp,actions=%s\n" % BOTH_PORTS)
        for i in range(N_RULES):
            f.write("priority=%d,udp,nw_src=%s,nw_dst=%s%s%s,actions=%s\n" % (
                rng.randrange(1, 60000), prefix(IPS[0]), prefix(IPS[1]),
                port("tp_src"), port("tp_dst"), BOTH_PORTS))


def n_megaflows(host):
    return int(re.search(r"flows: (\d+)",
                         host.appctl("dpctl/show")).group(1))


def set_ups(host, workloads, sender):
    """(megaflows installed a second, CPU us of the switch for one)"""
    host.appctl("revalidator/purge")
    wait_until(lambda: n_megaflows(host) < 100)
    cpu, before = cpu_s(host.vswitchd.pid), n_megaflows(host)
    run(within(workloads[0], [sender, "eth0", MACS[1], MACS[0], IPS[1],
                              IPS[0], N_TUPLES, SECONDS]))
    n = n_megaflows(host) - before
    return n / SECONDS, (cpu_s(host.vswitchd.pid) - cpu) / max(n, 1) * 1e6


def measure(side, folder, _):
    figures = bundle(side, folder)
    sender = build_sender(folder)
    rules = os.path.join(folder, "rules")
    firewall(rules)
    with Sandbox(programs_of(side)) as sandbox:
        host, workloads = bridge(sandbox, side, offload=False)
        run(within(workloads[1], ["nft", SINK]))
        host.vsctl("set", "open_vswitch", ".",
                   "other_config:flow-limit=1000000",
                   "other_config:max-idle=600000")
        for name, flows in (("one rule", None), ("10,000 rules", rules)):
            host.ofctl("del-flows", "br0")
            host.ofctl("add-flow", "br0", "udp,actions=" + BOTH_PORTS)
            if flows:
                host.ofctl("add-flows", "br0", flows)
            rate, cpu = set_ups(host, workloads, sender)
            figures["Flow set-ups, " + name] = more(rate / 1e3, "k/s")
            figures["Flow set-ups, %s: switch CPU" % name] = less(cpu, "us")
    return figures
