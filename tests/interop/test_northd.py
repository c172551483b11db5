# SPDX-License-Identifier: Apache-2.0
"""Our ovn-northd beside Debian's: the same northbound database is compiled by
both, and Debian's ovn-trace gives its verdict on the same packets in both
southbound databases."""

import os
import random
import re

import pytest

import northd_features
import northd_topology
from harness.process import run
from harness.programs import have_peer, ours, peers
from northd_sides import compile_twice, southbound
from northd_topology import Topology

N_TOPOLOGIES = int(os.environ.get("WEFT_TOPOLOGIES", "32"))
N_PACKETS = int(os.environ.get("WEFT_PACKETS", "160"))
SEED = int(os.environ.get("WEFT_SEED", "17"))

pytestmark = pytest.mark.skipif(
    not have_peer() or not os.path.exists(ours("ovn-northd")),
    reason="needs Debian's programs and our ovn-northd")


@pytest.fixture
def sides(tmp_path):
    """sides(topology): the network compiled by Debian's and by ours."""
    made = []

    def make(topology):
        pair = compile_twice(str(tmp_path / ("t%d" % len(made))), topology)
        made.extend(pair)
        return pair
    yield make
    for side in made:
        side.close()


# What the two may differ in: their private registers and flags, tracking that
# leads nowhere, and how a trace says which branch it takes.
PRIVATE = re.compile(r"^(reg|xreg|xxreg|flags|ct_mark|ct_label|next|push|pop"
                     r"|#|/\*|\}|clone|ct_next|ct_clear|ct_commit"
                     r"|inport|outport)")

REFUSED = re.compile(r"tcp_reset|sctp_abort|icmp[46] ")
TIME_EXCEEDED = re.compile(r"icmp4\.type = 11;|icmp6\.type = 3;")


def verdict(text):
    """The outputs and header changes of a trace, in no order."""
    lines = []
    for line in text.splitlines():
        line = re.sub(r"/\*.*?\*/", "", line).strip().rstrip("{;").strip()
        # The packet is printed with the registers.
        line = re.sub(r"(LOG: .*), packet=.*", r"\1", line)
        if line and not PRIVATE.match(line):
            # Debian's tracks both ways of NAT in one zone at some ports, ours
            # in two: the addresses tell whether the outcome is the same.
            line = line.replace("in_czone", "")
            line = re.sub(r"^ct_(lb_mark|lb|dnat|snat)$", "", line)
            # Options in any order are the same options.
            lines.append(re.sub(r"(put_dhcp_opts)\((.*)\)",
                                lambda m: m[1] + str(sorted(m[2].split(", "))),
                                line))
    return sorted(set(filter(None, lines)))


def outputs(text):
    return sorted(re.findall(r'output\("([^"]*)"', text))


def asks_itself(text):
    """Whether a router asks for an address of its own, which Debian's does
    with lb_force_snat_ip=router_ip."""
    return re.search(r"arp\.spa = (\S+);\s+arp\.tpa = \1;", text) or any(
        int(target, 16) & 0xffff == 0xfe or target.endswith("0001")
        for target in re.findall(r"nd\.target = (0x\S+);", text))


def agree(a, b):
    """Whether Debian's trace 'a' and ours, 'b', say the same."""
    if "select:" in a and "select:" in b:
        return True         # Which path has which number is private.
    if TIME_EXCEEDED.search(a) and TIME_EXCEEDED.search(b):
        # At some ports Debian's answers in the name of the destination, and
        # treats the answer so; ours always in the router's.
        return True
    if not outputs(b) and asks_itself(a):
        return True
    if REFUSED.search(a) and REFUSED.search(b):
        # Debian's lets a refusal be translated, so that it comes from an
        # address that the client did not ask.
        a, b = (re.sub("ct_snat.*", "", text) for text in (a, b))
    return outputs(a) == outputs(b) and verdict(a) == verdict(b)


