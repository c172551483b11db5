# SPDX-License-Identifier: Apache-2.0
"""Every command of the database tools, against our server: what it prints,
what it refuses, and that what it refuses leaves the database as it was."""

import os
import re

import pytest

from harness import transcript
from harness.ovsdb import Server
from harness.process import run
from harness.programs import Programs, ours

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ctl")
TOOLS = {
    "ovs-vsctl": ("vswitch", "Open_vSwitch", ["--no-wait"]),
    "ovn-sbctl": ("sb", "OVN_Southbound", []),
    "vtep-ctl": ("vtep", "hardware_vtep", []),
}
CANNOT_FAIL = {"comment"}


def steps(tool):
    return transcript.read(os.path.join(FOLDER, tool + ".txt"))


@pytest.fixture(params=TOOLS)
def tool(request):
    return request.param


@pytest.fixture
def server(tool, tmp_path):
    programs = Programs()
    server = Server(programs, tmp_path)
    server.create(programs.schema(TOOLS[tool][0]), "db")
    server.start()
    yield server
    server.stop()


def contents(server, database):
    return run([ours("ovsdb-client"), "--format=json", "dump", server.remote,
                database])


def test_transcript(tool, server):
    options = ["--db=" + server.remote, "--timeout=30",
               *TOOLS[tool][2]]
    before = contents(server, TOOLS[tool][1])
    for step in steps(tool):
        status, output, message = transcript.execute(ours(tool), options,
                                                     step.words)
        assert (status, output) == (step.status, step.output), step
        assert step.message in message, step
        after = contents(server, TOOLS[tool][1])
        if status == 1:
            assert message.startswith(tool + ": "), step
            assert after == before, step
        before = after


def test_every_command_is_there(tool):
    """In the transcript: each command has succeeded, and each that can fail
    but for its syntax has been refused."""
    commands = {line.split(",")[1]: line
                for line in run([ours(tool), "--commands"]).splitlines()}
    succeeded, failed, options = set(), set(), set()
    for step in steps(tool):
        options.update(re.match(r"[^=]*", word).group()
                       for word in step.words if word.startswith("--"))
        for part in re.split(r"(?:^| )-- ", step.line):
            words = [word for word in part.split()
                     if not word.startswith("-")]
            (failed if step.status else succeeded).update(words[:1])
    assert set(commands) - succeeded == set()
    has_arguments = {name for name, line in commands.items()
                     if line.split(",")[2]}
    assert has_arguments - failed - CANNOT_FAIL == set()
    taken = {option for line in commands.values()
             for option in re.findall(r"\[(--[a-z-]+)", line)}
    assert taken - options == set()
