# SPDX-License-Identifier: Apache-2.0
"""ovn-nbctl: every command, run by a process of its own and by a daemon, and
what daemons do beside."""

import os
import re
import shlex
import signal
import subprocess

import pytest

from harness.ovsdb import Server
from harness.process import run, wait_until
from harness.programs import Programs
from harness.proxy import Proxy
from harness.relay import Relay
from harness.transcript import NO_ORDER, UUID, read

STEPS = read(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ctl",
                          "ovn-nbctl.txt"))
ROW = re.compile(r"\{(\w+ \w[^}]*)\}")
TOOL = Programs().path("ovn-nbctl")


@pytest.fixture
def server(tmp_path):
    server = Server(Programs(), tmp_path)
    server.create(Programs().schema("nb"), "nb.db")
    server.start()
    yield server
    server.stop()


def environment(tmp_path, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("OVN_")}
    return dict(env, OVN_RUNDIR=str(tmp_path), OVN_LOGDIR=str(tmp_path),
                **more)


class Tool:
    """Runs command lines, each by itself or all by one daemon."""

    def __init__(self, server, tmp_path, by_daemon=False):
        self.remote = server.remote
        self.env = environment(tmp_path, OVN_NB_DB=self.remote)
        self.pidfile = str(tmp_path / "nbctl.pid")
        self.socket = None
        if by_daemon:
            self.start_daemon()

    def start_daemon(self, *options):
        self.socket = run([TOOL, "--detach", "--pidfile=" + self.pidfile,
                           *options], env=self.env).strip()
        self.env = dict(self.env, OVN_NB_DAEMON=self.socket)

    def start(self, *words, env=None):
        return subprocess.Popen([TOOL, "--timeout=60", *words], text=True,
                                env=dict(self.env, **env or {}),
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def __call__(self, *words, env=None):
        """Exit status, output and message."""
        process = self.start(*words, env=env)
        output, message = process.communicate(timeout=90)
        return process.returncode, output, message

    def ok(self, *words):
        status, output, message = self(*words)
        assert (status, message) == (0, "")
        return output

    def daemon_is_gone(self):
        return not os.path.exists(self.socket)

    def stop(self):
        if self.socket and not self.daemon_is_gone():
            self.control("exit")

    def control(self, *words):
        return run([Programs().path("ovn-appctl"), "-t", self.socket, *words])


@pytest.fixture
def daemon(server, tmp_path):
    tool = Tool(server, tmp_path, by_daemon=True)
    yield tool
    tool.stop()


@pytest.fixture(params=["process", "daemon", "old server"])
def tool(request, server, tmp_path):
    """The old server knows no conditions, and so sends all rows."""
    tool = Tool(server, tmp_path, request.param == "daemon")
    if request.param == "old server":
        path = str(tmp_path / "proxy.sock")
        proxy = Proxy(path, server.socket, refuse=[
            ("monitor_cond_since", None), ("monitor_cond", None)])
        tool.env["OVN_NB_DB"] = "unix:" + path
        yield tool
        assert proxy.refused
        proxy.close()
    else:
        yield tool
    tool.stop()


def resolve(tool, line):
    """The words of a line, "{TABLE CONDITION}" replaced by a uuid."""
    def find(match):
        return tool.ok("--bare", "--columns=_uuid", "find",
                       *match.group(1).split()).strip()

    words = shlex.split(ROW.sub(r"'\g<0>'", line))
    return [ROW.sub(find, word) for word in words]


def test_every_command(tool, server, tmp_path):
    database = str(tmp_path / "nb.db")
    for step in STEPS:
        words = resolve(tool, step.line)
        before = os.path.getsize(database)
        status, output, message = tool(*words)
        lines = UUID.sub("UUID", output).splitlines()
        if NO_ORDER & set(words):
            lines.sort()
        assert (status, lines) == (step.status, step.output), step
        if step.status:
            assert message.startswith("ovn-nbctl: "), step
            assert step.message in UUID.sub("UUID", message), step
            assert os.path.getsize(database) == before, step
        else:
            assert message == "", step


def test_no_command_is_left_out():
    """What --help offers is what the transcript tries."""
    text = run([TOOL, "--help"])
    offered = set()
    for line in text[:text.index("\nOptions:")].splitlines():
        match = re.match(r"  (?:\[--\S+\] )*([a-z0-9-]+)", line)
        if match:
            offered.add(match.group(1))
    tried = set()
    for step in STEPS:
        for command in step.line.split(" -- "):
            words = [word for word in shlex.split(command)
                     if not word.startswith("--")]
            if not step.status and words:
                tried.add(words[0])
    assert offered and offered <= tried


def test_daemon_waits_for_one_and_serves_others(daemon):
    """A command that waits must not keep others from making it true."""
    waiting = daemon.start("wait-until", "logical_switch", "late", "--", "get",
                           "logical_switch", "late", "name")
    daemon.ok("ls-add", "early")
    assert waiting.poll() is None
    daemon.ok("ls-add", "late")
    assert waiting.communicate(timeout=90) == ("late\n", "")
    assert waiting.returncode == 0


def test_daemon_ends_what_takes_too_long(daemon):
    failed = subprocess.run(
        [Programs().path("ovn-appctl"), "-t", daemon.socket, "run",
         "--timeout=1", "wait-until", "logical_switch", "never"], text=True,
        stderr=subprocess.PIPE, timeout=90)
    assert failed.returncode == 2
    assert "not done within 1 s" in failed.stderr
    assert daemon.ok("ls-list") == ""


def test_daemon_refuses_what_is_not_for_it(daemon):
    for options, message in [(["--db=tcp:1.2.3.4:5"], "unrecognized option"),
                             (["--bogus"], "unrecognized option"),
                             (["--wait=never"], "--wait"),
                             (["--timeout=x"], "--timeout"),
                             ([], "missing command name")]:
        failed = subprocess.run([Programs().path("ovn-appctl"), "-t",
                                 daemon.socket, "run", *options], text=True,
                                stderr=subprocess.PIPE, timeout=90)
        assert failed.returncode == 2
        assert message in failed.stderr


def test_options_hold_for_one_command_line(daemon):
    daemon.ok("ls-add", "s")
    assert daemon.ok("--oneline", "ls-list", "--", "lr-list").count("\n") == 2
    assert daemon.ok("--format=csv", "--columns=name", "list",
                     "logical_switch") == "name\ns\n"
    assert daemon.ok("--columns=name", "list", "logical_switch") \
        == "name                : s\n"
    daemon.ok("--dry-run", "ls-add", "t")
    daemon.ok("ls-add", "u")
    assert re.sub(UUID, "", daemon.ok("ls-list")) == " (s)\n (u)\n"


def test_daemon_keeps_one_connection_over_a_restart(daemon, server):
    daemon.ok("ls-add", "s")
    server.stop()
    server.start()
    assert " (s)\n" in daemon.ok("ls-list")


def test_daemon_by_socket_or_by_variable(server, tmp_path):
    tool = Tool(server, tmp_path)
    socket = str(tmp_path / "mine.ctl")
    tool.start_daemon("-u", socket)
    assert tool.socket == socket
    none = {"OVN_NB_DB": "unix:/nonexistent"}
    assert tool("ls-add", "s", env=none)[0] == 0
    assert tool("-u", socket, "ls-list", env=dict(none, OVN_NB_DAEMON=""))[0] \
        == 0
    # A database of one's own is not the daemon's.
    assert tool("--db=unix:/nonexistent", "ls-list")[0] == 1
    with open(tool.pidfile) as f:
        assert os.path.exists("/proc/%s" % f.read().strip())
    assert "run" in tool.control("list-commands")
    tool.control("exit")
    wait_until(tool.daemon_is_gone, what="exit")
    status, _, message = tool("ls-list")
    assert status == 1 and "cannot connect" in message


def test_daemons_take_no_commands(server, tmp_path):
    status, text, message = Tool(server, tmp_path)("--detach", "ls-list")
    assert (status, text) == (1, "") and "--detach" in message


def test_options_are_listed():
    listed = run([TOOL, "--options"]).splitlines()
    assert {"--db=ARG", "--unixctl=ARG", "-u ARG", "--detach", "--may-exist",
            "--print-wait-time"} <= set(listed)
    assert len(listed) == len(set(listed))


def test_all_are_first(server, tmp_path):
    """Whoever finds the database empty makes NB_Global's row: of many at once
    one does, and the others find it there."""
    tool = Tool(server, tmp_path)
    # All get to know the database before the first of them writes.
    os.kill(server.process.pid, signal.SIGSTOP)
    running = [tool.start("ls-add", "s%d" % i) for i in range(16)]
    wait_until(lambda: int(run(["ss", "-lxH", "src", server.socket]).split()[2])
               >= len(running), what="all have asked the server")
    os.kill(server.process.pid, signal.SIGCONT)
    for process in running:
        output, message = process.communicate(timeout=40)
        assert (process.returncode, output, message) == (0, "", "")
    assert len(tool.ok("ls-list").splitlines()) == len(running)


def test_environment(server, tmp_path):
    tool = Tool(server, tmp_path)
    tool.ok("ls-add", "s")
    status, text, _ = tool("ls-list", "--", "lr-list",
                           env={"OVN_NBCTL_OPTIONS": "--oneline -v"})
    assert status == 0 and text.count("\n") == 2
    status, text, _ = tool("ls-list", env={"OVN_NB_DB": "",
                                           "OVN_NBCTL_OPTIONS":
                                           "--db=" + server.remote})
    assert (status, UUID.sub("", text)) == (0, " (s)\n")


# What concerns one row, and how many bytes of answers to it may be right: of
# 20 switches with 25 ports each, of 300 ACLs and load balancers, each with a
# uuid of 36 bytes and a name.
FEW = [
    (2000, "lsp-get-type p7-7"), (2000, "lsp-set-type p7-7 localport"),
    (2000, "lsp-add s7 new"), (2000, "ls-add t"),
    (4000, "lsp-get-ls p7-7"), (4000, "lsp-del p7-7"),
    (4000, "--may-exist lsp-add s7 p7-8"),
    (8000, "lsp-set-addresses p7-8 '02:00:00:00:00:01 10.0.0.1'"),
    (8000, "lsp-add s7 more -- lsp-set-addresses more "
     "'02:00:00:00:00:02 10.0.0.2'"), (8000, "lsp-list s7"),
    (2000, "get Logical_Switch_Port p7-9 type"),
    (2000, "get Logical_Switch_Port neutron-7-9 name"),
    (4000, "list Logical_Switch_Port p7-9"),
    (2000, "set Logical_Switch_Port p7-9 external_ids:a=b"),
    (4000, "add Logical_Switch s7 external_ids c=d"),
    (2000, "--columns=name find Logical_Switch_Port name=p7-9"),
    (2000, "--columns=name find Logical_Switch_Port "
     "external_ids:neutron\\\\:port_name=neutron-7-9"),
    (2000, "acl-add s7 to-lport 1000 ip4 drop"), (2000, "acl-list s7"),
    (2000, "acl-del s7"), (2000, "lb-add lb7 10.0.0.2:80 10.0.0.3:80"),
    (2000, "lb-list lb7"), (2000, "ls-lb-add s7 lb7"),
    (2000, "ls-lb-list s7"), (4000, "show r"), (2000, "lr-add q"),
    (2000, "lrp-add r new 02:00:00:00:00:01 10.0.1.1/24"),
    (2000, "lr-nat-add r snat 10.0.2.1 10.0.3.0/24"),
    (2000, "lr-route-add r 10.0.4.0/24 10.0.1.2 new"),
    (2000, "create Address_Set name=a"), (2000, "ls-del s7"),
    (2000, "destroy Load_Balancer lb7"),
]


def fill(tool):
    """Makes a database in which none of FEW may read all of anything."""
    words = ["lr-add", "r"]
    for i in range(20):
        words += shlex.split("-- ls-add s%d" % i)
        for j in range(25):
            words += shlex.split(
                "-- lsp-add s{0} p{0}-{1} -- set Logical_Switch_Port p{0}-{1} "
                "external_ids:neutron\\\\:port_name=neutron-{0}-{1}"
                .format(i, j))
    for i in range(300):
        words += shlex.split("-- lb-add lb%d 10.0.0.1:80 10.0.0.2:80 "
                             "-- acl-add s1 to-lport %d ip4 allow" % (i, i))
    tool.ok(*words)


def answer_bytes(tool, server, tmp_path, words):
    path = str(tmp_path / "relay.sock")
    relay = Relay(path, server.socket)
    tool.ok("--db=unix:" + path, *words)
    return relay.finish()


def test_commands_ask_for_little(server, tmp_path):
    """What concerns one port must not read all ports of the network."""
    tool = Tool(server, tmp_path)
    fill(tool)
    schema = answer_bytes(tool, server, tmp_path, ["init"])
    for limit, line in FEW:
        n_bytes = answer_bytes(tool, server, tmp_path, shlex.split(line))
        assert n_bytes - schema < limit, line
    n_bytes = answer_bytes(tool, server, tmp_path, ["lsp-list", "s1"])
    assert n_bytes - schema > 25 * 36
    n_bytes = answer_bytes(tool, server, tmp_path,
                           ["list", "Logical_Switch_Port"])
    assert n_bytes - schema > 400 * 36


def test_ways_to_name_a_row(tool):
    """Each finds the row, whichever rows were asked for at first."""
    tool.ok("ls-add", "s", "--", "ls-add", "t", "--", "lsp-add", "s", "p",
            "--", "set", "Logical_Switch_Port", "p",
            "external_ids:neutron\\:port_name=alias",
            "external_ids:neutron\\:other=p2", "--", "lsp-add", "t", "p2")
    uuid = tool.ok("get", "Logical_Switch_Port", "p", "_uuid").strip()
    for name in ("alias", uuid, uuid[:8], uuid[:35], uuid.upper()[:13]):
        assert tool.ok("get", "Logical_Switch_Port", name, "name") == "p\n"
    assert tool("get", "Logical_Switch_Port", "01234567-89", "name")[0] == 1
    assert tool.ok("--if-exists", "get", "Logical_Switch_Port", "01234567-89",
                   "name") == ""
    # A row's name goes before the start of another's uuid.
    tool.ok("lsp-add", "t", uuid[:6])
    assert uuid[:6] in tool.ok("get", "Logical_Switch_Port", uuid[:6], "name")
    # By what refers to it.
    tool.ok("--id=@d", "create", "DHCP_Options", "cidr=10.0.0.0/8", "--",
            "set", "Logical_Switch_Port", "p", "dhcpv4_options=@d")
    assert tool.ok("get", "DHCP_Options", "p", "cidr") == '"10.0.0.0/8"\n'
    # The only row of its table.
    assert tool.ok("get", "NB_Global", ".", "nb_cfg") == "0\n"


def test_references_to_rows_not_read(tool):
    """They are printed, stay, and may be written."""
    tool.ok("ls-add", "s", "--", "lsp-add", "s", "p", "--", "lsp-add", "s",
            "q", "--", "ls-add", "t")
    ports = tool.ok("get", "Logical_Switch", "s", "ports")
    p, q = (tool.ok("get", "Logical_Switch_Port", name, "_uuid").strip()
            for name in "pq")
    assert ports == "[%s]\n" % ", ".join(sorted([p, q]))
    tool.ok("add", "Logical_Switch", "t", "ports", p)
    tool.ok("remove", "Logical_Switch", "s", "ports", p)
    assert tool.ok("get", "Logical_Switch", "s", "ports") == "[%s]\n" % q
    assert tool.ok("lsp-get-ls", "p").endswith("(t)\n")
    tool.ok("set", "Logical_Switch", "s", "ports=%s,%s" % (p, q), "--",
            "clear", "Logical_Switch", "t", "ports")
    assert tool.ok("get", "Logical_Switch", "s", "ports") == ports
    assert tool.ok("--bare", "--columns=name", "find", "Logical_Switch",
                   "ports{>=}" + p) == "s\n"
    nobody = "01234567-89ab-cdef-0123-456789abcdef"
    status, _, message = tool("add", "Logical_Switch", "t", "ports", nobody)
    assert status == 1 and nobody in message
    # The rows of one command count for the next.
    tool.ok("lsp-add", "t", "r", "--", "lsp-set-addresses", "r",
            "02:00:00:00:00:01 10.0.0.1")
    status, _, message = tool("lsp-add", "t", "r2", "--", "lsp-set-addresses",
                              "r2", "02:00:00:00:00:02 10.0.0.1")
    assert status == 1 and "duplicate IPv4 address" in message
    tool.ok("lsp-del", "r", "--", "lsp-add", "t", "r2", "--",
            "lsp-set-addresses", "r2", "02:00:00:00:00:02 10.0.0.1")


def follow(tool, ms, **columns):
    """Does what northd and controllers do when they have followed."""
    tool.ok("set", "nb_global", ".",
            *("%s=%d" % column for column in columns.items()),
            *("%s_timestamp=%d" % (name, ms) for name in columns))


def test_waiting(tool):
    """--wait waits for others, and says how long if asked to."""
    tool.ok("init")
    assert tool.ok("--wait=hv", "ls-list") == ""
    for number, (level, columns) in enumerate(
            [("sb", ["sb_cfg"]), ("hv", ["sb_cfg", "hv_cfg"])], 1):
        waiting = tool.start("--wait=" + level, "--print-wait-time", "ls-add",
                             "s%d" % number, "--", "lr-list")

        def is_written():
            return tool.ok("get", "nb_global", ".", "nb_cfg") \
                == "%d\n" % number
        wait_until(is_written, what="the command's change")
        assert waiting.poll() is None
        follow(tool, 1, nb_cfg=number, **{c: number for c in columns})
        text, message = waiting.communicate(timeout=90)
        assert (waiting.returncode, message) == (0, "")
        assert re.fullmatch(
            r"Time spent on processing nb_cfg %d:\n"
            r"\tovn-northd delay before processing:\t-?\d+ms\n"
            r"\tovn-northd completion:\t\t\t-?\d+ms\n" % number
            + (r"\tovn-controller\(s\) completion:\t\t-?\d+ms\n"
               if level == "hv" else ""), text)
    waiting = tool.start("--wait=sb", "sync")
    wait_until(lambda: tool.ok("get", "nb_global", ".", "nb_cfg") == "3\n",
               what="sync")
    follow(tool, 1, sb_cfg=3)
    assert waiting.communicate(timeout=90) == ("", "")
