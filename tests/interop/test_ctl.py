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

VSCTL = """
init
add-br br0
add-br br0
--may-exist add-br br0
add-br vb br0 5
add-br vb2 br0 5
add-br vb2 br0 5000
--fake list-br
list-br
br-to-vlan vb
br-to-parent vb
br-exists br9
add-port vb p1
add-port br0 p1
--may-exist add-port br0 p1
--may-exist add-port vb p1
add-port br0 p2 tag=7 -- set interface p2 type=internal options:a=b
add-bond br0 b0 i1 i2 lacp=active
--may-exist add-bond br0 b0 i1 i4
add-bond-iface b0 i3
del-bond-iface b0 i1
list-ports br0
list-ifaces br0
iface-to-br i3
del-port br0 p1
del-port zz
--if-exists del-port zz
br-set-external-id vb c d
br-get-external-id vb
set-controller br0 tcp:1.2.3.4 ptcp:
get-controller br0
set-fail-mode br0 secure
set-fail-mode br0 sometimes
set-manager ptcp:6640
get-manager
set-manager ptcp:6640 ssl:1.2.3.4:6640 bogus
--inactivity-probe=7000 set-manager ptcp:6641
--columns=target,inactivity_probe list manager
--inactivity-probe=9000 set-controller vb tcp:1.2.3.4
--inactivity-probe=9000 set-controller br0 tcp:1.2.3.4
--columns=target,inactivity_probe list controller
del-manager
get-manager
--bootstrap set-ssl a b c
get-ssl
set-ssl a b
set-ssl d e f
get-ssl
del-ssl
get-ssl
del-ssl
set-ssl d e f
get ssl . ca_cert
add-aa-mapping br0 5 6
get-aa-mapping br0
get port p2 tag name
get port p2 nothing
get bridge br0 other_config:foo
--if-exists get bridge br0 other_config:foo
set bridge br0 other_config:a=b other_config:c="d e"
add bridge br0 other_config z=1 q=2
remove bridge br0 other_config a z=2 q=2
get bridge br0 other_config
clear bridge br0 stp_enable
set bridge br0 stp_enable=maybe
set bridge br0 stp_enable
set port p2 trunks=1-3,9
get port p2 trunks
--columns=name find port tag=7
--columns=name find port trunks{>=}2
--columns=name,trunks --format=json list port p2
--columns=name,trunks --format=csv list port p2
--columns=name,trunks --format=table list port p2
--bare --columns=name,trunks list port p2
-- --id=@p create port name=zz interfaces=@i -- --id=@i create interface \
name=zz -- add bridge br0 ports @p
add bridge br0 ports @nobody
list port nobody
list s -- foo
foo
--oneline list-br -- list-ports br0 -- get bridge br0 name
--dry-run add-br br7
wait-until bridge br0 name=br0
set open . external_ids:system-id=x
get open_vswitch . external_ids
del-br vb
del-br br9
list-br
"""

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
    done = subprocess.run([tool, "--db=" + remote, "--no-wait",
                           "--timeout=20", *words], text=True, timeout=30,
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


@pytest.mark.parametrize("tool,schema,database,script", [
    ("ovs-vsctl", "vswitch", "Open_vSwitch", VSCTL),
    ("ovn-nbctl", "nb", "OVN_Northbound", NBCTL),
], ids=["vsctl", "nbctl"])
def test_same_commands(tool, schema, database, script, spawn, tmp_path):
    theirs = server(spawn, tmp_path / "theirs", schema)
    ours = server(spawn, tmp_path / "ours", schema)
    for line in script.strip().splitlines():
        words = shlex.split(line)
        status, output, _ = execute(Programs("debian").path(tool), theirs,
                                    words)
        our_status, our_output, message = execute(Programs("ours").path(tool),
                                                  ours, words)
        if words[0] == "show":
            # In the order of the rows' uuids.
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
