# SPDX-License-Identifier: Apache-2.0
"""A small network whose traces show each option of ovn-trace, and the two
ovn-traces on one southbound database."""

import os
import re
import subprocess

from harness.ovsdb import Client
from harness.process import run, wait_until
from harness.programs import ours, peers
from northd_sides import FEATURES, Side

# As OpenStack names things: by UUIDs, with names for people besides.
SWITCH = "neutron-3f2a6f0e-7b1c-4c56-9a59-0d1f0a8e7c11"
VM1 = "8c1d27a4-52b7-4f0e-8d61-0f4bb2f7d9a1"
VM2 = "b90e6a55-0d4c-4a1f-bb0a-6a3f2f1d7e02"
MACS = {"vm1": "02:00:00:00:00:01", "vm2": "02:00:00:00:00:02",
        "vm3": "02:00:00:00:00:03", "lr0-sw0": "02:00:00:00:ff:00"}


def commands():
    yield ["ls-add", SWITCH, "--", "set", "logical_switch", SWITCH,
           "external_ids:neutron\\:network_name=office"]
    for number, (port, name) in enumerate(((VM1, "vm1"), (VM2, "vm2"),
                                           ("vm3", "vm3"))):
        yield ["lsp-add", SWITCH, port, "--", "lsp-set-addresses", port,
               "%s 10.0.0.1%d" % (MACS[name], number + 1), "--", "set",
               "logical_switch_port", port,
               "external_ids:neutron\\:port_name=" + name]
    yield ["lsp-set-port-security", VM1, MACS["vm1"] + " 10.0.0.11"]
    yield ["ls-add", "out", "--", "lsp-add", "out", "host", "--",
           "lsp-set-addresses", "host", "02:00:00:00:aa:01 172.16.0.50"]
    yield ["lr-add", "lr0"]
    for switch, network, number in ((SWITCH, "10.0.0.1/24", 0),
                                    ("out", "172.16.0.1/24", 1)):
        port = "lr0-sw%d" % number
        yield ["lrp-add", "lr0", port, "02:00:00:00:ff:%02d" % number,
               network, "--", "lsp-add", switch, "peer-" + port, "--",
               "lsp-set-type", "peer-" + port, "router", "--",
               "lsp-set-addresses", "peer-" + port, "router", "--",
               "lsp-set-options", "peer-" + port, "router-port=" + port]
    yield ["acl-add", SWITCH, "to-lport", "1000", "tcp.dst == 22",
           "allow-related"]
    yield ["--log", "--name=no-telnet", "--severity=info", "acl-add", SWITCH,
           "from-lport", "1000", "tcp.dst == 23", "drop"]
    for switch, match in ((SWITCH, "tcp.src == 25 || icmp4"),
                          ("out", "tcp.dst == 25 || udp.dst == 25 || icmp4")):
        yield ["acl-add", switch, "to-lport", "900", match, "reject"]
    yield ["lb-add", "web", "10.0.0.100:80", "10.0.0.12:8080,10.0.0.13:8080"]
    yield ["ls-lb-add", SWITCH, "web"]
    yield ["lr-route-add", "lr0", "10.7.0.0/16", "172.16.0.50"]
    yield ["lr-policy-add", "lr0", "10", "ip4.dst == 10.7.0.0/16", "reroute",
           "10.0.0.12,10.0.0.13"]
    yield ["lr-nat-add", "lr0", "dnat_and_snat", "172.16.0.101", "10.0.0.11"]
    yield ["set", "logical_router", "lr0", "options:chassis=ch1"]


class TraceSide(Side):
    """Debian's databases and northd with what 'commands' make."""

    def __init__(self, folder, commands):
        super().__init__(folder, peers("ovn-northd"))
        try:
            self.database("nb")
            self.database("sb")
            for command in commands:
                self.nbctl(*command)
            for number in 1, 2:
                chassis = "ch%d" % number
                self.sbctl("chassis-add", chassis, "geneve",
                           "192.0.2.%d" % number, "--", "set", "chassis",
                           chassis, *["other_config:%s=true" % f
                                      for f in FEATURES])
            self.start_northd()
            self.sync()
        except BaseException:
            self.close()
            raise

    @property
    def db(self):
        return "--db=unix:" + self.path("sb.sock")


def once(program, *words, env=None):
    """(exit status, standard output) of a trace."""
    done = subprocess.run([program, "-voff", *words], timeout=120, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, env=env)
    return done.returncode, done.stdout


class Daemon:
    """An ovn-trace that stays."""

    def __init__(self, side, program, name, *options, timeout=60):
        self.control = side.path(name + ".ctl")
        self.pidfile = side.path(name + ".pid")
        run([program, "-voff", *options, side.db, "--detach", "--no-chdir",
             "--unixctl=" + self.control, "--pidfile=" + self.pidfile],
            env=side.env)
        with open(self.pidfile) as f:
            self.pid = int(f.read())
        self.client = Client(self.control, timeout)

    def command(self, *words):
        """(result, error)."""
        reply = self.client.reply(self.client.send(*words))
        return reply.get("result"), reply.get("error")

    def is_running(self):
        """Whoever adopted a daemon that has ended may not have noticed."""
        try:
            with open("/proc/%d/stat" % self.pid) as f:
                return f.read().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False

    def close(self):
        self.client.close()
        if self.is_running():
            os.kill(self.pid, 9)
            wait_until(lambda: not self.is_running(), what="end of ovn-trace")


def both(side, name, *options, timeout=60):
    """(Debian's, which has 'timeout' seconds for an answer, and ours)."""
    theirs = Daemon(side, peers("ovn-trace"), name + "-debian", *options,
                    timeout=timeout)
    try:
        return theirs, Daemon(side, ours("ovn-trace"), name + "-ours",
                              *options)
    except BaseException:
        theirs.close()
        raise


def lines(text):
    """What a trace says, without the lines under headings and without what
    Debian's spells or does otherwise for no reason."""
    found = []
    for line in text.splitlines():
        if re.match(" *-+$", line):
            continue
        line = re.sub(r"^( *ct_[sd]nat)in_czone", r"\1_in_czone", line)
        line = re.sub(r"\*\*\* dns_lookup action not implemented",
                      "/* We assume that this packet is a DNS query without "
                      "an answer here. */", line)
        line = line.replace("vlan_tci1=0x0000,", "")
        # A load balancer gives an ICMP message no port.
        line = re.sub(r"(LOG: .*icmp_code)=\d+", r"\1", line)
        # On one host, flags pass from ingress to egress.
        line = re.sub(r"(LOG: .*)reg10=0x[0-9a-f]+,", r"\1", line)
        found.append(line)
    return found
