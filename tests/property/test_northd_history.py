# SPDX-License-Identifier: Apache-2.0
"""Random histories of the northbound database, with crashes: after each step
what northd holds is what it would compute from nothing (incr/verify), and in
the end the southbound database is what a new northd writes into an empty
one."""

import json
import os
import random
import re

import pytest

from harness.process import run, wait_until
from harness.programs import Programs, ours
from harness.sandbox import Database

SEEDS = range(1, 1 + int(os.environ.get("WEFT_HISTORIES", "2")))
N_STEPS = int(os.environ.get("WEFT_STEPS", "80"))

pytestmark = pytest.mark.skipif(
    not os.path.exists(ours("ovn-northd")), reason="needs our ovn-northd")


class History:
    """Names that may or may not be there, and steps that change them."""

    def __init__(self, rng):
        self.rng = rng
        self.steps = [getattr(self, name) for name in sorted(dir(self))
                      if name.startswith("step_")]

    def pick(self, *choices):
        return self.rng.choice(choices)

    def n(self, most):
        return self.rng.randrange(most)

    def switch(self):
        return "s%d" % self.n(3)

    def router(self):
        return "r%d" % self.n(2)

    def port(self):
        return "p%d" % self.n(8)

    def step(self):
        return [str(word) for word in self.rng.choice(self.steps)()]

    def step_switch(self):
        return self.pick(["--may-exist", "ls-add", self.switch()],
                         ["--may-exist", "ls-add", self.switch()],
                         ["--if-exists", "ls-del", self.switch()])

    def step_port(self):
        port = self.port()
        return self.pick(
            ["--may-exist", "lsp-add", self.switch(), port],
            ["--may-exist", "lsp-add", self.switch(), port],
            ["--if-exists", "lsp-del", port],
            ["lsp-set-addresses", port, "02:00:00:00:00:0%d 10.0.%d.%d"
             % (self.n(8), self.n(3), 10 + self.n(8))],
            ["lsp-set-addresses", port, "unknown"],
            ["lsp-set-addresses", port, "dynamic"],
            ["lsp-set-port-security", port, "02:00:00:00:00:01"],
            ["lsp-set-enabled", port, self.pick("enabled", "disabled")],
            ["lsp-set-type", port, self.pick("", "localnet", "localport",
                                             "virtual", "external")])

    def step_nested(self):
        return ["--may-exist", "lsp-add", self.switch(), "c%d" % self.n(3),
                "p0", self.n(3)]

    def step_key(self):
        return ["set", "Logical_Switch_Port", self.port(),
                "options:requested-tnl-key=%d" % (1 + self.n(4))]

    def step_subnet(self):
        return self.pick(
            ["set", "Logical_Switch", self.switch(),
             "other_config:subnet=10.0.%d.0/24" % self.n(3)],
            ["remove", "Logical_Switch", self.switch(), "other_config",
             "subnet"])

    def step_router(self):
        router = self.router()
        return self.pick(["--may-exist", "lr-add", router],
                         ["--may-exist", "lr-add", router],
                         ["--if-exists", "lr-del", router],
                         ["set", "Logical_Router", router,
                          "options:chassis=ch1"],
                         ["remove", "Logical_Router", router, "options",
                          "chassis"])

    def step_connect(self):
        router, switch = self.router(), self.switch()
        lrp, lsp = router + "-" + switch, switch + "-" + router
        return self.pick(
            ["lrp-add", router, lrp, "02:00:00:00:ff:0%s" % switch[1],
             "10.0.%s.1/24" % switch[1], "--", "lsp-add", switch, lsp, "--",
             "lsp-set-type", lsp, "router", "--", "lsp-set-addresses", lsp,
             "router", "--", "lsp-set-options", lsp, "router-port=" + lrp],
            ["--if-exists", "lrp-del", lrp],
            ["--if-exists", "lsp-del", lsp],
            ["lrp-set-gateway-chassis", lrp, "ch%d" % self.n(2), self.n(9)])

    def step_route(self):
        return self.pick(
            ["--may-exist", "lr-route-add", self.router(),
             "192.168.%d.0/24" % self.n(3), "10.0.0.%d" % (10 + self.n(4))],
            ["--ecmp", "lr-route-add", self.router(),
             "192.168.%d.0/24" % self.n(3), "10.0.0.%d" % (10 + self.n(4))],
            ["--if-exists", "lr-route-del", self.router()])

    def step_nat(self):
        return self.pick(
            ["--may-exist", "lr-nat-add", self.router(), "snat",
             "10.0.2.%d" % (100 + self.n(2)), "10.0.0.0/24"],
            ["--may-exist", "lr-nat-add", self.router(), "dnat_and_snat",
             "10.0.2.%d" % (110 + self.n(2)), "10.0.0.10"],
            ["lr-nat-del", self.router()])

    def step_policy(self):
        return self.pick(
            ["--may-exist", "lr-policy-add", self.router(), 100 + self.n(3),
             "ip4.src == 10.0.0.0/24", self.pick("allow", "drop")],
            ["lr-policy-del", self.router()])

    def step_acl(self):
        return self.pick(
            ["--may-exist", "acl-add", self.switch(),
             self.pick("from-lport", "to-lport"), 100 + self.n(5),
             self.pick("ip4", "tcp.dst == 80", "arp"),
             self.pick("allow", "allow-related", "drop", "reject")],
            ["acl-del", self.switch()])

    def step_port_group(self):
        return self.pick(
            ["pg-add", "pg0", self.port()], ["pg-del", "pg0"],
            ["pg-set-ports", "pg0", self.port(), self.port()],
            ["--may-exist", "acl-add", "pg0", "to-lport", 200 + self.n(3),
             "outport == @pg0 && ip4.src == $pg0_ip4", "allow-related"])

    def step_lb(self):
        lb = "lb%d" % self.n(2)
        return self.pick(
            ["--may-exist", "lb-add", lb, "10.0.0.%d:80" % (200 + self.n(4)),
             self.pick("10.0.0.10:80", "10.0.0.10:80,10.0.0.11:80", "")],
            ["--may-exist", "ls-lb-add", self.switch(), lb],
            ["--may-exist", "lr-lb-add", self.router(), lb],
            ["ls-lb-del", self.switch(), lb],
            ["--if-exists", "lb-del", lb])

    def step_dhcp(self):
        return ["--id=@d", "create", "DHCP_Options", "cidr=10.0.0.0/24",
                'options={server_id="10.0.0.1",server_mac='
                '"02:00:00:00:ff:00",lease_time="3600"}', "--", "set",
                "Logical_Switch_Port", self.port(), "dhcpv4_options=@d"]

    def step_global(self):
        return ["set", "NB_Global", ".", "options:%s=%s" % (
            self.pick("ignore_lsp_down", "default_acl_drop",
                      "use_ct_inv_match", "controller_event"),
            self.pick("true", "false"))]


