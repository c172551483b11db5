# SPDX-License-Identifier: Apache-2.0
"""A tarball holds all that the repository does."""

import os
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.environ.get("WEFT_BUILD", os.path.join(TOP, "build"))

# What only a repository needs.
LEFT_OUT = (".ci/", ".gitignore", "build-aux/.keep")


def test_every_file_is_distributed(tmp_path):
    listed = subprocess.run(["git", "ls-files"], cwd=TOP,
                            stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)
    if listed.returncode or not os.path.exists(os.path.join(BUILD,
                                                            "Makefile")):
        pytest.skip("this is no repository with a configured build folder")
    done = subprocess.run(
        ["make", "-s", "distdir", "distdir=%s/weft" % tmp_path], cwd=BUILD,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()
    missing = [f for f in listed.stdout.decode().split("\n")
               if f and os.path.exists(os.path.join(TOP, f))
               and not f.startswith(LEFT_OUT)
               and not os.path.exists(tmp_path / "weft" / f)]
    assert missing == []
