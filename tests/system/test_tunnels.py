# SPDX-License-Identifier: Apache-2.0
"""Tunnels between two switches, with real packets: see harness/overlay.py."""

import os
import shutil

import pytest

from harness.netns import ping, within
from harness.overlay import IPS, Overlay, ports_are_claimed
from harness.process import run, wait_until

KINDS = ("geneve", "vxlan", "gre")


@pytest.fixture
def overlay(make_sandbox):
    return lambda *args, **options: Overlay([make_sandbox()] * 2, *args,
                                            **options)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("on_bridge", [True, False],
                         ids=["bridge", "plain"])
def test_kinds(overlay, on_bridge, version):
    """Each kind carries pings and TCP both ways.  With the address on a
    bridge, the host's own stack has no part in it."""
    o = overlay(on_bridge, version)
    for kind in KINDS:
        o.tunnel(kind, "key=77")
        o.wait()
        before = o.host_packets(0)
        assert ping(o.vms[0], IPS[1]) == 3
        o.transfer(0, 1)
        o.transfer(1, 0)
        if on_bridge:
            assert o.host_packets(0) - before < 100, kind


def capture(o, count, what, action):
    """Runs 'action' while 'count' packets of filter 'what' are captured at
    h1's u; returns the file."""
    path = os.path.join(o.sandbox.folder, "capture%d" % o.n_listeners)
    dump = o.listener(o.hosts[1].ns,
                      ["tcpdump", "--immediate-mode", "-U", "-Z", "root", "-i",
                       "u", "-Q", "in", "-c", count, "-w", path, what])
    action()
    wait_until(lambda: not dump.is_running(), 20, "the capture")
    return path


def fields(path, *names):
    """tshark's values of fields of each packet, outermost first."""
    words = [w for name in names for w in ("-e", name)]
    out = run(["tshark", "-r", path, "-o", "udp.check_checksum:TRUE", "-o",
               "ip.check_checksum:TRUE", "-T", "fields", "-E",
               "occurrence=f"] + words)
    return [line.split("\t") for line in out.rstrip("\n").split("\n")]


# Options of the tunnel, and what tshark says of its packets: fields of IPv4,
# of IPv6, and of the kinds.  The pings inside have TOS 0x28 and ECT(0).
TUNNEL_HEADERS = [
    (["key=77", "csum=false"],
     {"ip.flags.df": "True", "ip.ttl": "64", "ip.dsfield": "0x02",
      "ip.checksum.status": "Good"},
     {"ipv6.hlim": "64", "ipv6.tclass": "0x02"},
     {"geneve": {"geneve.vni": "0x00004d", "geneve.proto_type": "0x6558"},
      "vxlan": {"vxlan.vni": "77", "vxlan.flags": "0x0800"},
      "gre": {"gre.key": "0x0000004d", "gre.flags.checksum": "False",
              "gre.flags.sequence_number": "False", "gre.proto": "0x6558"}}),
    (["key=77", "csum=true", "tos=inherit", "ttl=33", "df_default=false"],
     {"ip.flags.df": "False", "ip.ttl": "33", "ip.dsfield": "0x2a",
      "ip.checksum.status": "Good"},
     {"ipv6.hlim": "33", "ipv6.tclass": "0x2a"},
     {"geneve": {"udp.checksum.status": "Good"},
      "vxlan": {"udp.checksum.status": "Good"},
      "gre": {"gre.flags.checksum": "True"}}),
    (["out_key=5", "in_key=5", "tos=0x40", "ttl=inherit"],
     {"ip.ttl": "21", "ip.dsfield": "0x42"},
     {"ipv6.hlim": "21", "ipv6.tclass": "0x42"},
     {"geneve": {"geneve.vni": "0x000005"}, "vxlan": {"vxlan.vni": "5"},
      "gre": {"gre.key": "0x00000005"}}),
]


def plain(text):
    """A value of tshark's in a spelling that does not depend on its
    version."""
    return ({"True": 1, "Good": 1, "False": 0}[text]
            if text in ("True", "Good", "False") else int(text, 0))



@pytest.mark.skipif(not shutil.which("tshark"), reason="needs tshark")
@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("on_bridge", [True, False],
                         ids=["bridge", "plain"])
