# Programs of vswitch/tools/.
bin_PROGRAMS += vswitch/ovs-appctl
vswitch_ovs_appctl_SOURCES = vswitch/tools/appctl.c
vswitch_ovs_appctl_LDADD = $(DAEMON_LIBS) $(ALL_LIBS)

bin_PROGRAMS += vswitch/ovs-vsctl
vswitch_ovs_vsctl_SOURCES = \
	vswitch/tools/vsctl.c \
	vswitch/tools/vsctl.h \
	vswitch/tools/vsctl_bridge.c \
	vswitch/tools/vsctl_connection.c \
	vswitch/tools/vsctl_find.c \
	vswitch/tools/vsctl_port.c \
	vswitch/tools/vsctl_port.h \
	vswitch/tools/vsctl_zone.c
vswitch_ovs_vsctl_LDADD = $(DBCTL_LIBS)
EXTRA_DIST += vswitch/tools/README.md

bin_PROGRAMS += vswitch/ovs-ofctl
vswitch_ovs_ofctl_SOURCES = \
	vswitch/tools/ofctl.c \
	vswitch/tools/ofctl.h \
	vswitch/tools/ofctl_bundle.c \
	vswitch/tools/ofctl_flows.c \
	vswitch/tools/ofctl_monitor.c \
	vswitch/tools/ofctl_lines.c \
	vswitch/tools/ofctl_lines.h \
	vswitch/tools/ofctl_offline.c \
	vswitch/tools/ofctl_packets.c \
	vswitch/tools/ofctl_session.c \
	vswitch/tools/ofctl_switch.c \
	vswitch/tools/ofctl_table.c
vswitch_ovs_ofctl_LDADD = lib/openflow/libopenflow.a lib/flow/libflow.a \
	lib/packet/libpacket.a $(DAEMON_LIBS) $(ALL_LIBS)

bin_PROGRAMS += vswitch/ovs-dpctl
vswitch_ovs_dpctl_SOURCES = vswitch/tools/dpctl.c
vswitch_ovs_dpctl_LDADD = vswitch/ofproto/libofproto.a \
	lib/openflow/libopenflow.a lib/flow/libflow.a \
	lib/netlink/libnetlink.a lib/packet/libpacket.a $(DAEMON_LIBS) \
	$(ALL_LIBS)
