"""A certificate for stand-ins on this machine, and keys as push services give them out."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


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
    """A certificate for 127.0.0.1 and localhost, signed by itself, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = Certificate(folder / "standin-cert.pem", folder / "standin-key.pem")
    certificate.chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    certificate.key.write_bytes(pem_of(key))
    return certificate


def make_es256_key(file: Path) -> ec.EllipticCurvePublicKey:
    """Write a key as Apple gives it out (.p8); returns its public half."""
    key = ec.generate_private_key(ec.SECP256R1())
    file.write_bytes(pem_of(key))
    return key.public_key()


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key in PEM, PKCS #8, without a password."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """The public half in PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
