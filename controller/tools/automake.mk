# Programs of controller/tools/.
bin_PROGRAMS += ovn-appctl
ovn_appctl_SOURCES = controller/tools/appctl.c
ovn_appctl_LDADD = $(DAEMON_LIBS) $(ALL_LIBS)
