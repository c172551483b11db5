# Sources of vtep/.
include vtep/tools/automake.mk
EXTRA_DIST += vtep/README.md
