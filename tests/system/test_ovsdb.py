# SPDX-License-Identifier: Apache-2.0
"""ovsdb-server as its clients see it: protocol, limits, crashes."""

import json
import os
import random
import re
import resource
import socket
import subprocess

import pytest

from harness.ovsdb import Client, Server, ZERO, run, wait_until
from harness.process import accepts
from harness.programs import Programs

SCHEMA = {
    "name": "d", "version": "1.0.0",
    "tables": {
        "T": {"isRoot": True, "columns": {
            "name": {"type": "string"},
            "n": {"type": "integer"},
            "tags": {"type": {"key": "string", "min": 0,
                              "max": "unlimited"}}}},
        "Remote": {"isRoot": True, "columns": {
            "target": {"type": "string"},
            "read_only": {"type": "boolean"},
            "role": {"type": "string"},
            "is_connected": {"type": "boolean", "ephemeral": True},
            "status": {"type": {"key": "string", "value": "string",
                                "min": 0, "max": "unlimited"},
                       "ephemeral": True}}},
        "Config": {"isRoot": True, "maxRows": 1, "columns": {
            "remotes": {"type": {"key": {"type": "uuid",
                                         "refTable": "Remote"},
                                 "min": 0, "max": "unlimited"}}}},
        "RBAC_Role": {"isRoot": True, "columns": {
            "name": {"type": "string"},
            "permissions": {"type": {
                "key": "string",
                "value": {"type": "uuid", "refTable": "RBAC_Permission",
                          "refType": "weak"},
                "min": 0, "max": "unlimited"}}}},
        "RBAC_Permission": {"isRoot": True, "columns": {
            "table": {"type": "string"},
            "authorization": {"type": {"key": "string", "min": 0,
                                       "max": "unlimited"}},
            "insert_delete": {"type": "boolean"},
            "update": {"type": {"key": "string", "min": 0,
                                "max": "unlimited"}}}}}}


def insert(name="x", n=0, **more):
    return dict({"op": "insert", "table": "T",
                 "row": {"name": name, "n": n}}, **more)


SELECT = {"op": "select", "table": "T", "where": [], "columns": ["name", "n"]}


@pytest.fixture
def make_server(tmp_path):
    servers = []

    def make(start=True, schema=SCHEMA, **kwargs):
        path = tmp_path / "schema"
        path.write_text(json.dumps(schema))
        server = Server(Programs(), tmp_path, **kwargs)
        server.create(str(path), "d.db")
        servers.append(server)
        return server.start() if start else server
    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def server(make_server):
    return make_server()


@pytest.fixture
def client(server):
    client = server.connect()
    yield client
    client.close()


# Requests.

def test_requests_of_rfc_7047(client):
    assert sorted(client.call("list_dbs")) == ["_Server", "d"]
    assert client.call("get_schema", "d")["version"] == "1.0.0"
    assert client.call("echo", "a", 1) == ["a", 1]
    uuid = client.transact("d", insert())[0]["uuid"][1]
    assert len(uuid) == 36
    assert client.transact("d", SELECT)[0]["rows"] == [{"name": "x", "n": 0}]
    assert client.error("get_schema", "e")["error"] == "unknown database"
    assert client.error("transact", "e")["error"] == "unknown database"
    assert client.error("transact")["error"] == "syntax error"
    assert client.error("nope") == "unknown method"
    assert len(client.call("get_server_id")) == 36


def test_reply_follows_the_update(client):
    client.call("monitor", "d", "m", {"T": {}})
    id = client.send("transact", "d", insert())
    assert client.receive()["method"] == "update"
    assert client.receive()["id"] == id


def test_pipelined_requests_are_answered_in_order(client):
    ids = [client.send("transact", "d", insert("p%d" % i, i))
           for i in range(500)]
    assert [client.receive()["id"] for _ in ids] == ids


