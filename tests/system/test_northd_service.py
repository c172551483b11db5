# SPDX-License-Identifier: Apache-2.0
"""ovn-northd with our databases and no host: what it writes back to the
northbound database, what it gives out, what it cleans, who is active, and
what it says of what it cannot do."""

import json
import os
import re
import threading
import time

import pytest

from harness.process import run, wait_until
from harness.programs import Programs, ours
from harness.proxy import Proxy
from harness.sandbox import Database
from northd_central import ask, central, join, sync  # noqa: F401

pytestmark = pytest.mark.skipif(
    not os.path.exists(ours("ovn-northd")), reason="needs our ovn-northd")


def get(sandbox, table, record, column):
    return sandbox.nbctl("get", table, record, column).strip()


def get_sb(sandbox, table, record, column):
    return sandbox.sbctl("get", table, record, column).strip()


def northd_log(sandbox):
    with open(os.path.join(sandbox.folder, "northd.log")) as f:
        return f.read()


def router(sandbox, name="r0"):
    sandbox.nbctl("lr-add", name, "--", "lrp-add", name, name + "-p",
                  "02:00:00:00:00:01", "10.0.0.1/24")


def test_tags_of_nested_ports(central):
    """tag_request=0 gets a free tag, that is not in use below the same
    parent, and keeps it."""
    central.nbctl("ls-add", "s0", "--", "lsp-add", "s0", "p0", "--",
                  "lsp-add", "s0", "p1", "--",
                  "lsp-add", "s0", "fixed", "p0", "1", "--",
                  "lsp-add", "s0", "a", "p0", "0", "--",
                  "lsp-add", "s0", "b", "p0", "0", "--",
                  "lsp-add", "s0", "c", "p1", "0")
    sync(central)
    tags = {port: get(central, "Logical_Switch_Port", port, "tag")
            for port in ("fixed", "a", "b", "c")}
    assert tags["fixed"] == tags["c"] == "1"
    assert sorted((tags["a"], tags["b"])) == ["2", "3"]
    assert central.sbctl("get", "Port_Binding", "a", "tag").strip() \
        == tags["a"]
    central.northd.kill()
    central.nbctl("lsp-del", "fixed")
    central.start_northd()
    sync(central)
    for port in "ab":
        assert get(central, "Logical_Switch_Port", port, "tag") == tags[port]


def test_hosting_chassis(central):
    """The router port tells where its gateway is."""
    router(central)
    central.nbctl("lrp-set-gateway-chassis", "r0-p", "ch1", "10")
    central.sbctl("chassis-add", "ch1", "geneve", "192.0.2.1")
    sync(central)
    assert get(central, "Logical_Router_Port", "r0-p", "status") == "{}"
    central.sbctl("lsp-bind", "cr-r0-p", "ch1")
    wait_until(lambda: get(central, "Logical_Router_Port", "r0-p", "status")
               == "{hosting-chassis=ch1}")
    central.sbctl("lsp-unbind", "cr-r0-p")
    wait_until(lambda: get(central, "Logical_Router_Port", "r0-p", "status")
               == "{}")


def test_up_goes_with_the_chassis(central):
    """A host that is deleted leaves its ports down, whatever it said last."""
    central.nbctl("ls-add", "s0", "--", "lsp-add", "s0", "p0")
    central.sbctl("chassis-add", "ch1", "geneve", "192.0.2.1")
    sync(central)
    central.sbctl("lsp-bind", "p0", "ch1")
    central.sbctl("set", "Port_Binding", "p0", "up=true")
    wait_until(lambda: get(central, "Logical_Switch_Port", "p0", "up")
               == "true")
    central.sbctl("chassis-del", "ch1")
    wait_until(lambda: get(central, "Logical_Switch_Port", "p0", "up")
               == "false")
    assert get_sb(central, "Port_Binding", "p0", "up") == "true"


