# SPDX-License-Identifier: Apache-2.0
"""Our ovs-ofctl and Debian's understand random flows, groups and the like
alike."""

import shlex

import pytest

from alike import SEED, check, count, needs_peer, ofctl
from alike.flows import GRAMMAR
from alike.grammar import Sentences

pytestmark = needs_peer

VERSIONS = [[]] + [["-O", "OpenFlow1%d" % i] for i in (0, 3, 4, 5)]

# Kind: a command line and standard input, made of random sentences.
KINDS = {
    "match": lambda s: (["parse-flow", s.mixed("match") + ",actions=1"],
                        None),
    "actions": lambda s: (["parse-flow", "actions=" + s.mixed("actions")],
                          None),
    "flow": lambda s: (["parse-flow", s.mixed("flow")], None),
    "group": lambda s: (["parse-group", s.mixed("group")], None),
    "file": lambda s: (["parse-flows", "-"], s.mixed("flow_line") + "\n"),
    "packet": lambda s: (["compose-packet", s.sentence("packet")], None),
    "pairs": lambda s: (["parse-key-value", s.mixed("flow"),
                         s.mixed("actions")], None),
}


def cases(kind):
    sentences = Sentences(GRAMMAR, kind + SEED)
    for _ in range(count(60)):
        version = sentences.random.choice(VERSIONS)
        words, text = KINDS[kind](sentences)
        yield version + words, text


def differences(kind):
    for words, text in cases(kind):
        found = ofctl.difference(words, text)
        if found:
            yield "%s %r" % (shlex.join(words), text or ""), found


@pytest.mark.parametrize("kind", KINDS)
def test_random_input(kind):
    check(differences(kind))


# What users write, and has gone wrong before.
@pytest.mark.parametrize("words", [
    ["parse-group", "group_id=3,type=all,bucket=actions=drop"],
    ["parse-group", "group_id=3,type=ff,bucket=watch_port:1,actions=1"],
    ["parse-group", "group_id=3,type=ff,bucket=1"],
    ["parse-group", "group_id=3,type=all,bucket=weight:3,1"],
    ["parse-group", "group_id=3,type=select,selection_method=hash,"
     "fields(tcp_dst,ip_src,eth_dst),bucket=1"],
    ["-O", "OpenFlow13", "parse-group", "group_id=3,type=select,"
     "selection_method=dp_hash,bucket=1"],
    ["parse-group", "group_id=3,type=indirect,bucket=note:01,learn(),1"],
    ["parse-flow", "actions=drop "], ["parse-flow", "actions=clone(drop),1"],
    ["parse-flow", "actions=drop,1"], ["parse-flow",
    "skb_priority=1,actions=1"],
    ["parse-flow", "actions=1,meter:3"],
    ["parse-flow", "actions=bundle(eth_src,0,hrw,ofport,members:NORMAL,ANY)"],
    ["-O", "OpenFlow13", "parse-flow", "actions=write_metadata:6/0x3"],
    ["-O", "OpenFlow13", "parse-flow", "actions=dec_ttl"],
], ids=lambda words: words[-1])
def test_known_input(words):
    assert ofctl.difference(words) is None


def test_a_file_is_one_message_format():
    """All flows of a file go in a protocol that can carry each; an error has
    its line."""
    assert ofctl.difference(["parse-flows", "-"],
                            "actions=1\n\n# x\nreg0=1,actions=2\n") is None
    answers = [ofctl.ask(side, ["parse-flows", "-"], "actions=1\n\nactions=z")
               for side in ("ours", "debian")]
    assert answers[0] == answers[1]
