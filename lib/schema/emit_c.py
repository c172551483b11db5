# SPDX-License-Identifier: Apache-2.0
"""Writes the typed C tables of a database: PREFIX.h, PREFIX.c and
PREFIX_tracked.h.  lib/replica/class.h describes what comes out."""

RESERVED = {'auto', 'break', 'case', 'char', 'const', 'continue', 'default',
            'do', 'double', 'else', 'enum', 'extern', 'float', 'for', 'goto',
            'if', 'inline', 'int', 'long', 'register', 'return', 'short',
            'signed', 'sizeof', 'static', 'struct', 'switch', 'typedef',
            'union', 'unsigned', 'void', 'volatile', 'while', 'bool', 'header',
            'row', 'ctx'}

TYPES = {'integer': 'REPLICA_INTEGER', 'real': 'REPLICA_REAL',
         'boolean': 'REPLICA_BOOLEAN', 'string': 'REPLICA_STRING',
         'uuid': 'REPLICA_UUID'}

NOTICE = '''/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated from lib/schema/%s.schema. */
'''


def member(column):
    return column.name + '_' if column.name in RESERVED else column.name


class CTable:
    """Names and pieces of C for one table."""

    def __init__(self, prefix, table):
        self.prefix = prefix
        self.table = table
        self.lower = '%s_%s' % (prefix, table.name.lower())
        self.upper = self.lower.upper()
        self.struct = 'struct ' + self.lower

    def col(self, column):
        return '%s_COL_%s' % (self.upper, column.name.upper())

    def atom(self, base):
        """The C type of an atom, ready to be followed by a name."""
        if base.table:
            return 'struct %s_%s *' % (self.prefix, base.table.lower())
        return {'integer': 'int64_t ', 'real': 'double ', 'boolean': 'bool ',
                'string': 'const char *', 'uuid': 'struct uuid '}[base.type]

    def element(self, base):
        """The C type of an element of a constant array."""
        atom = self.atom(base)
        return atom + 'const ' if atom.endswith('*') else 'const ' + atom

    def map_struct(self, column):
        if column.key.type == 'string' and column.value.type == 'string':
            return 'struct strmap'
        return 'struct %s_%s_map' % (self.lower, column.name.lower())


def is_pointer(base):
    return bool(base.table) or base.type == 'string'


def struct_members(t, column):
    name = member(column)
    if column.shape == 'map':
        return ['%s %s;' % (t.map_struct(column), name)]
    if column.shape == 'set':
        return ['size_t n_%s;' % name,
                '%s*%s;' % (t.element(column.key), name)]
    lines = ['%s%s;' % (t.atom(column.key), name)]
    if column.shape == 'optional' and not is_pointer(column.key):
        lines.insert(0, 'bool has_%s;' % name)
    return lines


def emit_struct(t, out):
    for column in t.table.columns:
        if column.shape == 'map' and t.map_struct(column) != 'struct strmap':
            out.append('%s {' % t.map_struct(column))
            out.append('    size_t n;')
            out.append('    %s*keys;' % t.element(column.key))
            out.append('    %s*values;' % t.element(column.value))
            out.append('};\n')
    out.append('%s {' % t.struct)
    out.append('    struct replica_row header;')
    for column in t.table.columns:
        out += ['    ' + line for line in struct_members(t, column)]
    out.append('};\n')
    out.append('enum %s_column {' % t.lower)
    out += ['    %s,' % t.col(column) for column in t.table.columns]
    out.append('    %s_N_COLS' % t.upper)
    out.append('};\n')


def function(out, returns, name, parameters, body):
    out.append('static inline %s' % returns)
    out.append('%s(%s)' % (name, parameters))
    out.append('{')
    out += ['    ' + line for line in body]
    out.append('}\n')


