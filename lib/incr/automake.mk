# Sources of lib/incr/.
