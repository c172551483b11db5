# Sources of lib/flow/.
noinst_LIBRARIES += lib/flow/libflow.a
lib_flow_libflow_a_SOURCES = \
	lib/flow/classifier.c \
	lib/flow/classifier.h \
	lib/flow/cls_lookup.c \
	lib/flow/cls_rule.c \
	lib/flow/cls_subtable.h \
	lib/flow/ct_match.c \
	lib/flow/ct_match.h \
	lib/flow/extract.c \
	lib/flow/extract.h \
	lib/flow/field.c \
	lib/flow/field.h \
	lib/flow/field_table.c \
	lib/flow/field_text.c \
	lib/flow/flow.h \
	lib/flow/flow_compose.c \
	lib/flow/flow_text.c \
	lib/flow/key.c \
	lib/flow/key.h \
	lib/flow/kv.c \
	lib/flow/kv.h \
	lib/flow/match.c \
	lib/flow/match.h \
	lib/flow/match_text.c \
	lib/flow/minimask.c \
	lib/flow/minimask.h \
	lib/flow/port.c \
	lib/flow/port.h \
	lib/flow/tlv.c \
	lib/flow/tlv.h \
	lib/flow/trie.c \
	lib/flow/trie.h
EXTRA_DIST += lib/flow/README.md

if HAVE_CMOCKA
check_PROGRAMS += lib/flow/test
lib_flow_test_SOURCES = \
	lib/flow/classifier_test.c \
	lib/flow/extract_test.c \
	lib/flow/field_test.c \
	lib/flow/flow_test.c
lib_flow_test_LDADD = lib/flow/libflow.a lib/packet/libpacket.a \
	lib/runtime/libruntime.a lib/base/libbase.a $(CMOCKA_LIBS) $(ALL_LIBS)
endif
