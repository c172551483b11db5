# SPDX-License-Identifier: Apache-2.0
"""Our ovsdb-tool and Debian's take and refuse the same schemas and
transactions, and answer them alike.  By hand, with more of them:

    python3 tests/interop/test_alike_ovsdb.py KIND SEED COUNT
"""

import json
import os
import pathlib
import sys
import tempfile

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))))
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import pytest

from alike import ovsdb
from alike.grammar import Sentences
from harness.programs import have_peer

pytestmark = pytest.mark.skipif(not have_peer(),
                                reason="Debian's packages are not here")

SIDES = ("ours", "debian")


def commands(kind, seed, count):
    """Random command lines, each with the text of a schema file or None."""
    grammar = ovsdb.SCHEMAS if kind == "schema" else ovsdb.TRANSACTION
    sentences = Sentences(grammar, kind + str(seed))
    for i in range(count):
        text = sentences.mixed(kind, 0.1)
        if kind == "schema":
            yield [["create", "new%d" % i, "s"], ["schema-version", "s"],
                   ["schema-cksum", "s"], ["needs-conversion", "db", "s"],
                   ][i % 4], text
        else:
            yield [["transact", "query"][i % 2], "db", text], None


def differences(kind, seed, count, folder):
    """Each side has a database of its own in 'folder', on which it does all
    of the commands one after another."""
    for side in SIDES:
        (folder / side).mkdir()
        (folder / side / "schema").write_text(json.dumps(ovsdb.SCHEMA))
        assert ovsdb.ask(side, folder / side, ["create", "db", "schema"]) == (
            0, "", "")
    for words, schema in commands(kind, seed, count):
        answers = []
        for side in SIDES:
            if schema is not None:
                (folder / side / "s").write_text(schema)
            answers.append(ovsdb.ask(side, folder / side, words))
        if not ovsdb.is_alike(*answers):
            yield words, schema, answers


@pytest.mark.parametrize("kind", ["schema", "transaction"])
def test_random_texts(kind, tmp_path):
    assert not list(differences(kind, 1, 200, tmp_path))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for line, text, found in differences(
                sys.argv[1], sys.argv[2], int(sys.argv[3]),
                pathlib.Path(name)):
            print(line, text or "")
            for who, answer in zip(SIDES, found):
                print("  %s: %s" % (who, answer))
