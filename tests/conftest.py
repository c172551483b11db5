# SPDX-License-Identifier: Apache-2.0
"""Fixtures for every suite."""

import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness.netns import Namespaces, can_use_namespaces  # noqa: E402
from harness.process import Process  # noqa: E402
from harness.sandbox import Sandbox  # noqa: E402

# A run in the background begins with SIGINT ignored, one under nohup with
# SIGHUP, and so would every daemon that it starts.  A handler is not inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, lambda number, frame: None)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the logs of its sandbox."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for value in getattr(item, "funcargs", {}).values():
            for sandbox in getattr(value, "sandboxes", []):
                report.sections.append(("sandbox", sandbox.logs()))


@pytest.fixture
def namespaces():
    if not can_use_namespaces():
        pytest.skip("network namespaces need root")
    spaces = Namespaces()
    yield spaces
    spaces.close()


@pytest.fixture
def spawn(tmp_path):
    """spawn(command, env=None) starts a process that ends with the test."""
    processes = []

    def start(command, env=None):
        process = Process(command, str(tmp_path / ("out%d" % len(processes))),
                          env)
        processes.append(process)
        return process
    yield start
    for process in reversed(processes):
        process.stop()


@pytest.fixture
def make_sandbox():
    """make_sandbox(programs=None) makes a Sandbox that ends with the test."""
    if not can_use_namespaces():
        pytest.skip("network namespaces need root")
    made = []

    def make(programs=None):
        sandbox = Sandbox(programs)
        made.append(sandbox)
        return sandbox
    make.sandboxes = made
    yield make
    for sandbox in reversed(made):
        sandbox.close()
