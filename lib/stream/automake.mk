# Sources of lib/stream/.