def test_remote_ports(central):
    """A port of another zone is at the chassis that it asks for; what those
    who interconnect zones say of others stays."""
    central.sbctl("chassis-add", "far", "geneve", "192.0.2.1", "--",
                  "set", "Chassis", "far", "other_config:is-remote=true")
    far = rows(central, "Chassis", "_uuid")[0]
    central.sbctl("--id=@e", "create", "Encap", "chassis_name=far",
                  "type=geneve", "ip=192.0.2.2", "--", "add", "Chassis",
                  "far", "encaps", "@e")
    central.nbctl("ls-add", "s0", "--", "lsp-add", "s0", "p0", "--",
                  "lsp-set-type", "p0", "remote", "--",
                  "lsp-set-options", "p0", "requested-chassis=far",
                  "requested-encap-ip=192.0.2.2", "--",
                  "lsp-add", "s0", "p1", "--",
                  "lsp-set-type", "p1", "remote")
    sync(central)
    encap = central.sbctl("--bare", "--columns=_uuid", "find", "Encap",
                          "ip=192.0.2.2").strip()

    def place(port):
        return [get_sb(central, "Port_Binding", port, column)
                for column in ("chassis", "encap")]
    assert place("p0") == [far, encap]
    wait_until(lambda: get(central, "Logical_Switch_Port", "p0", "up")
               == "true")
    central.sbctl("set", "Port_Binding", "p1", "chassis=" + far)
    central.sbctl("clear", "Port_Binding", "p0", "chassis")
    sync(central)
    wait_until(lambda: place("p0") == [far, encap])
    central.nbctl("lsp-set-options", "p0")
    sync(central)
    assert place("p0") == ["[]", "[]"]
    assert place("p1") == [far, "[]"]
    wait_until(lambda: get(central, "Logical_Switch_Port", "p0", "up")
               == "false")


def test_dynamic_addresses(central):
    """The lowest that is free; where none is, a MAC all the same."""
    central.nbctl("set", "NB_Global", ".", "options:mac_prefix=00:11:22",
                  "--", "ls-add", "s0", "--", "set", "Logical_Switch", "s0",
                  "other_config:subnet=10.0.0.0/29",
                  "other_config:exclude_ips=10.0.0.3..10.0.0.4")
    for port in "abcd":
        central.nbctl("lsp-add", "s0", port, "--",
                      "lsp-set-addresses", port, "dynamic")

    def given():
        sync(central)
        return {p: json.loads(get(central, "Logical_Switch_Port", p,
                                  "dynamic_addresses")).split()[1:]
                for p in central.nbctl("--bare", "--columns=name", "list",
                                       "Logical_Switch_Port").split()}
    assert given() == {"a": ["10.0.0.2"], "b": ["10.0.0.5"],
                       "c": ["10.0.0.6"], "d": []}
    central.nbctl("lsp-set-addresses", "c", "dynamic 10.0.0.6", "--",
                  "lsp-del", "b")
    assert given() == {"a": ["10.0.0.2"], "c": ["10.0.0.6"],
                       "d": ["10.0.0.5"]}
    central.nbctl("set", "Logical_Switch", "s0",
                  'other_config:exclude_ips="0.0.0.0..10.0.0.3 '
                  '10.0.0.5..255.255.255.255"')
    addresses = given()
    assert addresses.pop("c") == ["10.0.0.6"]
    assert sorted(addresses.values()) == [[], ["10.0.0.4"]]
    central.nbctl("ls-add", "tiny", "--", "set", "Logical_Switch", "tiny",
                  "other_config:subnet=10.1.0.0/31", "--", "lsp-add", "tiny",
                  "t", "--", "lsp-set-addresses", "t", "dynamic")
    assert given()["t"] == []
    central.nbctl("set", "Logical_Switch", "tiny",
                  "other_config:subnet=10.1.0/24")
    sync(central)
    assert 'bad subnet "10.1.0/24"' in northd_log(central)
    assert get(central, "Logical_Switch_Port", "t", "dynamic_addresses") \
        == "[]"


def datapath(sandbox, name):
    return sandbox.sbctl("--bare", "--columns=_uuid", "find",
                         "Datapath_Binding",
                         "external_ids:name=" + name).strip()


