# SPDX-License-Identifier: Apache-2.0
"""Writes the reference page of a database, in roff for man(1)."""

import re


def escape(text):
    text = text.replace('\\', '\\e').replace('-', '\\-')
    return re.sub(r"^([.'])", r'\\&\1', text)


def markup(text):
    """Escapes a line of documentation, setting `word` in bold."""
    parts = text.split('`')
    return ''.join('\\fB%s\\fR' % escape(part) if i % 2 else
                   (escape(part) if i == 0 else
                    part.replace('\\', '\\e').replace('-', '\\-'))
                   for i, part in enumerate(parts))


def quote(text):
    return '"%s"' % escape(text).replace('"', '\\(dq')


def emit_key(key, out):
    out.append('.TP')
    head = '\\fB%s\\fR' % escape(key.name)
    if key.values:
        head += ': ' + markup(key.values)
    out.append(head)
    paragraphs = '\n'.join(key.doc).strip().split('\n\n')
    for i, paragraph in enumerate(paragraphs):
        if i:
            out.append('.IP')
        out += [markup(line.strip()) for line in paragraph.split('\n')]


def emit_column(column, out):
    out.append('.TP')
    out.append('\\fB%s\\fR: %s' % (escape(column.name),
                                    escape(column.describe())))
    text = '\n'.join(column.doc).strip()
    for i, paragraph in enumerate(text.split('\n\n')):
        if i:
            out.append('.IP')
        out += [markup(line.strip()) for line in paragraph.split('\n')]
    if column.keys:
        out.append('.RS')
        for key in column.keys:
            emit_key(key, out)
        out.append('.RE')


def emit_paragraphs(doc, out):
    text = '\n'.join(doc).strip()
    if not text:
        return
    for paragraph in text.split('\n\n'):
        out.append('.PP')
        out += [markup(line.strip()) for line in paragraph.split('\n')]


def emit_table(table, out):
    out.append('.SH %s' % quote(table.name + ' TABLE'))
    emit_paragraphs(table.doc, out)
    notes = []
    if table.max_rows is not None:
        notes.append('The table has at most %d row%s.'
                     % (table.max_rows, '' if table.max_rows == 1 else 's'))
    if not table.root:
        notes.append('A row that no strong reference names is deleted.')
    for unique in table.unique:
        notes.append('No two rows have equal %s.'
                     % ' and '.join('`%s`' % c for c in unique))
    if notes:
        out.append('.PP')
        out += [markup(note) for note in notes]
    for group in table.groups:
        if not group.columns:
            continue
        if group.title:
            out.append('.SS %s' % quote(group.title))
            emit_paragraphs(group.doc, out)
        for column in group.columns:
            emit_column(column, out)


def emit_contents(database, out):
    out.append('.SH "TABLES"')
    for table in database.tables:
        first = ' '.join('\n'.join(table.doc).strip().split('\n\n')[0].split())
        match = re.match(r'(.*?[.])(\s|$)', first)
        out.append('.TP')
        out.append('\\fB%s\\fR' % escape(table.name))
        out.append(markup(match.group(1) if match else first) or '\\&')


def emit(database, page):
    name, _, section = page.rpartition('.')
    out = ['.\\" SPDX-License-Identifier: Apache-2.0',
           '.TH %s %s "" "Weft" "Database %s %s"'
           % (quote(name), section, database.name, database.version),
           '.SH NAME',
           '%s \\- %s' % (escape(name), escape(database.title)),
           '.SH DESCRIPTION']
    emit_paragraphs(database.doc, out)
    emit_contents(database, out)
    for table in database.tables:
        emit_table(table, out)
    return '\n'.join(out) + '\n'
