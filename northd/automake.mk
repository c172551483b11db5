# Sources of northd/.
