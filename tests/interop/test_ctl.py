# SPDX-License-Identifier: Apache-2.0
"""The same commands through Debian's tool and ours, against two databases:
equal output, equal exit status, equal contents in the end (uuids aside)."""

import json
import os
import re
import shlex
import subprocess

import pytest

from harness.process import run
from harness.programs import Programs, have_peer

pytestmark = pytest.mark.skipif(not have_peer(),
                                reason="Debian's packages are not here")

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ctl")


def script(tool):
    """The lines of a script; a backslash at a line's end continues it."""
    with open(os.path.join(FOLDER, tool + ".script")) as f:
        lines = f.read().replace("\\\n", "").splitlines()
    return [line for line in lines if not line.startswith("#")]


NBCTL = """
init
ls-add s0
ls-add s0
--may-exist ls-add s0
--add-duplicate ls-add s0
ls-add s1
ls-list
ls-del nobody
lsp-add s1 p1
lsp-add s1 p1
lsp-add s1 p2 p1 5
lsp-add s1 p3 p1 5000
--may-exist lsp-add s1 p1
--may-exist lsp-add s1 p2 p1 6
lsp-list s1
lsp-get-parent p2
lsp-set-addresses p1 "00:00:00:00:00:01 10.0.0.1" unknown
lsp-get-addresses p1
lsp-set-addresses p2 "00:00:00:00:00:02 10.0.0.1"
lsp-set-addresses p2 bogus
lsp-set-port-security p1 00:00:00:00:00:01
lsp-get-port-security p1
lsp-get-up p1
lsp-set-enabled p1 disabled
lsp-get-enabled p1
lsp-set-enabled p1 maybe
lsp-set-type p2 bogus
lsp-set-type p2 localnet
lsp-set-options p2 network_name=phys
lsp-get-options p2
lsp-get-ls p1
lr-add r0
lr-add r0
lrp-add r0 rp0 00:00:00:00:01:01 10.0.0.254/24
--may-exist lrp-add r0 rp0 00:00:00:00:01:01 10.0.0.254/24
--may-exist lrp-add r0 rp0 00:00:00:00:01:02 10.0.0.254/24
lrp-add r0 rp1 bogus 10.0.0.254/24
lrp-add r0 rp1 00:00:00:00:01:02 10.1.0.254/24 fd00::1/64 peer=rp9
lrp-list r0
lrp-set-gateway-chassis rp1 ch1 10
lrp-set-gateway-chassis rp1 ch2
lrp-get-gateway-chassis rp1
lrp-del-gateway-chassis rp1 ch9
lrp-del-gateway-chassis rp1 ch2
lr-route-add r0 0.0.0.0/0 10.1.0.1
lr-route-add r0 0.0.0.0/0 10.1.0.1
--ecmp lr-route-add r0 0.0.0.0/0 10.1.0.9
lr-route-add r0 10.2.1.0/16 10.1.0.2 rp1
--policy=src-ip lr-route-add r0 10.3.0.0/16 10.1.0.3
lr-route-add r0 fd01::/64 fd00::9
lr-route-add r0 10.9.0.0/16 fd00::9
lr-route-list r0
lr-route-del r0 10.99.0.0/16
lr-route-del r0 0.0.0.0/0 10.1.0.9
lr-route-list r0
acl-add s1 to-lport 1000 ip4 drop
acl-add s1 to-lport 1000 ip4 drop
--may-exist acl-add s1 to-lport 1000 ip4 drop
--log --name=foo --severity=info acl-add s1 from-lport 1001 tcp allow-related
--apply-after-lb --label=7 acl-add s1 from-lport 1003 tcp allow-related
acl-add s1 from-lport 40000 ip drop
acl-list s1
acl-del s1 to-lport
acl-list s1
pg-add g1 p1 p2
acl-add g1 to-lport 5 ip4 allow
--type=port-group acl-list g1
pg-set-ports g1 p3
pg-set-ports g1 p2
lr-nat-add r0 snat 172.16.0.1 10.0.0.0/24
lr-nat-add r0 snat 172.16.0.1 10.0.0.0/24
lr-nat-add r0 dnat_and_snat 172.16.0.3 10.0.0.4 p1 00:00:00:00:00:44
lr-nat-add r0 dnat_and_snat 172.16.0.4 10.0.0.4 p1
lr-nat-add r0 both 172.16.0.4 10.0.0.4
lr-nat-add r0 dnat 172.16.0.4 10.0.0.6
--may-exist lr-nat-add r0 dnat 172.16.0.4 10.0.0.7
lr-nat-list r0
lr-nat-del r0 dnat
lr-nat-list r0
dhcp-options-create 10.0.0.0/24 a=b
dhcp-options-list
lsp-set-dhcpv4-options p1 nobody
show s1
show r0
lsp-del p2
lsp-del p2
--if-exists lsp-del p2
lrp-del rp0
list nb_global nobody
set-connection ptcp:6641 read-only role=x
get-connection
--inactivity-probe=60000 set-connection ptcp:6641 pssl:6642
get-connection
--columns=target,inactivity_probe find connection 'target="ptcp:6641"'
set-ssl a b c
get-ssl
--bootstrap set-ssl a b c TLSv1.2 HIGH
get-ssl
--columns=ssl_protocols,ssl_ciphers,bootstrap_ca_cert list ssl .
del-ssl
get-ssl
del-connection
get-connection
get logical_switch . name
sync
"""


