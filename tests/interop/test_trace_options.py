# SPDX-License-Identifier: Apache-2.0
"""ovn-trace beside Debian's, on the same southbound databases: each option,
each form of output, and many packets through many networks."""

import json
import os
import random
import re

import pytest

from harness.process import wait_until
from harness.programs import Programs, have_peer, ours, peers
from northd_topology import Topology
from trace_network import (MACS, SWITCH, VM1, VM2, Daemon, TraceSide, both,
                           commands, lines, once)

N_NETWORKS = int(os.environ.get("WEFT_TRACE_NETWORKS", "6"))
N_PACKETS = int(os.environ.get("WEFT_TRACE_PACKETS", "60"))

pytestmark = pytest.mark.skipif(
    not have_peer() or not os.path.exists(ours("ovn-trace")),
    reason="needs Debian's programs and our ovn-trace")

FROM_VM1 = ('inport == "%s" && eth.src == %s && ip4.src == 10.0.0.11 && '
            'ip.ttl == 64' % (VM1, MACS["vm1"]))
TO_VM2 = FROM_VM1 + " && eth.dst == %s && ip4.dst == 10.0.0.12" % MACS["vm2"]
ROUTED = FROM_VM1 + " && eth.dst == " + MACS["lr0-sw0"]
SSH = TO_VM2 + " && tcp.dst == 22"
TELNET = TO_VM2 + " && tcp.dst == 23"
WEB = ROUTED + " && ip4.dst == 10.0.0.100 && tcp.dst == 80"
ECMP = ROUTED + " && ip4.dst == 10.7.0.1"
OUTSIDE = ROUTED + " && ip4.dst == 172.16.0.50 && udp.dst == 53"


@pytest.fixture(scope="module")
def side(tmp_path_factory):
    side = TraceSide(str(tmp_path_factory.mktemp("trace") / "side"),
                     commands())
    yield side
    side.close()


def agree(side, *words):
    theirs = once(peers("ovn-trace"), side.db, *words)
    mine = once(ours("ovn-trace"), side.db, *words)
    assert mine[0] == theirs[0]
    assert lines(mine[1]) == lines(theirs[1])
    return mine[1]


# ## Options


@pytest.mark.parametrize("packet", [SSH, TELNET, WEB, ECMP, OUTSIDE],
                         ids=["ssh", "telnet", "web", "ecmp", "outside"])
@pytest.mark.parametrize("forms", [
    (), ("--detailed",), ("--summary",), ("--minimal",), ("--all",),
    ("--minimal", "--detailed"), ("--summary", "--minimal")], ids="".join)
def test_forms(side, forms, packet):
    text = agree(side, *forms, "--lb-dst=10.0.0.12", "--select-id=1", packet)
    if len(forms) == 2 or forms == ("--all",):
        assert re.search("^# (Detailed|Summary) trace.$", text, re.M)


def test_headings_are_underlined(side):
    text = once(ours("ovn-trace"), side.db, OUTSIDE)[1].splitlines()
    heads = [i for i, line in enumerate(text) if re.match(" *-+$", line)]
    assert len(heads) > 3
    for i in heads:
        assert (re.match(" *", text[i])[0] + "-" * len(text[i - 1].lstrip())
                == text[i])
        assert text[i - 2] == ""


@pytest.mark.parametrize("options", [
    ("--ct=new",), ("--ct=trk,new", "--ct=rel"), ("--ct=new est",),
    ("--ct=inv",), ("--ct=est,rpl", "--ct=new", "--ct=new"), ("--ct=",),
    ("--ct=snat,dnat,est",)], ids="".join)
@pytest.mark.parametrize("packet", [SSH, WEB, OUTSIDE],
                         ids=["ssh", "web", "outside"])
def test_ct(side, options, packet):
    agree(side, "--all", "--lb-dst=10.0.0.12", *options, packet)


@pytest.mark.parametrize("state", ["new", "est"])
@pytest.mark.parametrize("backend", ["10.0.0.12", "10.0.0.13",
                                     "10.0.0.13:8080"])
def test_lb_dst(side, backend, state):
    text = agree(side, "--all", "--lb-dst=" + backend, "--ct=" + state, WEB)
    assert 'output("vm%d")' % (2 if ".12" in backend else 3) in text


@pytest.mark.parametrize("words", [(), ("--lb-dst=[fd00::1]:80",)])
def test_lb_dst_is_random_otherwise(side, words):
    texts = [once(ours("ovn-trace"), side.db, "--minimal", "--ct=new", *words,
                  WEB)[1] for _ in range(5)]
    outputs = {re.search(r'output\("(vm\d)"', text)[1] for text in texts}
    assert outputs <= {"vm2", "vm3"}


