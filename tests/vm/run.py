#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian packages in a virtual machine with a real systemd.

usage: run.py --packages FOLDER [--cache FOLDER] [--container] [--verbose]

Makes a Debian 12 root once (debootstrap) and boots it in QEMU without a
network, with a second disk that has the packages and guest.py, which tests
them and prints TAP to the console.  Nothing that the guest writes stays.  The
machine is emulated, which takes some minutes: KVM inside of another virtual
machine, where CI often is, is not to be relied on.  With --container the same
root runs in systemd-nspawn instead, with this machine's kernel, in seconds.

Ends with 'N passed, N failed'."""

import argparse
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SUITE = "bookworm"
# What the packages depend on, and what guest.py uses besides.
PACKAGES = """systemd systemd-sysv dbus udev linux-image-cloud-amd64
initramfs-tools iproute2 iputils-ping kmod netbase procps logrotate python3
libssl3 libunbound8 libevent-2.1-7 libuv1 libjansson4 libcap-ng0 liburcu8
libxxhash0 libnl-3-200 libnl-route-3-200 libnl-genl-3-200 libnl-nf-3-200
openssl hostname""".split()
LIMIT_S = 1500
# By which systemd-nspawn asks to be started again.
REBOOT = 133

# Runs guest.py on the console once the machine is up.
UNIT = """[Unit]
Description=Tests of the packages on the disk "weft-tests"
After=multi-user.target

