# SPDX-License-Identifier: Apache-2.0
"""Headers in front of packets: our switch and Debian's translate encap, decap
and changes of NSH headers and VLAN tags alike, and so do packets come out."""

import pathlib
import re
import subprocess

import pytest

from harness.programs import Programs, have_peer
from test_ofctl import start_switch, without_times

pytestmark = pytest.mark.skipif(not have_peer(),
                                reason="Debian's packages are not here")

NSH = "dl_type=0x894f,nsh_mdtype=1,nsh_np=3"
ICMP = ("1e2ce92a669e3a6dd2099cab080045000054%04x400040011addc0a80a0ac0a80a1e"
        "08006f200a4d0001fc509a58" + "00" * 52)
QINQ = ("1e2ce92a669e3a6dd2099cab8100400581002006080045000054000100004001"
        "1addc0a80a0ac0a80a1e08006f200a4d0001fc509a58" + "00" * 52)

GROUPS = [
    "group_id=100,type=indirect,bucket=actions=encap(nsh(md_type=1)),"
    "set_field:0x1234->nsh_spi,group:200",
    "group_id=200,type=indirect,bucket=actions=encap(nsh),encap(ethernet),"
    "set_field:11:22:33:44:55:66->dl_dst,3",
]

# Port 3 is the other end of port 4.
FLOWS = [
    "in_port=1,%s,nsh_c1=1,actions=set_field:2->nsh_flags,"
    "set_field:254->nsh_si,set_field:0x44332211->nsh_c1,"
    "load:0x77->nsh_c3[8..15],2" % NSH,
    "in_port=1,dl_type=0x894f,nsh_mdtype=1,nsh_c1=2,actions=dec_nsh_ttl,2",
    "in_port=1,ip,actions=encap(nsh(md_type=1)),set_field:0x1234->nsh_spi,"
    "encap(ethernet),set_field:11:22:33:44:55:66->dl_dst,3",
    "in_port=4,dl_type=0x894f,nsh_spi=0x1234,actions=decap(),decap(),2",
    "in_port=1,ipv6,actions=encap(nsh(md_type=2,tlv(0x1000,10,0x12345678),"
    "tlv(0x2000,20,0xfedcba9876543210))),encap(ethernet),2",
    "in_port=1,arp,actions=group:100",
    "in_port=4,dl_type=0x894f,nsh_spi=0,actions=decap(),goto_table:1",
    "table=1,packet_type=(1,0x894f),nsh_spi=0,actions=decap(),goto_table:2",
    "table=2,packet_type=(1,0x894f),nsh_spi=0x1234,actions=decap(),output:2",
    "in_port=1,dl_type=0x1234,actions=decap(),2",
    "in_port=1,dl_type=0x1235,actions=decap(),decap(),2",
    "in_port=1,dl_type=0x1236,actions=decap(),encap(nsh),2",
    "in_port=1,dl_type=0x1237,actions=encap(ethernet),2",
    "in_port=1,dl_type=0x1238,actions=mod_dl_src:00:00:00:00:00:01,decap(),"
    "encap(ethernet),2",
    "in_port=1,dl_type=0x1239,actions=encap(mpls),set_field:10->mpls_label,"
    "encap(ethernet),set_field:00:00:00:00:00:02->dl_dst,2,3",
    "in_port=4,dl_type=0x8847,mpls_label=10,actions=decap(),"
    "decap(packet_type(ns=0,type=0)),2",
    "in_port=1,dl_type=0x8848,actions=decap(),"
    "decap(packet_type(ns=1,type=0x800)),encap(ethernet),2",
    "in_port=1,dl_type=0x123a,actions=decap(),encap(mpls_mc),encap(mpls),"
    "encap(ethernet),2",
    "in_port=2,ip,actions=decap(),encap(nsh),dec_nsh_ttl,encap(ethernet),1",
    "in_port=2,dl_vlan=5,actions=pop_vlan,push_vlan:0x88a8,"
    "set_field:0x1007->vlan_vid,1",
]

TRACES = [
    NSH + ",nsh_ttl=63,nsh_spi=0x123456,nsh_si=255,nsh_c1=1,nsh_c3=0x99aabbcc",
    NSH + ",nsh_ttl=3,nsh_c1=2", "ip,nw_dst=10.10.10.10,dl_src=00:11:22:33:4"
    "4:55", "ipv6", "dl_type=0x1234", "dl_type=0x1234,dl_vlan=5",
    "dl_type=0x1235", "dl_type=0x1236", "dl_type=0x1237", "dl_type=0x1238",
    "dl_type=0x1239", "dl_type=0x8848,mpls_bos=1", "dl_type=0x123a",
]


