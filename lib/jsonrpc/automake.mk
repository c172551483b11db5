# Sources of lib/jsonrpc/.
