# SPDX-License-Identifier: Apache-2.0
"""What a network is for, by real traffic: stateful ACLs, load balancing, NAT
through a gateway, DHCP.  With all daemons Debian's, with only northd or only
the switch ours, and with all ours."""

import pytest

from harness.netns import ping, wait_cut_off, within
from harness.process import run, wait_until
from harness.programs import DAEMONS, Programs

SIDES = {"debian": (), "ovn-northd": ("ovn-northd",),
         "ovs-vswitchd": ("ovs-vswitchd",), "ours": DAEMONS}


@pytest.fixture(params=sorted(SIDES))
def sandbox(request, make_sandbox):
    """Two hosts.  h1: vm1; h2: vm2 and vm3, all on switch sw0."""
    sandbox = make_sandbox(Programs.mix(SIDES[request.param]))
    sandbox.start_central()
    h1, h2 = sandbox.underlay(2)
    sandbox.nbctl("ls-add", "sw0")
    sandbox.vms = {}
    for i, host in ((1, h1), (2, h2), (3, h2)):
        name, mac = "vm%d" % i, "02:00:00:00:00:%02x" % i
        ip = "10.0.0.%d" % (10 + i)
        sandbox.nbctl("lsp-add", "sw0", name, "--", "lsp-set-addresses",
                      name, "%s %s" % (mac, ip), "--",
                      "lsp-set-port-security", name, "%s %s" % (mac, ip))
        sandbox.vms[name] = host.workload(name, mac, ip, "10.0.0.1")
    return sandbox


def serve(sandbox, vm, port, answer):
    """A TCP server in 'vm' that says 'answer' to whoever connects."""
    process = sandbox.spawn(
        "serve-%s-%d" % (vm, port),
        within(sandbox.vms[vm], ["socat", "TCP-LISTEN:%d,fork,reuseaddr"
                                 % port, "SYSTEM:echo " + answer]))
    process.wait_for(lambda: run(within(
        sandbox.vms[vm], ["ss", "-ltnH", "sport = :%d" % port])).strip())


def ask(sandbox, vm, address, port, patience=20):
    """What the server at address:port says; "" if it cannot be reached within
    'patience' seconds.  (One way only, or socat would soon leave when its
    own input has ended.)"""
    done = run(within(sandbox.vms[vm],
                      ["socat", "-u", "-T%d" % patience,
                       "TCP:%s:%d,connect-timeout=%d"
                       % (address, port, patience), "-"]), check=False)
    return done.stdout.strip()


def test_stateful_acl(sandbox):
    """vm1 may open connections to vm2's port 80; nothing else gets in, and the
    answers get back."""
    serve(sandbox, "vm2", 80, "web")
    serve(sandbox, "vm2", 81, "closed")
    sandbox.wait_ping(sandbox.vms["vm1"], "10.0.0.12")
    sandbox.nbctl(
        "acl-add", "sw0", "to-lport", "1000",
        'outport == "vm2" && ip4.src == 10.0.0.11 && tcp.dst == 80',
        "allow-related", "--",
        "acl-add", "sw0", "to-lport", "900", 'outport == "vm2" && ip4',
        "drop")
    sandbox.nbctl("--wait=hv", "sync")
    assert ask(sandbox, "vm1", "10.0.0.12", 80) == "web"
    assert ask(sandbox, "vm1", "10.0.0.12", 81, 1) == ""
    assert ask(sandbox, "vm3", "10.0.0.12", 80, 1) == ""
    wait_cut_off(sandbox.vms["vm1"], "10.0.0.12")
    assert ping(sandbox.vms["vm1"], "10.0.0.13", count=2) == 2


def test_load_balancer(sandbox):
    """A VIP on the switch reaches both backends, and no other port."""
    serve(sandbox, "vm2", 8080, "two")
    serve(sandbox, "vm3", 8080, "three")
    sandbox.nbctl("lb-add", "lb0", "10.0.9.9:80",
                  "10.0.0.12:8080,10.0.0.13:8080", "tcp", "--",
                  "lr-add", "lr0", "--", "lrp-add", "lr0", "lr0-sw0",
                  "02:00:00:00:ff:00", "10.0.0.1/24", "--",
                  "lsp-add", "sw0", "sw0-lr0", "--", "lsp-set-type",
                  "sw0-lr0", "router", "--", "lsp-set-addresses", "sw0-lr0",
                  "router", "--", "lsp-set-options", "sw0-lr0",
                  "router-port=lr0-sw0", "--", "ls-lb-add", "sw0", "lb0")
    sandbox.nbctl("--wait=hv", "sync")
    sandbox.wait_ping(sandbox.vms["vm1"], "10.0.0.12")
    answers = set()
    wait_until(lambda: answers.add(ask(sandbox, "vm1", "10.0.9.9", 80, 2))
               or {"two", "three"} <= answers, 20,
               "answers of both backends")
    assert answers <= {"two", "three", ""}
    assert ask(sandbox, "vm1", "10.0.9.9", 81, 1) == ""


