# Programs of vswitch/tools/.
bin_PROGRAMS += vswitch/ovs-appctl
vswitch_ovs_appctl_SOURCES = vswitch/tools/appctl.c
vswitch_ovs_appctl_LDADD = $(DAEMON_LIBS) $(ALL_LIBS)
EXTRA_DIST += vswitch/tools/README.md
