# Sources of lib/openflow/.
EXTRA_DIST += lib/openflow/README.md \
	lib/openflow/buf.h \
	lib/openflow/flow_mod.h \
	lib/openflow/flow_text.h \
	lib/openflow/group_msg.h \
	lib/openflow/meter_msg.h \
	lib/openflow/msg.h \
	lib/openflow/ofpact.h \
	lib/openflow/ofpact_codec.h \
	lib/openflow/ofperr.h \
	lib/openflow/packet_io.h \
	lib/openflow/port_msg.h \
	lib/openflow/print.h \
	lib/openflow/protocol.h \
	lib/openflow/session_msg.h \
	lib/openflow/table_msg.h \
	lib/openflow/vconn.h
