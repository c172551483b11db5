# SPDX-License-Identifier: Apache-2.0
"""Each program that is installed has a manual page, made of its --help."""

import os
import re
import subprocess

import pytest

from harness.process import run
from harness.programs import BUILD, TOP


def pages():
    words = []
    for variable in "nodist_man8_MANS", "nodist_man1_MANS":
        words += run(["make", "-s", "-C", BUILD, "print-" + variable]).split()
    return {os.path.basename(w).rsplit(".", 1)[0]: os.path.join(BUILD, w)
            for w in words}


def programs():
    words = []
    for variable in ("bin_PROGRAMS", "sbin_PROGRAMS", "bin_SCRIPTS",
                     "dist_bin_SCRIPTS"):
        words += run(["make", "-s", "-C", BUILD, "print-" + variable]).split()
    places = [os.path.join(folder, w) for w in words for folder in (BUILD, TOP)]
    return {os.path.basename(p): p for p in places if os.path.exists(p)}


def test_every_program_has_a_page():
    assert set(programs()) <= set(pages())
    assert {"ovs-ctl", "ovn-ctl"} <= set(pages())


@pytest.mark.parametrize("name", sorted(pages()))
def test_page(name):
    """Nothing is wrong with it as a page, and every option that the program
    tells of is in it."""
    with open(pages()[name]) as f:
        page = f.read().replace("\\-", "-")
    shown = re.sub(r"\\f.", "", page)
    path = programs().get(name)
    if path:
        text = run([path, "--help"])
        options = set(re.findall(r"^ +(?:-\w, )?(--[a-z][a-z-]*)", text, re.M))
        assert options or name == "weft"    # Which has commands.
        missing = [o for o in options if o not in shown]
        assert not missing
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", pages()[name]],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    assert done.returncode == 0 and done.stderr == ""
    assert ".SH NAME" in page and len(done.stdout.splitlines()) > 20
