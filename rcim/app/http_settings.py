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
    apis: tuple[str, ...] = setting(("native", "tencent"), "APIs to serve: native, tencent, rongcloud, health.")
    body_bytes_max: int = setting(1 << 20, "Bytes that the body of a request may have.")
    body_bytes_in_flight_max: int = setting(
        64 << 20,
        "Bytes of all large bodies together, in each process, that are being read or answered; half of them from one "
        "address. The first 16 KiB of a body do not count.",
    )
    headers_ms: int = setting(10_000, "Time in which the headers of a request have to arrive, from its first byte.")
    body_ms: int = setting(30_000, "Time in which the body of a request has to arrive.")
    write_ms: int = setting(30_000, "Time in which a caller has to take a response.")
    idle_ms: int = setting(75_000, "Time after which a connection without a request is closed.")
    in_flight_max: int = setting(
        2000, "Requests that are being answered, in each process; further ones are refused with 503."
    )
    connections_max: int = setting(4000, "Connections of back ends, in each process; further ones are closed.")
    connections_per_address_max: int = setting(2000, "Connections from one address; further ones are closed.")
    command_rates: bool = setting(
        True, "Refuse commands of Tencent's API that come more often in a second than Tencent lets them."
    )
    access_log: bool = setting(
        True, "Log each request: address, method, path, status, bytes, time, request id and code; no query, no body."
    )
