# SPDX-License-Identifier: Apache-2.0
"""What ovn-controller answers on its control socket, by Debian's and by ours."""

import re

import pytest

from harness.programs import Programs

# Answered alike, word for word.
ALIKE = [
    ["connection-status"], ["connection-status", "x"], ["ct-zone-list", "x"],
    ["group-table-list"], ["meter-table-list"], ["debug/status"],
    ["debug/pause"], ["debug/status"], ["debug/resume"], ["debug/status"],
    ["debug/dump-local-bindings"], ["debug/dump-local-template-vars"],
    ["debug/dump-lflow-conj-ids"], ["debug/ignore-startup-delay"],
    ["debug/delay-nb-cfg-report"], ["debug/delay-nb-cfg-report", "x"],
    ["debug/delay-nb-cfg-report", "-1"], ["debug/delay-nb-cfg-report", "5"],
    ["debug/delay-nb-cfg-report", "0"],
    ["inc-engine/show-stats", "nosuch"],
    ["inc-engine/show-stats", "runtime_data", "nosuch"],
    ["inc-engine/show-stats", "a", "b", "c"], ["inc-engine/clear-stats"],
    ["inc-engine/recompute"], ["inc-engine/recompute", "x"], ["recompute"],
    ["inc-engine/compute-log-timeout"],
    ["inc-engine/compute-log-timeout", "100"],
    ["inc-engine/compute-log-timeout", "-1"],
    ["inc-engine/compute-log-timeout", "1x"],
    ["lflow-cache/flush"], ["flush-lflow-cache"], ["sb-cluster-state-reset"],
    ["inject-pkt"], ["inject-pkt", "ip4"],
    ["inject-pkt", 'inport == "nosuch"'], ["inject-pkt", 'inport == "vm1"'],
    ["stopwatch/reset", "nosuch"], ["stopwatch/reset"],
    ["stopwatch/show", "nosuch"], ["coverage/read-counter", "nosuch"],
]

NODE = re.compile(r"Node: (\w+)\n- recompute: {1,13}\d+\n"
                  r"- compute: {1,15}\d+\n- abort: {1,17}\d+\n")
STOPWATCH = re.compile(r"Statistics for '([\w-]+)'\n  Total samples: \d+\n"
                       r"  Maximum: \d+ msec\n  Minimum: \d+ msec\n"
                       r"  95th percentile: [\d.]+ msec\n"
                       r"  Short term average: [\d.]+ msec\n"
                       r"  Long term average: [\d.]+ msec\n")


class Side:
    def __init__(self, sandbox):
        sandbox.start_central()
        self.host, = sandbox.underlay(1)
        sandbox.nbctl("ls-add", "sw0", "--", "lsp-add", "sw0", "vm1", "--",
                      "lsp-set-addresses", "vm1", "02:00:00:00:00:01")
        self.host.vsctl("add-port", "br-int", "vm1", "--", "set",
                        "interface", "vm1", "type=internal",
                        "external_ids:iface-id=vm1")
        sandbox.nbctl("--wait=hv", "sync")

    def ask(self, *words):
        answer = self.host.controller_appctl(*words, check=False)
        return (answer.returncode, answer.stdout,
                re.sub(r"(?m)^ovs-appctl: .*\n", "", answer.stderr))


@pytest.fixture
def sides(make_sandbox):
    return [Side(make_sandbox(programs))
            for programs in (Programs.mix(()), Programs())]


def test_answers(sides):
    for words in ALIKE:
        theirs, ours = (side.ask(*words) for side in sides)
        assert ours == theirs, words

    theirs, ours = (dict(re.findall(r"^  (\S+) *(.*)$",
                                    side.ask("list-commands")[1], re.M))
                    for side in sides)
    assert {k: ours.get(k) for k in theirs} == theirs

    # The same form, of some of the same nodes and times.
    for command, pattern, names in (
            ("inc-engine/show-stats", NODE,
             {"runtime_data", "logical_flow_output", "physical_flow_output"}),
            ("stopwatch/show", STOPWATCH,
             {"flow-generation", "flow-installation", "pinctrl-run"})):
        for side in sides:
            text = side.ask(command)[1]
            assert not pattern.sub("", text), text
            assert names <= set(pattern.findall(text))
            one = side.ask(command, min(names))[1]
            assert pattern.findall(one) == [min(names)], one
    for side in sides:
        assert side.ask("inc-engine/show-stats", "runtime_data",
                        "compute")[1].strip().isdigit()