def bind_mac(sandbox, ip, stamp_ms, port="r0-p"):
    sandbox.sbctl("create", "MAC_Binding", "logical_port=" + port,
                  'ip="%s"' % ip, 'mac="02:00:00:00:aa:01"',
                  "timestamp=%d" % stamp_ms,
                  "datapath=" + datapath(sandbox, "r0"))


def rows(sandbox, table, column):
    return sorted(sandbox.sbctl("--bare", "--columns=" + column, "list",
                                table).split())


def test_learned_rows_go_with_their_router(central):
    """A MAC_Binding would keep its datapath for ever."""
    router(central)
    sync(central)
    bind_mac(central, "10.0.0.9", 1000)
    central.nbctl("lr-del", "r0")
    sync(central)
    assert rows(central, "MAC_Binding", "ip") == []
    assert rows(central, "Datapath_Binding", "_uuid") == []


def test_learned_rows_go_with_their_port(central):
    router(central)
    central.nbctl("lrp-add", "r0", "r0-q", "02:00:00:00:00:02", "10.1.0.1/24",
                  "--", "ls-add", "s0", "--", "lsp-add", "s0", "p0")
    sync(central)
    bind_mac(central, "10.0.0.9", 1000)
    bind_mac(central, "10.1.0.9", 1000, "r0-q")
    dp_key = central.sbctl("get", "Datapath_Binding",
                           datapath(central, "s0"), "tunnel_key").strip()
    port_key = central.sbctl("get", "Port_Binding", "p0",
                             "tunnel_key").strip()
    central.sbctl("create", "FDB", 'mac="02:00:00:00:bb:01"',
                  "dp_key=" + dp_key, "port_key=" + port_key)
    central.nbctl("lrp-del", "r0-q", "--", "lsp-del", "p0")
    sync(central)
    assert rows(central, "MAC_Binding", "ip") == ["10.0.0.9"]
    assert rows(central, "FDB", "mac") == []


def test_strays_of_an_earlier_time_go(central):
    """What somebody else left behind goes when northd starts."""
    router(central)
    sync(central)
    central.northd.kill()
    bind_mac(central, "10.9.0.9", 1000, "no-such-port")
    central.sbctl("create", "FDB", 'mac="02:00:00:00:bb:01"', "dp_key=999",
                  "port_key=1")
    central.start_northd()
    sync(central)
    wait_until(lambda: rows(central, "MAC_Binding", "ip")
               == rows(central, "FDB", "mac") == [])
    # Or what a host writes that does not know yet.
    bind_mac(central, "10.0.0.9", 1000)
    bind_mac(central, "10.9.0.9", 1000, "no-such-port")
    central.nbctl("--wait=sb", "ls-add", "s0", "--", "lsp-add", "s0", "p0")
    dp_key = get_sb(central, "Datapath_Binding", datapath(central, "s0"),
                    "tunnel_key")
    for i, keys in enumerate(((dp_key, 1), (dp_key, 2), (999, 1))):
        central.sbctl("create", "FDB", 'mac="02:00:00:00:bb:0%d"' % i,
                      "dp_key=%s" % keys[0], "port_key=%d" % keys[1])
    wait_until(lambda: rows(central, "FDB", "mac") == ["02:00:00:00:bb:00"])
    wait_until(lambda: rows(central, "MAC_Binding", "ip") == ["10.0.0.9"])


def test_neighbours_age(central):
    """Those past the threshold of their prefix go, others stay."""
    router(central)
    sync(central)
    now = int(time.time() * 1000)
    bind_mac(central, "10.0.0.9", now - 500_000)    # Past 100 s.
    bind_mac(central, "10.0.1.9", now - 500_000)    # Within 1000 s.
    bind_mac(central, "10.0.2.9", now - 500_000)    # 0: never.
    bind_mac(central, "10.0.3.9", 0)                # Of unknown age.
    central.nbctl("set", "Logical_Router", "r0",
                  "options:mac_binding_age_threshold="
                  '"10.0.1.0/24:1000;10.0.2.0/24:0;100"')
    wait_until(lambda: rows(central, "MAC_Binding", "ip")
               == ["10.0.1.9", "10.0.2.9", "10.0.3.9"])


