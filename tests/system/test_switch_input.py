# SPDX-License-Identifier: Apache-2.0
"""OpenFlow of every kind of wrong length: the switch answers with an error or
hangs up, and goes on working."""

import random
import socket
import struct

import pytest

from harness.sandbox import Sandbox
from harness.switch import Switch

NX = 0x00002320
ONF = 0x4f4e4600
VERSIONS = (1, 4, 5, 6)
SIZES = tuple(range(0, 41, 4)) + (7, 9, 48, 56, 63, 64, 72, 80, 200, 1056)


@pytest.fixture
def switch():
    with Sandbox() as sandbox:
        yield Switch(sandbox)


class Connection:
    """An OpenFlow connection to br0, of one version."""

    def __init__(self, switch, version):
        self.version = version
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(90)
        self.socket.connect("%s/br0.mgmt" % switch.host.folder)
        self.socket.sendall(struct.pack("!BBHI", version, 0, 8, 0))

    def read(self, size):
        """Exactly 'size' bytes; None at the end of the stream."""
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                return None
            data += more
        return data

    def receive(self):
        header = self.read(8)
        if header is None:
            return None
        version, kind, length, xid = struct.unpack("!BBHI", header)
        body = self.read(length - 8)
        return None if body is None else (kind, xid, body)

    def send(self, kind, body, xid=7, length=None):
        self.socket.sendall(struct.pack(
            "!BBHI", self.version, kind,
            len(body) + 8 if length is None else length, xid) + body)

    def echo(self):
        """What the switch said until it answers; None if it hung up."""
        self.send(2, b"", xid=0xffff)
        said = []
        while True:
            message = self.receive()
            if message is None:
                return None
            if message[0] == 3 and message[1] == 0xffff:
                return said
            said.append(message)


def bodies(version, rng):
    """Bodies of all sizes for plain, multipart and vendors' messages: zeros,
    and noise in which a nested length is likely wrong too."""
    multipart = 16 if version == 1 else 18
    for size in SIZES:
        for fill in (bytes(size), rng.randbytes(size),
                     struct.pack("!H", size) * (size // 2 + 1)):
            fill = fill[:size]
            for kind in range(1, 36):
                # Neither hello nor an error, which one does not answer, and
                # not echoes, which count.
                if kind not in (1, 2, 3):
                    yield kind, fill
            for number in list(range(18)) + [0xffff]:
                yield multipart, struct.pack("!HH", number, 0) + fill
            for vendor, subtypes in (NX, range(0, 40)), (ONF, (2300, 2301)):
                for subtype in subtypes:
                    yield 4, struct.pack("!II", vendor, subtype) + fill
                    if version == 1:
                        yield multipart, struct.pack(
                            "!HHIII", 0xffff, 0, vendor, subtype, 0) + fill
                    else:
                        yield multipart, struct.pack(
                            "!HHIII", 0xffff, 0, 0, vendor, subtype) + fill


@pytest.mark.parametrize("version", VERSIONS)
def test_wrong_lengths(switch, version):
    rng = random.Random(version)
    connection = Connection(switch, version)
    n_errors = 0
    for i, (kind, body) in enumerate(bodies(version, rng)):
        connection.send(kind, body)
        if i % 50 == 0:
            said = connection.echo()
            if said is None:
                connection = Connection(switch, version)
            else:
                n_errors += sum(message[0] == 1 for message in said)
    assert n_errors > 1000
    counted = int(switch.host.appctl("coverage/read-counter",
                                     "ofproto_bad_message"))
    refused = int(switch.host.appctl("coverage/read-counter",
                                     "ofproto_request_error"))
    assert counted + refused > 1000
    # It still is a switch.
    switch.flows("actions=NORMAL")
    assert "actions=NORMAL" in switch.host.ofctl("dump-flows", "br0")


@pytest.mark.parametrize("length", range(8))
def test_lengths_below_the_header(switch, length):
    """There is no way to go on behind such a message: the switch hangs up."""
    connection = Connection(switch, 4)
    assert connection.echo() is not None
    connection.send(5, b"", length=length)
    try:
        while connection.receive() is not None:
            pass
    except ConnectionError:
        pass
    assert Connection(switch, 4).echo() is not None
