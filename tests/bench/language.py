# SPDX-License-Identifier: Apache-2.0
"""Translation of logical flows: parsing matches and actions and encoding them
as OpenFlow, for each datapath that has them, of the southbound database of a
network of 'size' ports.  Debian's ovn-controller does it when it is told to
recompute with an empty cache, with all datapaths on its host (that includes
the physical flows and comparing with what is installed); on our side the
translator alone is timed, for the same rows, which it gets once for each
datapath.  Debian's northd writes the database on both sides."""

import os
import statistics
import subprocess

from bench.common import PORTS_PER_SWITCH, cpu_s, more, port_name
from bench.northd import start_cold
from harness.ovsdb import Client
from harness.process import wait_until
from harness.programs import BUILD, Programs
from harness.sandbox import Host, Sandbox

TOOL = os.path.join(BUILD, "tests/interop/logical_tool")
ROUNDS = 3


def select(client, table, *columns):
    return client.transact("OVN_Southbound", {
        "op": "select", "table": table, "where": [],
        "columns": list(columns)})[0]["rows"]


def members(value):
    """The elements of a set as JSON has it."""
    return value[1] if value[0] == "set" else [value]


def pairs(client):
    """[(row of Logical_Flow, number of datapaths that have it)]"""
    groups = {row["_uuid"][1]: len(members(row["datapaths"]))
              for row in select(client, "Logical_DP_Group", "_uuid",
                                "datapaths")}
    rows = []
    for row in select(client, "Logical_Flow", "logical_datapath",
                      "logical_dp_group", "pipeline", "table_id", "match",
                      "actions"):
        n = len(members(row["logical_datapath"]))
        for group in members(row["logical_dp_group"]):
            n += groups[group[1]]
        rows.append((row, n))
    return rows


def tool_input(client, rows):
    """What logical_tool reads: address sets, and flows."""
    lines = []
    for row in select(client, "Address_Set", "name", "addresses"):
        addresses = row["addresses"]
        if not isinstance(addresses, list):
            addresses = ["set", [addresses]]
        lines.append("\t".join(["set", row["name"]] + members(addresses)))
    for row, n in rows:
        lines += ["\t".join(["flow", row["pipeline"], str(row["table_id"]),
                             row["match"], row["actions"]])] * n
    return "\n".join(lines) + "\n"


def measure_ours(client, rows):
    done = subprocess.run([TOOL, str(ROUNDS)], input=tool_input(client, rows),
                          stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[0])


def measure_debian(sandbox, rows, n_switches):
    host = Host(sandbox, "h1", "172.31.0.1", controller=False)
    host.vsctl("--", "add-br", "br-int", "--", "set", "bridge", "br-int",
               "datapath_type=netdev", "fail_mode=secure", "--", "add-port",
               "br-int", "v0", "--", "set", "interface", "v0",
               "type=internal", "external_ids:iface-id=" + port_name(0, 0))
    host.configure()
    host.start_controller()
    wait_until(lambda: "true" in host.vsctl(
        "get", "interface", "v0", "external_ids"), 300, "port installed")
    sandbox.nbctl("--wait=hv", "--timeout=300", "sync")
    seconds = []
    for _ in range(ROUNDS):
        before = cpu_s(host.controller.pid)
        host.controller_appctl("lflow-cache/flush")
        host.controller_appctl("inc-engine/recompute")
        sandbox.nbctl("--wait=hv", "--timeout=300", "sync")
        seconds.append(cpu_s(host.controller.pid) - before)
    return sum(n for _, n in rows) / statistics.median(seconds)


def measure(side, _, n_ports):
    n_switches = max(1, n_ports // PORTS_PER_SWITCH)
    with Sandbox(Programs("debian", schema="debian")) as sandbox:
        start_cold(sandbox, n_ports)
        client = Client(sandbox.sb.socket, timeout=120)
        rows = pairs(client)
        if side == "ours":
            rate = measure_ours(client, rows)
        else:
            rate = measure_debian(sandbox, rows, n_switches)
        client.close()
        return {"logical flows translated, for each datapath":
                more(rate, "/s")}
