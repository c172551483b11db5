# SPDX-License-Identifier: Apache-2.0
"""Northbound rows behind logical flows, in words."""

from weft_common.query import one, several
from weft_common.rows import hint_of, rows_of_hints

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


def cause_of(row):
    return {"table": row["_table"], "row": row["_uuid"],
            "match": row.get("match"), "text": row_text(row)}


class Causes:
    """Looks up the causes of logical flows, all at once."""

    def __init__(self, source, flows):
        """'flows': uuids of logical flows."""
        self.by_flow, self.problem = {}, None
        self.source = source
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
        origins = source.origins(flows)
        hints = {f["_uuid"]: hint_of(f) for f in source.sb.select(
            {("Logical_Flow", f) for f in flows}).values()}
        # The row that a flow names, before those that are as near.
        near = {f: [o for o in rows if hints.get(f)
                    and o["row"].startswith(hints[f])] or nearest(rows)
                for f, rows in origins.items()}
        rows = source.nb.select({(o["table"], o["row"])
                                 for os in near.values() for o in os})
        for flow, os in near.items():
            self.note(flow, [rows[o["row"]] for o in os if o["row"] in rows])

    def read_hints(self, source, flows):
        rows = source.sb.select({("Logical_Flow", f) for f in flows})
        for flow, named in rows_of_hints(source.nb, rows.values()).items():
            self.note(flow, named)

    def note(self, flow, rows):
        self.by_flow[flow] = sorted(map(cause_of, rows),
                                    key=lambda cause: cause["text"])

    def of(self, flow):
        return self.by_flow.get(flow, [])

    def of_port_security(self, name):
        """The switch port of that name, as the only cause."""
        row = self.source.nb.find_by_name("Logical_Switch_Port", name)
        if not row:
            return []
        return [dict(cause_of(row), text="switch port %s, port security: %s"
                     % (name, several(row, "port_security") or "none"))]
