# SPDX-License-Identifier: Apache-2.0
"""A switch with workloads on it.  Workload va, on port vifa, is 10.7.0.1; vb
is 10.7.0.2; ..."""

from .sandbox import Host


class Switch:
    """A host with bridge br0, and workloads on it."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.host = Host(sandbox, "switch", None, controller=False)
        self.add_bridge("br0")

    def add_bridge(self, name):
        self.host.vsctl("add-br", name, "--", "set", "bridge", name,
                        "datapath_type=netdev", "fail_mode=secure")

    def vm(self, letter, bridge="br0", *port_settings):
        i = ord(letter) - ord("a") + 1
        name = "vif" + letter
        ns = self.host.workload(name, "02:00:00:00:00:%02x" % i,
                                "10.7.0.%d" % i, bridge=bridge)
        if port_settings:
            self.host.vsctl("set", "port", name, *port_settings)
        return ns

    def flows(self, *flows, bridge="br0"):
        for flow in flows:
            self.host.ofctl("add-flow", bridge, flow)

    def ready(self, name, command):
        """Starts 'command' and waits until it says that it is ready."""
        process = self.sandbox.spawn(name, command)
        process.wait_for(lambda: "ready" in process.text())
        return process
