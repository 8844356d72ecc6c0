"""What the settings of traces have to be (OP-02)."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from rcim.app.settings.all_settings import Settings
from rcim.app.settings.checks.wrong_settings import Wrong, error_of
from rcim.app.settings.trace_settings import TraceSettings

HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)")


def headers_of(text: str) -> dict[str, str]:
    """The headers by name. Raises ValueError with the number of a line that is none."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            matched = HEADER.fullmatch(line.strip())
            if matched is None:
                raise ValueError(f"line {number} is not `Name: value`")
            found[matched[1]] = matched[2]
    return found


def check_traces(settings: Settings, where: Mapping[tuple[str, str], str]) -> None:
    """Raises SettingsError."""
    for wrong in _faults(settings.traces):
        raise error_of(where, "traces", wrong, getattr(settings.traces, wrong.key))


def _faults(traces: TraceSettings) -> Iterator[Wrong]:
    if not 0 <= traces.share <= 1:  # not a number is neither
        yield Wrong("share", "must be 0 to 1")
    if not _is_url(traces.endpoint):
        yield Wrong("endpoint", "must be a URL that begins with http:// or https://")
    try:
        headers_of(traces.headers)
    except ValueError as error:
        yield Wrong("headers", str(error))
    if traces.on and not _installed():
        yield Wrong("on", "needs OpenTelemetry: pip install 'rcim[traces]'")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _installed() -> bool:
    try:
        return importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        return False
