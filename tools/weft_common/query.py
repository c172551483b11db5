# SPDX-License-Identifier: Apache-2.0
"""What is asked of databases, by ovsdb-client."""

import json
import os
import subprocess

from . import programs
from .error import WeftError

# Operations in one transaction: a command line is bounded.
BATCH = 200


def output_of(words, what):
    """Standard output of a command; says 'what' failed if it does."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise WeftError("%s: %s" % (what, said[0] if said else
                                    "exit status %d" % done.returncode))
    return done.stdout


def run_folder(name):
    """Where daemons have their sockets, as they decide it."""
    default = "/var/run/" + {"OVN": "ovn", "OVS": "openvswitch"}[name]
    return os.environ.get(name + "_RUNDIR", default)


def nb_remote():
    return os.environ.get("OVN_NB_DB",
                          "unix:%s/ovnnb_db.sock" % run_folder("OVN"))


def sb_remote():
    return os.environ.get("OVN_SB_DB",
                          "unix:%s/ovnsb_db.sock" % run_folder("OVN"))


def value(datum):
    """A column's value as Python has it: sets as lists, maps as dicts."""
    if isinstance(datum, list):
        if datum[0] == "set":
            return [value(v) for v in datum[1]]
        if datum[0] == "map":
            return {value(k): value(v) for k, v in datum[1]}
        return datum[1]
    return datum


def one(row, column, default=""):
    """The value of a column that may be empty."""
    v = row.get(column, default)
    if isinstance(v, list):
        return v[0] if v else default
    return v


def several(row, column):
    """The values of a column that may have one or more, as words."""
    v = row[column]
    return " ".join(sorted(v) if isinstance(v, list) else [v])


def pairs(row, column):
    """A map as "key=value" words."""
    return " ".join("%s=%s" % pair for pair in sorted(row[column].items()))


class Database:
    """One database of the server at 'remote'; 'options' are ovsdb-client's,
    such as those of TLS."""

    def __init__(self, remote, name, options=()):
        self.remote, self.name, self.options = remote, name, list(options)

    def select(self, wanted, columns=None):
        """Rows by uuid: 'wanted' is an iterable of (table, uuid or None for
        all).  Returns {uuid: row}, where a row has '_table' besides its
        columns."""
        wanted, rows = list(wanted), {}
        for i in range(0, len(wanted), BATCH):
            part = wanted[i:i + BATCH]
            results = self.transact([self.selection(table, uuid, columns)
                                     for table, uuid in part])
            for (table, _), result in zip(part, results):
                if "rows" not in result:
                    raise WeftError("database at %s: %s" % (
                        self.remote, result.get("details", result)))
                for row in result["rows"]:
                    row = {k: value(v) for k, v in row.items()}
                    row["_table"] = table
                    rows[row["_uuid"]] = row
        return rows

    def find_by_name(self, table, name):
        """The row of 'table' with that name, or None."""
        result, = self.transact([dict(self.selection(table, None, None),
                                      where=[["name", "==", name]])])
        rows = [{k: value(v) for k, v in row.items()}
                for row in result["rows"]]
        return dict(rows[0], _table=table) if rows else None

    def find_by_prefix(self, tables, prefixes):
        """Full rows of 'tables' whose uuids begin with one of 'prefixes', of
        eight digits: {prefix: [row...]}, in the order of 'tables'.  Asks for
        all uuids, since a database finds no part of one."""
        found = {p: [] for p in prefixes}
        if not found:
            return found
        names = self.select([(t, None) for t in tables], ["_uuid"])
        rows = self.select([(row["_table"], uuid)
                            for uuid, row in names.items()
                            if uuid[:8] in found])
        for row in sorted(rows.values(),
                          key=lambda r: tables.index(r["_table"])):
            found[row["_uuid"][:8]].append(row)
        return found

    @staticmethod
    def selection(table, uuid, columns):
        operation = {"op": "select", "table": table, "where": [] if
                     uuid is None else [["_uuid", "==", ["uuid", uuid]]]}
        if columns:
            operation["columns"] = columns
        return operation

    def transact(self, operations):
        text = output_of(
            [programs.program("ovsdb-client")] + self.options
            + ["transact", self.remote, json.dumps([self.name] + operations)],
            "database at " + self.remote)
        return json.loads(text)
