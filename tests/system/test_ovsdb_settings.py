# SPDX-License-Identifier: Apache-2.0
"""What ovsdb-server is told by the rows of its own databases and by control
commands: TLS, DSCP, logging, memory."""

import re
import shutil
import socket
import ssl

import pytest

from harness.ovsdb import Server
from harness.process import run, wait_until
from harness.programs import Programs

NB = "OVN_Northbound"


@pytest.fixture
def make_server(tmp_path):
    servers = []

    def make(*options):
        server = Server(Programs(), tmp_path, options)
        server.create(Programs().schema("nb"), "nb.db")
        server.remotes.append("db:%s,NB_Global,connections" % NB)
        servers.append(server)
        return server.start()
    yield make
    for server in servers:
        server.stop()


def connection(target, **config):
    """Operations that make 'target' a connection."""
    return [{"op": "insert", "table": "Connection", "uuid-name": "c",
             "row": {"target": target,
                     "other_config": ["map", list(config.items())]}},
            {"op": "insert", "table": "NB_Global",
             "row": {"connections": ["named-uuid", "c"]}}]


def port_of(server):
    def find():
        match = re.search(r"listening on port (\d+)", server.process.text())
        return match and int(match.group(1))
    return wait_until(find)


def tos_of(port):
    """The TOS bytes of the server's ends of connections to 'port'."""
    out = run(["ss", "-Htn", "--tos", "sport", "= :%d" % port])
    return set(re.findall(r"tos:0x([0-9a-f]+)", out))


@pytest.mark.skipif(not shutil.which("ss"), reason="needs ss (iproute2)")
def test_dscp_of_a_connection(make_server):
    server = make_server()
    client = server.connect()
    client.transact(NB, *connection("ptcp:0:127.0.0.1", dscp="10"))
    port = port_of(server)
    remote = "tcp:127.0.0.1:%d" % port
    run([Programs().path("ovsdb-client"), "list-dbs", remote])
    monitor = socket.create_connection(("127.0.0.1", port))
    wait_until(lambda: tos_of(port) == {"28"})

    # A change reaches who is connected; without the key it is the default.
    for config, tos in ((["map", [["dscp", "1"]]], "4"),
                        (["map", []], "c0")):
        client.transact(NB, {"op": "update", "table": "Connection",
                             "where": [], "row": {"other_config": config}})
        wait_until(lambda: tos_of(port) == {tos})
    monitor.close()


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("pki")
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "key.pem",
         "-out", folder / "cert.pem", "-subj", "/CN=both", "-days", "2"])
    return folder


def shake_hands(port, pki):
    """The protocol and cipher that the server agrees to."""
    context = ssl.create_default_context(cafile=pki / "cert.pem")
    context.check_hostname = False
    context.load_cert_chain(pki / "cert.pem", pki / "key.pem")
    with socket.create_connection(("127.0.0.1", port)) as plain:
        with context.wrap_socket(plain) as stream:
            return stream.version(), stream.cipher()[0]


def test_tls_settings_in_the_database(make_server, pki):
    server = make_server(*["--%s=db:%s,SSL,%s" % (option, NB, column)
                           for option, column in (
                               ("private-key", "private_key"),
                               ("certificate", "certificate"),
                               ("ca-cert", "ca_cert"),
                               ("ssl-protocols", "ssl_protocols"),
                               ("ssl-ciphers", "ssl_ciphers"),
                               ("ssl-ciphersuites", "ssl_ciphersuites"))])
    client = server.connect()
    ops = connection("pssl:0:127.0.0.1")
    ops[1]["row"]["ssl"] = ["named-uuid", "s"]
    ops.append({"op": "insert", "table": "SSL", "uuid-name": "s", "row": {
        "private_key": str(pki / "key.pem"),
        "certificate": str(pki / "cert.pem"),
        "ca_cert": str(pki / "cert.pem"),
        "ssl_protocols": "TLSv1.2",
        "ssl_ciphers": "ECDHE-ECDSA-AES256-GCM-SHA384"}})
    result = client.transact(NB, *ops)
    assert not [r for r in result if "error" in r], result
    port = port_of(server)
    assert shake_hands(port, pki) == ("TLSv1.2",
                                      "ECDHE-ECDSA-AES256-GCM-SHA384")

    def set_row(**row):
        client.transact(NB, {"op": "update", "table": "SSL", "where": [],
                             "row": row})
    set_row(ssl_protocols="TLSv1.3",
            ssl_ciphersuites="TLS_CHACHA20_POLY1305_SHA256")
    assert shake_hands(port, pki) == ("TLSv1.3",
                                      "TLS_CHACHA20_POLY1305_SHA256")

    # Nonsense is told and changes nothing.
    set_row(ssl_protocols="TLSv9")
    wait_until(lambda: "TLSv9: TLS protocol not recognized"
               in server.process.text())
    assert shake_hands(port, pki)[0] == "TLSv1.3"


