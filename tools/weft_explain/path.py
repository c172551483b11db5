# SPDX-License-Identifier: Apache-2.0
"""From the tree of a trace to the steps of a packet's way and its end.

A step is a dictionary: what ovn-trace says of a table, its 'actions', its
'causes', 'depth' (of packets that another packet gave rise to) and whether it
'matters': is more than a stage that lets everything through.  A verdict says
where one copy of the packet ended, and why."""

import re

# Why a packet ends in a stage.  First match counts.
REASONS = [
    (r"_acl_", "an ACL drops it"),
    (r"ls_in_(check|apply)_port_sec",
     "port security of its input port does not allow its addresses"),
    (r"ls_out_(check|apply)_port_sec",
     "port security of its output port does not allow its addresses"),
    (r"ls_in_l2_unknown", "no port of the switch has its destination address"),
    (r"ls_in_l2_lkup", "its destination is no address of the switch"),
    (r"lr_in_admission", "it is not sent to the router port's MAC address"),
    (r"lr_in_ip_input", "the router takes no such packet for itself"),
    (r"lr_in_ip_routing", "the router has no route to its destination, or one "
     "that discards"),
    (r"lr_in_policy", "a routing policy drops it"),
    (r"lr_in_arp_resolve", "the MAC address of the next hop is not known"),
    (r"lr_in_gw_redirect", "the gateway port is not on this chassis"),
    (r"_lb|_nat|dnat", "a load balancer or NAT drops it"),
    (r"", "no flow lets it through"),
]
CONTINUES = ("table", "pipeline", "transform", "deliver")


def reason_of(stage):
    return next(text for pattern, text in REASONS if re.search(pattern, stage))


def is_loop(node):
    """Whether a packet would leave by the port that it came in by."""
    return node["type"] == "output" and "omitting" in node["text"]


class Path:
    """The way of one packet, from the tree of its trace."""

    def __init__(self, tree):
        self.steps, self.verdicts = [], []
        self.visit(tree, 0, None)

    def visit(self, node, depth, step):
        kind = node["type"]
        if kind == "table":
            self.visit_table(node, depth)
        elif kind in ("pipeline", "transform"):
            if node["text"]:
                self.steps.append({"section": node["text"], "depth": depth,
                                   "is_new_packet": kind == "transform"})
            for sub in node["subs"]:
                self.visit(sub, depth + (kind == "transform"), step)
        elif kind == "deliver":
            port = re.search(r'"(.*)"', node["text"])
            self.verdicts.append({
                "verdict": "delivered",
                "port": port.group(1) if port else node["text"]})
        elif is_loop(node):
            self.verdicts.append({
                "verdict": "dropped", "step": step,
                "reason": "it would leave by the port that it came in by"})

    def visit_table(self, node, depth):
        step = {k: node[k] for k in ("datapath", "pipeline", "stage", "table",
                                     "priority", "match", "flow", "source")}
        step["depth"] = depth
        step["actions"] = [s["text"] for s in node["subs"]
                           if s["type"] in ("action", "comment", "output",
                                            "error")]
        self.steps.append(step)
        for sub in node["subs"]:
            self.visit(sub, depth, step)
        if not any(s["type"] in CONTINUES or is_loop(s)
                   for s in node["subs"]):
            step["is_end"] = True
            self.verdicts.append({"verdict": "dropped", "step": step,
                                  "reason": reason_of(step["stage"])})

    def flows(self):
        return [s["flow"] for s in self.steps if s.get("flow")]

    def add_causes(self, causes):
        """Notes the causes of each step, and what of these decided."""
        acl, decided = None, {}
        for step in self.steps:
            if "section" in step:
                continue
            step["causes"] = causes.of(step["flow"])
            step["matters"] = bool(step.get("is_end") or (
                step["causes"] and step["match"] != "1"))
            if any(c["table"] == "ACL" for c in step["causes"]):
                acl = step
            if step.get("is_end") and "_acl_" in step["stage"]:
                # What matched sets a bit; a later stage acts on it.
                decided[id(step)] = acl or step
        for v in self.verdicts:
            step = v.get("step")
            if step:
                v["causes"] = decided.get(id(step), step)["causes"]
                v["where"] = "%s, %s" % (step["datapath"], step["stage"])


def explain(source, words, causes_class):
    """The Path of a packet given as ovn-trace takes it, and a problem that
    kept causes from being known, or None."""
    path = Path(source.trace(words))
    causes = causes_class(source, path.flows())
    path.add_causes(causes)
    return path, causes.problem
