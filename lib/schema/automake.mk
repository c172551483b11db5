schema_sources = \
	lib/schema/ovn-nb.schema \
	lib/schema/ovn-sb.schema \
	lib/schema/vswitch.schema \
	lib/schema/vtep.schema \
	lib/schema/ovn-ic-nb.schema \
	lib/schema/ovn-ic-sb.schema \
	lib/schema/local-config.schema \
	lib/schema/_server.schema
schema_generator = \
	lib/schema/generate.py \
	lib/schema/emit_c.py \
	lib/schema/emit_json.py \
	lib/schema/emit_man.py \
	lib/schema/model.py
schema_headers = \
	lib/schema/nb.h lib/schema/nb_tracked.h \
	lib/schema/sb.h lib/schema/sb_tracked.h \
	lib/schema/vs.h lib/schema/vs_tracked.h \
	lib/schema/vtep.h lib/schema/vtep_tracked.h \
	lib/schema/icnb.h lib/schema/icnb_tracked.h \
	lib/schema/icsb.h lib/schema/icsb_tracked.h
schema_c = \
	lib/schema/nb.c lib/schema/sb.c lib/schema/vs.c \
	lib/schema/vtep.c lib/schema/icnb.c lib/schema/icsb.c

# The objects come after every header.
$(schema_c:.c=.$(OBJEXT)): $(schema_headers)

noinst_LIBRARIES += lib/schema/libschema.a
nodist_lib_schema_libschema_a_SOURCES = $(schema_c) $(schema_headers)
lib_schema_libschema_a_SOURCES =

GENERATE = $(AM_V_GEN)$(MKDIR_P) lib/schema && \
	$(PYTHON3) $(srcdir)/lib/schema/generate.py
schema_deps = $(addprefix $(srcdir)/,$(schema_generator))

# Which source each file comes from; how it is made follows from its name.
lib/schema/nb.h lib/schema/nb_tracked.h lib/schema/nb.c \
lib/schema/ovn-nb.5: $(srcdir)/lib/schema/ovn-nb.schema
lib/schema/sb.h lib/schema/sb_tracked.h lib/schema/sb.c \
lib/schema/ovn-sb.5: $(srcdir)/lib/schema/ovn-sb.schema
lib/schema/vs.h lib/schema/vs_tracked.h lib/schema/vs.c \
lib/schema/ovs-vswitchd.conf.db.5: $(srcdir)/lib/schema/vswitch.schema
lib/schema/vtep.h lib/schema/vtep_tracked.h lib/schema/vtep.c \
lib/schema/vtep.5: $(srcdir)/lib/schema/vtep.schema
lib/schema/icnb.h lib/schema/icnb_tracked.h lib/schema/icnb.c \
lib/schema/ovn-ic-nb.5: $(srcdir)/lib/schema/ovn-ic-nb.schema
lib/schema/icsb.h lib/schema/icsb_tracked.h lib/schema/icsb.c \
lib/schema/ovn-ic-sb.5: $(srcdir)/lib/schema/ovn-ic-sb.schema
lib/schema/ovsdb.local-config.5: $(srcdir)/lib/schema/local-config.schema
lib/schema/ovsdb-server.5: $(srcdir)/lib/schema/_server.schema

$(schema_headers) $(schema_c) $(nodist_man_MANS): $(schema_deps)
lib/schema/%_tracked.h:
	$(GENERATE) tracked $(filter %.schema,$^) $@
lib/schema/%.h:
	$(GENERATE) h $(filter %.schema,$^) $@
lib/schema/%.c:
	$(GENERATE) c $(filter %.schema,$^) $@
lib/schema/%.5:
	$(GENERATE) man $(filter %.schema,$^) $@
lib/schema/%.ovsschema: $(srcdir)/lib/schema/%.schema $(schema_deps)
	$(GENERATE) json $< $@

ovspkgdatadir = $(datadir)/openvswitch
nodist_ovspkgdata_DATA = \
	lib/schema/_server.ovsschema \
	lib/schema/local-config.ovsschema \
	lib/schema/vswitch.ovsschema \
	lib/schema/vtep.ovsschema
ovnpkgdatadir = $(datadir)/ovn
nodist_ovnpkgdata_DATA = \
	lib/schema/ovn-ic-nb.ovsschema \
	lib/schema/ovn-ic-sb.ovsschema \
	lib/schema/ovn-nb.ovsschema \
	lib/schema/ovn-sb.ovsschema

nodist_man_MANS = \
	lib/schema/ovn-ic-nb.5 \
	lib/schema/ovn-ic-sb.5 \
	lib/schema/ovn-nb.5 \
	lib/schema/ovn-sb.5 \
	lib/schema/ovs-vswitchd.conf.db.5 \
	lib/schema/ovsdb-server.5 \
	lib/schema/ovsdb.local-config.5 \
	lib/schema/vtep.5

BUILT_SOURCES += $(schema_headers)
CLEANFILES += $(schema_headers) $(schema_c) $(nodist_man_MANS) \
	$(nodist_ovnpkgdata_DATA) \
	lib/schema/_server.ovsschema \
	lib/schema/local-config.ovsschema \
	lib/schema/vswitch.ovsschema \
	lib/schema/vtep.ovsschema
EXTRA_DIST += $(schema_sources) $(schema_generator) \
	lib/schema/README.md tests/property/test_schemas.py
