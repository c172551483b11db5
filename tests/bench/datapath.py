# SPDX-License-Identifier: Apache-2.0
"""ovs-vswitchd's userspace datapath between two namespaces on one bridge:
UDP frames of 60 bytes (64 on a wire) and a TCP stream.

Debian's needs checksums from the kernel switched off at the ports, unless its
userspace TSO, an experiment, is on; so TCP is measured both ways, and as who
changes no setting of the switch has it: ours with ports as they come, Debian's
with their offloads off, without which no TCP crosses it."""

import json
import os
import subprocess

from bench.common import cpu_s, less, more, programs_of
from harness.netns import wait_ping, within
from harness.process import run, wait_until
from harness.sandbox import Host, Sandbox

SECONDS = 3
MACS = ("02:00:00:00:00:10", "02:00:00:00:00:11")
IPS = ("10.9.0.10", "10.9.0.11")
# Arrived frames are counted by the device and dropped at once.
SINK = ("table netdev sink { chain in { "
        "type filter hook ingress device \"eth0\" priority 0; "
        "udp dport 2000-2099 drop; }; }")
TSO = "other_config:userspace-tso-enable=true"


def build_sender(folder):
    sender = os.path.join(folder, "sender")
    run(["cc", "-O2", "-o", sender,
         os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "sender.c")])
    return sender


def restart_vswitchd(host):
    host.vswitchd.stop()
    wait_until(lambda: not os.path.exists(host.vswitchd_ctl))
    host.start_vswitchd()


def bridge(sandbox, side, offload):
    """A host with two workloads on br0; returns it and the workloads."""
    host = Host(sandbox, "h-tso" if offload else "h", None,
                controller=False)
    if offload and side == "debian":
        host.vsctl("set", "open_vswitch", ".", TSO)
        restart_vswitchd(host)
    host.vsctl("--", "add-br", "br0", "--", "set", "bridge", "br0",
               "datapath_type=netdev")
    workloads = []
    for i in range(2):
        ns = sandbox.namespaces.add("%s-vm%d" % (host.name, i))
        sandbox.namespaces.veth(ns, "eth0", host.ns, "p%d" % i,
                                offload=offload)
        run(["ip", "-n", ns, "link", "set", "eth0", "address", MACS[i]])
        run(["ip", "-n", ns, "addr", "add", IPS[i] + "/24", "dev", "eth0"])
        run(["ip", "-n", ns, "neigh", "add", IPS[1 - i], "lladdr",
             MACS[1 - i], "dev", "eth0", "nud", "permanent"])
        host.vsctl("add-port", "br0", "p%d" % i)
        workloads.append(ns)
    wait_ping(workloads[0], IPS[1])
    return host, workloads


def received(ns):
    return int(run(within(ns, ["cat", "/sys/class/net/eth0/statistics/"
                               "rx_packets"])))


def blast(sender, host, workloads, n_flows):
    """(frames that arrived a second, CPU ns of the switch for one)"""
    source, sink = workloads
    cpu, before = cpu_s(host.vswitchd.pid), received(sink)
    run(within(source, [sender, "eth0", MACS[1], MACS[0], IPS[1], IPS[0],
                        n_flows, SECONDS]))
    n = received(sink) - before
    return n / SECONDS, (cpu_s(host.vswitchd.pid) - cpu) / max(n, 1) * 1e9


def tcp(workloads):
    """Gbit/s of one stream."""
    source, sink = workloads
    server = subprocess.Popen(within(sink, ["iperf3", "-s", "-1"]),
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: ":5201" in run(within(
            sink, ["ss", "-Hltn", "sport", "=", ":5201"])), 10, "iperf3")
        text = run(within(source, ["iperf3", "-J", "-c", IPS[1], "-t",
                                   SECONDS]))
    finally:
        server.terminate()
        server.wait()
    return json.loads(text)["end"]["sum_received"]["bits_per_second"] / 1e9


def measure(side, folder, _):
    sender = build_sender(folder)
    figures = {}
    with Sandbox(programs_of(side)) as sandbox:
        host, workloads = bridge(sandbox, side, offload=False)
        run(within(workloads[1], ["nft", SINK]))
        for n_flows in (1, 1000):
            name = "UDP, 64 bytes, %d flow%s" % (n_flows,
                                                 "s" * (n_flows > 1))
            rate, cpu = blast(sender, host, workloads, n_flows)
            figures[name] = more(rate / 1e3, "kpps")
            figures[name + ": switch CPU"] = less(cpu, "ns/frame")
        figures["TCP, no offloads"] = more(tcp(workloads), "Gbit/s")
    with Sandbox(programs_of(side)) as sandbox:
        _, workloads = bridge(sandbox, side, offload=True)
        figures["TCP, offloads"] = more(tcp(workloads), "Gbit/s")
    figures["TCP, each with its defaults"] = figures[
        "TCP, offloads" if side == "ours" else "TCP, no offloads"]
    return figures
