# Sources of lib/openflow/.
noinst_LIBRARIES += lib/openflow/libopenflow.a
lib_openflow_libopenflow_a_SOURCES = \
	lib/openflow/buf.c \
	lib/openflow/buf.h \
	lib/openflow/ct_msg.c \
	lib/openflow/ct_msg.h \
	lib/openflow/flow_fetch.c \
	lib/openflow/flow_fetch.h \
	lib/openflow/features_text.c \
	lib/openflow/features_text.h \
	lib/openflow/flow_mod.c \
	lib/openflow/flow_mod.h \
	lib/openflow/flow_monitor.c \
	lib/openflow/flow_stats.c \
	lib/openflow/flow_text.c \
	lib/openflow/flow_text.h \
	lib/openflow/flow_wire.h \
	lib/openflow/group_msg.c \
	lib/openflow/group_msg.h \
	lib/openflow/group_text.c \
	lib/openflow/ipfix_msg.c \
	lib/openflow/ipfix_msg.h \
	lib/openflow/meter_msg.c \
	lib/openflow/meter_msg.h \
	lib/openflow/msg.c \
	lib/openflow/msg.h \
	lib/openflow/ofpact.c \
	lib/openflow/ofpact.h \
	lib/openflow/ofpact_check.c \
	lib/openflow/ofpact_codec.h \
	lib/openflow/ofpact_decode.c \
	lib/openflow/ofpact_decode.h \
	lib/openflow/ofpact_decode_control.c \
	lib/openflow/ofpact_decode_field.c \
	lib/openflow/ofpact_decode_output.c \
	lib/openflow/ofpact_encap.c \
	lib/openflow/ofpact_encap.h \
	lib/openflow/ofpact_encode.c \
	lib/openflow/ofpact_encode.h \
	lib/openflow/ofpact_encode_control.c \
	lib/openflow/ofpact_encode_field.c \
	lib/openflow/ofpact_encode_output.c \
	lib/openflow/ofpact_format.c \
	lib/openflow/ofpact_options.c \
	lib/openflow/ofpact_options.h \
	lib/openflow/ofpact_parse.c \
	lib/openflow/ofpact_parse.h \
	lib/openflow/ofpact_parse_control.c \
	lib/openflow/ofpact_parse_field.c \
	lib/openflow/ofpact_parse_output.c \
	lib/openflow/ofpact_wire.h \
	lib/openflow/ofperr.c \
	lib/openflow/ofperr.h \
	lib/openflow/oxm.c \
	lib/openflow/packet_io.c \
	lib/openflow/packet_io.h \
	lib/openflow/packet_text.c \
	lib/openflow/packet_text.h \
	lib/openflow/port_msg.c \
	lib/openflow/port_msg.h \
	lib/openflow/property.h \
	lib/openflow/print.c \
	lib/openflow/print.h \
	lib/openflow/print_flow.c \
	lib/openflow/print_port.c \
	lib/openflow/print_session.c \
	lib/openflow/print_table.c \
	lib/openflow/printer.h \
	lib/openflow/protocol.c \
	lib/openflow/protocol.h \
	lib/openflow/session_msg.c \
	lib/openflow/session_msg.h \
	lib/openflow/table_msg.c \
	lib/openflow/table_msg.h \
	lib/openflow/vconn.c \
	lib/openflow/vconn.h
EXTRA_DIST += lib/openflow/README.md

if HAVE_CMOCKA
check_PROGRAMS += lib/openflow/test
lib_openflow_test_SOURCES = \
	lib/openflow/codec_flow_test.c \
	lib/openflow/codec_session_test.c \
	lib/openflow/codec_test.c \
	lib/openflow/codec_test.h \
	lib/openflow/message_test.c \
	lib/openflow/ofpact_test.c \
	lib/openflow/openflow_test.c
lib_openflow_test_LDADD = lib/openflow/libopenflow.a lib/flow/libflow.a \
	lib/packet/libpacket.a lib/runtime/libruntime.a lib/base/libbase.a \
	$(CMOCKA_LIBS) $(ALL_LIBS)
endif

OPENFLOW_LIBS = lib/openflow/libopenflow.a lib/flow/libflow.a \
	lib/packet/libpacket.a lib/stream/libstream.a \
	lib/runtime/libruntime.a lib/base/libbase.a

if FUZZERS
EXTRA_PROGRAMS += tests/fuzz/openflow_message tests/fuzz/openflow_flow_text
fuzz_programs += tests/fuzz/openflow_message tests/fuzz/openflow_flow_text
tests_fuzz_openflow_message_SOURCES = tests/fuzz/openflow_message.c
tests_fuzz_openflow_message_LDADD = $(OPENFLOW_LIBS) $(ALL_LIBS)
tests_fuzz_openflow_message_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_openflow_flow_text_SOURCES = tests/fuzz/openflow_flow_text.c
tests_fuzz_openflow_flow_text_LDADD = $(OPENFLOW_LIBS) $(ALL_LIBS)
tests_fuzz_openflow_flow_text_LDFLAGS = $(FUZZ_LDFLAGS)
endif
