# SPDX-License-Identifier: Apache-2.0
"""The grammar of what the database tools (ovs-vsctl, ovn-nbctl, ovn-sbctl,
vtep-ctl) are told: the commands on tables that all of them have."""

from .grammar import number, of

# What every tool's grammar has.
COMMON = {
    "u4": number(4), "u8": number(8), "u16": number(16),
    "column": ["<name>", "<name>", "<name>", "<name>", "<name>",
               "nonesuch", "na", "external-ids", "EXTERNAL_IDS", "ext",
               "_version", "other"],
    "word": of("a b c x1 p0 br0 true false yes 0 1 -1 7 5.5 1e3 0x10 up down "
               "\"\" '\"a b\"' \"a,b\" [] {} a=b a:b a\\ b é 4294967296 "
               "99999999999999999999 1.2.3.4 00:11:22:33:44:55 system"),
    "atom": ["<word>", "<word>", "<word>", "\"<word>\"", "'a b'", "\"q\\\"x\"",
             "00000000-0000-0000-0000-000000000000", "<u8>", "-<u8>"],
    "set": ["<atom>", "<atom>,<atom>", "[<atom*>]", "[<atom>, <atom>]",
            "[<atom>", "<atom>]", "[]", ""],
    "pair": ["<atom>=<atom>", "<atom>=<atom>", "<atom>:<atom>", "<atom>=",
             "<atom>", "=<atom>"],
    "map": ["<pair>", "<pair>,<pair>", "{<pair*>}", "{<pair>, <pair>}", "{}",
            "{<pair>"],
    "value": ["<set>", "<set>", "<map>", "<map>", "<atom>", "<ref>"],
    "key": of("a b c x1 hwaddr nonesuch \"a\" 1"),
    "operator": of("= != < > <= >= {=} {!=} {<} {>} {<=} {>=} {in} {not-in} "
                   "== ~ = = ="),
    "path": ["<column>", "<column>:<key>"],
    "condition": ["<path><operator><value>", "<path><operator><value>",
                  "<path>", "<column>:<pair><operator><value>"],
    "conditions": ["", "'<condition>'", "'<condition>'",
                   "'<condition>' '<condition>'"],
    "assignment": ["'<path>=<value>'", "'<path>=<value>'", "'<path>'",
                   "'<column>:<key>=<value>'", "'<column>=<value>'"],
    "assignments": ["<assignment>", "<assignment> <assignment>"],
    "columns": ["--columns=<column+>", "--columns=name,_uuid",
                "--columns=<name>", "--columns=", ""],
    "lenient": ["--if-exists", "", "", "--if-exist", "--may-exist"],
    "id": ["--id=@<key>", "", "--id=x", "--id=@a"],
    "command": [
        "list <table>", "list <table> <record>", "<columns> list <table>",
        "<columns> list <table> <record> <record>",
        "<lenient> list <table> <record>", "<columns> find <table> "
        "<conditions>", "find <table> <conditions>", "list", "find <table>",
        "get <table> <record> <path>", "<lenient> get <table> <record> <path>",
        "<id> get <table> <record>", "get <table> <record> <path> <path>",
        "set <table> <record> <assignments>",
        "<lenient> set <table> <record> <assignments>",
        "add <table> <record> <column> '<value>'",
        "add <table> <record> <column> '<value>' '<value>'",
        "remove <table> <record> <column> '<value>'",
        "<lenient> remove <table> <record> <column> '<pair>'",
        "clear <table> <record> <column>",
        "<lenient> clear <table> <record> <column> <column>",
        "<id> create <table> <assignments>", "create <table>",
        "<lenient> destroy <table> <record>", "--all destroy <table>",
        "destroy <table>", "<special>", "<special>",
        "<special>", "nonesuch", "get <table>", "set <table> <record>"],
    "line": ["<command>", "<command>", "<command>", "<command>",
             "<command> -- <command>", "-- <command>",
             "--id=@a create <table> <assignments> -- get <table> @a _uuid",
             "<command> --", "<command> -- <command> -- <command>"],
    "option": ["--bare", "--no-headings", "-f list", "-f table", "-f csv",
               "-f html", "-f json", "-d json", "-d bare", "-d string",
               "--oneline", "--pretty -f json", "-f nope", "-d nope",
               "--format=csv --data=bare", "--data=csv", "--nonesuch"],
    "tool_line": ["<line>", "<line>", "<line>", "<option> <line>",
                  "<option> <option> <line>"],
}

