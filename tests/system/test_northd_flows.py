# SPDX-License-Identifier: Apache-2.0
"""What our ovn-northd makes of features that Debian's does not have, as our
ovn-trace sees it."""

import os

import pytest

from harness.programs import ours
from northd_central import (central, join, outputs, packet, sync,  # noqa: F401
                            vm)

pytestmark = pytest.mark.skipif(
    not os.path.exists(ours("ovn-northd")), reason="needs our ovn-northd")


def acl(sandbox, tier, priority, match, action):
    sandbox.nbctl("--id=@a", "create", "ACL", "direction=to-lport",
                  "priority=%d" % priority, 'match="%s"' % match,
                  "action=" + action, "tier=%d" % tier, "--", "add",
                  "Logical_Switch", "s0", "acls", "@a")


def test_tiers(central):
    """A pass in one tier leaves the decision to the next, whatever the lower
    priorities of its own tier say; what no tier decides is let through."""
    vm(central, "s0", "vm1", 1)
    vm(central, "s0", "vm2", 2)
    acl(central, 0, 100, "tcp.dst == 80", "pass")
    acl(central, 0, 90, "tcp.dst == 80", "drop")
    acl(central, 0, 90, "tcp.dst == 81", "drop")
    acl(central, 0, 100, "tcp.dst == 82", "pass")
    acl(central, 1, 50, "tcp.dst == 80", "allow-related")
    acl(central, 2, 10, "tcp.dst == 82", "drop")
    acl(central, 2, 10, "tcp.dst == 80", "drop")
    sync(central)
    for port, to in ((80, ["vm2"]), (81, []), (82, []), (83, ["vm2"])):
        found, text = outputs(central, "s0", packet(port, "10.0.0.2"))
        assert found == to, text


def test_nat_with_a_match(central):
    """An entry with a match goes before one for the same address without."""
    join(central, "r0", "s0", "02:00:00:00:00:02")
    join(central, "r0", "pub", "02:00:00:00:00:03", "172.16.0.1/24")
    vm(central, "s0", "vm1", 1)
    central.nbctl(
        "set", "Logical_Router", "r0", "options:chassis=ch1", "--", "lsp-add",
        "pub", "host", "--", "lsp-set-addresses", "host",
        "02:00:00:00:00:50 172.16.0.50", "--", "lr-nat-add", "r0", "snat", 
        "172.16.0.1", "10.0.0.0/24", "--", "--id=@n", "create",
        "NAT", "type=snat", "external_ip=172.16.0.9",
        'logical_ip="10.0.0.0/24"', 'match="tcp.dst == 80"', "priority=5",
        "--", "add", "Logical_Router", "r0", "nat", "@n")
    sync(central)
    for port, address in ((80, "172.16.0.9"), (81, "172.16.0.1")):
        _, text = outputs(central, "s0", packet(port, "172.16.0.50"))
        assert "ct_snat(ip4.src=%s)" % address in text, text


def two_networks(sandbox):
    """vm1 (10.0.0.1) on s0; host (172.16.0.50) and other (172.16.0.60) on
    pub; r0 between them."""
    join(sandbox, "r0", "s0", "02:00:00:00:00:02")
    join(sandbox, "r0", "pub", "02:00:00:00:00:03", "172.16.0.1/24")
    vm(sandbox, "s0", "vm1", 1)
    for name, number in (("host", 0x50), ("other", 0x60)):
        sandbox.nbctl("lsp-add", "pub", name, "--", "lsp-set-addresses", name,
                      "02:00:00:00:00:%02x 172.16.0.%x" % (number, number))


def policy(sandbox, priority, match, action, *words, chain=None):
    sandbox.nbctl(*(["--chain=" + chain] if chain else []), "lr-policy-add",
                  "r0", str(priority), match, action, *words)


def test_chains_of_policies(central):
    """A jump is for good: what the chain does not decide is let through, and
    the policies behind the jump are not asked."""
    two_networks(central)
    policy(central, 100, "tcp.dst == {80, 81, 82}", "jump", "web")
    policy(central, 90, "tcp.dst == {82, 83}", "drop")
    policy(central, 50, "tcp.dst == 80", "drop", chain="web")
    policy(central, 60, "tcp.dst == 81", "jump", "more", chain="web")
    policy(central, 10, "tcp.dst == {81, 83}", "reroute", "172.16.0.60",
           chain="more")
    sync(central)
    expected = {80: [], 81: ["other"], 82: ["host"], 83: [], 84: ["host"]}
    for port, to in expected.items():
        found, text = outputs(central, "s0", packet(port, "172.16.0.50"))
        assert found == to, text
    # Without chains the register is not asked for.
    central.nbctl("lr-policy-del", "r0")
    policy(central, 90, "tcp.dst == 84", "drop")
    sync(central)
    assert "reg9[16..31]" not in central.sbctl("lflow-list", "r0")


