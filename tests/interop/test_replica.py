# SPDX-License-Identifier: Apache-2.0
"""lib/replica against real servers: whatever happens in the database, the
replica holds what the server holds, and its transactions do what they say."""

import json
import os
import random
import select
import socket
import subprocess

import pytest

from harness.process import wait_until
from harness.programs import BUILD, Programs, ours
from harness.proxy import Proxy

TOOL = os.path.join(BUILD, "tests/interop/replica_tool")
DB = "OVN_Northbound"


class Client:
    """Plain JSON-RPC to a server, for writing and for looking at the truth."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(90)
        self.socket.connect(path)
        self.decoder = json.JSONDecoder()
        self.text = ""
        self.serial = 0

    def close(self):
        self.socket.close()

    def receive(self):
        while True:
            try:
                message, end = self.decoder.raw_decode(self.text)
                self.text = self.text[end:].lstrip()
                return message
            except json.JSONDecodeError:
                data = self.socket.recv(1 << 20)
                assert data, "connection closed"
                self.text += data.decode()

    def call(self, method, params):
        self.serial += 1
        self.socket.sendall(json.dumps(
            {"method": method, "params": params, "id": self.serial}).encode())
        while True:
            message = self.receive()
            if message.get("id") == self.serial and "method" not in message:
                assert message.get("error") is None, message
                return message["result"]

    def transact(self, *ops, db=DB):
        result = self.call("transact", [db] + list(ops))
        for r in result:
            assert r is None or "error" not in r, result
        return result

    def tables(self, db=DB):
        """All rows: {table: {uuid: {column: canonical value}}}."""
        schema = self.call("get_schema", [db])
        content = {}
        for table in schema["tables"]:
            rows = self.transact({"op": "select", "table": table,
                                  "where": []}, db=db)[0]["rows"]
            content[table] = {
                row["_uuid"][1]: {c: canonical(v) for c, v in row.items()
                                  if c not in ("_uuid", "_version")}
                for row in rows}
        return content


def canonical(value):
    """A value in a form that does not depend on the order of elements, nor on
    how one element is written."""
    if isinstance(value, list) and value[0] == "set":
        return ["set", sorted(value[1], key=json.dumps)]
    if isinstance(value, list) and value[0] == "map":
        return ["map", sorted(value[1], key=json.dumps)]
    return ["set", [value]]


class Tool:
    """A running replica_tool."""

    def __init__(self, remote, *options, db=DB):
        self.log = open(os.devnull, "w")
        self.popen = subprocess.Popen([TOOL, db, remote] + list(options),
                                      stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE,
                                      stderr=self.log)

    def ask(self, command, timeout=90):
        self.popen.stdin.write(command.encode() + b"\n")
        self.popen.stdin.flush()
        ready, _, _ = select.select([self.popen.stdout], [], [], timeout)
        assert ready, "no answer to %s" % command
        line = self.popen.stdout.readline()
        assert line, "replica_tool ended: %s" % self.popen.wait()
        return line.decode().rstrip("\n")

    def state(self):
        return dict((k, int(v)) for k, v in
                    (w.split(":") for w in self.ask("state").split()))

    def tables(self):
        dump = json.loads(self.ask("dump"))
        return {t: {u: {c: canonical(v) for c, v in row.items()}
                    for u, row in rows.items()}
                for t, rows in dump.items()}

    def wait_synced(self):
        wait_until(lambda: self.state()["connected"], 20, "replica synced")

    def wait_equal(self, client, db=DB):
        """Waits until the replica is the server's content, by columns that
        both know."""
        def same():
            self.difference = diff(client.tables(db), self.tables())
            return not self.difference
        try:
            wait_until(same, 20, "replica equals the server")
        except AssertionError:
            raise AssertionError(self.difference)
        assert self.ask("check") == "ok"

    def stop(self):
        """Ends it in order, so that a sanitizer can complain."""
        self.popen.stdin.close()
        status = self.popen.wait(90)
        self.popen.stdout.close()
        self.log.close()
        assert status == 0


def diff(server, replica):
    for table, rows in server.items():
        if table not in replica:
            continue
        if set(rows) != set(replica[table]):
            return "%s rows differ: %s" % (
                table, set(rows) ^ set(replica[table]))
        for uuid, row in rows.items():
            for column, value in row.items():
                have = replica[table][uuid].get(column, value)
                if have != value:
                    return "%s %s %s: %s, not %s" % (table, uuid, column,
                                                     have, value)
    return None


class Server:
    """An ovsdb-server with a northbound database; 'clustered' makes it a
    cluster of one, which remembers transactions."""

    def __init__(self, spawn, programs, directory, clustered=False):
        self.spawn, self.programs = spawn, programs
        self.dir = str(directory)
        self.path = os.path.join(self.dir, "s.sock")
        self.db = os.path.join(self.dir, "nb.db")
        tool = programs.path("ovsdb-tool")
        schema = programs.schema("nb")
        if clustered:
            command = [tool, "create-cluster", self.db, schema,
                       "unix:" + os.path.join(self.dir, "raft.sock")]
        else:
            command = [tool, "create", self.db, schema]
        subprocess.run(command, check=True)
        self.start()

    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.process = self.spawn(
            [self.programs.path("ovsdb-server"), "-vconsole:off",
             "--remote=punix:" + self.path,
             "--unixctl=" + os.path.join(self.dir, "s.ctl"), self.db],
            env={"OVS_RUNDIR": self.dir})
        self.process.wait_for(self.is_listening)

    def is_listening(self):
        try:
            self.client().close()
            return True
        except OSError:
            return False

    def stop(self):
        self.process.stop()

    def add_db(self, name):
        path = os.path.join(self.dir, name + ".db")
        subprocess.run([self.programs.path("ovsdb-tool"), "create", path,
                        self.programs.schema(name)], check=True)
        subprocess.run([self.programs.path("ovs-appctl"), "-t",
                        os.path.join(self.dir, "s.ctl"),
                        "ovsdb-server/add-db", path], check=True)

    def client(self):
        return Client(self.path)

    @property
    def remote(self):
        return "unix:" + self.path


@pytest.fixture(params=["debian", "ours"])
def programs(request):
    if request.param == "ours" and not os.path.exists(ours("ovsdb-server")):
        pytest.skip("not built: ovsdb-server")
    tools = {name: "debian" for name in
             ("ovsdb-tool", "ovsdb-client", "ovs-appctl")
             if not os.path.exists(ours(name))}
    tools["schema"] = "debian"
    return Programs(request.param, **tools)


@pytest.fixture
def server(spawn, programs, tmp_path):
    return Server(spawn, programs, tmp_path)


@pytest.fixture
def client(server):
    c = server.client()
    yield c
    c.close()


@pytest.fixture
def tool():
    """tool(remote, ...) starts a replica that ends with the test."""
    tools = []

    def start(*args, **kwargs):
        tools.append(Tool(*args, **kwargs))
        return tools[-1]
    yield start
    for t in tools:
        t.stop()


class History:
    """Random transactions on switches, ports, address sets and more."""

    def __init__(self, client, seed):
        self.client, self.random, self.n = client, random.Random(seed), 0
        self.switches, self.ports, self.sets = [], {}, []

    def word(self):
        return self.random.choice(["", "a", "b\"\\\n", "longer text ", "ü",
                                   "x" * 300]) + str(self.random.randrange(9))

    def map(self):
        return ["map", [[k, self.word()] for k in
                        self.random.sample("abcdefgh",
                                           self.random.randrange(5))]]

    def add_switch(self):
        self.n += 1
        result = self.client.transact({
            "op": "insert", "table": "Logical_Switch",
            "row": {"name": "sw%d" % self.n, "external_ids": self.map()}})
        self.switches.append(result[0]["uuid"][1])

    def add_port(self):
        if not self.switches:
            return self.add_switch()
        self.n += 1
        switch = self.random.choice(self.switches)
        row = {"name": "p%d" % self.n, "options": self.map(),
               "addresses": ["set", ["0a:00:00:00:00:%02x" % i for i in
                                     range(self.random.randrange(4))]]}
        if self.random.random() < .5:
            row["tag_request"] = self.random.randrange(4096)
        result = self.client.transact(
            {"op": "insert", "table": "Logical_Switch_Port", "row": row,
             "uuid-name": "p"},
            {"op": "mutate", "table": "Logical_Switch",
             "where": where(switch),
             "mutations": [["ports", "insert", ["named-uuid", "p"]]]})
        self.ports[result[0]["uuid"][1]] = switch

    def delete_port(self):
        if self.ports:
            port = self.random.choice(sorted(self.ports))
            self.client.transact(
                {"op": "mutate", "table": "Logical_Switch",
                 "where": where(self.ports.pop(port)),
                 "mutations": [["ports", "delete", ["uuid", port]]]})

    def delete_switch(self):
        if self.switches:
            switch = self.switches.pop(
                self.random.randrange(len(self.switches)))
            self.client.transact({"op": "delete", "table": "Logical_Switch",
                                  "where": where(switch)})
            self.ports = {p: s for p, s in self.ports.items() if s != switch}

    def change_port(self):
        if self.ports:
            port = self.random.choice(sorted(self.ports))
            row = self.random.choice([
                {"options": self.map()}, {"tag_request": ["set", []]},
                {"tag_request": 7}, {"enabled": True},
                {"enabled": ["set", []]}, {"parent_name": self.word()},
                {"addresses": ["set", ["unknown"]]},
                {"external_ids": self.map(), "type": self.word()}])
            self.client.transact({"op": "update", "row": row,
                                  "table": "Logical_Switch_Port",
                                  "where": where(port)})

    def change_map(self):
        if self.switches:
            self.client.transact({
                "op": "mutate", "table": "Logical_Switch",
                "where": where(self.random.choice(self.switches)),
                "mutations": [
                    ["external_ids", "delete",
                     ["set", [self.random.choice("abcdefgh")]]],
                    ["external_ids", "insert", self.map()]]})

    def change_set(self):
        addresses = ["10.0.0.%d" % i for i in
                     self.random.sample(range(40), self.random.randrange(20))]
        if not self.sets or self.random.random() < .2:
            self.n += 1
            result = self.client.transact({
                "op": "insert", "table": "Address_Set",
                "row": {"name": "as%d" % self.n,
                        "addresses": ["set", addresses]}})
            self.sets.append(result[0]["uuid"][1])
        else:
            self.client.transact({
                "op": "mutate", "table": "Address_Set",
                "where": where(self.random.choice(self.sets)),
                "mutations": [["addresses",
                               self.random.choice(["insert", "delete"]),
                               ["set", addresses]]]})

    def group_ports(self):
        """Weak references: the server drops those to deleted ports."""
        ports = self.random.sample(sorted(self.ports),
                                   min(len(self.ports), 5))
        self.n += 1
        self.client.transact({
            "op": "insert", "table": "Port_Group",
            "row": {"name": "pg%d" % self.n,
                    "ports": ["set", [["uuid", p] for p in ports]]}})

    def run(self, n):
        steps = ([self.add_switch] + [self.add_port] * 4
                 + [self.delete_port] * 2 + [self.delete_switch]
                 + [self.change_port] * 4 + [self.change_map] * 3
                 + [self.change_set] * 3 + [self.group_ports])
        for _ in range(n):
            self.random.choice(steps)()


def where(uuid):
    return [["_uuid", "==", ["uuid", uuid]]]


@pytest.mark.parametrize("seed", range(4))
def test_random_history(server, client, tool, seed):
    history = History(client, seed)
    history.run(50)
    replica = tool(server.remote)
    replica.wait_synced()
    for _ in range(5):
        history.run(60)
        replica.wait_equal(client)


def test_changes_are_told_by_column(server, client, tool):
    history = History(client, 1)
    history.add_switch()
    history.add_port()
    replica = tool(server.remote)
    replica.wait_synced()
    replica.wait_equal(client)
    replica.ask("changes")
    port, switch = list(history.ports.items())[0]
    client.transact({"op": "update", "table": "Logical_Switch_Port",
                     "where": where(port), "row": {"enabled": False}})
    history.delete_port()
    replica.wait_equal(client)
    changes = json.loads(replica.ask("changes"))
    assert ["Logical_Switch", switch, "modify", "ports"] in changes
    assert ["Logical_Switch_Port", port, "delete"] in changes


def test_restart_of_the_server_touches_only_what_changed(server, client,
                                                         tool):
    """A full copy after a reconnect is compared, not put in the place of the
    rows: who has read an unchanged row need not read it again."""
    history = History(client, 2)
    history.run(100)
    replica = tool(server.remote)
    replica.wait_synced()
    replica.wait_equal(client)
    server.stop()
    wait_until(lambda: not replica.state()["connected"])
    replica.ask("changes")
    server.start()
    again = server.client()
    replica.wait_synced()
    History(again, 3).add_switch()
    replica.wait_equal(again)
    again.close()
    changes = json.loads(replica.ask("changes"))
    assert [c[0::2] for c in changes] == [["Logical_Switch", "insert"]]
    assert replica.state()["full-copies"] == 2


def test_fast_resync(spawn, tmp_path, tool):
    """A server that remembers transactions sends only the later ones.  It
    remembers no more than the database is large, so few are made here."""
    programs = Programs("debian")
    server = Server(spawn, programs, tmp_path, clustered=True)
    client = server.client()
    history = History(client, 4)
    history.run(200)
    replica = tool(server.remote, "leader-only")
    replica.wait_synced()
    for _ in range(3):
        before = replica.state()["connections"]
        replica.ask("reconnect")
        history.run(3)
        wait_until(lambda: replica.state()["connections"] > before)
        replica.wait_equal(client)
    state = replica.state()
    assert state["full-copies"] == 1
    assert state["fast-resyncs"] == 3
    client.close()


@pytest.mark.parametrize("refuse", [
    [("monitor_cond_since", None)],
    [("monitor_cond_since", None), ("monitor_cond", None)],
    [("monitor_cond_since", None), ("monitor_cond", None),
     ("monitor", "_Server"), ("set_db_change_aware", None)],
], ids=["monitor_cond", "monitor", "no-_Server"])
def test_older_servers(server, client, tool, tmp_path, refuse):
    proxy = Proxy(str(tmp_path / "proxy"), server.path, refuse)
    history = History(client, 5)
    history.run(60)
    replica = tool("unix:" + proxy.path)
    replica.wait_synced()
    for _ in range(3):
        history.run(60)
        replica.wait_equal(client)
    assert {m for m, _ in refuse} <= set(proxy.refused)
    proxy.close()


def test_bad_updates_lead_to_a_full_copy(server, client, tool, tmp_path):
    """An update that cannot be is not believed, nor fatal."""
    spoilt = []

    def spoil(message, text):
        if message.get("method") in ("update2", "update3") \
                and "Address_Set" in text and len(spoilt) < 3:
            spoilt.append(text)
            return [text.replace('"insert"', '"modify"', 1),
                    text.replace('"as-', '7,"as-', 1),
                    text.replace('"name"', '["name"]', 1)][len(spoilt) - 1]
        return text

    proxy = Proxy(str(tmp_path / "proxy"), server.path, spoil=spoil)
    replica = tool("unix:" + proxy.path)
    replica.wait_synced()
    for i in range(4):
        client.transact({"op": "insert", "table": "Address_Set",
                         "row": {"name": "as-%d" % i}})
        wait_until(lambda: len(spoilt) == min(i + 1, 3))
        replica.wait_equal(client)
    assert replica.state()["connections"] >= 4
    proxy.close()


def test_conditions(server, client, tool):
    """Rows outside of a table's condition are not there, and references to
    them come and go with them."""
    for i in range(4):
        client.transact(
            {"op": "insert", "table": "Logical_Switch_Port",
             "row": {"name": "p%d" % i, "type": "t%d" % (i % 2)},
             "uuid-name": "p"},
            {"op": "insert", "table": "Logical_Switch",
             "row": {"name": "sw%d" % i, "ports": ["named-uuid", "p"]}})
    replica = tool(server.remote)
    replica.wait_synced()

    def names(table):
        return sorted(r["name"][1][0] for r in
                      replica.tables()[table].values())

    def settle(*words):
        replica.ask("condition Logical_Switch_Port " + " ".join(words))
        wait_until(lambda: replica.state()["settled"])

    assert names("Logical_Switch_Port") == ["p0", "p1", "p2", "p3"]
    settle("type=t1")
    assert names("Logical_Switch_Port") == ["p1", "p3"]
    assert replica.state()["dangling-refs"] == 2
    replica.ask("changes")
    settle("type=t0", "name=p3")
    assert names("Logical_Switch_Port") == ["p0", "p2", "p3"]
    assert replica.state()["dangling-refs"] == 1
    changes = json.loads(replica.ask("changes"))
    assert sum(c[0] == "Logical_Switch" and c[3:] == ["ports"]
               for c in changes) == 3
    assert replica.ask("check") == "ok"
    settle()
    assert names("Logical_Switch_Port") == []
    assert replica.state()["dangling-refs"] == 4
    # The condition outlives the connection.
    replica.ask("reconnect")
    wait_until(lambda: replica.state()["connections"] == 2)
    assert names("Logical_Switch_Port") == []
    settle("true")
    replica.wait_equal(client)
    assert replica.state()["dangling-refs"] == 0


def test_transactions(server, client, tool):
    one, two = tool(server.remote), tool(server.remote)
    one.wait_synced()
    two.wait_synced()
    answer = one.ask('insert Logical_Switch name "sw\\"0"').split()
    assert answer[0] == "success"
    uuid = answer[1]
    wait_until(lambda: uuid in two.tables()["Logical_Switch"])
    assert two.ask("add Logical_Switch %s other_config k v" % uuid) \
        == "success"
    assert two.ask("add Logical_Switch %s other_config k v" % uuid) \
        == "unchanged"
    assert two.ask("add Logical_Switch %s other_config k w" % uuid) \
        == "success"
    assert one.ask("add Logical_Switch %s other_config l x" % uuid) \
        == "success"
    row = client.tables()["Logical_Switch"][uuid]
    assert row["other_config"] == ["map", [["k", "w"], ["l", "x"]]]
    assert row["name"] == ["set", ['sw"0']]
    two.wait_equal(client)
    assert two.ask("add Logical_Switch %s other_config k" % uuid) == "success"
    assert two.ask('set Logical_Switch %s name "b"' % uuid) == "success"
    one.wait_equal(client)
    assert one.ask("delete Logical_Switch " + uuid) == "success"
    two.wait_equal(client)


def test_constraints_are_checked_here(server, tool):
    replica = tool(server.remote)
    replica.wait_synced()
    answer = replica.ask("insert Logical_Switch name 7")
    assert answer.startswith("name: ") and "a string expected" in answer
    answer = replica.ask("insert ACL priority 99999")
    assert "not in the valid range 0 to 32767" in answer
    answer = replica.ask(
        'insert Logical_Switch ports ["uuid",'
        '"00000000-0000-4000-8000-000000000001"]')
    assert "there is no Logical_Switch_Port row" in answer


def test_a_verified_value_that_changed_fails_the_transaction(
        server, client, tool, tmp_path):
    """The replica writes on what it last saw.  A proxy keeps the update from
    it, so that it cannot know better."""
    held = []

    def hold(message, text):
        if "b-by-other" in text and message.get("method") == "update3":
            held.append(text)
            return ""
        return text

    proxy = Proxy(str(tmp_path / "proxy"), server.path, spoil=hold)
    uuid = client.transact({"op": "insert", "table": "Logical_Switch",
                            "row": {"name": "a"}})[0]["uuid"][1]
    replica = tool("unix:" + proxy.path)
    replica.wait_synced()
    replica.wait_equal(client)
    client.transact({"op": "update", "table": "Logical_Switch",
                     "where": where(uuid), "row": {"name": "b-by-other"}})
    wait_until(lambda: held)
    assert replica.ask('set Logical_Switch %s name "mine"' % uuid) \
        == "try again"
    assert client.tables()["Logical_Switch"][uuid]["name"] \
        == ["set", ["b-by-other"]]
    proxy.close()


def test_jobs_build_again_after_a_conflict(server, client, tool):
    """Two clients append to one string: no letter gets lost."""
    uuid = client.transact({"op": "insert", "table": "Logical_Switch",
                            "row": {"name": ""}})[0]["uuid"][1]
    replicas = [tool(server.remote), tool(server.remote)]
    for replica in replicas:
        replica.wait_synced()
    for i in range(20):
        for letter, replica in zip("ab", replicas):
            replica.popen.stdin.write(
                b"append Logical_Switch %s name %s\n"
                % (uuid.encode(), letter.encode()))
            replica.popen.stdin.flush()
        for replica in replicas:
            assert replica.popen.stdout.readline() == b"success\n"
    name = client.tables()["Logical_Switch"][uuid]["name"][1][0]
    assert sorted(name) == ["a"] * 20 + ["b"] * 20


def test_row_with_a_uuid_of_the_clients_choice(server, client, tool):
    uuid = "12345678-1234-4234-8234-123456789abc"
    replica = tool(server.remote)
    replica.wait_synced()
    command = 'insert-uuid %s Logical_Switch name "a"' % uuid
    assert replica.ask(command) == "success " + uuid
    assert list(client.tables()["Logical_Switch"]) == [uuid]
    replica.wait_equal(client)
    assert "exists already" in replica.ask(command)


def test_giving_up(server, tool, tmp_path):
    """A short-lived tool wants to know at once that there is no server."""
    nowhere = tool("unix:%s/nothing" % tmp_path, "no-retry")
    wait_until(lambda: nowhere.state()["dead"])
    assert "nothing" in nowhere.ask("error")
    other = tool(server.remote, "no-retry", db="Open_vSwitch")
    wait_until(lambda: other.state()["dead"])
    assert "has no database Open_vSwitch" in other.ask("error")
    second = tool("unix:%s/nothing,%s" % (tmp_path, server.remote),
                  "no-retry")
    second.wait_synced()


def test_conversion_of_the_schema(server, client, tool):
    """When the server's schema gets what it lacked, the replica sees it."""
    client.transact({"op": "insert", "table": "Logical_Switch",
                     "row": {"name": "a"}})
    replica = tool(server.remote)
    replica.wait_synced()
    before = replica.state()["full-copies"]
    subprocess.run([server.programs.path("ovsdb-client"), "-t", "60",
                    "convert", server.remote,
                    Programs("ours").schema("nb")], check=True)
    wait_until(lambda: replica.state()["full-copies"] > before)
    again = server.client()
    again.transact({"op": "insert", "table": "DHCP_Relay",
                    "row": {"name": "relay"}})
    replica.wait_equal(again)
    assert len(replica.tables()["DHCP_Relay"]) == 1
    again.close()


