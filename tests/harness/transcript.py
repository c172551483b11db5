# SPDX-License-Identifier: Apache-2.0
"""Transcripts: what a tool says to one command line after another.

    # A comment.
    $ add-br br0
    $ add-br br0
    ! 1 cannot create a bridge named br0 because a bridge named br0 already exi
    $ list-br
    br0

After "$" come the tool's arguments as a shell would read them ("\\" continues
the line), below it the output, if there is any; "! STATUS TEXT" is the exit
status, if it is not 0, and what the message on standard error has in it.
"$+" starts a line that older tools do not know.  Uuids are written "UUID".
Output of what lists rows in no order is sorted."""

import re
import shlex
import subprocess

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
                  r"|(?<=uuid=)0x[0-9a-f]{8}")
NO_ORDER = {"show", "find", "list", "--vflows"}


class Step:
    def __init__(self, line, is_new):
        self.line, self.is_new = line, is_new
        self.words = shlex.split(line)
        self.output, self.status, self.message = [], 0, ""

    def __repr__(self):
        return self.line


def read(path):
    """The steps of a transcript."""
    steps = []
    with open(path) as f:
        lines = f.read().replace("\\\n", "").splitlines()
    for line in lines:
        if line.startswith("$"):
            steps.append(Step(line.split(" ", 1)[1], line.startswith("$+")))
        elif line.startswith("! "):
            status, _, steps[-1].message = line[2:].partition(" ")
            steps[-1].status = int(status)
        elif not line.startswith("#"):
            steps[-1].output.append(line)
    return steps


def execute(tool, options, words, env=None):
    """Runs a tool; returns status, output and message as a transcript has
    them."""
    done = subprocess.run([tool, *options, *words], text=True, timeout=90,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=env)
    output = UUID.sub("UUID", done.stdout).splitlines()
    if NO_ORDER & set(words):
        output.sort()
    return done.returncode, output, UUID.sub("UUID", done.stderr)