def test_wait_is_tried_again(server, client):
    other = server.connect()
    wait = {"op": "wait", "table": "T", "where": [["name", "==", "w"]],
            "columns": ["n"], "until": "==", "rows": [{"n": 7}],
            "timeout": 20000}
    id = other.send("transact", "d", wait, insert("after"))
    client.transact("d", insert("w", 3))
    assert client.transact("d", SELECT)[0]["rows"] == [{"name": "w", "n": 3}]
    client.transact("d", {"op": "update", "table": "T", "where": [],
                          "row": {"n": 7}})
    result = other.reply(id)["result"]
    assert result[0] == {} and "uuid" in result[1]


def test_wait_times_out_and_can_be_cancelled(client):
    wait = {"op": "wait", "table": "T", "where": [], "columns": ["n"],
            "until": "==", "rows": [{"n": 1}], "timeout": 50}
    result = client.transact("d", wait, insert())
    assert result[0]["error"] == "timed out" and result[1] is None
    id = client.send("transact", "d", dict(wait, timeout=100000))
    client.send_text(json.dumps({"method": "cancel", "params": [id],
                                 "id": None}))
    assert client.reply(id)["error"] == "canceled"


def test_locks(server, client):
    other = server.connect()
    assert client.call("lock", "l") == {"locked": True}
    assert other.call("lock", "l") == {"locked": False}
    assertion = {"op": "assert", "lock": "l"}
    assert client.transact("d", assertion) == [{}]
    assert other.transact("d", assertion)[0]["error"] == "not owner"
    assert client.error("lock", "l")["error"] == "syntax error"
    client.call("unlock", "l")
    assert other.notification()["method"] == "locked"
    assert client.call("steal", "l") == {"locked": True}
    assert other.notification()["method"] == "stolen"
    client.close()
    assert other.notification()["method"] == "locked"
    assert other.transact("d", assertion) == [{}]


def test_monitor_since_resumes(server, client):
    requests = {"T": [{"columns": ["name", "tags"]}]}
    client.transact("d", insert("a"))
    found, last, rows = client.call("monitor_cond_since", "d", "m", requests,
                                    ZERO)
    assert not found and len(rows["T"]) == 1
    client.close()
    other = server.connect()
    other.transact("d", insert("b"))
    other.transact("d", {"op": "mutate", "table": "T",
                         "where": [["name", "==", "a"]],
                         "mutations": [["tags", "insert", "t"]]})
    other.transact("d", {"op": "delete", "table": "T",
                         "where": [["name", "==", "zzz"]]})
    found, now, rows = other.call("monitor_cond_since", "d", "m", requests,
                                  last)
    assert found and now != last
    kinds = sorted(next(iter(r.items())) for r in rows["T"].values())
    assert kinds == [("insert", {"name": "b"}), ("modify", {"tags": "t"})]
    found, same, rows = server.connect().call("monitor_cond_since", "d", "m",
                                              requests, now)
    assert found and same == now and rows == {}


def test_monitor_cond_change(client):
    client.transact("d", insert("a", 1), insert("b", 2))
    rows = client.call("monitor_cond", "d", "m",
                       {"T": [{"columns": ["name"],
                               "where": [["n", "==", 1]]}]})
    assert [r["initial"]["name"] for r in rows["T"].values()] == ["a"]
    client.call("monitor_cond_change", "m", "m2",
                {"T": [{"where": [["n", "==", 2]]}]})
    update = client.notification()
    assert update["method"] == "update2" and update["params"][0] == "m"
    kinds = sorted(next(iter(r)) for r in update["params"][1]["T"].values())
    assert kinds == ["delete", "insert"]
    client.call("monitor_cancel", "m2")
    assert client.error("monitor_cancel", "m2") == "unknown monitor"


