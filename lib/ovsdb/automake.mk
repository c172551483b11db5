# Sources of lib/ovsdb/.
