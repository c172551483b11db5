# Sources of lib/packet/.
