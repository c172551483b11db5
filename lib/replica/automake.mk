noinst_LIBRARIES += lib/replica/libreplica.a
lib_replica_libreplica_a_SOURCES = \
	lib/replica/class.c \
	lib/replica/class.h \
	lib/replica/replica.h \
	lib/replica/txn.h
EXTRA_DIST += lib/replica/README.md
