# SPDX-License-Identifier: Apache-2.0
"""ovn-northd on a northbound database of 'size' ports: from its start until
the southbound database is whole, and small changes after that."""

import time

from bench.common import (cpu_s, fill_northbound, less, memory_mib,
                          own_tool, programs_of, repeated)
from harness.ovsdb import Client
from harness.process import run
from harness.sandbox import Database, Sandbox

N_CHANGES = 10


def sync(sandbox, *words, tool=None):
    """Runs ovn-nbctl until northd has followed what it changes."""
    run([tool or sandbox.programs.path("ovn-nbctl"),
         "--db=" + sandbox.nb.remote, "--timeout=300", "--wait=sb"]
        + list(words or ("sync",)), timeout=310)


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


def changes(first):
    """{name: words of ovn-nbctl that make the 'i'th change}; 'first' is where
    the numbers of what they add begin."""
    return {
        "nothing changed": lambda i: (),
        "one port added": lambda i: (
            "lsp-add", "ls0", "new%d" % (first + i), "--",
            "lsp-set-addresses", "new%d" % (first + i),
            "02:ee:00:00:00:%02x 10.0.0.%d" % (first + i, 200 + first + i)),
        "one port deleted": lambda i: ("lsp-del", "new%d" % (first + i)),
        "one ACL added": lambda i: (
            "acl-add", "pg0", "to-lport", str(2000 + first + i),
            "outport == @pg0 && tcp.dst == %d" % (2000 + first + i),
            "allow-related"),
        "one VIP added": lambda i: (
            "lb-add", "lb0", "172.31.0.%d:80" % (first + i + 1),
            "10.0.0.5:80"),
    }


def measure_changes(side, sandbox):
    """Each change with Debian's tool, then with the side's own."""
    northd = sandbox.northd.pid
    figures = {}
    for name, words in changes(0).items():
        seconds, cpu = repeated(
            N_CHANGES, lambda i: sync(sandbox, *words(i)), northd)
        figures[name] = less(seconds, "s")
        figures[name + ": northd CPU"] = less(cpu, "s")
    tool = own_tool(side, "ovn-nbctl")
    for name, words in changes(N_CHANGES).items():
        seconds, _ = repeated(
            N_CHANGES, lambda i: sync(sandbox, *words(i), tool=tool), northd)
        figures[name + ", with its own tool"] = less(seconds, "s")
    return figures


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
        figures.update(measure_changes(side, sandbox))
        return figures