def test_server_database_tells_of_changes(server, client, tmp_path):
    schema = tmp_path / "e.schema"
    schema.write_text(json.dumps(dict(SCHEMA, name="e")))
    path = tmp_path / "e.db"
    run([server.programs.path("ovsdb-tool"), "create", path, schema])
    client.call("set_db_change_aware", True)
    plain = server.connect()
    plain.call("list_dbs")
    client.call("monitor_cond", "_Server", "s",
                {"Database": [{"columns": ["name"]}]})
    server.appctl("ovsdb-server/add-db", str(path))
    added = client.notification()["params"][1]["Database"]
    assert [r["insert"]["name"] for r in added.values()] == ["e"]
    assert plain.receive() is None
    client.call("monitor", "e", "m", {"T": {}})
    wait = {"op": "wait", "table": "T", "where": [], "columns": ["n"],
            "until": "!=", "rows": [], "timeout": 100000}
    id = client.send("transact", "e", wait)
    server.appctl("ovsdb-server/remove-db", "e")
    assert client.reply(id)["error"] == "canceled"
    methods = {client.notification()["method"] for _ in range(2)}
    assert methods == {"monitor_canceled", "update2"}
    assert client.transact("_Server", insert())[0]["error"] \
        in ("not allowed", "syntax error")


def test_convert(client):
    client.call("set_db_change_aware", True)
    client.transact("d", insert("a", 5))
    schema = json.loads(json.dumps(SCHEMA))
    schema["version"] = "2.0.0"
    schema["tables"]["T"]["columns"]["new"] = {"type": "string"}
    client.call("convert", "d", schema)
    rows = client.transact("d", {"op": "select", "table": "T", "where": [],
                                 "columns": ["name", "new"]})[0]["rows"]
    assert rows == [{"name": "a", "new": ""}]
    schema["tables"]["T"]["columns"]["name"] = {"type": "integer"}
    assert client.error("convert", "d", schema)["error"]
    assert client.call("get_schema", "d")["version"] == "2.0.0"


# Remotes and rights.

def test_remotes_from_the_database(make_server, tmp_path):
    server = make_server(start=False)
    server.remotes.append("db:d,Config,remotes")
    server.start()
    client = server.connect()
    path = str(tmp_path / "ro.sock")
    client.transact(
        "d", {"op": "insert", "table": "Remote", "uuid-name": "r",
              "row": {"target": "punix:" + path, "read_only": True}},
        {"op": "insert", "table": "Config",
         "row": {"remotes": ["named-uuid", "r"]}})
    wait_until(lambda: accepts(path))
    other = Client(path)
    assert other.transact("d", insert())[0]["error"] == "not allowed"
    assert "rows" in other.transact("d", SELECT)[0]

    def status():
        rows = client.transact("d", {"op": "select", "table": "Remote",
                                     "where": []})[0]["rows"]
        return rows[0]["is_connected"]
    wait_until(status)
    client.transact("d", {"op": "update", "table": "Config", "where": [],
                          "row": {"remotes": ["set", []]}})
    assert other.receive() is None


def test_roles_limit_what_is_written(make_server, tmp_path):
    server = make_server(start=False)
    server.remotes.append("db:d,Config,remotes")
    server.start()
    client = server.connect()
    path = str(tmp_path / "role.sock")
    result = client.transact(
        "d", {"op": "insert", "table": "Remote", "uuid-name": "r",
              "row": {"target": "punix:" + path, "role": "reader"}},
        {"op": "insert", "table": "Config",
         "row": {"remotes": ["named-uuid", "r"]}},
        {"op": "insert", "table": "RBAC_Permission", "uuid-name": "p",
         "row": {"table": "T", "authorization": "", "insert_delete": False,
                 "update": "n"}},
        {"op": "insert", "table": "RBAC_Role",
         "row": {"name": "reader",
                 "permissions": ["map", [["T", ["named-uuid", "p"]]]]}},
        insert("x", 1))
    assert not [r for r in result if "error" in r], result
    wait_until(lambda: accepts(path))
    other = Client(path)

    def update(row):
        return other.transact("d", {"op": "update", "table": "T",
                                    "where": [], "row": row})[0]
    assert update({"n": 2}) == {"count": 1}
    assert update({"name": "y"})["error"] == "permission error"
    assert other.transact("d", insert())[0]["error"] == "permission error"
    delete = {"op": "delete", "table": "T", "where": []}
    assert other.transact("d", delete)[0]["error"] == "permission error"


