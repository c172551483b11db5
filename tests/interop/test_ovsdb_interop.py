# SPDX-License-Identifier: Apache-2.0
"""The database with Debian's programs at the other end.

SCENARIOS is the recorded list: each is a story told by command-line clients.
Every story is played with Debian's server and Debian's clients, and again with
one side ours; what the clients print must be the same, uuids and times
apart."""

import json
import os
import re
import subprocess
import sys

import pytest

from harness.ovsdb import Server, run, wait_until
from harness.programs import PEER, Programs, have_peer

pytestmark = pytest.mark.skipif(not have_peer(),
                                reason="Debian's OVN is not here (./dev peer)")

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}"
                  r"-[0-9a-f]{12}|\b[0-9a-f]{8}\b")

NB, VS = "OVN_Northbound", "Open_vSwitch"

# Name: commands, in the order in which they are run.  "nb" stands for
# ovn-nbctl, "vs" for ovs-vsctl, "client" for ovsdb-client with the server put
# behind the command; a leading "!" says that the command fails.
SCENARIOS = {
    "switch and ports": [
        "nb ls-add s0", "nb lsp-add s0 p0", "nb lsp-add s0 p1",
        'nb lsp-set-addresses p0 "02:00:00:00:00:01 10.0.0.1"',
        "nb lsp-list s0", "nb show", "nb list logical_switch_port",
        "nb lsp-del p0", "nb show", "nb ls-del s0",
        "nb list logical_switch_port",
    ],
    "refusals": [
        "nb ls-add s0", "! nb ls-add s0", "! nb lsp-add nope p0",
        "! nb lsp-del p9", "nb --if-exists lsp-del p9",
        "! nb set logical_switch s0 nope=1",
        "! nb set acl nope priority=5",
    ],
    "values of every kind": [
        "nb ls-add s0",
        "nb set logical_switch s0 external_ids:a=b external_ids:c=d",
        "nb get logical_switch s0 external_ids",
        "nb add logical_switch s0 other_config mcast_snoop=true",
        "nb remove logical_switch s0 external_ids a",
        "nb clear logical_switch s0 external_ids",
        "nb --columns=name,external_ids,other_config list logical_switch",
        "nb --format=csv --columns=name find logical_switch name=s0",
        "nb wait-until logical_switch s0 other_config:mcast_snoop=true",
    ],
    "ACLs, groups, load balancers": [
        "nb ls-add s0", "nb lsp-add s0 p0", "nb pg-add pg0 p0",
        "nb acl-add pg0 to-lport 1000 ip4 allow-related",
        "nb acl-list pg0", "nb lb-add lb0 10.0.0.9:80 10.0.0.1:80,10.0.0.2:80",
        "nb ls-lb-add s0 lb0", "nb lb-list", "nb lsp-del p0",
        "nb --columns=name,ports list port_group", "nb lb-del lb0",
        "nb --columns=load_balancer list logical_switch", "nb pg-del pg0",
        "nb list acl",
    ],
    "routers": [
        "nb lr-add r0",
        "nb lrp-add r0 r0p0 02:00:00:00:01:01 10.0.0.254/24",
        "nb lr-route-add r0 0.0.0.0/0 10.0.0.1", "nb lr-route-list r0",
        "nb lr-nat-add r0 snat 1.2.3.4 10.0.0.0/24", "nb lr-nat-list r0",
        "nb lrp-del r0p0", "nb show", "nb lr-del r0",
    ],
    "bridges": [
        "vs init", "vs add-br br0", "vs add-port br0 p0 tag=5",
        "vs set interface p0 options:a=b ofport_request=7",
        "vs list-ports br0", "vs get port p0 tag", "vs show",
        "vs --columns=name,options,ofport_request list interface p0",
        "! vs add-br br0", "vs --may-exist add-br br0",
        "vs add-bond br0 b0 p1 p2", "vs list-ifaces br0",
        "vs set-controller br0 tcp:127.0.0.1:6653", "vs get-controller br0",
        "vs set-manager ptcp:0:127.0.0.1", "vs get-manager",
        "vs del-manager", "vs del-port p0", "vs del-br br0", "vs show",
        "vs list interface",
    ],
    "ovsdb-client reads": [
        "nb ls-add s0", "nb lsp-add s0 p0", "client list-dbs",
        "client get-schema-version " + NB, "client get-schema-cksum " + NB,
        "client dump " + NB, "client dump %s Logical_Switch name ports" % NB,
        "client -f csv dump %s Logical_Switch name" % NB,
        "client -f list dump %s Logical_Switch name ports" % NB,
        "client -f html dump %s Logical_Switch name ports" % NB,
        "client -f json dump %s Logical_Switch name" % NB,
        "client --bare dump %s Logical_Switch name" % NB,
        "client dump _Server Database name model connected leader",
        "client wait %s connected" % NB,
    ],
    "ovsdb-client transacts": [
        'client transact ["%s",{"op":"insert","table":"Logical_Switch",'
        '"row":{"name":"a"}},{"op":"comment","comment":"x"}]' % NB,
        'client query ["%s",{"op":"insert","table":"Logical_Switch",'
        '"row":{"name":"b"}},{"op":"select","table":"Logical_Switch",'
        '"where":[["name","==","b"]],"columns":["name"]}]' % NB,
        'client transact ["%s",{"op":"select","table":"Logical_Switch",'
        '"where":[],"columns":["name"]}]' % NB,
        'client transact ["%s",{"op":"mutate","table":"Logical_Switch",'
        '"where":[],"mutations":[["external_ids","insert",["map",'
        '[["k","v"]]]]]}]' % NB,
        'client transact ["%s",{"op":"delete","table":"Logical_Switch",'
        '"where":[["name","!=","zz"]]}]' % NB,
        '! client transact ["nope"]',
    ],
}


