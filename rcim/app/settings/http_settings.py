"""Settings of the listener for back ends (AB-02)."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.app.settings.setting_fields import setting


@dataclass(frozen=True)
class HttpSettings:
    """`[http]`: HTTP for back ends."""

    on: bool = setting(False, "Listen for back ends over HTTP (AB-02).")
    host: str = setting("127.0.0.1", "Address to listen on for them.")
    port: int = setting(7480, "Port to listen on for them; 0: any free port.")
    tls: bool = setting(
        True, "Use TLS, with the server's certificate; off only where `host` is an address of this machine itself."
    )
    proxy_from: tuple[str, ...] = setting(
        (), "Networks of proxies that send a PROXY protocol header, as server.proxy_from has them for clients."
    )
    apis: tuple[str, ...] = setting(
        ("native", "tencent", "metrics", "health"),
        "APIs to serve: native, tencent, rongcloud, metrics (`/metrics`), health (`/healthz`, `/readyz`) (OP-02).",
    )
    body_bytes_max: int = setting(1 << 20, "Bytes that the body of a request may have.", reloaded=True)
    body_bytes_in_flight_max: int = setting(
        64 << 20,
        "Bytes of all large bodies together, in each process, that are being read or answered; half of them from one "
        "address. The first 16 KiB of a body do not count.",
        reloaded=True,
    )
    headers_ms: int = setting(
        10_000, "Time in which the headers of a request have to arrive, from its first byte.", reloaded=True
    )
    body_ms: int = setting(30_000, "Time in which the body of a request has to arrive.", reloaded=True)
    write_ms: int = setting(30_000, "Time in which a caller has to take a response.", reloaded=True)
    idle_ms: int = setting(75_000, "Time after which a connection without a request is closed.", reloaded=True)
    in_flight_max: int = setting(
        2000, "Requests that are being answered, in each process; further ones are refused with 503.", reloaded=True
    )
    connections_max: int = setting(
        4000, "Connections of back ends, in each process; further ones are closed.", reloaded=True
    )
    connections_per_address_max: int = setting(
        2000, "Connections from one address; further ones are closed.", reloaded=True
    )
    command_rates: bool = setting(
        True,
        "Refuse commands of Tencent's API that come more often in a second than Tencent lets them.",
        reloaded=True,
    )
    access_log: bool = setting(
        True,
        "Log each request: address, method, path, status, bytes, time, request id and code; no query, no body.",
        reloaded=True,
    )
