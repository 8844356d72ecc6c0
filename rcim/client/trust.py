"""Whom a client trusts."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python has no name for: dates of certificates are not looked at."""


def context_for(certificate: Path | str) -> ssl.SSLContext:
    """TLS 1.2 or newer, with the server that has exactly this certificate (a PEM file), whoever signed it, whatever it is
    called there, and also when it has ended. For the server of a data directory that names the certificate: it is asked
    at an address that its certificate does not name, and has to be reached to see that its certificate has ended. The
    key is checked as always, so nobody else can take its place. Raises OSError or ssl.SSLError if the file is no good."""
    context = client_context(certificate)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME
    return context


def client_context(ca: Path | str | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer. `ca` is a PEM file: the server's own self-signed certificate, or an authority's.

    A self-signed certificate that the server has renewed is trusted by the file of the one before, until that one ends;
    the file is not fetched anew by itself. Without `ca` the system's authorities are trusted. Where SSLKEYLOGFILE is
    set, keys are written there, for Wireshark.
    Raises OSError or ssl.SSLError if the file is no good.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(str(ca))
    if os.environ.get("SSLKEYLOGFILE"):
        context.keylog_filename = os.environ["SSLKEYLOGFILE"]
    return context
