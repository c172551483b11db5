# SPDX-License-Identifier: Apache-2.0
"""Runs inside the virtual machine that run.py starts, once after each boot:
installs the packages under a live systemd, makes a logical network of them,
restarts, breaks, boots again, removes.  Prints TAP.

a and b are namespaces on logical switch sw0: 10.0.0.11, 10.0.0.12."""

import glob
import json
import os
import re
import subprocess
import time

STATE = "/var/lib/weft-tests.json"
PACKAGES = os.path.dirname(os.path.abspath(__file__))
SWITCH = ["ovsdb-server", "ovs-vswitchd", "openvswitch-switch"]
CENTRAL = ["ovn-ovsdb-server-nb", "ovn-ovsdb-server-sb", "ovn-northd",
           "ovn-central"]
HOST = ["ovn-controller", "ovn-host"]
ALL = SWITCH + CENTRAL + HOST
# Pidfiles of the daemons, by the unit that runs each.
DAEMONS = {
    "ovsdb-server": "/run/openvswitch/ovsdb-server.pid",
    "ovs-vswitchd": "/run/openvswitch/ovs-vswitchd.pid",
    "ovn-ovsdb-server-nb": "/run/ovn/ovnnb_db.pid",
    "ovn-ovsdb-server-sb": "/run/ovn/ovnsb_db.pid",
    "ovn-northd": "/run/ovn/ovn-northd.pid",
    "ovn-controller": "/run/ovn/ovn-controller.pid",
}
# An emulated machine is slow.
WAIT_S = 120
COMMAND_S = 300


class Failed(Exception):
    pass


