"""Scopes of API keys: each operation has one (ID-08)."""

from __future__ import annotations

import pytest

from rcim.base.errors import RcimError
from rcim.service import scopes
from rcim.service.operations import OPERATIONS, Repeat
from rcim.service.scopes import NAMES, SCOPES, Scope


def test_every_operation_has_a_scope() -> None:
    assert SCOPES.keys() == {operation.name for operation in OPERATIONS}
    named = [name for names in scopes._OPERATIONS.values() for name in names.split()]
    assert len(named) == len(SCOPES), "and only one"


def test_a_scope_to_read_changes_nothing() -> None:
    changing = {one.name for one in OPERATIONS if one.repeat is not Repeat.READS} - {"ADMIN_KEY_USE"}
    assert not [name for name in changing if SCOPES[name].endswith(":read")]


def test_a_key_may_what_its_scopes_say() -> None:
    for operation, scope in SCOPES.items():
        scopes.check(operation, frozenset({scope}))
        scopes.check(operation, frozenset({Scope.ALL}))
        with pytest.raises(RcimError, match=f"NO_SCOPE: {operation}: the API key needs the scope {scope}"):
            scopes.check(operation, NAMES - {scope, Scope.ALL})