@pytest.mark.parametrize("number", [1, 2])
def test_select_id(side, number):
    text = agree(side, "--all", "--select-id=%d" % number, ECMP)
    assert "\nselect: reg8[16..31] = %d\n" % number in text


def test_select_id_is_random_otherwise(side):
    for words in (), ("--select-id=77",):
        for program in ours("ovn-trace"), peers("ovn-trace"):
            text = once(program, side.db, *words, ECMP)[1]
            assert re.search(r"^select: reg8\[16..31\] = [12] /\* Randomly "
                             r"selected. Use --select-id to specify. \*/$",
                             text, re.M)


@pytest.mark.parametrize("option", ["--friendly-names",
                                    "--no-friendly-names"])
@pytest.mark.parametrize("packet", [SSH, OUTSIDE], ids=["ssh", "outside"])
def test_friendly_names(side, option, packet):
    text = agree(side, "--all", option, packet)
    assert ('dp="office", inport="vm1"' in text) == (option[2] == "f")
    assert (VM2 in text) <= (option[2] == "n")


@pytest.mark.parametrize("option", [
    "--ct=bogus", "--lb-dst=bogus", "--select-id=0", "--select-id=x",
    "--bogus"])
def test_wrong_options_are_refused(side, option):
    for program in peers("ovn-trace"), ours("ovn-trace"):
        assert once(program, side.db, option, SSH) == (1, "")


def test_wrong_numbers_of_arguments_are_refused(side):
    for program in peers("ovn-trace"), ours("ovn-trace"):
        assert once(program, side.db, "a", "b", "c") == (1, "")
    # Without --detach, no arguments are too few.
    assert once(ours("ovn-trace"), side.db) == (1, "")


def test_database_options(side):
    db = side.db.split("=", 1)[1]
    env = dict(os.environ, OVN_SB_DB=db)
    results = [once(program, *words, "--minimal", SSH, env=env)
               for program in (peers("ovn-trace"), ours("ovn-trace"))
               for words in ((), ("--db", db), ("--leader-only",),
                             ("--no-leader-only",))]
    assert results == [results[0]] * 8
    assert 'output("vm2")' in results[0][1]


def test_a_missing_database_is_an_error(side):
    for program in peers("ovn-trace"), ours("ovn-trace"):
        assert once(program, "--db=unix:" + side.path("nosuch"),
                    SSH) == (1, "")


@pytest.mark.parametrize("state", ["new", "est"])
def test_a_refusal_is_not_refused(side, state):
    """Two ACLs that reject each other's refusals do not do so for ever."""
    states = ["--ct=" + state] * 20
    outside = ROUTED + " && ip4.dst == 172.16.0.50"
    text = agree(side, "--minimal", *states,
                 outside + " && udp.src == 9 && udp.dst == 25")
    assert text.count("icmp4") == 1
    text = once(ours("ovn-trace"), side.db, "--minimal", *states,
                outside + " && tcp.src == 9 && tcp.dst == 25")[1]
    assert text.count("tcp_reset") == 1


# ## Datapaths and microflows


def test_names_of_datapaths(side):
    rows = json.loads(side.sbctl("--format=json",
                                 "--columns=_uuid,external_ids", "list",
                                 "datapath_binding"))["data"]
    uuid, ids = next((r[0][1], dict(r[1][1])) for r in rows
                     if SWITCH in str(r))
    switch = ids["logical-switch"]
    for name in SWITCH, "office", uuid, switch, uuid[:9], switch[:9]:
        text = agree(side, name, SSH)
        assert 'ingress(dp="office", inport="vm1")' in text
    assert agree(side, "nosuch", SSH) == 'unknown datapath "nosuch"\n'


def test_names_of_ports(side):
    """A port's friendly name or the start of its UUID will do."""
    expected = once(ours("ovn-trace"), side.db, SSH)
    for name in "vm1", VM1[:8]:
        packet = SSH.replace(VM1, name)
        assert once(ours("ovn-trace"), side.db, packet) == expected
        agree(side, "office", packet)
    assert (agree(side, SSH.replace(VM1, "nosuch"))
            == 'unknown port "nosuch"\n')


