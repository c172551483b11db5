# SPDX-License-Identifier: Apache-2.0
"""A database server's connections, seen and changed on their way."""

import json
import socket
import threading


class Proxy:
    """Stands between clients at 'path' and the server at 'upstream' and refuses
    some methods, as older servers do; sees and can spoil what the server
    sends."""

    def __init__(self, path, upstream, refuse=(), spoil=None):
        self.path, self.upstream = path, upstream
        self.refuse, self.spoil = refuse, spoil
        self.refused = []
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
            up.connect(self.upstream)
            threading.Thread(target=self.pump, args=(down, up, self.client),
                             daemon=True).start()
            threading.Thread(target=self.pump, args=(up, down, self.server),
                             daemon=True).start()

    def pump(self, source, sink, handle):
        decoder, text = json.JSONDecoder(), ""
        while True:
            try:
                data = source.recv(1 << 16)
                if not data:
                    break
                text += data.decode()
                while text:
                    try:
                        message, end = decoder.raw_decode(text)
                    except json.JSONDecodeError:
                        break
                    text = text[end:].lstrip()
                    handle(message, source, sink)
            except OSError:
                break
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def client(self, message, source, sink):
        for method, first in self.refuse:
            if message.get("method") == method and (
                    first is None or message["params"][:1] == [first]):
                self.refused.append(method)
                source.sendall(json.dumps(
                    {"id": message["id"], "result": None,
                     "error": {"error": "unknown method"}}).encode())
                return
        sink.sendall(json.dumps(message).encode())

    def server(self, message, source, sink):
        text = json.dumps(message)
        if self.spoil:
            text = self.spoil(message, text)
        sink.sendall(text.encode())

    def close(self):
        self.listener.close()
