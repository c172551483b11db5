# Sources of lib/netlink/.
