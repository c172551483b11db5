# Sources of lib/runtime/.