@pytest.mark.parametrize("seed", range(SEED, SEED + N_TOPOLOGIES))
def test_verdicts_agree(sides, seed):
    rng = random.Random(seed)
    topology = Topology(rng)
    debian, mine = sides(topology)
    rows = [southbound(side) for side in (debian, mine)]
    for table in rows[0]:
        assert rows[1][table] == rows[0][table], table
    disagreements = []
    for _ in range(N_PACKETS):
        switch, microflow, state = topology.packet()
        a = debian.trace(switch, microflow, state)
        b = mine.trace(switch, microflow, state)
        if a is None:
            continue
        assert b is not None, microflow
        if not agree(a, b):
            disagreements.append(
                "%s %s\n  %s\nDebian's:\n%s\nours:\n%s"
                % (switch, state, microflow, a, b))
    assert mine.appctl("incr/verify").strip() == ""
    if disagreements:
        pytest.fail("seed %d (%s): %d of %d packets\n%s" % (
            seed, ", ".join(topology.notes), len(disagreements), N_PACKETS,
            "\n".join(disagreements[:3])))


def test_every_feature_is_used():
    """The topologies above have each feature that there is, some of them
    several times."""
    used = set()
    for seed in range(SEED, SEED + max(N_TOPOLOGIES, 32)):
        used.update(Topology(random.Random(seed)).notes)
    there = set()
    for module in northd_features, northd_topology:
        with open(module.__file__) as f:
            there.update(re.findall(r'note\("([^"]*)"', f.read()))
    assert not there - used


def random_change(rng, topology, i):
    """An ovn-nbctl command that changes something that is there."""
    switch, port, mac, ip = rng.choice(topology.vifs)
    return rng.choice((
        ["lsp-set-addresses", port, "%s 10.0.7.%d" % (mac, i % 250 + 1)],
        ["lsp-set-addresses", port, "%s %s" % (mac, ip)],
        ["lsp-set-enabled", port, rng.choice(("enabled", "disabled"))],
        ["lsp-set-port-security", port,
         rng.choice((mac, "%s %s" % (mac, ip), ""))],
        ["--may-exist", "lsp-add", switch, "extra%d" % (i % 5)],
        ["--if-exists", "lsp-del", "extra%d" % (i % 5)],
        ["--may-exist", "acl-add", switch, "to-lport", str(500 + i % 9),
         'outport == "%s" && tcp' % port,
         rng.choice(("allow-related", "drop", "allow"))],
        ["acl-del", switch, "to-lport"],
        ["--may-exist", "ls-add", "more%d" % (i % 3)],
        ["--if-exists", "ls-del", "more%d" % (i % 3)],
        ["--may-exist", "lb-add", "lbx", "10.0.0.2%02d:80" % (i % 20), ip],
        ["--may-exist", "ls-lb-add", switch, "lbx"],
        ["--may-exist", "lr-lb-add", "r0", "lbx"],
        ["--if-exists", "lb-del", "lbx"],
        ["--may-exist", "lr-nat-add", "r0", "dnat_and_snat",
         "172.16.0.%d" % (110 + i % 5), ip],
        ["lr-nat-del", "r0", "dnat_and_snat"],
        ["--may-exist", "lr-nat-add", "r0", "snat", "172.16.0.1",
         "10.0.0.0/24"],
        ["--ecmp", "lr-route-add", "r0", "192.168.%d.0/24" % (i % 4),
         "10.0.0.%d" % (10 + i % 3)],
        ["--ecmp-symmetric-reply", "lr-route-add", "r0", "192.168.90.0/24",
         "10.0.0.%d" % (10 + i % 3)],
        ["lr-route-del", "r0"],
        ["--may-exist", "lr-policy-add", "r0", str(200 + i % 9),
         "ip4.src == %s" % ip, rng.choice(("drop", "allow"))],
        ["lr-policy-del", "r0"],
        ["set", "logical_router", "r0",
         "options:chassis=" + rng.choice(("ch1", '""'))],
        ["set", "logical_router", "r0", "options:ct-commit-all="
         + rng.choice(("true", "false"))],
        ["lsp-set-options", port, rng.choice((
            "qos_max_rate=1000", "qdisc_queue_id=%d" % (i % 4 + 1),
            "requested-chassis=ch1", "requested-tnl-key=%d" % (i % 7 + 1)))],
        ["lsp-set-options", port],
        ["set", "nb_global", ".", "options:default_acl_drop="
         + rng.choice(("true", "false"))],
        ["--may-exist", "pg-add", "pgx"],
        ["pg-set-ports", "pgx", port],
        ["--if-exists", "pg-del", "pgx"],
        ["lrp-set-enabled", "r0-s0", rng.choice(("enabled", "disabled"))],
        ["set", "logical_switch", switch, "other_config:vlan-passthru="
         + rng.choice(("true", "false"))],
    ))


