# Sources of vswitch/ofproto/, vswitch/xlate/, vswitch/upcall/ and
# vswitch/protocols/.
noinst_LIBRARIES += vswitch/ofproto/libofproto.a
vswitch_ofproto_libofproto_a_SOURCES = \
	vswitch/dpif/dpctl.c \
	vswitch/dpif/dpctl.h \
	vswitch/dpif/dpctl_actions.c \
	vswitch/dpif/odp_actions_parse.c \
	vswitch/dpif/odp_flow_parse.c \
	vswitch/dpif/odp_keys.h \
	vswitch/dpif/odp_actions_format.c \
	vswitch/dpif/odp_flow_format.c \
	vswitch/dpif/odp_format.h \
	vswitch/dpif/odp_text.c \
	vswitch/dpif/odp_text.h \
	vswitch/ofproto/backer.c \
	vswitch/ofproto/backer.h \
	vswitch/ofproto/bfd_monitor.c \
	vswitch/ofproto/bfd_monitor.h \
	vswitch/ofproto/bundles.c \
	vswitch/ofproto/commands.c \
	vswitch/ofproto/commands.h \
	vswitch/ofproto/conn.c \
	vswitch/ofproto/conn.h \
	vswitch/ofproto/ct_commands.c \
	vswitch/ofproto/detrace_command.c \
	vswitch/ofproto/ct_settings_commands.c \
	vswitch/ofproto/ct_zones.c \
	vswitch/ofproto/ct_zones.h \
	vswitch/ofproto/dpctl_commands.c \
	vswitch/ofproto/dpctl_commands.h \
	vswitch/ofproto/dpctl_datapath_commands.c \
	vswitch/ofproto/dpctl_flow_commands.c \
	vswitch/ofproto/dpif_commands.c \
	vswitch/ofproto/dpif_netdev_commands.c \
	vswitch/ofproto/dummy_commands.c \
	vswitch/ofproto/fail_open.c \
	vswitch/ofproto/fail_open.h \
	vswitch/ofproto/feature_commands.c \
	vswitch/ofproto/flow_mod.c \
	vswitch/ofproto/flow_mod.h \
	vswitch/ofproto/group.c \
	vswitch/ofproto/group.h \
	vswitch/ofproto/impl_commands.c \
	vswitch/ofproto/in_band.c \
	vswitch/ofproto/in_band.h \
	vswitch/ofproto/meter.c \
	vswitch/ofproto/meter.h \
	vswitch/ofproto/monitors.c \
	vswitch/ofproto/next_hop.c \
	vswitch/ofproto/next_hop.h \
	vswitch/ofproto/ofproto.c \
	vswitch/ofproto/ofproto.h \
	vswitch/ofproto/packets.c \
	vswitch/ofproto/packets.h \
	vswitch/ofproto/port.c \
	vswitch/ofproto/port.h \
	vswitch/ofproto/port_names.c \
	vswitch/ofproto/port_names.h \
	vswitch/ofproto/requests.c \
	vswitch/ofproto/rule.c \
	vswitch/ofproto/rule.h \
	vswitch/ofproto/stats.c \
	vswitch/ofproto/trace_commands.c \
	vswitch/ofproto/tunnel.c \
	vswitch/ofproto/tunnel_commands.c \
	vswitch/protocols/bfd.c \
	vswitch/protocols/bfd.h \
	vswitch/protocols/mac_learning.c \
	vswitch/protocols/mac_learning.h \
	vswitch/upcall/revalidator.c \
	vswitch/upcall/ukey.h \
	vswitch/upcall/upcall.c \
	vswitch/upcall/upcall.h \
	vswitch/upcall/upcall_commands.c \
	vswitch/xlate/actions.c \
	vswitch/xlate/actions.h \
	vswitch/xlate/cache.c \
	vswitch/xlate/cache.h \
	vswitch/xlate/commit.c \
	vswitch/xlate/ct.c \
	vswitch/xlate/ctx.h \
	vswitch/xlate/encap.c \
	vswitch/xlate/freeze.c \
	vswitch/xlate/group.c \
	vswitch/xlate/header_actions.c \
	vswitch/xlate/learn.c \
	vswitch/xlate/learn.h \
	vswitch/xlate/output.c \
	vswitch/xlate/receive.c \
	vswitch/xlate/recirc.c \
	vswitch/xlate/recirc.h \
	vswitch/xlate/trace.c \
	vswitch/xlate/trace.h \
	vswitch/xlate/xlate.c \
	vswitch/xlate/xlate.h
EXTRA_DIST += vswitch/ofproto/README.md tests/fuzz/corpus/odp_text \
	tests/fuzz/corpus/tunnel

if HAVE_CMOCKA
check_PROGRAMS += vswitch/ofproto/test
vswitch_ofproto_test_SOURCES = \
	vswitch/dpif/odp_text_test.c \
	vswitch/ofproto/flow_mod_test.c \
	vswitch/ofproto/in_band_test.c \
	vswitch/ofproto/test.c \
	vswitch/ofproto/test.h \
	vswitch/protocols/bfd_test.c \
	vswitch/protocols/mac_learning_test.c \
	vswitch/xlate/wildcards_test.c \
	vswitch/xlate/xlate_test.c
vswitch_ofproto_test_LDADD = vswitch/ofproto/libofproto.a \
	vswitch/datapath/libdatapath.a lib/openflow/libopenflow.a \
	lib/flow/libflow.a lib/netlink/libnetlink.a lib/packet/libpacket.a \
	$(DAEMON_LIBS) $(CMOCKA_LIBS) $(ALL_LIBS)
endif

if FUZZERS
EXTRA_PROGRAMS += tests/fuzz/odp_text tests/fuzz/tunnel
fuzz_programs += tests/fuzz/odp_text tests/fuzz/tunnel
tests_fuzz_odp_text_SOURCES = tests/fuzz/odp_text.c
tests_fuzz_odp_text_LDADD = vswitch/ofproto/libofproto.a \
	vswitch/datapath/libdatapath.a lib/netlink/libnetlink.a \
	$(OPENFLOW_LIBS) $(ALL_LIBS)
tests_fuzz_odp_text_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_tunnel_SOURCES = tests/fuzz/tunnel.c
tests_fuzz_tunnel_LDADD = vswitch/ofproto/libofproto.a \
	$(datapath_libs)
tests_fuzz_tunnel_LDFLAGS = $(FUZZ_LDFLAGS)
endif
