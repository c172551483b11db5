# SPDX-License-Identifier: Apache-2.0
"""requested-chassis with a hostname that two chassis have, or that is the
host's own because none is configured: who may claim the port is decided alike
by Debian's controller and by ours."""

import os
import socket

import pytest

from harness.process import wait_until
from harness.programs import DAEMONS, Programs

SIDES = {"debian": (), "ovn-controller": ("ovn-controller",),
         "ours": DAEMONS}


def attach(host):
    host.vsctl("add-port", "br-int", "v1", "--", "set", "interface", "v1",
               "type=internal", "external_ids:iface-id=vm1")


def detach(host):
    host.vsctl("del-port", "v1")


@pytest.mark.parametrize("side", sorted(SIDES))
def test_hostname(make_sandbox, side):
    sandbox = make_sandbox(Programs.mix(SIDES[side]))
    sandbox.start_central()
    h1, h2 = sandbox.underlay(2)

    def column(table, name, which):
        return sandbox.sbctl("--bare", "--columns=" + which, "find", table,
                             name).strip()

    def request(chassis):
        sandbox.nbctl("--wait=sb", "lsp-set-options", "vm1",
                      "requested-chassis=" + chassis)

    def wait_place(host):
        uuid = host and column("Chassis", "name=" + host.name, "_uuid")
        wait_until(lambda: column("Port_Binding", "logical_port=vm1",
                                  "chassis") == (uuid or ""), 30,
                   "vm1 at %s" % (host and host.name))

    def set_hostname(name):
        for host in (h1, h2):
            host.vsctl(*(("set", "open_vswitch", ".",
                          "external_ids:hostname=" + name) if name else
                         ("remove", "open_vswitch", ".", "external_ids",
                          "hostname")))
            wait_until(lambda: column("Chassis", "name=" + host.name,
                                      "hostname")
                       == (name or socket.gethostname()), 30, "hostname")

    def wait_log(host, line):
        def is_there():
            with open(os.path.join(host.folder, "controller.log")) as log:
                return "|binding|INFO|%s\n" % line in log.read()
        wait_until(is_there, 30, line)

    sandbox.nbctl("ls-add", "sw0", "--", "lsp-add", "sw0", "vm1")
    for name, other in (("twin", socket.gethostname()),
                        (None, "twin")):
        set_hostname(name)
        for host in (h1, h2):
            request(name or socket.gethostname())
            attach(host)
            wait_place(host)
            request(other)
            wait_place(None)
            detach(host)
            wait_log(host, "Claiming lport vm1 for this chassis.")
            wait_log(host, "Releasing lport vm1 from this chassis "
                     "(sb_readonly=0)")

    # Both may have it, and neither knows that the other one does.
    for host in (h1, h2):
        attach(host)
    request(socket.gethostname())
    wait_log(h1, "Changing chassis for lport vm1 from h2 to h1.")
    wait_log(h2, "Changing chassis for lport vm1 from h1 to h2.")
    request("h1,h2")
    wait_log(h2, "Claiming lport vm1 for this additional chassis.")
    request("h1")
    wait_log(h2, "Releasing lport vm1 from this additional chassis.")
    wait_place(h1)
