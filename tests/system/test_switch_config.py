# SPDX-License-Identifier: Apache-2.0
"""What the database says of the whole switch, and what rules make by
themselves, on a switch with real packets."""

import os
import re

import pytest

from harness.netns import ping, within
from harness.process import run, wait_until
from harness.sandbox import Sandbox
from harness.switch import Switch


@pytest.fixture
def switch():
    with Sandbox() as sandbox:
        yield Switch(sandbox)


def configure(switch, **keys):
    switch.host.vsctl("set", "open_vswitch", ".",
                      *("other_config:%s=%s" % (key.replace("_", "-"), value)
                        for key, value in keys.items()))


def threads(switch):
    """How many threads the daemon has."""
    return len(os.listdir("/proc/%d/task" % switch.host.vswitchd.pid))


def test_flow_limit_and_idle_time(switch):
    """flow-limit bounds the megaflows from the moment it is set; a megaflow
    that is idle for max-idle goes."""
    va, _ = switch.vm("a"), switch.vm("b")
    switch.flows("actions=NORMAL")
    configure(switch, max_idle=500, flow_limit=4321)
    wait_until(lambda: "(limit 4321)" in switch.host.appctl("upcall/show"))
    assert ping(va, "10.7.0.2") == 3
    wait_until(lambda: "0x0800" not in
               switch.host.appctl("dpctl/dump-flows"))
    configure(switch, max_idle=600000)
    assert ping(va, "10.7.0.2") == 3
    switch.host.appctl("revalidator/wait")
    assert "0x0800" in switch.host.appctl("dpctl/dump-flows")


def test_threads(switch):
    """n-handler-threads is the number of threads that receive, and
    pmd-cpu-mask pins them; traffic goes on through each change."""
    va, _ = switch.vm("a"), switch.vm("b")
    switch.flows("actions=NORMAL")
    assert ping(va, "10.7.0.2") == 3
    # By default there are as many as the machine has use for.
    configure(switch, n_handler_threads=1)
    before = threads(switch)
    configure(switch, n_handler_threads=7, n_revalidator_threads=3)
    wait_until(lambda: threads(switch) == before + 6)
    assert ping(va, "10.7.0.2") == 3
    configure(switch, pmd_cpu_mask="0x1")
    wait_until(lambda: "pmd thread numa_id 0 core_id 0:"
               in switch.host.appctl("dpif-netdev/pmd-rxq-show"))
    assert ping(va, "10.7.0.2") == 3
    shown = switch.host.appctl("dpif-netdev/pmd-rxq-show")
    assert re.search(r"port: vifa +queue-id: +0 \(enabled\)", shown), shown
    switch.host.vsctl("remove", "open_vswitch", ".", "other_config",
                      "pmd-cpu-mask")
    wait_until(lambda: "core_id 0:" not in
               switch.host.appctl("dpif-netdev/pmd-rxq-show"))
    assert ping(va, "10.7.0.2") == 3


def test_numbers_survive_ports_of_a_pause(switch):
    """A port that is added while the daemon is down takes no other's
    number."""
    switch.vm("a"), switch.vm("b")

    def number(name):
        return int(switch.host.vsctl("--no-wait", "get", "interface", name,
                                     "ofport"))

    wait_until(lambda: number("vifb") > 0)
    before = number("vifa"), number("vifb")
    switch.host.appctl("exit")
    wait_until(lambda: not switch.host.vswitchd.is_running())
    # Names that come first in any order the daemon may go by.
    for i in range(8):
        switch.host.vsctl("--no-wait", "add-port", "br0", "aa%d" % i, "--",
                          "set", "interface", "aa%d" % i, "type=internal")
    switch.host.start_vswitchd()
    switch.host.vsctl("set", "bridge", "br0", "fail_mode=standalone")
    assert (number("vifa"), number("vifb")) == before
    assert len({number("aa%d" % i) for i in range(8)}) == 8


def test_learned_at_once(switch):
    """What a learn action adds is there for the rest of the same packet's
    walk, and for the answer."""
    va, _ = switch.vm("a"), switch.vm("b")
    switch.flows("actions=NORMAL")
    switch.sandbox.wait_ping(va, "10.7.0.2")
    switch.flows(
        "table=0,priority=60000,icmp,in_port=vifa,actions="
        "learn(table=1,eth_type=0x800,nw_proto=1,NXM_OF_IP_DST[],"
        "load:0x1->NXM_NX_REG0[0]),"
        "learn(table=2,eth_type=0x800,nw_proto=1,"
        "NXM_OF_IP_SRC[]=NXM_OF_IP_DST[],output:NXM_OF_IN_PORT[]),"
        "resubmit(,1),resubmit(,3)",
        "table=0,priority=60000,icmp,in_port=vifb,actions=resubmit(,2)",
        "table=3,reg0=1,actions=output:vifb")
    # What comes before this has learned nothing that counts.
    switch.host.appctl("revalidator/wait")
    assert ping(va, "10.7.0.2", count=5) == 5
    counter = switch.host.appctl("coverage/read-counter",
                                 "upcall_handed_over")
    assert int(counter) > 0