class Side:
    def __init__(self, name, spawn, folder):
        folder.mkdir()
        self.folder = folder
        self.env = start_switch(name, spawn, folder)
        self.programs = Programs(name)
        self.vsctl("add-port", "br0", "v3", "--", "set", "interface", "v3",
                   "type=patch", "options:peer=v4", "ofport_request=3", "--",
                   "add-port", "br0", "v4", "--", "set", "interface", "v4",
                   "type=patch", "options:peer=v3", "ofport_request=4")
        self.appctl("time/stop")
        for group in GROUPS:
            self.ofctl("add-group", "br0", group)
        for flow in FLOWS:
            self.ofctl("add-flow", "br0", flow)

    def run(self, program, *words):
        done = subprocess.run([self.programs.path(program), *words],
                              env=self.env, text=True, timeout=90,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        assert not done.returncode, done.stdout
        return done.stdout

    def vsctl(self, *words):
        return self.run("ovs-vsctl", "--db=unix:%s/db.sock" % self.folder,
                        *words)

    def ofctl(self, *words):
        return self.run("ovs-ofctl", "-OOpenFlow13", *words)

    def appctl(self, *words):
        return self.run("ovs-appctl", "-t", "%s/switch.ctl" % self.folder,
                        *words)

    def trace(self, *words):
        """Ids of states are each switch's own."""
        return re.sub(r"recirc\(0x\w+\)", "recirc()",
                      self.appctl("ofproto/trace", "br0", *words))


@pytest.fixture
def sides(spawn, tmp_path):
    return [Side(name, spawn, tmp_path / name) for name in ("ours", "debian")]


def same(sides, question):
    ours, theirs = (question(side) for side in sides)
    assert ours == theirs
    return ours


def test_translations_are_alike(sides):
    flows = same(sides, lambda s: sorted(without_times(
        s.ofctl("dump-flows", "br0")).splitlines()))
    assert len(flows) == len(FLOWS) + 1
    for flow in TRACES:
        same(sides, lambda s: s.trace("in_port=1," + flow))
    same(sides, lambda s: s.trace("in_port=2,ip,nw_dst=1.2.3.4"))
    for limit in "1", "2", "0":
        for s in sides:
            s.vsctl("set", "open_vswitch", ".",
                    "other_config:vlan-limit=" + limit)
        traced = same(sides, lambda s: s.trace("in_port=2", QINQ))
        assert ("dl_vlan1=6" in traced) == (limit != "1")


def test_packets_come_out_alike(sides):
    """What went in twice through one header or two, and what one header more
    is in front of."""
    def received(side):
        for number in 1, 2:
            side.appctl("netdev-dummy/receive", "p1", ICMP % number)
        side.appctl("netdev-dummy/receive", "p1",
                    "ffffffffffff3a6dd2099cab08060001080006040001"
                    "3a6dd2099cabc0a80a0a000000000000c0a80a1e")
        side.appctl("netdev-dummy/receive", "p1",
                    "1e2ce92a669e3a6dd2099cab86dd600000000000003b40" + "00" * 33)
        for labelled in "123901234567", "123a0123", "8848000641404500002001":
            side.appctl("netdev-dummy/receive", "p1",
                        "1e2ce92a669e3a6dd2099cab" + labelled + "00" * 50)
        pcap = pathlib.Path(side.folder) / "p2.pcap"
        return pcap.read_bytes()

    for s in sides:
        s.vsctl("set", "interface", "p2",
                "options:tx_pcap=%s/p2.pcap" % s.folder)
    ours, theirs = (payloads(received(s)) for s in sides)
    assert ours == theirs
    assert [len(p) for p in ours] == [98, 98, 42, 98, 86, 68, 74, 69]


def payloads(pcap):
    """The packets of a pcap file."""
    found, ofs = [], 24
    while ofs < len(pcap):
        size = int.from_bytes(pcap[ofs + 8:ofs + 12], "little")
        found.append(pcap[ofs + 16:ofs + 16 + size])
        ofs += 16 + size
    return found
