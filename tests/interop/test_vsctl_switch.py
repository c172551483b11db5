# SPDX-License-Identifier: Apache-2.0
"""ovs-vsctl with a switch that runs, ours and Debian's: it waits until the
switch has done what it is told, and says what the switch could not do."""

import os
import re
import shlex
import signal
import subprocess

import pytest

from harness.netns import can_use_namespaces
from harness.process import accepts, run
from harness.programs import Programs, have_peer

pytestmark = [
    pytest.mark.skipif(not have_peer(),
                       reason="Debian's packages are not here"),
    pytest.mark.skipif(not can_use_namespaces(), reason="needs root"),
]

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

SCRIPT = """
add-br br0 -- set bridge br0 datapath_type=netdev
get interface br0 ofport
add-port br0 p1 -- set interface p1 type=internal
get interface p1 ofport error
add-port br0 missing
get interface missing ofport
add-port br0 odd -- set interface odd type=no_such_type
get interface odd ofport
add-port br0 odd2 -- set interface odd2 type=patch
--no-wait add-port br0 missing2
get open_vswitch . next_cfg
set interface missing2 external_ids:a=b
add-port br0 t1 -- set interface t1 type=vxlan options:remote_ip=192.0.2.1 \
ofport_request=20
get interface t1 ofport
add-port br0 missing -- add-port br0 t2
--may-exist add-port br0 missing
del-port missing
del-port missing2
del-port odd
del-port odd2
add-br fake br0 9
add-port fake p9 -- set interface p9 type=internal
get interface p9 ofport
get port p9 tag
add-bond br0 b0 m1 m2 -- set interface m1 type=internal -- set interface m2 \
type=internal
list-ports br0
list-ports fake
list-ifaces br0
show
set-controller br0 punix:{folder}/c0
set-fail-mode br0 secure
set bridge br0 mirrors=@m -- --id=@p get port p1 -- --id=@m create mirror \
name=m0 select-all=true output-port=@p
get mirror m0 name
set bridge br0 netflow=@n -- --id=@n create netflow \
targets='"127.0.0.1:2055"'
set bridge br0 sflow=@s -- --id=@s create sflow agent=lo header=128 \
sampling=64 polling=10 targets='"127.0.0.1:6343"'
set bridge br0 ipfix=@i -- --id=@i create ipfix targets='"127.0.0.1:4739"'
set interface p1 ingress_policing_rate=1000
wait-until interface p1 ofport>0 -- get interface p1 ofport
get open_vswitch . next_cfg cur_cfg
list-br
emer-reset
get bridge br0 mirrors netflow sflow ipfix controller fail_mode
get interface p1 ingress_policing_rate
get-controller br0
get open_vswitch . next_cfg cur_cfg
get open_vswitch . next_cfg
comment this changes nothing
--no-wait --dry-run add-br br7
br-exists br7
del-br fake
del-br br0
get open_vswitch . next_cfg cur_cfg
show
"""


class Switch:
    """A database and a switch in a namespace, which 'tool' configures."""

    def __init__(self, spawn, namespaces, folder, tool, side):
        os.mkdir(folder)
        debian = Programs("debian")
        self.folder, self.tool = folder, Programs(tool).path("ovs-vsctl")
        self.remote = "unix:%s/db.sock" % folder
        self.env = dict(os.environ, OVS_RUNDIR=str(folder), OVS_LOGDIR="/log")
        inside = ["ip", "netns", "exec", namespaces.add("sw-" + folder.name)]
        run([debian.path("ovsdb-tool"), "create", folder / "conf.db",
             debian.schema("vswitch")])
        database = spawn([debian.path("ovsdb-server"), folder / "conf.db",
                          "--remote=p" + self.remote, "-vconsole:off",
                          "--unixctl=%s/db.ctl" % folder])
        database.wait_for(lambda: accepts(folder / "db.sock"))
        self.execute(["--no-wait", "init"])
        self.switch = spawn(
            inside + [Programs(side).path("ovs-vswitchd"), self.remote,
                      "-vconsole:off", "--unixctl=%s/vswitchd.ctl" % folder],
            env=self.env)

    def execute(self, words):
        words = [word.replace("{folder}", str(self.folder)) for word in words]
        done = subprocess.run(
            [self.tool, "--db=" + self.remote, "--timeout=60", "--no-syslog",
             *words], text=True, timeout=90, env=self.env,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # Debian's tool logs on the console what it prints, too.
        errors = [line for line in done.stderr.splitlines()
                  if line.startswith("ovs-vsctl: ")]
        return done.returncode, UUID.sub("UUID", done.stdout), errors


@pytest.mark.parametrize("side", ["ours", "debian"])
def test_same_commands_with_a_switch(side, spawn, namespaces, tmp_path):
    theirs = Switch(spawn, namespaces, tmp_path / "theirs", "debian", side)
    ours = Switch(spawn, namespaces, tmp_path / "ours", "ours", side)
    for line in SCRIPT.replace("\\\n", "").strip().splitlines():
        words = shlex.split(line)
        status, output, errors = theirs.execute(words)
        our_status, our_output, our_errors = ours.execute(words)
        if words[0] == "show":
            output, our_output = (sorted(text.splitlines())
                                  for text in (output, our_output))
        assert (our_status, our_output) == (status, output), line
        assert our_errors == errors or status == 1, line


def test_waits_for_the_switch(spawn, namespaces, tmp_path):
    ours = Switch(spawn, namespaces, tmp_path / "sw", "ours", "ours")
    assert ours.execute(["add-br", "br0"])[0] == 0
    ours.switch.stop()
    # A change waits for the switch; what changes nothing does not.
    status, _, _ = ours.execute(["--timeout=1", "add-br", "br1"])
    assert status == -signal.SIGALRM
    assert ours.execute(["list-br"])[1] == "br0\nbr1\n"
    assert ours.execute(["--may-exist", "add-br", "br1"])[0] == 0
    assert ours.execute(["--dry-run", "add-br", "br2"])[0] == 0
    assert ours.execute(["--no-wait", "add-br", "br2"])[0] == 0


def test_retries_to_connect(spawn, tmp_path):
    """--retry waits for a server; so does a passive remote."""
    debian, tool = Programs("debian"), Programs("ours").path("ovs-vsctl")
    remotes = ["unix:%s/db.sock" % tmp_path, "punix:%s/passive" % tmp_path]
    tools = [spawn([tool, "--db=" + remotes[0], "--retry", "--timeout=60",
                    "--no-wait", "init"]),
             spawn([tool, "--db=" + remotes[1], "--timeout=60", "--no-wait",
                    "init"])]
    run([debian.path("ovsdb-tool"), "create", tmp_path / "conf.db",
         debian.schema("vswitch")])
    spawn([debian.path("ovsdb-server"), tmp_path / "conf.db",
           "-vconsole:off", "--unixctl=%s/db.ctl" % tmp_path,
           "--remote=p" + remotes[0], "--remote=" + remotes[1][1:]])
    for process in tools:
        assert process.popen.wait(timeout=90) == 0
