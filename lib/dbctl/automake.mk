# Sources of lib/dbctl/.
