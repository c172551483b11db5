noinst_LIBRARIES += lib/base/libbase.a
lib_base_libbase_a_SOURCES = \
	lib/base/alloc.c \
	lib/base/alloc.h \
	lib/base/bitmap.h \
	lib/base/byteorder.h \
	lib/base/compiler.h \
	lib/base/error.c \
	lib/base/error.h \
	lib/base/library.c \
	lib/base/library.h \
	lib/base/hash.h \
	lib/base/hmap.c \
	lib/base/hmap.h \
	lib/base/list.h \
	lib/base/random.c \
	lib/base/random.h \
	lib/base/rcbuf.c \
	lib/base/rcbuf.h \
	lib/base/shash.c \
	lib/base/shash.h \
	lib/base/smap.c \
	lib/base/smap.h \
	lib/base/span.h \
	lib/base/sset.c \
	lib/base/sset.h \
	lib/base/str.c \
	lib/base/str.h \
	lib/base/strmap.c \
	lib/base/strmap.h \
	lib/base/text.c \
	lib/base/text.h \
	lib/base/uuid.c \
	lib/base/uuid.h \
	lib/base/vec.c \
	lib/base/vec.h
EXTRA_DIST += lib/base/README.md

if HAVE_CMOCKA
check_PROGRAMS += lib/base/test
lib_base_test_SOURCES = \
	lib/base/base_test.c \
	lib/base/hmap_test.c \
	lib/base/text_test.c
lib_base_test_LDADD = lib/base/libbase.a $(CMOCKA_LIBS) $(ALL_LIBS)
endif
