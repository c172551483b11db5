# Sources of vswitch/dpif/, vswitch/netdev/ and vswitch/datapath/.
EXTRA_DIST += \
	vswitch/dpif/conntrack.h \
	vswitch/dpif/dpif.h \
	vswitch/netdev/netdev.h
