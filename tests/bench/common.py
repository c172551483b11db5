# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: figures of processes, networks to measure on,
and the table of ratios.

A benchmark is a module with measure(side, folder, size), which runs the
programs of one side ("ours" or "debian") and returns {name of a figure:
Figure}.  The tools that set things up are Debian's on both sides, so that
only daemons differ; figures "with its own tool" have each side's."""

import json
import os
import statistics
import time
from collections import namedtuple

from harness.programs import Programs

# 'value' in 'unit'; whether more of it is better.
Figure = namedtuple("Figure", "value unit more")

DAEMONS = ("ovsdb_server", "ovn_northd", "ovn_controller", "ovs_vswitchd")


def programs_of(side):
    """Daemons of 'side', everything else Debian's."""
    return Programs("debian", schema="debian", **{d: side for d in DAEMONS})


def own_tool(side, name):
    """The path of the tool 'name' of 'side'."""
    return Programs(side).path(name)


def less(value, unit):
    return Figure(value, unit, False)


def more(value, unit):
    return Figure(value, unit, True)


def cpu_s(pid):
    """User and system seconds of a process so far."""
    with open("/proc/%d/stat" % pid) as f:
        words = f.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def cpu_ns(pid):
    """The same in nanoseconds, of the threads that there are."""
    total = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, thread)) as f:
            total += int(f.read().split()[0])
    return total


def memory_mib(pid, what="VmRSS"):
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith(what + ":"):
                return int(line.split()[1]) / 1024
    raise ValueError("process %d has no %s" % (pid, what))


def elapsed(action):
    """Seconds that 'action' takes."""
    start = time.monotonic()
    action()
    return time.monotonic() - start


def repeated(n, action, pid):
    """Calls action(i) 'n' times: the median of the seconds, and the CPU
    seconds of process 'pid' for one of them."""
    cpu = cpu_s(pid)
    seconds = [elapsed(lambda i=i: action(i)) for i in range(n)]
    return statistics.median(seconds), (cpu_s(pid) - cpu) / n


# ## A northbound database of a size

DB = "OVN_Northbound"
PORTS_PER_SWITCH = 50
ACLS_PER_GROUP = 50
SWITCHES_PER_GROUP = 10
N_BALANCERS = 100


def named(name):
    return ["named-uuid", name]


def insert(table, named_uuid, **row):
    return {"op": "insert", "table": table, "uuid-name": named_uuid,
            "row": row}


def address(switch, port):
    """MAC and IPv4 address of one logical port."""
    return ("02:%02x:%02x:00:00:%02x" % (switch >> 8, switch & 255, port),
            "10.%d.%d.%d" % (switch >> 8, switch & 255, port + 2))


def port_name(switch, port):
    return "lp%d-%d" % (switch, port)


