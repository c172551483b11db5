# SPDX-License-Identifier: Apache-2.0
"""Our switch and Debian's answer one list of commands alike: those of
switch.scenarios, on dummy devices, each scenario on a new bridge.  The tools
are Debian's, so that what differs is the switch's doing.

    == NAME: PORT...          a bridge br0 whose ports p1, ... have these numbers
    COMMAND                   a line each; "@" before it: its output is sorted
"""

import difflib
import os
import re
import shlex

import pytest

from harness.process import run, wait_until
from harness.programs import Programs
from harness.transcript import UUID
from test_ofctl import start_switch, without_times

PATH = os.path.join(os.path.dirname(__file__), "switch.scenarios")


def read():
    scenarios = {}
    for line in open(PATH).read().replace("\\\n", "").splitlines():
        if line.startswith("== "):
            name, _, ports = line[3:].partition(":")
            scenarios[name] = ports.split(), []
        elif line and not line.startswith("#"):
            scenarios[name][1].append(line)
    return scenarios


SCENARIOS = read()


# What a flow has, of the first packet or not, where it matters to nobody.
WILD = re.compile(r"=[^,()/=]+(?=/(?:0x0|0|0\.0\.0\.0|::|00:00:00:00:00:00)[,)])")


def comparable(text):
    """Leaves out ids that a switch gives as it likes, and how it keeps
    keys."""
    text = WILD.sub("=*", text)
    text = re.sub(r"(cycles: ).*", r"\1N", text)
    text = re.sub(r"(miniflow_bits)\(\d+,\d+\)", r"\1(N)", text)
    text = re.sub(r"\S+/switch.ctl", "SWITCH", without_times(text))
    text = UUID.sub("UUID", text)
    return re.sub(r"(recirc_id=|recirc\(|dont_send=)(0x)?[0-9a-f]+", r"\1N",
                  text)


@pytest.fixture(scope="module")
def switches(tmp_path_factory):
    """Environments of both."""
    from harness.process import Process
    processes = []

    def spawn(command, env=None):
        processes.append(Process(command, str(tmp_path_factory.mktemp("out")
                                              / "out"), env))
        return processes[-1]
    yield {side: start_switch(side, spawn, tmp_path_factory.mktemp(side))
           for side in ("debian", "ours")}
    for process in reversed(processes):
        process.stop()


def do(env, line):
    words = shlex.split(line.lstrip("@"))
    tool = [Programs("debian").path(words[0])]
    if words[0] == "ovs-appctl":
        tool += ["-t", env["OVS_RUNDIR"] + "/switch.ctl"]
    elif words[0] == "ovs-vsctl":
        tool += ["--db=unix:%s/db.sock" % env["OVS_RUNDIR"]]
    done = run(tool + words[1:], check=False, env=env)
    output = comparable(done.stdout)
    if line.startswith("@"):
        output = "\n".join(sorted(output.splitlines()))
    return ["status %d" % done.returncode] + output.splitlines() + [
        comparable(done.stderr)]


@pytest.mark.parametrize("name", SCENARIOS)
def test_same_answers(switches, name):
    ports, commands = SCENARIOS[name]
    setup = ("ovs-vsctl add-br br0 -- set bridge br0 datapath-type=dummy fail-mode=secure "
             "other-config:datapath-id=fedcba9876543210 "
             "other-config:hwaddr=aa:55:aa:55:00:00 protocols=OpenFlow10,"
             "OpenFlow13,OpenFlow14,OpenFlow15")
    for port in ports:
        setup += (" -- add-port br0 p%s -- set interface p%s type=dummy "
                  "ofport_request=%s" % (port, port, port))
    for line in ["ovs-vsctl del-br br0", setup] + commands:
        answers = {side: do(env, line) for side, env in switches.items()}
        assert answers["ours"] == answers["debian"], "%s\n%s" % (
            line, "\n".join(difflib.unified_diff(
                answers["debian"], answers["ours"], "debian", "ours",
                lineterm="", n=0)))


