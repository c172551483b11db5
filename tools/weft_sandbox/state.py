# SPDX-License-Identifier: Apache-2.0
"""What a sandbox has made, on disk, so that any later command can find it
and take it down, also after a crash.

A name is written down before the thing is made, and a process with its start
time, so that neither a half-made namespace is left behind nor a stranger who
got an old process id is ever killed."""

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import time

from weft_common.error import WeftError

# The longest socket path below the folder must fit sockaddr_un.
MAX_FOLDER = 60
STOP_TIMEOUT_S = 10


def default_folder():
    if "WEFT_SANDBOX" in os.environ:
        return os.path.abspath(os.environ["WEFT_SANDBOX"])
    if os.access("/run", os.W_OK):
        return "/run/weft/sandbox"
    return "/tmp/weft-sandbox-%d" % os.getuid()


def start_time(pid):
    """When 'pid' started, in clock ticks since boot; None if it is gone or
    only waits for its parent to notice."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            fields = f.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


class State:
    """The record of one sandbox in 'folder'."""

    def __init__(self, folder):
        if len(folder) > MAX_FOLDER:
            raise WeftError("%s: longer than %d characters, too long for "
                               "sockets below it" % (folder, MAX_FOLDER))
        self.folder = folder
        self.file = os.path.join(folder, "state.json")
        self.data = None
        self.lock = None

    def exists(self):
        return os.path.exists(self.file)

    def create(self):
        """Makes the folder.  One that is not empty is refused: it is
        somebody else's."""
        if os.path.isdir(self.folder) and os.listdir(self.folder):
            raise WeftError("%s: not empty, and no sandbox" % self.folder)
        os.makedirs(self.folder, exist_ok=True)
        self.data = {"id": "weft-" + secrets.token_hex(3), "namespaces": [],
                     "processes": [], "hosts": {}, "workloads": {}}
        self.save()
        self.take_lock()

    def load(self):
        try:
            self.take_lock()
            with open(self.file) as f:
                self.data = json.load(f)
        except FileNotFoundError:
            raise WeftError("no sandbox in %s; 'weft sandbox up' makes one"
                               % self.folder) from None
        except ValueError as e:
            raise WeftError("%s: %s" % (self.file, e)) from None
        return self

    def take_lock(self):
        """One command at a time changes a sandbox."""
        self.lock = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WeftError("%s: another command is at work here"
                               % self.folder) from None

    def unlock(self):
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    def save(self):
        """Replaces the file in one step: a crash leaves old or new."""
        with open(self.file + ".new", "w") as f:
            json.dump(self.data, f, indent=1)
            f.flush()
            os.fsync(f.fileno())
        os.replace(self.file + ".new", self.file)

    def note_namespace(self, name):
        """Writes down a namespace about to be made; returns its full name."""
        full = "%s-%s" % (self.data["id"], name)
        self.data["namespaces"].append(full)
        self.save()
        return full

    def note_process(self, name, pid):
        self.data["processes"].append(
            {"name": name, "pid": pid, "start": start_time(pid)})
        self.save()

    def is_running(self, process):
        return (process["start"] is not None
                and start_time(process["pid"]) == process["start"])

    def clean(self):
        """Ends the processes, removes the namespaces and the folder."""
        stop([p for p in reversed(self.data["processes"])
              if self.is_running(p)], self.is_running)
        for name in reversed(self.data["namespaces"]):
            remove_namespace(name)
        shutil.rmtree(self.folder)
        self.unlock()


def stop(processes, is_running):
    """SIGTERM for all, then SIGKILL for those that stay; returns when they are
    gone."""
    for number in signal.SIGTERM, signal.SIGKILL:
        for p in filter(is_running, processes):
            send(p["pid"], number)
        end = time.monotonic() + STOP_TIMEOUT_S
        while any(map(is_running, processes)) and time.monotonic() < end:
            reap()
            time.sleep(0.01)


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def reap():
    """Those that this very process has started become zombies first."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def remove_namespace(name):
    """Ends what runs in namespace 'name' and removes it, if it exists."""
    if not os.path.exists("/run/netns/" + name):
        return
    done = subprocess.run(["ip", "netns", "pids", name],
                          stdout=subprocess.PIPE, text=True)
    for pid in done.stdout.split():
        send(int(pid), signal.SIGKILL)
    subprocess.run(["ip", "netns", "del", name], check=False)
