# SPDX-License-Identifier: Apache-2.0
"""ovs-pki, ovs-pcap, ovs-tcpundump and ovn-detrace do what Debian's do."""

import os
import re
import struct
import subprocess
import sys

import pytest

from harness.process import run
from harness.programs import BUILD, PEER, TOP
from harness.sandbox import Sandbox

UTILITIES = os.path.join(TOP, "tools", "utilities")
OURS = {
    "ovs-pki": [os.path.join(BUILD, "tools/utilities/ovs-pki")],
    "ovs-pcap": [os.path.join(UTILITIES, "ovs-pcap")],
    "ovs-tcpundump": [os.path.join(UTILITIES, "ovs-tcpundump")],
    "ovn-detrace": [os.path.join(UTILITIES, "ovn-detrace")],
}


def program(side, name):
    if side == "ours":
        return OURS[name]
    path = os.path.join(PEER, "usr/bin", name)
    if not os.path.exists(path):
        pytest.skip("Debian's %s is not here (./dev peer)" % name)
    # The interpreter that has Debian's Python packages.
    return [path] if name == "ovs-pki" else [sys.executable, path]


def output(command, text=None, status=0, **kwargs):
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120,
                          env=dict(os.environ, WEFT_BUILD=BUILD), **kwargs)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


class Pki:
    """One side's ovs-pki in a folder."""

    def __init__(self, side, folder, authorities):
        self.command = program(side, "ovs-pki") + [
            "--dir=" + os.path.join(folder, authorities),
            "--log=" + os.path.join(folder, "log")]
        self.folder = folder

    def __call__(self, *words, **kwargs):
        return output(self.command + list(words), cwd=self.folder, **kwargs)


def certificate(path):
    """What a certificate says, without what differs from one to another."""
    text = run(["openssl", "x509", "-in", path, "-noout", "-text"])
    text = re.sub(r"\d{4} \w{3} +\d+ [\d:]{8}", "TIME", text)
    return [line.strip() for line in text.splitlines()
            if not re.search(r"Not (Before|After)|[0-9a-fA-F]{2}:|DNS:", line)]


def files(folder):
    return {os.path.relpath(os.path.join(path, name), folder)
            for path, _, names in os.walk(folder) for name in names}


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    """A folder with authorities, pki, of each maker."""
    folders = {}
    for side in "ours", "debian":
        folders[side] = str(tmp_path_factory.mktemp(side))
        pki = Pki(side, folders[side], "pki")
        assert pki("init") == ""
        pki("-u", "req+sign", "node", "controller")
        pki("req", "other")
        pki("-b", "sign", "other")
        pki("req", "own")
        pki("self-sign", "own")
    return folders


@pytest.mark.parametrize("name", [
    "node-cert.pem", "other-cert.pem", "own-cert.pem",
    "pki/switchca/cacert.pem", "pki/controllerca/cacert.pem"])
def test_pki_certificates(authorities, name):
    """The same subjects, issuers, keys, digests and extensions."""
    ours, debian = (certificate(os.path.join(authorities[side], name))
                    for side in ("ours", "debian"))
    assert ours == debian


def test_pki_files(authorities):
    """The same files, and nobody else reads keys."""
    temporary = {"log"}
    ours, debian = (files(authorities[side]) - temporary
                    for side in ("ours", "debian"))
    # openssl's backups of its own files are not what is asked for.
    assert {f for f in ours ^ debian if not f.endswith(".old")} == set()
    for name in ours:
        if "key.pem" in name:
            mode = os.stat(os.path.join(authorities["ours"], name)).st_mode
            assert mode & 0o077 == 0, name


@pytest.mark.parametrize("maker, user", [("ours", "debian"),
                                         ("debian", "ours")])
def test_pki_of_the_other(authorities, maker, user):
    """Either goes on with what the other made."""
    pki = Pki(user, authorities[maker], "pki")
    name = "by-" + user
    pki("-u", "req+sign", name, "switch")
    assert pki("verify", name, "switch") == name + "-cert.pem: OK\n"
    pki("verify", name, "controller", status=2)
    for file in name + "-cert.pem", name + "-req.pem":
        ours, debian = (Pki(side, authorities[maker], "pki")(
            "fingerprint", file) for side in ("ours", "debian"))
        assert ours == debian


def test_pki_refuses(authorities):
    """What is wrong is said, and nothing is written over."""
    pki = Pki("ours", authorities["ours"], "pki")
    path = os.path.join(authorities["ours"], "node-cert.pem")
    with open(path) as f:
        before = f.read()
    for words in (["init"], ["req", "node"], ["sign", "node"],
                  ["verify", "nobody"], ["sign", "other", "router"],
                  ["req"], ["nonsense"], [], ["--bits=512", "req", "new"],
                  ["--key=ec", "req", "new"], ["--nonsense=1", "init"],
                  ["req", "a b"], ["req", "$(id)"], ["-u", "req", "x" * 65],
                  ["fingerprint", "nothing"]):
        assert output(pki.command + words, status=1,
                      cwd=authorities["ours"]) == "", words
    # The answer to the question is not "yes".
    pki("req", "asked")
    assert "fingerprint" in pki("sign", "asked", text="no\n", status=1)
    assert not os.path.exists(path.replace("node", "asked"))
    pki("sign", "asked", text="yes\n")
    with open(path) as f:
        assert f.read() == before
    pki("-f", "-b", "sign", "node", "controller")
    with open(path) as f:
        assert f.read() != before


