# SPDX-License-Identifier: Apache-2.0
"""Every command of the database tools, against our server: what it prints,
what it refuses, and that what it refuses leaves the database as it was."""

import concurrent.futures
import os
import re

import pytest

from harness import transcript
from harness.ovsdb import Server
from harness.process import run, wait_until
from harness.programs import Programs, ours
from harness.relay import Relay

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
    options = ["--db=" + server.remote, "--timeout=60",
               *TOOLS[tool][2]]
    before = None
    for step in steps(tool):
        if not step.status:
            before = None
        elif not before:
            before = contents(server, TOOLS[tool][1])
        status, output, message = transcript.execute(ours(tool), options,
                                                     step.words)
        assert (status, output) == (step.status, step.output), step
        assert step.message in message, step
        if status:
            assert status == 2 or message.startswith(tool + ": "), step
            assert contents(server, TOOLS[tool][1]) == before, step


@pytest.mark.parametrize("tool", ["ovn-sbctl"], indirect=True)
def test_transcript_by_a_daemon(tool, server, spawn, tmp_path):
    """A daemon says the same, however often it is asked."""
    socket = str(tmp_path / "daemon.ctl")
    daemon = spawn([ours(tool), "--db=" + server.remote, "--detach",
                    "--no-chdir", "--pidfile=%s/pid" % tmp_path, "-u",
                    socket])
    assert daemon.popen.wait(timeout=90) == 0
    try:
        env = dict(os.environ, OVN_SB_DAEMON=socket)
        for step in steps(tool):
            status, output, message = transcript.execute(
                ours(tool), ["--timeout=60"], step.words, env)
            assert (status, output) == (step.status, step.output), step
            assert step.message in message, step
    finally:
        run([ours("ovs-appctl"), "-t", socket, "exit"])


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


def test_flows_of_one_datapath(tmp_path):
    """What is listed of one of many datapaths is not all that there is."""
    server = Server(Programs(), tmp_path)
    server.create(Programs().schema("sb"), "db")
    server.start()
    tool = [ours("ovn-sbctl"), "--timeout=60"]

    def flow(datapath, i):
        return ("-- create logical_flow %s pipeline=ingress table_id=%d "
                "priority=1 match=match actions=next;" % (datapath, i)).split()
    words = []
    for i in range(30):
        words += ("-- --id=@d%d create datapath_binding tunnel_key=%d "
                  "external_ids:name=dp%d" % (i, i + 1, i)).split()
        for j in range(20):
            words += flow("logical_datapath=@d%d" % i, j % 30)
    for i in range(5):
        words += ("-- --id=@g%d create logical_dp_group datapaths=@d%d,@d%d"
                  % (i, 2 * i, 2 * i + 1)).split()
        words += flow("logical_dp_group=@g%d" % i, i)
    run([*tool, "--db=" + server.remote, *words])
    n_bytes = {}
    for words in ("init",), ("lflow-list", "dp7"), ("lflow-list",):
        relay = Relay(str(tmp_path / "relay"), server.socket)
        lines = run([*tool, "--db=unix:" + relay.path, *words]).splitlines()
        n_bytes[len(lines)] = relay.finish()
    # With headings; a group's flow counts for each of its datapaths.
    assert set(n_bytes) == {0, 1 + 21, 30 + 600 + 10}
    assert n_bytes[22] - n_bytes[0] < 10000
    assert n_bytes[640] - n_bytes[0] > 60000
    server.stop()


@pytest.fixture
def vsctl(tmp_path):
    """Runs ovs-vsctl on a new database; returns what run() does."""
    programs = Programs()
    server = Server(programs, tmp_path)
    server.create(programs.schema("vswitch"), "db")
    server.start()
    command = [ours("ovs-vsctl"), "--db=" + server.remote, "--timeout=60"]
    yield lambda *words, wait=False: run(
        command + ["--no-wait"] * (not wait) + list(words), check=False)
    server.stop()


