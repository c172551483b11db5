# SPDX-License-Identifier: Apache-2.0
"""Questions and answers by UDP between workloads.  A connection is what has
the same addresses and ports, so a question says where it comes from."""

from harness.netns import within
from harness.process import run

ASK = """
import socket, sys
source, source_port, target, target_port, patience = sys.argv[1:]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((source, int(source_port)))
s.settimeout(float(patience))
s.sendto(b"hello", (target, int(target_port)))
try:
    print(s.recv(100).decode())
except socket.timeout:
    pass
"""

ANSWER = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", int(sys.argv[1])))
print("ready", flush=True)
while True:
    data, whence = s.recvfrom(100)
    s.sendto(data, whence)
"""


def answer_udp(sandbox, ns, port):
    """Whoever asks at 'port' in 'ns' has his own words back."""
    server = sandbox.spawn("answer-%d" % port, within(
        ns, ["/usr/bin/python3", "-c", ANSWER, str(port)]))
    server.wait_for(lambda: "ready" in server.text())


def ask_udp(ns, source, target, patience):
    """Asks (address, port) 'target' from 'source'; True if there was an answer
    within 'patience' seconds, False also if it was refused."""
    words = [str(w) for w in (*source, *target, patience)]
    return run(within(ns, ["/usr/bin/python3", "-c", ASK] + words),
               check=False).stdout.strip() == "hello"
