# SPDX-License-Identifier: Apache-2.0
"""ovsdb-server: transactions a second (one at a time, pipelined, durable, with
monitors), start and memory with 'size' rows, first monitors.

The client of the transactions is in C (ovsdb_driver.c) and only counts
replies in what it reads, so that the server is what is measured."""

import json
import os
import socket
import sys
import tempfile
import time

from bench.common import cpu_s, less, memory_mib, more, programs_of
from harness.ovsdb import ZERO, Server
from harness.process import run

DB = "OVN_Northbound"


def request(method, params):
    return json.dumps({"method": method, "id": 1,
                       "params": params}).encode()


def call(connection, texts, window):
    """Sends 'texts', 'window' at a time, and reads as many replies."""
    for i in range(0, len(texts), window):
        batch = texts[i:i + window]
        connection.sendall(b"".join(batch))
        n, tail = 0, b""
        while n < len(batch):
            chunk = connection.recv(1 << 20)
            if not chunk:
                sys.exit("the server has closed")
            text = tail + chunk
            n += text.count(b'"error":null')
            tail = text[-11:]


def ports(n_switches, n_ports):
    texts = []
    for s in range(n_switches):
        ops = [{"op": "insert", "table": "Logical_Switch_Port",
                "uuid-name": "p%d" % p,
                "row": {"name": "lp%d-%d" % (s, p),
                        "addresses": "02:00:00:00:%02x:%02x 10.0.%d.%d" % (
                            s % 256, p % 256, s % 256, p % 256),
                        "external_ids": ["map", [["pod", "%d-%d" % (s, p)]]]}}
               for p in range(n_ports)]
        ops.append({"op": "insert", "table": "Logical_Switch",
                    "row": {"name": "ls%d" % s, "ports": ["set", [
                        ["named-uuid", "p%d" % p] for p in range(n_ports)]]}})
        texts.append(request("transact", [DB] + ops))
    return texts


def fresh(side, folder):
    programs = programs_of(side)
    server = Server(programs, tempfile.mkdtemp(dir=folder))
    server.create(programs.schema("nb"), "nb.db")
    return server.start()


def connect(server):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(server.socket)
    return connection


def build_driver(folder):
    driver = os.path.join(folder, "ovsdb_driver")
    if not os.path.exists(driver):
        run(["cc", "-O2", "-o", driver,
             os.path.join(os.path.dirname(__file__), "ovsdb_driver.c")])
    return driver


def rate(side, folder, n, window, n_monitors, durable):
    server = fresh(side, folder)
    cpu = cpu_s(server.process.pid)
    seconds = float(run([build_driver(folder), server.socket, n, window,
                         n_monitors, int(durable)], timeout=300))
    cpu = cpu_s(server.process.pid) - cpu
    server.stop()
    return n / seconds, cpu / n * 1e6


def big(side, folder, n_rows):
    server = fresh(side, folder)
    figures = {}
    start = time.monotonic()
    call(connect(server), ports(n_rows // 1000, 1000), 1)
    figures["load"] = less(time.monotonic() - start, "s")
    server.stop()
    start = time.monotonic()
    server.start()
    connection = connect(server)
    call(connection, [request("list_dbs", [])], 1)
    figures["start"] = less(time.monotonic() - start, "s")
    pid = server.process.pid
    figures["start: CPU"] = less(cpu_s(pid), "s")
    figures["memory"] = less(memory_mib(pid), "MiB")
    with open(server.programs.schema("nb")) as f:
        tables = json.load(f)["tables"]
    monitors = {t: [{"columns": sorted(d["columns"])}]
                for t, d in tables.items()}
    for which in ("first monitor", "second monitor"):
        cpu, start = cpu_s(pid), time.monotonic()
        call(connect(server), [request("monitor_cond_since", [
            DB, "m", monitors, ZERO])], 1)
        figures[which] = less(time.monotonic() - start, "s")
        figures[which + ": CPU"] = less(cpu_s(pid) - cpu, "s")
    server.stop()
    return figures


# What, transactions, at a time, monitors, whether durable.
RATES = (("one at a time", 8000, 1, 0, False),
         ("pipelined", 20000, 100, 0, False),
         ("durable, one at a time", 1000, 1, 0, True),
         ("durable, pipelined", 10000, 100, 0, True),
         ("one at a time, 50 monitors", 2000, 1, 50, False),
         ("pipelined, 50 monitors", 5000, 100, 50, False))


def measure(side, folder, n_rows):
    figures = {}
    for what, *how in RATES:
        per_second, cpu_us = rate(side, folder, *how)
        figures[what] = more(per_second, "txn/s")
        figures[what + ": CPU"] = less(cpu_us, "us/txn")
    figures.update(big(side, folder, n_rows))
    return figures
