# SPDX-License-Identifier: Apache-2.0
"""Our ovs-ofctl and Debian's do and say the same, with Debian's switch and
with ours."""

import os
import re
import subprocess

import pytest

from harness.process import accepts, run, wait_until
from harness.programs import Programs

VERSIONS = ["OpenFlow10", "OpenFlow13", "OpenFlow14", "OpenFlow15"]

FLOWS = [
    "table=3,priority=7,tcp,nw_src=10.0.0.0/8,tp_dst=80,actions=output:1",
    "in_port=2,dl_vlan=5,actions=mod_vlan_vid:7,output:3",
    "arp,arp_tpa=1.2.3.4,actions=drop",
    "cookie=5,idle_timeout=60,send_flow_rem,reg14=1,metadata=5,"
    "ct_state=+trk+est,ipv6,ipv6_dst=fe80::/10,"
    "actions=load:0x2->NXM_NX_REG15[],resubmit(,9)",
    "udp,vlan_tci=0x1000/0x1000,actions=ct(commit,table=4,zone=5,"
    "nat(src=1.2.3.4-1.2.3.9:5-7),exec(load:1->ct_mark[0]))",
    "priority=3,icmp6,icmp_type=135,nd_target=::1,"
    "actions=controller(userdata=01.02,pause)",
    "priority=9,tun_id=5/7,ip,ip_frag=first,"
    "actions=learn(table=9,eth_type=0x800,output:NXM_NX_REG0[0..15])",
    "priority=11,reg0=5/0xff,actions=conjunction(3,1/2)",
    "priority=12,mpls,mpls_label=7,actions=dec_mpls_ttl,pop_mpls:0x0800,1",
    "priority=13,xreg1=7,actions=clone(output:1),note:01.02.03.04.05.06",
    "priority=14,icmp6,icmp_type=136,nd_target=::1,"
    "nd_tll=00:00:00:00:00:01,actions=1",
    "priority=15,vlan_vid=0x1000/0x1000,actions=1",
]

SHOW = ["show", "dump-desc", "dump-ports-desc", "queue-stats", "get-frags",
        "dump-aggregate", "dump-flows", "dump-tlv-map", "probe"]

SHOW_13 = ["dump-tables", "dump-meters", "meter-stats", "meter-features"]

ACTIONS = [
    "1,2", "LOCAL,in_port,normal,flood,all,controller", "CONTROLLER:128",
    "output:NXM_NX_REG0[0..15]", "output(port=5,max_len=100)",
    "controller(reason=no_match,max_len=44,id=3,userdata=01.02.ff,pause)",
    "enqueue:5:6", "bundle(eth_src,0,hrw,ofport,members:1,2,3)",
    "bundle_load(symmetric_l4,60,active_backup,ofport,NXM_NX_REG0[],"
    "members:2,3)", "group:5", "mod_vlan_vid:5,mod_vlan_pcp:3",
    "mod_dl_src:00:01:02:03:04:05", "mod_nw_src:1.2.3.4",
    "mod_nw_tos:16,mod_nw_ecn:2,mod_nw_ttl:7", "mod_tp_src:80",
    "set_field:00:01:02:03:04:05->eth_src", "set_field:0x5/0x7->reg0",
    "load:0x5->NXM_NX_REG0[3..9]", "push:NXM_NX_REG0[],pop:NXM_NX_REG1[]",
    "move:NXM_NX_REG0[0..3]->NXM_NX_REG1[4..7]", "dec_ttl,dec_ttl(1,2)",
    "set_tunnel:0x7,set_tunnel64:0x123456789", "set_queue:5,pop_queue",
    "fin_timeout(idle_timeout=5,hard_timeout=6)", "resubmit(3,4)",
    "learn(table=1,priority=7,cookie=0x9,limit=3,result_dst=reg4[4],"
    "NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],"
    "eth_type=0x800,load:0x5->NXM_NX_REG1[0..3])", "conjunction(7,2/3)",
    "multipath(eth_src,50,modulo_n,12,0,NXM_NX_REG0[])", "exit", "drop",
    "clone(mod_dl_src:00:00:00:00:00:01,output:1),output:2",
    "ct(commit,table=3,zone=NXM_NX_REG13[0..15],nat(src=1.2.3.4:5-7,random),"
    "exec(load:0x7->NXM_NX_CT_LABEL[64..127]),alg=ftp)", "ct_clear",
    "check_pkt_larger(300)->NXM_NX_REG0[3]", "note:01.02.03.04.05.06",
    "sample(probability=5,collector_set_id=1,sampling_port=3,egress)",
    "delete_field:tun_metadata0", "frob", "output:foo", "load:5",
]


