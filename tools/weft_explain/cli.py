# SPDX-License-Identifier: Apache-2.0
"""The command line of weft explain."""

import argparse
import json
import sys
import time

from . import host, path, render
from .causes import Causes
from .source import ExplainError, Source

USAGE = """\
weft explain [OPTIONS] [DATAPATH] MICROFLOW
       weft explain [OPTIONS] --flow UFID|FLOW
       weft explain [OPTIONS] --drops"""
DESCRIPTION = """\
Says which way a packet takes through logical switches and routers, where it
ends, and at each step which logical flow and which northbound rows are the
reason.  MICROFLOW is as ovn-trace takes it, for example
  inport == "vm1" && eth.src == 02:00:00:00:00:01 &&
  eth.dst == 02:00:00:00:ff:00 && ip4.src == 10.0.0.11 &&
  ip4.dst == 10.0.1.12 && ip.ttl == 64 && tcp.dst == 80
With --flow, the packets of a flow of this host's datapath; with --drops,
every flow of it whose packets end here, as they come."""

# More than a packet meets on its way.
CT_LOOKUPS = 16


def make_parser():
    parser = argparse.ArgumentParser(
        prog="weft explain", usage=USAGE, description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packet", nargs="*", help=argparse.SUPPRESS)
    what = parser.add_argument_group("what to explain")
    what.add_argument("--flow", metavar="UFID|FLOW",
                      help="a datapath flow by the begin of its ufid, or as "
                      "'ovs-appctl dpctl/dump-flows' prints it")
    what.add_argument("--drops", action="store_true",
                      help="watch the host for packets that are dropped")
    what.add_argument("--for", dest="seconds", type=float, metavar="SECONDS",
                      help="end --drops after SECONDS (default: never)")
    what.add_argument("--ct", action="append", default=[], metavar="FLAGS",
                      help="connection state, as ovn-trace takes it, for one "
                      "lookup after another (default: new, the first packet of "
                      "a connection)")
    what.add_argument("--lb-dst", metavar="IP[:PORT]",
                      help="load balancer's choice, as ovn-trace takes it")
    form = parser.add_argument_group("output")
    form.add_argument("--all", action="store_true",
                      help="also the stages that let everything through")
    form.add_argument("--json", action="store_true",
                      help="a line of JSON for each packet or flow")
    form.add_argument("--color", choices=("auto", "always", "never"),
                      default="auto", help="default: auto")
    where = parser.add_argument_group("where to ask")
    where.add_argument("--nb", metavar="REMOTE", help="northbound database")
    where.add_argument("--sb", metavar="REMOTE", help="southbound database")
    where.add_argument("--northd", metavar="SOCKET",
                       help="control socket of ovn-northd")
    where.add_argument("--switch", metavar="SOCKET",
                       help="control socket of ovs-vswitchd")
    return parser


def note_problem(problem):
    if problem:
        print("weft: " + problem, file=sys.stderr)


def explain_packet(source, o, paint):
    words = ["--ct=" + flags for flags in o.ct or ["new"] * CT_LOOKUPS]
    if o.lb_dst:
        words.append("--lb-dst=" + o.lb_dst)
    way, problem = path.explain(source, words + o.packet, Causes)
    note_problem(problem)
    if o.json:
        print(json.dumps({"steps": way.steps, "verdicts": way.verdicts}))
    else:
        render.put_path(way, o.all, paint)


def explain_flow(source, o, paint, book, flow):
    way = host.HostPath(source, book, flow)
    causes = Causes(source, way.flows())
    way.add_causes(causes)
    note_problem(causes.problem)
    if o.json:
        print(json.dumps({"flow": flow, "steps": way.steps,
                          "verdict": way.verdict}), flush=True)
    else:
        render.put_host_path(way, o.all or not o.drops, paint)


def watch_drops(source, o, paint):
    """Explains each flow that drops once, when packets have met it since the
    watch began."""
    book, seen, told = host.CookieBook(source), None, set()
    end = time.monotonic() + o.seconds if o.seconds else None
    while True:
        now = {f["ufid"]: f for f in host.datapath_flows(source)
               if host.ends(f["actions"])}
        for ufid, flow in now.items():
            if (seen is not None and ufid not in told
                    and flow["packets"] > seen.get(ufid, 0)):
                told.add(ufid)
                try:
                    explain_flow(source, o, paint, book, flow)
                except ExplainError as e:
                    note_problem("%s: %s" % (flow["key"], e))
        told &= now.keys()
        seen = {u: f["packets"] for u, f in now.items()}
        if end and time.monotonic() >= end:
            return
        time.sleep(0.5)


def main(words):
    parser = make_parser()
    o = parser.parse_args(words)
    if bool(o.packet) + bool(o.flow) + o.drops != 1 or len(o.packet) > 2:
        parser.error("a packet, --flow or --drops, one of them")
    source = Source(o.nb, o.sb, o.northd, o.switch)
    paint = render.Paint(o.color)
    if o.drops:
        watch_drops(source, o, paint)
    elif o.flow:
        explain_flow(source, o, paint, host.CookieBook(source),
                     host.find_flow(source, o.flow))
    else:
        explain_packet(source, o, paint)


__all__ = ["main", "ExplainError"]
