# Sources of lib/jsonrpc/.
noinst_LIBRARIES += lib/jsonrpc/libjsonrpc.a
lib_jsonrpc_libjsonrpc_a_SOURCES = \
	lib/jsonrpc/framer.c \
	lib/jsonrpc/framer.h \
	lib/jsonrpc/jsonrpc.c \
	lib/jsonrpc/jsonrpc.h \
	lib/jsonrpc/session.c \
	lib/jsonrpc/session.h
EXTRA_DIST += lib/jsonrpc/README.md
