# SPDX-License-Identifier: Apache-2.0
"""TCP for workloads: a server that tells its name and echoes, a client.

Run as a program inside a namespace:
    traffic.py serve NAME PORT..      tells "ready", serves until killed
    traffic.py fetch IP PORT BYTES SECONDS
                                      connects within SECONDS, sends BYTES and
                                      prints who echoed them
"""

import os
import socket
import sys
import threading

TRANSFER_TIMEOUT_S = 60


def serve_one(connection, name):
    with connection:
        connection.sendall(name.encode() + b"\n")
        while True:
            data = connection.recv(1 << 16)
            if not data:
                return
            connection.sendall(data)


def accept(listener, name):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve_one, args=(connection, name),
                         daemon=True).start()


def serve(name, ports):
    threads = []
    for port in ports:
        listener = socket.create_server(("", int(port)))
        threads.append(threading.Thread(target=accept,
                                        args=(listener, name)))
        threads[-1].start()
    print("ready", flush=True)
    for thread in threads:
        thread.join()


def send(connection, data):
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def fetch(ip, port, size, connect_timeout_s):
    """Every byte that went out must come back as it was."""
    data = os.urandom(int(size))
    connection = socket.create_connection((ip, int(port)),
                                          float(connect_timeout_s))
    connection.settimeout(TRANSFER_TIMEOUT_S)
    with connection, connection.makefile("rb") as answer:
        name = answer.readline().decode().strip()
        sender = threading.Thread(target=send, args=(connection, data))
        sender.start()
        echoed = answer.read()
        sender.join()
    if echoed != data:
        sys.exit("%d bytes sent, %d came back" % (len(data), len(echoed)))
    print(name)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], sys.argv[3:])
    else:
        try:
            fetch(*sys.argv[2:6])
        except OSError as e:
            sys.exit("%s port %s: %s" % (sys.argv[2], sys.argv[3], e))
