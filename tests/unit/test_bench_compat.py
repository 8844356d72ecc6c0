"""`rcim-bench compat`: what becomes of a case, and that a documented command without one fails the run (AB-02)."""

from __future__ import annotations

import asyncio

import pytest
from rcim_bench.compat import run as compat
from rcim_bench.compat.case import Case, CaseFailed, Found, Run, State, Trial, check
from rcim_bench.compat.cases import all_cases
from rcim_bench.compat.documented import DOCUMENTED

from rcim.base.errors import BAD_PARAMETER, RcimError


async def _imports(on: Trial) -> None:
    name = on.name("compat")
    await on.tencent_ok("im_open_login_svc/account_import", {"UserID": name})
    found = await on.admin.query_accounts([name])
    check(found[0].imported, "the account is not there")


async def _fails(on: Trial) -> None:
    await on.tencent_ok("group_open_http_svc/destroy_group", {"GroupId": "nothing"})


async def test_cases_are_called_on_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [Case("tencent", "a/imports", _imports), Case("tencent", "b/fails", _fails)]
    monkeypatch.setattr(compat, "all_cases", lambda: cases)
    said: list[str] = []
    report = await compat.run(["/"], said.append)
    assert [(row["command"], row["state"]) for row in report["rows"]] == [
        ("a/imports", "works"),
        ("b/fails", "fails"),
    ]
    assert "10010" in report["rows"][1]["note"] and len(said) == len(compat.failures(report)) == 1
    assert "| tencent | `a/imports` | works |  |\n" in compat.markdown(report)


@pytest.mark.parametrize(
    ("raised", "note"),
    [
        (CaseFailed("no member was added"), "no member was added"),
        (RcimError(BAD_PARAMETER, "seq"), "BAD_PARAMETER seq"),
        (KeyError("GroupId"), "KeyError: 'GroupId'"),
    ],
)
async def test_whatever_a_case_raises_is_a_failure(raised: Exception, note: str) -> None:
    async def case(_: Trial) -> None:
        raise raised

    assert await _outcome(case) == (State.FAILS, note)


async def test_a_case_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def case(_: Trial) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(compat, "CASE_S", 0.0)
    assert (await _outcome(case)).note == "no end within 0 s"


async def test_a_case_says_how_it_differs() -> None:
    async def case(_: Trial) -> Found:
        return Found(State.DIFFERS, "at most 100")

    assert await _outcome(case) == (State.DIFFERS, "at most 100")


async def _outcome(case: Run) -> Found:
    return await compat.outcome(Case("tencent", "x/y", case), None)  # type: ignore[arg-type]


def test_a_documented_command_without_a_case_is_found() -> None:
    everything = DOCUMENTED["tencent"]
    assert compat.without_case("tencent", everything) == []
    assert compat.without_case("tencent", everything[1:]) == [everything[0]]
    assert "/group/create" not in compat.without_case("rongcloud", ["/group/create.json"])
    assert "/friend/*" in compat.without_case("rongcloud", ["/friends/add"])
    assert "/friend/*" not in compat.without_case("rongcloud", ["/friend/add"])


def test_each_name_is_documented_once_and_each_case_is_there_once() -> None:
    for names in DOCUMENTED.values():
        assert len(names) == len(set(names)) > 90
    cases = [(one.vendor, one.command) for one in all_cases()]
    assert len(cases) == len(set(cases)) and {vendor for vendor, _ in cases} <= set(DOCUMENTED)
