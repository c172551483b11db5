noinst_LIBRARIES += lib/replica/libreplica.a
lib_replica_libreplica_a_SOURCES = \
	lib/replica/class.c \
	lib/replica/class.h \
	lib/replica/column.c \
	lib/replica/column.h \
	lib/replica/compile.c \
	lib/replica/condition.c \
	lib/replica/dangling.c \
	lib/replica/index.c \
	lib/replica/index.h \
	lib/replica/internal.h \
	lib/replica/job.c \
	lib/replica/learn.c \
	lib/replica/protocol.c \
	lib/replica/protocol.h \
	lib/replica/replica.c \
	lib/replica/replica.h \
	lib/replica/server_db.c \
	lib/replica/store.c \
	lib/replica/store.h \
	lib/replica/testing.c \
	lib/replica/testing.h \
	lib/replica/txn.c \
	lib/replica/txn.h \
	lib/replica/txn_private.h \
	lib/replica/update.c \
	lib/replica/value.c \
	lib/replica/value.h
EXTRA_DIST += lib/replica/README.md

# What a program that has a replica links, in this order.
REPLICA_LIBS = \
	lib/replica/libreplica.a \
	lib/jsonrpc/libjsonrpc.a \
	lib/stream/libstream.a \
	lib/ovsdb/libovsdb.a \
	lib/runtime/libruntime.a \
	lib/base/libbase.a

# For tests/interop/test_replica.py.
noinst_PROGRAMS += tests/interop/replica_tool
tests_interop_replica_tool_SOURCES = tests/interop/replica_tool.c
tests_interop_replica_tool_LDADD = lib/schema/libschema.a $(REPLICA_LIBS) \
	$(ALL_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += lib/replica/test
lib_replica_test_SOURCES = lib/replica/replica_test.c
lib_replica_test_LDADD = $(REPLICA_LIBS) $(CMOCKA_LIBS) $(ALL_LIBS)
endif
