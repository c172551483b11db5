# SPDX-License-Identifier: Apache-2.0
"""Logical flows of a large network as Debian's ovn-sbctl lists them and as
ours does: byte for byte, with the OpenFlow flows of a switch."""

import os
import re

import pytest

import rich_topology
from harness.netns import can_use_namespaces
from harness.process import accepts, run, wait_until
from harness.programs import Programs, have_peer

pytestmark = [
    pytest.mark.skipif(not have_peer(),
                       reason="Debian's packages are not here"),
    pytest.mark.skipif(not can_use_namespaces(), reason="needs root"),
]

OURS, DEBIAN = Programs("ours"), Programs("debian")
AGES = re.compile(r"(duration|idle_age|hard_age)=[0-9.]+s?, ")


def start_database(spawn, folder, name, schema):
    path, socket = folder / (name + ".db"), folder / (name + ".sock")
    run([OURS.path("ovsdb-tool"), "create", path, DEBIAN.schema(schema)])
    server = spawn([OURS.path("ovsdb-server"), path, "-vconsole:off",
                    "--remote=punix:%s" % socket,
                    "--unixctl=%s/%s.ctl" % (folder, name)])
    server.wait_for(lambda: accepts(socket))
    return "unix:%s" % socket


@pytest.fixture
def network(spawn, tmp_path):
    """The southbound database of a network; returns its remote."""
    nb = start_database(spawn, tmp_path, "nb", "nb")
    sb = start_database(spawn, tmp_path, "sb", "sb")
    spawn([OURS.path("ovn-northd"), "--ovnnb-db=" + nb, "--ovnsb-db=" + sb,
           "-vconsole:off", "--unixctl=%s/northd.ctl" % tmp_path])
    nbctl = [OURS.path("ovn-nbctl"), "--db=" + nb, "--timeout=60"]
    for command in rich_topology.commands():
        run(nbctl + command)
    sbctl = [OURS.path("ovn-sbctl"), "--db=" + sb, "--timeout=60"]
    run(sbctl + ["chassis-add", "hv1", "geneve,vxlan", "192.0.2.1"])
    run(nbctl + ["--wait=sb", "sync"])
    run(sbctl + ["lsp-bind", "sw0-p1", "hv1"])
    return sb


@pytest.fixture
def switch(spawn, namespaces, tmp_path, network):
    """A switch that has some flows of the network's; returns its OpenFlow
    remote."""
    conf = start_database(spawn, tmp_path, "conf", "vswitch")
    env = dict(os.environ, OVS_RUNDIR=str(tmp_path), OVS_LOGDIR=str(tmp_path))
    spawn(["ip", "netns", "exec", namespaces.add("flows"),
           OURS.path("ovs-vswitchd"), conf, "-vconsole:off",
           "--unixctl=%s/vswitchd.ctl" % tmp_path], env=env)
    run([OURS.path("ovs-vsctl"), "--db=" + conf, "--timeout=60", "add-br",
         "br-int", "--", "set", "bridge", "br-int", "datapath_type=netdev",
         "fail_mode=secure"])
    remote = "unix:%s/br-int.mgmt" % tmp_path
    wait_until(lambda: accepts(remote[5:]), 20, "the bridge's socket")
    uuids = []
    for table in ("Logical_Flow", "Port_Binding", "Multicast_Group",
                  "Chassis", "Load_Balancer"):
        uuids += run([OURS.path("ovn-sbctl"), "--db=" + network, "--bare",
                      "--columns=_uuid", "list", table]).split()[:40]
    flows = tmp_path / "flows"
    flows.write_text("".join(
        "cookie=0x%s,table=%d,priority=%d,ip,metadata=%d,idle_timeout=%d,"
        "actions=move:NXM_OF_IP_SRC[]->NXM_NX_REG0[],resubmit(,9)\n"
        "cookie=0x%s,table=0,priority=0,metadata=%d,actions=drop\n"
        % (uuid[:8], i % 5, i, i, i % 2 * 3000, uuid[:8], i)
        for i, uuid in enumerate(uuids)))
    run([OURS.path("ovs-ofctl"), "-OOpenFlow15", "add-flows", remote, flows])
    return remote


def compare(network, *words):
    """Both tools' output, sorted where no order is right (of rows, and of
    flows that differ in their uuids only); returns it."""
    outputs = []
    for programs in (OURS, DEBIAN):
        text = AGES.sub("", run([programs.path("ovn-sbctl"),
                                 "--db=" + network, "--timeout=60", *words]))
        unordered = any(word.startswith(("--vflows", "--ovs", "--uuid"))
                        for word in words)
        outputs.append(sorted(text.splitlines()) if unordered else text)
    assert outputs[0] == outputs[1], words
    return outputs[0]


def test_same_listings(network, switch):
    whole = compare(network, "lflow-list")
    assert whole.count("\n") > 800
    assert compare(network, "dump-flows") == whole
    for datapath in ("sw0", "r0", "gr0"):
        assert compare(network, "lflow-list", datapath)
    compare(network, "--uuid", "lflow-list")
    uuid = run([OURS.path("ovn-sbctl"), "--db=" + network, "--bare",
                "--columns=_uuid", "find", "logical_flow",
                "pipeline=egress"]).split()[0]
    for prefix in (uuid, uuid[:8], "0x" + uuid[:8].lstrip("0"), uuid[:4]):
        assert compare(network, "lflow-list", prefix).count("\n") >= 2
    assert compare(network, "lflow-list", "sw0", uuid[:8], "ffffffff") \
        is not None
    compare(network, "count-flows")
    compare(network, "count-flows", "sw1")
    compare(network, "--vflows", "lflow-list")
    compare(network, "--vflows", "--uuid", "lflow-list", "r0")


def test_same_openflow_flows(network, switch):
    brief = compare(network, "--ovs=" + switch, "lflow-list")
    # br-int is where it looks if no switch is named.
    default = run([OURS.path("ovn-sbctl"), "--db=" + network, "--ovs",
                   "lflow-list"],
                  env=dict(os.environ, OVS_RUNDIR=os.path.dirname(switch[5:])))
    assert sorted(default.splitlines()) == brief
    assert sum("actions=drop" in line for line in brief) >= 40
    full = compare(network, "--ovs=" + switch, "--stats", "lflow-list")
    assert sum("n_packets=0" in line for line in full) >= 80
    compare(network, "--ovs=" + switch, "--uuid", "--vflows", "lflow-list",
            "sw0")
    compare(network, "--ovs=" + switch, "--stats", "--vflows", "lflow-list")
