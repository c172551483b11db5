# Sources of lib/dbctl/.
noinst_LIBRARIES += lib/dbctl/libdbctl.a
lib_dbctl_libdbctl_a_SOURCES = \
	lib/dbctl/complete.c \
	lib/dbctl/connect.c \
	lib/dbctl/connection.c \
	lib/dbctl/daemon.c \
	lib/dbctl/database.c \
	lib/dbctl/dbctl.h \
	lib/dbctl/internal.h \
	lib/dbctl/names.c \
	lib/dbctl/parse.c \
	lib/dbctl/request.c \
	lib/dbctl/rows.c \
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
	tests/system/ctl/ovn-sbctl.txt \
	tests/system/ctl/ovs-vsctl.txt \
	tests/system/ctl/vtep-ctl.txt

# Completion for bash, a file for each tool under the tool's name.
completiondir = $(datadir)/bash-completion/completions
nodist_completion_DATA = \
	lib/dbctl/completions/ovn-nbctl \
	lib/dbctl/completions/ovn-sbctl \
	lib/dbctl/completions/ovs-vsctl \
	lib/dbctl/completions/vtep-ctl
$(nodist_completion_DATA): lib/dbctl/completion.bash.in
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	sed -e 's/@TOOL@/$(@F)/g' -e 's/@FUNCTION@/$(subst -,_,$(@F))/g' \
		$(srcdir)/lib/dbctl/completion.bash.in >$@
CLEANFILES += $(nodist_completion_DATA)
EXTRA_DIST += lib/dbctl/completion.bash.in

if HAVE_CMOCKA
check_PROGRAMS += lib/dbctl/test
lib_dbctl_test_SOURCES = \
	lib/dbctl/database_test.c \
	lib/dbctl/parse_test.c \
	lib/dbctl/table_test.c
lib_dbctl_test_LDADD = $(DBCTL_LIBS) $(CMOCKA_LIBS)
endif