def unnumbered(flows):
    """The flows without numbers that northd or the database gives."""
    for given, kept in ((r"(reg8\[0\.\.15\] ==?) [1-9]\d*", r"\1 N"),
                        (r"set_queue\(\d+\)", "set_queue(N)"),
                        (r"\([0-9a-f-]{36}\)", "")):
        flows = [re.sub(given, kept, line) for line in flows]
    return sorted(flows)


def test_random_history_equals_from_scratch(sides):
    """Whatever happened, the southbound database is what a new northd makes
    of the northbound one, but for the numbers that were given."""
    rng = random.Random(SEED)
    topology = Topology(rng)
    _, mine = sides(topology)
    for i in range(200):
        change = random_change(rng, topology, i)
        try:
            mine.nbctl("--wait=sb", *change)
        except AssertionError:
            continue        # Refused by ovn-nbctl, as for a missing name.
        assert mine.appctl("incr/verify").strip() == "", change
    before = mine.flows()
    mine.northd.kill()
    mine.start_northd()
    mine.sync()
    assert unnumbered(mine.flows()) == unnumbered(before)


def test_killed_at_any_moment(sides):
    """northd and the databases die while there is work in flight; what comes
    of it in the end is what a new northd makes of the northbound database."""
    rng = random.Random(SEED)
    topology = Topology(rng)
    _, mine = sides(topology)
    for i in range(60):
        try:
            mine.nbctl(*random_change(rng, topology, i))
        except AssertionError:
            continue        # Refused by ovn-nbctl.
        victim = rng.choice(("northd", "nb", "sb", None, None, None))
        if victim == "northd":
            mine.northd.kill()
            mine.start_northd()
        elif victim:
            mine.servers[victim].kill()
            mine.serve(victim)
    mine.sync()
    assert mine.appctl("incr/verify").strip() == ""
    before = mine.flows()
    tables = southbound(mine)
    mine.northd.kill()
    mine.servers["sb"].kill()
    os.unlink(mine.path("sb.db"))
    mine.database("sb")
    mine.add_chassis()
    mine.start_northd()
    mine.sync()
    assert unnumbered(mine.flows()) == unnumbered(before)
    assert southbound(mine) == tables


@pytest.mark.parametrize("name", ["nb", "sb"])
def test_database_dies_and_comes_back(sides, name):
    """What changed while a database was away is there in the end."""
    topology = Topology(random.Random(5))
    _, mine = sides(topology)
    mine.servers[name].kill()
    if name == "sb":
        mine.nbctl("ls-add", "new", "--", "lsp-add", "new", "newport", "--",
                   "lsp-set-addresses", "newport", "02:00:00:00:77:01")
    mine.serve(name)
    if name == "nb":
        mine.nbctl("ls-add", "new", "--", "lsp-add", "new", "newport", "--",
                   "lsp-set-addresses", "newport", "02:00:00:00:77:01")
    mine.sync()
    before = mine.flows()
    assert any("02:00:00:00:77:01" in line for line in before)
    assert mine.appctl("incr/verify").strip() == ""
    mine.northd.kill()
    mine.start_northd()
    mine.sync()
    assert mine.flows() == before


def test_restart_changes_nothing(sides):
    """What a new northd finds equal to what it would write, it leaves."""
    topology = Topology(random.Random(3))
    _, mine = sides(topology)

    def dump():
        return run([peers("ovsdb-client"), "dump",
                    "unix:" + mine.path("sb.sock"), "OVN_Southbound"])
    before = dump()
    mine.northd.kill()
    mine.start_northd()
    mine.sync()
    after = dump()
    strip = re.compile(r"^.*(northd_internal|nb_cfg).*$", re.M)
    lines = (set(strip.sub("", before).splitlines())
             ^ set(strip.sub("", after).splitlines()))
    # Only SB_Global's nb_cfg may move.
    assert len(lines) <= 2, "\n".join(sorted(lines))
