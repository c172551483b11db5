# SPDX-License-Identifier: Apache-2.0
"""Connection tracking with real traffic between workloads on one switch.

Workload va, on port vifa, is 10.7.0.1 and fd07::1; vb is 10.7.0.2; ..."""

import json
import os

import pytest

from harness.netns import ping, within
from harness.process import run, wait_until
from harness.programs import BUILD, Programs
from harness.sandbox import Host, Sandbox

# Neighbours find each other without being tracked.
NEIGHBOURS = ("priority=40000,arp,actions=NORMAL",
              "priority=40000,icmp6,icmp_type=135,actions=NORMAL",
              "priority=40000,icmp6,icmp_type=136,actions=NORMAL",
              "priority=40000,icmp6,icmp_type=133,actions=drop")


class Switch:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.host = Host(sandbox, "switch", None, controller=False)
        self.host.vsctl("add-br", "br0", "--", "set", "bridge", "br0",
                        "datapath_type=netdev", "fail_mode=secure")
        self.flows(*NEIGHBOURS)

    def vm(self, letter):
        i = ord(letter) - ord("a") + 1
        ns = self.host.workload("vif" + letter, "02:00:00:00:00:%02x" % i,
                                "10.7.0.%d" % i, bridge="br0")
        run(["ip", "-n", ns, "addr", "add", "fd07::%d/64" % i, "dev", "eth0",
             "nodad"])
        return ns

    def flows(self, *flows):
        for flow in flows:
            self.host.ofctl("add-flow", "br0", flow)

    def stateful(self, commit="ct(commit,zone=5)", untracked="ct(table=1,zone=5)"):
        """Only va may begin connections."""
        for family in ("ip", "ipv6"):
            self.flows("table=0,%s,ct_state=-trk,actions=%s" % (family,
                                                                untracked),
                       "table=1,%s,ct_state=+new+trk-rel,in_port=vifa,"
                       "actions=%s,NORMAL" % (family, commit),
                       "table=1,%s,ct_state=+est+trk,actions=NORMAL" % family,
                       "table=1,%s,ct_state=+rel-new+trk,actions=NORMAL"
                       % family)

    def ready(self, name, command):
        process = self.sandbox.spawn(name, command)
        process.wait_for(lambda: "ready" in process.text())
        return process

    def python(self, ns, code, *args, **kwargs):
        return run(within(ns, ["python3", "-c", code, *args]), **kwargs)

    def dpctl(self, command, *args):
        return self.host.appctl("dpctl/" + command, *args)

    def ipf(self, what):
        for line in self.dpctl("ipf-get-status").splitlines():
            name, _, value = line.strip().partition(": ")
            if name == what:
                return int(value)
        raise KeyError(what)


@pytest.fixture
def switch():
    with Sandbox() as sandbox:
        yield Switch(sandbox)


@pytest.mark.parametrize("family", ["v4", "v6"])
def test_fragments(switch, family):
    """Datagrams in fragments are tracked whole, and leave in fragments."""
    va, vb = switch.vm("a"), switch.vm("b")
    switch.stateful()
    a, b = (("10.7.0.1", "10.7.0.2") if family == "v4"
            else ("fd07::1", "fd07::2"))
    assert ping(va, b, size=4000) == 3
    # The other way nothing begins.
    assert ping(vb, a, size=4000, patience=2) == 0
    assert switch.ipf(family + " frags accepted") >= 3 * 3 * 3
    assert switch.ipf(family + " frags completed") \
        == switch.ipf(family + " frags accepted")
    assert switch.ipf("num frag") == 0


UDP_ECHO = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.7.0.2", 7777))
print("ready", flush=True)
while True:
    data, peer = s.recvfrom(65536)
    s.sendto(data[::-1] + peer[0].encode(), peer)
