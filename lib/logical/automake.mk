noinst_LIBRARIES += lib/logical/liblogical.a
lib_logical_liblogical_a_SOURCES = \
	lib/logical/action_encode.c \
	lib/logical/action_encode_learn.c \
	lib/logical/action_encoder.h \
	lib/logical/action_format.c \
	lib/logical/action_parse.c \
	lib/logical/action_parse_ct.c \
	lib/logical/action_parse_options.c \
	lib/logical/action_parser.c \
	lib/logical/action_parser.h \
	lib/logical/action_table.h \
	lib/logical/actions.c \
	lib/logical/actions.h \
	lib/logical/addresses.c \
	lib/logical/addresses.h \
	lib/logical/arena.c \
	lib/logical/arena.h \
	lib/logical/dhcp_options.c \
	lib/logical/dhcp_options.h \
	lib/logical/expr.c \
	lib/logical/expr.h \
	lib/logical/expr_compile.c \
	lib/logical/expr_emit.c \
	lib/logical/expr_form.c \
	lib/logical/expr_form.h \
	lib/logical/expr_terms.c \
	lib/logical/lexer.c \
	lib/logical/lexer.h \
	lib/logical/ovn_symbols.c \
	lib/logical/ovn_symbols.h \
	lib/logical/punt.c \
	lib/logical/symbol.c \
	lib/logical/symbol.h
EXTRA_DIST += lib/logical/README.md

# What a program links that speaks the flow language.
LOGICAL_LIBS = lib/logical/liblogical.a lib/openflow/libopenflow.a \
	lib/flow/libflow.a lib/packet/libpacket.a lib/stream/libstream.a \
	lib/runtime/libruntime.a lib/base/libbase.a

# For tests/interop/test_logical.py and for benchmarks.
noinst_PROGRAMS += tests/interop/logical_tool
tests_interop_logical_tool_SOURCES = tests/interop/logical_tool.c
tests_interop_logical_tool_LDADD = $(LOGICAL_LIBS) $(ALL_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += lib/logical/test
lib_logical_test_SOURCES = \
	lib/logical/actions_test.c \
	lib/logical/addresses_test.c \
	lib/logical/dhcp_options_test.c \
	lib/logical/expr_property_test.c \
	lib/logical/expr_test.c \
	lib/logical/lexer_test.c \
	lib/logical/logical_test.c \
	lib/logical/logical_test.h
lib_logical_test_LDADD = $(LOGICAL_LIBS) $(CMOCKA_LIBS) $(ALL_LIBS)
endif

if FUZZERS
LOGICAL_FUZZERS = tests/fuzz/logical_actions tests/fuzz/logical_expr \
	tests/fuzz/logical_userdata
EXTRA_PROGRAMS += $(LOGICAL_FUZZERS)
fuzz_programs += $(LOGICAL_FUZZERS)
tests_fuzz_logical_actions_SOURCES = tests/fuzz/logical_actions.c
tests_fuzz_logical_actions_LDADD = $(LOGICAL_LIBS) $(ALL_LIBS)
tests_fuzz_logical_actions_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_logical_expr_SOURCES = tests/fuzz/logical_expr.c
tests_fuzz_logical_expr_LDADD = $(LOGICAL_LIBS) $(ALL_LIBS)
tests_fuzz_logical_expr_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_logical_userdata_SOURCES = tests/fuzz/logical_userdata.c
tests_fuzz_logical_userdata_LDADD = $(LOGICAL_LIBS) $(ALL_LIBS)
tests_fuzz_logical_userdata_LDFLAGS = $(FUZZ_LDFLAGS)
endif
EXTRA_DIST += tests/fuzz/corpus/logical_actions \
	tests/fuzz/corpus/logical_expr tests/fuzz/corpus/logical_userdata
