# SPDX-License-Identifier: Apache-2.0
"""The schemas generated here are those that users of OVN and Open vSwitch
have: same tables, columns, types and constraints.  Facts to compare with are
read from $WEFT_SHARED/schema (default: ../shared beside the checkout)."""

import json
import os
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SCHEMAS = os.path.join(TOP, 'lib', 'schema')
sys.path.insert(0, SCHEMAS)

import emit_c
import emit_json
import emit_man
import model

SOURCES = sorted(f[:-len('.schema')] for f in os.listdir(SCHEMAS)
                 if f.endswith('.schema'))


def facts(name):
    """The fact file of a schema; skips the test where there is none."""
    shared = os.environ.get('WEFT_SHARED')
    candidates = [shared] if shared else [
        os.path.join(os.path.dirname(TOP), 'shared'),
        os.path.join(os.path.dirname(os.path.dirname(TOP)), 'shared')]
    for directory in candidates:
        path = os.path.join(directory, 'schema', name + '.ovsschema')
        if os.path.exists(path):
            with open(path, encoding='utf-8') as file:
                return json.load(file)
    pytest.skip('no facts about %s to compare with' % name)


def base(json_):
    """A <base-type> with its defaults filled in."""
    b = {'type': json_} if isinstance(json_, str) else dict(json_)
    if 'enum' in b:
        enum = b['enum']
        b['enum'] = sorted(enum[1] if isinstance(enum, list) else [enum])
    if 'refTable' in b:
        b.setdefault('refType', 'strong')
    return b


def column(json_):
    type_ = json_['type']
    if isinstance(type_, str):
        type_ = {'key': type_}
    return {'key': base(type_['key']),
            'value': base(type_['value']) if 'value' in type_ else None,
            'min': type_.get('min', 1), 'max': type_.get('max', 1),
            'ephemeral': json_.get('ephemeral', False),
            'mutable': json_.get('mutable', True)}


def canonical(schema):
    """What a schema says, whatever the way in which it says it."""
    return {
        'name': schema['name'], 'version': schema['version'],
        'tables': {
            name: {'columns': {c: column(j)
                               for c, j in table['columns'].items()},
                   'root': table.get('isRoot', False),
                   'rows': table.get('maxRows'),
                   'indexes': sorted(sorted(i)
                                     for i in table.get('indexes', []))}
            for name, table in schema['tables'].items()}}


def read(name):
    return model.Reader(os.path.join(SCHEMAS, name + '.schema')).read()


@pytest.mark.parametrize('name', SOURCES)
def test_same_as_facts(name):
    want = canonical(facts(name))
    have = canonical(json.loads(emit_json.emit(read(name))))
    assert set(have['tables']) == set(want['tables'])
    for table in want['tables']:
        assert have['tables'][table] == want['tables'][table], table
    assert have == want


@pytest.mark.parametrize('name', SOURCES)
def test_checksum_is_of_the_text_without_it(name):
    text = emit_json.emit(read(name))
    rest = ''.join(line + '\n' for line in text.splitlines()
                   if '"cksum"' not in line)
    sum_, size = json.loads(text)['cksum'].split()
    assert int(size) == len(rest.encode())
    assert int(sum_) == emit_json.cksum(rest.encode())


def test_cksum_is_posix():
    # What cksum(1) prints for these.
    assert emit_json.cksum(b'') == 4294967295
    assert emit_json.cksum(b'123456789') == 930766865


@pytest.mark.parametrize('name', SOURCES)
def test_everything_is_documented(name):
    database = read(name)
    missing = [] if ''.join(database.doc).strip() else [database.name]
    for table in database.tables:
        if not ''.join(table.doc).strip():
            missing.append(table.name)
        for c in table.columns:
            if not ''.join(c.doc).strip():
                missing.append('%s.%s' % (table.name, c.name))
            missing += ['%s.%s:%s' % (table.name, c.name, k.name)
                        for k in c.keys if not ''.join(k.doc).strip()]
    assert not missing


@pytest.mark.parametrize('line, reason', [
    ('@column x: number', 'bad type'),
    ('@column x: integer 1-5', 'bad range'),
    ('@column x: map string', 'a map needs'),
    ('@column x: ref Nowhere', 'unknown table'),
    ('@column x: string, sometimes', 'bad "@column"'),
    ('@column a: string', 'two columns of one name'),
    ('@unique nothing', 'unknown column'),
    ('@table T', 'two tables of one name'),
    ('@key k: integer', 'no map'),
    ('@columns x: string', 'unexpected'),
])
def test_bad_sources_are_refused(tmp_path, line, reason):
    source = tmp_path / 'x.schema'
    source.write_text('@database X 1.0.0\n@table T root\n@column a: string\n'
                      + line + '\n')
    with pytest.raises(model.SchemaError, match=reason):
        model.Reader(str(source)).read()


def test_c_of_each_shape(tmp_path):
    source = tmp_path / 'x.schema'
    source.write_text('''@database X 1.0.0
@prefix x
@table T root
@column a: string
@column b: optional integer
@column c: set ref T
@column d: map integer -> weak T
@column default: optional string
''')
    header = emit_c.emit_header(model.Reader(str(source)).read(), 'x')
    for text in ('const char *a;', 'bool has_b;', 'int64_t b;', 'size_t n_c;',
                 'struct x_t *const *c;', 'struct x_t_d_map d;',
                 'const char *default_;', 'x_t_update_d_setkey('):
        assert text in header, text


def test_man_page_escapes_what_roff_would_read(tmp_path):
    source = tmp_path / 'x.schema'
    source.write_text('@database X 1.0.0\nText.\n@table T root\n'
                      '.not a `request\\x` - \n@column a: string\n'
                      "'nor this\n")
    page = emit_man.emit(model.Reader(str(source)).read(), 'x.5')
    assert '\n\\&.not a \\fBrequest\\ex\\fR' in page
    assert "\n\\&'nor this" in page