# Goes on for as long as the test.
FLOOD = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("ready", flush=True)
while True:
    try:
        s.sendto(b"x" * 100, ("10.7.0.2", 9))
    except OSError:
        pass
"""


def test_time_of_pollers(switch):
    """What a pinned poller's cycles go to, and what share of its time a queue
    takes: both grow with traffic, and start anew when cleared."""
    va, _ = switch.vm("a"), switch.vm("b")
    appctl = switch.host.appctl
    switch.flows("actions=NORMAL")
    configure(switch, pmd_cpu_mask="0x1")

    def stats():
        """Figures of the poller by name."""
        shown = appctl("dpif-netdev/pmd-stats-show", "-pmd", "0")
        assert "main thread" not in shown
        return {name: float(value) for name, value in re.findall(
            r"^  ([a-z. ]+): ([0-9.]+)", shown, re.M)}

    def usage(*options):
        shown = appctl("dpif-netdev/pmd-rxq-show", *options)
        return {port: int(percent) for port, percent in re.findall(
            r"^  (?:port: )?(\w+).*: +(\d+) %", shown, re.M)}

    wait_until(lambda: "processing cycles" in
               appctl("dpif-netdev/pmd-stats-show"))
    switch.ready("flood", within(va, ["python3", "-c", FLOOD]))
    # The first sample of usage takes its time.
    wait_until(lambda: usage("-secs", "5").get("vifa"))
    shares = usage("-secs", "5")
    assert set(shares) >= {"vifa", "vifb", "overhead"}
    assert sum(shares.values()) <= 103, shares
    assert shares["vifa"] > shares["vifb"], shares

    before = stats()
    wait_until(lambda: stats()["packets received"]
               > before["packets received"])
    now = stats()
    assert now["processing cycles"] > before["processing cycles"]
    assert now["idle cycles"] >= before["idle cycles"]
    assert (0 < now["avg processing cycles per packet"]
            <= now["avg cycles per packet"])
    perf = appctl("dpif-netdev/pmd-perf-show")
    assert re.search(r"busy iterations: +[1-9]\d* ", perf), perf
    assert re.search(r"Rx packets: +\d+  \(\d+ Kpps, [1-9]\d* cycles/pkt\)",
                     perf), perf
    appctl("dpif-netdev/pmd-perf-log-set", "on", "-us", "1", "-b", "2", "-a",
           "1")
    log = os.path.join(switch.host.folder, "vswitchd.log")
    neighbours = re.compile(
        r"Suspicious iteration \(Excessive total cycles\): iter=\d+ duration="
        r"\d+ us\n.*Neighborhood of suspicious iteration:\n +iter .*upcalls\n"
        r"(?: +\d+ +\d+ +\d+ +\d+ +\d+\n){4}")
    wait_until(lambda: neighbours.search(open(log).read()))
    appctl("dpif-netdev/pmd-perf-log-set", "off")
    appctl("dpif-netdev/pmd-rxq-rebalance")
    assert "port: vifa" in appctl("dpif-netdev/pmd-rxq-show")
    appctl("dpif-netdev/pmd-stats-clear")
    assert stats()["packets received"] < now["packets received"]


def test_dpctl(switch, tmp_path):
    """ovs-dpctl on the switch's datapath, and on one of its own."""
    switch.vm("a"), switch.vm("b")

    def dpctl(*words, **kwargs):
        return run([switch.sandbox.programs.path("ovs-dpctl"),
                    "--target=" + switch.host.vswitchd_ctl, *words], **kwargs)

    assert dpctl("dump-dps") == "netdev@ovs-netdev\n"
    shown = dpctl("-s", "show")
    assert re.search(r"port \d+: vifa\n +RX packets:", shown), shown
    # Flows that the switch does not know would not live long.
    switch.host.appctl("revalidator/pause")
    match = ("recirc_id(0),in_port(vifa),packet_type(ns=0,id=0),"
             "eth_type(0x1234)")
    dpctl("add-flow", match, "push_vlan(vid=5,pcp=0),vifb")
    head, line = dpctl("-m", "--names", "dump-flows",
                       "filter=dl_type=0x1234").splitlines()
    assert head == "flow-dump from the main thread:"
    for part in ("recirc_id(0)", "in_port(vifa),packet_type(ns=0,id=0),",
                 "eth_type(0x1234)", "ct_mark(0/0)"):
        assert part in line
    assert re.search(r", actions:push_vlan\(vid=5,pcp=0\),vifb, dp-extra-info:"
                     r"miniflow_bits\(\d+,\d+\)$", line)
    ufid = line.split(",")[0]
    assert match in dpctl("--names", "dump-flows")
    dpctl("--clear", "mod-flow", match, "drop")
    assert dpctl("get-flow", ufid).rstrip().endswith("actions:drop")
    assert dpctl("-s", "del-flow", match).startswith("packets:0, bytes:0")
    assert dpctl("get-flow", ufid, check=False).returncode
    flows = tmp_path / "flows"
    flows.write_text("# Two of them.\n%s drop\nadd %s vifa\n" % (
        match, match.replace("vifa", "vifb")))
    dpctl("add-flows", str(flows))
    assert dpctl("dump-flows").count("0x1234") == 2
    assert dpctl("--read-only", "del-flows", check=False).returncode
    dpctl("del-flows", str(flows), check=False)
    dpctl("del-flows", "netdev@ovs-netdev", check=False)
    switch.host.appctl("revalidator/resume")

    dpctl("add-dp", "netdev@mine")
    assert "netdev@mine" in dpctl("dump-dps")
    assert dpctl("del-dp", "netdev@ovs-netdev", check=False).returncode
    dpctl("del-dp", "netdev@mine")
    assert "mine" not in dpctl("dump-dps")


