# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in a way that a person should read."""


class WeftError(Exception):
    """Its text is for the user of the command line."""
