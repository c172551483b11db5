# SPDX-License-Identifier: Apache-2.0
"""How much a database server answers to one client."""

import os
import select
import socket
import threading


class Relay:
    """Passes one connection on to a server and counts what comes back."""

    def __init__(self, path, target):
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.target = target
        self.n_bytes = 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        client, _ = self.listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.target)
        while True:
            for ready in select.select([client, server], [], [])[0]:
                data = ready.recv(1 << 16)
                if not data:
                    client.close()
                    server.close()
                    self.listener.close()
                    return
                if ready is server:
                    self.n_bytes += len(data)
                    client.sendall(data)
                else:
                    server.sendall(data)

    def finish(self):
        """Once the client has gone: how many bytes it was sent."""
        self.thread.join(90)
        os.unlink(self.path)
        return self.n_bytes
