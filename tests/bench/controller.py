# SPDX-License-Identifier: Apache-2.0
"""ovn-controller on one host of a network of 'size' ports, 50 of them here:
from its start until all are ovn-installed, and small changes after that: one
port more, one chassis more among 500, one address more in a set of 10,000 that
50 ACLs use."""

import time

from bench.common import (DB, PORTS_PER_SWITCH, cpu_s, elapsed, insert, less,
                          memory_mib, named, own_tool, port_name, programs_of,
                          repeated)
from bench.northd import start_cold
from harness.ovsdb import Client
from harness.process import run, wait_until
from harness.sandbox import Host, Sandbox

N_LOCAL = 50
N_MORE = 10
N_CHASSIS = 500
N_ADDRESSES = 10000
N_ACLS = 50
SB = "OVN_Southbound"


def local_port(i, n_switches):
    return port_name(i % n_switches, i // n_switches)


def plug(host, i, n_switches):
    return ["--", "add-port", "br-int", "v%d" % i, "--", "set", "interface",
            "v%d" % i, "type=internal",
            "external_ids:iface-id=" + local_port(i, n_switches)]


def n_installed(host):
    done = host.vsctl("--bare", "--columns=name", "find", "interface",
                      "external_ids:ovn-installed=true")
    return len(done.split())


def plug_and_wait(host, i, n_switches, tool):
    for words in (plug(host, i, n_switches),
                  ["wait-until", "interface", "v%d" % i,
                   "external_ids:ovn-installed=true"]):
        run([tool, "--db=" + host.db.remote, "--timeout=60", *words],
            timeout=70)


def measure_plug(side, host, n_switches):
    """A port more, with either tool."""
    controller = host.controller.pid
    tool = host.sandbox.programs.path("ovs-vsctl")
    seconds, cpu = repeated(
        N_MORE,
        lambda i: plug_and_wait(host, N_LOCAL + i, n_switches, tool),
        controller)
    own = own_tool(side, "ovs-vsctl")
    own_seconds, _ = repeated(
        N_MORE,
        lambda i: plug_and_wait(host, N_LOCAL + N_MORE + i, n_switches, own),
        controller)
    return {
        "one more port installed": less(seconds, "s"),
        "one more port: controller CPU": less(cpu, "s"),
        "one more port installed, with its own tool": less(own_seconds, "s"),
    }


def wait_installed(host, count):
    wait_until(lambda: n_installed(host) >= count, 300, "ports installed",
               interval=0.05)


def make_host(sandbox, n_switches):
    """A host with its ports, and no controller yet."""
    host = Host(sandbox, "h1", "172.31.0.1", controller=False)
    host.vsctl("--", "add-br", "br-int", "--", "set", "bridge", "br-int",
               "datapath_type=netdev", "fail_mode=secure")
    words = []
    for i in range(N_LOCAL):
        words += plug(host, i, n_switches)
    host.vsctl(*words)
    host.configure()
    return host


def add_chassis(client, i):
    client.transact(
        SB, insert("Encap", "e", type="geneve", chassis_name="far%d" % i,
                   ip="172.30.%d.%d" % (i // 250, i % 250 + 1)),
        insert("Chassis", "c", name="far%d" % i, encaps=named("e")))


def wait_tunnels(host, count):
    def n_tunnels():
        return len(host.vsctl("--bare", "--columns=name", "find", "interface",
                              "type=geneve").split())
    wait_until(lambda: n_tunnels() >= count, 300, "tunnels", interval=0.005)


def measure_chassis(sandbox, host):
    client = Client(sandbox.sb.socket, timeout=60)
    for i in range(N_CHASSIS):
        add_chassis(client, i)
    wait_tunnels(host, N_CHASSIS)

    def one_more(i):
        add_chassis(client, N_CHASSIS + i)
        wait_tunnels(host, N_CHASSIS + i + 1)
    seconds, cpu = repeated(N_MORE, one_more, host.controller.pid)
    client.close()
    return {"one more chassis among 500: its tunnel": less(seconds, "s"),
            "one more chassis: controller CPU": less(cpu, "s")}


def measure_set(sandbox, host):
    client = Client(sandbox.nb.socket, timeout=60)
    port = client.transact(DB, {
        "op": "select", "table": "Logical_Switch_Port",
        "where": [["name", "==", port_name(0, 0)]],
        "columns": ["_uuid"]})[0]["rows"][0]["_uuid"]
    acls = ["acl%d" % i for i in range(N_ACLS)]
    client.transact(
        DB, insert("Address_Set", "s", name="big", addresses=["set", [
            "10.200.%d.%d" % (i // 250, i % 250 + 1)
            for i in range(N_ADDRESSES)]]),
        insert("Port_Group", "p", name="users", ports=port,
               acls=["set", [named(a) for a in acls]]),
        *[insert("ACL", a, priority=3000 + i, direction="to-lport",
                 action="allow", match="outport == @users && ip4 && "
                 "ip4.src == $big && tcp.dst == %d" % (5000 + i))
          for i, a in enumerate(acls)])
    client.close()
    sandbox.nbctl("--wait=hv", "--timeout=300", "sync")
    seconds, cpu = repeated(N_MORE // 2, lambda i: sandbox.nbctl(
        "--wait=hv", "add", "Address_Set", "big", "addresses",
        "10.201.0.%d" % (i + 1)), host.controller.pid)
    return {"one more address in a set of 10,000": less(seconds, "s"),
            "one more address: controller CPU": less(cpu, "s")}


def measure(side, _, n_ports):
    n_switches = max(1, n_ports // PORTS_PER_SWITCH)
    with Sandbox(programs_of(side)) as sandbox:
        start_cold(sandbox, n_ports)
        host = make_host(sandbox, n_switches)
        vswitchd, server = host.vswitchd.pid, sandbox.sb.process.pid
        before = cpu_s(vswitchd), cpu_s(server)
        start = time.monotonic()
        host.start_controller()
        wait_installed(host, N_LOCAL)
        seconds = time.monotonic() - start
        controller = host.controller.pid
        # Ports may be installed before the rest of the network is: its work
        # belongs to the cold start, not to the port that comes next.
        sandbox.nbctl("--wait=hv", "--timeout=300", "sync")
        figures = {
            "cold to all ports installed": less(seconds, "s"),
            "cold to all flows installed": less(time.monotonic() - start,
                                                "s"),
            "cold: controller CPU": less(cpu_s(controller), "s"),
            "cold: vswitchd CPU": less(cpu_s(vswitchd) - before[0], "s"),
            "cold: southbound server CPU": less(cpu_s(server) - before[1],
                                                "s"),
            "controller peak memory": less(
                memory_mib(controller, "VmHWM"), "MiB"),
        }
        figures.update(measure_plug(side, host, n_switches))
        figures["--wait=hv, nothing changed"] = less(elapsed(
            lambda: sandbox.nbctl("--wait=hv", "sync")), "s")
        figures.update(measure_set(sandbox, host))
        figures.update(measure_chassis(sandbox, host))
        return figures
