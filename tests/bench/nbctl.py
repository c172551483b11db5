# SPDX-License-Identifier: Apache-2.0
"""'size' calls of "ovn-nbctl lsp-add" on one switch, each a process of its
own, and as many that a daemon of the tool runs; from Debian's server."""

import os
import subprocess

from bench.common import cpu_s, elapsed, less
from harness.ovsdb import Server
from harness.process import run, wait_until
from harness.programs import Programs


def add_ports(tool, env, switch, n):
    """Milliseconds for each call."""
    def add():
        for i in range(n):
            subprocess.run([tool, "--no-syslog", "lsp-add", switch,
                            "%s-%d" % (switch, i)], env=env, check=True)

    return elapsed(add) * 1000 / n


def measure(side, folder, n_calls):
    programs = Programs("debian", schema="debian", ovn_nbctl=side)
    tool = programs.path("ovn-nbctl")
    server = Server(programs, folder)
    server.create(programs.schema("nb"), "nb.db")
    server.start()
    env = dict(os.environ, OVN_RUNDIR=folder, OVN_LOGDIR=folder,
               OVN_NB_DB=server.remote)
    try:
        run([tool, "ls-add", "processes", "--", "ls-add", "daemon"], env=env)
        each = add_ports(tool, env, "processes", n_calls)
        pidfile = os.path.join(folder, "nbctl.pid")
        env["OVN_NB_DAEMON"] = run([tool, "--detach", "--pidfile=" + pidfile],
                                   env=env).strip()
        try:
            run([tool, "ls-list"], env=env)
            with open(pidfile) as f:
                pid = int(f.read())
            cpu = cpu_s(pid)
            by_daemon = add_ports(tool, env, "daemon", n_calls)
            cpu = (cpu_s(pid) - cpu) * 1000 / n_calls
        finally:
            run([programs.path("ovn-appctl"), "-t", env["OVN_NB_DAEMON"],
                 "exit"])
            wait_until(lambda: not os.path.exists(env["OVN_NB_DAEMON"]),
                       what="exit")
        return {"lsp-add, a process each": less(each, "ms"),
                "lsp-add, by a daemon": less(by_daemon, "ms"),
                "lsp-add, CPU of the daemon": less(cpu, "ms")}
    finally:
        server.stop()
