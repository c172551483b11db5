# SPDX-License-Identifier: Apache-2.0
"""ovs-ctl and ovn-ctl, as installed, start, ask and stop the daemons."""

import os
import re
import subprocess

import pytest

from harness.netns import Namespaces
from harness.process import run, wait_until

BUILD = os.path.abspath(os.environ.get("WEFT_BUILD", "build"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """'make install' into a folder; returns that of the prefix in it."""
    folder = str(tmp_path_factory.mktemp("installed"))
    prefix = run(["make", "-s", "-C", BUILD, "print-prefix"]).strip()
    run(["make", "-s", "-C", BUILD, "install", "DESTDIR=" + folder],
        timeout=300)
    return folder + prefix


class Node:
    """A namespace with folders of its own for the daemons."""

    def __init__(self, installed, folder, ns):
        self.installed, self.folder, self.ns = installed, folder, ns
        self.env = dict(os.environ)
        for kind in "RUNDIR", "LOGDIR", "DBDIR", "SYSCONFDIR":
            for project in "OVS", "OVN":
                self.env["%s_%s" % (project, kind)] = os.path.join(
                    folder, project.lower() + kind.lower())
        self.env.update(
            OVS_BINDIR=installed + "/bin", OVS_SBINDIR=installed + "/sbin",
            OVS_SCRIPTS=installed + "/share/openvswitch/scripts",
            OVS_PKGDATADIR=installed + "/share/openvswitch",
            OVN_PKGDATADIR=installed + "/share/ovn",
            PATH="%s/bin:%s/sbin:%s" % (installed, installed,
                                        os.environ["PATH"]))

    def run(self, *words, check=True):
        done = subprocess.run(
            ["ip", "netns", "exec", self.ns] + list(words), env=self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=300)
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout
        return done

    def ovs_ctl(self, *words, **kwargs):
        return self.run(self.installed + "/share/openvswitch/scripts/ovs-ctl",
                        "--no-mlockall", *words, **kwargs)

    def ovn_ctl(self, *words, **kwargs):
        return self.run(self.installed + "/share/ovn/scripts/ovn-ctl",
                        *words, **kwargs)

    def vsctl(self, *words, **kwargs):
        return self.run("ovs-vsctl", "--timeout=60", *words, **kwargs)


@pytest.fixture
def node(installed, tmp_path):
    namespaces = Namespaces()
    node = Node(installed, str(tmp_path), namespaces.add("node"))
    yield node
    node.ovn_ctl("stop_controller", check=False)
    node.ovn_ctl("stop_northd", check=False)
    node.ovs_ctl("stop", check=False)
    namespaces.close()


def test_switch(node):
    """The switch's life: a database is made, described, and kept; a restart
    brings flows, groups and the TLV map back."""
    done = node.ovs_ctl("status", check=False)
    assert done.returncode == 1 and "ovsdb-server is not running" in done.stdout
    node.ovs_ctl("--system-id=random", "--external-id=rack=r 7", "start")
    status = node.ovs_ctl("status")
    assert re.fullmatch(r"ovsdb-server is running with pid \d+\n"
                        r"ovs-vswitchd is running with pid \d+\n", status)
    system_id = node.vsctl("get", "open_vswitch", ".", "external_ids:system-id")
    assert len(system_id.strip('"\n')) == 36
    assert node.vsctl("get", "open_vswitch", ".",
                      "external_ids:rack") == '"r 7"\n'
    again = node.ovs_ctl("--system-id=random", "start")
    assert "running already" in again
    assert node.ovs_ctl("status") == status

    node.vsctl("add-br", "br0", "--", "set", "bridge", "br0",
               "datapath_type=netdev", "fail_mode=secure")
    node.run("ovs-ofctl", "-OOpenFlow15", "add-group", "br0",
             "group_id=3,type=all,bucket=actions=drop")
    node.run("ovs-ofctl", "add-tlv-map", "br0",
             "{class=0x102,type=0x80,len=4}->tun_metadata0")
    node.run("ovs-ofctl", "-OOpenFlow15", "add-flow", "br0",
             "cookie=0x7,table=5,priority=9,tcp,tp_dst=80,actions=group:3")

    # What is in the database need not be said again.
    done = node.ovs_ctl("restart", check=False)
    assert done.returncode == 0 and done.stderr == ""
    assert "INFO" not in done.stdout
    assert node.ovs_ctl("status") != status
    flows = node.run("ovs-ofctl", "-OOpenFlow15", "dump-flows", "br0")
    assert re.search(r"cookie=0x7,.*table=5,.*priority=9,tcp,tp_dst=80 "
                     r"actions=group:3", flows)
    assert len(flows.strip().splitlines()) == 2
    assert "tun_metadata0" in node.run("ovs-ofctl", "dump-tlv-map", "br0")
    assert node.vsctl("get", "open_vswitch", ".",
                      "external_ids:system-id") == system_id
    assert "flow-restore-wait" not in node.vsctl(
        "get", "open_vswitch", ".", "other_config")

    node.vsctl("add-port", "br0", "gone", "--", "set", "interface", "gone",
               "type=internal", "--", "set", "port", "gone",
               "other_config:transient=true")
    node.ovs_ctl("delete-transient-ports")
    assert node.vsctl("list-ports", "br0") == ""
    node.ovs_ctl("stop")
    assert node.ovs_ctl("status", check=False).returncode == 1
    node.ovs_ctl("--system-id=random", "--delete-bridges", "start")
    assert node.vsctl("list-br") == ""


def test_old_database_is_converted(node):
    """A database with an older schema is brought to ours; the old one is
    kept."""
    db = node.env["OVS_DBDIR"] + "/conf.db"
    schema = os.path.join(node.folder, "old.ovsschema")
    with open(node.installed + "/share/openvswitch/vswitch.ovsschema") as f:
        text = f.read()
    with open(schema, "w") as f:
        f.write(re.sub(r'("version": *)"[0-9.]+"', r'\1"8.0.0"', text, 1))
    os.makedirs(node.env["OVS_DBDIR"])
    node.run("ovsdb-tool", "create", db, schema)
    out = node.ovs_ctl("--system-id=x", "--no-ovs-vswitchd", "start")
    assert "converting" in out
    assert node.run("ovsdb-tool", "db-version", db) != "8.0.0\n"
    assert [f for f in os.listdir(os.path.dirname(db)) if "backup8.0.0" in f]


def test_central_and_host(node):
    """northd with its databases, and a controller that registers."""
    node.ovs_ctl("--system-id=node1", "start")
    assert node.ovn_ctl("status_ovnnb") == "not-running\n"
    node.ovn_ctl("start_northd")
    assert node.ovn_ctl("status_ovnnb") == "running/active\n"
    sb = "unix:%s/ovnsb_db.sock" % node.env["OVN_RUNDIR"]
    node.vsctl("set", "open_vswitch", ".", "external_ids:ovn-remote=" + sb,
               "external_ids:ovn-encap-type=geneve",
               "external_ids:ovn-encap-ip=127.0.0.1",
               "external_ids:ovn-bridge-datapath-type=netdev")
    node.ovn_ctl("start_controller")

    def chassis(column="name"):
        return node.run("ovn-sbctl", "--bare", "--columns=" + column, "list",
                        "chassis").strip()
    wait_until(lambda: chassis() == "node1", 20, "chassis is registered")
    registered = chassis("_uuid")
    node.run("ovn-nbctl", "--wait=hv", "--timeout=60", "ls-add", "sw0")
    first = node.ovn_ctl("status_controller")
    node.ovn_ctl("restart_controller")
    assert node.ovn_ctl("status_controller") != first
    # The same row: a host that only restarts its controller stays in the
    # network.
    node.run("ovn-nbctl", "--wait=hv", "--timeout=60", "ls-add", "sw1")
    assert chassis("_uuid") == registered
    node.ovn_ctl("stop_controller")
    wait_until(lambda: chassis() == "", 20, "chassis is gone")
    assert "sw0" in node.run("ovn-nbctl", "ls-list")
    node.ovn_ctl("stop_northd")
    assert node.ovn_ctl("status_ovnsb") == "not-running\n"


def test_backup(node, tmp_path, installed):
    """A second pair of databases follows the first, and can take over."""
    node.ovn_ctl("--db-nb-create-insecure-remote=yes", "--db-nb-addr=127.0.0.1",
                 "start_nb_ovsdb")
    node.run("ovn-nbctl", "ls-add", "sw0")
    other = Node(installed, str(tmp_path / "backup"), node.ns)
    other.ovn_ctl("--db-nb-sync-from-addr=127.0.0.1", "start_nb_ovsdb")
    try:
        assert other.ovn_ctl("status_ovnnb") == "running/backup\n"
        wait_until(lambda: "sw0" in other.run("ovn-nbctl", "--no-leader-only",
                                              "ls-list"), 20)
        other.ovn_ctl("promote_ovnnb")
        assert other.ovn_ctl("status_ovnnb") == "running/active\n"
        other.run("ovn-nbctl", "ls-add", "sw1")
    finally:
        other.ovn_ctl("stop_nb_ovsdb")


def test_wrong_words(node):
    for script in node.ovs_ctl, node.ovn_ctl:
        for words in (["start_fire"], ["--no-such=1", "start"], []):
            done = script(*words, check=False)
            assert done.returncode == 1 and done.stderr, words
    assert "start" in node.ovs_ctl("--help")
    assert "--db-DB-file" in node.ovn_ctl("--help")
    done = node.ovn_ctl("start_ic", check=False)
    assert done.returncode == 1 and "not part of Weft yet" in done.stderr


def test_database_behind_a_link(node):
    """Packages leave a link to where the database is to be."""
    folder = node.env["OVS_DBDIR"]
    target = os.path.join(node.folder, "var", "conf.db")
    os.makedirs(folder)
    os.symlink(target, os.path.join(folder, "conf.db"))
    node.ovs_ctl("--no-ovs-vswitchd", "--system-id=a", "start")
    assert node.vsctl("--no-wait", "get", "open", ".",
                      "external_ids:system-id").strip() in ("a", '"a"')
    assert os.path.isfile(target) and not os.path.islink(target)
