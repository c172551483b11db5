# SPDX-License-Identifier: Apache-2.0
"""weft explain tells where a packet ends and names the rows that decided.

a and b are on switches sw0 and sw1 of router lr0, on one host:
a 10.0.0.11, b 10.0.1.12, gateways .1.  ACL no-web drops TCP port 80 to b."""

import json
import os
import re
import subprocess
import sys

import pytest

from harness.netns import ping, within
from harness.process import wait_until
from harness.sandbox import Sandbox

WEFT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                    "tools", "weft")
MAC_A, MAC_B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"


class Network:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        sandbox.start_central()
        self.host = sandbox.underlay(1)[0]
        nbctl = sandbox.nbctl
        nbctl("lr-add", "lr0")
        for i, (name, mac) in enumerate((("a", MAC_A), ("b", MAC_B))):
            ip = "10.0.%d.%d" % (i, 11 + i)
            nbctl("ls-add", "sw%d" % i, "--",
                  "lrp-add", "lr0", "lr0-sw%d" % i,
                  "02:00:00:00:ff:%02d" % i, "10.0.%d.1/24" % i, "--",
                  "lsp-add", "sw%d" % i, "sw%d-lr0" % i, "--",
                  "lsp-set-type", "sw%d-lr0" % i, "router", "--",
                  "lsp-set-addresses", "sw%d-lr0" % i, "router", "--",
                  "lsp-set-options", "sw%d-lr0" % i,
                  "router-port=lr0-sw%d" % i, "--",
                  "lsp-add", "sw%d" % i, name, "--",
                  "lsp-set-addresses", name, mac + " " + ip, "--",
                  "lsp-set-port-security", name, mac + " " + ip)
        nbctl("--name=no-web", "acl-add", "sw1", "to-lport", "1000",
              'outport == "b" && tcp.dst == 80', "drop")
        nbctl("acl-add", "sw0", "from-lport", "900",
              'inport == "a" && udp.dst == 53', "drop")
        # Others, which are not the reason.
        nbctl("acl-add", "sw0", "from-lport", "901", "udp.dst == 54", "drop",
              "--", "acl-add", "sw0", "to-lport", "1", "ip4",
              "allow-related", "--", "lb-add", "lb0", "10.0.0.100:80",
              "10.0.1.12:8080", "--", "ls-lb-add", "sw0", "lb0")
        nbctl("lr-policy-add", "lr0", "10", "ip4.dst == 10.7.0.0/16", "drop")
        nbctl("lr-route-add", "lr0", "10.7.0.0/16", "10.0.1.12")
        self.a = self.host.workload("a", MAC_A, "10.0.0.11",
                                    gateway="10.0.0.1")
        self.host.workload("b", MAC_B, "10.0.1.12",
                           gateway="10.0.1.1")
        sandbox.wait_ping(self.a, "10.0.1.12")
        nbctl("--wait=hv", "sync")

    def command(self, *words):
        return [sys.executable, WEFT, "explain",
                "--nb=" + self.sandbox.nb.remote,
                "--sb=" + self.sandbox.sb.remote,
                "--northd=" + os.path.join(self.sandbox.folder, "northd.ctl"),
                "--switch=" + self.host.vswitchd_ctl, *words]

    def explain(self, *words):
        done = subprocess.run(self.command(*words), text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    def packet(self, dst, rest="icmp4.type == 8", src="10.0.0.11",
               eth_dst="02:00:00:00:ff:00"):
        return ('inport == "a" && eth.src == %s && eth.dst == %s && '
                "ip4.src == %s && ip4.dst == %s && ip.ttl == 64 && %s"
                % (MAC_A, eth_dst, src, dst, rest))

    def verdict(self, *args, **kwargs):
        """The only verdict on a packet, and the texts of its causes."""
        said = json.loads(self.explain("--json", "sw0",
                                       self.packet(*args, **kwargs)))
        verdict, = said["verdicts"]
        return verdict, [c["text"] for c in verdict.get("causes", [])]

    def verdicts(self, *args, **kwargs):
        """What became of a packet and of those that it gave rise to."""
        said = json.loads(self.explain("--json", "sw0",
                                       self.packet(*args, **kwargs)))
        return [(v["verdict"], v.get("packet"), v.get("port"),
                 v.get("reason")) for v in said["verdicts"]]


@pytest.fixture(scope="module")
def network():
    with Sandbox() as sandbox:
        yield Network(sandbox)


def test_delivered(network):
    """The way through both switches and the router, with the rows."""
    text = network.explain("sw0", network.packet("10.0.1.12"))
    assert "DELIVERED to b" in text
    assert "because of router port lr0-sw1 10.0.1.1/24" in text
    assert "because of switch port b" in text
    stages = re.findall(r"^ +(l[rs]_\w+)", text, re.M)
    assert stages.index("lr_in_ip_routing") > stages.index("ls_in_l2_lkup")
    assert "\033" not in text
    assert "\033[" in network.explain("--color=always", "sw0",
                                      network.packet("10.0.1.12"))
    everything = network.explain("--all", "sw0", network.packet("10.0.1.12"))
    assert len(everything.splitlines()) > len(text.splitlines()) + 20


@pytest.mark.parametrize("packet, where, cause", [
    (("10.0.1.12", "tcp.dst == 80"), "sw1, ls_out_acl",
     "ACL no-web: to-lport 1000 'outport == \"b\" && tcp.dst == 80' drop"),
    (("10.9.9.9",), "lr0, lr_in_ip_routing", None),
    (("10.7.0.1",), "lr0, lr_in_policy",
     "routing policy 10 'ip4.dst == 10.7.0.0/16' drop"),
    (("10.0.1.12", "icmp4.type == 8", "10.0.0.99"),
     "sw0, ls_in_apply_port_sec",
     "switch port a, port security: %s 10.0.0.11" % MAC_A),
    (("10.0.1.12", "icmp4.type == 8 && vlan.present && vlan.vid == 7"),
     "sw0, ls_in_check_port_sec",
     "switch port a, port security: %s 10.0.0.11" % MAC_A),
    (("10.0.1.12", "udp.dst == 53"), "sw0, ls_in_acl",
     "ACL from-lport 900 'inport == \"a\" && udp.dst == 53' drop"),
    (("10.0.0.77", "icmp4.type == 8", "10.0.0.11", "02:00:00:00:00:77"),
     "sw0, ls_in_l2", None),
])
def test_dropped(network, packet, where, cause):
    """Each way to be dropped is named, and the row if one asks for it."""
    verdict, causes = network.verdict(*packet)
    assert verdict["verdict"] == "dropped"
    assert verdict["where"].startswith(where)
    assert causes == ([cause] if cause else [])


def test_reasons(network):
    """A word for what is wrong, where stages alone do not say it."""
    for packet, reason in (
            (("10.9.9.9",), "no route"),
            (("10.0.1.12", "ip4 && vlan.present"), "VLAN tag"),
            (("10.0.0.77", "ip4", "10.0.0.11", "02:00:00:00:00:77"),
             "no port of the switch")):
        assert reason in network.verdict(*packet)[0]["reason"]


def test_answered_and_held(network):
    """What a packet gave rise to is told apart from the packet."""
    ttl = network.packet("10.0.1.12").replace("ip.ttl == 64", "ip.ttl == 1")
    said = json.loads(network.explain("--json", "sw0", ttl))["verdicts"]
    assert [(v["verdict"], v.get("packet")) for v in said] == [
        ("answered", None), ("delivered", "the ICMP answer")]
    assert said[0]["reason"] == "its TTL ends here"
    assert said[1]["port"] == "a"
    text = network.explain("sw0", ttl)
    assert "ANSWERED in lr0, lr_in_ip_input: its TTL ends here" in text
    assert "the ICMP answer: delivered to a" in text
    held, request = network.verdicts("10.0.1.99")
    assert held[0] == "held" and "MAC address" in held[3]
    assert request == ("delivered", "its ARP request", "b", None)


def test_first_packet_of_a_connection(network):
    """A packet to a load balancer's address goes to a backend; of a
    connection that is there, it does not."""
    packet = network.packet("10.0.0.100", "tcp.dst == 80")
    text = network.explain("sw0", packet)
    assert "DELIVERED to b" in text
    assert re.search(r"ls_in_lb .*\n.*\n.*load balancer lb0", text)
    assert "DELIVERED to b" not in network.explain("--ct=trk,est", "sw0",
                                                   packet)


def test_errors(network):
    for words, message in (
            (["sw0", "inport == "], "ovn-trace"),
            (["--sb=unix:/nonexistent", "sw0", "ip4"], "ovn-trace"),
            (["--flow=0000", "--switch=/nonexistent"], "ovs-vswitchd"),
            (["--drops", "sw0", "ip4"], "one of them")):
        done = subprocess.run(network.command(*words), text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode and message in done.stderr, words
        assert "Traceback" not in done.stderr


def test_northd_that_cannot_be_asked(network):
    """The way is shown all the same, with the rows that flows name."""
    done = subprocess.run(
        network.command("--northd=/nonexistent", "sw0",
                        network.packet("10.0.1.12")),
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert "ovn-northd does not tell its reasons" in done.stderr
    assert "DELIVERED to b" in done.stdout
    assert "because of router port lr0-sw1 10.0.1.1/24" in done.stdout


def test_flow_of_a_host(network):
    """A datapath flow leads to the same rows as the packet."""
    assert ping(network.a, "10.0.1.12", count=2) == 2
    flows = network.host.appctl("dpctl/dump-flows", "-m")
    ufid = re.search(r"ufid:([0-9a-f-]+).*dst=10\.0\.1\.12", flows).group(1)
    text = network.explain("--flow", ufid)
    assert "FORWARDED" in text
    assert "because of router port lr0-sw1 10.0.1.1/24" in text


def test_drops_of_a_host(network):
    """Packets that are dropped are told of while they come."""
    watch = network.sandbox.spawn("drops", network.command("--drops",
                                                           "--json"))
    cause = "routing policy 10 'ip4.dst == 10.7.0.0/16' drop"

    def told():
        subprocess.run(within(network.a, ["ping", "-c1", "-W1", "10.7.0.1"]),
                       stdout=subprocess.DEVNULL)
        return cause in watch.text().rpartition("\n")[0]
    watch.wait_for(told, timeout=30, what="a drop is explained")
    assert "weft:" not in watch.text(), watch.text()
    # What it is writing now may not be whole yet.
    drops = [json.loads(line) for line in watch.text().split("\n")[:-1]]
    verdict, = {json.dumps(d["verdict"]) for d in drops
                if cause in json.dumps(d)}
    assert json.loads(verdict)["where"] == "lr_in_policy"
    watch.stop()