"""

UDP_ASK = """
import random, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(30)
s.connect((sys.argv[1], int(sys.argv[2])))
data = random.Random(1).randbytes(int(sys.argv[3]))
for i in range(3):
    s.send(data)
    try:
        answer = s.recv(65536)
        break
    except TimeoutError:
        if i == 2:
            raise
assert answer[:len(data)] == data[::-1], "data changed on the way"
print(answer[len(data):].decode())
"""


def test_fragments_have_ports_and_translations(switch):
    """After ct() all of a datagram has its ports, and is translated."""
    va, vb = switch.vm("a"), switch.vm("b")
    switch.flows("table=0,ip,ct_state=-trk,actions=ct(table=1,zone=5,nat)",
                 "table=1,udp,tp_dst=7777,ct_state=+new+trk,in_port=vifa,"
                 "actions=ct(commit,zone=5,nat(src=10.7.0.1:5000-5000)),"
                 "output:vifb",
                 "table=1,udp,tp_src=7777,ct_state=+est+rpl+trk,"
                 "actions=output:vifa",
                 "table=1,udp,tp_dst=7777,ct_state=+est-rpl+trk,"
                 "actions=output:vifb")
    switch.ready("echo", within(vb, ["python3", "-c", UDP_ECHO]))
    assert switch.python(va, UDP_ASK, "10.7.0.2", "7777",
                         "30000").strip() == "10.7.0.1"
    flow = switch.dpctl("dump-conntrack")
    assert "reply=(src=10.7.0.2,dst=10.7.0.1,sport=7777,dport=5000)" in flow


# ## FTP: a server and Python's client

FTP_SERVER = """
import socket, sys, threading

address, active_from = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
DATA = bytes(range(256)) * 400


