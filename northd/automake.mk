# Sources of northd/.
noinst_LIBRARIES += northd/libnorthd.a
northd_libnorthd_a_SOURCES = \
	northd/flow.c \
	northd/flow.h \
	northd/northd.c \
	northd/northd.h \
	northd/program.c \
	northd/program.h \
	northd/router/admission.c \
	northd/router/input.c \
	northd/router/neighbor.c \
	northd/router/port.c \
	northd/router/port.h \
	northd/router/resolve.c \
	northd/router/route.c \
	northd/router/route.h \
	northd/switch/acl.c \
	northd/switch/arp.c \
	northd/switch/fdb.c \
	northd/switch/l2.c \
	northd/switch/port_security.c \
	northd/switch/stateful.c \
	northd/sync/cells.c \
	northd/sync/cells.h \
	northd/sync/flows.c \
	northd/sync/flows.h \
	northd/sync/keys.c \
	northd/sync/keys.h \
	northd/sync/rows.c \
	northd/sync/rows.h \
	northd/sync/tables.c \
	northd/sync/tables.h \
	northd/topology/address.c \
	northd/topology/address.h \
	northd/topology/binding.c \
	northd/topology/datapath.c \
	northd/topology/dictionary.c \
	northd/topology/group.c \
	northd/topology/ha.c \
	northd/topology/index.c \
	northd/topology/multicast.c \
	northd/topology/multicast.h \
	northd/topology/peer.c \
	northd/topology/up.c
$(northd_libnorthd_a_OBJECTS): $(schema_headers)
EXTRA_DIST += northd/README.md
EXTRA_DIST += northd/main.c
