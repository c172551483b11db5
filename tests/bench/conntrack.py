# SPDX-License-Identifier: Apache-2.0
"""Connection tracking in ovs-vswitchd's userspace datapath, between two
namespaces on one bridge: packets of known connections, and of new ones, through
ct(), and through ten tables besides."""

import json
import os

from bench.common import cpu_s, less, more, programs_of
from bench.datapath import (IPS, MACS, SECONDS, SINK, bridge, build_sender,
                            received, tcp)
from harness.netns import within
from harness.process import run
from harness.programs import BUILD
from harness.sandbox import Sandbox

N_FLOWS = 6000000                # More than are sent.
N_CONNECTIONS = 2000000


def set_flows(host, tables):
    """All IP passes ct() in zone 7, new connections are committed; then come
    'tables' tables that match nothing of it."""
    flows = ["table=0,priority=100,ip,ct_state=-trk,actions=ct(table=1,zone=7)",
             "table=0,priority=50,arp,actions=NORMAL",
             "table=1,priority=100,ct_state=+new+trk,ip,"
             "actions=ct(commit,zone=7),resubmit(,2)",
             "table=1,priority=100,ct_state=+est+trk,ip,"
             "actions=resubmit(,2)",
             "table=1,priority=90,ct_state=+inv+trk,actions=drop"]
    for t in range(2, 2 + tables):
        flows += ["table=%d,priority=%d,ip,nw_dst=10.%d.%d.0/24,actions=drop"
                  % (t, 200 + k, 20 + t, k) for k in range(50)]
        flows.append("table=%d,priority=1,actions=set_field:%d->reg%d,"
                     "resubmit(,%d)" % (t, t, t, t + 1))
    flows.append("table=%d,priority=1,actions=NORMAL" % (2 + tables))
    path = os.path.join(host.folder, "flows")
    with open(path, "w") as f:
        f.write("\n".join(flows) + "\n")
    host.ofctl("del-flows", "br0")
    host.ofctl("add-flows", "br0", path)


def connections(host):
    return int(host.appctl("dpctl/ct-get-nconns").split()[-1])


def blast(sender, workloads, n_flows):
    run(within(workloads[0], [sender, "eth0", MACS[1], MACS[0], IPS[1],
                              IPS[0], n_flows, SECONDS]))


def packets(figures, name, sender, host, workloads, n_flows):
    blast(sender, workloads, n_flows)      # Connections are there then.
    cpu, before = cpu_s(host.vswitchd.pid), received(workloads[1])
    blast(sender, workloads, n_flows)
    n = received(workloads[1]) - before
    figures[name] = more(n / SECONDS / 1e3, "kpps")
    figures[name + ": switch CPU"] = less(
        (cpu_s(host.vswitchd.pid) - cpu) / max(n, 1) * 1e9, "ns/frame")


def measure(side, folder, _):
    sender = build_sender(folder)
    figures = {}
    with Sandbox(programs_of(side)) as sandbox:
        host, workloads = bridge(sandbox, side, offload=False)
        run(within(workloads[1], ["nft", SINK]))
        set_flows(host, 8)
        packets(figures, "ten tables, ct, 1 connection", sender, host,
                workloads, 1)
        packets(figures, "ten tables, ct, 1000 connections", sender, host,
                workloads, 1000)
        figures["ten tables, ct, TCP"] = more(tcp(workloads), "Gbit/s")
        set_flows(host, 0)
        host.appctl("dpctl/flush-conntrack")
        cpu, before = cpu_s(host.vswitchd.pid), connections(host)
        blast(sender, workloads, N_FLOWS)
        n = connections(host) - before
        figures["new connections"] = more(n / SECONDS / 1e3, "k/s")
        figures["new connections: switch CPU"] = less(
            (cpu_s(host.vswitchd.pid) - cpu) / max(n, 1) * 1e9, "ns each")
    return figures


def cost():
    """What connections cost in our own datapath, without a switch around it:
    what ct_load says."""
    return json.loads(run([os.path.join(BUILD, "vswitch/datapath/ct_load"),
                           N_CONNECTIONS], timeout=300))


if __name__ == "__main__":
    print(json.dumps(cost(), indent=2))
