# SPDX-License-Identifier: Apache-2.0
"""The userspace datapath with real packets, driven without OpenFlow by
vswitch/datapath/driver.

    vm0:eth0 --veth-- p0:host0 [driver] --underlay u-- [driver] host1:p1 --veth-- eth0:vm1

or with one host in the middle.  10.9.0.10 is vm0, 10.9.0.11 is vm1.
"""

import os
import shutil
import signal

import pytest

from harness.netns import ping, wait_ping, within
from harness.process import run, wait_until
from harness.programs import BUILD

DRIVER = os.path.join(BUILD, "vswitch/datapath/driver")

RECEIVE = """
import hashlib, socket, sys
s = socket.create_server((sys.argv[1], 5001))
print("listening", flush=True)
c, who = s.accept()
h = hashlib.sha256()
while True:
    b = c.recv(1 << 20)
    if not b:
        break
    h.update(b)
c.sendall(h.hexdigest().encode())
c.close()
print(who[0], flush=True)
"""

SEND = """
import hashlib, random, socket, sys
data = random.Random(1).randbytes(1 << 20)
s = socket.create_connection((sys.argv[1], 5001), timeout=60)
h = hashlib.sha256()
for i in range(int(sys.argv[2])):
    s.sendall(data)
    h.update(data)
s.shutdown(socket.SHUT_WR)
assert s.makefile().read() == h.hexdigest(), "data changed on the way"
"""


def vm(namespaces, host, i):
    """Makes vm<i>, joined to port p<i> of 'host'."""
    ns = namespaces.add("vm%d" % i)
    run(within(ns, ["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"]))
    namespaces.veth(ns, "eth0", host, "p%d" % i)
    mac = "02:00:00:00:00:1%d" % i
    run(["ip", "-n", ns, "link", "set", "eth0", "address", mac,
         "mtu", "1400"])
    run(["ip", "-n", ns, "addr", "add", "10.9.0.1%d/24" % i, "dev", "eth0"])
    return ns


def start(spawn, ns, *args):
    """Starts a driver and waits until it forwards."""
    process = spawn(within(ns, [DRIVER, *args]))
    process.wait_for(lambda: "ready" in process.text())
    return process


def transfer(spawn, sender, receiver, address="10.9.0.11", megabytes=20):
    """Sends data by TCP, checks that it arrives as sent, and returns the
    address that the receiver saw."""
    server = spawn(within(receiver, ["python3", "-c", RECEIVE, address]))
    server.wait_for(lambda: "listening" in server.text())
    run(within(sender, ["python3", "-c", SEND, address, str(megabytes)]))
    wait_until(lambda: len(server.text().split()) == 2, what="receiver's end")
    return server.text().split()[1]


def test_two_ports(namespaces, spawn):
    """Segments cross whole: far fewer packets than bytes / MTU."""
    host = namespaces.add("host")
    vm0, vm1 = vm(namespaces, host, 0), vm(namespaces, host, 1)
    driver = start(spawn, host, "p0", "p1")
    assert ping(vm0, "10.9.0.11") == 3
    transfer(spawn, vm0, vm1)
    os.kill(int(run(["ip", "netns", "pids", host]).split()[0]),
            signal.SIGTERM)
    wait_until(lambda: "port 2" in driver.text(), what="statistics")
    tx = [line for line in driver.text().split("\n")
          if line.startswith("port 2")][0]
    packets = int(tx.split(" tx ")[1].split()[0])
    assert packets < 20 * 1024 * 1024 / 1400 / 2, tx


def test_internal_port(namespaces, spawn):
    """The host's own stack is behind the internal port."""
    host = namespaces.add("host")
    vm0 = vm(namespaces, host, 0)
    # The driver's ports are those named; its own internal port is one more.
    start(spawn, host, "--local=other", "br0:internal", "p0")
    run(["ip", "-n", host, "addr", "add", "10.9.0.11/24", "dev", "br0"])
    run(["ip", "-n", host, "link", "set", "br0", "mtu", "1400", "up"])
    assert ping(vm0, "10.9.0.11") == 3
    transfer(spawn, vm0, host)
    transfer(spawn, host, vm0, "10.9.0.10")


