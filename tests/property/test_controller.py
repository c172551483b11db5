# SPDX-License-Identifier: Apache-2.0
"""Random histories of a southbound database: after each, the facts of
ovn-controller are those of a computation from scratch, the switch has the flows
that are wanted, and a fresh controller wants the same ones."""

import os
import random
import re
import signal
import threading

import pytest

from harness.netns import can_use_namespaces
from harness.ovsdb import Client
from harness.process import wait_until
from harness.programs import Programs, ours
from harness.proxy import Proxy
from harness.sandbox import Database, Host
from harness.tap import Tap

SB = "OVN_Southbound"
VS = "Open_vSwitch"
N_INTERFACES = 6
PORTS = ["p%d" % i for i in range(10)]
SEEDS = [int(s) for s in os.environ.get("WEFT_SEEDS", "1 2 3").split()]

FLOWS = [
    ("ingress", 0, 50, "1", "next;"),
    ("ingress", 0, 100, 'inport == "p0"', "next;"),
    ("ingress", 3, 100, "inport == @pg0 && ip4.src == $as0", "drop;"),
    ("ingress", 3, 90, "inport == @pg0 && ip4 && tcp.dst == {80, 443, 8080}"
     " && ip4.src == $as1", "next;"),
    ("ingress", 4, 80, "ip4.src == $as0 && ip4.dst == $as1", "next;"),
    ("ingress", 4, 70, "ip4.src != $as1", "next;"),
    ("ingress", 5, 60, 'is_chassis_resident("p1") && ip6', "next;"),
    ("ingress", 6, 60, "ip4.dst == 10.9.9.9 && tcp",
     "ct_lb_mark(backends=10.0.0.1:80,10.0.0.2:80);"),
    ("ingress", 20, 70, "eth.mcast", 'outport = "_MC_flood"; output;'),
    ("ingress", 20, 50, "eth.dst == 02:00:00:00:00:01",
     'outport = "p1"; output;'),
    ("egress", 2, 100, "outport == @pg0 && udp", "drop;"),
    ("egress", 3, 50, "ip", 'log(name="x", severity=info); next;'),
    ("egress", 4, 50, "udp", "sample(probability=65535,collector_set=1,"
     "obs_domain=3,obs_point=7); next;"),
    ("egress", 9, 0, "1", "output;"),
]


def ref(uuid):
    return ["uuid", uuid]


def refs(uuids):
    return ["set", [ref(u) for u in uuids]]


