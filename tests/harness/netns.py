# SPDX-License-Identifier: Apache-2.0
"""Network namespaces as hosts and workloads."""

import itertools
import os
import re
import select
import subprocess
import sys

from .process import PATIENCE, run, wait_until

PINGER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pinger.py")
RESULT = re.compile(r"(\d+) sent, (\d+) received, (\d+) ms outage")
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

    def delete(self, name):
        """Removes a namespace, with what runs in it."""
        pids = subprocess.run(["ip", "netns", "pids", name],
                              stdout=subprocess.PIPE, text=True).stdout
        for pid in pids.split():
            try:
                os.kill(int(pid), 9)
            except ProcessLookupError:
                pass
        subprocess.run(["ip", "netns", "del", name])
        self.names.remove(name)

    def close(self):
        for name in self.names[::-1]:
            self.delete(name)


def within(ns, command):
    """'command' as run inside namespace 'ns'."""
    return ["ip", "netns", "exec", ns] + list(command)


def pinger(ns, address, count, interval, patience, size=56):
    """The command that runs pinger.py in 'ns'."""
    return within(ns, [sys.executable, "-I", "-S", PINGER, address,
                       str(count), str(interval), str(patience), str(size)])


def ping(ns, address, count=3, interval=0.05, patience=10, size=56):
    """Sends 'count' pings with 'size' bytes of data, waits for answers for up
    to 'patience' seconds, and returns how many were answered.  Who expects
    none gives less patience."""
    text = run(pinger(ns, address, count, interval, patience, size),
               timeout=count * interval + patience + PATIENCE)
    return int(RESULT.search(text).group(2))


def wait_ping(ns, address, timeout=PATIENCE):
    """Waits until a ping from 'ns' to 'address' is answered."""
    wait_until(lambda: ping(ns, address, count=1, patience=1), timeout,
               "ping %s from %s" % (address, ns))


def wait_cut_off(ns, address):
    """Waits until pings from 'ns' to 'address' are not answered: what shuts
    the way may not have reached every cache yet."""
    wait_until(lambda: not ping(ns, address, patience=1),
               what="no ping %s from %s" % (address, ns))


class Pings:
    """Pings every 10 ms, from the first answer on until end(), which returns
    itself with how many were 'sent' and 'lost', and the longest 'outage' in
    seconds."""

    INTERVAL_S = 0.01

    def __init__(self, ns, address, patience=10):
        self.popen = subprocess.Popen(
            pinger(ns, address, 0, self.INTERVAL_S, patience),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.read_line("begun")
        self.read_line("answered")

    def read_line(self, expected):
        assert select.select([self.popen.stdout], [], [], PATIENCE)[0], \
            "no ping is " + expected
        assert self.popen.stdout.readline() == expected + "\n"

    def wait_answer(self):
        """Waits until a ping that is sent from now on is answered."""
        self.popen.stdin.write("?")
        self.popen.stdin.flush()
        self.read_line("answered")

    def end(self):
        """Ends with an answer, so that what lasts is no less an outage."""
        self.wait_answer()
        text = self.popen.communicate(timeout=PATIENCE)[0]
        sent, received, outage_ms = map(int, RESULT.search(text).groups())
        self.sent, self.lost = sent, sent - received
        self.outage = outage_ms / 1000
        return self


def can_use_namespaces():
    return os.geteuid() == 0 and os.path.isdir("/proc/self/ns")
