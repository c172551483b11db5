# SPDX-License-Identifier: Apache-2.0
"""Where the programs and schemas are: in a build folder or installed.

A program that is not there is taken from $WEFT_PEER, a folder with Debian's
packages unpacked, if that is set."""

import os

from .error import WeftError

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD_FOLDERS = ("ovsdb", "vswitch", "northd", "controller")
PEER_FOLDERS = ("usr/bin", "usr/sbin", "usr/lib/openvswitch-switch")
SCHEMAS = {"nb": "ovn-nb", "sb": "ovn-sb", "vswitch": "vswitch"}


def in_source_tree():
    return os.path.basename(os.path.dirname(HERE)) == "tools"


def build_folder():
    top = os.path.dirname(os.path.dirname(HERE))
    return os.path.abspath(os.environ.get("WEFT_BUILD",
                                          os.path.join(top, "build")))


def own_folders():
    if in_source_tree() or "WEFT_BUILD" in os.environ:
        return [os.path.join(build_folder(), f) for f in BUILD_FOLDERS]
    prefix = os.path.normpath(os.path.join(HERE, "..", "..", ".."))
    return [os.path.join(prefix, f) for f in ("bin", "sbin")]


def schema_folders():
    if in_source_tree() or "WEFT_BUILD" in os.environ:
        return [os.path.join(build_folder(), "lib", "schema")]
    share = os.path.normpath(os.path.join(HERE, "..", ".."))
    return [os.path.join(share, f) for f in ("ovn", "openvswitch", "weft")]


def search(folders, name):
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    return None


def peer(name):
    """Debian's 'name', or None."""
    root = os.environ.get("WEFT_PEER")
    return root and search([os.path.join(root, f) for f in PEER_FOLDERS],
                           name)


def is_own(name):
    return search(own_folders(), name) is not None


def program(name):
    """Path of program 'name'."""
    path = search(own_folders(), name) or peer(name)
    if path is None:
        raise WeftError("%s: not in %s; build first (./dev build)"
                           % (name, ", ".join(own_folders())))
    return path


def schema(db):
    """Path of the schema of database 'db': nb, sb or vswitch."""
    path = search(schema_folders(), SCHEMAS[db] + ".ovsschema")
    if path is None:
        raise WeftError("%s.ovsschema: not in %s" % (
            SCHEMAS[db], ", ".join(schema_folders())))
    return path