# Two Ethernet frames, of 60 and of 61 bytes.
FRAMES = [bytes(range(60)), bytes(range(100, 161))]


def pcap(order="<", magic=0xa1b2c3d4, frames=FRAMES):
    text = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    for frame in frames:
        text += struct.pack(order + "IIII", 1, 2, len(frame), len(frame))
        text += frame
    return text


@pytest.mark.parametrize("order", "<>")
def test_pcap(tmp_path, order):
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(order))
    ours, debian = (output(program(side, "ovs-pcap") + [str(path)])
                    for side in ("ours", "debian"))
    assert ours == debian == "".join(f.hex() + "\n" for f in FRAMES)
    path.write_bytes(pcap(order, 0xa1b23c4d))
    assert output(OURS["ovs-pcap"] + [str(path)]) == ours


@pytest.mark.parametrize("damage", [
    b"", b"text", pcap()[:30], pcap()[:-1], b"\x0a\x0d\x0d\x0a" + bytes(40),
    pcap()[:32] + b"\xff" * 8, None])
def test_damaged_pcap(tmp_path, damage):
    """A sentence for each, and no Python in it."""
    path = tmp_path / "a.pcap"
    if damage is not None:
        path.write_bytes(damage)
    done = subprocess.run(OURS["ovs-pcap"] + [str(path)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert re.fullmatch(r"ovs-pcap: %s: .+\n" % path, done.stderr)


@pytest.mark.parametrize("option", ["-xx", "-XX"])
def test_tcpundump(tmp_path, option):
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap())
    dump = run(["tcpdump", "-r", str(path), option])
    ours, debian = (output(program(side, "ovs-tcpundump"), dump)
                    for side in ("ours", "debian"))
    assert ours == debian == "".join(f.hex() + "\n" for f in FRAMES)
    assert output(OURS["ovs-tcpundump"], "no packets\n") == ""


def unadorned(text):
    """Lines of ovn-detrace without how Python shows sets and maps, and where
    Debian's leaves a quote out or has lost the indentation."""
    return [re.sub(r"[][{}'\"()]|:(?= )|, ?|=", " ", line).split()
            for line in text.splitlines() if line.strip()]


def test_detrace():
    """A trace gets the same rows added by either."""
    with Sandbox() as sandbox:
        sandbox.start_central()
        host, = sandbox.underlay(1)
        for i in 0, 1:
            sandbox.nbctl(
                "ls-add", "sw%d" % i, "--", "--may-exist", "lr-add", "lr0",
                "--", "lrp-add", "lr0", "lr0-sw%d" % i,
                "02:00:00:00:ff:0%d" % i, "10.0.%d.1/24" % i, "--",
                "lsp-add", "sw%d" % i, "sw%d-lr0" % i, "--", "lsp-set-type",
                "sw%d-lr0" % i, "router", "--", "lsp-set-addresses",
                "sw%d-lr0" % i, "router", "--", "lsp-set-options",
                "sw%d-lr0" % i, "router-port=lr0-sw%d" % i, "--",
                "lsp-add", "sw%d" % i, "vm%d" % i, "--", "lsp-set-addresses",
                "vm%d" % i, "02:00:00:00:00:0%d 10.0.%d.2" % (i, i))
        sandbox.nbctl("acl-add", "sw1", "to-lport", "1000",
                      'outport == "vm1" && tcp', "drop")
        for i in 0, 1:
            host.workload("vm%d" % i, "02:00:00:00:00:0%d" % i,
                          "10.0.%d.2" % i)
        for i in 0, 1:
            sandbox.nbctl("wait-until", "logical_switch_port", "vm%d" % i,
                          "up=true")
        sandbox.nbctl("--wait=hv", "sync")
        port = host.vsctl("get", "interface", "vm0", "ofport").strip()
        trace = host.appctl(
            "ofproto/trace", "br-int", "in_port=%s,tcp,"
            "dl_src=02:00:00:00:00:00,dl_dst=02:00:00:00:ff:00,nw_ttl=64,"
            "nw_src=10.0.0.2,nw_dst=10.0.1.2,tcp_dst=22" % port)
        options = ["--ovnnb=" + sandbox.nb.remote,
                   "--ovnsb=" + sandbox.sb.remote,
                   "--ovs", "--ovsdb=" + host.db.remote]
        ours = output(OURS["ovn-detrace"] + options, trace)
        assert [line for line in ours.splitlines()
                if not line.lstrip().startswith("* ")] == trace.splitlines()
        assert "   * ACL: to-lport, priority=1000" in ours
        assert 'Port Binding: logical_port "vm0"' in ours
        assert "  * OVS Interface: vm0 (vm0)" in ours
        debian = output(program("debian", "ovn-detrace") + options, trace)
        assert unadorned(ours) == unadorned(debian)
        done = subprocess.run(
            OURS["ovn-detrace"] + ["--ovnsb=unix:/nonexistent"], text=True,
            input=trace, stderr=subprocess.PIPE)
        assert done.returncode == 1
        assert re.fullmatch(r"ovn-detrace: database at .+\n", done.stderr)
