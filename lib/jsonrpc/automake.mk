# Sources of lib/jsonrpc/.
noinst_LIBRARIES += lib/jsonrpc/libjsonrpc.a
lib_jsonrpc_libjsonrpc_a_SOURCES = \
	lib/jsonrpc/framer.c \
	lib/jsonrpc/framer.h \
	lib/jsonrpc/jsonrpc.c \
	lib/jsonrpc/jsonrpc.h \
	lib/jsonrpc/session.c \
	lib/jsonrpc/session.h
EXTRA_DIST += lib/jsonrpc/README.md

if HAVE_CMOCKA
check_PROGRAMS += lib/jsonrpc/test
lib_jsonrpc_test_SOURCES = \
	lib/jsonrpc/framer_test.c \
	lib/jsonrpc/jsonrpc_test.c \
	lib/jsonrpc/jsonrpc_unit_test.c \
	lib/jsonrpc/session_test.c
lib_jsonrpc_test_LDADD = lib/jsonrpc/libjsonrpc.a lib/stream/libstream.a \
	lib/runtime/libruntime.a lib/base/libbase.a $(CMOCKA_LIBS) $(ALL_LIBS)
endif

if FUZZERS
EXTRA_PROGRAMS += tests/fuzz/jsonrpc
fuzz_programs += tests/fuzz/jsonrpc
tests_fuzz_jsonrpc_SOURCES = tests/fuzz/jsonrpc.c
tests_fuzz_jsonrpc_LDADD = lib/jsonrpc/libjsonrpc.a lib/base/libbase.a \
	$(ALL_LIBS)
tests_fuzz_jsonrpc_LDFLAGS = $(FUZZ_LDFLAGS)
endif
EXTRA_DIST += tests/fuzz/corpus/jsonrpc
