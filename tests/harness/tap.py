# SPDX-License-Identifier: Apache-2.0
"""What a controller asks of a switch, seen on its way."""

import struct

from .relay import Relay

BUNDLE_CONTROL, BUNDLE_ADD = 33, 34
REQUESTS = {0: "open", 2: "close", 4: "commit", 6: "discard"}


class Tap(Relay):
    """'bundles' says what came of bundles, in order: "open", "close", "commit",
    "discard", and "add" for one or more messages."""

    def __init__(self, path, target):
        self.bundles = []
        super().__init__(path, target)

    def handler(self, is_client):
        rest = b""

        def handle(data, _, sink):
            nonlocal rest
            if is_client:
                rest = self.look(rest + data)
            sink.sendall(data)
        return handle

    def look(self, data):
        """Notes the messages in 'data'; returns the start of one at its
        end."""
        while len(data) >= 8:
            _, kind, length, _ = struct.unpack_from("!BBHI", data)
            if len(data) < length:
                break
            if kind == BUNDLE_CONTROL:
                request, = struct.unpack_from("!H", data, 12)
                self.bundles.append(REQUESTS[request])
            elif kind == BUNDLE_ADD and self.bundles[-1:] != ["add"]:
                self.bundles.append("add")
            data = data[length:]
        return data
