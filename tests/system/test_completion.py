# SPDX-License-Identifier: Apache-2.0
"""What bash offers for the last word of a command line of each tool."""

import os
import re

import pytest

from harness.ovsdb import Server
from harness.process import run
from harness.programs import BUILD, Programs, ours

# "[--if-exists] [--id=] ,get,!TABLE !RECORD *COLUMN?:KEY"
COMMAND = re.compile(r"(?:\[--[a-z-]+[=?]?\] )*,([a-z0-9-]+),"
                     r"(?:[!?*+]\S+(?: [!?*+]\S+)*)?")

TOOLS = ("ovs-vsctl", "ovn-nbctl", "ovn-sbctl", "vtep-ctl")


def complete(line):
    """The words that bash would offer, as it would put them in place of the
    last piece of the line."""
    tool = line.split()[0]
    script = os.path.join(BUILD, "lib/dbctl/completions", tool)
    program = """
        source "$1"
        spec=$(complete -p "$2")
        [[ $spec == "complete -F "*" $2" ]] || exit 1
        function=${spec#complete -F }
        COMP_LINE=$3 COMP_POINT=${#3}
        "${function% $2}"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    path = os.path.dirname(ours(tool)) + ":" + os.environ["PATH"]
    output = run(["bash", "-c", program, "bash", script, tool, line],
                 env=dict(os.environ, PATH=path))
    return output.split("\n")[:-1]


@pytest.fixture
def database(tmp_path):
    """database(schema) starts a server; returns its remote."""
    servers = []

    def start(schema):
        programs = Programs()
        server = Server(programs, tmp_path)
        server.create(programs.schema(schema), "db")
        servers.append(server.start())
        return server.remote
    yield start
    for server in servers:
        server.stop()


@pytest.mark.parametrize("line,words", [
    ("ovs-vsctl add-p", ["add-port"]),
    ("ovs-vsctl --no-wait list-br -- br-to", ["br-to-parent", "br-to-vlan"]),
    ("ovs-vsctl --shuf", ["--shuffle-remotes"]),
    ("ovs-vsctl list-br -- --shuf", [""]),
    ("ovs-vsctl -- --real", ["--real"]),
    ("ovs-vsctl -f json --col", ["--columns="]),
    ("ovs-vsctl list br", ["Bridge"]),
    ("ovs-vsctl list Open", ["Open_vSwitch"]),
    ("ovs-vsctl set bridge br0 fail", ["fail_mode="]),
    ("ovs-vsctl set bridge br0 fail_mode=secure ext", ["external_ids:"]),
    ("ovs-vsctl add bridge br0 por", ["ports"]),
    ("ovs-vsctl clear port p0 tru ta", ["tag"]),
    ("ovs-vsctl set-fail-mode br0 ", ["secure", "standalone"]),
    ("ovs-vsctl add-zone-tp netdev z", ["zone="]),
    ("ovs-vsctl nonsense ", [""]),
    ("ovn-nbctl lsp-set-addr", ["lsp-set-addresses"]),
    ("ovn-nbctl --wait", ["--wait="]),
    ("ovn-nbctl list logical-router-p",
     ["Logical_Router_Policy", "Logical_Router_Port"]),
    ("ovn-sbctl lsp-", ["lsp-bind", "lsp-unbind"]),
    ("ovn-sbctl --vf", ["--vflows"]),
    ("vtep-ctl set-replication-mode ls0 s", ["service_node", "source_node"]),
    ("vtep-ctl list-r", ["list-remote-macs"]),
])
def test_offline(line, words):
    assert complete(line) == words


def test_names_of_rows(database):
    """Also behind bash's own word breaks, such as the remote's colon."""
    start = "ovs-vsctl --db=%s " % database("vswitch")
    run([ours("ovs-vsctl"), "--no-wait", start.split()[1], "add-br", "br-int",
         "--", "add-br", "br-ex", "--", "add-port", "br-ex", "eth0"])
    assert complete(start + "list-ports br-") == ["br-ex", "br-int"]
    assert complete(start + "del-port br-ex e") == ["eth0"]
    assert complete(start + "get interface et") == ["eth0"]
    assert complete(start + "set open_vswitch ") == ["."]
    assert complete(start + "nonsense br-") == [""]


def test_either_of_two_tables(database):
    start = "ovn-nbctl --db=%s " % database("nb")
    run([ours("ovn-nbctl"), start.split()[1], "ls-add", "x-switch", "--",
         "lr-add", "x-router", "--", "lsp-add", "x-switch", "x-port"])
    assert complete(start + "show x") == ["x-router", "x-switch"]
    assert complete(start + "ls-del x") == ["x-switch"]
    assert complete(start + "lsp-del x") == ["x-port"]


@pytest.mark.parametrize("tool", TOOLS)
def test_commands_and_help_agree(tool):
    """--commands lists what --help does, in the form that scripts read."""
    lines = run([ours(tool), "--commands"]).splitlines()
    matches = [COMMAND.fullmatch(line) for line in lines]
    assert all(matches), lines
    names = [match.group(1) for match in matches]
    assert len(set(names)) == len(names)
    text = run([ours(tool), "--help"])
    for name in names:
        assert any(name in line.split() for line in text.splitlines()), name


@pytest.mark.parametrize("tool", TOOLS)
def test_a_misspelt_command_names_the_nearest(tool):
    done = run([ours(tool), "--db=unix:/nowhere", "lits"], check=False)
    assert done.returncode == 1
    assert "did you mean 'list'" in done.stderr
