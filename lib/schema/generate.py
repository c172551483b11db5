#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Generates files from a schema source.

usage: generate.py KIND SOURCE OUTPUT

KIND is json (.ovsschema), h, c or tracked (typed C tables), or man (reference
page in roff; the page's name is OUTPUT's)."""

import os
import sys

sys.dont_write_bytecode = True

import emit_c
import emit_json
import emit_man
import model


def generate(kind, source, output):
    database = model.Reader(source).read()
    stem = os.path.splitext(os.path.basename(source))[0]
    if kind == 'json':
        return emit_json.emit(database)
    if kind == 'man':
        return emit_man.emit(database, os.path.basename(output))
    return {'h': emit_c.emit_header, 'c': emit_c.emit_source,
            'tracked': emit_c.emit_tracked}[kind](database, stem)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    kind, source, output = sys.argv[1:]
    try:
        text = generate(kind, source, output)
    except model.SchemaError as error:
        sys.exit(str(error))
    temporary = '%s.%d.tmp' % (output, os.getpid())
    with open(temporary, 'w', encoding='utf-8') as file:
        file.write(text)
    os.rename(temporary, output)


if __name__ == '__main__':
    main()
