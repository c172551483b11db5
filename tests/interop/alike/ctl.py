# SPDX-License-Identifier: Apache-2.0
"""Databases for the tools that read and change them, and what two tools say to
the same command line.  Neither changes anything (--dry-run), so that both see
the same database."""

import collections
import os
import re
import shlex
import subprocess

from alike import tables
from harness.process import accepts, run
from harness.programs import Programs
from harness.transcript import UUID

# Tool: its schema, its grammar, and what is in its database.
TOOLS = {
    "ovs-vsctl": ("vswitch", tables.VSCTL, [
        "--no-wait init", "--no-wait add-br br0 -- add-port br0 p0 "
        "-- set port p0 tag=5 trunks=1,2,3 -- set interface p0 type=internal "
        "options:a=b 'options:\"c d\"=\"e,f\"' -- add-port br0 p1 tag=9",
        "--no-wait add-br br1 br0 7 -- set bridge br0 other-config:hwaddr="
        "00:11:22:33:44:55 fail_mode=secure external_ids:x1=quoted "
        "-- br-set-external-id br0 a 1 -- set-controller br0 tcp:127.0.0.1 "
        "-- set-manager ptcp:6640"]),
    "ovn-nbctl": ("nb", tables.NBCTL, [
        "ls-add s0 -- lsp-add s0 p0 -- lsp-set-addresses p0 "
        "'00:00:00:00:00:01 10.0.0.2' -- ls-add s1 -- lsp-add s1 p1 p0 5",
        "lsp-add s0 p2 -- acl-add s0 to-lport 1 ip4 allow -- --log --name=n "
        "acl-add s0 from-lport 2 tcp drop -- qos-add s0 to-lport 7 ip4 dscp=3",
        "lr-add r0 -- lrp-add r0 rp0 00:00:00:00:00:09 10.0.0.1/24 fe80::1/64 "
        "-- lr-route-add r0 0.0.0.0/0 10.0.0.254 -- lr-route-add r0 "
        "10.1.0.0/16 10.0.0.3 rp0 -- lr-nat-add r0 snat 1.2.3.4 10.0.0.0/24 "
        "-- lr-nat-add r0 dnat_and_snat 1.2.3.5 10.0.0.5",
        "lr-policy-add r0 5 ip4 allow -- lb-add lb0 1.2.3.4:80 10.0.0.2:80 "
        "-- ls-lb-add s0 lb0 -- create Address_Set name=as0 "
        "addresses=1.2.3.4,5.6.7.8 -- pg-add pg0 p0 -- dhcp-options-create "
        "10.0.0.0/24 -- meter-add m drop 5 kbps -- set logical_switch s0 "
        "other_config:a=b 'external_ids:c=\"d e\"'"]),
    "ovn-sbctl": ("sb", tables.SBCTL, [
        "init", "chassis-add ch0 geneve 1.2.3.4 -- chassis-add ch1 vxlan "
        "1.2.3.5 -- set chassis ch0 external_ids:a=b 'other_config:c=\"d e\"' "
        "hostname=h -- --id=@d create datapath_binding tunnel_key=1 "
        "external_ids:name=dp0 -- create port_binding datapath=@d "
        "logical_port=lp0 tunnel_key=1 'mac=\"a b\"' -- create port_binding "
        "datapath=@d logical_port=lp1 tunnel_key=2 type=patch",
        "lsp-bind lp0 ch0"]),
    "vtep-ctl": ("vtep", tables.VTEP, [
        "add-ps ps0 -- set physical_switch ps0 tunnel_ips=1.2.3.4 "
        "'description=\"a b\"' -- add-port ps0 pp0 -- add-ls ls0 "
        "-- add-ls ls1",
        "bind-ls ps0 pp0 5 ls0 -- add-ucast-local ls0 00:00:00:00:00:01 "
        "1.2.3.4 -- add-ucast-remote ls0 00:00:00:00:00:02 1.2.3.5 -- "
        "add-mcast-local ls0 unknown-dst 1.2.3.4 -- set-manager ptcp:6640"]),
}


def serve(tool, spawn, folder):
    """Starts Debian's server with the tool's database; returns its remote."""
    schema, _, setup = TOOLS[tool]
    debian = Programs("debian")
    path, socket = str(folder / "db"), str(folder / "sock")
    run([debian.path("ovsdb-tool"), "create", path, debian.schema(schema)])
    process = spawn([debian.path("ovsdb-server"), path,
                     "--remote=punix:" + socket, "-vconsole:off",
                     "--unixctl=" + str(folder / "ctl")])
    process.wait_for(lambda: accepts(socket))
    for line in setup:
        run([debian.path(tool), "--db=unix:" + socket, *shlex.split(line)])
    return "unix:" + socket


def ask(side, tool, remote, words):
    """Exit status, output and messages of a side's tool.  Debian's never ends
    on some lines whose changes --dry-run keeps from being made."""
    done = subprocess.run(
        [Programs(side).path(tool), "--db=" + remote, "--dry-run",
         "--timeout=%d" % (60 if side == "ours" else 5), *words], timeout=90,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ, OVS_SYSLOG_METHOD="null"))
    return (done.returncode, plain(done.stdout.decode(errors="replace")),
            plain(done.stderr.decode(errors="replace")))


def plain(text):
    """Text without uuids and log lines."""
    text = re.sub(r"(?m)^\d{4}-\S+Z\|\d+\|.*\n", "", text)
    return UUID.sub("UUID", text)


def shows_all_columns(words):
    """Is every column of a table in the output, new ones included?"""
    return ({"list", "find"} & set(words)
            and not any(word.startswith("--columns") for word in words))


def is_same(words, ours, theirs):
    """Compares outputs: rows come in any order, and our tools know columns
    that Debian's do not."""
    ours, theirs = (collections.Counter(text.splitlines())
                    for text in (ours, theirs))
    if not shows_all_columns(words):
        return ours == theirs
    in_tables = any(word.startswith(("-f", "--bare", "--oneline", "--no-h"))
                    for word in words)
    return in_tables or not theirs - ours


# Where ours differs on purpose: why, and what a message of theirs or of ours
# has in it.
WE_TAKE = [
    ("a row that a line makes can be read on it", 'no row "@'),
    ("what would be done is not an error", "no error details available"),
]
WE_WARN = [
    ("a target that nothing can connect to is worth a word",
     "possibly erroneous"),
]


def has_any(rows, message):
    return any(pattern in message for _, pattern in rows)


def is_alike(words, ours, theirs):
    if theirs[0] < 0:
        # A crash, or no end, is nothing to compare with.
        return ours[0] >= 0
    if ours[0] != theirs[0]:
        return not ours[0] and has_any(WE_TAKE, theirs[2])
    if bool(ours[2]) != bool(theirs[2]) and not has_any(WE_WARN, ours[2]):
        return False
    return is_same(words, ours[1], theirs[1])


def difference(tool, remote, words):
    """None if both sides say the same, but for the words of messages;
    otherwise both answers."""
    ours, theirs = (ask(side, tool, remote, words)
                    for side in ("ours", "debian"))
    return None if is_alike(words, ours, theirs) else (ours, theirs)
