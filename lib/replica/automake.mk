# Sources of lib/replica/.
