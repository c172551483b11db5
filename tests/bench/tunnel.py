# SPDX-License-Identifier: Apache-2.0
"""Two switches and a Geneve tunnel between them: a workload on each, UDP
frames of 60 bytes (64 on a wire) and a TCP stream from one to the other.

The underlay is a veth pair with an end in each host's br-phy.  Debian's
userspace datapath of that age neither segments into tunnels nor takes partial
checksums, so its links have the kernel's offloads off."""

from bench.common import cpu_s, less, more, programs_of
from bench.datapath import IPS, MACS, SECONDS, SINK, build_sender, received, \
    tcp
from harness.netns import wait_ping, within
from harness.process import run
from harness.sandbox import Host, Sandbox


def overlay(sandbox, offload):
    """Two hosts joined by a tunnel; returns them and their workloads."""
    hosts = [Host(sandbox, "h%d" % i, "172.31.0.%d" % (i + 1),
                  controller=False) for i in range(2)]
    sandbox.namespaces.veth(hosts[0].ns, "phy0", hosts[1].ns, "phy0",
                            offload=offload)
    workloads = []
    for i, host in enumerate(hosts):
        sandbox.address_underlay(host)
        host.vsctl("--", "set", "bridge", "br-int", "fail_mode=standalone",
                   "--", "add-port", "br-int", "tun0", "--", "set",
                   "interface", "tun0", "type=geneve", "options:key=7",
                   "options:remote_ip=" + hosts[1 - i].ip)
        ns = sandbox.namespaces.add("%s-vm" % host.name)
        sandbox.namespaces.veth(ns, "eth0", host.ns, "p0", offload=offload)
        run(["ip", "-n", ns, "link", "set", "eth0", "address", MACS[i],
             "mtu", "1400"])
        run(["ip", "-n", ns, "addr", "add", IPS[i] + "/24", "dev", "eth0"])
        run(["ip", "-n", ns, "neigh", "add", IPS[1 - i], "lladdr",
             MACS[1 - i], "dev", "eth0", "nud", "permanent"])
        host.vsctl("add-port", "br-int", "p0")
        workloads.append(ns)
    wait_ping(workloads[0], IPS[1])
    return hosts, workloads


def blast(sender, hosts, workloads, n_flows):
    """(frames that arrived a second, CPU ns of both switches for one)"""
    source, sink = workloads

    def cpu():
        return sum(cpu_s(host.vswitchd.pid) for host in hosts)

    cpu_before, before = cpu(), received(sink)
    run(within(source, [sender, "eth0", MACS[1], MACS[0], IPS[1], IPS[0],
                        n_flows, SECONDS]))
    n = received(sink) - before
    return n / SECONDS, (cpu() - cpu_before) / max(n, 1) * 1e9


def measure(side, folder, _):
    sender = build_sender(folder)
    figures = {}
    with Sandbox(programs_of(side)) as sandbox:
        hosts, workloads = overlay(sandbox, offload=side == "ours")
        figures["Geneve, TCP"] = more(tcp(workloads), "Gbit/s")
        run(within(workloads[1], ["nft", SINK]))
        for n_flows in (1, 1000):
            name = "Geneve, UDP, 64 bytes, %d flow%s" % (n_flows,
                                                         "s" * (n_flows > 1))
            rate, cpu = blast(sender, hosts, workloads, n_flows)
            figures[name] = more(rate / 1e3, "kpps")
            figures[name + ": switch CPU"] = less(cpu, "ns/frame")
    return figures