def test_config_file(tmp_path):
    server = Server(Programs(), tmp_path)
    schema = tmp_path / "schema"
    schema.write_text(json.dumps(SCHEMA))
    path = server.create(str(schema), "d.db")
    config = tmp_path / "config.json"
    content = {"remotes": {"punix:" + server.socket: {"dscp": 10},
                           "db:later,Config,remotes": None},
               "databases": {path: {"service-model": "standalone"}}}
    config.write_text(json.dumps(content))
    server.dbs, server.remotes = [], []
    server.options = ["--config-file=" + str(config)]
    try:
        server.start()
        assert "d" in server.connect().call("list_dbs")
        content["databases"] = {}
        config.write_text(json.dumps(content))
        server.appctl("ovsdb-server/reload")
        assert server.connect().call("list_dbs") == ["_Server"]
        config.write_text("{")
        done = run([server.programs.path("ovs-appctl"), "-t", server.control,
                    "ovsdb-server/reload"], check=False)
        assert done.returncode == 2
    finally:
        server.stop()


# Hostile clients.

@pytest.mark.parametrize("text", [
    "hello", "[]", "{", '{"method":5,"params":[],"id":1}', "\xff\xfe", "5",
    '{"id":1}', "[" * 2000, '{"a":' * 3000, '{"method":"x"}',
    '{"method":"transact","params":{},"id":1}', "\0\0\0\0",
])
def test_garbage_ends_only_its_connection(server, client, text):
    bad = server.connect()
    bad.send_text(text.encode("latin-1"))
    bad.socket.shutdown(socket.SHUT_WR)
    while bad.receive() is not None:
        pass
    assert client.call("echo") == []


@pytest.mark.parametrize("params", [
    ["d", 5], ["d", []], ["d", {"op": 5}], ["d", {"op": "insert"}], [5], [],
    ["d", {"op": "insert", "table": "T", "row": {"n": "x"}}],
    ["d", {"op": "insert", "table": "T", "row": {"n": 1e300}}],
    ["d", {"op": "select", "table": "T", "where": [["n", "<", []]]}],
    ["d", {"op": "mutate", "table": "T", "where": [],
           "mutations": [["n", "+=", {}]]}],
    ["d", {"op": "wait", "table": "T", "where": [], "until": "~",
           "rows": []}],
])
def test_wrong_types_are_errors(client, params):
    reply = client.reply(client.send("transact", *params))
    text = json.dumps(reply)
    assert "syntax error" in text or "error" in text
    assert client.transact("d", SELECT)[0]["rows"] == []


def test_deep_nesting_in_a_transaction(client):
    deep = "[" * 900 + "]" * 900
    client.send_text('{"method":"transact","id":77,"params":["d",{"op":'
                     '"insert","table":"T","row":{"name":%s}}]}' % deep)
    assert "error" in client.reply(77)["result"][0]


def test_unknown_names(client):
    """Told in UTF-8, wherever they are cut off."""
    for n in 62, 63, 64, 126, 127, 128, 4094, 4095:
        name = "x" * n + "\u20ac" * 100
        for op in ({"op": "select", "where": [], name: 1},
                   {"op": "insert", "row": {name: 1}},
                   {"op": "select", "where": [[name, "==", 1]]},
                   {"op": "mutate", "where": [], "mutations": [[name]]},
                   {"op": "select", "where": [["n", name, 1]]},
                   {"op": "select", "where": [], "columns": [name]}):
            assert client.transact("d", dict(op, table="T"))[0]["error"]
    for table in "nope", "", "T" * 100000, "\u00e9", "T\\u0000":
        result = client.transact("d", {"op": "select", "table": table,
                                       "where": []})
        assert result[0]["error"] == "syntax error"
        assert "error" in client.error("monitor", "d", table, {table: {}})
    assert client.error("get_schema", "x" * 100000)["error"] \
        == "unknown database"
    assert client.error("n" * 100000) == "unknown method"
    assert client.transact("d", SELECT)[0]["rows"] == []


