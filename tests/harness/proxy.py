# SPDX-License-Identifier: Apache-2.0
"""A database server's connections, seen and changed on their way."""

import codecs
import json

from .relay import Relay


class Proxy(Relay):
    """Refuses some methods, as older servers do; sees and can spoil what the
    server sends."""

    def __init__(self, path, upstream, refuse=(), spoil=None):
        self.refuse, self.spoil = refuse, spoil
        self.refused = []
        super().__init__(path, upstream)

    def handler(self, is_client):
        decoder, text = json.JSONDecoder(), ""
        utf8 = codecs.getincrementaldecoder("utf-8")()
        pass_on = self.client if is_client else self.server

        def handle(data, source, sink):
            nonlocal text
            text += utf8.decode(data)
            while text:
                try:
                    message, end = decoder.raw_decode(text)
                except json.JSONDecodeError:
                    break
                text = text[end:].lstrip()
                pass_on(message, source, sink)
        return handle

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
