# Sources of lib/incr/.
noinst_LIBRARIES += lib/incr/libincr.a
lib_incr_libincr_a_SOURCES = \
	lib/incr/incr.c \
	lib/incr/incr.h \
	lib/incr/internal.h \
	lib/incr/origins.c \
	lib/incr/report.c \
	lib/incr/rows.c \
	lib/incr/rows.h \
	lib/incr/store.c \
	lib/incr/unit.c
EXTRA_DIST += lib/incr/README.md

if HAVE_CMOCKA
check_PROGRAMS += lib/incr/test
lib_incr_test_SOURCES = lib/incr/incr_test.c
lib_incr_test_LDADD = lib/incr/libincr.a lib/runtime/libruntime.a \
	lib/base/libbase.a $(CMOCKA_LIBS) $(ALL_LIBS)
endif

noinst_PROGRAMS += lib/incr/bench
lib_incr_bench_SOURCES = lib/incr/incr_bench.c
lib_incr_bench_LDADD = lib/incr/libincr.a lib/runtime/libruntime.a \
	lib/base/libbase.a $(ALL_LIBS)
