# SPDX-License-Identifier: Apache-2.0
"""debian/ and the units, against what 'make install' installs.  The packages
themselves are built by './dev deb'."""

import glob
import os
import re
import shutil
import subprocess

import pytest

from harness.process import run

BUILD = os.path.abspath(os.environ.get("WEFT_BUILD", "build"))
DEBIAN = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))), "debian")
PACKAGES = {"openvswitch-common", "openvswitch-switch", "ovn-common",
            "ovn-central", "ovn-host", "weft"}
# What debian/rules moves, for the sake of Debian's alternatives.
MOVED = {"usr/sbin/ovs-vswitchd": "usr/lib/openvswitch-switch/ovs-vswitchd"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Paths of all that a package's builder installs."""
    folder = str(tmp_path_factory.mktemp("packaging"))
    # The prefix is written into files: that of the build stays.
    prefix = run(["make", "-s", "-C", BUILD, "print-prefix"]).strip()
    run(["make", "-s", "-C", BUILD, "install", "DESTDIR=" + folder,
         "systemdsystemunitdir=/lib/systemd/system"], timeout=300)
    found = set()
    for path, _, names in os.walk(folder):
        for name in names:
            file = os.path.join(path, name)[len(folder):]
            if file.startswith(prefix + "/"):
                file = "/usr" + file[len(prefix):]
            found.add(MOVED.get(file[1:], file[1:]))
    return found


def lines(name):
    with open(os.path.join(DEBIAN, name)) as f:
        return [line.strip() for line in f if line.strip()
                and not line.startswith("#")]


def owners():
    """For each path of the lists, the lists that have it."""
    found = {}
    for path in glob.glob(os.path.join(DEBIAN, "*.install")):
        for line in lines(os.path.basename(path)):
            found.setdefault(line, []).append(os.path.basename(path))
    for line in lines("not-installed"):
        found.setdefault(line, []).append("not-installed")
    return found


def covers(entry, path):
    return path == entry or path.startswith(entry + "/")


def test_every_file_is_in_one_package(files):
    listed = owners()
    for path in sorted(files):
        names = [n for entry in listed if covers(entry, path)
                 for n in listed[entry]]
        assert len(names) == 1, (path, names)
    for entry in listed:
        assert any(covers(entry, path) for path in files), entry


def test_packages():
    control = "\n".join(lines("control"))
    assert set(re.findall(r"^Package: (\S+)", control, re.M)) == PACKAGES
    for path in glob.glob(os.path.join(DEBIAN, "*.*")):
        assert os.path.basename(path).rsplit(".", 1)[0] in PACKAGES, path
    # Versions are those that the programs give.
    with open(os.path.join(DEBIAN, "rules")) as f:
        rules = f.read()
    for program, variable in (("vswitch/ovs-vswitchd", "ovs"),
                              ("northd/ovn-northd", "ovn")):
        said = run([os.path.join(BUILD, program), "--version"])
        version = re.match(r".* (\S+)\n", said).group(1)
        assert "\n%s = %s+weft$(weft)\n" % (variable, version) in rules
    with open(os.path.join(DEBIAN, "changelog")) as f:
        assert re.match(r"weft \((.*)\)", f.readline()).group(1) == run(
            ["make", "-s", "-C", BUILD, "print-VERSION"]).strip()


@pytest.mark.parametrize("name", sorted(
    os.path.basename(p) for p in glob.glob(os.path.join(DEBIAN, "*"))
    if p.endswith((".postinst", ".prerm", ".postrm", ".preinst"))))
def test_maintainer_script(name):
    run(["sh", "-n", os.path.join(DEBIAN, name)])
    with open(os.path.join(DEBIAN, name)) as f:
        assert "\nset -e\n" in f.read()
    assert "#DEBHELPER#" in open(os.path.join(DEBIAN, name)).read()


def unit_paths():
    return [os.path.join(BUILD, p) for p in run(
        ["make", "-s", "-C", BUILD, "print-units"]).split()]


def commands(path):
    """The command lines of a unit."""
    with open(path) as f:
        return re.findall(r"^Exec\w+=(.*)", f.read(), re.M)


def test_units_call_what_is_there(files):
    """Programs are installed, and take the options that units give."""
    prefix = run(["make", "-s", "-C", BUILD, "print-prefix"]).strip()
    seen = set()
    for path in unit_paths():
        with open(path) as f:
            text = f.read()
        assert "@" not in text
        for command in commands(path):
            program, *words = command.split()
            if program == "/bin/true":
                continue
            assert program.replace(prefix, "usr") in files, command
            script = os.path.join(BUILD, "tools/services",
                                  os.path.basename(program))
            usage = run([script, "--help"])
            for word in words:
                if word != "$OVS_CTL_OPTS" and word != "$OVN_CTL_OPTS":
                    word = re.sub(r"^--no-", "--(no-)?", word.split("=")[0])
                    assert re.search(word + r"\b", usage), (command, word)
            seen.add(os.path.basename(program))
        for page in re.findall(r"man:([\w-]+)\((\d)\)", text):
            assert "usr/share/man/man%s/%s.%s" % (page[1], page[0], page[1]) \
                in files
        for default in re.findall(r"^EnvironmentFile=.*/default/(.*)", text,
                                  re.M):
            assert os.path.exists(os.path.join(DEBIAN, default + ".default"))
    assert seen == {"ovs-ctl", "ovn-ctl"}


@pytest.mark.skipif(not shutil.which("systemd-analyze"),
                    reason="systemd-analyze is not here")
def test_units_are_valid(tmp_path):
    """By systemd itself; programs stand where they were built."""
    for path in unit_paths():
        with open(path) as f:
            text = f.read()
        text = re.sub(r"(Exec\w+=)/\S*/(ov[sn]-ctl)", r"\1%s/tools/services/\2"
                      % BUILD, text)
        (tmp_path / os.path.basename(path)).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no"]
        + sorted(glob.glob(str(tmp_path / "*.service"))),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=dict(os.environ, SYSTEMD_UNIT_PATH=str(tmp_path) + ":"))
    said = [line for line in done.stdout.splitlines() if str(tmp_path) in line]
    assert done.returncode == 0 and not said
