# Programs of controller/tools/.
bin_PROGRAMS += controller/ovn-appctl
controller_ovn_appctl_SOURCES = controller/tools/appctl.c
controller_ovn_appctl_LDADD = $(DAEMON_LIBS) $(ALL_LIBS)
EXTRA_DIST += controller/tools/README.md