def server(spawn, folder, schema):
    """A database on a socket; returns its remote."""
    os.mkdir(folder)
    path, socket = str(folder / "db"), str(folder / "sock")
    programs = Programs("debian")
    run([programs.path("ovsdb-tool"), "create", path,
         programs.schema(schema)])
    process = spawn([programs.path("ovsdb-server"), path,
                     "--remote=punix:" + socket, "-vconsole:off",
                     "--unixctl=" + str(folder / "ctl")])
    process.wait_for(lambda: os.path.exists(socket))
    return "unix:" + socket


def execute(tool, remote, words):
    options = ["--db=" + remote, "--timeout=20"]
    if os.path.basename(tool) in ("ovs-vsctl", "ovn-nbctl"):
        options.append("--no-wait")
    done = subprocess.run([tool, *options, *words], text=True, timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, UUID.sub("UUID", done.stdout), done.stderr


def contents(remote, database):
    """All rows, table by table, sorted, without uuids, so that equal databases
    give equal texts."""
    text = run([Programs("debian").path("ovsdb-client"), "-f", "json", "dump",
                remote, database])
    tables = {}
    for line in text.splitlines():
        table = json.loads(line)
        rows = [dict(zip(table["headings"], row)) for row in table["data"]]
        for row in rows:
            del row["_uuid"]
        tables[table["caption"]] = sorted(
            UUID.sub("UUID", json.dumps(row, sort_keys=True)) for row in rows)
    return tables


def has_no_order(words):
    """Whether a command's output lists rows, of which no order is right."""
    return {"show", "find", "--vflows"} & set(words)


@pytest.mark.parametrize("tool,schema,database,lines", [
    ("ovs-vsctl", "vswitch", "Open_vSwitch", script("ovs-vsctl")),
    ("ovn-nbctl", "nb", "OVN_Northbound", NBCTL.strip().splitlines()),
    ("ovn-sbctl", "sb", "OVN_Southbound", script("ovn-sbctl")),
    ("vtep-ctl", "vtep", "hardware_vtep", script("vtep-ctl")),
], ids=["vsctl", "nbctl", "sbctl", "vtep"])
def test_same_commands(tool, schema, database, lines, spawn, tmp_path):
    theirs = server(spawn, tmp_path / "theirs", schema)
    ours = server(spawn, tmp_path / "ours", schema)
    for line in lines:
        words = shlex.split(line)
        status, output, _ = execute(Programs("debian").path(tool), theirs,
                                    words)
        our_status, our_output, message = execute(Programs("ours").path(tool),
                                                  ours, words)
        if has_no_order(words):
            output, our_output = (sorted(text.splitlines())
                                  for text in (output, our_output))
        assert (our_status, our_output) == (status, output), line
        if status == 1:
            assert message.startswith(tool + ": "), line
    assert contents(ours, database) == contents(theirs, database)


@pytest.mark.parametrize("words", [
    ["add-br", "new", "--", "add-br", "old"],
    ["add-port", "old", "new", "tag=5000"],
    ["set", "bridge", "old", "datapath_type=x", "--", "get", "bridge", "no",
     "name"],
])
def test_a_failing_line_writes_nothing(words, spawn, tmp_path):
    """One command that fails takes all those of its line back."""
    remote = server(spawn, tmp_path / "db", "vswitch")
    tool = Programs("ours").path("ovs-vsctl")
    assert execute(tool, remote, ["add-br", "old"])[0] == 0
    before = contents(remote, "Open_vSwitch")
    status, output, message = execute(tool, remote, words)
    assert (status, output) == (1, "") and message
    assert contents(remote, "Open_vSwitch") == before


def test_a_misspelt_command_names_the_nearest(spawn, tmp_path):
    tool = Programs("ours").path("ovs-vsctl")
    status, _, message = execute(tool, "unix:/nowhere", ["ad-port", "a", "b"])
    assert status == 1
    assert "did you mean 'add-port'" in message


def test_no_server(tmp_path):
    tool = Programs("ours").path("ovs-vsctl")
    status, _, message = execute(tool, "unix:%s/none" % tmp_path, ["show"])
    assert status == 1
    assert "database connection failed" in message
