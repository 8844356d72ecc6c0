"""Whom a client trusts."""

from __future__ import annotations

import os
import ssl
from pathlib import Path


def context_for(certificate: Path | str) -> ssl.SSLContext:
    """TLS 1.2 or newer, with the server that has exactly this certificate (a PEM file), whoever signed it and whatever it
    is called there. For the server on this machine, which is asked at an address that its certificate does not name.
    Raises OSError or ssl.SSLError if the file is no good."""
    context = client_context(certificate)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
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
