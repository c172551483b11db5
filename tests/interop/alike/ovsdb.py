# SPDX-License-Identifier: Apache-2.0
"""The grammar of schemas and transactions (RFC 7047), right and wrong, and
what two ovsdb-tools say to them."""

import json
import os
import subprocess

from harness.programs import Programs
from harness.transcript import UUID

from .grammar import of

# The database that transactions are for.
SCHEMA = {
    "name": "T", "version": "1.2.3", "tables": {
        "A": {"isRoot": True, "indexes": [["n"]], "columns": {
            "n": {"type": "string"},
            "i": {"type": {"key": {"type": "integer", "minInteger": 0,
                                   "maxInteger": 9}}},
            "r": {"type": "real"}, "b": {"type": "boolean"},
            "e": {"type": {"key": {"type": "string", "enum": [
                "set", ["x", "y"]]}, "min": 0, "max": 1}},
            "s": {"type": {"key": "integer", "min": 0, "max": "unlimited"}},
            "m": {"type": {"key": "string", "value": "string", "min": 0,
                           "max": "unlimited"}},
            "u": {"type": {"key": {"type": "uuid", "refTable": "B"},
                           "min": 0, "max": 2}},
            "w": {"type": {"key": {"type": "uuid", "refTable": "A",
                                   "refType": "weak"},
                           "min": 0, "max": "unlimited"}},
            "f": {"type": "string", "mutable": False}}},
        "B": {"maxRows": 2, "columns": {"x": {"type": "integer"}}}}}

WORDS = {
    # None beyond 64 bits: our tools refuse them, Debian's make reals of them.
    "int": of("0 1 -1 5 9 10 2147483648 9223372036854775807 1.5 1e3 -0"),
    "string": ['"a"', '"b"', '"x"', '"n1"', '""', '"\\u00e9"', '"\\u0000"',
               '"a b"', '"\\""', '"_x"'],
    "uuid": ['["uuid","00000000-0000-0000-0000-000000000000"]',
             '["uuid","x"]', '["named-uuid","a"]', '["named-uuid","b"]',
             '["named-uuid","1"]'],
    "atom": ["<int>", "<string>", "true", "false", "<uuid>", "<int>",
             "<string>", "null", "{}", "[]"],
    "set": ['["set",[<atom*>]]', '["set",[<int*>]]', '["set",[<uuid*>]]',
            '["set",[<string>]]', '["set",<atom>]'],
    "pair": ["[<string>,<string>]", "[<atom>,<atom>]", "[<string>]"],
    "map": ['["map",[<pair*>]]', '["map",[[<string>,<string>]]]',
            '["map",<atom>]'],
    "value": ["<atom>", "<atom>", "<set>", "<map>"],
    "column": ['"n"', '"i"', '"r"', '"b"', '"e"', '"s"', '"m"', '"u"', '"w"',
               '"f"', '"_uuid"', '"_version"', '"zz"', '"i"', '"n"', '5'],
    "table": ['"A"', '"A"', '"A"', '"A"', '"B"', '"Z"', "5"],
}