def test_policies_that_go_round(central):
    """A jump into a loop is not made, and is named."""
    two_networks(central)
    policy(central, 100, "tcp.dst == 80", "jump", "a")
    policy(central, 100, "tcp.dst == 81", "jump", "c")
    policy(central, 100, "tcp", "jump", "b", chain="a")
    policy(central, 100, "tcp", "jump", "a", chain="b")
    policy(central, 100, "tcp", "drop", chain="c")
    sync(central)
    for port, to in ((80, ["host"]), (81, [])):
        found, text = outputs(central, "s0", packet(port, "172.16.0.50"))
        assert found == to, text
    with open(os.path.join(central.folder, "northd.log")) as f:
        assert 'jumps into a loop of chains by "b"' in f.read()
    central.nbctl("--chain=b", "lr-policy-del", "r0")
    policy(central, 100, "tcp", "drop", chain="b")
    sync(central)
    found, text = outputs(central, "s0", packet(80, "172.16.0.50"))
    assert found == [], text


def test_paths_by_port(central):
    """selection_fields with ports choose by those of each protocol."""
    two_networks(central)
    for hop in "172.16.0.50", "172.16.0.60":
        central.nbctl("--ecmp", "lr-route-add", "r0", "192.168.0.0/16", hop)
    for uuid in central.nbctl("--bare", "--columns=_uuid", "list",
                              "Logical_Router_Static_Route").split():
        central.nbctl("set", "Logical_Router_Static_Route", uuid,
                      "selection_fields=ip_src,tp_dst")
    sync(central)
    flows = [line for line in central.sbctl("lflow-list", "r0").splitlines()
             if "select(" in line]
    assert len(flows) == 4
    for flow in flows:
        for protocol in "tcp", "udp", "sctp":
            assert (" && %s)" % protocol in flow) \
                == ('"ip_src,%s_dst"' % protocol in flow), flow
    found, text = outputs(central, "s0", packet(80, "192.168.1.1"))
    assert len(found) == 1 and found[0] in ("host", "other"), text
    # A longer prefix still wins.
    central.nbctl("lr-route-add", "r0", "192.168.1.0/24", "discard")
    sync(central)
    assert outputs(central, "s0", packet(80, "192.168.1.1"))[0] == []


def gateway(sandbox):
    sandbox.nbctl("set", "Logical_Router", "r0", "options:chassis=ch1", "--",
                  "lr-nat-add", "r0", "snat", "172.16.0.1", "10.9.0.0/24")


def commits(sandbox):
    return outputs(sandbox, "s0", packet(80, "172.16.0.50"))[1].count(
        "ct_commit_to_zone")


def test_commit_all(central):
    """Connections that are not translated are committed in both zones, those
    that are, in theirs."""
    two_networks(central)
    gateway(central)
    sync(central)
    assert commits(central) == 0
    central.nbctl("set", "Logical_Router", "r0", "options:ct-commit-all=true")
    sync(central)
    assert commits(central) == 2
    found, text = outputs(central, "s0", packet(80, "172.16.0.50"))
    assert found == ["host"], text
    central.nbctl("lr-nat-add", "r0", "snat", "172.16.0.1", "10.0.0.0/24")
    sync(central)
    found, text = outputs(central, "s0", packet(80, "172.16.0.50"))
    assert found == ["host"], text
    assert "ct_snat(ip4.src=172.16.0.1)" in text
    assert commits(central) == 1
    # Not before each chassis can.
    central.sbctl("chassis-add", "ch1", "geneve", "192.0.2.1")
    sync(central)
    assert commits(central) == 0


def from_outside(port, mac, router_mac, ip, destination):
    return ('inport == "%s" && eth.src == 02:00:00:00:00:%x && '
            "eth.dst == 02:00:00:00:00:%02x && ip4.src == %s && "
            "ip4.dst == %s && ip.ttl == 64 && tcp.src == 1000 && "
            "tcp.dst == 80" % (port, mac, router_mac, ip, destination))


