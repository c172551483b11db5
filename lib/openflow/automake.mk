# Sources of lib/openflow/.
