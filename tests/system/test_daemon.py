# SPDX-License-Identifier: Apache-2.0
"""How a daemon starts, is watched, asked and ended: lib/daemon, driven through
its example daemon with our ovs-appctl and Debian's."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile

import pytest

from harness.process import run, wait_until
from harness.programs import BUILD, ours, peers

EXAMPLED = os.path.join(BUILD, "lib/daemon/exampled")


class Daemon:
    """The run directory of one daemon, and ways to ask it."""

    def __init__(self, folder, appctl):
        self.dir = str(folder)
        self.appctl = appctl
        self.env = dict(os.environ, OVS_RUNDIR=self.dir, OVS_LOGDIR=self.dir,
                        OVS_SYSLOG_METHOD="null")
        peer_lib = os.path.join(os.path.dirname(peers("ovs-appctl")),
                                "../lib/x86_64-linux-gnu")
        if appctl != ours("ovs-appctl"):
            self.env["LD_LIBRARY_PATH"] = peer_lib

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self, *options, check=True):
        env = {k: v for k, v in self.env.items() if k != "LD_LIBRARY_PATH"}
        return run([EXAMPLED, "-vconsole:off", "--log-file", "--detach",
                    "--pidfile", *options], check=check, env=env)

    def pid(self):
        with open(self.path("exampled.pid")) as f:
            return int(f.read())

    def is_running(self, pid):
        try:
            with open("/proc/%d/stat" % pid) as f:
                return f.read().rsplit(")", 1)[1].split()[0] != "Z"
        except FileNotFoundError:
            return False

    def ask(self, *words):
        return run([self.appctl, "-t", "exampled", *words], env=self.env)

    def refuse(self, *words):
        done = run([self.appctl, "-t", "exampled", *words], check=False,
                   env=self.env)
        assert done.returncode == 2
        assert done.stdout == ""
        return done.stderr

    def log(self):
        with open(self.path("exampled.log")) as f:
            return f.read()

    def end(self):
        """Kills what is left: the daemon and its monitor."""
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open("/proc/%s/environ" % entry) as f:
                    environ = f.read().split("\0")
                with open("/proc/%s/comm" % entry) as f:
                    comm = f.read().strip()
            except OSError:
                continue
            if comm == "exampled" and "OVS_RUNDIR=" + self.dir in environ:
                os.kill(int(entry), signal.SIGKILL)


@pytest.fixture(params=["ours", "debian"])
def daemon(request):
    appctl = (ours if request.param == "ours" else peers)("ovs-appctl")
    if not os.path.exists(appctl):
        pytest.skip("%s is not here" % appctl)
    # pytest's own folders are closed to other users.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        daemon = Daemon(folder, appctl)
        yield daemon
        daemon.end()


def test_life_of_a_daemon(daemon):
    done = daemon.start(check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    pid = daemon.pid()
    assert os.path.exists(daemon.path("exampled.%d.ctl" % pid))
    assert os.readlink("/proc/%d/cwd" % pid) == "/"
    assert os.readlink("/proc/%d/fd/2" % pid) == "/dev/null"

    assert re.fullmatch(r"exampled \(Open vSwitch\) \d+\.\d+\.\d+\n",
                        daemon.ask("version"))
    assert daemon.ask("example/echo", "a", 'b"\\', "é") == 'a b"\\ é\n'
    assert daemon.ask("example/echo") == ""

    # A second one with the same pidfile refuses to start.
    done = daemon.start(check=False)
    assert done.returncode == 1
    assert done.stderr == ("exampled: %s: already running as pid %d, "
                           "aborting\n" % (daemon.path("exampled.pid"), pid))
    assert daemon.pid() == pid

    assert daemon.ask("exit") == ""
    wait_until(lambda: not daemon.is_running(pid))
    assert sorted(os.listdir(daemon.dir)) == ["exampled.log"]
    for line in daemon.log().splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\|\d{5}\|\w+\|"
                        r"(INFO|ERR)\|", line), line


def test_standard_commands(daemon):
    daemon.start("--no-chdir")
    commands = daemon.ask("list-commands")
    assert commands.startswith("The available commands are:\n")
    assert "\n  coverage/read-counter   COUNTER\n" in commands
    names = [line.split()[0] for line in commands.splitlines()[1:]]
    assert names == sorted(names)
    for name in ("exit", "memory/show", "version", "vlog/list", "vlog/set",
                 "vlog/reopen", "vlog/close", "vlog/list-pattern",
                 "vlog/enable-rate-limit", "vlog/disable-rate-limit",
                 "coverage/show", "stopwatch/show", "stopwatch/reset"):
        assert name in names

    assert daemon.refuse("nosuch").startswith(
        '"nosuch" is not a valid command (use "list-commands" to see a list '
        'of valid commands)\n')
    assert daemon.refuse("version", "x").startswith(
        '"version" command takes at most 0 arguments\n')
    assert daemon.refuse("coverage/read-counter").startswith(
        '"coverage/read-counter" command requires at least 1 arguments\n')
    assert daemon.refuse("coverage/read-counter", "nosuch").startswith(
        "No such counter\n")
    assert int(daemon.ask("coverage/read-counter", "unixctl_received")) > 0
    assert daemon.ask("coverage/read-counter",
                      "dp_packet_batch_grow") == "0\n"
    assert "unixctl_received" in daemon.ask("coverage/show")
    daemon.ask("exit")


def test_log_levels_and_rotation(daemon):
    daemon.start("-vexampled:file:dbg", "-vPATTERN:file:%c|%p|%m")
    table = {line.split()[0]: line.split()[1:4]
             for line in daemon.ask("vlog/list").splitlines()[2:]}
    assert table["exampled"] == ["OFF", "INFO", "DBG"]
    assert table["dpif_netdev"] == ["OFF", "INFO", "INFO"]
    assert "%c|%p|%m" in daemon.ask("vlog/list-pattern")

    daemon.ask("vlog/set", "unixctl:file:dbg")
    daemon.ask("example/echo")
    assert "unixctl|DBG|received request example/echo" in daemon.log()
    assert daemon.refuse("vlog/set", "nosuch:dbg").startswith(
        'no destination, level, or module "nosuch"\n')

    os.rename(daemon.path("exampled.log"), daemon.path("old.log"))
    daemon.ask("vlog/reopen")
    daemon.ask("example/echo")
    assert "example/echo" in daemon.log()
    daemon.ask("vlog/close")
    before = daemon.log()
    daemon.ask("example/echo")
    assert daemon.log() == before
    daemon.ask("exit")


# What scripts pass to -v of whatever daemon.
MODULES = """bond bridge command_line coverage ct_dpif ct_zone daemon
daemon_unix dpif dpif_netdev dpif_netlink encaps inc_proc_eng jsonrpc lflow
mac_cache main memory netdev_dummy netdev_linux ofctrl ofproto ofproto_dpif
ofproto_dpif_upcall ofproto_dpif_xlate ovn_northd ovsdb_file ovsdb_idl
ovsdb_jsonrpc_server ovsdb_log ovsdb_monitor ovsdb_server pinctrl poll_loop
raft rconn reconnect replication stream_ssl timeval tunnel unixctl util vconn
vlog vswitchd""".split()


def test_usual_modules_and_a_log_that_cannot_be_opened(daemon):
    done = daemon.start(*["-v%s:file:dbg" % name for name in MODULES],
                        "--log-file=/nonexistent/log", check=False)
    assert done.returncode == 0, done.stderr
    known = {line.split()[0]
             for line in daemon.ask("vlog/list").splitlines()[2:]}
    assert set(MODULES) <= known
    daemon.ask("exit")


def test_time_warp_runs_timers_in_order(daemon):
    daemon.start("--interval=1000")
    daemon.ask("time/stop")
    before = int(daemon.ask("coverage/read-counter", "exampled_tick"))
    assert daemon.ask("time/warp", "3600000") == "warped\n"
    after = int(daemon.ask("coverage/read-counter", "exampled_tick"))
    assert after - before == 3600
    assert daemon.ask("time/warp", "10000", "100") == "warped\n"
    assert int(daemon.ask("coverage/read-counter",
                          "exampled_tick")) - after == 10
    daemon.refuse("time/warp", "-1")
    daemon.ask("exit")


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT,
                                   signal.SIGHUP, signal.SIGALRM])
def test_signals_leave_no_files(daemon, signo):
    daemon.start()
    pid = daemon.pid()
    os.kill(pid, signo)
    wait_until(lambda: not daemon.is_running(pid))
    assert os.listdir(daemon.dir) == ["exampled.log"]


def test_stale_pidfile_is_no_hindrance(daemon):
    daemon.start()
    pid = daemon.pid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not daemon.is_running(pid))
    assert os.path.exists(daemon.path("exampled.pid"))
    done = run([daemon.appctl, "-t", "exampled", "version"], check=False,
               env=daemon.env)
    assert done.returncode == 1
    assert 'cannot read pidfile "%s" (No such process)' % daemon.path(
        "exampled.pid") in done.stderr
    daemon.start()
    assert daemon.pid() != pid
    daemon.ask("exit")


def test_monitor_starts_a_crashed_daemon_again(daemon):
    daemon.start("--monitor")
    first = daemon.pid()
    run([daemon.appctl, "-t", "exampled", "example/crash"], check=False,
        env=daemon.env)
    wait_until(lambda: not daemon.is_running(first))
    wait_until(lambda: "died (killed by signal 6 (Aborted)" in daemon.log())
    assert "|daemon(monitor)|ERR|" in daemon.log()

    def restarted():
        try:
            return daemon.pid() != first and os.path.exists(
                daemon.path("exampled.%d.ctl" % daemon.pid()))
        except (FileNotFoundError, ValueError):
            return False
    wait_until(restarted, timeout=30)
    second = daemon.pid()
    assert daemon.ask("example/echo", "again") == "again\n"
    daemon.ask("exit")
    wait_until(lambda: not daemon.is_running(second))
    wait_until(lambda: ", exiting" in daemon.log())


def test_failure_to_start_is_told_to_the_parent(daemon):
    done = daemon.start("--unixctl=/nonexistent/dir/sock", check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "exampled: could not initialize control socket: punix:/nonexistent/"
        "dir/sock: cannot listen: No such file or directory\n")
    assert not os.path.exists(daemon.path("exampled.pid"))


def test_user(daemon):
    if os.getuid():
        pytest.skip("needs root")
    daemon.start("--user=nobody")
    with open("/proc/%d/status" % daemon.pid()) as f:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in f
                      if ":\t" in line)
    assert status["Uid"].split() == ["65534"] * 4
    assert status["Groups"].strip() == ""
    # CAP_NET_BIND_SERVICE is 10, CAP_IPC_LOCK 14.
    assert int(status["CapEff"], 16) == 1 << 10 | 1 << 14
    daemon.ask("exit")
    done = daemon.start("--user=nosuch", check=False)
    assert done.stderr == 'exampled: invalid user "nosuch"\n'


def test_options(daemon):
    env = daemon.env
    text = run([EXAMPLED, "--help"], env=env)
    for option in ("--detach", "--pidfile[=FILE]", "--monitor", "--user",
                   "-p, --private-key=FILE", "--ssl-ciphers", "--log-file",
                   "-v, --verbose[=SPEC]", "-V, --version"):
        assert option in text
    assert run([EXAMPLED, "-V"], env=env).startswith(
        "exampled (Open vSwitch) ")
    listed = run([EXAMPLED, "--option"], env=env).splitlines()
    for option in ("--detach", "--pidfile=[ARG]", "--interval=ARG", "-p ARG",
                   "-h"):
        assert option in listed
    for words, error in [
            (["--nosuch"], "exampled: unrecognized option '--nosuch'\n"),
            (["--interval=x"], "exampled: --interval: \"x\" is not a "
                               "non-negative integer\n"),
            (["word"], "exampled: no arguments are taken (use --help for "
                       "help)\n"),
            (["-vnosuch"], "exampled: -v: no destination, level, or module "
                           "\"nosuch\"\n")]:
        done = run([EXAMPLED] + words, check=False, env=env)
        assert (done.returncode, done.stderr) == (1, error)


def connect(daemon):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(daemon.path("exampled.%d.ctl" % daemon.pid()))
    return sock


def read_to_end(sock):
    data = b""
    while True:
        part = sock.recv(65536)
        if not part:
            return data
        data += part


def test_hostile_clients_of_the_control_socket(daemon):
    daemon.start()
    for data in (b"x", b"[1]", b'{"id":1}', b'{"method":"a","params":{}}',
                 b'{"method":"a","params":[' + b"[" * 2000,
                 b'{"id":1,"method":"version","params":[],"params":[]}'):
        with connect(daemon) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            assert read_to_end(sock) == b""

    # A command of unbounded length is cut off.
    with connect(daemon) as sock:
        with pytest.raises(OSError):
            sock.sendall(b'{"id":1,"method":"' + b"x" * (32 << 20))

    # Arguments are strings.
    with connect(daemon) as sock:
        sock.sendall(b'{"id":["i"],"method":"version","params":[1]}')
        reply = json.loads(sock.recv(65536))
        assert reply == {
            "id": ["i"], "result": None,
            "error": '"version" command has non-string argument\n'}

    # Commands of one connection are answered one after the other.
    with connect(daemon) as sock:
        for i in range(1000):
            sock.sendall(b'{"id":%d,"method":"example/echo","params":["%d"]}'
                         % (i, i))
        sock.shutdown(socket.SHUT_WR)
        decoder = json.JSONDecoder()
        text = read_to_end(sock).decode()
        for i in range(1000):
            reply, n = decoder.raw_decode(text)
            assert reply == {"id": i, "result": "%d\n" % i, "error": None}
            text = text[n:]

    # Many connections: some are refused, none hurts.
    socks = [connect(daemon) for _ in range(400)]
    for sock in socks:
        sock.close()
    assert daemon.ask("example/echo", "alive") == "alive\n"
    daemon.ask("exit")


def test_appctl_time_limit(daemon):
    """A daemon that does not answer is not waited for."""
    daemon.start()
    pid = daemon.pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        for words, env in [(["-T", "1"], {}),
                           ([], {"OVS_CTL_TIMEOUT": "1"})]:
            if not words and daemon.appctl != ours("ovs-appctl"):
                continue
            done = subprocess.run(
                [daemon.appctl, *words, "-t", "exampled", "version"],
                env=dict(daemon.env, **env), stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, timeout=90)
            assert done.returncode == -signal.SIGALRM
    finally:
        os.kill(pid, signal.SIGCONT)
    daemon.ask("exit")
