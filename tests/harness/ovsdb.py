# SPDX-License-Identifier: Apache-2.0
"""Database servers for tests, and a client that speaks JSON-RPC by hand."""

import json
import os
import socket
import time

from harness.process import PATIENCE, Process, run, wait_until

ZERO = "00000000-0000-0000-0000-000000000000"


class Client:
    """One connection.  Messages are what json makes of them."""

    def __init__(self, path, timeout=PATIENCE):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.decoder = json.JSONDecoder()
        self.text = ""
        self.next_id = 0
        self.notifications = []

    def close(self):
        self.socket.close()

    def send_text(self, text):
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def send(self, method, *params, id=None):
        self.next_id += 1
        id = self.next_id if id is None else id
        self.send_text(json.dumps({"method": method, "params": list(params),
                                   "id": id}))
        return id

    def receive(self):
        """The next message; None when the server has closed."""
        while True:
            text = self.text.lstrip()
            if text:
                try:
                    message, end = self.decoder.raw_decode(text)
                    self.text = text[end:]
                    return message
                except ValueError:
                    pass
            try:
                chunk = self.socket.recv(1 << 20)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                return None
            self.text += chunk.decode()

    def reply(self, id):
        """The reply to 'id'; notifications before it are kept."""
        while True:
            message = self.receive()
            assert message is not None, "the server has closed"
            if message.get("method") == "echo":
                self.send_text(json.dumps({"id": "echo", "result": [],
                                           "error": None}))
            elif "method" in message:
                self.notifications.append(message)
            elif message["id"] == id:
                return message

    def call(self, method, *params):
        reply = self.reply(self.send(method, *params))
        assert reply["error"] is None, reply
        return reply["result"]

    def error(self, method, *params):
        reply = self.reply(self.send(method, *params))
        assert reply["error"] is not None, reply
        return reply["error"]

    def transact(self, db, *operations):
        return self.call("transact", db, *operations)

    def notification(self):
        if not self.notifications:
            message = self.receive()
            assert message is not None and "method" in message, message
            return message
        return self.notifications.pop(0)


class Server:
    """An ovsdb-server with databases in 'folder'."""

    def __init__(self, programs, folder, options=(), remote=None, dbs=None,
                 limit_file_size=None):
        self.programs = programs
        self.folder = str(folder)
        self.socket = os.path.join(self.folder, "db.sock")
        self.control = os.path.join(self.folder, "ctl")
        self.options = list(options)
        self.remotes = remote or ["punix:" + self.socket]
        self.dbs = list(dbs or [])
        self.limit_file_size = limit_file_size
        self.process = None

    @property
    def remote(self):
        return "unix:" + self.socket

    def create(self, schema, name):
        path = os.path.join(self.folder, name)
        run([self.programs.path("ovsdb-tool"), "create", path, schema])
        self.dbs.append(path)
        return path

    def start(self):
        command = [self.programs.path("ovsdb-server"),
                   "--unixctl=" + self.control]
        command += ["--remote=" + r for r in self.remotes]
        command += self.options + self.dbs
        if self.limit_file_size:
            command = ["prlimit", "--fsize=%d" % self.limit_file_size] \
                + command
        env = {"OVS_RUNDIR": self.folder, "OVS_LOGDIR": self.folder,
               "OVS_DBDIR": self.folder, "OVS_SYSLOG_METHOD": "null"}
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.process = Process(command, os.path.join(self.folder, "out"),
                               env)
        self.process.wait_for(self.is_listening)
        return self

    def is_listening(self):
        try:
            Client(self.socket).close()
            return True
        except OSError:
            return False

    def connect(self, timeout=PATIENCE):
        return Client(self.socket, timeout)

    def appctl(self, *words):
        return run([self.programs.path("ovs-appctl"), "-t", self.control]
                   + list(words))

    def stop(self):
        return self.process.stop() if self.process else None

    def kill(self):
        self.process.kill()

    def rss_kb(self):
        with open("/proc/%d/status" % self.process.pid) as f:
            for line in f:
                if line.startswith("VmRSS"):
                    return int(line.split()[1])


__all__ = ["Client", "Server", "ZERO", "run", "time", "wait_until"]
