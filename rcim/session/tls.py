"""TLS without a socket, over two memory buffers (design: half of the cost of the loop's own TLS transport, no
read buffer of its own for each connection, and tests need no network). Both roles."""

from __future__ import annotations

import ssl

READ_BYTES = 65536
"""How much plaintext is taken out at once."""
IN_PIECE_BYTES, OUT_PIECE_BYTES = 1024, 4400
"""So much goes through a memory buffer at once: a third more is what it takes for ever, and each connection has two. The
16 messages of a usual size that a round gathers at the most still go out in one piece."""
RECORD_HEADER = 5
IDLE_RECORDS_MAX = 16
"""Records without plaintext after the handshake: changes of keys (90 µs each), empty ones, alerts. A peer has use for one
change of keys in 24 million records (RFC 8446, 5.5)."""
IDLE_RECORD_BYTES = 65536
"""So many bytes of plaintext make up for one of them."""


class TlsLimitError(ssl.SSLError):
    """The peer's TLS costs more than it may: a handshake that is too long, or too many records without plaintext."""


class TlsCore:
    """One TLS connection. `receive` ciphertext, `send` plaintext, write `data_to_send` to the transport.

    `ready` is True once the handshake is done; `eof` once the peer has closed TLS in order. The peer's part of the
    handshake may take `handshake_bytes_max` bytes (0: any number).
    """

    __slots__ = (
        "_handshake_left",
        "_head",
        "_idle",
        "_in",
        "_missing",
        "_object",
        "_out",
        "_plain_bytes",
        "eof",
        "ready",
    )

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        server_side: bool,
        server_hostname: str | None = None,
        handshake_bytes_max: int = 0,
    ) -> None:
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._head = b""
        """What has come of the header of the record under way, until it is whole."""
        self._missing = 0
        """Bytes of the record under way that have not come."""
        self._handshake_left = handshake_bytes_max or 1 << 30
        self._idle = self._plain_bytes = 0
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

        Raises ssl.SSLError if the peer does not speak TLS, is not trusted, or the stream is damaged, and TlsLimitError if
        it costs more than it may; there may still be an alert in `data_to_send`.
        """
        size = len(data)
        begins = not (self._missing or self._head) and RECORD_HEADER <= size <= IN_PIECE_BYTES
        if begins and (data[3] << 8 | data[4]) + RECORD_HEADER == size:
            return self._counted(data, True)  # mostly it is one record
        parts: list[bytes] = []
        at = 0
        while at < size:
            stop, whole = self._piece(data, at)
            parts.append(self._counted(data[at:stop], whole))
            at = stop
        return b"".join(parts)

    def _piece(self, data: bytes, at: int) -> tuple[int, bool]:
        """Where the piece that begins at `at` ends, and whether a record ends there."""
        size = len(data)
        stop = at
        if not self._missing:
            stop = min(at + RECORD_HEADER - len(self._head), size)
            self._head += data[at:stop]
            if len(self._head) < RECORD_HEADER:
                return stop, False
            self._missing = int.from_bytes(self._head[3:])
            self._head = b""
        body = min(self._missing, size - stop, IN_PIECE_BYTES)
        self._missing -= body
        return stop + body, not self._missing

    def _counted(self, piece: bytes, whole: bool) -> bytes:
        """The plaintext of `piece`, with which a record is `whole`. Raises as `receive`."""
        if not self.ready:
            self._handshake_left -= len(piece)
            if self._handshake_left < 0:
                raise TlsLimitError("the handshake is too long")
            return self._receive(piece)
        plain = self._receive(piece)
        if plain:
            self._plain_bytes += len(plain)
        elif whole and not self.eof:
            if self._plain_bytes >= IDLE_RECORD_BYTES:
                self._idle = max(0, self._idle - self._plain_bytes // IDLE_RECORD_BYTES)
                self._plain_bytes %= IDLE_RECORD_BYTES
            self._idle += 1
            if self._idle > IDLE_RECORDS_MAX:
                raise TlsLimitError("too many records without plaintext")
        return plain

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