def emit_access(t, out):
    table = '&%s_table' % t.lower
    cast = '(%s *) ' % t.struct
    pointer = t.struct + ' *'
    out.append('extern const struct replica_table_class %s_table;' % t.lower)
    out.append('extern const struct replica_column_class %s_columns[%s_N_COLS]'
               ';\n' % (t.lower, t.upper))
    function(out, pointer, t.lower + '_get_for_uuid',
             'const struct replica *replica, const struct uuid *uuid',
             ['return %sreplica_find(replica, %s, uuid);' % (cast, table)])
    function(out, pointer, t.lower + '_first',
             'const struct replica *replica',
             ['return %sreplica_first(replica, %s);' % (cast, table)])
    function(out, pointer, t.lower + '_next', 'const %s *row' % t.struct,
             ['return %sreplica_next(&row->header);' % cast])
    function(out, pointer, t.lower + '_first_changed',
             'const struct replica *replica',
             ['return %sreplica_first_changed(replica, %s);' % (cast, table)])
    function(out, pointer, t.lower + '_next_changed',
             'const %s *row' % t.struct,
             ['return %sreplica_next_changed(&row->header);' % cast])
    out.append('#define %s_FOR_EACH(ROW, REPLICA) \\' % t.upper)
    out.append('    for ((ROW) = %s_first(REPLICA); (ROW); '
               '(ROW) = %s_next(ROW))' % (t.lower, t.lower))
    out.append('#define %s_FOR_EACH_SAFE(ROW, REPLICA) \\' % t.upper)
    out.append('    for (%s *next_ = ((ROW) = %s_first(REPLICA), \\'
               % (t.struct, t.lower))
    out.append('             (ROW) ? %s_next(ROW) : NULL); \\' % t.lower)
    out.append('         (ROW); \\')
    out.append('         (ROW) = next_, next_ = (ROW) ? %s_next(ROW) : NULL)'
               % t.lower)
    out.append('#define %s_FOR_EACH_CHANGED(ROW, REPLICA) \\' % t.upper)
    out.append('    for ((ROW) = %s_first_changed(REPLICA); (ROW); \\'
               % t.lower)
    out.append('         (ROW) = %s_next_changed(ROW))\n' % t.lower)
    function(out, pointer, t.lower + '_insert', 'struct replica_txn *txn',
             ['return %sreplica_insert(txn, %s);' % (cast, table)])
    function(out, pointer, t.lower + '_insert_uuid',
             'struct replica_txn *txn, const struct uuid *uuid',
             ['return %sreplica_insert_uuid(txn, %s, uuid);' % (cast, table)])
    function(out, 'void', t.lower + '_delete', 'const %s *row' % t.struct,
             ['replica_delete(&row->header);'])


def write_call(t, column, operation='replica_write'):
    return '%s(&row->header, %s, &v_);' % (operation, t.col(column))


def parameter(t, base, name):
    """A parameter that takes one atom, and the expression of its address."""
    if base.table:
        return 'const struct %s_%s *%s' % (t.prefix, base.table.lower(),
                                           name), '&' + name
    if base.type == 'uuid':
        return 'const struct uuid *' + name, name
    return t.atom(base) + name, '&' + name


def emit_one_writes(t, column, out):
    row = 'const %s *row' % t.struct
    text, address = parameter(t, column.key, member(column))
    optional = column.shape == 'optional' and is_pointer(column.key)
    n = '%s != NULL' % member(column) if optional else '1'
    function(out, 'void', '%s_set_%s' % (t.lower, column.name),
             '%s, %s' % (row, text),
             ['const struct replica_value v_ = { %s, %s, NULL };'
              % (n, address), '', write_call(t, column)])
    if column.shape == 'optional':
        function(out, 'void', '%s_clear_%s' % (t.lower, column.name), row,
                 ['const struct replica_value v_ = { 0, NULL, NULL };', '',
                  write_call(t, column)])


def emit_set_writes(t, column, out):
    row = 'const %s *row' % t.struct
    name = member(column)
    function(out, 'void', '%s_set_%s' % (t.lower, column.name),
             '%s, %s*%s, size_t n' % (row, t.element(column.key), name),
             ['const struct replica_value v_ = { n, %s, NULL };' % name, '',
              write_call(t, column)])
    text, address = parameter(t, column.key, 'value')
    for verb, operation in ('add', 'replica_update_add'), \
                           ('del', 'replica_update_remove'):
        function(out, 'void',
                 '%s_update_%s_%svalue' % (t.lower, column.name, verb),
                 '%s, %s' % (row, text),
                 ['const struct replica_value v_ = { 1, %s, NULL };' % address,
                  '', write_call(t, column, operation)])


