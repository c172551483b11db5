# Manual pages, made of the programs' own --help and a few paragraphs each.
man_programs = $(bin_PROGRAMS) $(sbin_PROGRAMS) tools/services/ovs-ctl \
	tools/services/ovn-ctl $(bin_SCRIPTS)
man_scripts = tools/weft $(utilities)
man_prose = doc/man/common.txt doc/man/ovn-appctl.txt \
	doc/man/ovn-controller.txt doc/man/ovn-ctl.txt doc/man/ovn-detrace.txt \
	doc/man/ovn-nbctl.txt doc/man/ovs-pcap.txt doc/man/ovs-pki.txt \
	doc/man/ovs-tcpundump.txt \
	doc/man/ovn-northd.txt doc/man/ovn-sbctl.txt doc/man/ovn-trace.txt \
	doc/man/ovs-appctl.txt doc/man/ovs-ctl.txt doc/man/ovs-dpctl.txt \
	doc/man/ovs-ofctl.txt doc/man/ovs-vsctl.txt doc/man/ovs-vswitchd.txt \
	doc/man/ovsdb-client.txt doc/man/ovsdb-server.txt \
	doc/man/ovsdb-tool.txt doc/man/vtep-ctl.txt doc/man/weft.txt
EXTRA_DIST += $(man_prose) tools/man/make_man.py

if NATIVE
nodist_man8_MANS = doc/man/ovn-appctl.8 doc/man/ovn-controller.8 \
	doc/man/ovn-ctl.8 doc/man/ovn-nbctl.8 doc/man/ovn-northd.8 \
	doc/man/ovn-sbctl.8 doc/man/ovn-trace.8 doc/man/ovs-appctl.8 \
	doc/man/ovs-ctl.8 doc/man/ovs-dpctl.8 doc/man/ovs-ofctl.8 \
	doc/man/ovs-pki.8 \
	doc/man/ovs-vsctl.8 doc/man/ovs-vswitchd.8 doc/man/vtep-ctl.8
nodist_man1_MANS = doc/man/ovn-detrace.1 doc/man/ovs-pcap.1 \
	doc/man/ovs-tcpundump.1 doc/man/ovsdb-client.1 doc/man/ovsdb-server.1 \
	doc/man/ovsdb-tool.1 doc/man/weft.1
program_pages = $(nodist_man8_MANS) $(nodist_man1_MANS)
$(program_pages): doc/man/stamp
	@:
doc/man/stamp: $(man_programs) $(man_prose) tools/man/make_man.py \
		tools/weft_sandbox/cli.py $(man_scripts)
	$(AM_V_GEN)$(PYTHON3) $(srcdir)/tools/man/make_man.py \
	  $(srcdir)/doc/man doc/man $(man_programs) \
	  $(addprefix $(srcdir)/,$(man_scripts)) \
	  && touch $@
CLEANFILES += doc/man/stamp $(program_pages)
endif
