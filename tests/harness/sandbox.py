# SPDX-License-Identifier: Apache-2.0
"""A whole network in namespaces: a central node, hosts, workloads.

Each program is ours or Debian's, as the Programs object says, so that one
test serves for every mix."""

import os
import shutil
import tempfile

from .netns import Namespaces, ping, wait_ping, within
from .process import Process, accepts, run, wait_until
from .programs import Programs


class Database:
    """An ovsdb-server with one database on a unix socket."""

    def __init__(self, sandbox, name, schema, folder, prefix=(), env=None):
        self.path = os.path.join(folder, name + ".db")
        self.socket = os.path.join(folder, name + ".sock")
        self.ctl = os.path.join(folder, name + ".ctl")
        self.remote = "unix:" + self.socket
        self.sandbox, self.name = sandbox, name
        self.folder, self.prefix, self.env = folder, prefix, env
        if not os.path.exists(self.path):
            run([sandbox.programs.path("ovsdb-tool"), "create", self.path,
                 sandbox.programs.schema(schema)])
        self.process = None
        self.start()

    def start(self):
        self.process = self.sandbox.spawn(
            self.name, list(self.prefix)
            + [self.sandbox.programs.path("ovsdb-server"), self.path,
               "--remote=p" + self.remote, "--unixctl=" + self.ctl,
               "--log-file=" + os.path.join(self.folder, self.name + ".log"),
               "-vconsole:off"], env=self.env)
        # Tools try once: the socket has to listen, not only to be there.
        self.process.wait_for(lambda: accepts(self.socket))


class Host:
    """One chassis: a namespace with its own switch, database, controller."""

    def __init__(self, sandbox, name, underlay_ip, controller=True,
                 vswitchd_options=()):
        self.sandbox, self.name, self.ip = sandbox, name, underlay_ip
        self.ns = sandbox.namespaces.add(name)
        self.folder = os.path.join(sandbox.folder, name)
        os.mkdir(self.folder)
        self.env = {"OVS_RUNDIR": self.folder, "OVN_RUNDIR": self.folder,
                    "OVS_LOGDIR": self.folder, "OVN_LOGDIR": self.folder,
                    "OVS_DBDIR": self.folder}
        self.exec = ("ip", "netns", "exec", self.ns)
        self.db = Database(sandbox, "conf", "vswitch", self.folder, self.exec,
                           self.env)
        self.vsctl("--no-wait", "init")
        self.vswitchd_options = list(vswitchd_options)
        self.start_vswitchd()
        self.controller = None
        if controller:
            self.configure()
            self.start_controller()

    def start_vswitchd(self):
        self.vswitchd_ctl = os.path.join(self.folder, "vswitchd.ctl")
        self.vswitchd = self.sandbox.spawn(
            self.name + "-vswitchd", list(self.exec)
            + [self.sandbox.programs.path("ovs-vswitchd"), self.db.remote,
               "--unixctl=" + self.vswitchd_ctl,
               "--log-file=" + os.path.join(self.folder, "vswitchd.log"),
               "-vconsole:off"] + self.vswitchd_options, env=self.env)
        self.vswitchd.wait_for(lambda: accepts(self.vswitchd_ctl))

    def configure(self):
        """What an operator sets before ovn-controller starts."""
        self.vsctl("set", "open_vswitch", ".",
                   "external_ids:system-id=" + self.name,
                   "external_ids:hostname=" + self.name,
                   "external_ids:ovn-remote=" + self.sandbox.sb.remote,
                   "external_ids:ovn-encap-type=geneve",
                   "external_ids:ovn-encap-ip=" + self.ip,
                   "external_ids:ovn-bridge-datapath-type=netdev")

    def start_controller(self):
        self.controller = self.sandbox.spawn(
            self.name + "-controller", list(self.exec)
            + [self.sandbox.programs.path("ovn-controller"), self.db.remote,
               "--log-file=" + os.path.join(self.folder, "controller.log"),
               "-vconsole:off"], env=self.env)
        self.controller_ctl = os.path.join(
            self.folder, "ovn-controller.%d.ctl" % self.controller.pid)
        self.controller.wait_for(lambda: accepts(self.controller_ctl))

    def vsctl(self, *words, **kwargs):
        return run([self.sandbox.programs.path("ovs-vsctl"),
                    "--db=" + self.db.remote, "--timeout=60", *words],
                   env=dict(os.environ, **self.env), **kwargs)

    def ofctl(self, command, bridge, *words, **kwargs):
        return run([self.sandbox.programs.path("ovs-ofctl"), "-OOpenFlow15",
                    command,
                    "unix:" + os.path.join(self.folder, bridge + ".mgmt"),
                    *words], **kwargs)

    def appctl(self, *words, **kwargs):
        return run([self.sandbox.programs.path("ovs-appctl"), "-t",
                    self.vswitchd_ctl, *words], **kwargs)

    def controller_appctl(self, *words, **kwargs):
        return run([self.sandbox.programs.path("ovs-appctl"), "-t",
                    self.controller_ctl, *words], **kwargs)

    def workload(self, port, mac, ip, gateway=None, bridge="br-int",
                 prefix=24, mtu=1400):
        """A namespace whose eth0 is logical port 'port'."""
        ns = self.sandbox.namespaces.add(port)
        self.sandbox.namespaces.veth(ns, "eth0", self.ns, port,
                                     offload=self.sandbox.takes_offloads())
        run(["ip", "-n", ns, "link", "set", "eth0", "address", mac,
             "mtu", str(mtu)])
        if ip:
            run(["ip", "-n", ns, "addr", "add", "%s/%d" % (ip, prefix),
                 "dev", "eth0"])
        if gateway:
            run(["ip", "-n", ns, "route", "add", "default", "via", gateway])
        self.vsctl("--", "--may-exist", "add-port", bridge, port, "--", "set",
                   "interface", port, "external_ids:iface-id=" + port)
        return ns


