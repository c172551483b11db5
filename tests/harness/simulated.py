# SPDX-License-Identifier: Apache-2.0
"""Hosts without namespaces, as suites of OVN simulate them: each switch has
dummy devices, which those of a hub's switch are wired to.  Packets come in by
netdev-dummy/receive and are found in capture files."""

import os
import struct

from .process import wait_until
from .sandbox import Database, Host

DUMMY = "--enable-dummy=system"


def captured(path):
    """The packets in a capture file, none if there is no file."""
    packets, at = [], 24
    try:
        with open(path, "rb") as f:
            data = f.read()
    except FileNotFoundError:
        data = b""
    while at + 16 <= len(data):
        size = struct.unpack_from("=I", data, at + 8)[0]
        packets.append(data[at + 16:at + 16 + size])
        at += 16 + size
    return packets


class SimulatedHost(Host):
    """A chassis, or the hub: then without 'underlay_ip'."""

    def __init__(self, sandbox, name, underlay_ip=None):
        self.sandbox, self.name, self.ip = sandbox, name, underlay_ip
        self.folder = os.path.join(sandbox.folder, name)
        os.mkdir(self.folder)
        self.env = {"OVS_RUNDIR": self.folder, "OVN_RUNDIR": self.folder,
                    "OVS_LOGDIR": self.folder, "OVN_LOGDIR": self.folder,
                    "OVS_DBDIR": self.folder}
        self.exec = ()
        self.db = Database(sandbox, name + "-conf", "vswitch", self.folder,
                           env=self.env)
        self.vsctl("--no-wait", "init")
        self.vswitchd_options = [DUMMY]
        self.start_vswitchd()

    def wire(self, bridge, hub, network):
        """Joins 'bridge', which is made, and the hub's bridge 'network'."""
        path = os.path.join(hub.folder, self.name + "-" + bridge)
        hub.vsctl("--", "--may-exist", "add-br", network, "--", "add-port",
                  network, path[-40:].replace("/", "_"), "--", "set",
                  "interface", path[-40:].replace("/", "_"),
                  "options:pstream=punix:" + path)
        self.vsctl("--", "add-br", bridge, "--", "add-port", bridge,
                   "to-" + network, "--", "set", "interface", "to-" + network,
                   "options:stream=unix:" + path)

    def join(self, hub):
        """Becomes a chassis, whose tunnels go over the hub."""
        self.wire("br-phys", hub, "underlay")
        self.appctl("netdev-dummy/ip4addr", "br-phys", self.ip + "/24")
        self.appctl("ovs/route/add", self.ip + "/24", "br-phys")
        self.mac = self.vsctl("get", "interface", "br-phys",
                              "mac_in_use").strip().strip('"')
        self.vsctl("add-br", "br-int", "--", "set", "bridge", "br-int",
                   "fail-mode=secure")
        self.configure()
        self.vsctl("remove", "open_vswitch", ".", "external_ids",
                   "ovn-bridge-datapath-type")
        self.start_controller()

    def neighbour(self, other):
        self.appctl("tnl/neigh/set", "br-phys", other.ip, other.mac)

    def port(self, name, bridge="br-int", *options):
        self.vsctl("--", "add-port", bridge, name, "--", "set", "interface",
                   name, "external_ids:iface-id=" + name,
                   "options:tx_pcap=" + self.capture(name), *options)

    def capture(self, port):
        return os.path.join(self.folder, port + "-tx.pcap")

    def sent(self, port):
        """What the switch sent to 'port' so far."""
        return captured(self.capture(port))

    def receive(self, port, packet):
        self.appctl("netdev-dummy/receive", port, bytes(packet).hex())

    def wait_sent(self, port, n, what):
        """Waits until 'port' was sent more than 'n' packets; gives those."""
        wait_until(lambda: len(self.sent(port)) > n, what=what)
        return self.sent(port)[n:]
