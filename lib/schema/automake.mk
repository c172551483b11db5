# Sources of lib/schema/.
