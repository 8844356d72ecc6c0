"""The OpenAPI 3.1 document of the native API, made of the routes, the requests' fields and bounds, and the results."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

import msgspec

from rcim.adapters.native.examples import BY_ROUTE
from rcim.adapters.native.field_notes import TYPE_NOTES, note_of
from rcim.adapters.native.forms import Json
from rcim.adapters.native.pages import CURSOR, CURSOR_CHARS_MAX
from rcim.adapters.native.problems import CONTENT_TYPE, TITLES, status_of
from rcim.adapters.native.repeats import HEADER, KEY_CHARS_MAX, KEY_PATTERN
from rcim.adapters.native.routes import Route
from rcim.adapters.native.structs import StructForm, field_form, structs_within
from rcim.adapters.native.table import ROUTES
from rcim.base.error_kinds import REQUIREMENTS
from rcim.base.errors import ALL
from rcim.content.vendor_json import MSG_TYPES
from rcim.service.results import Done

VERSION = "1"
LEADING_IDS = re.compile(r"^[A-Z]{2}-\d\d(, [A-Z]{2}-\d\d)*(: |\. )")
PAGE, ASKED = "A page.", "What was asked for."
ABOUT = """The HTTP API of an rcim server for back ends of the app.

Times are in milliseconds since 1970. Members of enumerations are names in small letters. Data of the app is text, or
`{"base64": "…"}` where it is no UTF-8. Unknown fields are refused. Sizes of text are counted in bytes of UTF-8, so text
beyond ASCII may be refused below the `maxLength` of its schema. Errors are problem details (RFC 9457)."""
KEY = "An API key: `Authorization: Bearer KEY`."
USER_SIG = "The UserSig of an app administrator: `Authorization: UserSig IDENTIFIER:USERSIG`."


def document() -> Json:
    """The whole document."""
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "rcim", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"key": []}, {"user_sig": []}],
        "tags": [{"name": name} for name in dict.fromkeys(map(tag_of, ROUTES))],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "responses": {"Problem": _problem_response()},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": KEY},
                "user_sig": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": USER_SIG,
                },
            },
        },
    }


def tag_of(route: Route) -> str:
    """Under which heading a route stands: the first name of its path."""
    return route.parts[1]


def _operation(route: Route) -> Json:
    said: Json = {
        "operationId": route.name,
        "tags": [tag_of(route)],
        "summary": route.about,
        "description": _description(route),
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    if route.has_body:
        said["requestBody"] = _request_body(route)
    return {name: value for name, value in said.items() if value != []}


def _description(route: Route) -> str:
    said = [f"The operation {route.operation.name}."]
    if route.acts:
        said.append("The user of the path acts, with the user's rights; it counts for the user's rates.")
    if route.status == 201 and "client_msg_id" in route.defaults:
        said.append("Without `client_msg_id` the server makes one, of the Idempotency-Key if there is one.")
    return " ".join(said)


def _parameters(route: Route) -> list[Json]:
    example = BY_ROUTE.get(route.name)
    found = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": note_of(name, route.name),
            "schema": route.form_of(name).schema(),
            **({"example": _typed(route, name, example.path[name])} if example is not None else {}),
        }
        for name in route.names_in_path()
    ]
    if not route.has_body:
        found += [_query_parameter(route, name, required) for name, required in route.free_fields().items()]
        if route.pages is not None and route.pages.paged:
            found.append(
                {
                    "name": CURSOR,
                    "in": "query",
                    "description": "The `next` of the page before.",
                    "schema": {"type": "string", "maxLength": CURSOR_CHARS_MAX, "pattern": "^[A-Za-z0-9_-]*$"},
                }
            )
    if route.keeps_answers:
        found.append(
            {
                "name": HEADER,
                "in": "header",
                "description": "The same key with the same request again gets the same answer, for 24 hours.",
                "schema": {"type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX, "pattern": KEY_PATTERN},
            }
        )
    return found


def _query_parameter(route: Route, name: str, required: bool) -> Json:
    schema = route.form_of(name).schema()
    plain = next((one for one in schema.get("anyOf", ()) if one != {"type": "null"}), schema)
    example = BY_ROUTE.get(route.name)
    shown = {"example": example.query[name]} if example is not None and name in example.query else {}
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": note_of(name, route.name),
        "schema": plain,
        **shown,
    }


def _typed(route: Route, name: str, text: str) -> str | int:
    return int(text) if route.form_of(name).schema().get("type") == "integer" else text


def _request_body(route: Route) -> Json:
    fields = route.free_fields()
    properties = {name: _noted(name, route.form_of(name).schema(), route.name) for name in fields}
    schema: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [name for name, needed in fields.items() if needed]
    if required:
        schema["required"] = required
    content: Json = {"schema": schema}
    example = BY_ROUTE.get(route.name)
    if example is not None and example.body is not None:
        content["example"] = example.body
    return {"required": bool(required), "content": {"application/json": content}}


def _noted(name: str, schema: Json, owner: str) -> Json:
    note = note_of(name, owner)
    return {**schema, "description": note} if note else schema


def _responses(route: Route) -> Json:
    found: Json = {}
    for type_ in route.result_types():
        if type_ is Done:
            found["204"] = {"description": "It is done."}
        else:
            content = {"application/json": {"schema": _result_schema(route, type_)}}
            about = PAGE if route.pages is not None else ASKED if route.shows else _about(type_)
            found[str(route.status)] = {"description": about, "content": content}
    found["default"] = {"$ref": "#/components/responses/Problem"}
    return found


def _result_schema(route: Route, type_: type[msgspec.Struct]) -> Json:
    if route.pages is None:
        if not route.shows:
            return StructForm(type_).schema()
        properties = StructForm(type_).properties()
        return _object({name: _noted(name, properties[name], type_.__name__) for name in route.shows})
    pages = route.pages
    properties = {
        "items": {**field_form(type_, pages.items).schema(), "description": "The rows of this page."},
        "next": {"type": ["string", "null"], "description": "The `cursor` of the next page; null: this is the last."},
        **{name: _noted(name, field_form(type_, name).schema(), type_.__name__) for name in pages.extras},
    }
    if pages.later is not None:
        properties["later"] = {"type": "string", "description": "The `cursor` of a later request: what is new then."}
    return _object(properties)


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _schemas() -> dict[str, Json]:
    """Of all structs that requests and results have in them."""
    found: dict[str, Json] = {"Elements": _elements(), "Problem": _problem()}
    for type_ in structs_within(_roots()):
        properties = {
            name: _noted(name, schema, type_.__name__) for name, schema in StructForm(type_).properties().items()
        }
        is_input = type_.__module__.startswith("rcim.service.requests")
        required = StructForm(type_).required if is_input else properties.keys()
        found[type_.__name__] = {
            "type": "object",
            "description": _about(type_),
            "properties": properties,
            "required": [name for name in properties if name in required],
            **({"additionalProperties": False} if is_input else {}),
        }
    return dict(sorted(found.items()))


def _roots() -> Iterable[object]:
    """The forms of everything that the routes read and write."""
    for route in ROUTES:
        for name in route.free_fields():
            yield route.form_of(name)
        for type_ in route.result_types():
            if route.pages is not None:
                yield field_form(type_, route.pages.items)
                yield from (field_form(type_, name) for name in route.pages.extras)
            elif type_ is not Done:
                yield StructForm(type_)


def _about(type_: type) -> str:
    """What a type is: its note, or else the beginning of its docstring without the ids of requirements."""
    if type_.__name__ in TYPE_NOTES:
        return TYPE_NOTES[type_.__name__]
    said = " ".join(inspect.cleandoc(type_.__doc__ or "").partition("\n\n")[0].split())
    said = REQUIREMENTS.sub("", LEADING_IDS.sub("", said))
    return said[:1].upper() + said[1:]


def _elements() -> Json:
    element = {
        "type": "object",
        "properties": {"MsgType": {"type": "string", "enum": list(MSG_TYPES)}, "MsgContent": {"type": "object"}},
        "required": ["MsgType", "MsgContent"],
    }
    return {
        "type": "array",
        "description": "The elements of a message, as Tencent's MsgBody has them (docs/how-to/call-the-api.md).",
        "items": element,
    }


def _problem() -> Json:
    return {
        "type": "object",
        "description": "An error (RFC 9457).",
        "properties": {
            "type": {"type": "string", "description": "Where the error is described, or about:blank."},
            "title": {"type": "string"},
            "status": {"type": "integer", "enum": sorted(TITLES)},
            "detail": {"type": "string", "description": "What exactly was wrong."},
            "code": {"type": "integer", "format": "int64", "description": "The number of the error."},
            "name": {
                "type": "string",
                "description": "The name of the error.",
                "examples": [one.name for one in ALL],
            },
            "retry_after_ms": {"type": "integer", "format": "int64", "description": "When to try again."},
        },
        "required": ["type", "title", "status", "detail"],
    }


def _problem_response() -> Json:
    statuses = sorted({status_of(one) for one in ALL})
    return {
        "description": f"It was refused, with one of {', '.join(map(str, statuses))}; nothing was done.",
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
