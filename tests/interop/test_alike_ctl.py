# SPDX-License-Identifier: Apache-2.0
"""Our database tools and Debian's understand random command lines alike, on
the same database."""

import shlex

import pytest

from alike import SEED, check, count, ctl, needs_peer, tables
from alike.grammar import Sentences

pytestmark = needs_peer


def lines(tool):
    """Random command lines, split as a shell would."""
    sentences = Sentences(tables.grammar(ctl.TOOLS[tool][1]),
                          tool + SEED)
    for _ in range(count(120)):
        try:
            yield shlex.split(sentences.mixed("tool_line", 0.1))
        except ValueError:
            # A misspelt quote, which no shell would let pass.
            continue


def differences(tool, remote):
    for words in lines(tool):
        found = ctl.difference(tool, remote, words)
        if found:
            yield shlex.join(words), found


@pytest.mark.parametrize("tool", ctl.TOOLS)
def test_random_lines(tool, spawn, tmp_path):
    remote = ctl.serve(tool, spawn, tmp_path)
    check(differences(tool, remote))


@pytest.mark.parametrize("tool,words", [
    ("ovs-vsctl", ["list", "Controller", "."]),
    ("ovs-vsctl", ["list", "Port", "."]),
    ("vtep-ctl", ["--columns=name", "list", "Physical_Switch", "."]),
    ("ovn-nbctl", ["get", "NAT", "1.2.3.4", "ext"]),
    ("ovn-sbctl", ["--if-exists", "get", "Chassis", "x", "name"]),
], ids=str)
def test_known_lines(tool, words, spawn, tmp_path):
    """What has gone wrong before, with the same words on standard error."""
    remote = ctl.serve(tool, spawn, tmp_path)
    ours, theirs = (ctl.ask(side, tool, remote, words)
                    for side in ("ours", "debian"))
    assert ours == theirs
