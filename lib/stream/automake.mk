# Sources of lib/stream/.
noinst_LIBRARIES += lib/stream/libstream.a
lib_stream_libstream_a_SOURCES = \
	lib/stream/address.c \
	lib/stream/address.h \
	lib/stream/provider.h \
	lib/stream/reconnect.c \
	lib/stream/reconnect.h \
	lib/stream/resolve.c \
	lib/stream/resolve.h \
	lib/stream/stream.c \
	lib/stream/stream.h \
	lib/stream/stream_ssl.c \
	lib/stream/stream_tcp.c \
	lib/stream/stream_unix.c \
	lib/stream/tls.c \
	lib/stream/tls.h \
	lib/stream/tls_context.h
EXTRA_DIST += lib/stream/README.md
