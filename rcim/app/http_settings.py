"""Settings of the listener for back ends (AB-02)."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.app.setting_fields import setting


@dataclass(frozen=True)
class HttpSettings:
    """`[http]`: HTTP for back ends."""

    on: bool = setting(False, "Listen for back ends over HTTP (AB-02).")
    host: str = setting("127.0.0.1", "Address to listen on for them.")
    port: int = setting(7480, "Port to listen on for them; 0: any free port.")
    tls: bool = setting(
        True, "Use TLS, with the server's certificate; off only where `host` is an address of this machine itself."
    )
    apis: tuple[str, ...] = setting(("tencent",), "APIs to serve: tencent, rongcloud.")
    body_bytes_max: int = setting(1 << 20, "Bytes that the body of a request may have.")
    body_ms: int = setting(30_000, "Time in which the body of a request has to arrive.")
    idle_ms: int = setting(75_000, "Time after which a connection without a request is closed.")
    in_flight_max: int = setting(1000, "Requests that may be under way; further ones are refused with 503.")
