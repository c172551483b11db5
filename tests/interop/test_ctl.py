# SPDX-License-Identifier: Apache-2.0
"""The same commands through Debian's tool and ours, against two databases:
equal output, equal exit status, equal contents in the end (uuids aside)."""

import json
import os
import re
import shlex
import subprocess

import pytest

from harness.process import accepts, run
from harness.programs import Programs, have_peer
from harness.transcript import UUID, read

pytestmark = pytest.mark.skipif(not have_peer(),
                                reason="Debian's packages are not here")

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ctl")


def script(tool):
    """The lines of a script; a backslash at a line's end continues it."""
    with open(os.path.join(FOLDER, tool + ".script")) as f:
        lines = f.read().replace("\\\n", "").splitlines()
    return [line for line in lines if not line.startswith("#")]


def transcript(tool):
    """The lines of the transcript that our tool is tested by which Debian's
    knows, too."""
    path = os.path.join(FOLDER, "../../system/ctl", tool + ".txt")
    return [step.line for step in read(path) if not step.is_new]


def server(spawn, folder, schema):
    """A database on a socket; returns its remote."""
    os.mkdir(folder)
    path, socket = str(folder / "db"), str(folder / "sock")
    programs = Programs("debian")
    run([programs.path("ovsdb-tool"), "create", path,
         programs.schema(schema)])
    process = spawn([programs.path("ovsdb-server"), path,
                     "--remote=punix:" + socket, "-vconsole:off",
                     "--unixctl=" + str(folder / "ctl")])
    process.wait_for(lambda: accepts(socket))
    return "unix:" + socket


def execute(tool, remote, words):
    options = ["--db=" + remote, "--timeout=60"]
    if os.path.basename(tool) in ("ovs-vsctl", "ovn-nbctl"):
        options.append("--no-wait")
    done = subprocess.run([tool, *options, *words], text=True, timeout=90,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, UUID.sub("UUID", done.stdout), done.stderr


def contents(remote, database):
    """All rows, table by table, sorted, without uuids, so that equal databases
    give equal texts."""
    text = run([Programs("debian").path("ovsdb-client"), "-f", "json", "dump",
                remote, database])
    tables = {}
    for line in text.splitlines():
        table = json.loads(line)
        rows = [dict(zip(table["headings"], row)) for row in table["data"]]
        for row in rows:
            del row["_uuid"]
        tables[table["caption"]] = sorted(
            UUID.sub("UUID", json.dumps(row, sort_keys=True)) for row in rows)
    return tables


def has_no_order(words):
    """Whether a command's output lists rows, of which no order is right."""
    return {"show", "find", "list", "--vflows", "fwd-group-list", "copp-list",
            "ha-chassis-group-list", "dhcp-options-get-options",
            "lsp-get-options"} & set(words)


def resolve(words, remote):
    """The words with "{TABLE COLUMN=VALUE}" replaced by the uuid of the row
    that it finds in OVN's northbound database."""
    def find(match):
        return run([Programs("debian").path("ovn-nbctl"), "--db=" + remote,
                    "--bare", "--columns=_uuid", "find",
                    *match.group(1).split()]).strip()

    return [re.sub(r"\{(\w+ \w[^}]*)\}", find, word) for word in words]


@pytest.mark.parametrize("tool,schema,database,lines", [
    ("ovs-vsctl", "vswitch", "Open_vSwitch", transcript("ovs-vsctl")),
    ("ovn-nbctl", "nb", "OVN_Northbound", script("ovn-nbctl")),
    ("ovn-sbctl", "sb", "OVN_Southbound", transcript("ovn-sbctl")),
    ("vtep-ctl", "vtep", "hardware_vtep", transcript("vtep-ctl")),
], ids=["vsctl", "nbctl", "sbctl", "vtep"])
def test_same_commands(tool, schema, database, lines, spawn, tmp_path):
    theirs = server(spawn, tmp_path / "theirs", schema)
    ours = server(spawn, tmp_path / "ours", schema)
    for line in lines:
        words = shlex.split(re.sub(r"(\{\w+ [^}]*\})", r"'\1'", line))
        status, output, _ = execute(Programs("debian").path(tool), theirs,
                                    resolve(words, theirs))
        our_status, our_output, message = execute(Programs("ours").path(tool),
                                                  ours, resolve(words, ours))
        if has_no_order(words):
            output, our_output = (sorted(text.splitlines())
                                  for text in (output, our_output))
        assert (our_status, our_output) == (status, output), line
        if status == 1:
            assert message.startswith(tool + ": "), line
    assert contents(ours, database) == contents(theirs, database)


@pytest.mark.parametrize("words", [
    ["add-br", "new", "--", "add-br", "old"],
    ["add-port", "old", "new", "tag=5000"],
    ["set", "bridge", "old", "datapath_type=x", "--", "get", "bridge", "no",
     "name"],
])
def test_a_failing_line_writes_nothing(words, spawn, tmp_path):
    """One command that fails takes all those of its line back."""
    remote = server(spawn, tmp_path / "db", "vswitch")
    tool = Programs("ours").path("ovs-vsctl")
    assert execute(tool, remote, ["add-br", "old"])[0] == 0
    before = contents(remote, "Open_vSwitch")
    status, output, message = execute(tool, remote, words)
    assert (status, output) == (1, "") and message
    assert contents(remote, "Open_vSwitch") == before


def test_a_misspelt_command_names_the_nearest(spawn, tmp_path):
    tool = Programs("ours").path("ovs-vsctl")
    status, _, message = execute(tool, "unix:/nowhere", ["ad-port", "a", "b"])
    assert status == 1
    assert "did you mean 'add-port'" in message


def test_no_server(tmp_path):
    """Both say so in the same words (Debian's log lines aside)."""
    remote = "unix:%s/none" % tmp_path
    messages = []
    for side in ("ours", "debian"):
        status, _, message = execute(Programs(side).path("ovs-vsctl"), remote,
                                     ["show"])
        assert status == 1
        messages.append(message.splitlines()[-1])
    assert messages[0] == messages[1]
    assert remote + ": database connection failed" in messages[0]
