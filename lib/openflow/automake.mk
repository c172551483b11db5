# Sources of lib/openflow/.
EXTRA_DIST += lib/openflow/README.md \
	lib/openflow/buf.h \
	lib/openflow/ofpact.h
