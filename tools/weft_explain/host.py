# SPDX-License-Identifier: Apache-2.0
"""From a host's datapath flows back to logical flows.

ofproto/trace tells the OpenFlow flows that a datapath flow's packets meet;
the cookie of each is the first half of a word of the uuid of the logical flow
(or other southbound row) that it was made for."""

import re

from .path import PREPARES, note_acls, reason_of
from .source import ExplainError

FLOW = re.compile(r"(?:ufid:([0-9a-f-]+), *)?(.*?), packets:(\d+), "
                  r"bytes:(\d+).*?, actions:(.*?)(?:, dp-extra-info:.*)?$")
RULE = re.compile(r"^ *(\d+)\. .*cookie 0x([0-9a-f]+)")


def datapath_flows(source):
    """The datapath's flows: dictionaries."""
    flows = []
    for line in source.switch_command("dpctl/dump-flows", "-m",
                                      "--no-names").splitlines():
        found = FLOW.search(line)
        if found:
            ufid, key, packets, n_bytes, actions = found.groups()
            flows.append({"ufid": ufid or key, "key": key,
                          "packets": int(packets), "bytes": int(n_bytes),
                          "actions": actions})
    return flows


def find_flow(source, wanted):
    """The flow whose ufid begins with 'wanted'; or 'wanted' as a flow's
    text itself."""
    if "(" in wanted:
        return {"ufid": None, "key": wanted, "actions": None}
    found = [f for f in datapath_flows(source)
             if f["ufid"].startswith(wanted)]
    if len(found) != 1:
        raise ExplainError("%s: %s datapath flow has that ufid" % (
            wanted, "more than one" if found else "no"))
    return found[0]


def ends(actions):
    """Whether packets with these datapath actions go nowhere: no output and
    no other lookup, at any depth."""
    return not re.search(r"(?:^|[(,])(?:\d+|[a-z_-]*output|tnl_push|recirc|"
                         r"check_pkt_len)(?:[(),]|$)",
                         re.sub(r"(?:set|userspace|ct|sample)\("
                                r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)",
                                "", actions))


class CookieBook:
    """Logical flows by cookie.  Reads uuids once, rows when asked for."""

    def __init__(self, source):
        self.source = source
        self.uuids = {}         # First 8 digits -> uuids.
        self.rows = {}

    def look_up(self, cookies):
        """Southbound Logical_Flow rows for these cookies, by cookie."""
        if any(c not in self.uuids for c in cookies):
            self.uuids = {}
            for uuid in self.source.sb.select([("Logical_Flow", None)],
                                              ["_uuid"]):
                self.uuids.setdefault(uuid[:8], []).append(uuid)
        wanted = [u for c in cookies for u in self.uuids.get(c, [])]
        missing = [u for u in wanted if u not in self.rows]
        self.rows.update(self.source.sb.select(
            [("Logical_Flow", u) for u in missing]))
        return {c: [self.rows[u] for u in self.uuids.get(c, [])
                    if u in self.rows] for c in cookies}


class HostPath:
    """The way of the packets of one datapath flow, as steps like those of
    path.Path."""

    def __init__(self, source, book, flow):
        self.flow = flow
        self.text = source.switch_command("ofproto/trace", flow["key"])
        self.steps = []
        rules = [m.groups() for m in map(RULE.match, self.text.splitlines())
                 if m]
        rows = book.look_up({"%08x" % int(c, 16) for _, c in rules})
        for table, cookie in rules:
            for row in rows["%08x" % int(cookie, 16)][:1]:
                ids = row["external_ids"]
                self.steps.append({
                    "stage": ids.get("stage-name", ""), "depth": 0,
                    "table": row["table_id"], "openflow_table": int(table),
                    "pipeline": row["pipeline"], "match": row["match"],
                    "priority": row["priority"], "flow": row["_uuid"],
                    "source": ids.get("source"),
                    "actions": [row["actions"]]})
        found = re.findall(r"^Datapath actions: (.*)$", self.text, re.M)
        self.is_dropped = bool(found) and all(map(ends, found))

    def flows(self):
        return [s["flow"] for s in self.steps]

    def add_causes(self, causes):
        note_acls(self.steps, causes)
        for step in self.steps:
            step["matters"] = bool(step["causes"] and step["match"] != "1"
                                   and not PREPARES.search(step["stage"]))
        self.verdict = {"verdict": "dropped" if self.is_dropped
                        else "forwarded"}
        if self.is_dropped and self.steps:
            last = self.steps[-1]
            last["matters"] = last["is_end"] = True
            self.verdict.update(where=last["stage"],
                                reason=reason_of(last["stage"],
                                                 last["match"]),
                                causes=last["causes"])
        elif self.is_dropped:
            self.verdict.update(reason="no logical flow lets it through",
                                causes=[])
