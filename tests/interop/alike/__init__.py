# SPDX-License-Identifier: Apache-2.0
"""Random input for our tools and Debian's, which are to understand it alike."""

import os

import pytest

from harness.programs import have_peer

needs_peer = pytest.mark.skipif(not have_peer(),
                                reason="Debian's packages are not here")

# A hunt takes other input, and more of it, than each run of the tests does.
SEED = os.environ.get("WEFT_ALIKE_SEED", "1")


def count(usual):
    return int(os.environ.get("WEFT_ALIKE_COUNT", usual))


def check(differences):
    """Of pairs (input, (our answer, Debian's)) there are none."""
    text = "\n".join("%s\n  ours:     %s\n  Debian's: %s" % (given, *answers)
                     for given, answers in differences)
    assert not text, "\n" + text