def schema(db):
    return Programs("debian", schema="debian").schema(db)


def make_server(programs, folder):
    server = Server(programs, folder)
    server.create(schema("nb"), "nb.db")
    server.create(schema("vswitch"), "vs.db")
    return server.start()


def command_for(words, programs, server):
    if words[0] == "nb":
        return [programs.path("ovn-nbctl"), "--no-leader-only",
                "--db=" + server.remote] + words[1:]
    if words[0] == "vs":
        return [programs.path("ovs-vsctl"), "--no-wait",
                "--db=" + server.remote] + words[1:]
    words = words[1:]
    i = next(i for i, w in enumerate(words) if w[0] != "-"
             and (i == 0 or words[i - 1] != "-f"))
    return ([programs.path("ovsdb-client")] + words[:i + 1]
            + [server.remote] + words[i + 1:])


def split(text):
    words, quoted = [], None
    for word in text.split(" "):
        if quoted is not None:
            quoted += " " + word
            if word.endswith('"'):
                words.append(quoted.strip('"'))
                quoted = None
        elif word.startswith('"') and not (len(word) > 1
                                           and word.endswith('"')):
            quoted = word
        else:
            words.append(word)
    assert quoted is None
    return words


def play(commands, programs, folder):
    """What the commands print: the lines in order of their text, as rows come
    in the order of their random uuids, and these put aside."""
    server = make_server(programs, folder)
    story = []
    try:
        for text in commands:
            fails = text.startswith("! ")
            words = split(text[2:] if fails else text)
            done = run(command_for(words, programs, server), check=False)
            assert (done.returncode != 0) == fails, \
                (text, done.stdout, done.stderr)
            out = re.sub(r" +", " ", UUID.sub("<uuid>", done.stdout))
            lines = re.sub(r"-+( -+)*\n", "--\n", out).split("\n")
            story.append((text, sorted(lines)))
    finally:
        server.stop()
    return story


@pytest.mark.parametrize("ours", ["ovsdb-server", "ovsdb-client"])
@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_scenario(name, ours, tmp_path):
    if ours == "ovsdb-client" and not any("client" in c
                                          for c in SCENARIOS[name]):
        pytest.skip("no part for ovsdb-client")
    folders = [tmp_path / "debian", tmp_path / "mixed"]
    for folder in folders:
        folder.mkdir()
    expected = play(SCENARIOS[name], Programs("debian"), folders[0])
    got = play(SCENARIOS[name], Programs("debian", **{ours: "ours"}),
               folders[1])
    assert got == expected


# Files.

ROW = ('["%s",{"op":"insert","table":"Logical_Switch","row":{"name":"%%s",'
       '"external_ids":["map",[["k","v"],["l","%%s"]]]}},'
       '{"op":"comment","comment":"c"}]' % NB)
CHANGE = ('["%s",{"op":"mutate","table":"Logical_Switch","where":[],'
          '"mutations":[["external_ids","delete","k"],["external_ids",'
          '"insert",["map",[["m","n"]]]]]}]' % NB)
READ = ('["%s",{"op":"select","table":"Logical_Switch","where":[],'
        '"columns":["_uuid","name","external_ids"]}]' % NB)


