"""A route: a row of the table of the native API, and how a request for it is read and its result written."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args
from urllib.parse import unquote

from rcim.adapters.native.forms import Form, Json, ListForm, from_text, wrong
from rcim.adapters.native.pages import CURSOR, Pages, read_cursor, write_cursor
from rcim.adapters.native.structs import StructForm, field_form, refuse_unknown
from rcim.base.error_kinds import REQUIREMENTS
from rcim.service.operations import BY_REQUEST, Operation, Repeat
from rcim.service.requests import Request
from rcim.service.results import Done

USER = "user_id"
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True)
class Route:
    """A method and a path, and the operation of the service that they mean.

    Fields of the request that the path names come from it. The others come from the body, which is a JSON object, or
    without a body from the query.
    """

    method: str
    path: str
    """`{name}` stands for a field of the request."""
    request: type[Request]
    acts: bool = False
    """The user of the path acts: the operation has no form for others."""
    one_of: Mapping[str, str] = field(default_factory=dict)
    """Names in the path that are the only entry of a list of the request."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Fields that may be left out here, although the request has no default for them."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Fields that this route sets itself."""
    pages: Pages | None = None
    """The result is a list."""
    status: int = 200
    """Of a result that says anything; 204 if it does not."""
    shows: tuple[str, ...] = ()
    """Of the result's fields only these; empty: all."""
    secret: bool = False
    """The answer must not be written down."""

    @property
    def operation(self) -> Operation:
        """The row of the service."""
        return BY_REQUEST[self.request]

    @property
    def about(self) -> str:
        """What it does, in a sentence: the text of the request, without the numbers of requirements."""
        said = inspect.cleandoc(self.request.__doc__ or "").partition("\n\n")[0]
        return REQUIREMENTS.sub("", " ".join(said.split()))

    @property
    def parts(self) -> tuple[str, ...]:
        """The path, cut at its slashes."""
        return tuple(self.path.strip("/").split("/"))

    @property
    def name(self) -> str:
        """Names the route in the document: `group_create`, `as_user_history`."""
        return ("as_user_" if self.acts else "") + self.operation.name.lower()

    @property
    def has_body(self) -> bool:
        """True if the fields come from a body."""
        return self.method in WITH_BODY

    @property
    def keeps_answers(self) -> bool:
        """True if an Idempotency-Key is obeyed: a repeat would do it again, or answer otherwise."""
        return self.method in ("POST", "PATCH") and self.operation.repeat is not Repeat.READS and not self.secret

    def names_in_path(self) -> list[str]:
        """The names that stand for fields."""
        return [part[1:-1] for part in self.parts if part.startswith("{")]

    def form_of(self, name: str) -> Form:
        """The form of a field as callers give it, or of a name in the path."""
        if name in self.one_of:
            form = field_form(self.request, self.one_of[name])
            assert isinstance(form, ListForm)
            return form.each
        if self.acts and name == USER:
            return field_form(_HasUser, USER)
        return field_form(self.request, name)

    def free_fields(self) -> dict[str, bool]:
        """The fields that come from the body or the query, and whether they have to be there."""
        taken = {self.one_of.get(name, name) for name in self.names_in_path()} | self.fixed.keys()
        if self.pages is not None:
            taken |= set(self.pages.moves)
        required = StructForm(self.request).required
        return {
            name: name in required and name not in self.defaults
            for name in self.request.__struct_fields__
            if name not in taken
        }

    def made(self, path: Mapping[str, str], given: Json) -> Request:
        """The request. `given`: what body or query say. Raises RcimError(BAD_PARAMETER or BAD_ELEMENT)."""
        values: dict[str, Any] = {**self.defaults, **given, **self.fixed}
        for name, text in path.items():
            if self.acts and name == USER:
                continue
            found = from_text(self.form_of(name), [text], name)
            target = self.one_of.get(name)
            values[target or name] = [found] if target else found
        missing = [name for name, required in self.free_fields().items() if required and name not in values]
        if missing:
            raise wrong(missing[0], "is missing")
        return self.request(**values)

    def read_body(self, body: Json) -> Json:
        """The fields of a body. Raises RcimError(BAD_PARAMETER or BAD_ELEMENT)."""
        refuse_unknown(body, self.free_fields())
        return {name: self.form_of(name).read(value, name) for name, value in body.items()}

    def read_query(self, query: Mapping[str, Sequence[str]]) -> Json:
        """The fields of a query, those that its cursor stands for before all. Raises RcimError(BAD_PARAMETER)."""
        known = dict.fromkeys(self.free_fields()) | (
            {CURSOR: None} if self.pages is not None and self.pages.paged else {}
        )
        refuse_unknown(query, known)
        found = {
            name: from_text(self.form_of(name), texts, name)
            for name, texts in query.items()
            if not (name == CURSOR and self.pages is not None)
        }
        if self.pages is not None and CURSOR in query:
            if len(query[CURSOR]) != 1:
                raise wrong(CURSOR, "stands there more than once")
            found |= read_cursor(self.name, self.request, query[CURSOR][0])
        return found

    def result_types(self) -> tuple[type, ...]:
        """What the operation may answer."""
        result: Any = self.operation.result
        return get_args(result) or (result,)

    def written(self, result: Any, request: Request) -> Json | None:
        """The answer's body; None: there is nothing to say."""
        if isinstance(result, Done):
            return None
        if self.pages is None:
            said: Json = StructForm(type(result)).write(result)
            return {name: said[name] for name in self.shows} if self.shows else said
        after = self.pages.after(result, request)
        items = field_form(type(result), self.pages.items).write(getattr(result, self.pages.items))
        extras = {name: field_form(type(result), name).write(getattr(result, name)) for name in self.pages.extras}
        if self.pages.later is not None:
            extras["later"] = write_cursor(self.name, self.pages.later(result))
        return {"items": items, "next": write_cursor(self.name, after) if after is not None else None, **extras}


class _HasUser(Request, frozen=True, gc=False):
    """A request with the user in the path, who acts: its field gives the form."""

    user_id: str


class Routes:
    """Finds the route of a method and a path."""

    def __init__(self, rows: Sequence[Route]) -> None:
        self._by_length: dict[int, list[Route]] = {}
        for row in rows:
            self._by_length.setdefault(len(row.parts), []).append(row)

    def find(self, raw_path: str) -> tuple[dict[str, Route], dict[str, str]]:
        """The routes of a path by their methods, and what its names stand for. `raw_path` is as it was sent, so that a
        name may have a slash in it, as `%2F`."""
        parts = [unquote(part, errors="strict") for part in raw_path.strip("/").split("/")]
        found = [row for row in self._by_length.get(len(parts), ()) if _fits(row.parts, parts)]
        if not found:
            return {}, {}
        names = {
            pattern[1:-1]: part
            for pattern, part in zip(found[0].parts, parts, strict=True)
            if pattern.startswith("{")
        }
        return {row.method: row for row in found}, names


def _fits(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    return all(want.startswith("{") or want == part for want, part in zip(pattern, parts, strict=True))
