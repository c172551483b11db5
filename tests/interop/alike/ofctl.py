# SPDX-License-Identifier: Apache-2.0
"""What two ovs-ofctls say to the same input, and where ours says something
else on purpose."""

import re
import subprocess

from harness.programs import Programs


def ask(side, words, text=None):
    """Exit status, output and messages of a side's ovs-ofctl, for 'text' on
    standard input."""
    done = subprocess.run(
        [Programs(side).path("ovs-ofctl"), *words], timeout=90,
        input=(text or "").encode(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    return (done.returncode, plain(done.stdout.decode(errors="replace")),
            done.stderr.decode(errors="replace"))


def plain(output):
    """The output but for what two runs do not share: transaction numbers, the
    OpenFlow versions that we leave out (1.1 and 1.2), and the bytes of a
    message that no switch would take."""
    output = re.sub(r"xid=0x\w+", "xid=", output)
    output = output.replace(",OpenFlow11", "").replace(
        "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15", "OXM")
    return re.sub(r"(error: OFP\w+\*\*\*\n)(?:[0-9a-f]{8}  .*\n)+", r"\1",
                  output)


def asks_for_less(ours, theirs):
    """What has no effect, and is left out, needs no protocol that can carry
    it."""
    def message(answer):
        return re.sub("NXT_FLOW", "OFPT_FLOW", re.sub(
            "(usable|chosen) protocol.*\\n", "", answer[1]))

    return (ours[1].startswith("usable protocols: any\n")
            and theirs[1].startswith("usable protocols: NXM,OXM\n")
            and message(ours) == message(theirs)
            or "normalization changed ofp_match" in theirs[2])


# Where we refuse what Debian's tool takes: why, what our message has in it,
# and what the input has.
WE_REFUSE = [
    ("a number that its field has no room for is not cut", "invalid value for",
     ""),
    ("a text is read to its end, not as far as it makes sense",
     "bad syntax for|invalid (IP|IPv6|Ethernet) address|packet type not in"
     "|unknown keyword", ""),
    ("an instruction that a version does not have is not left out",
     "no usable protocol", "clear_actions|write_actions"),
    ("what an action set cannot have is no flow",
     "Incorrect instruction|OFPBAC_MATCH_INCONSISTENT",
     "write_actions|clear_actions"),
    ("what no action can name is not taken for something else",
     "is only for matches|cannot be hashed", ""),
    ("goto_table does not go back", "OFPBIC_BAD_TABLE_ID", "goto_table"),
]

# Where we take what Debian's tool refuses, likewise.
WE_TAKE = [
    ("a state with +trk is of a tracked packet", "MATCH_INCONSISTENT",
     r"ct_state.*resubmit\([^)]*,ct\)"),
]

# Where output differs: why, and what the input has.
OTHER_OUTPUT = [
    ("the tuple of a connection that may not be tracked is nothing to match",
     "ct_(nw|tp|ipv6)_"),
    ("every bucket says what protocols can carry a group",
     "bucket.*set_field.*bucket"),
    ("a tag is set in one piece or not at all", "->vlan_tci"),
    ("a tunnel's address is IPv4's or IPv6's, and a mapped one IPv4's",
     "tun_ipv6_(src|dst)=::ffff"),
    ("an instruction that a version does not have asks for another one",
     "clear_actions|write_actions"),
]


def deliberate(text, ours, theirs):
    """Why two answers to 'text' differ, or None if they should not."""
    if theirs[0] and not ours[0]:
        for why, message, pattern in WE_TAKE:
            if re.search(message, theirs[2]) and re.search(pattern, text):
                return why
    elif ours[0] and not theirs[0]:
        if "decode error" in theirs[1]:
            return "what no switch would take is not sent"
        for why, message, pattern in WE_REFUSE:
            if re.search(message, ours[2]) and re.search(pattern, text):
                return why
    elif ours[0] == theirs[0]:
        for why, pattern in OTHER_OUTPUT:
            if re.search(pattern, text):
                return why
        if asks_for_less(ours, theirs):
            return asks_for_less.__doc__
    return None


def difference(words, text=None):
    """None if both sides say the same, or differ for a reason; otherwise both
    answers."""
    ours, theirs = (ask(side, words, text) for side in ("ours", "debian"))
    if ours[0] == theirs[0] and (ours[0] and ours[2] or ours[1] == theirs[1]):
        # The words of a refusal differ: what matters is that there are some.
        return None
    if deliberate(" ".join(words) + (text or ""), ours, theirs):
        return None
    return ours, theirs