def emit_map_writes(t, column, out):
    row = 'const %s *row' % t.struct
    name = member(column)
    setter = '%s_set_%s' % (t.lower, column.name)
    if t.map_struct(column) == 'struct strmap':
        function(out, 'void', setter,
                 '%s, const struct smap *%s' % (row, name),
                 ['replica_write_smap(&row->header, %s, %s);'
                  % (t.col(column), name)])
    else:
        function(out, 'void', setter,
                 '%s, %s*keys, %s*values, size_t n'
                 % (row, t.element(column.key), t.element(column.value)),
                 ['const struct replica_value v_ = { n, keys, values };', '',
                  write_call(t, column)])
    key, key_address = parameter(t, column.key, 'key')
    value, value_address = parameter(t, column.value, 'value')
    function(out, 'void', '%s_update_%s_setkey' % (t.lower, column.name),
             '%s, %s, %s' % (row, key, value),
             ['const struct replica_value v_ = { 1, %s, %s };'
              % (key_address, value_address),
              '', write_call(t, column, 'replica_update_add')])
    function(out, 'void', '%s_update_%s_delkey' % (t.lower, column.name),
             '%s, %s' % (row, key),
             ['const struct replica_value v_ = { 1, %s, NULL };' % key_address,
              '', write_call(t, column, 'replica_update_remove')])


def emit_writes(t, out):
    emitters = {'one': emit_one_writes, 'optional': emit_one_writes,
                'set': emit_set_writes, 'map': emit_map_writes}
    for column in t.table.columns:
        emitters[column.shape](t, column, out)
        function(out, 'void', '%s_verify_%s' % (t.lower, column.name),
                 'const %s *row' % t.struct,
                 ['replica_verify(&row->header, %s);' % t.col(column)])


def emit_header(database, stem):
    prefix = database.prefix
    guard = 'SCHEMA_%s_H' % prefix.upper()
    out = [NOTICE % stem, '#ifndef ' + guard, '#define %s\n' % guard,
           '/* Database %s %s: rows as structs. */\n'
           % (database.name, database.version),
           '#include "lib/replica/replica.h"',
           '#include "lib/replica/txn.h"\n',
           'extern const struct replica_db_class %s_class;\n' % prefix]
    tables = [CTable(prefix, t) for t in database.tables]
    out += ['%s;' % t.struct for t in tables] + ['']
    out.append('enum %s_table {' % prefix)
    out += ['    %s_TABLE_%s,' % (prefix.upper(), t.table.name.upper())
            for t in tables]
    out.append('    %s_N_TABLES' % prefix.upper())
    out.append('};\n')
    for t in tables:
        out.append('/* Table %s. */\n' % t.table.name)
        emit_struct(t, out)
        emit_access(t, out)
        emit_writes(t, out)
    out.append('#endif /* schema/%s.h */' % prefix)
    return '\n'.join(out) + '\n'


def base_class(t, base, label, out, enum):
    fields = []
    if base.table:
        fields.append('.type = REPLICA_REF')
        fields.append('.ref = &%s_%s_table' % (t.prefix, base.table.lower()))
        if base.weak:
            fields.append('.is_weak = true')
    else:
        fields.append('.type = ' + TYPES[base.type])
    if base.enum:
        fields.append('.enum_ = ' + enum)
    if base.type in ('integer', 'string'):
        low, high = (('INT64_MIN', 'INT64_MAX') if base.type == 'integer'
                     else ('0', 'INT64_MAX'))
        fields.append('.min = %s' % (low if base.min is None else base.min))
        fields.append('.max = %s' % (high if base.max is None else base.max))
    out.append('        .%s = { %s },' % (label, ',\n                 '
                                          .join(fields)))


def emit_column(t, column, out):
    name = member(column)
    out.append('    [%s] = {' % t.col(column))
    out.append('        .name = "%s",' % column.name)
    out.append('        .shape = REPLICA_%s,' % column.shape.upper())
    enum = '%s_%s_enum' % (t.lower, column.name)
    base_class(t, column.key, 'key', out, enum)
    if column.value:
        base_class(t, column.value, 'value', out, enum + '_value')
    out.append('        .n_min = %d, .n_max = %s,'
               % (column.n_min, 'UINT_MAX' if column.n_max is None
                  else column.n_max))
    if column.mutable:
        out.append('        .is_mutable = true,')
    if column.ephemeral:
        out.append('        .is_ephemeral = true,')
    first = 'n_' + name if column.shape == 'set' else name
    out.append('        .offset = offsetof(%s, %s),' % (t.struct, first))
    if column.shape == 'optional' and not is_pointer(column.key):
        out.append('        .has_offset = offsetof(%s, has_%s),'
                   % (t.struct, name))
    out.append('    },')


