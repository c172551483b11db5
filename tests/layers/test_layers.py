# SPDX-License-Identifier: Apache-2.0
"""The house stays in order: include arrows, headers, folders."""

import os
import re
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def tracked_files():
    output = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=TOP, stdout=subprocess.PIPE, check=True).stdout.decode()
    return [f for f in output.split("\n")
            if f and os.path.exists(os.path.join(TOP, f))]


FILES = tracked_files()
SOURCES = [f for f in FILES if f.endswith((".c", ".h"))]


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def read_layers(text):
    """Returns {folder: (floor, set of allowed folders)} from LAYERS."""
    rows = []
    for line in text.split("\n"):
        words = line.split("#")[0].split()
        if words:
            rows.append((int(words[0]), words[1], words[2:]))
    layers = {}
    for floor, folder, uses in rows:
        allowed = set()
        for use in uses:
            if use == "<lower>":
                allowed |= {f for n, f, _ in rows
                            if n < floor and f.startswith("lib/")}
            elif use != "-":
                allowed.add(use)
        layers[folder] = (floor, allowed)
    return layers


def folder_of(path, layers):
    """The folder of LAYERS that 'path' is in, or None."""
    best = None
    for folder in layers:
        if path.startswith(folder + "/"):
            best = folder if best is None or len(folder) > len(best) else best
    return best


def broken_arrows(files, layers):
    """files: {path: text}.  Returns a line for each include that LAYERS does
    not allow."""
    broken = []
    for path, text in sorted(files.items()):
        home = folder_of(path, layers)
        if home is None:
            continue
        for target in INCLUDE.findall(text):
            there = folder_of(target, layers)
            if (there is not None and there != home
                    and there not in layers[home][1]):
                broken.append("%s includes %s" % (path, target))
    return broken


def test_includes_obey_layers():
    layers = read_layers(read("LAYERS"))
    files = {f: read(f) for f in SOURCES if not f.startswith("tests/")}
    assert broken_arrows(files, layers) == []


def test_the_check_sees_a_broken_arrow():
    """An include upwards, or of another program, is found."""
    layers = read_layers("0 lib/base -\n1 lib/a <lower>\n8 p <lower>\n"
                         "8 q <lower>\n")
    files = {
        "lib/base/x.c": '#include "lib/a/a.h"\n',
        "lib/a/a.c": '#include "lib/base/x.h"\n#include "p/p.h"\n',
        "p/p.c": '#include "q/q.h"\n#include "p/r/r.h"\n',
    }
    assert broken_arrows(files, layers) == [
        "lib/a/a.c includes p/p.h", "lib/base/x.c includes lib/a/a.h",
        "p/p.c includes q/q.h"]


def test_every_source_folder_is_in_layers():
    layers = read_layers(read("LAYERS"))
    homeless = [f for f in SOURCES if not f.startswith("tests/")
                and folder_of(f, layers) is None]
    assert homeless == []


def test_every_folder_of_layers_has_a_readme():
    """A folder's README also tells what its own folders are."""
    layers = read_layers(read("LAYERS"))
    used = {folder_of(f, layers) for f in SOURCES} - {None}
    missing = [d for d in sorted(used)
               if not os.path.exists(os.path.join(TOP, d, "README.md"))]
    assert missing == []


def test_every_source_names_its_licence():
    bare = [f for f in SOURCES
            if "SPDX-License-Identifier:" not in read(f).split("\n", 1)[0]]
    assert bare == []


@pytest.mark.parametrize("folder", sorted(
    {os.path.dirname(f) for f in SOURCES if f.endswith(".h")}))
def test_headers_compile_alone(folder):
    """Each header of the folder includes what it needs."""
    build = os.environ.get("WEFT_BUILD", os.path.join(TOP, "build"))
    flags = subprocess.run(
        ["pkg-config", "--cflags", "libnl-3.0", "libuv", "jansson"],
        stdout=subprocess.PIPE, check=True).stdout.decode().split()
    text = "".join('#include "%s"\n' % f for f in SOURCES
                   if f.endswith(".h") and os.path.dirname(f) == folder)
    failures = []
    for line in text.splitlines():
        done = subprocess.run(
            ["cc", "-std=gnu11", "-fsyntax-only", "-D_GNU_SOURCE", "-Wall",
             "-I" + TOP, "-I" + build, *flags, "-x", "c", "-"],
            input=line.encode(), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        if done.returncode:
            failures.append(line + "\n" + done.stdout.decode()[:1000])
    assert failures == []
