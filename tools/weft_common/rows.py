# SPDX-License-Identifier: Apache-2.0
"""Northbound rows that logical flows name as their reason."""

# Tables whose rows northd notes with a logical flow ("stage-hint").
HINT_TABLES = (
    "ACL", "DHCP_Options", "Forwarding_Group", "Logical_Switch_Port",
    "Logical_Router_Port", "Logical_Router_Policy", "Load_Balancer", "NAT",
    "Logical_Router_Static_Route", "QoS")


def hint_of(flow):
    """The first eight digits of the uuid of the row that a row of
    Logical_Flow names, or None.  northd, of any maker, notes it."""
    hint = flow["external_ids"].get("stage-hint")
    return hint.zfill(8) if hint else None


def rows_of_hints(nb, flows):
    """{flow's uuid: [northbound row...]} of rows of Logical_Flow that name
    one."""
    hints = {f["_uuid"]: hint_of(f) for f in flows if hint_of(f)}
    found = nb.find_by_prefix(HINT_TABLES, set(hints.values()))
    return {flow: found[hint] for flow, hint in hints.items()}
