"""JSON Web Tokens (RFC 7515, RFC 7519), signed with ES256 for APNs and with RS256 for Google, and the keys for them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
P256_BYTES = 32
FILE_BYTES_MAX = 64 * 1024


def es256_key(file: str) -> ec.EllipticCurvePrivateKey:
    """The key of a .p8 file. Raises ValueError with the reason, OSError."""
    key = _pem_key(_read(file))
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("it is no key for ES256 (P-256)")
    return key


def rs256_key(pem: str) -> rsa.RSAPrivateKey:
    """An RSA key of at least 2048 bits. Raises ValueError with the reason."""
    key = _pem_key(pem.encode())
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 2048:
        raise ValueError("it has no RSA key of 2048 bits or more")
    return key


def read_object(file: str) -> Mapping[str, object]:
    """The JSON object of a file. Raises ValueError with the reason, OSError."""
    try:
        found = msgspec.json.decode(_read(file))
    except msgspec.DecodeError:
        raise ValueError("it is no JSON") from None
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return found


def signed(key: Key, claims: Mapping[str, object], key_id: str = "") -> str:
    """The token with these claims."""
    name = "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS256"
    header = {"alg": name, "typ": "JWT"} | ({"kid": key_id} if key_id else {})
    text = f"{_base64(msgspec.json.encode(header))}.{_base64(msgspec.json.encode(claims))}"
    return f"{text}.{_base64(_signature(key, text.encode()))}"


def _signature(key: Key, text: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(P256_BYTES, "big") + s.to_bytes(P256_BYTES, "big")
    return key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _read(file: str) -> bytes:
    with Path(file).open("rb") as opened:
        return opened.read(FILE_BYTES_MAX)


def _pem_key(data: bytes) -> object:
    try:
        return serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("it has no private key in PEM without a password") from None
