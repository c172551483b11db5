# SPDX-License-Identifier: Apache-2.0
"""The hidden flows of in-band control are those of Debian's switch."""

import pytest

from harness.in_band import FAR, NEAR, InBand
from harness.process import wait_until
from harness.programs import Programs


def test_same_hidden_flows(make_sandbox):
    """With controllers and managers near and far, as routes come and go."""
    nets = {side: InBand(make_sandbox(Programs(ovs_vswitchd=side)))
            for side in ("ours", "debian")}

    def for_each(act):
        for net in nets.values():
            act(net)

    def wait_same(what, n):
        """Until both have the same 'n' flows: Debian's looks every 10 s."""
        def are_same():
            flows = {side: net.flows() for side, net in nets.items()}
            return flows["ours"] == flows["debian"] and len(
                flows["ours"]) == n
        wait_until(are_same, what=what)

    wait_same("nothing", 0)
    for_each(lambda net: net.control(NEAR))
    for_each(InBand.wait_connected)
    wait_same("near", 9)
    for_each(lambda net: net.host.vsctl(
        "set-controller", "br0", "tcp:" + NEAR, "ssl:" + FAR, "tcp:[fd00::1]",
        "ptcp:6654", "punix:" + net.host.folder + "/c0", "--", "set", "bridge",
        "br0", "other_config:in-band-queue=77", "--", "set-manager",
        "tcp:10.7.7.7", "pssl:", "tcp:%s:6653" % NEAR))
    wait_same("more remotes", 17)
    for_each(lambda net: net.ip(net.host.ns, "route", "add", "10.9.0.0/16",
                                "via", "10.8.0.9"))
    for_each(lambda net: net.ip(net.host.ns, "neigh", "replace", "10.8.0.9",
                                "lladdr", "02:00:00:00:08:09", "dev", "br0"))
    wait_same("another next hop", 19)
    for_each(lambda net: net.host.vsctl("set", "bridge", "br0",
                                        "other_config:disable-in-band=true"))
    wait_same("nothing again", 0)
