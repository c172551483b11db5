# SPDX-License-Identifier: Apache-2.0
"""Ports that come and go, many at once: the command that asks for it returns
when they receive, or when their devices are gone."""

import re

import pytest

from harness.netns import ping, within
from harness.overlay import ports_are_claimed
from harness.process import run, wait_until
from harness.proxy import Proxy
from harness.sandbox import Sandbox
from harness.switch import Switch

N_PORTS = 12
N_INTERNAL = 4

SEND_EACH = """
import socket, sys
for i in range(int(sys.argv[1])):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind(("e%d" % i, 0))
    s.send(bytes.fromhex("020000000001020000000002" "88b5") + bytes(46))
"""


@pytest.fixture
def switch():
    with Sandbox() as sandbox:
        yield Switch(sandbox)


def veths(switch):
    """A namespace with an end of each pair whose other end is p0, p1, ..."""
    ns = switch.sandbox.namespaces.add("ends")
    for i in range(N_PORTS):
        switch.sandbox.namespaces.veth(ns, "e%d" % i, switch.host.ns,
                                       "p%d" % i)
    return ns


def add_ports(switch):
    words = []
    for i in range(N_PORTS):
        words += ["--", "add-port", "br0", "p%d" % i]
    for i in range(N_INTERNAL):
        words += ["--", "add-port", "br0", "i%d" % i, "--", "set",
                  "interface", "i%d" % i, "type=internal"]
    switch.host.vsctl(*words)


def del_ports(switch):
    words = []
    for name in (["p%d" % i for i in range(N_PORTS)]
                 + ["i%d" % i for i in range(N_INTERNAL)]):
        words += ["--", "del-port", "br0", name]
    switch.host.vsctl(*words)


def links(switch):
    return set(re.findall(r"^\d+: ([^:@]+)", run(
        ["ip", "-n", switch.host.ns, "-o", "link"]), re.M))


def n_received(switch):
    return int(re.search(r"n_packets=(\d+)", switch.host.ofctl(
        "dump-flows", "br0", "dl_type=0x88b5")).group(1))


def test_ports_receive_when_the_command_returns(switch):
    """Every port's first frame arrives, once."""
    ns = veths(switch)
    switch.flows("dl_type=0x88b5,actions=drop")
    for turn in (1, 2):
        add_ports(switch)
        assert {"i%d" % i for i in range(N_INTERNAL)} <= links(switch)
        run(within(ns, ["python3", "-c", SEND_EACH, str(N_PORTS)]))
        wait_until(lambda: n_received(switch) >= turn * N_PORTS)
        assert n_received(switch) == turn * N_PORTS
        del_ports(switch)
        assert not any(re.match(r"i\d", name) for name in links(switch))


def test_internal_port_in_place_of_one(switch):
    """A name can be used again in the command that deletes it."""
    def index():
        return run(["ip", "netns", "exec", switch.host.ns, "cat",
                    "/sys/class/net/i0/ifindex"])

    add = ["--", "add-port", "br0", "i0", "--", "set", "interface", "i0",
           "type=internal"]
    switch.host.vsctl(*add)
    before = index()
    switch.host.vsctl("--", "del-port", "br0", "i0", *add)
    assert index() != before
    assert switch.host.vsctl("get", "interface", "i0", "error") == "[]\n"


@pytest.mark.skipif(not ports_are_claimed(), reason="needs Linux 6.6")
def test_host_is_kept_away(switch):
    """What a port receives is not for the host's stack, until the port goes
    away or the switch dies."""
    ns = veths(switch)
    run(["ip", "-n", switch.host.ns, "addr", "add", "10.8.0.1/24", "dev",
         "p0"])
    run(["ip", "-n", ns, "addr", "add", "10.8.0.2/24", "dev", "e0"])
    assert ping(ns, "10.8.0.1", count=1) == 1
    add_ports(switch)
    assert ping(ns, "10.8.0.1", count=1, patience=1) == 0
    del_ports(switch)
    assert ping(ns, "10.8.0.1", count=1) == 1
    add_ports(switch)
    switch.host.vswitchd.kill()
    assert ping(ns, "10.8.0.1", count=1) == 1


def test_tool_reads_what_a_command_names(switch, tmp_path):
    """One more port costs its tool the same whatever others there are."""
    names = set()

    def note(message, text):
        names.update(re.findall(r'"name": "(\w+)"', text))
        return text

    switch.host.vsctl("add-br", "br1", "--", "set", "bridge", "br1",
                      "datapath_type=netdev")
    veths(switch)
    add_ports(switch)
    proxy = Proxy(str(tmp_path / "proxy.sock"), switch.host.db.socket,
                  spoil=note)
    for words in (["add-port", "br0", "new"],
                  ["--may-exist", "add-port", "br0", "new"],
                  ["port-to-br", "new"], ["del-port", "br0", "new"]):
        run([switch.sandbox.programs.path("ovs-vsctl"), "--no-wait",
             "--db=unix:" + proxy.path, *words])
    proxy.close()
    assert "new" in names
    assert names <= {"new", "br0", "_Server", "Open_vSwitch"}
