# Sources of vswitch/.
include vswitch/datapath/automake.mk
include vswitch/config/automake.mk
include vswitch/ofproto/automake.mk
include vswitch/tools/automake.mk
EXTRA_DIST += vswitch/README.md