def test_message_without_an_end(server, client):
    """A message is taken up to 512 MiB; what is longer ends the connection,
    and its memory is given back."""
    bad = server.connect()
    chunk = b"x" * (4 << 20)
    sent = 0
    try:
        bad.send_text(b'{"method":"transact","id":1,"params":["d","')
        while sent < 600 << 20:
            bad.socket.sendall(chunk)
            sent += len(chunk)
    except OSError:
        pass
    assert 500 << 20 <= sent < 600 << 20
    assert client.transact("d", insert())[0]["uuid"]
    wait_until(lambda: server.rss_kb() < 200 * 1024)


def test_thousands_of_idle_and_half_sent_connections(server, client):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = max(soft, min(6000, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    n = min(3000, limit - 200)
    sockets = []
    for i in range(n):
        s = socket.socket(socket.AF_UNIX)
        s.connect(server.socket)
        if i % 2:
            s.sendall(b'{"method":"transact","params":["d",')
        sockets.append(s)
    assert client.transact("d", insert())[0]["uuid"]
    wait_until(lambda: "sessions:%d " % (n + 1)
               in server.appctl("memory/show"))
    assert server.rss_kb() < 400 * 1024
    for s in sockets:
        s.close()
    assert client.call("echo") == []
    wait_until(lambda: "sessions:1 " in server.appctl("memory/show"))


def test_client_that_does_not_read_its_answers_is_cut(server, client):
    client.transact("d", *[insert("x" * 1000000, i) for i in range(5)])
    deaf = server.connect()
    deaf.socket.settimeout(90)
    text = json.dumps({"method": "transact", "id": 1,
                       "params": ["d", SELECT]})
    try:
        for _ in range(100):
            deaf.send_text(text)
    except OSError:
        pass
    wait_until(lambda: "sessions:1 " in server.appctl("memory/show"))
    assert server.rss_kb() < 400 * 1024
    assert client.call("echo") == []


def test_monitors_and_locks_of_one_client_are_bounded(client):
    for method, params in (("monitor", lambda i: ["d", i, {}]),
                           ("lock", lambda i: ["l%d" % i])):
        last = None
        for i in range(10100):
            client.send(method, *params(i))
        for i in range(10100):
            last = client.receive()
        assert last["error"]["error"] == "resources exhausted"
    assert client.transact("d", insert())[0]["uuid"]


def test_monitor_that_does_not_read_is_cut(server, client):
    """Its memory is bounded, and the others are served on."""
    slow = server.connect()
    slow.call("monitor", "d", "m", {"T": {}})
    text = "x" * 1000000
    for i in range(150):
        client.transact("d", insert(text, i), {"op": "delete", "table": "T",
                                               "where": [["n", "<", i]]})
    assert server.rss_kb() < 400 * 1024
    n = 0
    while True:
        chunk = slow.socket.recv(1 << 20)
        if not chunk:
            break
        n += len(chunk)
    assert n < 100 << 20
    assert "sessions:1" in server.appctl("memory/show")


# The file.

def rows_in_file(server):
    text = run([server.programs.path("ovsdb-tool"), "query", server.dbs[0],
                json.dumps(["d", SELECT])])
    return {r["n"] for r in json.loads(text)[0]["rows"]}


def test_contents_outlive_a_restart(server):
    client = server.connect()
    client.transact("d", insert("a", 1), {"op": "commit", "durable": True})
    server.stop()
    assert rows_in_file(server) == {1}
    server.start()
    assert server.connect().transact("d", SELECT)[0]["rows"] == [
        {"name": "a", "n": 1}]


def test_compaction_while_clients_write(server, client):
    for i in range(2000):
        client.transact("d", {"op": "update", "table": "T", "where": [],
                              "row": {"n": i}}, *([insert("a")] * (i < 5)))
    done = subprocess.Popen([server.programs.path("ovs-appctl"), "-t",
                             server.control, "ovsdb-server/compact"])
    i = 0
    while done.poll() is None:
        client.transact("d", insert("during", 100000 + i))
        i += 1
    assert done.returncode == 0
    client.transact("d", insert("after", 999999))
    with open(server.dbs[0], "rb") as f:
        assert not re.search(rb'"n":1000\b', f.read())     # Long past.
    server.stop()
    assert rows_in_file(server) == {1999, 999999} | {
        100000 + j for j in range(i)}


def test_compaction_by_itself(server, client):
    """Of a file that has grown, but not twice in ten minutes; and once a
    day."""
    path = server.dbs[0]

    def inode():
        return os.stat(path).st_ino

    def change(n, size):
        client.transact("d", {"op": "update", "table": "T", "where": [],
                              "row": {"name": str(n) + "x" * size}})
    server.appctl("time/stop")
    client.transact("d", insert())
    for i in range(120):
        change(i, 100000)
    first, size = inode(), os.path.getsize(path)
    assert size > 10 << 20
    server.appctl("time/warp", "590000", "10000")
    change(0, 0)
    assert inode() == first
    server.appctl("time/warp", "20000", "10000")
    wait_until(lambda: inode() != first)
    assert os.path.getsize(path) < 1 << 20

    for i in range(101):
        change(i, 10)
    second = inode()
    server.appctl("time/warp", "86000000", "1000000")
    assert inode() == second
    server.appctl("time/warp", "1000000", "500000")
    wait_until(lambda: inode() != second)
    assert client.transact("d", SELECT)[0]["rows"] == [
        {"name": "100" + "x" * 10, "n": 0}]


def test_full_disk_takes_transactions_back(make_server):
    """What cannot be written is answered as an error, and is not there."""
    server = make_server(limit_file_size=20000)
    client = server.connect()
    watcher = server.connect()
    watcher.call("monitor_cond", "d", "m", {"T": [{"columns": ["n"]}]})
    good = 0
    for i in range(100):
        result = client.transact("d", insert("x" * 1000, i))
        if "error" in result[-1]:
            assert result[-1]["error"] == "I/O error"
            break
        good += 1
    assert 5 < good < 30
    rows = client.transact("d", SELECT)[0]["rows"]
    assert {r["n"] for r in rows} == set(range(good))
    result = client.transact("d", {"op": "delete", "table": "T",
                                   "where": [["n", "==", 3]]})
    assert result == [{"count": 1}]
    server.stop()
    assert rows_in_file(server) == set(range(good)) - {3}


def test_second_server_cannot_take_the_file(server, tmp_path):
    done = run([server.programs.path("ovsdb-server"), "--unixctl=none",
                "--remote=punix:" + str(tmp_path / "other"), server.dbs[0]],
               check=False)
    assert done.returncode == 1 and "lock" in done.stderr


def test_kill_loses_nothing_that_was_acknowledged(make_server):
    """200 times: a durable transaction that was answered is in the file, and
    the file opens, whenever the server dies."""
    rng = random.Random(7047)
    server = make_server(start=False)
    acknowledged = set()
    n = 0
    for _ in range(200):
        server.start()
        client = server.connect()
        deadline = rng.randint(1, 400)
        sent = {}
        for _ in range(deadline):
            n += 1
            sent[client.send("transact", "d", insert("k", n),
                             {"op": "commit", "durable": True})] = n
        for _ in range(rng.randint(0, deadline)):
            message = client.receive()
            assert "error" not in message["result"][0]
            acknowledged.add(sent[message["id"]])
        server.kill()
        client.close()
    lost = acknowledged - rows_in_file(server)
    assert not lost, "lost %d of %d" % (len(lost), len(acknowledged))
    assert len(acknowledged) > 1000