def test_commit_all_at_gateway_ports(central):
    """At a distributed gateway port, what comes in there."""
    two_networks(central)
    central.nbctl("lrp-set-gateway-chassis", "r0-pub", "ch1", "--",
                  "lr-nat-add", "r0", "snat", "172.16.0.1", "10.9.0.0/24",
                  "--", "set", "Logical_Router", "r0",
                  "options:ct-commit-all=true")
    sync(central)
    found, text = outputs(central, "pub", from_outside(
        "host", 0x50, 3, "172.16.0.50", "10.0.0.1"))
    assert found == ["vm1"] and text.count("ct_commit_to_zone") == 1, text
    assert commits(central) == 0


def test_balancers_at_each_gateway_port(central):
    """A router's load balancer works at each of its gateway ports; without
    state, replies get the VIP's address whatever way they take."""
    two_networks(central)
    join(central, "r0", "pub2", "02:00:00:00:00:04", "172.17.0.1/24")
    central.nbctl("lrp-set-gateway-chassis", "r0-pub", "ch1", "--",
                  "lrp-set-gateway-chassis", "r0-pub2", "ch2", "--",
                  "lsp-add", "pub2", "host2", "--", "lsp-set-addresses",
                  "host2", "02:00:00:00:00:70 172.17.0.70", "--",
                  "lb-add", "lb0", "172.16.0.200:80", "10.0.0.1:9", "--",
                  "lr-lb-add", "r0", "lb0")
    sync(central)
    for port, mac, ip, to in (("host", 0x50, "172.16.0.50", 3),
                              ("host2", 0x70, "172.17.0.70", 4)):
        switch = "pub" if port == "host" else "pub2"
        found, text = outputs(
            central, switch,
            from_outside(port, mac, to, ip, "172.16.0.200"))
        assert found == ["vm1"], text
    central.nbctl("set", "Load_Balancer", "lb0",
                  "options:use_stateless_nat=true")
    sync(central)
    for address in "172.16.0.50", "172.17.0.70":
        _, text = outputs(central, "s0", packet(1000, address))
        assert "ip4.src = 172.16.0.200" in text, text
        assert "tcp.src = 80" in text, text


def announced(sandbox):
    return sandbox.sbctl("--bare", "--columns=nat_addresses", "find",
                         "Port_Binding", "logical_port=pub-r0")


def test_own_addresses_are_not_announced(central):
    """exclude-router-ips-from-garp leaves the other NAT addresses."""
    two_networks(central)
    gateway(central)
    central.nbctl("lsp-add", "pub", "ln", "--", "lsp-set-type", "ln",
                  "localnet", "--", "lsp-set-options", "ln",
                  "network_name=phys", "--", "lr-nat-add", "r0",
                  "dnat_and_snat", "172.16.0.7", "10.0.0.1", "--", "set",
                  "Logical_Switch_Port", "pub-r0",
                  "options:nat-addresses=router")
    sync(central)
    assert "172.16.0.1" in announced(central)
    assert "172.16.0.7" in announced(central)
    central.nbctl("set", "Logical_Switch_Port", "pub-r0",
                  "options:exclude-router-ips-from-garp=true")
    sync(central)
    assert "172.16.0.1" not in announced(central)
    assert "172.16.0.7" in announced(central)


def acl_ids(sandbox):
    return dict(zip(
        sandbox.sbctl("--bare", "--columns=_uuid", "list", "ACL_ID").split(),
        sandbox.sbctl("--bare", "--columns=id", "list", "ACL_ID").split()))


def persist(sandbox, uuid, value):
    sandbox.nbctl("set", "ACL", uuid, "options:persist-established=" + value)
    sync(sandbox)


def test_numbers_of_persistent_acls(central):
    """Such an ACL has a number, over a restart too, in the row that has its
    uuid."""
    vm(central, "s0", "vm1", 1)
    for priority in 100, 101, 102:
        central.nbctl("acl-add", "s0", "to-lport", str(priority), "tcp",
                      "allow-related")
    uuids = central.nbctl("--bare", "--columns=_uuid", "list", "ACL").split()
    sync(central)
    assert acl_ids(central) == {}
    for uuid in uuids:
        persist(central, uuid, "true")
    before = acl_ids(central)
    assert sorted(before) == sorted(uuids) and len(set(before.values())) == 3
    persist(central, uuids[0], "false")
    del before[uuids[0]]
    assert acl_ids(central) == before
    central.northd.kill()
    central.start_northd()
    sync(central)
    assert acl_ids(central) == before
    central.nbctl("acl-del", "s0")
    sync(central)
    assert acl_ids(central) == {}


