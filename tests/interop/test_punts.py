# SPDX-License-Identifier: Apache-2.0
"""What ovn-controller answers itself, asked by real traffic.  (DHCP and DNS are
in test_hosts.py, with more mixes of programs.)"""

import json
import os
import shutil
import sys

import pytest

from answers import PRELUDE, ROUTER, VM1, ask, check_router_solicitation
from harness.netns import ping, within
from harness.process import run, wait_until
from harness.programs import Programs

MIXES = [
    ("ovn-controller",),
    ("ovn-northd",),
    ("ovn-northd", "ovn-controller", "ovs-vswitchd", "ovsdb-server"),
]

VM2 = "02:00:00:00:00:02"


@pytest.fixture(params=MIXES, ids=lambda mix: "+".join(mix))
def network(request, make_sandbox):
    """vm1 and vm2 on sw0, vm3 on sw1, on one host; lr0 between."""
    sandbox = make_sandbox(Programs.mix(request.param))
    sandbox.start_central()
    (h1,) = sandbox.underlay(1)
    sandbox.nbctl(
        "ls-add", "sw0", "--", "lsp-add", "sw0", "vm1", "--",
        "lsp-set-addresses", "vm1", VM1 + " 10.0.0.11 fd00::11", "--",
        "lsp-add", "sw0", "vm2", "--",
        "lsp-set-addresses", "vm2", VM2 + " 10.0.0.12", "--",
        "lr-add", "lr0", "--",
        "lrp-add", "lr0", "lr0-sw0", ROUTER, "10.0.0.1/24", "fd00::1/64",
        "--", "lsp-add", "sw0", "sw0-lr0", "--", "lsp-set-type", "sw0-lr0",
        "router", "--", "lsp-set-addresses", "sw0-lr0", "router", "--",
        "lsp-set-options", "sw0-lr0", "router-port=lr0-sw0")
    sandbox.h1 = h1
    sandbox.vm1 = h1.workload("vm1", VM1, None)
    sandbox.vm2 = h1.workload("vm2", VM2, "10.0.0.12", "10.0.0.1")
    sandbox.nbctl("--wait=hv", "sync")
    return sandbox


LISTEN_RA = """
r = sniff(iface='eth0', filter='icmp6 and ip6[40]==134 and dst ff02::1',
          count=1, timeout=60)
print(json.dumps(dict(prefix=r[0][ICMPv6NDOptPrefixInfo].prefix,
                      src=r[0].src, dst=r[0][IPv6].dst)))
"""


def test_router_advertisements(network):
    """Asked for, and periodic."""
    check_router_solicitation(network.nbctl, network.vm1)
    network.nbctl("set", "Logical_Router_Port", "lr0-sw0",
                  "ipv6_ra_configs:send_periodic=true",
                  "ipv6_ra_configs:max_interval=4",
                  "ipv6_ra_configs:min_interval=3")
    network.nbctl("--wait=hv", "sync")
    heard = ask(network.vm1, LISTEN_RA)
    assert heard == {"prefix": "fd00::", "src": ROUTER, "dst": "ff02::1"}


LISTEN_GARP = """
seen = set()
sniff(iface='eth0', timeout=80, filter='arp',
      started_callback=lambda: print('ready', flush=True),
      prn=lambda p: seen.add((p[ARP].psrc, p[ARP].hwsrc))
          if p[ARP].psrc == p[ARP].pdst else None,
      stop_filter=lambda p: len(seen) >= 2)
print(json.dumps(sorted(seen)))
"""

CONNECT = """
import socket
def attempt(kind, port):
    s = socket.socket(socket.AF_INET, kind)
    s.settimeout(30)
    try:
        s.connect(('10.0.0.11', port))
        s.send(b'x')
        s.recv(1)
    except ConnectionRefusedError:
        return 'refused'
    except OSError as error:
        return str(error)
    return 'open'
print(json.dumps([attempt(socket.SOCK_STREAM, 80),
                  attempt(socket.SOCK_DGRAM, 53)]))
"""


def test_reject_and_log(network):
    """A rejected connection is refused at once, and the log says so."""
    run(["ip", "-n", network.vm1, "addr", "add", "10.0.0.11/24", "dev",
         "eth0"])
    network.wait_ping(network.vm2, "10.0.0.11")
    network.nbctl("--log", "--severity=alert", "--name=no-entry", "acl-add",
                  "sw0", "to-lport", "1000",
                  'outport == "vm1" && (tcp || udp)', "reject")
    network.nbctl("--wait=hv", "sync")
    assert ask(network.vm2, CONNECT) == ["refused", "refused"]
    log = os.path.join(network.h1.folder, "controller.log")

    def is_logged():
        with open(log) as text:
            return any('|INFO|name="no-entry", verdict=reject, severity=alert,'
                       ' direction=to-lport: tcp,' in line
                       and "acl_log" in line and "tp_dst=80" in line
                       for line in text)
    wait_until(is_logged, what="a line in the log")


