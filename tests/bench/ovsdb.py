# SPDX-License-Identifier: Apache-2.0
"""ovsdb-server: transactions a second (one at a time, pipelined, with
monitors), start and memory with 'size' rows, first monitors.

The client only counts replies in what it reads, so that the server is what is
measured."""

import json
import socket
import subprocess
import sys
import tempfile
import time

from bench.common import cpu_s, less, memory_mib, more, programs_of
from harness.ovsdb import ZERO, Server

DB = "OVN_Northbound"
SINK = """
import selectors, socket, sys
path, n, request = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
selector = selectors.DefaultSelector()
for _ in range(n):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    s.sendall(request)
    s.recv(1 << 20)
    selector.register(s, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        if not key.fileobj.recv(1 << 20):
            sys.exit()
"""


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


def inserts(n):
    return [request("transact", [DB, {
        "op": "insert", "table": "Logical_Switch",
        "row": {"name": "sw%d" % i}}]) for i in range(n)]


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


def rate(side, folder, n, window, n_monitors=0):
    server = fresh(side, folder)
    sink = None
    if n_monitors:
        sink = subprocess.Popen(
            [sys.executable, "-c", SINK, server.socket, str(n_monitors),
             request("monitor_cond", [DB, "m", {"Logical_Switch": [
                 {"columns": ["name", "ports"]}]}]).decode()],
            stdout=subprocess.PIPE)
        sink.stdout.readline()
    connection = connect(server)
    texts = inserts(n)
    start, cpu = time.monotonic(), cpu_s(server.process.pid)
    call(connection, texts, window)
    result = n / (time.monotonic() - start), (cpu_s(server.process.pid) - cpu) / n * 1e6
    if sink:
        sink.kill()
        sink.wait()
    server.stop()
    return result


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


RATES = (("one at a time", 4000, 1, 0),
         ("pipelined", 10000, 100, 0),
         ("one at a time, 50 monitors", 1000, 1, 50),
         ("pipelined, 50 monitors", 2000, 100, 50))


def measure(side, folder, n_rows):
    figures = {}
    for what, n, window, n_monitors in RATES:
        per_second, cpu_us = rate(side, folder, n, window, n_monitors)
        figures[what] = more(per_second, "txn/s")
        figures[what + ": CPU"] = less(cpu_us, "us/txn")
    figures.update(big(side, folder, n_rows))
    return figures