def address_of(switch, dev):
    return run(["ip", "netns", "exec", switch.host.ns, "cat",
                "/sys/class/net/%s/address" % dev]).strip()


def test_address_of_interface(switch):
    """A device that the switch makes has the address that its row asks for,
    from the start and when the row changes."""
    switch.host.vsctl(
        "add-port", "br0", "i0", "--", "set", "interface", "i0",
        "type=internal", 'mac="02:00:00:00:00:0b"')
    assert address_of(switch, "i0") == "02:00:00:00:00:0b"
    switch.host.vsctl("set", "interface", "i0", 'mac="02:00:00:00:00:0c"')
    assert address_of(switch, "i0") == "02:00:00:00:00:0c"
    wait_until(lambda: switch.host.vsctl("get", "interface", "i0",
                                         "mac_in_use").strip()
               == '"02:00:00:00:00:0c"')
    switch.host.vsctl("set", "interface", "i0", 'mac="01:00:00:00:00:0d"')
    assert address_of(switch, "i0") == "02:00:00:00:00:0c"


def test_address_of_bridge(switch):
    """A bridge has the lowest address of its ports, the same after a restart,
    unless one is asked for."""
    def address(dev):
        return address_of(switch, dev)

    def set_address(dev, text):
        run(["ip", "-n", switch.host.ns, "link", "set", "dev", dev, "address",
             text])
    own = address("br0")
    va = switch.vm("a")
    switch.vm("b")
    switch.flows("actions=NORMAL")
    assert address("br0") == own        # Those of veth are made up.
    ports = ["00:16:3e:00:00:02", "00:16:3e:00:00:03"]
    set_address("vifa", ports[1])
    set_address("vifb", ports[0])
    switch.host.vsctl("set", "bridge", "br0", "external_ids:x=y")
    wait_until(lambda: address("br0") == ports[0])
    wait_until(lambda: switch.host.vsctl(
        "get", "bridge", "br0", "datapath_id").strip('"\n')
        == "0000" + ports[0].replace(":", ""))
    assert ping(va, "10.7.0.2") == 3
    switch.host.appctl("exit")
    wait_until(lambda: not switch.host.vswitchd.is_running())
    switch.host.start_vswitchd()
    wait_until(lambda: "br0" in run(["ip", "-n", switch.host.ns, "link",
                                     "show"]))
    wait_until(lambda: address("br0") == ports[0])
    switch.host.vsctl("set", "bridge", "br0",
                      "other_config:hwaddr=02:00:00:00:00:99")
    wait_until(lambda: address("br0") == "02:00:00:00:00:99")
    lower = "00:00:00:00:00:01"
    set_address("vifb", lower)
    switch.host.vsctl("remove", "bridge", "br0", "other_config", "hwaddr")
    wait_until(lambda: address("br0") == lower)
