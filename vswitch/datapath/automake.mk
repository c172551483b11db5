# Sources of vswitch/dpif/, vswitch/netdev/ and vswitch/datapath/.
noinst_LIBRARIES += vswitch/datapath/libdatapath.a
vswitch_datapath_libdatapath_a_SOURCES = \
	vswitch/datapath/actions.c \
	vswitch/datapath/conntrack.c \
	vswitch/datapath/conntrack.h \
	vswitch/datapath/ct_alg.c \
	vswitch/datapath/ct_args.c \
	vswitch/datapath/ct_control.c \
	vswitch/datapath/ct_expect.c \
	vswitch/datapath/ct_key.c \
	vswitch/datapath/ct_nat.c \
	vswitch/datapath/ct_private.h \
	vswitch/datapath/ct_proto.c \
	vswitch/datapath/ct_sctp.c \
	vswitch/datapath/ct_table.c \
	vswitch/datapath/datapath.h \
	vswitch/datapath/dpif.c \
	vswitch/datapath/dpif_flows.c \
	vswitch/datapath/dpif_ports.c \
	vswitch/datapath/flow_table.c \
	vswitch/datapath/flow_table.h \
	vswitch/datapath/ipf.c \
	vswitch/datapath/ipf.h \
	vswitch/datapath/meter.c \
	vswitch/datapath/nsh.c \
	vswitch/datapath/poller.c \
	vswitch/datapath/process.c \
	vswitch/datapath/round_log.c \
	vswitch/datapath/set.c \
	vswitch/datapath/tunnel.c \
	vswitch/datapath/tunnel.h \
	vswitch/datapath/tunnel_header.c \
	vswitch/datapath/tunnel_header.h \
	vswitch/datapath/tunnel_pop.c \
	vswitch/datapath/tunnel_push.c \
	vswitch/datapath/tunnel_socket.c \
	vswitch/datapath/underlay.c \
	vswitch/datapath/underlay.h \
	vswitch/datapath/underlay_tables.c \
	vswitch/datapath/underlay_tables.h \
	vswitch/datapath/upcall_queue.c \
	vswitch/datapath/usage.c \
	vswitch/dpif/conntrack.h \
	vswitch/dpif/dpif.h \
	vswitch/dpif/underlay.h \
	vswitch/netdev/background.c \
	vswitch/netdev/background.h \
	vswitch/netdev/dummy.c \
	vswitch/netdev/dummy_queue.c \
	vswitch/netdev/dummy_queue.h \
	vswitch/netdev/dummy_wire.c \
	vswitch/netdev/dummy_wire.h \
	vswitch/netdev/ingress.c \
	vswitch/netdev/ingress.h \
	vswitch/netdev/linux.c \
	vswitch/netdev/linux.h \
	vswitch/netdev/netdev.c \
	vswitch/netdev/netdev.h \
	vswitch/netdev/netdev_provider.h \
	vswitch/netdev/packet_ring.c \
	vswitch/netdev/packet_ring.h \
	vswitch/netdev/system.c \
	vswitch/netdev/tap.c \
	vswitch/netdev/tx_ring.c \
	vswitch/netdev/tx_ring.h \
	vswitch/netdev/vnet.c \
	vswitch/netdev/vnet.h
EXTRA_DIST += tests/fuzz/corpus/conntrack \
	vswitch/datapath/README.md vswitch/dpif/README.md \
	vswitch/netdev/README.md

datapath_libs = vswitch/datapath/libdatapath.a lib/flow/libflow.a \
	lib/netlink/libnetlink.a lib/packet/libpacket.a \
	lib/stream/libstream.a \
	lib/runtime/libruntime.a lib/base/libbase.a $(ALL_LIBS)

noinst_PROGRAMS += vswitch/datapath/ct_load vswitch/datapath/driver
vswitch_datapath_ct_load_SOURCES = vswitch/datapath/ct_load.c
vswitch_datapath_ct_load_LDADD = $(datapath_libs)
vswitch_datapath_driver_SOURCES = vswitch/datapath/driver.c
vswitch_datapath_driver_LDADD = $(datapath_libs)

if HAVE_CMOCKA
check_PROGRAMS += vswitch/datapath/test
vswitch_datapath_test_SOURCES = \
	vswitch/datapath/conntrack_test.c \
	vswitch/datapath/ct_alg_test.c \
	vswitch/datapath/dp_test.c \
	vswitch/datapath/ipf_test.c \
	vswitch/datapath/usage_test.c
vswitch_datapath_test_LDADD = $(CMOCKA_LIBS) $(datapath_libs)
endif

if FUZZERS
EXTRA_PROGRAMS += tests/fuzz/packet tests/fuzz/conntrack
fuzz_programs += tests/fuzz/packet tests/fuzz/conntrack
tests_fuzz_packet_SOURCES = tests/fuzz/packet.c
tests_fuzz_packet_LDADD = $(datapath_libs)
tests_fuzz_packet_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_conntrack_SOURCES = tests/fuzz/conntrack.c
tests_fuzz_conntrack_LDADD = $(datapath_libs)
tests_fuzz_conntrack_LDFLAGS = $(FUZZ_LDFLAGS)
endif
