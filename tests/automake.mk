# Fuzz targets: each folder's fragment adds its programs to fuzz_programs; they
# exist only with --enable-fuzzers (CC=clang).
if FUZZERS
fuzzers: $(fuzz_programs)
endif
.PHONY: fuzzers

# What other sources include and 'make' of a single target does not know of.
built-sources: $(BUILT_SOURCES)
.PHONY: built-sources

# 'make print-VAR' tells tests what was configured.
print-%:
	@echo $($*)

EXTRA_DIST += tests/README.md tests/bench/ovsdb_driver.c tests/bench/sender.c \
	tests/interop/openflow_messages.txt \
	tests/interop/switch.scenarios

# The tests that are in Python, and what packages are built by, all of it: none
# has to be listed.
dist-hook:
	cd $(srcdir) && { find tests -name '*.py'; find debian -type f; } \
	| while read -r file; do \
	  $(MKDIR_P) "$(abs_distdir)/$${file%/*}" \
	    && cp -p "$$file" "$(abs_distdir)/$$file" || exit 1; \
	done
abs_distdir = $$(cd "$(abs_builddir)" && cd "$(distdir)" && pwd)