@pytest.mark.parametrize("microflow", [
    'inport == "%s" && tcp.src == 80', 'inport == "%s" && ip4 && ip6',
    'inport == "%s" && ip4 && tcp.src > 1024',
    'inport == "%s" && ip4.src == {10.0.0.1, 10.0.0.2}',
    'inport == "%s" || ip4', 'inport == "%s" &&', 'inport == "%s" && bogus',
    'inport == "%s" && ip4.src == 10.0.0.300', 'inport == "%s" && !ip6',
    'inport == "%s" && ip.ttl != 5', "eth.src == 02:00:00:00:00:01", ""])
def test_wrong_microflows_are_told(side, microflow):
    words = microflow % VM1 if "%" in microflow else microflow
    for program in peers("ovn-trace"), ours("ovn-trace"):
        status, text = once(program, side.db, words)
        assert status == 0
        assert text.startswith("error parsing flow: ")


def test_a_microflow_without_an_inport_is_told(side):
    assert once(ours("ovn-trace"), side.db, SWITCH,
                "eth.src == 02:00:00:00:00:01") == (
        0, "microflow does not specify ingress port\n")


# ## Daemon mode


@pytest.fixture
def daemons(side):
    pair = both(side, "daemon")
    yield pair
    for daemon in pair:
        daemon.close()


def test_daemon_traces(daemons):
    theirs, mine = daemons
    for words in ([SSH], ["--all", SSH], ["--minimal", "office", OUTSIDE],
                  ["--summary", "--detailed", TELNET]):
        a, b = theirs.command("trace", *words), mine.command("trace", *words)
        assert lines(a[0]) == lines(b[0])
        assert a[1] == b[1] is None


def test_daemon_refuses(daemons):
    for words in ([], ["--minimal"], ["--bogus", SSH], ["a", "b", "c"],
                  ["--lb-dst=10.0.0.12", WEB], ["--select-id=1", ECMP]):
        for daemon in daemons:
            result, error = daemon.command("trace", *words)
            assert result is None and error


def test_daemon_takes_trace_options(daemons):
    """As the manual says; Debian's takes only the forms."""
    mine = daemons[1]
    assert "use --ct to customize" in mine.command("trace", SSH)[0]
    assert "use --ct to customize" not in mine.command(
        "trace", "--ct=new", "--ct=new", "--ct=new", SSH)[0]
    assert SWITCH not in mine.command("trace", SSH)[0]
    assert VM2 in mine.command("trace", "--no-friendly-names", SSH)[0]
    assert "unknown datapath" in mine.command("trace", "nosuch", SSH)[1]


def test_daemon_follows_the_database(side, daemons):
    """What changes is seen by the next trace, which Debian's daemon, that
    reads the database once, does not do."""
    mine = daemons[1]
    packet = TO_VM2 + " && udp.dst == 7"
    assert 'output("vm2")' in mine.command("trace", "--minimal", packet)[0]
    side.nbctl("acl-add", SWITCH, "from-lport", "2000", "udp.dst == 7",
               "drop")
    try:
        side.sync()
        assert mine.command("trace", "--minimal",
                            packet)[0].count("output") == 0
    finally:
        side.nbctl("acl-del", SWITCH, "from-lport", "2000", "udp.dst == 7")
        side.sync()


def test_daemon_exits(side, daemons):
    for daemon in daemons:
        assert daemon.command("exit")[1] is None
        wait_until(lambda: not daemon.is_running(), what="end of ovn-trace")


# ## OpenFlow flows


def bare_flows(text):
    """Without what changes by itself."""
    return [re.sub(r"(duration|idle_age|n_packets|n_bytes)=[^,]*,? ?", "",
                   line) for line in lines(text)]


def test_ovs(make_sandbox):
    """With --ovs, the OpenFlow flows of each logical flow."""
    sandbox = make_sandbox(Programs(default="debian"))
    sandbox.start_central()
    host, = sandbox.underlay(1)
    sandbox.nbctl("ls-add", "sw0")
    for i in 1, 2:
        sandbox.nbctl("lsp-add", "sw0", "vm%d" % i, "--",
                      "lsp-set-addresses", "vm%d" % i,
                      "02:00:00:00:00:0%d 10.0.0.1%d" % (i, i))
    vm1, _ = (host.workload("vm%d" % i, "02:00:00:00:00:0%d" % i,
                            "10.0.0.1%d" % i) for i in (1, 2))
    sandbox.wait_ping(vm1, "10.0.0.12")
    sandbox.nbctl("--wait=hv", "sync")
    remote = "unix:" + os.path.join(host.folder, "br-int.mgmt")
    words = ["--db=" + sandbox.sb.remote, "--ovs=" + remote, "--all",
             'inport == "vm1" && eth.src == 02:00:00:00:00:01 && '
             'eth.dst == 02:00:00:00:00:02']
    theirs = once(peers("ovn-trace"), *words)
    mine = once(ours("ovn-trace"), *words)
    assert bare_flows(mine[1]) == bare_flows(theirs[1])
    assert mine[1].count("cookie=0x") > 4
    # The default is in the run directory; what cannot be had is left out.
    env = dict(os.environ, OVS_RUNDIR=host.folder)
    words[1] = "--ovs"
    assert (bare_flows(once(ours("ovn-trace"), *words, env=env)[1])
            == bare_flows(mine[1]))
    env["OVS_RUNDIR"] = sandbox.folder
    assert (once(ours("ovn-trace"), *words, env=env)
            == once(ours("ovn-trace"), words[0], *words[2:]))


