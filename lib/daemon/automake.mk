# Sources of lib/daemon/.
