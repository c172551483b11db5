# SPDX-License-Identifier: Apache-2.0
"""Runs every test suite and closes with 'N passed, N failed, N skipped'.

Called by './dev check'.  Each suite is a function that returns its Tally and
tells what failed; nothing here decides whether a test is right."""

import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import matrix

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What anyone who can connect sends to a server, and the file that it reads
# back: fuzzed for a minute each.  The other targets share a time.
FUZZ_A_MINUTE = ("jsonrpc", "ovsdb_file", "ovsdb_transact")
FUZZ_OTHERS_SECONDS = 300

# Tests with threads of their own.
THREADED = ("lib/incr/test", "lib/runtime/test")


class Tally:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return "%d passed, %d failed, %d skipped" % (
            self.passed, self.failed, self.skipped)


def run(command, timeout, **kwargs):
    """Runs 'command'; returns (exit status, output).  A command that takes
    longer than 'timeout' seconds is killed and has failed."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout,
                              stdin=subprocess.DEVNULL, **kwargs)
        return done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as e:
        output = (e.stdout or b"").decode(errors="replace")
        return 124, output + "\ntimed out after %d s\n" % timeout


def make(folder, options, targets, env=None):
    """Configures 'folder' once, and builds 'targets' in it, after what they
    include."""
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(os.path.join(folder, "Makefile")):
        status, output = run([os.path.join(TOP, "configure"), "-q"] + options,
                             600, cwd=folder, env=env)
        if status:
            return status, output
    for words in ["built-sources"], targets:
        status, output = run(["make", "-s", "-j%d" % os.cpu_count()] + words,
                             2400, cwd=folder, env=env)
        if status:
            break
    return status, output


def make_variable(folder, name):
    """The words of the Makefile variable 'name' in 'folder'."""
    status, output = run(["make", "-s", "print-" + name], 60, cwd=folder)
    return output.split() if not status else []


def cmocka(folder, programs, **options):
    """The tests in 'programs', with 'options' of sanitizers."""
    tally = Tally()
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", **options)
    for program in programs:
        status, output = run([os.path.join(folder, program)], 600,
                             cwd=folder, env=env)
        ok = len(re.findall(r"^ok \d+", output, re.M))
        skipped = len(re.findall(r"^ok \d+.*# SKIP", output, re.M))
        bad = len(re.findall(r"^not ok \d+", output, re.M))
        if status and not bad:
            bad = 1             # It crashed, or a sanitizer stopped it.
        if not ok and not bad:
            continue            # A program that tests drive, not a test.
        if bad:
            print("--- %s (exit status %d)\n%s" % (program, status,
                                                  output[-6000:]))
        tally.add(Tally(ok - skipped, bad, skipped))
    return tally


def units(args):
    """The cmocka program of each folder, under ASan and UBSan."""
    folder = os.path.join(TOP, "build-asan")
    status, output = make(folder, ["--enable-asan", "--enable-werror",
                                   "CFLAGS=-O1 -g"], ["check-programs"])
    if status:
        print(output[-8000:])
        return Tally(failed=1)
    return cmocka(folder, sorted(make_variable(folder, "check_PROGRAMS")),
                  UBSAN_OPTIONS="print_stacktrace=1",
                  ASAN_OPTIONS="detect_leaks=1")


def threads(args):
    """The cmocka programs that start threads, under TSan."""
    folder = os.path.join(TOP, "build-tsan")
    status, output = make(folder, ["--enable-tsan", "--enable-werror",
                                   "CFLAGS=-O1 -g"], list(THREADED))
    if status:
        print(output[-8000:])
        return Tally(failed=1)
    return cmocka(folder, THREADED, TSAN_OPTIONS="halt_on_error=1")


def pytest_files(args, files, timeout=2400):
    """Runs 'files' in one pytest; returns (exit status, output, root of the
    JUnit report or None)."""
    env = dict(os.environ, WEFT_BUILD=args.build, WEFT_PEER=args.peer)
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        status, output = run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
             "-rfEs", "--tb=short", "--junitxml=" + report.name] + files,
            timeout, env=env, cwd=TOP)
        try:
            root = ElementTree.parse(report.name).getroot()
        except ElementTree.ParseError:
            root = None
    return status, output, root


def tally_of(status, root):
    """What a pytest run came to: one that fails without a failed test, or
    leaves no report, counts as one failure."""
    tally = Tally()
    for suite in root.iter("testsuite") if root is not None else ():
        n, bad, skipped = (
            int(suite.get("tests")),
            int(suite.get("failures")) + int(suite.get("errors")),
            int(suite.get("skipped")))
        tally.add(Tally(n - bad - skipped, bad, skipped))
    if (status or root is None) and not tally.failed:
        tally.failed = 1
    return tally


def pytest(args, folder):
    """A folder of pytest files: as many at a time as there are cores, the
    longest files first, as they take longest by and large."""
    files = sorted(glob.glob(os.path.join(TOP, "tests", folder, "**",
                                          "test_*.py"), recursive=True),
                   key=lambda path: (-os.path.getsize(path), path))
    tally, mixes = Tally(), ElementTree.Element("testsuites")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for status, output, root in pool.map(
                lambda path: pytest_files(args, [path]), files):
            tally.add(tally_of(status, root))
            if root is not None:
                mixes.append(root)
            if status or args.verbose:
                print(output[-20000:])
    table = matrix.format_table(matrix.rows(mixes))
    if table:
        print(table)
    return tally


def fuzz_one(folder, program, seconds):
    """Runs one target; returns (exit status, output)."""
    name = os.path.basename(program)
    with tempfile.TemporaryDirectory() as found:
        corpus = os.path.join(TOP, "tests", "fuzz", "corpus", name)
        folders = [found] + ([corpus] if os.path.isdir(corpus) else [])
        return run(
            [os.path.join(folder, program), "-max_total_time=%d" % seconds,
             "-rss_limit_mb=2048", "-timeout=20", "-print_final_stats=0",
             "-verbosity=0", "-artifact_prefix=%s/" % folder] + folders,
            seconds + 120, cwd=folder)


def fuzz(args):
    """Each libFuzzer target for a while, as many at a time as there are
    cores."""
    folder = os.path.join(TOP, "build-fuzz")
    status, output = make(folder, ["--enable-fuzzers", "CC=clang",
                                   "CFLAGS=-O1 -g"], ["fuzzers"])
    if status:
        print(output[-8000:])
        return Tally(failed=1)
    programs = sorted(make_variable(folder, "fuzz_programs"))
    others = [p for p in programs
              if os.path.basename(p) not in FUZZ_A_MINUTE]
    short = min(60, max(5, FUZZ_OTHERS_SECONDS // max(1, len(others))))
    tally = Tally()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(
            lambda program: fuzz_one(folder, program,
                                     short if program in others else 60),
            programs)
        for program, (status, output) in zip(programs, results):
            if status:
                print("--- %s\n%s" % (os.path.basename(program),
                                      output[-6000:]))
            tally.add(Tally(0, 1, 0) if status else Tally(1, 0, 0))
    return tally


SUITES = [
    ("layers", lambda args: pytest(args, "layers")),
    ("units", units),
    ("tsan", threads),
    ("property", lambda args: pytest(args, "property")),
    ("fuzz", fuzz),
    ("system", lambda args: pytest(args, "system")),
    ("interop", lambda args: pytest(args, "interop")),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("suites", nargs="*", metavar="SUITE",
                        help="one or more of: "
                             + " ".join(name for name, _ in SUITES))
    args = parser.parse_args()
    unknown = set(args.suites) - {name for name, _ in SUITES}
    if unknown:
        parser.error("unknown suite: " + " ".join(sorted(unknown)))
    total = Tally()
    for name, suite in SUITES:
        if args.suites and name not in args.suites:
            continue
        print("==> %s" % name, flush=True)
        start = time.monotonic()
        tally = suite(args)
        print("    %s: %s (%.0f s)" % (name, tally, time.monotonic() - start),
              flush=True)
        total.add(tally)
    print(total, flush=True)
    sys.exit(1 if total.failed or not total.passed else 0)


if __name__ == "__main__":
    main()
