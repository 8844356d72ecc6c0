"""Settings of OpenTelemetry traces (OP-02)."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.app.settings.setting_fields import secret_setting, setting


@dataclass(frozen=True)
class TraceSettings:
    """`[traces]`: traces of single messages (docs/operate/traces.md)."""

    on: bool = setting(False, "Send traces of messages to a collector; needs `pip install 'rcim[traces]'`.")
    endpoint: str = setting("http://127.0.0.1:4318/v1/traces", "Where the collector takes OTLP over HTTP.")
    share: float = setting(0.001, "Share of messages that are traced, 0 to 1; the same ones in every process.")
    ids: bool = setting(False, "Name the sender and the conversation in traces.")
    headers: str = secret_setting("Headers of requests to the collector, `Name: value`, one a line.")
    headers_file: str = setting("", "File with traces.headers.")