VSCTL = {
    "table": of("Bridge Port Interface Open_vSwitch QoS Queue Mirror "
                "open bridge br PORT interface i nonesuch Flow_Table "
                "NetFlow sFlow SSL AutoAttach Datapath CT_Zone"),
    "name": of("name ports external_ids other_config fail_mode tag trunks "
               "vlan_mode interfaces type options ofport mac queues "
               "datapath_type protocols stp_enable statistics bridges "
               "ovs_version cfg"),
    "record": of("br0 br1 p0 p1 nonesuch . p2 \"br0\"") + ["@a"],
    "ref": ["@a", "<record>"],
    "special": [
        "list-br", "list-ports <record>", "list-ifaces <record>",
        "port-to-br <record>", "iface-to-br <record>", "br-exists <record>",
        "br-to-vlan <record>", "br-to-parent <record>", "show",
        "<lenient> add-br <new>", "add-br <new> br0 <u16>",
        "<lenient> del-br <record>", "<lenient> add-port <record> <new>",
        "<lenient> add-port br0 <new> <assignments>",
        "<lenient> add-port br0 <new> tag=<u16>",
        "<lenient> del-port <record>", "del-port br0 <record>",
        "--fake-iface add-bond br0 <new> <new> <new>",
        "add-bond br0 <new> p7 p8 <assignments>",
        "br-set-external-id <record> <key> <atom>",
        "br-set-external-id <record> <key>", "br-get-external-id <record>",
        "br-get-external-id <record> <key>", "get-controller <record>",
        "set-controller <record> tcp:1.2.3.4", "del-controller <record>",
        "get-fail-mode <record>",
        "set-fail-mode <record> standalone", "set-fail-mode br0 <word>",
        "del-fail-mode <record>", "get-manager", "get-ssl", "del-ssl",
        "set-ssl a b c", "--bootstrap set-ssl a b c", "emer-reset", "init",
        "get-aa-mapping <record>",
        "list-zone-tp nope", "add-zone-tp netdev zone=1 icmp_first=5",
        "list-dp-cap netdev", "list-br --fake", "list-br x",
        "--real list-br", "--fake list-br"],
    "new": of("p9 br9 p0 br0 new -x a/b veryveryverylongname"),
}