class History:
    """Random changes, each a transaction that keeps the database valid."""

    def __init__(self, seed, sb, vs):
        self.random = random.Random(seed)
        self.sb, self.vs = sb, vs
        self.datapaths = {}          # Tunnel key: uuid.
        self.key = 0

    def transact(self, *operations):
        results = self.sb.transact(SB, *operations)
        errors = [r for r in results if r and "error" in r]
        assert not errors, (operations, errors)
        return results

    def insert(self, table, **row):
        return self.transact({"op": "insert", "table": table,
                              "row": row})[0]["uuid"][1]

    def rows(self, table, where=(), columns=("_uuid",)):
        return self.transact({"op": "select", "table": table,
                              "where": list(where),
                              "columns": list(columns)})[0]["rows"]

    def delete_any(self, table):
        rows = self.rows(table)
        if rows:
            uuid = self.random.choice(sorted(r["_uuid"][1] for r in rows))
            self.transact({"op": "delete", "table": table,
                           "where": [["_uuid", "==", ref(uuid)]]})

    def update(self, table, name, column, value, by="name"):
        self.transact({"op": "update", "table": table,
                       "where": [[by, "==", name]], "row": {column: value}})

    def any_datapaths(self):
        uuids = sorted(self.datapaths.values())
        return self.random.sample(uuids, self.random.randint(1, len(uuids)))

    def next_key(self):
        self.key += 1
        return self.key

    # Changes.

    def datapath(self):
        if len(self.datapaths) < 6:
            key = self.next_key()
            ids = {"name": "dp%d" % key, self.random.choice(
                ["logical-switch", "logical-router"]): "x"}
            self.datapaths[key] = self.insert(
                "Datapath_Binding", tunnel_key=key,
                external_ids=["map", sorted(ids.items())])

    def port(self, name=None):
        name = name or self.random.choice(PORTS)
        type_ = self.random.choice(["", "", "", "", "patch", "patch",
                                    "localport", "localnet", "virtual",
                                    "vtep"])
        options = {}
        if type_ == "patch":
            options["peer"] = self.random.choice(PORTS)
            if self.random.random() < 0.3:
                options["chassis-redirect-port"] = "cr"
        elif self.random.random() < 0.3:
            options.update(qdisc_queue_id=str(self.random.randint(1, 5)),
                           qos_max_rate="1000000")
            if self.random.random() < 0.5:
                options["qos_physical_network"] = "phys"
        if type_ == "localnet":
            options["network_name"] = "phys"
        if self.random.random() < 0.2:
            options["requested-chassis"] = self.random.choice(
                ["h1", "far0,h1", "far0"])
        row = {
            "logical_port": name, "type": type_,
            "tunnel_key": self.next_key(),
            "datapath": ref(self.random.choice(self.any_datapaths())),
            "mac": "02:00:00:00:00:0%s 10.0.0.%s" % (name[1], name[1]),
            "options": ["map", sorted(options.items())],
        }
        if self.random.random() < 0.3:
            row["port_security"] = row["mac"]
        if type_ == "" and self.random.random() < 0.2:
            row["parent_port"] = self.random.choice(PORTS)
            row["tag"] = self.random.randint(1, 100)
        self.transact({"op": "delete", "table": "Port_Binding",
                       "where": [["logical_port", "==", name]]},
                      {"op": "insert", "table": "Port_Binding", "row": row})

    def interface(self, number=None, name=None):
        if number is None:
            number = self.random.randrange(N_INTERFACES)
            name = self.random.choice(PORTS + [""])
        iface = "v%d" % number
        ids = ["map", [["iface-id", name]] if name else []]
        self.vs.transact(VS, {"op": "update", "table": "Interface",
                              "where": [["name", "==", iface]],
                              "row": {"external_ids": ids}})

    def flow(self):
        pipeline, stage, priority, match, actions = self.random.choice(FLOWS)
        row = {"pipeline": pipeline, "table_id": stage, "priority": priority,
               "match": match, "actions": actions}
        operations = []
        if self.random.random() < 0.5:
            row["logical_datapath"] = ref(self.any_datapaths()[0])
        else:
            operations = [{"op": "insert", "table": "Logical_DP_Group",
                           "uuid-name": "g",
                           "row": {"datapaths": refs(self.any_datapaths())}}]
            row["logical_dp_group"] = ["named-uuid", "g"]
        self.transact(*operations, {"op": "insert", "table": "Logical_Flow",
                                    "row": row})

    def flow_moves(self):
        """A flow changes to another group, in one transaction."""
        flows = self.rows("Logical_Flow")
        if flows:
            uuid = self.random.choice(sorted(f["_uuid"][1] for f in flows))
            self.transact(
                {"op": "insert", "table": "Logical_DP_Group",
                 "uuid-name": "g",
                 "row": {"datapaths": refs(self.any_datapaths())}},
                {"op": "update", "table": "Logical_Flow",
                 "where": [["_uuid", "==", ref(uuid)]],
                 "row": {"logical_dp_group": ["named-uuid", "g"],
                         "logical_datapath": ["set", []]}})

    def flow_goes(self):
        self.delete_any("Logical_Flow")

    def address_set(self):
        """Around the size at which members get flows of their own."""
        name = self.random.choice(["as0", "as1"])
        n = self.random.choice([0, 1, 5, 60, 66, 70, 140])
        base = self.random.randrange(3)
        addresses = ["10.%d.0.%d" % (base, i + 1) for i in range(n)]
        if n and self.random.random() < 0.3:
            addresses[0] = "10.128.0.0/9"
        self.update("Address_Set", name, "addresses", ["set", addresses])

    def address(self):
        name = self.random.choice(["as0", "as1"])
        self.transact({"op": "mutate", "table": "Address_Set",
                       "where": [["name", "==", name]],
                       "mutations": [["addresses", self.random.choice(
                           ["insert", "delete"]), "10.0.0.%d"
                           % self.random.randint(1, 90)]]})

    def port_group(self):
        self.update("Port_Group", "pg0", "ports", ["set", self.random.sample(
            PORTS, self.random.randint(0, 5))])

    def multicast_group(self):
        ports = self.rows("Port_Binding", columns=("_uuid", "datapath"))
        datapath = self.any_datapaths()[0]
        members = [p["_uuid"][1] for p in ports
                   if p["datapath"][1] == datapath]
        where = [["datapath", "==", ref(datapath)]]
        self.transact(
            {"op": "delete", "table": "Multicast_Group", "where": where},
            {"op": "insert", "table": "Multicast_Group", "row": {
                "datapath": ref(datapath), "name": "_MC_flood",
                "tunnel_key": 32768, "ports": refs(members)}})

    def learned(self):
        datapath = self.any_datapaths()[0]
        name = self.random.choice(PORTS)
        ip = "10.0.0.%d" % self.random.randint(1, 5)
        self.transact(
            {"op": "delete", "table": "MAC_Binding", "where": [
                ["logical_port", "==", name], ["ip", "==", ip]]},
            {"op": "insert", "table": "MAC_Binding", "row": {
                "datapath": ref(datapath), "logical_port": name, "ip": ip,
                "mac": "02:00:00:00:01:%02x" % self.random.randrange(9)}})

    def learned_goes(self):
        self.delete_any("MAC_Binding")

    def load_balancer(self):
        self.delete_any("Load_Balancer")
        self.insert("Load_Balancer", name="lb", protocol="tcp",
                    vips=["map", [["10.9.9.9:80", "10.0.0.1:80,10.0.0.2:80"],
                                  ["[fd00::9]:80", "[fd00::1]:80"]]],
                    datapaths=refs(self.any_datapaths()))

    def chassis(self):
        name = "far%d" % self.random.randrange(3)
        if self.rows("Chassis", [["name", "==", name]]):
            self.transact({"op": "delete", "table": "Chassis",
                           "where": [["name", "==", name]]})
        else:
            self.transact(
                {"op": "insert", "table": "Encap", "uuid-name": "e", "row": {
                    "type": self.random.choice(["geneve", "vxlan"]),
                    "ip": "172.30.0.%s" % name[3], "chassis_name": name}},
                {"op": "insert", "table": "Chassis", "row": {
                    "name": name, "encaps": ["named-uuid", "e"],
                    "other_config": self.chassis_config()}})

    def chassis_config(self):
        pairs = [["is-vtep", self.random.choice(["true", "false"])],
                 ["is-remote", self.random.choice(["true", "false", "false"])],
                 ["ovn-chassis-mac-mappings", self.random.choice(
                     ["", "phys:aa:00:00:00:00:01",
                      "phys:aa:00:00:00:00:02,lab:aa:00:00:00:00:03"])]]
        return ["map", self.random.sample(pairs, self.random.randint(0, 3))]

    def chassis_changes(self):
        self.update("Chassis", "far%d" % self.random.randrange(3),
                    "other_config", self.chassis_config())

    def far_port(self):
        """A port is on another host now."""
        far = self.rows("Chassis", [["name", "!=", "h1"]])
        ports = self.rows("Port_Binding", [["chassis", "==", ["set", []]]])
        if far and ports:
            uuid = self.random.choice(sorted(p["_uuid"][1] for p in ports))
            self.transact({"op": "update", "table": "Port_Binding",
                           "where": [["_uuid", "==", ref(uuid)]],
                           "row": {"chassis": far[0]["_uuid"]}})

    def setting(self):
        key, values = self.random.choice([
            ("ovn-monitor-all", ["true", "false"]),
            ("ovn-is-interconn", ["true", "false"]),
            ("ovn-encap-type", ["geneve", "geneve,vxlan"]),
            ("ovn-enable-flow-based-tunnels", ["true", "false"]),
            ("ct-zone-range", ["1-65535", "100-900", "200-1000"]),
            ("ovn-chassis-mac-mappings-h1", ["", "phys:aa:00:00:00:00:09"])])
        self.vs.transact(VS, {
            "op": "mutate", "table": "Open_vSwitch", "where": [],
            "mutations": [["external_ids", "delete", ["set", [key]]],
                          ["external_ids", "insert", ["map", [[
                              key, self.random.choice(values)]]]]]})

    CHANGES = [datapath, port, port, port, interface, interface, flow, flow,
               flow, flow_moves, flow_goes, address_set, address, address,
               port_group, multicast_group, learned, learned_goes,
               load_balancer, chassis, chassis_changes, far_port, setting]

    def start(self):
        self.insert("SB_Global", nb_cfg=0)
        for name in ("as0", "as1"):
            self.insert("Address_Set", name=name)
        self.insert("Port_Group", name="pg0")
        self.datapath()
        for i in range(N_INTERFACES):
            self.port(PORTS[i])
            self.interface(i, PORTS[i])

    def go_on(self, n):
        for _ in range(n):
            self.random.choice(self.CHANGES)(self)


