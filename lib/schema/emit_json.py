# SPDX-License-Identifier: Apache-2.0
"""Writes a schema in the form that OVSDB servers read (RFC 7047 3.2)."""

import json


def cksum(data):
    """The POSIX cksum of 'data': CRC-32 of the bytes and then of their count,
    least significant byte first."""
    crc = 0
    n = len(data)
    while n:
        data += bytes([n & 0xff])
        n >>= 8
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04c11db7 if crc & 0x80000000 else 0)
            crc &= 0xffffffff
    return crc ^ 0xffffffff


def emit(database):
    """Returns the text of the .ovsschema file.  The checksum in it is that of
    the text without the checksum's line, as schema checksums are."""
    lines = json.dumps(database.to_json(), indent=1).split('\n')
    plain = '\n'.join(lines) + '\n'
    data = plain.encode()
    lines.insert(3, ' "cksum": "%d %d",' % (cksum(data), len(data)))
    return '\n'.join(lines) + '\n'
