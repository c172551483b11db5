# SPDX-License-Identifier: Apache-2.0
"""The sandbox: a central node, hosts on one underlay, workloads.

A host is a namespace with its own switch, database and controller; 'hub' is
the namespace whose kernel bridge joins the hosts.  A workload is a namespace
whose eth0 is a logical port."""

import ipaddress
import os
import re
import socket
import subprocess
import time

from weft_common import programs
from weft_common.error import WeftError
from .state import State

START_TIMEOUT_S = 60
UNDERLAY = ipaddress.ip_network("172.31.0.0/24")
# Room for Geneve on an underlay of 1500 bytes.
WORKLOAD_MTU = 1400
LEASE_TIME_S = 3600
# Interfaces, namespaces and folders carry these names.
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_.]{0,13}$")

# What udhcpc runs when a lease comes.  The machine's own script would
# rewrite /etc/resolv.conf, which the namespaces share.
DHCP_SCRIPT = """#!/bin/sh
case $1 in
bound|renew)
    ip addr replace "$ip/$mask" dev "$interface"
    [ -z "$router" ] || ip route replace default via "${router%% *}"
    ;;
esac
"""


def run(command, env=None, check=True, timeout=90):
    """Runs 'command'; returns its output."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              timeout=timeout, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, **(env or {})))
    except subprocess.TimeoutExpired:
        raise WeftError("%s: no end after %d s" % (" ".join(command),
                                                      timeout)) from None
    except OSError as e:
        raise WeftError("%s: %s" % (command[0], e.strerror)) from None
    if check and done.returncode:
        raise WeftError("%s\n  ended with status %d: %s" % (
            " ".join(command), done.returncode,
            (done.stderr or done.stdout).strip()))
    return done.stdout


def wait_until(condition, what, timeout=START_TIMEOUT_S):
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise WeftError("%s: not after %d s" % (what, timeout))
        time.sleep(0.01)


def accepts(path):
    """Says whether somebody listens on unix socket 'path'; that it is there
    does not say so."""
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(path)
        except OSError:
            return False
    return True


def check_name(name):
    if not NAME.match(name):
        raise WeftError("%s: a name is a letter and up to 13 letters, "
                           "digits, '_' or '.'" % name)


class Sandbox:
    """One sandbox.  'say' gets a line of progress at each step."""

    def __init__(self, state, say=lambda text: None):
        self.state, self.say = state, say
        self.folder = state.folder

    @property
    def hosts(self):
        return self.state.data["hosts"]

    @property
    def workloads(self):
        return self.state.data["workloads"]

    # Central node.

    def start_central(self):
        self.say("central node: northbound and southbound database, "
                 "ovn-northd")
        os.mkdir(self.central)
        for db in ("nb", "sb"):
            self.start_database(db, self.central, "ovn%s_db" % db)
        self.start_daemon("ovn-northd", "ovn-northd", self.central, [
            "--ovnnb-db=" + self.db_remote("nb"),
            "--ovnsb-db=" + self.db_remote("sb")])

    @property
    def central(self):
        return os.path.join(self.folder, "central")

    def db_remote(self, db):
        return "unix:%s/ovn%s_db.sock" % (self.central, db)

    def nbctl(self, *words):
        return run([programs.program("ovn-nbctl"),
                    "--db=" + self.db_remote("nb"), "--timeout=60", *words])

    # Programs.

    def environment(self, folder):
        return {variable: folder for variable in (
            "OVS_RUNDIR", "OVN_RUNDIR", "OVS_LOGDIR", "OVN_LOGDIR",
            "OVS_DBDIR", "OVN_DBDIR")}

    def start_database(self, schema, folder, name, ns=None):
        path = os.path.join(folder, name + ".db")
        run([programs.program("ovsdb-tool"), "create", path,
             programs.schema(schema)])
        path_of_socket = os.path.join(folder, name + ".sock")
        self.start_daemon(
            name, "ovsdb-server", folder,
            [path, "--remote=punix:" + path_of_socket,
             "--unixctl=" + os.path.join(folder, name + ".ctl")], ns,
            path_of_socket)

    def start_daemon(self, name, program, folder, options, ns=None,
                     ready=None):
        """Starts 'program' in the background; waits until it accepts
        connections on socket 'ready', its control socket unless given."""
        prefix = ["ip", "netns", "exec", ns] if ns else []
        command = prefix + [programs.program(program), *options,
                            "--log-file=%s/%s.log" % (folder, name),
                            "--pidfile=%s/%s.pid" % (folder, name),
                            "-vconsole:off"]
        output = os.path.join(folder, name + ".out")
        with open(output, "ab") as f:
            popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                start_new_session=True, cwd=folder,
                env=dict(os.environ, **self.environment(folder)))
        self.state.note_process("%s/%s" % (os.path.basename(folder), name),
                                popen.pid)
        ready = ready or os.path.join(folder, "%s.%d.ctl" % (program,
                                                             popen.pid))

        def is_ready():
            if popen.poll() is not None:
                with open(output, errors="replace") as f:
                    raise WeftError("%s ended with status %d: %s" % (
                        program, popen.returncode, f.read()[-2000:].strip()))
            return accepts(ready)
        wait_until(is_ready, "%s: start" % name)

    # Namespaces.

    def add_namespace(self, name):
        full = self.state.note_namespace(name)
        run(["ip", "netns", "add", full])
        run(["ip", "-n", full, "link", "set", "lo", "up"])
        return full

    def join(self, ns1, if1, ns2, if2):
        run(["ip", "link", "add", "name", if1, "netns", ns1, "type", "veth",
             "peer", "name", if2, "netns", ns2])
        run(["ip", "-n", ns1, "link", "set", "dev", if1, "up"])
        run(["ip", "-n", ns2, "link", "set", "dev", if2, "up"])

    def start_hub(self):
        self.hub = self.add_namespace("hub")
        run(["ip", "-n", self.hub, "link", "add", "br0", "type", "bridge"])
        run(["ip", "-n", self.hub, "link", "set", "br0", "up"])

    # Hosts.

    def add_host(self, name=None):
        n = len(self.hosts) + 1
        name = name or "h%d" % n
        check_name(name)
        if name in self.hosts or name in ("hub", "central"):
            raise WeftError("%s: there is one already" % name)
        if n > UNDERLAY.num_addresses - 2:
            raise WeftError("the underlay has no address left")
        ip = str(UNDERLAY[n])
        self.say("host %s (%s): database, ovs-vswitchd, ovn-controller"
                 % (name, ip))
        ns = self.add_namespace(name)
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        self.start_database("vswitch", folder, "db", ns)
        self.hosts[name] = {"ns": ns, "ip": ip, "folder": folder}
        self.vsctl(name, "--no-wait", "init")
        remote = "unix:%s/db.sock" % folder
        self.start_daemon("ovs-vswitchd", "ovs-vswitchd", folder, [remote],
                          ns)
        self.connect_underlay(name)
        self.start_daemon("ovn-controller", "ovn-controller", folder,
                          [remote], ns)
        self.state.save()
        return name

    def connect_underlay(self, name):
        """The address sits on br-phy, over which the switch tunnels."""
        host = self.hosts[name]
        hub = self.state.data["id"] + "-hub"
        self.join(host["ns"], "phy0", hub, name)
        run(["ip", "-n", hub, "link", "set", "dev", name, "master", "br0"])
        self.vsctl(name, "--", "add-br", "br-phy", "--", "set", "bridge",
                   "br-phy", "datapath_type=netdev", "fail_mode=standalone",
                   "--", "add-port", "br-phy", "phy0", "--", "add-br",
                   "br-int", "--", "set", "bridge", "br-int",
                   "datapath_type=netdev", "fail_mode=secure")
        run(["ip", "-n", host["ns"], "addr", "add", "%s/%d" % (
            host["ip"], UNDERLAY.prefixlen), "dev", "br-phy"])
        run(["ip", "-n", host["ns"], "link", "set", "br-phy", "up"])
        self.vsctl(name, "set", "open_vswitch", ".",
                   "external_ids:system-id=" + name,
                   "external_ids:hostname=" + name,
                   "external_ids:ovn-remote=" + self.db_remote("sb"),
                   "external_ids:ovn-encap-type=geneve",
                   "external_ids:ovn-encap-ip=" + host["ip"],
                   "external_ids:ovn-bridge-datapath-type=netdev")

    def host(self, name):
        if name not in self.hosts:
            raise WeftError("%s: no such host; there are %s" % (
                name, ", ".join(self.hosts)))
        return self.hosts[name]

    def vsctl(self, host, *words):
        folder = self.host(host)["folder"]
        return run([programs.program("ovs-vsctl"),
                    "--db=unix:%s/db.sock" % folder, "--timeout=60", *words],
                   env=self.environment(folder))

    # Workloads.

    def add_workload(self, name, switch, host=None, address=None,
                     gateway=None):
        """Makes logical port 'name' on 'switch', which is made too if need
        be, and its namespace on 'host', by default the least used one."""
        check_name(name)
        if name in self.workloads or name in self.hosts or name in (
                "hub", "central"):
            raise WeftError("%s: there is one already" % name)
        host = host or self.least_used_host()
        host_ns = self.host(host)["ns"]
        interface = parse_address(address)
        n = self.state.data["n_macs"] = self.state.data.get("n_macs", 0) + 1
        mac = "02:00:00:00:%02x:%02x" % (n >> 8, n & 0xff)
        self.add_logical_port(name, switch, mac, address, interface)
        ns = self.add_namespace(name)
        self.join(ns, "eth0", host_ns, name)
        run(["ip", "-n", ns, "link", "set", "eth0", "address", mac, "mtu",
             WORKLOAD_MTU])
        self.workloads[name] = {"ns": ns, "host": host, "switch": switch,
                                "mac": mac, "address": None}
        if interface:
            self.address_workload(name, interface, gateway)
        self.vsctl(host, "--may-exist", "add-port", "br-int", name, "--",
                   "set", "interface", name, "external_ids:iface-id=" + name)
        if address == "dhcp":
            self.nbctl("--wait=hv", "sync")
            self.ask_dhcp(name)
        self.state.save()
        self.say("workload %s on %s: %s, %s" % (
            name, host, mac, self.workloads[name]["address"] or "no address"))

    def least_used_host(self):
        used = [w["host"] for w in self.workloads.values()]
        return min(self.hosts, key=used.count)

    def add_logical_port(self, name, switch, mac, address, interface):
        addresses = mac
        if interface:
            addresses += " %s" % interface.ip
        elif address == "dhcp":
            addresses += " dynamic"
        self.nbctl("--may-exist", "ls-add", switch, "--", "lsp-add", switch,
                   name, "--", "lsp-set-addresses", name, addresses)
        if address == "dhcp":
            self.nbctl("lsp-set-dhcpv4-options", name,
                       self.dhcp_options(switch))

    def dhcp_options(self, switch):
        """The DHCP options of a switch's subnet, made when first asked."""
        subnet = self.nbctl("--if-exists", "get", "logical_switch", switch,
                            "other_config:subnet").strip().strip('"')
        if not subnet:
            raise WeftError(
                "DHCP needs a subnet: weft sandbox ovn-nbctl set "
                "logical_switch %s other_config:subnet=10.0.0.0/24" % switch)
        found = self.nbctl("--bare", "--columns=_uuid", "find",
                           "dhcp_options", 'cidr="%s"' % subnet).split()
        if found:
            return found[0]
        router = ipaddress.ip_network(subnet)[1]
        return self.nbctl(
            "create", "dhcp_options", 'cidr="%s"' % subnet,
            'options:server_id="%s"' % router, 'options:router="%s"' % router,
            'options:server_mac="02:00:00:00:ff:fe"',
            'options:lease_time="%d"' % LEASE_TIME_S).strip()

    def address_workload(self, name, interface, gateway):
        ns = self.workloads[name]["ns"]
        self.workloads[name]["address"] = str(interface.ip)
        run(["ip", "-n", ns, "addr", "add", interface.with_prefixlen, "dev",
             "eth0"])
        gateway = gateway or str(interface.network[1])
        if gateway != str(interface.ip):
            run(["ip", "-n", ns, "route", "add", "default", "via", gateway])

    def ask_dhcp(self, name):
        script = os.path.join(self.folder, "dhcp-script")
        if not os.path.exists(script):
            with open(script, "w") as f:
                f.write(DHCP_SCRIPT)
            os.chmod(script, 0o755)
        self.execute(name, ["udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t",
                            "30", "-T", "1", "-s", script])
        found = re.search(r"inet ([0-9.]+)/", self.execute(
            name, ["ip", "-4", "addr", "show", "dev", "eth0"]))
        if not found:
            raise WeftError("%s: a lease, but no address" % name)
        self.workloads[name]["address"] = found.group(1)

    def add_outside(self, name, host, network, address):
        """A namespace outside of all logical networks, on a bridge of 'host'
        that localnet ports of 'network' reach."""
        ns = self.add_namespace(name)
        self.join(ns, "eth0", self.host(host)["ns"], name)
        run(["ip", "-n", ns, "addr", "add", address, "dev", "eth0"])
        self.vsctl(host, "--", "add-br", "br-ex", "--", "set", "bridge",
                   "br-ex", "datapath_type=netdev", "fail_mode=standalone",
                   "--", "add-port", "br-ex", name, "--", "set",
                   "open_vswitch", ".",
                   "external_ids:ovn-bridge-mappings=%s:br-ex" % network)

    # Inside.

    def namespace(self, name):
        """The namespace of host or workload 'name'."""
        place = self.hosts.get(name) or self.workloads.get(name)
        if not place:
            raise WeftError("%s: no such host or workload" % name)
        return place["ns"]

    def execute(self, name, command, check=True, timeout=90):
        """Runs 'command' inside a host or workload; returns its output."""
        return run(["ip", "netns", "exec", self.namespace(name), *command],
                   check=check, timeout=timeout)


def parse_address(address):
    """An interface address; /24 if the length is not given."""
    if address is None or address == "dhcp":
        return None
    text = address if "/" in address else address + "/24"
    try:
        return ipaddress.IPv4Interface(text)
    except ValueError as e:
        raise WeftError("%s" % e) from None


def bring_up(folder, n_hosts, say):
    """Makes a new sandbox; remains of a crashed one are removed first."""
    if os.geteuid() != 0:
        raise WeftError("network namespaces need root")
    if n_hosts < 1 or n_hosts > UNDERLAY.num_addresses - 2:
        raise WeftError("%d hosts: not between 1 and %d" % (
            n_hosts, UNDERLAY.num_addresses - 2))
    state = State(folder)
    if state.exists():
        state.load()
        if any(map(state.is_running, state.data["processes"])):
            raise WeftError("%s: a sandbox is up already" % folder)
        say("removing what a sandbox that died has left")
        state.clean()
        state = State(folder)
    state.create()
    sandbox = Sandbox(state, say)
    try:
        sandbox.start_central()
        sandbox.start_hub()
        for _ in range(n_hosts):
            sandbox.add_host()
        return sandbox
    except BaseException:
        state.clean()
        raise