class Bench:
    """One host with our switch and controller, a database, no northd."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        sandbox.sb = Database(sandbox, "sb", "sb", sandbox.folder)
        self.host = host = Host(sandbox, "h1", "172.31.0.1",
                                controller=False)
        words = ["--", "add-br", "br-int", "--", "set", "bridge", "br-int",
                 "datapath_type=netdev", "fail_mode=secure",
                 "--", "add-br", "br-ex", "--", "set", "bridge", "br-ex",
                 "datapath_type=netdev", "--", "set", "open_vswitch", ".",
                 "external_ids:ovn-bridge-mappings=phys:br-ex"]
        for i in range(N_INTERFACES):
            words += ["--", "add-port", "br-int", "v%d" % i, "--", "set",
                      "interface", "v%d" % i, "type=internal"]
        host.vsctl(*words)
        host.configure()
        self.sb = Client(sandbox.sb.socket, timeout=60)
        self.vs = Client(host.db.socket, timeout=60)
        self.nb_cfg = 0

    def close(self):
        self.sb.close()
        self.vs.close()

    def settle(self):
        """Waits until the controller has followed all changes."""
        self.nb_cfg += 1
        self.sb.transact(SB, {"op": "update", "table": "SB_Global",
                              "where": [], "row": {"nb_cfg": self.nb_cfg}})
        wait_until(lambda: self.sb.transact(SB, {
            "op": "select", "table": "Chassis_Private",
            "where": [["name", "==", "h1"]],
            "columns": ["nb_cfg"]})[0]["rows"] == [{"nb_cfg": self.nb_cfg}],
                   60, "nb_cfg %d" % self.nb_cfg)

    def settle_claims(self):
        """What settles may change what is claimed, and that what is wanted:
        waits until the flows are those of a while ago."""
        seen = []

        def is_quiet():
            self.settle()
            seen.append(self.flows())
            return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]
        wait_until(is_quiet, 60, "quiet", interval=0.05)
        return seen[-1]

    def flows(self, with_ids=True):
        text = self.host.ofctl("dump-flows", "br-int", "--no-stats")
        if not with_ids:
            text = re.sub(r"(conjunction\(|conj_id=|group:|meter_id=)\d+",
                          r"\1N", text)
        return sorted(line.strip() for line in text.split("\n")
                      if "actions" in line)


@pytest.fixture
def bench(make_sandbox):
    if not can_use_namespaces():
        pytest.skip("network namespaces need root")
    missing = [n for n in ("ovn-controller", "ovs-vswitchd", "ovsdb-server")
               if not os.path.exists(ours(n))]
    if missing:
        pytest.skip("not built: " + " ".join(missing))
    made = Bench(make_sandbox(Programs("ours", ovs_ofctl="ours",
                                       ovs_vsctl="ours")))
    yield made
    made.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_random_history(bench, seed):
    history = History(seed, bench.sb, bench.vs)
    history.start()
    bench.host.start_controller()
    most = 0
    for _ in range(12):
        history.go_on(12)
        before = bench.settle_claims()
        most = max(most, len(before))
        assert bench.host.controller_appctl("recompute") == ""
        bench.settle()
        assert bench.flows() == before, seed

    before = bench.flows(with_ids=False)
    bench.host.controller_appctl("exit", "--restart")
    bench.host.controller.popen.wait(60)
    bench.host.start_controller()
    bench.settle_claims()
    assert bench.flows(with_ids=False) == before, seed
    assert most > 50


def n_wanted(host):
    words = host.controller_appctl("memory/show").split()
    return int([w for w in words if w.startswith("flows:")][0][6:])


@pytest.mark.parametrize("asks_again", [False, True])
def test_flush_in_parts(bench, asks_again):
    """A switch that takes no messages for a while gets a flush in parts, what
    changes meanwhile with it, and has in the end what is wanted."""
    history = History(0, bench.sb, bench.vs)
    history.start()
    datapath = sorted(history.datapaths.values())[0]
    bench.host.start_controller()
    before = bench.settle_claims()
    addresses = ["10.7.%d.%d" % (i // 250, i % 250) for i in range(15000)]
    os.kill(bench.host.vswitchd.pid, signal.SIGSTOP)
    try:
        history.insert("Address_Set", name="many",
                       addresses=["set", addresses])
        history.insert("Logical_Flow", logical_datapath=ref(datapath),
                       pipeline="ingress", table_id=7, priority=33,
                       match="ip4.src == $many", actions="next;")
        wait_until(lambda: n_wanted(bench.host) >= len(addresses), 60,
                   "flows wanted")
        history.transact({"op": "update", "table": "Address_Set",
                          "where": [["name", "==", "many"]],
                          "row": {"addresses": ["set", addresses[:9000]]}})
        wait_until(lambda: n_wanted(bench.host) < len(addresses), 60,
                   "fewer flows wanted")
        if asks_again:
            bench.host.controller_appctl("recompute")
    finally:
        os.kill(bench.host.vswitchd.pid, signal.SIGCONT)
    after = bench.settle_claims()
    assert len(after) == len(before) + 9000
    bench.host.controller_appctl("recompute")
    bench.settle()
    assert bench.flows() == after


def test_open_bundle_is_taken_back(bench):
    """Where the switch has no flows, those that are known go out, in a bundle
    whose end waits for the rest.  If the rest does not come for long, the
    bundle is taken back before the switch gives it up, and all go out once the
    rest is there."""
    history = History(0, bench.sb, bench.vs)
    history.start()
    history.go_on(40)
    host, folder = bench.host, os.path.join(bench.sandbox.folder, "tapped")
    os.mkdir(folder)
    release = threading.Event()
    has_ports = threading.Event()

    def hold(_, text):
        """After the first ports nothing more comes."""
        if has_ports.is_set():
            release.wait(60)
        elif '"logical_port"' in text:
            has_ports.set()
        return text
    proxy = Proxy(os.path.join(folder, "sb.sock"), bench.sandbox.sb.socket,
                  spoil=hold)
    tap = Tap(os.path.join(folder, "br-int.mgmt"),
              os.path.join(host.folder, "br-int.mgmt"))
    try:
        host.vsctl("set", "open_vswitch", ".",
                   "external_ids:ovn-remote=unix:" + proxy.path)
        host.env["OVS_RUNDIR"] = folder
        host.start_controller()
        wait_until(lambda: "discard" in tap.bundles, 60, "a discarded bundle")
        assert tap.bundles == ["open", "add", "discard"]
        assert bench.flows() == []
        assert not release.is_set()
        release.set()
        flows = bench.settle_claims()
        assert len(flows) > 20
        assert tap.bundles[3:6] == ["open", "add", "commit"]
        assert tap.bundles.count("discard") == 1
        host.controller_appctl("recompute")
        bench.settle()
        assert bench.flows() == flows
        with open(os.path.join(host.folder, "controller.log")) as log:
            assert "refused" not in log.read()
    finally:
        release.set()
        host.controller.stop()
        tap.close()
        proxy.close()
