# Sources of lib/flow/.
