"""How a line of the log is written: as text for people or as JSON for programs (OP-02). Only serving processes import
this module, because structlog takes a tenth of a second.

1. One event is one line. A traceback is a field in JSON; in text it follows the line, and each of its lines begins with
   MARGIN, so that it can't be taken for a line of its own.
2. Control characters are escaped or replaced: nobody's text begins a line or steers a terminal.
3. A field has at most FIELD_CHARS_MAX characters, a traceback TRACEBACK_CHARS_MAX.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from structlog.processors import JSONRenderer, TimeStamper, format_exc_info
from structlog.stdlib import ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, WrappedLogger

from rcim.base.limited_log import RESERVED, Event, plain_field, shown_field
from rcim.base.terminal import printable, printable_json

TRACEBACK_CHARS_MAX = 8_000
"""Of a traceback; its beginning is cut off, because the reason stands at its end."""
MARGIN = "    | "


def formatter(form: str, process: str, number: int) -> logging.Formatter:
    """Writes records in `form`, "text" or "json", as lines of this process. `number` 0: there is only one of its name."""
    ours: dict[str, str | int] = {"process": process} | ({"process_number": number} if number else {})
    if form == "json":
        render: Any = JSONRenderer(serializer=_json)
    else:
        render = _text
        if process == "server":
            ours = {}

    def ordered(_: WrappedLogger, __: str, made: EventDict) -> EventDict:
        """The fields that every line has, those of the event, and the traceback."""
        said = made["_record"].msg
        event, fields = (said.text, said.fields) if isinstance(said, Event) else (plain_field(made["event"]), {})
        line: EventDict = {name: made[name] for name in ("time", "level", "logger")}
        line.update({"event": event, **ours, **{name: fields[name] for name in fields if name not in RESERVED}})
        if "exception" in made:
            text = made["exception"]
            line["exception"] = text if len(text) <= TRACEBACK_CHARS_MAX else "..." + text[3 - TRACEBACK_CHARS_MAX :]
        return line

    return ProcessorFormatter(
        processors=[
            TimeStamper(fmt="iso", utc=True, key="time"),
            add_log_level,
            add_logger_name,
            format_exc_info,
            ordered,
            render,
        ],
    )


def _json(line: EventDict, **_: object) -> str:
    return printable_json(json.dumps(line, ensure_ascii=False))


def _text(_: WrappedLogger, __: str, line: EventDict) -> str:
    traceback = line.pop("exception", "")
    begin = [line.pop("time"), line.pop("level").upper(), line.pop("logger"), line.pop("event")]
    whole = printable(" ".join([*map(str, begin), *(f"{name}={shown_field(value)}" for name, value in line.items())]))
    below = [MARGIN + printable(one) for one in traceback.split("\n")] if traceback else []
    return "\n".join([whole, *below])