def crash(sandbox, rng, change):
    """Kills a daemon at whatever it is doing, makes changes that it misses, as
    far as it is not the one that is told, and starts it again."""
    what = rng.choice(("northd", "nb", "sb"))
    daemon = sandbox.northd if what == "northd" \
        else getattr(sandbox, what).process
    daemon.kill()
    if what != "nb":
        for _ in range(rng.randint(0, 6)):
            change()
    if what == "northd":
        sandbox.start_northd()
    else:
        database = getattr(sandbox, what)
        os.unlink(database.socket)
        database.start()


def ask(sandbox, *words):
    return run([sandbox.programs.path("ovs-appctl"), "-t",
                os.path.join(sandbox.folder, "northd.ctl"), *words])


# Rows of these are compared, without what was given out or refers.
COLUMNS = {
    "Logical_Flow": "pipeline,table_id,priority,match,actions",
    "Port_Binding": "logical_port,type,mac,options,nat_addresses,"
                    "parent_port",
    "Datapath_Binding": "external_ids,type",
    "Port_Group": "ports",
    "Address_Set": "name,addresses",
    "Load_Balancer": "name,vips",
    "HA_Chassis_Group": "name",
    "HA_Chassis": "priority,external_ids",
    "Multicast_Group": "name,tunnel_key",
    "DHCP_Options": "name,code,type",
}

# Numbers that the order of events decides.
GIVEN = re.compile(r"reg7 == \d+|reg7 = \d+|reg8\[0\.\.15\] == \d+"
                   r"|reg8\[0\.\.15\] = \d+")


def southbound(sandbox):
    tables = {}
    for table, columns in COLUMNS.items():
        text = sandbox.sbctl("--format=json", "--columns=" + columns, "list",
                             table)
        tables[table] = sorted(GIVEN.sub("N", json.dumps(row))
                               for row in json.loads(text)["data"])
    return tables


def start_from_scratch(sandbox):
    sandbox.northd.stop()
    sandbox.sb.process.stop()
    os.unlink(sandbox.sb.path)
    sandbox.sb = Database(sandbox, "sb", "sb", sandbox.folder)
    sandbox.start_northd()


@pytest.mark.parametrize("seed", SEEDS)
def test_any_history_ends_as_from_scratch(make_sandbox, seed):
    rng = random.Random(seed)
    history = History(rng)
    sandbox = make_sandbox(Programs())
    sandbox.start_central()
    done = []

    def change():
        words = history.step()
        # Some are refused, as for a name that is not there.
        if sandbox.nbctl(*words, check=False).returncode == 0:
            done.append(" ".join(words))

    for _ in range(N_STEPS):
        change()
        if rng.random() < .1:
            done.append("(crash)")
            crash(sandbox, rng, change)
        if rng.random() < .5:
            sandbox.nbctl("--wait=sb", "sync")
            assert ask(sandbox, "incr/verify") == "", "\n".join(done)
    assert len(done) > N_STEPS / 4
    sandbox.nbctl("--wait=sb", "sync")
    # What northd writes back comes after what it was told.
    wait_until(lambda: ask(sandbox, "incr/verify") == "")
    # Dynamic addresses and tags are in the northbound database.
    before = southbound(sandbox)
    start_from_scratch(sandbox)
    sandbox.nbctl("--wait=sb", "sync")
    after = southbound(sandbox)
    for table in COLUMNS:
        assert before[table] == after[table], (table, "\n".join(done))