def read_file(tool, path):
    rows = json.loads(run([tool, "query", path, READ]))[0]["rows"]
    return sorted(json.dumps(r, sort_keys=True) for r in rows)


@pytest.mark.parametrize("writer,reader", [("ours", "debian"),
                                           ("debian", "ours")])
def test_file_of_one_is_read_and_gone_on_with_by_the_other(writer, reader,
                                                           tmp_path):
    first = Programs(writer).path("ovsdb-tool")
    second = Programs(reader).path("ovsdb-tool")
    path = str(tmp_path / "db")
    run([first, "create", path, schema("nb")])
    for tool in (first, second, first):
        run([tool, "transact", path, ROW % ("a", '\\"quoted\\" \\n\\u00e9')])
        run([tool, "transact", path, CHANGE])
        assert read_file(first, path) == read_file(second, path)
        run([tool, "compact", path])
        assert read_file(first, path) == read_file(second, path)
    assert len(read_file(first, path)) == 3
    for command in ("db-name", "db-version", "db-cksum"):
        assert run([first, command, path]) == run([second, command, path])
    for tool in (first, second):
        assert run([tool, "needs-conversion", path,
                    schema("nb")]) == "no\n"


def test_server_switches_over_an_existing_file(tmp_path):
    """Debian's server, then ours, then Debian's again, over one file."""
    server = None
    for i, side in enumerate(["debian", "ours", "debian"]):
        programs = Programs("debian", ovsdb_server=side)
        if server is None:
            server = make_server(programs, tmp_path)
        else:
            server.programs = programs
            server.start()
        nbctl = [Programs("debian").path("ovn-nbctl"),
                 "--db=" + server.remote, "--no-leader-only"]
        run(nbctl + ["ls-add", "s%d" % i, "--", "lsp-add", "s%d" % i,
                     "p%d" % i])
        if i:
            run(nbctl + ["lsp-del", "p%d" % (i - 1)])
        server.stop()
        with open(os.path.join(str(tmp_path), "out")) as f:
            assert "|ERR|" not in f.read()
    server.programs = Programs("ours")
    server.start()
    nbctl[1] = "--db=" + server.remote
    assert run(nbctl + ["lsp-list", "s2"]).count("(p2)") == 1
    assert run(nbctl + ["lsp-list", "s1"]) == ""
    assert run(nbctl + ["ls-list"]).count("(s") == 3
    server.stop()


def test_records_of_whole_values(tmp_path):
    """For a file that older servers are to read."""
    programs = Programs("debian", ovsdb_server="ours")
    server = Server(programs, tmp_path, ["--disable-file-column-diff"])
    path = server.create(schema("nb"), "nb.db")
    server.start()
    client = server.connect()

    def change(key):
        client.transact(NB, {
            "op": "mutate", "table": "Logical_Switch", "where": [],
            "mutations": [["external_ids", "insert",
                           ["map", [[key, "1"]]]]]})
        with open(path) as f:
            return f.read().rstrip("\n").split("\n")[-1]

    client.transact(NB, {"op": "insert", "table": "Logical_Switch",
                         "row": {"name": "s"}})
    change("a")
    record = change("b")
    assert "_is_diff" not in record and '["a","1"],["b","1"]' in record
    server.appctl("ovsdb/file/column-diff-enable")
    record = change("c")
    assert '"_is_diff":true' in record and '"a"' not in record
    assert '["a","1"],["b","1"],["c","1"]' in read_file(
        programs.path("ovsdb-tool"), path)[0].replace(", ", ",")
    server.stop()


@pytest.mark.parametrize("side", ["ours", "debian"])
def test_backup_of_one_client_is_restored_by_the_other(side, tmp_path):
    other = {"ours": "debian", "debian": "ours"}[side]
    server = make_server(Programs("debian", ovsdb_server="ours"), tmp_path)
    nbctl = [Programs("debian").path("ovn-nbctl"), "--db=" + server.remote,
             "--no-leader-only"]
    try:
        run(nbctl + ["ls-add", "s0", "--", "lsp-add", "s0", "p0", "--",
                     "set", "logical_switch", "s0", "external_ids:a=b"])
        shown = UUID.sub("", run(nbctl + ["show"]))
        path = tmp_path / "backup"
        with open(path, "wb") as f:
            subprocess.check_call([Programs(side).path("ovsdb-client"),
                                   "backup", server.remote, NB], stdout=f)
        run(nbctl + ["lsp-del", "p0", "--", "ls-add", "s1"])
        with open(path, "rb") as f:
            subprocess.check_call([Programs(other).path("ovsdb-client"),
                                   "restore", server.remote, NB], stdin=f)
        assert UUID.sub("", run(nbctl + ["show"])) == shown
    finally:
        server.stop()


