# Programs of vswitch/tools/.
bin_PROGRAMS += ovs-appctl
ovs_appctl_SOURCES = vswitch/tools/appctl.c
ovs_appctl_LDADD = $(DAEMON_LIBS) $(ALL_LIBS)
