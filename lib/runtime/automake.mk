# Sources of lib/runtime/.
noinst_LIBRARIES += lib/runtime/libruntime.a
lib_runtime_libruntime_a_SOURCES = \
	lib/runtime/clock.c \
	lib/runtime/clock.h \
	lib/runtime/counter.c \
	lib/runtime/counter.h \
	lib/runtime/cycles.c \
	lib/runtime/cycles.h \
	lib/runtime/dirs.c \
	lib/runtime/dirs.h \
	lib/runtime/exit.c \
	lib/runtime/exit.h \
	lib/runtime/log.c \
	lib/runtime/log.h \
	lib/runtime/loop.c \
	lib/runtime/loop.h \
	lib/runtime/memory.c \
	lib/runtime/memory.h \
	lib/runtime/pool.c \
	lib/runtime/pool.h \
	lib/runtime/rcu.h \
	lib/runtime/rcu_hash.c \
	lib/runtime/rcu_hash.h \
	lib/runtime/stopwatch.c \
	lib/runtime/stopwatch.h \
	lib/runtime/syslogger.c \
	lib/runtime/syslogger.h \
	lib/runtime/timer.c
EXTRA_DIST += lib/runtime/README.md

if HAVE_CMOCKA
check_PROGRAMS += lib/runtime/test
lib_runtime_test_SOURCES = \
	lib/runtime/log_test.c \
	lib/runtime/loop_test.c \
	lib/runtime/runtime_test.c \
	lib/runtime/stats_test.c
lib_runtime_test_LDADD = lib/runtime/libruntime.a lib/base/libbase.a \
	$(CMOCKA_LIBS) $(ALL_LIBS)
endif