NBCTL = {
    "table": of("Logical_Switch Logical_Switch_Port Logical_Router ACL NAT "
                "Logical_Router_Port Address_Set Load_Balancer DHCP_Options "
                "NB_Global Port_Group Meter QoS DNS nonesuch logical-switch "
                "ls lsp acl Gateway_Chassis HA_Chassis "
                "Logical_Router_Static_Route logical_router_policy"),
    "name": of("name ports external_ids other_config options type addresses "
               "tag enabled up priority match action direction log severity "
               "vips networks mac cidr nat acls options port_security"),
    "record": of("s0 s1 p0 p1 r0 rp0 nonesuch . as0 pg0 lb0 \"s0\" s2") + [
        "@a"],
    "ref": ["@a", "<record>"],
    "mac": of("00:00:00:00:00:01 0a:00:00:00:00:01 x 00:00:00:00:01"),
    "net": of("10.0.0.1/24 10.0.0.1 fe80::1/64 10.0.0.0/33 x ::/0 1.2.3.4 "
              "192.168.0.0/16 0.0.0.0/0"),
    "rule": of("ip4 tcp ip4.src==1.2.3.4 'tcp.dst == 80' 1"),
    "special": [
        "show", "show <record>", "ls-list", "<lenient> ls-add <new>",
        "ls-add", "--add-duplicate ls-add s0", "<lenient> ls-del <record>",
        "lsp-list <record>", "<lenient> lsp-add <record> <new>",
        "lsp-add s0 <new> p0 <u16>", "lsp-add s0 <new> nonesuch <u8>",
        "<lenient> lsp-del <record>", "lsp-get-parent <record>",
        "lsp-get-tag <record>", "lsp-set-addresses <record> <address>",
        "lsp-set-addresses <record> <address> <address>",
        "lsp-get-addresses <record>", "lsp-get-ls <record>",
        "lsp-set-port-security <record> <address>",
        "lsp-get-port-security <record>", "lsp-get-up <record>",
        "lsp-set-enabled <record> <word>", "lsp-get-enabled <record>",
        "lsp-set-type <record> <word>", "lsp-get-type <record>",
        "lsp-set-options <record> <pair>", "lsp-get-options <record>",
        "lsp-set-dhcpv4-options <record> <record>",
        "lsp-get-dhcpv4-options <record>",
        "acl-list <record>", "acl-add <record> <direction> <u16> <rule> "
        "<verdict>", "<acl_option> acl-add <record> <direction> <u8> <rule> "
        "<verdict>", "acl-del <record>", "acl-del <record> <direction>",
        "acl-del <record> <direction> <u8> <rule>",
        "--type=<word> acl-list <record>", "<lenient> acl-add s0 to-lport 1 "
        "ip4 allow", "qos-list <record>", "qos-add s0 <direction> <u8> <rule> "
        "dscp=<u8>", "qos-add s0 <direction> <u8> <rule> rate=<u8> burst=<u8>",
        "qos-del <record>", "qos-add s0 to-lport 1 ip4 <pair>",
        "meter-list", "meter-add <new> <verdict> <u8> kbps",
        "meter-add <new> drop <u8> <word> <u8>", "meter-del <record>",
        "lr-list", "<lenient> lr-add <new>", "<lenient> lr-del <record>",
        "<lenient> lrp-add <record> <new> <mac> <net>",
        "lrp-add r0 <new> <mac> <net> peer=<word>",
        "lrp-add r0 rp0 <mac> <net>", "--may-exist lrp-add r0 rp0 <mac> <net>",
        "lrp-list <record>", "<lenient> lrp-del <record>",
        "lrp-set-enabled <record> <word>", "lrp-get-enabled <record>",
        "lrp-set-gateway-chassis <record> <word> <u16>",
        "lrp-get-gateway-chassis <record>",
        "lrp-del-gateway-chassis <record> <word>",
        "lr-route-list <record>", "<route_option> lr-route-add <record> <net> "
        "<net>", "lr-route-add r0 <net> <net> rp0", "lr-route-del <record>",
        "<lenient> lr-route-del <record> <net>", "lr-route-add r0 <net> "
        "discard", "lr-policy-list <record>", "lr-policy-add <record> <u8> "
        "<rule> <verdict>", "lr-policy-add r0 <u8> <rule> reroute <net>",
        "lr-policy-add r0 <u8> <rule> reroute <net>,<net>",
        "lr-policy-del <record>", "lr-policy-del r0 5",
        "lr-policy-del r0 5 <rule>", "lr-nat-list <record>",
        "<lenient> lr-nat-add <record> <nat> <net> <net>",
        "lr-nat-add r0 dnat_and_snat <net> <net> p0 <mac>",
        "--stateless lr-nat-add r0 <nat> <net> <net>",
        "--portrange lr-nat-add r0 <nat> <net> <net> <u8>-<u16>",
        "lr-nat-del <record>", "lr-nat-del r0 <nat>",
        "<lenient> lr-nat-del r0 <nat> <net>", "lb-list", "lb-list <record>",
        "<lenient> lb-add <new> <vip> <vip>", "lb-add <new> <vip> <vip> "
        "<word>", "lb-add lb0 <vip> <vip>,<vip>", "lb-add <new> <vip> <vip> "
        "udp", "--add-duplicate lb-add lb0 <vip> <vip>",
        "<lenient> lb-del <record>", "lb-del lb0 <vip>",
        "ls-lb-list <record>", "ls-lb-add s0 <record>", "ls-lb-del s0",
        "lr-lb-list <record>", "lr-lb-add r0 <record>", "dhcp-options-list",
        "dhcp-options-create <net>", "dhcp-options-create <net> <pair>",
        "dhcp-options-del <record>", "pg-add <new> <record>",
        "pg-add <new>", "pg-set-ports <record> <record>", "pg-del <record>",
        "get-connection", "del-connection",
        "get-ssl", "del-ssl", "sync", "init", "mirror-list",
        "mirror-add <new> gre <u8> from-lport 1.2.3.4",
        "mirror-add <new> <word> <word> <direction> <net>",
        "ha-chassis-group-list", "ha-chassis-group-add <new>",
        "ha-chassis-group-add-chassis <new> <word> <u8>", "copp-list <word>",
        "copp-add <new> arp <record>", "copp-add <new> <word> <word>",
        "lr-copp-add <new> r0", "fwd-group-list", "fwd-group-list <record>",
        "fwd-group-add <new> s0 1.2.3.4 00:00:00:00:00:01 p0",
        "static-mac-binding-list", "static-mac-binding-add rp0 <net> <mac>",
        "<lenient> static-mac-binding-del rp0 <net>",
        "lsp-detach-mirror p0 <word>", "lsp-attach-mirror p0 <word>"],
    "new": of("new s0 r0 p0 n1 lb9 pg0"),
    "vip": of("1.2.3.4:80 1.2.3.4 [fd00::1]:80 fd00::1 x 1.2.3.4:0 "
              "10.0.0.9:8080 1.2.3.4:99999 5.6.7.8:80"),
    "nat": of("snat dnat dnat_and_snat x"),
    "direction": of("to-lport from-lport to from both x"),
    "verdict": of("allow drop reject allow-related allow-stateless pass x "
                  "reroute"),
    "acl_option": of("--log --severity=info --severity=x --name=n --meter=m "
                     "--label=5 --label=x --apply-after-lb --may-exist") + [
        "--log --severity=debug --name=a"],
    "route_option": of("--policy=src-ip --policy=dst-ip --policy=x --ecmp "
                       "--bfd --may-exist --ecmp-symmetric-reply "
                       "--route-table=5") + [""],
    "address": of("unknown router dynamic 00:00:00:00:00:01 x") + [
        "'00:00:00:00:00:01 10.0.0.5'", "'dynamic 10.0.0.5'",
        "'00:00:00:00:00:01 x'", "'00:00:00:00:00:02 10.0.0.1 fe80::1'"],
}

