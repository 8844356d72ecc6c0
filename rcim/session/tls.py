"""TLS without a socket, over two memory buffers (design: half of the cost of the loop's own TLS transport, no
read buffer of its own for each connection, and tests need no network). Both roles."""

from __future__ import annotations

import ssl

READ_BYTES = 65536
"""How much plaintext is taken out at once."""
IN_PIECE_BYTES, OUT_PIECE_BYTES = 1024, 4400
"""So much goes through a memory buffer at once: a third more is what it takes for ever, and each connection has two. The
16 messages of a usual size that a round gathers at the most still go out in one piece."""


class TlsCore:
    """One TLS connection. `receive` ciphertext, `send` plaintext, write `data_to_send` to the transport.

    `ready` is True once the handshake is done; `eof` once the peer has closed TLS in order.
    """

    __slots__ = ("_in", "_object", "_out", "eof", "ready")

    def __init__(self, context: ssl.SSLContext, *, server_side: bool, server_hostname: str | None = None) -> None:
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._in, self._out, server_side=server_side, server_hostname=server_hostname)
        self.ready = False
        self.eof = False
        if not server_side:
            self._shake()

    def _shake(self) -> None:
        try:
            self._object.do_handshake()
            self.ready = True
        except ssl.SSLWantReadError:
            pass

    def receive(self, data: bytes) -> bytes:
        """Take ciphertext, return the plaintext that is complete.

        Raises ssl.SSLError if the peer does not speak TLS, is not trusted, or the stream is damaged; there may
        still be an alert in `data_to_send`.
        """
        if len(data) <= IN_PIECE_BYTES:
            return self._receive(data)
        pieces = range(0, len(data), IN_PIECE_BYTES)
        return b"".join([self._receive(data[at : at + IN_PIECE_BYTES]) for at in pieces])

    def _receive(self, data: bytes) -> bytes:
        self._in.write(data)
        if not self.ready:
            self._shake()
            if not self.ready:
                return b""
        parts: list[bytes] = []
        try:
            while True:
                part = self._object.read(READ_BYTES)
                if not part:
                    self.eof = True
                    break
                parts.append(part)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.eof = True
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def send(self, data: bytes) -> None:
        """Encrypt plaintext. Only after `ready`."""
        self._object.write(data)

    def seal(self, data: bytes) -> bytes:
        """`send` and `data_to_send` in one: the ciphertext of `data` and of whatever waited before it."""
        if len(data) > OUT_PIECE_BYTES:
            pieces = range(0, len(data), OUT_PIECE_BYTES)
            return b"".join([self.seal(data[at : at + OUT_PIECE_BYTES]) for at in pieces])
        self._object.write(data)
        return self._out.read()

    def close(self) -> None:
        """Say that nothing more will be sent (close_notify); read `data_to_send` afterwards."""
        try:
            self._object.unwrap()
        except (ssl.SSLError, ValueError):
            pass

    def data_to_send(self) -> bytes:
        """Ciphertext for the transport; empty when there is none."""
        return self._out.read()
