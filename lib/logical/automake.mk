noinst_LIBRARIES += lib/logical/liblogical.a
lib_logical_liblogical_a_SOURCES = \
	lib/logical/action_encode.c \
	lib/logical/action_format.c \
	lib/logical/action_parse.c \
	lib/logical/action_table.h \
	lib/logical/actions.c \
	lib/logical/actions.h \
	lib/logical/addresses.c \
	lib/logical/addresses.h \
	lib/logical/arena.c \
	lib/logical/arena.h \
	lib/logical/dhcp_options.c \
	lib/logical/dhcp_options.h \
	lib/logical/expr.c \
	lib/logical/expr.h \
	lib/logical/expr_compile.c \
	lib/logical/lexer.c \
	lib/logical/lexer.h \
	lib/logical/ovn_symbols.c \
	lib/logical/ovn_symbols.h \
	lib/logical/punt.c \
	lib/logical/symbol.c \
	lib/logical/symbol.h
EXTRA_DIST += lib/logical/README.md
