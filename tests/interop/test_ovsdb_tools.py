# SPDX-License-Identifier: Apache-2.0
"""ovsdb-tool and ovsdb-client beside Debian's: the same commands, whose
output and exit status must be the same."""

import json
import os
import re
import shlex
import socket
import subprocess

import pytest

from harness.ovsdb import Server, wait_until
from harness.process import run
from harness.programs import Programs, have_peer

pytestmark = pytest.mark.skipif(not have_peer(),
                                reason="Debian's OVN is not here (./dev peer)")

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
                  r"|\b[0-9a-f]{8}\b")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?")

COLUMNS = {
    "x": {"type": "integer"},
    "s": {"type": {"key": "string", "min": 0, "max": "unlimited"}},
    "m": {"type": {"key": "string", "value": "string", "min": 0,
                   "max": "unlimited"}}}
SCHEMAS = {
    "one": {"name": "T", "version": "1.0.0", "cksum": "12 34",
            "tables": {"A": {"isRoot": True, "columns": COLUMNS}}},
    "two": {"name": "T", "version": "2.0.0",
            "tables": {"A": {"isRoot": True, "columns": {
                "x": {"type": "integer"}, "y": {"type": "string"}}}}},
    "other": {"name": "U", "tables": {}},
}

# A "!" before the command says that it fails, with an error whose words may
# differ.
TOOL = r"""
create t one
! create t one
! create u nothing
db-name t
db-version t
db-cksum t
schema-name one
schema-version one
schema-cksum one
schema-version other
! db-name nothing
db-is-clustered t
db-is-standalone t
db-cid t
db-sid t
db-local-address t
compare-versions 1.2.3 < 1.2.4
compare-versions 1.2.3 >= 1.2.4
compare-versions 1.2.3 != 1.2.3
! compare-versions 1.2 == 1.2.4
needs-conversion t one
needs-conversion t two
transact t '["T",{"op":"insert","table":"A","row":{"x":1,"s":["set",["a","b"]],"m":["map",[["k","v"]]]}},{"op":"comment","comment":"first"}]'
transact t '["T",{"op":"insert","table":"A","row":{"x":2}}]'
transact t '["T",{"op":"update","table":"A","where":[["x","==",2]],"row":{"x":3}},{"op":"comment","comment":"two\nlines"}]'
transact t '["T",{"op":"mutate","table":"A","where":[["x","==",1]],"mutations":[["m","insert",["map",[["l","w"]]]],["s","delete","a"]]}]'
transact t '["T",{"op":"delete","table":"A","where":[["x","==",3]]}]'
transact t '["U"]'
transact t '[]'
transact t '{}'
! transact t 'x'
transact t '["T",{"op":"zz"}]'
--rbac-role=nobody transact t '["T",{"op":"insert","table":"A","row":{"x":4}}]'
query t '["T",{"op":"select","table":"A","where":[],"columns":["x","s","m"]}]'
show-log t
-m show-log t
-mm show-log t
compact t
compact t t2
convert t two t3
-mm show-log t3
convert t two
db-version t
query t '["T",{"op":"select","table":"A","where":[["x","==",1]],"columns":["x","y"]}]'
! nope
! query
"""  # noqa: E501

CLIENT = r"""
list-dbs SERVER
! list-dbs unix:/nonexistent
get-schema-version SERVER T
get-schema-version SERVER
get-schema-cksum SERVER T
get-schema SERVER T
! get-schema SERVER nope x
list-tables SERVER T
-f csv list-tables SERVER T
list-columns SERVER T
list-columns SERVER T A
list-columns SERVER T nope
transact SERVER '["T",{"op":"insert","table":"A","row":{"x":1,"s":["set",["a","b, c"]],"m":["map",[["k","v"],["l","w \"q\""]]]}}]'
transact SERVER '["T",{"op":"zz"}]'
! transact SERVER '["T"'
! transact SERVER '{}'
! transact SERVER '["nope"]'
query SERVER '["T",{"op":"insert","table":"A","row":{"x":5}}]'
query SERVER '["T",{"op":"select","table":"A","where":[],"columns":["x"]}]'
query SERVER '["T",1]'
dump SERVER T
dump SERVER T A
dump SERVER T A x
dump SERVER T A _uuid x
! dump SERVER T A nope
! dump SERVER T nope
-f list dump SERVER T
-f csv dump SERVER T
-f html dump SERVER T
-f json dump SERVER T
! -f nope dump SERVER T
-d bare dump SERVER T
-d json dump SERVER T
-f list -d json dump SERVER T
--no-headings dump SERVER T
--no-headings -f csv dump SERVER T
--bare dump SERVER T
--bare -f csv dump SERVER T
--timestamp dump SERVER T
wait SERVER T added
wait SERVER T connected
wait SERVER nope removed
! wait SERVER T nope
! wait SERVER
--timeout=1 wait SERVER T removed
--leader-only list-dbs SERVER
--no-leader-only dump SERVER T
--db-change-aware list-dbs SERVER
--no-db-change-aware list-dbs SERVER
needs-conversion SERVER one
needs-conversion SERVER two
convert SERVER two
get-schema-version SERVER T
dump SERVER T
! backup SERVER nope x
! monitor SERVER T A x,x
! monitor SERVER T A nope
! monitor SERVER T nope
! nope SERVER
! --timeout=0 list-dbs SERVER
"""  # noqa: E501


