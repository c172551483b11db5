# SPDX-License-Identifier: Apache-2.0
"""The flow language against Debian's programs: whatever their ovn-northd
writes, we translate; what we translate to, their ovs-ofctl reads; and our
ovn-trace follows packets the way theirs does."""

import json
import os
import random
import re
import shutil

import pytest

from harness.process import accepts, Process, run, wait_until
from harness.programs import BUILD, PEER, have_peer, ours, peers
from northd_topology import Topology
from rich_topology import commands
from trace_network import TraceSide

pytestmark = pytest.mark.skipif(not have_peer(),
                                reason="Debian's programs are not here")

TOOL = os.path.join(BUILD, "tests/interop/logical_tool")


class Central:
    """Debian's databases and northd with the rich topology."""

    def __init__(self, folder):
        self.folder = folder
        self.env = {"OVN_RUNDIR": folder, "OVS_RUNDIR": folder}
        self.processes = []
        for name, schema in (("nb", "ovn-nb"), ("sb", "ovn-sb")):
            self.database(name, os.path.join(PEER, "usr/share/ovn",
                                             schema + ".ovsschema"))
        # Debian's tools fail if northd makes the first row while they do.
        for name in "nb", "sb":
            run([peers("ovn-%sctl" % name), "--db=" + self.remote(name),
                 "init"])
        self.spawn("ovn-northd", peers("ovn-northd"),
                   "--ovnnb-db=" + self.remote("nb"),
                   "--ovnsb-db=" + self.remote("sb"),
                   "--unixctl=" + self.path("northd.ctl"))
        run([peers("ovn-sbctl"), "--db=" + self.remote("sb"), "chassis-add",
             "hv1", "geneve", "127.0.0.1"])
        for command in commands():
            self.nbctl(*command)
        self.nbctl("--wait=sb", "sync")

    def path(self, name):
        return os.path.join(self.folder, name)

    def remote(self, name):
        return "unix:" + self.path(name + ".sock")

    def spawn(self, name, *command):
        process = Process(command, self.path(name + ".out"), self.env)
        self.processes.append(process)
        return process

    def database(self, name, schema):
        run([peers("ovsdb-tool"), "create", self.path(name + ".db"), schema])
        self.spawn("ovsdb-" + name, peers("ovsdb-server"),
                   "--unixctl=" + self.path(name + ".ctl"),
                   "--remote=p" + self.remote(name), self.path(name + ".db"))
        wait_until(lambda: accepts(self.path(name + ".sock")),
                   what=name)

    def nbctl(self, *words):
        return run([peers("ovn-nbctl"), "--db=" + self.remote("nb")]
                   + list(words))

    def rows(self, table, *columns):
        text = run([peers("ovsdb-client"), "query", self.remote("sb"),
                    json.dumps(["OVN_Southbound", {
                        "op": "select", "table": table, "where": [],
                        "columns": list(columns)}])])
        return json.loads(text)[0]["rows"]

    def close(self):
        for process in reversed(self.processes):
            process.stop()


@pytest.fixture(scope="module")
def central(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("central"))
    central = Central(folder)
    yield central
    central.close()
    shutil.rmtree(folder, ignore_errors=True)


def as_list(value):
    return value[1] if isinstance(value, list) else [value]


def translate(central, flows):
    """Runs the tool; returns its lines by kind."""
    lines = ["set\t%s\t%s" % (row["name"],
                              "\t".join(as_list(row["addresses"])))
             for row in central.sets]
    lines += ["flow\t" + "\t".join(flow) for flow in flows]
    path = central.path("flows.txt")
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    with open(path) as f:
        out = run(["sh", "-c", "%s < %s" % (TOOL, path)], check=False)
    result = {"flow": [], "open": [], "error": []}
    for line in out.stdout.splitlines():
        kind, _, rest = line.partition(" ")
        result[kind].append(rest)
    return result


def logical_flows(rows):
    return {(r["pipeline"], str(r["table_id"]), r["match"].replace("\n", " "),
             r["actions"]) for r in rows}


def covering_seeds(n=400):
    """Seeds of few random networks that together have every feature."""
    notes = {seed: set(Topology(random.Random(seed)).notes)
             for seed in range(n)}
    missing, chosen = set().union(*notes.values()), []
    while missing:
        chosen.append(max(notes, key=lambda s: len(notes[s] & missing)))
        missing -= notes[chosen[-1]]
    return chosen


def listed(side, table, columns):
    data = json.loads(side.sbctl("--format=json", "--columns="
                                 + ",".join(columns), "list", table))["data"]
    return [dict(zip(columns, row)) for row in data]


