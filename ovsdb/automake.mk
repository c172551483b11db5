noinst_LIBRARIES += ovsdb/libovsdbserver.a
ovsdb_libovsdbserver_a_SOURCES = \
	ovsdb/server/compaction.c \
	ovsdb/server/compaction.h \
	ovsdb/server/db.c \
	ovsdb/server/db.h \
	ovsdb/server/execute.c \
	ovsdb/server/execute.h \
	ovsdb/server/filter.c \
	ovsdb/server/filter.h \
	ovsdb/server/find.c \
	ovsdb/server/find.h \
	ovsdb/server/history.c \
	ovsdb/server/history.h \
	ovsdb/server/locks.c \
	ovsdb/server/locks.h \
	ovsdb/server/lookup.c \
	ovsdb/server/lookup.h \
	ovsdb/server/monitor.c \
	ovsdb/server/monitor.h \
	ovsdb/server/rbac.c \
	ovsdb/server/rbac.h \
	ovsdb/server/record.c \
	ovsdb/server/record.h \
	ovsdb/server/refs.c \
	ovsdb/server/refs.h \
	ovsdb/server/remotes.c \
	ovsdb/server/remotes.h \
	ovsdb/server/replication.c \
	ovsdb/server/replication.h \
	ovsdb/server/row_text.c \
	ovsdb/server/row_text.h \
	ovsdb/server/served.c \
	ovsdb/server/served.h \
	ovsdb/server/server.c \
	ovsdb/server/server.h \
	ovsdb/server/session.c \
	ovsdb/server/session.h \
	ovsdb/server/session_monitor.c \
	ovsdb/server/session_private.h \
	ovsdb/server/tlog.c \
	ovsdb/server/tlog.h \
	ovsdb/server/txn.c \
	ovsdb/server/txn.h \
	ovsdb/server/txn_index.c \
	ovsdb/server/txn_index.h \
	ovsdb/server/view.c \
	ovsdb/server/view.h \
	ovsdb/storage/dblog.c \
	ovsdb/storage/dblog.h
EXTRA_DIST += ovsdb/README.md ovsdb/storage/README.md

OVSDB_LIBS = ovsdb/libovsdbserver.a lib/ovsdb/libovsdb.a $(DAEMON_LIBS) $(CRYPTO_LIBS)

sbin_PROGRAMS += ovsdb/ovsdb-server
ovsdb_ovsdb_server_SOURCES = \
	ovsdb/server/commands.c \
	ovsdb/server/commands.h \
	ovsdb/server/config.c \
	ovsdb/server/config.h \
	ovsdb/server/main.c
ovsdb_ovsdb_server_LDADD = $(OVSDB_LIBS) $(ALL_LIBS)

bin_PROGRAMS += ovsdb/ovsdb-tool
ovsdb_ovsdb_tool_SOURCES = ovsdb/tools/tool.c
ovsdb_ovsdb_tool_LDADD = $(OVSDB_LIBS) $(ALL_LIBS)

bin_PROGRAMS += ovsdb/ovsdb-client
ovsdb_ovsdb_client_SOURCES = \
	ovsdb/tools/backup.c \
	ovsdb/tools/backup.h \
	ovsdb/tools/client.c \
	ovsdb/tools/rpc.c \
	ovsdb/tools/rpc.h \
	ovsdb/tools/watch.c \
	ovsdb/tools/watch.h
ovsdb_ovsdb_client_LDADD = lib/dbctl/libdbctl.a $(OVSDB_LIBS) $(ALL_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += ovsdb/test
ovsdb_test_SOURCES = \
	ovsdb/server/execute_test.c \
	ovsdb/server/lookup_test.c \
	ovsdb/server/monitor_test.c \
	ovsdb/server/server_test.c \
	ovsdb/server/storage_test.c \
	ovsdb/server/testing.h
ovsdb_test_LDADD = $(OVSDB_LIBS) $(CMOCKA_LIBS) $(ALL_LIBS)
endif

if FUZZERS
EXTRA_PROGRAMS += tests/fuzz/ovsdb_file tests/fuzz/ovsdb_transact
fuzz_programs += tests/fuzz/ovsdb_file tests/fuzz/ovsdb_transact
tests_fuzz_ovsdb_file_SOURCES = tests/fuzz/ovsdb_file.c
tests_fuzz_ovsdb_file_LDADD = $(OVSDB_LIBS) $(ALL_LIBS)
tests_fuzz_ovsdb_file_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_ovsdb_transact_SOURCES = tests/fuzz/ovsdb_transact.c
tests_fuzz_ovsdb_transact_LDADD = $(OVSDB_LIBS) $(ALL_LIBS)
tests_fuzz_ovsdb_transact_LDFLAGS = $(FUZZ_LDFLAGS)
endif
EXTRA_DIST += tests/fuzz/corpus/ovsdb_file tests/fuzz/corpus/ovsdb_transact
