# SPDX-License-Identifier: Apache-2.0
"""What a controller asks of a switch, seen on its way."""

import socket
import struct
import threading

BUNDLE_CONTROL, BUNDLE_ADD = 33, 34
REQUESTS = {0: "open", 2: "close", 4: "commit", 6: "discard"}


class Tap:
    """Stands between controllers at 'path' and the switch at 'target'.
    'bundles' says what came of bundles, in order: "open", "close", "commit",
    "discard", and "add" for one or more messages."""

    def __init__(self, path, target):
        self.target = target
        self.bundles = []
        self.sockets = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                down, _ = self.listener.accept()
            except OSError:
                return
            up = socket.socket(socket.AF_UNIX)
            up.connect(self.target)
            self.sockets += [down, up]
            for source, sink, look in ((down, up, self.look),
                                       (up, down, lambda data: b"")):
                threading.Thread(target=self.pump, daemon=True,
                                 args=(source, sink, look)).start()

    @staticmethod
    def pump(source, sink, look):
        rest = b""
        while True:
            try:
                data = source.recv(1 << 16)
                if not data:
                    break
                rest = look(rest + data)
                sink.sendall(data)
            except OSError:
                break
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

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

    def close(self):
        for s in [self.listener] + self.sockets:
            s.close()
