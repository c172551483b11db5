# SPDX-License-Identifier: Apache-2.0
"""ovsdbapp, the client library of Neutron: the functional tests that it
ships, which drive the databases through its replica and its commands, with
all daemons and tools ours."""

import importlib.util
import os
import re
import signal
import subprocess
import sys

import pytest

from harness.programs import BUILD, Programs

pytestmark = pytest.mark.skipif(
    not (importlib.util.find_spec("ovsdbapp")
         and importlib.util.find_spec("testscenarios")),
    reason="needs python3-ovsdbapp and python3-testscenarios")

# What of the folders of a source tree it puts on its PATH, in which it also
# looks for schemas.
PLACES = {
    "ovs/ovsdb": ["ovsdb-server", "ovsdb-tool", "ovsdb-client"],
    "ovs/vswitchd": ["ovs-vswitchd"],
    "ovs/utilities": ["ovs-vsctl", "ovs-ofctl", "ovs-appctl"],
    "ovn/northd": ["ovn-northd", "ovn-nbctl", "ovn-sbctl"],
    "ovn/controller": ["ovn-controller"],
}
SCHEMAS = {"ovs": ["vswitch"], "ovn": ["ovn-nb", "ovn-sb"]}

# Module: the least number of tests in it.
MODULES = {
    "backend.ovs_idl.test_connection": 2,
    "backend.ovs_idl.test_indexing": 3,
    "schema.open_vswitch.test_common_db": 12,
    "schema.open_vswitch.test_impl_idl": 18,
    "schema.ovn_southbound.test_impl_idl": 13,
    "schema.ovn_northbound.test_impl_idl": 269,
}

# The base class of its tests comes from a package that only adds comforts.
BASE = "from testtools import TestCase as BaseTestCase\n"


@pytest.fixture
def start(tmp_path):
    """start(module) runs the tests of a module in the background."""
    for folder, names in PLACES.items():
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            (tmp_path / folder / name).symlink_to(Programs().path(name))
    for folder, names in SCHEMAS.items():
        for name in names:
            file = name + ".ovsschema"
            (tmp_path / folder / file).symlink_to(
                os.path.join(BUILD, "lib/schema", file))
    (tmp_path / "oslotest").mkdir()
    (tmp_path / "oslotest" / "__init__.py").write_text("")
    (tmp_path / "oslotest" / "base.py").write_text(BASE)
    (tmp_path / "tmp").mkdir()
    env = dict(os.environ, OVS_SRCDIR=str(tmp_path / "ovs"),
               OVN_SRCDIR=str(tmp_path / "ovn"), TMPDIR=str(tmp_path / "tmp"),
               PYTHONPATH=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")
    processes = []

    def run(module):
        processes.append(subprocess.Popen(
            [sys.executable, "-m", "unittest",
             "ovsdbapp.tests.functional." + module],
            cwd=tmp_path, env=env, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace"))
        return processes[-1]
    yield run
    for process in processes:
        if process.poll() is None:
            # Its exit handlers end the daemons.
            process.send_signal(signal.SIGINT)
            process.wait()


def finish(process, module):
    output = process.communicate(timeout=600)[0]
    match = re.search(r"^Ran (\d+) tests", output, re.M)
    assert match and process.returncode == 0, output[-6000:]
    assert int(match.group(1)) >= MODULES[module]


def test_functional_tests(start):
    # They sleep much; the longest runs beside the others.
    longest = max(MODULES, key=MODULES.get)
    beside = start(longest)
    for module in MODULES:
        if module != longest:
            finish(start(module), module)
    finish(beside, longest)
