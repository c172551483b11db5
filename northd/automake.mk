# Sources of northd/.
noinst_LIBRARIES += northd/libnorthd.a
northd_libnorthd_a_SOURCES = \
	northd/flow.c \
	northd/flow.h \
	northd/northd.c \
	northd/northd.h \
	northd/origins.c \
	northd/origins.h \
	northd/program.c \
	northd/program.h \
	northd/router/admission.c \
	northd/router/commit_all.c \
	northd/router/input.c \
	northd/router/lb.c \
	northd/router/mtu.c \
	northd/router/nat.c \
	northd/router/neighbor.c \
	northd/router/policy.c \
	northd/router/port.c \
	northd/router/port.h \
	northd/router/ra.c \
	northd/router/resolve.c \
	northd/router/routable.c \
	northd/router/routable.h \
	northd/router/route.c \
	northd/router/route.h \
	northd/router/symmetric.c \
	northd/switch/acl.c \
	northd/switch/arp.c \
	northd/switch/dhcp.c \
	northd/switch/dns.c \
	northd/switch/external.c \
	northd/switch/fdb.c \
	northd/switch/l2.c \
	northd/switch/lb.c \
	northd/switch/port_security.c \
	northd/switch/qos.c \
	northd/switch/stateful.c \
	northd/sync/cells.c \
	northd/sync/cells.h \
	northd/sync/flows.c \
	northd/sync/flows.h \
	northd/sync/globals.c \
	northd/sync/globals.h \
	northd/sync/ipam.c \
	northd/sync/ipam.h \
	northd/sync/keys.c \
	northd/sync/keys.h \
	northd/sync/learned.c \
	northd/sync/learned.h \
	northd/sync/reserve.c \
	northd/sync/reserve.h \
	northd/sync/router_groups.c \
	northd/sync/router_groups.h \
	northd/sync/rows.c \
	northd/sync/rows.h \
	northd/sync/tables.c \
	northd/sync/tables.h \
	northd/topology/address.c \
	northd/topology/address.h \
	northd/topology/announce.c \
	northd/topology/binding.c \
	northd/topology/datapath.c \
	northd/topology/dictionary.c \
	northd/topology/dynamic.c \
	northd/topology/feature.c \
	northd/topology/feature.h \
	northd/topology/group.c \
	northd/topology/ha.c \
	northd/topology/index.c \
	northd/topology/later.c \
	northd/topology/lb.c \
	northd/topology/lb.h \
	northd/topology/meter.c \
	northd/topology/meter.h \
	northd/topology/multicast.c \
	northd/topology/multicast.h \
	northd/topology/number.c \
	northd/topology/number.h \
	northd/topology/peer.c \
	northd/topology/static_mac.c \
	northd/topology/up.c
$(northd_libnorthd_a_OBJECTS): $(schema_headers)
EXTRA_DIST += northd/README.md

NORTHD_LIBS = northd/libnorthd.a lib/schema/libschema.a lib/incr/libincr.a \
	lib/replica/libreplica.a lib/logical/liblogical.a \
	lib/openflow/libopenflow.a lib/daemon/libdaemon.a lib/jsonrpc/libjsonrpc.a \
	lib/stream/libstream.a lib/flow/libflow.a lib/packet/libpacket.a \
	lib/ovsdb/libovsdb.a lib/runtime/libruntime.a lib/base/libbase.a \
	$(ALL_LIBS)

bin_PROGRAMS += northd/ovn-northd
northd_ovn_northd_SOURCES = northd/main.c
northd_ovn_northd_LDADD = $(NORTHD_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += northd/test
northd_test_SOURCES = northd/sync/keys_test.c
northd_test_LDADD = $(NORTHD_LIBS) $(CMOCKA_LIBS)
endif
include northd/tools/automake.mk