TRANSACTION = dict(
    WORDS,
    **{
        "cell": ['"n":<string>', '"i":<int>', '"r":<int>', '"b":true',
                 '"e":<string>', '"s":<set>', '"m":<map>', '"u":<uuid>',
                 '"u":<set>', '"w":<set>', '"f":<string>',
                 "<column>:<value>", '"zz":1', '"_uuid":<uuid>'],
        "row": ["{<cell*>}", "{<cell>}", "{}", '{"x":<int>}', "[]"],
        "where": ["[]", "[]", "[<clause>]", "[<clause*>]", "{}", "true"],
        "function": ['"=="', '"!="', '"<"', '"<="', '">"', '">="',
                     '"includes"', '"excludes"', '"~"', "5"],
        "clause": ["[<column>,<function>,<value>]", '["n","==",<string>]',
                   '["i","<",<int>]', '["s","includes",<set>]', "true",
                   "false", '["i","=="]', '["m","includes",<map>]'],
        "mutator": ['"+="', '"-="', '"*="', '"/="', '"%="', '"insert"',
                    '"delete"', '"~="'],
        "mutation": ["[<column>,<mutator>,<value>]", '["i","+=",<int>]',
                     '["s","insert",<set>]', '["m","delete",<set>]',
                     '["m","insert",<map>]', '["i","/=",0]', '["i"]'],
        "mutations": ["[<mutation*>]", "[<mutation>]", "{}"],
        "columns": ['["n","i"]', "[<column*>]", '"n"'],
        "names": [',"uuid-name":"a"', ',"uuid-name":"b"', "",
                  ',"uuid-name":5', ',"uuid-name":"1 a"'],
        "extra": ["", "", "", "", ',"zz":1'],
        "operation": [
            '{"op":"insert","table":<table>,"row":<row><names><extra>}',
            '{"op":"insert","table":"A","row":{<cell>}<names>}',
            '{"op":"insert","table":"B","row":{}<names>}',
            '{"op":"insert","table":"A","row":{<cell>}}',
            '{"op":"select","table":<table>,"where":<where><extra>,"columns":'
            '["n","i","s"]}',
            '{"op":"select","table":"A","where":<where>,"columns":<columns>}',
            '{"op":"update","table":<table>,"where":<where>,"row":<row>}',
            '{"op":"mutate","table":<table>,"where":<where>,"mutations":'
            "<mutations><extra>}",
            '{"op":"delete","table":<table>,"where":<where>}',
            '{"op":"wait","table":<table>,"where":<where>,"columns":["n"],'
            '"until":"==","rows":[{"n":<string>}],"timeout":0}',
            '{"op":"wait","timeout":0,"table":"A","where":[],"columns":'
            '<columns>,"until":<function>,"rows":[<row>]}',
            '{"op":"commit","durable":<atom>}', '{"op":"abort"}',
            '{"op":"comment","comment":<atom>}', '{"op":"assert","lock":"l"}',
            '{"op":"zz"}', '{"op":5}', "5", "{}",
            '{"op":"insert","table":"A"}', '{"op":"select"}'],
        # What is right, most of the time.
        "digit": of("0 1 2 5 8 9"),
        "small": of("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"),
        "good_cell": ['"n":"k<small><digit>"', '"i":<digit>', '"r":<int>',
                      '"b":true', '"e":"x"', '"e":["set",[]]', '"s":<digit>',
                      '"s":["set",[<digit>]]', '"m":["map",[["a","b"]]]',
                      '"u":["set",[]]', '"f":"a"', '"n":"k<small><digit>",'
                      '"i":<digit>', '"s":["set",[7,<digit>]],"b":false'],
        "good_where": ["[]", '[["i","<",<digit>]]', '[["n","!=","k<small>1"]]',
                       '[["s","includes",["set",[<digit>]]]]',
                       '[["m","excludes",["map",[["a","b"]]]]]',
                       '[["i",">=",<digit>],["b","==",true]]',
                       '[["r","<",1.5]]', '[["e","==",["set",[]]]]'],
        "good_mutation": ['["i","+=",1]', '["s","insert",["set",[<digit>]]]',
                          '["i","*=",2]', '["m","insert",["map",[["q","r"]]]]',
                          '["m","delete",["set",["a"]]]', '["r","/=",2]',
                          '["s","delete",<digit>]', '["i","%=",3]'],
        "good": [
            '{"op":"insert","table":"A","row":{<good_cell>}}',
            '{"op":"insert","table":"A","row":{<good_cell>},"uuid-name":"a"},'
            '{"op":"insert","table":"A","row":{"n":"k<small>x","w":'
            '["named-uuid","a"]}}',
            '{"op":"insert","table":"B","row":{"x":1},"uuid-name":"b"},'
            '{"op":"insert","table":"A","row":{"n":"k<small>y","u":'
            '["named-uuid","b"]}}',
            '{"op":"select","table":"A","where":<good_where>,"columns":["n",'
            '"i","r","b","e","s","m","f"]}',
            '{"op":"update","table":"A","where":<good_where>,"row":'
            "{<good_cell>}}",
            '{"op":"mutate","table":"A","where":<good_where>,"mutations":'
            "[<good_mutation+>]}",
            '{"op":"delete","table":"A","where":[["i","==",<digit>]]}',
            '{"op":"wait","table":"A","where":[["n","==","k0x"]],"columns":'
            '["i"],"until":"!=","rows":[{"i":<digit>}],"timeout":0}'],
        "transaction": ['["T",<good>]', '["T",<good>,<good>]', '["T",<good+>]',
                        '["T",<good>,<operation>]',
                        '["T",<operation>]', '["T",<operation+>]',
                        '["T",<operation+>]', '["T"]', '["U",<operation>]',
                        "[5,<operation>]"],
    })

