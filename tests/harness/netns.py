# SPDX-License-Identifier: Apache-2.0
"""Network namespaces as hosts and workloads."""

import itertools
import os
import subprocess

from .process import run

_serial = itertools.count()


class Namespaces:
    """Namespaces with names of this process, all removed by close()."""

    def __init__(self):
        self.prefix = "weft%d-%d" % (os.getpid(), next(_serial))
        self.names = []

    def add(self, name):
        """Makes a namespace and returns its full name."""
        full = "%s-%s" % (self.prefix, name)
        run(["ip", "netns", "add", full])
        self.names.append(full)
        run(["ip", "-n", full, "link", "set", "lo", "up"])
        return full

    def veth(self, ns1, if1, ns2, if2, offload=True):
        """Joins two namespaces with a veth pair, both ends up."""
        run(["ip", "link", "add", if1, "netns", ns1, "type", "veth",
             "peer", "name", if2, "netns", ns2])
        for ns, dev in ((ns1, if1), (ns2, if2)):
            if not offload:
                run(["ip", "netns", "exec", ns, "ethtool", "-K", dev,
                     "tx", "off"])
            run(["ip", "-n", ns, "link", "set", "dev", dev, "up"])

    def close(self):
        for name in reversed(self.names):
            pids = subprocess.run(["ip", "netns", "pids", name],
                                  stdout=subprocess.PIPE, text=True).stdout
            for pid in pids.split():
                try:
                    os.kill(int(pid), 9)
                except ProcessLookupError:
                    pass
            subprocess.run(["ip", "netns", "del", name])
        self.names = []


def within(ns, command):
    """'command' as run inside namespace 'ns'."""
    return ["ip", "netns", "exec", ns] + list(command)


def ping(ns, address, count=3, interval=0.05, patience=1):
    """Sends exactly 'count' pings (ping's own deadline would make it send more
    in place of lost ones), waits for the last answer for up to 'patience'
    seconds, and returns how many were answered."""
    done = run(within(ns, ["ping", "-n", "-q", "-c", count, "-i", interval,
                           "-W", patience, address]),
               check=False, timeout=count * interval + patience + 20)
    for line in done.stdout.split("\n"):
        if " received" in line:
            return int(line.split(",")[1].split()[0])
    return 0


def can_use_namespaces():
    return os.geteuid() == 0 and os.path.isdir("/proc/self/ns")
