# SPDX-License-Identifier: Apache-2.0
"""Lookups in one OpenFlow table of rules like ClassBench's, inside
ovs-vswitchd.

Neither switch offers its classifier by itself.  So packets are sent by
packet-out messages whose actions are some hundred times "set addresses and
ports, resubmit to the table", with headers that match rules at random, as
ClassBench's traces do.  Once the table has all rules, once only the one that
matches everything: the difference in the switch's CPU time is that of the
lookups.  It is without wildcards where a switch keeps none for packet-outs."""

import os
import random

from bench.common import cpu_ns, more, programs_of
from harness.sandbox import Host, Sandbox

N_RULES = 10000
N_MESSAGES = 200
N_LOOKUPS = 350                  # In one message; ovs-ofctl takes no more.
N_VARIANTS = 10                  # Of messages.
ANY_PORT = (0, 0)
# How long prefixes of source and destination are, and how often: as in access
# control lists, most are hosts or networks of some size, some are wild.
LENGTHS = ((0, 8), (16, 5), (20, 5), (22, 5), (24, 30), (26, 5), (27, 5),
           (28, 10), (30, 5), (32, 40))
FRAME = ("0200000000110200000000100800"                   # Ethernet
         "4500002e00000000401166b90a09000a0a09000b"       # IPv4
         "03e807d0001a0000" + "00" * 18)                  # UDP


def address(bits):
    return ".".join(str(b) for b in bits.to_bytes(4, "big"))


def random_prefix(rng, networks):
    length = rng.choices(*zip(*LENGTHS))[0]
    bits = rng.choice(networks) | rng.getrandbits(16)
    return bits & ~((1 << 32 - length) - 1), length


def random_port(rng):
    """(value, mask): wild, exact, or a power of two of ports."""
    kind = rng.random()
    if kind < 0.4:
        return ANY_PORT
    if kind < 0.85:
        return rng.randrange(1, 65536), 0xffff
    mask = 0xffff & ~((1 << rng.randrange(1, 11)) - 1)
    return rng.getrandbits(16) & mask, mask


def make_rules(rng):
    networks = [rng.getrandbits(16) << 16 for _ in range(200)]
    return [(random_prefix(rng, networks), random_prefix(rng, networks),
             ANY_PORT if rng.random() < 0.8 else random_port(rng),
             random_port(rng)) for _ in range(N_RULES)]


def flow(priority, rule):
    (src, src_length), (dst, dst_length), sport, dport = rule
    ports = "".join(",%s=%#x/%#x" % (name, *port) for name, port
                    in (("tp_src", sport), ("tp_dst", dport))
                    if port != ANY_PORT)
    return "table=1,priority=%d,udp,nw_src=%s/%d,nw_dst=%s/%d%s,actions=drop" \
        % (priority, address(src), src_length, address(dst), dst_length,
           ports)


def lookup(rng, rule):
    """The actions that look up a header that matches 'rule'."""
    (src, src_length), (dst, dst_length), sport, dport = rule
    return ("set_field:%s->ip_src,set_field:%s->ip_dst,"
            "set_field:%d->udp_src,set_field:%d->udp_dst,resubmit(,1)" % (
                address(src | rng.getrandbits(32) >> src_length),
                address(dst | rng.getrandbits(32) >> dst_length),
                sport[0] | rng.getrandbits(16) & ~sport[1],
                dport[0] | rng.getrandbits(16) & ~dport[1]))


def write(folder):
    """Files of the flows, and of a bundle of packet-outs."""
    rng = random.Random(3)
    rules = make_rules(rng)
    flows = os.path.join(folder, "flows")
    with open(flows, "w") as f:
        for i, rule in enumerate(rules):
            f.write(flow(60000 - 5 * i, rule) + "\n")
    messages = ["packet-out in_port=controller,packet=%s,actions=%s\n" % (
        FRAME, ",".join(lookup(rng, rng.choice(rules))
                        for _ in range(N_LOOKUPS)))
        for _ in range(N_VARIANTS)]
    bundle = os.path.join(folder, "bundle")
    with open(bundle, "w") as f:
        f.writelines(messages[i % N_VARIANTS] for i in range(N_MESSAGES))
    return flows, bundle


def measure(side, folder, _):
    flows, bundle = write(folder)
    with Sandbox(programs_of(side)) as sandbox:
        host = Host(sandbox, "h", None, controller=False)
        host.vsctl("add-br", "br0", "--", "set", "bridge", "br0",
                   "datapath_type=netdev", "fail_mode=secure")
        pid = host.vswitchd.pid

        def cost():
            """CPU ns of the switch for all messages."""
            before = cpu_ns(pid)
            host.ofctl("bundle", "br0", bundle, timeout=120)
            return cpu_ns(pid) - before

        host.ofctl("add-flow", "br0", "table=1,priority=0,actions=drop")
        cost()
        without = min(cost() for _ in range(3))
        host.ofctl("add-flows", "br0", flows, timeout=120)
        lookups = min(cost() for _ in range(3)) - without
    return {"lookups among 10,000 rules like ClassBench's": more(
        N_MESSAGES * N_LOOKUPS / max(lookups, 1) * 1e3, "M/s")}
