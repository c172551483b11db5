# SPDX-License-Identifier: Apache-2.0
"""The model of a database schema and the reader of its source text.

A source is a sequence of directives, each on a line that starts with "@", and
of documentation, which belongs to the directive above it:

    @database NAME VERSION      the whole; the first directive
    @title TEXT                 one line for the head of the reference page
    @prefix WORD                of C names (without it no C is generated)
    @table NAME [root] [rows N]
    @unique COLUMN...           columns that are unique together
    @group TITLE                starts a group of columns in the reference
    @column NAME: TYPE[, ephemeral][, immutable]
    @key NAME[: TEXT]           a key of a map column, TEXT saying what values

    TYPE    BASE | optional BASE | set BASE [COUNT] | map BASE -> BASE [COUNT]
    COUNT   count MIN..[MAX]
    BASE    integer [MIN..MAX] | real | boolean | uuid
            string [length MIN..MAX] | string in WORD|WORD...
            ref TABLE | weak TABLE

In documentation an empty line ends a paragraph and `word` is set in bold.
"""

import re

UNLIMITED = None


class SchemaError(Exception):
    pass


class Base:
    """What an atom of a column may be."""

    def __init__(self, words, where):
        self.enum = None
        self.min = self.max = None
        self.table = None
        self.weak = False
        kind = words[0] if words else ''
        rest = words[1:]
        if kind in ('ref', 'weak') and len(rest) == 1:
            self.type = 'uuid'
            self.table = rest[0]
            self.weak = kind == 'weak'
        elif kind == 'string' and len(rest) == 2 and rest[0] == 'in':
            self.type = kind
            self.enum = rest[1].split('|')
        elif kind == 'string' and len(rest) == 2 and rest[0] == 'length':
            self.type = kind
            self.min, self.max = parse_range(rest[1], where)
        elif kind == 'integer' and len(rest) == 1:
            self.type = kind
            self.min, self.max = parse_range(rest[0], where)
        elif kind in ('integer', 'real', 'boolean', 'string', 'uuid') \
                and not rest:
            self.type = kind
        else:
            raise SchemaError('%s: bad type "%s"' % (where, ' '.join(words)))

    def to_json(self):
        if not (self.enum or self.table or self.min is not None
                or self.max is not None):
            return self.type
        json = {'type': self.type}
        if self.enum:
            json['enum'] = ['set', self.enum]
        if self.table:
            json['refTable'] = self.table
            if self.weak:
                json['refType'] = 'weak'
        suffix = 'Length' if self.type == 'string' else 'Integer'
        if self.min is not None:
            json['min' + suffix] = self.min
        if self.max is not None:
            json['max' + suffix] = self.max
        return json

    def describe(self):
        """A few words for the reference page."""
        if self.table:
            return '%sreference to a row of %s' % (
                'weak ' if self.weak else '', self.table)
        if self.enum:
            return 'one of ' + ', '.join(self.enum)
        if self.type == 'string' and self.max is not None:
            return 'string of up to %d characters' % self.max
        if self.min is not None and self.max is not None:
            return 'integer from %d to %d' % (self.min, self.max)
        if self.min is not None:
            return 'integer, at least %d' % self.min
        if self.max is not None:
            return 'integer, at most %d' % self.max
        return self.type


class Column:
    def __init__(self, name, type_, ephemeral, immutable, where):
        self.name = name
        self.ephemeral = ephemeral
        self.mutable = not immutable
        self.doc = []
        self.keys = []
        self.value = None
        words = type_.split()
        self.n_min, self.n_max = 1, 1
        self.shape = 'one'
        if len(words) > 2 and words[-2] == 'count':
            count = parse_range(words[-1], where)
            words = words[:-2]
        else:
            count = (0, UNLIMITED)
        if words and words[0] == 'optional':
            self.shape = 'optional'
            self.n_min = 0
            self.key = Base(words[1:], where)
        elif words and words[0] == 'set':
            self.shape = 'set'
            self.n_min, self.n_max = count
            self.key = Base(words[1:], where)
        elif words and words[0] == 'map':
            self.shape = 'map'
            self.n_min, self.n_max = count
            if '->' not in words:
                raise SchemaError('%s: a map needs "->"' % where)
            arrow = words.index('->')
            self.key = Base(words[1:arrow], where)
            self.value = Base(words[arrow + 1:], where)
        else:
            self.key = Base(words, where)

    def to_json(self):
        key = self.key.to_json()
        if self.shape == 'one' and isinstance(key, str):
            type_ = key
        else:
            type_ = {'key': key}
            if self.value:
                type_['value'] = self.value.to_json()
            if self.n_min != 1:
                type_['min'] = self.n_min
            if self.n_max != 1:
                type_['max'] = ('unlimited' if self.n_max is UNLIMITED
                                else self.n_max)
        json = {'type': type_}
        if self.ephemeral:
            json['ephemeral'] = True
        if not self.mutable:
            json['mutable'] = False
        return json

    def describe(self):
        text = self.key.describe()
        if self.shape == 'optional':
            text = 'optional ' + text
        elif self.shape == 'set':
            text = 'set of ' + {
                'integer': 'integers', 'string': 'strings', 'uuid': 'uuids',
            }.get(text, text)
            if self.key.table:
                text = 'set of %sreferences to rows of %s' % (
                    'weak ' if self.key.weak else '', self.key.table)
            if self.n_min and self.n_max is UNLIMITED:
                text += ', at least %d' % self.n_min
            elif self.n_max is not UNLIMITED:
                text += ', %d to %d' % (self.n_min, self.n_max)
        elif self.shape == 'map':
            text = 'map from %s to %s' % (text, self.value.describe())
        if self.ephemeral:
            text += ', not kept over a restart of the server'
        if not self.mutable:
            text += ', fixed once the row is there'
        return text


