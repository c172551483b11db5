# Sources of tools/.
