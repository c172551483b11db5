# Sources of tools/.
weft_modules = \
	tools/weft_sandbox/__init__.py \
	tools/weft_sandbox/cli.py \
	tools/weft_sandbox/demo.py \
	tools/weft_sandbox/network.py \
	tools/weft_sandbox/state.py \
	tools/weft_sandbox/traffic.py

weft_explain_modules = \
	tools/weft_explain/__init__.py \
	tools/weft_explain/causes.py \
	tools/weft_explain/cli.py \
	tools/weft_explain/host.py \
	tools/weft_explain/path.py \
	tools/weft_explain/render.py \
	tools/weft_explain/source.py

weft_common_modules = \
	tools/weft_common/__init__.py \
	tools/weft_common/error.py \
	tools/weft_common/programs.py \
	tools/weft_common/query.py \
	tools/weft_common/rows.py

weftcommondir = $(datadir)/weft/weft_common
dist_weftcommon_DATA = $(weft_common_modules)
weftexplaindir = $(datadir)/weft/weft_explain
dist_weftexplain_DATA = $(weft_explain_modules)
# What operators have at hand beside the daemons.
utilities = tools/utilities/ovn-detrace tools/utilities/ovs-pcap \
	tools/utilities/ovs-tcpundump
dist_bin_SCRIPTS += tools/weft $(utilities)
bin_SCRIPTS = tools/utilities/ovs-pki
weftdir = $(datadir)/weft/weft_sandbox
dist_weft_DATA = $(weft_modules)
EXTRA_DIST += tools/README.md doc/architecture.md doc/tunnels.md \
	doc/tutorial.md doc/migration.md \
	doc/programs.md tools/utilities/README.md

# Service scripts: where things are is put in when they are made.
ovsscriptsdir = $(datadir)/openvswitch/scripts
ovnscriptsdir = $(datadir)/ovn/scripts
ovsscripts_SCRIPTS = tools/services/ovs-ctl
ovnscripts_SCRIPTS = tools/services/ovn-ctl
ovsscripts_DATA = tools/services/service-lib
service_scripts = $(ovsscripts_SCRIPTS) $(ovnscripts_SCRIPTS) $(ovsscripts_DATA)
fill_in = sed \
	-e 's|@bindir[@]|$(bindir)|g' -e 's|@sbindir[@]|$(sbindir)|g' \
	-e 's|@datadir[@]|$(datadir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	-e 's|@localstatedir[@]|$(localstatedir)|g' \
	-e 's|@ovndbdir[@]|$(ovndbdir)|g' -e 's|@runstatedir[@]|$(runstatedir)|g' \
	-e 's|@ovsscriptsdir[@]|$(ovsscriptsdir)|g' \
	-e 's|@ovnscriptsdir[@]|$(ovnscriptsdir)|g' \
	-e 's|@VERSION[@]|$(VERSION)|g'
$(service_scripts) $(bin_SCRIPTS): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(fill_in) $< > $@.tmp \
	  && chmod +x $@.tmp && mv $@.tmp $@

# Units, which are installed if --with-systemdsystemunitdir says where.
units = tools/services/units/openvswitch-switch.service \
	tools/services/units/ovn-central.service \
	tools/services/units/ovn-controller.service \
	tools/services/units/ovn-host.service \
	tools/services/units/ovn-northd.service \
	tools/services/units/ovn-ovsdb-server-nb.service \
	tools/services/units/ovn-ovsdb-server-sb.service \
	tools/services/units/ovs-record-hostname.service \
	tools/services/units/ovs-vswitchd.service \
	tools/services/units/ovsdb-server.service
nodist_systemdsystemunit_DATA = $(units)
$(units): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(fill_in) $< > $@.tmp && mv $@.tmp $@
all-local: $(service_scripts) $(units)
CLEANFILES += $(service_scripts) $(units) $(bin_SCRIPTS)
EXTRA_DIST += $(service_scripts:=.in) $(units:=.in) $(bin_SCRIPTS:=.in) \
	tools/services/README.md
