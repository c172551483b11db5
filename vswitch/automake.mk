# Sources of vswitch/.