def test_fdb_ages(central):
    central.nbctl("ls-add", "s0", "--", "lsp-add", "s0", "p0")
    sync(central)
    dp_key = central.sbctl("get", "Datapath_Binding",
                           datapath(central, "s0"), "tunnel_key").strip()
    now = int(time.time() * 1000)
    for i, stamp in enumerate((now - 500_000, now)):
        central.sbctl("create", "FDB", 'mac="02:00:00:00:bb:0%d"' % i,
                      "dp_key=" + dp_key, "port_key=1",
                      "timestamp=%d" % stamp)
    central.nbctl("set", "Logical_Switch", "s0",
                  "other_config:fdb_age_threshold=100")
    wait_until(lambda: rows(central, "FDB", "mac") == ["02:00:00:00:bb:01"])


def test_one_is_active(central):
    """Of two, one holds the lock; the other takes over when it pauses or
    dies, and nothing is written twice."""
    folder = central.folder
    wait_until(lambda: ask(central, "status") == "Status: active\n")
    second = central.spawn(
        "second", [central.programs.path("ovn-northd"),
                   "--ovnnb-db=" + central.nb.remote,
                   "--ovnsb-db=" + central.sb.remote,
                   "--unixctl=" + os.path.join(folder, "second.ctl")],
        env={"OVN_RUNDIR": folder, "OVS_RUNDIR": folder})
    second.wait_for(
        lambda: os.path.exists(os.path.join(folder, "second.ctl")))
    assert ask(central, "status", name="second") == "Status: standby\n"
    for name in "northd", "second":
        wait_until(lambda name=name: ask(central, "nb-connection-status",
                                         name=name).strip() == "connected")
        wait_until(lambda name=name: ask(central, "sb-connection-status",
                                         name=name).strip() == "connected")
    ask(central, "pause")
    assert ask(central, "is-paused").strip() == "true"
    assert ask(central, "status") == "Status: paused\n"
    wait_until(lambda: ask(central, "status", name="second")
               == "Status: active\n")
    central.nbctl("--wait=sb", "ls-add", "by-second")
    ask(central, "resume")
    assert ask(central, "status") == "Status: standby\n"
    second.kill()
    wait_until(lambda: ask(central, "status") == "Status: active\n")
    central.nbctl("--wait=sb", "ls-add", "by-first")
    sync(central)
    names = central.sbctl("--bare", "--columns=external_ids", "list",
                          "Datapath_Binding")
    assert "name=by-second" in names and "name=by-first" in names


def test_counts_start_anew(central):
    """inc-engine/clear-stats; and a limit that is no number is refused."""
    sync(central)
    assert "evaluations 0," not in ask(central, "inc-engine/show-stats")
    ask(central, "inc-engine/clear-stats")
    text = ask(central, "inc-engine/show-stats")
    assert re.search("evaluations 0, wakes 0, reads 0, emissions 0", text)
    assert re.search("switch_l2 +10 +0 +0 ", text), text
    ask(central, "inc-engine/compute-log-timeout", "100")
    with pytest.raises(AssertionError, match="not a number of milliseconds"):
        ask(central, "inc-engine/compute-log-timeout", "x")


def work(central, *words):
    """Units that run for a change, by class."""
    ask(central, "inc-engine/clear-stats")
    central.nbctl("--wait=sb", *words)
    units, _, _ = ask(central, "inc-engine/show-stats").partition("fact class")
    return {name: int(n) for name, n in re.findall(
        r"^(lb_\w+) +\d+ +\d+ +(\d+) ", units, re.M)}