def two_hosts(namespaces, version):
    """Two hosts joined by an underlay; returns them and their addresses."""
    host0, host1 = namespaces.add("host0"), namespaces.add("host1")
    namespaces.veth(host0, "u", host1, "u")
    addresses = (("10.8.0.1", "10.8.0.2") if version == 4
                 else ("fd08::1", "fd08::2"))
    return (host0, host1), addresses


def set_address(host, device, address):
    if ":" in address:
        run(["ip", "-n", host, "addr", "add", address + "/64", "dev", device,
             "nodad"])
    else:
        run(["ip", "-n", host, "addr", "add", address + "/24", "dev", device])
    run(["ip", "-n", host, "link", "set", device, "up"])


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("kind", ["geneve", "vxlan", "gre"])
def test_tunnel(namespaces, spawn, kind, version):
    """The underlay address is on a plain interface."""
    hosts, addresses = two_hosts(namespaces, version)
    vms = [vm(namespaces, hosts[i], i) for i in range(2)]
    for i in range(2):
        set_address(hosts[i], "u", addresses[i])
        start(spawn, hosts[i], "p%d" % i,
              "tun:%s@%s@77" % (kind, addresses[1 - i]))
    assert ping(vms[0], "10.9.0.11") == 3
    transfer(spawn, vms[0], vms[1])
    transfer(spawn, vms[1], vms[0], "10.9.0.10", megabytes=2)


def test_tunnel_over_an_internal_port(namespaces, spawn):
    """The underlay address is on the internal port of another bridge, whose
    other port is the interface."""
    hosts, addresses = two_hosts(namespaces, 4)
    vms = [vm(namespaces, hosts[i], i) for i in range(2)]
    for i in range(2):
        start(spawn, hosts[i], "--local=phy%d" % i, "br-phy:internal", "u")
        set_address(hosts[i], "br-phy", addresses[i])
        start(spawn, hosts[i], "p%d" % i,
              "tun:geneve@%s@77" % addresses[1 - i])
    assert ping(vms[0], "10.9.0.11") == 3
    transfer(spawn, vms[0], vms[1])


@pytest.mark.skipif(not shutil.which("tshark"), reason="needs tshark")
@pytest.mark.parametrize("kind,fields", [
    ("geneve", ["geneve.vni", "0x00004d"]),
    ("vxlan", ["vxlan.vni", "77"]),
    ("gre", ["gre.key", "0x0000004d"]),
])
def test_tshark_agrees(namespaces, spawn, tmp_path, kind, fields):
    hosts, addresses = two_hosts(namespaces, 4)
    vms = [vm(namespaces, hosts[i], i) for i in range(2)]
    for i in range(2):
        set_address(hosts[i], "u", addresses[i])
        start(spawn, hosts[i], "p%d" % i,
              "tun:%s@%s@77" % (kind, addresses[1 - i]))
    assert ping(vms[0], "10.9.0.11") == 3
    capture = str(tmp_path / "capture")
    # The other end's interface: there the outer checksums are as sent.
    dump = spawn(within(hosts[1], ["tcpdump", "-U", "-i", "u", "-c", "4",
                                   "-w", capture, "ip proto 47 or udp"]))
    dump.wait_for(lambda: "listening" in dump.text())
    assert ping(vms[0], "10.9.0.11", count=2) == 2
    wait_until(lambda: not dump.is_running(), what="the capture")
    out = run(["tshark", "-r", capture, "-T", "fields", "-e", fields[0],
               "-e", "icmp.type", "-e", "_ws.malformed",
               "-e", "icmp.checksum.status"])
    lines = [line.split("\t") for line in out.strip().split("\n")]
    assert sorted(lines) == sorted(2 * [[fields[1], t, "", "1"]
                                        for t in ("0", "8")]), out


