# SPDX-License-Identifier: Apache-2.0
"""One northbound network compiled twice: by Debian's ovn-northd and by ours,
each with databases of its own, and Debian's ovn-trace to look at both."""

import json
import os
import re
import shutil
import signal

from harness.ovsdb import Client
from harness.process import PATIENCE, accepts, Process, run, wait_until
from harness.programs import PEER, ours, peers
from northd_topology import LB_BACKEND


FEATURES = ("ct-no-masked-label", "mac-binding-timestamp",
            "port-up-notif", "ovn-ct-lb-related")


# Where a packet goes round for ever, ovn-trace ends when it has as much.
TRACE_MEMORY = 256 << 20


class Tracer:
    """An ovn-trace that stays: one for each state that connections may have,
    since it is told these at its start, one for each pass through the
    tracker."""

    def __init__(self, side, state):
        self.side = side
        self.name = "trace-" + state.replace(",", "-")
        self.command = [
            "prlimit", "--as=%d" % TRACE_MEMORY, peers("ovn-trace"), *["--ct=" + state] * 4000,
            "--lb-dst=" + LB_BACKEND, "--select-id=1",
            "--db=unix:" + side.path("sb.sock"), "--detach", "--no-chdir",
            "--unixctl=" + side.path(self.name + ".ctl"),
            "--pidfile=" + side.path(self.name + ".pid")]
        self.client = None

    def start(self):
        run(self.command, env=self.side.env)
        self.client = Client(self.side.path(self.name + ".ctl"),
                             self.side.trace_patience)

    def trace(self, switch, microflow):
        """What becomes of the packet; None if ovn-trace crashes or never
        ends, as it does on some packets with the flows of its own northd."""
        if not self.client:
            self.start()
        try:
            reply = self.client.reply(self.client.send(
                "trace", "--minimal", switch, microflow))
        except (OSError, AssertionError):
            self.close()
            return None
        assert reply["error"] is None, (microflow, reply)
        return reply["result"]

    def close(self):
        if not self.client:
            return
        self.client.close()
        self.client = None
        try:
            with open(self.side.path(self.name + ".pid")) as f:
                os.kill(int(f.read()), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass
        for end in ".ctl", ".pid":
            if os.path.exists(self.side.path(self.name + end)):
                os.unlink(self.side.path(self.name + end))


class Side:
    """Databases, an ovn-northd and ovn-traces."""

    def __init__(self, folder, northd):
        self.folder = folder
        self.northd_path = northd
        # Some packets go round for ever in flows of Debian's northd.
        self.trace_patience = 10 if northd == peers("ovn-northd") else PATIENCE
        self.processes = []
        self.servers = {}
        self.tracers = {}
        os.makedirs(folder)
        self.env = dict(os.environ, OVS_RUNDIR=folder, OVN_RUNDIR=folder,
                        OVS_LOGDIR=folder, OVN_LOGDIR=folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def spawn(self, name, *command):
        process = Process(list(command), self.path(name + ".out"), self.env)
        self.processes.append(process)
        return process

    def database(self, name, template=None):
        if template:
            shutil.copy(template, self.path(name + ".db"))
        else:
            run([peers("ovsdb-tool"), "create", self.path(name + ".db"),
                 os.path.join(PEER, "usr/share/ovn/ovn-%s.ovsschema" % name)])
        self.serve(name)
        # Debian's tools fail if northd makes the first row while they do.
        getattr(self, name + "ctl")("init")

    def serve(self, name):
        sock = self.path(name + ".sock")
        if os.path.exists(sock):
            os.unlink(sock)
        process = self.spawn(
            name, peers("ovsdb-server"), "--remote=punix:" + sock,
            "--unixctl=" + self.path(name + ".ctl"), self.path(name + ".db"))
        wait_until(lambda: accepts(sock))
        self.servers[name] = process

    def nbctl(self, *words):
        return run([peers("ovn-nbctl"), "--db=unix:" + self.path("nb.sock"),
                    "--timeout=60", *words], env=self.env)

    def sbctl(self, *words):
        return run([peers("ovn-sbctl"), "--db=unix:" + self.path("sb.sock"),
                    "--timeout=60", *words], env=self.env)

    def add_chassis(self):
        for number in 1, 2:
            self.sbctl("chassis-add", "ch%d" % number, "geneve",
                       "192.0.2.%d" % number)
            # What chassis of that version can do, which Debian's northd waits
            # for.
            self.sbctl("set", "chassis", "ch%d" % number,
                       *["other_config:%s=true" % f for f in FEATURES])

    def start_northd(self, name="northd"):
        northd = self.spawn(
            name, self.northd_path,
            "--ovnnb-db=unix:" + self.path("nb.sock"),
            "--ovnsb-db=unix:" + self.path("sb.sock"),
            "--unixctl=" + self.path(name + ".ctl"))
        northd.wait_for(lambda: accepts(self.path(name + ".ctl")))
        if name == "northd":
            self.northd = northd
        return northd

    def sync(self):
        self.nbctl("--wait=sb", "sync")

    def trace(self, switch, microflow, state):
        if state not in self.tracers:
            self.tracers[state] = Tracer(self, state)
        return self.tracers[state].trace(switch, microflow)

    def appctl(self, *words, name="northd"):
        return run([peers("ovs-appctl"), "-t", self.path(name + ".ctl"),
                    *words], env=self.env)

    def flows(self):
        """The logical flows by datapath, sorted."""
        return sorted(self.sbctl("lflow-list").splitlines())

    def close(self):
        for tracer in self.tracers.values():
            tracer.close()
        for process in reversed(self.processes):
            process.stop()


def compile_twice(base, topology):
    """(Debian's side, ours), both in step with the topology."""
    debian = Side(base + "debian", peers("ovn-northd"))
    mine = Side(base + "ours", ours("ovn-northd"))
    try:
        debian.database("nb")
        debian.database("sb")
        for command in topology.commands:
            debian.nbctl(*command)
        mine.database("nb", debian.path("nb.db"))
        mine.database("sb")
        for side in debian, mine:
            side.add_chassis()
            side.start_northd()
            side.sync()
    except BaseException:
        debian.close()
        mine.close()
        raise
    return debian, mine


# Columns that a southbound table has for hosts.  What refers to other rows or
# is a number that was given out differs in any case.
COLUMNS = {
    "Port_Binding": ("logical_port", "type", "mac", "options", "parent_port",
                     "tag", "nat_addresses", "port_security",
                     "external_ids", "up"),
    "Datapath_Binding": ("external_ids",),
    "Address_Set": ("name", "addresses"),
    "DNS": ("records",),
    "Meter": ("unit",),
    "Meter_Band": ("action", "rate", "burst_size"),
    "Multicast_Group": ("name", "tunnel_key"),
    "HA_Chassis_Group": ("name",),
    "HA_Chassis": ("priority",),
    "Load_Balancer": ("name", "vips", "protocol"),
    "Static_MAC_Binding": ("logical_port", "ip", "mac",
                           "override_dynamic_mac"),
}


# Address sets that only flows of Debian's northd refer to.
PRIVATE_SETS = re.compile("_rtr_lb_|svc_monitor_mac$")


def plain(value):
    """An OVSDB value in a form that compares: lists sorted, maps as texts."""
    if isinstance(value, list) and value and value[0] in ("set", "map"):
        return sorted("=".join(v) if isinstance(v, list) else v
                      for v in value[1])
    return [value]


def announced(entries):
    """{(MAC, IP address, condition)}: how they are told together differs."""
    found = set()
    for entry in entries:
        head, _, condition = entry.partition(" is_chassis_resident")
        mac, *addresses = head.split()
        found |= {(mac, address, condition) for address in addresses}
    return sorted(found)


def southbound(side):
    """{table: sorted rows} of COLUMNS."""
    tables = {}
    for table, columns in COLUMNS.items():
        text = side.sbctl("--format=json", "--columns=" + ",".join(columns),
                          "list", table)
        found = []
        for row in json.loads(text)["data"]:
            values = [plain(v) for v in row]
            if values[0] and PRIVATE_SETS.match(str(values[0][0])):
                continue
            if table == "Port_Binding":
                # A number that was given, to ports with rates.
                values[3] = [v for v in values[3] if "qos_max_rate" not in
                             str(values[3]) or "qdisc_queue_id" not in v]
                if values[0] == ["dyn"]:
                    continue    # Debian's leaves the word "dynamic" there.
                values[6] = announced(values[6])
            if table == "Datapath_Binding":
                # Newer than Debian's.
                values[0] = [v for v in values[0]
                             if v != "dynamic_neigh_routers=true"]
            found.append(values)
        tables[table] = sorted(found)
    return tables
