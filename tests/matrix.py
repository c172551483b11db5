# SPDX-License-Identifier: Apache-2.0
"""The table of mixes: which daemons were ours, and what passed with them.

A test that runs for several mixes has in brackets the daemons that are ours,
joined by "+", and after "-" perhaps another parameter, or "ours" or "debian"
for all and none.  Tests with other parameters make no row."""

import re

DAEMONS = ("ovsdb-server", "ovn-northd", "ovn-controller", "ovs-vswitchd")
HEADINGS = ("database", "northd", "controller", "switch")
MIX = re.compile(r"\[(?:(ours|debian)|((?:{0})(?:\+(?:{0}))*)(?:-[^][]*)?)\]$"
                 .format("|".join(DAEMONS)))


def ours_in(test):
    """The daemons that are ours in the test of that name; None if it has no
    mix."""
    found = MIX.search(test)
    if not found:
        return None
    side, mix = found.groups()
    if side:
        return frozenset(DAEMONS if side == "ours" else ())
    return frozenset(mix.split("+"))


def rows(root):
    """{daemons that are ours: [scenarios passed, all, names of those that did
    not]} from the root of a JUnit report."""
    table = {}
    for case in root.iter("testcase"):
        ours = ours_in(case.get("name"))
        if ours is None or case.find("skipped") is not None:
            continue
        row = table.setdefault(ours, [0, 0, []])
        row[1] += 1
        if case.find("failure") is None and case.find("error") is None:
            row[0] += 1
        else:
            row[2].append(case.get("name").split("[")[0])
    return table


def format_table(table):
    """The table as text; empty without rows."""
    if not table:
        return ""
    lines = ["    %s scenarios passed" % "".join("%-12s" % h
                                                 for h in HEADINGS)]
    for ours in sorted(table, key=lambda o: (len(o), sorted(o))):
        passed, n, bad = table[ours]
        lines.append("    %s %d of %d%s" % (
            "".join("%-12s" % ("Weft" if d in ours else "Debian")
                    for d in DAEMONS), passed, n,
            ": not " + ", ".join(sorted(set(bad))) if bad else ""))
    return "\n".join(lines)