# ## Many packets through many networks


HEAD = re.compile(r" *\d+\. (\S+) \(.*, (priority \d+), uuid")
# After these, Debian's and ours follow different packets: a refusal comes from
# the port that was asked, and a neighbour solicitation has a hop limit of 255.
OTHER_PACKET = re.compile(r" *(tcp_reset|sctp_abort|nd_ns)( \{|;|$)")


def is_tie(a, b):
    """Two flows of one priority match: any of them is right."""
    a, b = HEAD.match(a), HEAD.match(b)
    return a and b and a.groups() == b.groups()


def compare(theirs, mine):
    """Nothing if they agree, "excused", or the difference."""
    a, b = lines(theirs), lines(mine)
    for i in range(max(len(a), len(b))):
        x, y = ((t[i] if i < len(t) else "") for t in (a, b))
        if x == y:
            continue
        if (is_tie(x, y) or any(map(OTHER_PACKET.match, a[:i]))
                or "MAC binding to 02:00:00:00:cc:77" in y
                or "rarp" in a[0] or ": flags." in y):
            # The last three: Debian's does not know of static bindings, lets
            # RARP pass port security, which its ovn-controller does not, and
            # forgets the flags between ingress and egress.
            return "excused"
        return "%s\nDebian's: %s\nours:     %s" % ("\n".join(a[:i]), x, y)
    return None


def options_of(state):
    # Debian's daemon uses each state but once: it has many passes to tell of.
    return (["--ct=" + state] * 4000
            + ["--lb-dst=10.0.0.10:8080", "--select-id=1"])


class Tracers:
    """Debian's daemon and ours for each state of connections."""

    def __init__(self, side):
        self.side = side
        self.pairs = {}

    def trace(self, state, *words):
        """Both traces; None if Debian's crashes or never ends."""
        if state not in self.pairs:
            self.pairs[state] = both(self.side, "t-" + state,
                                     *options_of(state), timeout=8)
        theirs, mine = self.pairs[state]
        b = mine.command("trace", *words)
        assert b[1] is None, b
        try:
            a = theirs.command("trace", *words)
        except (OSError, AssertionError):
            self.restart(state)
            return None
        if "(backends=" in a[0]:
            self.restart(state)     # It has used up its --lb-dst.
        return a[0], b[0]

    def restart(self, state):
        """Another one of Debian's."""
        theirs, mine = self.pairs[state]
        theirs.close()
        self.pairs[state] = Daemon(
            self.side, peers("ovn-trace"), "t-%s-debian" % state,
            *options_of(state), timeout=8), mine

    def close(self):
        for pair in self.pairs.values():
            for daemon in pair:
                daemon.close()


@pytest.mark.parametrize("seed", range(17, 17 + N_NETWORKS))
def test_traces_agree(tmp_path, seed):
    topology = Topology(random.Random(seed))
    side = TraceSide(str(tmp_path / "side"), topology.commands)
    tracers = Tracers(side)
    n_answers, n_whole, differences = 0, 0, []
    try:
        for _ in range(N_PACKETS):
            switch, microflow, state = topology.packet()
            texts = tracers.trace(state, "--all", switch, microflow)
            if texts:
                difference = compare(*texts)
                n_answers += 1
                n_whole += difference is None
                if difference not in (None, "excused"):
                    differences.append("%s %s\n%s" % (state, microflow,
                                                      difference))
    finally:
        tracers.close()
        side.close()
    if differences:
        pytest.fail("seed %d: %d of %d packets\n%s" % (
            seed, len(differences), N_PACKETS, "\n".join(differences[:2])))
    assert 2 * n_whole > n_answers