def test_snat_and_floating_ip(sandbox):
    """vm1 reaches the outside under the router's address; the outside reaches
    vm2 by its floating address."""
    h1 = sandbox.hosts["h1"]
    outside = sandbox.namespaces.add("outside")
    h1.vsctl("--", "add-br", "br-ex", "--", "set", "bridge", "br-ex",
             "datapath_type=netdev", "fail_mode=standalone", "--",
             "set", "open_vswitch", ".",
             "external_ids:ovn-bridge-mappings=physnet:br-ex")
    sandbox.namespaces.veth(
        outside, "eth0", h1.ns, "ex0",
        offload=sandbox.programs.side("ovs-vswitchd") == "ours")
    h1.vsctl("add-port", "br-ex", "ex0")
    run(["ip", "-n", outside, "addr", "add", "172.16.0.100/24", "dev",
         "eth0"])
    sandbox.nbctl(
        "lr-add", "lr0", "--", "lrp-add", "lr0", "lr0-sw0",
        "02:00:00:00:ff:00", "10.0.0.1/24", "--",
        "lsp-add", "sw0", "sw0-lr0", "--", "lsp-set-type", "sw0-lr0",
        "router", "--", "lsp-set-addresses", "sw0-lr0", "router", "--",
        "lsp-set-options", "sw0-lr0", "router-port=lr0-sw0", "--",
        "ls-add", "public", "--", "lsp-add", "public", "ln", "--",
        "lsp-set-type", "ln", "localnet", "--", "lsp-set-addresses", "ln",
        "unknown", "--", "lsp-set-options", "ln", "network_name=physnet",
        "--", "lrp-add", "lr0", "lr0-public", "02:00:00:00:ff:02",
        "172.16.0.1/24", "--", "lrp-set-gateway-chassis", "lr0-public", "h1",
        "20", "--", "lsp-add", "public", "public-lr0", "--", "lsp-set-type",
        "public-lr0", "router", "--", "lsp-set-addresses", "public-lr0",
        "router", "--", "lsp-set-options", "public-lr0",
        "router-port=lr0-public", "--",
        "lr-nat-add", "lr0", "snat", "172.16.0.1", "10.0.0.0/24", "--",
        "lr-nat-add", "lr0", "dnat_and_snat", "172.16.0.12", "10.0.0.12")
    sandbox.nbctl("--wait=hv", "sync")
    sandbox.wait_ping(sandbox.vms["vm1"], "172.16.0.100", timeout=30)
    sandbox.vms["outside"] = outside
    process = sandbox.spawn(
        "who", within(outside, ["socat", "TCP-LISTEN:99,fork,reuseaddr",
                                "SYSTEM:echo $SOCAT_PEERADDR"]))
    process.wait_for(lambda: run(within(
        outside, ["ss", "-ltnH", "sport = :99"])).strip())
    assert ask(sandbox, "vm1", "172.16.0.100", 99) == "172.16.0.1"
    sandbox.wait_ping(outside, "172.16.0.12", timeout=30)
    if sandbox.programs.side("ovs-vswitchd") == "ours":
        # Debian's userspace datapath loses TCP between hosts here.
        assert ask(sandbox, "vm2", "172.16.0.100", 99) == "172.16.0.12"


def test_dhcp(sandbox):
    """A client without an address gets the one of its port."""
    h1 = sandbox.hosts["h1"]
    sandbox.nbctl("lsp-add", "sw0", "vm4", "--", "lsp-set-addresses", "vm4",
                  "02:00:00:00:00:04 10.0.0.14")
    sandbox.nbctl("dhcp-options-create", "10.0.0.0/24")
    uuid = sandbox.nbctl("--bare", "--columns=_uuid", "find", "dhcp_options",
                         "cidr=10.0.0.0/24").strip()
    sandbox.nbctl("dhcp-options-set-options", uuid, "lease_time=3600",
                  "router=10.0.0.1", "server_id=10.0.0.1",
                  "server_mac=02:00:00:00:ff:00", "--",
                  "lsp-set-dhcpv4-options", "vm4", uuid)
    vm4 = h1.workload("vm4", "02:00:00:00:00:04", None)
    sandbox.nbctl("--wait=hv", "sync")
    lease = wait_until(lambda: run(within(
        vm4, ["udhcpc", "-i", "eth0", "-n", "-q", "-t", "20", "-T", "2", "-s",
              "/bin/true"]), check=False).stderr, what="udhcpc")
    assert "lease of 10.0.0.14 obtained" in lease