@pytest.fixture(scope="module")
def flows(central, tmp_path_factory):
    """What Debian's northd writes for the rich network and for random ones;
    the address sets of all are central.sets."""
    columns = ("pipeline", "table_id", "match", "actions")
    set_columns = ("name", "addresses")
    found = logical_flows(central.rows("Logical_Flow", *columns))
    central.sets = central.rows("Address_Set", *set_columns)
    folder = tmp_path_factory.mktemp("random")
    for seed in covering_seeds():
        side = TraceSide(str(folder / str(seed)),
                         Topology(random.Random(seed)).commands)
        try:
            found |= logical_flows(listed(side, "Logical_Flow", columns))
            central.sets += listed(side, "Address_Set", set_columns)
        finally:
            side.close()
    return sorted(found)


def test_every_flow_translates_and_prints_the_same(central, flows):
    assert len(flows) > 1200
    first = translate(central, flows)
    assert first["error"] == []
    assert len(first["flow"]) == len(flows)
    again = [(f[0], f[1]) + tuple(text.split("\t"))
             for f, text in zip(flows, first["flow"])]
    second = translate(central, again)
    assert second == first


def test_ovs_ofctl_reads_what_comes_out(central, flows):
    opened = sorted(set(translate(central, flows)["open"]))
    assert len(opened) > 1500
    path = central.path("openflow.txt")
    with open(path, "w") as f:
        f.write("\n".join(re.sub(r"^,? *actions", "actions", line)
                          for line in opened) + "\n")
    run([peers("ovs-ofctl"), "-O", "OpenFlow15", "parse-flows", path],
        timeout=120)


VM1 = ('inport == "sw0-p1" && eth.src == 50:54:00:00:00:01 && '
       'eth.dst == 00:00:00:00:ff:01 && ip4.src == 10.0.0.1 && ip.ttl == 64')
PACKETS = [
    VM1 + ' && ip4.dst == 10.0.1.1 && tcp.dst == 80',
    VM1 + ' && ip4.dst == 8.8.8.8 && udp.dst == 5353',
    VM1 + ' && ip4.dst == 7.1.2.3',
    VM1 + ' && ip4.dst == 10.0.0.254 && icmp4.type == 8',
    VM1 + ' && ip4.dst == 10.0.0.3 && tcp.dst == 443',
    'inport == "sw0-p1" && eth.src == 50:54:00:00:00:01 && '
    'eth.dst == ff:ff:ff:ff:ff:ff && arp.op == 1 && '
    'arp.sha == 50:54:00:00:00:01 && arp.spa == 10.0.0.1 && '
    'arp.tpa == 10.0.0.254',
    'inport == "sw0-p2" && eth.src == 50:54:00:00:00:02 && '
    'eth.dst == 50:54:00:00:00:03 && ip6.src == fd00::2 && '
    'ip6.dst == fd00::3 && ip.ttl == 64',
    'inport == "sw0-p1" && eth.src == 50:54:00:00:00:01 && '
    'eth.dst == ff:ff:ff:ff:ff:ff && ip4.src == 0.0.0.0 && '
    'ip4.dst == 255.255.255.255 && udp.src == 68 && udp.dst == 67 && '
    'ip.ttl == 64',
    'inport == "sw0-p1" && eth.src == 50:54:00:00:00:99 && '
    'eth.dst == 50:54:00:00:00:02',
    'inport == "sw1-p1" && eth.src == 50:54:00:00:01:01 && '
    'eth.dst == 50:54:00:00:01:02 && ip4.src == 10.0.1.1 && '
    'ip4.dst == 10.0.1.2 && ip.ttl == 64 && tcp.dst == 22',
    'inport == "ln" && eth.src == 50:54:00:00:88:01 && '
    'eth.dst == 00:00:00:00:ff:03 && ip4.src == 9.9.9.9 && '
    'ip4.dst == 172.16.0.103 && ip.ttl == 64 && udp.dst == 9',
]


def trace(central, program, *words):
    text = run([program, "--db=" + central.remote("sb"), *words],
               timeout=60).splitlines()
    # Debian's misspells the sections of the common zone.
    return [re.sub(r"^( *ct_[sd]nat)in_czone", r"\1_in_czone", line)
            for line in text
            if "|ovntrace|WARN|" not in line and not re.match(" *-+$", line)]


@pytest.mark.skipif(not os.path.exists(ours("ovn-trace")),
                    reason="ovn-trace is not built")
@pytest.mark.parametrize("form", ["--detailed", "--summary"])
@pytest.mark.parametrize("packet", range(len(PACKETS)))
def test_traces_agree(central, packet, form):
    assert (trace(central, ours("ovn-trace"), form, PACKETS[packet])
            == trace(central, peers("ovn-trace"), form, PACKETS[packet]))
