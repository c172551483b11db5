# Sources of lib/packet/.
noinst_LIBRARIES += lib/packet/libpacket.a
lib_packet_libpacket_a_SOURCES = \
	lib/packet/checksum.c \
	lib/packet/checksum.h \
	lib/packet/compose.c \
	lib/packet/compose.h \
	lib/packet/fragment.c \
	lib/packet/fragment.h \
	lib/packet/gro.c \
	lib/packet/gro.h \
	lib/packet/gso.c \
	lib/packet/gso.h \
	lib/packet/headers.h \
	lib/packet/ipv6.c \
	lib/packet/ipv6.h \
	lib/packet/metadata.h \
	lib/packet/packet.c \
	lib/packet/packet.h \
	lib/packet/pcap.c \
	lib/packet/pcap.h
EXTRA_DIST += lib/packet/README.md

if HAVE_CMOCKA
check_PROGRAMS += lib/packet/test
lib_packet_test_SOURCES = lib/packet/packet_test.c
lib_packet_test_LDADD = lib/packet/libpacket.a lib/base/libbase.a \
	$(CMOCKA_LIBS) $(ALL_LIBS)
endif