class Sandbox:
    """Use as a context manager, or through the fixture 'sandbox'."""

    def __init__(self, programs=None):
        self.programs = programs or Programs()
        self.folder = tempfile.mkdtemp(prefix="weft-")
        self.namespaces = Namespaces()
        self.processes = []
        self.hosts = {}
        self.northd = None
        # Of phy0 on host i, with "%02x" for i.  One that looks like a real
        # interface's makes it br-phy's too.
        self.underlay_mac = None

    def spawn(self, name, command, env=None):
        process = Process(command, os.path.join(self.folder, name + ".out"),
                          env)
        self.processes.append(process)
        return process

    def start_central(self):
        self.nb = Database(self, "nb", "nb", self.folder)
        self.sb = Database(self, "sb", "sb", self.folder)
        # Debian's tools fail if somebody else makes the first row while they
        # do.
        self.nbctl("init")
        self.sbctl("init")
        self.start_northd()

    def start_northd(self):
        ctl = os.path.join(self.folder, "northd.ctl")
        self.northd = self.spawn(
            "northd", [self.programs.path("ovn-northd"),
                       "--ovnnb-db=" + self.nb.remote,
                       "--ovnsb-db=" + self.sb.remote, "--unixctl=" + ctl,
                       "--log-file=" + os.path.join(self.folder,
                                                    "northd.log"),
                       "-vconsole:off"],
            env={"OVN_RUNDIR": self.folder, "OVS_RUNDIR": self.folder})
        self.northd.wait_for(lambda: accepts(ctl))

    def nbctl(self, *words, **kwargs):
        return run([self.programs.path("ovn-nbctl"), "--db=" + self.nb.remote,
                    "--timeout=60", *words], **kwargs)

    def sbctl(self, *words, **kwargs):
        return run([self.programs.path("ovn-sbctl"), "--db=" + self.sb.remote,
                    "--timeout=60", *words], **kwargs)

    def underlay(self, n_hosts, **kwargs):
        """Hosts h1..hN on one kernel bridge; underlay addresses
        172.31.0.N on a plain device of each host."""
        hub = self.namespaces.add("hub")
        run(["ip", "-n", hub, "link", "add", "br0", "type", "bridge"])
        run(["ip", "-n", hub, "link", "set", "br0", "up"])
        for i in range(1, n_hosts + 1):
            name = "h%d" % i
            host = Host(self, name, "172.31.0.%d" % i, controller=False)
            # Debian's userspace datapath wants whole checksums.
            self.namespaces.veth(host.ns, "phy0", hub, name,
                                 offload=self.takes_offloads())
            if self.underlay_mac:
                run(["ip", "-n", host.ns, "link", "set", "phy0", "address",
                     self.underlay_mac % i])
            run(["ip", "-n", hub, "link", "set", name, "master", "br0"])
            self.address_underlay(host)
            host.configure()
            host.start_controller()
            self.hosts[name] = host
        return [self.hosts["h%d" % i] for i in range(1, n_hosts + 1)]

    def takes_offloads(self):
        return self.programs.side("ovs-vswitchd") == "ours"

    def address_underlay(self, host):
        """Puts the underlay address on br-phy, with phy0 in it, which both
        userspace datapaths (ours and Debian's) can tunnel over."""
        host.vsctl("--", "add-br", "br-phy", "--", "set", "bridge", "br-phy",
                   "datapath_type=netdev", "fail_mode=standalone", "--",
                   "add-port", "br-phy", "phy0", "--", "add-br", "br-int",
                   "--", "set", "bridge", "br-int", "datapath_type=netdev",
                   "fail_mode=secure")
        self.restore_underlay(host)

    def restore_underlay(self, host):
        """Puts the address there again after the switch was gone: the device
        goes and comes with it."""
        wait_until(lambda: not run(["ip", "-n", host.ns, "link", "show",
                                    "br-phy"], check=False).returncode,
                   20, "br-phy is there")
        run(["ip", "-n", host.ns, "addr", "replace", host.ip + "/24", "dev",
             "br-phy"])
        run(["ip", "-n", host.ns, "link", "set", "br-phy", "up"])

    def wait_ping(self, ns, address, timeout=60):
        """Waits until one ping from 'ns' to 'address' is answered."""
        wait_ping(ns, address, timeout)

    def logs(self):
        """All logs and outputs, for a failed test's report."""
        parts = []
        for where, _, files in os.walk(self.folder):
            for f in sorted(files):
                if f.endswith((".log", ".out")):
                    path = os.path.join(where, f)
                    with open(path, errors="replace") as text:
                        tail = text.read()[-3000:]
                    if tail:
                        parts.append("--- %s\n%s" % (
                            os.path.relpath(path, self.folder), tail))
        return "\n".join(parts)

    def close(self):
        for process in reversed(self.processes):
            process.stop()
        self.namespaces.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


__all__ = ["Sandbox", "Host", "Database", "within", "ping"]