def test_memory_in_the_words_of_operators(make_server):
    server = make_server()
    client = server.connect()
    client.call("monitor_cond", NB, "m", {"Logical_Switch": {}})
    before = dict(w.split(":") for w in server.appctl("memory/show").split())
    client.transact(NB, {"op": "insert", "table": "Logical_Switch",
                         "row": {"name": "s",
                                 "external_ids": ["map", [["a", "b"]]]}})
    after = dict(w.split(":") for w in server.appctl("memory/show").split())
    for name in ("atoms", "cells", "json-caches", "monitors", "n-weak-refs",
                 "sessions", "txn-history", "txn-history-atoms", "triggers",
                 "backlog"):
        assert name in after
    assert after["monitors"] == "1" and after["sessions"] == "1"
    assert int(after["atoms"]) > int(before["atoms"])
    assert int(after["cells"]) > int(before["cells"])
    assert int(after["txn-history"]) == int(before["txn-history"]) + 1


def refused(server, *words):
    done = run([server.programs.path("ovs-appctl"), "-t", server.control,
                *words], check=False)
    assert done.returncode == 2
    return done.stderr.split("\n")[0]


def test_log_of_one_table(make_server):
    server = make_server()
    assert "                Logical_Switch              OFF\n" \
        in server.appctl("ovsdb-server/tlog-list")
    server.appctl("ovsdb-server/tlog-set", NB + ":Logical_Switch", "on")
    assert "                Logical_Switch              ON\n" \
        in server.appctl("ovsdb-server/tlog-list")
    server.connect().transact(NB, {"op": "insert", "table": "Logical_Switch",
                                   "row": {"name": "seen-in-the-log"}})
    wait_until(lambda: "seen-in-the-log" in server.process.text())
    for words, answer in ((("x", "on"), "invalid DB:TABLE argument"),
                          (("x:y", "on"), "no such database"),
                          ((NB + ":y", "on"), "no such table"),
                          ((NB + ":ACL", "x"), "invalid command argument")):
        assert refused(server, "ovsdb-server/tlog-set", *words) == answer


def test_without_databases(tmp_path):
    server = Server(Programs(), tmp_path, ["--no-dbs"])
    path = server.create(Programs().schema("nb"), "nb.db")
    server.dbs = []
    try:
        server.start()
        assert server.connect().call("list_dbs") == ["_Server"]
        server.appctl("ovsdb-server/add-db", path)
        assert server.appctl("ovsdb-server/list-dbs") == \
            "%s\n_Server\n" % NB
    finally:
        server.stop()


def test_remotes_of_what_is_not_there_are_refused(make_server):
    server = make_server()
    for name, why in (("db:x,y,z", "no database named x"),
                      ("db:%s,y,z" % NB, "no table named y"),
                      ("db:%s,ACL,z" % NB, 'table "ACL" has no column "z"'),
                      ("db:%s,ACL,priority" % NB, "must be of strings"),
                      ("db:x", "invalid syntax")):
        assert why in refused(server, "ovsdb-server/add-remote", name)
    assert "ACL" not in server.appctl("ovsdb-server/list-remotes")
    assert refused(server, "ovsdb-server/compact", "x") \
        == "no database by that name"
    assert refused(server, "ovsdb-server/compact", "_Server") \
        == "cannot compact built-in databases"
