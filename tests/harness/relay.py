# SPDX-License-Identifier: Apache-2.0
"""Connections to a server, passed on by way of another socket."""

import os
import socket
import threading

from .process import PATIENCE


class Relay:
    """Stands between clients at 'path' and the server at 'target'; counts the
    bytes that the server sends.  Heirs look at, or change, what passes: each
    connection has two handlers, from handler(is_client), which are called with
    (data, source, sink) and pass on what is to be passed on."""

    def __init__(self, path, target):
        self.path, self.target = path, target
        self.n_bytes = 0
        self.sockets, self.threads = [], []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def handler(self, is_client):
        def handle(data, _, sink):
            if not is_client:
                self.n_bytes += len(data)
            sink.sendall(data)
        return handle

    def accept(self):
        while True:
            try:
                down, _ = self.listener.accept()
            except OSError:
                return
            up = socket.socket(socket.AF_UNIX)
            up.connect(self.target)
            self.sockets += [down, up]
            for source, sink, is_client in ((down, up, True),
                                            (up, down, False)):
                self.threads.append(threading.Thread(
                    target=self.pump, daemon=True,
                    args=(source, sink, self.handler(is_client))))
                self.threads[-1].start()

    @staticmethod
    def pump(source, sink, handle):
        while True:
            try:
                data = source.recv(1 << 16)
                if not data:
                    break
                handle(data, source, sink)
            except OSError:
                break
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        for s in [self.listener] + self.sockets:
            s.close()

    def finish(self):
        """Once the clients have gone: how many bytes they were sent."""
        for thread in self.threads:
            thread.join(PATIENCE)
        self.close()
        os.unlink(self.path)
        return self.n_bytes
