# SPDX-License-Identifier: Apache-2.0
"""ACLs with persist-established: a connection that was allowed outlives
changes of the ACL that allowed it, but not the ACL."""

import pytest

from harness.process import wait_until
from harness.programs import Programs
from harness.udp import answer_udp, ask_udp


@pytest.fixture
def sandbox(make_sandbox):
    """vm1 on h1 may ask vm2 on h2, as only one ACL says."""
    sandbox = make_sandbox(Programs())
    sandbox.start_central()
    hosts = sandbox.underlay(2)
    sandbox.nbctl("ls-add", "s0")
    sandbox.vms = []
    for i, host in enumerate(hosts, 1):
        name, mac, ip = "vm%d" % i, "02:00:00:00:00:0%d" % i, "10.0.0.1%d" % i
        sandbox.nbctl("lsp-add", "s0", name, "--", "lsp-set-addresses", name,
                      "%s %s" % (mac, ip))
        sandbox.vms.append(host.workload(name, mac, ip))
    sandbox.nbctl("--wait=hv", "sync")
    sandbox.wait_ping(sandbox.vms[0], "10.0.0.12")
    sandbox.nbctl("acl-add", "s0", "to-lport", "900",
                  'outport == "vm2" && ip4', "drop", "--", "acl-add", "s0",
                  "to-lport", "1000", 'outport == "vm2" && udp.dst == 99',
                  "allow-related")
    sandbox.acl = sandbox.nbctl("--bare", "--columns=_uuid", "find", "ACL",
                                "priority=1000").strip()
    answer_udp(sandbox, sandbox.vms[1], 99)
    return sandbox


def answers(sandbox, port, patience=30):
    return ask_udp(sandbox.vms[0], ("10.0.0.11", port), ("10.0.0.12", 99),
                   patience)


def wait_silence(sandbox, port):
    """Waits until what is asked from the port is not answered."""
    wait_until(lambda: not answers(sandbox, port, 1), what="silence")


def change(sandbox, *words):
    sandbox.nbctl("--wait=hv", *words)


def test_established_connections_stay(sandbox):
    change(sandbox, "acl-add", "s0", "to-lport", "1001",
           'outport == "vm2" && udp.dst == 97', "allow-related")
    for uuid in sandbox.nbctl("--bare", "--columns=_uuid", "find", "ACL",
                              "action=allow-related").split():
        change(sandbox, "set", "ACL", uuid,
               "options:persist-established=true")
    assert answers(sandbox, 5000)
    # Another service now: what there is stays, nothing new comes.
    change(sandbox, "set", "ACL", sandbox.acl,
           'match="outport == \\"vm2\\" && udp.dst == 98"')
    assert answers(sandbox, 5000)
    wait_silence(sandbox, 5001)
    assert answers(sandbox, 5000)
    # Without the ACL there is no reason any more, although there is another.
    change(sandbox, "acl-del", "s0", "to-lport", "1000",
           'outport == "vm2" && udp.dst == 98')
    wait_silence(sandbox, 5000)


def test_other_connections_do_not(sandbox):
    change(sandbox, "sync")
    assert answers(sandbox, 5000)
    change(sandbox, "set", "ACL", sandbox.acl,
           'match="outport == \\"vm2\\" && udp.dst == 98"')
    wait_silence(sandbox, 5000)
