"""The documentation page of the native API: one page of HTML without scripts, made of the OpenAPI document. It needs no
other host, and its Content-Security-Policy allows none."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import Any
from urllib.parse import quote

from rcim.adapters.native import openapi
from rcim.adapters.native.examples import BY_ROUTE, Example
from rcim.adapters.native.forms import Json
from rcim.adapters.native.problems import TITLES, status_of
from rcim.adapters.native.repeats import HEADER
from rcim.adapters.native.routes import Route
from rcim.adapters.native.table import NOT_OFFERED, ROUTES
from rcim.base.errors import ALL

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem 2rem 6rem; }
h2 { margin-top: 3rem; border-bottom: 2px solid currentColor; }
h3 { margin-top: 2.5rem; font-size: 1rem; }
code, pre { font: 0.9rem/1.45 ui-monospace, monospace; }
pre { padding: 0.8rem 1rem; overflow-x: auto; background: #8881; border-radius: 0.4rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #8884; }
nav { columns: 3 16rem; }
nav a { display: block; }
.method { display: inline-block; min-width: 4.5rem; font-weight: bold; }
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
LEAD = """<h1>rcim: the API for back ends</h1>
<p>This server speaks JSON over HTTP. <a href="/v1/openapi.json">openapi.json</a> is the same in OpenAPI 3.1, for
programs.</p>
<h2 id="calling">Calling</h2>
<p>Say who calls with <code>Authorization: Bearer KEY</code>, where KEY is an API key, or with
<code>Authorization: UserSig IDENTIFIER:USERSIG</code> of an app administrator. The curl lines below
expect the server's address in <code>$RCIM</code>, and the key in <code>$KEY</code>.</p>
<p>GET and DELETE have their fields in the query, the others in a body, which is a JSON object. A list in the query is the
same name several times. A slash in an id is <code>%2F</code> in a path. Unknown fields, and names that stand twice in an
object, are refused. Times are in milliseconds since 1970. Data of the app is text, or
<code>{"base64": "…"}</code> where it is no UTF-8.</p>
<p>Paths below <code>/v1/users/ID/</code> whose text says so let this user act, with the user's rights.</p>
<h2 id="lists">Lists</h2>
<p>A list is answered with <code>{"items": […], "next": "…"}</code>. Give <code>next</code> as <code>cursor</code> to get
the next page, with the same other fields; null says that there is none.</p>
<h2 id="repeating">Repeating</h2>
<p>Give a request an <code>Idempotency-Key</code>, and the same request with the same key gets the same answer for 24
hours, with <code>Idempotency-Replayed: true</code>; nothing is done twice. Another request with the key gets 422, and 409
says that the first one is still under way, or was interrupted. What the server had no time for (429, 503) frees the
key.</p>
"""


def page() -> str:
    """The HTML of the page."""
    found = openapi.document()
    sections = []
    for tag in found["tags"]:
        rows = [route for route in ROUTES if openapi.tag_of(route) == tag["name"]]
        sections.append(f'<h2 id="{tag["name"]}">{tag["name"]}</h2>')
        sections += [_section(route, found["paths"][route.path][route.method.lower()]) for route in rows]
    body = LEAD + _contents(found["tags"]) + "".join(sections) + _types(found) + _errors() + _not_offered()
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>rcim: the API for back ends</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body>\n{body}</body></html>\n"
    )


def _contents(tags: list[Json]) -> str:
    found = []
    for tag in tags:
        found.append(f'<a href="#{tag["name"]}"><b>{tag["name"]}</b></a>')
        found += [
            f'<a href="#{route.name}"><code>{route.method} {escape(route.path.removeprefix("/v1"))}</code></a>'
            for route in ROUTES
            if openapi.tag_of(route) == tag["name"]
        ]
    return '<h2 id="contents">Contents</h2><nav>' + "".join(found) + "</nav>"


def _section(route: Route, said: Json) -> str:
    schema = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    rows = [
        (one["name"], one["in"], one["schema"], one.get("required", False), one.get("description", ""))
        for one in said.get("parameters", ())
        if one["name"] != HEADER
    ] + [
        (name, "body", one, name in schema.get("required", ()), one.get("description", ""))
        for name, one in schema.get("properties", {}).items()
    ]
    fields = "".join(_field_row(*row) for row in rows)
    table = f"<table><tr><th>field</th><th>in</th><th>value</th><th></th></tr>{fields}</table>" if fields else ""
    example = BY_ROUTE.get(route.name)
    shown = f"<pre>{escape(curl(route, example))}</pre>" if example is not None else ""
    return (
        f'<h3 id="{route.name}"><code><span class="method">{route.method}</span> {escape(route.path)}</code></h3>'
        f"<p>{escape(said['summary'])} {escape(said['description'])}</p>{table}{shown}{_answers(said)}"
    )


def _field_row(name: str, place: str, schema: Json, required: bool, note: str) -> str:
    shown = f"<b>{escape(name)}</b>" if required else escape(name)
    return f"<tr><td><code>{shown}</code></td><td>{place}</td><td>{_value(schema)}</td><td>{escape(note)}</td></tr>"


def _answers(said: Json) -> str:
    found = []
    for status, answer in said["responses"].items():
        if status == "default":
            continue
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        found.append(f"<p>Answer {status}: {_value(schema) if schema else 'nothing'}</p>")
    return "".join(found)


def _value(schema: Json) -> str:
    """What a schema allows, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#type-{name}">{name}</a>'
    if "enum" in schema:
        return escape(" | ".join(map(str, schema["enum"])))
    if "anyOf" in schema:
        return " or ".join(_value(one) for one in schema["anyOf"])
    if "oneOf" in schema:
        return "text, or base64"
    return _of_type(schema)