def test_tshark_agrees(overlay, on_bridge, version):
    """Every option shows in the outer headers, and nothing is malformed."""
    o = overlay(on_bridge, version)
    # Let checksums be whole when they are captured.
    for host in o.hosts:
        run(within(host.ns, ["ethtool", "-K", "u", "tx", "off"]))
    captures, all_wanted = [], []
    for options, ip4, ip6, of_kind in TUNNEL_HEADERS:
        for kind in KINDS:
            o.tunnel(kind, *options)
            o.wait()
            o.wait()             # The path is known by the answer, at last.
            proto = "%s proto" % ("ip" if version == 4 else "ip6")
            captures.append(capture(
                o, 1, "%s 47 or udp" % proto,
                lambda: run(within(o.vms[0], ["ping", "-n", "-c1", "-t21",
                                              "-Q0x2a", IPS[1]]))))
            all_wanted.append(dict(ip4 if version == 4 else ip6,
                                   **of_kind[kind]))
    merged = os.path.join(o.sandbox.folder, "merged")
    run(["mergecap", "-a", "-w", merged] + captures)
    names = sorted(set().union(*all_wanted))
    lines = fields(merged, *names, "_ws.malformed", "icmp.checksum.status")
    for wanted, line in zip(all_wanted, lines, strict=True):
        got = dict(zip(names, line))
        for name in wanted:
            assert plain(got[name]) == plain(wanted[name]), (name, wanted,
                                                             got)
        assert line[-2] == "" and plain(line[-1]) == 1, line


def test_flow_based(overlay):
    """Ends, key and options come from the flow, and what arrives can be
    matched."""
    o = overlay(True)
    for i, host in enumerate(o.hosts):
        o.tunnel("geneve", "remote_ip=flow", "local_ip=flow", "key=flow",
                 sides=[i])
        host.ofctl("add-tlv-map", "br-int",
                   "{class=0x102,type=0x80,len=4}->tun_metadata0")
        host.ofctl("del-flows", "br-int")
        host.ofctl("add-flow", "br-int",
                   "in_port=p%d actions=set_field:%s->tun_dst,"
                   "set_field:%s->tun_src,set_field:0x%d7->tun_id,"
                   "set_field:0x1234567%d->tun_metadata0,output:tun"
                   % (i, o.addresses[1 - i], o.addresses[i], i, i))
        host.ofctl("add-flow", "br-int",
                   "in_port=tun,tun_src=%s,tun_dst=%s,tun_id=0x%d7,"
                   "tun_metadata0=0x1234567%d actions=output:p%d"
                   % (o.addresses[1 - i], o.addresses[i], 1 - i, 1 - i, i))
    o.wait()
    assert ping(o.vms[0], IPS[1]) == 3
    o.transfer(0, 1)
    match = "in_port=tun,tun_src=%s" % o.addresses[0]
    wait_until(lambda: o.flow_packets(1, match) > 3, 10, "counted packets")


def test_local_ip(overlay):
    """Tunnels to one host are told apart by the local address, and send from
    it."""
    o = overlay(True)
    o.add_address(1, "172.31.0.22")
    o.tunnel("geneve", "local_ip=172.31.0.1", "remote_ip=172.31.0.22",
             "key=3", sides=[0])
    o.hosts[1].vsctl(*(
        w for name, local in (("tun", o.addresses[1]),
                              ("tun2", "172.31.0.22"))
        for w in ("--", "add-port", "br-int", name, "--", "set", "interface",
                  name, "type=geneve", "options:key=3",
                  "options:remote_ip=" + o.addresses[0],
                  "options:local_ip=" + local)))
    o.hosts[1].ofctl("del-flows", "br-int")
    o.hosts[1].ofctl("add-flow", "br-int", "in_port=tun2 actions=output:p1")
    o.hosts[1].ofctl("add-flow", "br-int", "in_port=p1 actions=output:tun2")
    o.wait()
    assert "tun2 (geneve: 172.31.0.22->172.31.0.1, key=0x3" in o.appctl(
        1, "ofproto/list-tunnels")
    assert "genev_sys_6081 (" in o.appctl(1, "tnl/ports/show")
    assert o.hosts[1].vsctl("get", "interface", "tun2", "status") == (
        '{tunnel_egress_iface=br-phy, tunnel_egress_iface_carrier=up}\n')
    assert "ref_cnt=2" in o.appctl(1, "tnl/ports/show")


