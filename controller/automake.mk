# Sources of controller/.
include controller/tools/automake.mk
include controller/trace/automake.mk
bin_PROGRAMS += controller/ovn-controller
noinst_LIBRARIES += controller/libcontroller.a
controller_ovn_controller_SOURCES = controller/main.c
controller_libcontroller_a_SOURCES = \
	controller/binding/binding.c \
	controller/binding/binding.h \
	controller/binding/claim.c \
	controller/binding/claim.h \
	controller/binding/datapaths.c \
	controller/binding/datapaths.h \
	controller/binding/names.c \
	controller/binding/names.h \
	controller/chassis/bridge.c \
	controller/chassis/bridge.h \
	controller/chassis/config.c \
	controller/chassis/config.h \
	controller/connections.c \
	controller/connections.h \
	controller/chassis/encap_ips.c \
	controller/chassis/encap_ips.h \
	controller/chassis/encaps.c \
	controller/chassis/encaps.h \
	controller/chassis/ha.c \
	controller/chassis/ha.h \
	controller/chassis/mappings.c \
	controller/chassis/mappings.h \
	controller/chassis/patch.c \
	controller/chassis/patch.h \
	controller/chassis/qos.c \
	controller/chassis/qos.h \
	controller/chassis/register.c \
	controller/chassis/register.h \
	controller/commands.c \
	controller/commands.h \
	controller/controller.c \
	controller/controller.h \
	controller/debug.c \
	controller/debug.h \
	controller/engine_nodes.c \
	controller/engine_nodes.h \
	controller/flows.c \
	controller/inject.c \
	controller/inject.h \
	controller/flows.h \
	controller/ids.c \
	controller/ids.h \
	controller/install/established.c \
	controller/install/established.h \
	controller/install/install.c \
	controller/install/install.h \
	controller/install/messages.c \
	controller/install/messages.h \
	controller/install/meters.c \
	controller/install/meters.h \
	controller/install/numbers.c \
	controller/install/numbers.h \
	controller/install/seen.c \
	controller/install/seen.h \
	controller/install/wanted.c \
	controller/install/wanted.h \
	controller/monitor.c \
	controller/monitor.h \
	controller/physical/activation.c \
	controller/physical/activation.h \
	controller/physical/chassis_mac.c \
	controller/physical/chassis_mac.h \
	controller/physical/common.c \
	controller/physical/fixed.c \
	controller/physical/group.c \
	controller/physical/hairpin.c \
	controller/physical/hairpin.h \
	controller/physical/learned.c \
	controller/physical/learned.h \
	controller/physical/physical.h \
	controller/physical/port.c \
	controller/physical/port_security.c \
	controller/physical/port_security.h \
	controller/program.c \
	controller/program.h \
	controller/punt/acl_log.c \
	controller/punt/ageing.c \
	controller/punt/ageing.h \
	controller/punt/announce.c \
	controller/punt/announce.h \
	controller/punt/dhcpv4.c \
	controller/punt/dhcpv6.c \
	controller/punt/dns.c \
	controller/punt/dns.h \
	controller/punt/known.c \
	controller/punt/known.h \
	controller/punt/link.c \
	controller/punt/link.h \
	controller/punt/queues.c \
	controller/punt/queues.h \
	controller/punt/learned.c \
	controller/punt/learned.h \
	controller/punt/neighbours.c \
	controller/punt/periodic_ra.c \
	controller/punt/periodic_ra.h \
	controller/punt/ports.c \
	controller/punt/ports.h \
	controller/punt/punt.c \
	controller/punt/punt.h \
	controller/punt/refuse.c \
	controller/punt/refuse.h \
	controller/punt/reply.c \
	controller/punt/reports.c \
	controller/punt/reports.h \
	controller/punt/request.h \
	controller/punt/router_advert.c \
	controller/punt/schedule.c \
	controller/punt/schedule.h \
	controller/punt/send.c \
	controller/punt/send.h \
	controller/punt/waiting.c \
	controller/punt/waiting.h \
	controller/translate/groups.c \
	controller/translate/groups.h \
	controller/translate/lflow.c \
	controller/translate/lflow.h \
	controller/translate/options.c \
	controller/translate/options.h \
	controller/translate/parts.c \
	controller/translate/parts.h \
	controller/translate/sets.c \
	controller/translate/sets.h
EXTRA_DIST += controller/README.md controller/punt/README.md \
	tests/fuzz/corpus/punt
controller_ovn_controller_LDADD = controller/libcontroller.a $(CONTROLLER_LIBS)
CONTROLLER_LIBS = lib/schema/libschema.a lib/incr/libincr.a \
	lib/logical/liblogical.a lib/openflow/libopenflow.a \
	lib/flow/libflow.a lib/packet/libpacket.a lib/daemon/libdaemon.a \
	$(REPLICA_LIBS) $(ALL_LIBS)

if FUZZERS
fuzz_programs += tests/fuzz/punt
EXTRA_PROGRAMS += tests/fuzz/punt
tests_fuzz_punt_SOURCES = tests/fuzz/punt.c controller/punt/testing.c \
	controller/punt/testing.h
tests_fuzz_punt_LDADD = controller/libcontroller.a $(CONTROLLER_LIBS)
tests_fuzz_punt_LDFLAGS = $(FUZZ_LDFLAGS)
endif

if HAVE_CMOCKA
check_PROGRAMS += controller/punt/test controller/punt/thread_test \
	controller/punt/schedule_test controller/binding/test \
	controller/chassis/test controller/ids_test controller/physical/test \
	controller/translate/test
noinst_LIBRARIES += controller/libtesting.a
controller_libtesting_a_SOURCES = controller/testing.c controller/testing.h
UNIT_TEST_LIBS = controller/libtesting.a controller/libcontroller.a \
	$(CMOCKA_LIBS) $(CONTROLLER_LIBS)
controller_binding_test_SOURCES = controller/binding/binding_test.c
controller_binding_test_LDADD = $(UNIT_TEST_LIBS)
controller_chassis_test_SOURCES = controller/chassis/chassis_test.c
controller_chassis_test_LDADD = $(UNIT_TEST_LIBS)
controller_physical_test_SOURCES = controller/physical/physical_test.c
controller_physical_test_LDADD = $(UNIT_TEST_LIBS)
controller_translate_test_SOURCES = controller/translate/sets_test.c
controller_translate_test_LDADD = $(UNIT_TEST_LIBS)
controller_ids_test_SOURCES = controller/ids_test.c
controller_ids_test_LDADD = $(UNIT_TEST_LIBS)
controller_punt_schedule_test_SOURCES = controller/punt/schedule_test.c
controller_punt_schedule_test_LDADD = controller/libcontroller.a \
	$(CMOCKA_LIBS) $(CONTROLLER_LIBS)
controller_punt_thread_test_SOURCES = \
	controller/punt/thread_test.c \
	controller/punt/testing.c \
	controller/punt/testing.h
controller_punt_thread_test_LDADD = $(UNIT_TEST_LIBS)
controller_punt_test_SOURCES = \
	controller/punt/punt_test.c \
	controller/punt/testing.c \
	controller/punt/testing.h
controller_punt_test_LDADD = controller/libcontroller.a $(CMOCKA_LIBS) \
	$(CONTROLLER_LIBS)
endif