def from_vm2(port):
    return ('inport == "vm2" && eth.src == 02:00:00:00:00:02 && '
            "eth.dst == 02:00:00:00:00:01 && ip4.src == 10.0.0.2 && "
            "ip4.dst == 10.0.0.1 && ip.ttl == 64 && tcp.src == %d && "
            "tcp.dst == 9" % port)


def test_balancer_beside_stateless_acl(central):
    """Where the switch is told so, what a stateless ACL allows is balanced;
    nothing else of it is tracked."""
    vm(central, "s0", "vm1", 1)
    vm(central, "s0", "vm2", 2)
    for direction in "from-lport", "to-lport":
        central.nbctl("acl-add", "s0", direction, "100", "tcp",
                      "allow-stateless")
    central.nbctl("lb-add", "lb0", "10.0.0.100:80", "10.0.0.2:8080", "--",
                  "ls-lb-add", "s0", "lb0")
    sync(central)

    def tracked(microflow):
        return "ct_lb_mark" in outputs(central, "s0", microflow)[1]
    requests = [packet(80, "10.0.0.100"), packet(80, "10.0.0.2"),
                from_vm2(8080), from_vm2(81)]
    assert [tracked(p) for p in requests] == [False] * 4
    central.nbctl("set", "Logical_Switch", "s0",
                  "other_config:enable-stateless-acl-with-lb=true")
    sync(central)
    assert [tracked(p) for p in requests] == [True, False, True, False]
    found, text = outputs(central, "s0", requests[0])
    assert found == ["vm2"] and text.count("ct_lb_mark") == 2, text
    # As a connection that is not for the balancer, it may still pass.
    assert outputs(central, "s0", requests[3])[0] == ["vm1"]


def test_errors_about_untracked_translations(central):
    """What a router says of a packet that was too large for it names the
    address behind the translation, unless the entry says not to, or there is
    a host that cannot do that."""
    two_networks(central)
    central.nbctl("lrp-set-gateway-chassis", "r0-pub", "ch1", "--",
                  "--stateless", "lr-nat-add", "r0", "dnat_and_snat",
                  "172.16.0.9", "10.0.0.1")

    def error(code):
        sync(central)
        return outputs(
            central, "pub",
            'inport == "host" && eth.src == 02:00:00:00:00:50 && '
            "eth.dst == 02:00:00:00:00:03 && ip4.src == 172.16.0.50 && "
            "ip4.dst == 172.16.0.9 && ip.ttl == 64 && icmp4.type == 3 && "
            "icmp4.code == %d" % code)
    inner = "icmp4.inner_ip4.src = 10.0.0.1"
    found, text = error(4)
    assert found == ["vm1"] and inner in text, text
    assert inner not in error(3)[1]
    nat = central.nbctl("--bare", "--columns=_uuid", "list", "NAT").strip()
    central.nbctl("set", "NAT", nat, "options:stateless_icmp_helper=false")
    found, text = error(4)
    assert found == ["vm1"] and inner not in text, text
    central.nbctl("remove", "NAT", nat, "options", "stateless_icmp_helper")
    assert inner in error(4)[1]
    central.sbctl("chassis-add", "ch9", "geneve", "192.0.2.1")
    assert inner not in error(4)[1]


def test_ipv6_next_hop_of_an_ipv4_route(central):
    """An IPv4 prefix may be behind an IPv6 neighbour, known or to be asked
    for; a policy may still send packets to an IPv4 one."""
    two_networks(central)
    central.nbctl("set", "Logical_Router_Port", "r0-pub",
                  'networks=["172.16.0.1/24", "fd16::1/64"]', "--",
                  "--id=@r", "create", "Logical_Router_Static_Route",
                  "ip_prefix=192.168.0.0/24", 'nexthop="fd16::50"', "--",
                  "add", "Logical_Router", "r0", "static_routes", "@r")
    sync(central)
    _, text = outputs(central, "s0", packet(80, "192.168.0.5"))
    assert "nd_ns" in text and "nd.target = fd16::50" in text, text
    central.nbctl("lsp-set-addresses", "host",
                  "02:00:00:00:00:50 172.16.0.50 fd16::50")
    sync(central)
    found, text = outputs(central, "s0", packet(80, "192.168.0.5"))
    assert found == ["host"], text
    central.nbctl("lr-policy-add", "r0", "100", "tcp.dst == 81", "reroute",
                  "172.16.0.60")
    sync(central)
    found, text = outputs(central, "s0", packet(81, "192.168.0.5"))
    assert found == ["other"], text