class Session(threading.Thread):
    def __init__(self, sock):
        super().__init__(daemon=True)
        self.sock, self.lines = sock, sock.makefile("r", newline="\\n")
        self.listener = self.active = None

    def say(self, text):
        self.sock.sendall((text + "\\r\\n").encode())

    def data(self):
        if self.active:
            s = socket.socket(family, socket.SOCK_STREAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((address, active_from))
            s.settimeout(30)
            s.connect(self.active)
            return s
        self.listener.settimeout(30)
        return self.listener.accept()[0]

    def listen(self):
        self.listener = socket.create_server((address, 0), family=family)
        self.active = None
        return self.listener.getsockname()[1]

    def run(self):
        self.say("220 here")
        for line in self.lines:
            word, _, rest = line.strip().partition(" ")
            word = word.upper()
            if word == "USER":
                self.say("331 password")
            elif word == "PASS":
                self.say("230 welcome")
            elif word == "TYPE":
                self.say("200 fine")
            elif word == "PASV":
                port = self.listen()
                self.say("227 Entering Passive Mode (%s,%d,%d)." % (
                    address.replace(".", ","), port >> 8, port & 255))
            elif word == "EPSV":
                self.say("229 Entering Extended Passive Mode (|||%d|)"
                         % self.listen())
            elif word == "PORT":
                n = rest.split(",")
                self.active = (".".join(n[:4]), int(n[4]) * 256 + int(n[5]))
                self.say("200 PORT from %s" % self.active[0])
            elif word == "EPRT":
                n = rest.split("|")
                self.active = (n[2], int(n[3]))
                self.say("200 EPRT from %s" % self.active[0])
            elif word == "RETR":
                try:
                    s = self.data()
                except OSError as e:
                    self.say("425 no data connection: %s" % e)
                    continue
                self.say("150 here it comes")
                s.sendall(DATA)
                s.close()
                self.say("226 done")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("502 what?")


server = socket.create_server((address, 21), family=family)
print("ready", flush=True)
while True:
    Session(server.accept()[0]).start()
"""

FTP_CLIENT = """
import ftplib, sys
ftp = ftplib.FTP(timeout=60)
ftp.connect(sys.argv[1])
ftp.login("me", "secret")
ftp.set_pasv(sys.argv[2] == "passive")
for i in range(3):
    data = bytearray()
    ftp.retrbinary("RETR file", data.extend)
    assert bytes(data) == bytes(range(256)) * 400, len(data)
ftp.quit()
print("done")
"""


def ftp_flows(switch, nat):
    """va may begin FTP sessions; data connections only as announced.  With
    'nat', va appears as .99 and the server as .88 (::99 and ::88)."""
    apply = ",nat" if nat else ""
    for family, n in (("tcp", "10.7.0."), ("tcp6", "fd07::")):
        p = "[%s]" if nat and family == "tcp6" else "%s"
        snat = ",nat(src=%s)" % (n + "99") if nat else ""
        switch.flows(
            "table=0,%s,ct_state=-trk,actions=ct(table=1,zone=5%s)"
            % (family, apply),
            "table=1,%s,tp_dst=21,ct_state=+new+trk,in_port=vifa,"
            "actions=ct(commit,zone=5,alg=ftp%s),output:vifb"
            % (family, snat),
            "table=1,%s,ct_state=+new+rel+trk,actions="
            "ct(commit,zone=5%s,table=2)" % (family, apply),
            "table=1,%s,ct_state=+est+trk,actions=resubmit(,2)" % family,
            "table=2,%s,in_port=vifa,actions=output:vifb" % family,
            "table=2,%s,in_port=vifb,actions=output:vifa" % family)


def neighbours(ns, addresses, mac):
    for address in addresses:
        run(["ip", "-n", ns, "neigh", "add", address, "lladdr", mac, "dev",
             "eth0", "nud", "permanent"])


@pytest.mark.parametrize("nat", [False, True], ids=["plain", "snat"])
@pytest.mark.parametrize("mode", ["active", "passive"])
@pytest.mark.parametrize("family", ["v4", "v6"])
def test_ftp(switch, family, mode, nat):
    """Data connections of a session are its own, whoever begins them."""
    va, vb = switch.vm("a"), switch.vm("b")
    server = "10.7.0.2" if family == "v4" else "fd07::2"
    neighbours(vb, ("10.7.0.99", "fd07::99"), "02:00:00:00:00:01")
    ftp_flows(switch, nat)
    switch.ready("ftpd", within(vb, ["python3", "-c", FTP_SERVER, server,
                                     "20"]))
    assert switch.python(va, FTP_CLIENT, server, mode).strip() == "done"
    entries = switch.dpctl("dump-conntrack")
    assert "helper=ftp" in entries
    # Nobody else gets in.
    with pytest.raises(AssertionError):
        switch.python(va, "import socket, sys; socket.create_connection("
                      "(sys.argv[1], 2121), 1)", server)


@pytest.mark.parametrize("mode", ["active", "passive"])
def test_ftp_behind_a_service_address(switch, mode):
    """The server says its own address; the client must see the service's,
    of another length."""
    va, vb = switch.vm("a"), switch.vm("b")
    neighbours(va, ["10.7.0.188"], "02:00:00:00:00:02")
    ftp_flows(switch, True)
    switch.flows("priority=50000,table=1,tcp,nw_dst=10.7.0.188,tp_dst=21,"
                 "ct_state=+new+trk,in_port=vifa,actions=ct(commit,zone=5,"
                 "alg=ftp,nat(dst=10.7.0.2)),output:vifb")
    switch.ready("ftpd", within(vb, ["python3", "-c", FTP_SERVER, "10.7.0.2",
                                     "20"]))
    assert switch.python(va, FTP_CLIENT, "10.7.0.188",
                         mode).strip() == "done"


def test_expectations_are_shown(switch):
    va, vb = switch.vm("a"), switch.vm("b")
    ftp_flows(switch, False)
    switch.ready("ftpd", within(vb, ["python3", "-c", FTP_SERVER, "10.7.0.2",
                                     "20"]))
    switch.ready("client", within(va, ["python3", "-c", """
import ftplib, time
ftp = ftplib.FTP(timeout=60)
ftp.connect("10.7.0.2")
ftp.login("me", "secret")
ftp.sendcmd("PORT 10,7,0,1,4,210")
print("ready", flush=True)
time.sleep(600)
"""]))
    wait_until(lambda: switch.dpctl("dump-conntrack-exp"), what="expectation")
    line = switch.dpctl("dump-conntrack-exp", "zone=5").strip()
    assert line.startswith("tcp,orig=(src=10.7.0.2,dst=10.7.0.1,sport=0,"
                           "dport=1234),parent=(src=10.7.0.1,dst=10.7.0.2,"), \
        line
    assert line.endswith("dport=21),zone=5,helper=ftp"), line
    assert switch.dpctl("dump-conntrack-exp", "zone=6") == ""
    switch.dpctl("flush-conntrack", "zone=5")
    assert switch.dpctl("dump-conntrack-exp") == ""


TFTP_SERVER = """
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.7.0.2", 69))
print("ready", flush=True)
while True:
    request, client = s.recvfrom(600)
    t = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    t.bind(("10.7.0.2", 0))
    t.settimeout(30)
    for block in (1, 2):
        t.sendto(struct.pack("!HH", 3, block) + b"x" * (512 if block == 1
                                                        else 10), client)
        try:
            t.recvfrom(600)
        except TimeoutError:
            break
"""

TFTP_CLIENT = """
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(30)
got = b""
for attempt in range(3):
    s.sendto(b"\\0\\1file\\0octet\\0", ("10.7.0.2", 69))
    try:
        data, server = s.recvfrom(600)
        break
    except TimeoutError:
        continue
while True:
    op, block = struct.unpack("!HH", data[:4])
    got += data[4:]
    s.sendto(struct.pack("!HH", 4, block), server)
    if len(data) < 516:
        break
    data, server = s.recvfrom(600)
assert len(got) == 522, len(got)
print("done")
"""


def test_tftp_behind_nat(switch):
    """The answer comes from a port that nobody knew."""
    va, vb = switch.vm("a"), switch.vm("b")
    neighbours(vb, ["10.7.0.99"], "02:00:00:00:00:01")
    switch.flows("table=0,udp,ct_state=-trk,actions=ct(table=1,zone=5,nat)",
                 "table=1,udp,tp_dst=69,ct_state=+new-rel+trk,in_port=vifa,"
                 "actions=ct(commit,zone=5,alg=tftp,nat(src=10.7.0.99:"
                 "5000-5000)),output:vifb",
                 "table=1,udp,ct_state=+new+rel+trk,in_port=vifb,"
                 "actions=ct(commit,zone=5,nat,table=2)",
                 "table=1,udp,ct_state=+est+trk,actions=resubmit(,2)",
                 "table=2,in_port=vifa,actions=output:vifb",
                 "table=2,in_port=vifb,actions=output:vifa")
    switch.ready("tftpd", within(vb, ["python3", "-c", TFTP_SERVER]))
    assert switch.python(va, TFTP_CLIENT).strip() == "done"


# ## Control

def committing(switch, *sources):
    """Makes connections in zone 5, one for each UDP source port, with mark
    and label equal to it."""
    va, vb = switch.vm("a"), switch.vm("b")
    switch.flows("table=0,udp,actions=ct(commit,zone=5,exec("
                 "move:NXM_OF_UDP_SRC[]->NXM_NX_CT_MARK[0..15],"
                 "move:NXM_OF_UDP_SRC[]->NXM_NX_CT_LABEL[64..79])),"
                 "output:vifb")
    for source in sources:
        switch.python(va, """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.7.0.1", int(sys.argv[1])))
s.sendto(b"x", ("10.7.0.2", 9))
""", str(source))
    wait_until(lambda: len(entries(switch)) == len(sources), what="commits")
    return va, vb


def entries(switch):
    """Source ports of the connections."""
    return sorted(int(line.split("sport=")[1].split(",")[0])
                  for line in switch.dpctl("dump-conntrack",
                                           "zone=5").splitlines())


@pytest.mark.parametrize("tool", ["ours", "debian", "dpctl"])
def test_flush(switch, tool):
    """By tuple, mark, label and zone."""
    committing(switch, 1001, 1002, 1003, 1004, 1005)

    def flush(*words):
        if tool == "dpctl":
            switch.dpctl("flush-conntrack", *words)
        elif tool == "ours":
            switch.host.ofctl("ct-flush", "br0", *words)
        else:
            run([Programs("debian").path("ovs-ofctl"), "ct-flush",
                 "unix:%s/br0.mgmt" % switch.host.folder, *words])

    flush("zone=6")
    assert entries(switch) == [1001, 1002, 1003, 1004, 1005]
    flush("zone=5", "ct_nw_src=10.7.0.1,ct_nw_dst=10.7.0.2,ct_nw_proto=17,"
          "ct_tp_src=1001,ct_tp_dst=9")
    assert entries(switch) == [1002, 1003, 1004, 1005]
    flush("zone=5", "", "ct_tp_dst=1003,ct_nw_proto=17")
    assert entries(switch) == [1002, 1004, 1005]
    if tool != "debian":         # Its version knows no more.
        flush("mark=1002")
        assert entries(switch) == [1004, 1005]
        flush("zone=5", "labels=%#x/%#x" % (1004 << 64, 0xffff << 64))
        assert entries(switch) == [1005]
    flush("zone=5")
    assert entries(switch) == []


def test_timeouts_and_limits_of_the_database(switch):
    """A zone's timeouts and limit, and the limit of all others, come from
    the database, also when they change."""
    va, _ = committing(switch, 1001)
    assert "timeout=" not in switch.dpctl("dump-flows")
    switch.host.vsctl("--", "--id=@d", "create", "datapath",
                      "datapath_version=0", "--", "set", "open_vswitch", ".",
                      "datapaths:netdev=@d")
    switch.host.vsctl("add-zone-tp", "netdev", "zone=5", "udp_first=1000000",
                      "udp_single=1000000")
    send = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.7.0.1", 1002))
s.sendto(b"x", ("10.7.0.2", 9))
"""

    def is_translated():
        switch.python(va, send.replace("1002", "1001"))
        return "timeout=5" in switch.dpctl("dump-flows")
    # The megaflow that was there is made anew.
    wait_until(is_translated, what="translation")
    switch.python(va, send)
    wait_until(lambda: 1002 in entries(switch), what="commit")
    line = [x for x in switch.dpctl("dump-conntrack", "-s").splitlines()
            if "sport=1002" in x][0]
    assert int(line.split("timeout=")[1].split(",")[0]) > 900000, line
    # A limit, reached already: nothing more is committed.
    switch.host.vsctl("set-zone-limit", "netdev", "zone=5", "2")
    switch.host.vsctl("set-zone-limit", "netdev", "default", "77")
    wait_until(lambda: "zone=5,limit=2,count=2"
               in switch.dpctl("ct-get-limits"), what="limit")
    assert "default limit=77" in switch.dpctl("ct-get-limits")
    switch.python(va, send.replace("1002", "1003"))
    wait_until(lambda: int(switch.host.appctl(
        "coverage/read-counter", "conntrack_zone_full")) > 0, what="refusal")
    assert entries(switch) == [1001, 1002]
    switch.host.vsctl("del-zone-limit", "netdev", "zone=5")
    switch.host.vsctl("del-zone-limit", "netdev", "default")
    switch.host.vsctl("del-zone-tp", "netdev", "zone=5")
    wait_until(lambda: "zone=5" not in switch.dpctl("ct-get-limits"),
               what="no limit")
    assert "default limit=0" in switch.dpctl("ct-get-limits")
    wait_until(lambda: "timeout=5" not in switch.dpctl("dump-flows"),
               what="translation")


# ## Translation

SERVE = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.create_server((sys.argv[1], int(sys.argv[2])), family=family)
print("ready", flush=True)
while True:
    c, who = s.accept()
    c.sendall(("%s at %s" % (who[0], sys.argv[1])).encode())
    c.close()
"""

ASK = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)
print(s.makefile().read())
"""


def serve(switch, ns, address, port=80):
    switch.ready("server-%s" % address.replace(":", "_"),
                 within(ns, ["python3", "-c", SERVE, address, str(port)]))


def test_established_only_tcp(switch):
    """Who may not begin connections gets no SYN through, but answers."""
    va, vb = switch.vm("a"), switch.vm("b")
    switch.stateful()
    for ns, n in ((va, 1), (vb, 2)):
        serve(switch, ns, "10.7.0.%d" % n)
        serve(switch, ns, "fd07::%d" % n)
    for address in ("10.7.0.2", "fd07::2"):
        assert switch.python(va, ASK, address,
                             "80").split()[-1] == address
    for address in ("10.7.0.1", "fd07::1"):
        with pytest.raises(AssertionError):
            switch.python(vb, ASK.replace("60)", "0.5)"), address, "80")


@pytest.mark.parametrize("family", ["v4", "v6"])
def test_dnat_by_a_group(switch, family):
    """A balancer: each bucket is a ct(nat) of its own; the servers answer as
    the service's address.  Errors about datagrams come back as well."""
    va = switch.vm("a")
    servers = [switch.vm("b"), switch.vm("c")]
    vip, prefix, nw, b = (("10.7.0.100", "10.7.0.", "ip", "%s")
                          if family == "v4"
                          else ("fd07::100", "fd07::", "ipv6", "[%s]"))
    neighbours(va, [vip], "02:00:00:00:00:ff")
    dst = "nw_dst" if family == "v4" else "ipv6_dst"
    buckets = ",".join(
        "bucket=actions=ct(commit,zone=5,table=2,nat(dst=%s))" % (b % (prefix + n))
        for n in "23")
    switch.host.ofctl("add-group", "br0",
                      "group_id=1,type=select,selection_method=dp_hash,"
                      + buckets)
    switch.flows(
        "table=0,%s,ct_state=-trk,actions=ct(table=1,zone=5,nat)" % nw,
        "table=1,%s,ct_state=+new+trk,%s=%s,actions=group:1" % (nw, dst, vip),
        "table=1,%s,ct_state=+est+trk,actions=resubmit(,2)" % nw,
        "table=1,%s,ct_state=+rel+trk,actions=resubmit(,2)" % nw,
        "table=2,%s,%s=%s,actions=mod_dl_dst:02:00:00:00:00:02,output:vifb"
        % (nw, dst, prefix + "2"),
        "table=2,%s,%s=%s,actions=mod_dl_dst:02:00:00:00:00:03,output:vifc"
        % (nw, dst, prefix + "3"),
        "table=2,%s,%s=%s,actions=output:vifa" % (nw, dst, prefix + "1"))
    for ns, n in zip(servers, "23"):
        serve(switch, ns, prefix + n)
    seen = set()
    wait_until(lambda: seen.add(switch.python(va, ASK, vip, "80").strip())
               or len(seen) == 2, 30, "answers of both servers")
    assert seen == {"%s at %s" % (prefix + "1", prefix + n) for n in "23"}
    # Nobody listens: the error is about what va sent, or it would not hear.
    assert switch.python(va, """
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET,
                  socket.SOCK_DGRAM)
s.settimeout(30)
s.connect((sys.argv[1], 9))
s.send(b"x")
try:
    s.recv(1)
except ConnectionRefusedError:
    print("refused")
""", vip).strip() == "refused"


def test_hairpin(switch):
    """A server that calls its own service's address gets to itself, from an
    address that is not its own."""
    va = switch.vm("a")
    neighbours(va, ["10.7.0.100", "10.7.0.101"], "02:00:00:00:00:ff")
    switch.flows(
        "table=0,ip,nw_dst=10.7.0.100,ct_state=-trk,"
        "actions=ct(commit,zone=5,nat(dst=10.7.0.1),table=1)",
        "table=1,ip,actions=ct(commit,zone=6,nat(src=10.7.0.101),table=2)",
        "table=0,ip,nw_dst=10.7.0.101,ct_state=-trk,"
        "actions=ct(zone=6,nat,table=3)",
        "table=3,ip,actions=ct(zone=5,nat,table=2)",
        "table=2,ip,actions=mod_dl_dst:02:00:00:00:00:01,IN_PORT")
    serve(switch, va, "10.7.0.1")
    assert switch.python(va, ASK, "10.7.0.100",
                         "80").strip() == "10.7.0.101 at 10.7.0.1"


def test_clone_and_clear(switch):
    """ct() inside clone() leaves what comes after it untracked; ct_clear
    forgets; check_pkt_larger decides beside it."""
    va, vb = switch.vm("a"), switch.vm("b")
    switch.flows(
        "table=0,icmp,in_port=vifa,actions=clone(ct(commit,zone=9)),"
        "check_pkt_larger(500)->NXM_NX_REG0[0],resubmit(,1)",
        "table=1,icmp,ct_state=-trk,reg0=1,actions=drop",
        "table=1,icmp,ct_state=-trk,actions=ct(zone=9,table=2)",
        "table=2,icmp,ct_state=+trk,actions=ct_clear,resubmit(,3)",
        "table=3,icmp,ct_state=-trk,actions=output:vifb",
        "table=0,icmp,in_port=vifb,actions=output:vifa")
    assert ping(va, "10.7.0.2") == 3
    assert "icmp,orig=(src=10.7.0.1,dst=10.7.0.2" in switch.dpctl(
        "dump-conntrack", "zone=9")
    assert ping(va, "10.7.0.2", size=4000, patience=2) == 0


def test_time_exceeded_through_snat(switch):
    """A router's error about a translated datagram comes to who sent it."""
    va, vb = switch.vm("a"), switch.vm("b")
    run(["ip", "-n", va, "route", "add", "10.8.0.0/24", "via", "10.7.0.2"])
    run(["ip", "-n", vb, "route", "add", "10.8.0.0/24", "dev", "eth0"])
    run(within(vb, ["sysctl", "-qw", "net.ipv4.ip_forward=1"]))
    neighbours(vb, ["10.7.0.99"], "02:00:00:00:00:01")
    switch.flows(
        "table=0,ip,ct_state=-trk,actions=ct(table=1,zone=5,nat)",
        "table=1,ip,ct_state=+new+trk,in_port=vifa,"
        "actions=ct(commit,zone=5,nat(src=10.7.0.99)),output:vifb",
        "table=1,ip,ct_state=+rel+rpl+trk,actions=output:vifa")
    assert switch.python(va, """
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
s.setsockopt(socket.IPPROTO_IP, 11, 1)    # IP_RECVERR
s.settimeout(30)
s.sendto(b"hello", ("10.8.0.9", 33434))
import select
p = select.poll()
p.register(s, select.POLLERR)
p.poll(30000)
data, ancillary, flags, address = s.recvmsg(100, 512, 0x2000)
error = [d for level, kind, d in ancillary if kind == 11][0]
errno, origin, kind, code = struct.unpack("IBBB", error[:7])
print(data, address, kind, code)
""").strip() == "b'hello' ('10.8.0.9', 33434) 11 0"


# ## SCTP: packets made by hand, since kernels may lack its sockets.

SCTP_SEND = """
import logging, sys
logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import *
back, tag, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
n = 1 if back else 0
p = Ether(src="02:00:00:00:00:0%d" % (n + 1),
          dst="02:00:00:00:00:0%d" % (2 - n)) / IP(
    src="10.7.0.2" if back else "10.7.0.1",
    dst="10.7.0.99" if back else "10.7.0.2") / SCTP(
    sport=80 if back else 1000, dport=5000 if back else 80, tag=tag)
p /= {"init": lambda: SCTPChunkInit(init_tag=10, a_rwnd=9000,
                                    n_out_streams=1, n_in_streams=1),
      "init_ack": lambda: SCTPChunkInitAck(init_tag=20, a_rwnd=9000,
                                           n_out_streams=1, n_in_streams=1),
      "cookie_echo": lambda: SCTPChunkCookieEcho(cookie=b"abcd"),
      "cookie_ack": SCTPChunkCookieAck,
      "data": lambda: SCTPChunkData(data=b"hello123"),
      "abort": SCTPChunkAbort}[kind]()
sendp(p, iface="eth0", verbose=0)
"""

SCTP_SNIFF = """
import logging
logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import *


def show(p):
    if IP in p and p[IP].proto == 132 and p.getlayer(SCTP):
        s = p[SCTP]
        want = bytes(s)[8:12]
        del s.chksum
        print(p[IP].src, p[IP].dst, s.sport, s.dport, s.tag,
              "good" if bytes(s)[8:12] == want else "bad", flush=True)


sniffer = AsyncSniffer(iface="eth0", prn=show, store=False,
                       started_callback=lambda: print("ready", flush=True))
sniffer.start()
sniffer.join()
"""


def test_sctp_through_snat(switch):
    va, vb = switch.vm("a"), switch.vm("b")
    switch.flows(
        "table=0,sctp,ct_state=-trk,actions=ct(table=1,zone=5,nat)",
        "table=1,sctp,ct_state=+new+trk,in_port=vifa,actions="
        "ct(commit,zone=5,nat(src=10.7.0.99:5000-5000)),output:vifb",
        "table=1,sctp,ct_state=+est+trk,in_port=vifa,actions=output:vifb",
        "table=1,sctp,ct_state=+est+trk,in_port=vifb,actions=output:vifa")
    seen = {n: switch.ready("sniff%d" % n, within(
        ns, ["/usr/bin/python3", "-c", SCTP_SNIFF]))
        for n, ns in ((0, va), (1, vb))}

    def send(back, tag, kind):
        run(within(vb if back else va,
                   ["/usr/bin/python3", "-c", SCTP_SEND, str(int(back)),
                    str(tag), kind]), timeout=60)
        return lambda line: wait_until(
            lambda: line in seen[0 if back else 1].text(), 20, line)

    def state():
        text = switch.dpctl("dump-conntrack", "zone=5")
        return (text.split("state=")[1].split(",")[0] if "state=" in text
                else None)

    there = "10.7.0.99 10.7.0.2 5000 80 %d good"
    here = "10.7.0.2 10.7.0.1 80 1000 %d good"
    send(False, 0, "init")(there % 0)
    assert state() == "COOKIE_WAIT"
    send(True, 10, "init_ack")(here % 10)
    send(False, 20, "cookie_echo")(there % 20)
    send(True, 10, "cookie_ack")(here % 10)
    assert state() == "ESTABLISHED"
    # A stranger's tag does not end it.
    send(True, 11, "abort")
    send(True, 10, "data")(here % 10)
    assert here % 11 not in seen[0].text()
    assert state() == "ESTABLISHED"
    assert ",vtag_orig=20,vtag_reply=10)" in switch.dpctl("dump-conntrack")
    send(True, 10, "abort")
    wait_until(lambda: state() == "CLOSED", what="abort")


def test_what_a_connection_costs():
    """Two million have to fit into 600 MB."""
    cost = json.loads(run([os.path.join(BUILD, "vswitch/datapath/ct_load"),
                           "262144"], timeout=120))
    assert cost["connections"] == 262144
    assert cost["bytes_each"] < 300, cost
