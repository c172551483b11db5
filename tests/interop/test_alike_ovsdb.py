# SPDX-License-Identifier: Apache-2.0
"""Our ovsdb-tool and Debian's take and refuse the same schemas and
transactions, and answer them alike."""

import json
import shlex

import pytest

from alike import SEED, check, count, needs_peer, ovsdb
from alike.grammar import Sentences

pytestmark = needs_peer

SIDES = ("ours", "debian")


def commands(kind):
    """Random command lines, each with the text of a schema file or None."""
    grammar = ovsdb.SCHEMAS if kind == "schema" else ovsdb.TRANSACTION
    sentences = Sentences(grammar, kind + SEED)
    for i in range(count(200)):
        text = sentences.mixed(kind, 0.1)
        if kind == "schema":
            yield [["create", "new%d" % i, "s"], ["schema-version", "s"],
                   ["schema-cksum", "s"], ["needs-conversion", "db", "s"],
                   ][i % 4], text
        else:
            yield [["transact", "query"][i % 2], "db", text], None


def differences(kind, folder):
    """Each side has a database of its own in 'folder', on which it does all
    of the commands one after another."""
    for side in SIDES:
        (folder / side).mkdir()
        (folder / side / "schema").write_text(json.dumps(ovsdb.SCHEMA))
        assert ovsdb.ask(side, folder / side, ["create", "db", "schema"]) == (
            0, "", "")
    for words, schema in commands(kind):
        answers = []
        for side in SIDES:
            if schema is not None:
                (folder / side / "s").write_text(schema)
            answers.append(ovsdb.ask(side, folder / side, words))
        if not ovsdb.is_alike(*answers):
            yield "%s %s" % (shlex.join(words), schema or ""), answers


@pytest.mark.parametrize("kind", ["schema", "transaction"])
def test_random_texts(kind, tmp_path):
    check(differences(kind, tmp_path))
