# SPDX-License-Identifier: Apache-2.0
"""Settings of ovn-controller, one after the other on one host.  Its southbound
database is reached by TLS, with the keys that the local database names."""

import os
import re
import types

import pytest

from harness.netns import can_use_namespaces
from harness.ovsdb import Client
from harness.pki import make_pki
from harness.process import run, wait_until
from harness.programs import Programs, ours
from harness.sandbox import Host

SB = "OVN_Southbound"


class Bench:
    def __init__(self, sandbox, pki):
        self.sandbox = sandbox
        self.host = host = Host(sandbox, "h1", "172.31.0.1",
                                controller=False)
        db = os.path.join(sandbox.folder, "sb.db")
        socket = os.path.join(sandbox.folder, "sb.sock")
        run([sandbox.programs.path("ovsdb-tool"), "create", db,
             sandbox.programs.schema("sb")])
        server = sandbox.spawn("sb", [
            *host.exec, sandbox.programs.path("ovsdb-server"), db,
            "--remote=punix:" + socket, "--remote=pssl:0:127.0.0.1", "-p",
            pki("server.key"), "-c", pki("server.pem"), "-C", pki("ca.pem"),
            "--unixctl=" + os.path.join(sandbox.folder, "sb.ctl")])
        port = server.wait_for(lambda: re.search(
            r"0:127\.0\.0\.1: listening on port (\d+)",
            server.text())).group(1)
        sandbox.sb = types.SimpleNamespace(remote="ssl:127.0.0.1:" + port)
        self.sb = Client(socket)
        self.sb.transact(SB, {"op": "insert", "table": "SB_Global", "row": {
            "options": self.written_by("other")}})
        # The bridge is there, of a type that the settings change.
        host.vsctl("--no-wait", "--", "add-br", "br-int", "--", "set",
                   "bridge", "br-int", "fail_mode=secure")
        self.pki = pki
        self.set_ssl()
        host.configure()
        self.set(ovn_match_northd_version="true", ovn_cleanup_on_exit="false",
                 ovn_cleanup_on_exit_h2="true", ovn_encap_ip_h2="172.31.0.2")

    def set_ssl(self):
        self.host.vsctl("--no-wait", "set-ssl", self.pki("client.key"),
                        self.pki("client.pem"), self.pki("ca.pem"))

    @staticmethod
    def written_by(version):
        return ["map", [["northd_internal_version", version]]]

    def set(self, **settings):
        self.host.vsctl("set", "open_vswitch", ".", *(
            "external_ids:%s=%s" % (k.replace("_", "-"), v)
            for k, v in settings.items()))

    def global_(self, **columns):
        self.sb.transact(SB, {"op": "update", "table": "SB_Global",
                              "where": [], "row": columns})

    def select(self, table, column, where=()):
        return [row[column] for row in self.sb.transact(SB, {
            "op": "select", "table": table, "where": list(where)})[0]["rows"]]

    def chassis(self):
        return sorted(self.select("Chassis", "name"))

    def wait_chassis(self, *names):
        wait_until(lambda: self.chassis() == list(names), 30,
                   "chassis " + " ".join(names))

    def wait_nb_cfg(self, n):
        wait_until(lambda: self.select("Chassis_Private", "nb_cfg") == [n],
                   30, "nb_cfg %d" % n)

    def log(self):
        with open(os.path.join(self.host.folder, "controller.log")) as f:
            return f.read()

    def stop(self):
        self.host.controller_appctl("exit")
        self.host.controller.popen.wait(60)


@pytest.fixture
def bench(make_sandbox, tmp_path):
    if not can_use_namespaces():
        pytest.skip("network namespaces need root")
    if not os.path.exists(ours("ovn-controller")):
        pytest.skip("not built: ovn-controller")
    made = Bench(make_sandbox(Programs()), make_pki(str(tmp_path)))
    yield made
    made.sb.close()


def test_settings(bench, tmp_path):
    host = bench.host
    host.start_controller()

    # What another version's northd wrote is left alone.
    version = wait_until(lambda: re.search(r"but this is (\S+):",
                                           bench.log()), 30,
                         "a word about the version").group(1)
    assert bench.chassis() == []
    bench.global_(options=bench.written_by(version), nb_cfg=1)
    bench.wait_chassis("h1")
    bench.wait_nb_cfg(1)
    bench.global_(options=bench.written_by("other"), nb_cfg=2)
    bench.set(ovn_match_northd_version="false")
    bench.wait_nb_cfg(2)

    wait_until(lambda: host.vsctl("get", "bridge", "br-int",
                                  "datapath_type").strip() == "netdev", 30,
               "the bridge's type")
    wait_until(lambda: "ovn-startup-ts" in host.vsctl(
        "get", "bridge", "br-int", "external_ids"), 30, "the time of start")

    # Without an SSL row no keys are left for the next connection.
    bench.set(ovn_remote="unix:/nonexistent")
    host.vsctl("del-ssl")
    bench.set(ovn_remote=bench.sandbox.sb.remote)
    wait_until(lambda: "private key must be configured" in bench.log(), 30,
               "a word about the missing key")
    assert host.controller_appctl("connection-status") == "not connected\n"
    bench.set_ssl()
    wait_until(lambda: host.controller_appctl("connection-status")
               == "connected\n", 30, "the keys' return")

    # A chassis that is to stay stays; another name is another one, with its
    # own settings.
    bench.stop()
    assert bench.chassis() == ["h1"]
    with open(tmp_path / "system-id-override", "w") as f:
        f.write("h2\n")
    host.env["OVN_SYSCONFDIR"] = str(tmp_path)
    host.start_controller()
    bench.wait_chassis("h1", "h2")
    assert bench.select("Encap", "ip", [["chassis_name", "==", "h2"]]) == [
        "172.31.0.2"]
    bench.stop()
    bench.wait_chassis("h1")