[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/sh -c 'mkdir -p /run/tests; \
test -e /run/tests/guest.py || mount -o ro LABEL=weft-tests /run/tests; \
exec python3 -u /run/tests/guest.py'
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console

[Install]
WantedBy=default.target
"""


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit("%s failed:\n%s" % (words[0], done.stdout[-3000:]))
    return done.stdout


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def make_root(folder):
    """A Debian root with a unit that runs the tests, and a small initrd."""
    run("debootstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES),
        SUITE, folder)
    write(folder + "/etc/systemd/system/weft-tests.service", UNIT)
    write(folder + "/etc/hostname", "guest\n")
    write(folder + "/etc/hosts", "127.0.0.1 localhost\n"
          "127.0.1.1 guest.example guest\n")
    write(folder + "/etc/fstab", "/dev/vda / ext4 defaults 0 1\n")
    write(folder + "/etc/initramfs-tools/conf.d/vm", "MODULES=list\n")
    with open(folder + "/etc/initramfs-tools/modules", "a") as f:
        f.write("virtio_pci\nvirtio_blk\next4\n")
    run("chroot", folder, "systemctl", "enable", "weft-tests.service")
    run("chroot", folder, "systemctl", "mask", "getty@tty1.service",
        "serial-getty@ttyS0.service")
    run("chroot", folder, "update-initramfs", "-u")
    run("chroot", folder, "apt-get", "clean")


def make_base(cache):
    """The base's folder: disk, kernel and initrd, made if they are not
    there yet."""
    base = os.path.join(cache, "%s-%08x" % (SUITE, checksum(
        UNIT + " ".join(PACKAGES))))
    if os.path.exists(base):
        return base
    print("==> making a Debian root in %s" % base, flush=True)
    os.makedirs(cache, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        root, made = work + "/root", work + "/base"
        make_root(root)
        os.mkdir(made)
        for name in "vmlinuz", "initrd.img":
            found, = glob.glob("%s/boot/%s-*" % (root, name))
            shutil.copy(found, os.path.join(made, name))
        make_disk(made + "/disk", root, "2G", "weft-root")
        os.rename(made, base)
    return base


def checksum(text):
    """FNV-1a: the same in every run of Python, unlike hash()."""
    h = 0x811c9dc5
    for byte in text.encode():
        h = (h ^ byte) * 0x01000193 & 0xffffffff
    return h


def make_disk(path, folder, size, label):
    run("mke2fs", "-q", "-t", "ext4", "-L", label, "-d", folder, path, size)


def make_tests_folder(folder, packages):
    os.mkdir(folder)
    for name in packages + [os.path.join(HERE, "guest.py")]:
        shutil.copy(name, folder)


def machine(base, tests, work):
    """The command of a virtual machine."""
    disk = work + "/disk"
    make_disk(disk, tests, "128M", "weft-tests")
    # "virtio" finds the disks in this order: vda is the root.
    return ["qemu-system-x86_64", "-machine", "q35", "-accel",
            "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024",
            "-nodefaults", "-no-user-config", "-display", "none",
            "-nic", "none", "-serial", "stdio", "-snapshot",
            "-kernel", base + "/vmlinuz", "-initrd", base + "/initrd.img",
            "-append", "root=/dev/vda console=ttyS0 quiet panic=-1 "
            "systemd.show_status=0",
            "-drive", "if=virtio,format=raw,file=%s/disk" % base,
            "-drive", "if=virtio,format=raw,file=" + disk]


def container(base, tests, work):
    """The command of a container with the same root, of which a copy is
    made."""
    root = work + "/root"
    run("cp", "--sparse=always", base + "/disk", work + "/disk")
    os.mkdir(root)
    run("mount", "-o", "loop", work + "/disk", root)
    return ["systemd-nspawn", "--quiet", "--directory=" + root,
            "--machine=weft-%d" % os.getpid(), "--register=no", "--keep-unit",
            "--private-network", "--capability=all", "--bind=/dev/net/tun",
            "--bind-ro=%s:/run/tests" % tests, "--console=read-only",
            "--kill-signal=SIGKILL", "--boot", "systemd.show_status=0",
            # It would hang up the console that the tests write to.
            "systemd.mask=console-getty.service"]


def start(command):
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace")


def follow(machine, verbose):
    """Prints the guest's TAP as it comes; returns it as lines, all that the
    console showed, and the exit status."""
    tap, console = [], []
    guard = threading.Timer(LIMIT_S, machine.kill)
    guard.start()
    try:
        for line in machine.stdout:
            line = line.rstrip("\r\n")
            console.append(line)
            if re.match(r"(not )?ok \d|1\.\.\d|# ", line):
                tap.append(line)
                print("    " + line, flush=True)
            elif verbose:
                print("    | " + line, flush=True)
        machine.wait(60)
    finally:
        guard.cancel()
        machine.kill()
        machine.wait()
    return tap, console, machine.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--packages", required=True,
                        help="a folder with the .deb files to test")
    parser.add_argument("--cache", default=os.path.expanduser(
        "~/.cache/weft/vm"), help="where the Debian root is kept")
    parser.add_argument("--container", action="store_true",
                        help="in systemd-nspawn, not in QEMU")
    parser.add_argument("--verbose", action="store_true",
                        help="show all of the console")
    o = parser.parse_args()
    packages = glob.glob(os.path.join(o.packages, "*.deb"))
    packages = [p for p in packages if "-dbgsym_" not in p]
    if not packages:
        sys.exit("%s: no packages there; './dev deb' builds them" % o.packages)
    # The machine ends with this program.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    base = make_base(o.cache)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(dir=o.cache) as work:
        tests = work + "/tests"
        make_tests_folder(tests, packages)
        try:
            command = (container if o.container else machine)(base, tests,
                                                              work)
            tap, console, status = [], [], REBOOT
            while status == REBOOT:
                lines, text, status = follow(start(command), o.verbose)
                tap, console = tap + lines, console + text
        finally:
            if os.path.ismount(work + "/root"):
                run("umount", work + "/root")
    passed = sum(t.startswith("ok ") for t in tap)
    failed = sum(t.startswith("not ok ") for t in tap)
    if "1..%d" % (passed + failed) not in tap:
        print("\n".join(console[-60:]))
        print("the guest did not come to its end")
        failed += 1
    print("%d passed, %d failed (%.0f s)" % (passed, failed,
                                             time.monotonic() - begin))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
