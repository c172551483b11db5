# SPDX-License-Identifier: Apache-2.0
"""The demo and the sandbox as their users run them."""

import json
import os
import re
import subprocess

import pytest

from harness.netns import can_use_namespaces
from harness.process import wait_until
from harness.programs import BUILD, TOP

WEFT = os.path.join(TOP, "tools", "weft")


@pytest.fixture
def weft():
    """weft(words..) runs the command on a sandbox of this test."""
    if not can_use_namespaces():
        pytest.skip("network namespaces need root")
    # pytest's folders are too deep for the sockets.
    folder = "/tmp/weft-test-%d" % os.getpid()
    environment = dict(os.environ, WEFT_BUILD=BUILD, WEFT_SANDBOX=folder)

    def run(*words, status=0):
        done = subprocess.run(
            ["/usr/bin/python3", WEFT, "sandbox", *words], env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True, timeout=300)
        assert done.returncode == status, done.stdout
        return done.stdout
    run.folder = folder
    yield run
    if os.path.exists(os.path.join(folder, "state.json")):
        run("down")


def record(weft):
    with open(os.path.join(weft.folder, "state.json")) as f:
        return json.load(f)


def test_demo(weft):
    """Every claim is true, and no claim was left out."""
    output = weft("demo")
    found = re.search(r"(\d+) claims checked, 0 failed", output)
    assert found and int(found.group(1)) >= 20, output
    assert output.count("  ok  ") == int(found.group(1))


def test_sandbox_life(weft):
    """up, a workload on each host, a tool, down; nothing stays."""
    weft("up", "--hosts", "1")
    weft("add-host", "rack2")
    weft("add-workload", "a", "--switch", "s", "--host", "h1", "--address",
         "10.9.0.11")
    weft("add-workload", "b", "--switch", "s", "--host", "rack2",
         "--address", "10.9.0.12")
    weft("ovn-nbctl", "--wait=hv", "sync")
    weft("exec", "a", "ping", "-c", "1", "-W", "5", "10.9.0.12")
    assert "a" in weft("--host", "h1", "ovs-vsctl", "list-ports", "br-int")
    assert "DEAD" not in weft("status")
    names = record(weft)["namespaces"]
    weft("down")
    assert [n for n in names if os.path.exists("/run/netns/" + n)] == []
    assert not os.path.exists(weft.folder)


def test_up_after_a_crash_removes_the_remains(weft):
    """A sandbox whose programs died gives way to a new one."""
    weft("up", "--hosts", "1")
    before = record(weft)
    for process in before["processes"]:
        os.kill(process["pid"], 9)
    wait_until(lambda: weft("status", status=1).count("DEAD")
               == len(before["processes"]), 30, "the programs' end")
    weft("up", "--hosts", "1")
    assert record(weft)["id"] != before["id"]
    assert [n for n in before["namespaces"]
            if os.path.exists("/run/netns/" + n)] == []


def test_folders_of_others_are_refused(weft):
    """What the sandbox did not make stays as it is."""
    os.mkdir(weft.folder)
    precious = os.path.join(weft.folder, "precious")
    with open(precious, "w") as f:
        f.write("mine")
    try:
        assert "not empty" in weft("up", status=1)
        assert "no sandbox" in weft("down", status=1)
        with open(precious) as f:
            assert f.read() == "mine"
    finally:
        os.remove(precious)
        os.rmdir(weft.folder)


def test_bad_words_are_refused(weft):
    """Each with a sentence, and nothing is made."""
    for words in (["nonsense"], ["up", "--hosts", "0"],
                  ["up", "--hosts", "many"], ["--host", "h1", "rm"],
                  ["exec", "a"]):
        assert weft(*words, status=1).startswith("weft: "), words
    assert not os.path.exists(weft.folder)


def tutorial_commands():
    with open(os.path.join(TOP, "doc", "tutorial.md")) as f:
        blocks = re.findall(r"```sh\n(.*?)```", f.read(), re.DOTALL)
    return "".join(blocks).splitlines()


def test_tutorial(weft):
    """Every command of the tutorial does what it says."""
    commands = tutorial_commands()
    assert len(commands) > 20
    environment = dict(os.environ, WEFT_BUILD=BUILD,
                       WEFT_SANDBOX=weft.folder)
    for command in commands:
        done = subprocess.run(command, shell=True, cwd=TOP, env=environment,
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, timeout=180,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == 0, command + "\n" + done.stdout
    assert not os.path.exists(weft.folder)
