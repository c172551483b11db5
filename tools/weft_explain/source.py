# SPDX-License-Identifier: Apache-2.0
"""What is asked of the programs and databases, by their own tools."""

import glob
import json
import os
import subprocess

from weft_sandbox import programs
from weft_sandbox.error import SandboxError as ExplainError

# Operations in one transaction: a command line is bounded.
BATCH = 200


def output_of(words, what):
    """Standard output of a command; says 'what' failed if it does."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ExplainError("%s: %s" % (what, said[0] if said else
                                       "exit status %d" % done.returncode))
    return done.stdout


def run_folder(name):
    """Where daemons have their sockets, as they decide it."""
    default = "/var/run/" + {"OVN": "ovn", "OVS": "openvswitch"}[name]
    return os.environ.get(name + "_RUNDIR", default)


def control_socket(folder, daemon):
    """The control socket of 'daemon', by its pidfile; None if there is no
    such daemon."""
    try:
        with open(os.path.join(folder, daemon + ".pid")) as f:
            path = os.path.join(folder, "%s.%s.ctl" % (daemon,
                                                       f.read().strip()))
    except OSError:
        found = glob.glob(os.path.join(folder, daemon + "*.ctl"))
        path = found[0] if len(found) == 1 else ""
    return path if os.path.exists(path) else None


def value(datum):
    """A column's value as Python has it: sets as lists, maps as dicts."""
    if isinstance(datum, list):
        if datum[0] == "set":
            return [value(v) for v in datum[1]]
        if datum[0] == "map":
            return {value(k): value(v) for k, v in datum[1]}
        return datum[1]
    return datum


class Source:
    """The databases by remote, the daemons by control socket; each may be
    None for where it usually is."""

    def __init__(self, nb=None, sb=None, northd=None, switch=None):
        folder = run_folder("OVN")
        self.nb = nb or os.environ.get(
            "OVN_NB_DB", "unix:%s/ovnnb_db.sock" % folder)
        self.sb = sb or os.environ.get(
            "OVN_SB_DB", "unix:%s/ovnsb_db.sock" % folder)
        self.northd = northd or control_socket(folder, "ovn-northd")
        self.switch = switch or control_socket(run_folder("OVS"),
                                               "ovs-vswitchd")

    def trace(self, words):
        """The tree that ovn-trace makes of a packet."""
        text = output_of([programs.program("ovn-trace"), "--db=" + self.sb,
                          "--json"] + words, "ovn-trace")
        if not text.startswith("{"):
            # A packet that it cannot read is answered, not refused.
            raise ExplainError("ovn-trace: " + text.strip())
        return json.loads(text)

    def select(self, remote, database, wanted, columns=None):
        """Rows by uuid: 'wanted' is an iterable of (table, uuid or None for
        all).  Returns {uuid: row}, where a row has '_table' besides its
        columns."""
        wanted, rows = list(wanted), {}
        for i in range(0, len(wanted), BATCH):
            part = wanted[i:i + BATCH]
            operations = [database]
            for table, uuid in part:
                operation = {"op": "select", "table": table, "where": [] if
                             uuid is None else
                             [["_uuid", "==", ["uuid", uuid]]]}
                if columns:
                    operation["columns"] = columns
                operations.append(operation)
            text = output_of(
                [programs.program("ovsdb-client"), "transact", remote,
                 json.dumps(operations)], "database at " + remote)
            for (table, _), result in zip(part, json.loads(text)):
                for row in result["rows"]:
                    row = {k: value(v) for k, v in row.items()}
                    row["_table"] = table
                    rows[row["_uuid"]] = row
        return rows

    def origins(self, flows):
        """{flow's uuid: [{database, table, row, columns, distance}...]}, as
        northd tells; raises if it cannot be asked."""
        if not self.northd:
            raise ExplainError("no ovn-northd in %s; name its control socket "
                               "with --northd" % run_folder("OVN"))
        text = output_of([programs.program("ovs-appctl"), "-t", self.northd,
                          "incr/origins"] + sorted(flows), "ovn-northd")
        return {f["flow"]: f["rows"] for f in json.loads(text)}

    def switch_command(self, *words):
        if not self.switch:
            raise ExplainError("no ovs-vswitchd in %s; name its control "
                               "socket with --switch" % run_folder("OVS"))
        return output_of([programs.program("ovs-appctl"), "-t", self.switch]
                         + list(words), "ovs-vswitchd")