def test_congestion(overlay):
    """RFC 6040: congestion that the underlay marks reaches the inner packet,
    and a packet that cannot be marked is dropped."""
    o = overlay(True)
    o.tunnel("geneve", "key=1")
    o.wait()
    o.hosts[1].ofctl("add-flow", "br-phy",
                     "priority=9,ip,in_port=u actions=mod_nw_ecn:3,normal")
    o.hosts[1].ofctl("add-flow", "br-int",
                     "priority=9,icmp,nw_ecn=3,in_port=tun actions=normal")
    run(within(o.vms[0], ["ping", "-n", "-c2", "-i0.05", "-Q0x02", IPS[1]]))
    wait_until(lambda: o.flow_packets(1, "icmp,nw_ecn=3") == 2,
               10, "marked packets")
    assert ping(o.vms[0], IPS[1], count=2, patience=0.5) == 0


@pytest.mark.parametrize("on_bridge", [True, False],
                         ids=["bridge", "plain"])
def test_larger_than_the_path(overlay, on_bridge):
    """What does not fit in the underlay's MTU is sent in fragments."""
    o = overlay(on_bridge)
    o.tunnel("vxlan", "key=1", "df_default=false")
    o.wait()
    for vm in o.vms:
        run(["ip", "-n", vm, "link", "set", "eth0", "mtu", "1500"])
    assert ping(o.vms[0], IPS[1], size=1470) == 3
    o.transfer(0, 1)


def test_router_on_the_way(overlay):
    """Tunnels cross a router, and learn from it that large packets do not fit:
    the next ones arrive in fragments."""
    o = overlay(True, router_mtu=1300)
    o.tunnel("geneve", "key=1")
    o.wait()
    before = o.host_packets(0)
    # The host's stack sends some of its own, such as router solicitations.
    assert ping(o.vms[0], IPS[1], count=50, interval=0.01) == 50
    assert o.host_packets(0) - before < 40
    wait_until(lambda: ping(o.vms[0], IPS[1], count=1, patience=1, size=1300),
               what="a large packet")
    o.transfer(0, 1)


def test_routes_and_neighbours(overlay):
    """Routes that are added come first; the switch asks for their neighbours
    itself, and forgets them on command."""
    o = overlay(True)
    run(["ip", "-n", o.hosts[1].ns, "addr", "add", "10.77.0.2/32", "dev",
         "br-phy"])
    o.tunnel("geneve", "key=1", "remote_ip=10.77.0.2", sides=[0])
    o.tunnel("geneve", "key=1", "local_ip=10.77.0.2", sides=[1])
    assert ping(o.vms[0], IPS[1], count=1, patience=1) == 0
    assert o.appctl(0, "ovs/route/lookup", "10.77.0.2",
                    check=False).returncode
    assert o.appctl(0, "ovs/route/add", "10.77.0.0/24", "br-phy",
                    "172.31.0.2") == "OK\n"
    assert ("User: 10.77.0.0/24 dev br-phy GW 172.31.0.2 SRC 172.31.0.1"
            in o.appctl(0, "ovs/route/show"))
    assert o.appctl(0, "ovs/route/lookup", "10.77.0.2") == (
        "src 172.31.0.1\ngateway 172.31.0.2\ndev br-phy\n")
    o.wait()
    assert "172.31.0.2 " in o.appctl(0, "tnl/neigh/show")

    # A wrong neighbour loses packets, and what is flushed is asked for again.
    o.appctl(0, "tnl/arp/set", "br-phy", "172.31.0.2", "02:00:00:00:00:99")
    assert "02:00:00:00:00:99" in o.appctl(0, "tnl/arp/show")
    assert ping(o.vms[0], IPS[1], count=1, patience=1) == 0
    o.appctl(0, "tnl/neigh/flush")
    o.wait()

    # Who is not heard of is forgotten, and asked for again if needed.
    o.appctl(0, "tnl/neigh/set", "br-phy", "172.31.0.77", "02:00:00:00:00:77")
    assert o.appctl(0, "tnl/neigh/aging", "1") == "OK\n"
    wait_until(lambda: "172.31.0.77" not in o.appctl(0, "tnl/neigh/show"),
               10, "the forgotten neighbour")
    assert o.appctl(0, "tnl/neigh/aging", "900") == "OK\n"
    o.wait()
    assert o.appctl(0, "ovs/route/del", "10.77.0.0/24") == "OK\n"
    assert ping(o.vms[0], IPS[1], count=1, patience=1) == 0