class Group:
    """Columns under one heading; the first group has no title."""

    def __init__(self, title):
        self.title = title
        self.doc = []
        self.columns = []


class Key:
    def __init__(self, name, values):
        self.name = name
        self.values = values
        self.doc = []


class Table:
    def __init__(self, name, root, max_rows):
        self.name = name
        self.root = root
        self.max_rows = max_rows
        self.unique = []
        self.doc = []
        self.groups = [Group(None)]

    @property
    def columns(self):
        return [c for group in self.groups for c in group.columns]

    def to_json(self):
        json = {'columns': {c.name: c.to_json() for c in self.columns}}
        if self.unique:
            json['indexes'] = self.unique
        if self.root:
            json['isRoot'] = True
        if self.max_rows is not None:
            json['maxRows'] = self.max_rows
        return json


class Database:
    def __init__(self, name, version):
        self.name = name
        self.version = version
        self.title = name
        self.prefix = None
        self.doc = []
        self.tables = []

    def to_json(self):
        return {'name': self.name, 'version': self.version,
                'tables': {t.name: t.to_json() for t in self.tables}}


def parse_range(text, where):
    match = re.fullmatch(r'(-?\d+)?\.\.(-?\d+)?', text)
    if not match:
        raise SchemaError('%s: bad range "%s"' % (where, text))
    return tuple(None if x is None else int(x) for x in match.groups())


class Reader:
    """Reads a source, directive by directive."""

    def __init__(self, path):
        self.path = path
        self.database = None
        self.doc = None             # The list that documentation goes to.

    def read(self):
        with open(self.path, encoding='utf-8') as file:
            for number, line in enumerate(file, 1):
                self.where = '%s:%d' % (self.path, number)
                line = line.rstrip('\n')
                if line.startswith('@'):
                    self.directive(line[1:])
                elif line.startswith('#'):
                    continue
                elif self.doc is not None:
                    self.doc.append(line)
                elif line:
                    raise SchemaError('%s: text before @database'
                                      % self.where)
        if not self.database:
            raise SchemaError('%s: no @database' % self.path)
        check(self.database, self.path)
        return self.database

    def directive(self, line):
        word, _, rest = line.partition(' ')
        function = getattr(self, 'on_' + word, None)
        if not function or (word != 'database' and not self.database):
            raise SchemaError('%s: unexpected "@%s"' % (self.where, word))
        try:
            function(rest.strip())
        except (ValueError, IndexError, AttributeError):
            raise SchemaError('%s: bad "@%s" line' % (self.where, word))

    def on_database(self, rest):
        name, version = rest.split()
        self.database = Database(name, version)
        self.doc = self.database.doc

    def on_title(self, rest):
        self.database.title = rest

    def on_prefix(self, rest):
        self.database.prefix = rest

    def on_table(self, rest):
        words = rest.split()
        name = words.pop(0)
        root = 'root' in words[:1]
        if root:
            words.pop(0)
        max_rows = None
        if words:
            keyword, number = words
            if keyword != 'rows':
                raise ValueError
            max_rows = int(number)
        self.table = Table(name, root, max_rows)
        self.database.tables.append(self.table)
        self.doc = self.table.doc

    def on_unique(self, rest):
        self.table.unique.append(rest.split())

    def on_group(self, rest):
        self.table.groups.append(Group(rest))
        self.doc = self.table.groups[-1].doc

    def on_column(self, rest):
        name, _, type_ = rest.partition(': ')
        type_, *flags = type_.split(', ')
        if set(flags) - {'ephemeral', 'immutable'}:
            raise ValueError
        column = Column(name, type_, 'ephemeral' in flags,
                        'immutable' in flags, self.where)
        self.table.groups[-1].columns.append(column)
        self.column = column
        self.doc = column.doc

    def on_key(self, rest):
        name, _, values = rest.partition(': ')
        if self.column.shape != 'map':
            raise SchemaError('%s: a key of a column that is no map'
                              % self.where)
        self.column.keys.append(Key(name, values))
        self.doc = self.column.keys[-1].doc


def check(database, path):
    """Refuses what the rest of the generator or a server would trip over."""
    names = {t.name for t in database.tables}
    if len(names) != len(database.tables):
        raise SchemaError('%s: two tables of one name' % path)
    for table in database.tables:
        where = '%s: table %s' % (path, table.name)
        columns = [c.name for c in table.columns]
        if len(set(columns)) != len(columns):
            raise SchemaError('%s: two columns of one name' % where)
        if len(columns) > 64:
            raise SchemaError('%s: more than 64 columns' % where)
        for unique in table.unique:
            if set(unique) - set(columns):
                raise SchemaError('%s: @unique of an unknown column' % where)
        for column in table.columns:
            for base in (column.key, column.value):
                if base and base.table and base.table not in names:
                    raise SchemaError('%s: column %s refers to unknown table '
                                      '%s' % (where, column.name, base.table))
