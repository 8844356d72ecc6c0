"""The server's certificate: the self-signed one is made and renewed here, and any is looked at before it is used (OP-03).

What takes the place of a self-signed certificate that ends soon has the same key, and is signed by the same name. So a
client that trusts the one before trusts it too, for as long as the one before is good. Behind it in the file stands the
new self-signed one, for clients that trust the file as it is now.
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CERTIFICATE_DAYS = 825
"""How long the self-signed certificate is good: the longest that common clients take."""
DAY_S = 86400
SOON_S = 30 * DAY_S
"""A certificate that ends within this time is warned of, and the self-signed one is renewed."""
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rcim")])
SERVER = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rcim server")])


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key for a certificate."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """It as PEM, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def self_signed(key: ec.EllipticCurvePrivateKey, now_s: float) -> bytes:
    """A certificate for this key and this machine's own names, signed with the key itself, as PEM."""
    return _signed(key, NAME, now_s)


def _signed(key: ec.EllipticCurvePrivateKey, subject: x509.Name, now_s: float) -> bytes:
    """A certificate that `NAME` has given to `subject`; both have this key."""
    now = datetime.datetime.fromtimestamp(now_s, datetime.UTC)
    names = x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("::1")),
        ]
    )
    signs_others = subject == NAME
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=CERTIFICATE_DAYS))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=signs_others, path_length=0 if signs_others else None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def renewed(certificate: Path, key: Path, now_s: float) -> bytes | None:
    """If this is a self-signed certificate of ours, or what took its place, and ends soon: the chain that takes its place
    now. Raises OSError, and ValueError for files that can't be read."""
    root = x509.load_pem_x509_certificates(certificate.read_bytes())[-1]
    if root.subject != NAME or root.issuer != NAME or _span(certificate)[1] - now_s > SOON_S:
        return None
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.public_key() != root.public_key():
        raise ValueError(f"{key} is not the key of {certificate}")
    return _signed(private, SERVER, now_s) + _signed(private, NAME, now_s)


def fault_of(certificate: Path, now_s: float) -> str | None:
    """Why clients refuse a certificate chain: one of it has ended, or has not begun. Raises OSError and ValueError."""
    begins_s, ends_s = _span(certificate)
    if ends_s <= now_s:
        return f"certificate {certificate} has ended on {_day(ends_s)}: clients refuse it"
    if begins_s > now_s:
        return f"certificate {certificate} is good from {_day(begins_s)} on: clients refuse it until then"
    return None


def warning_of(certificate: Path, key: Path, now_s: float) -> str | None:
    """What is wrong, or soon will be, with a certificate chain and its key, in words."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        wrong = fault_of(certificate, now_s)
        if wrong is not None:
            return f"{wrong}."
        _, ends_s = _span(certificate)
    except (OSError, ValueError) as error:
        return f"certificate {certificate} or key {key} can't be used: {why(error)}"
    if ends_s - now_s <= SOON_S:
        days = int((ends_s - now_s) / DAY_S)
        return f"certificate {certificate} ends in {days} days, on {_day(ends_s)}: give a new one, then send SIGHUP."
    return None


def ends_s(certificate: Path) -> float:
    """When the first of a certificate chain ends, in seconds since 1970. Raises OSError and ValueError."""
    return _span(certificate)[1]


def _span(certificate: Path) -> tuple[float, float]:
    """From when and to when all of a chain are good."""
    chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    begins = max(one.not_valid_before_utc.timestamp() for one in chain)
    return begins, min(one.not_valid_after_utc.timestamp() for one in chain)


def _day(time_s: float) -> str:
    return datetime.datetime.fromtimestamp(time_s, datetime.UTC).date().isoformat()


def why(error: OSError | ValueError | ssl.SSLError) -> str:
    """What is wrong with files of a certificate, in words."""
    if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
        return "the key is not that of the certificate"
    return str(error)
