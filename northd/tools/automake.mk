# Programs of northd/tools/.
bin_PROGRAMS += northd/ovn-nbctl
northd_ovn_nbctl_SOURCES = \
	northd/tools/nbctl.c \
	northd/tools/nbctl.h \
	northd/tools/nbctl_acl.c \
	northd/tools/nbctl_alike.c \
	northd/tools/nbctl_copp.c \
	northd/tools/nbctl_dhcp.c \
	northd/tools/nbctl_fwd.c \
	northd/tools/nbctl_ha.c \
	northd/tools/nbctl_hc.c \
	northd/tools/nbctl_lb.c \
	northd/tools/nbctl_mac_binding.c \
	northd/tools/nbctl_mirror.c \
	northd/tools/nbctl_nat.c \
	northd/tools/nbctl_nf.c \
	northd/tools/nbctl_policy.c \
	northd/tools/nbctl_qos.c \
	northd/tools/nbctl_route.c \
	northd/tools/nbctl_router.c \
	northd/tools/nbctl_switch.c \
	northd/tools/nbctl_util.c
northd_ovn_nbctl_LDADD = lib/dbctl/libdbctl.a $(LOGICAL_LIBS) $(DBCTL_LIBS)
EXTRA_DIST += northd/tools/README.md

bin_PROGRAMS += northd/ovn-sbctl
northd_ovn_sbctl_SOURCES = \
	northd/tools/sbctl.c \
	northd/tools/sbctl.h \
	northd/tools/sbctl_chassis.c \
	northd/tools/sbctl_flows.c \
	northd/tools/sbctl_vflows.c
northd_ovn_sbctl_LDADD = lib/dbctl/libdbctl.a lib/openflow/libopenflow.a \
	lib/flow/libflow.a lib/packet/libpacket.a $(DBCTL_LIBS)
EXTRA_DIST += tests/system/ctl/ovn-nbctl.txt
