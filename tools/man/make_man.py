#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a program's manual page of what its --help prints, which it makes of
the tables that it reads its own command line by, and of a few paragraphs.

usage: make_man.py PROSE-FOLDER OUTPUT-FOLDER PROGRAM...

Makes OUTPUT-FOLDER/NAME.SECTION of each PROGRAM, with the help of
PROSE-FOLDER/NAME.txt, a text.  Its first line is "NAME(SECTION) - PURPOSE".  Then come
sections: a line "# HEADING", and paragraphs with empty lines between.  A line
that begins with spaces is shown as it is.  Those before "# OPTIONS" stand
before what --help says, the rest after it."""

import os
import re
import subprocess
import sys

COMMON = "common.txt"


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text)


def bold_words(text):
    """Options and words in capitals as a manual shows them."""
    def one(match):
        word = match.group(0)
        return ("\\fI%s\\fR" if re.fullmatch(r"[A-Z][A-Z0-9_-]*", word)
                else "\\fB%s\\fR") % escape(word)
    return re.sub(r"[A-Za-z0-9@_/.-]+", one, text)


class Page:
    def __init__(self, name, section, purpose):
        self.lines = [
            '.TH "%s" "%s" "" "Weft" "Weft"' % (name.upper(), section),
            ".ad l", ".nh", ".SH NAME",
            "%s \\- %s" % (escape(name), escape(purpose))]

    def heading(self, text):
        self.lines.append('.SH "%s"' % escape(text.upper()))

    def item(self, term, text):
        self.lines += [".TP", bold_words(term)]
        self.lines.append(escape(text) if text else "\\&")

    def paragraph(self, lines):
        self.lines.append(".PP")
        if lines[0].startswith(" "):
            self.lines += [".nf"] + [escape(x) for x in lines] + [".fi"]
        else:
            self.lines += [escape(x) for x in lines]


def read_prose(path):
    """(name, section, purpose, [(heading, [paragraph...])...])"""
    with open(path) as f:
        lines = f.read().splitlines()
    name, section, purpose = re.fullmatch(r"(\S+)\((\w+)\) - (.*)",
                                          lines[0]).groups()
    return name, section, purpose, sections_of(lines[1:])


def sections_of(lines):
    sections = []
    for line in lines:
        if line.startswith("# "):
            sections.append((line[2:], [[]]))
        elif line.strip():
            sections[-1][1][-1].append(line)
        elif sections and sections[-1][1][-1]:
            sections[-1][1].append([])
    return [(heading, [p for p in paragraphs if p])
            for heading, paragraphs in sections]


def items_of(lines):
    """[(term, text)...] of the indented lines of a help text."""
    items = []
    for line in lines:
        found = re.match(r"^ {1,6}(\S.*?)(?:  +(\S.*))?$", line)
        if found:
            items.append([found.group(1), found.group(2) or ""])
        elif items:
            items[-1][1] = (items[-1][1] + " " + line.strip()).strip()
    return items


def split_help(text):
    """(usage lines, [(heading, lines)...])"""
    usage, sections, current = [], [], None
    for line in text.splitlines()[1 if ": " in text.split("\n")[0]
                                  and not text.startswith("usage") else 0:]:
        if line.startswith("usage:") or (not sections and re.match(
                r" {7}\S", line)):
            usage.append(re.sub(r"^(usage:)? *", "", line))
        elif re.match(r"^\S.*:$", line):
            current = []
            sections.append((line[:-1], current))
        elif line.startswith(" "):
            if current is None:
                current = []
                sections.append(("Commands", current))
            current.append(line)
    return usage, sections


def put_help(page, sections):
    for heading, lines in sections:
        page.heading(heading)
        for term, text in items_of(lines):
            page.item(term, text)


def put_prose(page, sections):
    for heading, paragraphs in sections:
        page.heading(heading)
        for p in paragraphs:
            page.paragraph(p)


def help_of(program):
    return subprocess.run([program, "--help"], stdout=subprocess.PIPE,
                          check=True, text=True).stdout


def make(program, folder, output):
    with open(os.path.join(folder, COMMON)) as f:
        common = sections_of(f.read().splitlines())
    name, section, purpose, own = read_prose(
        os.path.join(folder, os.path.basename(program) + ".txt"))
    usage, sections = split_help(help_of(program))
    page = Page(name, section, purpose)
    page.heading("Synopsis")
    for line in usage:
        page.lines += [".br", bold_words(line)]
    headings = [heading for heading, _ in own]
    cut = headings.index("OPTIONS") if "OPTIONS" in headings else len(own)
    put_prose(page, own[:cut])
    put_help(page, sections)
    put_prose(page, own[cut + 1:] + [s for s in common
                                     if s[0] not in headings])
    path = os.path.join(output, "%s.%s" % (name, section))
    with open(path + ".tmp", "w") as f:
        f.write("\n".join(page.lines) + "\n")
    os.rename(path + ".tmp", path)


def main():
    folder, output = sys.argv[1:3]
    os.makedirs(output, exist_ok=True)
    for program in sys.argv[3:]:
        make(program, folder, output)


if __name__ == "__main__":
    main()