def emit_enum(name, words, out):
    out.append('static const char *const %s[] = {' % name)
    out += ['    "%s",' % word for word in words]
    out += ['    NULL', '};\n']


def emit_table(t, number, out):
    for column in t.table.columns:
        name = '%s_%s_enum' % (t.lower, column.name)
        if column.key.enum:
            emit_enum(name, column.key.enum, out)
        if column.value and column.value.enum:
            emit_enum(name + '_value', column.value.enum, out)
    out.append('const struct replica_column_class %s_columns[] = {' % t.lower)
    for column in t.table.columns:
        emit_column(t, column, out)
    out.append('};\n')
    columns = {c.name: c for c in t.table.columns}
    if t.table.unique:
        out.append('static const uint64_t %s_unique[] = {' % t.lower)
        for unique in t.table.unique:
            out.append('    ' + '\n    | '.join(
                'REPLICA_COL(%s)' % t.col(columns[c]) for c in unique) + ',')
        out.append('};\n')
    out.append('const struct replica_table_class %s_table = {' % t.lower)
    out.append('    .name = "%s",' % t.table.name)
    out.append('    .columns = %s_columns,' % t.lower)
    out.append('    .n_columns = %s_N_COLS,' % t.upper)
    out.append('    .row_size = sizeof(%s),' % t.struct)
    if t.table.root:
        out.append('    .is_root = true,')
    if t.table.max_rows == 1:
        out.append('    .is_singleton = true,')
    if t.table.unique:
        out.append('    .unique = %s_unique,' % t.lower)
        out.append('    .n_unique = %d,' % len(t.table.unique))
    out.append('    .number = %d,' % number)
    out.append('};\n')


def emit_source(database, stem):
    prefix = database.prefix
    tables = [CTable(prefix, t) for t in database.tables]
    out = [NOTICE % stem, '#include "lib/schema/%s.h"\n' % prefix,
           '#include <limits.h>\n']
    for number, t in enumerate(tables):
        emit_table(t, number, out)
    out.append('static const struct replica_table_class *const tables[] = {')
    out += ['    &%s_table,' % t.lower for t in tables]
    out.append('};\n')
    out.append('const struct replica_db_class %s_class = {' % prefix)
    out.append('    .name = "%s",' % database.name)
    out.append('    .version = "%s",' % database.version)
    out.append('    .tables = tables,')
    out.append('    .n_tables = %d,' % len(tables))
    out.append('};')
    return '\n'.join(out) + '\n'


def emit_getter(t, column, out):
    name = member(column)
    parameters = 'struct incr_ctx *ctx, const %s *row' % t.struct
    read = ['incr_read_row(ctx, &row->header, REPLICA_COL(%s));'
            % t.col(column)]
    if column.shape == 'map':
        returns = 'const %s *' % t.map_struct(column)
        body = ['return &row->%s;' % name]
    elif column.shape == 'set':
        returns = t.element(column.key) + '*'
        parameters += ', size_t *n'
        body = ['*n = row->n_%s;' % name, 'return row->%s;' % name]
    elif column.key.type == 'uuid' and not column.key.table \
            and column.shape == 'one':
        returns = 'const struct uuid *'
        body = ['return &row->%s;' % name]
    elif column.shape == 'optional' and not is_pointer(column.key):
        returns = 'bool'
        parameters += ', %s*ret_value' % t.atom(column.key)
        body = ['if (row->has_%s) {' % name,
                '    *ret_value = row->%s;' % name, '}',
                'return row->has_%s;' % name]
    else:
        returns = t.atom(column.key).rstrip()
        body = ['return row->%s;' % name]
    function(out, returns, '%s_get_%s' % (t.lower, column.name), parameters,
             read + body)


def emit_tracked(database, stem):
    prefix = database.prefix
    guard = 'SCHEMA_%s_TRACKED_H' % prefix.upper()
    out = [NOTICE % stem, '#ifndef ' + guard, '#define %s\n' % guard,
           '/* Reads of %s that the incremental engine notes.  An optional '
           'column that is\n * neither a string nor a reference says whether '
           'it is there.  Without a context\n * nothing is noted. */\n'
           % database.name,
           '#include "lib/incr/incr.h"',
           '#include "lib/schema/%s.h"\n' % prefix]
    for table in database.tables:
        t = CTable(prefix, table)
        for column in table.columns:
            emit_getter(t, column, out)
    out.append('#endif /* schema/%s_tracked.h */' % prefix)
    return '\n'.join(out) + '\n'
