# Fuzz targets: each folder's fragment adds its programs to fuzz_programs; they
# exist only with --enable-fuzzers (CC=clang).
if FUZZERS
fuzzers: $(fuzz_programs)
endif
.PHONY: fuzzers

# 'make print-VAR' tells tests what was configured.
print-%:
	@echo $($*)

EXTRA_DIST += tests/README.md tests/check.py tests/layers/test_layers.py
