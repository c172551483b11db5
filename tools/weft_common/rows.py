# SPDX-License-Identifier: Apache-2.0
"""Northbound rows that logical flows name as their reason."""

# Tables whose rows northd notes with a logical flow ("stage-hint").
HINT_TABLES = (
    "ACL", "DHCP_Options", "Forwarding_Group", "Logical_Switch_Port",
    "Logical_Router_Port", "Logical_Router_Policy", "Load_Balancer", "NAT",
    "Logical_Router_Static_Route", "QoS")


def rows_of_hints(nb, flows):
    """{flow's uuid: [northbound row...]} of rows of Logical_Flow that name
    one; northd, of any maker, notes the first word of its uuid."""
    hints = {f["_uuid"]: f["external_ids"].get("stage-hint", "").zfill(8)
             for f in flows if f["external_ids"].get("stage-hint")}
    found = nb.find_by_prefix(HINT_TABLES, set(hints.values()))
    return {flow: found[hint] for flow, hint in hints.items()}
