# Sources of lib/daemon/.
noinst_LIBRARIES += lib/daemon/libdaemon.a
lib_daemon_libdaemon_a_SOURCES = \
	lib/daemon/control.c \
	lib/daemon/control.h \
	lib/daemon/control_client.c \
	lib/daemon/control_client.h \
	lib/daemon/daemon.c \
	lib/daemon/daemon.h \
	lib/daemon/options.c \
	lib/daemon/options.h \
	lib/daemon/pidfile.c \
	lib/daemon/pidfile.h \
	lib/daemon/program.c \
	lib/daemon/standard.c \
	lib/daemon/standard.h \
	lib/daemon/user.c \
	lib/daemon/user.h \
	lib/daemon/version.h
EXTRA_DIST += lib/daemon/README.md

# What a program links that is a daemon or talks to one.
DAEMON_LIBS = lib/daemon/libdaemon.a lib/jsonrpc/libjsonrpc.a \
	lib/stream/libstream.a lib/runtime/libruntime.a lib/base/libbase.a

# A daemon for the tests.
noinst_PROGRAMS += lib/daemon/exampled
lib_daemon_exampled_SOURCES = lib/daemon/exampled.c
lib_daemon_exampled_LDADD = $(DAEMON_LIBS) $(ALL_LIBS)