def run(command, status=0):
    """Standard output and error of a shell command that ends with 'status',
    or None for any."""
    try:
        done = subprocess.run(command, shell=True, text=True,
                              timeout=COMMAND_S, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        jobs = subprocess.run("systemctl list-jobs; ps -ef | grep -v '\\['",
                              shell=True, text=True, stdout=subprocess.PIPE)
        raise Failed("'%s' did not end in %d s:\n%s" % (
            command, COMMAND_S, jobs.stdout))
    if status is not None and done.returncode != status:
        raise Failed("'%s' ended with status %d:\n%s" % (
            command, done.returncode, done.stdout))
    return done.stdout


def expect(condition, what):
    if not condition:
        raise Failed(what)


def wait(condition, what):
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            raise Failed("waited in vain: " + what)
        time.sleep(0.2)


def states(units):
    words = run("systemctl is-active " + " ".join(units), None).split()
    return dict(zip(units, words))


def all_active():
    return set(states(ALL).values()) == {"active"}


def expect_active():
    wait(all_active, "units are active: %s" % states(ALL))
    failed = run("systemctl list-units --failed --plain --no-legend "
                 "'ov[sn]*'")
    expect(failed == "", "failed units: " + failed)


def pids():
    found = {}
    for unit, path in DAEMONS.items():
        if os.path.exists(path):
            with open(path) as f:
                found[unit] = int(f.read())
    return found


def changed(before):
    """The units whose daemon is another process than 'before'."""
    now = pids()
    return {u for u in DAEMONS if now.get(u) != before.get(u)}


def main_pid(unit):
    return int(run("systemctl show -P MainPID " + unit))


def ping():
    """b answers a, from some time on."""
    wait(lambda: " 0% packet loss" in run(
        "ip netns exec a ping -c 2 -i 0.2 -W 1 10.0.0.12", None),
        "b answers a")


def process_status(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f
                    if ":\t" in line)


CAPABILITIES = {5: "kill", 10: "net_bind_service", 11: "net_broadcast",
                12: "net_admin", 13: "net_raw", 14: "ipc_lock",
                21: "sys_admin", 23: "sys_nice"}


def capabilities(pid):
    mask = int(process_status(pid)["CapEff"], 16)
    return {CAPABILITIES.get(i, str(i)) for i in range(64) if mask >> i & 1}


# --- First boot.

def test_install():
    """The packages install under a running systemd, and start all."""
    run("dpkg -i %s/*.deb" % PACKAGES)
    expect_active()


def test_enabled():
    for unit in "openvswitch-switch", "ovn-central", "ovn-host":
        expect(run("systemctl is-enabled " + unit).strip() == "enabled",
               unit + " is not enabled")
    run("systemd-analyze verify --man=no %s" % " ".join(u + ".service" for u in ALL))


def test_main_processes():
    """systemd watches the daemons themselves."""
    for unit, pid in pids().items():
        expect(main_pid(unit) == pid, "%s: systemd watches %d, not %d" % (
            unit, main_pid(unit), pid))
    expect(len(pids()) == len(DAEMONS), "pidfiles: %s" % pids())


def test_version():
    for program in "ovs-vswitchd", "ovn-northd", "ovn-controller":
        expect("Weft" in run(program + " --version"), program)


def test_described():
    """The database says what host this is."""
    for key in "system-id", "hostname", "rundir":
        expect(len(run("ovs-vsctl get open_vswitch . external_ids:" + key))
               > 3, key)
    expect("debian" in run("ovs-vsctl get open_vswitch . system_type"),
           "system_type")


def attach(name, last):
    run("ip netns add %s" % name)
    run("ovs-vsctl add-port br-int %s -- set interface %s type=internal "
        "external_ids:iface-id=%s mac='\"02:00:00:00:00:%02x\"'"
        % (name, name, name, last))
    wait(lambda: os.path.exists("/sys/class/net/" + name), name)
    run("ip link set dev %s netns %s" % (name, name))
    run("ip -n %s link set dev lo up && ip -n %s link set dev %s up && "
        "ip -n %s address add 10.0.0.%d/24 dev %s"
        % (name, name, name, name, last, name))


def attach_again(name, last):
    """After a boot: the port is in the database, its namespace is not."""
    run("ip netns add %s" % name)
    wait(lambda: os.path.exists("/sys/class/net/" + name), name)
    run("ip link set dev %s netns %s" % (name, name))
    run("ip -n %s link set dev lo up && ip -n %s link set dev %s up && "
        "ip -n %s address add 10.0.0.%d/24 dev %s"
        % (name, name, name, name, last, name))


def test_network():
    """A logical network works."""
    run("ovs-vsctl set open_vswitch . "
        "external_ids:ovn-remote=unix:/run/ovn/ovnsb_db.sock "
        "external_ids:ovn-encap-type=geneve "
        "external_ids:ovn-encap-ip=127.0.0.1")
    run("ovn-nbctl ls-add sw0 -- lsp-add sw0 a -- lsp-set-addresses a "
        "'02:00:00:00:00:0b 10.0.0.11' -- lsp-add sw0 b -- "
        "lsp-set-addresses b '02:00:00:00:00:0c 10.0.0.12'")
    wait(lambda: "br-int" in run("ovs-vsctl list-br"), "br-int")
    attach("a", 11)
    attach("b", 12)
    run("ovn-nbctl --timeout=%d --wait=hv sync" % WAIT_S)
    ping()
    expect("a" in run("ovn-sbctl show"), "ovn-sbctl show")


def test_reload():
    """A reload of the switch replaces its programs and keeps the flows."""
    before = pids()
    run("systemctl reload openvswitch-switch")
    expect_active()
    wait(lambda: changed(before) == {"ovsdb-server", "ovs-vswitchd"},
         "the switch's daemons are others: %s" % changed(before))
    test_main_processes()
    readdress()
    ping()


def readdress():
    """A device of the switch is another one after its restart."""
    for name, last in ("a", 11), ("b", 12):
        wait(lambda: run("ip -n %s link show dev %s" % (name, name), None)
             .count(name) and os.path.exists("/run/netns/" + name)
             or os.path.exists("/sys/class/net/" + name), name)
        if os.path.exists("/sys/class/net/" + name):
            run("ip link set dev %s netns %s && ip -n %s link set dev %s up"
                % (name, name, name, name))
            run("ip -n %s address add 10.0.0.%d/24 dev %s"
                % (name, last, name), None)


def test_restart_switch():
    """With its dependants; the controller finds the new switch."""
    before = pids()
    run("systemctl restart openvswitch-switch")
    expect_active()
    expect({"ovsdb-server", "ovs-vswitchd"} <= changed(before),
           "restarted: %s" % changed(before))
    readdress()
    ping()


def test_restart_central():
    before = pids()
    run("systemctl restart ovn-central")
    expect_active()
    expect(changed(before) == {"ovn-ovsdb-server-nb", "ovn-ovsdb-server-sb",
                               "ovn-northd"}, changed(before))
    run("ovn-nbctl --timeout=%d --wait=hv sync" % WAIT_S)
    ping()


def test_restart_host():
    before = pids()
    run("systemctl restart ovn-host")
    expect_active()
    expect(changed(before) == {"ovn-controller"}, changed(before))
    run("ovn-nbctl --timeout=%d --wait=hv sync" % WAIT_S)
    ping()


def test_killed():
    """systemd starts what crashed; what it says is in the journal."""
    for unit in DAEMONS:
        before = pids()
        os.kill(before[unit], 9)
        wait(lambda: changed(before) and len(pids()) == len(DAEMONS)
             and all_active(), "%s is back: %s" % (unit, states(ALL)))
        expect(unit in changed(before), "%s: %s" % (unit, changed(before)))
        expect("status=9/KILL" in run("journalctl -o cat -u " + unit), unit)
    readdress()
    run("ovn-nbctl --timeout=%d --wait=hv sync" % WAIT_S)
    ping()


def test_journal():
    """Each unit's journal tells of its start, and of no error."""
    for unit in DAEMONS:
        text = run("journalctl -o cat -u " + unit)
        expect("Started" in text, "%s: %s" % (unit, text))
    # What test_killed() did is no news.
    errors = [line for line in run(
        "journalctl -p err -o cat --no-pager").splitlines()
        if re.search(r"ov[sn]", line) and "KILL" not in line]
    expect(not errors, "\n".join(errors))


def test_logrotate():
    for name in "openvswitch-switch", "ovn-common":
        run("logrotate -f /etc/logrotate.d/" + name)
    for log in ("/var/log/openvswitch/ovs-vswitchd.log",
                "/var/log/ovn/ovn-northd.log"):
        expect(os.path.exists(log), log)
        expect(glob.glob(log + ".1*"), log + " was not rotated")


def test_explain():
    """weft finds daemons and databases where the packages have them."""
    text = run("weft explain sw0 'inport == \"a\" && eth.src == "
               "02:00:00:00:00:0b && eth.dst == 02:00:00:00:00:0c'")
    expect("DELIVERED to b" in text and "because of switch port b" in text,
           text)


def test_stop():
    """Nothing stays, and no unit failed."""
    run("systemctl stop ovn-host ovn-central openvswitch-switch")
    wait(lambda: set(states(ALL).values()) == {"inactive"}, states(ALL))
    expect(not pids(), "pidfiles: %s" % pids())
    left = run("pgrep -al '^ov(s|n)'", None)
    expect(left == "", left)


def test_start_again():
    """In an order that an operator may choose."""
    run("systemctl start ovn-central openvswitch-switch ovn-host")
    expect_active()
    readdress()
    ping()


# --- Second boot.

def test_boot():
    """All comes up by itself, with the network of before."""
    expect_active()
    attach_again("a", 11)
    attach_again("b", 12)
    ping()
    expect(run("ovn-nbctl ls-list").count("sw0") == 1, "sw0")


def test_other_user():
    """--ovs-user and --ovn-user: the daemons run as that user with just the
    capabilities that they need, and the network works."""
    run("useradd --system --user-group --no-create-home ovs")
    for name, variable, options in (
            ("openvswitch-switch", "OVS_CTL_OPTS", "--ovs-user=ovs:ovs"),
            ("ovn-central", "OVN_CTL_OPTS", "--ovn-user=ovs:ovs"),
            ("ovn-host", "OVN_CTL_OPTS", "--ovn-user=ovs:ovs")):
        with open("/etc/default/" + name, "a") as f:
            f.write("%s=%s\n" % (variable, options))
    run("systemctl restart openvswitch-switch ovn-central ovn-host")
    expect_active()
    uid = run("id -u ovs").strip()
    for unit, pid in pids().items():
        expect(process_status(pid)["Uid"].split()[0] == uid,
               "%s runs as %s" % (unit, process_status(pid)["Uid"]))
        has = capabilities(pid)
        needs = {"ipc_lock", "net_bind_service"}
        if unit == "ovs-vswitchd":
            needs |= {"net_admin", "net_raw", "net_broadcast"}
        expect(has == needs, "%s has %s" % (unit, has))
    readdress()
    run("ovn-nbctl --timeout=%d --wait=hv sync" % WAIT_S)
    ping()


def test_purge():
    """The packages go, with their units, databases and logs."""
    run("dpkg -P weft ovn-host ovn-central ovn-common openvswitch-switch "
        "openvswitch-common")
    left = run("pgrep -al '^ov(s|n)'", None)
    expect(left == "", "programs run: " + left)
    left = run("systemctl list-units --state=active,failed,activating "
               "--plain --no-legend 'ov[sn]*'")
    expect(left == "", left)
    left = [p for p in glob.glob("/etc/o*v*[sn]*/*")
            + glob.glob("/lib/systemd/system/ov[sn]*")]
    expect(not left, str(left))


BOOTS = [
    [test_install, test_enabled, test_main_processes, test_version,
     test_described, test_network, test_reload, test_restart_switch,
     test_restart_central, test_restart_host, test_killed, test_journal,
     test_logrotate, test_explain, test_stop, test_start_again],
    [test_boot, test_other_user, test_purge],
]


def main():
    state = {"boot": 0, "n": 0}
    if os.path.exists(STATE):
        with open(STATE) as f:
            state = json.load(f)
    print()
    for test in BOOTS[state["boot"]]:
        state["n"] += 1
        start = time.monotonic()
        try:
            test()
            problem = None
        except (Failed, OSError, ValueError, subprocess.SubprocessError) as e:
            problem = str(e) or repr(e)
        print("%s %d - %s (%.1f s)" % ("not ok" if problem else "ok",
                                       state["n"], test.__name__[5:],
                                       time.monotonic() - start))
        if problem:
            problem += "\n" + run("journalctl -n 25 -o cat --no-pager")
            print("".join("#   %s\n" % line
                          for line in problem.splitlines()), end="")
    state["boot"] += 1
    with open(STATE, "w") as f:
        json.dump(state, f)
    os.sync()
    if state["boot"] == len(BOOTS):
        print("1..%d" % state["n"])
        run("systemctl poweroff --no-block")
    else:
        run("systemctl reboot --no-block")


main()
