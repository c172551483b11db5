# Sources of lib/logical/.
