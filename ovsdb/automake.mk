# Sources of ovsdb/.
