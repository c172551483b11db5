# SPDX-License-Identifier: Apache-2.0
"""What is asked of the programs and databases, by their own tools."""

import glob
import json
import os

from weft_common import programs
from weft_common.error import WeftError as ExplainError
from weft_common.query import (Database, nb_remote, output_of, run_folder,
                               sb_remote)


def control_socket(folder, daemon):
    """The control socket of 'daemon', by its pidfile; None if there is no
    such daemon."""
    try:
        with open(os.path.join(folder, daemon + ".pid")) as f:
            path = os.path.join(folder, "%s.%s.ctl" % (daemon,
                                                       f.read().strip()))
    except OSError:
        found = glob.glob(os.path.join(folder, daemon + "*.ctl"))
        path = found[0] if len(found) == 1 else ""
    return path if os.path.exists(path) else None


class Source:
    """The databases by remote, the daemons by control socket; each may be
    None for where it usually is."""

    def __init__(self, nb=None, sb=None, northd=None, switch=None):
        self.nb = Database(nb or nb_remote(), "OVN_Northbound")
        self.sb = Database(sb or sb_remote(), "OVN_Southbound")
        self.northd = northd or control_socket(run_folder("OVN"),
                                               "ovn-northd")
        self.switch = switch or control_socket(run_folder("OVS"),
                                               "ovs-vswitchd")

    def trace(self, words):
        """The tree that ovn-trace makes of a packet."""
        text = output_of([programs.program("ovn-trace"),
                          "--db=" + self.sb.remote, "--json"] + words,
                         "ovn-trace")
        if not text.startswith("{"):
            # A packet that it cannot read is answered, not refused.
            raise ExplainError("ovn-trace: " + text.strip())
        return json.loads(text)

    def origins(self, flows):
        """{flow's uuid: [{database, table, row, columns, distance}...]}, as
        northd tells; raises if it cannot be asked."""
        if not self.northd:
            raise ExplainError("no ovn-northd in %s; name its control socket "
                               "with --northd" % run_folder("OVN"))
        text = output_of([programs.program("ovs-appctl"), "-t", self.northd,
                          "incr/origins"] + sorted(flows), "ovn-northd")
        return {f["flow"]: f["rows"] for f in json.loads(text)}

    def switch_command(self, *words):
        if not self.switch:
            raise ExplainError("no ovs-vswitchd in %s; name its control "
                               "socket with --switch" % run_folder("OVS"))
        return output_of([programs.program("ovs-appctl"), "-t", self.switch]
                         + list(words), "ovs-vswitchd")
