# SPDX-License-Identifier: Apache-2.0
"""What ovn-controller answers itself, asked with scapy by workloads of switch
sw0: vm1 (10.0.0.11 and fd00::11 at most) and vm2 (10.0.0.12) behind router
port lr0-sw0 (10.0.0.1, fd00::1)."""

import json
import sys

from harness.netns import within
from harness.process import run, wait_until

VM1 = "02:00:00:00:00:01"
ROUTER = "02:00:00:00:ff:00"

PRELUDE = """
import json, logging
logging.getLogger('scapy').setLevel(logging.ERROR)
from scapy.all import *
conf.verb = 0
MAC = get_if_hwaddr('eth0')
def exchange_packets(p, filter):
    # One answer comes at once; a lost packet is sent again.
    return srp1(p, iface='eth0', timeout=5, retry=10, filter=filter)
"""


def ask(ns, code):
    """Runs Python with scapy in 'ns'; it prints JSON, given back."""
    return json.loads(run(within(ns, [sys.executable, "-c", PRELUDE + code])))


DHCP4 = """
def exchange(options, **bootp):
    p = (Ether(src=MAC, dst='ff:ff:ff:ff:ff:ff')
         / IP(src='0.0.0.0', dst='255.255.255.255') / UDP(sport=68, dport=67)
         / BOOTP(chaddr=mac2str(MAC), xid=77, **bootp)
         / DHCP(options=options + ['end']))
    r = exchange_packets(p, 'udp and dst port 68')
    o = {x[0]: x[1] for x in r[DHCP].options if isinstance(x, tuple)}
    return dict(type=o['message-type'], yiaddr=r[BOOTP].yiaddr,
                router=o.get('router'), lease=o.get('lease_time'),
                mask=o.get('subnet_mask'), src=r[IP].src, dst=r[IP].dst,
                xid=r[BOOTP].xid)
conf.checkIPaddr = False
print(json.dumps([
    exchange([('message-type', 'discover')]),
    exchange([('message-type', 'request'), ('requested_addr', '10.0.0.11')]),
    exchange([('message-type', 'request'), ('requested_addr', '10.0.0.99')]),
]))
"""


def check_dhcpv4(nbctl, vm1):
    """Discover, request, and a request for an address of somebody else."""
    options = nbctl("create", "DHCP_Options", "cidr=10.0.0.0/24",
                    'options="server_id"="10.0.0.1"',
                    'options:server_mac="%s"' % ROUTER,
                    'options:lease_time="3600"',
                    'options:router="10.0.0.1"').strip()
    nbctl("lsp-set-dhcpv4-options", "vm1", options)
    nbctl("--wait=hv", "sync")
    offer, ack, nak = ask(vm1, DHCP4)
    expected = {"yiaddr": "10.0.0.11", "router": "10.0.0.1", "lease": 3600,
                "mask": "255.255.255.0", "src": "10.0.0.1",
                "dst": "10.0.0.11", "xid": 77}
    assert offer == dict(expected, type=2)
    assert ack == dict(expected, type=5)
    assert nak["type"] == 6 and nak["yiaddr"] == "0.0.0.0"
    nbctl("destroy", "DHCP_Options", options)


DNS = """
def look_up(name, qtype):
    p = (Ether(src=MAC, dst='%s') / IP(src='10.0.0.12', dst='10.0.0.200')
         / UDP(sport=5353, dport=53) / DNS(rd=1, qd=DNSQR(qname=name,
                                                         qtype=qtype)))
    r = exchange_packets(p, 'src port 53')
    return [r[DNS].an[i].rdata if isinstance(r[DNS].an[i].rdata, str)
            else r[DNS].an[i].rdata.decode() for i in range(r[DNS].ancount)]
print(json.dumps([look_up('VM1.ovn.org', 'A'), look_up('vm1.ovn.org', 'AAAA'),
                  look_up('11.0.0.10.in-addr.arpa', 'PTR')]))
""" % VM1


def check_dns(nbctl, vm2):
    """Names of the northbound database, in any case, both ways."""
    dns = nbctl("create", "DNS",
                'records:vm1.ovn.org="10.0.0.11 fd00::11"',
                'records:11.0.0.10.in-addr.arpa="vm1.ovn.org"').strip()
    nbctl("set", "Logical_Switch", "sw0", "dns_records=" + dns)
    nbctl("--wait=hv", "sync")
    a, aaaa, ptr = ask(vm2, DNS)
    assert a == ["10.0.0.11"]
    assert aaaa == ["fd00::11"]
    assert ptr == ["vm1.ovn.org."]

    # As it changes, and beside another row.
    nbctl("set", "DNS", dns,
          'records:vm1.ovn.org="10.0.0.99 fd00::99"')
    other = nbctl("create", "DNS",
                  'records:11.0.0.10.in-addr.arpa="vm9.ovn.org"').strip()
    nbctl("remove", "DNS", dns, "records", "11.0.0.10.in-addr.arpa")
    nbctl("add", "Logical_Switch", "sw0", "dns_records", other)
    wait_until(lambda: ask(vm2, DNS) == [["10.0.0.99"], ["fd00::99"],
                                         ["vm9.ovn.org."]],
               what="the new names")
    nbctl("clear", "Logical_Switch", "sw0", "dns_records")


RS = """
p = (Ether(src=MAC, dst='33:33:00:00:00:02')
     / IPv6(src='fe80::ff:fe00:1', dst='ff02::2') / ICMPv6ND_RS())
r = exchange_packets(p, 'icmp6 and ip6[40]==134')
print(json.dumps(dict(prefix=r[ICMPv6NDOptPrefixInfo].prefix,
                      mac=r[ICMPv6NDOptSrcLLAddr].lladdr, dst=r[IPv6].dst,
                      mtu=r[ICMPv6NDOptMTU].mtu, hlim=r[IPv6].hlim)))
"""


def check_router_solicitation(nbctl, vm1):
    """The router tells who asks of its prefix, address and MTU."""
    nbctl("set", "Logical_Router_Port", "lr0-sw0",
          "ipv6_ra_configs:address_mode=slaac", "ipv6_ra_configs:mtu=1400")
    nbctl("--wait=hv", "sync")
    assert ask(vm1, RS) == {"prefix": "fd00::", "mac": ROUTER, "mtu": 1400,
                            "dst": "fe80::ff:fe00:1", "hlim": 255}
