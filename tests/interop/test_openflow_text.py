# SPDX-License-Identifier: Apache-2.0
"""Our ovs-ofctl has Debian's commands, and prints messages as Debian's."""

import pathlib
import subprocess

import pytest

from harness.programs import Programs

# One message of each kind and version, in hex; most were made with random
# contents.
MESSAGES = (pathlib.Path(__file__).parent
            / "openflow_messages.txt").read_text().split()
UNDOCUMENTED = {"check-vlan", "parse-ofp10-match", "parse-ofp11-match"}


def ofctl(side, *args):
    done = subprocess.run([Programs(side).path("ovs-ofctl"), *args],
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def commands(side):
    """Names in the answer to list-commands, but for its heading."""
    return {line.split()[0]
            for line in ofctl(side, "list-commands")[1].splitlines()[1:]}


def test_no_command_is_unknown():
    ours = commands("ours") | {"help", "list-commands"}
    assert commands("debian") - ours <= UNDOCUMENTED


@pytest.mark.parametrize("first", range(0, len(MESSAGES), 32))
def test_messages_are_printed_alike(first):
    for message in MESSAGES[first:first + 32]:
        ours, theirs = (ofctl(side, "ofp-print", message)
                        for side in ("ours", "debian"))
        assert ours == theirs, message