SBCTL = {
    "table": of("Chassis Port_Binding Datapath_Binding Encap Logical_Flow "
                "SB_Global MAC_Binding nonesuch port-binding ch "
                "Multicast_Group Meter Connection Address_Set Port_Group"),
    "name": of("name hostname encaps external_ids other_config options type "
               "logical_port chassis datapath tunnel_key mac up ip match "
               "nb_cfg transport_zones tag"),
    "record": of("ch0 ch1 lp0 lp1 nonesuch . \"ch0\"") + ["@a"],
    "ref": ["@a", "<record>"],
    "special": [
        "show", "chassis-add <new> geneve 1.2.3.4", "chassis-add <new> <word> "
        "<word>", "chassis-add ch0 geneve 1.2.3.4",
        "--may-exist chassis-add ch0 geneve,vxlan 1.2.3.4",
        "<lenient> chassis-del <record>", "lsp-bind <record> <record>",
        "<lenient> lsp-bind lp0 <record>", "<lenient> lsp-unbind <record>",
        "lflow-list", "lflow-list <record>", "dump-flows <record>",
        "--uuid lflow-list", "count-flows", "count-flows <record>",
        "get-connection", "del-connection",
        "--inactivity-probe=5 set-connection ptcp:6642", "get-ssl",
        "del-ssl", "set-ssl a b c",
        "--stats lflow-list x", "init"],
    "new": of("new ch0 ch9"),
}

VTEP = {
    "table": of("Global Physical_Switch Physical_Port Logical_Switch "
                "Ucast_Macs_Local Ucast_Macs_Remote Mcast_Macs_Local Manager "
                "Tunnel nonesuch physical-switch ps Logical_Router Arp_Sources"
                "_Local Physical_Locator ACL"),
    "name": of("name ports tunnel_ips management_ips description tunnel_key "
               "MAC ipaddr locator switches managers vlan_bindings "
               "other_config dst_ip encapsulation_type"),
    "record": of("ps0 pp0 ls0 ls1 nonesuch . \"ps0\"") + ["@a"],
    "ref": ["@a", "<record>"],
    "mac": of("00:00:00:00:00:01 0a:00:00:00:00:02 unknown-dst"),
    "special": [
        "show", "list-ps", "ps-exists <record>", "<lenient> add-ps <new>",
        "<lenient> del-ps <record>", "list-ports <record>",
        "<lenient> add-port <record> <new>", "<lenient> del-port <record> "
        "pp0", "list-ls", "ls-exists <record>", "<lenient> add-ls <new>",
        "<lenient> del-ls <record>", "bind-ls ps0 pp0 <u8> <record>",
        "unbind-ls ps0 pp0 <u8>", "list-bindings ps0 pp0",
        "list-bindings <record> <record>", "set-replication-mode <record> "
        "<word>", "set-replication-mode ls0 source_node",
        "list-lr", "<lenient> add-lr <new>",
        "lr-exists <record>", "add-ucast-local <record> <mac> 1.2.3.4",
        "add-ucast-local ls0 <mac> <word> 1.2.3.4",
        "add-ucast-remote ls0 <mac> vxlan_over_ipv4 1.2.3.5",
        "del-ucast-local <record> <mac>", "add-mcast-local ls0 <mac> 1.2.3.4",
        "del-mcast-local ls0 <mac> 1.2.3.4", "clear-local-macs <record>",
        "list-local-macs <record>", "clear-remote-macs <record>",
        "list-remote-macs <record>", "get-manager"],
    "new": of("new ps0 ls0 pp9"),
}


def grammar(own):
    """The grammar of a tool."""
    return dict(COMMON, **own)
