"""Clients that do what no client should: the connections that attacks are made of (attackers.py).

A Hostile does its TLS itself, so that it can say what no TLS library would: records of one byte, a change of keys with
every record, half a hello. It never waits for an answer unless it says so, and reads only if told to.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import socket
import ssl
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rcim.base.terms import Platform
from rcim.session.tls import TlsCore
from rcim.wire import frames

ADDRESS = "127.0.0.2"
"""Attackers come from here, and everybody else from 127.0.0.1."""
RANDOM_AT = 11
"""Where the random of a ClientHello stands in its record; by it the key log names the connection."""
CHUNK_BYTES = 64 * 1024


class Hostile:
    """One connection. `connect`, then what is wanted; `close` at the end."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext) -> None:
        self._host, self._port = host, port
        self._context = context
        self._sock = socket.socket()
        self.tls: TlsCore | None = None
        self.random = b""

    async def dial(self, receive_buffer: int = 0) -> None:
        """TCP alone. Raises OSError."""
        if receive_buffer:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._sock.setblocking(False)
        self._sock.bind((ADDRESS, 0))
        await asyncio.get_running_loop().sock_connect(self._sock, (self._host, self._port))

    async def send(self, data: bytes) -> None:
        """Raw bytes, as fast as they are taken. Raises OSError."""
        await asyncio.get_running_loop().sock_sendall(self._sock, data)

    async def read(self) -> bytes:
        """Raw bytes; empty at the end. Raises OSError."""
        return await asyncio.get_running_loop().sock_recv(self._sock, CHUNK_BYTES)

    async def shake(self) -> None:
        """The TLS handshake. Raises OSError or ssl.SSLError."""
        self.tls = tls = TlsCore(self._context, server_side=False, server_hostname="localhost")
        hello = tls.data_to_send()
        self.random = hello[RANDOM_AT : RANDOM_AT + 32]
        await self.send(hello)
        while not tls.ready:
            data = await self.read()
            if not data:
                raise ConnectionResetError("closed in the handshake")
            tls.receive(data)
        await self.send(tls.data_to_send())

    async def login(self, user: str, sig: str) -> None:
        """HELLO and LOGIN, and the answers to them. Raises OSError or ssl.SSLError."""
        tls = self.tls
        assert tls is not None
        hello = frames.Hello(1, 1, 0, [], "hostile").encode(1)
        await self.send(tls.seal(hello + frames.Login(user, sig, Platform.SERVER, "").encode(2)))
        found = b""
        while b"\x80\x02" not in found:
            data = await self.read()
            if not data:
                raise ConnectionResetError("the login was refused")
            found += tls.receive(data)

    async def drain(self) -> None:
        """Read and forget, until the end."""
        try:
            while await self.read():
                pass
        except OSError:
            pass

    def close(self) -> None:
        """Without a word."""
        self._sock.close()


class KeyLog:
    """Where the traffic keys of TLS connections made with `context` are written."""

    def __init__(self, context: ssl.SSLContext) -> None:
        handle, name = tempfile.mkstemp(prefix="rcim-attack-keys-")
        os.close(handle)
        self._path = Path(name)
        self._context = context
        context.keylog_filename = name

    def secret(self, random: bytes) -> bytes:
        """The client's traffic secret of the connection whose ClientHello had this random."""
        for line in self._path.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words[:2] == ["CLIENT_TRAFFIC_SECRET_0", random.hex()]:
                return bytes.fromhex(words[2])
        raise ValueError("no TLS 1.3 key of this connection")

    def remove(self) -> None:
        """Forget them, and write no more."""
        self._context.keylog_filename = None  # type: ignore[assignment]
        self._path.unlink(missing_ok=True)


def _expanded(secret: bytes, label: str, size: int) -> bytes:
    """HKDF-Expand-Label of RFC 8446, 7.1, with an empty context, for up to one hash."""
    name = b"tls13 " + label.encode()
    info = size.to_bytes(2) + bytes([len(name)]) + name + b"\0"
    return hmac.digest(secret, info + b"\1", "sha384" if len(secret) == 48 else "sha256")[:size]


def key_updates(secret: bytes, count: int) -> bytes:
    """`count` records, each of which changes the keys of the next (RFC 8446, 4.6.3), of a connection whose client has
    said nothing since its handshake. For AES-GCM, which every TLS 1.3 has."""
    size = 32 if len(secret) == 48 else 16
    update = b"\x18\0\0\1\0" + b"\x16"
    head = b"\x17\x03\x03" + (len(update) + 16).to_bytes(2)
    found = []
    for _ in range(count):
        # Each key seals one record, so its number is 0 and the nonce is the IV.
        sealed = AESGCM(_expanded(secret, "key", size)).encrypt(_expanded(secret, "iv", 12), update, head)
        found.append(head + sealed)
        secret = _expanded(secret, "traffic upd", len(secret))
    return b"".join(found)
