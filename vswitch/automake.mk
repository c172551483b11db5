# Sources of vswitch/.
include vswitch/datapath/automake.mk
