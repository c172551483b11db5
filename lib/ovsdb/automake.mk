noinst_LIBRARIES += lib/ovsdb/libovsdb.a
lib_ovsdb_libovsdb_a_SOURCES = \
	lib/ovsdb/atom.c \
	lib/ovsdb/atom.h \
	lib/ovsdb/condition.c \
	lib/ovsdb/condition.h \
	lib/ovsdb/datum.c \
	lib/ovsdb/datum.h \
	lib/ovsdb/intern.c \
	lib/ovsdb/intern.h \
	lib/ovsdb/jtext.c \
	lib/ovsdb/jtext.h \
	lib/ovsdb/matcher.c \
	lib/ovsdb/matcher.h \
	lib/ovsdb/mutation.c \
	lib/ovsdb/mutation.h \
	lib/ovsdb/schema.c \
	lib/ovsdb/schema.h \
	lib/ovsdb/type.c \
	lib/ovsdb/type.h \
	lib/ovsdb/value_json.c \
	lib/ovsdb/value_text.c
EXTRA_DIST += lib/ovsdb/README.md

if HAVE_CMOCKA
check_PROGRAMS += lib/ovsdb/test
lib_ovsdb_test_SOURCES = \
	lib/ovsdb/datum_test.c \
	lib/ovsdb/jtext_test.c \
	lib/ovsdb/ovsdb_test.c \
	lib/ovsdb/schema_test.c
lib_ovsdb_test_LDADD = lib/ovsdb/libovsdb.a lib/base/libbase.a \
	$(CMOCKA_LIBS) $(ALL_LIBS)
endif