def without_times(text):
    """Leaves out what two runs cannot have in common."""
    for pattern in (r"(xid=)\S+", r"(duration[=:]?)[0-9.]+s",
                    r"(time=)[0-9.]+", r"(?:idle|hard)_age=\d+, ()"):
        text = re.sub(pattern, r"\1", text)
    return text


def start_switch(side, spawn, folder):
    """Environment in which "br0" is a bridge of that side's switch."""
    programs = Programs(side)
    env = {"OVS_RUNDIR": str(folder), "OVS_LOGDIR": str(folder),
           "OVS_DBDIR": str(folder), "OVS_SYSCONFDIR": str(folder),
           "OVS_SYSLOG_METHOD": "null"}
    sock = "unix:%s/db.sock" % folder
    run([programs.path("ovsdb-tool"), "create", folder / "db",
         programs.schema("vswitch")])
    spawn([programs.path("ovsdb-server"), folder / "db", "--remote=p" + sock,
           "-vconsole:off"], env)
    wait_until(lambda: accepts(folder / "db.sock"))
    vsctl = [programs.path("ovs-vsctl"), "--db=" + sock]
    full = dict(os.environ, **env)
    run(vsctl + ["--no-wait", "init"], env=full)
    spawn([programs.path("ovs-vswitchd"), "--enable-dummy=override",
           "--disable-system", "-vconsole:off",
           "--unixctl=%s/switch.ctl" % folder, sock], env)
    run(vsctl + ["add-br", "br0", "--", "set", "bridge", "br0",
                 "datapath-type=dummy", "fail-mode=secure",
                 "protocols=" + ",".join(VERSIONS), "--",
                 "add-port", "br0", "p1", "--", "set", "interface", "p1",
                 "type=dummy", "ofport_request=1", "--",
                 "add-port", "br0", "p2", "--", "set", "interface", "p2",
                 "type=dummy", "ofport_request=2"], env=full)
    return full


@pytest.fixture(params=["debian", "ours"])
def switch(request, spawn, tmp_path):
    return start_switch(request.param, spawn, tmp_path)


def ask(side, env, words):
    done = run([Programs(side).path("ovs-ofctl"), *words], check=False,
               env=env)
    return done.returncode, without_times(done.stdout)


def compare(env, words):
    assert ask("ours", env, words) == ask("debian", env, words), words


def groups(env, version):
    """Groups, which OpenFlow 1.0 has as an extension."""
    for side in "ours", "debian":
        base = ["-O", version]
        assert ask(side, env, base + ["del-groups", "br0"])[0] == 0
        for command, group in (
                ("add-group", "group_id=1,type=select,bucket=weight:5,"
                 "actions=1,bucket=actions=LOCAL"),
                ("add-group", "group_id=2,type=all,bucket=actions=2"),
                ("mod-group", "group_id=2,type=indirect,bucket=actions=1")):
            assert ask(side, env, base + [command, "br0", group])[0] == 0
        if version in ("OpenFlow10", "OpenFlow15"):
            assert ask(side, env, base + [
                "insert-buckets", "br0", "group_id=1,command_bucket_id=last,"
                "bucket=bucket_id=9,weight:2,actions=2"])[0] == 0
            assert ask(side, env, base + [
                "remove-buckets", "br0",
                "group_id=1,command_bucket_id=first"])[0] == 0
        compare(env, base + ["dump-groups", "br0"])
        compare(env, base + ["dump-group-stats", "br0", "group_id=1"])
    compare(env, ["-O", version, "dump-group-features", "br0"])


