# SPDX-License-Identifier: Apache-2.0
"""Active and backup servers: contents follow, clients only read, roles
change; between ours and Debian's in both roles."""

import json
import os
import socket
import threading

import pytest

from harness.ovsdb import Server, wait_until
from harness.process import run
from harness.programs import Programs, have_peer

DB = "d"
SCHEMA = {
    "name": DB, "version": "1.0.0", "tables": {
        "A": {"isRoot": True, "indexes": [["name"]], "columns": {
            "name": {"type": "string"},
            "fixed": {"type": "integer", "mutable": False},
            "tags": {"type": {"key": "string", "min": 0,
                              "max": "unlimited"}},
            "parts": {"type": {"key": {"type": "uuid", "refTable": "P"},
                               "min": 0, "max": "unlimited"}}}},
        "P": {"columns": {"x": {"type": "integer"}}},
        "Own": {"isRoot": True, "columns": {"x": {"type": "integer"}}}}}


def schema_file(folder, schema=SCHEMA):
    path = folder / "schema"
    path.write_text(json.dumps(schema))
    return str(path)


@pytest.fixture
def make_server(tmp_path):
    servers = []

    def make(side, name, *options, schema=SCHEMA):
        if side == "debian" and not have_peer():
            pytest.skip("Debian's OVN is not here (./dev peer)")
        folder = tmp_path / name
        folder.mkdir()
        server = Server(Programs(side), folder, options)
        server.create(schema_file(folder, schema), "d.db")
        servers.append(server)
        return server.start()
    yield make
    for server in servers:
        server.stop()


def add(client, name, *parts, fixed=0):
    ops = [{"op": "insert", "table": "P", "uuid-name": "p%d" % x,
            "row": {"x": x}} for x in parts]
    ops.append({"op": "insert", "table": "A", "row": {
        "name": name, "fixed": fixed,
        "parts": ["set", [["named-uuid", "p%d" % x] for x in parts]]}})
    result = client.transact(DB, *ops)
    assert not [r for r in result if "error" in r], result


def contents(server):
    client = server.connect()
    result = client.transact(DB, *[
        {"op": "select", "table": t, "where": [],
         "columns": ["_uuid"] + sorted(SCHEMA["tables"][t]["columns"])}
        for t in ("A", "P")])
    client.close()
    return [sorted(json.dumps(row, sort_keys=True) for row in part["rows"])
            for part in result]


def status(server):
    return server.appctl("ovsdb-server/sync-status").strip().split("\n")


@pytest.mark.parametrize("active_side,backup_side",
                         [("ours", "ours"), ("debian", "ours"),
                          ("ours", "debian")])
def test_backup_follows_and_takes_over(active_side, backup_side, make_server):
    active = make_server(active_side, "active")
    client = active.connect()
    add(client, "one", 1, 2, fixed=7)
    add(client, "two")
    backup = make_server(backup_side, "backup")
    stale = backup.connect()
    add(stale, "two", 9)
    add(stale, "stale", 5)
    stale.transact(DB, {"op": "insert", "table": "Own", "row": {"x": 1}})
    assert status(backup) == ["state: active"]

    backup.appctl("ovsdb-server/set-sync-exclude-tables", DB + ":Own")
    backup.appctl("ovsdb-server/set-active-ovsdb-server", active.remote)
    backup.appctl("ovsdb-server/connect-active-ovsdb-server")
    if backup_side == "ours":           # Clients see that the role is new.
        assert stale.receive() is None
    wait_until(lambda: contents(backup) == contents(active))
    assert status(backup) == ["state: backup",
                              "replicating: " + active.remote,
                              "database: " + DB, "exclude: %s:Own" % DB]
    assert backup.appctl("ovsdb-server/get-active-ovsdb-server").strip() \
        == active.remote

    # It follows, with monitors of its own.
    reader = backup.connect()
    reader.call("monitor_cond", DB, "m", {"A": [{"columns": ["tags"]}]})
    for op in ({"op": "update", "row": {"tags": ["set", ["x", "y"]]}},
               {"op": "mutate", "mutations": [["tags", "delete", "x"]]}):
        client.transact(DB, dict(op, table="A",
                                 where=[["name", "==", "one"]]))
        assert reader.notification()["method"] == "update2"
    client.transact(DB, {"op": "delete", "table": "A",
                         "where": [["name", "==", "one"]]})
    add(client, "three", 3)
    wait_until(lambda: contents(backup) == contents(active))

    # It only reads.
    result = reader.transact(DB, {"op": "delete", "table": "A", "where": []})
    assert result[0]["error"] == "not allowed"
    assert "not allowed" in reader.error("lock", "l")

    # It takes over, and what it has followed is in its file.
    expected = contents(active)
    active.stop()
    backup.appctl("ovsdb-server/disconnect-active-ovsdb-server")
    if backup_side == "ours":
        assert reader.receive() is None
    assert status(backup) == ["state: active"]
    assert contents(backup) == expected
    add(backup.connect(), "four")
    backup.stop()
    backup.start()
    assert contents(backup) != expected
    assert backup.connect().transact(DB, {
        "op": "select", "table": "Own", "where": [],
        "columns": ["x"]}) == [{"rows": [{"x": 1}]}]


