#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs benchmarks of our daemons and of Debian's by turns (ours, Debian's,
ours, ...), and writes the medians and their ratios as Markdown and JSON."""

import argparse
import importlib
import os
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests"))

# Benchmark: the sizes it is run with (ports or rows; None: it has no size).
BENCHMARKS = {
    "ovsdb": [100000],
    "replica": [100000],
    "datapath": [None],
    "openflow": [None],
    "classifier": [None],
    "conntrack": [None],
    "tunnel": [None],
    "northd": [1000, 5000],
    "controller": [1000, 5000],
    "language": [5000],
    "nbctl": [1000],
    "sandbox": [None],
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="folder with our programs")
    parser.add_argument("--peer", help="folder with Debian's programs")
    parser.add_argument("--output", default=".",
                        help="where bench.md and bench.json go")
    parser.add_argument("--rounds", type=int, default=1,
                        help="runs of Debian's (ours: one more)")
    parser.add_argument("--size", type=int, action="append",
                        help="ports or rows, instead of the usual sizes")
    parser.add_argument("--readme", action="store_true",
                        help="make the README's table of this run, which "
                        "should be of all benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="of: " + " ".join(BENCHMARKS))
    args = parser.parse_args()
    unknown = set(args.names) - set(BENCHMARKS)
    if unknown:
        parser.error("no such benchmark: " + " ".join(sorted(unknown)))
    if args.rounds < 1:
        parser.error("--rounds must be at least 1")
    return args


def by_turns(module, size, rounds):
    """{side: [figures of each run]}"""
    runs = {"ours": [], "debian": []}
    for side in ["ours"] + ["debian", "ours"] * rounds:
        with tempfile.TemporaryDirectory(prefix="weft-bench-") as folder:
            runs[side].append(module.measure(side, folder, size))
    return runs


def main():
    args = arguments()
    if args.build:
        os.environ["WEFT_BUILD"] = args.build
    if args.peer:
        os.environ["WEFT_PEER"] = args.peer
    # Imported only now: what they import reads the environment.
    from bench.common import Table
    from harness.programs import PEER, have_peer
    if not have_peer():
        sys.exit("Debian's programs are not in %s (./dev peer)" % PEER)
    table = Table()
    for name in args.names or BENCHMARKS:
        module = importlib.import_module("bench." + name)
        sizes = BENCHMARKS[name]
        if args.size and sizes != [None]:
            sizes = args.size
        for size in sizes:
            label = name if size is None else "%s %d" % (name, size)
            print("measuring %s" % label, file=sys.stderr, flush=True)
            table.add(label, by_turns(module, size, args.rounds))
            table.write(args.output)
    if args.readme:
        table.write_readme(os.path.join(TOP, "README.md"))
    print(table.markdown(), end="")


if __name__ == "__main__":
    main()
