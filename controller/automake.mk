# Sources of controller/.
include controller/tools/automake.mk