SCHEMAS = dict(
    WORDS,
    **{
        "type_name": ['"integer"', '"real"', '"boolean"', '"string"',
                      '"uuid"', '"void"', "5"],
        "base_word": ['"minInteger":<int>', '"maxInteger":<int>',
                      '"minReal":<int>', '"minLength":<int>',
                      '"maxLength":<int>', '"enum":<set>', '"enum":<atom>',
                      '"refTable":<table>', '"refType":"weak"',
                      '"refType":"strong"', '"refType":"x"', '"zz":1'],
        "base": ["<good_base>", "<good_base>", "<good_base>", "<type_name>",
                 '{"type":<type_name>,<base_word>}',
                 '{"type":<type_name>,<base_word>,<base_word>}', "{}"],
        "good_type": ['"integer"', '"real"', '"boolean"', '"string"',
                      '"uuid"'],
        "good_base": ["<good_type>", "<good_type>", '{"type":<good_type>}',
                      '{"type":"integer","minInteger":1,"maxInteger":<int>}',
                      '{"type":"string","enum":["set",["a","b"]]}',
                      '{"type":"string","minLength":<int>}',
                      '{"type":"integer","enum":<int>}',
                      '{"type":"uuid","refTable":"A"}',
                      '{"type":"uuid","refTable":"A","refType":"weak"}'],
        "max": ['"unlimited"', "1", "2", "0", '"x"', "<int>"],
        "type": ["<good_type>", "<good_type>", '{"key":<good_base>}',
                 '{"key":<good_base>,"min":0,"max":"unlimited"}',
                 '{"key":<good_base>,"value":<good_base>,"min":0,"max":2}',
                 "<type_name>", '{"key":<base>,"min":<int>,"max":<max>}',
                 '{"key":<base>,"min":0,"max":<max>}',
                 '{"key":<base>,"value":<base>,"min":0,"max":"unlimited"}',
                 '{"value":<base>}', '{"key":<base>,"zz":1}'],
        "column_name": ['"a"', '"b"', '"c"', '"d"', '"e"', '"f"', '"_a"',
                        '"a b"', '"1"', '"A-b"'],
        "column_word": [',"ephemeral":true', ',"mutable":false',
                        ',"mutable":5', ',"zz":1', "", "", ""],
        "column_def": ['<column_name>:{"type":<type><column_word>}',
                       '<column_name>:{"type":<type>}',
                       '<column_name>:{"type":<type>}',
                       '"a":{"type":<type>}', "<column_name>:<atom>"],
        "table_word": [',"maxRows":<int>', ',"isRoot":true', ',"isRoot":5',
                       ',"indexes":[["a"]]', ',"indexes":[["a","b"]]',
                       ',"indexes":<atom>', ',"zz":1', "", "", ""],
        "table_def": [
                      '"A":{"columns":{"a":{"type":<type>}}}',
                      '"A":{"columns":{"a":{"type":<type>}}<table_word>},'
                      '"B":{"columns":{"b":{"type":<type>}}}',
                      '"A":{"columns":{<column_def>}<table_word>}',
                      '"A":{"columns":{<column_def*>}<table_word>}',
                      '"_A":{"columns":{}}', '"B":{}', '"A":5'],
        "schema_word": ['"version":"1.2.3"', '"version":"1.2"',
                        '"cksum":"1 2"', '"cksum":5', '"zz":1'],
        # What is right, most of the time.
        "good": ['"a":{"type":<good_type>}',
                 '"a":{"type":{"key":<good_base>}}',
                 '"a":{"type":{"key":<good_base>,"min":0,"max":"unlimited"}}',
                 '"a":{"type":{"key":"string","value":<good_base>,"min":0,'
                 '"max":2}}', '"a":{"type":<good_type><column_word>}'],
        "good_word": [',"maxRows":5', ',"isRoot":true', ',"indexes":[["a"]]',
                      "", ',"indexes":[["a","b"]]'],
        "good_schema": ['{"name":"T","tables":{"A":{"columns":{<good>}'
                        "<good_word>}}}",
                        '{"name":"T","version":"1.0.0","cksum":"1 2","tables":'
                        '{"A":{"columns":{<good>,"b":{"type":<good_type>}}'
                        "<good_word><good_word>}}}"],
        "schema": ["<good_schema>", "<good_schema>", "<good_schema>",
                   '{"name":"T","tables":{<table_def>}}',
                   '{"name":"T","tables":{<table_def>},<schema_word>}',
                   '{"name":"T","version":"1.0.0","tables":{<table_def*>}}',
                   '{"name":<string>,"tables":{}}', '{"tables":{}}', "[]",
                   '{"name":"T"}'],
    })


def ask(side, folder, words):
    """Exit status, output and messages of a side's ovsdb-tool in 'folder'."""
    done = subprocess.run(
        [Programs(side).path("ovsdb-tool"), *words], cwd=folder, timeout=90,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=dict(os.environ, OVS_SYSLOG_METHOD="null",
                                         OVS_RUNDIR=str(folder)))
    return tuple([done.returncode] + [
        UUID.sub("UUID", text.decode(errors="replace"))
        for text in (done.stdout, done.stderr)])


# Of a text that is wrong in two ways either may be told.
TEXT_ERRORS = {"syntax error", "unknown column", "unknown table"}


def what_counts(output):
    """The output, but for the order of rows and for what errors say to people:
    details, and the JSON at fault."""
    try:
        value = json.loads(output)
    except ValueError:
        return output
    for result in value if isinstance(value, list) else [value]:
        if isinstance(result, dict) and "error" in result:
            result.pop("details", None)
            result.pop("syntax", None)
            if result["error"] in TEXT_ERRORS:
                result["error"] = "text"
        elif isinstance(result, dict) and "rows" in result:
            result["rows"].sort(key=json.dumps)
    return value


# Where ours differs on purpose: why, and what their answer has in it.
DELIBERATE = [
    ("a query that changes a row has been asked, not done",
     "cannot truncate"),
]


def is_alike(ours, theirs):
    if any(pattern in theirs[1] for _, pattern in DELIBERATE):
        return not ours[0]
    return (ours[0] == theirs[0] and bool(ours[2]) == bool(theirs[2])
            and what_counts(ours[1]) == what_counts(theirs[1]))