def test_packets_of_another_thread(switches):
    """A device whose queues are a thread's: its packets are that thread's, and
    come out where they should."""
    for env in switches.values():
        for line in [
                "ovs-vsctl --if-exists del-br br0 -- add-br br0 -- set bridge "
                "br0 datapath-type=dummy fail-mode=secure -- add-port br0 p1 "
                "-- set interface p1 type=dummy ofport_request=1 -- add-port "
                "br0 q2 -- set interface q2 type=dummy-pmd ofport_request=2 "
                "options:n_rxq=2 -- set Open_vSwitch . "
                "other_config:pmd-cpu-mask=1",
                "ovs-ofctl add-flow br0 in_port=2,actions=1,in_port"]:
            assert do(env, line)[0] == "status 0"
        for qid in 0, 1:
            assert do(env, "ovs-appctl netdev-dummy/receive q2 --qid %d "
                      "50540000000750540000000512340000" % qid)[0] == "status 0"
        wait_until(lambda: all("tx pkts=2, bytes=32" in "\n".join(
            do(env, "ovs-ofctl dump-ports br0 %d" % port))
                               for port in (1, 2)))
        shown = do(env, "ovs-appctl dpif-netdev/pmd-stats-show -pmd 0")
        assert "  packets received: 2" in shown
        assert "  processing cycles: N" in shown
        assert do(env, "ovs-vsctl del-br br0 -- clear Open_vSwitch . "
                  "other_config")[0] == "status 0"


def dpctl(side, *words):
    done = run([Programs(side).path("ovs-dpctl"), *words], check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("words", [
    [], ["nonsense"], ["dump-dps", "x"], ["add-dp"],
    ["--read-only", "del-flows"], ["parse-actions", "1,2", "drop"],
    ["parse-actions", "1,2", "nonsense", "3"],
    ["normalize-actions", "in_port(1),eth(src=00:00:00:00:00:01,"
     "dst=00:00:00:00:00:02),eth_type(0x1234)",
     "push_vlan(vid=9,pcp=0),3,2,pop_vlan,5,push_vlan(vid=11,pcp=0),1"],
    ["-m", "normalize-actions", "in_port(a),eth(src=00:00:00:00:00:01,"
     "dst=00:00:00:00:00:02),eth_type(0x1234)", "3,a", "a=2"],
], ids=" ".join)
def test_dpctl_without_a_switch(words):
    """What the tool says by itself."""
    assert dpctl("ours", *words) == dpctl("debian", *words)


def test_dpctl_knows_all_commands(switches):
    def commands(text):
        return {line.split()[0] for line in text.splitlines()[1:]}

    lists = {side: commands(dpctl(side, "list-commands")[1])
             for side in ("ours", "debian")}
    # "help" is a word of the tool alone.
    assert lists["debian"] - {"help"} <= lists["ours"]
    answer = do(switches["ours"], "ovs-appctl dpctl/list-commands")
    assert {"dpctl/" + name for name in lists["ours"]} == {
        line.split()[0] for line in answer[2:-1]}


def test_dpctl_says_what_the_switch_does(switches):
    """Errors of the switch become the tool's own."""
    env = switches["ours"]
    assert do(env, "ovs-vsctl --may-exist add-br br0 -- set bridge br0 "
              "datapath-type=dummy")[0] == "status 0"
    status, out, error = dpctl(
        "ours", "--target=" + env["OVS_RUNDIR"] + "/switch.ctl", "show",
        "dummy@ovs-dummy", "nonsense")
    assert status == 1
    assert out.startswith("dummy@ovs-dummy:\n")
    assert error == ("ovs-dpctl: opening datapath nonsense failed "
                     "(No such device)\n")


def test_megaflows_follow_flows_at_once(switches):
    """No clock and no pass that somebody asked for; Debian's switch has
    threads for it, and takes a moment."""
    env = switches["ours"]
    for line in [
            "ovs-vsctl --if-exists del-br br0 -- add-br br0 -- set bridge br0 "
            "datapath-type=dummy fail-mode=secure -- add-port br0 p1 -- set "
            "interface p1 type=dummy ofport_request=1",
            "ovs-appctl time/stop", "ovs-ofctl add-flow br0 ip,actions=1",
            "ovs-appctl netdev-dummy/receive br0 in_port(0),eth(src=50:54:00:"
            "00:00:05,dst=50:54:00:00:00:07),eth_type(0x0800),ipv4(src=1.1.1."
            "1,dst=2.2.2.2,proto=6,tos=0,ttl=64,frag=no),tcp(src=8,dst=10)"]:
        assert do(env, line)[0] == "status 0"
    for change, actions in [("mod-flows br0 actions=drop", "actions:drop$"),
                            ("mod-flows br0 actions=1", "actions:[0-9]+$"),
                            ("del-flows br0", "actions:drop$")]:
        assert do(env, "ovs-ofctl " + change)[0] == "status 0"
        flows = do(env, "ovs-appctl dpctl/dump-flows")
        assert re.search(actions, flows[2]), flows
    do(env, "ovs-appctl time/warp 100000 10000")
