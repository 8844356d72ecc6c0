"""What callers are told of errors, and in the document of the native API: no ids of requirements (AB-02)."""

from __future__ import annotations

import json
import re

from rcim.adapters.native.field_notes import NOTES, OWN_NOTES, TYPE_NOTES
from rcim.adapters.native.openapi import document
from rcim.adapters.native.table import ROUTES
from rcim.base.errors import ADMIN_REQUIRED, ALL

ID = re.compile(r"\b[A-Z]{2}-\d\d\b")


def test_callers_are_told_no_ids_of_requirements() -> None:
    assert ADMIN_REQUIRED.documented == "Only an app administrator may do this (ID-08)."
    assert ADMIN_REQUIRED.meaning == "Only an app administrator may do this."
    assert [one.name for one in ALL if ID.search(one.meaning)] == []


def test_the_document_for_back_ends_has_none_and_no_note_is_of_nothing() -> None:
    made = document()
    text = json.dumps(made, ensure_ascii=False)
    assert ID.findall(text) == []
    schemas = made["components"]["schemas"]
    assert set(TYPE_NOTES) <= set(schemas) and all(one["description"] for one in schemas.values())
    known = {f"{name}.{field}" for name, one in schemas.items() for field in one.get("properties", {})}
    known |= {f"{route.name}.{field}" for route in ROUTES for field in (*route.free_fields(), *route.names_in_path())}
    assert set(OWN_NOTES) <= known
    assert [name for name in NOTES if f'"{name}"' not in text] == []


def test_generators_of_typed_clients_can_write_down_all_numbers() -> None:
    """Without a format they take 32 bits, and a bound beyond 63 is an error of the compiler."""
    pending: list[object] = [document()]
    numbers = []
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            pending += one.values()
            numbers += [one] if one.get("type") == "integer" and "enum" not in one else []
        elif isinstance(one, list):
            pending += one
    wide = [one for one in numbers if one.get("maximum", 1 << 63) >= 1 << 31]
    assert wide and all(one.get("format") == "int64" for one in wide)
    assert all(one.get("maximum", 0) < 1 << 63 for one in numbers)
