# Sources of controller/trace/: ovn-trace.
bin_PROGRAMS += controller/ovn-trace
controller_ovn_trace_SOURCES = \
	controller/trace/main.c \
	controller/trace/microflow.c \
	controller/trace/microflow.h \
	controller/trace/network.c \
	controller/trace/network.h \
	controller/trace/port_security.c \
	controller/trace/port_security.h \
	controller/trace/report.c \
	controller/trace/report.h \
	controller/trace/report_json.c \
	controller/trace/walk.c \
	controller/trace/walk.h \
	controller/trace/walk_ct.c \
	controller/trace/walk_fields.c \
	controller/trace/walk_internal.h \
	controller/trace/walk_lookups.c \
	controller/trace/walk_packets.c
controller_ovn_trace_LDADD = lib/daemon/libdaemon.a lib/schema/libschema.a \
	lib/logical/liblogical.a lib/openflow/libopenflow.a \
	lib/flow/libflow.a lib/packet/libpacket.a $(REPLICA_LIBS) $(ALL_LIBS)
EXTRA_DIST += controller/trace/README.md
