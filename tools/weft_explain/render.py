# SPDX-License-Identifier: Apache-2.0
"""What a person reads."""

import re
import sys

from .causes import MOST_ROWS

CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "cyan": "36",
         "yellow": "33"}


class Paint:
    """Colours text, or does not."""

    def __init__(self, when):
        self.on = when == "always" or (when == "auto"
                                       and sys.stdout.isatty())

    def __call__(self, text, *styles):
        if not self.on or not styles:
            return text
        return "\033[%sm%s\033[0m" % (";".join(CODES[s] for s in styles),
                                      text)


def put_causes(causes, margin, paint):
    for cause in causes[:MOST_ROWS]:
        print("%s%s %s %s" % (margin, paint("because of", "dim"),
                              paint(cause["text"], "cyan"),
                              paint(cause["row"][:8], "dim")))
    if len(causes) > MOST_ROWS:
        print("%s%s" % (margin, paint("and of %d more rows" % (
            len(causes) - MOST_ROWS), "dim")))


# What flows note for later stages: nothing that a packet's reader misses.
NOTES = re.compile(r"(x*reg\d+|flags)\b.*=|next\b")


def put_step(step, show_all, paint):
    margin = "    " * step["depth"]
    if "section" in step:
        print("\n%s%s" % (margin, paint(step["section"], "bold")))
        return
    match = step["match"]
    print("%s  %-24s %s" % (
        margin, step["stage"],
        paint("no flow matches", "yellow") if match is None else
        "everything" if match == "1" else match))
    actions = [a for a in step["actions"]
               if show_all or not NOTES.match(a)]
    if actions:
        print("%s      %s" % (margin, paint(" ".join(actions), "dim")))
    put_causes(step["causes"], margin + "      ", paint)


COLORS = {"delivered": "green", "answered": "yellow", "held": "yellow",
          "dropped": "red"}


def put_verdict(v, paint):
    name = v["verdict"]
    begin = paint(name.upper(), "bold", COLORS[name])
    if "packet" in v:
        begin = "    %s: %s" % (v["packet"], paint(name, COLORS[name]))
    if name == "delivered":
        print("%s to %s" % (begin, paint(v["port"], "bold")))
        return
    where = v.get("where")
    print("%s %s: %s" % (begin, "in " + where if where else "", v["reason"]))
    put_causes(v.get("causes", []), "    " + "    " * ("packet" in v), paint)


def put_path(path, show_all, paint):
    hidden = 0
    for step in path.steps:
        if "section" in step or show_all or step["matters"]:
            put_step(step, show_all, paint)
        else:
            hidden += 1
    print()
    for v in path.verdicts:
        put_verdict(v, paint)
    if hidden:
        print(paint("stages that let everything through, or prepare others: "
                    "%d; --all shows them" % hidden, "dim"))


def put_host_path(way, show_all, paint):
    flow = way.flow
    print(paint(flow["key"], "bold"))
    if "packets" in flow:
        print("  %d packets, %d bytes so far; actions: %s" % (
            flow["packets"], flow["bytes"], flow["actions"]))
    if show_all:
        for step in way.steps:
            if step["matters"]:
                put_step(step, False, paint)
    if way.verdict["verdict"] == "forwarded":
        print(paint("FORWARDED", "bold", "green"))
    else:
        put_verdict(way.verdict, paint)
    print(flush=True)
