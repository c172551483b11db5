# Sources of vswitch/.
include vswitch/datapath/automake.mk
include vswitch/tools/automake.mk
