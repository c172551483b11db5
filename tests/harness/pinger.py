# SPDX-License-Identifier: Apache-2.0
"""Pings that lose none of which the answer is only late: netns.py runs this in
a workload.  (ping(8), once it has had an answer, waits for its last one no
longer than for the slowest so far or for its interval.)

    pinger.py ADDRESS COUNT INTERVAL PATIENCE SIZE

sends COUNT echo requests with SIZE bytes of data, or with 0 until its standard
input ends, one every INTERVAL seconds, and then waits for answers for up to
PATIENCE seconds.
Prints "begun" when it sends the first, "answered" when it has an answer, again for each byte on its
standard input when a later request has one, and last

    SENT sent, RECEIVED received, OUTAGE ms outage

where the outage is the longest time between two requests that were answered
while those between them were not, less INTERVAL."""

import os
import select
import socket
import struct
import sys
import time

SO_RCVBUFFORCE = 33             # Of Linux; the module has no name for it.


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Pinger:
    def __init__(self, address, size):
        self.is_v6 = ":" in address
        self.address = address
        family, protocol = ((socket.AF_INET6, socket.IPPROTO_ICMPV6)
                            if self.is_v6 else
                            (socket.AF_INET, socket.IPPROTO_ICMP))
        self.socket = socket.socket(family, socket.SOCK_RAW, protocol)
        self.socket.setblocking(False)
        # It gets the answers to others, too, also while it does not run.
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.id = os.getpid() & 0xffff
        # The request's number comes before it.
        self.data = bytes(size - 8)
        self.sent_at = []               # Of each request, in seconds.
        self.answered = set()
        self.awaited = 0                # Request from which on to tell.

    def send(self):
        n = len(self.sent_at)
        kind = 128 if self.is_v6 else 8
        body = struct.pack("!HHQ", self.id, n & 0xffff, n) + self.data
        # The kernel fills in that of ICMPv6.
        sum = checksum(struct.pack("!BBH", kind, 0, 0) + body)
        self.sent_at.append(time.monotonic())
        try:
            self.socket.sendto(struct.pack("!BBH", kind, 0, sum) + body,
                               (self.address, 0))
        except OSError:
            pass                        # No route or no room: it is lost.

    def receive(self):
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError:
                return
            if not self.is_v6:
                data = data[(data[0] & 15) * 4:]
            if len(data) < 16 or data[0] != (129 if self.is_v6 else 0):
                continue
            id, _, n = struct.unpack("!HHQ", data[4:16])
            if id == self.id and n < len(self.sent_at):
                self.answered.add(n)
                if self.awaited is not None and n >= self.awaited:
                    print("answered", flush=True)
                    self.awaited = None

    def run(self, count, interval, patience):
        # Standard input is only looked at if there is no count.
        inputs = [self.socket] + ([] if count else [sys.stdin])
        due = time.monotonic()
        print("begun", flush=True)
        while not count or len(self.sent_at) < count:
            wait = due - time.monotonic()
            if wait <= 0:
                self.send()
                due = max(due + interval, time.monotonic())
                continue
            ready = select.select(inputs, [], [], wait)[0]
            self.receive()
            if sys.stdin in ready:
                if not os.read(0, 1):
                    break
                self.awaited = len(self.sent_at)
        end = time.monotonic() + patience
        while len(self.answered) < len(self.sent_at):
            wait = end - time.monotonic()
            if wait <= 0:
                break
            select.select([self.socket], [], [], wait)
            self.receive()

    def outage(self, interval):
        answered = sorted(self.answered)
        gaps = [self.sent_at[n] - self.sent_at[m] - interval
                for m, n in zip(answered, answered[1:]) if n > m + 1]
        return max(gaps, default=0)


def main():
    address, count, interval, patience, size = sys.argv[1:]
    pinger = Pinger(address, int(size))
    pinger.run(int(count), float(interval), float(patience))
    print("%d sent, %d received, %d ms outage" % (
        len(pinger.sent_at), len(pinger.answered),
        pinger.outage(float(interval)) * 1000), flush=True)


main()
