# Sources of lib/dbctl/.
noinst_LIBRARIES += lib/dbctl/libdbctl.a
lib_dbctl_libdbctl_a_SOURCES = \
	lib/dbctl/connect.c \
	lib/dbctl/connection.c \
	lib/dbctl/daemon.c \
	lib/dbctl/database.c \
	lib/dbctl/dbctl.h \
	lib/dbctl/internal.h \
	lib/dbctl/parse.c \
	lib/dbctl/request.c \
	lib/dbctl/run.c \
	lib/dbctl/show.c \
	lib/dbctl/table.c \
	lib/dbctl/table.h \
	lib/dbctl/value.c
EXTRA_DIST += lib/dbctl/README.md

# What a tool links, in this order.
DBCTL_LIBS = lib/dbctl/libdbctl.a lib/schema/libschema.a \
	lib/replica/libreplica.a lib/ovsdb/libovsdb.a $(DAEMON_LIBS) \
	$(ALL_LIBS)
EXTRA_DIST += \
	tests/interop/ctl/ovn-nbctl.script \
	tests/interop/ctl/ovn-sbctl.script \
	tests/interop/ctl/ovs-vsctl.script \
	tests/interop/ctl/vtep-ctl.script
