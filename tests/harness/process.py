# SPDX-License-Identifier: Apache-2.0
"""Processes that a test starts and always stops, and waiting for
conditions."""

import os
import signal
import socket
import subprocess
import time


# How long to wait, at least, for what is to happen.  Only a test that fails
# waits that long, so it may be far longer than a slow machine needs.
PATIENCE = 90


def wait_until(condition, timeout=PATIENCE, what="condition", interval=0.01):
    """Calls 'condition' until it returns something true, and returns that.
    Fails with 'what' after 'timeout' or PATIENCE seconds, whichever is more.
    """
    timeout = max(timeout, PATIENCE)
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("timed out after %g s: %s" % (timeout, what))
        time.sleep(interval)


def accepts(path):
    """Says whether somebody listens on unix socket 'path'."""
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(os.fspath(path))
        except OSError:
            return False
    return True


def run(command, check=True, timeout=PATIENCE, **kwargs):
    """Runs 'command' to its end and returns its standard output; on failure
    raises with everything that it printed.  It is given 'timeout' or PATIENCE
    seconds, whichever is more."""
    done = subprocess.run([str(w) for w in command],
                          timeout=max(timeout, PATIENCE),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True, **kwargs)
    if check and done.returncode:
        raise AssertionError("%s: exit status %d\n%s%s" % (
            " ".join(map(str, command)), done.returncode, done.stdout,
            done.stderr))
    return done.stdout if check else done


class Process:
    """One background process with its output in a file."""

    def __init__(self, command, output, env=None):
        self.command = [str(w) for w in command]
        self.output = output
        with open(output, "ab") as f:
            self.popen = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=f,
                stderr=subprocess.STDOUT,
                env=dict(os.environ, **(env or {})))

    @property
    def pid(self):
        return self.popen.pid

    def text(self):
        with open(self.output, errors="replace") as f:
            return f.read()

    def is_running(self):
        return self.popen.poll() is None

    def wait_for(self, condition, timeout=PATIENCE, what="start"):
        """Waits for 'condition', failing at once if the process ends."""
        def check():
            if not self.is_running():
                raise AssertionError("%s ended with status %s\n%s" % (
                    self.command[0], self.popen.returncode, self.text()))
            return condition()
        return wait_until(check, timeout, "%s: %s" % (self.command[0], what))

    def kill(self):
        """As a crash would end it."""
        self.popen.kill()
        self.popen.wait()

    def stop(self, timeout=30):
        """Ends the process; returns its exit status."""
        if self.is_running():
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.popen.returncode