def _of_type(schema: Json) -> str:
    kind: Any = schema.get("type", "any value")
    if kind == "array":
        return f"list of {_value(schema['items'])}{_bounds(schema, 'minItems', 'maxItems')}"
    if kind == "object" and "properties" in schema:
        inner = ", ".join(f"{escape(name)}: {_value(one)}" for name, one in schema["properties"].items())
        return f"{{{inner}}}"
    if kind == "string":
        return f"text{_bounds(schema, 'minLength', 'maxLength')}"
    if kind == "integer":
        return f"number{_bounds(schema, 'minimum', 'maximum')}"
    return escape(" or ".join(kind) if isinstance(kind, list) else kind)


def _bounds(schema: Json, least: str, most: str) -> str:
    if most not in schema:
        return ""
    return f", {schema.get(least, 0)} to {schema[most]}"


def curl(route: Route, example: Example) -> str:
    """The example as a line for a shell; `$RCIM` is the server's address, `$KEY` an API key."""
    path = route.path
    for name, value in example.path.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=":"))
    query = "&".join(f"{name}={quote(one, safe='')}" for name, one in _pairs(example))
    url = f'"$RCIM{path}{"?" + query if query else ""}"'
    parts = ["curl -s"] + ([f"-X {route.method}"] if route.method != "GET" else [])
    parts += [url, '-H "Authorization: Bearer $KEY"']
    if example.body is not None:
        said = json.dumps(example.body, ensure_ascii=False).replace("'", "'\\''")
        parts += ["-H 'Content-Type: application/json'", f"-d '{said}'"]
    return " \\\n  ".join([" ".join(parts[: len(parts) - 2]), *parts[-2:]]) if len(parts) > 4 else " ".join(parts)


def _pairs(example: Example) -> list[tuple[str, str]]:
    """The query, one pair for each entry of a list."""
    found = []
    for name, value in example.query.items():
        for one in value if isinstance(value, list) else [value]:
            found.append((name, str(one).lower() if isinstance(one, bool) else str(one)))
    return found


def _types(found: Json) -> str:
    rows = []
    for name, schema in found["components"]["schemas"].items():
        inner = schema.get("items", schema)
        fields = "".join(
            f"<tr><td><code>{escape(field)}</code></td><td>{_value(one)}</td>"
            f"<td>{escape(one.get('description', ''))}</td></tr>"
            for field, one in inner["properties"].items()
        )
        rows.append(
            f'<h3 id="type-{name}">{name}</h3><p>{escape(schema.get("description", ""))}</p><table>{fields}</table>'
        )
    return '<h2 id="types">Types</h2>' + "".join(rows)


def _errors() -> str:
    rows = "".join(
        f'<tr id="error-{one.name}"><td>{status_of(one)} {TITLES[status_of(one)]}</td><td>{one.number}</td>'
        f"<td><code>{one.name}</code></td><td>{escape(one.meaning)}</td></tr>"
        for one in sorted(ALL, key=lambda one: (status_of(one), one.number))
    )
    return (
        '<h2 id="errors">Errors</h2><p>An error is answered as <code>application/problem+json</code>. '
        "<code>code</code> and <code>name</code> are those of this table; an error of HTTP itself has neither. "
        "<code>Retry-After</code> and <code>retry_after_ms</code> say when to try again.</p>"
        f"<table><tr><th>status</th><th>code</th><th>name</th><th></th></tr>{rows}</table>"
    )


def _not_offered() -> str:
    rows = "".join(f"<tr><td>{name}</td><td>{escape(why)}</td></tr>" for name, why in NOT_OFFERED.items())
    return f'<h2 id="not-offered">Not offered</h2><table>{rows}</table>'