@pytest.mark.parametrize("version", VERSIONS)
def test_what_we_add_is_what_both_show(switch, version):
    """The switch takes every flow that we encode, and both tools print what it
    has in the same words."""
    for flow in FLOWS:
        status, text = ask("ours", switch, ["-O", version, "add-flow", "br0",
                                            flow])
        assert status == 0, (flow, text)
    groups(switch, version)
    if version != "OpenFlow10":
        assert ask("ours", switch, [
            "-O", version, "add-meter", "br0", "meter=1,pktps,burst,"
            "bands=type=drop,rate=5,burst_size=7"])[0] == 0
    for command in SHOW + (SHOW_13 if version != "OpenFlow10" else []):
        compare(switch, ["-O", version, command, "br0"])
    compare(switch, ["-O", version, "--no-stats", "dump-flows", "br0"])
    compare(switch, ["-O", version, "dump-flows", "br0", "table=3"])
    assert ask("ours", switch, ["-O", version, "del-flows", "br0"])[0] == 0
    compare(switch, ["-O", version, "dump-flows", "br0"])


@pytest.mark.parametrize("version", VERSIONS)
def test_tunnel_options(switch, version):
    """Likewise of flows with tunnel options, whose widths we do not know."""
    for text in ("{class=1,type=1,len=8}->tun_metadata1,"
                 "{class=1,type=2,len=0}->tun_metadata2",
                 "{class=7,type=7,len=4}->tun_metadata7"):
        assert ask("ours", switch, ["add-tlv-map", "br0", text])[0] == 0
    for flow in (
            "tun_metadata1,actions=1", "tun_metadata1=0,actions=1",
            "tun_metadata1=0x1122334455,tun_metadata2,actions=1",
            "tun_metadata7=0x10/0xf0,actions=1",
            "in_port=1,actions=set_field:5->tun_metadata1,2",
            "in_port=2,actions=set_field:0x10/0xf0->tun_metadata1,2",
            "in_port=3,actions=set_field:0->tun_metadata2,2",
            "in_port=4,actions=load:0x12->tun_metadata1[0..7],2",
            "in_port=5,actions=load:0x1->tun_metadata7[],2",
            "in_port=6,actions=move:reg0[0..31]->tun_metadata7[0..31],"
            "clone(delete_field:tun_metadata1),2"):
        status, text = ask("ours", switch, ["-O", version, "add-flow", "br0",
                                            flow])
        assert status == 0, (flow, text)
    text = ask("ours", switch, ["-O", version, "dump-flows", "br0"])[1]
    assert text.count("cookie=") == 10
    for side in "ours", "debian":
        assert ask(side, switch, ["del-tlv-map", "br0"])[0] == 1
        assert ask(side, switch, ["-O", version, "dump-tlv-map",
                                  "br0"])[1].count("tun_metadata") == 3


def test_replace_and_diff(switch, tmp_path):
    flows = tmp_path / "flows"
    flows.write_text("\n".join(FLOWS[:4]) + "\n")
    assert ask("ours", switch, ["replace-flows", "br0", str(flows)])[0] == 0
    assert ask("ours", switch, ["diff-flows", "br0", str(flows)]) == (0, "")
    assert ask("debian", switch, ["diff-flows", "br0", str(flows)]) == (0, "")
    flows.write_text("\n".join(FLOWS[1:3]) + "\n")
    compare(switch, ["diff-flows", "br0", str(flows)])
    assert ask("ours", switch, ["replace-flows", "br0", str(flows)])[0] == 0
    assert ask("debian", switch, ["diff-flows", "br0", str(flows)]) == (0, "")


def test_bundle(switch, tmp_path):
    flows = tmp_path / "flows"
    flows.write_text("".join("priority=%d,reg0=%d,actions=1\n" % (i, i)
                             for i in range(1000)))
    assert ask("ours", switch, ["--bundle", "-O", "OpenFlow14", "add-flows",
                                "br0", str(flows)])[0] == 0
    assert "flow_count=1000" in ask("ours", switch, ["dump-aggregate",
                                                     "br0"])[1]


