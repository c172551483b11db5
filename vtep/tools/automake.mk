# Programs of vtep/tools/.
bin_PROGRAMS += vtep/vtep-ctl
vtep_vtep_ctl_SOURCES = \
	vtep/tools/vtep_ctl.c \
	vtep/tools/vtep_ctl.h \
	vtep/tools/vtep_ctl_logical.c \
	vtep/tools/vtep_ctl_mac.c \
	vtep/tools/vtep_ctl_physical.c
vtep_vtep_ctl_LDADD = lib/dbctl/libdbctl.a $(LOGICAL_LIBS) $(DBCTL_LIBS)
EXTRA_DIST += vtep/tools/README.md