def test_work_of_a_vip(central):
    """The flows of one VIP are computed anew when it changes, however many
    VIPs and switches its load balancer has; all the same, each switch that
    comes gets all of them, and one that goes keeps none."""
    central.nbctl("lb-add", "lb0", "10.1.0.1:80", "10.0.0.1:80", "--",
                  "ls-add", "s0", "--", "ls-lb-add", "s0", "lb0", "--",
                  "lr-add", "g0", "--", "set", "Logical_Router", "g0",
                  "options:chassis=ch1", "--", "lr-lb-add", "g0", "lb0")
    sync(central)
    few = work(central, "lb-add", "lb0", "10.1.0.2:80", "10.0.0.1:80")
    assert few["lb_switch_flows"] == 1
    for i in range(10):
        central.nbctl("lb-add", "lb0", "10.2.0.%d:80" % i, "10.0.0.1:80",
                      "--", "ls-add", "t%d" % i, "--", "ls-lb-add",
                      "t%d" % i, "lb0")
    sync(central)
    assert work(central, "lb-add", "lb0", "10.1.0.3:80",
                "10.0.0.1:80") == few

    def vips(datapath, stage="ls_in_lb"):
        return len(re.findall(stage + r" .*ct_lb_mark", central.sbctl(
            "lflow-list", datapath)))

    assert vips("t3") == vips("s0") == vips("g0", "lr_in_dnat") == 13
    central.nbctl("--wait=sb", "set", "Logical_Router", "g0",
                  "options:lb_force_snat_ip=router_ip")
    assert vips("g0", "lr_in_dnat .*force_snat_for_lb") == 13
    assert vips("g0", "lr_in_dnat") == 13
    # Rows with other datapaths and equal words are new ones beside the old.
    assert "transaction failed" not in northd_log(central)
    central.nbctl("--wait=sb", "lr-lb-del", "g0", "lb0")
    assert vips("g0", "lr_in_dnat") == 0
    central.nbctl("--wait=sb", "ls-lb-del", "t3", "lb0")
    assert vips("t3") == 0 and vips("t4") == 13
    central.nbctl("--wait=sb", "lb-del", "lb0", "10.1.0.2:80")
    assert vips("t4") == 12
    for i in range(10):
        central.nbctl("--if-exists", "ls-lb-del", "t%d" % i, "lb0")
    sync(central)
    assert vips("t4") == 0 and vips("s0") == 12


def test_alone_and_paused_changes_nothing(central):
    sync(central)
    ask(central, "pause")
    central.nbctl("ls-add", "later")
    time.sleep(0.2)
    assert rows(central, "Datapath_Binding", "_uuid") == []
    ask(central, "resume")
    sync(central)
    assert len(rows(central, "Datapath_Binding", "_uuid")) == 1


def stamps(sandbox):
    text = sandbox.nbctl("--columns=nb_cfg,nb_cfg_timestamp,sb_cfg,"
                         "sb_cfg_timestamp,hv_cfg,hv_cfg_timestamp", "list",
                         "NB_Global")
    return {k: int(v) for k, v in re.findall(r"(\w+)\s*: (\d+)", text)}


def test_numbers_and_times(central):
    """nb_cfg goes down to the hosts and comes back with the time of each
    step; a host that is behind holds hv_cfg back."""
    before = time.time() * 1000
    sync(central)
    s = stamps(central)
    assert s["nb_cfg"] == s["sb_cfg"] == s["hv_cfg"] == 1
    assert before - 1 <= s["nb_cfg_timestamp"] <= s["sb_cfg_timestamp"] \
        <= time.time() * 1000 + 1
    assert s["nb_cfg_timestamp"] - 1 <= int(central.sbctl(
        "get", "SB_Global", ".", "nb_cfg_timestamp")) \
        <= s["sb_cfg_timestamp"] + 1
    for i in 1, 2:
        central.sbctl("chassis-add", "ch%d" % i, "geneve", "192.0.2.%d" % i)
        central.sbctl("--id=@c", "get", "Chassis", "ch%d" % i, "--", "create",
                      "Chassis_Private", "name=ch%d" % i, "chassis=@c",
                      "nb_cfg=1", "nb_cfg_timestamp=%d" % (1000 + i))
    sync(central)
    wait_until(lambda: stamps(central)["sb_cfg"] == 2)
    assert stamps(central)["hv_cfg"] == 1
    for i in 1, 2:
        central.sbctl("set", "Chassis_Private", "ch%d" % i, "nb_cfg=2",
                      "nb_cfg_timestamp=%d" % (5000 + i))
    wait_until(lambda: stamps(central)["hv_cfg"] == 2)
    assert stamps(central)["hv_cfg_timestamp"] == 5002


