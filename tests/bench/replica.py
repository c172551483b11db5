# SPDX-License-Identifier: Apache-2.0
"""First load of a southbound database with 'size' logical flows: CPU time and
memory of our replica and of Debian's C client library (in ovn-sbctl, listing
the flows of one datapath), both from Debian's server."""

import os
import subprocess

from bench.common import cpu_s, less, memory_mib
from harness.ovsdb import Client, Server
from harness.process import wait_until
from harness.programs import BUILD, Programs

DB = "OVN_Southbound"


def fill(client, n_rows, n_datapaths=100):
    """Logical flows as northd would write: half of the texts repeat."""
    result = client.transact(DB, *[
        {"op": "insert", "table": "Datapath_Binding",
         "row": {"tunnel_key": i + 1,
                 "external_ids": ["map", [["name", "sw%d" % i]]]}}
        for i in range(n_datapaths)])
    datapaths = [r["uuid"] for r in result]
    for start in range(0, n_rows, 1000):
        client.transact(DB, *[
            {"op": "insert", "table": "Logical_Flow", "row": {
                "logical_datapath": datapaths[n % n_datapaths],
                "pipeline": "ingress", "table_id": n % 30,
                "priority": n % 1000,
                "match": "inport == \"p%d\" && ip4" % n,
                "actions": ("next;" if n % 3 else
                            "outport = \"p%d\"; output;" % n),
                "external_ids": ["map", [
                    ["source", "northd.c:%d" % (n % 500)],
                    ["stage-name", "ls_in_port_sec"],
                    ["stage-hint", "%08x" % n]]]}}
            for n in range(start, min(start + 1000, n_rows))])


def load_ours(remote):
    """CPU seconds and peak MiB until all rows are there."""
    tool = subprocess.Popen(
        [os.path.join(BUILD, "tests/interop/replica_tool"), DB, remote,
         "no-index"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)

    def is_synced():
        tool.stdin.write(b"state\n")
        tool.stdin.flush()
        return b"synced:1" in tool.stdout.readline()

    wait_until(is_synced, 120, "rows")
    result = cpu_s(tool.pid), memory_mib(tool.pid, "VmHWM")
    tool.communicate()
    return result


def load_debian(programs, remote):
    tool = subprocess.Popen([programs.path("ovn-sbctl"), "--db=" + remote,
                             "--no-leader-only", "lflow-list", "sw0"],
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(tool.pid, 0)
    tool.returncode = os.waitstatus_to_exitcode(status)
    if tool.returncode:
        raise AssertionError("ovn-sbctl: exit status %d" % tool.returncode)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(side, folder, n_rows):
    programs = Programs("debian", schema="debian")
    server = Server(programs, folder)
    server.create(programs.schema("sb"), "sb.db")
    server.start()
    try:
        client = server.connect(timeout=60)
        fill(client, n_rows)
        client.close()
        cpu, peak = (load_ours(server.remote) if side == "ours"
                     else load_debian(programs, server.remote))
    finally:
        server.stop()
    return {"CPU": less(cpu, "s"), "peak memory": less(peak, "MiB")}
