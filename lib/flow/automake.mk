# Sources of lib/flow/.
EXTRA_DIST += lib/flow/README.md \
	lib/flow/field.h \
	lib/flow/flow.h \
	lib/flow/match.h \
	lib/flow/port.h \
	lib/flow/tlv.h
EXTRA_DIST += lib/flow/key.h lib/flow/extract.h