def test_backoff_keeps_everything(central):
    """With a pause between computations nothing is lost, only later."""
    central.nbctl("set", "NB_Global", ".",
                  "options:northd-backoff-interval-ms=300")
    sync(central)
    for i in range(10):
        central.nbctl("ls-add", "s%d" % i)
    sync(central)
    assert len(rows(central, "Datapath_Binding", "_uuid")) == 10


class Observed(Proxy):
    """Knows what northd has read, and can fail what it writes."""

    def __init__(self, path, upstream):
        super().__init__(path, upstream)
        self.relayed = ""
        self.echoed = threading.Event()
        self.fails_next = False
        self.failed = 0

    def server(self, message, source, sink):
        self.sink = sink
        super().server(message, source, sink)
        if str(message.get("method")).startswith("update"):
            self.relayed += json.dumps(message)

    def client(self, message, source, sink):
        if message.get("id") == "fence":
            self.echoed.set()
        elif message.get("method") == "transact" and self.fails_next:
            self.fails_next = False
            source.sendall(json.dumps(
                {"id": message["id"], "error": None,
                 "result": [{"error": "constraint violation",
                             "details": "by the test"}]}).encode())
            self.failed += 1
        else:
            super().client(message, source, sink)

    def wait_read(self, text):
        """Waits until northd has read an update with 'text' in it."""
        wait_until(lambda: text in self.relayed, 30, text)
        self.echoed.clear()
        self.sink.sendall(json.dumps({"method": "echo", "params": [],
                                      "id": "fence"}).encode())
        assert self.echoed.wait(30)


def test_backoff_forgets_no_retry(make_sandbox):
    """A transaction that failed is tried again, although meanwhile changes
    wait for the end of a pause between computations."""
    sandbox = make_sandbox(Programs())
    path = os.path.join(sandbox.folder, "%s-proxy")
    proxies = {}
    for name in "nb", "sb":
        database = Database(sandbox, name, name, sandbox.folder)
        setattr(sandbox, name, database)
        proxies[name] = Observed(path % name, database.socket)
        database.remote = "unix:" + path % name
    sandbox.start_northd()
    sandbox.nb.remote = "unix:" + sandbox.nb.socket
    sandbox.sb.remote = "unix:" + sandbox.sb.socket
    sandbox.nbctl("--wait=sb", "set", "NB_Global", ".",
                  "options:northd-backoff-interval-ms=500")
    sync(sandbox)
    ask(sandbox, "time/stop")
    ask(sandbox, "time/warp", "1000")
    proxies["sb"].fails_next = True
    sandbox.nbctl("ls-add", "first")
    # Failed: to be tried again in 1000 ms.
    wait_until(lambda: proxies["sb"].failed, 30, "a failed transaction")
    sandbox.nbctl("ls-add", "second")
    proxies["nb"].wait_read("second")
    # In the pause: it waits for its end, which comes sooner.
    ask(sandbox, "time/warp", "600")
    ask(sandbox, "time/warp", "600")
    wait_until(lambda: len(rows(sandbox, "Datapath_Binding", "_uuid")) == 2,
               30, "both switches")
    for proxy in proxies.values():
        proxy.close()


def test_vxlan_leaves_less_room(central):
    sync(central)
    assert get(central, "NB_Global", ".", "options:max_tunid") \
        == '"16711680"'
    central.sbctl("chassis-add", "ch1", "vxlan", "192.0.2.1")
    wait_until(lambda: get(central, "NB_Global", ".", "options:max_tunid")
               == '"4095"')
    central.nbctl("set", "NB_Global", ".", "options:vxlan_mode=false")
    wait_until(lambda: get(central, "NB_Global", ".", "options:max_tunid")
               == '"16711680"')


