# SPDX-License-Identifier: Apache-2.0
"""ovn-northd on a northbound database of 'size' ports: from its start until
the southbound database is whole, and small changes after that."""

import time

from bench.common import (cpu_s, fill_northbound, less, memory_mib,
                          programs_of, repeated)
from harness.ovsdb import Client
from harness.process import run
from harness.sandbox import Database, Sandbox

N_CHANGES = 10


def sync(sandbox, *words):
    """Runs ovn-nbctl until northd has followed what it changes."""
    run([sandbox.programs.path("ovn-nbctl"), "--db=" + sandbox.nb.remote,
         "--timeout=300", "--wait=sb"] + list(words or ("sync",)),
        timeout=310)


def start_cold(sandbox, n_ports):
    """Fills a northbound database and starts northd on it; returns once the
    southbound one follows."""
    sandbox.nb = Database(sandbox, "nb", "nb", sandbox.folder)
    sandbox.sb = Database(sandbox, "sb", "sb", sandbox.folder)
    client = Client(sandbox.nb.socket, timeout=120)
    fill_northbound(client, n_ports)
    client.close()
    start = time.monotonic()
    sandbox.start_northd()
    sync(sandbox)
    return time.monotonic() - start


def measure(side, _, n_ports):
    with Sandbox(programs_of(side)) as sandbox:
        cold = start_cold(sandbox, n_ports)
        northd = sandbox.northd.pid
        figures = {
            "cold start": less(cold, "s"),
            "cold start: northd CPU": less(cpu_s(northd), "s"),
            "cold start: southbound server CPU": less(
                cpu_s(sandbox.sb.process.pid), "s"),
            "northd peak memory": less(memory_mib(northd, "VmHWM"), "MiB"),
        }
        changes = {
            "nothing changed": lambda i: sync(sandbox),
            "one port added": lambda i: sync(
                sandbox, "lsp-add", "ls0", "new%d" % i, "--",
                "lsp-set-addresses", "new%d" % i,
                "02:ee:00:00:00:%02x 10.0.0.%d" % (i, 200 + i)),
            "one port deleted": lambda i: sync(sandbox, "lsp-del",
                                               "new%d" % i),
            "one ACL added": lambda i: sync(
                sandbox, "acl-add", "pg0", "to-lport", str(2000 + i),
                "outport == @pg0 && tcp.dst == %d" % (2000 + i),
                "allow-related"),
            "one VIP added": lambda i: sync(
                sandbox, "lb-add", "lb0", "172.31.0.%d:80" % (i + 1),
                "10.0.0.5:80"),
        }
        for name, change in changes.items():
            seconds, cpu = repeated(N_CHANGES, change, northd)
            figures[name] = less(seconds, "s")
            figures[name + ": northd CPU"] = less(cpu, "s")
        return figures
