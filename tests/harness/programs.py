# SPDX-License-Identifier: Apache-2.0
"""Where the programs are: ours in the build folder, Debian's unpacked in
another.  A Programs object says, program by program, which one to run."""

import os

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("WEFT_BUILD",
                                       os.path.join(TOP, "build")))
PEER = os.environ.get("WEFT_PEER",
                      os.path.expanduser("~/.cache/weft/peer"))

# Program: (folder in our build, path below Debian's root).
PLACES = {
    "ovsdb-server": ("ovsdb", "usr/sbin/ovsdb-server"),
    "ovsdb-tool": ("ovsdb", "usr/bin/ovsdb-tool"),
    "ovsdb-client": ("ovsdb", "usr/bin/ovsdb-client"),
    "ovs-vswitchd": ("vswitch", "usr/lib/openvswitch-switch/ovs-vswitchd"),
    "ovs-vsctl": ("vswitch", "usr/bin/ovs-vsctl"),
    "ovs-ofctl": ("vswitch", "usr/bin/ovs-ofctl"),
    "ovs-dpctl": ("vswitch", "usr/bin/ovs-dpctl"),
    "ovs-appctl": ("vswitch", "usr/bin/ovs-appctl"),
    "ovn-northd": ("northd", "usr/bin/ovn-northd"),
    "ovn-nbctl": ("northd", "usr/bin/ovn-nbctl"),
    "ovn-sbctl": ("northd", "usr/bin/ovn-sbctl"),
    "ovn-controller": ("controller", "usr/bin/ovn-controller"),
    "ovn-trace": ("controller", "usr/bin/ovn-trace"),
    "ovn-appctl": ("controller", "usr/bin/ovn-appctl"),
    "vtep-ctl": ("vtep", "usr/bin/vtep-ctl"),
}

# What runs a network, in a mix of ours and Debian's.
DAEMONS = ("ovsdb-server", "ovn-northd", "ovn-controller", "ovs-vswitchd")

# Database: (name in our lib/schema, path below Debian's root).
SCHEMAS = {
    "nb": ("ovn-nb.ovsschema", "usr/share/ovn/ovn-nb.ovsschema"),
    "sb": ("ovn-sb.ovsschema", "usr/share/ovn/ovn-sb.ovsschema"),
    "vswitch": ("vswitch.ovsschema",
                "usr/share/openvswitch/vswitch.ovsschema"),
    "vtep": ("vtep.ovsschema", "usr/share/openvswitch/vtep.ovsschema"),
}


def ours(name):
    """Path of our program 'name', whether it exists or not."""
    return os.path.join(BUILD, PLACES[name][0], name)


def peers(name):
    """Path of Debian's program 'name', whether it exists or not."""
    return os.path.join(PEER, PLACES[name][1])


def have_peer():
    return os.path.exists(peers("ovsdb-server"))


class Programs:
    """Chooses programs.  'choice' maps a name to "ours" or "debian";
    'default' stands for the names not in it."""

    def __init__(self, default="ours", **choice):
        self.default = default
        self.choice = {k.replace("_", "-"): v for k, v in choice.items()}

    @classmethod
    def mix(cls, names):
        """Debian's programs, but ours for 'names'."""
        return cls(default="debian", **{name: "ours" for name in names})

    def side(self, name):
        return self.choice.get(name, self.default)

    def path(self, name):
        """The program to run; skips the test if Debian's is not here."""
        if self.side(name) == "ours":
            return ours(name)
        if not os.path.exists(peers(name)):
            pytest.skip("Debian's %s is not here (./dev peer)" % name)
        return peers(name)

    def schema(self, db):
        ours_name, peer_name = SCHEMAS[db]
        if self.side("schema") == "ours":
            return os.path.join(BUILD, "lib/schema", ours_name)
        return os.path.join(PEER, peer_name)