@pytest.mark.parametrize("side", ["ours", "debian"])
def test_bundle_of_all_kinds(switch, tmp_path, side):
    """Flows, groups and packets in one transaction, or nothing of them."""
    lines = ("flow add in_port=1,actions=group:3\n"
             "group add group_id=3,type=all,bucket=output:2\n"
             "packet-out in_port=controller "
             "packet=50540000000750540000000512340000 actions=output:2\n")
    path = tmp_path / "bundle"
    path.write_text(lines.replace("flow add", "flow add table=255,"))
    assert ask(side, switch, ["-O", "OpenFlow14", "bundle", "br0",
                              str(path)])[0]
    assert "group_id=3" not in ask("ours", switch, [
        "-O", "OpenFlow14", "dump-groups", "br0"])[1]
    first, second = lines.split("\n")[:2]
    path.write_text("\n".join([second, first] + lines.split("\n")[2:]))
    assert ask(side, switch, ["-O", "OpenFlow14", "bundle", "br0",
                              str(path)])[0] == 0
    assert "actions=group:3" in ask("ours", switch, ["-O", "OpenFlow14",
                                                     "dump-flows", "br0"])[1]
    assert "tx pkts=1," in ask("ours", switch, ["dump-ports", "br0", "2"])[1]


def test_bundle_in_order(switch, tmp_path):
    """Adds are made when they come, but carried out in their place among the
    others; the last one's error undoes all."""
    lines = ("flow add priority=1,in_port=1,actions=output:1\n"
             "flow modify in_port=1,actions=output:2\n"
             "flow add priority=2,in_port=2,actions=output:1\n"
             "flow delete in_port=2\n"
             "flow add priority=3,in_port=3,actions=output:1\n"
             "flow add priority=3,in_port=3,actions=output:2\n")

    def do(text):
        path = tmp_path / "bundle"
        path.write_text(text)
        return ask("ours", switch, ["-O", "OpenFlow14", "bundle", "br0",
                                    str(path)])

    def flows():
        return sorted(ask("ours", switch, [
            "-O", "OpenFlow14", "--no-stats", "dump-flows",
            "br0"])[1].split("\n")[:-1])

    before = flows()
    assert do(lines + "flow add in_port=4,actions=group:9\n")[0]
    assert flows() == before
    assert do(lines)[0] == 0
    assert sorted(set(flows()) - set(before)) == [
        " priority=1,in_port=1 actions=output:2",
        " priority=3,in_port=3 actions=output:2"]


@pytest.mark.parametrize("side", ["ours", "debian"])
@pytest.mark.parametrize("version", VERSIONS[1:])
def test_no_table_named(switch, side, version):
    """A change without a table is one of table 0; a deletion is from all."""
    def do(command, flow):
        assert ask(side, switch, ["-O", version, command, "br0",
                                  flow])[0] == 0

    def flows():
        return ask("ours", switch, ["-O", version, "--no-stats", "dump-flows",
                                    "br0", "reg3=7"])[1].split("\n")[:-1]

    do("add-flow", "reg3=7,actions=output:1")
    do("add-flow", "table=5,reg3=7,actions=output:1")
    do("mod-flows", "reg3=7,actions=output:2")
    assert flows() == [" reg3=0x7 actions=output:2",
                       " table=5, reg3=0x7 actions=output:1"]
    do("del-flows", "reg3=7")
    assert flows() == []


PACKET = ("in_port(1),eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),"
          "eth_type(0x1234)")


