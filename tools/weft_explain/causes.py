# SPDX-License-Identifier: Apache-2.0
"""Northbound rows behind logical flows, in words."""

from .source import ExplainError

# Rows that every flow of a datapath rests on: no reason by themselves.
EVERYWHERE = {"Logical_Switch", "Logical_Router", "NB_Global"}
MOST_ROWS = 4


def one(row, column, default=""):
    """The value of a column that may be empty."""
    v = row.get(column, default)
    if isinstance(v, list):
        return v[0] if v else default
    return v


def several(row, column):
    """The values of a column that may have one or more, as words."""
    v = row[column]
    return " ".join(sorted(v) if isinstance(v, list) else [v])


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
            origins = source.origins(flows)
        except ExplainError as e:
            self.problem = "northbound rows are not shown: %s" % e
            return
        near = {f: nearest(o) for f, o in origins.items()}
        rows = source.select(
            source.nb, "OVN_Northbound",
            {(o["table"], o["row"]) for os in near.values() for o in os})
        for flow, os in near.items():
            found = [dict(o, text=row_text(rows[o["row"]])) for o in os
                     if o["row"] in rows]
            self.by_flow[flow] = sorted(found, key=lambda o: o["text"])

    def of(self, flow):
        return self.by_flow.get(flow, [])
