"""The native API's document: it is valid, and each of its examples works on a real server, with an answer of the schema
that the document says (AB-01, AB-02)."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from rcim.adapters.native import documentation, openapi
from rcim.adapters.native.examples import BY_ROUTE, EXAMPLES, WITHOUT
from rcim.adapters.native.problems import TITLES, status_of
from rcim.adapters.native.routes import Route
from rcim.adapters.native.table import NOT_OFFERED, ROUTES
from rcim.base.errors import ALL, app_code
from rcim.http.api import Fault
from rcim.service.operations import OPERATIONS
from tests.kit_callbacks import Receiver, receiver
from tests.kit_http import BackEnd, back_end

__all__ = ["receiver"]  # the fixture

BY_NAME = {route.name: route for route in ROUTES}


def test_every_operation_is_offered_or_has_a_reason() -> None:  # AB-01
    offered = {route.operation.name for route in ROUTES}
    assert {one.name for one in OPERATIONS} == offered | NOT_OFFERED.keys()
    assert not offered & NOT_OFFERED.keys() and all(NOT_OFFERED.values())


def test_every_error_has_a_status_that_is_named_once() -> None:
    described = re.findall(r'id="error-(\w+)"', documentation.page())
    assert sorted(described) == sorted(one.name for one in ALL)
    assert {status_of(one) for one in ALL} | {fault.status for fault in Fault} <= TITLES.keys()
    assert status_of(app_code(10100)) == 403


def test_no_path_can_be_taken_for_another() -> None:
    for one in ROUTES:
        for other in ROUTES:
            if len(one.parts) != len(other.parts) or one.path == other.path:
                continue
            pairs = list(zip(one.parts, other.parts, strict=True))
            assert any(a != b and "{" not in a + b for a, b in pairs), (one.path, other.path)


def test_the_document_is_valid() -> None:
    validate(openapi.document())
    names = [route.name for route in ROUTES]
    assert {*BY_ROUTE, *WITHOUT} == set(names) and not BY_ROUTE.keys() & WITHOUT.keys()


def test_the_page_asks_no_other_host_for_anything() -> None:
    page = documentation.page()
    assert not re.search(r"<(script|img|link|iframe|object)|@import|url\(|https?://", page)
    assert all(f'id="{route.name}"' in page for route in ROUTES)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))


def schema_of(document: dict[str, Any], route: Route, status: int) -> Any:
    """What the document says of the body of this answer; None: there is none."""
    answers = document["paths"][route.path][route.method.lower()]["responses"]
    assert str(status) in answers, (route.name, status)
    content = answers[str(status)].get("content")
    return content["application/json"]["schema"] if content else None


async def test_each_example_works_and_is_answered_as_the_document_says(tmp_path: Path, receiver: Receiver) -> None:
    document = openapi.document()
    (tmp_path / "secret").write_text("whsec_" + base64.b64encode(b"0" * 24).decode(), encoding="utf-8")
    push = ("provider=webhook", f"url={receiver.url}", f"secret_file={tmp_path / 'secret'}", "allow_private=true")
    flags = ("message_log.enabled=true", *(f"push_providers.unified.{one}" for one in push))
    async with back_end(tmp_path / "data", *flags) as app:
        for example in EXAMPLES:
            route = BY_NAME[example.route]
            path = route.path.removeprefix("/v1")
            for name, value in example.path.items():
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
            status, said = await app.native(route.method, path, example.body, **example.query)
            assert status < 300, (example, status, said)
            schema = schema_of(document, route, status)
            assert (schema is None) is (said is None), example
            if schema is not None:
                Draft202012Validator({**schema, "components": document["components"]}).validate(said)
        await what_the_examples_have_changed(app)


async def what_the_examples_have_changed(app: BackEnd) -> None:
    """Some of it, read by other ways."""
    async with app.server.client("alice") as alice:
        info = await alice.info("lobby")
        assert (info.name, info.introduction, info.owner) == ("Lobby", "Come in", "alice")
        assert (await alice.profile("alice")).nickname == "Alice L."
        assert {one.group_id for one in await alice.groups()} == {"lobby", "talk", "chess", "stage", "old"}
        assert {one.user_id for one in await alice.members("old")} == {"alice", "bob"}
