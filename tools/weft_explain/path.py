# SPDX-License-Identifier: Apache-2.0
"""From the tree of a trace to the steps of a packet's way and its end.

A step is a dictionary: what ovn-trace says of a table, its 'actions', its
'causes', 'depth' (of packets that another packet gave rise to) and whether it
'matters': is more than a stage that lets everything through.  A verdict says
where one copy of the packet ended, and why."""

import re

# Why a packet ends in a stage, by a flow with that match.  The first row that
# fits counts.
REASONS = [
    (r"_acl_action", r"^1$", "no ACL lets it through, and default_acl_drop is "
     "set"),
    (r"_acl", r"", "an ACL drops it"),
    (r"ls_in_check_port_sec", r"vlan\.present",
     "it has a VLAN tag, which its input port does not take"),
    (r"ls_in_check_port_sec", r"eth\.src\[40\]",
     "its source is a multicast address"),
    (r"ls_in_(check|apply)_port_sec", r"",
     "port security of its input port does not allow its addresses"),
    (r"ls_out_(check|apply)_port_sec", r"",
     "port security of its output port does not allow its addresses"),
    (r"ls_in_l2_unknown", r"",
     "no port of the switch has its destination address"),
    (r"ls_in_l2_lkup", r"", "its destination is no address of the switch"),
    (r"lr_in_admission", r"vlan\.present|eth\.src\[40\]",
     "no router takes a packet with a VLAN tag or from a multicast address"),
    (r"lr_in_admission", r"",
     "it is not sent to the router port's MAC address"),
    (r"lr_in_ip_input", r"ip\.ttl", "its TTL ends here"),
    (r"lr_in_ip_input", r"", "the router takes no such packet for itself"),
    (r"lr_in_ip_routing", r"^1$", "the router has no route to its "
     "destination"),
    (r"lr_in_ip_routing", r"", "a route discards it"),
    (r"lr_in_policy", r"", "a routing policy drops it"),
    (r"lr_in_arp_resolve", r"",
     "the MAC address of the next hop is not known"),
    (r"lr_in_gw_redirect", r"", "the gateway port is not on this chassis"),
    (r"_lb|_nat|dnat", r"", "a load balancer or NAT drops it"),
    (r"", r"", "no flow lets it through"),
]
CONTINUES = ("table", "pipeline", "transform", "deliver")

# Actions that make another packet of a packet: what becomes of the first, why
# if its stage does not say, and what the other is.
OFFSPRING = {
    "arp": ("held", "the MAC address of the next hop is not known; the router "
            "asks for it", "its ARP request"),
    "nd_ns": ("held", "the MAC address of the next hop is not known; the "
              "router asks for it", "its neighbor solicitation"),
    "icmp4": ("answered", None, "the ICMP answer"),
    "icmp4_error": ("answered", None, "the ICMP answer"),
    "icmp6": ("answered", None, "the ICMP answer"),
    "icmp6_error": ("answered", None, "the ICMP answer"),
    "tcp_reset": ("answered", None, "the TCP reset"),
    "sctp_abort": ("answered", None, "the SCTP abort"),
    "reject": ("answered", None, "the refusal"),
    "nd_na": ("answered", "the switch or router answers for its target",
              "the neighbor advertisement"),
    "nd_na_router": ("answered", "the router answers for itself",
                     "the neighbor advertisement"),
}

# Stages that prepare later ones: what they do shows in these.
PREPARES = re.compile(r"_(pre_acl|pre_lb|pre_stateful|stateful|pre_hairpin|"
                      r"acl_hint|acl_action)$")


def reason_of(stage, match):
    """Why a packet ends that meets a flow with 'match', or with None no flow,
    in 'stage'."""
    return next(text for stages, matches, text in REASONS
                if re.search(stages, stage)
                and re.search(matches, match or ""))


def is_acl_decision(step):
    """Whether the step compares the packet with ACLs; a later stage acts on
    it."""
    return "_acl" in step["stage"] and not PREPARES.search(step["stage"])