@pytest.mark.parametrize("line,warning", [
    ("--id=@m create mirror name=m", "nothing refers to it"),
    ("--id=@p create port name=p interfaces=@i -- --id=@i create interface "
     "name=p -- --id=@m create mirror name=m output-port=@p -- set bridge br0 "
     "mirrors=@m", "only weak references"),
    ("--id=@m create mirror name=m -- set bridge br0 mirrors=@m", ""),
    ("set port br0 qos=@q -- --id=@q create qos type=x queues=0=@q0 -- "
     "--id=@q0 create queue dscp=1", ""),
    ("--id=@b get bridge br0 -- --id=@c create flow_sample_collector_set "
     "id=1 bridge=@b", ""),
])
def test_warns_of_rows_that_will_not_be(line, warning, vsctl):
    vsctl("add-br", "br0")
    done = vsctl(*("-- " + line).split())
    assert done.returncode == 0, done.stderr
    assert (warning in done.stderr) if warning else not done.stderr


def test_wait_until(vsctl):
    """Waits for a row, for values of it, and then does what follows."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        row = pool.submit(vsctl, "wait-until", "bridge", "br0", "--", "get",
                          "bridge", "br0", "name")
        value = pool.submit(vsctl, "wait-until", "bridge", "br0",
                            "other_config:a=b", "fail_mode=secure", "--",
                            "add-port", "br0", "p0")
        vsctl("add-br", "br0")
        assert row.result().stdout == "br0\n"
        vsctl("set", "bridge", "br0", "other_config:a=b")
        assert vsctl("list-ports", "br0").stdout == ""
        vsctl("set", "bridge", "br0", "fail_mode=secure")
        assert value.result().returncode == 0
    assert vsctl("list-ports", "br0").stdout == "p0\n"
    assert vsctl("--timeout=1", "wait-until", "bridge", "br9").returncode < 0


def test_errors_of_new_interfaces(vsctl):
    """ovs-vswitchd says what it could not set up; of interfaces that others
    have made nothing is told."""
    vsctl("add-br", "br0", "--", "add-port", "br0", "old")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        adding = pool.submit(vsctl, "add-port", "br0", "bad", "--",
                             "add-port", "br0", "good", wait=True)
        wait_until(lambda: vsctl("get", "open_vswitch", ".", "next_cfg")
                   .stdout == "1\n", what="the change")
        vsctl("set", "interface", "bad", 'error="no such device"', "--",
              "set", "interface", "old", "error=old", "--", "set",
              "open_vswitch", ".", "cur_cfg=1")
        done = adding.result()
    assert done.returncode == 0
    assert "setting up 'bad': no such device" in done.stderr
    assert "good" not in done.stderr and "old" not in done.stderr
    # What makes none waits all the same.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        setting = pool.submit(vsctl, "set", "bridge", "br0",
                              "other_config:a=b", wait=True)
        wait_until(lambda: vsctl("get", "open_vswitch", ".", "next_cfg")
                   .stdout == "2\n", what="the change")
        vsctl("set", "open_vswitch", ".", "cur_cfg=2")
        assert (setting.result().returncode, setting.result().stderr) \
            == (0, "")


def test_many_at_a_time_lose_nothing(vsctl):
    """Changes of one column by several tools at once all take effect."""
    vsctl("add-br", "br0")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(
            lambda i: vsctl("add-port", "br0", "p%d" % i, "--", "set",
                            "bridge", "br0", "other_config:k%d=v" % i,
                            "--", "add", "bridge", "br0", "flood_vlans",
                            str(i)),
            range(40)))
    assert [d.stderr for d in done if d.returncode] == []
    assert len(vsctl("list-ports", "br0").stdout.split()) == 40
    output = vsctl("get", "bridge", "br0", "other_config",
                   "flood_vlans").stdout
    assert output.count("=v") == 40
    assert output.splitlines()[1].count(",") == 39
