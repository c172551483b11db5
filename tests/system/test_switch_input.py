# SPDX-License-Identifier: Apache-2.0
"""Bad input.  OpenFlow of every kind of wrong length: the switch answers with
an error or hangs up.  Malformed packets: it drops them or lets them pass.  It
goes on working."""

import random
import socket
import struct
import sys

import pytest

from harness.netns import wait_ping, within
from harness.process import run
from harness.sandbox import Sandbox
from harness.switch import Switch

NX = 0x00002320
ONF = 0x4f4e4600
VERSIONS = (1, 4, 5, 6)
SIZES = tuple(range(0, 41, 4)) + (7, 9, 48, 56, 63, 64, 72, 80, 200, 1056)


@pytest.fixture
def switch():
    with Sandbox() as sandbox:
        yield Switch(sandbox)


class Connection:
    """An OpenFlow connection to br0, of one version."""

    def __init__(self, switch, version):
        self.version = version
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(90)
        self.socket.connect("%s/br0.mgmt" % switch.host.folder)
        self.socket.sendall(struct.pack("!BBHI", version, 0, 8, 0))

    def read(self, size):
        """Exactly 'size' bytes; None at the end of the stream."""
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                return None
            data += more
        return data

    def receive(self):
        header = self.read(8)
        if header is None:
            return None
        version, kind, length, xid = struct.unpack("!BBHI", header)
        body = self.read(length - 8)
        return None if body is None else (kind, xid, body)

    def send(self, kind, body, xid=7, length=None):
        self.socket.sendall(struct.pack(
            "!BBHI", self.version, kind,
            len(body) + 8 if length is None else length, xid) + body)

    def echo(self):
        """What the switch said until it answers; None if it hung up."""
        self.send(2, b"", xid=0xffff)
        said = []
        while True:
            message = self.receive()
            if message is None:
                return None
            if message[0] == 3 and message[1] == 0xffff:
                return said
            said.append(message)