@pytest.mark.parametrize("version", ["OpenFlow10", "OpenFlow13"])
@pytest.mark.parametrize("side", ["ours", "debian"])
def test_monitor_daemon(switch, tmp_path, side, version):
    """monitor in the background obeys control commands, shows flows' changes,
    and sends paused packets back, in OpenFlow 1.0 too."""
    ctl, log = str(tmp_path / "monitor.ctl"), tmp_path / "monitor.log"
    appctl = [Programs("ours").path("ovs-appctl"), "-t"]
    ofctl = [Programs(side).path("ovs-ofctl"), "-O", version]
    run(ofctl + ["add-flow", "br0", "in_port=1,actions="
                 "controller(pause),output:2"], env=switch)
    with open(log, "w") as output:
        subprocess.run(ofctl + [
            "monitor", "br0", "65534", "resume", "-P", "nxt_packet_in2",
            "--detach", "--no-chdir", "--unixctl=" + ctl,
            "--pidfile=%s/monitor.pid" % tmp_path], env=switch, check=True,
            stderr=output, stdout=subprocess.DEVNULL, timeout=90)
    try:
        run(appctl + [str(tmp_path / "switch.ctl"), "netdev-dummy/receive",
                      "p1", PACKET])
        run(appctl + [ctl, "ofctl/barrier"])
        run(appctl + [ctl, "ofctl/packet-out", "in_port=controller packet="
                      "50540000000750540000000512340000 actions=output:2"])
        run(appctl + [ctl, "ofctl/barrier"])
        wait_until(lambda: "NXT_PACKET_IN2" in log.read_text())
        wait_until(lambda: "tx pkts=2," in ask(
            "ours", switch, ["dump-ports", "br0", "2"])[1])
        assert log.read_text().count("OFPT_BARRIER_REPLY") == 2
        other = tmp_path / "other.log"
        run(appctl + [ctl, "ofctl/set-output-file", str(other)])
        run(appctl + [ctl, "ofctl/block"])
        run(appctl + [ctl, "ofctl/unblock"])
        run(appctl + [ctl, "ofctl/send", "0%d02000800000005" % (
            {"OpenFlow10": 1, "OpenFlow13": 4}[version])])
        run(appctl + [ctl, "ofctl/barrier"])
        assert "OFPT_ECHO_REPLY" in other.read_text()
    finally:
        run(appctl + [ctl, "exit"])


MOD_TABLE = """\
14 0 evict
14 ALL noevict
14 255 evict
14 254 evict
14 256 evict
14 nowhere evict
14 0 vacancy:20,80
15 0 vacancy:30,30
14 0 novacancy
14 0 vacancy:80,20
14 0 vacancy:20
14 0 vacancy:20,101
14 0 vacancy:x,20
14 0 vacancy:
14 0 vacancy
14 0 frob
14 0 controller
13 0 evict
10 0 name:x
15 ALL name:x
15 254 name:x
15 3 name:third
13 4 name:fourth
15 third evict
15 fourth vacancy:1,2
15 4 name:
"""


def test_mod_table(switch):
    """Both tools do the same, or refuse it in the same words."""
    for line in MOD_TABLE.splitlines():
        version, words = line.split(" ", 1)
        said = {}
        for side in "ours", "debian":
            done = run([Programs(side).path("ovs-ofctl"), "-O",
                        "OpenFlow" + version, "mod-table", "br0",
                        *words.split()], check=False, env=switch)
            said[side] = [done.returncode] + [
                without_times(text) for text in done.stderr.splitlines()
                if "|WARN|" not in text]
        assert said["ours"] == said["debian"], line
        compare(switch, ["-O", "OpenFlow10", "dump-tables", "br0"])
        compare(switch, ["-O", "OpenFlow15", "--names", "dump-table-desc",
                         "br0"])


WATCHES = [["watch:"], ["watch:", "watch:out_port=2"],
           ["watch:!actions,out_port=2", "watch:table=1"],
           ["watch:!initial,ip", "watch:!add,!delete"],
           ["watch:!own", "watch:!modify,table=1,ip"],
           ["watch:!own,in_port=7", "watch:in_port=p2"]]

BEFORE = ["in_port=1,actions=2", "table=1,cookie=5,ip,actions=1,2",
          "priority=5,tcp,actions=drop"]
AFTER = ["add-flow br0 in_port=2,actions=1",
         "mod-flows br0 in_port=1,actions=drop", "mod-flows br0 ip,actions=2",
         "add-flow br0 table=1,ip,actions=2", "del-flows br0 ip",
         "add-flow br0 in_port=7,idle_timeout=50,actions=1"]