def test_options_and_a_lost_connection(make_server, tmp_path):
    active = make_server("ours", "active")
    backup = make_server("ours", "backup", "--sync-from=" + active.remote,
                         "--sync-exclude-tables=%s:Own" % DB)
    add(active.connect(), "one", 1)
    wait_until(lambda: contents(backup) == contents(active))
    active.stop()
    wait_until(lambda: status(backup)[1].startswith("connecting: "))
    active.start()
    client = active.connect()
    client.transact(DB, {"op": "delete", "table": "A", "where": []})
    add(client, "one", 1, 2, fixed=3)
    wait_until(lambda: contents(backup) == contents(active), timeout=20)

    idle = make_server("ours", "idle", "--sync-from=" + active.remote,
                       "--active")
    assert status(idle) == ["state: active"]
    idle.appctl("ovsdb-server/connect-active-ovsdb-server")
    wait_until(lambda: contents(idle) == contents(active))


def test_a_server_does_not_follow_itself(make_server):
    server = make_server("ours", "alone")
    add(server.connect(), "one", 1)
    before = contents(server)
    server.appctl("ovsdb-server/set-active-ovsdb-server", server.remote)
    server.appctl("ovsdb-server/connect-active-ovsdb-server")
    wait_until(lambda: status(server)[-1]
               == "error: the active server is this server")
    assert contents(server) == before


def test_another_schema_is_not_followed(make_server):
    other = {"name": DB, "version": "1.0.0", "tables": {
        "A": {"isRoot": True, "columns": {"name": {"type": "integer"}}}}}
    active = make_server("ours", "active", schema=other)
    backup = make_server("ours", "backup")
    add(backup.connect(), "one", 1)
    before = contents(backup)
    backup.appctl("ovsdb-server/set-active-ovsdb-server", active.remote)
    backup.appctl("ovsdb-server/connect-active-ovsdb-server")
    wait_until(lambda: "its schema differs" in backup.process.text())
    assert contents(backup) == before


ROW = "11111111-1111-4111-8111-111111111111"
HOSTILE = [
    5, [], {"A": 5}, {"A": {"x": {}}}, {"A": {ROW: {"new": 5}}},
    {"A": {ROW: {"new": {"name": 5}}}},
    {"A": {ROW: {"new": {"parts": ["uuid", ROW]}}}},
    {"A": {ROW: {"new": {"name": "x"}},
           ROW.replace("1", "2"): {"new": {"name": "x"}}}},
]


@pytest.mark.parametrize("contents_of_monitor", HOSTILE)
def test_what_an_active_server_may_send(contents_of_monitor, make_server,
                                        tmp_path):
    """Nonsense is told in the status, and the contents stay."""
    path = str(tmp_path / "fake")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    results = {"get_server_id": ROW, "get_schema": SCHEMA,
               "monitor": contents_of_monitor}

    def serve():
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        decoder, text = json.JSONDecoder(), ""
        while True:
            chunk = peer.recv(65536).decode()
            if not chunk:
                return
            text += chunk
            while text:
                try:
                    message, end = decoder.raw_decode(text)
                except ValueError:
                    break
                text = text[end:]
                peer.sendall(json.dumps({
                    "id": message["id"], "error": None,
                    "result": results.get(message["method"], [])}).encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    backup = make_server("ours", "backup")
    add(backup.connect(), "one", 1)
    before = contents(backup)
    backup.appctl("ovsdb-server/set-active-ovsdb-server", "unix:" + path)
    backup.appctl("ovsdb-server/connect-active-ovsdb-server")
    wait_until(lambda: status(backup)[-1].startswith("error: "))
    assert contents(backup) == before
    backup.stop()
    listener.close()
    thread.join(10)


@pytest.mark.parametrize("words", [
    ["set-active-ovsdb-server", "ptcp:6640"], ["connect-active-ovsdb-server"],
    ["set-sync-exclude-tables", "nonsense"],
    ["set-active-ovsdb-server-probe-interval", "x"]])
def test_refusals(words, make_server):
    server = make_server("ours", "alone")
    done = run([Programs().path("ovs-appctl"), "-t", server.control,
                "ovsdb-server/" + words[0]] + words[1:], check=False)
    assert done.returncode == 2 and done.stderr
    assert status(server) == ["state: active"]
    assert os.path.exists(server.socket)
