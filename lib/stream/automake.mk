# Sources of lib/stream/.
noinst_LIBRARIES += lib/stream/libstream.a
lib_stream_libstream_a_SOURCES = \
	lib/stream/address.c \
	lib/stream/address.h \
	lib/stream/listener.c \
	lib/stream/openssl.c \
	lib/stream/openssl.h \
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
	lib/stream/unix_socket.h \
	lib/stream/tls.c \
	lib/stream/tls.h \
	lib/stream/tls_context.h
EXTRA_DIST += lib/stream/README.md

if HAVE_CMOCKA
check_PROGRAMS += lib/stream/test
lib_stream_test_SOURCES = \
	lib/stream/address_test.c \
	lib/stream/reconnect_test.c \
	lib/stream/stream_test.c \
	lib/stream/stream_testing.h \
	lib/stream/stream_unit_test.c \
	lib/stream/tls_test.c
lib_stream_test_LDADD = lib/stream/libstream.a lib/runtime/libruntime.a \
	lib/base/libbase.a $(CMOCKA_LIBS) $(OPENSSL_LIBS) $(ALL_LIBS)
endif
