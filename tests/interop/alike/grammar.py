# SPDX-License-Identifier: Apache-2.0
"""Random sentences of a grammar, for two programs that shall understand them
alike.

A grammar maps a name to its alternatives, of which one is taken; an
alternative that stands there twice is taken twice as often.  In one

    <name>      stands for a sentence of that name,
    <name?>     for one or for nothing,
    <name*>     for none to three with commas between,
    <name+>     for one to four with commas between.

Below a depth of some levels the first alternative is taken, which must not
lead back to the same name.  A function instead of alternatives makes a word of
the generator's random numbers."""

import random
import re

REFERENCE = re.compile(r"<(\w+)([?*+]?)>")
MAX_DEPTH = 9


class Sentences:
    """A seeded source of sentences."""

    def __init__(self, grammar, seed):
        self.grammar = grammar
        self.random = random.Random(seed)

    def sentence(self, name, depth=0):
        rule = self.grammar[name]
        if callable(rule):
            return rule(self.random)
        text = rule[0] if depth > MAX_DEPTH else self.random.choice(rule)
        return REFERENCE.sub(lambda m: self.expand(*m.groups(), depth + 1),
                             text)

    def expand(self, name, times, depth):
        low, high = {"": (1, 1), "?": (0, 1), "*": (0, 3),
                     "+": (1, 4)}[times]
        return ",".join(self.sentence(name, depth) for _ in range(
            self.random.randint(low, min(high, max(low, 1))
                                if depth > MAX_DEPTH else high)))

    def misspelt(self, text):
        """The text with a small change, which may have made it wrong."""
        at = self.random.randrange(len(text) + 1)
        end = at + self.random.choice([0, 0, 1, 1, 2, 5])
        return text[:at] + self.random.choice(
            ["", "", "", ",", "(", ")", "=", ":", "/", "-", "0", "1", "x",
             " ", "[", "]", "."]) + text[end:]

    def mixed(self, name, share_misspelt=0.15):
        """A sentence, now and then a misspelt one."""
        text = self.sentence(name)
        if self.random.random() < share_misspelt:
            text = self.misspelt(text)
        return text


def number(bits, edge=0.3):
    """A rule for numbers of so many bits, in decimal or hex; often one from an
    edge of what is allowed, seldom one beyond it."""
    def make(rng):
        if rng.random() < edge:
            x = rng.choice([0, 1, 2, (1 << bits) - 1, 1 << (bits - 1)])
        else:
            x = rng.getrandbits(rng.randint(1, bits))
        if rng.random() < 0.01:
            x = 1 << bits
        return ("%#x" if rng.random() < 0.3 else "%d") % x
    return make


def of(words):
    """A rule of single words."""
    return words.split()
