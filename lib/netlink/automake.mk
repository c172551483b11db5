# Sources of lib/netlink/.
noinst_LIBRARIES += lib/netlink/libnetlink.a
lib_netlink_libnetlink_a_SOURCES = \
	lib/netlink/attr.c \
	lib/netlink/attr.h \
	lib/netlink/rtnl.c \
	lib/netlink/rtnl.h
EXTRA_DIST += lib/netlink/README.md

if HAVE_CMOCKA
check_PROGRAMS += lib/netlink/test
lib_netlink_test_SOURCES = lib/netlink/rtnl_test.c
lib_netlink_test_LDADD = lib/netlink/libnetlink.a lib/base/libbase.a \
	$(CMOCKA_LIBS) $(ALL_LIBS)
endif
