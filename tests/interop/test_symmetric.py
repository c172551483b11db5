# SPDX-License-Identifier: Apache-2.0
"""Routes with several next hops and symmetric replies, by real traffic: what
came in by one next hop goes back by the same one.

                      +-- gw1 (172.16.0.11) -- 192.168.90.1, .9
    vm1 -- lr0 -- net +
    10.0.0.11         +-- gw2 (172.16.0.12) -- 192.168.90.2

Neither gateway passes on what is for the other's addresses, so that half of
all connections would fail if replies went by any next hop."""

import pytest

from harness.netns import within
from harness.process import run, wait_until
from harness.programs import DAEMONS, Programs
from harness.udp import answer_udp, ask_udp

SIDES = {"debian": (), "ovn-northd": ("ovn-northd",),
         "ovn-controller": ("ovn-controller", "ovs-vswitchd"), "ours": DAEMONS}

GATEWAYS = {"gw1": ("172.16.0.11", ("192.168.90.1", "192.168.90.9")),
            "gw2": ("172.16.0.12", ("192.168.90.2",))}
N_CONNECTIONS = 6


def configure(nbctl):
    words = ["lr-add", "lr0", "--", "set", "logical_router", "lr0",
             "options:chassis=h1"]
    for switch, mac, network in (("sw0", "02:00:00:00:ff:00", "10.0.0.1/24"),
                                 ("net", "02:00:00:00:ff:01",
                                  "172.16.0.1/24")):
        port, peer = "lr0-" + switch, switch + "-lr0"
        words += ["--", "ls-add", switch, "--", "lrp-add", "lr0", port, mac,
                  network, "--", "lsp-add", switch, peer, "--",
                  "lsp-set-type", peer, "router", "--", "lsp-set-addresses",
                  peer, "router", "--", "lsp-set-options", peer,
                  "router-port=" + port]
    words += ["--", "lsp-add", "sw0", "vm1", "--", "lsp-set-addresses", "vm1",
              "02:00:00:00:00:01 10.0.0.11", "--", "lsp-add", "net", "ln",
              "--", "lsp-set-type", "ln", "localnet", "--",
              "lsp-set-addresses", "ln", "unknown", "--", "lsp-set-options",
              "ln", "network_name=phys"]
    for hop, _ in GATEWAYS.values():
        words += ["--", "--ecmp-symmetric-reply", "lr-route-add", "lr0",
                  "192.168.90.0/24", hop]
    nbctl(*words)


@pytest.fixture(params=sorted(SIDES))
def sandbox(request, make_sandbox):
    sandbox = make_sandbox(Programs.mix(SIDES[request.param]))
    sandbox.start_central()
    h1, = sandbox.underlay(1)
    configure(sandbox.nbctl)
    h1.vsctl("--", "add-br", "br-ex", "--", "set", "bridge", "br-ex",
             "datapath_type=netdev", "fail_mode=standalone", "--", "set",
             "open_vswitch", ".",
             "external_ids:ovn-bridge-mappings=phys:br-ex")
    sandbox.ns = {"vm1": h1.workload("vm1", "02:00:00:00:00:01", "10.0.0.11",
                                     "10.0.0.1")}
    for name, (hop, clients) in GATEWAYS.items():
        ns = sandbox.ns[name] = sandbox.namespaces.add(name)
        sandbox.namespaces.veth(ns, "eth0", h1.ns, name,
                                offload=sandbox.takes_offloads())
        run(["ip", "-n", ns, "addr", "add", hop + "/24", "dev", "eth0"])
        run(["ip", "-n", ns, "route", "add", "10.0.0.0/24", "via",
             "172.16.0.1"])
        for client in clients:
            run(["ip", "-n", ns, "addr", "add", client + "/32", "dev", "lo"])
        h1.vsctl("add-port", "br-ex", name)
    sandbox.nbctl("--wait=hv", "sync")
    for name in GATEWAYS:
        sandbox.wait_ping(sandbox.ns[name], "10.0.0.11", timeout=40)
    return sandbox


def serve_tcp(sandbox):
    process = sandbox.spawn(
        "serve", within(sandbox.ns["vm1"],
                        ["socat", "TCP-LISTEN:80,fork,reuseaddr",
                         "SYSTEM:echo $SOCAT_PEERADDR"]))
    process.wait_for(lambda: run(within(
        sandbox.ns["vm1"], ["ss", "-ltnH", "sport = :80"])).strip())


def ask_tcp(sandbox, gateway, source, patience=20):
    done = run(within(sandbox.ns[gateway],
                      ["socat", "-u", "-T20", "TCP:10.0.0.11:80,bind=%s,"
                       "connect-timeout=%d" % (source, patience), "-"]),
               check=False)
    return done.stdout.strip()


def ask_from_moving_address(sandbox, gateway):
    return ask_udp(sandbox.ns[gateway], ("192.168.90.9", 5000),
                   ("10.0.0.11", 99), 1)


def test_replies_go_back_where_requests_came_from(sandbox):
    serve_tcp(sandbox)
    for gateway, source in (("gw1", "192.168.90.1"), ("gw2", "192.168.90.2")):
        # The router learns the gateway's MAC.
        wait_until(lambda: ask_tcp(sandbox, gateway, source, 2) == source, 40,
                   "an answer at " + gateway)
        assert [ask_tcp(sandbox, gateway, source)
                for _ in range(N_CONNECTIONS)] == [source] * N_CONNECTIONS
    follow_moved_client(sandbox)
    if sandbox.programs.side("ovn-northd") == "ours":
        # Debian's leaves ICMP to chance.
        for gateway, source in (("gw1", "192.168.90.1"),
                                ("gw2", "192.168.90.2")):
            for _ in range(N_CONNECTIONS):
                assert run(within(sandbox.ns[gateway],
                                  ["ping", "-n", "-c1", "-W20", "-I", source,
                                   "10.0.0.11"]))


def follow_moved_client(sandbox):
    """The next hop of a connection changes while it lasts."""
    answer_udp(sandbox, sandbox.ns["vm1"], 99)
    wait_until(lambda: ask_from_moving_address(sandbox, "gw1"), 20,
               "an answer at gw1")
    run(["ip", "-n", sandbox.ns["gw1"], "addr", "del", "192.168.90.9/32",
         "dev", "lo"])
    run(["ip", "-n", sandbox.ns["gw2"], "addr", "add", "192.168.90.9/32",
         "dev", "lo"])
    wait_until(lambda: ask_from_moving_address(sandbox, "gw2"), 20,
               "an answer at gw2")
