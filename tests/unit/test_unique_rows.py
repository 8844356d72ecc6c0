"""Looking for the conversation that is the one of its users goes in steps (C2-02)."""

from __future__ import annotations

import pytest

from rcim.actor.queries import UniqueQuery
from rcim.actor.records import GroupCreated, Member, Profile
from rcim.base.terms import ApplyJoinOption, Role
from rcim.store import unique_rows
from rcim.store.answers import UniquePage
from rcim.store.backend import MemoryBackend
from rcim.store.unique_rows import UniqueScan, go_on
from tests.kit import FilledStore


def filled(count: int, unique: str = "") -> FilledStore:
    store = FilledStore(MemoryBackend())
    for name in [f"U{n}" for n in range(count)] + ["T9", "V0"]:
        profile = Profile(
            group_id=name,
            type="T",
            name="n",
            introduction="",
            notification="",
            face_url="",
            owner="",
            create_time_ms=1,
            apply_join_option=ApplyJoinOption.DISABLE_APPLY,
            max_member_num=0,
            first_seq=1,
            attributes=b"x" * 8000,
            unique=name in (unique, "V0", "T9"),
        )
        store.append(GroupCreated(f"g:{name}", profile, [Member("al", Role.MEMBER, 1, 0, "")], 1))
    return store


def test_no_step_reads_many(monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(20)
    monkeypatch.setattr(unique_rows, "STEP_BYTES", 30_000)
    steps, scan = 0, UniqueScan(UniqueQuery("U", "al"))
    with store.backend.read() as view:
        while isinstance(answer := go_on(view, scan), UniqueScan):
            steps += 1
            assert len(scan.taken) <= 4 * steps
    assert steps == 4
    assert answer == UniquePage(None, sorted(f"U{n}" for n in range(20)))
    assert store.store.answer_all([UniqueQuery("U", "al")]) == [answer]


@pytest.mark.parametrize("unique", ["U0", "U13", "U19", "U9"])
def test_the_one_is_found_wherever_it_is(monkeypatch: pytest.MonkeyPatch, unique: str) -> None:
    monkeypatch.setattr(unique_rows, "STEP_BYTES", 30_000)
    (page,) = filled(20, unique).store.answer_all([UniqueQuery("U", "al")])
    assert isinstance(page, UniquePage) and page.profile is not None and page.profile.group_id == unique


def test_there_may_be_none() -> None:
    assert filled(0).store.answer_all([UniqueQuery("U", "al")]) == [UniquePage(None, [])]