def test_established_only(namespaces, spawn):
    """vm0 may begin connections; vm1 only answers."""
    host = namespaces.add("host")
    vm0, vm1 = vm(namespaces, host, 0), vm(namespaces, host, 1)
    start(spawn, host, "--ct", "p0", "p1")
    assert ping(vm0, "10.9.0.11") == 3
    assert ping(vm1, "10.9.0.10", count=1, patience=1) == 0
    transfer(spawn, vm0, vm1)
    with pytest.raises(Exception):
        run(within(vm1, ["python3", "-c", "import socket; "
                         "socket.create_connection(('10.9.0.10', 5001), 1)"]))


def test_snat(namespaces, spawn):
    """vm1 sees connections from another address, and errors find back."""
    host = namespaces.add("host")
    vm0, vm1 = vm(namespaces, host, 0), vm(namespaces, host, 1)
    run(["ip", "-n", vm1, "neigh", "add", "10.9.0.99", "lladdr",
         "02:00:00:00:00:10", "dev", "eth0", "nud", "permanent"])
    start(spawn, host, "--ct", "--snat=10.9.0.99", "p0", "p1")
    assert ping(vm0, "10.9.0.11") == 3
    assert transfer(spawn, vm0, vm1) == "10.9.0.99"
    # Nobody listens on that UDP port: the ICMP error comes back as one about
    # what vm0 sent, or its socket would not hear of it.
    refused = run(within(vm0, ["python3", "-c", """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(60)
s.connect(("10.9.0.11", 9))
s.send(b"x")
try:
    s.recv(1)
except ConnectionRefusedError:
    print("refused")
"""]))
    assert refused.strip() == "refused"


def test_interface_comes_back(namespaces, spawn):
    """A port whose interface was deleted and made anew under its name goes on
    with the new one."""
    host = namespaces.add("host")
    vm0, vm1 = vm(namespaces, host, 0), vm(namespaces, host, 1)
    start(spawn, host, "p0", "p1")
    assert ping(vm0, "10.9.0.11") == 3
    run(["ip", "-n", host, "link", "del", "p1"])
    namespaces.veth(vm1, "eth0", host, "p1")
    run(["ip", "-n", vm1, "link", "set", "eth0", "address",
         "02:00:00:00:00:11"])
    run(["ip", "-n", vm1, "addr", "add", "10.9.0.11/24", "dev", "eth0"])
    wait_ping(vm0, "10.9.0.11")
    transfer(spawn, vm0, vm1, megabytes=2)


def echoes(ns):
    """Echo requests that arrived in 'ns'."""
    names, values = [line.split() for line in run(within(
        ns, ["grep", "^Icmp:", "/proc/net/snmp"])).splitlines()]
    return int(values[names.index("InEchos")])


def test_small_frames(namespaces, spawn):
    """Data in frames no larger than the MTU, which go out by the ring.  What
    the kernel refuses there is lost, and not sent when it takes some again."""
    host = namespaces.add("host")
    vm0, vm1 = vm(namespaces, host, 0), vm(namespaces, host, 1)
    for ns, dev in (vm0, "eth0"), (vm1, "eth0"), (host, "p0"), (host, "p1"):
        run(within(ns, ["ethtool", "-K", dev, "tx", "off"]))
    run(["ip", "-n", vm0, "neigh", "add", "10.9.0.11", "lladdr",
         "02:00:00:00:00:11", "dev", "eth0", "nud", "permanent"])
    start(spawn, host, "p0", "p1")
    assert ping(vm0, "10.9.0.11") == 3
    transfer(spawn, vm0, vm1, megabytes=4)
    run(["ip", "-n", host, "link", "set", "p1", "down"])
    before = echoes(vm1)
    assert ping(vm0, "10.9.0.11", count=100, interval=0.002) == 0
    run(["ip", "-n", host, "link", "set", "p1", "up"])
    wait_until(lambda: ping(vm0, "10.9.0.11", count=1) == 1,
               what="a ping after the interface came up")
    assert echoes(vm1) - before < 100
    transfer(spawn, vm0, vm1, megabytes=4)
