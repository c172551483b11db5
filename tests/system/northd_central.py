# SPDX-License-Identifier: Apache-2.0
"""A central node without hosts, and what tests of ovn-northd ask of it."""

import os
import re

import pytest

from harness.process import run
from harness.programs import Programs


@pytest.fixture
def central(make_sandbox):
    sandbox = make_sandbox(Programs())
    sandbox.start_central()
    return sandbox


def sync(sandbox):
    sandbox.nbctl("--wait=sb", "sync")
    assert ask(sandbox, "incr/verify").strip() == ""


def ask(sandbox, *words, name="northd"):
    return run([sandbox.programs.path("ovs-appctl"), "-t",
                os.path.join(sandbox.folder, name + ".ctl"), *words])


def outputs(sandbox, switch, microflow):
    """Where our ovn-trace says that a packet goes."""
    text = run([sandbox.programs.path("ovn-trace"),
                "--db=" + sandbox.sb.remote, "--ct=new", "--ct=new",
                "--ct=new", "--ct=new", "--minimal", switch, microflow])
    return sorted(re.findall(r'output\("([^"]*)"', text)), text


def vm(sandbox, switch, port, number):
    sandbox.nbctl("--may-exist", "ls-add", switch, "--", "lsp-add", switch,
                  port, "--", "lsp-set-addresses", port,
                  "02:00:00:00:00:%02x 10.0.0.%d" % (number, number))


def packet(port, destination):
    return ('inport == "vm1" && eth.src == 02:00:00:00:00:01 && '
            "eth.dst == 02:00:00:00:00:02 && ip4.src == 10.0.0.1 && "
            "ip4.dst == %s && ip.ttl == 64 && tcp.src == 9 && tcp.dst == %d"
            % (destination, port))


def join(sandbox, router, switch, mac, network="10.0.0.254/24"):
    lrp, lsp = router + "-" + switch, switch + "-" + router
    sandbox.nbctl(
        "--may-exist", "lr-add", router, "--", "--may-exist", "ls-add",
        switch, "--", "lrp-add", router, lrp, mac, network, "--",
        "lsp-add", switch, lsp, "--", "lsp-set-type", lsp, "router", "--",
        "lsp-set-addresses", lsp, "router", "--",
        "lsp-set-options", lsp, "router-port=" + lrp)
