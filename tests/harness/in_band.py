# SPDX-License-Identifier: Apache-2.0
"""A bridge whose controller is behind it.

    host: br0 (10.8.0.1) -- vifc -- eth0 (10.8.0.2), lo (10.9.0.2): controller

The bridge forwards nothing by itself: fail_mode is secure, and the controller
installs no flows."""

import re

from .netns import within
from .process import run, wait_until
from .sandbox import Host

NEAR, FAR = "10.8.0.2", "10.9.0.2"
HOST_MAC, CONTROLLER_MAC = "02:00:00:00:08:01", "02:00:00:00:08:02"

# Says hello and answers echo requests; that is all that a switch needs.
CONTROLLER = """
import socket, struct, threading
def serve(s):
    s.sendall(struct.pack("!BBHI", 4, 0, 8, 1))
    while True:
        header = s.recv(8, socket.MSG_WAITALL)
        if len(header) < 8:
            return
        version, kind, size, xid = struct.unpack("!BBHI", header)
        body = s.recv(size - 8, socket.MSG_WAITALL) if size > 8 else b""
        if kind == 2:
            s.sendall(struct.pack("!BBHI", version, 3, size, xid) + body)
listener = socket.create_server(("", 6653))
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],),
                     daemon=True).start()
"""


class InBand:
    def __init__(self, sandbox):
        self.host = host = Host(sandbox, "switch", None, controller=False)
        host.vsctl("add-br", "br0", "--", "set", "bridge", "br0",
                   "datapath_type=netdev", "fail_mode=secure",
                   'other_config:hwaddr="%s"' % HOST_MAC)
        self.ns = host.workload("vifc", CONTROLLER_MAC, NEAR, bridge="br0")
        self.ip(self.ns, "addr", "add", FAR, "dev", "lo")
        self.ip(host.ns, "addr", "add", "10.8.0.1/24", "dev", "br0")
        self.ip(host.ns, "link", "set", "br0", "up")
        server = sandbox.spawn("openflow", within(
            self.ns, ["/usr/bin/python3", "-c", CONTROLLER]))
        server.wait_for(lambda: "ready" in server.text())

    @staticmethod
    def ip(ns, *words):
        run(["ip", "-n", ns, *words])

    def control(self, address):
        """Has the controller at 'address' looked for, often."""
        self.host.vsctl("set-controller", "br0", "tcp:" + address, "--", "set",
                        "controller", "br0", "max_backoff=1000")

    def status(self, column):
        return self.host.vsctl("get", "controller", "br0", column).strip()

    def wait_connected(self):
        wait_until(lambda: self.status("is_connected") == "true",
                   what="connection to the controller")

    def flows(self):
        """The hidden flows of in-band control, without counts."""
        lines = self.host.appctl("bridge/dump-flows", "br0").splitlines()
        return sorted(re.sub(".*(?=priority)", "", line) for line in lines
                      if "priority=18000" in line)

    def wait_flows(self, expected):
        wait_until(lambda: self.flows() == sorted(expected),
                   what="hidden flows")