def test_lock(server, client, tool):
    one, two = tool(server.remote), tool(server.remote)
    one.wait_synced()
    two.wait_synced()
    one.ask("lock l")
    wait_until(lambda: one.state()["lock"])
    two.ask("lock l")
    wait_until(lambda: two.state()["contended"])
    assert two.ask('insert Logical_Switch name "x"') == "not locked"
    assert one.ask('insert Logical_Switch name "x"').startswith("success")
    one.ask("lock")
    wait_until(lambda: two.state()["lock"])
    assert two.ask('insert Logical_Switch name "y"').startswith("success")
    # Stolen by a third.
    client.call("steal", ["l"])
    wait_until(lambda: not two.state()["lock"])


def test_several_remotes(server, client, tool, tmp_path):
    """The first remote that works is taken."""
    client.transact({"op": "insert", "table": "Logical_Switch",
                     "row": {"name": "a"}})
    replica = tool("unix:%s/nothing,%s" % (tmp_path, server.remote))
    replica.wait_synced()
    replica.wait_equal(client)


def test_a_server_without_the_database_is_left(server, client, tool):
    """It says why, and goes on trying until the database is there."""
    replica = tool(server.remote, db="OVN_Southbound")
    wait_until(lambda: "has no database OVN_Southbound"
               in replica.ask("error"))
    assert replica.state()["synced"] == 0
    server.add_db("sb")
    replica.wait_synced()