def canonical(text, folder):
    """Lines in order of their text: rows and columns come in any."""
    text = TIME.sub("<time>", UUID.sub("<uuid>", text))
    text = re.sub(r"-{3,}", "---", text.replace(str(folder), "FOLDER"))
    text = re.sub(r" by ovsdb-tool.*\"", " by ovsdb-tool\"", text)
    return sorted(line.rstrip() for line in text.split("\n"))


def play(program, script, folder, server=""):
    for name, schema in SCHEMAS.items():
        (folder / name).write_text(json.dumps(schema))
    env = dict(os.environ, OVS_RUNDIR=str(folder), OVS_DBDIR=str(folder),
               OVS_SYSLOG_METHOD="null")
    story = []
    for line in script.strip().split("\n"):
        fails = line.startswith("! ")
        words = shlex.split(line.lstrip("! ").replace("SERVER", server))
        done = subprocess.run(
            [program, "-vconsole:off"] + words, cwd=folder, env=env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=90)
        assert not fails or (done.returncode and done.stderr), line
        story.append((line, done.returncode,
                      canonical(done.stdout, folder)))
    return story


def test_tool(tmp_path):
    stories = []
    for side in "debian", "ours":
        (tmp_path / side).mkdir()
        stories.append(play(Programs(side).path("ovsdb-tool"), TOOL,
                            tmp_path / side))
    assert stories[1] == stories[0]


def test_client(tmp_path):
    stories = []
    for side in "debian", "ours":
        folder = tmp_path / side
        folder.mkdir()
        (folder / "schema").write_text(json.dumps(SCHEMAS["one"]))
        server = Server(Programs("debian"), folder)
        server.create(str(folder / "schema"), "t.db")
        server.start()
        try:
            stories.append(play(Programs(side).path("ovsdb-client"), CLIENT,
                                folder, server.remote))
        finally:
            server.stop()
    assert stories[1] == stories[0]


def test_header_of_a_clustered_database(tmp_path):
    theirs, ours = (Programs(side).path("ovsdb-tool")
                    for side in ("debian", "ours"))
    path = tmp_path / "c.db"
    run([theirs, "create-cluster", path,
         Programs("debian", schema="debian").schema("vswitch"),
         "tcp:127.0.0.1:6644"])
    for command in "db-name", "db-cid", "db-sid", "db-local-address":
        assert run([ours, command, path]) == run([theirs, command, path])
    assert run([ours, "db-is-clustered", path], check=False).returncode == 0
    assert run([ours, "db-is-standalone", path], check=False).returncode == 2

    # What a crash or a stranger has left of the file is refused.
    text = path.read_bytes()
    for bad in text[:20], text[:80], text[:70] + b"\0" * 10 + text[80:]:
        path.write_bytes(bad)
        done = run([ours, "db-sid", path], check=False)
        assert done.returncode == 1 and str(path) in done.stderr


def test_client_finds_the_leader_of_a_cluster(spawn, tmp_path):
    """Two of Debian's servers make a cluster; ours goes on from the one that
    follows to the one that leads."""
    debian = Programs("debian")
    with socket.socket() as a, socket.socket() as b:
        a.bind(("127.0.0.1", 0))
        b.bind(("127.0.0.1", 0))
        peers = ["tcp:127.0.0.1:%d" % s.getsockname()[1] for s in (a, b)]
    (tmp_path / "schema").write_text(json.dumps(SCHEMAS["one"]))
    run([debian.path("ovsdb-tool"), "create-cluster", tmp_path / "0.db",
         tmp_path / "schema", peers[0]])
    run([debian.path("ovsdb-tool"), "join-cluster", tmp_path / "1.db", "T",
         peers[1], peers[0]])
    remotes = []
    for i in range(2):
        socket_path = tmp_path / ("s%d" % i)
        spawn([debian.path("ovsdb-server"), "--remote=punix:%s" % socket_path,
               "--unixctl=%s" % (tmp_path / ("c%d" % i)),
               tmp_path / ("%d.db" % i)],
              {"OVS_RUNDIR": str(tmp_path), "OVS_SYSLOG_METHOD": "null"})
        remotes.append("unix:%s" % socket_path)
        wait_until(socket_path.exists)
        run([debian.path("ovsdb-client"), "--timeout=60", "wait", remotes[i],
             "T", "connected"])
    client = [Programs().path("ovsdb-client"), "--timeout=60"]
    for _ in range(4):      # The first to be tried is chosen by chance.
        assert run(client + ["list-tables", ",".join(reversed(remotes)), "T"])
    alone = run(client + ["list-tables", remotes[1], "T"], check=False)
    assert alone.returncode == 1 and "no leader" in alone.stderr
    assert run(client + ["--no-leader-only", "list-tables", remotes[1], "T"])


@pytest.mark.parametrize("side", ["ours", "debian"])
def test_client_lets_a_server_connect_to_it(side, spawn, tmp_path):
    (tmp_path / "schema").write_text(json.dumps(SCHEMAS["one"]))
    server = Server(Programs(side), tmp_path)
    server.create(str(tmp_path / "schema"), "t.db")
    server.start()
    path = tmp_path / "client"
    try:
        client = spawn([Programs().path("ovsdb-client"), "list-dbs",
                        "punix:%s" % path])
        wait_until(path.exists)
        server.appctl("ovsdb-server/add-remote", "unix:%s" % path)
        wait_until(lambda: not client.is_running())
        assert client.text() == "T\n_Server\n"
    finally:
        server.stop()
