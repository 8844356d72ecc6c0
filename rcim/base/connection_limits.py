"""What one connection may take, before and after login, and how many there may be (WI-04, WI-05): a part of limits.py."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.base.rate_limits import RateLimits, bound


@dataclass(frozen=True, slots=True)
class ConnectionLimits(RateLimits):
    """See the module's text. Times in milliseconds, sizes in bytes, as the names say."""

    frame_bytes_before_login: int = bound(
        4096,
        1024,
        65536,
        "The longest frame before login: a stranger can make the server hold no more (WI-04).",
        wire=True,
    )
    frame_bytes_max: int = bound(
        65536,
        32768,
        1 << 20,
        "The longest frame after login: a page of history fits into it (WI-04).",
        wire=True,
        restart=True,
    )
    body_bytes_max: int = bound(
        8192, 1024, 49152, "Bytes of all elements of one message together (MS-03, 8 KiB).", wire=True
    )
    elements_max: int = bound(
        64, 1, 1000, "Elements in one message body: this bounds the work of one send.", wire=True
    )
    handshake_ms: int = bound(
        5000, 100, 60_000, "Time for the TLS handshake and HELLO: two round trips on a bad mobile link.", wire=True
    )
    login_ms: int = bound(10_000, 100, 120_000, "Time from connecting to a successful login (WI-05).", wire=True)
    heartbeat_ms: int = bound(30_000, 100, 300_000, "How often a client sends PING: twice in `idle_ms`.", wire=True)
    heartbeat_ms_max: int = bound(
        300_000,
        1000,
        300_000,
        "The longest heartbeat that a client may ask for; the silence allowed to it is longer by as much (WI-10).",
        wire=True,
    )
    idle_ms: int = bound(
        60_000,
        200,
        600_000,
        "A connection silent for this long, and for the grace, is dropped; in proportion for one that has agreed on "
        "another heartbeat (WI-05, WI-10).",
        wire=True,
    )
    idle_grace_ms: int = bound(15_000, 50, 120_000, "Additional time for a PING under way (WI-05).", wire=True)
    handshake_bytes_max: int = bound(
        4096,
        2048,
        65536,
        "Bytes that a client may send for its TLS handshake; the largest hello of a browser has 2 KiB (WI-04).",
        wire=True,
    )
    frames_before_login_max: int = bound(
        16, 4, 1000, "Frames of a connection before its login: HELLO, LOGIN and some PINGs.", wire=True
    )
    input_turn_ms: int = bound(
        5,
        1,
        1000,
        "Time in one turn of the loop for data that users have sent; the rest waits for the next turn, user by user.",
    )
    handshake_turn_ms: int = bound(
        5,
        1,
        1000,
        "Time in one turn of the loop for handshakes and logins, address by address: each costs up to 0.7 ms.",
    )
    connections_max: int = bound(
        100_000, 1, 1_000_000, "Connections of one process: 30 KiB each with TLS, 3 GB in all.", wire=True
    )
    connections_per_address_max: int = bound(
        1000,
        1,
        1_000_000,
        "Connections from one address to one process: a large office that shares one NAT.",
        wire=True,
    )
    requests_in_flight_max: int = bound(
        64,
        1,
        4096,
        "Unanswered requests of one connection; beyond it the server stops reading the connection (WI-06).",
        wire=True,
    )
    mailbox_max: int = bound(
        1024,
        1,
        65536,
        "Commands waiting for one conversation; beyond it the server stops reading the connections that sent them.",
    )
    batch_max: int = bound(
        512, 1, 8192, "Commands in one group commit: forming and answering one takes at most about 5 ms."
    )
    out_soft_bytes: int = bound(
        256 * 1024,
        4096,
        1 << 24,
        "Unsent bytes of one connection above which low priorities are left out (RX-07).",
        wire=True,
    )
    out_hard_bytes: int = bound(
        1 << 20,
        8192,
        1 << 26,
        "Unsent bytes of one connection above which all messages are left out (RX-07).",
        wire=True,
    )
    out_slow_ms: int = bound(
        10_000,
        100,
        600_000,
        "How long a connection may stay above the soft bound before it is closed (RX-07).",
        wire=True,
    )

    @property
    def silence_ms_max(self) -> int:
        """After this long without a byte a connection with the usual heartbeat is dead (WI-05: the interval plus
        grace)."""
        return self.silence_ms(self.heartbeat_ms)

    def silence_ms(self, heartbeat_ms: int) -> int:
        """After this long without a byte a connection that has agreed on `heartbeat_ms` is dead (WI-10): as many
        heartbeats as the usual ones in `idle_ms`, and the grace."""
        return heartbeat_ms * self.idle_ms // self.heartbeat_ms + self.idle_grace_ms
