noinst_LIBRARIES += lib/dbctl/libdbctl.a
lib_dbctl_libdbctl_a_SOURCES = \
	lib/dbctl/table.c \
	lib/dbctl/table.h
EXTRA_DIST += lib/dbctl/README.md
