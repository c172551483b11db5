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

EXTRA_DIST += tests/bench/common.py tests/bench/controller.py \
	tests/bench/datapath.py tests/bench/northd.py tests/bench/ovsdb.py \
	tests/bench/replica.py tests/bench/run.py tests/bench/sandbox.py \
	tests/bench/sender.c tests/interop/test_port_group.py
EXTRA_DIST += tests/README.md tests/check.py tests/layers/test_layers.py
