# SPDX-License-Identifier: Apache-2.0
"""BFD between two switches: see harness/overlay.py."""

import pytest

from harness.overlay import Overlay
from harness.process import run, wait_until

SECONDS = 30


def status(o, i, column="bfd_status", interface="tun"):
    """A column of key=value as a dict."""
    text = o.hosts[i].vsctl("get", "interface", interface, column).strip()
    pairs = (p.split("=", 1) for p in text.strip("{}").split(", ") if p)
    return {k: v.strip('"') for k, v in pairs}


def wait_status(o, i, interface="tun", **wanted):
    """Waits for values of bfd_status.  A machine that stands still makes a
    session end and begin again, so that only the last state counts."""
    def reached():
        now = status(o, i, interface=interface)
        return all(now.get(k) == v for k, v in wanted.items())
    wait_until(reached, SECONDS, "%s at h%d" % (wanted, i), interval=0.05)


def flap_count(o, i):
    return int(status(o, i)["flap_count"])


@pytest.fixture
def overlay(make_sandbox):
    """Two hosts with BFD on the tunnel, which is up."""
    o = Overlay([make_sandbox()] * 2, True)
    o.tunnel("geneve", "key=flow")
    for i in range(2):
        o.hosts[i].vsctl("set", "interface", "tun", "bfd:enable=true",
                         "bfd:min_rx=300")
    for i in range(2):
        wait_status(o, i, state="up", forwarding="true")
    return o


def test_failure_and_return(overlay):
    """A cut underlay is noticed, and so is its return."""
    o = overlay
    assert set(status(o, 0)) == {
        "state", "forwarding", "diagnostic", "remote_state",
        "remote_diagnostic", "flap_count"}
    flaps = [flap_count(o, i) for i in range(2)]
    run(["ip", "-n", o.hosts[1].ns, "link", "set", "u", "down"])
    for i in range(2):
        wait_status(o, i, state="down", forwarding="false",
                    diagnostic="Control Detection Time Expired",
                    remote_state="down")
        # Odd when it is up.
        assert flap_count(o, i) > flaps[i] and flap_count(o, i) % 2 == 0
    run(["ip", "-n", o.hosts[1].ns, "link", "set", "u", "up"])
    for i in range(2):
        wait_status(o, i, state="up", forwarding="true")
        assert flap_count(o, i) > flaps[i] + 1


def test_group_follows(overlay):
    """A fast-failover group leaves a tunnel whose session is down."""
    o = overlay
    h = o.hosts[0]
    h.ofctl("add-group", "br-int", "group_id=1,type=ff,"
            "bucket=watch_port:tun,output:tun,bucket=watch_port:p0,in_port")
    h.ofctl("add-flow", "br-int", "priority=9,in_port=p0 actions=group:1")

    def goes_to(port):
        return port in h.appctl("ofproto/trace", "br-int",
                                "in_port=p0,ip").split("Datapath actions")[1]
    wait_until(lambda: goes_to("set(tunnel("), SECONDS, "the tunnel")
    h.appctl("bfd/set-forwarding", "tun", "false")
    wait_until(lambda: not goes_to("set(tunnel("), SECONDS, "the other bucket")
    h.appctl("bfd/set-forwarding", "tun", "normal")
    wait_until(lambda: goes_to("set(tunnel("), SECONDS, "the tunnel")


def test_commands_and_settings(overlay):
    """bfd/show, bfd/set-forwarding, and each change of the column."""
    o = overlay
    wait_until(lambda: "  Local Session State: up\n"
               in o.appctl(0, "bfd/show", "tun"), SECONDS, "up")
    wait_until(lambda: "---- tun ----\n  Forwarding: true\n"
               in o.appctl(0, "bfd/show"), SECONDS, "forwarding")
    assert o.appctl(0, "bfd/show", "p0", check=False).returncode
    assert o.appctl(0, "bfd/set-forwarding", "maybe", check=False).returncode

    assert o.appctl(0, "bfd/set-forwarding", "false") == "OK\n"
    wait_status(o, 0, forwarding="false", state="up")
    assert o.appctl(0, "bfd/set-forwarding", "tun", "normal") == "OK\n"
    wait_status(o, 0, forwarding="true", state="up")

    o.hosts[0].vsctl("set", "interface", "tun", "bfd:cpath_down=true")
    wait_status(o, 1, forwarding="false", state="up",
                remote_diagnostic="Concatenated Path Down")
    o.hosts[0].vsctl("set", "interface", "tun", "bfd:cpath_down=false",
                     "bfd:min_tx=200", "bfd:mult=5")
    wait_status(o, 1, forwarding="true", state="up")
    wait_until(lambda: "Remote Detect Multiplier: 5"
               in o.appctl(1, "bfd/show", "tun"), SECONDS, "mult")
    wait_until(lambda: "Remote Minimum TX Interval: 200ms"
               in o.appctl(1, "bfd/show", "tun"), SECONDS, "min_tx")

    # A session that is switched off leaves nothing, and the other end fails.
    o.hosts[0].vsctl("set", "interface", "tun", "bfd:enable=false")
    wait_until(lambda: status(o, 0) == {}, SECONDS, "no status")
    wait_status(o, 1, state="down")
    assert o.appctl(0, "bfd/show") == ""
    o.hosts[0].vsctl("set", "interface", "tun", "bfd:enable=true")
    wait_status(o, 1, state="up")


def test_tunnel_key_and_addresses(overlay):
    """check_tnl_key, and the addresses of the packets, which the flows do not
    see."""
    o = overlay
    for i in range(2):
        o.hosts[i].ofctl("add-flow", "br-int",
                         "table=0,priority=99,udp,tp_dst=3784 actions=drop")
        o.hosts[i].vsctl(
            "set", "interface", "tun", "bfd:check_tnl_key=true",
            "bfd:bfd_local_src_mac=02:00:00:00:05:0%d" % i,
            "bfd:bfd_local_dst_mac=02:00:00:00:06:0%d" % i,
            "bfd:bfd_remote_dst_mac=02:00:00:00:06:0%d" % (1 - i),
            "bfd:bfd_src_ip=10.5.0.%d" % (i + 1),
            "bfd:bfd_dst_ip=10.5.0.%d" % (2 - i), "bfd:oam=true")
    run(["ip", "-n", o.hosts[1].ns, "link", "set", "u", "down"])
    wait_status(o, 0, state="down")
    run(["ip", "-n", o.hosts[1].ns, "link", "set", "u", "up"])
    for i in range(2):
        wait_status(o, i, state="up")
    flows = o.appctl(1, "dpctl/dump-flows")
    assert "dst=02:00:00:00:06:01" in flows and "3784" in flows


def test_plain_port(overlay):
    """A session on a port that is no tunnel."""
    o = overlay
    for i in range(2):
        o.hosts[i].vsctl("set", "interface", "u", "bfd:enable=true",
                         "bfd:min_rx=300")
    for i in range(2):
        wait_status(o, i, interface="u", state="up", forwarding="true")