def bodies(version, rng):
    """Bodies of all sizes for plain, multipart and vendors' messages: zeros,
    and noise in which a nested length is likely wrong too."""
    multipart = 16 if version == 1 else 18
    for size in SIZES:
        for fill in (bytes(size), rng.randbytes(size),
                     struct.pack("!H", size) * (size // 2 + 1)):
            fill = fill[:size]
            for kind in range(1, 36):
                # Neither hello nor an error, which one does not answer, and
                # not echoes, which count.
                if kind not in (1, 2, 3):
                    yield kind, fill
            for number in list(range(18)) + [0xffff]:
                yield multipart, struct.pack("!HH", number, 0) + fill
            for vendor, subtypes in (NX, range(0, 40)), (ONF, (2300, 2301)):
                for subtype in subtypes:
                    yield 4, struct.pack("!II", vendor, subtype) + fill
                    if version == 1:
                        yield multipart, struct.pack(
                            "!HHIII", 0xffff, 0, vendor, subtype, 0) + fill
                    else:
                        yield multipart, struct.pack(
                            "!HHIII", 0xffff, 0, 0, vendor, subtype) + fill


@pytest.mark.parametrize("version", VERSIONS)
def test_wrong_lengths(switch, version):
    rng = random.Random(version)
    connection = Connection(switch, version)
    n_errors = 0
    for i, (kind, body) in enumerate(bodies(version, rng)):
        connection.send(kind, body)
        if i % 50 == 0:
            said = connection.echo()
            if said is None:
                connection = Connection(switch, version)
            else:
                n_errors += sum(message[0] == 1 for message in said)
    assert n_errors > 1000
    counted = int(switch.host.appctl("coverage/read-counter",
                                     "ofproto_bad_message"))
    refused = int(switch.host.appctl("coverage/read-counter",
                                     "ofproto_request_error"))
    assert counted + refused > 1000
    # It still is a switch.
    switch.flows("actions=NORMAL")
    assert "actions=NORMAL" in switch.host.ofctl("dump-flows", "br0")


@pytest.mark.parametrize("length", range(8))
def test_lengths_below_the_header(switch, length):
    """There is no way to go on behind such a message: the switch hangs up."""
    connection = Connection(switch, 4)
    assert connection.echo() is not None
    connection.send(5, b"", length=length)
    try:
        while connection.receive() is not None:
            pass
    except ConnectionError:
        pass
    assert Connection(switch, 4).echo() is not None


MALFORMED = """
import random, socket, struct, sys
rng = random.Random(sys.argv[1])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
mac = bytes.fromhex("020000000002020000000001")
a, b = bytes([10, 7, 0, 1]), bytes([10, 7, 0, 2])
a6, b6 = bytes(15) + b"\\1", bytes(15) + b"\\2"

def ip(proto, body, ihl=5, frag=0, length=None):
    return struct.pack("!BBHHHBBH", 0x40 | ihl, 0, len(body) + 20
                       if length is None else length, 1, frag, 64, proto,
                       0) + a + b + body

def ip6(proto, body, length=None):
    return struct.pack("!IHBB", 6 << 28, len(body) if length is None
                       else length, proto, 64) + a6 + b6 + body

tcp = struct.pack("!HHIIBBHHH", 1000, 80, 1, 0, 0x50, 2, 99, 0, 0)
udp = struct.pack("!HHHH", 1000, 53, 16, 0) + bytes(8)
ftp = tcp[:12] + b"\\x50\\x18" + tcp[14:] + b"PORT 10,7,0,1,300,999\\r\\n"
options = tcp[:12] + b"\\xf0" + tcp[13:] + bytes([2, 0, 3, 200, 8, 1] * 7)
nd = bytes([135, 0, 0, 0]) + bytes(4) + b6 + bytes([1, 0]) + bytes(6)
error = bytes([3, 4, 0, 0]) + bytes(4)
inner = mac + b"\\x08\\0" + ip(6, tcp)
tunnels = [
    (6081, bytes([0x3f, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 3, 0x1f])),
    (4789, bytes([8, 0, 0, 0, 0, 0, 5, 0]))]
bodies = [(0x0800, ip(6, tcp)), (0x0800, ip(17, udp)), (0x0800, ip(6, ftp)),
    (0x0800, ip(6, options)), (0x0800, ip(132, tcp)), (0x0800, ip(1, error
     + ip(6, tcp))), (0x0800, ip(6, tcp, ihl=15)), (0x0800, ip(6, tcp,
     ihl=3)), (0x0800, ip(6, tcp, length=9)), (0x0800, ip(17, udp,
     length=65535)), (0x0800, ip(6, tcp, frag=0x2000)), (0x0800, ip(6, tcp,
     frag=0x3fff)), (0x0800, ip(47, bytes([0xb0, 1, 0x65, 0x58]) + inner)),
    (0x86dd, ip6(6, tcp)), (0x86dd, ip6(58, nd)), (0x86dd, ip6(0, bytes(
     [0, 255]) + bytes(6))), (0x86dd, ip6(44, bytes([6, 0, 255, 249])
     + bytes(4) + tcp)), (0x86dd, ip6(43, bytes([43, 0] * 60))),
    (0x86dd, ip6(51, bytes([6, 255]) + bytes(10))), (0x86dd, ip6(17, udp,
     length=1)), (0x0806, struct.pack("!HHBBH", 1, 0x800, 6, 4, 1)
     + mac[6:] + a + bytes(6) + b), (0x0806, struct.pack("!HHBBH", 1, 0x800,
     200, 200, 1) + bytes(20)), (0x8100, b"\\x20\\5\\x81\\0" * 9),
    (0x8847, bytes(3 * 4)), (0x8847, bytes([0, 0, 0x10, 64]) * 40),
    (0x8847, bytes([0, 0, 1, 64]) + ip(6, tcp)), (0x894f, bytes([0x0f, 0x3f,
     1, 3]) + bytes(20)), (0x894f, bytes([0xff] * 24)), (0x05dc, bytes(30)),
    (0x0800, b""), (0x88a8, b"\\0")]
bodies += [(0x0800, ip(17, struct.pack("!HHHH", 9, port, 8 + len(header)
            + len(inner), 0) + header + inner)) for port, header in tunnels]
n = 0
for kind, body in bodies:
    whole = mac + struct.pack("!H", kind) + body
    frames = [whole[:size] for size in range(14, len(whole) + 1)]
    for i in range(60):
        frame = bytearray(whole + rng.randbytes(rng.randrange(4)))
        for j in range(1 + rng.randrange(3)):
            frame[12 + rng.randrange(len(frame) - 12)] = rng.randrange(256)
        frames.append(bytes(frame))
    for frame in frames:
        try:
            s.send(frame)
            n += 1
        except OSError:
            pass
print(n)
"""

# Flows whose actions read and write headers; "%s" is the way out.
USES = {
    "tracked": [
        "ip,actions=ct(table=1,nat)", "ipv6,actions=ct(table=1,nat)",
        "table=1,ip,actions=ct(commit,nat(src=10.7.0.9)),%s",
        "table=1,priority=9,tcp,actions=ct(commit,alg=ftp),%s",
        "table=1,ipv6,actions=ct(commit),%s"],
    "rewritten": [
        "priority=5,tcp,actions=mod_nw_src:10.7.0.8,mod_tp_src:5,%s",
        "priority=5,udp,actions=mod_nw_dst:10.7.0.8,mod_tp_dst:5,%s",
        "priority=5,sctp,actions=mod_tp_src:5,%s",
        "priority=5,tcp6,actions=mod_tp_src:5,dec_ttl,%s",
        "priority=5,udp6,actions=set_field:::9->ipv6_dst,mod_tp_src:5,%s",
        "priority=5,icmp6,icmp_type=135,actions=set_field:::8->nd_target,"
        "set_field:00:00:00:00:00:07->nd_sll,%s",
        "ip,actions=dec_ttl,mod_nw_tos:4,%s", "ipv6,actions=dec_ttl,%s",
        "arp,actions=set_field:10.7.0.7->arp_spa,%s"],
    "tagged": [
        "priority=5,vlan_tci=0x1000/0x1000,actions=pop_vlan,%s",
        "ip,actions=push_vlan:0x8100,set_field:4099->vlan_vid,%s",
        "ipv6,actions=push_mpls:0x8847,set_mpls_label(5),%s",
        "mpls,actions=dec_mpls_ttl,pop_mpls:0x0800,%s"],
    "shown": [
        "actions=check_pkt_larger(60)->reg0[0],controller(max_len=20),"
        "learn(table=2,NXM_OF_ETH_TYPE[],limit=50),NORMAL"],
}


@pytest.mark.parametrize("use", sorted(USES))
def test_malformed_packets(switch, use):
    """Packets cut at every length and with damaged bytes, under actions that
    read and write headers: they are dropped or pass, and the switch works."""
    va = switch.vm("a")
    switch.vm("b")
    port = switch.host.vsctl("get", "interface", "vifb", "ofport").strip()
    switch.flows("priority=0,actions=NORMAL", *(
        flow.replace("%s", "output:" + port) for flow in USES[use]))
    sent = int(run(within(va, [sys.executable, "-c", MALFORMED, use])))
    assert sent > 3000
    switch.host.ofctl("del-flows", "br0")
    switch.flows("actions=NORMAL")
    wait_ping(va, "10.7.0.2")
