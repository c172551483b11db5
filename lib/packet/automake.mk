# Sources of lib/packet/.
noinst_HEADERS_PACKET = \
	lib/packet/checksum.h \
	lib/packet/compose.h \
	lib/packet/gso.h \
	lib/packet/headers.h \
	lib/packet/metadata.h \
	lib/packet/packet.h \
	lib/packet/pcap.h
EXTRA_DIST += lib/packet/README.md $(noinst_HEADERS_PACKET)