def watchers(sandbox):
    """Names of the chassis that watch the gateway's group."""
    uuids = re.findall(r"[0-9a-f-]{36}", sandbox.sbctl(
        "get", "HA_Chassis_Group", "r0-pub", "ref_chassis"))
    return sorted(sandbox.sbctl("get", "Chassis", uuid, "name").strip()
                  for uuid in uuids)


def test_who_watches_a_gateway(central):
    """Chassis with workloads behind any number of routers do; those in
    another network do not."""
    join(central, "r0", "pub", "02:00:00:00:00:01")
    for i, (router, switch) in enumerate((
            ("r0", "join"), ("r1", "join"), ("r1", "transit"),
            ("r2", "transit"), ("r2", "far"), ("r3", "other"))):
        join(central, router, switch, "02:00:00:00:01:%02x" % i)
    for i in range(4):
        central.sbctl("chassis-add", "ch%d" % i, "geneve", "192.0.2.%d" % i)
    central.nbctl("lrp-set-gateway-chassis", "r0-pub", "ch0", "10", "--",
                  "lrp-set-gateway-chassis", "r0-pub", "ch1", "20", "--",
                  "lsp-add", "far", "vm", "--", "lsp-add", "other", "vm2")
    sync(central)
    central.sbctl("lsp-bind", "vm", "ch2")
    central.sbctl("lsp-bind", "vm2", "ch3")
    wait_until(lambda: watchers(central) == ["ch2"])
    # Without the middle, the far end is another network.
    central.nbctl("lsp-del", "transit-r1")
    wait_until(lambda: watchers(central) == [])
    central.nbctl("lrp-add", "r1", "r1-r3", "02:00:00:00:02:01",
                  "10.1.0.1/30", "peer=r3-r1", "--", "lrp-add", "r3",
                  "r3-r1", "02:00:00:00:02:02", "10.1.0.2/30", "peer=r1-r3")
    wait_until(lambda: watchers(central) == ["ch3"])
    sync(central)


LATER = (
    (["create", "Mirror", "name=m", "type=local", "sink=x", "filter=both"],
     "mirrors"),
    (["create", "Copp", "name=c"], "control plane protection"),
    (["create", "Chassis_Template_Var", "chassis=ch1"],
     "chassis template variables"),
    (["set", "Logical_Switch", "s0", "other_config:mcast_snoop=true"],
     "multicast snooping"),
    (["set", "Logical_Router", "r0", "options:mcast_relay=true"],
     "multicast relay"),
    (["set", "Logical_Router_Port", "r0-p", "options:prefix=true"],
     "IPv6 prefix delegation"),
    (["lb-add", "lb0", "10.0.0.100:80", "10.0.0.5:80", "--", "set",
      "Load_Balancer", "lb0", "options:affinity_timeout=60", "--", "ls-lb-add",
      "s0", "lb0"], "affinity"),
    (["lsp-set-type", "p0", "vtep"], "VTEP gateways"),
)


@pytest.mark.parametrize("command,feature", LATER,
                         ids=[feature for _, feature in LATER])
def test_later_features_are_named(central, command, feature):
    """A row that asks for what this version does not have is left alone, with
    one warning, and the rest is compiled."""
    router(central)
    central.nbctl("ls-add", "s0", "--", "lsp-add", "s0", "p0", "--",
                  "lsp-add", "s0", "p1", "--", "lsp-set-addresses", "p1",
                  "02:00:00:00:00:77 10.0.0.77")
    sync(central)
    central.nbctl(*command)
    sync(central)
    lines = [line for line in northd_log(central).splitlines()
             if "supported" in line]
    assert len(lines) == 1 and feature in lines[0], lines
    assert "02:00:00:00:00:77" in central.sbctl("lflow-list")
