# SPDX-License-Identifier: Apache-2.0
"""TLS between our programs and Debian's: verification both ways, bootstrap of
the CA certificate, protocol versions."""

import os
import re

import pytest

from harness.pki import make_pki
from harness.process import run, wait_until
from harness.programs import Programs, ours


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return make_pki(str(tmp_path_factory.mktemp("pki")))


class Server:
    """ovsdb-server on a TLS port of its own."""

    def __init__(self, spawn, programs, pki, folder, *options):
        self.pki = pki
        env = {"OVS_RUNDIR": str(folder), "OVS_LOGDIR": str(folder),
               "OVS_SYSLOG_METHOD": "null"}
        db = str(folder / "db")
        debian = Programs("debian")
        run([debian.path("ovsdb-tool"), "create", db,
             debian.schema("vswitch")])
        self.process = spawn(
            [programs.path("ovsdb-server"), db, "--remote=pssl:0:127.0.0.1",
             "-p", pki("server.key"), "-c", pki("server.pem"),
             "-C", pki("ca.pem"), "--unixctl=%s" % (folder / "ctl"),
             *options], env)
        match = self.process.wait_for(lambda: re.search(
            r"0:127\.0\.0\.1: listening on port (\d+)", self.process.text()))
        self.remote = "ssl:127.0.0.1:" + match.group(1)

    def list_dbs(self, programs, ca, *options, identity="client", check=True):
        return run([programs.path("ovsdb-client"), "--timeout=60",
                    "-p", self.pki(identity + ".key"),
                    "-c", self.pki(identity + ".pem"), ca, *options,
                    "list-dbs", self.remote], check=check)


@pytest.fixture(params=["ours-debian", "debian-ours", "ours-ours"])
def sides(request):
    """The programs of the server's and the client's side."""
    server, client = (Programs(s) for s in request.param.split("-"))
    for side, name in ((server, "ovsdb-server"), (client, "ovsdb-client")):
        if side.default == "ours" and not os.path.exists(ours(name)):
            pytest.skip("not built: " + name)
        side.path(name)
    return server, client


def test_verified_both_ways(spawn, sides, pki, tmp_path):
    server = Server(spawn, sides[0], pki, tmp_path)
    ok = "Open_vSwitch"
    assert ok in server.list_dbs(sides[1], "--ca-cert=" + pki("ca.pem"))

    # Either side refuses a stranger.
    refused = server.list_dbs(sides[1], "--ca-cert=" + pki("other.pem"),
                              check=False)
    assert refused.returncode and ok not in refused.stdout
    refused = server.list_dbs(sides[1], "--ca-cert=" + pki("ca.pem"),
                              identity="other", check=False)
    assert refused.returncode and ok not in refused.stdout
    assert ok in server.list_dbs(sides[1], "--ca-cert=" + pki("ca.pem"))


def test_bootstrap(spawn, sides, pki, tmp_path):
    server = Server(spawn, sides[0], pki, tmp_path,
                    "--peer-ca-cert=" + pki("ca.pem"))
    new = str(tmp_path / "new.pem")
    server.list_dbs(sides[1], "--bootstrap-ca-cert=" + new, check=False)
    wait_until(lambda: os.path.exists(new))
    assert "BEGIN CERTIFICATE" in open(new).read()
    assert "Open_vSwitch" in server.list_dbs(
        sides[1], "--bootstrap-ca-cert=" + new)


@pytest.mark.parametrize("protocol", ["TLSv1.2"])
def test_one_protocol(spawn, sides, pki, tmp_path, protocol):
    server = Server(spawn, sides[0], pki, tmp_path,
                    "--ssl-protocols=" + protocol)
    assert "Open_vSwitch" in server.list_dbs(
        sides[1], "--ca-cert=" + pki("ca.pem"))
