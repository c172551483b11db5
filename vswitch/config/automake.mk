# ovs-vswitchd and vswitch/config/.
sbin_PROGRAMS += vswitch/ovs-vswitchd
vswitch_ovs_vswitchd_SOURCES = \
	vswitch/config/bridge.c \
	vswitch/config/config.c \
	vswitch/config/config.h \
	vswitch/config/controllers.c \
	vswitch/config/ct_zones.c \
	vswitch/config/in_band.c \
	vswitch/config/model.h \
	vswitch/config/port.c \
	vswitch/config/status.c \
	vswitch/main.c
vswitch_ovs_vswitchd_LDADD = vswitch/ofproto/libofproto.a \
	vswitch/datapath/libdatapath.a lib/schema/libschema.a \
	lib/openflow/libopenflow.a lib/flow/libflow.a \
	lib/netlink/libnetlink.a lib/packet/libpacket.a \
	$(DAEMON_LIBS) $(REPLICA_LIBS) $(ALL_LIBS)
