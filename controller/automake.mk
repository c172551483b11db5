# Sources of controller/.