def test_udhcpc(network):
    """A real client takes its lease."""
    client = shutil.which("udhcpc")
    if not client:
        pytest.skip("no udhcpc")
    options = network.nbctl("create", "DHCP_Options", "cidr=10.0.0.0/24",
                            'options="server_id"="10.0.0.1"',
                            'options:server_mac="%s"' % ROUTER,
                            'options:lease_time="3600"').strip()
    network.nbctl("lsp-set-dhcpv4-options", "vm1", options)
    network.nbctl("--wait=hv", "sync")
    done = run(within(network.vm1, [client, "-i", "eth0", "-n", "-q", "-f",
                                    "-t", "20", "-T", "2", "-s",
                                    "/bin/true"]), check=False)
    assert "lease of 10.0.0.11 obtained from 10.0.0.1" in (done.stdout
                                                           + done.stderr)


def test_announced_on_localnet(network):
    """The physical network hears of a port that came to this host."""
    h1 = network.h1
    h1.vsctl("--", "add-br", "br-ex", "--", "set", "bridge", "br-ex",
             "datapath_type=netdev", "fail_mode=standalone", "--", "set",
             "open_vswitch", ".",
             "external_ids:ovn-bridge-mappings=phys:br-ex")
    listener = network.namespaces.add("phys")
    network.namespaces.veth(listener, "eth0", h1.ns, "phys0")
    h1.vsctl("add-port", "br-ex", "phys0")
    # They are announced a few times only.
    heard = network.spawn("listen", within(
        listener, [sys.executable, "-c", PRELUDE + LISTEN_GARP]))
    heard.wait_for(lambda: "ready" in heard.text())
    network.nbctl("--", "lsp-add", "sw0", "ln0", "--", "lsp-set-type", "ln0",
                  "localnet", "--", "lsp-set-addresses", "ln0", "unknown",
                  "--", "lsp-set-options", "ln0", "network_name=phys")
    wait_until(lambda: not heard.is_running(), what="both announcements")
    assert json.loads(heard.text().partition("ready\n")[2]) == [
        ["10.0.0.11", VM1], ["10.0.0.12", VM2]]


def test_first_packet_waits(network):
    """The first packet to a new next hop is not lost."""
    network.nbctl(
        "ls-add", "sw1", "--", "lsp-add", "sw1", "vm3", "--",
        "lsp-set-addresses", "vm3", "unknown", "--",
        "lrp-add", "lr0", "lr0-sw1", "02:00:00:00:ff:01", "10.0.1.1/24",
        "--", "lsp-add", "sw1", "sw1-lr0", "--", "lsp-set-type", "sw1-lr0",
        "router", "--", "lsp-set-addresses", "sw1-lr0", "router", "--",
        "lsp-set-options", "sw1-lr0", "router-port=lr0-sw1")
    network.h1.workload("vm3", "02:00:00:00:00:03", "10.0.1.13", "10.0.1.1")
    network.nbctl("--wait=hv", "sync")
    assert ping(network.vm2, "10.0.1.13", count=1) == 1
    wait_until(lambda: "02:00:00:00:00:03" in network.sbctl(
        "--bare", "--columns=mac", "list", "MAC_Binding"), 10,
               "MAC binding of vm3")


CLAIM = """
sendp(Ether(src=MAC, dst='ff:ff:ff:ff:ff:ff')
      / ARP(op=1, hwsrc=MAC, psrc='10.0.0.50', pdst='10.0.0.50'),
      iface='eth0')
sendp(Ether(src=MAC, dst='02:00:00:00:00:07')
      / IP(src='10.0.0.11', dst='10.0.0.99') / TCP(dport=80, flags='S'),
      iface='eth0')
print('0')
"""


def test_virtual_port_and_event(network):
    """Traffic shows who has a virtual port, and which load balancer has no
    backends."""
    network.nbctl("--", "lsp-add", "sw0", "vip", "--", "lsp-set-type", "vip",
                  "virtual", "--", "lsp-set-options", "vip",
                  "virtual-ip=10.0.0.50", "virtual-parents=vm1", "--",
                  "lb-add", "lb0", "10.0.0.99:80", "", "tcp", "--",
                  "ls-lb-add", "sw0", "lb0", "--", "set", "Load_Balancer",
                  "lb0", "options:event=true")
    network.nbctl("set", "NB_Global", ".", "options:controller_event=true")
    network.nbctl("--wait=hv", "sync")
    ask(network.vm1, CLAIM)
    wait_until(lambda: network.sbctl(
        "--bare", "--columns=virtual_parent", "find", "Port_Binding",
        "logical_port=vip").strip() == "vm1", 10, "virtual parent")
    if "trigger_event" in network.sbctl("lflow-list", "sw0"):
        wait_until(lambda: "10.0.0.99:80" in network.sbctl(
            "--bare", "--columns=event_info", "list", "Controller_Event"),
                   10, "event")