# Deletes all, in OpenFlow 1.0 and from 1.3 on: the connection's own change.
DELETE = {1: "010e004800000012" + "003820ff" + "00" * 44 + "0003" + "00" * 6
             + "ffffffffffff" + "0000",
          4: "0%d0e003800000012" + "00" * 16 + "ff03" + "00" * 4 + "0000"
             + "ffffffff" * 3 + "00000000" + "0001000400000000"}


@pytest.mark.parametrize("version", VERSIONS)
def test_monitors_see_the_same(spawn, tmp_path, version):
    """Flow monitors of one connection that overlap: whose events are told,
    with actions or not, and its own in short, once a request."""
    wire = {"OpenFlow10": 1, "OpenFlow13": 4}.get(version)
    wire = wire or int(version[-1]) + 1
    delete = DELETE[min(wire, 4)] % ((wire,) if wire > 1 else ())
    logs = {}
    for side in "ours", "debian":
        folder = tmp_path / side
        folder.mkdir()
        env = start_switch(side, spawn, folder)
        ctl = folder / "monitor.ctl"
        appctl = [Programs("ours").path("ovs-appctl"), "-t", str(ctl)]

        def ofctl(*words):
            run([Programs("ours").path("ovs-ofctl"), "-O", version, *words],
                env=env)

        for i, watches in enumerate(WATCHES):
            for flow in BEFORE:
                ofctl("add-flow", "br0", flow)
            monitor = spawn([Programs("debian").path("ovs-ofctl"), "-O",
                             version, "monitor", "br0",
                             "--unixctl=%s" % ctl] + watches, env)
            monitor.wait_for(lambda: accepts(ctl))
            run(appctl + ["ofctl/barrier"])
            for words in AFTER:
                ofctl(*words.split())
            run(appctl + ["ofctl/send", delete])
            run(appctl + ["ofctl/barrier"])
            run(appctl + ["exit"])
            monitor.popen.wait(90)
            text = re.sub("xid=0x[0-9a-f]+", "", monitor.text())
            logs[i, side] = sorted(text.splitlines())
    for i, watches in enumerate(WATCHES):
        assert logs[i, "ours"] == logs[i, "debian"], watches
        assert "event=" in "".join(logs[i, "ours"]), watches


def test_table_features(switch):
    """Both tools know what both switches offer."""
    words = ["-O", "OpenFlow13", "dump-table-features", "br0"]
    ours, theirs = ask("ours", switch, words), ask("debian", switch, words)
    assert ours[0] == theirs[0] == 0
    lines = [text.splitlines() for _, text in (ours, theirs)]
    assert len(lines[0]) == len(lines[1])
    for a, b in zip(*lines):
        # We know more registers than Debian's tool.
        for known, less in (("...xreg15", "...xreg7"),
                            ("...xxreg7", "...xxreg3")):
            a = a.replace(known, less)
        assert a == b


def test_offline_commands():
    """What needs no switch."""
    for words in (["compose-packet", "tcp,nw_src=1.2.3.4,tp_dst=80"],
                  ["compose-packet", "udp6,ipv6_src=::1,udp_src=9"],
                  ["compose-packet", "icmp"],
                  ["ofp-print", "0102000800000005"],
                  ["print-error", "OFPBAC_BAD_TYPE"]):
        compare(None, words)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("actions", ACTIONS)
def test_parse_flow_is_the_same(version, actions):
    """The same flow mod from the same text, as far as the message goes (the
    lists of usable protocols differ: we leave OpenFlow 1.1 and 1.2 out)."""
    results = [ask(side, None, ["-O", version, "parse-flow",
                                "tcp,dl_vlan=3,actions=" + actions])
               for side in ("ours", "debian")]
    assert results[0][0] == results[1][0]
    if results[0][0] == 0:
        lines = [[line for line in text.splitlines()
                  if not line.startswith("usable")] for _, text in results]
        assert lines[0] == lines[1]
