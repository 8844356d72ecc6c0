"""A certificate for stand-ins on this machine, and keys as push services give them out."""

from __future__ import annotations

import ssl
import time
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rcim.app.files.certificates import key_pem, new_key, self_signed


class Certificate(NamedTuple):
    """Files in PEM; who trusts `chain` trusts the stand-in."""

    chain: Path
    key: Path

    def serving(self, *protocols: str) -> ssl.SSLContext:
        """For a server that speaks these protocols (ALPN)."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.chain, self.key)
        if protocols:
            made.set_alpn_protocols(list(protocols))
        return made


def make_certificate(folder: Path) -> Certificate:
    """A certificate for 127.0.0.1 and localhost, signed by itself."""
    key = new_key()
    certificate = Certificate(folder / "standin-cert.pem", folder / "standin-key.pem")
    certificate.chain.write_bytes(self_signed(key, time.time()))
    certificate.key.write_bytes(key_pem(key))
    return certificate


def make_es256_key(file: Path) -> ec.EllipticCurvePublicKey:
    """Write a key as Apple gives it out (.p8); returns its public half."""
    key = new_key()
    file.write_bytes(key_pem(key))
    return key.public_key()


def public_pem_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """The public half in PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
