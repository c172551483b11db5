# SPDX-License-Identifier: Apache-2.0
"""Northbound rows behind logical flows, in words."""

from weft_common.query import one, several
from weft_common.rows import rows_of_hints

from .source import ExplainError

# Rows that every flow of a datapath rests on: no reason by themselves.
EVERYWHERE = {"Logical_Switch", "Logical_Router", "NB_Global"}
MOST_ROWS = 4


def text_acl(row):
    return "ACL %s%s %d '%s' %s" % (
        one(row, "name") and one(row, "name") + ": ", row["direction"],
        row["priority"], row["match"], row["action"])


def text_route(row):
    return "route %s via %s" % (row["ip_prefix"], row["nexthop"])


def text_policy(row):
    return "routing policy %d '%s' %s" % (row["priority"], row["match"],
                                          row["action"])


def text_nat(row):
    return "NAT %s %s for %s" % (row["type"], row["external_ip"],
                                 row["logical_ip"])


def text_load_balancer(row):
    return "load balancer %s %s" % (row["name"], " ".join(
        sorted(row["vips"])))


TEXTS = {
    "ACL": text_acl,
    "Logical_Router_Static_Route": text_route,
    "Logical_Router_Policy": text_policy,
    "NAT": text_nat,
    "Load_Balancer": text_load_balancer,
    "Logical_Switch_Port": lambda row: "switch port " + row["name"],
    "Logical_Router_Port": lambda row: "router port %s %s" % (
        row["name"], several(row, "networks")),
}


def row_text(row):
    """A northbound row in a few words."""
    make = TEXTS.get(row["_table"])
    if make:
        return make(row)
    name = one(row, "name")
    return "%s %s" % (row["_table"], name or row["_uuid"][:8])


def nearest(origins):
    """The rows that say why: of the northbound database, the nearest ones
    that not everything rests on."""
    rows = [o for o in origins if o["database"] == "OVN_Northbound"
            and o["table"] not in EVERYWHERE]
    if not rows:
        return []
    best = min(o["distance"] for o in rows)
    return [o for o in rows if o["distance"] == best and best <= 2]


class Causes:
    """Looks up the causes of logical flows, all at once."""

    def __init__(self, source, flows):
        """'flows': uuids of logical flows."""
        self.by_flow, self.problem = {}, None
        flows = set(flows)
        if not flows:
            return
        try:
            self.ask_northd(source, flows)
        except ExplainError as e:
            # Another maker's, or none that runs here.
            self.problem = ("ovn-northd does not tell its reasons (%s): only "
                            "northbound rows that logical flows name "
                            "themselves are shown" % e)
            self.read_hints(source, flows)

    def ask_northd(self, source, flows):
        near = {f: nearest(o) for f, o in source.origins(flows).items()}
        rows = source.nb.select({(o["table"], o["row"])
                                 for os in near.values() for o in os})
        for flow, os in near.items():
            self.note(flow, [rows[o["row"]] for o in os if o["row"] in rows])

    def read_hints(self, source, flows):
        rows = source.sb.select({("Logical_Flow", f) for f in flows})
        for flow, named in rows_of_hints(source.nb, rows.values()).items():
            self.note(flow, named)

    def note(self, flow, rows):
        self.by_flow[flow] = sorted(
            ({"table": row["_table"], "row": row["_uuid"],
              "text": row_text(row)} for row in rows),
            key=lambda cause: cause["text"])

    def of(self, flow):
        return self.by_flow.get(flow, [])
