# SPDX-License-Identifier: Apache-2.0
"""ovs-vswitchd with its database and tools, forwarding real packets between
namespaces.  Workload va, on port vifa, is 10.7.0.1; vb is 10.7.0.2; ..."""

import os
import socket
import struct
import time

import pytest

from harness.netns import ping, wait_ping, within
from harness.process import wait_until
from harness.sandbox import Sandbox
from harness.switch import Switch

LISTEN = """
import socket, time
s = socket.create_server(("10.7.0.2", 80))
print("ready", flush=True)
c = s.accept()
time.sleep(600)
"""

CONNECT = """
import socket, time
s = socket.create_connection(("10.7.0.2", 80), timeout=60)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def switch():
    with Sandbox() as sandbox:
        yield Switch(sandbox)


def test_features_can_be_left_out(switch):
    """A switch can be told to do without what its datapath offers."""
    appctl = switch.host.appctl
    switch.flows("ip,actions=ct(table=1)", "table=1,actions=ct_clear,LOCAL")
    trace = ["ofproto/trace", "br0", "in_port=5,tcp"]
    assert "Datapath actions: ct_clear," in appctl(*trace)
    appctl("dpif/set-dp-features", "br0", "ct_clear", "false")
    assert "Conntrack clear: No\n" in appctl("dpif/show-dp-features", "br0")
    assert "Datapath actions: ct_clear" not in appctl(*trace)
    appctl("dpif/set-dp-features", "br0", "ct_clear", "true")
    assert "Datapath actions: ct_clear," in appctl(*trace)
    assert appctl("dpif/set-dp-features", "br0", "ct_clear") == (
        "ct_clear (Conntrack clear) : [run time]:true, [boot time]:true\n")
    assert "\nclone (Clone action) : [run time]:true, " in appctl(
        "dpif/set-dp-features", "br0")
    assert "Conntrack clear: Yes\n" in appctl("dpif/show-dp-features", "br0")


def test_detrace(switch):
    """From a megaflow back to the flows and buckets that made it."""
    appctl, ofctl = switch.host.appctl, switch.host.ofctl
    va = switch.vm("a")
    switch.vm("b")
    ofctl("add-group", "br0",
          "group_id=5,type=all,bucket=actions=resubmit(,7)")
    switch.flows("cookie=0x11,priority=1,ip,actions=resubmit(,3)",
                 "cookie=0x22,table=3,actions=group:5",
                 "cookie=0x33,table=7,actions=NORMAL",
                 "cookie=0x44,arp,actions=NORMAL")

    def origins():
        """Of a flow that may be gone before it is asked for."""
        ping(va, "10.7.0.2", count=1)
        for line in appctl("dpctl/dump-flows", "-m").splitlines():
            if "eth_type(0x0800)" in line and "drop" not in line:
                return appctl("ofproto/detrace", line.split(",")[0],
                              check=False).stdout
        return None

    said = wait_until(origins)
    for cookie in "0x11", "0x22", "0x33":
        assert "cookie=%s," % cookie in said
    assert "cookie=0x44" not in said
    assert "group_id=5 bucket " in said
    gone = "ufid:00000000-0000-0000-0000-000000000000"
    assert "No such file" in appctl("ofproto/detrace", gone,
                                    check=False).stderr


def test_vlans(switch):
    """Access ports talk within their VLAN only, also across a trunk made of
    patch ports between two bridges."""
    switch.add_bridge("br1")
    switch.host.vsctl(
        "add-port", "br0", "to1", "--", "set", "interface", "to1",
        "type=patch", "options:peer=to0", "--",
        "add-port", "br1", "to0", "--", "set", "interface", "to0",
        "type=patch", "options:peer=to1", "--",
        "set", "port", "to1", "trunks=10,20")
    switch.flows("actions=NORMAL")
    switch.flows("actions=NORMAL", bridge="br1")
    va = switch.vm("a", "br0", "tag=10")
    switch.vm("b", "br0", "tag=20")
    switch.vm("c", "br1", "tag=10")
    switch.vm("d", "br1", "tag=20")
    switch.vm("e", "br0", "tag=10")
    switch.vm("f", "br0", "tag=30")
    vg = switch.vm("g", "br1", "tag=30")
    assert ping(va, "10.7.0.3") == 3
    assert ping(va, "10.7.0.5") == 3
    assert ping(va, "10.7.0.2", count=1, patience=1) == 0
    assert ping(va, "10.7.0.4", count=1, patience=1) == 0
    # VLAN 30 is not on the trunk.
    assert ping(vg, "10.7.0.6", count=1, patience=1) == 0
    macs = switch.host.appctl("fdb/show", "br1")
    assert any(line.split()[1:3] == ["10", "02:00:00:00:00:01"]
               for line in macs.splitlines()), macs


def test_group(switch):
    """A group of type all copies to each bucket."""
    va, _ = switch.vm("a"), switch.vm("b")
    switch.host.ofctl("add-group", "br0",
                      "group_id=7,type=all,bucket=output:vifa,bucket=output:vifb")
    switch.flows("in_port=vifa,actions=group:7", "in_port=vifb,actions=group:7")
    assert ping(va, "10.7.0.2") == 3
    stats = switch.host.ofctl("dump-group-stats", "br0", "7")
    assert "packet_count=0" not in stats.split("bucket0")[0]


def test_meter(switch):
    """A meter lets its burst pass and drops what is above."""
    va, _ = switch.vm("a"), switch.vm("b")
    switch.host.ofctl("add-meter", "br0",
                      "meter=1,pktps,burst,bands=type=drop,rate=1,"
                      "burst_size=2")
    switch.flows("arp,actions=NORMAL",
                 "ip,in_port=vifa,actions=meter:1,output:vifb",
                 "ip,in_port=vifb,actions=output:vifa")
    began = time.monotonic()
    answered = ping(va, "10.7.0.2", count=200, interval=0.005, patience=1)
    assert 0 < answered <= 3 + time.monotonic() - began


def test_restart(switch):
    """A new daemon takes up the configuration where the old one was."""
    switch.flows("actions=NORMAL")
    va, _ = switch.vm("a"), switch.vm("b")
    assert ping(va, "10.7.0.2") == 3
    before = switch.host.vsctl("get", "interface", "vifb", "ofport")
    switch.host.appctl("exit")
    wait_until(lambda: not switch.host.vswitchd.is_running())
    switch.host.start_vswitchd()
    switch.host.vsctl("set", "bridge", "br0", "fail_mode=standalone")
    wait_ping(va, "10.7.0.2")
    assert switch.host.vsctl("get", "interface", "vifb", "ofport") == before


def test_flow_restore_wait(switch):
    """While flows are restored no controller is connected to and nothing is
    forwarded; then, flows and controllers are as they should be."""
    va, _ = switch.vm("a"), switch.vm("b")
    path = os.path.join(switch.host.folder, "controller.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        switch.host.vsctl("set", "open_vswitch", ".",
                          "other_config:flow-restore-wait=true")
        switch.host.appctl("exit")
        wait_until(lambda: not switch.host.vswitchd.is_running())
        switch.host.start_vswitchd()
        switch.host.vsctl("set-controller", "br0", "unix:" + path)
        switch.flows("cookie=7,actions=NORMAL")
        assert ping(va, "10.7.0.2", count=1, patience=1) == 0
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
        switch.host.vsctl("remove", "open_vswitch", ".", "other_config",
                          "flow-restore-wait")
        listener.settimeout(90)
        listener.accept()[0].close()
    assert "cookie=0x7," in switch.host.ofctl("dump-flows", "br0")
    # The kernel in va may be between two of its ARP requests.
    switch.sandbox.wait_ping(va, "10.7.0.2")
    assert ping(va, "10.7.0.2") == 3


def test_conntrack_commands(switch):
    """What dpctl shows of connections, and how it removes and limits them."""
    va, vb = switch.vm("a"), switch.vm("b")
    appctl = switch.host.appctl
    switch.flows(
        "arp,actions=NORMAL",
        "ip,ct_state=-trk,actions=ct(table=1,zone=5)",
        "table=1,ip,ct_state=+new,actions=ct(commit,zone=5,"
        "exec(set_field:7->ct_mark,set_field:0x15->ct_label)),NORMAL",
        "table=1,ip,ct_state=+est,actions=NORMAL")
    assert ping(va, "10.7.0.2") == 3
    switch.ready("server", within(vb, ["python3", "-c", LISTEN]))
    switch.ready("client", within(va, ["python3", "-c", CONNECT]))

    icmp, tcp = sorted(
        appctl("dpctl/dump-conntrack").splitlines())
    assert icmp.startswith("icmp,orig=(src=10.7.0.1,dst=10.7.0.2,id=")
    assert icmp.endswith(",type=0,code=0),zone=5,mark=7,labels=0x15")
    assert tcp.startswith("tcp,orig=(src=10.7.0.1,dst=10.7.0.2,sport=")
    assert ",dport=80),reply=(src=10.7.0.2,dst=10.7.0.1,sport=80," in tcp
    assert tcp.endswith("),zone=5,mark=7,labels=0x15,"
                        "protoinfo=(state=ESTABLISHED)")
    assert appctl("dpctl/dump-conntrack", "zone=6") == ""
    assert appctl("dpctl/ct-stats-show", "verbose") == (
        "Connections Stats:\n    Total: 2\n  TCP: 1\n"
        "    Conn per TCP states:\n\t  [ESTABLISHED]=1\n  ICMP: 1\n")

    assert appctl("dpctl/ct-get-nconns") == "2\n"
    assert "successful" in appctl("dpctl/ct-set-maxconns", "10")
    assert appctl("dpctl/ct-get-maxconns") == "10\n"
    appctl("dpctl/ct-set-limits", "default=10", "zone=8,limit=3",
           "zone=6,limit=4")
    appctl("dpctl/ct-del-limits", "zone=8,9")
    assert appctl("dpctl/ct-get-limits") == (
        "default limit=10\nzone=6,limit=4,count=0\n")

    appctl("dpctl/flush-conntrack", "zone=5",
           "ct_nw_proto=6,ct_nw_src=10.7.0.1,ct_tp_dst=80")
    assert appctl("dpctl/dump-conntrack").startswith("icmp,")
    for bad in ("zone=65536", "ct_foo=1", "ct_nw_src=10.7.0", "mark=1/x"):
        done = appctl("dpctl/flush-conntrack", bad, check=False)
        assert done.returncode and "(Invalid argument)" in done.stderr, bad
    assert appctl("dpctl/ct-get-nconns") == "1\n"
    appctl("dpctl/flush-conntrack")
    assert appctl("dpctl/dump-conntrack") == ""


def test_controller(switch):
    """A controller is connected to, and the database says so; that it went
    away, too."""
    path = os.path.join(switch.host.folder, "controller.sock")

    def connected():
        return switch.host.vsctl("--bare", "get", "controller", "br0",
                                 "is_connected").strip()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        listener.settimeout(90)
        switch.host.vsctl("set-controller", "br0", "unix:" + path)
        peer = listener.accept()[0]
        with peer:
            peer.settimeout(90)
            hello = peer.recv(8, socket.MSG_WAITALL)
            assert hello[1] == 0 and hello[0] >= 4
            peer.sendall(struct.pack("!BBHI", 4, 0, 8, 1))
            wait_until(lambda: connected() == "true")
    wait_until(lambda: connected() == "false", timeout=20)