# The Python library.

IDL_PROGRAM = r"""
import sys
import ovs.db.idl, ovs.poller
remote, schema = sys.argv[1:3]
helper = ovs.db.idl.SchemaHelper(schema)
helper.register_all()
idl = ovs.db.idl.Idl(remote, helper)

def step():
    poller = ovs.poller.Poller()
    idl.wait(poller)
    poller.timer_wait(100)
    poller.block()
    idl.run()

def until(condition):
    for _ in range(200):
        idl.run()
        if condition():
            return
        step()
    raise SystemExit("nothing has happened")

def commit(change):
    txn = ovs.db.idl.Transaction(idl)
    change(txn)
    assert txn.commit_block() == ovs.db.idl.Transaction.SUCCESS

def insert(txn):
    for i in range(30):
        port = txn.insert(idl.tables["Logical_Switch_Port"])
        port.name = "p%d" % i
        switch = txn.insert(idl.tables["Logical_Switch"])
        switch.name = "s%d" % i
        switch.addvalue("ports", port)
        switch.setkey("external_ids", "i", str(i))

def switches():
    return {r.name: r for r in idl.tables["Logical_Switch"].rows.values()}

def ports():
    return {r.name for r in idl.tables["Logical_Switch_Port"].rows.values()}

until(lambda: idl.change_seqno)
commit(insert)
until(lambda: len(switches()) == 30)
assert len(ports()) == 30

def change(txn):
    switches()["s3"].delkey("external_ids", "i")
    switches()["s4"].ports = []
    switches()["s5"].delete()

commit(change)
until(lambda: len(switches()) == 29 and len(ports()) == 28)
assert switches()["s3"].external_ids == {}
table = idl.tables["Logical_Switch"]
idl.cond_change("Logical_Switch", [["name", "==", "s7"]])
until(lambda: list(switches()) == ["s7"])
idl.cond_change("Logical_Switch", [True])
until(lambda: len(switches()) == 29)
idl.force_reconnect()
until(lambda: len(switches()) == 29)
print("ok")
"""


def test_python_idl(tmp_path):
    packages = os.path.join(PEER, "usr/lib/python3/dist-packages")
    if not os.path.isdir(os.path.join(packages, "ovs")):
        pytest.skip("Debian's python3-openvswitch is not here")
    server = make_server(Programs("debian", ovsdb_server="ours"), tmp_path)
    env = dict(os.environ, PYTHONPATH=packages)
    try:
        done = subprocess.run([sys.executable, "-W", "ignore", "-c",
                               IDL_PROGRAM, server.remote, schema("nb")],
                              env=env, timeout=180, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.stdout == "ok\n", done.stdout + done.stderr
    finally:
        server.stop()


# Monitors.

@pytest.mark.parametrize("server_side,client_side", [
    ("debian", "debian"), ("ours", "debian"), ("debian", "ours"),
    ("ours", "ours")])
@pytest.mark.parametrize("command,rows", [
    ("monitor", ["initial", "old", "new", "insert", "delete"]),
    ("monitor-cond", ["initial", "modify", "insert", "delete"])])
def test_monitor_output(server_side, client_side, command, rows, tmp_path):
    server = make_server(Programs("debian", ovsdb_server=server_side),
                         tmp_path)
    nbctl = [Programs("debian").path("ovn-nbctl"), "--db=" + server.remote,
             "--no-leader-only"]
    output = tmp_path / "monitor"
    words = [Programs(client_side).path("ovsdb-client"), command,
             server.remote, NB]
    words += ['[["name","!=","hidden"]]'] if command != "monitor" else []
    process = None
    try:
        run(nbctl + ["ls-add", "s0"])
        with open(output, "w") as f:
            process = subprocess.Popen(
                words + ["Logical_Switch", "name,external_ids"], stdout=f)
        wait_until(lambda: "initial" in output.read_text())
        run(nbctl + ["set", "logical_switch", "s0", "external_ids:a=b"])
        run(nbctl + ["ls-add", "s1"])
        run(nbctl + ["ls-del", "s0"])
        wait_until(lambda: "delete" in output.read_text())
        text = output.read_text()
        assert [w for w in re.findall(
            r"\b(initial|old|new|modify|insert|delete)\b", text)] == rows
        assert "{a=b}" in text and "s1" in text
    finally:
        if process:
            process.terminate()
            process.wait()
        server.stop()