def fill_northbound(client, n_ports):
    """Switches of 50 ports, each joined to one router; a port group with 50
    ACLs for every ten switches; 100 load balancers on all of them."""
    n_switches = max(1, n_ports // PORTS_PER_SWITCH)
    balancers = ["lb%d" % i for i in range(N_BALANCERS)]
    client.transact(
        DB, insert("NB_Global", "g"),
        *[insert("Load_Balancer", b, name=b, protocol="tcp", vips=[
            "map", [["172.30.0.%d:80" % (i + 1),
                     ",".join("10.0.%d.%d:8080" % (i % n_switches % 256, k)
                              for k in range(10, 14))]]])
          for i, b in enumerate(balancers)],
        insert("Load_Balancer_Group", "group", name="group",
               load_balancer=["set", [named(b) for b in balancers]]),
        insert("Logical_Router", "lr0", name="lr0",
               load_balancer_group=named("group")))
    group = client.transact(DB, {
        "op": "select", "table": "Load_Balancer_Group", "where": [],
        "columns": ["_uuid"]})[0]["rows"][0]["_uuid"]
    for first in range(0, n_switches, SWITCHES_PER_GROUP):
        last = min(first + SWITCHES_PER_GROUP, n_switches)
        client.transact(DB, *port_group(first // SWITCHES_PER_GROUP,
                                        range(first, last), group))


def port_group(number, switches, balancers):
    ops, members, links = [], [], []
    for s in switches:
        ports = []
        for p in range(PORTS_PER_SWITCH):
            text = "%s %s" % address(s, p)
            ops.append(insert("Logical_Switch_Port", "p%d_%d" % (s, p),
                              name=port_name(s, p), addresses=text,
                              port_security=text))
            ports.append(named("p%d_%d" % (s, p)))
        members += ports
        ops.append(insert(
            "Logical_Switch_Port", "r%d" % s, name="ls%d-lr0" % s,
            type="router", addresses="router",
            options=["map", [["router-port", "lr0-ls%d" % s]]]))
        ops.append(insert("Logical_Switch", "s%d" % s, name="ls%d" % s,
                          ports=["set", ports + [named("r%d" % s)]],
                          load_balancer_group=balancers))
        ops.append(insert(
            "Logical_Router_Port", "l%d" % s, name="lr0-ls%d" % s,
            mac="02:ff:%02x:%02x:00:01" % (s >> 8, s & 255),
            networks="10.%d.%d.1/24" % (s >> 8, s & 255)))
        links.append(named("l%d" % s))
    for k in range(ACLS_PER_GROUP):
        direction, port, end = (("to-lport", "outport", "src") if k % 2
                                else ("from-lport", "inport", "dst"))
        ops.append(insert(
            "ACL", "a%d" % k, priority=1000 + k, direction=direction,
            action="allow-related",
            match="%s == @pg%d && ip4.%s == 10.%d.0.0/16 && tcp.dst == %d"
            % (port, number, end, k, 1000 + k)))
    ops.append(insert(
        "Port_Group", "pg", name="pg%d" % number,
        acls=["set", [named("a%d" % k) for k in range(ACLS_PER_GROUP)]],
        ports=["set", members]))
    ops.append({"op": "mutate", "table": "Logical_Router",
                "where": [["name", "==", "lr0"]],
                "mutations": [["ports", "insert", ["set", links]]]})
    return ops


# ## The table

README_BEGIN, README_END = "<!-- benchmarks -->", "<!-- end -->"


def ratio(ours, debian):
    """How many times better ours is; None if nobody can say."""
    a, b = ((ours, debian) if ours.more
            else (debian, ours))
    return a.value / b.value if b.value else None


class Table:
    """Medians of both sides, written as Markdown and as JSON."""

    def __init__(self):
        self.rows = []

    def add(self, benchmark, runs):
        """'runs' maps each side to the figures of its runs."""
        medians = {
            side: {name: figures[0][name]._replace(value=statistics.median(
                f[name].value for f in figures)) for name in figures[0]}
            for side, figures in runs.items()}
        for name, ours in medians["ours"].items():
            debian = medians["debian"][name]
            self.rows.append({
                "benchmark": benchmark, "figure": name, "unit": ours.unit,
                "more_is_better": ours.more, "ours": ours.value,
                "debian": debian.value, "better": ratio(ours, debian)})

    def markdown(self):
        lines = ["| benchmark | figure | unit | ours | Debian's | better |",
                 "|---|---|---|---:|---:|---:|"]
        for r in self.rows:
            better = "-" if r["better"] is None else "%.2fx" % r["better"]
            lines.append("| %s | %s | %s | %.4g | %.4g | %s |" % (
                r["benchmark"], r["figure"], r["unit"], r["ours"],
                r["debian"], better))
        return "\n".join(lines) + "\n"

    def write_readme(self, path):
        """Puts the ratios of each benchmark's largest size between the marks of
        the README: what a user would see, without the share of each
        program."""
        with open(path) as f:
            text = f.read()
        before, rest = text.split(README_BEGIN + "\n", 1)
        after = rest[rest.index(README_END):]
        last = {r["benchmark"].split()[0]: r["benchmark"] for r in self.rows}
        lines = ["| benchmark | figure | times better |", "|---|---|---:|"]
        lines += ["| %s | %s | %.2g |" % (r["benchmark"], r["figure"],
                                          r["better"])
                  for r in self.rows
                  if r["better"] is not None and "CPU" not in r["figure"]
                  and r["benchmark"] in last.values()]
        with open(path, "w") as f:
            f.write(before + README_BEGIN + "\n" + "\n".join(lines) + "\n"
                    + after)

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "bench.md"), "w") as f:
            f.write(self.markdown())
        with open(os.path.join(folder, "bench.json"), "w") as f:
            json.dump(self.rows, f, indent=2)
            f.write("\n")
