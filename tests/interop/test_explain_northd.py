# SPDX-License-Identifier: Apache-2.0
"""weft explain with Debian's ovn-northd, which keeps no records of its
reasons: the rows that it notes with logical flows are named."""

import json
import os
import subprocess
import sys

import pytest

from harness.programs import TOP, Programs
from harness.sandbox import Sandbox


@pytest.mark.parametrize("port, verdict, cause", [
    (80, "dropped", "ACL to-lport 1000 'tcp.dst == 80' drop"),
    (81, "delivered", None),
])
def test_acl(port, verdict, cause):
    with Sandbox(Programs(ovn_northd="debian")) as sandbox:
        sandbox.start_central()
        sandbox.nbctl("--wait=sb", "ls-add", "sw0", "--", "lsp-add", "sw0",
                      "a", "--", "lsp-add", "sw0", "b", "--",
                      "lsp-set-addresses", "b", "02:00:00:00:00:0b 10.0.0.12",
                      "--", "acl-add", "sw0", "to-lport", "1000",
                      "tcp.dst == 80", "drop")
        done = subprocess.run(
            [sys.executable, os.path.join(TOP, "tools", "weft"), "explain",
             "--json", "--nb=" + sandbox.nb.remote,
             "--sb=" + sandbox.sb.remote, "--northd=/nonexistent", "sw0",
             'inport == "a" && eth.src == 02:00:00:00:00:0a && '
             "eth.dst == 02:00:00:00:00:0b && ip4 && tcp.dst == %d" % port],
            text=True, timeout=120, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        assert "does not tell its reasons" in done.stderr
        found, = json.loads(done.stdout)["verdicts"]
        assert found["verdict"] == verdict
        assert [c["text"] for c in found.get("causes", [])] == (
            [cause] if cause else [])