def test_neighbour_moves(overlay):
    """A neighbour that comes back with another address is found again."""
    o = overlay(True)
    o.tunnel("geneve", "key=1")
    o.wait()
    o.hosts[1].vsctl("set", "bridge", "br-phy",
                     "other_config:hwaddr=02:00:00:00:77:01")
    run(["ip", "-n", o.hosts[1].ns, "neigh", "flush", "dev", "br-phy"])
    o.hosts[0].appctl("tnl/neigh/flush")
    run(["ip", "-n", o.hosts[0].ns, "neigh", "flush", "dev", "br-phy"])
    o.wait()
    wait_until(lambda: "02:00:00:00:77:01" in o.appctl(0, "tnl/neigh/show"),
               10, "the neighbour")


def test_source_ports_and_stack(overlay):
    """Source ports keep to their range; with tnl-push-pop off everything
    outside the tunnel header is the host's."""
    o = overlay(True)
    o.tunnel("vxlan", "key=1")
    o.wait()
    o.appctl(0, "tnl/egress_port_range", "40000", "40003")
    assert "40000-40003" in o.appctl(0, "tnl/egress_port_range")
    path = capture(o, 2, "udp", lambda: ping(o.vms[0], IPS[1], count=2))
    for port, in fields(path, "udp.srcport"):
        assert 40000 <= int(port) <= 40003
    for i in range(2):
        o.appctl(i, "ofproto/tnl-push-pop", "off")
    before = o.host_packets(0)
    o.transfer(0, 1)
    assert o.host_packets(0) - before > 100


def test_port_keeps_its_packets(overlay):
    """The host's own stack does not see what a port receives: the port does
    not answer for the bridge's address."""
    o = overlay(True)
    if not ports_are_claimed():
        pytest.skip("needs Linux 6.6")
    for host in o.hosts:
        run(["ip", "-n", host.ns, "neigh", "flush", "all"])
    assert ping(o.hosts[0].ns, o.addresses[1]) == 3
    neighbours = run(["ip", "-n", o.hosts[1].ns, "neigh", "show", "dev", "u"])
    assert o.addresses[0] not in neighbours


def test_group_policy(overlay):
    """VXLAN's group policy extension carries what flows say."""
    o = overlay(True)
    o.tunnel("vxlan", "key=1", "exts=gbp")
    for i, host in enumerate(o.hosts):
        host.ofctl("del-flows", "br-int")
        host.ofctl("add-flow", "br-int",
                   "in_port=p%d actions=set_field:0x5%d->tun_gbp_id,"
                   "set_field:0x8->tun_gbp_flags,output:tun" % (i, i))
        host.ofctl("add-flow", "br-int",
                   "in_port=tun,tun_gbp_id=0x5%d,tun_gbp_flags=0x8 "
                   "actions=output:p%d" % (1 - i, i))
    o.wait()


def test_keys_tell_tunnels_apart(overlay):
    """Two tunnels to one remote, with a key of their own in each direction."""
    o = overlay(True)
    for i, host in enumerate(o.hosts):
        keys = [(3, 4), (4, 3)][i]
        host.vsctl(*(
            w for name, key in (("red", 0), ("blue", 0x10))
            for w in ("--", "add-port", "br-int", name, "--", "set",
                      "interface", name, "type=geneve",
                      "options:remote_ip=" + o.addresses[1 - i],
                      "options:in_key=%d" % (key + keys[0]),
                      "options:out_key=%d" % (key + keys[1]))))
        host.ofctl("del-flows", "br-int")
        host.ofctl("add-flow", "br-int", "in_port=p%d actions=%s"
                   % (i, ("red", "blue")[i]))
        host.ofctl("add-flow", "br-int", "in_port=%s actions=p%d"
                   % (("blue", "red")[i], i))
    o.wait()
    assert "in_key=0x3, out_key=0x4" in o.appctl(0, "ofproto/list-tunnels")
