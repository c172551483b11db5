# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates for tests."""

import os
import shutil

import pytest

from harness.process import run


def make_pki(folder):
    """Makes two CAs, "ca" and "other", and the keys and certificates of a
    "server" and a "client" of the first, in 'folder'.  Returns a function that
    says where a file is: NAME.key, NAME.pem."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")

    def path(name):
        return os.path.join(folder, name)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes"]
    for ca in ("ca", "other"):
        run(["openssl", "req", "-x509", *new_key, "-keyout", path(ca + ".key"),
             "-out", path(ca + ".pem"), "-subj", "/CN=" + ca, "-days", "2"])
    for name in ("server", "client"):
        run(["openssl", "req", *new_key, "-keyout", path(name + ".key"),
             "-out", path(name + ".csr"), "-subj", "/CN=" + name])
        run(["openssl", "x509", "-req", "-in", path(name + ".csr"), "-CA",
             path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial",
             "-out", path(name + ".pem"), "-days", "2"])
    return path
