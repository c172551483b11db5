# SPDX-License-Identifier: Apache-2.0
"""Controllers that are reached through the bridge that they control."""

import pytest

from harness.in_band import CONTROLLER_MAC, FAR, HOST_MAC, NEAR, InBand
from harness.netns import ping, within
from harness.process import run, wait_until

LOCAL_FLOWS = [
    "priority=180000,udp,in_port=LOCAL,dl_src=%s,tp_src=68,tp_dst=67,"
    "actions=NORMAL" % HOST_MAC,
    "priority=180001,arp,dl_dst=%s,arp_op=2,actions=NORMAL" % HOST_MAC,
    "priority=180002,arp,dl_src=%s,arp_op=1,actions=NORMAL" % HOST_MAC]


def next_hop_flows(mac):
    return ["priority=180003,arp,dl_dst=%s,arp_op=2,actions=NORMAL" % mac,
            "priority=180004,arp,dl_src=%s,arp_op=1,actions=NORMAL" % mac]


def remote_flows(ip, port=6653):
    return ["priority=180005,arp,arp_tpa=%s,arp_op=2,actions=NORMAL" % ip,
            "priority=180006,arp,arp_spa=%s,arp_op=1,actions=NORMAL" % ip,
            "priority=180007,tcp,nw_dst=%s,tp_dst=%d,actions=NORMAL"
            % (ip, port),
            "priority=180008,tcp,nw_src=%s,tp_src=%d,actions=NORMAL"
            % (ip, port)]


@pytest.fixture
def net(make_sandbox):
    return InBand(make_sandbox())


def test_way_to_the_controller_is_open(net):
    """A bridge without flows connects, and lets nothing else through."""
    net.control(NEAR)
    net.wait_connected()
    net.wait_flows(LOCAL_FLOWS + next_hop_flows(CONTROLLER_MAC)
                   + remote_flows(NEAR))
    assert net.host.ofctl("dump-flows", "br0").splitlines()[1:] == []
    assert ping(net.host.ns, NEAR, patience=1) == 0


def test_flows_of_the_controller_do_not_close_it(net):
    """Nor do deletes of everything, or drops of the highest priority."""
    net.control(NEAR)
    net.wait_connected()
    net.host.ofctl("add-flow", "br0", "priority=65535,actions=drop")
    net.host.ofctl("del-flows", "br0", "tcp")
    net.host.appctl("bridge/reconnect", "br0")
    wait_until(lambda: net.status("is_connected") == "false"
               or "sec_since_disconnect" in net.status("status"),
               what="disconnection")
    net.wait_connected()
    net.host.ofctl("del-flows", "br0")
    net.wait_flows(LOCAL_FLOWS + next_hop_flows(CONTROLLER_MAC)
                   + remote_flows(NEAR))


@pytest.mark.parametrize("off, on", [
    (("set", "bridge", "br0", "other_config:disable-in-band=true"),
     ("remove", "bridge", "br0", "other_config", "disable-in-band")),
    (("set", "controller", "br0", "connection_mode=out-of-band"),
     ("set", "controller", "br0", "connection_mode=in-band"))])
def test_without_in_band_control_it_is_shut(net, off, on):
    net.host.vsctl("set-controller", "br0", "tcp:" + NEAR, "--", *off, "--",
                   "set", "controller", "br0", "max_backoff=1000")
    wait_until(lambda: "last_error" in net.status("status"),
               what="failure to connect")
    assert net.status("is_connected") == "false"
    assert net.flows() == []
    net.host.vsctl(*on)
    net.wait_connected()


def test_next_hops_are_followed(net):
    """A remote behind a router: the router's address counts, and what the
    host's routes and neighbours say of it."""
    other = "02:00:00:00:08:09"
    ip, ns = net.ip, net.host.ns
    own = LOCAL_FLOWS + remote_flows(FAR)
    net.control(FAR)
    net.wait_flows(own)
    ip(ns, "route", "add", "10.9.0.0/16", "via", NEAR)
    net.wait_connected()
    net.wait_flows(own + next_hop_flows(CONTROLLER_MAC))

    ip(ns, "neigh", "replace", "10.8.0.7", "lladdr", other, "dev", "br0")
    ip(ns, "route", "replace", "10.9.0.0/16", "via", "10.8.0.7")
    net.wait_flows(own + next_hop_flows(other))
    ip(ns, "neigh", "replace", "10.8.0.7", "lladdr", CONTROLLER_MAC, "dev",
       "br0")
    net.wait_flows(own + next_hop_flows(CONTROLLER_MAC))
    ip(ns, "neigh", "del", "10.8.0.7", "dev", "br0")
    net.wait_flows(own)


def test_remotes_are_followed(net):
    """Managers count as well; duplicates, sockets and the host itself do
    not.  The local port's address may change."""
    near = next_hop_flows(CONTROLLER_MAC) + remote_flows(NEAR)
    net.control(NEAR)
    net.wait_connected()
    net.host.vsctl("set-manager", "tcp:10.7.7.7:6640", "ptcp:6640:127.0.0.1",
                   "tcp:127.0.0.1:6641", "tcp:%s:6653" % NEAR)
    net.wait_flows(LOCAL_FLOWS + near + remote_flows("10.7.7.7", 6640))
    net.host.vsctl("del-manager")
    net.wait_flows(LOCAL_FLOWS + near)

    mac = "02:00:00:00:08:77"
    net.host.vsctl("set", "bridge", "br0",
                   'other_config:hwaddr="%s"' % mac)
    net.wait_flows([f.replace(HOST_MAC, mac) for f in LOCAL_FLOWS] + near)
    net.host.vsctl("set", "bridge", "br0", "other_config:in-band-queue=3")
    wait_until(lambda: all("actions=set_queue:3,NORMAL" in f
                           for f in net.flows()))
    net.host.vsctl("set-controller", "br0", "unix:/nowhere")
    net.wait_flows([])


HEAR = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"br0")
s.bind(("", %d))
print("ready", flush=True)
while True:
    print("from", s.recvfrom(100)[1][1], flush=True)
"""

SAY = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.bind(("10.8.0.2", %d))
s.sendto(b"offer", ("255.255.255.255", %d))
"""


def test_dhcp_answers_reach_the_local_port(net):
    """Those, and no others from the same port or to the same one, which may
    share no megaflow with them whichever comes first."""
    def hear(port):
        heard = net.host.sandbox.spawn("hear-%d" % port, within(
            net.host.ns, ["/usr/bin/python3", "-c", HEAR % port]))
        heard.wait_for(lambda: "ready" in heard.text())
        return heard

    def say(source, target):
        run(within(net.ns, ["/usr/bin/python3", "-c", SAY % (source, target)]))

    net.ip(net.ns, "route", "add", "255.255.255.255", "dev", "eth0")
    net.control(NEAR)
    net.wait_connected()
    client, other = hear(68), hear(69)
    for _ in range(2):
        say(67, 69)
        say(66, 68)
        n_heard = client.text().count("from")

        def is_heard():
            say(67, 68)
            return client.text().count("from") > n_heard
        wait_until(is_heard)
    assert set(client.text().split("\n")[1:-1]) == {"from 67"}
    assert "from" not in other.text()
