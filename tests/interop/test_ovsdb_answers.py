# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a request, told as Debian's server tells it: the same
requests to both, whose answers must be equal to the word."""

import json
import re

import pytest

from harness.ovsdb import Server
from harness.programs import Programs, have_peer

pytestmark = pytest.mark.skipif(not have_peer(),
                                reason="Debian's OVN is not here (./dev peer)")

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

SCHEMA = {
    "name": "T", "version": "1.2.3", "tables": {
        "R": {"isRoot": True, "indexes": [["name"]], "columns": {
            "name": {"type": "string"},
            "i": {"type": {"key": {"type": "integer", "minInteger": -5,
                                   "maxInteger": 100}, "min": 0, "max": 3}},
            "r": {"type": {"key": {"type": "real", "minReal": 0,
                                   "maxReal": 10}}},
            "b": {"type": "boolean"},
            "u": {"type": {"key": {"type": "uuid", "refTable": "R"},
                           "min": 0, "max": "unlimited"}},
            "w": {"type": {"key": {"type": "uuid", "refTable": "N",
                                   "refType": "weak"}, "min": 0, "max": 1}},
            "n": {"type": {"key": {"type": "uuid", "refTable": "N"},
                           "min": 0, "max": "unlimited"}},
            "e": {"type": {"key": {"type": "string",
                                   "enum": ["set", ["a", "b"]]},
                           "min": 0, "max": 1}},
            "len": {"type": {"key": {"type": "string", "minLength": 2,
                                     "maxLength": 4}, "min": 0, "max": 1}},
            "m": {"type": {"key": "string", "value": "integer", "min": 0,
                           "max": 2}},
            "const": {"type": "integer", "mutable": False},
            "eph": {"type": "string", "ephemeral": True}}},
        "N": {"maxRows": 2, "columns": {
            "x": {"type": "integer"},
            "y": {"type": {"key": "string", "min": 1, "max": 2}}}}}}

# Method and parameters.
REQUESTS = json.loads(r'''[
["get_schema", ["X"]],
["get_schema", []],
["get_schema", [1]],
["nope", []],
["echo", [1, {"a": [null, true, 1.5]}]],
["get_server_id", []],
["get_server_id", [1]],
["set_db_change_aware", [true]],
["set_db_change_aware", [1]],
["set_db_change_aware", []],
["lock", ["l1"]],
["lock", ["l1"]],
["lock", []],
["lock", ["1x"]],
["lock", [1]],
["unlock", ["nope"]],
["unlock", ["l1"]],
["steal", ["s"]],
["steal", ["s"]],
["unlock", ["s"]],
["cancel", []],
["monitor_cancel", ["zz"]],
["monitor_cancel", []],
["transact", []],
["transact", ["X"]],
["transact", [1]],
["transact", ["T"]],
["monitor", ["T", null, {"R": {"columns": ["name", "zz"]}}]],
["monitor", ["T", null, {"RR": {}}]],
["monitor", ["X", null, {}]],
["monitor", ["T", null, {"R": 1}]],
["monitor", ["T", null, {"R": {"columns": ["name", "name"]}}]],
["monitor", ["T", null, {"R": {"select": {"initial": 1}}}]],
["monitor", ["T", null, {"R": {"foo": 1}}]],
["monitor", ["T", null, {"R": {"columns": "name"}}]],
["monitor", ["T", null, []]],
["monitor", ["T", "m1", {"R": {}}]],
["monitor", ["T", "m1", {"R": {}}]],
["monitor_cancel", ["m1"]],
["monitor_cond", ["T", "c1", {"R": {"where": [["name", "==", 1]]}}]],
["monitor_cond", ["T", "c1", {"R": [{"where": [["zz", "==", 1]]}]}]],
["monitor_cond", ["T", "c1", {"R": [{"where": "x"}]}]],
["monitor_cond", ["T", "c1", {"R": [{"where": [true]}]}]],
["monitor_cond_change", ["c1", "c2", {"R": [{"where": [["zz", "==", 1]]}]}]],
["monitor_cond_change", ["c1", "c2", {"R": [{"foo": [["zz", "==", 1]]}]}]],
["monitor_cond_change", ["c1", "c2", {"Q": [{"where": [false]}]}]],
["monitor_cond_change", ["nope", "c2", {"R": [{"where": [false]}]}]],
["monitor_cond_change", ["c1"]],
["monitor_cond_since", ["T", "c3", {"R": [{"where": [false]}]}, "bogus"]],
["monitor_cond_since", ["T", "c3", {"R": [{"where": [false]}]},
  "00000000-0000-0000-0000-000000000000"]],
["monitor_cond_since", ["T", "c4", {"R": [{"where": [false]}]}]],
["convert", ["T", {}]],
["convert", ["T", {"name": "Q", "version": "1.0.0", "tables": {}}]],
["convert", ["X", {}]]]''')

# Operations of transactions on "T".
TRANSACTIONS = json.loads(r'''[
[{}],
[{"op": 1}],
[{"op": "zz"}],
[[]],
[{"op": "insert"}],
[{"op": "insert", "table": "R"}],
[{"op": "insert", "table": "ZZ", "row": {}}],
[{"op": "insert", "table": "R", "row": {}, "zz": 1}],
[{"op": "insert", "table": "R", "row": []}],
[{"op": "insert", "table": 1, "row": {}}],
[{"op": "insert", "table": "R", "row": {"name": 1}}],
[{"op": "insert", "table": "R", "row": {"zz": 1}}],
[{"op": "insert", "table": "R", "row": {"_uuid": ["uuid",
  "00000000-0000-0000-0000-000000000001"]}}],
[{"op": "insert", "table": "R", "row": {"_version": 1}}],
[{"op": "insert", "table": "R", "row": {"name": "n1"}}],
[{"op": "insert", "table": "R", "row": {"name": "n1"}}],
[{"op": "insert", "table": "R", "row": {"name": "n2"}}, {"op": "insert",
  "table": "R", "row": {"name": "n2"}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "i": 200}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "i": -6}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "i": ["set", [1, 2, 3,
  4]]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "i": ["set", [1, 1]]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "i": 1.5}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "i": ["set", 1]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "i": ["foo", [1]]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "i": ["set", ["a"]]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "i": {"a": 1}}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "i": null}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "r": 11}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "r": -0.5}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "r": "a"}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "b": 1}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "b": ["set", []]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "e": "c"}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "e": 1}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "len": "a"}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "len": "abcde"}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "len":
  "\u00e9\u00e9\u00e9\u00e9"}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "m": ["map", [["a", 1],
  ["b", 2], ["c", 3]]]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "m": ["map", [["a", 1],
  ["a", 2]]]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "m": ["map",
  [["a"]]]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "m": ["map", [1]]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "m": ["map", {}]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "m": "a"}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "u": ["uuid", "zz"]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "u": ["uuid", 1]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "u": ["uuid"]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "u": "abc"}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "u": ["named-uuid",
  "zz"]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "u": ["named-uuid",
  "1zz"]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "u": ["uuid",
  "00000000-0000-0000-0000-000000000001"]}}],
[{"op": "insert", "table": "R", "row": {"name": "x1", "n": ["uuid",
  "00000000-0000-0000-0000-000000000001"]}}],
[{"op": "insert", "table": "R", "row": {"name": "x9", "w": ["uuid",
  "00000000-0000-0000-0000-000000000001"]}}],
[{"op": "insert", "table": "R", "uuid-name": "1z", "row": {}}],
[{"op": "insert", "table": "R", "uuid-name": "z", "row": {"name": "q1"}},
  {"op": "insert", "table": "R", "uuid-name": "z", "row": {"name": "q2"}}],
[{"op": "insert", "table": "R", "uuid": "zz", "row": {"name": "uu"}}],
[{"op": "insert", "table": "R", "uuid":
  "00000000-0000-0000-0000-000000000099", "row": {"name": "uu"}}],
[{"op": "insert", "table": "R", "uuid":
  "00000000-0000-0000-0000-000000000099", "row": {"name": "uu2"}}],
[{"op": "insert", "table": "N", "row": {"x": 1}}],
[{"op": "insert", "table": "N", "uuid-name": "a", "row": {}}, {"op":
  "insert", "table": "N", "uuid-name": "b", "row": {}}, {"op": "insert",
  "table": "N", "uuid-name": "c", "row": {}}, {"op": "insert", "table": "R",
  "row": {"name": "nn", "n": ["set", [["named-uuid", "a"], ["named-uuid",
  "b"], ["named-uuid", "c"]]]}}],
[{"op": "insert", "table": "N", "uuid-name": "a", "row": {}}, {"op":
  "insert", "table": "R", "row": {"name": "nn", "n": ["named-uuid", "a"],
  "w": ["named-uuid", "a"]}}],
[{"op": "select", "table": "R"}],
[{"op": "select", "table": "R", "where": [], "columns": ["zz"]}],
[{"op": "select", "table": "R", "where": [], "columns": ["name", "name"]}],
[{"op": "select", "table": "R", "where": [], "columns": [1]}],
[{"op": "select", "table": "R", "where": [], "columns": "name"}],
[{"op": "select", "table": "R", "where": [], "columns": []}],
[{"op": "select", "table": "R", "where": [["name", "==", "n1"]], "columns":
  ["name", "i", "u", "m", "e", "const"]}],
[{"op": "select", "table": "R", "where": [["zz", "==", "n1"]]}],
[{"op": "select", "table": "R", "where": [["name", "=="]]}],
[{"op": "select", "table": "R", "where": ["name"]}],
[{"op": "select", "table": "R", "where": [["name", "<", "n1"]]}],
[{"op": "select", "table": "R", "where": [["i", "<", 1]], "columns":
  ["name"]}],
[{"op": "select", "table": "R", "where": [["r", "<", 1]], "columns":
  ["name"]}],
[{"op": "select", "table": "R", "where": [["m", "<", 1]], "columns":
  ["name"]}],
[{"op": "select", "table": "R", "where": [["m", "includes", ["map", [["a",
  1]]]]], "columns": ["name"]}],
[{"op": "select", "table": "R", "where": [["_uuid", "==", ["uuid",
  "00000000-0000-0000-0000-000000000099"]]], "columns": ["name"]}],
[{"op": "select", "table": "R", "where": [[1, "==", 1]]}],
[{"op": "select", "table": "R", "where": [["name", 1, 1]]}],
[{"op": "select", "table": "R", "where": [true]}],
[{"op": "select", "table": "R", "where": [false], "columns": ["name"]}],
[{"op": "select", "table": "R", "where": [["b", "<", true]]}],
[{"op": "select", "table": "R", "where": [["i", "includes", ["set", [1, 2, 3,
  4, 5]]]], "columns": ["name"]}],
[{"op": "select", "table": "R", "where": [["i", "excludes", ["set", []]]],
  "columns": ["name"]}],
[{"op": "update", "table": "R", "where": [], "row": {"const": 3}}],
[{"op": "update", "table": "R", "where": [], "row": {"_uuid": ["uuid",
  "00000000-0000-0000-0000-000000000099"]}}],
[{"op": "update", "table": "R", "where": [], "row": {"eph": "x"}}],
[{"op": "update", "table": "R", "where": [["name", "==", "none"]], "row":
  {"b": true}}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["const", "+=",
  1]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["name", "+=",
  1]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["i", "+=",
  1.5]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["i", "insert",
  ["set", [1, 2]]]]}, {"op": "mutate", "table": "R", "where": [],
  "mutations": [["i", "/=", 0]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["i", "insert",
  ["set", [1, 2]]], ["i", "%=", 0]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["i", "insert",
  ["set", [1, 2, 3, 4]]]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["i", "insert",
  1], ["i", "+=", 200]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["i", "insert",
  ["set", [7, 8]]], ["i", "*=", 0]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["zz", "+=", 1]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["i", "+="]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["b", "+=", 1]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["_uuid",
  "insert", 1]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["r", "-=", 5]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["r", "/=", 0]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["m", "delete",
  ["set", ["a"]]], ["m", "insert", ["map", [["a", 1], ["b", 2], ["c",
  3]]]]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["i", "+=",
  ["set", [1]]]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [["r", "insert",
  1]]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": 1}],
[{"op": "mutate", "table": "R", "where": [], "mutations": [1]}],
[{"op": "mutate", "table": "R", "where": [], "mutations": []}],
[{"op": "delete", "table": "N", "where": []}],
[{"op": "delete", "table": "R"}],
[{"op": "delete", "table": "R", "where": [["name", "==", "none"]]}],
[{"op": "wait", "table": "R", "where": [], "columns": ["name"], "until":
  "==", "rows": [], "timeout": 0}],
[{"op": "wait", "table": "R", "where": [["name", "==", "none"]], "columns":
  ["name"], "until": "==", "rows": [], "timeout": 0}],
[{"op": "wait", "table": "R", "where": [], "columns": ["name"], "until":
  "zz", "rows": []}],
[{"op": "wait", "table": "R", "where": [], "columns": ["name"], "until":
  "==", "rows": [{"zz": 1}], "timeout": 0}],
[{"op": "wait", "table": "R", "where": [], "columns": ["name"], "until":
  "==", "rows": [1], "timeout": 0}],
[{"op": "wait", "table": "R", "where": [], "until": "==", "rows": [],
  "timeout": 10}],
[{"op": "wait", "table": "R", "where": [], "columns": ["name"], "until":
  "==", "rows": [{"name": "a", "b": true}], "timeout": 0}],
[{"op": "wait", "table": "R", "where": [], "columns": ["name"], "until":
  "==", "rows": [], "timeout": -1}],
[{"op": "wait", "table": "R", "where": [], "columns": ["name"], "until":
  "==", "rows": [], "timeout": 1.5}],
[{"op": "commit", "durable": true}],
[{"op": "commit"}],
[{"op": "commit", "durable": 1}],
[{"op": "abort"}],
[{"op": "insert", "table": "R", "row": {"name": "ab"}}, {"op": "abort"},
  {"op": "comment", "comment": "x"}],
[{"op": "comment"}],
[{"op": "comment", "comment": "x"}],
[{"op": "comment", "comment": 1}],
[{"op": "assert"}],
[{"op": "assert", "lock": "zz"}],
[{"op": "assert", "lock": "1z"}],
[{"op": "insert", "table": "R", "row": {"name": "ok1"}}, 1, {"op": "comment",
  "comment": "x"}]]''')


def canonical(reply):
    """The reply with what may differ put aside: uuids, the order of rows."""
    result = reply.get("result")
    for part in result if isinstance(result, list) else []:
        if isinstance(part, dict) and "rows" in part:
            part["rows"].sort(key=lambda row: UUID.sub(
                "", json.dumps(row, sort_keys=True)))
    text = UUID.sub("<uuid>", json.dumps([result, reply.get("error")],
                                         sort_keys=True))
    # How long it took, and which of two rows comes first, is chance.
    text = re.sub(r"after \d+ ms", "after N ms", text)
    return re.sub(r"First row.*Second row[^\"]*", "", text)


def play(side, folder):
    folder.mkdir()
    server = Server(Programs(side), folder)
    (folder / "schema").write_text(json.dumps(SCHEMA))
    server.create(str(folder / "schema"), "db")
    server.start()
    client = server.connect()
    story = []
    try:
        for method, params in (REQUESTS + [["transact", ["T"] + operations]
                                           for operations in TRANSACTIONS]):
            client.next_id += 1
            client.send_text(json.dumps({"method": method, "params": params,
                                         "id": client.next_id}))
            story.append((method, json.dumps(params),
                          canonical(client.reply(client.next_id))))
    finally:
        server.stop()
    return story


def test_answers_are_the_same(tmp_path):
    theirs = play("debian", tmp_path / "debian")
    ours = play("ours", tmp_path / "ours")
    assert len(ours) > 150
    assert ours == theirs