def note_acls(steps, causes):
    """Notes the causes of each step.  A step that compares with ACLs has the
    one that its match is of, if it is of one; the step that acts on that, the
    same.  Both rest on all ACLs of the switch."""
    decided = []
    for step in steps:
        step["causes"] = causes.of(step["flow"])
        if is_acl_decision(step):
            step["causes"] = decided = [
                c for c in step["causes"]
                if c["match"] and c["match"] in (step["match"] or "")]
        elif "_acl_action" in step["stage"]:
            step["causes"] = decided


class Path:
    """The way of one packet, from the tree of its trace."""

    def __init__(self, tree):
        self.steps, self.verdicts = [], []
        self.port = None        # Of the pipeline that is being visited.
        self.visit(tree, 0, None, None)

    def visit(self, node, depth, step, packet):
        """'step' is the table that 'node' is in, 'packet' says which one it
        is if it is not the first."""
        kind = node["type"]
        if kind == "table":
            self.visit_table(node, depth, packet)
        elif kind in ("pipeline", "transform"):
            other = OFFSPRING.get(node["text"]) if kind == "transform" else None
            if other:
                packet = self.note_offspring(other, step, packet)
            self.note_port(node)
            if node["text"]:
                self.steps.append({"section": node["text"], "depth": depth,
                                   "is_new_packet": bool(other)})
            for sub in node["subs"]:
                self.visit(sub, depth + bool(other), step, packet)
        elif kind == "deliver":
            port = re.search(r'"(.*)"', node["text"])
            self.end("delivered", None, packet,
                     port=port.group(1) if port else node["text"])
        elif kind == "output" and "omitting" in node["text"]:
            self.end("dropped", step, packet,
                     reason="it would leave by the port that it came in by")

    def note_port(self, node):
        """'ingress(dp="sw0", inport="a")' and the like."""
        port = (re.search(r'outport="(.*?)"', node["text"])
                or re.search(r'inport="(.*?)"', node["text"]))
        if port:
            self.port = port.group(1)

    def visit_table(self, node, depth, packet):
        step = {k: node[k] for k in ("datapath", "pipeline", "stage", "table",
                                     "priority", "match", "flow", "source")}
        step["depth"], step["port"] = depth, self.port
        step["actions"] = [s["text"] for s in node["subs"]
                           if s["type"] in ("action", "comment", "output")]
        self.steps.append(step)
        for sub in node["subs"]:
            self.visit(sub, depth, step, packet)
        if not any(s["type"] in CONTINUES for s in node["subs"]):
            self.end("dropped", step, packet)

    def note_offspring(self, other, step, packet):
        """Ends the packet that gave rise to another; returns what that is."""
        verdict, reason, name = other
        if step and not step.get("is_end"):
            self.end(verdict, step, packet,
                     **({"reason": reason} if reason else {}))
        return name

    def end(self, verdict, step, packet, **more):
        said = {"verdict": verdict, **more}
        if step:
            step["is_end"] = True
            said["step"] = step
            said.setdefault("reason", reason_of(step["stage"], step["match"]))
        if packet:
            said["packet"] = packet
        self.verdicts.append(said)

    def flows(self):
        return [s["flow"] for s in self.steps if s.get("flow")]

    def add_causes(self, causes):
        """Notes the causes of each step and each verdict."""
        tables = [s for s in self.steps if "section" not in s]
        note_acls(tables, causes)
        for step in tables:
            step["matters"] = bool(step.get("is_end") or (
                step["causes"] and step["match"] != "1"
                and not PREPARES.search(step["stage"])))
        for v in self.verdicts:
            step = v.get("step")
            if step:
                v["causes"] = step["causes"]
                if "port_sec" in step["stage"] and step["port"]:
                    v["causes"] = causes.of_port_security(step["port"])
                v["where"] = "%s, %s" % (step["datapath"], step["stage"])


def explain(source, words, causes_class):
    """The Path of a packet given as ovn-trace takes it, and a problem that
    kept causes from being known, or None."""
    path = Path(source.trace(words))
    causes = causes_class(source, path.flows())
    path.add_causes(causes)
    return path, causes.problem
