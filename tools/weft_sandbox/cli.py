# SPDX-License-Identifier: Apache-2.0
"""The command line of weft."""

import argparse
import os
import signal
import sys
import time

from weft_explain.cli import main as explain
from weft_explain.source import control_socket

from weft_common import programs
from .demo import demo
from weft_common.error import WeftError
from .network import Sandbox, bring_up
from .state import State, default_folder

USAGE = """usage: weft explain ...           why a packet takes its way or is dropped;
                              'weft explain --help' says more
       weft sandbox COMMAND   a network in namespaces

  up [--hosts N]        start a central node and N hosts (default 2)
  down                  end it and remove all it made
  status                hosts, workloads and programs
  shell NAME            a shell inside a host or workload
  exec NAME COMMAND..   a command inside a host or workload
  add-host [NAME]       one more host
  add-workload NAME --switch SW [--host H] [--address IP|dhcp]
               [--gateway IP]
                        a namespace that is port NAME of logical switch SW;
                        the gateway is the subnet's first address if not given
  [--host H] TOOL ..    ovn-nbctl, ovn-sbctl, or of host H (default: the
                        first) ovs-vsctl, ovs-ofctl, ovs-appctl, ovn-appctl,
                        ovsdb-client
  [--host H] explain ..  weft explain, of the sandbox and host H
  demo                  a sandbox of its own that shows what works

WEFT_SANDBOX names the folder of the sandbox (default: /run/weft/sandbox),
WEFT_BUILD the build whose programs run.
"""

TOOLS = ("ovn-nbctl", "ovn-sbctl", "ovs-vsctl", "ovs-ofctl", "ovs-appctl",
         "ovn-appctl", "ovs-dpctl", "ovsdb-client")


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise WeftError(message + "; 'weft sandbox help' says more")


def progress():
    """Returns a function that prints a line with the time since now."""
    start = time.monotonic()

    def say(text):
        print("[%6.2f s] %s" % (time.monotonic() - start, text), flush=True)
    return say


def load():
    return Sandbox(State(default_folder()).load(), progress())


def cmd_up(words):
    parser = Parser(prog="weft sandbox up")
    parser.add_argument("--hosts", type=int, default=2)
    options = parser.parse_args(words)
    say = progress()
    bring_up(default_folder(), options.hosts, say)
    say("up; state and logs are in " + default_folder())


def cmd_down(words):
    Parser(prog="weft sandbox down").parse_args(words)
    state = State(default_folder()).load()
    state.clean()
    print("down")


def cmd_status(words):
    """Fails if a program has died."""
    Parser(prog="weft sandbox status").parse_args(words)
    sandbox = load()
    for name, host in sandbox.hosts.items():
        print("host %-12s %-14s namespace %s" % (name, host["ip"],
                                                 host["ns"]))
    for name, w in sandbox.workloads.items():
        print("workload %-8s %-14s %s on %s" % (
            name, w["address"] or "-", w["switch"], w["host"]))
    dead = 0
    for p in sandbox.state.data["processes"]:
        running = sandbox.state.is_running(p)
        dead += not running
        print("program %-24s %s" % (p["name"], "pid %d" % p["pid"]
                                    if running else "DEAD"))
    return 1 if dead else 0


def cmd_shell(words):
    parser = Parser(prog="weft sandbox shell")
    parser.add_argument("name")
    name = parser.parse_args(words).name
    enter(name, [os.environ.get("SHELL", "/bin/sh")])


def cmd_exec(words):
    if len(words) < 2:
        raise WeftError("usage: weft sandbox exec NAME COMMAND..")
    enter(words[0], words[1:])


def enter(name, command):
    """Becomes 'command' inside 'name', where tools find the host's sockets."""
    sandbox = load()
    ns = sandbox.namespace(name)
    host = sandbox.workloads.get(name, {}).get("host", name)
    environment = dict(os.environ,
                       **sandbox.environment(sandbox.host(host)["folder"]))
    become(["ip", "netns", "exec", ns] + command, environment, sandbox)


def become(command, environment, sandbox):
    sandbox.state.unlock()
    sys.stdout.flush()
    try:
        os.execvpe(command[0], command, environment)
    except OSError as e:
        raise WeftError("%s: %s" % (command[0], e.strerror)) from None


def cmd_add_host(words):
    parser = Parser(prog="weft sandbox add-host")
    parser.add_argument("name", nargs="?")
    load().add_host(parser.parse_args(words).name)


def cmd_add_workload(words):
    parser = Parser(prog="weft sandbox add-workload")
    parser.add_argument("name")
    parser.add_argument("--switch", required=True)
    parser.add_argument("--host")
    parser.add_argument("--address")
    parser.add_argument("--gateway")
    o = parser.parse_args(words)
    load().add_workload(o.name, o.switch, o.host, o.address, o.gateway)


def cmd_demo(words):
    Parser(prog="weft sandbox demo").parse_args(words)
    return demo()


def cmd_help(words):
    print(USAGE, end="")


COMMANDS = {
    "up": cmd_up,
    "down": cmd_down,
    "status": cmd_status,
    "shell": cmd_shell,
    "exec": cmd_exec,
    "add-host": cmd_add_host,
    "add-workload": cmd_add_workload,
    "demo": cmd_demo,
    "help": cmd_help,
    "--help": cmd_help,
    "-h": cmd_help,
}


def run_tool(words, host=None):
    """Becomes a tool that speaks to the sandbox."""
    if words and words[0] == "explain":
        return explain_in(load(), host, words[1:])
    if not words or words[0] not in TOOLS:
        raise WeftError("tools are " + ", ".join(TOOLS))
    sandbox = load()
    tool = words[0]
    command = [programs.program(tool)]
    if tool in ("ovn-nbctl", "ovn-sbctl"):
        folder = sandbox.central
        command.append("--db=" + sandbox.db_remote(tool[4:6]))
    else:
        folder = sandbox.host(host or next(iter(sandbox.hosts)))["folder"]
    become(command + words[1:],
           dict(os.environ, **sandbox.environment(folder)), sandbox)


def explain_in(sandbox, host, words):
    folder = sandbox.host(host or next(iter(sandbox.hosts)))["folder"]
    sandbox.state.unlock()
    return explain(
        ["--nb=" + sandbox.db_remote("nb"), "--sb=" + sandbox.db_remote("sb"),
         "--northd=%s" % control_socket(sandbox.central, "ovn-northd"),
         "--switch=%s" % control_socket(folder, "ovs-vswitchd")] + words)


def dispatch(words):
    if not words or words[0] in ("help", "-h", "--help"):
        return cmd_help(words)
    if words[0] == "explain":
        return explain(words[1:])
    if words[0] != "sandbox" or len(words) < 2:
        raise WeftError("'weft sandbox help' says what there is")
    name, rest = words[1], words[2:]
    if name == "--host":
        return run_tool(rest[1:], rest[0] if rest else None)
    if name in TOOLS + ("explain",):
        return run_tool(words[1:])
    if name not in COMMANDS:
        raise WeftError("%s: no such command; 'weft sandbox help' says "
                           "what there is" % name)
    return COMMANDS[name](rest)


def main(words):
    # Ending early, too, takes down what is half made.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    try:
        return dispatch(words) or 0
    except WeftError as e:
        print("weft: %s" % e, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
