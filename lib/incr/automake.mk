# Sources of lib/incr/.
EXTRA_DIST += lib/incr/README.md lib/incr/incr.h
