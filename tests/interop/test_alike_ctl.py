# SPDX-License-Identifier: Apache-2.0
"""Our database tools and Debian's understand random command lines alike, on
the same database.  By hand, with more of them:

    python3 tests/interop/test_alike_ctl.py TOOL SEED COUNT
"""

import os
import pathlib
import shlex
import sys
import tempfile

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))))
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import pytest

from alike import ctl, tables
from alike.grammar import Sentences
from harness.process import Process
from harness.programs import have_peer

pytestmark = pytest.mark.skipif(not have_peer(),
                                reason="Debian's packages are not here")


def lines(tool, seed, count):
    """Random command lines, split as a shell would."""
    sentences = Sentences(tables.grammar(ctl.TOOLS[tool][1]),
                          "%s%s" % (tool, seed))
    for _ in range(count):
        try:
            yield shlex.split(sentences.mixed("tool_line", 0.1))
        except ValueError:
            # A misspelt quote, which no shell would let pass.
            continue


def differences(tool, remote, seed, count):
    for words in lines(tool, seed, count):
        found = ctl.difference(tool, remote, words)
        if found:
            yield shlex.join(words), found


@pytest.mark.parametrize("tool", ctl.TOOLS)
def test_random_lines(tool, spawn, tmp_path):
    remote = ctl.serve(tool, spawn, tmp_path)
    assert not list(differences(tool, remote, 1, 120))


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


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        started = []

        def start(command, env=None):
            started.append(Process(command, folder / "log", env))
            return started[-1]

        try:
            found_remote = ctl.serve(sys.argv[1], start, folder)
            for line, found in differences(sys.argv[1], found_remote,
                                           sys.argv[2], int(sys.argv[3])):
                print(line)
                for side, answer in zip(("ours", "debian"), found):
                    print("  %s: %s" % (side, answer))
        finally:
            for process in started:
                process.stop()
