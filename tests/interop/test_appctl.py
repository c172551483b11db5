# SPDX-License-Identifier: Apache-2.0
"""Our ovs-appctl and Debian's say the same of Debian's ovsdb-server."""

import os

import pytest

from harness.process import run
from harness.programs import Programs

COMMANDS = [
    ["version"],
    ["list-commands"],
    ["vlog/list"],
    ["vlog/set", "jsonrpc:file:dbg"],
    ["vlog/set", "nosuch"],
    ["ovsdb-server/list-dbs"],
    ["ovsdb-server/add-db", "/nonexistent/\"quoted\"\\é"],
    ["ovsdb-server/add-db"],
    ["coverage/read-counter", "nosuch"],
    ["nosuch", "-x", "--", "y"],
]


@pytest.fixture
def server(spawn, tmp_path):
    """Environment in which "-t ovsdb-server" finds one of Debian's."""
    debian = Programs("debian")
    env = {"OVS_RUNDIR": str(tmp_path), "OVS_LOGDIR": str(tmp_path),
           "OVS_SYSLOG_METHOD": "null"}
    run([debian.path("ovsdb-tool"), "create", tmp_path / "db",
         debian.schema("vswitch")])
    process = spawn([debian.path("ovsdb-server"), tmp_path / "db",
                     "--pidfile", "-vconsole:off"], env)
    env = dict(os.environ, **env)
    # A socket is there before it listens.
    process.wait_for(lambda: ask("debian", env, ["version"])[0] == 0)
    return env


def ask(side, env, words):
    done = run([Programs(side).path("ovs-appctl"), "-t", "ovsdb-server",
                *words], check=False, env=env)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_same_answer(server, words):
    ours = ask("ours", server, words)
    assert ours == ask("debian", server, words)
    assert ours[1] or ours[2] or words[0] == "vlog/set"


def test_exit(server):
    assert ask("ours", server, ["exit"]) == (0, "", "")
